//! What is a record?

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The key under which every record of a customer is found.
pub const CUSTOMER: &str = "customer";
/// The key under which every record of an order is found.
pub const ORDER: &str = "order";

/// The key under which every refund of a payment is found.
pub const PAYMENT: &str = "payment";

/// Something the company keeps: an order, a plan, a note.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The kind, as in the export and the change feed.
    const KIND: &'static str;
    /// The noun in "no ... with this id".
    const NOUN: &'static str;

    /// The record's id, unique within its kind.
    fn id(&self) -> &str;

    /// Whose record it is; empty when nobody's (products, merchants).
    fn customer_id(&self) -> &str;

    /// Further keys under which it is found, as (name, value). The customer's key is always there.
    fn keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A record ready to be written: what the seeds make in bulk.
#[derive(Debug, Clone)]
pub struct Written {
    pub kind: &'static str,
    pub id: String,
    pub customer_id: String,
    pub body: String,
    pub keys: Vec<(&'static str, String)>,
}

impl Written {
    /// Writes a record down.
    ///
    /// # Errors
    /// Only if the record cannot be JSON, which would be our bug.
    pub fn of<R: Record>(record: &R) -> Result<Self, serde_json::Error> {
        let mut keys = record.keys();
        if !record.customer_id().is_empty() {
            keys.push((CUSTOMER, record.customer_id().to_owned()));
        }
        Ok(Self {
            kind: R::KIND,
            id: record.id().to_owned(),
            customer_id: record.customer_id().to_owned(),
            body: serde_json::to_string(record)?,
            keys,
        })
    }
}
