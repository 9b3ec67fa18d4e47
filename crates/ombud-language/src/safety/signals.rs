//! Which signs does a message give that change how its case is handled, whatever it asks?

use std::collections::BTreeMap;

use serde::Deserialize;

use super::canonical::Canonical;

/// The lists of one language: `packs/base/nlu/signals.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalFile {
    /// Language tag of the lists.
    pub locale: String,
    /// Rules by the name of the signal; `none` holds harmless sentences.
    pub signals: BTreeMap<String, SignalRule>,
}

/// How one signal is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalRule {
    /// Regular expressions, any of which gives the signal; matched without regard to case.
    pub patterns: Vec<String>,
    /// Expressions that take it back.
    pub unless: Vec<String>,
    /// Sentences for the classifier.
    pub examples: Vec<String>,
}

/// Why the lists cannot be used; the operator mends the pack.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// An expression does not parse.
    #[error("a pattern of signal `{signal}` cannot be read, write a regular expression in RE2 syntax")]
    Pattern {
        /// Name of the signal.
        signal: String,
        /// What the parser said.
        #[source]
        source: Box<regex::Error>,
    },
}

/// The compiled lists and classifier.
#[derive(Debug, Clone, Default)]
pub struct SignalModel {}

impl SignalModel {
    /// Compiles the lists and trains the classifier.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(file: &SignalFile) -> Result<Self, SignalError> {
        let _ = file;
        Ok(Self {})
    }

    /// Names of the signals of a redacted text, sorted.
    #[must_use]
    pub fn read(&self, redacted: &str, canonical: &Canonical) -> Vec<String> {
        let _ = (redacted, canonical);
        Vec::new()
    }
}
