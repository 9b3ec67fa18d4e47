//! Is a message written in a language that is not read here? Told by its script, or by its small words.

use std::collections::{BTreeMap, BTreeSet};

/// Letters by script: first and last code point (Unicode 16, `Blocks.txt`), and a name for what belongs together. Latin letters and signs of
/// no script are told apart by nothing here.
const SCRIPTS: [(u32, u32, &str); 14] = [
    (0x370, 0x3ff, "greek"),
    (0x400, 0x52f, "cyrillic"),
    (0x530, 0x58f, "armenian"),
    (0x590, 0x5ff, "hebrew"),
    (0x600, 0x6ff, "arabic"),
    (0x750, 0x77f, "arabic"),
    (0x900, 0xdff, "indic"),
    (0xe00, 0xe7f, "thai"),
    (0x10a0, 0x10ff, "georgian"),
    (0x1100, 0x11ff, "hangul"),
    (0x3040, 0x30ff, "kana"),
    (0x3400, 0x4dbf, "han"),
    (0x4e00, 0x9fff, "han"),
    (0xac00, 0xd7af, "hangul"),
];
/// Of all letters of what a language is learnt from, one in this many makes a script its own.
const OWN_SHARE: usize = 20;
/// Letters that tell a script: one alone may be a sign.
const LETTERS_MIN: usize = 2;
/// Different small words of other languages that tell one: a single one may be a name, a title or a greeting.
const SMALL_WORDS_MIN: usize = 2;
/// Of all words, one in this many is such a one.
const SMALL_WORDS_SHARE: usize = 5;

/// What a language is told from.
#[derive(Debug, Clone, Default)]
pub(super) struct Foreign {
    /// Scripts that are read.
    own: BTreeSet<&'static str>,
    /// Small words of other languages which the own one does not have.
    words: BTreeSet<String>,
}

impl Foreign {
    /// The language of these texts is read; `words` are small ones of others.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>, words: BTreeSet<String>) -> Self {
        let mut letters = 0;
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for c in texts.flat_map(str::chars).filter(|c| c.is_alphabetic()) {
            letters += 1;
            if let Some(script) = script(c) {
                *counts.entry(script).or_default() += 1;
            }
        }
        let own = counts.into_iter().filter(|(_, count)| count * OWN_SHARE >= letters).map(|(script, _)| script);
        Self { own: own.collect(), words }
    }

    /// Whether most letters are of a script that is not read.
    pub(super) fn is_script(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
        let foreign = letters.iter().filter_map(|c| script(*c)).filter(|script| !self.own.contains(script)).count();
        foreign >= LETTERS_MIN && foreign * 2 > letters.len()
    }

    /// Whether the small words are those of another language, and more than those of the own one.
    pub(super) fn is_language(&self, words: &[String], own: &BTreeSet<String>) -> bool {
        let foreign: BTreeSet<&String> = words.iter().filter(|word| self.words.contains(*word)).collect();
        let own = words.iter().filter(|word| own.contains(*word)).count();
        foreign.len() >= SMALL_WORDS_MIN && foreign.len() > own && foreign.len() * SMALL_WORDS_SHARE >= words.len()
    }
}

fn script(c: char) -> Option<&'static str> {
    let code = u32::from(c);
    SCRIPTS.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map(|(_, _, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_where_the_examples_are_written_in_it() {
        let english = Foreign::new(["where is my order"].into_iter(), BTreeSet::new());
        for text in [
            "Где мой заказ?",
            "أين طلبي؟",
            "我的订单在哪里",
            "注文はどこですか",
            "내 주문은 어디에 있나요",
            "Πού είναι η παραγγελία μου",
            "מה קורה עם ההזמנה שלי",
            "order где мой заказ",
        ] {
            assert!(english.is_script(text), "{text}");
        }
        for text in ["where is my order", "var är min beställning", "λ", "5 π", "my name is Анна", "👍", "12345", ""]
        {
            assert!(!english.is_script(text), "{text}");
        }
        let russian = Foreign::new(["где мой заказ"].into_iter(), BTreeSet::new());
        assert!(!russian.is_script("Где мой заказ?") && russian.is_script("我的订单在哪里"));
    }
}
