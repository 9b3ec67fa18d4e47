//! How is an item swapped for another variant?

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::records_of;
use super::orders::{Order, OrderItem, require_order};
use super::products::{Product, Variant, VariantView};
use super::returns::{SEND_DAYS, label_url};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::{ORDER, Record};
use crate::storage::unit::{Read, Unit};

/// An item on its way back, and what comes in its place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    id: String,
    customer_id: String,
    order_id: String,
    item_id: String,
    from_variant_id: String,
    variant_id: String,
    /// The options of what comes.
    options: BTreeMap<String, String>,
    /// `reported` until the merchant has the item.
    state: String,
    label_url: String,
    send_by: Day,
    /// What is to be paid on top; negative when money comes back.
    price_difference: Money,
    reported_at: Moment,
}

impl Record for Exchange {
    const KIND: &'static str = "exchange";
    const NOUN: &'static str = "exchange";

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

/// The exchanges of a customer, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/exchanges", tag = "exchanges", params(("id" = String, Path)),
    responses((status = 200, body = [Exchange])),
)]
pub async fn customer_exchanges(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Vec<Exchange>>, Refusal> {
    let mut exchanges: Vec<Exchange> = records_of(&mut unit, &id).await?;
    exchanges.sort_by(|one, other| (other.reported_at, &other.id).cmp(&(one.reported_at, &one.id)));
    Ok(Json(exchanges))
}

/// An exchange by id.
#[utoipa::path(
    get, path = "/exchanges/{id}", tag = "exchanges", params(("id" = String, Path)),
    responses((status = 200, body = Exchange)),
)]
pub async fn exchange(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Exchange>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// A variant an item could be swapped for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alternative {
    #[serde(flatten)]
    variant: VariantView,
    price_difference: Money,
    is_current: bool,
}

/// All variants of an item's product, priced in the order's currency.
#[utoipa::path(
    get, path = "/orders/{id}/items/{item_id}/variants", tag = "exchanges",
    params(("id" = String, Path), ("item_id" = String, Path)), responses((status = 200, body = [Alternative])),
)]
pub async fn item_variants(
    Path((id, item_id)): Path<(String, String)>,
    Read(mut unit): Read,
) -> Result<Json<Vec<Alternative>>, Refusal> {
    let order = require_order(&mut unit, &id).await?;
    let not_found = || Refusal::NotFound { noun: "item", id: item_id.clone() };
    let item = order.items.iter().find(|item| item.id == item_id).ok_or_else(not_found)?;
    let product: Product = unit.require(&item.product_id).await?;
    let alternatives = product.variants.iter().map(|variant| Alternative {
        variant: product.variant_view(variant, order.total.currency),
        price_difference: difference(item, variant),
        is_current: variant.id == item.variant_id,
    });
    Ok(Json(alternatives.collect()))
}

/// What is swapped for what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportExchange {
    item_id: String,
    variant_id: String,
}

/// The exchange, with its label.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeReported {
    receipt_id: String,
    exchange: Exchange,
}

/// Reports that an item goes back and another variant of it shall come.
#[utoipa::path(
    post, path = "/orders/{id}/exchanges", tag = "exchanges", params(("id" = String, Path)),
    request_body = ReportExchange,
    responses((status = 200, body = ExchangeReported), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn report_exchange(Path(id): Path<String>, mut write: Write<ReportExchange>) -> Response {
    let outcome = report(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn report(unit: &mut Unit, order_id: &str, request: &ReportExchange) -> Result<ExchangeReported, Refusal> {
    let mut order = require_order(unit, order_id).await?;
    let today = unit.now.day();
    order.must_be_returnable(today)?;
    if !order.merchant.exchanges {
        return Err(Refusal::rule(
            "exchange_not_offered",
            format!("{} does not exchange items; they can be returned", order.merchant.name),
        ));
    }
    let item = order.item_to_take_back(&request.item_id)?.clone();
    let product: Product = unit.require(&item.product_id).await?;
    let variant = wanted(&product, &item, &request.variant_id)?;
    let id = unit.next_id("EXC").await?;
    let exchange = made(&order, &item, variant, (id, unit.now));
    order.mark_returned(&item.id);
    unit.save(&exchange, "reported").await?;
    unit.save(&order, "exchange_reported").await?;
    let receipt_id = unit.receipt("order.exchange", &exchange).await?;
    Ok(ExchangeReported { receipt_id, exchange })
}

/// The variant an item is swapped for, if it can be had.
pub fn wanted<'a>(product: &'a Product, item: &OrderItem, variant_id: &str) -> Result<&'a Variant, Refusal> {
    let variant = product.variants.iter().find(|variant| variant.id == variant_id);
    let foreign =
        || Refusal::rule("variant_not_of_product", format!("variant {variant_id} is not one of {}", product.name));
    let variant = variant.ok_or_else(foreign)?;
    if variant.id == item.variant_id {
        return Err(Refusal::rule("same_variant", "the item already is this variant"));
    }
    if !variant.available {
        return Err(Refusal::rule("variant_unavailable", format!("variant {variant_id} is out of stock")));
    }
    Ok(variant)
}

fn made(order: &Order, item: &OrderItem, variant: &Variant, (id, now): (String, Moment)) -> Exchange {
    Exchange {
        label_url: label_url(&id),
        id,
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        item_id: item.id.clone(),
        from_variant_id: item.variant_id.clone(),
        variant_id: variant.id.clone(),
        options: variant.options.clone(),
        state: "reported".to_owned(),
        send_by: now.day().plus_days(SEND_DAYS),
        price_difference: difference(item, variant),
        reported_at: now,
    }
}

/// What the other variant costs more, for all units of the line.
pub fn difference(item: &OrderItem, variant: &Variant) -> Money {
    let price = item.price.currency.price(variant.price_euro_minor);
    price.minus(item.price).times(i64::from(item.quantity))
}
