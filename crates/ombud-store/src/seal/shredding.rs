//! What becomes of a leaf whose payload is overwritten? Its hash stays, its salt goes, and a leaf of its own will say that it was overwritten.

use ombud_domain::{StreamId, TenantId};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::seal::entries::{EntryKind, NO_SALT, decode, encode};
use crate::seal::rows::{entry_row_of, signed};
use crate::sql::list;

/// Versions looked up in one statement.
const VERSIONS_MAX: usize = 500;

/// Notes in the transaction of a commit what it overwrites, and throws away the salts of what was there before.
///
/// The row of the log is locked first: a sequencer that has read a payload before this commit finds the count of shreddings moved on, and
/// reads again (test: `a_payload_shredded_under_the_sequencers_hands_leaves_no_salt`).
pub(crate) async fn forget_salts(
    connection: &mut AnyConnection,
    (tenant, stream): (&TenantId, &StreamId),
    versions: &[i64],
    by_position: i64,
) -> Result<(), sqlx::Error> {
    let tenant = tenant.as_str();
    sqlx::query(
        "INSERT INTO merkle_logs (tenant, size, position, shreddings, holder, lease_until_us) VALUES ($1, 0, 0, 1, '', 0) \
         ON CONFLICT (tenant) DO UPDATE SET shreddings = merkle_logs.shreddings + 1",
    )
    .bind(tenant)
    .execute(&mut *connection)
    .await?;
    for versions in versions.chunks(VERSIONS_MAX) {
        let sql = format!(
            "SELECT position FROM events WHERE tenant = $1 AND stream_kind = $2 AND stream_id = $3 AND version IN ({})",
            list(4, versions.len())
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(stream.kind.as_str()).bind(stream.id.as_str());
        let query = versions.iter().fold(query, |query, version| query.bind(*version));
        for row in query.fetch_all(&mut *connection).await? {
            let position: i64 = row.try_get(0)?;
            forget_salts_of(connection, tenant, position).await?;
            sqlx::query("INSERT INTO shreddings (tenant, by_position, position) VALUES ($1, $2, $3)")
                .bind(tenant)
                .bind(by_position)
                .bind(position)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

/// The leaf of the event, and those of earlier shreddings of it.
async fn forget_salts_of(connection: &mut AnyConnection, tenant: &str, position: i64) -> Result<(), sqlx::Error> {
    forget_salts_behind(connection, tenant, position, position).await?;
    let earlier = sqlx::query("SELECT by_position FROM shreddings WHERE tenant = $1 AND position = $2");
    for row in earlier.bind(tenant).bind(position).fetch_all(&mut *connection).await? {
        forget_salts_behind(connection, tenant, row.try_get(0)?, position).await?;
    }
    Ok(())
}

/// The leaf of the event at `anchor` and the shreddings that follow it: those that are about `position` lose their salts.
async fn forget_salts_behind(
    connection: &mut AnyConnection,
    tenant: &str,
    anchor: i64,
    position: i64,
) -> Result<(), sqlx::Error> {
    let Some(mut number) = entry_row_of(&mut *connection, tenant, anchor).await? else { return Ok(()) };
    loop {
        let row = sqlx::query("SELECT entries FROM merkle_entries WHERE tenant = $1 AND number = $2");
        let row = row.bind(tenant).bind(signed(number)).fetch_optional(&mut *connection).await?;
        let Some(row) = row else { return Ok(()) };
        let mut entries = decode(row.try_get(0)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
        for entry in entries.iter_mut().filter(|entry| entry.position == position) {
            entry.salt = NO_SALT;
        }
        sqlx::query("UPDATE merkle_entries SET entries = $1 WHERE tenant = $2 AND number = $3")
            .bind(encode(&entries))
            .bind(tenant)
            .bind(signed(number))
            .execute(&mut *connection)
            .await?;
        if entries.iter().any(|entry| entry.kind == EntryKind::Event && entry.position > anchor) {
            return Ok(());
        }
        number += 1;
    }
}
