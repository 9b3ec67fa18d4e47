//! How does a described customer become records?

use super::SeedError;
use super::build_order::build_order;
use super::catalogue::{limit_reason, market};
use super::spec::{InstrumentSpec, PersonSpec};
use crate::clock::Moment;
use crate::money::Money;
use crate::paylater::customers::{Address, Customer, LimitReason, dialling_code};
use crate::paylater::instruments::{Instrument, InstrumentKind};
use crate::paylater::notes::Note;
use crate::paylater::tickets::{COMPLAINT_WORKING_DAYS, Ticket};
use crate::paylater::transactions::{Transaction, TransactionState};
use crate::storage::record::Written;

/// What the builders of one customer's records share.
pub struct Scene<'a> {
    pub now: Moment,
    pub spec: &'a PersonSpec,
    pub customer: Customer,
    pub instruments: Vec<Instrument>,
}

impl Scene<'_> {
    /// The instrument with this position, from 1.
    pub fn instrument(&self, position: usize) -> Option<&Instrument> {
        self.instruments.get(position.saturating_sub(1))
    }

    /// So many days ago, at an hour that differs from record to record.
    pub fn days_ago(&self, days: i64, number: u32) -> Moment {
        let minutes = 5 + i64::from(number.wrapping_mul(37) % 200);
        self.now.plus_days(-days).plus_seconds(-60 * minutes)
    }

    /// The error for a description that cannot be true.
    pub fn wrong(&self, problem: impl Into<String>) -> SeedError {
        SeedError::Story { number: self.spec.number, problem: problem.into() }
    }
}

/// Writes down all records of a customer.
pub fn build(spec: &PersonSpec, now: Moment, into: &mut Vec<Written>) -> Result<(), SeedError> {
    let scene = Scene { now, spec, customer: customer(spec, now), instruments: instruments(spec, now) };
    into.push(Written::of(&scene.customer)?);
    for instrument in &scene.instruments {
        into.push(Written::of(instrument)?);
    }
    let first = spec.first_order.unwrap_or_else(|| story_orders(spec.number));
    for (number, order) in (first..).zip(&spec.orders) {
        build_order(&scene, number, order, into)?;
    }
    transactions(&scene, into)?;
    notes(&scene, into)?;
    tickets(&scene, into)
}

/// C-100007 has ORD-100701, ORD-100702 and so on.
const fn story_orders(number: u32) -> u32 {
    let story = number.saturating_sub(100_000);
    story.saturating_mul(100).saturating_add(100_001)
}

fn customer(spec: &PersonSpec, now: Moment) -> Customer {
    let (currency, locale, domain) = market(&spec.market);
    let number = spec.number;
    Customer {
        id: format!("C-{number}"),
        email: format!("{}@example.{domain}", mailbox(spec)),
        phone: format!("+{}70174{:04}", dialling_code(&spec.market), number % 10_000),
        first_name: spec.first_name.clone(),
        last_name: spec.last_name.clone(),
        market: spec.market.clone(),
        locale: locale.to_owned(),
        postal_code: spec.postal_code.clone(),
        addresses: vec![Address {
            id: format!("ADR-{number}-1"),
            kind: "home".to_owned(),
            line1: spec.line1.clone(),
            line2: None,
            postal_code: spec.postal_code.clone(),
            city: spec.city.clone(),
            region: None,
            country: spec.market.clone(),
        }],
        status: spec.status,
        spending_limit: Money { minor: spec.limit, currency },
        limit_reasons: spec
            .reasons
            .iter()
            .map(|code| LimitReason { code: code.clone(), text: limit_reason(code).to_owned() })
            .collect(),
        credentials_changed_at: spec.credentials_changed_hours_ago.map(|hours| now.plus_seconds(-3_600 * hours)),
        customer_since: now.day().plus_days(-spec.since),
        special_care: spec.special_care,
        story: spec.story.clone(),
    }
}

/// `astrid.lindqvist`; generated customers get their digits too, because their names repeat.
fn mailbox(spec: &PersonSpec) -> String {
    let plain = |name: &str| -> String {
        let name =
            name.to_lowercase().replace(['å', 'ä', 'á', 'ą'], "a").replace(['ö', 'ø', 'ó'], "o").replace('ü', "u");
        let name = name
            .replace(['é', 'ę'], "e")
            .replace('ł', "l")
            .replace(['ń', 'ñ'], "n")
            .replace('ß', "ss")
            .replace(['ś', 'š'], "s");
        name.chars().filter(|c| c.is_ascii_alphanumeric()).collect()
    };
    let name = format!("{}.{}", plain(&spec.first_name), plain(&spec.last_name));
    if spec.first_order.is_some() { format!("{name}{}", spec.number) } else { name }
}

fn instruments(spec: &PersonSpec, now: Moment) -> Vec<Instrument> {
    let card = |position: usize, given: &InstrumentSpec| Instrument {
        id: format!("PM-{}-{}", spec.number, position + 1),
        customer_id: format!("C-{}", spec.number),
        kind: given.kind,
        brand: given.brand.clone(),
        last4: given.last4.clone(),
        is_default: position == 0,
        expires: (given.kind == InstrumentKind::Card).then(|| now.day().plus_days(given.months * 30).year_month()),
    };
    spec.instruments.iter().enumerate().map(|(position, given)| card(position, given)).collect()
}

fn transactions(scene: &Scene<'_>, into: &mut Vec<Written>) -> Result<(), SeedError> {
    for (number, spec) in (1_u32..).zip(&scene.spec.transactions) {
        into.push(Written::of(&Transaction {
            id: format!("TXN-{}-{number}", scene.spec.number),
            customer_id: scene.customer.id.clone(),
            order_id: None,
            merchant: spec.merchant.clone(),
            amount: Money { minor: spec.amount, currency: scene.customer.spending_limit.currency },
            at: scene.days_ago(spec.days, number),
            channel: spec.place.channel.clone(),
            city: spec.place.city.clone(),
            country: spec.place.country.clone(),
            device: spec.place.device.clone(),
            device_seen_on: Some(scene.days_ago(spec.place.device_seen, number).day()),
            state: TransactionState::Authorized,
            fraud_case_id: None,
        })?);
    }
    Ok(())
}

fn notes(scene: &Scene<'_>, into: &mut Vec<Written>) -> Result<(), SeedError> {
    for (number, spec) in (1_u32..).zip(&scene.spec.notes) {
        into.push(Written::of(&Note {
            id: format!("NOT-{}-{number}", scene.spec.number),
            customer_id: scene.customer.id.clone(),
            at: scene.days_ago(spec.days, number),
            author: spec.author.clone(),
            text: spec.text.clone(),
        })?);
    }
    Ok(())
}

fn tickets(scene: &Scene<'_>, into: &mut Vec<Written>) -> Result<(), SeedError> {
    for (number, spec) in (1_u32..).zip(&scene.spec.tickets) {
        let opened_at = scene.days_ago(spec.days, number);
        let days = if spec.kind == "complaint" { COMPLAINT_WORKING_DAYS } else { 3 };
        into.push(Written::of(&Ticket {
            id: format!("TCK-{}-{number}", scene.spec.number),
            customer_id: scene.customer.id.clone(),
            reference: format!("NP-T-{}-{number}", scene.spec.number),
            kind: spec.kind.clone(),
            subject: spec.subject.clone(),
            priority: spec.priority,
            description: spec.description.clone(),
            state: spec.state.clone(),
            opened_at,
            respond_by: opened_at.day().plus_working_days(days),
        })?);
    }
    Ok(())
}
