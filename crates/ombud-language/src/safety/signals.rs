//! Which signs does a message give that change how its case is handled, whatever it asks?
//!
//! Lists of the language, and a small classifier for what lists cannot hold. Advisory: a signal adds care, it never permits.

use std::collections::{BTreeMap, BTreeSet};

use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::canonical::Canonical;
use crate::classify::{Classifier, Example, TrainSettings};

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
pub struct SignalModel {
    lists: Vec<List>,
    /// What gives any signal: most messages give none, and one look is enough.
    any: RegexSet,
    classifier: Option<Classifier>,
}

#[derive(Debug, Clone)]
struct List {
    signal: String,
    gives: RegexSet,
    takes_back: RegexSet,
}

/// Probability from which the classifier alone gives a signal; set on the sentences of `examples/signals_eval.rs`.
const SURE: f32 = 0.6;
/// Class of harmless sentences.
const NONE: &str = "none";

impl SignalModel {
    /// Compiles the lists and trains the classifier.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(file: &SignalFile) -> Result<Self, SignalError> {
        let mut lists = Vec::with_capacity(file.signals.len());
        let mut examples = Vec::new();
        for (signal, rule) in &file.signals {
            lists.push(List {
                signal: signal.clone(),
                gives: compile(signal, &rule.patterns)?,
                takes_back: compile(signal, &rule.unless)?,
            });
            examples.extend(rule.examples.iter().map(|text| Example { class: signal.clone(), text: text.clone() }));
        }
        let all: Vec<String> = file.signals.values().flat_map(|rule| rule.patterns.iter().cloned()).collect();
        let any = compile("any", &all)?;
        // Without examples of two classes the lists stand alone.
        let classifier = Classifier::train(&examples, &TrainSettings { epochs: 10, ..TrainSettings::default() }).ok();
        Ok(Self { lists, any, classifier })
    }

    /// Names of the signals of a redacted text, sorted.
    #[must_use]
    pub fn read(&self, redacted: &str, canonical: &Canonical) -> Vec<String> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        if canonical.hidden > 1 || !canonical.smuggled.is_empty() {
            found.insert("hidden_text");
        }
        if canonical.mixed_script_words > 0 {
            found.insert("mixed_script");
        }
        if shouts(redacted) {
            found.insert("anger");
        }
        let straight = canonical.check.replace(['’', '‘', '`', '´'], "'");
        let smuggled = canonical.smuggled.to_lowercase();
        let any = self.any.is_match(&straight) || !smuggled.is_empty() && self.any.is_match(&smuggled);
        for list in self.lists.iter().filter(|_| any) {
            let given = || list.gives.is_match(&straight) || !smuggled.is_empty() && list.gives.is_match(&smuggled);
            if !list.takes_back.is_match(&straight) && given() {
                found.insert(&list.signal);
            }
        }
        let taken_back =
            |class: &str| self.lists.iter().any(|list| list.signal == class && list.takes_back.is_match(&straight));
        if let Some(classifier) = &self.classifier {
            for sentence in sentences(redacted) {
                let best = classifier.predict(sentence, 1);
                let sure = best.first().filter(|(class, p)| *class != NONE && *p >= SURE && !taken_back(class));
                if let Some((class, _)) = sure.filter(|_| classifier.known_share(sentence) > 0.5) {
                    found.insert(class);
                }
            }
        }
        found.into_iter().map(str::to_owned).collect()
    }
}

/// Four long words and most letters in capitals.
fn shouts(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    let loud =
        |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !word.chars().any(char::is_lowercase);
    capitals * 10 >= letters * 7 && text.split_whitespace().filter(loud).count() >= 4
}

/// Sentences of some length; a long message is read from its beginning.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '!', '?', '\n']).map(str::trim).filter(|part| part.split_whitespace().nth(1).is_some()).take(16)
}

fn compile(signal: &str, patterns: &[String]) -> Result<RegexSet, SignalError> {
    let patterns = patterns.iter().map(|pattern| format!("(?i){}", ascii_boundaries(pattern)));
    // The lazily built automata of long lists outgrow the default cache of 2 MB, and are then ten times slower.
    RegexSetBuilder::new(patterns)
        .dfa_size_limit(16 << 20)
        .build()
        .map_err(|source| SignalError::Pattern { signal: signal.to_owned(), source: Box::new(source) })
}

/// A word boundary of ASCII in an expression of ASCII: Unicode's would rule out the fast automata on texts with other letters.
pub(crate) fn ascii_boundaries(pattern: &str) -> String {
    if pattern.is_ascii() { pattern.replace(r"\b", r"(?-u:\b)") } else { pattern.to_owned() }
}
