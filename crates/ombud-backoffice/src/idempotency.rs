//! How does a repeated request have one effect?
//!
//! As Stripe describes it (docs.stripe.com/api/idempotent_requests): the first answer to a key is kept for 24 hours, a
//! success like a refusal, and given again to the same request; another request under the same key is an error; while
//! the first is in flight, the second is told so. The kept answer is committed in the transaction of the effect: there
//! is never one without the other.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::Row;

use crate::errors::Refusal;
use crate::server::App;
use crate::storage::unit::Unit;
use crate::wire::Wire;
use crate::world::World;

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;
const BODY_BYTES_MAX: usize = 256 * 1024;
const KEPT_S: i64 = 24 * 3_600;

/// A write that has begun: the parsed body, and the transaction in which all of it happens.
pub struct Write<T> {
    pub unit: Unit,
    pub body: T,
    path: String,
    key: Option<Key>,
    wire: Option<Wire>,
}

struct Key {
    name: String,
    fingerprint: String,
    _claim: Claim,
}

/// The mark that a request with this key is in flight; ends when dropped.
struct Claim {
    world: Arc<World>,
    name: String,
}

impl Claim {
    fn take(world: &Arc<World>, name: &str) -> Option<Self> {
        let fresh = world.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        fresh.then(|| Self { world: Arc::clone(world), name: name.to_owned() })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.world.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl<T: DeserializeOwned + Send> FromRequest<App> for Write<T> {
    type Rejection = Response;

    /// Begins the write. A repeated request is answered here, from what was kept, and never reaches its handler.
    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let refuse = |refusal: Refusal| refusal.into_response();
        let world = app.worlds.of(&parts.headers).map_err(refuse)?;
        let name = key_name(&parts.headers).map_err(refuse)?;
        let path = parts.uri.path().to_owned();
        let wire = parts.extensions.get::<ConnectInfo<Wire>>().map(|ConnectInfo(wire)| wire.clone());
        let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
            refuse(Refusal::invalid(format!("the body is longer than {BODY_BYTES_MAX} bytes or was cut off")))
        })?;
        let value = parse(&bytes).map_err(refuse)?;
        let Some(name) = name else {
            let body = typed(value).map_err(refuse)?;
            let unit = Unit::writing(&app.database, world).await.map_err(|error| refuse(error.into()))?;
            return Ok(Self { unit, body, path, key: None, wire });
        };
        let fingerprint = fingerprint(parts.method.as_str(), &path, &value);
        let claim = Claim::take(&world, &name);
        let Some(claim) = claim else { return Err(refuse(Refusal::IdempotencyInFlight { key: name })) };
        let mut unit = Unit::writing(&app.database, world).await.map_err(|error| refuse(error.into()))?;
        if let Some(kept) = kept(&mut unit, &name, &fingerprint).await.map_err(refuse)? {
            return Err(kept);
        }
        let body = typed(value).map_err(refuse)?;
        unit.idempotency_key = Some(name.clone());
        Ok(Self { unit, body, path, key: Some(Key { name, fingerprint, _claim: claim }), wire })
    }
}

impl<T> Write<T> {
    /// Ends the write: keeps the answer under its key, commits, and answers, unless a fault cuts the wire after the
    /// commit. A refusal undoes what the work wrote before it.
    pub async fn finish<V: Serialize>(self, outcome: Result<V, Refusal>) -> Response {
        let world = Arc::clone(&self.unit.world);
        let (path, wire) = (self.path.clone(), self.wire.clone());
        let response = match self.settle(outcome).await {
            Ok(response) => response,
            Err(refusal) => return refusal.into_response(),
        };
        if world.faults.drops_answer(&path)
            && let Some(wire) = wire
        {
            wire.cut();
        }
        response
    }

    async fn settle<V: Serialize>(mut self, outcome: Result<V, Refusal>) -> Result<Response, Refusal> {
        let (status, body) = match outcome {
            Ok(value) => (StatusCode::OK, serde_json::to_string(&value)?),
            Err(refusal) if refusal.is_final() => {
                sqlx::raw_sql("ROLLBACK; BEGIN IMMEDIATE").execute(self.unit.connection()).await?;
                (refusal.status(), serde_json::to_string(&refusal.body())?)
            }
            Err(refusal) => return Err(refusal),
        };
        if let Some(key) = &self.key {
            keep(&mut self.unit, key, status, &body).await?;
        }
        self.unit.commit().await?;
        Ok(json_response(status, body))
    }
}

fn key_name(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    match value.to_str() {
        Ok(name) if !name.is_empty() && name.len() <= KEY_BYTES_MAX => Ok(Some(name.to_owned())),
        _ => Err(Refusal::invalid(format!("`Idempotency-Key` is plain text of 1 to {KEY_BYTES_MAX} characters"))),
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(bytes).map_err(|error| Refusal::invalid(format!("the body is not JSON: {error}")))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| Refusal::invalid(format!("the body does not fit: {error}")))
}

/// What makes two requests the same: method, path and body, whatever the order of the body's fields.
fn fingerprint(method: &str, path: &str, body: &Value) -> String {
    let digest = Sha256::digest(format!("{method} {path} {}", sorted(body)));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

async fn kept(unit: &mut Unit, name: &str, fingerprint: &str) -> Result<Option<Response>, Refusal> {
    let layer = unit.world.layer;
    let oldest = unit.now.plus_seconds(-KEPT_S).micros();
    sqlx::query("DELETE FROM idempotency WHERE layer = ?1 AND key = ?2 AND created_micros <= ?3")
        .bind(layer)
        .bind(name)
        .bind(oldest)
        .execute(unit.connection())
        .await?;
    let sql = "SELECT fingerprint, status, body FROM idempotency WHERE layer = ?1 AND key = ?2";
    let Some(row) = sqlx::query(sql).bind(layer).bind(name).fetch_optional(unit.connection()).await? else {
        return Ok(None);
    };
    if row.try_get::<&str, _>(0)? != fingerprint {
        return Err(Refusal::IdempotencyMismatch { key: name.to_owned() });
    }
    let status = u16::try_from(row.try_get::<i64, _>(1)?).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = json_response(status.unwrap_or(StatusCode::OK), row.try_get(2)?);
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(Some(response))
}

async fn keep(unit: &mut Unit, key: &Key, status: StatusCode, body: &str) -> Result<(), Refusal> {
    let sql = "INSERT INTO idempotency (layer, key, fingerprint, status, body, created_micros) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (layer, now) = (unit.world.layer, unit.now);
    sqlx::query(sql)
        .bind(layer)
        .bind(&key.name)
        .bind(&key.fingerprint)
        .bind(i64::from(status.as_u16()))
        .bind(body)
        .bind(now.micros())
        .execute(unit.connection())
        .await?;
    Ok(())
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_fields_does_not_make_another_request() {
        let one = json!({"a": 1, "b": [{"c": 2, "d": 3}]});
        let other = json!({"b": [{"d": 3, "c": 2}], "a": 1});
        assert_eq!(fingerprint("POST", "/x", &one), fingerprint("POST", "/x", &other));
        assert_ne!(fingerprint("POST", "/x", &one), fingerprint("POST", "/y", &one));
        assert_ne!(fingerprint("POST", "/x", &one), fingerprint("POST", "/x", &json!({"a": 1})));
    }
}
