//! Where do the hashes of a log lie? In tiles of 256 hashes, as c2sp.org/tlog-tiles has them: a proof in a log of millions needs a few of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::merkle::{Hash, Node, inclusion_nodes, joined, node_hash, root_nodes};

/// Hashes of a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that one level of tiles holds.
const TILE_HEIGHT: u32 = 8;

/// Names a tile. Tiles of level 0 hold hashes of leaves; those of the next hold a hash for each full tile of the one below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level of tiles, from 0.
    pub level: u32,
    /// Which of its level, from 0.
    pub number: u64,
}

/// Some tiles of a log.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    tiles: BTreeMap<Tile, Vec<Hash>>,
}

/// The tiles do not hold what the log needs of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tile {number} of level {level} does not hold what a log of this size has there", level = .0.level, number = .0.number)]
pub struct TilesError(pub Tile);

impl Tile {
    /// The tiles at the right edge of a log that are not full, with their hashes so far: what has to be known before a leaf is added.
    #[must_use]
    pub fn edge(size: u64) -> Vec<(Self, u64)> {
        let mut edge = Vec::new();
        let (mut level, mut hashes) = (0, size);
        while hashes > 0 {
            if hashes % TILE_WIDTH > 0 {
                edge.push((Self { level, number: hashes / TILE_WIDTH }, hashes % TILE_WIDTH));
            }
            level += 1;
            hashes /= TILE_WIDTH;
        }
        edge
    }

    /// The tile in which a node's hashes lie.
    #[must_use]
    pub const fn of(node: Node) -> Self {
        let within = node.level % TILE_HEIGHT;
        Self { level: node.level / TILE_HEIGHT, number: (node.index << within) / TILE_WIDTH }
    }
}

impl Tiles {
    /// Adds a tile that was read.
    pub fn insert(&mut self, tile: Tile, hashes: Vec<Hash>) {
        self.tiles.insert(tile, hashes);
    }

    /// The hashes of a tile.
    #[must_use]
    pub fn get(&self, tile: Tile) -> &[Hash] {
        self.tiles.get(&tile).map_or(&[], Vec::as_slice)
    }

    /// Adds the next leaf of a log of this size; notes which tiles have grown.
    ///
    /// # Errors
    /// [`TilesError`] when the edge was not read or does not fit the size.
    pub fn push(&mut self, size: u64, leaf: Hash, grown: &mut BTreeSet<Tile>) -> Result<(), TilesError> {
        let (mut hash, mut level, mut index) = (leaf, 0, size);
        loop {
            let tile = Tile { level, number: index / TILE_WIDTH };
            let hashes = self.tiles.entry(tile).or_default();
            if hashes.len() as u64 != index % TILE_WIDTH {
                return Err(TilesError(tile));
            }
            hashes.push(hash);
            grown.insert(tile);
            if (hashes.len() as u64) < TILE_WIDTH {
                return Ok(());
            }
            hash = folded(hashes.clone());
            level += 1;
            index /= TILE_WIDTH;
        }
    }

    /// The root of a log of this size.
    ///
    /// # Errors
    /// [`TilesError`] when a tile is missing or too short.
    pub fn root(&self, size: u64) -> Result<Hash, TilesError> {
        self.joined(&root_nodes(size))
    }

    /// The proof that a leaf is in a log of this size; none when there is no such leaf.
    ///
    /// # Errors
    /// [`TilesError`] when a tile is missing or too short.
    pub fn inclusion(&self, leaf: u64, size: u64) -> Result<Option<Vec<Hash>>, TilesError> {
        let Some(groups) = inclusion_nodes(leaf, size) else { return Ok(None) };
        groups.iter().map(|group| self.joined(group)).collect::<Result<Vec<_>, _>>().map(Some)
    }

    fn joined(&self, nodes: &[Node]) -> Result<Hash, TilesError> {
        let hashes: Result<Vec<Hash>, _> = nodes.iter().map(|node| self.node(*node)).collect();
        Ok(joined(&hashes?))
    }

    fn node(&self, node: Node) -> Result<Hash, TilesError> {
        let tile = Tile::of(node);
        let within = node.level % TILE_HEIGHT;
        let begin = (node.index << within) % TILE_WIDTH;
        let missing = TilesError(tile);
        let range = usize::try_from(begin).map_err(|_| missing)?
            ..usize::try_from(begin + (1 << within)).map_err(|_| missing)?;
        let hashes = self.get(tile).get(range).ok_or(missing)?;
        Ok(folded(hashes.to_vec()))
    }
}

/// The root of a complete subtree: a power of two of hashes.
fn folded(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(joined_pair).collect();
    }
    hashes.first().copied().unwrap_or_default()
}

fn joined_pair(pair: &[Hash]) -> Hash {
    match pair {
        [left, right] => node_hash(left, right),
        [only] => *only,
        _ => Hash::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{Frontier, leaf_hash, root_from_inclusion};

    /// R58: over the edges of one and two levels of tiles, tiles give the roots of the whole tree and proofs that lead to them.
    #[test]
    fn tiles_give_the_roots_and_proofs_of_the_whole_tree() {
        let (mut tiles, mut tree, mut grown) = (Tiles::default(), Frontier::default(), BTreeSet::new());
        for size in 0..66_000_u64 {
            let leaf = leaf_hash(&size.to_be_bytes());
            let edge = Tile::edge(size);
            assert!(edge.iter().all(|(tile, hashes)| tiles.get(*tile).len() as u64 == *hashes), "{size}");
            tiles.push(size, leaf, &mut grown).unwrap();
            tree.push(leaf);
            if size % 997 == 0 || matches!(size, 254..=258 | 510..=514 | 65_534..=65_538) {
                assert_eq!(tiles.root(size + 1).unwrap(), tree.root(), "{size}");
                for of in [0, size / 2, size] {
                    let proof = tiles.inclusion(of, size + 1).unwrap().unwrap();
                    assert!(proof.len() <= 17);
                    let own = leaf_hash(&of.to_be_bytes());
                    assert_eq!(root_from_inclusion(of, size + 1, own, &proof), Some(tree.root()));
                }
            }
        }
        assert_eq!(grown.iter().map(|tile| tile.level).max(), Some(2));
    }

    #[test]
    fn a_tile_that_does_not_fit_the_size_is_refused() {
        let mut tiles = Tiles::default();
        let first = Tile { level: 0, number: 0 };
        assert_eq!(tiles.push(1, [0; 32], &mut BTreeSet::new()), Err(TilesError(first)));
        assert_eq!(tiles.root(1), Err(TilesError(first)));
        assert_eq!(tiles.inclusion(0, 0), Ok(None));
    }
}
