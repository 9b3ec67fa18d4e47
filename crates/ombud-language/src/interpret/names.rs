//! Is it a name, what somebody says who is asked who he is? Not if it is made of words of his language.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::phrases::words;
use super::{Interpreter, Interpreters, Taught};

/// Lessons that a word stands in which names nobody.
const EVERYDAY_MIN: usize = 2;

impl Interpreters {
    /// With the words of what is taught, which are no names.
    #[must_use]
    pub fn with_words(mut self, taught: &[Taught]) -> Self {
        for of in taught {
            let Some(phrases) = self.phrases.get(&of.locale) else { continue };
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for text in of.texts() {
                for word in words(text).into_iter().collect::<BTreeSet<_>>() {
                    *counts.entry(word).or_default() += 1;
                }
            }
            counts.retain(|_, count| *count >= EVERYDAY_MIN);
            let everyday = counts.into_keys().chain(phrases.words().map(ToOwned::to_owned));
            self.everyday.insert(of.locale.clone(), everyday.flat_map(|word| [unmarked(&word), word]).collect());
        }
        self
    }
}

impl Interpreter<'_> {
    /// Whether these parts of a text are words of the language rather than the names of somebody who says who he is: "danke nein", "genel soruyorum".
    #[must_use]
    pub fn are_no_names(&self, text: &str, names: &[&str]) -> bool {
        let Some(everyday) = self.everyday.filter(|_| !names.is_empty()) else { return false };
        let known = names.iter().filter(|name| words(name).iter().any(|word| everyday.contains(word))).count();
        known == names.len() || known > 0 && !names.iter().all(|name| text.contains(name))
    }
}

/// A word without the marks on its letters, as many type it.
fn unmarked(word: &str) -> String {
    let plain = |c: char| match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        'ı' => 'i',
        _ => c,
    };
    word.nfd().filter(|c| !is_combining_mark(*c)).map(plain).collect()
}
