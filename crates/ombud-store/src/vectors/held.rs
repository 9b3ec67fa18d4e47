//! What does an index hold, and how is it searched? The graph is walked where a filter leaves much; where it leaves little, all of it is compared.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ombud_ports::vectors::{DIMENSION_MAX, NEIGHBOURS_MAX};
use ombud_ports::{Neighbour, VectorAttributes, VectorError, VectorFilter, VectorId, VectorSearch};
use rten_simd::SimdOp as _;

use super::attributes::{Admitted, AttributeSets, GONE};
use super::graph::{Graph, GraphSettings};
use super::product::{Likenesses, Near, Query};
use super::rows::{Entry, Rows};
use super::walk::{Walk, Want};

/// Rows that are compared before the best of them are kept.
const SCAN_AT_ONCE: usize = 4_096;
/// All that is admitted is compared where its square is below so many times the width of a walk times the number of vectors: a walk compares about ten
/// vectors for each that it takes into view and sees admitted ones as seldom as they are; comparing row after row is three times as fast.
const SCAN_BELOW: usize = 32;
/// A walk that has compared this part of what is admitted would have been spared by comparing all.
const WALK_PART: usize = 4;

/// How vectors are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All that may be shown are compared.
    Exact,
    /// A graph of neighbours is walked.
    Graph(GraphSettings),
}

/// Vectors with their attributes, and the graph if there is one. Numbers are kept as whole ones of 8 bits.
#[derive(Debug, Clone)]
pub struct Vectors {
    pub(super) rows: Rows,
    pub(super) sets: AttributeSets,
    pub(super) graph: Option<Graph>,
}

/// Takes vectors, then makes them searchable.
#[derive(Debug)]
pub struct VectorsBuilder {
    vectors: Vectors,
}

impl VectorsBuilder {
    /// For vectors of so many numbers, [`DIMENSION_MAX`] at most.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { vectors: Vectors::new(dimension, Method::Exact) }
    }

    /// Adds a vector; its id is not checked for being new.
    ///
    /// # Errors
    /// [`VectorError`] when the vector is of another dimension, has no direction or there is no place for it.
    pub fn add(&mut self, id: VectorId, vector: &[f32], attributes: &VectorAttributes) -> Result<(), VectorError> {
        let row = self.vectors.rows.query(vector)?;
        self.vectors.push(id, &row, attributes).map(drop)
    }

    /// The vectors, ready to be searched. The same ones in the same order give the same index; `progress` hears how many are linked.
    #[must_use]
    pub fn finish(mut self, method: Method, progress: &(dyn Fn(usize) + Sync)) -> Vectors {
        if let Method::Graph(settings) = method {
            let mut graph = Graph::new(settings);
            graph.grow(&self.vectors.rows, progress);
            self.vectors.graph = Some(graph);
        }
        self.vectors
    }
}

impl Vectors {
    pub(super) fn new(dimension: usize, method: Method) -> Self {
        let graph = match method {
            Method::Exact => None,
            Method::Graph(settings) => Some(Graph::new(settings)),
        };
        Self { rows: Rows::new(dimension.min(DIMENSION_MAX)), sets: AttributeSets::default(), graph }
    }

    /// How it is searched.
    #[must_use]
    pub fn method(&self) -> Method {
        self.graph.as_ref().map_or(Method::Exact, |graph| Method::Graph(graph.settings))
    }

    /// The same vectors, searched by comparing all of them.
    #[must_use]
    pub fn exact(&self) -> Self {
        Self { graph: None, ..self.clone() }
    }

    /// The same graph, walked with another width.
    #[must_use]
    pub fn with_search_width(&self, search_width: usize) -> Self {
        let mut vectors = self.clone();
        if let Some(graph) = &mut vectors.graph {
            graph.settings.search_width = search_width;
        }
        vectors
    }

    /// The direction of the vector at a place, counted from 0 in the order in which vectors were added; empty where there is none.
    #[must_use]
    pub fn vector(&self, place: usize) -> Vec<f32> {
        let row = u32::try_from(place).ok().and_then(|place| self.rows.codes(place));
        row.map_or_else(Vec::new, |(codes, inverse_length)| {
            codes.iter().map(|code| f32::from(code.cast_signed()) * inverse_length).collect()
        })
    }

    /// Behind the others, without links.
    pub(super) fn push(
        &mut self,
        id: VectorId,
        row: &Query,
        attributes: &VectorAttributes,
    ) -> Result<u32, VectorError> {
        let max = GONE as usize - 1;
        let place = u32::try_from(self.rows.count()).ok().filter(|place| *place < GONE - 1);
        let place = place.ok_or(VectorError::Full { max })?;
        let set = self.sets.take(attributes);
        self.rows.push(Entry { id, set }, row);
        Ok(place)
    }

    /// Links what is not linked yet.
    pub(super) fn link(&mut self) {
        if let Some(graph) = &mut self.graph {
            graph.grow(&self.rows, &|_| {});
        }
    }

    /// Takes the vector of a place away; its links stay, to walk over.
    pub(super) fn remove(&mut self, place: u32) {
        if let Some(set) = self.rows.set(place).filter(|set| *set != GONE) {
            self.sets.give_back(set);
            self.rows.change_set(place, GONE);
        }
    }

    /// Places of vectors that are gone.
    pub(super) fn gone(&self) -> usize {
        self.rows.count() - self.len()
    }

    /// The vectors that are there, built anew.
    pub(super) fn compacted(&self) -> Self {
        let mut fresh = Self::new(self.rows.dimension, self.method());
        for place in self.places() {
            let kept = self.rows.entry(place).and_then(|entry| Some((entry, self.sets.get(entry.set)?)));
            if let (Some((entry, attributes)), Some(row)) = (kept, self.rows.as_query(place)) {
                // There are no more than there were.
                let _ = fresh.push(entry.id, &row, attributes);
            }
        }
        fresh.link();
        fresh
    }

    pub(super) fn places(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(self.rows.count())
    }

    /// The nearest along the graph; none where comparing all is the shorter way, or was found to be.
    fn walked(&self, query: &Query, admitted: &Admitted, k: usize) -> Option<Vec<Near>> {
        let graph = self.graph.as_ref()?;
        let width = graph.settings.search_width.max(k);
        if admitted.count.saturating_mul(admitted.count) <= SCAN_BELOW * width * self.rows.count() {
            return None;
        }
        let mut walk = Walk::new(graph, &self.rows, query);
        let from = walk.down_to(0);
        let want = Want { level: 0, width, steps_max: admitted.count / WALK_PART };
        let found = walk.nearest(from, want, |place| admitted.admits(self.rows.set(place)))?;
        (found.len() >= k.min(admitted.count)).then_some(found)
    }

    /// The nearest of all that are admitted.
    fn compared(&self, query: &Query, admitted: &Admitted, k: usize) -> Vec<Near> {
        let mut best: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(k + 1);
        let mut places = self.places().filter(|place| admitted.admits(self.rows.set(*place))).peekable();
        let mut likenesses = Vec::with_capacity(SCAN_AT_ONCE);
        while places.peek().is_some() {
            likenesses.clear();
            let some = places.by_ref().take(SCAN_AT_ONCE);
            Likenesses { query, rows: &self.rows, places: some, into: &mut likenesses }.dispatch();
            for one in likenesses.drain(..) {
                if best.len() < k || best.peek().is_some_and(|Reverse(worst)| one > *worst) {
                    best.push(Reverse(one));
                    if best.len() > k {
                        best.pop();
                    }
                }
            }
        }
        best.into_sorted_vec().into_iter().map(|Reverse(one)| one).collect()
    }
}

impl VectorSearch for Vectors {
    fn search(&self, vector: &[f32], filter: &VectorFilter, k: usize) -> Result<Vec<Neighbour>, VectorError> {
        let query = self.rows.query(vector)?;
        let admitted = self.sets.admitted(filter);
        let k = k.min(NEIGHBOURS_MAX).min(admitted.count);
        if k == 0 {
            return Ok(Vec::new());
        }
        let found = self.walked(&query, &admitted, k).unwrap_or_else(|| self.compared(&query, &admitted, k));
        let neighbour = |one: &Near| Some(Neighbour { id: self.rows.entry(one.place)?.id, cosine: one.cosine });
        let mut neighbours: Vec<Neighbour> = found.iter().take(k).filter_map(neighbour).collect();
        neighbours.sort_by(|one, other| other.cosine.total_cmp(&one.cosine).then(one.id.cmp(&other.id)));
        Ok(neighbours)
    }

    fn len(&self) -> usize {
        self.sets.vectors()
    }

    fn dimension(&self) -> usize {
        self.rows.dimension
    }
}
