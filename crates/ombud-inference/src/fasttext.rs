//! What does a fastText classifier say of a text? A reader of its binary format, plain and quantised, and the arithmetic of one prediction.
//!
//! The format ("fastText .bin/.ftz", version 12, little-endian): sizes; a dictionary of words and labels, with an index of the n-grams that
//! pruning left; a matrix with a row for each word and each bucket of n-grams; a matrix with a row for each label. A matrix is f32, or
//! quantised: each row is cut into pieces, each piece is one of 256 centroids, and the length of the row is one of 256 too. A text is
//! the mean of the rows of its words and their character n-grams. Labels are scored by a softmax, by one logistic function each, or down a
//! Huffman tree built over their counts.

use std::collections::HashMap;

use crate::bytes::{Malformed, Reader, malformed};

const MAGIC: i32 = 793_712_314;
const VERSION: i32 = 12;
/// Entries of a dictionary at most, and labels, and rows of a matrix; the known model has 7,000 entries and 176 labels.
const ENTRIES_MAX: usize = 2_000_000;
const LABELS_MAX: usize = 10_000;
const ROWS_MAX: usize = 5_000_000;
const WIDTH_MAX: usize = 1_024;
/// Bytes of one word.
const WORD_MAX: usize = 1_024;
/// Characters of an n-gram.
const NGRAM_MAX: usize = 32;
const WORDS_IN_NGRAM_MAX: usize = 8;
/// Centroids of a piece.
const CENTROIDS: usize = 256;
/// The end of a line is a word too.
const END_OF_LINE: &str = "</s>";
/// Keeps a logarithm from minus infinity, as in the reference.
const LOG_FLOOR: f64 = 1e-5;

/// A classifier that was read.
#[derive(Debug)]
pub(crate) struct FastText {
    shape: Shape,
    dictionary: Dictionary,
    input: Matrix,
    output: Matrix,
    scorer: Scorer,
}

#[derive(Debug)]
struct Shape {
    width: usize,
    words_in_ngram: usize,
    loss: Loss,
    buckets: usize,
    /// Characters of the shortest and the longest n-gram; none are taken where the longest has no character.
    ngram_min: usize,
    ngram_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Hierarchical,
    Softmax,
    /// Negative sampling and one-against-all.
    Logistic,
}

#[derive(Debug)]
struct Dictionary {
    words: HashMap<Vec<u8>, usize>,
    word_count: usize,
    labels: Vec<String>,
    label_counts: Vec<i64>,
    buckets: Buckets,
}

/// Where the rows of n-grams are.
#[derive(Debug)]
enum Buckets {
    /// One row for each bucket.
    All,
    /// Only those that pruning left.
    Kept(HashMap<u32, usize>),
}

/// How the numbers of a matrix are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Storage {
    Plain,
    Quantised,
}

#[derive(Debug)]
enum Matrix {
    Plain { width: usize, numbers: Vec<f32> },
    Quantised { rows: usize, codes: Vec<u8>, pieces: Pieces, lengths: Option<(Vec<u8>, Pieces)> },
}

/// The centroids of a product quantiser.
#[derive(Debug)]
struct Pieces {
    count: usize,
    width: usize,
    last_width: usize,
    centroids: Vec<f32>,
}

#[derive(Debug)]
enum Scorer {
    Softmax,
    Logistic,
    /// Left and right child of each inner node; a child below the number of labels is a label.
    Tree(Vec<[usize; 2]>),
}

impl FastText {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.i32()? != MAGIC || reader.i32()? != VERSION {
            return malformed("it does not begin like a fastText model of version 12");
        }
        let shape = Shape::read(&mut reader)?;
        let dictionary = Dictionary::read(&mut reader)?;
        let of_input = Storage::read(&mut reader)?;
        let input = Matrix::read(&mut reader, shape.width, of_input)?;
        let of_output = Storage::read(&mut reader)?.min(of_input);
        let output = Matrix::read(&mut reader, shape.width, of_output)?;
        if !reader.is_done() {
            return malformed("it goes on behind its end");
        }
        if input.rows() < dictionary.rows(shape.buckets) || output.rows() != dictionary.labels.len() {
            return malformed("matrices that do not fit the dictionary");
        }
        let scorer = match shape.loss {
            Loss::Softmax => Scorer::Softmax,
            Loss::Logistic => Scorer::Logistic,
            Loss::Hierarchical => Scorer::Tree(tree(&dictionary.label_counts)),
        };
        Ok(Self { shape, dictionary, input, output, scorer })
    }

    /// Every label with its probability, the likeliest first; nothing when no part of the text is known.
    pub(crate) fn predict(&self, text: &str) -> Vec<(&str, f32)> {
        let rows = self.rows(text);
        if rows.is_empty() {
            return Vec::new();
        }
        let mut hidden = vec![0.0; self.shape.width];
        for row in &rows {
            self.input.add_row(*row, &mut hidden);
        }
        #[expect(clippy::cast_precision_loss, reason = "a message has far fewer than 2^24 parts")]
        let scale = 1.0 / rows.len() as f32;
        hidden.iter_mut().for_each(|value| *value *= scale);
        let probabilities = self.probabilities(&hidden);
        let mut scored: Vec<_> = self.dictionary.labels.iter().map(String::as_str).zip(probabilities).collect();
        scored.sort_by(|one, other| other.1.total_cmp(&one.1));
        scored
    }

    fn probabilities(&self, hidden: &[f32]) -> Vec<f32> {
        let labels = self.dictionary.labels.len();
        let scores = || (0..labels).map(|row| self.output.dot_row(row, hidden));
        match &self.scorer {
            Scorer::Softmax => softmax(scores().collect()),
            Scorer::Logistic => scores().map(logistic).collect(),
            Scorer::Tree(nodes) => {
                let mut logs = vec![0.0; labels + nodes.len()];
                // Parents have higher numbers than their children.
                for (node, [left, right]) in nodes.iter().enumerate().rev() {
                    let turn = f64::from(logistic(self.output.dot_row(node, hidden)));
                    let above = logs.get(labels + node).copied().unwrap_or_default();
                    for (child, share) in [(*left, 1.0 - turn), (*right, turn)] {
                        if let Some(log) = logs.get_mut(child) {
                            *log = above + (share + LOG_FLOOR).ln();
                        }
                    }
                }
                #[expect(clippy::cast_possible_truncation, reason = "a probability")]
                logs.iter().take(labels).map(|log| log.exp() as f32).collect()
            }
        }
    }

    /// Rows of the input matrix that make up a text: its words, their n-grams, its runs of words.
    fn rows(&self, text: &str) -> Vec<usize> {
        let mut rows = Vec::new();
        let mut hashes = Vec::new();
        let is_space = |c: char| matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\0');
        let words = text.split(is_space).filter(|word| !word.is_empty()).take_while(|word| *word != END_OF_LINE);
        for word in words.chain([END_OF_LINE]) {
            if self.dictionary.labels.iter().any(|label| word.strip_prefix(LABEL) == Some(label)) {
                continue;
            }
            hashes.push(hash(word.as_bytes()));
            let known = self.dictionary.words.get(word.as_bytes()).copied();
            rows.extend(known);
            if word != END_OF_LINE {
                self.add_ngrams(word, &mut rows);
            }
        }
        self.add_runs(&hashes, &mut rows);
        rows
    }

    fn add_ngrams(&self, word: &str, rows: &mut Vec<usize>) {
        if self.shape.ngram_max == 0 {
            return;
        }
        let marked = format!("<{word}>");
        let starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
        let last = starts.len() - 1;
        for first in 0..last {
            for length in self.shape.ngram_min.max(1)..=self.shape.ngram_max {
                let end = first + length;
                if end > last {
                    break;
                }
                if length == 1 && (first == 0 || end == last) {
                    continue;
                }
                let bounds = starts.get(first).zip(starts.get(end));
                let ngram = bounds.and_then(|(start, end)| marked.as_bytes().get(*start..*end)).unwrap_or_default();
                rows.extend(self.bucket_row(u64::from(hash(ngram))));
            }
        }
    }

    fn add_runs(&self, hashes: &[u32], rows: &mut Vec<usize>) {
        if self.shape.words_in_ngram < 2 {
            return;
        }
        // The reference widens hashes with their sign.
        let widened = |hash: &u32| i64::from(hash.cast_signed()).cast_unsigned();
        for first in 0..hashes.len() {
            let mut run = hashes.iter().skip(first).take(self.shape.words_in_ngram).map(widened);
            let Some(mut sum) = run.next() else { continue };
            for next in run {
                sum = sum.wrapping_mul(116_049_371).wrapping_add(next);
                rows.extend(self.bucket_row(sum));
            }
        }
    }

    fn bucket_row(&self, hash: u64) -> Option<usize> {
        let bucket = u32::try_from(hash.checked_rem(self.shape.buckets as u64)?).ok()?;
        let row = match &self.dictionary.buckets {
            Buckets::All => bucket as usize,
            Buckets::Kept(kept) => *kept.get(&bucket)?,
        };
        Some(self.dictionary.word_count + row)
    }
}

/// What a label begins with in the files.
const LABEL: &str = "__label__";

impl Shape {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let width = size(reader.i32()?, 1..=WIDTH_MAX)?;
        let [_window, _epochs, _count_min, _negatives] = [reader.i32()?, reader.i32()?, reader.i32()?, reader.i32()?];
        let words_in_ngram = size(reader.i32()?, 0..=WORDS_IN_NGRAM_MAX)?;
        let loss = match reader.i32()? {
            1 => Loss::Hierarchical,
            3 => Loss::Softmax,
            2 | 4 => Loss::Logistic,
            _ => return malformed("an unknown way to score labels"),
        };
        if reader.i32()? != 3 {
            return malformed("it is no classifier");
        }
        let buckets = size(reader.i32()?, 0..=ROWS_MAX)?;
        let ngram_min = size(reader.i32()?, 0..=NGRAM_MAX)?;
        let ngram_max = size(reader.i32()?, 0..=NGRAM_MAX)?;
        let _update_rate = reader.i32()?;
        let _sampling = reader.i64()?;
        Ok(Self { width, words_in_ngram, loss, buckets, ngram_min, ngram_max })
    }
}

impl Dictionary {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let entries = size(reader.i32()?, 1..=ENTRIES_MAX)?;
        let word_count = size(reader.i32()?, 0..=ENTRIES_MAX)?;
        let label_count = size(reader.i32()?, 1..=LABELS_MAX)?;
        let _tokens = reader.i64()?;
        let kept = reader.i64()?;
        if word_count + label_count != entries {
            return malformed("a dictionary that contradicts itself");
        }
        let (mut words, mut labels, mut label_counts) = (HashMap::new(), Vec::new(), Vec::new());
        for entry in 0..entries {
            let word = reader.until_zero(WORD_MAX)?;
            let count = reader.i64()?;
            let is_label = reader.flag()?;
            if is_label != (entry >= word_count) {
                return malformed("words and labels out of order");
            }
            if is_label {
                let label = String::from_utf8_lossy(word);
                labels.push(label.strip_prefix(LABEL).unwrap_or(&label).to_owned());
                label_counts.push(count);
            } else {
                words.insert(word.to_vec(), entry);
            }
        }
        let buckets = match usize::try_from(kept) {
            Err(_) => Buckets::All,
            Ok(kept) if kept <= ROWS_MAX => {
                let mut rows = HashMap::new();
                for _ in 0..kept {
                    let bucket = reader.u32()?;
                    rows.insert(bucket, size(reader.i32()?, 0..=ROWS_MAX)?);
                }
                Buckets::Kept(rows)
            }
            Ok(_) => return malformed("more n-grams than any model has"),
        };
        Ok(Self { words, word_count, labels, label_counts, buckets })
    }

    /// Rows that the input matrix needs.
    fn rows(&self, buckets: usize) -> usize {
        let ngrams = match &self.buckets {
            Buckets::All => buckets,
            Buckets::Kept(kept) => kept.values().max().map_or(0, |last| last + 1),
        };
        self.word_count + ngrams
    }
}

impl Storage {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.flag().map(|is_quantised| if is_quantised { Self::Quantised } else { Self::Plain })
    }
}

impl Matrix {
    fn read(reader: &mut Reader<'_>, width: usize, storage: Storage) -> Result<Self, Malformed> {
        let has_lengths = storage == Storage::Quantised && reader.flag()?;
        let rows = size(reader.i64()?, 1..=ROWS_MAX)?;
        if reader.i64()? != width as i64 {
            return malformed("a matrix of another width than the model");
        }
        if storage == Storage::Plain {
            let numbers = reader.numbers(rows * width, f32::from_le_bytes)?;
            return Ok(Self::Plain { width, numbers });
        }
        let code_count = reader.count()?;
        let codes = reader.take(code_count)?.to_vec();
        let pieces = Pieces::read(reader, width)?;
        if rows.checked_mul(pieces.count) != Some(code_count) {
            return malformed("codes that do not fit their matrix");
        }
        let lengths = match has_lengths {
            true => Some((reader.take(rows)?.to_vec(), Pieces::read(reader, 1)?)),
            false => None,
        };
        Ok(Self::Quantised { rows, codes, pieces, lengths })
    }

    fn rows(&self) -> usize {
        match self {
            Self::Plain { width, numbers } => numbers.len() / width,
            Self::Quantised { rows, .. } => *rows,
        }
    }

    /// Hands each number of a row to `take`, with its place.
    fn each_of_row(&self, row: usize, mut take: impl FnMut(usize, f32)) {
        match self {
            Self::Plain { width, numbers } => {
                let numbers = numbers.get(row * width..(row + 1) * width).unwrap_or_default();
                numbers.iter().enumerate().for_each(|(at, number)| take(at, *number));
            }
            Self::Quantised { codes, pieces, lengths, .. } => {
                let codes = codes.get(row * pieces.count..(row + 1) * pieces.count).unwrap_or_default();
                let length = lengths.as_ref().and_then(|(codes, lengths)| {
                    codes.get(row).and_then(|code| lengths.centroid(0, *code).first()).copied()
                });
                let length = length.unwrap_or(1.0);
                for (piece, code) in codes.iter().enumerate() {
                    for (at, number) in pieces.centroid(piece, *code).iter().enumerate() {
                        take(piece * pieces.width + at, length * number);
                    }
                }
            }
        }
    }

    fn add_row(&self, row: usize, to: &mut [f32]) {
        self.each_of_row(row, |at, number| {
            if let Some(sum) = to.get_mut(at) {
                *sum += number;
            }
        });
    }

    fn dot_row(&self, row: usize, with: &[f32]) -> f32 {
        let mut sum = 0.0;
        self.each_of_row(row, |at, number| sum += number * with.get(at).copied().unwrap_or_default());
        sum
    }
}

impl Pieces {
    fn read(reader: &mut Reader<'_>, width_of_row: usize) -> Result<Self, Malformed> {
        let row = size(reader.i32()?, 1..=WIDTH_MAX)?;
        let count = size(reader.i32()?, 1..=WIDTH_MAX)?;
        let width = size(reader.i32()?, 1..=WIDTH_MAX)?;
        let last_width = size(reader.i32()?, 1..=WIDTH_MAX)?;
        if row != width_of_row || (count - 1) * width + last_width != row {
            return malformed("pieces that do not make up a row");
        }
        let centroids = reader.numbers(row * CENTROIDS, f32::from_le_bytes)?;
        match centroids.iter().all(|number| number.is_finite()) {
            true => Ok(Self { count, width, last_width, centroids }),
            false => malformed("a centroid that is no number"),
        }
    }

    fn centroid(&self, piece: usize, code: u8) -> &[f32] {
        let width = if piece + 1 == self.count { self.last_width } else { self.width };
        let start = piece * CENTROIDS * self.width + usize::from(code) * width;
        self.centroids.get(start..start + width).unwrap_or_default()
    }
}

/// A number of the file as a size within bounds.
fn size(value: impl TryInto<usize>, bounds: std::ops::RangeInclusive<usize>) -> Result<usize, Malformed> {
    match value.try_into() {
        Ok(value) if bounds.contains(&value) => Ok(value),
        _ => malformed("a size that no such model has"),
    }
}

/// The inner nodes of the Huffman tree over labels, which stand in the file with the most frequent first. The choice between equal counts
/// is that of the reference: the rows of the output matrix depend on it.
fn tree(counts: &[i64]) -> Vec<[usize; 2]> {
    const ABSENT: i64 = 1_000_000_000_000_000;
    let labels = counts.len();
    let mut weights: Vec<i64> = counts.to_vec();
    let mut nodes = Vec::new();
    let (mut leaves_left, mut next) = (labels, labels);
    for _ in 1..labels {
        let mut sum = 0_i64;
        let mut children = [0; 2];
        for child in &mut children {
            let leaf = leaves_left.checked_sub(1).and_then(|at| weights.get(at)).copied();
            let inner = weights.get(next).copied().unwrap_or(ABSENT);
            let weight = match leaf {
                Some(leaf) if leaf < inner => {
                    leaves_left -= 1;
                    *child = leaves_left;
                    leaf
                }
                _ => {
                    *child = next;
                    next += 1;
                    inner
                }
            };
            sum = sum.saturating_add(weight);
        }
        weights.push(sum);
        nodes.push(children);
    }
    nodes
}

/// FNV-1a of 32 bits; the reference widens bytes with their sign.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash: u32, byte| {
        (hash ^ i32::from(byte.cast_signed()).cast_unsigned()).wrapping_mul(16_777_619)
    })
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

fn softmax(mut scores: Vec<f32>) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - highest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    scores
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A model of two words and two labels, 2 numbers wide, without n-grams: `yes` is (1, 0), `no` is (0, 1), and each label likes its word.
    fn small(loss: i32) -> Vec<u8> {
        let mut file = Vec::new();
        for value in [MAGIC, VERSION, 2, 5, 5, 1, 5, 1, loss, 3, 0, 0, 0, 100] {
            file.extend(value.to_le_bytes());
        }
        file.extend(0.0001_f64.to_le_bytes());
        for value in [4, 2, 2_i32] {
            file.extend(value.to_le_bytes());
        }
        file.extend(10_i64.to_le_bytes());
        file.extend((-1_i64).to_le_bytes());
        for (word, kind) in [("yes", 0_u8), ("no", 0), ("__label__good", 1), ("__label__bad", 1)] {
            file.extend(word.as_bytes());
            file.push(0);
            file.extend(5_i64.to_le_bytes());
            file.push(kind);
        }
        for numbers in [[1.0_f32, 0.0, 0.0, 1.0], [2.0, 0.0, 0.0, 2.0]] {
            file.push(0);
            file.extend(2_i64.to_le_bytes());
            file.extend(2_i64.to_le_bytes());
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        file
    }

    #[test]
    fn a_plain_model_scores_as_its_numbers_say() {
        let model = FastText::parse(&small(3)).unwrap();
        let found = model.predict("yes");
        let share = 1.0 / (1.0 + (-2.0_f32).exp());
        assert_eq!(found.iter().map(|(label, _)| *label).collect::<Vec<_>>(), ["good", "bad"]);
        assert!((found[0].1 - share).abs() < 1e-6 && (found[1].1 - (1.0 - share)).abs() < 1e-6, "{found:?}");
        assert!((model.predict("yes no unknown")[0].1 - 0.5).abs() < 1e-6);
        assert!(model.predict("unknown").is_empty());
        let logistic = FastText::parse(&small(4)).unwrap();
        let logistic = logistic.predict("no");
        assert!((logistic[0].1 - share).abs() < 1e-6 && (logistic[1].1 - 0.5).abs() < 1e-6, "{logistic:?}");
        // The root's row is the first one, and its right child the likelier where the product is above zero.
        let tree = FastText::parse(&small(1)).unwrap();
        let tree = tree.predict("yes");
        assert!((tree[0].1 - share).abs() < 1e-4 && (tree[1].1 - (1.0 - share)).abs() < 1e-4, "{tree:?}");
    }

    #[test]
    fn labels_that_are_frequent_stand_high_in_the_tree() {
        assert_eq!(tree(&[5, 3, 2, 1]), [[3, 2], [4, 1], [0, 5]]);
        assert!(tree(&[7]).is_empty());
    }

    #[test]
    fn a_file_that_ends_anywhere_or_goes_on_is_refused() {
        let whole = small(3);
        for length in 0..whole.len() {
            assert!(FastText::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut longer = whole;
        longer.push(0);
        assert_eq!(FastText::parse(&longer).unwrap_err().0, "it goes on behind its end");
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_refused_or_read_and_never_panics(at in 8..300_usize, with: [u8; 4], text in ".{0,20}") {
            let mut file = small(1);
            for (offset, byte) in with.iter().enumerate() {
                if let Some(place) = file.get_mut(at + offset) {
                    *place = *byte;
                }
            }
            if let Ok(model) = FastText::parse(&file) {
                model.predict(&text);
            }
        }
    }
}
