//! How do open pages learn of what was committed? By a transport that may lose anything: the ledger is the truth.

use ombud_domain::{ConversationId, TenantId};
use serde_json::Value;

/// Something an open page wants to know at once.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// `message.created`, `conversation.updated`, `handoff.requested`, `handoff.accepted`, `handoff.returned`.
    pub kind: String,
    /// For messages their seq, else 0; the id a page resumes from.
    pub id: i64,
    /// Content.
    pub data: Value,
}

/// Announces committed events.
pub trait LiveBus: Send + Sync + 'static {
    /// Announces an event of a conversation; never waits and never fails.
    fn publish(&self, tenant: &TenantId, conversation: ConversationId, event: LiveEvent);

    /// Whether anybody may hear events of a conversation; what nobody hears need not be put in words.
    fn is_heard(&self, _conversation: ConversationId) -> bool {
        true
    }
}
