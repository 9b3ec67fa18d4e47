//! How do vectors change while they are searched? One change at a time, between searches; an index that has lost most of its vectors is built anew.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ombud_ports::{Neighbour, VectorAttributes, VectorError, VectorFilter, VectorId, VectorIndex, VectorSearch};

use super::attributes::GONE;
use super::held::{Method, Vectors};

/// Fewer places of vectors that are gone are left alone.
const GONE_MIN: usize = 1_000;

/// Vectors in memory that can be changed.
#[derive(Debug)]
pub struct LiveVectors {
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    vectors: Arc<Vectors>,
    places: HashMap<VectorId, u32>,
}

impl LiveVectors {
    /// Of vectors of so many numbers.
    #[must_use]
    pub fn new(dimension: usize, method: Method) -> Self {
        Self::of(Vectors::new(dimension, method))
    }

    /// Of what was built or opened; the file that it was opened from never changes.
    #[must_use]
    pub fn of(vectors: Vectors) -> Self {
        Self { state: RwLock::new(State::of(vectors)) }
    }

    // A writer that panicked has changed nothing that a reader could not read: a vector that has no links yet is found by comparing.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(vectors: Vectors) -> Self {
        let there =
            |place: u32| vectors.rows.entry(place).filter(|entry| entry.set != GONE).map(|entry| (entry.id, place));
        let places = vectors.places().filter_map(there).collect();
        Self { vectors: Arc::new(vectors), places }
    }

    /// Builds the index anew where most of its places are of vectors that are gone.
    fn tidy(&mut self) {
        if self.vectors.gone() > self.vectors.len().max(GONE_MIN) {
            *self = Self::of(self.vectors.compacted());
        }
    }
}

impl VectorSearch for LiveVectors {
    fn search(&self, vector: &[f32], filter: &VectorFilter, k: usize) -> Result<Vec<Neighbour>, VectorError> {
        self.read().vectors.search(vector, filter, k)
    }

    fn len(&self) -> usize {
        self.read().vectors.len()
    }

    fn dimension(&self) -> usize {
        self.read().vectors.dimension()
    }
}

impl VectorIndex for LiveVectors {
    fn upsert(&self, id: VectorId, vector: &[f32], attributes: &VectorAttributes) -> Result<(), VectorError> {
        let mut state = self.write();
        let row = state.vectors.rows.query(vector)?;
        let vectors = Arc::make_mut(&mut state.vectors);
        let place = vectors.push(id, &row, attributes)?;
        vectors.link();
        if let Some(old) = state.places.insert(id, place) {
            Arc::make_mut(&mut state.vectors).remove(old);
            state.tidy();
        }
        Ok(())
    }

    fn delete(&self, id: VectorId) -> Result<bool, VectorError> {
        let mut state = self.write();
        let Some(place) = state.places.remove(&id) else { return Ok(false) };
        Arc::make_mut(&mut state.vectors).remove(place);
        state.tidy();
        Ok(true)
    }

    fn snapshot(&self) -> Result<Arc<dyn VectorSearch>, VectorError> {
        let vectors = Arc::clone(&self.read().vectors);
        Ok(vectors)
    }
}
