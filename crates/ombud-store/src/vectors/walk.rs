//! How is the graph walked? From level to level towards what is asked, then around the nearest.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rten_simd::SimdOp as _;

use super::graph::Graph;
use super::product::{Likenesses, Near, Query};
use super::rows::Rows;

/// A walk towards one vector.
pub(super) struct Walk<'a> {
    graph: &'a Graph,
    rows: &'a Rows,
    query: &'a Query,
    /// A bit for each vector that was met on this level.
    met: Vec<u64>,
    /// Neighbours of the vector that is looked at.
    around: Vec<u32>,
    likenesses: Vec<Near>,
}

/// What is looked for on a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub level: usize,
    /// Nearest ones that are kept in view.
    pub width: usize,
    /// Vectors that are compared at most.
    pub steps_max: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(graph: &'a Graph, rows: &'a Rows, query: &'a Query) -> Self {
        Self { graph, rows, query, met: Vec::new(), around: Vec::new(), likenesses: Vec::new() }
    }

    /// The nearest of the levels above this one, by going to a nearer neighbour while there is one.
    pub(super) fn down_to(&mut self, level: usize) -> Vec<Near> {
        self.likenesses.clear();
        let entry = std::iter::once(self.graph.entry);
        Likenesses { query: self.query, rows: self.rows, places: entry, into: &mut self.likenesses }.dispatch();
        let Some(mut best) = self.likenesses.first().copied() else { return Vec::new() };
        for level in (level + 1..=self.graph.level(self.graph.entry)).rev() {
            loop {
                self.likenesses.clear();
                let places = self.graph.links(best.place, level);
                Likenesses { query: self.query, rows: self.rows, places, into: &mut self.likenesses }.dispatch();
                match self.likenesses.iter().max() {
                    Some(nearer) if *nearer > best => best = *nearer,
                    _ => break,
                }
            }
        }
        vec![best]
    }

    /// The nearest ones that are admitted, nearest first; the others are walked over and never counted. None when too many had to be looked at.
    pub(super) fn nearest(&mut self, from: Vec<Near>, want: Want, admits: impl Fn(u32) -> bool) -> Option<Vec<Near>> {
        self.met.clear();
        self.met.resize(self.rows.count().div_ceil(64), 0);
        let mut open: BinaryHeap<Near> = BinaryHeap::new();
        let mut best: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(want.width + 1);
        for one in from {
            self.meet(one.place);
            open.push(one);
            if admits(one.place) {
                best.push(Reverse(one));
            }
        }
        let mut steps = 0;
        while let Some(next) = open.pop() {
            let is_full = best.len() >= want.width;
            if is_full && best.peek().is_some_and(|Reverse(worst)| next < *worst) {
                break;
            }
            self.look_around(next.place, want.level);
            steps += self.likenesses.len();
            if steps > want.steps_max {
                return None;
            }
            for index in 0..self.likenesses.len() {
                let Some(one) = self.likenesses.get(index).copied() else { continue };
                let worth = best.len() < want.width || best.peek().is_some_and(|Reverse(worst)| one > *worst);
                if !worth {
                    continue;
                }
                open.push(one);
                if admits(one.place) {
                    best.push(Reverse(one));
                    if best.len() > want.width {
                        best.pop();
                    }
                }
            }
        }
        Some(best.into_sorted_vec().into_iter().map(|Reverse(one)| one).collect())
    }

    /// Compares the neighbours that were not met before.
    fn look_around(&mut self, place: u32, level: usize) {
        self.around.clear();
        let links = self.graph.links(place, level);
        for neighbour in links {
            if self.met.get_mut(neighbour as usize / 64).is_some_and(|word| {
                let bit = 1 << (neighbour % 64);
                let is_new = *word & bit == 0;
                *word |= bit;
                is_new
            }) {
                self.around.push(neighbour);
            }
        }
        self.likenesses.clear();
        self.rows.fetch(&self.around);
        let places = self.around.iter().copied();
        Likenesses { query: self.query, rows: self.rows, places, into: &mut self.likenesses }.dispatch();
    }

    fn meet(&mut self, place: u32) {
        if let Some(word) = self.met.get_mut(place as usize / 64) {
            *word |= 1 << (place % 64);
        }
    }
}
