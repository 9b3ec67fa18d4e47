//! How are events written and read? Append with an expected version, durable before it is acknowledged.

use async_trait::async_trait;
use ombud_domain::{JsonText, Moving, NewEvent, RecordedEvent, StreamId, TenantId, TimestampUs};
use serde_json::Value;

use crate::effects::{Counting, PastEffect};

/// One unit of work: all of it becomes durable, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The company.
    pub tenant: TenantId,
    /// The stream written to.
    pub stream: StreamId,
    /// Version of the last event of the stream that the writer has seen; 0 for a new stream.
    pub expected_version: i64,
    /// At least one, at most [`EVENTS_MAX`].
    pub events: Vec<NewEvent>,
    /// Messages for the bus, written in the same transaction: topic and content.
    pub outbox: Vec<(String, Value)>,
    /// The answer to keep for a repeated request with the same key.
    pub reply: Option<StoredReply>,
    /// What may no longer be read of the stream's earlier events.
    pub shredding: Option<Shredding>,
    /// What this begins, or what was not done after all, as far as it counts against limits.
    pub counting: Option<Counting>,
    /// What this begins to move, or what became of it.
    pub moving: Option<Moving>,
    /// When this is written.
    pub at: TimestampUs,
}

/// What is overwritten in the transaction of a commit. The only way in which an event ever changes: it keeps its place, kind and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Shredding {
    /// Versions in the stream and what their payloads become.
    pub events: Vec<(i64, JsonText)>,
    /// The scope whose stored answers become JSON's `null`: they may quote what is shredded.
    pub scope: String,
}

/// Events in one commit.
pub const EVENTS_MAX: usize = 256;

/// The answer given to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReply {
    /// Whose key it is: the conversation.
    pub scope: String,
    /// The key as sent.
    pub key: String,
    /// SHA-256 of the request's body, hexadecimal.
    pub body_hash: String,
    /// The answer.
    pub response: JsonText,
}

/// What a commit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Version of the last event written.
    pub version: i64,
    /// Position of the last event written.
    pub position: i64,
}

/// Why a commit was not made.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote to the stream first; load it again and decide again.
    #[error("the stream has moved on, load it again")]
    Conflict,
    /// The reply's idempotency key is taken.
    #[error("the idempotency key is already used")]
    KeyTaken,
    /// What this begins would pass a limit.
    #[error("limit `{rule}` is reached")]
    LimitReached {
        /// Which.
        rule: String,
    },
    /// The store cannot write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the store cannot be used; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database gave an error.
    #[error("the database failed while {doing}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value cannot be read.
    #[error("stored {what} cannot be read, restore the database from a backup")]
    Corrupt {
        /// Which value.
        what: &'static str,
    },
    /// The writer has stopped after an earlier failure or at shutdown.
    #[error("the ledger no longer accepts writes, see the log and start again")]
    Stopped,
}

/// The append-only event log.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Writes a commit; returns after it is durable. Commits that arrive together share one transaction.
    async fn append(&self, commit: Commit) -> Result<Committed, AppendError>;

    /// Whether commits are still taken: none are after a flush failed, until the next start.
    fn accepts_writes(&self) -> bool {
        true
    }

    /// Events of a stream after `after_version`, in order, at most `events_max`.
    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after_version: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Events of all streams after `after_position`, in order, at most `events_max`.
    async fn read_all(
        &self,
        tenant: &TenantId,
        after_position: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// What was begun for a customer after a moment, newest first, at most [`EFFECTS_MAX`](crate::effects::EFFECTS_MAX).
    async fn effects(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        since: TimestampUs,
    ) -> Result<Vec<PastEffect>, StoreError>;

    /// The stored answer of an idempotency key.
    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError>;

    /// Forgets stored answers written before this time, at most `replies_max`; gives how many.
    async fn forget_replies(
        &self,
        tenant: &TenantId,
        before: TimestampUs,
        replies_max: usize,
    ) -> Result<usize, StoreError>;

    /// How far a feed has been read.
    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError>;

    /// Notes how far a feed has been read.
    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError>;

    /// Outbox messages not yet delivered, oldest first: id, topic, content.
    async fn undelivered(
        &self,
        tenant: &TenantId,
        messages_max: usize,
    ) -> Result<Vec<(i64, String, Value)>, StoreError>;

    /// Removes delivered outbox messages.
    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError>;
}
