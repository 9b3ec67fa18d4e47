//! What does the writer get? A commit whose bounds are checked and whose values are text already, so that its task only writes.

use ombud_domain::{Moving, StreamId, TenantId};
use ombud_ports::effects::Counting;
use ombud_ports::ledger::EVENTS_MAX;
use ombud_ports::{AppendError, Commit, Committed, Shredding, StoreError};
use tokio::sync::oneshot;

/// Outbox messages of one commit at most.
pub(crate) const OUTBOX_MAX: usize = 256;
/// Bytes of all values of one commit at most.
pub(crate) const BYTES_MAX: usize = 8 * 1024 * 1024;

pub(crate) type Answer = Result<Committed, AppendError>;

/// An event, ready to be bound.
#[derive(Debug)]
pub(crate) struct EventText {
    pub kind: String,
    pub payload: String,
}

/// A reply, ready to be bound.
#[derive(Debug)]
pub(crate) struct ReplyText {
    pub scope: String,
    pub key: String,
    pub body_hash: String,
    pub response: String,
}

/// A commit that waits for the writer.
#[derive(Debug)]
pub(crate) struct Job {
    pub tenant: TenantId,
    pub stream: StreamId,
    pub expected_version: i64,
    pub at_us: i64,
    pub events: Vec<EventText>,
    pub outbox: Vec<(String, String)>,
    pub reply: Option<ReplyText>,
    pub shredding: Option<Shredding>,
    pub counting: Option<Counting>,
    pub moving: Option<Moving>,
    pub bytes: usize,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    pub(crate) fn new(commit: Commit) -> Result<(Self, oneshot::Receiver<Answer>), StoreError> {
        let (answer, receiver) = oneshot::channel();
        let events = commit.events.into_iter();
        let mut job = Self {
            tenant: commit.tenant,
            stream: commit.stream,
            expected_version: commit.expected_version,
            at_us: commit.at.0,
            events: events.map(|event| EventText { kind: event.kind, payload: event.payload.into_string() }).collect(),
            outbox: commit.outbox.into_iter().map(|(topic, content)| (topic, content.to_string())).collect(),
            reply: commit.reply.map(|reply| ReplyText {
                scope: reply.scope,
                key: reply.key,
                body_hash: reply.body_hash,
                response: reply.response.into_string(),
            }),
            shredding: commit.shredding,
            counting: commit.counting,
            moving: commit.moving,
            bytes: 0,
            answer,
        };
        job.bytes = job.events.iter().map(|event| event.payload.len()).sum::<usize>()
            + job.outbox.iter().map(|(_, content)| content.len()).sum::<usize>()
            + job.reply.as_ref().map_or(0, |reply| reply.response.len())
            + job
                .shredding
                .iter()
                .flat_map(|shredding| &shredding.events)
                .map(|(_, new)| new.as_str().len())
                .sum::<usize>();
        if job.bytes > BYTES_MAX {
            return Err(refused(format!("a commit holds at most {BYTES_MAX} bytes, this one `{}`", job.bytes)));
        }
        Ok((job, receiver))
    }

    /// Version of the last event, once written.
    pub(crate) fn next_version(&self) -> i64 {
        self.expected_version.saturating_add(self.events_count())
    }

    pub(crate) fn events_count(&self) -> i64 {
        i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    pub(crate) fn outbox_count(&self) -> i64 {
        i64::try_from(self.outbox.len()).unwrap_or(i64::MAX)
    }

    /// Tells the waiting caller; one who no longer waits does not mind.
    pub(crate) fn answer(self, answer: Answer) {
        drop(self.answer.send(answer));
    }
}

/// Bounds of a commit that can be told before it is sealed.
pub(crate) fn check(commit: &Commit) -> Result<(), StoreError> {
    let (events, messages) = (commit.events.len(), commit.outbox.len());
    if events == 0 || events > EVENTS_MAX {
        return Err(refused(format!("a commit holds 1 to {EVENTS_MAX} events, this one `{events}`")));
    }
    if messages > OUTBOX_MAX {
        return Err(refused(format!("a commit holds at most {OUTBOX_MAX} messages, this one `{messages}`")));
    }
    let wrong = commit.moving.as_ref().and_then(|moving| moving.check().err());
    wrong.map_or(Ok(()), |wrong| Err(refused(wrong.to_string())))
}

fn refused(problem: String) -> StoreError {
    StoreError::Database { doing: "checking a commit", source: problem.into() }
}
