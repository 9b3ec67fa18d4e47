//! How does it show that nothing of the ledger was changed? Every event is a leaf of a Merkle log, whose signed heads are kept elsewhere.
//!
//! Read in this order: [`sequencer`] (leaves, behind the commits), [`checkpoints`] (signed heads in a folder), [`verify`] (the whole log,
//! from the rows), [`proofs`] (one conversation or event, for people without the database), [`watch`] (rounds and alarms), `seal/shredding.rs`.

pub mod checkpoints;
pub(crate) mod entries;
pub mod proofs;
pub(crate) mod rows;
pub mod sequencer;
pub(crate) mod shredding;
pub mod verify;
pub mod watch;

use ombud_ports::StoreError;

/// Why the log cannot go on, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of checkpoints.
    #[error("the checkpoints in `{folder}` cannot be {doing}, check its path, rights and disk")]
    Folder {
        /// Which folder.
        folder: String,
        /// What was tried.
        doing: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file in the folder is no checkpoint of this key.
    #[error("`{file}` is not believed: {source}; keep checkpoints of each key in a folder of their own")]
    Checkpoint {
        /// Which file.
        file: String,
        /// The cause.
        #[source]
        source: ombud_proof::NoteError,
    },
    /// The log does not go on from what was signed.
    #[error(
        "the log does not continue the checkpoint of {size} leaves: the database was changed or put back; run `ombud prove`"
    )]
    Forked {
        /// Leaves of that checkpoint.
        size: u64,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for salts")]
    Random,
}
