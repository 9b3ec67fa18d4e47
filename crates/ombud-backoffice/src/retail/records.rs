//! What are the records of the retail shop?
//!
//! Field for field those of the benchmark's `db.json`, with its decimal numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::storage::record::Record;

/// A postal address in the benchmark's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetailAddress {
    pub address1: String,
    pub address2: String,
    pub city: String,
    pub country: String,
    pub state: String,
    pub zip: String,
}

/// A user's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetailName {
    pub first_name: String,
    pub last_name: String,
}

/// A way to pay; only gift cards carry a balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentMethod {
    CreditCard { id: String, brand: String, last_four: String },
    Paypal { id: String },
    GiftCard { id: String, balance: f64 },
}

impl PaymentMethod {
    /// The balance, if it is a gift card.
    pub const fn balance(&self) -> Option<f64> {
        match self {
            Self::GiftCard { balance, .. } => Some(*balance),
            Self::CreditCard { .. } | Self::Paypal { .. } => None,
        }
    }
}

/// A user with the ways to pay and the orders.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetailUser {
    pub user_id: String,
    pub name: RetailName,
    pub address: RetailAddress,
    pub email: String,
    pub payment_methods: BTreeMap<String, PaymentMethod>,
    pub orders: Vec<String>,
}

impl RetailUser {
    /// The key of a look-up by name and postal code.
    pub fn name_key(first_name: &str, last_name: &str, zip: &str) -> String {
        let part = |text: &str| text.trim().to_lowercase();
        format!("{}|{}|{}", part(first_name), part(last_name), part(zip))
    }
}

impl Record for RetailUser {
    const KIND: &'static str = "retail_user";
    const NOUN: &'static str = "user";

    fn id(&self) -> &str {
        &self.user_id
    }

    fn customer_id(&self) -> &str {
        &self.user_id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let name = Self::name_key(&self.name.first_name, &self.name.last_name, &self.address.zip);
        vec![("email", self.email.to_lowercase()), ("name", name)]
    }
}

/// One item of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetailItem {
    pub name: String,
    pub product_id: String,
    pub item_id: String,
    pub price: f64,
    #[schema(value_type = Object)]
    pub options: Map<String, Value>,
}

/// What was paid or given back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentEntry {
    /// `payment` or `refund`.
    pub transaction_type: String,
    pub amount: f64,
    pub payment_method_id: String,
}

impl PaymentEntry {
    /// Money taken.
    pub fn payment(amount: f64, payment_method_id: &str) -> Self {
        Self { transaction_type: "payment".to_owned(), amount, payment_method_id: payment_method_id.to_owned() }
    }

    /// Money given back.
    pub fn refund(amount: f64, payment_method_id: &str) -> Self {
        Self { transaction_type: "refund".to_owned(), amount, payment_method_id: payment_method_id.to_owned() }
    }
}

/// An order; the fields after `payment_history` are null until an action sets them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetailOrder {
    pub order_id: String,
    pub user_id: String,
    pub address: RetailAddress,
    pub items: Vec<RetailItem>,
    pub status: String,
    #[schema(value_type = Vec<Object>)]
    pub fulfillments: Vec<Value>,
    pub payment_history: Vec<PaymentEntry>,
    #[serde(default)]
    pub cancel_reason: Option<String>,
    #[serde(default)]
    pub exchange_items: Option<Vec<String>>,
    #[serde(default)]
    pub exchange_new_items: Option<Vec<String>>,
    #[serde(default)]
    pub exchange_payment_method_id: Option<String>,
    #[serde(default)]
    pub exchange_price_difference: Option<f64>,
    #[serde(default)]
    pub return_items: Option<Vec<String>>,
    #[serde(default)]
    pub return_payment_method_id: Option<String>,
}

impl Record for RetailOrder {
    const KIND: &'static str = "retail_order";
    const NOUN: &'static str = "order";

    fn id(&self) -> &str {
        &self.order_id
    }

    fn customer_id(&self) -> &str {
        &self.user_id
    }
}

/// A variant of a product; `item_id` is its id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetailVariant {
    pub item_id: String,
    #[schema(value_type = Object)]
    pub options: Map<String, Value>,
    pub available: bool,
    pub price: f64,
}

/// A product with its variants by item id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RetailProduct {
    pub name: String,
    pub product_id: String,
    #[schema(value_type = Object)]
    pub variants: BTreeMap<String, RetailVariant>,
}

impl Record for RetailProduct {
    const KIND: &'static str = "retail_product";
    const NOUN: &'static str = "product";

    fn id(&self) -> &str {
        &self.product_id
    }

    fn customer_id(&self) -> &str {
        ""
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        self.variants.keys().map(|item_id| ("item", item_id.clone())).collect()
    }
}

/// A sum rounded to whole cents, half to even as the benchmark's language rounds.
pub fn round_to_cents(amount: f64) -> f64 {
    (amount * 100.0).round_ties_even() / 100.0
}
