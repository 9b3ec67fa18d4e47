//! How is a problem with an order reported?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::orders::{Order, OrderStatus, require_order};
use super::plans::{PlanView, pause_plan};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

const RESPOND_DAYS: i64 = 14;
const WINDOW_DAYS: i64 = 180;
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeKind {
    NotReceived,
    Defective,
    WrongAmount,
    WrongItem,
    ChargedAfterCancel,
}

/// How far a dispute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Opened,
    MerchantContacted,
    ResolvedForCustomer,
    ResolvedForMerchant,
}

/// A problem the merchant must answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Dispute {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub kind: DisputeKind,
    pub item_ids: Vec<String>,
    pub description: String,
    pub state: DisputeState,
    pub opened_at: Moment,
    pub respond_by: Day,
    pub resolved_at: Option<Moment>,
    pub outcome: Option<String>,
}

impl Dispute {
    /// True until somebody decided it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, DisputeState::Opened | DisputeState::MerchantContacted)
    }

    /// The last day for the merchant's answer to a dispute opened on a day.
    pub fn respond_by(opened_on: Day) -> Day {
        opened_on.plus_days(RESPOND_DAYS)
    }
}

impl Record for Dispute {
    const KIND: &'static str = "dispute";
    const NOUN: &'static str = "dispute";

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

/// A customer's disputes, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/disputes", tag = "disputes", params(("id" = String, Path)),
    responses((status = 200, body = [Dispute])),
)]
pub async fn customer_disputes(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Dispute>>, Refusal> {
    let mut disputes: Vec<Dispute> = records_of(&mut unit, &id).await?;
    disputes.sort_by(|one, other| (other.opened_at, &other.id).cmp(&(one.opened_at, &one.id)));
    Ok(Json(disputes))
}

/// A dispute by id.
#[utoipa::path(
    get, path = "/disputes/{id}", tag = "disputes", params(("id" = String, Path)),
    responses((status = 200, body = Dispute)),
)]
pub async fn dispute(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Dispute>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// What is wrong, with which items, in the customer's words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDispute {
    kind: DisputeKind,
    #[serde(default)]
    item_ids: Vec<String>,
    #[serde(default)]
    description: String,
}

/// The dispute, and the plan it pauses.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisputeOpened {
    receipt_id: String,
    dispute: Dispute,
    plan: Option<PlanView>,
}

/// Opens a dispute; payments pause until it is decided.
#[utoipa::path(
    post, path = "/orders/{id}/disputes", tag = "disputes", params(("id" = String, Path)),
    request_body = OpenDispute,
    responses((status = 200, body = DisputeOpened), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn open_dispute(Path(id): Path<String>, mut write: Write<OpenDispute>) -> Response {
    let outcome = open(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn open(unit: &mut Unit, order_id: &str, request: &OpenDispute) -> Result<DisputeOpened, Refusal> {
    let order = require_order(unit, order_id).await?;
    if request.description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Refusal::invalid(format!("`description` has at most {DESCRIPTION_CHARS_MAX} characters")));
    }
    for item_id in &request.item_ids {
        order.item(item_id)?;
    }
    let earlier: Vec<Dispute> = unit.find(ORDER, order_id).await?;
    if let Some(open) = earlier.iter().find(|dispute| dispute.is_open()) {
        return Err(Refusal::rule("dispute_already_open", format!("dispute {} about this order is open", open.id)));
    }
    let today = unit.now.day();
    must_be_disputable(&order, request.kind, today)?;
    let dispute = Dispute {
        id: unit.next_id("DSP").await?,
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        kind: request.kind,
        item_ids: request.item_ids.clone(),
        description: request.description.clone(),
        state: DisputeState::Opened,
        opened_at: unit.now,
        respond_by: Dispute::respond_by(today),
        resolved_at: None,
        outcome: None,
    };
    unit.save(&dispute, "opened").await?;
    let plan = pause_plan(unit, order.plan_id.as_deref(), "dispute", &dispute.id).await?;
    let receipt_id = unit.receipt("order.dispute", &dispute).await?;
    Ok(DisputeOpened { receipt_id, dispute, plan })
}

fn must_be_disputable(order: &Order, kind: DisputeKind, today: Day) -> Result<(), Refusal> {
    let id = &order.id;
    if today.days_since(order.placed_at.day()) > WINDOW_DAYS {
        return Err(Refusal::rule("dispute_window_closed", format!("order {id} is more than {WINDOW_DAYS} days old")));
    }
    match kind {
        DisputeKind::NotReceived => must_be_late(order, today),
        DisputeKind::Defective | DisputeKind::WrongItem if order.status != OrderStatus::Delivered => {
            Err(Refusal::rule("order_not_delivered", format!("order {id} was not delivered yet")))
        }
        DisputeKind::ChargedAfterCancel if order.status != OrderStatus::Cancelled => {
            Err(Refusal::rule("order_not_cancelled", format!("order {id} was not cancelled")))
        }
        DisputeKind::Defective
        | DisputeKind::WrongItem
        | DisputeKind::ChargedAfterCancel
        | DisputeKind::WrongAmount => Ok(()),
    }
}

/// Goods are missing when the carrier says they arrived, or when they should have.
fn must_be_late(order: &Order, today: Day) -> Result<(), Refusal> {
    if order.status == OrderStatus::Delivered {
        return Ok(());
    }
    let expected = order.parcel.as_ref().map(|parcel| parcel.estimated_delivery_on);
    match expected {
        Some(expected) if today > expected => Ok(()),
        Some(expected) => {
            Err(Refusal::rule("delivery_not_late", format!("order {} is expected by {expected}", order.id)))
        }
        None => Err(Refusal::rule("delivery_not_late", format!("order {} has not been sent yet", order.id))),
    }
}
