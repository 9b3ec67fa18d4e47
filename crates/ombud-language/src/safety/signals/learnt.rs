//! Which sign does a sentence give that no list holds? By its words first, and by its meaning where these raise a suspicion.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::classify::{DeepClassifier, Example, TrainSettings, Vectors, words};
use crate::shelf::Place;

/// Probability from which a sign is given; set on the sentences of `signals_eval` of `ombud-inference`.
const SURE: f32 = 0.75;
/// The same where the meaning is asked too.
const MEANT: f32 = 0.78;
/// Probability of all signs together by the words from which the meaning is asked.
const SUSPECTED: f32 = 0.1;
/// Share of a sentence's words that the classifier must know where it stands alone.
const KNOWN: f32 = 0.5;
/// A word that one of so many harmless sentences holds is common: "would", "should", "more" carry no sign, whatever stood beside them in the examples.
const COMMON_ONE_IN: usize = 200;
/// Times a word stands in them before that means anything.
const COMMON_SEEN_MIN: usize = 3;
/// Words of content that a sign of the words alone rests on.
const CONTENT_WORDS_MIN: usize = 2;
/// Examples that one of these words stands in: what only one of them says may be said of anything.
const MARK_SEEN_MIN: usize = 3;
/// Probability from which a text surely gives no sign, whatever words of a list stand in it.
const HARMLESS: f32 = 0.97;
/// Examples of a signal without which its list has the last word.
const LEARNT_MIN: usize = 100;
/// Class of harmless sentences.
pub(super) const NONE: &str = "none";

/// What was learnt from the examples, by words and, once their vectors are known, by meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Learnt {
    classifier: DeepClassifier,
    /// In how many examples of each signal a word stands that harmless sentences are not full of: a sign of the words alone rests on these.
    content: BTreeMap<String, BTreeMap<String, usize>>,
    /// How many examples of each signal were learnt.
    told: BTreeMap<String, usize>,
}

impl Learnt {
    /// Learns the examples and harmless sentences; none without examples of two classes. `neutral` are words that no sign rests on.
    pub(super) fn new(told: Vec<Example>, harmless: Vec<String>, neutral: &[String]) -> Option<Self> {
        let mut common = common(&harmless);
        common.extend(neutral.iter().flat_map(|word| words(word)));
        let content = content(&told, &common);
        let mut counts = BTreeMap::<String, usize>::new();
        for example in &told {
            *counts.entry(example.class.clone()).or_default() += 1;
        }
        let mut examples = told;
        examples.extend(harmless.into_iter().map(|text| Example { class: NONE.to_owned(), text }));
        let settings = TrainSettings::default();
        Some(Self { classifier: DeepClassifier::train(examples, &settings).ok()?, content, told: counts })
    }

    /// The place where the shelf has it.
    pub(super) fn at(self, place: Place) -> Self {
        Self { classifier: self.classifier.at(place), ..self }
    }

    /// Takes what was learnt before from the vectors of a model.
    pub(super) fn recall(&self, model: &str) {
        self.classifier.recall(model);
    }

    /// The texts that are learnt from; none once their vectors were.
    pub(super) fn lessons(&self) -> impl Iterator<Item = String> + '_ {
        self.classifier.lessons()
    }

    /// Learns from the vectors of the lessons.
    pub(super) fn deepen<V: AsRef<[f32]>>(&self, vectors: &[V]) {
        self.classifier.deepen(vectors);
    }

    /// The sign of a sentence behind another. `meant` is the sentence without figures of speech and what is said in passing.
    pub(super) fn sign(
        &self,
        (before, sentence): (&str, &str),
        meant: impl Fn(&str) -> String,
        vectors: Option<&dyn Vectors>,
    ) -> Option<String> {
        let Some(vectors) = vectors else {
            let class = self.of_words(sentence)?;
            let matters = meant(&class);
            return (matters == sentence || self.of_words(&matters).as_ref() == Some(&class)).then_some(class);
        };
        let matters = meant(&self.suspected(sentence)?);
        self.suspected(&matters)?;
        let (class, p) = self.classifier.best(&matters, Some(vectors))?;
        let is_sign = class != NONE && p >= MEANT && self.holds(class, &format!("{before}. {matters}"), vectors);
        is_sign.then(|| class.to_owned())
    }

    /// Whether a sentence still gives the sign behind the one before it.
    fn holds(&self, class: &str, text: &str, vectors: &dyn Vectors) -> bool {
        text.starts_with('.') || self.classifier.best(text, Some(vectors)).is_some_and(|(read, _)| read == class)
    }

    /// Whether a text surely gives no sign, of a signal that was learnt from many examples.
    pub(super) fn is_harmless(&self, signal: &str, text: &str, vectors: &dyn Vectors) -> bool {
        let learnt = self.told.get(signal).is_some_and(|count| *count >= LEARNT_MIN);
        learnt && matches!(self.classifier.best(text, Some(vectors)), Some((NONE, p)) if p >= HARMLESS)
    }

    /// The likeliest sign, if the words raise the suspicion of any.
    fn suspected(&self, text: &str) -> Option<String> {
        let words = self.classifier.words();
        let read = words.named(words.probabilities(text), usize::MAX);
        let signs = || read.iter().filter(|(class, _)| *class != NONE);
        let likeliest = signs().next()?.0;
        (signs().map(|(_, p)| p).sum::<f32>() >= SUSPECTED).then(|| likeliest.to_owned())
    }

    /// The sign that the words alone give: it must rest on words of content.
    fn of_words(&self, text: &str) -> Option<String> {
        let (class, p) = self.classifier.words().predict(text, 1).into_iter().next()?;
        if class == NONE || p < SURE || self.classifier.words().known_share(text) <= KNOWN {
            return None;
        }
        let of_class = self.content.get(class)?;
        let said: BTreeSet<String> = words(text).into_iter().collect();
        let seen: Vec<usize> = said.iter().filter_map(|word| of_class.get(word).copied()).collect();
        let rests = seen.len() >= CONTENT_WORDS_MIN && seen.iter().any(|count| *count >= MARK_SEEN_MIN);
        rests.then(|| class.to_owned())
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
