//! Nouns of customer service, their states, ids and money.
//!
//! Never: async, I/O, a clock, randomness, floats for money.
//! Start reading at [`conversation`], then [`command`] (what a customer asks of us) and [`reply`] (what we answer).

pub mod action;
pub mod books;
pub mod choice;
pub mod command;
pub mod conversation;
pub mod event;
pub mod graph;
pub mod handover;
pub mod identity;
pub mod ids;
pub mod knowledge;
pub mod label;
pub mod money;
pub mod reply;
pub mod sensitive;
pub mod stage;

pub use action::{ActionOutcome, CallFailure, Proposal, Receipt};
pub use books::{Account, Balance, Books, BooksError, Leg, Moving, Phase, Posting};
pub use choice::{Candidate, Choice, ChoiceRequest, Count, Rewording};
pub use command::{COMMANDS_MAX, Command, Expectation, Kind, OfferedOption, Understanding};
pub use conversation::{ConversationStatus, Owner};
pub use event::{JsonText, NewEvent, RecordedEvent, StreamId, StreamKind};
pub use graph::{Link, Node, NodeKey};
pub use handover::{Handover, Priority};
pub use identity::{IdentityLevel, Principal};
pub use ids::{ApprovalId, ConversationId, CustomerId, IntentId, MessageId, SessionId, TenantId, TurnId};
pub use knowledge::{Citation, Passage};
pub use label::Label;
pub use money::{Currency, Money, MoneyError};
pub use reply::{
    Author, Awaiting, AwaitingKind, AwaitingOption, AwaitingProposal, DoneAction, Message, RefusedRequest,
};
pub use sensitive::Sensitive;
pub use stage::{Stage, StageRecord};

/// Microseconds since the Unix epoch, UTC; the one time unit of the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct TimestampUs(pub i64);

impl TimestampUs {
    /// RFC 3339 in UTC with milliseconds; a moment outside the calendar of `jiff` reads as the epoch.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{moment:.3}")
    }

    /// This moment plus `seconds`, saturating at the ends of the range.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}
