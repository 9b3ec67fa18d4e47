//! How does a customer pick records or variants with his own words?
//!
//! Flow steps ask; the language crate reads; these are the words they share.

use serde::{Deserialize, Serialize};

/// One thing that can be picked: an order, an item, a variant, a payment method, an address, a reason.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The id in the system of record; never shown unless it is also part of the label.
    pub id: String,
    /// What it is called, without its options: `Desk Lamp`, `Order #W123`, `Mastercard`.
    pub name: String,
    /// How it is shown to the customer.
    pub label: String,
    /// Option name and value, such as (`colour`, `black`); an order lists its items' names and options as (`item`, `...`).
    pub attributes: Vec<(String, String)>,
    /// Other words that mean this one: synonyms, last four digits, a status.
    pub words: Vec<String>,
    /// The price, for "the cheapest" and "less than 50"; in the unit the record uses, only compared.
    pub price: Option<f64>,
    /// A sortable date or sequence, for "my last order" and "the newest".
    pub at: Option<String>,
    /// Whether it may be picked; the others are only recognised, so that a reason can be given.
    pub eligible: bool,
}

/// How many may be picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Exactly one.
    One,
    /// One or more.
    Many,
}

/// What is asked of the reader.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceRequest<'a> {
    /// What the customer has said that may bear on this choice, oldest first; the later one wins where they disagree.
    pub utterances: &'a [String],
    /// How many of `utterances`, counted from the end, answer this very question; 0 when it has not been asked yet, and then only a clear reading counts.
    pub direct: usize,
    /// What there is to pick from, in the order shown.
    pub candidates: &'a [Candidate],
    /// What the customer has now, when a variant of it is picked: "the same but blue", "a bigger one".
    pub current: Option<&'a Candidate>,
    /// Id of the candidate spoken of last, which "the other one" does not mean.
    pub spoken_of: Option<&'a str>,
    /// Whether what is denied is what is meant: "I never bought a phone" names the phone.
    pub denied: bool,
    /// How many may be picked.
    pub count: Count,
}

/// What the reader found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Choice {
    /// These, by id (with repeats when the same line stands twice), and the words it rests on.
    Picked {
        /// Ids of the candidates picked.
        ids: Vec<String>,
        /// What in the text led here, for the trail.
        because: String,
    },
    /// Several fit equally well; ask with these.
    Several {
        /// Ids of the candidates that are left.
        ids: Vec<String>,
    },
    /// The wish is clear but nothing eligible meets it.
    Unavailable {
        /// What was wanted, as (option, value) or free words.
        wanted: Vec<(String, String)>,
        /// Ids of ineligible candidates that would have met it.
        ineligible: Vec<String>,
    },
    /// Nothing in the text bears on this choice.
    Unread,
}

/// What is to become of a text of the customer that was shown to him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewording {
    /// It reads like this.
    Reads(String),
    /// It is to be changed, but nobody can tell where.
    Unplaced,
}
