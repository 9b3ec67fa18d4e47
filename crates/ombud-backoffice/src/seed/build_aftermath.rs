//! How do described returns, refunds and disputes become records?

use super::SeedError;
use super::build::Scene;
use super::spec::{DisputeSpec, OrderSpec, RefundSpec, ReturnSpec};
use crate::money::Money;
use crate::paylater::disputes::{Dispute, DisputeState};
use crate::paylater::orders::{Order, OrderItem};
use crate::paylater::plans::Plan;
use crate::paylater::refunds::{Refund, RefundState, Trace};
use crate::paylater::returns::{Return, ReturnState, SEND_DAYS, label_url};
use crate::storage::record::Written;

/// Writes down what became of an order, marks what went back, and pauses the plan where something is open.
pub fn build_aftermath(
    scene: &Scene<'_>,
    spec: &OrderSpec,
    order: &mut Order,
    mut plan: Plan,
    into: &mut Vec<Written>,
) -> Result<Plan, SeedError> {
    for (number, described) in (1_u32..).zip(&spec.returns) {
        let back = went_back(scene, order, number, described)?;
        for item_id in &back.item_ids {
            order.mark_returned(item_id);
        }
        if back.is_open() {
            plan.pause(back.reported_at.day(), "return", &back.id);
        }
        into.push(Written::of(&back)?);
    }
    for (number, described) in (1_u32..).zip(&spec.refunds) {
        into.push(Written::of(&refund(scene, order, &plan, (number, described))?)?);
    }
    for (number, described) in (1_u32..).zip(&spec.disputes) {
        let dispute = dispute(scene, order, number, described);
        if dispute.is_open() {
            plan.pause(dispute.opened_at.day(), "dispute", &dispute.id);
        }
        into.push(Written::of(&dispute)?);
    }
    Ok(plan)
}

fn chosen<'a>(scene: &Scene<'_>, order: &'a Order, positions: &[usize]) -> Result<Vec<&'a OrderItem>, SeedError> {
    if positions.is_empty() {
        return Ok(order.items.iter().collect());
    }
    let item = |position: &usize| {
        order.items.get(position.saturating_sub(1)).ok_or_else(|| scene.wrong("no such item went back"))
    };
    positions.iter().map(item).collect()
}

fn digits(order: &Order) -> String {
    order.id.replace("ORD-", "")
}

fn went_back(scene: &Scene<'_>, order: &Order, number: u32, spec: &ReturnSpec) -> Result<Return, SeedError> {
    let items = chosen(scene, order, &spec.items)?;
    let id = format!("RET-{}-{number}", digits(order));
    let reported_at = scene.days_ago(spec.days, number);
    let was_received = matches!(spec.state, ReturnState::Received | ReturnState::Refunded | ReturnState::Rejected);
    Ok(Return {
        label_url: label_url(&id),
        id,
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        item_ids: items.iter().map(|item| item.id.clone()).collect(),
        reason: spec.reason,
        state: spec.state,
        reported_at,
        send_by: reported_at.day().plus_days(SEND_DAYS),
        received_at: was_received.then(|| reported_at.plus_days(4).min(scene.now)),
        refund_amount: Money::sum(order.total.currency, items.into_iter().map(OrderItem::cost)),
    })
}

fn refund(
    scene: &Scene<'_>,
    order: &Order,
    plan: &Plan,
    (number, spec): (u32, &RefundSpec),
) -> Result<Refund, SeedError> {
    let items = chosen(scene, order, &spec.items)?;
    let requested_at = scene.days_ago(spec.days, number);
    let reached = |days: i64| requested_at.plus_days(days).min(scene.now.plus_seconds(-3_600));
    let is_approved = matches!(spec.state, RefundState::Approved | RefundState::Sent | RefundState::Settled);
    let is_sent = matches!(spec.state, RefundState::Sent | RefundState::Settled);
    let instrument = scene.instruments.iter().find(|instrument| Some(&instrument.id) == plan.instrument_id.as_ref());
    let to = instrument.filter(|_| !spec.to_plan).map(crate::paylater::instruments::Instrument::name);
    let id = format!("REF-{}-{number}", digits(order));
    Ok(Refund {
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        return_id: spec.of_return.map(|position| format!("RET-{}-{position}", digits(order))),
        payment_id: None,
        reference: None,
        merchant: order.merchant.name.clone(),
        amount: Money::sum(order.total.currency, items.into_iter().map(OrderItem::cost)),
        state: spec.state,
        to,
        requested_at,
        approved_at: is_approved.then(|| reached(1)),
        sent_at: is_sent.then(|| reached(2)),
        settled_at: (spec.state == RefundState::Settled).then(|| reached(4)),
        expected_by: scene.now.day().plus_days(spec.expected),
        rejected_reason: spec.rejected.clone(),
        trace: spec.traced.map(|days| Trace {
            id: id.replace("REF-", "TRC-"),
            opened_at: scene.days_ago(days, number),
            respond_by: scene.now.day().plus_days(-days).plus_working_days(5),
        }),
        id,
    })
}

fn dispute(scene: &Scene<'_>, order: &Order, number: u32, spec: &DisputeSpec) -> Dispute {
    let opened_at = scene.days_ago(spec.days, number);
    let resolved = matches!(spec.state, DisputeState::ResolvedForCustomer | DisputeState::ResolvedForMerchant);
    Dispute {
        id: format!("DSP-{}-{number}", digits(order)),
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        kind: spec.kind,
        item_ids: Vec::new(),
        description: spec.description.clone(),
        state: spec.state,
        opened_at,
        respond_by: Dispute::respond_by(opened_at.day()),
        resolved_at: resolved.then(|| opened_at.plus_days(5).min(scene.now)),
        outcome: spec.outcome.clone(),
    }
}
