//! Which stages does a turn pass, and what is kept of each?

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The nine stages, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A stimulus is received.
    Intake,
    /// Text is canonicalised and redacted.
    Safety,
    /// Commands are read.
    Understanding,
    /// Knowledge and facts are gathered.
    Context,
    /// The flow engine moves, the policy engine decides.
    Decision,
    /// One authorized action is performed.
    Action,
    /// The reply is written and checked.
    Answer,
    /// Everything is committed.
    Record,
    /// The reply leaves.
    Reply,
}

impl Stage {
    /// Module, span and event name of the stage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Safety => "safety",
            Self::Understanding => "understanding",
            Self::Context => "context",
            Self::Decision => "decision",
            Self::Action => "action",
            Self::Answer => "answer",
            Self::Record => "record",
            Self::Reply => "reply",
        }
    }
}

/// What is kept of one stage of one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Which stage.
    pub stage: Stage,
    /// How long it took, microseconds.
    pub micros: u64,
    /// One line for people.
    pub summary: String,
    /// Reasons and values, as data.
    pub detail: Value,
}
