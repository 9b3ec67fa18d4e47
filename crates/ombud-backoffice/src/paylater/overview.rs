//! What does somebody who serves the customer see first?

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::{self, CustomerView, require_customer};
use super::disputes::Dispute;
use super::instruments::{InstrumentView, instruments_of};
use super::order_views::{self, OrderView, orders_of};
use super::payments::{Payment, PaymentState};
use super::plans::{Plan, PlanView, outstanding};
use super::refunds::{Refund, RefundView};
use super::returns::Return;
use super::tickets::Ticket;
use crate::clock::Day;
use crate::errors::Refusal;
use crate::money::Money;
use crate::storage::unit::{Read, Unit};

const ORDERS_SHOWN: usize = 5;

/// What is to be paid next over all plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextPayment {
    plan_id: String,
    order_id: String,
    installment_id: String,
    merchant: String,
    due_on: Day,
    amount: Money,
}

/// The customer's matters on one page: what is open, not what is over.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    customer: CustomerView,
    outstanding: Money,
    next_due: Option<NextPayment>,
    orders: Vec<OrderView>,
    plans: Vec<PlanView>,
    open_refunds: Vec<RefundView>,
    open_returns: Vec<Return>,
    open_disputes: Vec<Dispute>,
    failed_payments: Vec<Payment>,
    instruments: Vec<InstrumentView>,
    open_tickets: Vec<Ticket>,
}

/// The customer's matters on one page.
#[utoipa::path(
    get, path = "/customers/{id}/overview", tag = "customers", params(("id" = String, Path)),
    responses((status = 200, body = Overview)),
)]
pub async fn customer_overview(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Overview>, Refusal> {
    let customer = require_customer(&mut unit, &id).await?;
    let today = unit.now.day();
    let plans: Vec<Plan> = unit.of_customer(&id).await?;
    let open: Vec<&Plan> = plans.iter().filter(|plan| plan.remaining().minor > 0).collect();
    let outstanding = outstanding(&plans, customer.spending_limit.currency);
    let refunds: Vec<Refund> = unit.of_customer(&id).await?;
    let returns: Vec<Return> = unit.of_customer(&id).await?;
    let disputes: Vec<Dispute> = unit.of_customer(&id).await?;
    let payments: Vec<Payment> = unit.of_customer(&id).await?;
    let tickets: Vec<Ticket> = unit.of_customer(&id).await?;
    Ok(Json(Overview {
        outstanding,
        next_due: next_payment(&open),
        orders: newest_orders(&mut unit, &id).await?,
        plans: open.iter().map(|plan| plan.view(today)).collect(),
        open_refunds: refunds.into_iter().filter(Refund::is_open).map(|refund| refund.view(today)).collect(),
        open_returns: returns.into_iter().filter(Return::is_open).collect(),
        open_disputes: disputes.into_iter().filter(Dispute::is_open).collect(),
        failed_payments: payments.into_iter().filter(|payment| payment.state == PaymentState::Failed).collect(),
        instruments: instruments_of(&mut unit, &id).await?,
        open_tickets: tickets.into_iter().filter(Ticket::is_open).collect(),
        customer: customers::view(&mut unit, customer).await?,
    }))
}

fn next_payment(plans: &[&Plan]) -> Option<NextPayment> {
    let due = plans.iter().filter_map(|plan| plan.next_due().map(|next| (plan, next)));
    let (plan, next) = due
        .min_by(|(_, one), (_, other)| (one.due_on, &one.installment_id).cmp(&(other.due_on, &other.installment_id)))?;
    Some(NextPayment {
        plan_id: plan.id.clone(),
        order_id: plan.order_id.clone(),
        merchant: plan.merchant.name.clone(),
        installment_id: next.installment_id,
        due_on: next.due_on,
        amount: next.amount,
    })
}

async fn newest_orders(unit: &mut Unit, customer_id: &str) -> Result<Vec<OrderView>, Refusal> {
    let orders = orders_of(unit, customer_id).await?;
    let mut views = Vec::new();
    for order in orders.into_iter().take(ORDERS_SHOWN) {
        views.push(order_views::view(unit, order).await?);
    }
    Ok(views)
}
