//! How is one vector kept? Its numbers as whole ones of 8 bits, its id, the set of its attributes, and its length.

use ombud_ports::VectorError;

use super::bytes::Bytes;
use super::product::Query;

/// Whole numbers reach from -127 to 127, so that the greatest of a vector loses nothing.
const LEVELS: f32 = 127.0;
/// Numbers of 4 bytes beside each vector: id (two of them), set of attributes, inverse of the length.
const ENTRY: usize = 4;
/// Bytes of them.
pub(super) const ENTRY_BYTES: usize = 4 * ENTRY;
/// Bytes that come from memory together.
const LINE_BYTES: usize = 64;
/// Where the set stands in an entry.
const SET: usize = 2;

/// Vectors by their places.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub dimension: usize,
    pub codes: Bytes,
    pub entries: Bytes,
}

/// What stands beside a vector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub id: u64,
    pub set: u32,
}

impl Rows {
    pub(super) fn new(dimension: usize) -> Self {
        Self { dimension, codes: Bytes::default(), entries: Bytes::default() }
    }

    /// Places, those of vectors that are gone among them.
    pub(super) fn count(&self) -> usize {
        self.entries.as_slice().len() / ENTRY_BYTES
    }

    /// The whole numbers of a place and the inverse of their length.
    #[inline(always)]
    pub(super) fn codes(&self, place: u32) -> Option<(&[u8], f32)> {
        let place = place as usize;
        let entry = self.entries.as_slice().get(place * ENTRY_BYTES..)?.first_chunk::<ENTRY_BYTES>()?;
        let [.., a, b, c, d] = *entry;
        let codes = self.codes.as_slice().get(place * self.dimension..)?.get(..self.dimension)?;
        Some((codes, f32::from_le_bytes([a, b, c, d])))
    }

    pub(super) fn entry(&self, place: u32) -> Option<Entry> {
        let mut numbers = self.entries.numbers(place as usize * ENTRY, SET + 1);
        let (low, high, set) = (numbers.next()?, numbers.next()?, numbers.next()?);
        Some(Entry { id: u64::from(high) << 32 | u64::from(low), set })
    }

    /// The set of a place.
    #[inline(always)]
    pub(super) fn set(&self, place: u32) -> Option<u32> {
        let bytes = self.entries.as_slice().get(4 * (place as usize * ENTRY + SET)..)?;
        bytes.first_chunk().map(|set| u32::from_le_bytes(*set))
    }

    /// Has the processor fetch these rows from memory, all at once: they lie anywhere, and one after the other each would be waited for.
    pub(super) fn fetch(&self, places: &[u32]) {
        let mut all = 0;
        for place in places {
            let Some((codes, _)) = self.codes(*place) else { continue };
            for line in codes.chunks(LINE_BYTES) {
                all ^= line.first().copied().unwrap_or_default();
            }
        }
        std::hint::black_box(all);
    }

    pub(super) fn change_set(&mut self, place: u32, set: u32) {
        self.entries.set_numbers(place as usize * ENTRY + SET, std::iter::once(set));
    }

    /// A vector as rows are kept.
    pub(super) fn query(&self, vector: &[f32]) -> Result<Query, VectorError> {
        if vector.len() != self.dimension {
            return Err(VectorError::Dimension { expected: self.dimension, found: vector.len() });
        }
        let greatest = vector.iter().fold(0.0_f32, |greatest, number| greatest.max(number.abs()));
        let finite = vector.iter().all(|number| number.is_finite());
        if !finite || greatest < f32::MIN_POSITIVE {
            return Err(VectorError::NoDirection);
        }
        #[expect(clippy::cast_possible_truncation, reason = "no number is greater than the greatest")]
        let whole = |number: &f32| ((number / greatest * LEVELS).round() as i8).cast_unsigned();
        let codes: Box<[u8]> = vector.iter().map(whole).collect();
        Ok(Query { inverse_length: 1.0 / length(&codes), codes })
    }

    /// Behind the others.
    pub(super) fn push(&mut self, entry: Entry, row: &Query) {
        self.codes.to_mut().extend_from_slice(&row.codes);
        let entries = self.entries.to_mut();
        entries.extend_from_slice(&entry.id.to_le_bytes());
        entries.extend_from_slice(&entry.set.to_le_bytes());
        entries.extend_from_slice(&row.inverse_length.to_le_bytes());
    }

    /// A row as if it were asked for.
    pub(super) fn as_query(&self, place: u32) -> Option<Query> {
        let (codes, inverse_length) = self.codes(place)?;
        Some(Query { codes: codes.into(), inverse_length })
    }
}

/// The greatest number is always 127, so the length is never 0.
fn length(codes: &[u8]) -> f32 {
    codes.iter().map(|code| f32::from(code.cast_signed()).powi(2)).sum::<f32>().sqrt()
}
