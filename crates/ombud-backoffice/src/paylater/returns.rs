//! How do goods go back?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::orders::{Order, require_order};
use super::plans::{PlanView, pause_plan};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

/// Days within which the goods must be handed to the carrier.
pub const SEND_DAYS: i64 = 14;

/// How far a return is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    Reported,
    InTransit,
    Received,
    Refunded,
    Rejected,
}

/// Why goods go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    ChangedMind,
    WrongSize,
    Defective,
    WrongItem,
    NotAsDescribed,
    Other,
}

/// Goods on their way back. `refund_amount` is what they cost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Return {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub item_ids: Vec<String>,
    pub reason: ReturnReason,
    pub state: ReturnState,
    pub label_url: String,
    pub reported_at: Moment,
    pub send_by: Day,
    pub received_at: Option<Moment>,
    pub refund_amount: Money,
}

impl Return {
    /// True until the return is refunded or rejected.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ReturnState::Reported | ReturnState::InTransit | ReturnState::Received)
    }
}

impl Record for Return {
    const KIND: &'static str = "return";
    const NOUN: &'static str = "return";

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

/// A customer's returns, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/returns", tag = "returns", params(("id" = String, Path)),
    responses((status = 200, body = [Return])),
)]
pub async fn customer_returns(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Return>>, Refusal> {
    let mut returns: Vec<Return> = records_of(&mut unit, &id).await?;
    returns.sort_by(|one, other| (other.reported_at, &other.id).cmp(&(one.reported_at, &one.id)));
    Ok(Json(returns))
}

/// A return by id.
#[utoipa::path(
    get, path = "/returns/{id}", tag = "returns", params(("id" = String, Path)),
    responses((status = 200, body = Return)),
)]
pub async fn order_return(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Return>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// What goes back, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportReturn {
    item_ids: Vec<String>,
    #[serde(default = "changed_mind")]
    reason: ReturnReason,
}

const fn changed_mind() -> ReturnReason {
    ReturnReason::ChangedMind
}

/// The return, and the plan it pauses.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnReported {
    receipt_id: String,
    #[serde(rename = "return")]
    reported: Return,
    plan: Option<PlanView>,
}

/// Reports that items go back; payments pause until the merchant has them.
#[utoipa::path(
    post, path = "/orders/{id}/returns", tag = "returns", params(("id" = String, Path)), request_body = ReportReturn,
    responses((status = 200, body = ReturnReported), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn report_return(Path(id): Path<String>, mut write: Write<ReportReturn>) -> Response {
    let outcome = report(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn report(unit: &mut Unit, order_id: &str, request: &ReportReturn) -> Result<ReturnReported, Refusal> {
    let mut order = require_order(unit, order_id).await?;
    let today = unit.now.day();
    let item_ids = distinct(&request.item_ids)?;
    order.must_be_returnable(today)?;
    let refund_amount = worth(&order, &item_ids)?;
    for item_id in &item_ids {
        order.mark_returned(item_id);
    }
    let id = unit.next_id("RET").await?;
    let reported = Return {
        label_url: label_url(&id),
        id,
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        item_ids,
        reason: request.reason,
        state: ReturnState::Reported,
        reported_at: unit.now,
        send_by: today.plus_days(SEND_DAYS),
        received_at: None,
        refund_amount,
    };
    unit.save(&reported, "reported").await?;
    unit.save(&order, "return_reported").await?;
    let plan = pause_plan(unit, order.plan_id.as_deref(), "return", &reported.id).await?;
    let receipt_id = unit.receipt("order.return", &reported).await?;
    Ok(ReturnReported { receipt_id, reported, plan })
}

fn distinct(item_ids: &[String]) -> Result<Vec<String>, Refusal> {
    let mut distinct = item_ids.to_vec();
    distinct.sort();
    distinct.dedup();
    if distinct.is_empty() || distinct.len() != item_ids.len() {
        return Err(Refusal::invalid("`item_ids` names at least one item, each once"));
    }
    Ok(distinct)
}

fn worth(order: &Order, item_ids: &[String]) -> Result<Money, Refusal> {
    let mut worth = Money::zero(order.total.currency);
    for item_id in item_ids {
        worth = worth.plus(order.item_to_take_back(item_id)?.cost());
    }
    Ok(worth)
}

/// Where the label to print lies.
pub fn label_url(id: &str) -> String {
    format!("https://returns.example/{id}.pdf")
}
