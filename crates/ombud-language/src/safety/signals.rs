//! Which signs does a message give that change how its case is handled, whatever it asks?
//!
//! Lists of the language, and a small classifier for what lists cannot hold. Advisory: a signal adds care, it never permits.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::canonical::Canonical;
use crate::classify::{Classifier, Example, TrainSettings, words};
use crate::lean::lean;

/// The lists of one language: `packs/base/nlu/signals.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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

/// Figures of speech: "these shoes are killing me", "to die for".
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Figures {
    /// The signals they are no sign of.
    pub not: Vec<String>,
    /// Regular expressions for the words to be left out when these signals are read.
    pub patterns: Vec<String>,
}

/// How one signal is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
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
    classifier: Option<Classifier>,
    /// In how many examples of each signal a word stands that harmless sentences are not full of: a sign rests on these.
    content: BTreeMap<String, BTreeMap<String, usize>>,
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

/// Probability from which the classifier alone gives a signal; set on the sentences of `examples/signals_eval.rs`.
const SURE: f32 = 0.6;
/// Share of a sentence's words that the classifier must know.
const KNOWN: f32 = 0.5;
/// A word that one of so many harmless sentences holds is common: "would", "should", "more" carry no sign, whatever stood beside them in the examples.
const COMMON_ONE_IN: usize = 200;
/// Times a word stands in them before that means anything.
const COMMON_SEEN_MIN: usize = 3;
/// Everyday sentences the classifier learns, at most: every start waits for it.
const EVERYDAY_MAX: usize = 2_000;
/// Words of content that a sign of the classifier rests on.
const CONTENT_WORDS_MIN: usize = 2;
/// Examples that one of these words stands in: what only one of them says may be said of anything.
const MARK_SEEN_MIN: usize = 3;
/// Class of harmless sentences.
const NONE: &str = "none";

impl SignalModel {
    /// Compiles the lists and trains the classifier. `everyday` is what customers write about other things; sentences in which
    /// the lists read a sign are left out of it.
    ///
    /// # Errors
    /// When an expression does not parse; the operator mends the pack.
    pub fn new(file: &SignalFile, everyday: &[String]) -> Result<Self, SignalError> {
        let mut lists = Vec::with_capacity(file.signals.len());
        let mut examples = Vec::new();
        for (signal, rule) in &file.signals {
            let figures = if file.figures.not.contains(signal) { file.figures.patterns.as_slice() } else { &[] };
            let figurative: Vec<&String> = rule.unless.iter().chain(figures).collect();
            lists.push(List {
                signal: signal.clone(),
                gives: compile(signal, &rule.patterns)?,
                figurative: compile_one(signal, &figurative)?,
                passing: compile_one(signal, &rule.passing.iter().collect::<Vec<_>>())?,
            });
            examples.extend(rule.examples.iter().map(|text| Example { class: signal.clone(), text: text.clone() }));
        }
        let all: Vec<String> = file.signals.values().flat_map(|rule| rule.patterns.iter().cloned()).collect();
        let any = compile("any", &all)?;
        let soft = |rule: &SignalRule| rule.unless.iter().chain(&rule.passing).cloned().collect::<Vec<_>>();
        let soft: Vec<String> =
            file.signals.values().flat_map(soft).chain(file.figures.patterns.iter().cloned()).collect();
        let softens = compile_one("any", &soft.iter().collect::<Vec<_>>())?;
        let mut common = common(everyday);
        common.extend(file.neutral.iter().flat_map(|word| words(word)));
        let content = content(&examples, &common);
        let thinned = everyday.iter().step_by(everyday.len().div_ceil(EVERYDAY_MAX).max(1));
        let harmless = thinned.filter(|text| !any.is_match(&straighten(text)));
        examples.extend(harmless.map(|text| Example { class: NONE.to_owned(), text: text.clone() }));
        // Without examples of two classes the lists stand alone.
        let classifier = Classifier::train(&examples, &TrainSettings { epochs: 10, ..TrainSettings::default() }).ok();
        Ok(Self { lists, any, softens, classifier, content })
    }

    /// The signals of a redacted text.
    #[must_use]
    pub fn read(&self, redacted: &str, canonical: &Canonical) -> SignalReading {
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
        found.extend(sentences(redacted).filter_map(|sentence| self.learnt(&straighten(sentence))));
        let softened = self.softens.as_ref().is_some_and(|softens| softens.is_match(&straight));
        let taken_back = |list: &&List| softened && !found.contains(&list.signal) && list.is_taken_back(&straight);
        let taken_back = self.lists.iter().filter(taken_back).map(|list| list.signal.clone()).collect();
        SignalReading { signals: found.into_iter().collect(), taken_back }
    }

    /// The signal that the classifier reads in a sentence, if it rests on words of content, and still does without those that do not mean it.
    fn learnt(&self, sentence: &str) -> Option<String> {
        let classifier = self.classifier.as_ref()?;
        let sure = |text: &str| {
            let (class, p) = classifier.predict(text, 1).into_iter().next()?;
            (class != NONE && p >= SURE && classifier.known_share(text) > KNOWN).then(|| class.to_owned())
        };
        let rests_on_content = |text: &str| {
            let class = sure(text)?;
            let of_class = self.content.get(&class)?;
            let said: BTreeSet<String> = words(text).into_iter().collect();
            let seen: Vec<usize> = said.iter().filter_map(|word| of_class.get(word).copied()).collect();
            let rests = seen.len() >= CONTENT_WORDS_MIN && seen.iter().any(|count| *count >= MARK_SEEN_MIN);
            rests.then_some(class)
        };
        let class = rests_on_content(sentence)?;
        let list = self.lists.iter().find(|list| list.signal == class)?;
        let matters = list.matters(&list.meant(sentence)).into_owned();
        (matters == sentence || rests_on_content(&matters).as_ref() == Some(&class)).then_some(class)
    }
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

/// Words of the examples of each class but the common ones, with the number of examples they stand in.
fn content(examples: &[Example], common: &BTreeSet<String>) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut content = BTreeMap::<String, BTreeMap<String, usize>>::new();
    for example in examples {
        let of_class = content.entry(example.class.clone()).or_default();
        for word in words(&example.text).into_iter().collect::<BTreeSet<_>>() {
            if !common.contains(&word) {
                *of_class.entry(word).or_default() += 1;
            }
        }
    }
    content
}

/// Words that many of these sentences hold; none of a few, which say nothing about how common a word is.
fn common(everyday: &[String]) -> BTreeSet<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    for word in everyday.iter().flat_map(|text| words(text).into_iter().collect::<BTreeSet<_>>()) {
        *counts.entry(word).or_default() += 1;
    }
    let often = (everyday.len() / COMMON_ONE_IN).max(COMMON_SEEN_MIN);
    counts.into_iter().filter(|(_, count)| *count >= often).map(|(word, _)| word).collect()
}

/// What is left of a text; a full stop keeps the words around a gap apart.
fn without<'t>(words: Option<&Regex>, text: &'t str) -> Cow<'t, str> {
    words.map_or(Cow::Borrowed(text), |words| words.replace_all(text, " . "))
}

/// One kind of apostrophe, and one where hurried people leave it out: the lists are written with it.
fn straighten(text: &str) -> String {
    static HURRIED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        crate::lean::regex(r"(?i)\b(ca|do|wo|is|are|was|were|did|does|have|has|had|could|should|would)nt\b").ok()
    });
    let straight = text.replace(['’', '‘', '`', '´'], "'");
    match HURRIED.as_ref().map(|hurried| hurried.replace_all(&straight, "${1}n't")) {
        Some(Cow::Owned(mended)) => mended,
        _ => straight,
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

/// Room for the lazily built automata: long lists outgrow the default cache of 2 MB, and are then ten times slower.
const AUTOMATA_BYTES: usize = 16 << 20;

fn compile(signal: &str, patterns: &[String]) -> Result<RegexSet, SignalError> {
    let patterns = patterns.iter().map(|pattern| format!("(?i){}", lean(pattern)));
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
    let each: Vec<String> = patterns.iter().map(|pattern| format!("(?:{})", lean(pattern))).collect();
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
