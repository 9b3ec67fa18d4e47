//! What is written to the ledger? Events on streams, each with the version it expects.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConversationId, TimestampUs};

/// What a stream is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// One conversation.
    Conversation,
    /// One customer.
    Customer,
    /// One long-running case.
    Case,
    /// What was erased and held back; without personal text, and never sealed.
    Privacy,
    /// What people of the company control, such as switches.
    Control,
}

impl StreamKind {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Customer => "customer",
            Self::Case => "case",
            Self::Privacy => "privacy",
            Self::Control => "control",
        }
    }
}

/// Names one stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamId {
    /// What it is about.
    pub kind: StreamKind,
    /// Which one.
    pub id: String,
}

impl From<ConversationId> for StreamId {
    fn from(id: ConversationId) -> Self {
        Self { kind: StreamKind::Conversation, id: id.to_string() }
    }
}

/// A JSON value as text: what is only stored is written once, and no tree is built of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    /// Writes a value.
    ///
    /// # Errors
    /// When it cannot be JSON: a map whose keys are no strings, or a type that refuses.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self)
    }

    /// Text that was JSON when it was stored; whether it still is shows when it is read.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not what is expected.
    pub fn read<'t, T: Deserialize<'t>>(&'t self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given up.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&Value> for JsonText {
    fn from(value: &Value) -> Self {
        Self(value.to_string())
    }
}

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

/// An event that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Dotted, past tense or stage name: `message.created`, `turn.decision`, `action.intended`.
    pub kind: String,
    /// Its content; holds no card data, by construction of the safety stage.
    pub payload: JsonText,
}

/// An event that is in the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Position in the whole ledger, from 1, growing, with gaps.
    pub position: i64,
    /// Its stream.
    pub stream: StreamId,
    /// Position in its stream, from 1, without gaps.
    pub version: i64,
    /// See [`NewEvent::kind`].
    pub kind: String,
    /// When it was committed.
    pub at: TimestampUs,
    /// See [`NewEvent::payload`].
    pub payload: Value,
}

impl RecordedEvent {
    /// The payload of an event whose content was erased.
    #[must_use]
    pub fn erased_payload() -> Value {
        serde_json::json!({"erased": true})
    }

    /// Whether the content was erased: the event keeps its place, kind and time.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.payload == Self::erased_payload()
    }
}
