//! What is an action, from proposal to receipt?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Label;

/// An action with its exact arguments, as shown to the customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Name of an action of the pack.
    pub action: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// What it moves: `{amount: [minor, currency], legs: [[amount, debit, credit]]}`; null if no money moves.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub money: Value,
    /// Who stands behind which argument: of those that the action marks as critical, and of all that neither the customer nor a record says. `money` stands for
    /// what it moves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Label>,
    /// The sentence the customer was shown, from a template.
    pub summary: String,
    /// SHA-256 over action, arguments, money, customer and conversation, hexadecimal: "yes" is bound to it (R8).
    pub digest: String,
}

/// What the system of record said about a completed action; the only ground for "done" (R6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The receipt's id there.
    pub receipt_id: String,
    /// The whole answer.
    pub body: Value,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ActionOutcome {
    /// A read gave this.
    Found {
        /// The answer's body.
        body: Value,
    },
    /// A read found nothing.
    NotFound,
    /// A write was done.
    Done {
        /// Its receipt.
        receipt: Receipt,
    },
    /// The system of record refused; nothing changed.
    Refused {
        /// Reason code of the pack.
        reason_code: String,
    },
    /// Nothing reached the system of record, or nothing can have changed.
    Failed {
        /// What went wrong.
        failure: CallFailure,
    },
    /// A write may or may not have been done; it is looked up, never blindly repeated (R71).
    Unknown,
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CallFailure {
    /// No connection.
    #[error("the company's system cannot be reached")]
    Unreachable,
    /// No answer within the deadline.
    #[error("the company's system did not answer in time")]
    Timeout,
    /// An answer that is an error of the server.
    #[error("the company's system failed")]
    Server,
    /// An answer that cannot be read.
    #[error("the company's system gave an answer that cannot be read")]
    Malformed,
}
