//! Was the same learnt before? Training gives the same bits each time and takes seconds, so what it gave is kept, by the hash of all it was given.
//!
//! This crate reads and writes no files: whoever builds a reader hands in the [`Shelf`], or none.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// SHA-256 of what something was learnt from, and of the code that learnt it.
pub type ShelfKey = [u8; 32];

/// Keeps what was learnt. What is found must be, bit for bit, what was kept under the key; nothing is found where that is not sure.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// What was kept under this key.
    fn find(&self, key: &ShelfKey) -> Option<Vec<u8>>;
    /// Keeps it, as well as that can be done: what cannot be kept is learnt again.
    fn keep(&self, key: &ShelfKey, bytes: &[u8]);
}

/// The shelf that was handed in, if there is one.
pub type SomeShelf = Option<Arc<dyn Shelf>>;

/// Where on a shelf something lies; nowhere without a shelf.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place(Option<(Arc<dyn Shelf>, ShelfKey)>);

impl Place {
    /// Of what is learnt from this; `kind` tells apart what is learnt from the same.
    pub(crate) fn of(shelf: &SomeShelf, kind: &str, from: &impl Hash) -> Self {
        Self(shelf.as_ref().map(|shelf| (Arc::clone(shelf), key(kind, from))))
    }

    /// Of what is learnt from the same and from the vectors of a model, named by its SHA-256.
    fn with_vectors_of(&self, model: &str) -> Self {
        Self(self.0.as_ref().map(|(shelf, from)| (Arc::clone(shelf), key("vectors", &(from, model)))))
    }

    /// What lies there.
    pub(crate) fn find<T: DeserializeOwned>(&self) -> Option<T> {
        let (shelf, key) = self.0.as_ref()?;
        postcard::from_bytes(&shelf.find(key)?).ok()
    }

    /// Puts something there.
    pub(crate) fn keep(&self, learnt: &impl Serialize) {
        if let Some((shelf, key)) = &self.0
            && let Ok(bytes) = postcard::to_allocvec(learnt)
        {
            shelf.keep(key, &bytes);
        }
    }

    /// What lies there; else it is learnt and put there.
    pub(crate) fn or_learn<T: Serialize + DeserializeOwned, E>(
        &self,
        learn: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(known) = self.find() {
            return Ok(known);
        }
        let learnt = learn()?;
        self.keep(&learnt);
        Ok(learnt)
    }
}

/// What is learnt once, from the vectors of a model.
#[derive(Debug, Clone)]
pub(crate) struct OfVectors<T> {
    learnt: OnceLock<T>,
    /// Of what is learnt from the same without vectors.
    words: Place,
    place: OnceLock<Place>,
}

impl<T> Default for OfVectors<T> {
    fn default() -> Self {
        Self { learnt: OnceLock::new(), words: Place::default(), place: OnceLock::new() }
    }
}

impl<T: Serialize + DeserializeOwned> OfVectors<T> {
    /// `words` is the place of what is learnt from the same without vectors.
    pub(crate) fn new(words: Place) -> Self {
        Self { words, ..Self::default() }
    }

    /// What was learnt.
    pub(crate) fn get(&self) -> Option<&T> {
        self.learnt.get()
    }

    /// Takes what was learnt from the vectors of this model before, and keeps from then on what is learnt of them.
    pub(crate) fn recall(&self, model: &str) {
        let place = self.place.get_or_init(|| self.words.with_vectors_of(model));
        if self.learnt.get().is_none()
            && let Some(known) = place.find()
        {
            self.learnt.get_or_init(|| known);
        }
    }

    /// Learns, unless that was done.
    pub(crate) fn learn(&self, learn: impl FnOnce() -> T) {
        self.learnt.get_or_init(|| {
            let learnt = learn();
            if let Some(place) = self.place.get() {
                place.keep(&learnt);
            }
            learnt
        });
    }
}

fn key(kind: &str, from: &impl Hash) -> ShelfKey {
    let mut hasher = Sha(Sha256::new());
    // Of the sources of this crate, see its `build.rs`.
    (env!("OMBUD_LANGUAGE_SOURCES"), kind, from).hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Lets whatever can be hashed be hashed by SHA-256: by 64 bits two packs might be taken for one another.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks: the whole hash is taken.
    fn finish(&self) -> u64 {
        0
    }
}
