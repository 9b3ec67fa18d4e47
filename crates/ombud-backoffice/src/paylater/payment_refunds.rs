//! How is part of a payment given back, as a payment provider does it?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payments::{Payment, PaymentState};
use super::refunds::{Owed, Refund, RefundState, RefundView};
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::PAYMENT;
use crate::storage::unit::{Read, Unit};

const REFERENCE_CHARS_MAX: usize = 64;

/// How much, and what the caller calls it. A reference may be used again: without an idempotency key, two requests are two refunds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPayment {
    amount_minor: i64,
    reference: String,
}

/// The refund, and what of the payment is left.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentRefunded {
    receipt_id: String,
    refund: RefundView,
    refundable: Money,
}

/// Which refunds of a payment; all when absent.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PaymentRefundsQuery {
    #[param(inline)]
    reference: Option<String>,
}

/// Gives back part of a payment that succeeded, never more than is left of it.
#[utoipa::path(
    post, path = "/payments/{id}/refunds", tag = "refunds", params(("id" = String, Path)), request_body = RefundPayment,
    responses((status = 200, body = PaymentRefunded), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn refund_payment(Path(id): Path<String>, mut write: Write<RefundPayment>) -> Response {
    let outcome = refund(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

/// Refunds of a payment, oldest first.
#[utoipa::path(
    get, path = "/payments/{id}/refunds", tag = "refunds", params(("id" = String, Path), PaymentRefundsQuery),
    responses((status = 200, body = [RefundView])),
)]
pub async fn payment_refunds(
    Path(id): Path<String>,
    Asked(query): Asked<PaymentRefundsQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<RefundView>>, Refusal> {
    let payment: Payment = unit.require(&id).await?;
    let mut refunds: Vec<Refund> = unit.find(PAYMENT, &payment.id).await?;
    refunds.retain(|refund| query.reference.is_none() || refund.reference == query.reference);
    refunds.sort_by(|one, other| (one.requested_at, &one.id).cmp(&(other.requested_at, &other.id)));
    let today = unit.now.day();
    Ok(Json(refunds.into_iter().map(|refund| refund.view(today)).collect()))
}

async fn refund(unit: &mut Unit, id: &str, request: &RefundPayment) -> Result<PaymentRefunded, Refusal> {
    let payment: Payment = unit.require(id).await?;
    if request.reference.is_empty() || request.reference.chars().count() > REFERENCE_CHARS_MAX {
        return Err(Refusal::invalid(format!("`reference` has 1 to {REFERENCE_CHARS_MAX} characters")));
    }
    if request.amount_minor <= 0 {
        return Err(Refusal::invalid("`amount_minor` is more than nothing"));
    }
    if payment.state != PaymentState::Succeeded {
        return Err(Refusal::rule("payment_not_captured", format!("payment {id} did not succeed")));
    }
    let earlier: Vec<Refund> = unit.find(PAYMENT, id).await?;
    let given = earlier.iter().filter(|refund| refund.state != RefundState::Rejected).map(|refund| refund.amount.minor);
    let left = given.fold(payment.amount.minor, i64::saturating_sub);
    let after = left.saturating_sub(request.amount_minor);
    if after < 0 {
        return Err(Refusal::rule("amount_above_refundable", format!("{left} minor units of payment {id} are left")));
    }
    let currency = payment.amount.currency;
    let owed = Owed {
        customer_id: payment.customer_id,
        order_id: payment.order_id,
        merchant: payment.merchant,
        amount: Money { minor: request.amount_minor, currency },
        to: payment.instrument,
    };
    let refund = Refund {
        payment_id: Some(payment.id),
        reference: Some(request.reference.clone()),
        ..Refund::approved(unit, owed).await?
    };
    unit.save(&refund, "approved").await?;
    let receipt_id = unit.receipt("payment.refund", &refund).await?;
    let today = unit.now.day();
    Ok(PaymentRefunded { receipt_id, refund: refund.view(today), refundable: Money { minor: after, currency } })
}
