//! Into which numbers does a text turn?
//!
//! Words are lower-cased, stripped of apostrophes, and digits are folded to `0`, so that an order number is a shape and
//! not a word. Features are word unigrams and bigrams, and character 3- to 5-grams inside words (which carry typos and
//! endings); tf-idf weights, each of the two blocks scaled to length one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

/// Share of the character block in the squared length; the word block has the rest.
const CHAR_SHARE: f32 = 0.5;
/// Texts are cut here: what a class rests on stands in front.
const WORDS_MAX: usize = 120;
/// How much of the weight of words never seen counts in the length: all of it would mute typos, none would make nonsense sound sure.
const UNSEEN_SHARE: f32 = 0.25;

/// Hashes are already mixed: the map need not mix them again.
#[derive(Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The known features of texts with their rows and idf weights.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Vocabulary {
    rows: HashMap<u32, (u32, f32), BuildHasherDefault<Mixed>>,
    /// The idf of a feature seen in no example.
    idf_unseen: f32,
}

impl Vocabulary {
    /// Learns features and weights; word features are kept always, character n-grams from two examples on.
    #[must_use]
    pub fn learn(texts: &[&str]) -> Self {
        Self::of(texts, |hash, df| df > 1 || is_word(hash))
    }

    /// The same of features alone that two texts share or more: what texts are compared by.
    #[must_use]
    pub(crate) fn shared(texts: &[&str]) -> Self {
        Self::of(texts, |_, df| df > 1)
    }

    fn of(texts: &[&str], is_kept: impl Fn(u32, u32) -> bool) -> Self {
        let mut counts: HashMap<u32, u32, BuildHasherDefault<Mixed>> = HashMap::default();
        for text in texts {
            for (hash, _) in counted(text) {
                *counts.entry(hash).or_default() += 1;
            }
        }
        let mut kept: Vec<(u32, u32)> = counts.into_iter().filter(|(hash, df)| is_kept(*hash, *df)).collect();
        kept.sort_unstable();
        let total = texts.len() as f32;
        let idf = |df: f32| ((1.0 + total) / (1.0 + df)).ln() + 1.0;
        let rows = kept.into_iter().zip(0_u32..).map(|((hash, df), row)| (hash, (row, idf(df as f32)))).collect();
        Self { rows, idf_unseen: idf(0.0) }
    }

    /// How many features there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows and values of a text; the squares of the values add up to one, or less where something was never seen.
    #[must_use]
    pub fn vector(&self, text: &str) -> Vec<(usize, f32)> {
        let features = counted(text);
        let mut words = 0.0_f32;
        let mut chars = 0.0_f32;
        let mut found = Vec::with_capacity(features.len());
        for (hash, count) in features {
            let tf = 1.0 + (count as f32).ln();
            let seen = self.rows.get(&hash);
            let value = tf * seen.map_or(self.idf_unseen, |(_, idf)| *idf);
            let square = if seen.is_some() { value * value } else { UNSEEN_SHARE * value * value };
            *(if is_word(hash) { &mut words } else { &mut chars }) += square;
            if let Some((row, _)) = seen {
                found.push((*row as usize, value, is_word(hash)));
            }
        }
        let word_scale = ((1.0 - CHAR_SHARE) / words.max(1e-9)).sqrt();
        let char_scale = (CHAR_SHARE / chars.max(1e-9)).sqrt();
        found.into_iter().map(|(row, value, word)| (row, value * if word { word_scale } else { char_scale })).collect()
    }

    /// Share of the single words, by idf, that are known.
    pub(super) fn known_share(&self, text: &str) -> f32 {
        let (mut known, mut all) = (0.0_f32, 0.0_f32);
        for word in words(text) {
            match self.rows.get(&word_hash(&word)) {
                Some((_, idf)) => {
                    known += idf;
                    all += idf;
                }
                None => all += self.idf_unseen,
            }
        }
        if all > 0.0 { known / all } else { 0.0 }
    }
}

/// The words of a text as the features see them.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            push_folded(&mut word, c);
        } else if !matches!(c, '\'' | '\u{2019}') && !word.is_empty() {
            list.push(std::mem::take(&mut word));
        }
        if list.len() >= WORDS_MAX {
            return list;
        }
    }
    if !word.is_empty() {
        list.push(word);
    }
    list
}

fn push_folded(word: &mut String, c: char) {
    if c.is_numeric() {
        // A run of digits longer than four is one shape: a number is a number.
        if !word.ends_with("0000") {
            word.push('0');
        }
    } else {
        word.extend(c.to_lowercase());
    }
}

/// Hashes with their counts, sorted by hash.
fn counted(text: &str) -> Vec<(u32, u32)> {
    let mut hashes = hashes(text);
    hashes.sort_unstable();
    let mut counted: Vec<(u32, u32)> = Vec::with_capacity(hashes.len());
    for hash in hashes {
        match counted.last_mut() {
            Some((last, count)) if *last == hash => *count += 1,
            _ => counted.push((hash, 1)),
        }
    }
    counted
}

fn hashes(text: &str) -> Vec<u32> {
    let words = words(text);
    let mut out = Vec::with_capacity(words.len() * 14);
    let mut before = "^";
    let mut letters: Vec<char> = Vec::new();
    for word in &words {
        out.push(word_hash(word));
        out.push(tag_word(mix(mix(1, before), word)));
        before = word;
        letters.clear();
        letters.push('<');
        letters.extend(word.chars());
        letters.push('>');
        for size in 3..=5 {
            for gram in letters.windows(size) {
                let hash = gram.iter().fold(0x811c_9dc5_u64 ^ size as u64, |h, c| step(h, *c as u32));
                out.push(fold(hash) & !1);
            }
        }
    }
    if text.contains('?') {
        out.push(tag_word(mix(2, "?")));
    }
    out
}

fn word_hash(word: &str) -> u32 {
    tag_word(mix(0, word))
}

/// Word features have the lowest bit set.
fn is_word(hash: u32) -> bool {
    hash & 1 == 1
}

fn tag_word(hash: u64) -> u32 {
    fold(hash) | 1
}

fn mix(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed.wrapping_add(0xcbf2_9ce4_8422_2325), |hash, byte| step(hash, u32::from(byte)))
}

fn step(hash: u64, value: u32) -> u64 {
    (hash ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3)
}

/// Folds 64 bits to 32.
fn fold(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casing_apostrophes_and_digits_do_not_make_a_new_word() {
        assert_eq!(words("Don't cancel #W2378156, PLEASE"), ["dont", "cancel", "w0000", "please"]);
        assert_eq!(words("dont cancel #w5565470 please"), words("Don’t cancel #W2378156 please!"));
    }

    #[test]
    fn a_vector_has_length_one_and_unseen_words_shorten_it() {
        let vocabulary =
            Vocabulary::learn(&["cancel my order", "cancel the order", "return my lamp", "return the lamp"]);
        let length = |text: &str| vocabulary.vector(text).iter().map(|(_, v)| v * v).sum::<f32>();
        assert!((length("cancel my order") - 1.0).abs() < 1e-4);
        assert!(length("cancel my zebra") < 0.95);
        assert!(vocabulary.known_share("cancel my order") > 0.99);
        assert!(vocabulary.known_share("qwrtz plkjh") < 0.01);
    }
}
