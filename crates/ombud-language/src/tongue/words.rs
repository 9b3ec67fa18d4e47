//! Small words, names of languages and wishes to change them, from the pack's data.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::letters::Letters;

/// The file `lexicon/tongues.yaml`: what each language, named by its tag, is told from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct TongueFile(BTreeMap<String, TongueWords>);

/// What one language is told from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TongueWords {
    /// Frequent small words, separated by spaces.
    words: String,
    /// The same in Latin letters, where the language has another script.
    #[serde(default)]
    romanised: String,
    /// What the language is called, in itself and elsewhere.
    names: String,
    /// What alone asks to go on in it, separated by commas.
    asks: String,
    /// Words that make a wish to speak it of its name.
    speak: String,
    /// Tags of languages that are written much like it, separated by spaces.
    #[serde(default)]
    near: String,
}

/// Words of a wish to change the language: a longer message that names one is about something else.
const ASK_WORDS_MAX: usize = 8;
/// Words of a message that is nothing but such a wish.
const ASK_ALONE_MAX: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Latin {
    /// Its script.
    Own,
    /// Written where its own script is not at hand.
    InWant,
    Never,
}

/// What languages are told from.
#[derive(Debug, Clone, Default)]
pub struct Tongues {
    languages: Vec<String>,
    /// In which way each language is written in Latin letters.
    latin: Vec<Latin>,
    /// Languages of each small word, by their place.
    words: HashMap<String, Vec<usize>>,
    names: HashMap<String, usize>,
    asks: Vec<(Vec<String>, usize)>,
    speak: HashMap<String, Vec<usize>>,
    /// Languages that are written much alike, each way once.
    near: HashSet<(String, String)>,
    pub(super) letters: Letters,
}

impl Tongues {
    /// Made ready once for all messages.
    #[must_use]
    pub fn new(file: TongueFile, letters: Letters) -> Self {
        let mut tongues = Self { letters, ..Self::default() };
        for (place, (tag, data)) in file.0.into_iter().enumerate() {
            let is_latin = |words: &str| words.chars().any(|c| c.is_ascii_lowercase());
            tongues.latin.push(match (is_latin(&data.words), is_latin(&data.romanised)) {
                (true, _) => Latin::Own,
                (false, true) => Latin::InWant,
                (false, false) => Latin::Never,
            });
            for near in data.near.split_whitespace() {
                tongues.near.insert((tag.clone(), near.to_owned()));
            }
            tongues.languages.push(tag);
            for word in data.words.split_whitespace().chain(data.romanised.split_whitespace()) {
                let places = tongues.words.entry(word.to_owned()).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            for name in data.names.split_whitespace() {
                tongues.names.insert(name.to_owned(), place);
            }
            for ask in data.asks.split(',').map(words_of) {
                tongues.asks.push((ask, place));
            }
            for word in data.speak.split_whitespace() {
                tongues.speak.entry(word.to_owned()).or_default().push(place);
            }
        }
        tongues
    }

    /// Whether two languages are written so much alike that few words do not tell them apart.
    pub(super) fn are_near(&self, one: &str, other: &str) -> bool {
        let is_named = |one: &str, other: &str| self.near.contains(&(one.to_owned(), other.to_owned()));
        is_named(one, other) || is_named(other, one)
    }

    /// Tags of the languages that have data.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(String::as_str)
    }

    /// Tags of the languages that may be written in Latin letters.
    pub(super) fn latin(&self) -> impl Iterator<Item = &str> {
        self.languages().zip(&self.latin).filter(|(_, latin)| **latin != Latin::Never).map(|(language, _)| language)
    }

    /// Whether a language is written in Latin letters for want of its own alone, so that these letters were not learnt.
    pub(super) fn is_romanised(&self, language: &str) -> bool {
        self.languages().zip(&self.latin).any(|(known, latin)| known == language && *latin != Latin::Own)
    }

    /// Languages of a small word in lower case.
    pub(super) fn of_word(&self, word: &str) -> impl Iterator<Item = &str> {
        let places = self.words.get(word).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.languages.get(*place)).map(String::as_str)
    }

    /// Another language than the present one that a short message asks for.
    pub(super) fn asked(&self, text: &str, present: &str) -> Option<&str> {
        let words = words_of(text);
        if words.is_empty() || words.len() > ASK_WORDS_MAX {
            return None;
        }
        let wishes = words.iter().any(|word| self.speak.contains_key(word));
        let is_alone = |of: usize| words.len() <= of.max(ASK_ALONE_MAX);
        let joined = format!(" {} ", words.join(" "));
        let ask = self.asks.iter().filter(|(ask, _)| match ask.as_slice() {
            // Scripts without spaces write the wish into the sentence.
            [one] if one.chars().all(is_unspaced) => joined.contains(one.as_str()),
            _ => !ask.is_empty() && joined.contains(&format!(" {} ", ask.join(" "))),
        });
        let ask = ask.filter(|(ask, _)| wishes || is_alone(ask.len() + 1)).map(|(_, place)| *place);
        let named = words.iter().filter_map(|word| self.names.get(word)).copied();
        let named = named.filter(|_| wishes && words.len() > 1 || words.len() == 1);
        let found = ask.chain(named).filter_map(|place| self.languages.get(place)).map(String::as_str);
        found.into_iter().find(|language| *language != present)
    }
}

/// Whether a letter belongs to a script that leaves no space between words, or hardly any.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The words of a text in lower case, without punctuation.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || c == '-');
    words.map(|word| plain_word(word).to_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// A word without what stands around it.
pub(super) fn plain_word(token: &str) -> &str {
    let is_around = |c: char| !c.is_alphanumeric() && !is_sign(c);
    token.trim_matches(is_around)
}

/// Signs that stand at the edge of words in scripts that write vowels so.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{97f}' | '\u{e00}'..='\u{e7f}' | '\u{300}'..='\u{36f}')
}
