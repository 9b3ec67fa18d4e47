//! What does the customer get? Messages, and in data what the reply waits for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Citation, MessageId, TimestampUs, TurnId};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Customer,
    /// The assistant (marked as AI wherever it is shown).
    Assistant,
    /// A person of the company.
    Agent,
    /// The system: somebody joined, the conversation was handed back.
    System,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Position among the messages of the conversation, from 1.
    pub seq: i64,
    /// Who wrote it.
    pub author: Author,
    /// Name of the person, for [`Author::Agent`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// Redacted text.
    pub text: String,
    /// When it was received or committed.
    pub at: TimestampUs,
    /// What it quotes.
    #[serde(default)]
    pub citations: Vec<Citation>,
    /// The turn it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<TurnId>,
    /// Whether the customer never got it: it was written in shadow mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// What the reply waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Awaiting {
    /// The kind of thing.
    pub kind: AwaitingKind,
    /// The slot an answer fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What can be picked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AwaitingOption>,
    /// What "yes" would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<AwaitingProposal>,
}

/// Kinds of things a reply can wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwaitingKind {
    /// Details that identify the customer; with slot `one_time_code`, the code outside the chat.
    Identify,
    /// A value in free words.
    Slot,
    /// One of the options, or other words.
    Choice,
    /// Yes or no to the proposal.
    Confirm,
    /// Whether anything else is wanted.
    AnythingElse,
    /// A person.
    Handoff,
    /// Nothing.
    #[default]
    None,
}

/// An option that can be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitingOption {
    /// What to send back, besides the label.
    pub id: String,
    /// What to show.
    pub label: String,
}

/// A proposal as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AwaitingProposal {
    /// Action name.
    pub action: String,
    /// Exact arguments.
    pub arguments: Map<String, Value>,
    /// The sentence shown.
    pub summary: String,
}

/// A request that the rules refused in this turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRequest {
    /// The flow.
    pub flow: String,
    /// Why.
    pub reason_code: String,
}

/// An action that was completed in this turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoneAction {
    /// Action name.
    pub action: String,
    /// Receipt of the system of record.
    pub receipt_id: String,
    /// Exact arguments.
    pub arguments: Map<String, Value>,
}
