//! Is it a name, what somebody says who is asked who he is? Not if it is made of words of his language.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

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

/// Marks on letters of Latin, Greek and Cyrillic; those of other scripts are letters themselves.
const MARKS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// A word without the marks on its letters, as many type it.
pub(super) fn unmarked(word: &str) -> String {
    let plain = |c: char| match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        'ı' => 'i',
        _ => c,
    };
    word.nfd().filter(|c| !MARKS.contains(c)).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use ombud_domain::{Command, Expectation};

    use super::*;
    use crate::interpret::fixture::{FIRST, Meant, SECOND, german};
    use crate::understand::UnderstandContext;

    fn commands(text: &str, meant: [f32; 2], expectation: &Expectation, request: Option<&str>) -> Vec<Command> {
        let context = UnderstandContext {
            vectors: Some(&Meant(meant)),
            proposal: Some("Soll ich 14,90 EUR erstatten?"),
            request,
            ..UnderstandContext::alone(expectation, Date::constant(2026, 11, 29))
        };
        german(&[]).of("de").unwrap().understand(text, &context).commands
    }

    #[test]
    fn words_of_the_language_are_no_names() {
        let readers = german(&[]);
        let reader = readers.of("de").unwrap();
        for (text, names) in [("brauchst du das", ["Brauchst", "Du"]), ("brauchst erika", ["Brauchst", "Erika"])] {
            assert!(reader.are_no_names(text, &names), "{text}");
        }
        for (text, names) in [("erika muster", ["Erika", "Muster"]), ("Das Muster", ["Das", "Muster"])] {
            assert!(!reader.are_no_names(text, &names), "{text}");
        }
        assert!(!reader.are_no_names("brauchst du das", &[]));
        assert_eq!(unmarked("żółty"), "zolty");
    }

    #[test]
    fn a_yes_with_a_remark_is_one_and_a_yes_to_something_else_is_none() {
        let confirm = |text: &str| commands(text, FIRST, &Expectation::Confirm, None);
        for text in
            ["ja, aber den Bon habe ich nicht mehr", "das wäre mir sehr recht so, gerne doch", "ja die 14,90 bitte"]
        {
            assert_eq!(confirm(text), [Command::Affirm], "{text}");
        }
        for text in [
            "ja, aber nimm alle drei",
            "aber ja doch nicht so",
            "ja, nimm die Karte mit 4410",
            "ja, und wie lange dauert das?",
            "das klingt alles ganz wunderbar so",
            "vergiss es, das Paket kam gerade, gerne wieder",
            "ja gerne doch, nein",
        ] {
            assert!(!confirm(text).contains(&Command::Affirm), "{text}");
        }
        // Its first words are a yes, and all of it is meant as a no.
        for (meant, agrees) in [(FIRST, true), (SECOND, false)] {
            let heard = commands(
                "ja gerne, das Paket liegt beim Nachbarn unter der Treppe",
                meant,
                &Expectation::Confirm,
                None,
            );
            assert_eq!(heard.contains(&Command::Affirm), agrees);
        }
    }

    #[test]
    fn whoever_asks_in_general_is_answered_without_saying_who_he_is() {
        let asked = commands("ich frage nur allgemein", FIRST, &Expectation::Identify, Some("was kostet eine Mahnung"));
        assert_eq!(
            asked,
            [Command::Cancel, Command::Ask { query: "was kostet eine Mahnung".to_owned(), confidence: 1.0 }]
        );
    }
}
