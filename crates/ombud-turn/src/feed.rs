//! What do the company's systems report, and whose request waits for it? The feed is read page by page; each event is acted on once.

use ombud_domain::ActionOutcome;
use ombud_policy::CompanyEvent;
use ombud_policy::expr::ExprError;
use ombud_policy::flow::Op;
use ombud_ports::{Due, StoreError};

use crate::assistant::Assistant;
use crate::intake::{IdempotencyKey, Input};

/// Conversations of one customer that one event can wake.
const WOKEN_MAX: usize = 50;

/// Why the feed was not read; it is read on from the same place later.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The company's system gave no page.
    #[error("the company's feed cannot be read")]
    Unread,
    /// The pack's description of the feed does not fit what it gives.
    #[error("the company's feed is not as `[feed]` of the pack says")]
    Form(#[from] ExprError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Assistant {
    /// Reads one page of the company's feed, wakes the requests that wait for its events, and gives the number of events; 0 when there are no new
    /// ones, or no feed. Call it again and again.
    ///
    /// # Errors
    /// [`FeedError`]; the page is read again.
    pub async fn follow_feed(&self) -> Result<usize, FeedError> {
        let Some(feed) = &self.pack.feed else { return Ok(0) };
        let (ledger, tenant) = (&self.ports.ledger, &self.settings.tenant);
        // Every process reads all of it, for what it holds of customers; the ledger's cursor is where one begins that was started anew.
        let cursor = match self.graphs.cursor() {
            None => ledger.cursor(tenant, feed.name()).await?,
            known => known,
        };
        let began_us = self.graphs.now_us();
        let ActionOutcome::Found { body } = self.ports.back_office.read(&feed.call(cursor.as_deref())).await else {
            return Err(FeedError::Unread);
        };
        let events = feed.events(&body)?;
        events.iter().for_each(|event| self.note_change(event));
        for event in events.iter().filter(|event| self.is_awaited(event)) {
            self.wake(event).await?;
        }
        if let Some(last) = events.last() {
            ledger.move_cursor(tenant, feed.name(), &last.cursor).await?;
            self.graphs.move_cursor(&last.cursor);
        }
        if events.len() < feed.page() {
            self.graphs.followed(began_us);
        }
        Ok(events.len())
    }

    /// Whether a flow waits for events of this name; others only say that what is held is old.
    fn is_awaited(&self, event: &CompanyEvent) -> bool {
        let waits = |op: &Op| matches!(op, Op::Wait { event: name, .. } if event.names.contains(name));
        self.pack.flows.values().any(|flow| flow.ops.iter().any(waits))
    }

    async fn wake(&self, event: &CompanyEvent) -> Result<(), StoreError> {
        let parked = Due::Parked(event.customer_id.clone());
        for id in self.ports.inbox.due(&self.settings.tenant, &parked, WOKEN_MAX).await? {
            self.unasked(&id, Input::Event(Box::new(event.clone()))).await?;
        }
        Ok(())
    }
}

/// The key under which an event is acted on: a page that is read twice, by a restart or by another replica, wakes nobody twice.
pub(crate) fn key_of(event: &CompanyEvent) -> IdempotencyKey {
    IdempotencyKey { key: format!("event {}", event.id), body_hash: String::new() }
}
