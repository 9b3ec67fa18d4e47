//! What shows that a record was not changed? Leaves of a Merkle log, signed checkpoints, and bundles that are verified without a database.
//!
//! Never: I/O, a clock, randomness; deciding what is logged. The formats are those of others, so that other tools can check them too: hashing
//! and proofs of RFC 9162 (as RFC 6962), tiles of c2sp.org/tlog-tiles, keys and signatures of c2sp.org/signed-note, heads of
//! c2sp.org/tlog-checkpoint. Start reading at [`leaf`] (what is hashed), then [`merkle`], [`note`], [`checkpoint`] and [`bundle`].

pub mod bundle;
pub mod checkpoint;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod tiles;

pub use bundle::{
    About, Bundle, BundleFault, FORMAT, Inclusion, LoggedEvent, LoggedShredding, Payload, Record, RecordContent, Shown,
};
pub use checkpoint::Checkpoint;
pub use leaf::{EventLeaf, SALT_BYTES, Salt, ShreddingLeaf, commitment};
pub use merkle::{Hash, Node, inclusion_nodes, root_from_inclusion, root_nodes};
pub use note::{LogKey, LogVerifier, NoteError};
pub use tiles::{TILE_WIDTH, Tile, Tiles, TilesError};
