//! What did the world end as?

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::Row;
use utoipa::ToSchema;

use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::unit::{Read, Unit};

type Bodies = BTreeMap<String, BTreeMap<String, Value>>;

/// What to export.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `tau2` for the shape of the public benchmark.
    shape: Option<String>,
    /// Only records that differ from the seed.
    #[serde(default)]
    changed: bool,
    /// Only the records of one customer.
    customer_id: Option<String>,
}

/// The state of a world, by kind and id, as stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Export {
    Records {
        #[schema(value_type = Object)]
        records: Bodies,
    },
    Tau2 {
        #[schema(value_type = Object)]
        orders: BTreeMap<String, Value>,
        #[schema(value_type = Object)]
        users: BTreeMap<String, Value>,
        #[schema(value_type = Object)]
        products: BTreeMap<String, Value>,
    },
}

/// The whole state of the world; large when many customers are seeded, so ask with `changed=true` where that is enough.
#[utoipa::path(
    get, path = "/admin/export", tag = "admin", params(ExportQuery), responses((status = 200, body = Export)),
)]
pub async fn export(Asked(query): Asked<ExportQuery>, Read(mut unit): Read) -> Result<Json<Export>, Refusal> {
    let mut records = bodies(&mut unit, &query).await?;
    match query.shape.as_deref() {
        None => Ok(Json(Export::Records { records })),
        Some("tau2" | "file") => {
            let mut take = |kind: &str| records.remove(kind).unwrap_or_default();
            Ok(Json(Export::Tau2 {
                orders: take("retail_order"),
                users: take("retail_user"),
                products: take("retail_product"),
            }))
        }
        Some(other) => Err(Refusal::invalid(format!("there is no shape `{other}`; leave it out, or write tau2"))),
    }
}

async fn bodies(unit: &mut Unit, query: &ExportQuery) -> Result<Bodies, Refusal> {
    let (layer, base) = (unit.world.layer, unit.world.base);
    let mut records = Bodies::new();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let layers = if query.changed { vec![layer] } else { vec![layer, base] };
    // What was changed and changed back is as it was.
    let sql = "SELECT kind, id, body FROM records WHERE layer = ?1 AND (?2 IS NULL OR customer_id = ?2) AND (NOT ?3 OR NOT EXISTS \
        (SELECT 1 FROM records AS first WHERE first.layer = ?4 AND first.kind = records.kind AND first.id = records.id AND first.body = records.body))";
    for layer in layers {
        let rows = sqlx::query(sql)
            .bind(layer)
            .bind(&query.customer_id)
            .bind(query.changed)
            .bind(base)
            .fetch_all(unit.connection())
            .await?;
        for row in rows {
            let (kind, id): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if seen.insert((kind.clone(), id.clone())) {
                let body = serde_json::from_str(row.try_get(2)?)?;
                records.entry(kind).or_default().insert(id, body);
            }
        }
    }
    Ok(records)
}
