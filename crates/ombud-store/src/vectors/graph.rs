//! Which vectors are neighbours? A hierarchical navigable small world (Malkov and Yashunin 2018): every vector is linked with near ones that lie in
//! different directions, and on each further level a part of the vectors with those of that level.

use std::collections::BTreeMap;

use crate::across::across;

use super::bytes::Bytes;
use super::link::{chosen, joined};
use super::rows::Rows;
use super::walk::{Walk, Want};

/// No neighbour, and no further level.
pub(super) const NONE: u32 = u32::MAX;
/// Levels at most: of a billion vectors with 4 links each, hardly one reaches more.
const LEVELS_MAX: usize = 16;
/// Vectors that are linked at once at most; each of them is linked as if the others were not there yet.
const BATCH_MAX: usize = 1_024;
/// A batch is no greater than this part of what is linked already.
const BATCH_PART: usize = 32;

/// How the graph is made and walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphSettings {
    /// Links of a vector on each level, 4 to 64; on the lowest level twice as many.
    pub links: usize,
    /// Near vectors among which links are chosen: more of them take longer to build and are found more surely.
    pub build_width: usize,
    /// Near vectors that a search keeps in view at least: more of them take longer and find more surely.
    pub search_width: usize,
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self { links: 16, build_width: 192, search_width: 256 }
    }
}

/// The links of all vectors.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    pub settings: GraphSettings,
    /// On the lowest level: `2 * links` places for each vector.
    pub base: Bytes,
    /// On the further levels: `links` places for each vector and level.
    pub upper: Bytes,
    /// For each vector, which of these blocks is its first.
    pub firsts: Bytes,
    /// Where searches begin: a vector of the highest level.
    pub entry: u32,
}

/// The links of one vector on one level, or of a vector that is new.
type Links = (u32, usize, Vec<u32>);

impl Graph {
    pub(super) fn new(settings: GraphSettings) -> Self {
        let settings = GraphSettings {
            links: settings.links.clamp(4, 64),
            build_width: settings.build_width.clamp(8, 4_096),
            search_width: settings.search_width.clamp(8, 4_096),
        };
        Self { settings, base: Bytes::default(), upper: Bytes::default(), firsts: Bytes::default(), entry: NONE }
    }

    /// Vectors that are linked.
    pub(super) fn count(&self) -> usize {
        self.firsts.as_slice().len() / 4
    }

    /// The highest level of a vector: each further one is reached by one in `links`. A hash of the place decides, so that the same vectors give the
    /// same graph (SplitMix64, Steele, Lea, Flood 2014).
    pub(super) fn level(&self, place: u32) -> usize {
        let mut z = u64::from(place).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let links = self.settings.links as u64;
        let mut level = 0;
        while level < LEVELS_MAX && z % links == 0 {
            z /= links;
            level += 1;
        }
        level
    }

    pub(super) fn links_max(&self, level: usize) -> usize {
        if level == 0 { 2 * self.settings.links } else { self.settings.links }
    }

    /// The neighbours of a vector on a level.
    pub(super) fn links(&self, place: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
        let (bytes, from, count) = self.block(place, level);
        bytes.numbers(from, count).take_while(|neighbour| *neighbour != NONE)
    }

    /// Where they stand.
    fn block(&self, place: u32, level: usize) -> (&Bytes, usize, usize) {
        let count = self.links_max(level);
        if level == 0 {
            return (&self.base, place as usize * count, count);
        }
        match self.firsts.numbers(place as usize, 1).next() {
            Some(first) if first != NONE && level <= self.level(place) => {
                (&self.upper, (first as usize + level - 1) * count, count)
            }
            _ => (&self.upper, 0, 0),
        }
    }

    fn write(&mut self, place: u32, level: usize, links: &[u32]) {
        let (_, from, count) = self.block(place, level);
        let bytes = if level == 0 { &mut self.base } else { &mut self.upper };
        bytes.set_numbers(from, links.iter().copied().chain(std::iter::repeat(NONE)).take(count));
    }

    /// Links all rows that are not linked yet, on as many threads as there are processors; how many does not change what comes out. `progress` hears of each
    /// batch.
    pub(super) fn grow(&mut self, rows: &Rows, progress: &(dyn Fn(usize) + Sync)) {
        while self.count() < rows.count() {
            let linked = self.count();
            let batch = (linked / BATCH_PART).clamp(1, BATCH_MAX).min(rows.count() - linked);
            let numbers = |places: std::ops::Range<usize>| places.filter_map(|place| u32::try_from(place).ok());
            let new: Vec<u32> = numbers(linked..linked + batch).collect();
            let links: Vec<Links> =
                across(&new, |place| self.links_of_new(rows, *place)).into_iter().flatten().collect();
            for place in &new {
                self.make_room(*place);
            }
            let mut back: BTreeMap<(u32, usize), Vec<u32>> = BTreeMap::new();
            for (place, level, links) in &links {
                self.write(*place, *level, links);
                for neighbour in links {
                    back.entry((*neighbour, *level)).or_default().push(*place);
                }
            }
            let back: Vec<_> = back.into_iter().collect();
            for (place, level, links) in across(&back, |((place, level), new)| {
                let old = self.links(*place, *level).collect();
                (*place, *level, joined(rows, (*place, old, new), self.links_max(*level)))
            }) {
                self.write(place, level, &links);
            }
            for place in new {
                if self.entry == NONE || self.level(place) > self.level(self.entry) {
                    self.entry = place;
                }
            }
            progress(self.count());
        }
    }

    /// The links that a new vector takes on each of its levels.
    fn links_of_new(&self, rows: &Rows, place: u32) -> Vec<Links> {
        let mut found = Vec::new();
        let Some(query) = rows.as_query(place).filter(|_| self.entry != NONE) else { return found };
        let mut walk = Walk::new(self, rows, &query);
        let top = self.level(place);
        let mut near = walk.down_to(top);
        for level in (0..=top.min(self.level(self.entry))).rev() {
            let want = Want { level, width: self.settings.build_width, steps_max: usize::MAX };
            near = walk.nearest(near, want, |_| true).unwrap_or_default();
            found.push((place, level, chosen(rows, &near, self.settings.links)));
        }
        found
    }

    /// Room for the links of a new vector.
    fn make_room(&mut self, place: u32) {
        let (links, levels) = (self.settings.links, self.level(place));
        let first = self.upper.as_slice().len() / 4 / links;
        let first = if levels == 0 { NONE } else { u32::try_from(first).unwrap_or(NONE) };
        let empty = |bytes: &mut Bytes, numbers: usize| {
            let bytes = bytes.to_mut();
            bytes.resize(bytes.len() + 4 * numbers, u8::MAX);
        };
        empty(&mut self.base, 2 * links);
        empty(&mut self.upper, levels * links);
        self.firsts.to_mut().extend_from_slice(&first.to_le_bytes());
    }
}
