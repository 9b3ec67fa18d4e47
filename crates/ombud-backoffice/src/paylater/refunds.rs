//! Where is the money that is owed back?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::instruments::InstrumentName;
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::{ORDER, PAYMENT, Record};
use crate::storage::unit::{Read, Unit};

/// Within how many working days money is back, at the latest; what customers are promised.
const REFUND_WORKING_DAYS: u32 = 7;
/// Working days within which a trace is answered.
const TRACE_WORKING_DAYS: u32 = 5;

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    Requested,
    Approved,
    Sent,
    Settled,
    Rejected,
}

/// A search for money that was sent and did not arrive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    pub id: String,
    pub opened_at: Moment,
    pub respond_by: Day,
}

/// A refund as stored. `to` is null when it is set off against the plan; a payment and the caller's reference stand there when part of that
/// payment was given back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub return_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub merchant: String,
    pub amount: Money,
    pub state: RefundState,
    pub to: Option<InstrumentName>,
    pub requested_at: Moment,
    pub approved_at: Option<Moment>,
    pub sent_at: Option<Moment>,
    pub settled_at: Option<Moment>,
    pub expected_by: Day,
    pub rejected_reason: Option<String>,
    pub trace: Option<Trace>,
}

/// A refund, and whether it is late today.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundView {
    #[serde(flatten)]
    refund: Refund,
    late: bool,
}

impl Record for Refund {
    const KIND: &'static str = "refund";
    const NOUN: &'static str = "refund";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let payment = self.payment_id.iter().map(|id| (PAYMENT, id.clone()));
        std::iter::once((ORDER, self.order_id.clone())).chain(payment).collect()
    }
}

/// What is owed back to whom.
#[derive(Debug)]
pub struct Owed {
    pub customer_id: String,
    pub order_id: String,
    pub merchant: String,
    pub amount: Money,
    pub to: Option<InstrumentName>,
}

impl Refund {
    /// A refund that is approved at once; it is not saved yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approved(unit: &mut Unit, owed: Owed) -> Result<Self, Refusal> {
        Ok(Self {
            id: unit.next_id("REF").await?,
            customer_id: owed.customer_id,
            order_id: owed.order_id,
            return_id: None,
            payment_id: None,
            reference: None,
            merchant: owed.merchant,
            amount: owed.amount,
            state: RefundState::Approved,
            to: owed.to,
            requested_at: unit.now,
            approved_at: Some(unit.now),
            sent_at: None,
            settled_at: None,
            expected_by: unit.now.day().plus_working_days(REFUND_WORKING_DAYS),
            rejected_reason: None,
            trace: None,
        })
    }

    /// True until the money is there or was refused.
    pub fn is_open(&self) -> bool {
        matches!(self.state, RefundState::Requested | RefundState::Approved | RefundState::Sent)
    }

    fn is_late(&self, today: Day) -> bool {
        self.is_open() && today > self.expected_by
    }

    /// The refund's view on a day.
    pub fn view(self, today: Day) -> RefundView {
        let late = self.is_late(today);
        RefundView { refund: self, late }
    }
}

/// A customer's refunds, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/refunds", tag = "refunds", params(("id" = String, Path)),
    responses((status = 200, body = [RefundView])),
)]
pub async fn customer_refunds(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<RefundView>>, Refusal> {
    let mut refunds: Vec<Refund> = records_of(&mut unit, &id).await?;
    refunds.sort_by(|one, other| (other.requested_at, &other.id).cmp(&(one.requested_at, &one.id)));
    let today = unit.now.day();
    Ok(Json(refunds.into_iter().map(|refund| refund.view(today)).collect()))
}

/// A refund by id.
#[utoipa::path(
    get, path = "/refunds/{id}", tag = "refunds", params(("id" = String, Path)),
    responses((status = 200, body = RefundView)),
)]
pub async fn refund(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<RefundView>, Refusal> {
    let refund: Refund = unit.require(&id).await?;
    Ok(Json(refund.view(unit.now.day())))
}

/// Nothing is needed beyond the refund's id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceRefund {}

/// The refund with its trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundTraced {
    receipt_id: String,
    refund: RefundView,
}

/// Opens a search for a refund that is late.
#[utoipa::path(
    post, path = "/refunds/{id}/trace", tag = "refunds", params(("id" = String, Path)), request_body = TraceRefund,
    responses((status = 200, body = RefundTraced), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn trace_refund(Path(id): Path<String>, mut write: Write<TraceRefund>) -> Response {
    let outcome = trace(&mut write.unit, &id).await;
    write.finish(outcome).await
}

async fn trace(unit: &mut Unit, id: &str) -> Result<RefundTraced, Refusal> {
    let mut refund: Refund = unit.require(id).await?;
    let today = unit.now.day();
    must_be_traceable(&refund, today)?;
    refund.trace = Some(Trace {
        id: unit.next_id("TRC").await?,
        opened_at: unit.now,
        respond_by: today.plus_working_days(TRACE_WORKING_DAYS),
    });
    unit.save(&refund, "trace_opened").await?;
    let receipt_id = unit.receipt("refund.trace", &refund).await?;
    Ok(RefundTraced { receipt_id, refund: refund.view(today) })
}

fn must_be_traceable(refund: &Refund, today: Day) -> Result<(), Refusal> {
    let id = &refund.id;
    match refund.state {
        RefundState::Settled => return Err(Refusal::rule("refund_settled", format!("refund {id} has arrived"))),
        RefundState::Rejected => return Err(Refusal::rule("refund_rejected", format!("refund {id} was rejected"))),
        RefundState::Requested | RefundState::Approved | RefundState::Sent => {}
    }
    if refund.trace.is_some() {
        return Err(Refusal::rule("trace_already_open", format!("refund {id} is being traced")));
    }
    if !refund.is_late(today) {
        return Err(Refusal::rule("refund_not_late", format!("refund {id} is expected by {}", refund.expected_by)));
    }
    Ok(())
}
