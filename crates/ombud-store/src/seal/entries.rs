//! What was each leaf made from? Records of one length, 256 in a row of the database, beside the tiles that hold the hashes.

use ombud_ports::StoreError;
use ombud_proof::{Hash, SALT_BYTES, Salt};

/// Bytes of an entry: kind, position, salt, commitment.
const ENTRY_BYTES: usize = 1 + 8 + SALT_BYTES + 32;
/// A salt that was thrown away.
pub(crate) const NO_SALT: Salt = [0; SALT_BYTES];

/// What a leaf is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Event,
    /// By the commit of the last event before it in the log.
    Shredding,
}

/// What a leaf was made from, besides the columns of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub kind: EntryKind,
    pub position: i64,
    pub salt: Salt,
    pub commitment: Hash,
}

pub(crate) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for entry in entries {
        bytes.push(match entry.kind {
            EntryKind::Event => 0,
            EntryKind::Shredding => 1,
        });
        bytes.extend_from_slice(&entry.position.to_be_bytes());
        bytes.extend_from_slice(&entry.salt);
        bytes.extend_from_slice(&entry.commitment);
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Entry>, StoreError> {
    let chunks = bytes.chunks_exact(ENTRY_BYTES);
    if !chunks.remainder().is_empty() {
        return Err(corrupt());
    }
    chunks.map(|chunk| entry(chunk).ok_or_else(corrupt)).collect()
}

fn corrupt() -> StoreError {
    StoreError::Corrupt { what: "entries of the Merkle log" }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (kind, rest) = bytes.split_first()?;
    let (position, rest) = rest.split_first_chunk()?;
    let (salt, rest) = rest.split_first_chunk()?;
    let kind = match kind {
        0 => EntryKind::Event,
        1 => EntryKind::Shredding,
        _ => return None,
    };
    Some(Entry { kind, position: i64::from_be_bytes(*position), salt: *salt, commitment: rest.try_into().ok()? })
}

/// Hashes of a tile, one after the other.
pub(crate) fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, StoreError> {
    let (hashes, rest) = bytes.as_chunks();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(StoreError::Corrupt { what: "tile of the Merkle log" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_and_a_cut_one_is_corrupt() {
        let entry = |kind, position| Entry { kind, position, salt: [3; SALT_BYTES], commitment: [4; 32] };
        let entries = [entry(EntryKind::Event, i64::MAX), entry(EntryKind::Shredding, 1)];
        let bytes = encode(&entries);
        assert_eq!(decode(&bytes).unwrap(), entries);
        assert!(decode(&bytes[1..]).is_err());
        assert!(hashes(&bytes[..33]).is_err());
    }
}
