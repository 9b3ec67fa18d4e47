//! Which version has a stream? A bounded memory of what this process wrote last.
//!
//! Streams only grow, so a remembered head is never above the true one: an expected version below it is a conflict for certain, and an equal
//! one is tried, with the unique constraint as the last word. Everything else is asked of the database.

use std::collections::HashMap;

use ombud_domain::{StreamId, TenantId};

type Key = (TenantId, StreamId);

/// Heads of the streams written last, in two generations: when the young one is full it becomes the old one.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    young: HashMap<Key, i64>,
    old: HashMap<Key, i64>,
}

/// Streams of one generation at most.
const GENERATION_MAX: usize = 4096;

impl Heads {
    pub(crate) fn get(&self, key: &Key) -> Option<i64> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    pub(crate) fn remember(&mut self, key: Key, version: i64) {
        if self.young.len() >= GENERATION_MAX && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, version);
    }

    pub(crate) fn forget(&mut self, key: &Key) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use ombud_domain::StreamKind;

    use super::*;

    fn key(number: usize) -> Key {
        (TenantId("t".to_owned()), StreamId { kind: StreamKind::Case, id: number.to_string() })
    }

    #[test]
    fn the_latest_are_remembered_and_memory_is_bounded() {
        let mut heads = Heads::default();
        for number in 0..3 * GENERATION_MAX {
            heads.remember(key(number), 1);
        }
        heads.remember(key(0), 7);
        assert_eq!((heads.get(&key(0)), heads.get(&key(1))), (Some(7), None));
        assert_eq!(heads.get(&key(3 * GENERATION_MAX - 1)), Some(1));
        assert!(heads.young.len() + heads.old.len() <= 2 * GENERATION_MAX);
        heads.forget(&key(0));
        assert_eq!(heads.get(&key(0)), None);
    }
}
