//! Does a customer wish to be served by a person? Read in every language that has data, by its words and, where a model is at hand, by meaning.
//!
//! Words are read as what they do (`lexicon/person.yaml`): "speak", "reden" and "puhua" are one sign, so that what is learnt of one language holds
//! for the others. One logistic regression over the signs and the vector is learnt from `nlu/person.jsonl`, and another over the signs alone for
//! when there is no model. Two thresholds are set on messages that the reading had not seen: handing over at once must hardly ever be
//! wrong, asking whether a person is wished may be wrong more often.

mod signs;

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::classify::{Lesson, Linear, Random, Sample, Training, cast, spread};
use crate::shelf::{OfVectors, Place, SomeShelf};
pub use signs::{PersonFile, PersonWords};
use signs::{Signs, SignsOfLanguages};

/// Of messages that wish for nobody, the share that was handed over at once, and the share that was asked about, when each part was read by what
/// was learnt from the others. Most lessons that wish for nobody were written to sound like a wish (thanks for help, "who tells me?", "no colleague"),
/// so both are more than what is wanted of other messages (1 % and 10 %).
const AT_ONCE_ALARMS: f32 = 0.03;
const ASK_ALARMS: f32 = 0.15;
/// Parts of the lessons: a number that shares no divisor with the lessons of a language, so that each part takes other places of each.
const PARTS: usize = 7;
const EPOCHS: u32 = 30;
/// Weights shrink much: a sign that few lessons show may be chance.
const L2: f32 = 0.15;
/// Value of a sign, of which a message shows some dozens.
const SIGN: f32 = 0.2;
/// Length of the vector beside them.
const VECTOR: f32 = 0.4;
const SEED: u64 = 7;

/// A message with whether it wishes for a person: a line of `nlu/person.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonExample {
    /// Tag of its language.
    pub language: String,
    /// What a customer writes.
    pub text: String,
    /// Whether he wishes to be served by a person.
    pub wish: bool,
}

/// Whether a person is wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonWish {
    /// No.
    No,
    /// So likely that he is asked.
    Perhaps,
    /// So surely that he is handed over at once.
    Wished,
}

/// Reads whether a person is wished.
#[derive(Debug, Clone)]
pub struct Person {
    signs: SignsOfLanguages,
    examples: Vec<PersonExample>,
    by_words: Reading,
    by_meaning: OfVectors<Reading>,
}

/// What was learnt.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Reading {
    weights: Weights,
    at_once: f32,
    ask: f32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Weights {
    /// What brings vectors to a common scale; empty where only signs are read.
    mean: Vec<f32>,
    scale: Vec<f32>,
    linear: Linear,
}

/// What one message is read from.
struct Read<'a> {
    signs: Signs,
    vector: Option<&'a [f32]>,
}

impl Person {
    /// Learns to read words; some tenths of a second.
    #[must_use]
    pub fn new(words: PersonFile, examples: Vec<PersonExample>) -> Self {
        Self::new_or_find(words, examples, &None)
    }

    /// The same, unless the shelf has what its training gave before.
    #[must_use]
    pub fn new_or_find(words: PersonFile, examples: Vec<PersonExample>, shelf: &SomeShelf) -> Self {
        let place = Place::of(shelf, "person", &(&words, &examples));
        let signs = SignsOfLanguages::new(words, examples.iter().map(|e| (e.language.as_str(), e.text.as_str())));
        let Ok(by_words) = place.or_learn(|| {
            let read = examples.iter().map(|e| Read { signs: signs.of(&e.language, &e.text), vector: None });
            Ok::<_, Infallible>(Reading::learn(&read.collect::<Vec<_>>(), &examples, signs.count()))
        });
        Self { signs, examples, by_words, by_meaning: OfVectors::new(place) }
    }

    /// Takes what was learnt before from the vectors of a model, named by its SHA-256, and keeps what is learnt of them from then on.
    pub fn recall(&self, model: &str) {
        self.by_meaning.recall(model);
    }

    /// The texts of which [`Person::learn`] wants the vectors, in its order; none once it has learnt them.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        if self.by_meaning.get().is_some() {
            return Vec::new();
        }
        self.examples.iter().map(|example| cast(&example.text)).collect()
    }

    /// Learns to read by meaning too; a wrong number of vectors, and a second time, teach nothing. About a second of CPU.
    pub fn learn<V: AsRef<[f32]>>(&self, vectors: &[V]) {
        if vectors.len() != self.examples.len() || vectors.is_empty() {
            return;
        }
        self.by_meaning.learn(|| {
            let read = self.examples.iter().zip(vectors).map(|(example, vector)| Read {
                signs: self.signs.of(&example.language, &example.text),
                vector: Some(vector.as_ref()),
            });
            Reading::learn(&read.collect::<Vec<_>>(), &self.examples, self.signs.count())
        });
    }

    /// The text of a message of which [`Person::read`] wants the vector.
    #[must_use]
    pub fn cast(text: &str) -> String {
        cast(text)
    }

    /// Whether the writer of a message in a language, named by its tag, wishes for a person. Without a vector, or before
    /// [`Person::learn`], its words decide.
    #[must_use]
    pub fn read(&self, language: &str, text: &str, vector: Option<&[f32]>) -> PersonWish {
        let signs = self.signs.of(language, text);
        match (self.by_meaning.get(), vector) {
            (Some(reading), Some(_)) => reading.read(&Read { signs, vector }),
            _ => self.by_words.read(&Read { signs, vector: None }),
        }
    }
}

impl Reading {
    fn learn(read: &[Read<'_>], examples: &[PersonExample], signs: usize) -> Self {
        let mut others = Vec::new();
        for part in 0..PARTS {
            let is_left_out = |at: usize| at % PARTS == part;
            let weights = Weights::learn(read, examples, signs, |at| !is_left_out(at));
            let left_out = read.iter().zip(examples).enumerate().filter(|(at, _)| is_left_out(*at));
            others.extend(left_out.filter(|(_, (_, e))| !e.wish).map(|(_, (read, _))| weights.score(read)));
        }
        others.sort_by(|one, other| other.total_cmp(one));
        // Above the threshold lie no more than the allowed share.
        let threshold = |share: f32| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a few thousand lessons"
            )]
            let allowed = (others.len() as f32 * share) as usize;
            others.get(allowed).copied().unwrap_or(f32::INFINITY)
        };
        let (at_once, ask) = (threshold(AT_ONCE_ALARMS), threshold(ASK_ALARMS));
        Self { weights: Weights::learn(read, examples, signs, |_| true), at_once, ask }
    }

    fn read(&self, read: &Read<'_>) -> PersonWish {
        match self.weights.score(read) {
            score if score > self.at_once => PersonWish::Wished,
            score if score > self.ask => PersonWish::Perhaps,
            _ => PersonWish::No,
        }
    }
}

impl Weights {
    fn learn(read: &[Read<'_>], examples: &[PersonExample], signs: usize, takes: impl Fn(usize) -> bool) -> Self {
        let taken: Vec<(&Read<'_>, bool)> = (0..)
            .zip(read.iter().zip(examples))
            .filter(|(at, _)| takes(*at))
            .map(|(_, (read, example))| (read, example.wish))
            .collect();
        let lessons = taken.iter().map(|(read, wish)| Lesson {
            class: usize::from(*wish),
            vector: read.vector.unwrap_or_default(),
            beside: 0,
        });
        let lessons: Vec<Lesson<'_>> = lessons.collect();
        let (mean, scale) = spread(&lessons);
        let mut weights = Self { mean, scale, ..Self::default() };
        let mut samples: Vec<Sample<Vec<(usize, f32)>>> = taken
            .iter()
            .map(|(read, wish)| Sample { vector: weights.features(read), class: usize::from(*wish), weight: 1.0 })
            .collect();
        let mut training = Training::new(weights.mean.len() + signs, 2);
        training.run(&mut samples, (EPOCHS, L2), &mut Random::new(SEED));
        weights.linear = training.linear;
        weights
    }

    fn features(&self, read: &Read<'_>) -> Vec<(usize, f32)> {
        let vector = read.vector.unwrap_or_default().iter().zip(self.mean.iter().zip(&self.scale));
        let vector = vector.map(|(value, (mean, scale))| VECTOR * (value - mean) * scale);
        let signs = read.signs.iter().map(|sign| (self.mean.len() + sign, SIGN));
        vector.enumerate().chain(signs).collect()
    }

    /// How much more speaks for a wish than against it.
    fn score(&self, read: &Read<'_>) -> f32 {
        match self.linear.scores(&self.features(read)).as_slice() {
            [against, wish] => wish - against,
            _ => f32::NEG_INFINITY,
        }
    }
}
