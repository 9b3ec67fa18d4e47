//! What proves that something was done?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Moment;
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

const BY_KEY: &str = "idempotency_key";

/// The proof of one write. It is committed with the write and never changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    id: String,
    at: Moment,
    /// What was done, as `order.cancel`.
    action: String,
    record: RecordName,
    customer_id: String,
    idempotency_key: Option<String>,
}

/// Which record it was done to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordName {
    kind: String,
    id: String,
}

impl Record for Receipt {
    const KIND: &'static str = "receipt";
    const NOUN: &'static str = "receipt";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        self.idempotency_key.iter().map(|key| (BY_KEY, key.clone())).collect()
    }
}

impl Unit {
    /// Writes the receipt for what this unit does and gives its id.
    pub async fn receipt<R: Record>(&mut self, action: &str, record: &R) -> Result<String, Refusal> {
        let number = self.next_number("receipt").await?;
        let receipt = Receipt {
            id: format!("RCT-{number:06}"),
            at: self.now,
            action: action.to_owned(),
            record: RecordName { kind: R::KIND.to_owned(), id: record.id().to_owned() },
            customer_id: record.customer_id().to_owned(),
            idempotency_key: self.idempotency_key.clone(),
        };
        self.put(&receipt).await?;
        Ok(receipt.id)
    }
}

/// A receipt by its id.
#[utoipa::path(
    get, path = "/receipts/{id}", tag = "receipts", params(("id" = String, Path)),
    responses((status = 200, body = Receipt)),
)]
pub async fn receipt(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Receipt>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// Which receipts to find.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsQuery {
    idempotency_key: String,
}

/// The receipt of the request that carried a key: how an unknown outcome is settled without acting again.
#[utoipa::path(
    get, path = "/receipts", tag = "receipts", params(ReceiptsQuery), responses((status = 200, body = [Receipt])),
)]
pub async fn receipts(Asked(query): Asked<ReceiptsQuery>, Read(mut unit): Read) -> Result<Json<Vec<Receipt>>, Refusal> {
    unit.find(BY_KEY, &query.idempotency_key).await.map(Json)
}
