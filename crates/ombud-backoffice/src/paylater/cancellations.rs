//! How is an order cancelled?

use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::instruments::Instrument;
use super::invoices::{Invoice, InvoiceState};
use super::order_views::{self, OrderView};
use super::orders::{Order, OrderStatus, require_order};
use super::plans::{InstallmentState, Plan, PlanView};
use super::refunds::{Owed, Refund, RefundView};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::ORDER;
use crate::storage::unit::Unit;

const REASON_CHARS_MAX: usize = 200;

/// Why, in the customer's words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    reason: String,
}

/// The cancelled order; a refund only if something had been paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderCancelled {
    receipt_id: String,
    order: OrderView,
    refund: Option<RefundView>,
    plan: Option<PlanView>,
}

/// Cancels an order that was not packed yet.
#[utoipa::path(
    post, path = "/orders/{id}/cancel", tag = "orders", params(("id" = String, Path)), request_body = CancelOrder,
    responses((status = 200, body = OrderCancelled), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn cancel_order(Path(id): Path<String>, mut write: Write<CancelOrder>) -> Response {
    let outcome = cancel(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn cancel(unit: &mut Unit, id: &str, request: &CancelOrder) -> Result<OrderCancelled, Refusal> {
    let mut order = require_order(unit, id).await?;
    if request.reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::invalid(format!("`reason` has at most {REASON_CHARS_MAX} characters")));
    }
    must_be_cancellable(&order)?;
    order.status = OrderStatus::Cancelled;
    order.cancelled_at = Some(unit.now);
    order.cancel_reason = Some(request.reason.clone());
    unit.save(&order, "cancelled").await?;
    let plan = match &order.plan_id {
        Some(plan_id) => Some(end_plan(unit, plan_id).await?),
        None => None,
    };
    let paid = match &plan {
        Some(plan) => plan.paid(),
        None => order.total,
    };
    void_invoices(unit, &order).await?;
    let refund = if paid.minor > 0 { Some(refund(unit, &order, plan.as_ref(), paid).await?) } else { None };
    let receipt_id = unit.receipt("order.cancel", &order).await?;
    let today = unit.now.day();
    Ok(OrderCancelled {
        receipt_id,
        order: order_views::view(unit, order).await?,
        refund: refund.map(|refund| refund.view(today)),
        plan: plan.map(|plan| plan.view(today)),
    })
}

fn must_be_cancellable(order: &Order) -> Result<(), Refusal> {
    let id = &order.id;
    match order.status {
        OrderStatus::Placed => Ok(()),
        OrderStatus::Cancelled => {
            Err(Refusal::rule("order_already_cancelled", format!("order {id} was already cancelled")))
        }
        OrderStatus::Packed => {
            Err(Refusal::rule("order_already_shipped", format!("order {id} is packed and cannot be stopped")))
        }
        OrderStatus::Shipped => Err(Refusal::rule("order_already_shipped", format!("order {id} is on its way"))),
        OrderStatus::Delivered => {
            Err(Refusal::rule("order_already_delivered", format!("order {id} was delivered; it can be returned")))
        }
    }
}

async fn end_plan(unit: &mut Unit, plan_id: &str) -> Result<Plan, Refusal> {
    let mut plan: Plan = unit.require(plan_id).await?;
    for installment in plan.installments.iter_mut().filter(|installment| installment.state == InstallmentState::Open) {
        installment.state = InstallmentState::Cancelled;
    }
    plan.pause = None;
    unit.save(&plan, "cancelled").await?;
    Ok(plan)
}

async fn void_invoices(unit: &mut Unit, order: &Order) -> Result<(), Refusal> {
    let invoices: Vec<Invoice> = unit.find(ORDER, &order.id).await?;
    for mut invoice in invoices {
        invoice.state = InvoiceState::Cancelled;
        unit.put(&invoice).await?;
    }
    Ok(())
}

async fn refund(unit: &mut Unit, order: &Order, plan: Option<&Plan>, amount: Money) -> Result<Refund, Refusal> {
    let to: Option<Instrument> = match plan.and_then(|plan| plan.instrument_id.as_ref()) {
        Some(id) => unit.get(id).await?,
        None => None,
    };
    let owed = Owed {
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        merchant: order.merchant.name.clone(),
        amount,
        to: to.map(|instrument| instrument.name()),
    };
    let refund = Refund::approved(unit, owed).await?;
    unit.save(&refund, "approved").await?;
    Ok(refund)
}
