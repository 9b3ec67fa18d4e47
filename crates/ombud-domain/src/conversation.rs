//! In which states can a conversation be, and who owns it?

use serde::{Deserialize, Serialize};

/// Status of a conversation, as the public API names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// The assistant answers.
    #[default]
    Open,
    /// Handed over, nobody has taken it yet.
    WaitingForAgent,
    /// A person answers; the assistant is silent.
    WithAgent,
    /// Ended.
    Resolved,
}

/// The one party that may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The assistant.
    Assistant,
    /// People.
    Desk,
}

impl ConversationStatus {
    /// Who answers in this status.
    ///
    /// INVARIANT: exactly one party does (test: `the_assistant_is_silent_while_a_person_has_the_conversation`).
    #[must_use]
    pub const fn owner(self) -> Owner {
        match self {
            Self::Open | Self::Resolved => Owner::Assistant,
            Self::WaitingForAgent | Self::WithAgent => Owner::Desk,
        }
    }

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::WaitingForAgent => "waiting_for_agent",
            Self::WithAgent => "with_agent",
            Self::Resolved => "resolved",
        }
    }
}
