//! Is the ledger sealed? How far its Merkle log and its signed checkpoints are behind.

use ombud_domain::TimestampUs;

/// How far the seal is behind the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealState {
    /// Whether checkpoints are signed at all.
    pub signs: bool,
    /// Leaves of the log.
    pub leaves: u64,
    /// Events that have no leaf yet.
    pub events_waiting: u64,
    /// How long the first of them has waited, milliseconds.
    pub lag_ms: i64,
    /// Leaves of the last checkpoint.
    pub checkpoint_leaves: u64,
    /// When it was signed.
    pub checkpoint_at: Option<TimestampUs>,
    /// How long leaves have waited for a checkpoint, milliseconds.
    pub unsigned_ms: i64,
    /// What somebody must look after.
    pub alarm: Option<SealAlarm>,
}

/// What somebody must look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealAlarm {
    /// Events wait too long for their leaves.
    SequencerLag,
    /// Leaves wait too long for a checkpoint.
    CheckpointAge,
    /// The log does not go on from what was signed: the database was changed or put back.
    Forked,
    /// The log or the folder of checkpoints cannot be written.
    Failed,
}

impl SealAlarm {
    /// The stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SequencerLag => "sequencer_lag",
            Self::CheckpointAge => "checkpoint_age",
            Self::Forked => "forked",
            Self::Failed => "failed",
        }
    }
}

/// Tells how far the seal is behind.
pub trait SealWatch: Send + Sync + 'static {
    /// As of the last round.
    fn seal_state(&self) -> SealState;
}
