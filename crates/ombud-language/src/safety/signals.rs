//! Which signs does a message give that change how its case is handled, whatever it asks?
//!
//! Lists of the language, and a small classifier for what lists cannot hold. Advisory: a signal adds care, it never permits.

mod learnt;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::canonical::Canonical;
use crate::classify::{Example, Vectors};
use crate::lean::lean;
use crate::sample::sample;
use crate::shelf::{Place, SomeShelf};
use learnt::Learnt;

/// The lists of one language: `packs/base/nlu/signals.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalFile {
    /// Language tag of the lists.
    pub locale: String,
    /// Words that no sign rests on, beside those the pack's examples are full of: pronouns, relatives, letters.
    pub neutral: Vec<String>,
    /// What is said of things that nobody suffers from.
    pub figures: Figures,
    /// Rules by the name of the signal; `none` holds harmless sentences.
    pub signals: BTreeMap<String, SignalRule>,
}

impl SignalFile {
    /// Adds sentences to those that are learnt, by the name of their signal.
    pub fn add(&mut self, examples: Vec<Example>) {
        for example in examples {
            self.signals.entry(example.class).or_default().examples.push(example.text);
        }
    }
}

/// Figures of speech: "these shoes are killing me", "to die for".
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Figures {
    /// The signals they are no sign of.
    pub not: Vec<String>,
    /// Regular expressions for the words to be left out when these signals are read.
    pub patterns: Vec<String>,
}

/// How one signal is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignalRule {
    /// Regular expressions, any of which gives the signal; matched without regard to case.
    pub patterns: Vec<String>,
    /// Expressions for words that are no sign; the rest of the message is still read.
    pub unless: Vec<String>,
    /// Expressions for words in which it is only mentioned: "I wore it to a funeral". They give `<signal>_mentioned`.
    pub passing: Vec<String>,
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
    /// What takes any signal back, for the same reason.
    softens: Option<Regex>,
    learnt: Option<Learnt>,
}

#[derive(Debug, Clone)]
struct List {
    signal: String,
    gives: RegexSet,
    figurative: Option<Regex>,
    passing: Option<Regex>,
}

/// What a message warns of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalReading {
    /// Names of the signals found, sorted; `<signal>_mentioned` for what is said in passing.
    pub signals: Vec<String>,
    /// Signals that only words without that meaning resemble: the message is not about them.
    pub taken_back: Vec<String>,
}

/// Everyday sentences the classifier learns, at most: every start waits for it.
const EVERYDAY_MAX: usize = 6_000;

impl SignalModel {
    /// Compiles the lists and trains the classifier. `everyday` is what customers write about other things; sentences in which
    /// the lists read a sign are left out of it.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(file: &SignalFile, everyday: &[String]) -> Result<Self, SignalError> {
        Self::new_or_find(file, everyday, &None)
    }

    /// The same, unless the shelf has what its training gave before.
    ///
    /// # Errors
    /// As [`SignalModel::new`].
    pub fn new_or_find(file: &SignalFile, everyday: &[String], shelf: &SomeShelf) -> Result<Self, SignalError> {
        let mut lists = Vec::with_capacity(file.signals.len());
        for (signal, rule) in &file.signals {
            let figures = if file.figures.not.contains(signal) { file.figures.patterns.as_slice() } else { &[] };
            let figurative: Vec<&String> = rule.unless.iter().chain(figures).collect();
            lists.push(List {
                signal: signal.clone(),
                gives: compile(signal, &rule.patterns)?,
                figurative: compile_one(signal, &figurative)?,
                passing: compile_one(signal, &rule.passing.iter().collect::<Vec<_>>())?,
            });
        }
        let all: Vec<String> = file.signals.values().flat_map(|rule| rule.patterns.iter().cloned()).collect();
        let any = compile("any", &all)?;
        let soft = |rule: &SignalRule| rule.unless.iter().chain(&rule.passing).cloned().collect::<Vec<_>>();
        let soft: Vec<String> =
            file.signals.values().flat_map(soft).chain(file.figures.patterns.iter().cloned()).collect();
        let softens = compile_one("any", &soft.iter().collect::<Vec<_>>())?;
        let place = Place::of(shelf, "signals", &(file, everyday));
        let Ok(learnt) = place.or_learn(|| Ok::<_, Infallible>(learn(file, everyday, &any)));
        let learnt = learnt.map(|learnt| learnt.at(place));
        Ok(Self { lists, any, softens, learnt })
    }

    /// Takes what was learnt before from the vectors of a model, named by its SHA-256, and keeps what is learnt of them from then on.
    pub fn recall(&self, model: &str) {
        if let Some(learnt) = &self.learnt {
            learnt.recall(model);
        }
    }

    /// The texts of which [`SignalModel::deepen`] wants the vectors, in its order; none once it has learnt them.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        self.learnt.iter().flat_map(Learnt::lessons).collect()
    }

    /// Learns to read by meaning what the words leave open; `vectors` belong to the [`SignalModel::lessons`].
    pub fn deepen<V: AsRef<[f32]>>(&self, vectors: &[V]) {
        if let Some(learnt) = &self.learnt {
            learnt.deepen(vectors);
        }
    }

    /// The signals of a redacted text.
    #[must_use]
    pub fn read(&self, redacted: &str, canonical: &Canonical, vectors: Option<&dyn Vectors>) -> SignalReading {
        let mut found: BTreeSet<String> = BTreeSet::new();
        if canonical.hidden > 1 || !canonical.smuggled.is_empty() {
            found.insert("hidden_text".to_owned());
        }
        if canonical.mixed_script_words > 0 {
            found.insert("mixed_script".to_owned());
        }
        if shouts(redacted) {
            found.insert("anger".to_owned());
        }
        let straight = straighten(&canonical.check);
        let smuggled = canonical.smuggled.to_lowercase();
        let any = self.any.is_match(&straight) || !smuggled.is_empty() && self.any.is_match(&smuggled);
        for list in self.lists.iter().filter(|_| any) {
            let meant = list.meant(&straight);
            let matters = list.matters(&meant);
            if list.gives.is_match(&matters) || !smuggled.is_empty() && list.gives.is_match(&smuggled) {
                found.insert(list.signal.clone());
            } else if matches!(matters, Cow::Owned(_)) && list.gives.is_match(&meant) {
                found.insert(format!("{}_mentioned", list.signal));
            }
        }
        found.retain(|signal| !self.is_harmless(signal, &straight, vectors));
        let sentences: Vec<String> = sentences(redacted).map(straighten).collect();
        let before = std::iter::once("").chain(sentences.iter().map(String::as_str));
        found.extend(before.zip(&sentences).filter_map(|(before, sentence)| self.learnt(before, sentence, vectors)));
        let softened = self.softens.as_ref().is_some_and(|softens| softens.is_match(&straight));
        let taken_back = |list: &&List| softened && !found.contains(&list.signal) && list.is_taken_back(&straight);
        let taken_back = self.lists.iter().filter(taken_back).map(|list| list.signal.clone()).collect();
        SignalReading { signals: found.into_iter().collect(), taken_back }
    }

    /// Whether words of a list mean nothing of the kind in this message, as far as its meaning tells: "skint till friday haha".
    fn is_harmless(&self, signal: &str, text: &str, vectors: Option<&dyn Vectors>) -> bool {
        self.learnt.as_ref().zip(vectors).is_some_and(|(learnt, vectors)| learnt.is_harmless(signal, text, vectors))
    }

    /// The sign of a sentence that is learnt from examples. Whom "he" means, the sentence before it tells.
    fn learnt(&self, before: &str, sentence: &str, vectors: Option<&dyn Vectors>) -> Option<String> {
        let meant = |class: &str| {
            let list = self.lists.iter().find(|list| list.signal == class);
            list.map_or_else(|| sentence.to_owned(), |list| list.matters(&list.meant(sentence)).into_owned())
        };
        self.learnt.as_ref()?.sign((before, sentence), meant, vectors)
    }
}

/// What the sentences teach, harmless ones among them; none without examples of two classes: then the lists stand alone.
fn learn(file: &SignalFile, everyday: &[String], any: &RegexSet) -> Option<Learnt> {
    let example = |signal: &String, text: &String| Example { class: signal.clone(), text: text.clone() };
    let told = file.signals.iter().flat_map(|(signal, rule)| rule.examples.iter().map(|text| example(signal, text)));
    let kept = sample(everyday.iter().map(String::as_str), EVERYDAY_MAX);
    let thinned = kept.into_iter().filter_map(|place| everyday.get(place));
    let harmless = thinned.filter(|text| !any.is_match(&straighten(text))).cloned().collect();
    Learnt::new(told.collect(), harmless, &file.neutral)
}

impl List {
    /// The text without figures of speech.
    fn meant<'t>(&self, text: &'t str) -> Cow<'t, str> {
        without(self.figurative.as_ref(), text)
    }

    /// The text without what is said in passing.
    fn matters<'t>(&self, text: &'t str) -> Cow<'t, str> {
        without(self.passing.as_ref(), text)
    }

    fn is_taken_back(&self, text: &str) -> bool {
        [&self.figurative, &self.passing].into_iter().flatten().any(|words| words.is_match(text))
    }
}

/// What is left of a text; a full stop keeps the words around a gap apart.
fn without<'t>(words: Option<&Regex>, text: &'t str) -> Cow<'t, str> {
    words.map_or(Cow::Borrowed(text), |words| words.replace_all(text, " . "))
}

/// One kind of apostrophe, and one where hurried people leave it out: the lists are written with it. No accent where they leave that out.
fn straighten(text: &str) -> String {
    static HURRIED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        crate::lean::regex(r"(?i)\b(ca|do|wo|is|are|was|were|did|does|have|has|had|could|should|would)nt\b").ok()
    });
    let straight = without_accents(&text.replace(['’', '‘', '`', '´'], "'"));
    match HURRIED.as_ref().map(|hurried| hurried.replace_all(&straight, "${1}n't")) {
        Some(Cow::Owned(mended)) => mended,
        _ => straight,
    }
}

/// "fiance" for "fiancé", in texts and expressions alike: an expression that names a letter beyond ASCII is slow on every text that holds one (see
/// [`crate::lean`]).
fn without_accents(text: &str) -> String {
    text.replace('é', "e").replace('É', "E")
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

/// Room for the lazily built automata: long lists outgrow the default cache of 2 MB, and are then ten times slower.
const AUTOMATA_BYTES: usize = 16 << 20;

fn compile(signal: &str, patterns: &[String]) -> Result<RegexSet, SignalError> {
    let patterns = patterns.iter().map(|pattern| format!("(?i){}", lean(&without_accents(pattern))));
    RegexSetBuilder::new(patterns)
        .size_limit(AUTOMATA_BYTES)
        .dfa_size_limit(AUTOMATA_BYTES)
        .build()
        .map_err(|source| broken(signal, source))
}

/// One expression for all of them; none without any.
fn compile_one(signal: &str, patterns: &[&String]) -> Result<Option<Regex>, SignalError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let each: Vec<String> = patterns.iter().map(|pattern| format!("(?:{})", lean(&without_accents(pattern)))).collect();
    RegexBuilder::new(&format!("(?i){}", each.join("|")))
        .size_limit(AUTOMATA_BYTES)
        .dfa_size_limit(AUTOMATA_BYTES)
        .build()
        .map(Some)
        .map_err(|source| broken(signal, source))
}

fn broken(signal: &str, source: regex::Error) -> SignalError {
    SignalError::Pattern { signal: signal.to_owned(), source: Box::new(source) }
}
