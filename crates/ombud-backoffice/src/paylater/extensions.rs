//! When may a due date be moved, and what does it cost?

use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payments::{Payment, PaymentKind, PaymentState};
use super::plans::{Installment, InstallmentStanding, InstallmentView, Plan, PlanKind, PlanView, plan_of_installment};
use crate::clock::Day;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::unit::Unit;

/// By how many days a due date moves.
pub const EXTENSION_DAYS: i64 = 14;
const EXTENSIONS_MAX: u32 = 1;
const OVERDUE_DAYS_MAX: i64 = 10;

/// By how many days; 14 is what the company offers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendInstallment {
    days: i64,
}

/// The instalment with its new due date, and the fee.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstallmentExtended {
    receipt_id: String,
    installment: InstallmentView,
    fee: Money,
    plan: PlanView,
}

/// Why the due date of an instalment cannot be moved; none when it can.
pub fn refusal_code(plan: &Plan, installment: &Installment, today: Day) -> Option<&'static str> {
    match plan.standing(installment, today) {
        InstallmentStanding::Paid | InstallmentStanding::Paused | InstallmentStanding::Cancelled => {
            return Some("not_extendable");
        }
        InstallmentStanding::Due | InstallmentStanding::Overdue | InstallmentStanding::Extended => {}
    }
    if plan.kind == PlanKind::Financing {
        return Some("not_extendable");
    }
    if installment.extensions_used >= EXTENSIONS_MAX {
        return Some("already_extended");
    }
    if today.days_since(installment.due_on) > OVERDUE_DAYS_MAX {
        return Some("overdue_too_long");
    }
    None
}

/// What moving a due date costs: nothing for a bill in 30 days, a small fee for plans in parts.
pub fn extension_fee(plan: &Plan) -> Money {
    let currency = plan.credited.currency;
    match plan.kind {
        PlanKind::PayIn30 | PlanKind::Financing => Money::zero(currency),
        PlanKind::PayIn3 | PlanKind::PayIn4 => currency.extension_fee(),
    }
}

/// Moves the due date of an instalment by two weeks, once.
#[utoipa::path(
    post, path = "/installments/{id}/extend", tag = "plans", params(("id" = String, Path)),
    request_body = ExtendInstallment,
    responses((status = 200, body = InstallmentExtended), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn extend_installment(Path(id): Path<String>, mut write: Write<ExtendInstallment>) -> Response {
    let outcome = extend(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn extend(unit: &mut Unit, id: &str, request: &ExtendInstallment) -> Result<InstallmentExtended, Refusal> {
    let mut plan = plan_of_installment(unit, id).await?;
    if request.days != EXTENSION_DAYS {
        return Err(Refusal::invalid(format!("`days` is {EXTENSION_DAYS}; no other extension is offered")));
    }
    let today = unit.now.day();
    let position = plan.installments.iter().position(|installment| installment.id == id);
    let not_found = || Refusal::NotFound { noun: "installment", id: id.to_owned() };
    let position = position.ok_or_else(not_found)?;
    let standing = plan.installments.get(position).ok_or_else(not_found)?.clone();
    if let Some(code) = refusal_code(&plan, &standing, today) {
        return Err(refusal(code, id));
    }
    let fee = extension_fee(&plan);
    let moved = plan.installments.get_mut(position).ok_or_else(not_found)?;
    moved.due_on = moved.due_on.plus_days(EXTENSION_DAYS);
    moved.extensions_used = moved.extensions_used.saturating_add(1);
    let moved = moved.clone();
    unit.save(&plan, "installment_extended").await?;
    if fee.minor > 0 {
        charge_fee(unit, &plan, &moved, fee).await?;
    }
    let receipt_id = unit.receipt("installment.extend", &plan).await?;
    Ok(InstallmentExtended {
        receipt_id,
        installment: plan.installment_view(&moved, today),
        fee,
        plan: plan.view(today),
    })
}

fn refusal(code: &'static str, id: &str) -> Refusal {
    let message = match code {
        "already_extended" => format!("instalment {id} was already extended once"),
        "overdue_too_long" => format!("instalment {id} is more than {OVERDUE_DAYS_MAX} days overdue"),
        _ => format!("instalment {id} cannot be extended: it is paid, paused, cancelled or part of a financing"),
    };
    Refusal::rule(code, message)
}

/// The fee is its own pending payment: the plan keeps adding up to the goods.
async fn charge_fee(unit: &mut Unit, plan: &Plan, installment: &Installment, fee: Money) -> Result<(), Refusal> {
    let payment = Payment {
        id: unit.next_id("PAY").await?,
        customer_id: plan.customer_id.clone(),
        order_id: plan.order_id.clone(),
        plan_id: plan.id.clone(),
        installment_id: installment.id.clone(),
        kind: PaymentKind::ExtensionFee,
        merchant: plan.merchant.name.clone(),
        amount: fee,
        state: PaymentState::Pending,
        at: unit.now,
        instrument: None,
        failure: None,
    };
    unit.save(&payment, "fee_charged").await
}
