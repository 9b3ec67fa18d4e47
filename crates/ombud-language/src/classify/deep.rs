//! To which class does a text belong by its words, and by its meaning where a model gives it a vector?

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Classifier, Example, Head, Lesson, TrainError, TrainSettings, Trial};
use crate::shelf::{OfVectors, Place, SomeShelf};

/// Gives texts their vectors.
pub trait Vectors {
    /// The vector of a text, of length one; none when the model cannot give it, and then the words decide.
    fn of(&self, text: &str) -> Option<Arc<[f32]>>;
}

/// Seed of the order of lessons.
pub(crate) const SEED: u64 = 7;

/// A classifier of words that learns the vectors of its examples once they are known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeepClassifier {
    words: Classifier,
    lessons: Arc<(Vec<Example>, Trial)>,
    #[serde(skip)]
    head: OfVectors<Head>,
}

impl DeepClassifier {
    /// Learns the words of the examples.
    ///
    /// # Errors
    /// With fewer than two classes; the operator adds examples.
    pub fn train(examples: Vec<Example>, settings: &TrainSettings) -> Result<Self, TrainError> {
        Self::train_or_find(examples, settings, &None)
    }

    /// The same, unless the shelf has what came of it before.
    ///
    /// # Errors
    /// With fewer than two classes; the operator adds examples.
    pub fn train_or_find(
        examples: Vec<Example>,
        settings: &TrainSettings,
        shelf: &SomeShelf,
    ) -> Result<Self, TrainError> {
        let place = Place::of(shelf, "classes", &(&examples, settings));
        let learnt = place.or_learn(|| {
            let (words, trial) = Classifier::train_and_try(&examples, settings)?;
            Ok(Self { words, lessons: Arc::new((examples, trial)), head: OfVectors::default() })
        })?;
        Ok(learnt.at(place))
    }

    /// The place where the shelf has it.
    pub(crate) fn at(self, place: Place) -> Self {
        Self { head: OfVectors::new(place), ..self }
    }

    /// Takes what was learnt before from the vectors of a model, named by its SHA-256, and keeps what is learnt of them from then on.
    pub fn recall(&self, model: &str) {
        self.head.recall(model);
    }

    /// The texts of which [`DeepClassifier::deepen`] wants the vectors, in its order; none once it has learnt them.
    pub fn lessons(&self) -> impl Iterator<Item = String> + '_ {
        let lessons = self.lessons.0.iter().filter(|_| self.head.get().is_none());
        lessons.map(|example| cast(&example.text))
    }

    /// Learns the vectors of the lessons; a wrong number of them teaches nothing.
    pub fn deepen<V: AsRef<[f32]>>(&self, vectors: &[V]) {
        let (examples, trial) = &*self.lessons;
        if vectors.len() != examples.len() {
            return;
        }
        let classes = self.words.classes();
        self.head.learn(|| {
            let lesson = |(example, vector): (&Example, _)| Lesson {
                class: classes.binary_search(&example.class).unwrap_or_default(),
                vector,
                beside: 0,
            };
            let vectors = vectors.iter().map(AsRef::as_ref);
            let lessons: Vec<Lesson<'_>> = examples.iter().zip(vectors).map(lesson).collect();
            Head::learn(&lessons, (classes.len(), 1), trial, SEED)
        });
    }

    /// The classifier of words.
    pub(crate) const fn words(&self) -> &Classifier {
        &self.words
    }

    /// Probabilities of the classes by words and meaning, in the order of the words' classes; none without a model.
    pub(crate) fn blended(&self, text: &str, vectors: Option<&dyn Vectors>) -> Option<Vec<f32>> {
        let vector = self.head.get().zip(vectors).and_then(|(_, vectors)| vectors.of(&cast(text)))?;
        Some(self.head.get()?.blend(&self.words.probabilities(text), &vector, 0))
    }

    /// The likeliest class with its probability, by meaning too where a model is at hand.
    #[must_use]
    pub fn best(&self, text: &str, vectors: Option<&dyn Vectors>) -> Option<(&str, f32)> {
        let read = self.blended(text, vectors).unwrap_or_else(|| self.words.probabilities(text));
        self.words.named(read, 1).into_iter().next()
    }
}

/// The text as the model sees it: capitals say how it is said and little of what.
pub(crate) fn cast(text: &str) -> String {
    text.to_lowercase()
}
