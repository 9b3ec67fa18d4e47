//! Which word was meant by one that no example knows?
//!
//! Slips of typing hit the very words a request is read from, and a classifier trained on a few hundred sentences has no other to go by.
//! Names, numbers and addresses are left as they were written.

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::{Example, words};

/// Shorter words are left alone: one slip makes another word of them.
const LETTERS_MIN: usize = 5;
/// A word must stand in this many examples to be what somebody meant.
const SEEN_MIN: usize = 2;

/// The words of the examples, by first letter.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelling {
    known: BTreeSet<String>,
    meant: BTreeMap<char, Vec<String>>,
}

impl Spelling {
    /// Learns the words of the examples; `correct` are further words that need no mending.
    pub(super) fn new(examples: &[Example], correct: impl Iterator<Item = String>) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for example in examples {
            let distinct: BTreeSet<String> = words(&example.text).into_iter().collect();
            for word in distinct {
                *counts.entry(word).or_default() += 1;
            }
        }
        let mut known: BTreeSet<String> = correct.collect();
        let mut meant: BTreeMap<char, Vec<String>> = BTreeMap::new();
        for (word, count) in counts {
            let is_word = word.chars().count() >= LETTERS_MIN && word.chars().all(char::is_alphabetic);
            if let Some(first) = word.chars().next().filter(|_| is_word && count >= SEEN_MIN) {
                meant.entry(first).or_default().push(word.clone());
            }
            known.insert(word);
        }
        Self { known, meant }
    }

    /// The text with every unknown word replaced by the only known one it may be a slip of.
    ///
    /// What holds a digit or an @ is no word, and a capital inside a sentence is a name.
    pub(super) fn mend(&self, text: &str) -> String {
        let mut mended = String::with_capacity(text.len());
        let mut opens = true;
        for chunk in text.split_inclusive(char::is_whitespace) {
            let is_name = !opens && chunk.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
            if is_name || chunk.contains(|c: char| c == '@' || c.is_ascii_digit()) {
                mended.push_str(chunk);
            } else {
                self.mend_chunk(chunk, &mut mended);
            }
            opens = chunk.trim_end().ends_with(['.', '!', '?', ':']) || chunk.contains('\n');
        }
        mended
    }

    fn mend_chunk(&self, chunk: &str, mended: &mut String) {
        let mut word = String::new();
        for c in chunk.chars() {
            if c.is_alphanumeric() || c == '\'' {
                word.push(c);
            } else {
                mended.push_str(&self.mend_word(&word));
                word.clear();
                mended.push(c);
            }
        }
        mended.push_str(&self.mend_word(&word));
    }

    /// One word, mended if that can be done in only one way.
    fn mend_word(&self, word: &str) -> String {
        let lower = word.to_lowercase();
        if lower.chars().count() < LETTERS_MIN || !lower.chars().all(char::is_alphabetic) || self.is_known(&lower) {
            return word.to_owned();
        }
        let near = lower.chars().next().and_then(|first| self.meant.get(&first));
        let mut best: Option<(usize, &String)> = None;
        let mut tied = false;
        for known in near.into_iter().flatten() {
            if !misspelt(&lower, known) || is_form(&lower, known) {
                continue;
            }
            let distance = slips(&lower, known);
            match best {
                Some((least, _)) if distance > least => {}
                Some((least, _)) if distance == least => tied = true,
                _ => (best, tied) = (Some((distance, known)), false),
            }
        }
        match best {
            Some((_, known)) if !tied => known.clone(),
            _ => word.to_owned(),
        }
    }

    /// Whether the word, or the same one with another ending, stands in an example.
    fn is_known(&self, lower: &str) -> bool {
        let plain = |ending: &str| lower.strip_suffix(ending).is_some_and(|stem| self.known.contains(stem));
        self.known.contains(lower) || ["s", "es", "ed", "d", "ing", "ly", "er", "r"].iter().any(|ending| plain(ending))
    }
}

/// "Ordered" is no slip of "order".
fn is_form(word: &str, known: &str) -> bool {
    let (short, long) = if word.len() < known.len() { (word, known) } else { (known, word) };
    long.strip_prefix(short).is_some_and(|rest| ["s", "es", "ed", "d", "ing", "ly", "er", "r", "y"].contains(&rest))
}

/// One slip in a word of five letters, two in one of eight; the first letter is right.
pub(super) fn misspelt(word: &str, known: &str) -> bool {
    let allowed = match known.chars().count() {
        0..=4 => return false,
        5..=7 => 1,
        _ => 2,
    };
    word.chars().next() == known.chars().next()
        && word.chars().count().abs_diff(known.chars().count()) <= allowed
        && slips(word, known) <= allowed
}

/// Edits between two words, a swap of neighbours counted as one (optimal string alignment).
pub(super) fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (i, a) in one.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(a != *b));
            let swapped = j > 0 && previous == Some(*b) && other.get(j - 1) == Some(&a);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
        previous = Some(a);
    }
    last.last().copied().unwrap_or_default()
}
