//! To which class does a short text belong, and how sure is that?
//!
//! A multinomial logistic regression over hashed character n-grams and words, trained from the pack's own
//! examples. Small enough to be trained in a blink, honest enough to be calibrated on examples it has not seen.

mod deep;
mod features;
mod head;
mod linear;
mod noise;
mod train;

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

pub use deep::{DeepClassifier, Vectors};
pub(crate) use deep::{SEED, cast};
pub use features::Vocabulary;
pub(crate) use features::words;
pub(crate) use head::{Head, Lesson, spread};
pub(crate) use linear::{Linear, Sample, Training, softmax};
pub(crate) use noise::Random;
pub(crate) use train::{Trial, loss};

/// A labelled text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Example {
    /// Name of the class, such as `flow:return_item`, `ask` or `repair:handoff`.
    pub class: String,
    /// What a customer may write.
    pub text: String,
}

/// How training is done. The defaults are those of the evaluation in `examples/`.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSettings {
    /// Seed of shuffling and noise.
    pub seed: u64,
    /// Passes over the examples.
    pub epochs: u32,
    /// Noisy copies per example (typos, dropped punctuation, lower case), 0 to 3.
    pub noisy_copies: u32,
    /// Strength of the L2 penalty, applied once per epoch.
    pub l2: f32,
    /// Words of no meaning for the class ("hi", "please") that noise puts in front of examples.
    pub fillers: Vec<String>,
}

/// Why training could not be done; the operator mends the examples.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrainError {
    /// Fewer than two classes.
    #[error("training needs at least two classes, got {found}: add examples")]
    TooFewClasses {
        /// How many there were.
        found: usize,
    },
}

/// A trained softmax regression over hashed character and word n-grams.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Classifier {
    classes: Vec<String>,
    vocabulary: Vocabulary,
    linear: Linear,
}

impl Hash for TrainSettings {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { seed, epochs, noisy_copies, l2, fillers } = self;
        (seed, epochs, noisy_copies, l2.to_bits(), fillers).hash(state);
    }
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { seed: 7, epochs: 6, noisy_copies: 1, l2: 0.002, fillers: Vec::new() }
    }
}

impl Classifier {
    /// Trains on the examples; deterministic for the same examples, settings and order.
    ///
    /// # Errors
    /// With fewer than two classes; the operator adds examples.
    pub fn train(examples: &[Example], settings: &TrainSettings) -> Result<Self, TrainError> {
        train::train(examples, settings).map(|(classifier, _)| classifier)
    }

    /// The same, and how it read the examples that it had not seen yet.
    pub(crate) fn train_and_try(examples: &[Example], settings: &TrainSettings) -> Result<(Self, Trial), TrainError> {
        train::train(examples, settings)
    }

    /// The classes with their calibrated probabilities, best first, at most `best`.
    #[must_use]
    pub fn predict(&self, text: &str, best: usize) -> Vec<(&str, f32)> {
        self.named(self.probabilities(text), best)
    }

    /// Probabilities in the order of [`Classifier::classes`] with their names, best first, at most `best`.
    pub(crate) fn named(&self, probabilities: Vec<f32>, best: usize) -> Vec<(&str, f32)> {
        let mut scored: Vec<(&str, f32)> = self.classes.iter().map(String::as_str).zip(probabilities).collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        scored.truncate(best);
        scored
    }

    /// Calibrated probabilities in the order of [`Classifier::classes`].
    #[must_use]
    pub fn probabilities(&self, text: &str) -> Vec<f32> {
        self.linear.probabilities(&self.vocabulary.vector(text))
    }

    /// Names of the classes, sorted.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Share of the text's words, by weight, that occur in the examples; 0 for gibberish or an empty text.
    #[must_use]
    pub fn known_share(&self, text: &str) -> f32 {
        self.vocabulary.known_share(text)
    }
}
