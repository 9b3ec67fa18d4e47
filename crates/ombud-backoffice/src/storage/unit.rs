//! What is one piece of work, and what does it see?
//!
//! A unit sees one world at one time. A reading unit holds a connection; a writing unit holds the transaction in which
//! state, change feed, receipt and idempotency record are committed together.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::json;
use sqlx::pool::PoolConnection;
use sqlx::{Row, Sqlite, SqliteConnection};

use super::database::{Database, Writing};
use super::record::{CUSTOMER, Record, Written};
use crate::clock::Moment;
use crate::errors::Refusal;
use crate::server::App;
use crate::world::World;

/// How many records one look-up may give.
const FOUND_MAX: i64 = 1_000;

enum Link {
    Reading(PoolConnection<Sqlite>),
    Writing(Writing),
}

/// A piece of work in one world.
pub struct Unit {
    link: Link,
    pub world: Arc<World>,
    /// The world's time when the work began; all of it happens then.
    pub now: Moment,
    /// The key the caller gave, kept with the receipt.
    pub idempotency_key: Option<String>,
}

impl Unit {
    /// Begins to read.
    pub async fn reading(database: &Database, world: Arc<World>) -> Result<Self, sqlx::Error> {
        let link = Link::Reading(database.read().await?);
        let now = world.clock.now();
        Ok(Self { link, world, now, idempotency_key: None })
    }

    /// Begins to write. Writers wait for each other here, not at the commit.
    pub async fn writing(database: &Database, world: Arc<World>) -> Result<Self, sqlx::Error> {
        let link = Link::Writing(database.write().await?);
        let now = world.clock.now();
        Ok(Self { link, world, now, idempotency_key: None })
    }

    /// Commits a writing unit; a reading one just ends.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self.link {
            Link::Reading(_) => Ok(()),
            Link::Writing(writing) => writing.commit().await,
        }
    }

    /// The connection, for the few statements that are not about records.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        match &mut self.link {
            Link::Reading(connection) => connection,
            Link::Writing(writing) => &mut writing.transaction,
        }
    }

    /// The record with this id.
    pub async fn get<R: Record>(&mut self, id: &str) -> Result<Option<R>, Refusal> {
        let sql = "SELECT body FROM records WHERE layer IN (?1, ?2) AND kind = ?3 AND id = ?4 ORDER BY layer = ?1 DESC LIMIT 1";
        let (layer, base) = (self.world.layer, self.world.base);
        let body: Option<String> = sqlx::query_scalar(sql)
            .bind(layer)
            .bind(base)
            .bind(R::KIND)
            .bind(id)
            .fetch_optional(self.connection())
            .await?;
        body.map(|body| serde_json::from_str(&body).map_err(Refusal::from)).transpose()
    }

    /// The record with this id, or the refusal that says it does not exist.
    pub async fn require<R: Record>(&mut self, id: &str) -> Result<R, Refusal> {
        self.get(id).await?.ok_or_else(|| Refusal::NotFound { noun: R::NOUN, id: id.to_owned() })
    }

    /// The records with this key, by id; at most 1,000.
    pub async fn find<R: Record>(&mut self, key: &'static str, value: &str) -> Result<Vec<R>, Refusal> {
        let sql = "SELECT r.id, r.body FROM record_keys k JOIN records r ON r.layer = k.layer AND r.kind = k.kind AND r.id = k.id \
                   WHERE k.layer = ?1 AND k.kind = ?3 AND k.name = ?4 AND k.value = ?5 \
                   UNION ALL \
                   SELECT r.id, r.body FROM record_keys k JOIN records r ON r.layer = k.layer AND r.kind = k.kind AND r.id = k.id \
                   WHERE k.layer = ?2 AND k.kind = ?3 AND k.name = ?4 AND k.value = ?5 \
                   AND NOT EXISTS (SELECT 1 FROM records o WHERE o.layer = ?1 AND o.kind = k.kind AND o.id = k.id) \
                   ORDER BY 1 LIMIT ?6";
        let (layer, base) = (self.world.layer, self.world.base);
        let rows = sqlx::query(sql)
            .bind(layer)
            .bind(base)
            .bind(R::KIND)
            .bind(key)
            .bind(value)
            .bind(FOUND_MAX)
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(1)?)?)).collect()
    }

    /// The records of a customer, by id.
    pub async fn of_customer<R: Record>(&mut self, customer_id: &str) -> Result<Vec<R>, Refusal> {
        self.find(CUSTOMER, customer_id).await
    }

    /// The first records of a kind, by id.
    pub async fn first<R: Record>(&mut self, limit: i64) -> Result<Vec<R>, Refusal> {
        let sql = "SELECT id, body FROM records WHERE layer = ?1 AND kind = ?3 \
                   UNION ALL \
                   SELECT id, body FROM records r WHERE layer = ?2 AND kind = ?3 \
                   AND NOT EXISTS (SELECT 1 FROM records o WHERE o.layer = ?1 AND o.kind = r.kind AND o.id = r.id) \
                   ORDER BY 1 LIMIT ?4";
        let (layer, base) = (self.world.layer, self.world.base);
        let rows = sqlx::query(sql)
            .bind(layer)
            .bind(base)
            .bind(R::KIND)
            .bind(limit.min(FOUND_MAX))
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get::<&str, _>(1)?)?)).collect()
    }

    /// Writes a record into the world, over what was there.
    pub async fn put<R: Record>(&mut self, record: &R) -> Result<(), Refusal> {
        let written = Written::of(record)?;
        let layer = self.world.layer;
        let sql = "INSERT INTO records (layer, kind, id, customer_id, body) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (layer, kind, id) DO UPDATE SET body = excluded.body, customer_id = excluded.customer_id";
        sqlx::query(sql)
            .bind(layer)
            .bind(written.kind)
            .bind(&written.id)
            .bind(&written.customer_id)
            .bind(&written.body)
            .execute(self.connection())
            .await?;
        sqlx::query("DELETE FROM record_keys WHERE layer = ?1 AND kind = ?2 AND id = ?3")
            .bind(layer)
            .bind(written.kind)
            .bind(&written.id)
            .execute(self.connection())
            .await?;
        let sql = "INSERT OR IGNORE INTO record_keys (layer, kind, name, value, id) \
                   SELECT ?1, ?2, value ->> 0, value ->> 1, ?3 FROM json_each(?4)";
        sqlx::query(sql)
            .bind(layer)
            .bind(written.kind)
            .bind(&written.id)
            .bind(json!(written.keys).to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The next number of a counter of this world, from 1.
    pub async fn next_number(&mut self, counter: &str) -> Result<i64, Refusal> {
        let sql = "INSERT INTO counters (layer, name, value) VALUES (?1, ?2, 1) \
                   ON CONFLICT (layer, name) DO UPDATE SET value = value + 1 RETURNING value";
        let layer = self.world.layer;
        Ok(sqlx::query_scalar(sql).bind(layer).bind(counter).fetch_one(self.connection()).await?)
    }

    /// An id for a record made at run time: `RET-900001`, counted per world.
    pub async fn next_id(&mut self, prefix: &str) -> Result<String, Refusal> {
        let number = self.next_number(prefix).await?;
        Ok(format!("{prefix}-{}", number.saturating_add(900_000)))
    }
}

/// A reading unit of the request's world.
pub struct Read(pub Unit);

impl FromRequestParts<App> for Read {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let world = app.worlds.of(&parts.headers)?;
        Ok(Self(Unit::reading(&app.database, world).await?))
    }
}
