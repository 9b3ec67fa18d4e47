//! What does the shop sell?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::{RetailProduct, RetailVariant};
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::storage::unit::{Read, Unit};

const PRODUCTS_MAX: i64 = 1_000;
const IDS_MAX: usize = 50;

/// Which products; all, by name only, when absent.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProductsQuery {
    /// Product ids, comma-separated, at most 50.
    ids: Option<String>,
}

/// A product of the list: its name and id.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductName {
    product_id: String,
    name: String,
}

/// Names and ids of all products, or the whole products asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Products {
    Names(Vec<ProductName>),
    Whole(Vec<RetailProduct>),
}

/// A variant with its product.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    #[serde(flatten)]
    variant: RetailVariant,
    product_id: String,
    name: String,
}

/// All products by name, or some with their variants.
#[utoipa::path(
    get, path = "/retail/products", tag = "retail", params(ProductsQuery),
    responses((status = 200, body = Products)),
)]
pub async fn retail_products(
    Asked(query): Asked<ProductsQuery>,
    Read(mut unit): Read,
) -> Result<Json<Products>, Refusal> {
    let Some(ids) = query.ids else {
        let mut products: Vec<RetailProduct> = unit.first(PRODUCTS_MAX).await?;
        products.sort_by(|one, other| one.name.cmp(&other.name));
        let names =
            products.into_iter().map(|product| ProductName { product_id: product.product_id, name: product.name });
        return Ok(Json(Products::Names(names.collect())));
    };
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.len() > IDS_MAX {
        return Err(Refusal::invalid(format!("ask for at most {IDS_MAX} products at once")));
    }
    let mut products = Vec::new();
    for id in ids {
        products.push(unit.require(id).await?);
    }
    Ok(Json(Products::Whole(products)))
}

/// A product with its variants.
#[utoipa::path(
    get, path = "/retail/products/{product_id}", tag = "retail", params(("product_id" = String, Path)),
    responses((status = 200, body = RetailProduct)),
)]
pub async fn retail_product(
    Path(product_id): Path<String>,
    Read(mut unit): Read,
) -> Result<Json<RetailProduct>, Refusal> {
    unit.require(&product_id).await.map(Json)
}

/// A variant by its item id.
#[utoipa::path(
    get, path = "/retail/items/{item_id}", tag = "retail", params(("item_id" = String, Path)),
    responses((status = 200, body = Item)),
)]
pub async fn retail_item(Path(item_id): Path<String>, Read(mut unit): Read) -> Result<Json<Item>, Refusal> {
    let products: Vec<RetailProduct> = unit.find("item", &item_id).await?;
    let found = products.into_iter().find_map(|mut product| {
        let variant = product.variants.remove(&item_id)?;
        Some(Item { variant, product_id: product.product_id, name: product.name })
    });
    found.map(Json).ok_or(Refusal::NotFound { noun: "item", id: item_id })
}

/// The variant of a product; no such product or variant is a refusal.
pub async fn variant(unit: &mut Unit, product_id: &str, item_id: &str) -> Result<RetailVariant, Refusal> {
    let mut product: RetailProduct = unit.require(product_id).await?;
    product.variants.remove(item_id).ok_or_else(|| Refusal::NotFound { noun: "variant", id: item_id.to_owned() })
}
