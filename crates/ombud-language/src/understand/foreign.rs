//! Is a message written in a language that is not read here? Told by its script, or by its small words.

use std::collections::{BTreeSet, HashMap, HashSet};

use unicode_script::{Script, UnicodeScript as _};

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
    own: HashSet<Script>,
    /// Small words of other languages which the own one does not have.
    words: BTreeSet<String>,
}

impl Foreign {
    /// The language of these texts is read; `words` are small ones of others.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>, words: BTreeSet<String>) -> Self {
        let mut letters = 0;
        let mut counts: HashMap<Script, usize> = HashMap::new();
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

/// The script of a letter; none for Latin ones, which many languages share, and for signs of no script.
fn script(c: char) -> Option<Script> {
    let of = c.script();
    (!matches!(of, Script::Latin | Script::Common | Script::Inherited | Script::Unknown)).then_some(of)
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
