//! Which invoices were issued?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use crate::clock::Day;
use crate::errors::Refusal;
use crate::money::Money;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::Read;

/// Whether an invoice still asks for money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    Open,
    Paid,
    Cancelled,
}

/// An invoice; `due_on` is the last due date of its plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub plan_id: Option<String>,
    pub number: String,
    pub merchant: String,
    pub amount: Money,
    pub issued_on: Day,
    pub due_on: Day,
    pub state: InvoiceState,
    pub pdf_url: String,
}

impl Record for Invoice {
    const KIND: &'static str = "invoice";
    const NOUN: &'static str = "invoice";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        vec![(ORDER, self.order_id.clone())]
    }
}

/// A customer's invoices, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/invoices", tag = "invoices", params(("id" = String, Path)),
    responses((status = 200, body = [Invoice])),
)]
pub async fn customer_invoices(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Invoice>>, Refusal> {
    let mut invoices: Vec<Invoice> = records_of(&mut unit, &id).await?;
    invoices.sort_by(|one, other| (other.issued_on, &other.id).cmp(&(one.issued_on, &one.id)));
    Ok(Json(invoices))
}
