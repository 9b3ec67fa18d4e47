//! What does a leaf say? The columns of an event, with its payload behind a salted hash, or that a payload was overwritten.
//!
//! Fields are netstrings (cr.yp.to/proto/netstrings.txt): no two different records have the same bytes. The payload itself is not among them:
//! when it is overwritten its salt goes too, the hash stays, and nobody can find out by trying what the payload was (docs/decisions/0009).

use sha2::{Digest as _, Sha256};

use crate::merkle::{Hash, leaf_hash};

/// Bytes of a salt: 128 bits, so that the few digits of a card number cannot be found by trying them.
pub const SALT_BYTES: usize = 16;

/// What hides a payload behind its hash.
pub type Salt = [u8; SALT_BYTES];

/// An event in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLeaf<'a> {
    /// The company.
    pub tenant: &'a str,
    /// Position in the ledger.
    pub position: i64,
    /// Kind of its stream.
    pub stream_kind: &'a str,
    /// Id of its stream.
    pub stream_id: &'a str,
    /// Position in its stream.
    pub version: i64,
    /// What happened.
    pub kind: &'a str,
    /// When, microseconds.
    pub at_us: i64,
    /// [`commitment`] of the payload.
    pub commitment: Hash,
}

/// That the payload of an event was overwritten, in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShreddingLeaf<'a> {
    /// The company.
    pub tenant: &'a str,
    /// Position of the event.
    pub position: i64,
    /// Position of the last event of the commit that overwrote it.
    pub by_position: i64,
    /// [`commitment`] of what the payload became.
    pub commitment: Hash,
}

impl EventLeaf<'_> {
    /// The hash of the leaf.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(256);
        netstring(&mut bytes, b"ombud/event/v1");
        netstring(&mut bytes, self.tenant.as_bytes());
        number(&mut bytes, self.position);
        netstring(&mut bytes, self.stream_kind.as_bytes());
        netstring(&mut bytes, self.stream_id.as_bytes());
        number(&mut bytes, self.version);
        netstring(&mut bytes, self.kind.as_bytes());
        number(&mut bytes, self.at_us);
        netstring(&mut bytes, &self.commitment);
        leaf_hash(&bytes)
    }
}

impl ShreddingLeaf<'_> {
    /// The hash of the leaf.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(128);
        netstring(&mut bytes, b"ombud/shredding/v1");
        netstring(&mut bytes, self.tenant.as_bytes());
        number(&mut bytes, self.position);
        number(&mut bytes, self.by_position);
        netstring(&mut bytes, &self.commitment);
        leaf_hash(&bytes)
    }
}

/// The salted hash that stands for a payload in its leaf.
#[must_use]
pub fn commitment(salt: &Salt, payload: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"16:ombud/payload/v1,");
    hasher.update(salt);
    hasher.update(payload);
    hasher.finalize().into()
}

fn netstring(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend_from_slice(field.len().to_string().as_bytes());
    bytes.push(b':');
    bytes.extend_from_slice(field);
    bytes.push(b',');
}

fn number(bytes: &mut Vec<u8>, number: i64) {
    netstring(bytes, number.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: EventLeaf<'_> = EventLeaf {
        tenant: "nimbus",
        position: 12,
        stream_kind: "conversation",
        stream_id: "c1",
        version: 3,
        kind: "turn.reply",
        at_us: 7,
        commitment: [1; 32],
    };

    /// R58: every column is in the hash, and a byte that moves from one column into the next is another record.
    #[test]
    fn a_change_of_any_column_is_another_leaf() {
        let others = [
            EventLeaf { tenant: "nimbuz", ..LEAF },
            EventLeaf { position: 13, ..LEAF },
            EventLeaf { stream_kind: "case", ..LEAF },
            EventLeaf { stream_id: "c2", ..LEAF },
            EventLeaf { version: 4, ..LEAF },
            EventLeaf { kind: "turn.record", ..LEAF },
            EventLeaf { at_us: 8, ..LEAF },
            EventLeaf { commitment: [2; 32], ..LEAF },
            EventLeaf { stream_kind: "conversationc", stream_id: "1", ..LEAF },
            EventLeaf { position: 1, stream_kind: "2conversation", ..LEAF },
        ];
        let mut hashes: Vec<Hash> = others.iter().map(EventLeaf::hash).collect();
        hashes.push(LEAF.hash());
        hashes.push(ShreddingLeaf { tenant: "nimbus", position: 12, by_position: 13, commitment: [1; 32] }.hash());
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), others.len() + 2);
    }

    #[test]
    fn equal_payloads_under_two_salts_do_not_show_that_they_are_equal() {
        assert_ne!(commitment(&[0; 16], b"4242"), commitment(&[1; 16], b"4242"));
        assert_ne!(commitment(&[0; 16], b"4242"), commitment(&[0; 16], b"4243"));
    }
}
