//! What is a customer's record, and what does it belong to? Nodes of the customer graph and the links between them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::TimestampUs;

/// The longest walk, in links: what lies further off has nothing to do with what was asked for.
pub const HOPS_MAX: usize = 3;

/// Which record it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeKey {
    /// Its kind, as `graph.yaml` of the pack names it: `order`.
    pub kind: String,
    /// Its id in the company's systems.
    pub id: String,
}

/// A record of one customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Which record it is.
    pub key: NodeKey,
    /// Whose it is.
    pub customer_id: String,
    /// One line for people.
    pub label: String,
    /// When it came about, RFC 3339 or a date; none where the record does not say.
    pub at: Option<String>,
    /// The action that read it.
    pub source: String,
    /// When it was read.
    pub read_at: TimestampUs,
    /// What is kept of it.
    pub fields: Map<String, Value>,
    /// Which of it others than the company and the customer wrote: `label`, names of `fields`, or `*` for all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// That one record belongs to another. Links are walked both ways, each way by its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What the way from the first to the second is called.
    pub name: String,
    /// What the way back is called, if it is walked.
    pub inverse: Option<String>,
    /// The first.
    pub from: NodeKey,
    /// The second.
    pub to: NodeKey,
}
