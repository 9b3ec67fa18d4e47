//! How does a company write its own ids?

use regex::Regex;
use serde::Deserialize;

use super::{Entity, entity};

/// One pattern of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternSpec {
    /// Kind of the entity it gives, such as `order_number`.
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
    pub source: Box<regex::Error>,
}

impl Patterns {
    /// Compiles the patterns of a pack.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(specs: Vec<PatternSpec>) -> Result<Self, PatternError> {
        let mut entries = Vec::with_capacity(specs.len());
        for spec in specs {
            match crate::lean::regex(&format!("(?i){}", spec.regex)) {
                Ok(regex) => entries.push((spec, regex)),
                Err(source) => return Err(PatternError { kind: spec.kind, source: Box::new(source) }),
            }
        }
        Ok(Self { entries })
    }

    /// What the patterns find in a text.
    pub(super) fn read(&self, text: &str) -> Vec<Entity> {
        let mut found = Vec::new();
        for (spec, regex) in &self.entries {
            for captures in regex.captures_iter(text) {
                let (Some(whole), Some(id)) = (captures.get(0), captures.get(1).or_else(|| captures.get(0))) else {
                    continue;
                };
                let value = spec
                    .format
                    .as_ref()
                    .map_or_else(|| id.as_str().to_owned(), |format| format.replace("{}", &id.as_str().to_uppercase()));
                found.push(entity(&spec.kind, text, (whole.start(), whole.end()), value));
            }
        }
        found
    }
}
