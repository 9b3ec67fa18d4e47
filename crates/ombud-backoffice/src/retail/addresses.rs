//! How do addresses change?

use axum::extract::Path;
use axum::response::Response;

use super::orders::{OrderReceipt, not_pending, order_id, save_order};
use super::records::{RetailAddress, RetailOrder, RetailUser};
use super::users::UserReceipt;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::unit::Unit;

/// Sends a pending order elsewhere.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/modify_address", tag = "retail", params(("order_id" = String, Path)),
    request_body = RetailAddress,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn modify_retail_order_address(Path(id): Path<String>, mut write: Write<RetailAddress>) -> Response {
    let outcome = modify_order(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

async fn modify_order(unit: &mut Unit, id: &str, address: &RetailAddress) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if !order.status.contains("pending") {
        return Err(not_pending(&order));
    }
    order.address = address.clone();
    save_order(unit, order, "address_modified", "retail_order.modify_address").await
}

/// Changes a user's default address.
#[utoipa::path(
    post, path = "/retail/users/{user_id}/modify_address", tag = "retail", params(("user_id" = String, Path)),
    request_body = RetailAddress,
    responses((status = 200, body = UserReceipt), (status = 404, body = crate::errors::ErrorBody)),
)]
pub async fn modify_retail_user_address(Path(user_id): Path<String>, mut write: Write<RetailAddress>) -> Response {
    let outcome = modify_user(&mut write.unit, &user_id, &write.body).await;
    write.finish(outcome).await
}

async fn modify_user(unit: &mut Unit, user_id: &str, address: &RetailAddress) -> Result<UserReceipt, Refusal> {
    let mut user: RetailUser = unit.require(user_id).await?;
    user.address = address.clone();
    unit.save(&user, "address_modified").await?;
    let receipt_id = unit.receipt("retail_user.modify_address", &user).await?;
    Ok(UserReceipt { receipt_id, user })
}
