//! What does the desk list? A projection of the ledger that can be dropped and rebuilt.

use async_trait::async_trait;
use ombud_domain::{ConversationStatus, Priority, RecordedEvent, TenantId, TimestampUs};
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
    /// When the company is next asked what came of an action, if that is not known.
    pub recover_at: Option<TimestampUs>,
    /// Since when the customer has left a question of the assistant unanswered.
    pub silent_since: Option<TimestampUs>,
    /// Requests that wait for an event of the company's systems.
    pub parked: i64,
    /// When somebody must look at what people are asked to approve: it is decided, or its time is over; none when they are asked nothing.
    pub approval_due: Option<TimestampUs>,
}

/// Conversations in which something is due without anybody writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// An action without a known outcome is to be asked about at or before this time.
    Recovery(TimestampUs),
    /// A question has been open since this time or longer.
    Silence(TimestampUs),
    /// What people were asked to approve is decided, or its time is over, at or before this time.
    Approval(TimestampUs),
    /// A request of this customer waits for an event.
    Parked(String),
}

/// Conversations given for one [`Due`], at most.
pub const DUE_ROWS_MAX: usize = 500;

/// Events given for one customer, at most.
pub const CUSTOMER_EVENTS_MAX: usize = 200;

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboxFilter {
    /// Only this status.
    pub status: Option<ConversationStatus>,
    /// Only those of this customer.
    pub customer_id: Option<String>,
    /// Only those that this person has taken.
    pub assignee: Option<String>,
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

    /// Ids of conversations in which this is due, the longest due first, at most `rows_max` and [`DUE_ROWS_MAX`].
    async fn due(&self, tenant: &TenantId, due: &Due, rows_max: usize) -> Result<Vec<String>, StoreError>;

    /// Rows that the filter fits, on all pages; as of the last [`Inbox::list`].
    async fn count(&self, tenant: &TenantId, filter: &InboxFilter) -> Result<u64, StoreError>;

    /// Events of these kinds in all conversations of a customer, the newest [`CUSTOMER_EVENTS_MAX`] of them, the oldest first; what was erased is left out.
    /// Their payload names him as `customer_id`, and the kinds are among [`INBOX_KINDS`](crate::INBOX_KINDS).
    async fn of_customer(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        kinds: &[&str],
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Drops all rows and reads the ledger again; gives the number of events read.
    async fn rebuild(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}
