//! How is the ledger read, and how does a commit reach the writer?

pub(crate) mod effects;
pub(crate) mod heads;
pub(crate) mod insert;
pub(crate) mod job;
pub(crate) mod money;
pub(crate) mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ombud_domain::{JsonText, Posting, RecordedEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::effects::{Counting, PastEffect};
use ombud_ports::{AppendError, Commit, Committed, Ledger, MoneyBooks, StoreError, StoredReply, Wanted};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::database::Database;
use crate::ledger::job::Job;
use crate::sql::{column, failed, list};
use crate::vault::cipher::{KeyId, Place};
use crate::vault::{Opened, RawEvent, Vault};

/// Events of one page at most, whatever the caller asks for.
pub(crate) const PAGE_EVENTS_MAX: usize = 10_000;
/// Outbox messages of one page at most.
const PAGE_MESSAGES_MAX: usize = 1000;
/// Stored answers forgotten in one statement at most.
const FORGOTTEN_MAX: usize = 1000;
/// Ids in one statement at most.
const IDS_MAX: usize = 500;

/// The ledger in a database.
#[derive(Debug)]
pub(crate) struct SqlLedger {
    database: Database,
    vault: Vault,
    jobs: mpsc::Sender<Job>,
    gate: Arc<AtomicBool>,
    _guard: Arc<DropGuard>,
}

impl SqlLedger {
    pub(crate) fn new(
        (database, vault): (Database, Vault),
        (jobs, gate): (mpsc::Sender<Job>, Arc<AtomicBool>),
        guard: Arc<DropGuard>,
    ) -> Self {
        Self { database, vault, jobs, gate, _guard: guard }
    }
}

#[async_trait]
impl Ledger for SqlLedger {
    fn accepts_writes(&self) -> bool {
        self.gate.load(Ordering::Acquire)
    }

    async fn append(&self, mut commit: Commit) -> Result<Committed, AppendError> {
        job::check(&commit)?;
        if !self.accepts_writes() {
            return Err(StoreError::Stopped.into());
        }
        self.vault.seal(&mut commit).await?;
        if let Some(Counting::Begun { effect, .. }) = &mut commit.counting {
            effect.customer_id = self.vault.tag(&commit.tenant, &effect.customer_id);
        }
        if let Some(moving) = &mut commit.moving {
            money::seal(&self.vault, &commit.tenant, moving)?;
        }
        let (job, written) = Job::new(commit)?;
        if self.jobs.send(job).await.is_err() {
            return Err(StoreError::Stopped.into());
        }
        // A job that the stopping writer drops unanswered was not written.
        written.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after_version: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        // The bound stands in the text: SQLite prepares a statement again whenever a bound LIMIT is set.
        let sql = format!(
            "SELECT position, stream_kind, stream_id, version, kind, at_us, payload FROM events \
             WHERE tenant = $1 AND stream_kind = $2 AND stream_id = $3 AND version > $4 ORDER BY version LIMIT {}",
            page(events_max, PAGE_EVENTS_MAX)
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(stream.kind.as_str())
            .bind(stream.id.as_str())
            .bind(after_version)
            .fetch_all(&self.database.reads)
            .await
            .map_err(failed("reading a stream"))?;
        events_of(&self.vault, tenant, &rows).await
    }

    async fn read_all(
        &self,
        tenant: &TenantId,
        after_position: i64,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, stream_kind, stream_id, version, kind, at_us, payload FROM events \
             WHERE tenant = $1 AND position > $2 ORDER BY position LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(after_position)
        .bind(page(events_max, PAGE_EVENTS_MAX))
        .fetch_all(&self.database.reads)
        .await
        .map_err(failed("reading the ledger"))?;
        events_of(&self.vault, tenant, &rows).await
    }

    async fn effects(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        since: TimestampUs,
    ) -> Result<Vec<PastEffect>, StoreError> {
        effects::read(&self.database, tenant, &self.vault.tag(tenant, customer_id), since).await
    }

    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError> {
        let row = sqlx::query("SELECT body_hash, response FROM replies WHERE tenant = $1 AND scope = $2 AND key = $3")
            .bind(tenant.as_str())
            .bind(scope)
            .bind(key)
            .fetch_optional(&self.database.reads)
            .await
            .map_err(failed("reading a stored reply"))?;
        let Some(row) = row else { return Ok(None) };
        let (hash, stored): (String, String) = (column(&row, 0, "reply")?, column(&row, 1, "reply")?);
        let is_sealed = KeyId::of_sealed(&stored).is_some();
        let Opened::Text(text) = self.vault.open_text(Place::Reply(tenant.as_str(), scope, key), stored).await? else {
            return Ok(None);
        };
        let (body_hash, response) = if is_sealed {
            // The hash was sealed in front of the answer; the column has its length.
            let parts = hash.parse().ok().and_then(|length| text.split_at_checked(length));
            parts.map(|(hash, rest)| (hash.to_owned(), rest.to_owned())).ok_or(StoreError::Corrupt { what: "reply" })?
        } else {
            (hash, text)
        };
        let response = JsonText::stored(response);
        Ok(Some(StoredReply { scope: scope.to_owned(), key: key.to_owned(), body_hash, response }))
    }

    async fn forget_replies(
        &self,
        tenant: &TenantId,
        before: TimestampUs,
        replies_max: usize,
    ) -> Result<usize, StoreError> {
        let _turn = self.database.write_turn.lock().await;
        let forgotten = sqlx::query(
            "DELETE FROM replies WHERE tenant = $1 AND (scope, key) IN \
             (SELECT scope, key FROM replies WHERE tenant = $1 AND at_us < $2 ORDER BY at_us LIMIT $3)",
        )
        .bind(tenant.as_str())
        .bind(before.0)
        .bind(page(replies_max, FORGOTTEN_MAX))
        .execute(&self.database.derived)
        .await
        .map_err(failed("forgetting stored replies"))?;
        Ok(usize::try_from(forgotten.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT cursor FROM cursors WHERE tenant = $1 AND feed = $2")
            .bind(tenant.as_str())
            .bind(feed)
            .fetch_optional(&self.database.reads)
            .await
            .map_err(failed("reading a cursor"))?;
        row.map(|row| column(&row, 0, "cursor")).transpose()
    }

    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError> {
        let _turn = self.database.write_turn.lock().await;
        sqlx::query(
            "INSERT INTO cursors (tenant, feed, cursor) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant, feed) DO UPDATE SET cursor = excluded.cursor",
        )
        .bind(tenant.as_str())
        .bind(feed)
        .bind(cursor)
        .execute(&self.database.derived)
        .await
        .map(drop)
        .map_err(failed("moving a cursor"))
    }

    async fn undelivered(
        &self,
        tenant: &TenantId,
        messages_max: usize,
    ) -> Result<Vec<(i64, String, Value)>, StoreError> {
        let rows = sqlx::query("SELECT id, topic, content FROM outbox WHERE tenant = $1 ORDER BY id LIMIT $2")
            .bind(tenant.as_str())
            .bind(page(messages_max, PAGE_MESSAGES_MAX))
            .fetch_all(&self.database.reads)
            .await
            .map_err(failed("reading the outbox"))?;
        let message =
            |row: &AnyRow| Ok((column(row, 0, "message")?, column(row, 1, "message")?, json(row, 2, "message")?));
        rows.iter().map(message).collect()
    }

    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError> {
        if let Some((first, last)) = range(ids) {
            let _turn = self.database.write_turn.lock().await;
            let query = sqlx::query("DELETE FROM outbox WHERE tenant = $1 AND id >= $2 AND id <= $3");
            let query = query.bind(tenant.as_str()).bind(first).bind(last);
            query.execute(&self.database.derived).await.map_err(failed("marking messages as delivered"))?;
            return Ok(());
        }
        for ids in ids.chunks(IDS_MAX) {
            let _turn = self.database.write_turn.lock().await;
            let sql = format!("DELETE FROM outbox WHERE tenant = $1 AND id IN ({})", list(2, ids.len()));
            let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str());
            let query = ids.iter().fold(query, |query, id| query.bind(*id));
            query.execute(&self.database.derived).await.map_err(failed("marking messages as delivered"))?;
        }
        Ok(())
    }
}

#[async_trait]
impl MoneyBooks for SqlLedger {
    async fn postings(
        &self,
        tenant: &TenantId,
        wanted: &Wanted,
        after_number: i64,
    ) -> Result<Vec<Posting>, StoreError> {
        money::read(&self.database, (&self.vault, tenant), wanted, after_number).await
    }
}

/// The first and the last id, when they are all of those between: a list of hundreds takes far longer to read than a range.
fn range(ids: &[i64]) -> Option<(i64, i64)> {
    let (first, last) = (*ids.first()?, *ids.last()?);
    let is_dense = ids.windows(2).all(|pair| matches!(pair, [one, next] if one.checked_add(1) == Some(*next)));
    is_dense.then_some((first, last))
}

fn page(wanted: usize, bound: usize) -> i64 {
    i64::try_from(wanted.min(bound)).unwrap_or(0)
}

/// Opens rows of position, stream_kind, stream_id, version, kind, at_us, payload.
pub(crate) async fn events_of(
    vault: &Vault,
    tenant: &TenantId,
    rows: &[AnyRow],
) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events = Vec::with_capacity(rows.len());
    let raw: Vec<RawEvent> = rows.iter().map(raw_event).collect::<Result<_, _>>()?;
    for event in raw {
        events.push(vault.event(tenant, event).await?);
    }
    Ok(events)
}

/// Reads position, stream_kind, stream_id, version, kind, at_us, payload.
fn raw_event(row: &AnyRow) -> Result<RawEvent, StoreError> {
    const WHAT: &str = "event";
    let kind = match column::<&str, _>(row, 1, WHAT)? {
        "conversation" => StreamKind::Conversation,
        "customer" => StreamKind::Customer,
        "case" => StreamKind::Case,
        "privacy" => StreamKind::Privacy,
        "control" => StreamKind::Control,
        _ => return Err(StoreError::Corrupt { what: "stream kind" }),
    };
    let event = RecordedEvent {
        position: column(row, 0, WHAT)?,
        stream: StreamId { kind, id: column(row, 2, WHAT)? },
        version: column(row, 3, WHAT)?,
        kind: column(row, 4, WHAT)?,
        at: TimestampUs(column(row, 5, WHAT)?),
        payload: Value::Null,
    };
    Ok(RawEvent { event, stored: column(row, 6, WHAT)? })
}

fn json(row: &AnyRow, index: usize, what: &'static str) -> Result<Value, StoreError> {
    let text: &str = column(row, index, what)?;
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what })
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn only_ids_without_gaps_are_a_range() {
        assert_eq!((range(&[]), range(&[7]), range(&[7, 8, 9])), (None, Some((7, 7)), Some((7, 9))));
        assert_eq!((range(&[7, 9]), range(&[8, 7]), range(&[7, 7])), (None, None, None));
    }
}
