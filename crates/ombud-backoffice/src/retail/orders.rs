//! What happens to a pending order: cancelling, and paying another way?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payment_methods::{credit, must_cover, of_user};
use super::records::{PaymentEntry, RetailOrder, RetailUser};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::unit::{Read, Unit};

const CANCEL_REASONS: [&str; 2] = ["no longer needed", "ordered by mistake"];

/// An order as changed, with the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderReceipt {
    pub receipt_id: String,
    #[serde(flatten)]
    pub order: RetailOrder,
}

/// Why the order is cancelled: `no longer needed` or `ordered by mistake`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRetailOrder {
    reason: String,
}

/// How the order is to be paid from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModifyPayment {
    payment_method_id: String,
}

/// The order id with its leading `#`, which callers may leave out of a path.
pub fn order_id(text: &str) -> String {
    if text.starts_with('#') { text.to_owned() } else { format!("#{text}") }
}

/// The refusal for an order that is not pending.
pub fn not_pending(order: &RetailOrder) -> Refusal {
    Refusal::rule("order_not_pending", format!("order {} is {}, not pending", order.order_id, order.status))
}

/// The refusal for an order that is not delivered.
pub fn not_delivered(order: &RetailOrder) -> Refusal {
    Refusal::rule("order_not_delivered", format!("order {} is {}, not delivered", order.order_id, order.status))
}

/// Writes a changed order with its receipt.
pub async fn save_order(
    unit: &mut Unit,
    order: RetailOrder,
    change: &str,
    action: &str,
) -> Result<OrderReceipt, Refusal> {
    unit.save(&order, change).await?;
    let receipt_id = unit.receipt(action, &order).await?;
    Ok(OrderReceipt { receipt_id, order })
}

/// An order by id, with or without the `#`.
#[utoipa::path(
    get, path = "/retail/orders/{order_id}", tag = "retail", params(("order_id" = String, Path)),
    responses((status = 200, body = RetailOrder)),
)]
pub async fn retail_order(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<RetailOrder>, Refusal> {
    unit.require(&order_id(&id)).await.map(Json)
}

/// Cancels a pending order; every payment is given back the way it came, to a gift card at once.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/cancel", tag = "retail", params(("order_id" = String, Path)),
    request_body = CancelRetailOrder,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn cancel_retail_order(Path(id): Path<String>, mut write: Write<CancelRetailOrder>) -> Response {
    let outcome = cancel(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

async fn cancel(unit: &mut Unit, id: &str, request: &CancelRetailOrder) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if order.status != "pending" {
        return Err(not_pending(&order));
    }
    if !CANCEL_REASONS.contains(&request.reason.as_str()) {
        return Err(Refusal::rule(
            "reason_not_allowed",
            format!("the reason is `{}` or `{}`", CANCEL_REASONS[0], CANCEL_REASONS[1]),
        ));
    }
    let mut user: RetailUser = unit.require(&order.user_id).await?;
    let mut user_changed = false;
    let mut refunds = Vec::new();
    for entry in &order.payment_history {
        of_user(&user, &entry.payment_method_id)?;
        refunds.push(PaymentEntry::refund(entry.amount, &entry.payment_method_id));
        user_changed |= credit(&mut user, &entry.payment_method_id, entry.amount);
    }
    order.status = "cancelled".to_owned();
    order.cancel_reason = Some(request.reason.clone());
    order.payment_history.extend(refunds);
    if user_changed {
        unit.save(&user, "gift_card_balance").await?;
    }
    save_order(unit, order, "cancelled", "retail_order.cancel").await
}

/// Charges a pending order to another way to pay and gives the first payment back.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/modify_payment", tag = "retail", params(("order_id" = String, Path)),
    request_body = ModifyPayment,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn modify_retail_payment(Path(id): Path<String>, mut write: Write<ModifyPayment>) -> Response {
    let outcome = modify_payment(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

async fn modify_payment(unit: &mut Unit, id: &str, request: &ModifyPayment) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if !order.status.contains("pending") {
        return Err(not_pending(&order));
    }
    let mut user: RetailUser = unit.require(&order.user_id).await?;
    let method = of_user(&user, &request.payment_method_id)?.clone();
    let [first] = order.payment_history.as_slice() else {
        return Err(Refusal::rule(
            "payment_history_not_single",
            "the order has more than one payment; its payment cannot be changed",
        ));
    };
    let first = first.clone();
    if first.transaction_type != "payment" {
        return Err(Refusal::rule(
            "payment_history_not_single",
            "the order has no single payment; its payment cannot be changed",
        ));
    }
    if first.payment_method_id == request.payment_method_id {
        return Err(Refusal::rule("payment_method_unchanged", "the order is already paid this way; choose another"));
    }
    must_cover(&method, first.amount)?;
    order.payment_history.push(PaymentEntry::payment(first.amount, &request.payment_method_id));
    order.payment_history.push(PaymentEntry::refund(first.amount, &first.payment_method_id));
    let charged = credit(&mut user, &request.payment_method_id, -first.amount);
    let refunded = credit(&mut user, &first.payment_method_id, first.amount);
    if charged || refunded {
        unit.save(&user, "gift_card_balance").await?;
    }
    save_order(unit, order, "payment_modified", "retail_order.modify_payment").await
}
