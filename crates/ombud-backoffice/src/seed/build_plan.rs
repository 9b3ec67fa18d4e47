//! How does a described plan become records?

use super::SeedError;
use super::build::Scene;
use super::spec::OrderSpec;
use crate::clock::{Day, Moment};
use crate::money::Money;
use crate::paylater::extensions::EXTENSION_DAYS;
use crate::paylater::late_fees::late_fee;
use crate::paylater::orders::{Order, OrderItem, OrderStatus};
use crate::paylater::payments::{Failure, Payment, PaymentKind, PaymentState};
use crate::paylater::plans::{Installment, InstallmentState, MerchantName, Plan};
use crate::storage::record::Written;

/// Charges run at six in the morning.
const CHARGE_HOUR_S: i64 = 6 * 3_600;

/// Makes the plan of an order and writes down the payments made on it. The plan itself is written by the caller, who
/// may pause it.
pub fn build_plan(
    scene: &Scene<'_>,
    number: u32,
    spec: &OrderSpec,
    order: &Order,
    into: &mut Vec<Written>,
) -> Result<Plan, SeedError> {
    let credited = credited(scene, spec, order)?;
    let mut plan = Plan {
        id: format!("PLN-{number}"),
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        merchant: MerchantName { id: order.merchant.id.clone(), name: order.merchant.name.clone() },
        kind: spec.plan.kind,
        instrument_id: scene.instrument(spec.plan.instrument).map(|instrument| instrument.id.clone()),
        installments: installments(scene, number, spec, order.total.minus(credited)),
        pause: None,
        credited,
        late_fee: late_fee(&scene.customer.market, order.total.currency),
    };
    for installment in plan.installments.iter().filter(|installment| installment.state == InstallmentState::Paid) {
        into.push(Written::of(&paid(scene, &plan, installment))?);
    }
    if let Some(payment) = failed(scene, spec, &plan)? {
        into.push(Written::of(&payment)?);
    }
    if order.status == OrderStatus::Cancelled && !spec.plan.runs_on {
        for installment in
            plan.installments.iter_mut().filter(|installment| installment.state == InstallmentState::Open)
        {
            installment.state = InstallmentState::Cancelled;
        }
    }
    Ok(plan)
}

fn credited(scene: &Scene<'_>, spec: &OrderSpec, order: &Order) -> Result<Money, SeedError> {
    let mut sum = Money::zero(order.total.currency);
    for position in &spec.plan.credited {
        let item = order.items.get(position.saturating_sub(1)).ok_or_else(|| scene.wrong("no such item to credit"))?;
        sum = sum.plus(OrderItem::cost(item));
    }
    Ok(sum)
}

fn installments(scene: &Scene<'_>, number: u32, spec: &OrderSpec, total: Money) -> Vec<Installment> {
    let (parts, first, step) = spec.plan.kind.schedule();
    let today = scene.now.day();
    let placed_at = scene.days_ago(spec.placed, number);
    let placed_on = placed_at.day();
    let part = |(part, amount): (u32, Money)| {
        let original_due_on = placed_on.plus_days(first + step * i64::from(part - 1) + spec.plan.shift);
        let extended = spec.plan.extended.contains(&part);
        let due_on = if extended { original_due_on.plus_days(EXTENSION_DAYS) } else { original_due_on };
        let is_paid = match spec.plan.paid {
            Some(paid) => part <= paid,
            None => due_on <= today && spec.plan.failed.as_ref().is_none_or(|failed| failed.part != part),
        };
        Installment {
            id: format!("INS-{number}-{part}"),
            number: part,
            due_on,
            original_due_on,
            amount,
            state: if is_paid { InstallmentState::Paid } else { InstallmentState::Open },
            paid_at: is_paid.then(|| charged_at(due_on, scene.now).max(placed_at)),
            extensions_used: u32::from(extended),
        }
    };
    (1..=parts).zip(total.split(parts)).map(part).collect()
}

/// On the due day, or just now if that has not come: paid ahead of time.
fn charged_at(due_on: Day, now: Moment) -> Moment {
    let today = now.day();
    let midnight = now.plus_seconds(-(now.micros().rem_euclid(86_400_000_000) / 1_000_000));
    midnight.plus_days(due_on.days_since(today)).plus_seconds(CHARGE_HOUR_S).min(now.plus_seconds(-1_800))
}

fn payment(scene: &Scene<'_>, plan: &Plan, installment: &Installment, at: Moment) -> Payment {
    let id = plan.instrument_id.as_ref();
    let instrument = scene.instruments.iter().find(|instrument| Some(&instrument.id) == id);
    Payment {
        id: installment.id.replace("INS-", "PAY-"),
        customer_id: plan.customer_id.clone(),
        order_id: plan.order_id.clone(),
        plan_id: plan.id.clone(),
        installment_id: installment.id.clone(),
        kind: PaymentKind::Installment,
        merchant: plan.merchant.name.clone(),
        amount: installment.amount,
        state: PaymentState::Succeeded,
        at,
        instrument: instrument.map(crate::paylater::instruments::Instrument::name),
        failure: None,
    }
}

fn paid(scene: &Scene<'_>, plan: &Plan, installment: &Installment) -> Payment {
    payment(scene, plan, installment, installment.paid_at.unwrap_or(scene.now))
}

fn failed(scene: &Scene<'_>, spec: &OrderSpec, plan: &Plan) -> Result<Option<Payment>, SeedError> {
    let Some(failed) = &spec.plan.failed else { return Ok(None) };
    let open = plan.installments.iter().find(|part| part.number == failed.part && part.state == InstallmentState::Open);
    let installment = open.ok_or_else(|| scene.wrong("the payment that failed is not one of an open part"))?;
    let mut payment = payment(scene, plan, installment, scene.days_ago(failed.days, failed.part));
    payment.state = PaymentState::Failed;
    payment.failure = Some(Failure { code: failed.code.clone(), text: failure_text(&failed.code).to_owned() });
    Ok(Some(payment))
}

fn failure_text(code: &str) -> &'static str {
    match code {
        "card_expired" => "The card has expired.",
        "insufficient_funds" => "There was not enough money on the account.",
        "mandate_cancelled" => "The direct debit mandate was cancelled at the bank.",
        _ => "The bank declined the payment.",
    }
}
