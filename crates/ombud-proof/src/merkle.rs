//! How do many leaves become one hash, and how is one of them shown to be in it? RFC 9162, section 2.1 (the tree of RFC 6962).

use sha2::{Digest as _, Sha256};

/// A hash of a leaf, a node or a whole tree.
pub type Hash = [u8; 32];

/// A complete subtree: 2^level leaves, the index-th of its kind from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height; a leaf has 0.
    pub level: u32,
    /// Which of its level, from 0.
    pub index: u64,
}

/// Hash of a leaf: its first byte is 0, so that no leaf can be taken for a node.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    hasher.finalize().into()
}

/// Hash of a node: its first byte is 1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// Hash of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// One hash of the complete subtrees of a range, widest first; of none, that of the empty tree.
#[must_use]
pub fn joined(subtrees: &[Hash]) -> Hash {
    let mut right_to_left = subtrees.iter().rev();
    let Some(last) = right_to_left.next() else { return empty_root() };
    right_to_left.fold(*last, |right, left| node_hash(left, &right))
}

/// The complete subtrees whose [`joined`] hash is the root of a tree of this size.
#[must_use]
pub fn root_nodes(size: u64) -> Vec<Node> {
    subtrees(0, size)
}

/// The proof that a leaf is in a tree of this size, from the leaf up: each hash is the [`joined`] one of these subtrees. None when there is no such leaf.
#[must_use]
pub fn inclusion_nodes(leaf: u64, size: u64) -> Option<Vec<Vec<Node>>> {
    if leaf >= size {
        return None;
    }
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if leaf < middle {
            path.push(subtrees(middle, end));
            end = middle;
        } else {
            path.push(subtrees(begin, middle));
            begin = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The root that a leaf and its proof lead to (RFC 9162, section 2.1.3.2); none when the proof has another length than one of that leaf.
#[must_use]
pub fn root_from_inclusion(leaf: u64, size: u64, hash: Hash, proof: &[Hash]) -> Option<Hash> {
    if leaf >= size {
        return None;
    }
    let (mut leaf, mut last, mut root) = (leaf, size - 1, hash);
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if leaf % 2 == 1 || leaf == last {
            root = node_hash(sibling, &root);
            while leaf % 2 == 0 && leaf != 0 {
                leaf /= 2;
                last /= 2;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        leaf /= 2;
        last /= 2;
    }
    (last == 0).then_some(root)
}

/// The largest power of two below a number above one.
const fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

fn subtrees(mut begin: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while begin < end {
        let level = (end - begin).ilog2();
        nodes.push(Node { level, index: begin >> level });
        begin += 1 << level;
    }
    nodes
}

/// A tree that only grows at its right and knows no more of its leaves than its root needs.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    size: u64,
    /// Complete subtrees, widest first.
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// One more leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // As many subtrees are completed as the size ends in ones.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        joined(&self.subtrees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves, roots and paths that the reference implementation of Certificate Transparency publishes for RFC 6962
    /// (github.com/google/certificate-transparency, merkletree tests; the same in transparency-dev/merkle).
    const LEAVES: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const PATH_OF_FIRST_IN_EIGHT: [&str; 3] = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn hash_of(leaves: &[Hash], node: Node) -> Hash {
        let width = 1 << node.level;
        let begin = usize::try_from(node.index).unwrap() * width;
        let mut row = leaves[begin..begin + width].to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        row[0]
    }

    fn path(leaves: &[Hash], leaf: u64, size: u64) -> Vec<Hash> {
        let groups = inclusion_nodes(leaf, size).unwrap();
        let hash = |group: &Vec<Node>| joined(&group.iter().map(|node| hash_of(leaves, *node)).collect::<Vec<_>>());
        groups.iter().map(hash).collect()
    }

    /// R58.
    #[test]
    fn roots_and_paths_are_those_published_for_rfc_6962() {
        let leaves: Vec<Hash> = LEAVES.iter().map(|data| leaf_hash(data)).collect();
        let mut tree = Frontier::default();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(hex(&tree.root()), *root, "{size} leaves");
            if let Some(leaf) = leaves.get(size) {
                tree.push(*leaf);
            }
        }
        let first: Vec<String> = path(&leaves, 0, 8).iter().map(hex).collect();
        assert_eq!(first, PATH_OF_FIRST_IN_EIGHT);
    }

    /// R58: a proof has as many hashes as the tree is high, and leads to the root from its own leaf only.
    #[test]
    fn every_leaf_of_every_size_is_proved_with_a_hash_for_each_level() {
        let leaves: Vec<Hash> = (0..67_u8).map(|number| leaf_hash(&[number])).collect();
        let mut tree = Frontier::default();
        for size in 1..=67_u64 {
            tree.push(leaves[usize::try_from(size).unwrap() - 1]);
            for leaf in 0..size {
                let proof = path(&leaves, leaf, size);
                assert!(proof.len() <= usize::try_from(size.next_power_of_two().ilog2()).unwrap());
                let own = leaves[usize::try_from(leaf).unwrap()];
                assert_eq!(root_from_inclusion(leaf, size, own, &proof), Some(tree.root()), "{leaf} of {size}");
                assert_ne!(root_from_inclusion(leaf, size, [7; 32], &proof), Some(tree.root()));
                let other = (leaf + 1) % size;
                assert!(size == 1 || root_from_inclusion(other, size, own, &proof) != Some(tree.root()));
                let longer = [proof.as_slice(), &[[7; 32]]].concat();
                assert_eq!(root_from_inclusion(leaf, size, own, &longer), None);
            }
        }
        assert_eq!((inclusion_nodes(3, 3), root_from_inclusion(3, 3, [0; 32], &[])), (None, None));
    }
}
