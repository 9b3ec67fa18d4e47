//! Which words speak to an assistant, ask for secrets, or turn a sentence into its opposite? Lists of a pack, by language.

use std::collections::BTreeMap;

use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

/// The lists of one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordLists {
    /// Regular expressions for text that speaks to an assistant and not to a reader.
    pub instructions: Vec<String>,
    /// Regular expressions for text that asks for a secret.
    pub secrets: Vec<String>,
    /// Regular expressions for text that warns of telling one.
    pub warnings: Vec<String>,
    /// Words that turn a sentence into its opposite.
    pub negations: Vec<String>,
    /// Groups of words of which one may not stand in the place of another.
    pub opposites: Vec<Vec<String>>,
    /// Whether common nouns begin with a capital, so that a capital tells no name.
    pub nouns_are_capital: bool,
}

/// `lexicon/documents.yaml` of a pack: lists by language.
pub type WordFile = BTreeMap<String, WordLists>;

/// Why lists cannot be used; the author of the pack can fix it.
#[derive(Debug, thiserror::Error)]
#[error(
    "a pattern of `{list}` for `{language}` in `lexicon/documents.yaml` cannot be read, write a regular expression in RE2 syntax"
)]
pub struct WordError {
    language: String,
    list: &'static str,
    #[source]
    source: Box<regex::Error>,
}

/// The lists, compiled.
#[derive(Debug, Clone, Default)]
pub struct Words {
    by_language: BTreeMap<String, Compiled>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Compiled {
    pub(crate) instructions: RegexSet,
    pub(crate) secrets: RegexSet,
    pub(crate) warnings: RegexSet,
    negations: Vec<String>,
    opposites: Vec<Vec<String>>,
    pub(crate) nouns_are_capital: bool,
}

impl Words {
    /// Compiles the lists.
    ///
    /// # Errors
    /// [`WordError`] when a pattern cannot be read; the author of the pack can fix it.
    pub fn new(file: &WordFile) -> Result<Self, WordError> {
        let mut by_language = BTreeMap::new();
        for (language, lists) in file {
            let set = |list, patterns: &[String]| {
                let failed = |source| WordError { language: language.clone(), list, source: Box::new(source) };
                RegexSetBuilder::new(patterns).case_insensitive(true).build().map_err(failed)
            };
            let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
            let compiled = Compiled {
                instructions: set("instructions", &lists.instructions)?,
                secrets: set("secrets", &lists.secrets)?,
                warnings: set("warnings", &lists.warnings)?,
                negations: lower(&lists.negations),
                opposites: lists.opposites.iter().map(|group| lower(group)).collect(),
                nouns_are_capital: lists.nouns_are_capital,
            };
            by_language.insert(language.clone(), compiled);
        }
        Ok(Self { by_language })
    }

    /// The lists of a language.
    pub(crate) fn of(&self, language: &str) -> Option<&Compiled> {
        self.by_language.get(language)
    }

    /// All lists: who poisons a text writes in any language.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Compiled> {
        self.by_language.values()
    }
}

impl Compiled {
    /// Whether one of two sentences says the opposite of the other: an odd number of negations more, or one of a group of opposites for another.
    pub(crate) fn turned(&self, one: &str, other: &str) -> bool {
        let (one, other) = (padded(one), padded(other));
        let count = |text: &str| self.negations.iter().map(|word| held(text, word)).sum::<usize>();
        let negated = count(&one).abs_diff(count(&other)) % 2 == 1;
        let exchanged = self.opposites.iter().any(|group| {
            let of = |text: &str, than: &str| group.iter().any(|word| held(text, word) > held(than, word));
            of(&one, &other) && of(&other, &one)
        });
        negated || exchanged
    }

    /// Whether a sentence forbids or warns.
    pub(crate) fn forbids(&self, text: &str) -> bool {
        let text = padded(text);
        self.negations.iter().any(|word| held(&text, word) > 0)
    }
}

/// In lower case, every word between blanks, `n't` a word of its own.
fn padded(text: &str) -> String {
    let text = text
        .to_lowercase()
        .replace('\u{2019}', "'")
        .replace("can't", "can n't")
        .replace("won't", "will n't")
        .replace("n't", " n't");
    let apart = |c: char| if c.is_alphanumeric() || c == '\'' { c } else { ' ' };
    let words: String = text.chars().map(apart).collect();
    format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// How often a word or phrase stands in a padded text.
fn held(padded: &str, word: &str) -> usize {
    padded.matches(&format!(" {word} ")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negation_and_an_exchanged_opposite_turn_a_sentence() {
        let lists = WordLists {
            negations: vec!["not".into(), "never".into(), "n't".into()],
            opposites: vec![vec!["before".into(), "after".into()], vec!["at least".into(), "at most".into()]],
            ..WordLists::default()
        };
        let words = Words::new(&WordFile::from([("en".to_owned(), lists)])).unwrap();
        let turned = |one: &str, other: &str| words.of("en").unwrap().turned(one, other);
        assert!(turned("You can return it.", "You can't return it."));
        assert!(turned("We never ask for it.", "We ask for it."));
        assert!(turned("Pay before the due date.", "Pay after the due date."));
        assert!(turned("It takes at least 3 days.", "It takes at most 3 days."));
        assert!(!turned("We never ask for it.", "We do not ask for it."));
        assert!(!turned("Pay before the due date.", "Please pay before the due date, not later or never."));
    }
}
