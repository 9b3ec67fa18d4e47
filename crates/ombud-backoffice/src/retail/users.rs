//! Who is the user, and what has he ordered?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::{RetailOrder, RetailUser};
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::unit::Read;

/// By e-mail, or by all three of name and postal code.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    zip: Option<String>,
}

/// A user as changed, with the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserReceipt {
    pub receipt_id: String,
    #[serde(flatten)]
    pub user: RetailUser,
}

/// The user with this e-mail, or with this name and postal code; case does not matter.
#[utoipa::path(
    get, path = "/retail/users", tag = "retail", params(UsersQuery), responses((status = 200, body = [RetailUser])),
)]
pub async fn retail_users(
    Asked(query): Asked<UsersQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<RetailUser>>, Refusal> {
    let found = match (query.email, query.first_name, query.last_name, query.zip) {
        (Some(email), None, None, None) => unit.find("email", &email.trim().to_lowercase()).await?,
        (None, Some(first), Some(last), Some(zip)) => {
            unit.find("name", &RetailUser::name_key(&first, &last, &zip)).await?
        }
        _ => return Err(Refusal::invalid("ask by `email`, or by `first_name`, `last_name` and `zip`")),
    };
    Ok(Json(found.into_iter().take(1).collect()))
}

/// A user by id.
#[utoipa::path(
    get, path = "/retail/users/{user_id}", tag = "retail", params(("user_id" = String, Path)),
    responses((status = 200, body = RetailUser)),
)]
pub async fn retail_user(Path(user_id): Path<String>, Read(mut unit): Read) -> Result<Json<RetailUser>, Refusal> {
    unit.require(&user_id).await.map(Json)
}

/// A user's whole orders, in the order of the user's list.
#[utoipa::path(
    get, path = "/retail/users/{user_id}/orders", tag = "retail", params(("user_id" = String, Path)),
    responses((status = 200, body = [RetailOrder])),
)]
pub async fn retail_user_orders(
    Path(user_id): Path<String>,
    Read(mut unit): Read,
) -> Result<Json<Vec<RetailOrder>>, Refusal> {
    let user: RetailUser = unit.require(&user_id).await?;
    let mut orders: Vec<RetailOrder> = unit.of_customer(&user_id).await?;
    let position = |order: &RetailOrder| user.orders.iter().position(|id| *id == order.order_id).unwrap_or(usize::MAX);
    orders.sort_by_key(position);
    Ok(Json(orders))
}
