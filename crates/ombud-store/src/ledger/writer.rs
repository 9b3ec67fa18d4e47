//! How do commits become durable? One task writes; commits that wait together share one transaction and one flush to disk.
//!
//! INVARIANT: a commit is acknowledged only after COMMIT has returned (test: `acknowledged_commits_survive_kill_9`).
//! INVARIANT: after a failed COMMIT nothing more is written, because nobody knows what the disk holds (test: `a_full_disk_stops_the_ledger_and_reads_go_on`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ombud_domain::{StreamId, TenantId};
use ombud_ports::{AppendError, Committed, StoreError, crash_point_of};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AssertSqlSafe, Connection, Row};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::database::{Database, Dialect};
use crate::ledger::heads::Heads;
use crate::ledger::insert::{Insertion, insert};
use crate::ledger::job::{Job, OUTBOX_MAX};
use crate::sql::{Meaning, SharedError, meaning};

/// Commits that may wait before `append` itself waits.
const QUEUE_MAX: usize = 1024;
/// Commits of one transaction at most.
pub(crate) const BATCH_COMMITS_MAX: usize = 64;
/// Events of one transaction at most: eight parameters each, and SQLite takes 32,766 in a statement.
pub(crate) const BATCH_EVENTS_MAX: usize = 2048;
/// Messages of one transaction at most.
const BATCH_OUTBOX_MAX: usize = 8 * OUTBOX_MAX;
/// Bytes of one transaction at most, unless a single commit is larger.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The only writer of events in this process.
pub(crate) struct Writer {
    database: Database,
    connection: Option<PoolConnection<Any>>,
    jobs: mpsc::Receiver<Job>,
    held: Option<Job>,
    heads: Heads,
    gate: Arc<AtomicBool>,
    committed: Arc<Notify>,
}

/// What is to become of a commit of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Written(Committed),
    /// The expected version is not the head.
    Stale,
    /// It has to be tried by itself.
    Alone,
}

/// Why a transaction was not made.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A key of the events is taken.
    StreamTaken,
    /// A key of the replies is taken.
    ReplyTaken,
    /// What a commit begins would pass this limit.
    LimitReached(String),
    /// More was begun for the customer than the decision knew.
    Overtaken,
    /// Nothing was written; later commits may be.
    Passing(&'static str, sqlx::Error),
    /// Nothing may be written any more.
    Broken(&'static str, sqlx::Error),
}

impl Writer {
    /// The writer, where its jobs are sent, and whether it still writes.
    pub(crate) fn new(database: Database, committed: Arc<Notify>) -> (Self, mpsc::Sender<Job>, Arc<AtomicBool>) {
        let (sender, jobs) = mpsc::channel(QUEUE_MAX);
        let gate = Arc::clone(&database.writes);
        let writer = Self {
            database,
            connection: None,
            jobs,
            held: None,
            heads: Heads::default(),
            gate: Arc::clone(&gate),
            committed,
        };
        (writer, sender, gate)
    }

    /// Writes until it is told to stop or nobody can send any more; what was accepted by then is written first.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        while let Some(first) = self.next(&stop).await {
            let batch = self.fill(first);
            if self.gate.load(Ordering::Acquire) {
                self.commit_batch(batch).await;
            }
            if !self.gate.load(Ordering::Acquire) {
                // Dropping a job tells its caller that the ledger has stopped.
                self.jobs.close();
                self.held = None;
                while self.jobs.recv().await.is_some() {}
            }
        }
        self.gate.store(false, Ordering::Release);
    }

    async fn next(&mut self, stop: &CancellationToken) -> Option<Job> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        tokio::select! {
            biased;
            job = self.jobs.recv() => job,
            () = stop.cancelled() => {
                self.jobs.close();
                self.jobs.recv().await
            }
        }
    }

    /// Takes what is waiting, up to the bounds; the one that no longer fits begins the next batch.
    fn fill(&mut self, first: Job) -> Vec<Job> {
        let (mut events, mut outbox, mut bytes) = (first.events.len(), first.outbox.len(), first.bytes);
        let mut batch = vec![first];
        while batch.len() < BATCH_COMMITS_MAX {
            let Ok(job) = self.jobs.try_recv() else { break };
            events += job.events.len();
            outbox += job.outbox.len();
            bytes += job.bytes;
            if events > BATCH_EVENTS_MAX || outbox > BATCH_OUTBOX_MAX || bytes > BATCH_BYTES_MAX {
                self.held = Some(job);
                break;
            }
            batch.push(job);
        }
        batch
    }

    async fn commit_batch(&mut self, batch: Vec<Job>) {
        let verdicts = match self.write(&batch).await {
            Ok(verdicts) => verdicts,
            // One of them is at fault: each by itself, so that only that one is refused.
            Err(Failure::StreamTaken | Failure::ReplyTaken | Failure::LimitReached(_) | Failure::Overtaken) => {
                vec![Verdict::Alone; batch.len()]
            }
            Err(Failure::Passing(doing, error)) => return answer_all(batch, doing, error),
            Err(Failure::Broken(doing, error)) => return self.break_off(batch, doing, error),
        };
        let mut alone = Vec::new();
        for (job, verdict) in batch.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Written(committed) => job.answer(Ok(committed)),
                Verdict::Stale if job.reply.is_none() => job.answer(Err(AppendError::Conflict)),
                Verdict::Stale | Verdict::Alone => alone.push(job),
            }
        }
        for job in alone {
            if self.gate.load(Ordering::Acquire) {
                self.commit_alone(job).await;
            }
        }
    }

    async fn commit_alone(&mut self, job: Job) {
        match self.write(slice::from_ref(&job)).await {
            Ok(verdicts) => match verdicts.first() {
                Some(Verdict::Written(committed)) => job.answer(Ok(*committed)),
                _ => self.refuse_stale(job).await,
            },
            Err(Failure::StreamTaken) => self.refuse_stale(job).await,
            Err(Failure::LimitReached(rule)) => job.answer(Err(AppendError::LimitReached { rule })),
            Err(Failure::Overtaken) => job.answer(Err(AppendError::Conflict)),
            Err(Failure::ReplyTaken) => job.answer(Err(AppendError::KeyTaken)),
            Err(Failure::Passing(doing, error)) => answer_all(vec![job], doing, error),
            Err(Failure::Broken(doing, error)) => self.break_off(vec![job], doing, error),
        }
    }

    /// A repeated request is told that its key is taken, so that it finds its answer instead of deciding again.
    async fn refuse_stale(&mut self, job: Job) {
        let taken = match (&job.reply, self.connection.as_deref_mut()) {
            (Some(reply), Some(connection)) => {
                sqlx::query("SELECT 1 FROM replies WHERE tenant = $1 AND scope = $2 AND key = $3")
                    .bind(job.tenant.as_str())
                    .bind(reply.scope.as_str())
                    .bind(reply.key.as_str())
                    .fetch_optional(connection)
                    .await
            }
            _ => Ok(None),
        };
        match taken {
            Ok(Some(_)) => job.answer(Err(AppendError::KeyTaken)),
            Ok(None) => job.answer(Err(AppendError::Conflict)),
            Err(error) => answer_all(vec![job], "looking for an idempotency key", error),
        }
    }

    /// Stops the ledger: fail closed, reads go on.
    fn break_off(&self, batch: Vec<Job>, doing: &'static str, error: sqlx::Error) {
        self.database.stop_writing();
        tracing::error!(ledger.doing = doing, error = %error, "the ledger has stopped writing: free or repair its disk, then start again");
        drop(batch);
    }

    async fn write(&mut self, jobs: &[Job]) -> Result<Vec<Verdict>, Failure> {
        if self.connection.is_none() {
            let connection = self.database.durable.acquire().await;
            self.connection = Some(connection.map_err(|error| self.failure("connecting", error))?);
        }
        let outcome = self.write_connected(jobs).await;
        if outcome.is_err() {
            for job in jobs {
                self.heads.forget(&(job.tenant.clone(), job.stream.clone()));
            }
        }
        if matches!(outcome, Err(Failure::Passing(..)))
            && let Some(mut connection) = self.connection.take()
        {
            connection.close_on_drop();
        }
        outcome
    }

    async fn write_connected(&mut self, jobs: &[Job]) -> Result<Vec<Verdict>, Failure> {
        let mut known = self.known_heads(jobs).await?;
        let accepted = accept(jobs, &mut known);
        let mut counts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for (job, _) in jobs.iter().zip(&accepted).filter(|(_, accepted)| **accepted == Accepted::Yes) {
            let (events, outbox) = counts.entry(job.tenant.as_str()).or_default();
            *events += job.events_count();
            *outbox += job.outbox_count();
        }
        let written = if counts.is_empty() { Vec::new() } else { self.transact(jobs, &accepted, counts).await? };
        let mut positions = written.into_iter();
        let mut verdicts = Vec::with_capacity(jobs.len());
        for (job, accepted) in jobs.iter().zip(&accepted) {
            verdicts.push(match accepted {
                Accepted::Stale => Verdict::Stale,
                Accepted::Later => Verdict::Alone,
                Accepted::Yes => {
                    let version = job.next_version();
                    self.heads.remember((job.tenant.clone(), job.stream.clone()), version);
                    Verdict::Written(Committed { version, position: positions.next().unwrap_or_default() })
                }
            });
        }
        Ok(verdicts)
    }

    async fn transact(
        &mut self,
        jobs: &[Job],
        accepted: &[Accepted],
        counts: BTreeMap<&str, (i64, i64)>,
    ) -> Result<Vec<i64>, Failure> {
        let dialect = self.database.dialect;
        let turn = Arc::clone(&self.database.write_turn);
        let _turn = match dialect {
            Dialect::Sqlite => Some(turn.lock().await),
            Dialect::Postgres => None,
        };
        let Some(connection) = self.connection.as_deref_mut() else { return Ok(Vec::new()) };
        let mut transaction =
            connection.begin().await.map_err(|error| failure(dialect, "beginning a transaction", error))?;
        let yes: Vec<&Job> =
            jobs.iter().zip(accepted).filter(|(_, accepted)| **accepted == Accepted::Yes).map(|(job, _)| job).collect();
        match insert(&mut transaction, dialect, Insertion { jobs: &yes, counts }).await {
            Ok(positions) => {
                crash_points("commit.before", &yes);
                transaction.commit().await.map_err(|error| Failure::Broken("committing", error))?;
                crash_points("commit.after", &yes);
                self.committed.notify_one();
                Ok(positions)
            }
            Err(failure) => {
                // When the connection is gone the database has rolled back by itself.
                drop(transaction.rollback().await);
                Err(failure)
            }
        }
    }

    /// Heads as far as they are needed to judge the expected versions; a stream that is absent here is taken to be new.
    async fn known_heads(&mut self, jobs: &[Job]) -> Result<HashMap<(TenantId, StreamId), i64>, Failure> {
        let mut known = HashMap::with_capacity(jobs.len());
        let mut unknown: Vec<(TenantId, StreamId)> = Vec::new();
        for job in jobs {
            let key = (job.tenant.clone(), job.stream.clone());
            let head = self.heads.get(&key);
            if job.expected_version > head.unwrap_or(0) && !unknown.contains(&key) {
                unknown.push(key);
            } else if let Some(head) = head {
                known.entry(key).or_insert(head);
            }
        }
        let dialect = self.database.dialect;
        let Some(connection) = self.connection.as_deref_mut() else { return Ok(known) };
        if !unknown.is_empty() {
            let mut sql = String::new();
            for number in 0..unknown.len() {
                let union = if number == 0 { "" } else { " UNION ALL " };
                let (tenant, kind, id) = (number * 3 + 1, number * 3 + 2, number * 3 + 3);
                sql.push_str(&format!(
                    "{union}SELECT {number}, COALESCE(MAX(version), 0) FROM events \
                     WHERE tenant = ${tenant} AND stream_kind = ${kind} AND stream_id = ${id}"
                ));
            }
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (tenant, stream) in &unknown {
                query = query.bind(tenant.as_str()).bind(stream.kind.as_str()).bind(stream.id.as_str());
            }
            let rows = query.fetch_all(connection).await.map_err(|error| failure(dialect, "reading heads", error))?;
            for row in rows {
                let number = row.try_get::<i64, _>(0).ok().and_then(|number| usize::try_from(number).ok());
                let head = row.try_get::<i64, _>(1).map_err(|error| failure(dialect, "reading heads", error))?;
                if let Some(key) = number.and_then(|number| unknown.get(number)) {
                    known.insert(key.clone(), head);
                }
            }
        }
        Ok(known)
    }

    fn failure(&self, doing: &'static str, error: sqlx::Error) -> Failure {
        failure(self.database.dialect, doing, error)
    }
}

/// One for each kind of event that is written.
fn crash_points(place: &str, jobs: &[&Job]) {
    for event in jobs.iter().flat_map(|job| &job.events) {
        crash_point_of(place, &event.kind);
    }
}

/// Whether a commit goes into the transaction of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Yes,
    Stale,
    Later,
}

/// Judges commits in order of arrival, each seeing the ones accepted before it.
fn accept(jobs: &[Job], known: &mut HashMap<(TenantId, StreamId), i64>) -> Vec<Accepted> {
    let mut keys = HashSet::new();
    let mut accepted = Vec::with_capacity(jobs.len());
    for job in jobs {
        let head = known.entry((job.tenant.clone(), job.stream.clone())).or_insert(0);
        let key = job.reply.as_ref().map(|reply| (job.tenant.as_str(), reply.scope.as_str(), reply.key.as_str()));
        accepted.push(if *head != job.expected_version {
            Accepted::Stale
        } else if key.is_some_and(|key| !keys.insert(key)) {
            Accepted::Later
        } else {
            *head = job.next_version();
            Accepted::Yes
        });
    }
    accepted
}

pub(crate) fn failure(dialect: Dialect, doing: &'static str, error: sqlx::Error) -> Failure {
    match meaning(&error, dialect) {
        Meaning::Passing => Failure::Passing(doing, error),
        Meaning::Taken | Meaning::Broken => Failure::Broken(doing, error),
    }
}

fn answer_all(batch: Vec<Job>, doing: &'static str, error: sqlx::Error) {
    tracing::warn!(ledger.doing = doing, error = %error, "commits were not written and may be tried again");
    let shared = SharedError(Arc::new(error));
    for job in batch {
        let source = Box::new(shared.clone());
        job.answer(Err(StoreError::Database { doing, source }.into()));
    }
}

#[cfg(test)]
mod tests {
    use ombud_testkit::contract::{commit, event};

    use super::*;

    fn job(stream: &str, expected_version: i64) -> Job {
        Job::new(commit(stream, expected_version, vec![event(1), event(2)])).unwrap().0
    }

    #[test]
    fn commits_of_one_batch_see_each_other() {
        let jobs = [job("a", 0), job("a", 0), job("a", 2), job("b", 1)];
        let judged = accept(&jobs, &mut HashMap::new());
        assert_eq!(judged, [Accepted::Yes, Accepted::Stale, Accepted::Yes, Accepted::Stale]);
    }
}
