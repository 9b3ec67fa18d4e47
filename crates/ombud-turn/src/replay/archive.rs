//! What does a replayed turn see of the world? The conversation as it stood when the turn began, and nobody who could be asked.

use std::sync::Arc;

use async_trait::async_trait;
use ombud_domain::{ActionOutcome, CallFailure, ConversationId, RecordedEvent, StreamId, TenantId, TimestampUs};
use ombud_policy::{ApiCall, Intent};
use ombud_ports::effects::PastEffect;
use ombud_ports::{
    AppendError, Attempt, Attempts, BackOffice, Clock, Commit, Committed, LanguageModel, Ledger, LiveBus, LiveEvent,
    ModelError, ModelRequest, StoreError, StoredReply,
};
use serde_json::Value;

/// A conversation up to a version. Nothing else can be read, and nothing written.
pub(super) struct Archive {
    pub events: Arc<Vec<RecordedEvent>>,
    pub until: i64,
}

#[async_trait]
impl Ledger for Archive {
    async fn append(&self, _commit: Commit) -> Result<Committed, AppendError> {
        Err(StoreError::Stopped.into())
    }

    async fn read(
        &self,
        _tenant: &TenantId,
        stream: &StreamId,
        after_version: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let wanted = |event: &&RecordedEvent| {
            event.stream == *stream && event.version > after_version && event.version <= self.until
        };
        Ok(self.events.iter().filter(wanted).take(events_max).cloned().collect())
    }

    async fn read_all(&self, _: &TenantId, _: i64, _: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn effects(&self, _: &TenantId, _: &str, _: TimestampUs) -> Result<Vec<PastEffect>, StoreError> {
        Err(StoreError::Stopped)
    }

    /// A turn that was answered from a stored reply left no record.
    async fn stored_reply(&self, _: &TenantId, _: &str, _: &str) -> Result<Option<StoredReply>, StoreError> {
        Ok(None)
    }

    async fn forget_replies(&self, _: &TenantId, _: TimestampUs, _: usize) -> Result<usize, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn cursor(&self, _: &TenantId, _: &str) -> Result<Option<String>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn move_cursor(&self, _: &TenantId, _: &str, _: &str) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn undelivered(&self, _: &TenantId, _: usize) -> Result<Vec<(i64, String, Value)>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn mark_delivered(&self, _: &TenantId, _: &[i64]) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }
}

/// Stands where the world was, with the name that the model had. The tape answers before anybody comes to ask here.
pub(super) struct Nobody(pub String);

#[async_trait]
impl BackOffice for Nobody {
    async fn read(&self, _call: &ApiCall) -> ActionOutcome {
        ActionOutcome::Failed { failure: CallFailure::Unreachable }
    }

    async fn perform(&self, _intent: &Intent) -> ActionOutcome {
        ActionOutcome::Failed { failure: CallFailure::Unreachable }
    }

    async fn pass_secret(&self, _call: &ApiCall) -> ActionOutcome {
        ActionOutcome::Failed { failure: CallFailure::Unreachable }
    }
}

#[async_trait]
impl Attempts for Nobody {
    async fn try_once(&self, _attempt: &Attempt) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn give_back(&self, _tenant: &TenantId, _subject: &str) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn forget(&self, _tenant: &TenantId, _subject: &str) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }
}

#[async_trait]
impl LanguageModel for Nobody {
    async fn complete(&self, _request: &ModelRequest) -> Result<String, ModelError> {
        Err(ModelError::Unreachable)
    }

    fn name(&self) -> &str {
        &self.0
    }
}

impl Clock for Nobody {
    fn now(&self) -> TimestampUs {
        TimestampUs(0)
    }

    fn fresh_id(&self) -> u128 {
        0
    }

    fn monotonic_us(&self) -> u64 {
        0
    }
}

impl LiveBus for Nobody {
    fn publish(&self, _tenant: &TenantId, _conversation: ConversationId, _event: LiveEvent) {}

    fn is_heard(&self, _conversation: ConversationId) -> bool {
        false
    }
}
