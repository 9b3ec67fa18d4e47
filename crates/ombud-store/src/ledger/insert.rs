//! Which statements does a batch become? One each for positions (a tenant), events, messages and replies.

use std::collections::BTreeMap;

use ombud_ports::Shredding;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::database::Dialect;
use crate::ledger::effects;
use crate::ledger::job::{Job, ReplyText};
use crate::ledger::money;
use crate::ledger::writer::{Failure, failure};
use crate::seal::shredding::forget_salts;
use crate::sql::{Meaning, meaning, values};

/// The accepted commits of a batch, in order, and how many events and messages each tenant has among them.
pub(crate) struct Insertion<'a> {
    pub jobs: &'a [&'a Job],
    pub counts: BTreeMap<&'a str, (i64, i64)>,
}

/// Statements over more rows than this are not kept prepared.
const PREPARED_ROWS_MAX: usize = 64;

/// Position and outbox id that a tenant has used up.
type Used = (i64, i64);

/// Writes the batch; gives the position of the last event of each commit.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    dialect: Dialect,
    insertion: Insertion<'_>,
) -> Result<Vec<i64>, Failure> {
    let mut used: BTreeMap<&str, Used> = BTreeMap::new();
    // In the order of tenants, so that two replicas never wait for each other in a circle.
    for (tenant, (events, outbox)) in insertion.counts {
        used.insert(tenant, reserve(connection, dialect, tenant, (events, outbox)).await?);
    }
    for job in insertion.jobs {
        effects::count(connection, dialect, job).await?;
    }
    let first = used.clone();
    let positions = insert_events(connection, dialect, insertion.jobs, used).await?;
    insert_outbox(connection, dialect, insertion.jobs, first).await?;
    for (job, position) in insertion.jobs.iter().zip(&positions) {
        money::post(connection, dialect, (job, *position)).await?;
        if let Some(shredding) = &job.shredding {
            shred(connection, dialect, (job, shredding), *position).await?;
        }
    }
    insert_replies(connection, dialect, insertion.jobs).await?;
    Ok(positions)
}

/// Overwrites what a commit makes unreadable, with the salts that its leaves of the Merkle log were made with; rare, so statements for each event.
async fn shred(
    connection: &mut AnyConnection,
    dialect: Dialect,
    (job, shredding): (&Job, &Shredding),
    by_position: i64,
) -> Result<(), Failure> {
    const DOING: &str = "shredding";
    let versions: Vec<i64> = shredding.events.iter().map(|(version, _)| *version).collect();
    forget_salts(connection, (&job.tenant, &job.stream), &versions, by_position)
        .await
        .map_err(|error| failure(dialect, DOING, error))?;
    for (version, payload) in &shredding.events {
        sqlx::query(
            "UPDATE events SET payload = $1 WHERE tenant = $2 AND stream_kind = $3 AND stream_id = $4 AND version = $5",
        )
        .bind(payload.as_str())
        .bind(job.tenant.as_str())
        .bind(job.stream.kind.as_str())
        .bind(job.stream.id.as_str())
        .bind(*version)
        .execute(&mut *connection)
        .await
        .map_err(|error| failure(dialect, DOING, error))?;
    }
    sqlx::query("UPDATE replies SET response = 'null' WHERE tenant = $1 AND scope = $2")
        .bind(job.tenant.as_str())
        .bind(shredding.scope.as_str())
        .execute(connection)
        .await
        .map_err(|error| failure(dialect, DOING, error))?;
    Ok(())
}

/// Reserves positions and outbox ids; gives the ones used up before.
///
/// The row stays locked until COMMIT, so positions become visible in their order even when several replicas write: a reader that has seen a
/// position has seen all before it. The price is that replicas commit batches of one tenant one after the other; a sequence would not wait,
/// but leave readers with positions that appear late.
async fn reserve(
    connection: &mut AnyConnection,
    dialect: Dialect,
    tenant: &str,
    (events, outbox): (i64, i64),
) -> Result<Used, Failure> {
    const DOING: &str = "reserving positions";
    let row = sqlx::query(
        "INSERT INTO ledger_heads (tenant, position, outbox_id) VALUES ($1, $2, $3) ON CONFLICT (tenant) DO UPDATE \
         SET position = ledger_heads.position + excluded.position, outbox_id = ledger_heads.outbox_id + excluded.outbox_id \
         RETURNING position, outbox_id",
    )
    .bind(tenant)
    .bind(events)
    .bind(outbox)
    .fetch_one(connection)
    .await
    .map_err(|error| failure(dialect, DOING, error))?;
    let after = |index: usize| row.try_get::<i64, _>(index).map_err(|error| Failure::Broken(DOING, error));
    Ok((after(0)? - events, after(1)? - outbox))
}

async fn insert_events(
    connection: &mut AnyConnection,
    dialect: Dialect,
    jobs: &[&Job],
    mut used: BTreeMap<&str, Used>,
) -> Result<Vec<i64>, Failure> {
    let rows: usize = jobs.iter().map(|job| job.events.len()).sum();
    let sql = format!(
        "INSERT INTO events (tenant, position, stream_kind, stream_id, version, kind, at_us, payload) VALUES {}",
        values(dialect, rows, 8)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(rows <= PREPARED_ROWS_MAX);
    let mut positions = Vec::with_capacity(jobs.len());
    for job in jobs {
        let (position, _) = used.entry(job.tenant.as_str()).or_default();
        let mut version = job.expected_version;
        for event in &job.events {
            *position += 1;
            version += 1;
            query = query
                .bind(job.tenant.as_str())
                .bind(*position)
                .bind(job.stream.kind.as_str())
                .bind(job.stream.id.as_str())
                .bind(version)
                .bind(event.kind.as_str())
                .bind(job.at_us)
                .bind(event.payload.as_str());
        }
        positions.push(*position);
    }
    query.execute(connection).await.map_err(|error| match meaning(&error, dialect) {
        Meaning::Taken => Failure::StreamTaken,
        _ => failure(dialect, "writing events", error),
    })?;
    Ok(positions)
}

async fn insert_outbox(
    connection: &mut AnyConnection,
    dialect: Dialect,
    jobs: &[&Job],
    mut used: BTreeMap<&str, Used>,
) -> Result<(), Failure> {
    let rows: usize = jobs.iter().map(|job| job.outbox.len()).sum();
    if rows == 0 {
        return Ok(());
    }
    let sql = format!("INSERT INTO outbox (tenant, id, topic, content, at_us) VALUES {}", values(dialect, rows, 5));
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(rows <= PREPARED_ROWS_MAX);
    for job in jobs {
        let (_, id) = used.entry(job.tenant.as_str()).or_default();
        for (topic, content) in &job.outbox {
            *id += 1;
            query =
                query.bind(job.tenant.as_str()).bind(*id).bind(topic.as_str()).bind(content.as_str()).bind(job.at_us);
        }
    }
    query.execute(connection).await.map_err(|error| failure(dialect, "writing the outbox", error))?;
    Ok(())
}

async fn insert_replies(connection: &mut AnyConnection, dialect: Dialect, jobs: &[&Job]) -> Result<(), Failure> {
    let replies: Vec<(&Job, &ReplyText)> =
        jobs.iter().filter_map(|job| job.reply.as_ref().map(|reply| (*job, reply))).collect();
    if replies.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO replies (tenant, scope, key, body_hash, response, at_us) VALUES {}",
        values(dialect, replies.len(), 6)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (job, reply) in replies {
        query = query
            .bind(job.tenant.as_str())
            .bind(reply.scope.as_str())
            .bind(reply.key.as_str())
            .bind(reply.body_hash.as_str())
            .bind(reply.response.as_str())
            .bind(job.at_us);
    }
    query.execute(connection).await.map_err(|error| match meaning(&error, dialect) {
        Meaning::Taken => Failure::ReplyTaken,
        _ => failure(dialect, "writing replies", error),
    })?;
    Ok(())
}
