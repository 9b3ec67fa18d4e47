//! How are seeds and worlds kept apart?
//!
//! A seed is written once into a layer of its own. A world is an empty layer over a seed: its rows hide the seed's.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::record::Written;

/// Rows per bulk statement; five values a row stay far below SQLite's bound of 32,766.
const ROWS_PER_STATEMENT: usize = 500;

/// A layer, as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub id: i64,
    /// The layer below; 0 for seeds.
    pub base: i64,
    /// What the seed was made from.
    pub seed: String,
}

/// Finds a layer by its name.
pub async fn find(connection: &mut SqliteConnection, name: &str) -> Result<Option<Layer>, sqlx::Error> {
    let row =
        sqlx::query("SELECT id, base, seed FROM layers WHERE name = ?1").bind(name).fetch_optional(connection).await?;
    row.map(|row| Ok(Layer { id: row.try_get(0)?, base: row.try_get(1)?, seed: row.try_get(2)? })).transpose()
}

/// Makes an empty layer.
pub async fn create(
    connection: &mut SqliteConnection,
    name: &str,
    base: i64,
    seed: &str,
) -> Result<Layer, sqlx::Error> {
    let sql = "INSERT INTO layers (id, name, base, seed) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM layers), ?1, ?2, ?3) RETURNING id";
    let id: i64 = sqlx::query_scalar(sql).bind(name).bind(base).bind(seed).fetch_one(connection).await?;
    Ok(Layer { id, base, seed: seed.to_owned() })
}

/// Drops a layer with all its rows; only what the world itself changed is touched.
pub async fn drop_layer(connection: &mut SqliteConnection, id: i64) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM records WHERE layer = ?1",
        "DELETE FROM record_keys WHERE layer = ?1",
        "DELETE FROM counters WHERE layer = ?1",
        "DELETE FROM changes WHERE layer = ?1",
        "DELETE FROM idempotency WHERE layer = ?1",
        "DELETE FROM layers WHERE id = ?1",
    ] {
        sqlx::query(sql).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The worlds a former process left behind, but for the one named.
pub async fn leftover_worlds(connection: &mut SqliteConnection, kept: &str) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM layers WHERE base > 0 AND name <> ?1").bind(kept).fetch_all(connection).await
}

/// Writes many records into a layer.
pub async fn fill(connection: &mut SqliteConnection, layer: i64, records: &[Written]) -> Result<(), sqlx::Error> {
    for chunk in records.chunks(ROWS_PER_STATEMENT) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO records (layer, kind, id, customer_id, body) ");
        insert.push_values(chunk, |mut row, record| {
            row.push_bind(layer)
                .push_bind(record.kind)
                .push_bind(&record.id)
                .push_bind(&record.customer_id)
                .push_bind(&record.body);
        });
        insert.build().execute(&mut *connection).await?;
    }
    let keys = records.iter().flat_map(|record| record.keys.iter().map(move |(name, value)| (record, name, value)));
    for chunk in keys.collect::<Vec<_>>().chunks(ROWS_PER_STATEMENT) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT OR IGNORE INTO record_keys (layer, kind, name, value, id) ");
        insert.push_values(chunk, |mut row, (record, name, value)| {
            row.push_bind(layer).push_bind(record.kind).push_bind(*name).push_bind(*value).push_bind(&record.id);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// How many records a layer holds.
pub async fn count(connection: &mut SqliteConnection, layer: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM records WHERE layer = ?1").bind(layer).fetch_one(connection).await
}
