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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::Date;
    use ombud_domain::{Command, Expectation};

    use super::*;
    use crate::classify::{Example, Vectors};
    use crate::interpret::{Across, HARMLESS, PhraseFile, Says};
    use crate::understand::{Act, Moment, ReplyExample, UnderstandContext};

    /// Everything is meant as a yes, whatever its words.
    struct Yes;

    impl Vectors for Yes {
        fn of(&self, _: &str) -> Option<Arc<[f32]>> {
            Some([0.9, 0.1].into())
        }
    }

    fn taught() -> Vec<Taught> {
        let example = |class: &str, i: usize| Example { class: class.to_owned(), text: format!("brauchst du das {i}") };
        let of = |locale: &str| Taught {
            locale: locale.to_owned(),
            requests: (0..60).map(|i| example(["ask", "detail"][i % 2], i)).collect(),
            replies: (0..60)
                .map(|i| ReplyExample {
                    moment: Moment::Proposal,
                    shown: String::new(),
                    reply: format!("ja {i}"),
                    act: [Act::Accept, Act::Decline][i % 2],
                })
                .collect(),
            care: (0..60).map(|i| example([HARMLESS, "illness"][i % 2], i)).collect(),
            ..Taught::default()
        };
        vec![of("en"), of("de")]
    }

    fn german() -> Interpreters {
        let taught = taught();
        let vectors: Vec<[f32; 2]> =
            (0..Across::lessons(&taught).len()).map(|i| if i % 2 == 0 { [0.9, 0.1] } else { [0.1, 0.9] }).collect();
        let list = |phrases: &[&str]| phrases.iter().map(|phrase| (*phrase).to_owned()).collect::<Vec<_>>();
        let phrases = [
            (Says::Yes, list(&["ja", "gerne"])),
            (Says::No, list(&["nein"])),
            (Says::Hold, list(&["aber"])),
            (Says::All, list(&["alle drei"])),
            (Says::Cancel, list(&["vergiss es"])),
            (Says::InGeneral, list(&["ich frage nur allgemein"])),
        ];
        let file = PhraseFile { locale: "de".to_owned(), phrases: phrases.into(), signs: BTreeMap::new() };
        Interpreters::new(Across::learn(&taught, &vectors).unwrap(), &[file]).with_words(&taught)
    }

    fn commands(text: &str, expectation: &Expectation, request: Option<&str>) -> Vec<Command> {
        let context = UnderstandContext {
            vectors: Some(&Yes),
            proposal: Some("Soll ich 14,90 EUR erstatten?"),
            request,
            ..UnderstandContext::alone(expectation, Date::constant(2026, 11, 29))
        };
        german().of("de").unwrap().understand(text, &context).commands
    }

    #[test]
    fn words_of_the_language_are_no_names() {
        let readers = german();
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
        let confirm = |text: &str| commands(text, &Expectation::Confirm, None);
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
        ] {
            assert!(!confirm(text).contains(&Command::Affirm), "{text}");
        }
    }

    #[test]
    fn whoever_asks_in_general_is_answered_without_saying_who_he_is() {
        let asked = commands("ich frage nur allgemein", &Expectation::Identify, Some("was kostet eine Mahnung"));
        assert_eq!(
            asked,
            [Command::Cancel, Command::Ask { query: "was kostet eine Mahnung".to_owned(), confidence: 1.0 }]
        );
    }
}
