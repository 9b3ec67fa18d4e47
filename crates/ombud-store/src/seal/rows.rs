//! How are the rows of the Merkle log read and written?

use std::collections::BTreeSet;

use ombud_ports::StoreError;
use ombud_proof::{Hash, Tile, Tiles};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor};

use crate::seal::entries::{Entry, decode, hashes};
use crate::sql::{column, failed};

const READING: &str = "reading the Merkle log";

/// Where the log of a tenant stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// Leaves.
    pub size: u64,
    /// The last event that has one.
    pub position: i64,
    /// Grows with each commit that shreds: what was read before it may have been overwritten since.
    pub shreddings: i64,
    pub holder: String,
    pub lease_until_us: i64,
    /// The last event that is committed.
    pub committed: i64,
}

/// An event as text, for hashing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub position: i64,
    pub stream_kind: String,
    pub stream_id: String,
    pub version: i64,
    pub kind: String,
    pub at_us: i64,
    pub payload: String,
}

/// 256 entries or the last ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryRow {
    pub number: u64,
    pub after_position: i64,
    pub entries: Vec<Entry>,
}

pub(crate) const EVENT_COLUMNS: &str = "position, stream_kind, stream_id, version, kind, at_us, payload";

pub(crate) async fn head(database: impl Executor<'_, Database = Any>, tenant: &str) -> Result<Head, StoreError> {
    let row = sqlx::query(
        "SELECT l.size, l.position, l.shreddings, l.holder, l.lease_until_us, \
         COALESCE((SELECT position FROM ledger_heads WHERE tenant = $1), 0) FROM merkle_logs l WHERE l.tenant = $1",
    )
    .bind(tenant)
    .fetch_optional(database)
    .await
    .map_err(failed(READING))?;
    let Some(row) = row else { return Ok(Head::default()) };
    const WHAT: &str = "head of the Merkle log";
    Ok(Head {
        size: unsigned(column(&row, 0, WHAT)?)?,
        position: column(&row, 1, WHAT)?,
        shreddings: column(&row, 2, WHAT)?,
        holder: column(&row, 3, WHAT)?,
        lease_until_us: column(&row, 4, WHAT)?,
        committed: column(&row, 5, WHAT)?,
    })
}

pub(crate) async fn events(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    after_position: i64,
    events_max: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM events WHERE tenant = $1 AND position > $2 ORDER BY position LIMIT {events_max}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(after_position).fetch_all(database).await;
    rows.map_err(failed(READING))?.iter().map(event).collect()
}

pub(crate) fn event(row: &AnyRow) -> Result<EventRow, StoreError> {
    const WHAT: &str = "event";
    Ok(EventRow {
        position: column(row, 0, WHAT)?,
        stream_kind: column(row, 1, WHAT)?,
        stream_id: column(row, 2, WHAT)?,
        version: column(row, 3, WHAT)?,
        kind: column(row, 4, WHAT)?,
        at_us: column(row, 5, WHAT)?,
        payload: column(row, 6, WHAT)?,
    })
}

/// One event.
pub(crate) async fn event_at(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    position: i64,
) -> Result<Option<EventRow>, StoreError> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM events WHERE tenant = $1 AND position = $2");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(position);
    query.fetch_optional(database).await.map_err(failed(READING))?.as_ref().map(event).transpose()
}

/// What commits between two positions shredded: by which position, and which.
pub(crate) async fn shreddings(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    (after, to): (i64, i64),
) -> Result<Vec<(i64, i64)>, StoreError> {
    let query = sqlx::query(
        "SELECT by_position, position FROM shreddings WHERE tenant = $1 AND by_position > $2 AND by_position <= $3 \
         ORDER BY by_position, position",
    );
    let rows = query.bind(tenant).bind(after).bind(to).fetch_all(database).await.map_err(failed(READING))?;
    rows.iter().map(|row| Ok((column(row, 0, "shredding")?, column(row, 1, "shredding")?))).collect()
}

/// Rows of entries from one on, in order.
pub(crate) async fn entry_rows(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    from: u64,
    rows_max: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!(
        "SELECT number, after_position, entries FROM merkle_entries WHERE tenant = $1 AND number >= $2 ORDER BY number \
         LIMIT {rows_max}"
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant).bind(signed(from));
    let rows = query.fetch_all(database).await.map_err(failed(READING))?;
    rows.iter().map(entry_row).collect()
}

fn entry_row(row: &AnyRow) -> Result<EntryRow, StoreError> {
    const WHAT: &str = "entries of the Merkle log";
    Ok(EntryRow {
        number: unsigned(column(row, 0, WHAT)?)?,
        after_position: column(row, 1, WHAT)?,
        entries: decode(column(row, 2, WHAT)?)?,
    })
}

/// The number of the row with the entry of an event, if it has one.
pub(crate) async fn entry_row_of(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    position: i64,
) -> Result<Option<u64>, sqlx::Error> {
    let query = sqlx::query(
        "SELECT number FROM merkle_entries WHERE tenant = $1 AND after_position < $2 \
         ORDER BY after_position DESC, number DESC LIMIT 1",
    );
    let row = query.bind(tenant).bind(position).fetch_optional(database).await?;
    row.map(|row| sqlx::Row::try_get::<i64, _>(&row, 0).map(i64::unsigned_abs)).transpose()
}

/// Reads tiles; one that is not there is left out.
pub(crate) async fn tiles<'e>(
    database: impl Executor<'e, Database = Any> + Copy,
    tenant: &str,
    wanted: &BTreeSet<Tile>,
) -> Result<Tiles, StoreError> {
    let mut tiles = Tiles::default();
    for tile in wanted {
        if let Some(hashes) = tile_at(database, tenant, *tile).await? {
            tiles.insert(*tile, hashes);
        }
    }
    Ok(tiles)
}

pub(crate) async fn tile_at(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    tile: Tile,
) -> Result<Option<Vec<Hash>>, StoreError> {
    let query = sqlx::query("SELECT hashes FROM merkle_tiles WHERE tenant = $1 AND level = $2 AND number = $3");
    let query = query.bind(tenant).bind(i64::from(tile.level)).bind(signed(tile.number));
    let Some(row) = query.fetch_optional(database).await.map_err(failed(READING))? else { return Ok(None) };
    hashes(column(&row, 0, "tile of the Merkle log")?).map(Some)
}

pub(crate) async fn write_tile(
    database: impl Executor<'_, Database = Any>,
    tenant: &str,
    tile: Tile,
    hashes: &[Hash],
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "INSERT INTO merkle_tiles (tenant, level, number, hashes) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant, level, number) DO UPDATE SET hashes = excluded.hashes",
    );
    let query = query.bind(tenant).bind(i64::from(tile.level)).bind(signed(tile.number)).bind(hashes.concat());
    query.execute(database).await.map(drop)
}

pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupt { what: "number of the Merkle log" })
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
