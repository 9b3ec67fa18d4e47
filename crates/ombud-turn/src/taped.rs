//! How does what a turn asks for get onto its tape? Each port of a turn stands behind one that asks through the tape.

use std::sync::Arc;

use async_trait::async_trait;
use ombud_domain::{ActionOutcome, RecordedEvent, StreamId, TenantId, TimestampUs};
use ombud_policy::authorize::hex;
use ombud_policy::{ApiCall, Intent};
use ombud_ports::effects::PastEffect;
use ombud_ports::{
    AppendError, Attempt, Attempts, BackOffice, Clock, Commit, Committed, LanguageModel, Ledger, ModelError,
    ModelRequest, StoreError, StoredReply,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::assistant::Ports;
use crate::tape::Tape;

/// Bytes of a digest that stand for what was asked.
const DIGEST_BYTES: usize = 8;

/// These ports behind a tape. What only serves pages and lists is as it was.
pub(crate) fn taped(ports: &Ports, tape: &Arc<Tape>) -> Ports {
    let taped = |tape: &Arc<Tape>| Arc::clone(tape);
    Ports {
        ledger: Arc::new(Taped { behind: Arc::clone(&ports.ledger), tape: taped(tape) }),
        inbox: Arc::clone(&ports.inbox),
        attempts: Arc::new(Taped { behind: Arc::clone(&ports.attempts), tape: taped(tape) }),
        back_office: Arc::new(Taped { behind: Arc::clone(&ports.back_office), tape: taped(tape) }),
        knowledge: Arc::clone(&ports.knowledge),
        model: ports
            .model
            .as_ref()
            .map(|model| Arc::new(Taped { behind: Arc::clone(model), tape: taped(tape) }) as Arc<dyn LanguageModel>),
        clock: Arc::new(TapedClock(taped(tape))),
        live: Arc::clone(&ports.live),
    }
}

struct Taped<Port: ?Sized> {
    behind: Arc<Port>,
    tape: Arc<Tape>,
}

struct TapedClock(Arc<Tape>);

impl Clock for TapedClock {
    fn now(&self) -> TimestampUs {
        self.0.now()
    }

    fn fresh_id(&self) -> u128 {
        self.0.fresh_id()
    }

    fn monotonic_us(&self) -> u64 {
        self.0.monotonic_us()
    }
}

#[async_trait]
impl BackOffice for Taped<dyn BackOffice> {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        self.tape.ask(named("read", call), self.behind.read(call)).await
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        self.tape.ask(named("perform", intent.call()), self.behind.perform(intent)).await
    }

    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome {
        // Of a call with a code not even a digest is kept, and of the answer no more than whether it was right.
        self.tape.ask(format!("secret {}", call.action), async { told(self.behind.pass_secret(call).await) }).await
    }
}

/// A call by its action, with a digest of all of it.
fn named(port: &str, call: &ApiCall) -> String {
    format!("{port} {} {}", call.action, digest(&json!(call)))
}

/// What the check of a code tells, without anything else that its answer holds.
fn told(outcome: ActionOutcome) -> ActionOutcome {
    let told = |body: &Value| {
        let kept = ["verified", "attempts_left"].into_iter().filter_map(|name| Some((name, body.get(name)?.clone())));
        kept.map(|(name, value)| (name.to_owned(), value)).collect()
    };
    match outcome {
        ActionOutcome::Found { body } => ActionOutcome::Found { body: Value::Object(told(&body)) },
        ActionOutcome::Done { mut receipt } => {
            receipt.body = Value::Object(told(&receipt.body));
            ActionOutcome::Done { receipt }
        }
        other => other,
    }
}

#[async_trait]
impl Attempts for Taped<dyn Attempts> {
    async fn try_once(&self, attempt: &Attempt) -> Result<bool, StoreError> {
        let to = format!("try {} of {}", kind_of(&attempt.subject), attempt.tries_max);
        self.tape.ask_store(&to, self.behind.try_once(attempt)).await
    }

    async fn give_back(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        self.tape.ask_store(&format!("give back {}", kind_of(subject)), self.behind.give_back(tenant, subject)).await
    }

    async fn forget(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        self.tape.ask_store(&format!("forget {}", kind_of(subject)), self.behind.forget(tenant, subject)).await
    }
}

/// What is tried; by whom is a hash, of an address that is not kept.
fn kind_of(subject: &str) -> &str {
    subject.split(':').next().unwrap_or_default()
}

#[async_trait]
impl LanguageModel for Taped<dyn LanguageModel> {
    async fn complete(&self, request: &ModelRequest) -> Result<String, ModelError> {
        let asked = json!([request.instructions, request.input, request.tokens_max, request.deadline_ms]);
        self.tape.ask(format!("draft {}", digest(&asked)), self.behind.complete(request)).await
    }

    fn name(&self) -> &str {
        self.behind.name()
    }
}

/// What became of a commit.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Appended {
    Done,
    Conflict,
    KeyTaken,
    Limit(String),
    Failed,
}

impl Appended {
    fn of(appended: &Result<Committed, AppendError>) -> Self {
        match appended {
            Ok(_) => Self::Done,
            Err(AppendError::Conflict) => Self::Conflict,
            Err(AppendError::KeyTaken) => Self::KeyTaken,
            Err(AppendError::LimitReached { rule }) => Self::Limit(rule.clone()),
            Err(AppendError::Store(_)) => Self::Failed,
        }
    }

    fn replayed(self, before: i64, events: usize) -> Result<Committed, AppendError> {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        match self {
            Self::Done => Ok(Committed { version: before.saturating_add(events), position: 0 }),
            Self::Conflict => Err(AppendError::Conflict),
            Self::KeyTaken => Err(AppendError::KeyTaken),
            Self::Limit(rule) => Err(AppendError::LimitReached { rule }),
            Self::Failed => Err(AppendError::Store(StoreError::Stopped)),
        }
    }
}

/// What a turn reads of its own conversation, or of others' later commits to it, is no input: the ledger has it.
#[async_trait]
impl Ledger for Taped<dyn Ledger> {
    fn accepts_writes(&self) -> bool {
        self.behind.accepts_writes()
    }

    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        self.tape.keep(&commit);
        let mut appended = None;
        let (before, events) = (commit.expected_version, commit.events.len());
        let became = self.tape.ask("append".to_owned(), async {
            let result = self.behind.append(commit).await;
            let became = Appended::of(&result);
            appended = Some(result);
            became
        });
        let became = became.await;
        if !matches!(became, Appended::Done) {
            self.tape.drop_last();
        }
        appended.unwrap_or_else(|| became.replayed(before, events))
    }

    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after_version: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.behind.read(tenant, stream, after_version, events_max).await
    }

    async fn read_all(
        &self,
        tenant: &TenantId,
        after_position: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.behind.read_all(tenant, after_position, events_max).await
    }

    async fn effects(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        since: TimestampUs,
    ) -> Result<Vec<PastEffect>, StoreError> {
        let to = format!("effects {}", digest(&json!([customer_id, since])));
        self.tape.ask_store(&to, self.behind.effects(tenant, customer_id, since)).await
    }

    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError> {
        self.behind.stored_reply(tenant, scope, key).await
    }

    async fn forget_replies(
        &self,
        tenant: &TenantId,
        before: TimestampUs,
        replies_max: usize,
    ) -> Result<usize, StoreError> {
        self.behind.forget_replies(tenant, before, replies_max).await
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError> {
        self.behind.cursor(tenant, feed).await
    }

    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError> {
        self.behind.move_cursor(tenant, feed, cursor).await
    }

    async fn undelivered(
        &self,
        tenant: &TenantId,
        messages_max: usize,
    ) -> Result<Vec<(i64, String, Value)>, StoreError> {
        self.behind.undelivered(tenant, messages_max).await
    }

    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError> {
        self.behind.mark_delivered(tenant, ids).await
    }
}

fn digest(asked: &Value) -> String {
    let digest = Sha256::digest(asked.to_string().as_bytes());
    hex(digest.get(..DIGEST_BYTES).unwrap_or(&digest))
}
