//! Which texts share most with a question, word for word? BM25 (Robertson and Zaragoza 2009) over texts of any language.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use crate::query::Analyzer;
use crate::similarity::count;

/// How fast further occurrences of a term stop counting, and how much long texts are held back; the usual constants.
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// Runs of characters that stand for words where words are not divided by spaces.
const GRAMS_OF_WORD_SIGNS: [usize; 2] = [1, 2];
const GRAMS_OF_LETTERS: [usize; 2] = [3, 4];

/// Terms of a text: stems as the analyzer of its language gives them, and runs of characters where words are written without spaces.
#[must_use]
pub fn terms(analyzer: &Analyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in runs(text) {
        match run.chars().next().and_then(signs) {
            Some(sizes) => {
                let characters: Vec<char> = run.chars().collect();
                let grams = sizes.into_iter().flat_map(|size| characters.windows(size));
                found.extend(grams.map(|gram| gram.iter().collect::<String>()));
            }
            None => found.extend(analyzer.terms(&run)),
        }
    }
    found
}

/// Parts of a text that are of one way of writing.
fn runs(text: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    for character in text.nfkc() {
        match runs.last_mut() {
            Some(run) if run.chars().next_back().is_some_and(|last| signs(last) == signs(character)) => {
                run.push(character);
            }
            _ => runs.push(character.to_string()),
        }
    }
    runs
}

/// The sizes of runs that stand for words, for characters of scripts without spaces between words.
fn signs(character: char) -> Option<[usize; 2]> {
    match character {
        // Han, Hiragana and Katakana.
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
            Some(GRAMS_OF_WORD_SIGNS)
        }
        // Thai, Lao, Myanmar and Khmer.
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Some(GRAMS_OF_LETTERS),
        _ => None,
    }
}

/// Texts, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Bm25 {
    /// For each term the texts that hold it, with what it adds to their scores.
    postings: HashMap<String, Vec<(usize, f32)>>,
    texts: usize,
}

impl Bm25 {
    /// Of the terms of each text.
    #[must_use]
    pub fn new(texts: &[Vec<String>]) -> Self {
        let mean = count(texts.iter().map(Vec::len).sum()) / count(texts.len().max(1));
        let mut postings: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
        for (place, terms) in texts.iter().enumerate() {
            let mut often: HashMap<&String, f32> = HashMap::new();
            terms.iter().for_each(|term| *often.entry(term).or_default() += 1.0);
            let held_back = K1 * (1.0 - B + B * count(terms.len()) / mean.max(1.0));
            for (term, times) in often {
                let weight = times * (K1 + 1.0) / (times + held_back);
                postings.entry(term.clone()).or_default().push((place, weight));
            }
        }
        for posting in postings.values_mut() {
            let (all, holding) = (count(texts.len()), count(posting.len()));
            let idf = ((all - holding + 0.5) / (holding + 0.5)).ln_1p();
            posting.iter_mut().for_each(|(_, weight)| *weight *= idf);
        }
        Self { postings, texts: texts.len() }
    }

    /// The score of each text for the terms of a question.
    #[must_use]
    pub fn scores(&self, terms: &[String]) -> Vec<f32> {
        let mut scores = vec![0.0; self.texts];
        for (place, weight) in terms.iter().filter_map(|term| self.postings.get(term)).flatten() {
            if let Some(score) = scores.get_mut(*place) {
                *score += weight;
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_holds_the_rare_word_comes_first() {
        let analyzer = Analyzer::general("de");
        let texts = ["Die Rechnung kommt per Post", "Die Rechnungen kommen spät", "Die Katze schläft"];
        let texts: Vec<Vec<String>> = texts.iter().map(|text| terms(&analyzer, text)).collect();
        let index = Bm25::new(&texts);
        let scores = index.scores(&terms(&analyzer, "Wann schläft die Katze?"));
        assert!(scores[2] > scores[0] && scores[2] > scores[1], "{scores:?}");
        let scores = index.scores(&terms(&analyzer, "Rechnung"));
        assert!(scores[0] > 0.0 && scores[1] > 0.0 && scores[2] == 0.0, "stems are compared: {scores:?}");
    }

    #[test]
    fn words_without_spaces_are_cut_into_runs_of_characters() {
        let analyzer = Analyzer::general("zh");
        assert_eq!(terms(&analyzer, "退款，308分"), ["退", "款", "退款", "308", "分"]);
        assert_eq!(terms(&Analyzer::general("th"), "คืนเงิน").first().map(|gram| gram.chars().count()), Some(3));
    }

    #[test]
    fn of_no_texts_there_are_no_scores() {
        assert!(Bm25::new(&[]).scores(&["a".to_owned()]).is_empty());
    }
}
