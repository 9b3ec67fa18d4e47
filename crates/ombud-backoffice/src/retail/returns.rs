//! How are delivered items returned?

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::changes_of_items::must_hold;
use super::orders::{OrderReceipt, not_delivered, order_id, save_order};
use super::payment_methods::of_user;
use super::records::{RetailOrder, RetailUser};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::unit::Unit;

/// Which items come back, and where the money goes: the original way to pay, or a gift card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRetailItems {
    item_ids: Vec<String>,
    payment_method_id: String,
}

/// Asks for the return of delivered items.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/return", tag = "retail", params(("order_id" = String, Path)),
    request_body = ReturnRetailItems,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn return_retail_items(Path(id): Path<String>, mut write: Write<ReturnRetailItems>) -> Response {
    let outcome = take_back(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

async fn take_back(unit: &mut Unit, id: &str, request: &ReturnRetailItems) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if order.status != "delivered" {
        return Err(not_delivered(&order));
    }
    let user: RetailUser = unit.require(&order.user_id).await?;
    let method = of_user(&user, &request.payment_method_id)?;
    let original = order.payment_history.first().map(|entry| entry.payment_method_id.as_str());
    if method.balance().is_none() && original != Some(request.payment_method_id.as_str()) {
        return Err(Refusal::rule(
            "payment_method_not_original",
            "the refund goes to the original way to pay or to a gift card",
        ));
    }
    must_hold(&order, &request.item_ids)?;
    let mut items = request.item_ids.clone();
    items.sort();
    order.status = "return requested".to_owned();
    order.return_items = Some(items);
    order.return_payment_method_id = Some(request.payment_method_id.clone());
    save_order(unit, order, "return_requested", "retail_order.return").await
}
