//! What was charged, and what failed?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::instruments::{Instrument, InstrumentKind, InstrumentName};
use super::plans::{InstallmentState, Plan, PlanView};
use crate::clock::Moment;
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

/// How a charge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    Succeeded,
    Failed,
    Pending,
}

/// What was charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    Installment,
    ExtensionFee,
}

/// Why a charge failed: a stable code (`card_expired`, `insufficient_funds`, `card_declined`, `mandate_cancelled`) and
/// a sentence.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub code: String,
    pub text: String,
}

/// One charge, or the attempt.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    pub id: String,
    pub customer_id: String,
    pub order_id: String,
    pub plan_id: String,
    pub installment_id: String,
    pub kind: PaymentKind,
    pub merchant: String,
    pub amount: Money,
    pub state: PaymentState,
    pub at: Moment,
    pub instrument: Option<InstrumentName>,
    pub failure: Option<Failure>,
}

impl Record for Payment {
    const KIND: &'static str = "payment";
    const NOUN: &'static str = "payment";

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

/// Which payments; all when absent.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentsQuery {
    #[param(inline)]
    status: Option<PaymentState>,
}

/// A customer's payments, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/payments", tag = "payments", params(("id" = String, Path), PaymentsQuery),
    responses((status = 200, body = [Payment])),
)]
pub async fn customer_payments(
    Path(id): Path<String>,
    Asked(query): Asked<PaymentsQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<Payment>>, Refusal> {
    let mut payments: Vec<Payment> = records_of(&mut unit, &id).await?;
    payments.retain(|payment| query.status.is_none_or(|status| payment.state == status));
    payments.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    Ok(Json(payments))
}

/// A payment by id.
#[utoipa::path(
    get, path = "/payments/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = Payment)),
)]
pub async fn payment(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Payment>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// What to charge instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPayment {
    instrument_id: String,
}

/// The payment as it then is, and its plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentRetried {
    receipt_id: String,
    payment: Payment,
    plan: Option<PlanView>,
}

/// Charges a failed payment again, to an instrument of the same customer.
#[utoipa::path(
    post, path = "/payments/{id}/retry", tag = "payments", params(("id" = String, Path)),
    request_body = RetryPayment,
    responses((status = 200, body = PaymentRetried), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn retry_payment(Path(id): Path<String>, mut write: Write<RetryPayment>) -> Response {
    let outcome = retry(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn retry(unit: &mut Unit, id: &str, request: &RetryPayment) -> Result<PaymentRetried, Refusal> {
    let mut payment: Payment = unit.require(id).await?;
    let instrument: Instrument = unit.require(&request.instrument_id).await?;
    let mut plan: Option<Plan> = unit.get(&payment.plan_id).await?;
    must_be_chargeable(&payment, plan.as_ref(), &instrument, unit.now)?;
    payment.state = PaymentState::Succeeded;
    payment.at = unit.now;
    payment.instrument = Some(instrument.name());
    payment.failure = None;
    unit.save(&payment, "succeeded").await?;
    if let Some(plan) = &mut plan {
        settle(plan, &payment);
        unit.save(plan, "installment_paid").await?;
    }
    let receipt_id = unit.receipt("payment.retry", &payment).await?;
    let today = unit.now.day();
    Ok(PaymentRetried { receipt_id, payment, plan: plan.map(|plan| plan.view(today)) })
}

fn settle(plan: &mut Plan, payment: &Payment) {
    for installment in plan.installments.iter_mut().filter(|installment| installment.id == payment.installment_id) {
        installment.state = InstallmentState::Paid;
        installment.paid_at = Some(payment.at);
    }
}

fn must_be_chargeable(
    payment: &Payment,
    plan: Option<&Plan>,
    instrument: &Instrument,
    now: Moment,
) -> Result<(), Refusal> {
    let open = |plan: &Plan| {
        let of_payment = plan.installments.iter().find(|installment| installment.id == payment.installment_id);
        of_payment.is_none_or(|installment| installment.state == InstallmentState::Open)
    };
    if payment.state != PaymentState::Failed || !plan.is_none_or(open) {
        return Err(Refusal::rule(
            "payment_not_failed",
            format!("payment {} did not fail, or its instalment was paid since", payment.id),
        ));
    }
    if instrument.customer_id != payment.customer_id {
        return Err(Refusal::rule("instrument_not_of_customer", "the instrument belongs to another customer"));
    }
    if instrument.kind == InstrumentKind::BankTransfer {
        return Err(Refusal::rule(
            "instrument_not_chargeable",
            "a bank transfer is made by the customer; choose a card or direct debit",
        ));
    }
    instrument.must_not_be_expired(now.day())
}
