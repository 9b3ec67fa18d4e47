//! What does the desk list? A projection of the ledger that can be dropped and rebuilt.

use async_trait::async_trait;
use ombud_domain::{ConversationStatus, Priority, TenantId, TimestampUs};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A row of the desk's inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboxRow {
    /// Conversation id.
    pub conversation_id: String,
    /// Its status.
    pub status: ConversationStatus,
    /// The customer, if known.
    pub customer_id: Option<String>,
    /// The customer's name, if known.
    pub customer_name: Option<String>,
    /// Reason of the last hand-over.
    pub reason_code: Option<String>,
    /// Summary of the last hand-over.
    pub summary: Option<String>,
    /// Who is helped first.
    pub priority: Priority,
    /// Since when somebody waits.
    pub waiting_since: Option<TimestampUs>,
    /// Who has taken it.
    pub assignee: Option<String>,
    /// Language tag.
    pub locale: String,
    /// First 200 characters of the last message.
    pub last_message: String,
    /// Position of the last event that went into this row.
    pub position: i64,
    /// When the last event was written.
    pub updated_at: TimestampUs,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboxFilter {
    /// Only this status.
    pub status: Option<ConversationStatus>,
    /// Only rows after this cursor, as given back by the last page.
    pub cursor: Option<String>,
    /// Rows at most, 1 to 200.
    pub rows_max: usize,
}

/// The inbox projection.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// Rows: waiting ones by priority and waiting time, others newest first; and the cursor of the next page.
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &InboxFilter,
    ) -> Result<(Vec<InboxRow>, Option<String>), StoreError>;

    /// Drops all rows and reads the ledger again; gives the number of events read.
    async fn rebuild(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}
