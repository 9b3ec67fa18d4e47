//! How are thousands of customers made from a seed?
//!
//! Each customer is drawn from a generator of its own (seed and position), so that the first thousand are the same
//! whether a thousand or a hundred thousand are made.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::SeedError;
use super::build::build;
use super::catalogue::{Catalogue, market};
use super::people::{REGIONS, Region};
use super::spec::{
    DisputeSpec, FailedSpec, InstrumentSpec, ItemSpec, OrderSpec, PersonSpec, PlanSpec, RefundSpec, ReturnSpec,
};
use crate::clock::Moment;
use crate::paylater::customers::CustomerStatus;
use crate::paylater::disputes::{DisputeKind, DisputeState};
use crate::paylater::instruments::InstrumentKind;
use crate::paylater::orders::{OrderStatus, ParcelStatus};
use crate::paylater::plans::PlanKind;
use crate::paylater::refunds::RefundState;
use crate::paylater::returns::{ReturnReason, ReturnState};
use crate::storage::record::Written;

const FIRST_NUMBER: u32 = 200_001;
const ORDERS_MAX: u32 = 6;
const DAYS_BACK_MAX: i64 = 150;

/// Whether a customer's charges go through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Payer {
    OnTime,
    Late,
}

/// Writes down `count` customers drawn from a seed.
pub fn records(count: u32, seed: u64, now: Moment, into: &mut Vec<Written>) -> Result<(), SeedError> {
    for position in 0..count {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(u64::from(position));
        build(&person(position, &mut generator), now, into)?;
    }
    Ok(())
}

fn person(position: u32, generator: &mut ChaCha8Rng) -> PersonSpec {
    let region = region(generator);
    let (street, postal_code, city) = region.places.choose(generator).copied().unwrap_or_default();
    let (currency, ..) = market(region.market);
    let orders = generator.random_range(0..=ORDERS_MAX - 2);
    let euro_limit = *[30_000, 60_000, 100_000, 150_000].choose(generator).unwrap_or(&60_000);
    let payer = if generator.random_bool(0.06) { Payer::Late } else { Payer::OnTime };
    let status = if generator.random_bool(0.02) { CustomerStatus::Blocked } else { CustomerStatus::Active };
    let reason = match (status, payer) {
        (CustomerStatus::Blocked, _) => "account_blocked",
        (_, Payer::Late) => "overdue_installments",
        (_, Payer::OnTime) => "good_history",
    };
    PersonSpec {
        number: FIRST_NUMBER.saturating_add(position),
        first_order: Some(FIRST_NUMBER.saturating_add(position.saturating_mul(ORDERS_MAX))),
        first_name: pick(region.first_names, generator),
        last_name: pick(region.last_names, generator),
        market: region.market.to_owned(),
        line1: format!("{street} {}", generator.random_range(1..120)),
        postal_code: postal_code.to_owned(),
        city: city.to_owned(),
        limit: currency.price(euro_limit).minor,
        status,
        special_care: None,
        reasons: vec![reason.to_owned()],
        since: generator.random_range(160..2_000),
        credentials_changed_hours_ago: None,
        instruments: instruments(region, generator),
        orders: (0..orders).map(|_| order(payer, generator)).collect(),
        transactions: Vec::new(),
        notes: Vec::new(),
        tickets: Vec::new(),
        story: None,
    }
}

fn pick(names: &[&str], generator: &mut ChaCha8Rng) -> String {
    names.choose(generator).copied().unwrap_or_default().to_owned()
}

fn region(generator: &mut ChaCha8Rng) -> &'static Region {
    let mut drawn = generator.random_range(0..100);
    for region in &REGIONS {
        if drawn < region.share {
            return region;
        }
        drawn -= region.share;
    }
    &REGIONS[0]
}

fn instruments(region: &Region, generator: &mut ChaCha8Rng) -> Vec<InstrumentSpec> {
    let brand = if generator.random_bool(0.6) { "visa" } else { "mastercard" };
    let card = InstrumentSpec {
        kind: InstrumentKind::Card,
        brand: brand.to_owned(),
        last4: format!("{:04}", generator.random_range(0..10_000)),
        months: generator.random_range(1..48),
    };
    let mut instruments = vec![card];
    if generator.random_bool(0.4) {
        let kind = if generator.random_bool(0.7) { InstrumentKind::DirectDebit } else { InstrumentKind::BankTransfer };
        let last4 = format!("{:04}", generator.random_range(0..10_000));
        instruments.push(InstrumentSpec { kind, brand: region.bank.to_owned(), last4, months: 0 });
    }
    instruments
}

fn order(payer: Payer, generator: &mut ChaCha8Rng) -> OrderSpec {
    let placed = generator.random_range(0..DAYS_BACK_MAX);
    let status = status(placed, generator);
    let delivered = (status == OrderStatus::Delivered).then(|| (placed - generator.random_range(2..6)).max(0));
    let kind = plan_kind(generator);
    let items = items(generator);
    let mut spec = OrderSpec {
        items,
        placed,
        status,
        delivered,
        cancelled: (status == OrderStatus::Cancelled).then_some(placed),
        expected: None,
        parcel: None,
        plan: PlanSpec { kind, ..PlanSpec::default() },
        returns: Vec::new(),
        refunds: Vec::new(),
        disputes: Vec::new(),
        place: None,
        shipping: if generator.random_bool(0.3) { 490 } else { 0 },
    };
    if status == OrderStatus::Shipped && placed > 5 {
        spec.parcel = Some(ParcelStatus::Delayed);
    }
    if payer == Payer::Late {
        fail_a_part(&mut spec, generator);
    } else if let Some(delivered) = delivered {
        aftermath(&mut spec, delivered, generator);
    }
    spec
}

fn status(placed: i64, generator: &mut ChaCha8Rng) -> OrderStatus {
    if generator.random_bool(0.05) {
        return OrderStatus::Cancelled;
    }
    match placed {
        0 => OrderStatus::Placed,
        1 => OrderStatus::Packed,
        2..=4 => OrderStatus::Shipped,
        5..=9 if generator.random_bool(0.2) => OrderStatus::Shipped,
        _ => OrderStatus::Delivered,
    }
}

fn plan_kind(generator: &mut ChaCha8Rng) -> PlanKind {
    match generator.random_range(0..100) {
        0..50 => PlanKind::PayIn30,
        50..80 => PlanKind::PayIn3,
        80..92 => PlanKind::PayIn4,
        _ => PlanKind::Financing,
    }
}

/// One to three things of one merchant.
fn items(generator: &mut ChaCha8Rng) -> Vec<ItemSpec> {
    let on_sale = Catalogue::get().on_sale();
    let Some(first) = on_sale.choose(generator) else { return Vec::new() };
    let same_shop: Vec<_> = on_sale.iter().filter(|sold| sold.shop == first.shop).collect();
    let mut variants = vec![first.variant.id.clone()];
    for _ in 0..generator.random_range(0..3) {
        if let Some(next) = same_shop.choose(generator)
            && !variants.contains(&next.variant.id)
        {
            variants.push(next.variant.id.clone());
        }
    }
    variants
        .into_iter()
        .map(|variant| ItemSpec { variant, quantity: if generator.random_bool(0.1) { 2 } else { 1 } })
        .collect()
}

/// The first part that was due and is not paid, with the charge that failed.
fn fail_a_part(spec: &mut OrderSpec, generator: &mut ChaCha8Rng) {
    if spec.status == OrderStatus::Cancelled {
        return;
    }
    let (parts, first, step) = spec.plan.kind.schedule();
    let due = (1..=parts).rev().find(|part| first + step * i64::from(*part - 1) < spec.placed - 1);
    let Some(part) = due else { return };
    let late = spec.placed - first - step * i64::from(part - 1);
    let code = *["insufficient_funds", "card_declined"].choose(generator).unwrap_or(&"card_declined");
    spec.plan.failed = Some(FailedSpec { part, code: code.to_owned(), days: late });
}

/// One order in seven has a return, one in twenty-five a dispute.
fn aftermath(spec: &mut OrderSpec, delivered: i64, generator: &mut ChaCha8Rng) {
    if generator.random_bool(0.14) && delivered > 8 {
        let days = delivered - 2;
        let refunded = days > 12;
        let state = if refunded { ReturnState::Refunded } else { ReturnState::InTransit };
        spec.returns.push(ReturnSpec { items: vec![1], days, state, reason: ReturnReason::WrongSize });
        if refunded {
            let state = RefundState::Settled;
            spec.refunds.push(RefundSpec {
                items: vec![1],
                of_return: Some(1),
                days: days - 6,
                expected: 8 - days,
                state,
                to_plan: false,
                rejected: None,
                traced: None,
            });
        }
    } else if generator.random_bool(0.04) && delivered > 7 {
        spec.disputes.push(DisputeSpec {
            kind: DisputeKind::Defective,
            days: delivered - 1,
            state: DisputeState::ResolvedForCustomer,
            description: "It stopped working after a few days.".to_owned(),
            outcome: Some("The merchant sent a replacement.".to_owned()),
        });
    }
}
