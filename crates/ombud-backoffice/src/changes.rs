//! What changed, in which order?

use axum::Json;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

const PAGE_DEFAULT: i64 = 100;
const PAGE_MAX: i64 = 1_000;

/// One line of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    seq: i64,
    at: Moment,
    kind: String,
    id: String,
    customer_id: String,
    change: String,
}

/// A page of the feed; `next` is the `after` of the following call.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    items: Vec<Change>,
    next: i64,
}

/// Where to read on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    #[serde(default)]
    after: i64,
    limit: Option<i64>,
}

impl Unit {
    /// Appends to the feed that a record changed.
    pub async fn changed<R: Record>(&mut self, record: &R, change: &str) -> Result<(), Refusal> {
        let seq = self.next_number("change").await?;
        let sql = "INSERT INTO changes (layer, seq, at_micros, kind, id, customer_id, change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (layer, now) = (self.world.layer, self.now);
        sqlx::query(sql)
            .bind(layer)
            .bind(seq)
            .bind(now.micros())
            .bind(R::KIND)
            .bind(record.id())
            .bind(record.customer_id())
            .bind(change)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Writes a record and appends what changed to the feed.
    pub async fn save<R: Record>(&mut self, record: &R, change: &str) -> Result<(), Refusal> {
        self.put(record).await?;
        self.changed(record, change).await
    }
}

/// The change feed, oldest first.
#[utoipa::path(
    get, path = "/changes", tag = "changes", params(ChangesQuery), responses((status = 200, body = Changes)),
)]
pub async fn changes(Asked(query): Asked<ChangesQuery>, Read(mut unit): Read) -> Result<Json<Changes>, Refusal> {
    let sql = "SELECT seq, at_micros, kind, id, customer_id, change FROM changes WHERE layer = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    let limit = query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
    let layer = unit.world.layer;
    let rows = sqlx::query(sql).bind(layer).bind(query.after).bind(limit).fetch_all(unit.connection()).await?;
    let items = rows
        .iter()
        .map(|row| {
            Ok(Change {
                seq: row.try_get(0)?,
                at: Moment::from_micros(row.try_get(1)?),
                kind: row.try_get(2)?,
                id: row.try_get(3)?,
                customer_id: row.try_get(4)?,
                change: row.try_get(5)?,
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let next = items.last().map_or(query.after, |last| last.seq);
    Ok(Json(Changes { items, next }))
}
