//! How does a simulated customer reach the assistant, and the judge the company's books? Through two traits that the binary implements.

use async_trait::async_trait;
use ombud_domain::{Awaiting, DoneAction, RefusedRequest};
use serde_json::Value;

/// What a customer hears in one reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Texts of the assistant, in order.
    pub texts: Vec<String>,
    /// What the reply waits for.
    pub awaiting: Awaiting,
    /// Requests that the rules refused.
    pub refused: Vec<RefusedRequest>,
    /// Actions completed.
    pub done: Vec<DoneAction>,
    /// Status of the conversation, as the public API names it.
    pub status: String,
    /// Time from the message to its reply, microseconds.
    pub took_us: u64,
}

impl Heard {
    /// All texts as one.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts.join("\n")
    }

    /// Whether people have the conversation now.
    #[must_use]
    pub fn is_with_people(&self) -> bool {
        self.awaiting.kind == ombud_domain::AwaitingKind::Handoff
            || matches!(self.status.as_str(), "waiting_for_agent" | "with_agent")
    }
}

/// The assistant did not answer; the operator can fix it.
#[derive(Debug, thiserror::Error)]
#[error("the assistant did not answer: {0}")]
pub struct ChannelError(pub String);

/// The company's books cannot be read; the operator can fix it.
#[derive(Debug, thiserror::Error)]
#[error("the company's books cannot be read: {0}")]
pub struct BooksError(pub String);

/// The public side of the assistant, for one conversation.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Opens the conversation and gives its greeting.
    async fn open(&self) -> Result<Heard, ChannelError>;

    /// Sends a message and waits for the reply.
    async fn say(&self, text: &str) -> Result<Heard, ChannelError>;

    /// Enters the one-time code that the company has sent; none when it has sent none.
    async fn enter_code(&self) -> Result<Option<Heard>, ChannelError>;

    /// The reason code of the hand-over, if there was one.
    async fn handover_reason(&self) -> Result<Option<String>, ChannelError>;
}

/// The company's own systems, as a judge sees them.
#[async_trait]
pub trait Books: Send + Sync {
    /// Records that differ from the start, by table and id.
    async fn changed(&self) -> Result<Value, BooksError>;

    /// The answer to a read; the path begins with `/`.
    async fn read(&self, path: &str) -> Result<Value, BooksError>;
}
