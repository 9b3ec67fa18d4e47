//! Which words tell that what stands beside them is personal data? Lists by language, of the pack: `lexicon/pii.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::kind::PiiKind;

/// Characters before and behind a number in which its name is looked for.
const BEFORE_MAX: usize = 40;
const BEHIND_MAX: usize = 24;

/// The content of `lexicon/pii.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PiiFile {
    /// Words that name a kind, lower case.
    pub words: BTreeMap<PiiKind, Vec<String>>,
    /// Words that name any number of a state.
    pub any_national: Vec<String>,
    /// What stands before a name: "my name is".
    pub name_after: Vec<String>,
    /// Titles, with their point.
    pub titles: Vec<String>,
    /// What stands above a name at the end of a message.
    pub sign_offs: Vec<String>,
    /// Words of streets.
    pub streets: Streets,
    /// What a member of a record is, by its name.
    pub members: BTreeMap<String, PiiKind>,
    /// Members of records whose values are the company's own words, the same for all customers, and may be shown to a model.
    pub shown_members: Vec<String>,
}

/// Words of streets by where they stand.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streets {
    /// Behind the name: "Main Street".
    pub behind: Vec<String>,
    /// At its end: "Storgatan".
    pub joined: Vec<String>,
    /// Before it: "rue de Rivoli".
    pub before: Vec<String>,
    /// Of a part of a house: "Apt".
    pub units: Vec<String>,
}

/// Whether one of the words stands near a place.
pub(super) fn is_named<'w>(text: &str, (start, end): (usize, usize), words: impl Iterator<Item = &'w str>) -> bool {
    let before: String = {
        let near: Vec<char> = text.get(..start).unwrap_or_default().chars().rev().take(BEFORE_MAX).collect();
        near.into_iter().rev().collect::<String>().to_lowercase()
    };
    let behind: String =
        text.get(end..).unwrap_or_default().chars().take(BEHIND_MAX).collect::<String>().to_lowercase();
    let mut words = words;
    words.any(|word| holds(&before, word) || holds(&behind, word))
}

/// Whether a text holds a word that no letter goes on from at its beginning; short ones at their end neither.
fn holds(text: &str, word: &str) -> bool {
    const SHORT: usize = 5;
    // Scripts without blanks join words.
    let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}');
    let is_spaced = word.chars().all(|c| c < '\u{0e00}');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
        !is_spaced || !is_latin(before) && (word.chars().count() > SHORT || !is_latin(behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_near_its_number_and_as_a_word() {
        let near = |text: &str, word: &str| {
            let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
            let end = text.rfind(|c: char| c.is_ascii_digit()).unwrap() + 1;
            is_named(text, (start, end), [word].into_iter())
        };
        assert!(near("my BSN is 111222333", "bsn") && near("111222333 (bsn)", "bsn"));
        assert!(near("burgerservicenummers: 111222333", "burgerservicenummer"));
        assert!(!near("the bsnx 111222333", "bsn") && !near("absn 111222333", "bsn"));
        assert!(!near(&format!("bsn {} 111222333", "x".repeat(BEFORE_MAX)), "bsn"));
        assert!(near("私のマイナンバーは123456789018です", "マイナンバー"));
    }
}
