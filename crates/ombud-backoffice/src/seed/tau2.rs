//! How does the public benchmark's shop come in?

use std::path::Path;

use serde::Deserialize;
use std::collections::BTreeMap;

use super::SeedError;
use crate::retail::records::{RetailOrder, RetailProduct, RetailUser};
use crate::storage::record::Written;

#[derive(Deserialize)]
struct Shop {
    products: BTreeMap<String, RetailProduct>,
    users: BTreeMap<String, RetailUser>,
    orders: BTreeMap<String, RetailOrder>,
}

/// Reads `db.json` into records.
pub fn records(path: &Path, into: &mut Vec<Written>) -> Result<(), SeedError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| SeedError::Read { path: name.clone(), source })?;
    let shop: Shop = serde_json::from_slice(&bytes).map_err(|source| SeedError::Shape { path: name, source })?;
    for product in shop.products.values() {
        into.push(Written::of(product)?);
    }
    for user in shop.users.values() {
        into.push(Written::of(user)?);
    }
    for order in shop.orders.values() {
        into.push(Written::of(order)?);
    }
    Ok(())
}
