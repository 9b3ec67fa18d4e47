//! Which pieces of the vocabulary is a text made of? SentencePiece's unigram segmentation, as the model was trained with.
//!
//! The text is composed (NFC) and its characters are replaced as the model's own table says (a form of NFKC that also knows odd spaces and
//! control characters); spaces become `▁` and of several one stays; then the likeliest sequence of pieces is found (Viterbi). What no piece
//! covers becomes one unknown piece per run. Marks such as `<s>` are never read from a text, whatever somebody writes.
//!
//! This is our own and not the crate `tokenizers`, which brings some seventy packages and a format of its own
//! for what is two hundred lines here (decision 0010).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use crate::weights::Vocabulary;

/// SentencePiece's mark for a space, and for the beginning of a word.
const SPACE: char = '\u{2581}';
/// What a piece of unknown characters costs beyond the least likely piece, as in SentencePiece.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Finds the pieces of a text.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    vocabulary: Vocabulary,
    /// Pieces by the hash of their bytes, open addressing; zero is free, others are the piece and one.
    slots: Vec<u32>,
    piece_bytes_max: usize,
    unknown_score: f32,
}

/// The likeliest way to a place in the text.
#[derive(Debug, Clone, Copy)]
struct Path {
    score: f32,
    piece: u32,
    /// Index of the character where its last piece begins.
    from: usize,
}

impl Tokenizer {
    pub(crate) fn new(vocabulary: Vocabulary) -> Self {
        let pieces = vocabulary.scores.len();
        let mut tokenizer = Self {
            slots: vec![0; pieces.saturating_mul(2).max(1).next_power_of_two()],
            piece_bytes_max: vocabulary.starts.windows(2).map(|pair| length_between(pair) as usize).max().unwrap_or(0),
            unknown_score: vocabulary.scores.iter().copied().fold(0.0, f32::min) - UNKNOWN_PENALTY,
            vocabulary,
        };
        for (piece, score) in (0..).zip(tokenizer.vocabulary.scores.clone()) {
            // Marks have the score zero, which no piece of text has.
            if score < 0.0 && !tokenizer.bytes_of(piece).is_empty() {
                tokenizer.insert(piece);
            }
        }
        tokenizer
    }

    /// The pieces of a text between the marks for begin and end, `tokens_max` at most with these two.
    pub(crate) fn tokens(&self, text: &str, tokens_max: usize) -> Vec<u32> {
        let content_max = tokens_max.saturating_sub(2);
        // No piece beyond these bytes can be among the first, so what a text of a megabyte costs is bounded too.
        let (normal, starts) = self.normalized(text, content_max.saturating_mul(self.piece_bytes_max.max(1)));
        let mut tokens = vec![self.vocabulary.begin];
        tokens.extend(self.segmented(&normal, &starts).into_iter().take(content_max));
        tokens.push(self.vocabulary.end);
        tokens
    }

    /// The text as the vocabulary writes it, and where each of its characters begins, with the end of the last.
    fn normalized(&self, text: &str, bytes_max: usize) -> (String, Vec<usize>) {
        let mut normal = String::with_capacity(text.len().min(bytes_max) + SPACE.len_utf8());
        let mut starts = Vec::new();
        let mut is_space_due = true;
        for composed in text.nfc() {
            let one = [composed];
            let replaced = self.vocabulary.replacements.get(&composed).map_or(&one[..], |characters| characters);
            for character in replaced {
                if *character == ' ' {
                    is_space_due = true;
                    continue;
                }
                if is_space_due {
                    starts.push(normal.len());
                    normal.push(SPACE);
                    is_space_due = false;
                }
                starts.push(normal.len());
                normal.push(*character);
            }
            if normal.len() >= bytes_max {
                break;
            }
        }
        starts.push(normal.len());
        (normal, starts)
    }

    fn segmented(&self, normal: &str, starts: &[usize]) -> Vec<u32> {
        let unknown = self.vocabulary.unknown;
        let mut paths = vec![Path { score: f32::NEG_INFINITY, piece: unknown, from: 0 }; starts.len()];
        if let Some(first) = paths.first_mut() {
            first.score = 0.0;
        }
        for from in 0..starts.len().saturating_sub(1) {
            let score = paths.get(from).map_or(f32::NEG_INFINITY, |path| path.score);
            let mut improve = |to: usize, piece: u32, more: f32| {
                if let Some(path) = paths.get_mut(to).filter(|path| score + more > path.score) {
                    *path = Path { score: score + more, piece, from };
                }
            };
            self.pieces_from(normal, starts, from, &mut improve);
            improve(from + 1, unknown, self.unknown_score);
        }
        let mut pieces = Vec::new();
        let mut to = starts.len().saturating_sub(1);
        while to > 0 {
            let Some(path) = paths.get(to) else { break };
            if path.piece != unknown || pieces.last() != Some(&unknown) {
                pieces.push(path.piece);
            }
            to = path.from;
        }
        pieces.reverse();
        pieces
    }

    /// Every piece that begins at a character: the index of the character after it, the piece and its score.
    fn pieces_from(&self, normal: &str, starts: &[usize], from: usize, mut found: impl FnMut(usize, u32, f32)) {
        let Some(start) = starts.get(from).copied() else { return };
        let (mut hash, mut hashed) = (HASH_SEED, start);
        for (to, end) in starts.iter().copied().enumerate().skip(from + 1) {
            if end - start > self.piece_bytes_max {
                return;
            }
            hash = hashed_on(hash, bytes_in(normal.as_bytes(), hashed..end));
            hashed = end;
            if let Some((piece, score)) = self.find(hash, bytes_in(normal.as_bytes(), start..end)) {
                found(to, piece, score);
            }
        }
    }

    fn find(&self, hash: u64, bytes: &[u8]) -> Option<(u32, f32)> {
        let mut slot = self.slot_of(hash);
        loop {
            let piece = self.slots.get(slot)?.checked_sub(1)?;
            if self.bytes_of(piece) == bytes {
                return self.vocabulary.scores.get(piece as usize).map(|score| (piece, *score));
            }
            slot = self.next_slot(slot);
        }
    }

    fn insert(&mut self, piece: u32) {
        let mut slot = self.slot_of(hashed_on(HASH_SEED, self.bytes_of(piece)));
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = self.next_slot(slot);
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = piece + 1;
        }
    }

    fn slot_of(&self, hash: u64) -> usize {
        // The number of slots is a power of two. FNV mixes its upper bits best.
        #[expect(clippy::cast_possible_truncation, reason = "the bits above are not wanted")]
        let folded = (hash ^ hash >> 32) as usize;
        folded & (self.slots.len() - 1)
    }

    fn next_slot(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    fn bytes_of(&self, piece: u32) -> &[u8] {
        let start = self.vocabulary.starts.get(piece as usize).copied().unwrap_or_default();
        let end = self.vocabulary.starts.get(piece as usize + 1).copied().unwrap_or_default();
        bytes_in(&self.vocabulary.text, start as usize..end as usize)
    }
}

fn length_between(pair: &[u32]) -> u32 {
    pair.last().copied().unwrap_or_default() - pair.first().copied().unwrap_or_default()
}

fn bytes_in(bytes: &[u8], range: Range<usize>) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

/// FNV-1a, 64 bits: it goes on from a shorter piece to a longer one.
const HASH_SEED: u64 = 0xCBF2_9CE4_8422_2325;
const HASH_PRIME: u64 = 0x0000_0100_0000_01B3;

fn hashed_on(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(HASH_PRIME))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn tokenizer(pieces: &[(&str, f32)]) -> Tokenizer {
        let mut vocabulary = Vocabulary {
            begin: 0,
            end: 1,
            unknown: 2,
            text: Vec::new(),
            starts: vec![0],
            scores: Vec::new(),
            replacements: HashMap::from([('\t', [' '].into()), ('\u{7f}', [].into()), ('ﬁ', ['f', 'i'].into())]),
        };
        for (piece, score) in [("<s>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)].iter().chain(pieces) {
            vocabulary.text.extend(piece.as_bytes());
            vocabulary.starts.push(u32::try_from(vocabulary.text.len()).unwrap());
            vocabulary.scores.push(*score);
        }
        Tokenizer::new(vocabulary)
    }

    /// ▁ and the pieces: 3 `▁`, 4 `▁re`, 5 `fund`, 6 `refund`, 7 `f`, 8 `i`, 9 `é`, 10 `s`, 11 `<`, 12 `>`.
    fn small() -> Tokenizer {
        tokenizer(&[
            ("▁", -3.0),
            ("▁re", -4.0),
            ("fund", -5.0),
            ("refund", -8.0),
            ("f", -6.0),
            ("i", -6.0),
            ("é", -6.0),
            ("s", -6.0),
            ("<", -6.0),
            (">", -6.0),
        ])
    }

    #[test]
    fn the_likeliest_pieces_win_over_the_longest() {
        assert_eq!(small().tokens("refund", 16), [0, 4, 5, 1], "▁re fund costs 9, ▁ refund 11");
    }

    #[test]
    fn spaces_become_one_mark_before_a_word_and_none_behind_the_last() {
        let expected = [0, 4, 5, 4, 5, 1];
        for text in ["refund refund", "  refund \t refund  ", "refund\u{7f} refund"] {
            assert_eq!(small().tokens(text, 16), expected, "{text:?}");
        }
    }

    #[test]
    fn characters_are_composed_and_replaced_before_pieces_are_sought() {
        assert_eq!(small().tokens("ﬁe\u{301}", 16), [0, 3, 7, 8, 9, 1]);
    }

    #[test]
    fn a_run_of_unknown_characters_is_one_unknown_piece() {
        assert_eq!(small().tokens("i😀😀i", 16), [0, 3, 8, 2, 8, 1]);
    }

    #[test]
    fn a_mark_that_somebody_writes_is_text() {
        assert_eq!(small().tokens("<s>", 16), [0, 3, 11, 10, 12, 1]);
    }

    #[test]
    fn of_a_long_text_the_beginning_counts_with_both_marks_around_it() {
        let text = "refund ".repeat(1_000);
        assert_eq!(small().tokens(&text, 6), [0, 4, 5, 4, 5, 1]);
        assert_eq!(small().tokens(&text, 512).len(), 512);
        assert_eq!(small().tokens("", 512), [0, 1]);
    }

    proptest! {
        #[test]
        fn any_text_has_pieces_between_the_marks(text in any::<String>(), tokens_max in 2..40_usize) {
            let tokens = small().tokens(&text, tokens_max);
            prop_assert!(tokens.len() >= 2 && tokens.len() <= tokens_max);
            prop_assert_eq!((tokens.first(), tokens.last()), (Some(&0), Some(&1)));
            prop_assert!(tokens.iter().all(|token| *token < 13));
        }
    }
}
