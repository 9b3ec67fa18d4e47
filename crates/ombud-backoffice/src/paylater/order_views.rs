//! How is an order shown?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::disputes::Dispute;
use super::orders::{Order, OrderStatus, Parcel, require_order};
use super::plans::{NextDue, Plan, PlanKind, PlanState};
use super::returns::Return;
use crate::clock::Day;
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::money::Money;
use crate::storage::record::ORDER;
use crate::storage::unit::{Read, Unit};

/// The plan of an order in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanSummary {
    id: String,
    kind: PlanKind,
    state: PlanState,
    total: Money,
    paid: Money,
    remaining: Money,
    next_due: Option<NextDue>,
}

/// An order with what follows from today's date and from its other records.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    #[serde(flatten)]
    pub order: Order,
    plan: Option<PlanSummary>,
    cancellable: bool,
    returnable: bool,
    returnable_until: Option<Day>,
    exchangeable: bool,
    open_return_ids: Vec<String>,
    open_dispute_ids: Vec<String>,
}

/// The view of an order.
pub async fn view(unit: &mut Unit, order: Order) -> Result<OrderView, Refusal> {
    let plan: Option<Plan> = match &order.plan_id {
        Some(id) => unit.get(id).await?,
        None => None,
    };
    let returns: Vec<Return> = unit.find(ORDER, &order.id).await?;
    let disputes: Vec<Dispute> = unit.find(ORDER, &order.id).await?;
    let today = unit.now.day();
    let plan = plan.map(|plan| PlanSummary {
        state: plan.state(today),
        total: plan.total(),
        paid: plan.paid(),
        remaining: plan.remaining(),
        next_due: plan.next_due(),
        kind: plan.kind,
        id: plan.id,
    });
    let may_go_back = order.items.iter().any(|item| item.returnable && !item.returned);
    let returnable = may_go_back && order.must_be_returnable(today).is_ok();
    Ok(OrderView {
        plan,
        cancellable: order.status == OrderStatus::Placed,
        returnable,
        returnable_until: order.returnable_until(),
        exchangeable: returnable && order.merchant.exchanges,
        open_return_ids: returns.into_iter().filter(Return::is_open).map(|back| back.id).collect(),
        open_dispute_ids: disputes.into_iter().filter(Dispute::is_open).map(|dispute| dispute.id).collect(),
        order,
    })
}

/// The orders of a customer, newest first.
pub async fn orders_of(unit: &mut Unit, customer_id: &str) -> Result<Vec<Order>, Refusal> {
    let mut orders: Vec<Order> = records_of(unit, customer_id).await?;
    orders.sort_by(|one, other| (other.placed_at, &other.id).cmp(&(one.placed_at, &one.id)));
    Ok(orders)
}

/// Which orders; all when absent.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OrdersQuery {
    #[param(inline)]
    status: Option<OrderStatus>,
}

/// A customer's orders, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/orders", tag = "orders", params(("id" = String, Path), OrdersQuery),
    responses((status = 200, body = [OrderView])),
)]
pub async fn customer_orders(
    Path(id): Path<String>,
    Asked(query): Asked<OrdersQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<OrderView>>, Refusal> {
    let orders = orders_of(&mut unit, &id).await?;
    let mut views = Vec::new();
    for order in orders.into_iter().filter(|order| query.status.is_none_or(|status| order.status == status)) {
        views.push(view(&mut unit, order).await?);
    }
    Ok(Json(views))
}

/// An order by id.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = crate::errors::ErrorBody)),
)]
pub async fn order(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<OrderView>, Refusal> {
    let order = require_order(&mut unit, &id).await?;
    view(&mut unit, order).await.map(Json)
}

/// Where the parcel of an order is.
#[utoipa::path(
    get, path = "/orders/{id}/parcel", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, body = Parcel), (status = 404, body = crate::errors::ErrorBody)),
)]
pub async fn order_parcel(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Parcel>, Refusal> {
    let order = require_order(&mut unit, &id).await?;
    order.parcel.map(Json).ok_or(Refusal::NotFound { noun: "parcel", id })
}
