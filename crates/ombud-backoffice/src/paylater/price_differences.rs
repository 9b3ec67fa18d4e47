//! How does a plan grow when an item is swapped for a dearer one, and how is that taken back?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::exchanges::{difference, wanted};
use super::orders::require_order;
use super::plans::{InstallmentState, Plan, PlanView};
use super::products::Product;
use crate::clock::Moment;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

/// Where a difference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceState {
    Added,
    Reversed,
}

/// What one instalment was raised by.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Raised {
    installment_id: String,
    amount: Money,
}

/// A difference in price that was added to a plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PriceDifference {
    id: String,
    customer_id: String,
    order_id: String,
    plan_id: String,
    item_id: String,
    variant_id: String,
    amount: Money,
    state: DifferenceState,
    raised: Vec<Raised>,
    at: Moment,
}

impl Record for PriceDifference {
    const KIND: &'static str = "price_difference";
    const NOUN: &'static str = "price difference";

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

/// For which exchange.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDifference {
    item_id: String,
    variant_id: String,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseDifference {}

/// The difference, and the plan as it then is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceSettled {
    receipt_id: String,
    difference: PriceDifference,
    plan: PlanView,
}

/// The differences of an order, oldest first.
#[utoipa::path(
    get, path = "/orders/{id}/price_differences", tag = "plans", params(("id" = String, Path)),
    responses((status = 200, body = [PriceDifference])),
)]
pub async fn price_differences(
    Path(id): Path<String>,
    Read(mut unit): Read,
) -> Result<Json<Vec<PriceDifference>>, Refusal> {
    let order = require_order(&mut unit, &id).await?;
    let mut differences: Vec<PriceDifference> = unit.find(ORDER, &order.id).await?;
    differences.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    Ok(Json(differences))
}

/// Adds what a dearer variant costs more to the instalments that are still to be paid.
#[utoipa::path(
    post, path = "/orders/{id}/price_differences", tag = "plans", params(("id" = String, Path)),
    request_body = AddDifference,
    responses((status = 200, body = DifferenceSettled), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn add_price_difference(Path(id): Path<String>, mut write: Write<AddDifference>) -> Response {
    let outcome = add(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

/// Takes a difference off the plan again, once.
#[utoipa::path(
    post, path = "/orders/{id}/price_differences/{difference_id}/reverse", tag = "plans",
    params(("id" = String, Path), ("difference_id" = String, Path)), request_body = ReverseDifference,
    responses((status = 200, body = DifferenceSettled), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn reverse_price_difference(
    Path((id, difference_id)): Path<(String, String)>,
    mut write: Write<ReverseDifference>,
) -> Response {
    let outcome = reverse(&mut write.unit, &id, &difference_id).await;
    write.finish(outcome).await
}

async fn add(unit: &mut Unit, order_id: &str, request: &AddDifference) -> Result<DifferenceSettled, Refusal> {
    let order = require_order(unit, order_id).await?;
    let item = order.item_to_take_back(&request.item_id)?.clone();
    let product: Product = unit.require(&item.product_id).await?;
    let amount = difference(&item, wanted(&product, &item, &request.variant_id)?);
    if amount.minor <= 0 {
        return Err(Refusal::rule("not_dearer", "the other variant costs no more"));
    }
    let no_plan = || Refusal::rule("no_open_installments", "nothing of this order is still to be paid in instalments");
    let mut plan: Plan = unit.require(order.plan_id.as_deref().ok_or_else(no_plan)?).await?;
    let raised = raise(&mut plan, amount);
    if raised.is_empty() || plan.pause.is_some() {
        return Err(no_plan());
    }
    let added = PriceDifference {
        id: unit.next_id("DIF").await?,
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        plan_id: plan.id.clone(),
        item_id: item.id,
        variant_id: request.variant_id.clone(),
        amount,
        state: DifferenceState::Added,
        raised,
        at: unit.now,
    };
    settle(unit, added, &plan, ("difference_added", "plan.raise")).await
}

async fn reverse(unit: &mut Unit, order_id: &str, id: &str) -> Result<DifferenceSettled, Refusal> {
    let mut difference: PriceDifference = unit.require(id).await?;
    if difference.order_id != order_id {
        return Err(Refusal::NotFound { noun: PriceDifference::NOUN, id: id.to_owned() });
    }
    if difference.state == DifferenceState::Reversed {
        return Err(Refusal::rule("difference_reversed", format!("difference {id} was taken off already")));
    }
    let mut plan: Plan = unit.require(&difference.plan_id).await?;
    for raised in &difference.raised {
        let found = plan.installments.iter_mut().find(|installment| installment.id == raised.installment_id);
        match found {
            Some(installment) if installment.state == InstallmentState::Open => {
                installment.amount = installment.amount.minus(raised.amount);
            }
            _ => return Err(Refusal::rule("installment_not_open", "part of the difference was paid already")),
        }
    }
    difference.state = DifferenceState::Reversed;
    settle(unit, difference, &plan, ("difference_reversed", "plan.lower")).await
}

async fn settle(
    unit: &mut Unit,
    difference: PriceDifference,
    plan: &Plan,
    (change, deed): (&str, &str),
) -> Result<DifferenceSettled, Refusal> {
    unit.save(&difference, change).await?;
    unit.save(plan, change).await?;
    let receipt_id = unit.receipt(deed, &difference).await?;
    let today = unit.now.day();
    Ok(DifferenceSettled { receipt_id, difference, plan: plan.view(today) })
}

/// Parts as equal as they can be, the last takes what is left.
fn raise(plan: &mut Plan, amount: Money) -> Vec<Raised> {
    let mut open: Vec<_> =
        plan.installments.iter_mut().filter(|installment| installment.state == InstallmentState::Open).collect();
    let Ok(count) = i64::try_from(open.len()) else { return Vec::new() };
    let Some(each) = amount.minor.checked_div(count) else { return Vec::new() };
    let mut left = amount.minor;
    let last = open.len().saturating_sub(1);
    let mut raised = Vec::new();
    for (place, installment) in open.iter_mut().enumerate() {
        let minor = if place == last { left } else { each };
        left = left.saturating_sub(minor);
        let part = Money { minor, currency: amount.currency };
        installment.amount = installment.amount.plus(part);
        raised.push(Raised { installment_id: installment.id.clone(), amount: part });
    }
    raised
}
