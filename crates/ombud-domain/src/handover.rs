//! What does a person get when a conversation is handed over?

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::IdentityLevel;

/// Who is helped first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// In turn.
    #[default]
    Normal,
    /// Before others: fraud, vulnerable customers, money in flight.
    High,
}

/// Everything the person needs without asking the customer again (R48).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// Stable code: `customer_request`, `missing_knowledge`, `unsupported_request`, `policy_restriction`, `tool_failure`, `fraud_suspected`, `complaint`,
    /// `vulnerable_customer`, `outcome_unknown`, `internal_error`, or one of the pack's own.
    pub reason_code: String,
    /// Who is helped first.
    pub priority: Priority,
    /// Two or three sentences, from templates.
    pub summary: String,
    /// How sure we are who it is.
    pub identity_level: IdentityLevel,
    /// The customer's record as read, or null.
    pub customer: Value,
    /// What was asked for and collected so far, by slot.
    pub slots: Value,
    /// Actions tried, with state and receipt.
    pub actions: Vec<Value>,
    /// Knowledge quoted.
    pub sources: Vec<Value>,
    /// Records near the one in question, the nearest first: `kind`, `id`, `label`, `at`, `source` and `age_s`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Value>,
    /// Language tag.
    pub language: String,
    /// `neutral`, `angry`, `distressed`.
    pub sentiment: String,
    /// What the assistant would do next.
    pub proposed_next_step: String,
    /// What was proposed and is neither accepted nor declined, in the words the customer saw.
    #[serde(default)]
    pub proposal: Option<String>,
    /// The customer's last words that say something.
    #[serde(default)]
    pub last_words: String,
}
