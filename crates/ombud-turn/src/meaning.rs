//! Where do the vectors come from that a message is read with? From the embedding model, each text of a turn once.
//!
//! Without a model, until it is ready, and when it fails, messages are read by their words alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError};

use ombud_language::{DeepClassifier, Vectors};
use ombud_ports::{Embedder, Embedding, EmbeddingModel, TextKind};

use crate::assistant::Assistant;
use crate::hiding::Shown;
use crate::tape::ReadWith;

/// The model, once reading by meaning was learnt.
pub(crate) type Model = OnceLock<Arc<dyn Embedder>>;

/// The vectors of one turn. It waits for the processor: about 10 ms for a sentence.
pub(crate) struct TurnVectors<'a> {
    model: &'a dyn Embedder,
    known: RefCell<BTreeMap<String, Arc<[f32]>>>,
    told: &'a ToldVectors,
}

/// The vectors of sentences of articles, as passages, by the model and the text.
pub(crate) type ToldVectors = moka::sync::Cache<(&'static str, String), Embedding>;

/// Sentences whose vectors are kept: those of all articles of a large pack, about 8 MB.
pub(crate) const TOLD_MAX: u64 = 4096;

impl TurnVectors<'_> {
    /// How near each of these sentences of articles is to a question. Each is embedded once, about 10 ms, and kept; the new ones together.
    pub(crate) fn cosines(&self, question: &str, told: &[String]) -> Option<Vec<f32>> {
        let asked = Embedding::of(self.of(question)?.to_vec())?;
        let model = self.model.model().sha256;
        let known = |text: &String| self.told.get(&(model, text.clone()));
        let mut found: Vec<Option<Embedding>> = told.iter().map(known).collect();
        let fresh: Vec<&str> =
            told.iter().zip(&found).filter(|(_, known)| known.is_none()).map(|(text, _)| text.as_str()).collect();
        let made = match self.model.embed(TextKind::Passage, &fresh) {
            Ok(made) => made,
            Err(error) => {
                tracing::warn!(%error, "sentences are compared by their words alone");
                return None;
            }
        };
        for (text, vector) in fresh.into_iter().zip(&made) {
            self.told.insert((model, text.to_owned()), vector.clone());
        }
        let mut made = made.into_iter();
        found.iter_mut().filter(|known| known.is_none()).for_each(|missing| *missing = made.next());
        found.into_iter().map(|vector| Some(asked.cosine(&vector?))).collect()
    }

    /// How many texts were embedded.
    pub(crate) fn count(&self) -> usize {
        self.known.borrow().len()
    }
}

impl Vectors for TurnVectors<'_> {
    fn of(&self, text: &str) -> Option<Arc<[f32]>> {
        if let Some(known) = self.known.borrow().get(text) {
            return Some(Arc::clone(known));
        }
        let embedded = match self.model.embed(TextKind::Query, &[text]) {
            Ok(embedded) => embedded,
            Err(error) => {
                tracing::warn!(%error, "a message is read by its words alone");
                return None;
            }
        };
        let vector: Arc<[f32]> = embedded.first()?.values().into();
        self.known.borrow_mut().insert(text.to_owned(), Arc::clone(&vector));
        Some(vector)
    }
}

/// How far the learning is that a start begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// Nothing is being learnt: messages are read by their words alone, or all that can be learnt is.
    #[default]
    Rests,
    /// It goes on beside the turns.
    Learning(Share),
}

/// How much of what is being learnt is done. Of the present part: the company's own language comes first, then all others together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Texts that were embedded.
    pub done: usize,
    /// Texts that are to be embedded; 0 until they are counted, and where all were embedded before.
    pub of: usize,
}

impl Assistant {
    /// How far the learning is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.learnt.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far the learning is. While it goes on, messages in languages that are still to come are told so.
    pub fn note_progress(&self, progress: Progress) {
        *self.learnt.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// What a turn reads with that begins now.
    pub(crate) fn reading(&self) -> ReadWith {
        let languages = self.known_languages();
        let are_all_read = languages.as_ref().is_some_and(|languages| languages.by_themselves().is_empty());
        let learns = !are_all_read && matches!(self.progress(), Progress::Learning(_));
        ReadWith {
            meaning: self.learnt.model.get().cloned(),
            coming: learns.then(|| self.coming()).flatten(),
            languages,
            shown: Shown::Tokens,
        }
    }

    /// Takes from the shelf what was learnt from embeddings of this model before, and puts there what is learnt of them from then on.
    pub fn recall(&self, model: &EmbeddingModel) {
        self.learnt.understander.recall(model.sha256);
        self.learnt.signals.recall(model.sha256);
        self.learnt.choices.values().for_each(|choices| choices.recall(model.sha256));
    }

    /// The texts of which [`Assistant::deepen`] wants the embeddings, in its order: all but those that were learnt already.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        let mut lessons = self.learnt.understander.lessons();
        lessons.extend(self.learnt.signals.lessons());
        lessons.extend(self.learnt.choices.values().flat_map(DeepClassifier::lessons));
        lessons.extend(self.ports.knowledge.lessons());
        lessons
    }

    /// Learns to read by meaning too, from the embeddings of the [`Assistant::lessons`] as queries by this model; assistants [`Assistant::beside`] this one
    /// read so from then on. Takes seconds of one core; turns go on meanwhile.
    pub fn deepen(&self, embeddings: &[Embedding], model: Arc<dyn Embedder>) {
        let vectors: Vec<&[f32]> = embeddings.iter().map(Embedding::values).collect();
        let mut rest = vectors.as_slice();
        let mut next = |count: usize| {
            let (part, others) = rest.split_at(count.min(rest.len()));
            rest = others;
            part
        };
        self.learnt.understander.deepen(next(self.learnt.understander.lessons().len()));
        self.learnt.signals.deepen(next(self.learnt.signals.lessons().len()));
        for choices in self.learnt.choices.values() {
            choices.deepen(next(choices.lessons().count()));
        }
        self.ports.knowledge.deepen(rest);
        self.learnt.model.get_or_init(|| model);
    }

    /// Whether messages are read by their meaning too, and not by their words alone.
    #[must_use]
    pub fn reads_by_meaning(&self) -> bool {
        self.learnt.model.get().is_some()
    }

    /// The vectors of a turn; none where messages are read by their words alone.
    pub(crate) fn vectors(&self) -> Option<TurnVectors<'_>> {
        let model = self.tape()?.read_with.meaning.as_ref()?;
        Some(TurnVectors { model: model.as_ref(), known: RefCell::default(), told: &self.learnt.told })
    }
}
