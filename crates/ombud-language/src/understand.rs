//! What does a message ask of us? From text and the open question to commands.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ombud_domain::{Expectation, Understanding};
use serde::Deserialize;

use crate::classify::{Classifier, Example, TrainError};
use crate::extract::{PatternError, PatternSpec, Patterns};

/// A file of labelled sentences: `packs/base/nlu/<locale>.yaml` and its like in other packs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NluFile {
    /// Language tag of the sentences.
    pub locale: String,
    /// Sentences by class.
    pub classes: BTreeMap<String, Vec<String>>,
}

/// Word lists of the small rule layer: `packs/base/nlu/rules.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleFile {
    /// Language tag of the words.
    pub locale: String,
    /// Regular expressions by the name under which the code asks for them.
    pub patterns: BTreeMap<String, Vec<String>>,
}

/// Everything the understander learns from.
#[derive(Debug, Clone, Default)]
pub struct NluModel {
    /// Language tag of the examples, such as `en`.
    pub locale: String,
    /// Labelled sentences: `flow:<name>`, `ask`, `repair:<kind>`, `detail`.
    pub examples: Vec<Example>,
    /// Patterns of the pack: order numbers, user ids, tracking numbers.
    pub patterns: Vec<PatternSpec>,
    /// The rule layer of the language.
    pub rules: RuleFile,
}

/// What the reading of one message needs to know beside its text.
#[derive(Debug, Clone, Copy)]
pub struct UnderstandContext<'a> {
    /// What the last reply asked for.
    pub expectation: &'a Expectation,
    /// Name of the flow that asked it.
    pub active_flow: Option<&'a str>,
    /// The summary of the open proposal as shown, at [`Expectation::Confirm`]: words of a "yes" that are not in it are a correction.
    pub proposal: Option<&'a str>,
    /// The customer's day.
    pub today: Date,
}

/// Why no understander could be built; the operator mends the pack.
#[derive(Debug, thiserror::Error)]
pub enum NluError {
    /// The examples cannot be learnt from.
    #[error("examples cannot be learnt from")]
    Train(#[from] TrainError),
    /// A pattern of the pack does not compile.
    #[error("a pattern of the pack cannot be used")]
    Pattern(#[from] PatternError),
    /// A pattern of the rule file does not compile, or a needed one is missing.
    #[error("rule `{name}` cannot be read, give it a list of regular expressions")]
    Rule {
        /// Name of the rule.
        name: String,
    },
}

/// Reads messages into commands. Built once per pack and language, shared by all turns.
#[derive(Debug, Clone)]
pub struct Understander {
    locale: String,
    classifier: Classifier,
    patterns: Patterns,
}

impl NluModel {
    /// Adds the sentences of a file.
    pub fn add(&mut self, file: NluFile) {
        for (class, texts) in file.classes {
            self.examples.extend(texts.into_iter().map(|text| Example { class: class.clone(), text }));
        }
    }
}

impl Understander {
    /// Trains the reader. Takes up to 300 ms of CPU in release for a few thousand examples.
    ///
    /// # Errors
    /// When there are too few classes, or a pattern or rule does not compile; the operator mends the pack.
    pub fn new(model: NluModel) -> Result<Self, NluError> {
        let patterns = Patterns::new(model.patterns)?;
        let classifier = Classifier::train(&model.examples, &crate::classify::TrainSettings::default())?;
        Ok(Self { locale: model.locale, classifier, patterns })
    }

    /// The compiled patterns, for [`crate::extract()`].
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Reads one screened message. Signals are left empty: they come from [`crate::screen`].
    #[must_use]
    pub fn understand(&self, text: &str, context: &UnderstandContext<'_>) -> Understanding {
        let _ = context;
        let scores = self.classifier.predict(text, 5).into_iter().map(|(class, p)| (class.to_owned(), p)).collect();
        Understanding { locale: self.locale.clone(), commands: Vec::new(), scores, signals: Vec::new() }
    }
}
