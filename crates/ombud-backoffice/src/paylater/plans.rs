//! How is an order paid over time?
//!
//! INVARIANT: a plan's total is the sum of its instalments that are not cancelled; paid and remaining add up to it
//! (`plans_add_up_in_every_seed` in tests/seeds.rs).

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::extensions::{EXTENSION_DAYS, extension_fee, refusal_code};
use super::late_fees::{late_fees, late_fees_due_on, next_late_fee_on};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::money::{Currency, Money};
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// One bill, 30 days after the purchase.
    #[serde(rename = "pay_in_30")]
    PayIn30,
    /// Three parts, 30 days apart, the first at the purchase.
    #[serde(rename = "pay_in_3")]
    PayIn3,
    /// Four parts, two weeks apart, the first at the purchase.
    #[serde(rename = "pay_in_4")]
    PayIn4,
    /// Twelve monthly parts.
    Financing,
}

impl PlanKind {
    /// Number of parts, days to the first, days between them.
    pub const fn schedule(self) -> (u32, i64, i64) {
        match self {
            Self::PayIn30 => (1, 30, 0),
            Self::PayIn3 => (3, 0, 30),
            Self::PayIn4 => (4, 0, 14),
            Self::Financing => (12, 30, 30),
        }
    }
}

/// Where a plan stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    Active,
    Paused,
    Overdue,
    Settled,
    Cancelled,
}

/// What is stored of an instalment's state; the rest follows from today's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallmentState {
    Open,
    Paid,
    Cancelled,
}

/// Where an instalment stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstallmentStanding {
    Paid,
    Due,
    Overdue,
    Paused,
    Extended,
    Cancelled,
}

/// One part of a plan as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Installment {
    pub id: String,
    pub number: u32,
    pub due_on: Day,
    pub original_due_on: Day,
    pub amount: Money,
    pub state: InstallmentState,
    pub paid_at: Option<Moment>,
    pub extensions_used: u32,
}

/// Why nothing is due at present.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    pub since: Day,
    /// `return` or `dispute`.
    pub reason: String,
    pub record_id: String,
}

/// The merchant's name on a plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MerchantName {
    pub id: String,
    pub name: String,
}

/// A plan as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub merchant: MerchantName,
    pub kind: PlanKind,
    pub instrument_id: Option<String>,
    pub installments: Vec<Installment>,
    pub pause: Option<Pause>,
    /// Taken off the plan after returns.
    pub credited: Money,
    /// What one late fee costs in the customer's market.
    pub late_fee: Money,
}

impl Record for Plan {
    const KIND: &'static str = "plan";
    const NOUN: &'static str = "plan";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = vec![(ORDER, self.order_id.clone())];
        keys.extend(self.installments.iter().map(|installment| ("installment", installment.id.clone())));
        keys
    }
}

/// What is to be paid next, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextDue {
    pub installment_id: String,
    pub due_on: Day,
    pub amount: Money,
}

/// An instalment with what follows from today's date.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstallmentView {
    id: String,
    number: u32,
    due_on: Day,
    original_due_on: Day,
    amount: Money,
    state: InstallmentStanding,
    paid_at: Option<Moment>,
    extendable: bool,
    /// `already_extended`, `overdue_too_long` or `not_extendable`.
    not_extendable_reason: Option<&'static str>,
    extensions_used: u32,
    extension_days: i64,
    extension_fee: Money,
    extended_due_on: Option<Day>,
    /// Added so far because it was paid late, or is not paid yet; not part of the amount.
    late_fees: Money,
    /// When they are taken, as a payment of their own; none where none was added.
    late_fees_due_on: Option<Day>,
    /// When the next late fee is added, if it is still unpaid then.
    next_late_fee_on: Option<Day>,
}

/// A plan with what follows from today's date.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    id: String,
    customer_id: String,
    order_id: String,
    merchant: MerchantName,
    kind: PlanKind,
    state: PlanState,
    instrument_id: Option<String>,
    total: Money,
    paid: Money,
    remaining: Money,
    credited: Money,
    /// What one late fee costs.
    late_fee: Money,
    pause: Option<Pause>,
    installments: Vec<InstallmentView>,
    next_due: Option<NextDue>,
}

impl Plan {
    fn currency(&self) -> Currency {
        self.credited.currency
    }

    fn sum(&self, of: impl Fn(InstallmentState) -> bool) -> Money {
        let amounts =
            self.installments.iter().filter(|installment| of(installment.state)).map(|installment| installment.amount);
        Money::sum(self.currency(), amounts)
    }

    /// The sum of all parts that are not cancelled.
    pub fn total(&self) -> Money {
        self.sum(|state| state != InstallmentState::Cancelled)
    }

    /// What was paid.
    pub fn paid(&self) -> Money {
        self.sum(|state| state == InstallmentState::Paid)
    }

    /// What is still to be paid.
    pub fn remaining(&self) -> Money {
        self.sum(|state| state == InstallmentState::Open)
    }

    /// Where the plan stands on a day.
    pub fn state(&self, today: Day) -> PlanState {
        let has = |wanted| self.installments.iter().any(|installment| installment.state == wanted);
        if !has(InstallmentState::Open) {
            return if has(InstallmentState::Cancelled) { PlanState::Cancelled } else { PlanState::Settled };
        }
        if self.pause.is_some() {
            return PlanState::Paused;
        }
        let late = self
            .installments
            .iter()
            .any(|installment| self.standing(installment, today) == InstallmentStanding::Overdue);
        if late { PlanState::Overdue } else { PlanState::Active }
    }

    /// Where an instalment of the plan stands on a day.
    pub fn standing(&self, installment: &Installment, today: Day) -> InstallmentStanding {
        match installment.state {
            InstallmentState::Paid => InstallmentStanding::Paid,
            InstallmentState::Cancelled => InstallmentStanding::Cancelled,
            InstallmentState::Open if self.pause.is_some() => InstallmentStanding::Paused,
            InstallmentState::Open if installment.due_on < today => InstallmentStanding::Overdue,
            InstallmentState::Open if installment.extensions_used > 0 => InstallmentStanding::Extended,
            InstallmentState::Open => InstallmentStanding::Due,
        }
    }

    /// What is to be paid next; nothing while the plan is paused.
    pub fn next_due(&self) -> Option<NextDue> {
        if self.pause.is_some() {
            return None;
        }
        let open = self.installments.iter().filter(|installment| installment.state == InstallmentState::Open);
        let next = open.min_by_key(|installment| (installment.due_on, installment.number))?;
        Some(NextDue { installment_id: next.id.clone(), due_on: next.due_on, amount: next.amount })
    }

    /// Stops payments while something is looked into. A plan without open parts, or paused already, stays as it is.
    pub fn pause(&mut self, since: Day, reason: &str, record_id: &str) -> bool {
        let open = self.installments.iter().any(|installment| installment.state == InstallmentState::Open);
        if !open || self.pause.is_some() {
            return false;
        }
        self.pause = Some(Pause { since, reason: reason.to_owned(), record_id: record_id.to_owned() });
        true
    }

    /// An instalment's view on a day.
    pub fn installment_view(&self, installment: &Installment, today: Day) -> InstallmentView {
        let refusal = refusal_code(self, installment, today);
        InstallmentView {
            id: installment.id.clone(),
            number: installment.number,
            due_on: installment.due_on,
            original_due_on: installment.original_due_on,
            amount: installment.amount,
            state: self.standing(installment, today),
            paid_at: installment.paid_at,
            extendable: refusal.is_none(),
            not_extendable_reason: refusal,
            extensions_used: installment.extensions_used,
            extension_days: EXTENSION_DAYS,
            extension_fee: extension_fee(self),
            extended_due_on: refusal.is_none().then(|| installment.due_on.plus_days(EXTENSION_DAYS)),
            late_fees: late_fees(self, installment, today),
            late_fees_due_on: late_fees_due_on(self, installment, today),
            next_late_fee_on: next_late_fee_on(self, installment, today),
        }
    }

    /// The plan's view on a day.
    pub fn view(&self, today: Day) -> PlanView {
        PlanView {
            id: self.id.clone(),
            customer_id: self.customer_id.clone(),
            order_id: self.order_id.clone(),
            merchant: self.merchant.clone(),
            kind: self.kind,
            state: self.state(today),
            instrument_id: self.instrument_id.clone(),
            total: self.total(),
            paid: self.paid(),
            remaining: self.remaining(),
            credited: self.credited,
            late_fee: self.late_fee,
            pause: self.pause.clone(),
            installments: self
                .installments
                .iter()
                .map(|installment| self.installment_view(installment, today))
                .collect(),
            next_due: self.next_due(),
        }
    }
}

/// What all plans together still cost.
pub fn outstanding(plans: &[Plan], currency: Currency) -> Money {
    Money::sum(currency, plans.iter().map(Plan::remaining))
}

/// Pauses the plan of an order and gives it as it then is; none if the order has no plan.
pub async fn pause_plan(
    unit: &mut Unit,
    plan_id: Option<&str>,
    reason: &str,
    record_id: &str,
) -> Result<Option<PlanView>, Refusal> {
    let Some(plan_id) = plan_id else { return Ok(None) };
    let mut plan: Plan = unit.require(plan_id).await?;
    let today = unit.now.day();
    if plan.pause(today, reason, record_id) {
        unit.save(&plan, "paused").await?;
    }
    Ok(Some(plan.view(today)))
}

/// The plan that holds an instalment.
pub async fn plan_of_installment(unit: &mut Unit, installment_id: &str) -> Result<Plan, Refusal> {
    let plans: Vec<Plan> = unit.find("installment", installment_id).await?;
    plans.into_iter().next().ok_or_else(|| Refusal::NotFound { noun: "installment", id: installment_id.to_owned() })
}

/// A customer's plans, newest order first.
#[utoipa::path(
    get, path = "/customers/{id}/plans", tag = "plans", params(("id" = String, Path)),
    responses((status = 200, body = [PlanView])),
)]
pub async fn customer_plans(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<PlanView>>, Refusal> {
    let mut plans: Vec<Plan> = records_of(&mut unit, &id).await?;
    plans.sort_by(|one, other| other.id.cmp(&one.id));
    let today = unit.now.day();
    Ok(Json(plans.iter().map(|plan| plan.view(today)).collect()))
}

/// A plan by id.
#[utoipa::path(
    get, path = "/plans/{id}", tag = "plans", params(("id" = String, Path)),
    responses((status = 200, body = PlanView)),
)]
pub async fn plan(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<PlanView>, Refusal> {
    let plan: Plan = unit.require(&id).await?;
    Ok(Json(plan.view(unit.now.day())))
}

/// An instalment with the plan it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstallmentOfPlan {
    #[serde(flatten)]
    installment: InstallmentView,
    plan_id: String,
    order_id: String,
    customer_id: String,
    merchant: MerchantName,
}

/// An instalment by id.
#[utoipa::path(
    get, path = "/installments/{id}", tag = "plans", params(("id" = String, Path)),
    responses((status = 200, body = InstallmentOfPlan)),
)]
pub async fn installment(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<InstallmentOfPlan>, Refusal> {
    let plan = plan_of_installment(&mut unit, &id).await?;
    let found = plan.installments.iter().find(|installment| installment.id == id);
    let found = found.ok_or(Refusal::NotFound { noun: "installment", id })?;
    let installment = plan.installment_view(found, unit.now.day());
    Ok(Json(InstallmentOfPlan {
        installment,
        plan_id: plan.id,
        order_id: plan.order_id,
        customer_id: plan.customer_id,
        merchant: plan.merchant,
    }))
}
