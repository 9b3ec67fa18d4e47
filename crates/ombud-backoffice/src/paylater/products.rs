//! What do the merchants sell?

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::Refusal;
use crate::extract::Asked;
use crate::money::{Currency, Money};
use crate::storage::record::Record;
use crate::storage::unit::Read;

/// A merchant with its own return rules.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Merchant {
    pub id: String,
    pub name: String,
    pub return_days: i64,
    /// `free` or `customer_pays`.
    pub return_shipping: String,
    pub exchanges: bool,
    pub support_email: String,
    pub carrier: String,
}

/// One variant of a product. Prices are kept in euro cents and shown in the currency asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variant {
    pub id: String,
    pub sku: String,
    pub options: BTreeMap<String, String>,
    pub available: bool,
    pub price_euro_minor: i64,
}

/// A product as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Product {
    pub id: String,
    pub merchant_id: String,
    pub name: String,
    pub returnable: bool,
    pub variants: Vec<Variant>,
}

impl Record for Merchant {
    const KIND: &'static str = "merchant";
    const NOUN: &'static str = "merchant";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        ""
    }
}

impl Record for Product {
    const KIND: &'static str = "product";
    const NOUN: &'static str = "product";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        ""
    }
}

/// A variant as callers see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantView {
    id: String,
    product_id: String,
    sku: String,
    name: String,
    options: BTreeMap<String, String>,
    available: bool,
    price: Money,
}

/// A product as callers see it; `options` are all values there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductView {
    id: String,
    merchant_id: String,
    name: String,
    returnable: bool,
    options: BTreeMap<String, Vec<String>>,
    variants: Vec<VariantView>,
}

impl Product {
    /// A variant's view in a currency.
    pub fn variant_view(&self, variant: &Variant, currency: Currency) -> VariantView {
        VariantView {
            id: variant.id.clone(),
            product_id: self.id.clone(),
            sku: variant.sku.clone(),
            name: self.name.clone(),
            options: variant.options.clone(),
            available: variant.available,
            price: currency.price(variant.price_euro_minor),
        }
    }

    fn view(&self, currency: Currency) -> ProductView {
        let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self.variants.iter().flat_map(|variant| &variant.options) {
            let values = options.entry(name.clone()).or_default();
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        ProductView {
            id: self.id.clone(),
            merchant_id: self.merchant_id.clone(),
            name: self.name.clone(),
            returnable: self.returnable,
            options,
            variants: self.variants.iter().map(|variant| self.variant_view(variant, currency)).collect(),
        }
    }
}

/// In which currency prices are shown; euro unless said.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PriceQuery {
    #[param(inline)]
    currency: Option<Currency>,
}

/// A product with its variants.
#[utoipa::path(
    get, path = "/products/{id}", tag = "products", params(("id" = String, Path), PriceQuery),
    responses((status = 200, body = ProductView)),
)]
pub async fn product(
    Path(id): Path<String>,
    Asked(query): Asked<PriceQuery>,
    Read(mut unit): Read,
) -> Result<Json<ProductView>, Refusal> {
    let product: Product = unit.require(&id).await?;
    Ok(Json(product.view(query.currency.unwrap_or(Currency::Eur))))
}

/// A product's variants.
#[utoipa::path(
    get, path = "/products/{id}/variants", tag = "products", params(("id" = String, Path), PriceQuery),
    responses((status = 200, body = [VariantView])),
)]
pub async fn product_variants(
    Path(id): Path<String>,
    Asked(query): Asked<PriceQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<VariantView>>, Refusal> {
    let product: Product = unit.require(&id).await?;
    Ok(Json(product.view(query.currency.unwrap_or(Currency::Eur)).variants))
}

/// A merchant with its return rules.
#[utoipa::path(
    get, path = "/merchants/{id}", tag = "products", params(("id" = String, Path)),
    responses((status = 200, body = Merchant)),
)]
pub async fn merchant(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Merchant>, Refusal> {
    unit.require(&id).await.map(Json)
}
