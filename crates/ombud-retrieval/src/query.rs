//! How do words become terms that can be compared? Lower case, stems, synonyms, without words that say nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::synonyms::Synonyms;

const STOP_WORDS_EN: &str = include_str!("../data/stop_words.en.txt");
const INTERROGATIVES_EN: &str = "how what when where which who whom whose why";
const IRREGULAR_EN: &str = include_str!("../data/irregular.en.txt");

static STOP_EN: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP_WORDS_EN.split_whitespace().collect());
static GENERAL_EN: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new("en", &Synonyms::default()));
static LEMMA_EN: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = IRREGULAR_EN.lines().filter_map(|line| line.split_once(' '));
    lines.flat_map(|(lemma, forms)| forms.split(' ').map(move |form| (form, lemma))).collect()
});

/// Words of a phrase that stands for one meaning at most.
const PHRASE_WORDS_MAX: usize = 6;
/// Terms of one text at most; what is beyond says little that is new.
pub const TERMS_MAX: usize = 20_000;

/// Turns text of one language into terms.
#[derive(Clone)]
pub struct Analyzer {
    language: String,
    stemmer: Option<frostem::Stemmer>,
    synonyms: Arc<HashMap<Vec<String>, Vec<String>>>,
    /// Term to broader terms.
    broader: Arc<HashMap<String, Vec<String>>>,
    /// Stems of words such as `how`, which tell questions apart but are no topic.
    interrogatives: Arc<HashSet<String>>,
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("language", &self.language).finish_non_exhaustive()
    }
}

/// The language of a tag: `en` of `en-GB`.
#[must_use]
pub fn language_of(locale: &str) -> String {
    locale.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// Under which name the stemmer of a language goes: both ways of writing Norwegian share one.
fn stemmer_of(language: &str) -> &str {
    match language {
        "nb" | "nn" => "no",
        language => language,
    }
}

impl Analyzer {
    /// For a locale, with the synonyms of the general language and of a pack.
    #[must_use]
    pub fn new(locale: &str, of_pack: &Synonyms) -> Self {
        let language = language_of(locale);
        // Languages without a stemmer are compared word by word.
        let stemmer = frostem::Stemmer::try_from_name(stemmer_of(&language)).ok();
        let mut analyzer = Self {
            language,
            stemmer,
            synonyms: Arc::default(),
            broader: Arc::default(),
            interrogatives: Arc::default(),
        };
        if analyzer.language == "en" {
            analyzer.interrogatives = Arc::new(analyzer.stems(INTERROGATIVES_EN).into_iter().collect());
        }
        analyzer.synonyms = Arc::new(Synonyms::general(&analyzer.language).with(of_pack).table(&analyzer));
        let mut broader = HashMap::new();
        for (narrow, broad) in Synonyms::broader(&analyzer.language).table(&analyzer) {
            // Through the synonyms, so that the broader word is the one that questions and articles are told by.
            if let ([_], [narrow]) = (narrow.as_slice(), analyzer.terms(&narrow.join(" ")).as_slice()) {
                broader.insert(narrow.clone(), analyzer.terms(&broad.join(" ")));
            }
        }
        analyzer.broader = Arc::new(broader);
        analyzer
    }

    /// For a locale, with the synonyms of the general language only; cheap for English, whose lists are read once.
    #[must_use]
    pub fn general(locale: &str) -> Self {
        match language_of(locale).as_str() {
            "en" => GENERAL_EN.clone(),
            language => Self::new(language, &Synonyms::default()),
        }
    }

    /// The language: `en` of `en-GB`.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Whether a term asks rather than names: an article need not know it.
    pub(crate) fn asks(&self, term: &str) -> bool {
        self.interrogatives.contains(term)
    }

    /// What a term is also about: `goods` of `shoe`.
    pub(crate) fn broader(&self, term: &str) -> &[String] {
        self.broader.get(term).map_or(&[], Vec::as_slice)
    }

    /// Terms in order, repeated as often as they occur.
    #[must_use]
    pub fn terms(&self, text: &str) -> Vec<String> {
        let words = words(text);
        let stems: Vec<String> = words.iter().map(|word| self.stem(word)).collect();
        let mut terms = Vec::with_capacity(stems.len());
        let mut index = 0;
        while index < stems.len() && terms.len() < TERMS_MAX {
            let longest = PHRASE_WORDS_MAX.min(stems.len() - index);
            let phrase = (1..=longest).rev().find_map(|length| {
                let phrase = stems.get(index..index + length)?;
                self.synonyms.get(phrase).map(|stands_for| (length, stands_for))
            });
            if let Some((length, stands_for)) = phrase {
                terms.extend(stands_for.iter().cloned());
                index += length;
                continue;
            }
            if let (Some(stem), Some(word)) = (stems.get(index), words.get(index))
                && !self.says_nothing(word)
            {
                terms.push(stem.clone());
            }
            index += 1;
        }
        terms
    }

    /// Stems of all words, words that say nothing among them: phrases are compared by these.
    pub(crate) fn stems(&self, text: &str) -> Vec<String> {
        words(text).iter().map(|word| self.stem(word)).collect()
    }

    fn says_nothing(&self, word: &str) -> bool {
        self.language == "en" && STOP_EN.contains(word)
    }

    fn stem(&self, word: &str) -> String {
        let lemma = if self.language == "en" { LEMMA_EN.get(word).copied().unwrap_or(word) } else { word };
        self.stemmer.map_or_else(|| lemma.to_owned(), |stemmer| stemmer.stem(lemma).into_owned())
    }
}

/// Words in lower case, compatibility forms unified, cut at apostrophes (`I'll` is not `ill`); scripts without spaces give one character a word.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.nfkc().flat_map(char::to_lowercase) {
        if is_ideograph(character) {
            end(&mut words, &mut word);
            words.push(character.to_string());
        } else if character.is_alphanumeric() || (is_combining_mark(character) && !word.is_empty()) {
            // A sign that joins two letters, as in Hindi, is no gap between words.
            word.push(character);
        } else if character != '\u{ad}' {
            end(&mut words, &mut word);
        }
    }
    end(&mut words, &mut word);
    words
}

fn end(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english() -> Analyzer {
        Analyzer::new("en-GB", &Synonyms::parse("s", "- [return, send back]\n- [credit score, rating]\n").unwrap())
    }

    #[test]
    fn forms_and_synonyms_of_a_word_are_one_term() {
        let cases = [
            ("Can I send it back?", "send back"),
            ("I sent back the shoes", "return shoe"),
            ("sending BACK shoes", "return shoe"),
            ("my rating", "credit score"),
            ("paid payments", "pay payment"),
            ("What's up? I'm ill, I'll need an id", "what up ill id"),
            ("ＡＰＲ 11.9 %", "apr 11 9"),
        ];
        for (text, expected) in cases {
            assert_eq!(english().terms(text).join(" "), expected, "{text}");
        }
    }

    /// Bulgarian, Hebrew, Croatian, Icelandic, Japanese, Korean, Latvian, Slovak, Slovenian, Thai, Ukrainian, Vietnamese and Chinese have none.
    #[test]
    fn twenty_two_of_the_product_s_languages_have_a_stemmer() {
        let languages =
            "ar bg ca cs da de el en es et fi fr he hi hr hu is it ja ko lt lv nb nl pl pt ro sk sl sv th tr uk vi zh";
        let stemmed: Vec<&str> =
            languages.split(' ').filter(|language| Analyzer::general(language).stemmer.is_some()).collect();
        assert_eq!(stemmed.join(" "), "ar ca cs da de el en es et fi fr hi hu it lt nb nl pl pt ro sv tr");
        let norwegian = Analyzer::general("nb-NO");
        assert_eq!(norwegian.terms("betalingene"), norwegian.terms("betalinger"));
    }

    #[test]
    fn a_language_without_lists_is_compared_by_stems_or_words() {
        let pack = Synonyms::default();
        assert_eq!(Analyzer::new("sv", &pack).terms("Betalningarna är försenade").len(), 3);
        assert_eq!(Analyzer::new("ja", &pack).terms("返金 はい"), ["返", "金", "は", "い"]);
        assert_eq!(Analyzer::new("", &pack).terms("plain Words"), ["plain", "words"]);
        assert_eq!(Analyzer::new("", &pack).terms("वापसी शुल्क"), ["वापसी", "शुल्क"]);
    }
}
