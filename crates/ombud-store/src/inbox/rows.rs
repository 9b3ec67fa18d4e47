//! How are rows of the inbox stored and read?

use std::fmt::Write as _;

use ombud_domain::{ConversationStatus, Priority, TenantId, TimestampUs};
use ombud_ports::{Due, InboxFilter, InboxPlace, InboxRow, StoreError};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe};

use crate::database::Dialect;
use crate::sql::{column, failed, list, values};

/// Rows and ids in one statement at most: twenty parameters each, and SQLite takes 32,766.
const ROWS_MAX: usize = 500;

macro_rules! columns {
    () => {
        "conversation_id, status, customer_id, customer_name, reason_code, summary, priority, waiting_since_us, assignee, locale, \
         last_message, position, updated_at_us, recover_at_us, silent_since_us, parked, approval_due_us"
    };
}

/// Rows of these conversations, as far as there are any.
pub(super) async fn load(reads: &AnyPool, tenant: &TenantId, ids: &[&str]) -> Result<Vec<InboxRow>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(ROWS_MAX) {
        let places = list(2, ids.len());
        let sql = format!(
            concat!("SELECT ", columns!(), " FROM inbox_2 WHERE tenant = $1 AND conversation_id IN ({})"),
            places
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str());
        let query = ids.iter().fold(query, |query, id| query.bind(*id));
        let rows = query.fetch_all(reads).await.map_err(failed("reading the inbox"))?;
        for row in &rows {
            found.push(row_of(row)?);
        }
    }
    Ok(found)
}

/// A page in the order of the list.
pub(super) async fn page(
    reads: &AnyPool,
    tenant: &TenantId,
    (filter, after): (&InboxFilter, Option<InboxPlace>),
    rows_max: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let after = after.unwrap_or(InboxPlace { rank: -1, order_us: 0, conversation_id: String::new() });
    let (conditions, values) = conditions(filter, 6);
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM inbox_2 WHERE tenant = $1 AND (list_rank, list_order_us, conversation_id) > ($2, $3, $4){} ",
            "ORDER BY list_rank, list_order_us, conversation_id LIMIT $5"
        ),
        conditions
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(after.rank)
        .bind(after.order_us)
        .bind(after.conversation_id.as_str())
        .bind(i64::try_from(rows_max).unwrap_or(0));
    let query = values.into_iter().fold(query, |query, value| query.bind(value));
    let rows = query.fetch_all(reads).await.map_err(failed("reading the inbox"))?;
    rows.iter().map(row_of).collect()
}

/// Conversations in which something is due, the longest due first.
pub(super) async fn due(
    reads: &AnyPool,
    tenant: &TenantId,
    due: &Due,
    rows_max: usize,
) -> Result<Vec<String>, StoreError> {
    let query = match due {
        Due::Recovery(now) => sqlx::query(
            "SELECT conversation_id FROM inbox_2 WHERE tenant = $1 AND recover_at_us IS NOT NULL AND recover_at_us <= $2 \
             ORDER BY recover_at_us LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(now.0),
        Due::Silence(since) => sqlx::query(
            "SELECT conversation_id FROM inbox_2 WHERE tenant = $1 AND silent_since_us IS NOT NULL AND silent_since_us <= $2 \
             ORDER BY silent_since_us LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(since.0),
        Due::Approval(now) => sqlx::query(
            "SELECT conversation_id FROM inbox_2 WHERE tenant = $1 AND approval_due_us IS NOT NULL AND approval_due_us <= $2 \
             ORDER BY approval_due_us LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(now.0),
        Due::Parked(customer_id) => sqlx::query(
            "SELECT conversation_id FROM inbox_2 WHERE tenant = $1 AND customer_id = $2 AND parked > 0 \
             ORDER BY updated_at_us LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(customer_id.as_str()),
    };
    let rows = query.bind(i64::try_from(rows_max).unwrap_or(0)).fetch_all(reads).await;
    let rows = rows.map_err(failed("reading what is due"))?;
    rows.iter().map(|row| column(row, 0, "inbox row")).collect()
}

/// Rows on all pages.
pub(super) async fn count(reads: &AnyPool, tenant: &TenantId, filter: &InboxFilter) -> Result<u64, StoreError> {
    let (conditions, values) = conditions(filter, 2);
    let sql = format!("SELECT COUNT(*) FROM inbox_2 WHERE tenant = $1{conditions}");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str());
    let query = values.into_iter().fold(query, |query, value| query.bind(value));
    let row = query.fetch_one(reads).await.map_err(failed("counting the inbox"))?;
    Ok(u64::try_from(column::<i64, _>(&row, 0, "inbox count")?).unwrap_or(0))
}

/// What a filter asks of a row, with parameters from `first` on.
fn conditions(filter: &InboxFilter, first: usize) -> (String, Vec<&str>) {
    let wanted = [
        ("status", filter.status.map(ConversationStatus::as_str)),
        ("customer_id", filter.customer_id.as_deref()),
        ("assignee", filter.assignee.as_deref()),
    ];
    let mut sql = String::new();
    let mut values = Vec::new();
    for (name, value) in wanted {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = write!(sql, " AND {name} = ${}", first + values.len());
            values.push(value);
        }
    }
    (sql, values)
}

/// Writes rows, new or again.
pub(super) async fn save(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenant: &TenantId,
    rows: &[InboxRow],
) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS_MAX) {
        let sql = format!(
            concat!(
                "INSERT INTO inbox_2 (tenant, ",
                columns!(),
                ", list_rank, list_order_us) VALUES {} ON CONFLICT (tenant, conversation_id) DO UPDATE SET ",
                "status = excluded.status, customer_id = excluded.customer_id, customer_name = excluded.customer_name, ",
                "reason_code = excluded.reason_code, summary = excluded.summary, priority = excluded.priority, ",
                "waiting_since_us = excluded.waiting_since_us, assignee = excluded.assignee, locale = excluded.locale, ",
                "last_message = excluded.last_message, position = excluded.position, ",
                "updated_at_us = excluded.updated_at_us, recover_at_us = excluded.recover_at_us, ",
                "silent_since_us = excluded.silent_since_us, parked = excluded.parked, ",
                "approval_due_us = excluded.approval_due_us, list_rank = excluded.list_rank, ",
                "list_order_us = excluded.list_order_us"
            ),
            values(dialect, rows.len(), 20)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(rows.len() <= 8);
        for row in rows {
            let place = row.place();
            query = query
                .bind(tenant.as_str())
                .bind(row.conversation_id.as_str())
                .bind(row.status.as_str())
                .bind(row.customer_id.as_deref())
                .bind(row.customer_name.as_deref())
                .bind(row.reason_code.as_deref())
                .bind(row.summary.as_deref())
                .bind(priority_name(row.priority))
                .bind(row.waiting_since.map(|since| since.0))
                .bind(row.assignee.as_deref())
                .bind(row.locale.as_str())
                .bind(row.last_message.as_str())
                .bind(row.position)
                .bind(row.updated_at.0)
                .bind(row.recover_at.map(|at| at.0))
                .bind(row.silent_since.map(|since| since.0))
                .bind(row.parked)
                .bind(row.approval_due.map(|at| at.0))
                .bind(place.rank)
                .bind(place.order_us);
        }
        query.execute(&mut *connection).await.map_err(failed("writing the inbox"))?;
    }
    Ok(())
}

/// Events of these kinds in the conversations of a customer, the newest first, with the columns that events are read from.
pub(super) async fn events_of_subject(
    reads: &AnyPool,
    tenant: &TenantId,
    subject: &str,
    (kinds, events_max): (&[&str], usize),
) -> Result<Vec<AnyRow>, StoreError> {
    // The sum keeps SQLite from walking the whole ledger by its primary key for the sake of the order.
    let sql = format!(
        "SELECT events.position, stream_kind, stream_id, version, kind, at_us, payload \
         FROM subjects JOIN events ON events.tenant = subjects.tenant AND events.stream_kind = 'conversation' \
         AND events.stream_id = subjects.conversation_id \
         WHERE subjects.tenant = $1 AND subjects.subject = $2 AND events.kind IN ({}) \
         ORDER BY events.position + 0 DESC LIMIT $3",
        list(4, kinds.len())
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(subject);
    let query = query.bind(i64::try_from(events_max).unwrap_or(i64::MAX));
    let query = kinds.iter().fold(query, |query, kind| query.bind(*kind));
    query.fetch_all(reads).await.map_err(failed("reading what is known of a customer"))
}

/// Notes whose conversations these are.
pub(super) async fn save_subjects(
    connection: &mut AnyConnection,
    tenant: &TenantId,
    subjects: &[(String, String)],
) -> Result<(), StoreError> {
    for (subject, conversation) in subjects {
        sqlx::query(
            "INSERT INTO subjects (tenant, subject, conversation_id) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant, subject, conversation_id) DO NOTHING",
        )
        .bind(tenant.as_str())
        .bind(subject.as_str())
        .bind(conversation.as_str())
        .execute(&mut *connection)
        .await
        .map_err(failed("writing whose conversations there are"))?;
    }
    Ok(())
}

const fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

fn row_of(row: &AnyRow) -> Result<InboxRow, StoreError> {
    const WHAT: &str = "inbox row";
    let corrupt = || StoreError::Corrupt { what: WHAT };
    let statuses = [
        ConversationStatus::Open,
        ConversationStatus::WaitingForAgent,
        ConversationStatus::WithAgent,
        ConversationStatus::Resolved,
    ];
    let status: &str = column(row, 1, WHAT)?;
    let priority: &str = column(row, 6, WHAT)?;
    Ok(InboxRow {
        conversation_id: column(row, 0, WHAT)?,
        status: statuses.into_iter().find(|known| known.as_str() == status).ok_or_else(corrupt)?,
        customer_id: column(row, 2, WHAT)?,
        customer_name: column(row, 3, WHAT)?,
        reason_code: column(row, 4, WHAT)?,
        summary: column(row, 5, WHAT)?,
        priority: if priority == "high" { Priority::High } else { Priority::Normal },
        waiting_since: column::<Option<i64>, _>(row, 7, WHAT)?.map(TimestampUs),
        assignee: column(row, 8, WHAT)?,
        locale: column(row, 9, WHAT)?,
        last_message: column(row, 10, WHAT)?,
        position: column(row, 11, WHAT)?,
        updated_at: TimestampUs(column(row, 12, WHAT)?),
        recover_at: column::<Option<i64>, _>(row, 13, WHAT)?.map(TimestampUs),
        silent_since: column::<Option<i64>, _>(row, 14, WHAT)?.map(TimestampUs),
        parked: column(row, 15, WHAT)?,
        approval_due: column::<Option<i64>, _>(row, 16, WHAT)?.map(TimestampUs),
    })
}
