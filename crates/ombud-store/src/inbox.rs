//! How does the desk's list follow the ledger? A projection, written behind it and caught up before it is read.
//!
//! Positions become visible in order (see `ledger/insert.rs`), so following is reading on from the last one. Each step moves the stored
//! position from where it was read: of two replicas that make the same step one moves it, the other reads again.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ombud_domain::{RecordedEvent, TenantId};
use ombud_ports::inbox::{CUSTOMER_EVENTS_MAX, DUE_ROWS_MAX};
use ombud_ports::{Due, Folded, INBOX_KINDS, Inbox, InboxFilter, InboxPlace, InboxRow, StoreError};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::database::Database;
use crate::ledger::events_of;
use crate::sql::{column, failed, list};
use crate::vault::Vault;

/// Name of this projection in the table of projections.
const NAME: &str = "inbox_3";
/// Events of one step at most.
const STEP_EVENTS_MAX: i64 = 500;
/// Steps that a reader waits for at most; beyond them it gets the list as it is.
const CATCH_UP_STEPS_MAX: usize = 20;
/// How long commits are gathered before the projector follows by itself; a reader does not wait for it.
const GATHER: Duration = Duration::from_millis(200);
/// Tenants that the projector follows in one round at most.
const TENANTS_MAX: i64 = 1000;

/// The inbox in a database.
#[derive(Debug)]
pub(crate) struct SqlInbox {
    database: Database,
    vault: Vault,
    /// One step at a time in this process.
    step: Arc<Mutex<()>>,
    _guard: Option<Arc<DropGuard>>,
}

/// What a step came to.
enum Step {
    /// Nothing is left.
    Level,
    /// So many events were taken in; there may be more.
    Moved(u64),
    /// Another replica was faster.
    Beaten,
}

impl SqlInbox {
    pub(crate) fn new((database, vault): (Database, Vault), guard: Option<Arc<DropGuard>>) -> Self {
        Self { database, vault, step: Arc::default(), _guard: guard }
    }

    /// A second handle that does not keep the store's tasks alive.
    pub(crate) fn new_beside(other: &Self) -> Self {
        Self {
            database: other.database.clone(),
            vault: other.vault.clone(),
            step: Arc::clone(&other.step),
            _guard: None,
        }
    }

    /// Takes in what the ledger held at the call, within `steps_max` steps; gives the number of events.
    pub(crate) async fn catch_up(&self, tenant: &TenantId, steps_max: usize) -> Result<u64, StoreError> {
        let _step = self.step.lock().await;
        self.catch_up_locked(tenant, steps_max).await
    }

    async fn catch_up_locked(&self, tenant: &TenantId, steps_max: usize) -> Result<u64, StoreError> {
        let mut events = 0;
        for _ in 0..steps_max {
            match self.step_on(tenant).await? {
                Step::Level => break,
                Step::Moved(count) => events += count,
                Step::Beaten => {}
            }
        }
        Ok(events)
    }

    async fn step_on(&self, tenant: &TenantId) -> Result<Step, StoreError> {
        let (from, head) = self.positions(tenant).await?;
        if from >= head {
            return Ok(Step::Level);
        }
        let events = self.events_between(tenant, from, head).await?;
        let full = events.len() >= usize::try_from(STEP_EVENTS_MAX).unwrap_or(usize::MAX);
        let to = events.last().filter(|_| full).map_or(head, |event| event.position);
        let mut touched: BTreeMap<&str, InboxRow> = BTreeMap::new();
        let ids: BTreeSet<&str> = events.iter().map(|event| event.stream.id.as_str()).collect();
        let listed: Vec<&str> = ids.iter().copied().collect();
        for row in rows::load(&self.database.reads, tenant, &listed).await? {
            let Some(row) = self.vault.open_row(tenant, row).await? else { continue };
            if let Some(id) = ids.get(row.conversation_id.as_str()) {
                touched.insert(id, row);
            }
        }
        for event in events.iter().filter(|event| !event.is_erased()) {
            let id = event.stream.id.as_str();
            let row = touched.entry(id).or_insert_with(|| InboxRow::blank(id));
            if row.fold(event) == Folded::Unreadable {
                tracing::warn!(
                    event.position = event.position,
                    event.kind = event.kind.as_str(),
                    "an event cannot be read by the inbox and is left out"
                );
            }
        }
        let mut changed = Vec::with_capacity(touched.len());
        for row in touched.values().filter(|row| row.position > from) {
            changed.extend(self.vault.seal_row(tenant, row).await?);
        }
        let subjects = self.subjects(tenant, &events);
        if !self.write_step(tenant, (from, to), (&changed, &subjects)).await? {
            return Ok(Step::Beaten);
        }
        Ok(Step::Moved(u64::try_from(events.len()).unwrap_or(u64::MAX)))
    }

    /// Whose conversations these events are, as far as they say.
    fn subjects(&self, tenant: &TenantId, events: &[RecordedEvent]) -> Vec<(String, String)> {
        let customer = |event: &RecordedEvent| {
            let id = event.payload.get("customer_id")?.as_str()?;
            Some((self.vault.tag(tenant, id), event.stream.id.clone()))
        };
        events.iter().filter_map(customer).collect()
    }

    /// Where the projection stands, and where the ledger does.
    async fn positions(&self, tenant: &TenantId) -> Result<(i64, i64), StoreError> {
        let row = sqlx::query(
            "SELECT COALESCE((SELECT position FROM projections WHERE tenant = $1 AND name = $2), 0), \
             COALESCE((SELECT position FROM ledger_heads WHERE tenant = $1), 0)",
        )
        .bind(tenant.as_str())
        .bind(NAME)
        .fetch_one(&self.database.reads)
        .await
        .map_err(failed("reading the inbox's position"))?;
        Ok((column(&row, 0, "position")?, column(&row, 1, "position")?))
    }

    async fn events_between(&self, tenant: &TenantId, from: i64, to: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        let sql = format!(
            "SELECT position, stream_kind, stream_id, version, kind, at_us, payload FROM events \
             WHERE tenant = $1 AND position > $2 AND position <= $3 AND stream_kind = 'conversation' AND kind IN ({}) \
             ORDER BY position LIMIT {STEP_EVENTS_MAX}",
            list(4, INBOX_KINDS.len())
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(from).bind(to);
        let query = INBOX_KINDS.iter().fold(query, |query, kind| query.bind(*kind));
        let rows = query.fetch_all(&self.database.reads).await.map_err(failed("reading events for the inbox"))?;
        events_of(&self.vault, tenant, &rows).await
    }

    /// Writes rows and the new position in one transaction; false when the position is not where it was.
    async fn write_step(
        &self,
        tenant: &TenantId,
        (from, to): (i64, i64),
        (changed, subjects): (&[InboxRow], &[(String, String)]),
    ) -> Result<bool, StoreError> {
        let writing = failed("writing the inbox");
        let _turn = self.database.write_turn.lock().await;
        let mut connection = self.database.derived.acquire().await.map_err(&writing)?;
        let mut transaction = connection.begin().await.map_err(&writing)?;
        let moved = sqlx::query(
            "INSERT INTO projections (tenant, name, position) VALUES ($1, $2, $3) ON CONFLICT (tenant, name) \
             DO UPDATE SET position = excluded.position WHERE projections.position = $4",
        )
        .bind(tenant.as_str())
        .bind(NAME)
        .bind(to)
        .bind(from)
        .execute(&mut *transaction)
        .await
        .map_err(&writing)?;
        if moved.rows_affected() == 0 {
            transaction.rollback().await.map_err(&writing)?;
            return Ok(false);
        }
        rows::save(&mut transaction, self.database.dialect, tenant, changed).await?;
        rows::save_subjects(&mut transaction, tenant, subjects).await?;
        transaction.commit().await.map_err(&writing)?;
        Ok(true)
    }

    /// A filter in the words of the table.
    fn stored(&self, tenant: &TenantId, filter: &InboxFilter) -> InboxFilter {
        let customer_id = filter.customer_id.as_deref().map(|id| self.vault.tag(tenant, id));
        InboxFilter { customer_id, ..filter.clone() }
    }

    async fn drop_rows(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let writing = failed("dropping the inbox");
        let _turn = self.database.write_turn.lock().await;
        let mut connection = self.database.derived.acquire().await.map_err(&writing)?;
        let mut transaction = connection.begin().await.map_err(&writing)?;
        for sql in [
            "DELETE FROM projections WHERE tenant = $1 AND name = $2",
            "DELETE FROM inbox_2 WHERE tenant = $1 AND $2 = $2",
            "DELETE FROM subjects WHERE tenant = $1 AND $2 = $2",
        ] {
            let query = sqlx::query(sql).bind(tenant.as_str()).bind(NAME);
            query.execute(&mut *transaction).await.map_err(&writing)?;
        }
        transaction.commit().await.map_err(&writing)
    }

    async fn tenants_behind(&self) -> Result<Vec<TenantId>, StoreError> {
        let rows = sqlx::query(
            "SELECT ledger_heads.tenant FROM ledger_heads LEFT JOIN projections \
             ON projections.tenant = ledger_heads.tenant AND projections.name = $1 \
             WHERE ledger_heads.position > COALESCE(projections.position, 0) LIMIT $2",
        )
        .bind(NAME)
        .bind(TENANTS_MAX)
        .fetch_all(&self.database.reads)
        .await
        .map_err(failed("looking for tenants"))?;
        rows.iter().map(|row| column(row, 0, "tenant").map(TenantId)).collect()
    }

    async fn catch_up_all(&self) -> Result<(), StoreError> {
        for tenant in self.tenants_behind().await? {
            self.catch_up(&tenant, usize::MAX).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Inbox for SqlInbox {
    async fn list(
        &self,
        tenant: &TenantId,
        filter: &InboxFilter,
    ) -> Result<(Vec<InboxRow>, Option<String>), StoreError> {
        if let Err(error) = self.catch_up(tenant, CATCH_UP_STEPS_MAX).await {
            // People are served from the rows that are there, also when the disk is full.
            tracing::warn!(error = %error, "the inbox cannot follow the ledger and is shown as it is");
        }
        let rows_max = filter.rows_bounded();
        let after = filter.cursor.as_deref().and_then(InboxPlace::from_cursor);
        let found = self.stored(tenant, filter);
        let mut rows = rows::page(&self.database.reads, tenant, (&found, after), rows_max + 1).await?;
        let more = rows.len() > rows_max;
        rows.truncate(rows_max);
        let cursor = rows.last().filter(|_| more).map(|row| row.place().to_cursor());
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            opened.extend(self.vault.open_row(tenant, row).await?);
        }
        Ok((opened, cursor))
    }

    async fn due(&self, tenant: &TenantId, due: &Due, rows_max: usize) -> Result<Vec<String>, StoreError> {
        self.catch_up(tenant, CATCH_UP_STEPS_MAX).await?;
        let due = match due {
            Due::Parked(customer) => &Due::Parked(self.vault.tag(tenant, customer)),
            other => other,
        };
        rows::due(&self.database.reads, tenant, due, rows_max.min(DUE_ROWS_MAX)).await
    }

    async fn count(&self, tenant: &TenantId, filter: &InboxFilter) -> Result<u64, StoreError> {
        rows::count(&self.database.reads, tenant, &self.stored(tenant, filter)).await
    }

    async fn of_customer(
        &self,
        tenant: &TenantId,
        customer_id: &str,
        kinds: &[&str],
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.catch_up(tenant, CATCH_UP_STEPS_MAX).await?;
        let subject = self.vault.tag(tenant, customer_id);
        let reads = &self.database.reads;
        let rows = rows::events_of_subject(reads, tenant, &subject, (kinds, CUSTOMER_EVENTS_MAX)).await?;
        let mut events = events_of(&self.vault, tenant, &rows).await?;
        // A conversation may have been with others too.
        events.retain(|event| event.payload.get("customer_id").and_then(Value::as_str) == Some(customer_id));
        events.reverse();
        Ok(events)
    }

    async fn rebuild(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let _step = self.step.lock().await;
        self.drop_rows(tenant).await?;
        self.catch_up_locked(tenant, usize::MAX).await
    }
}

/// Follows the ledger until told to stop: at once for what a previous process left, then behind each burst of commits.
pub(crate) async fn follow(inbox: SqlInbox, committed: Arc<Notify>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            outcome = inbox.catch_up_all() => {
                if let Err(error) = outcome {
                    tracing::warn!(error = %error, "the inbox cannot follow the ledger; the next commit tries again");
                }
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = async { committed.notified().await; tokio::time::sleep(GATHER).await } => {}
        }
    }
}
