//! How much speaks for each language?

use std::collections::BTreeMap;

use super::clean::Cleaned;
use super::script::Told;
use super::words::Tongues;

/// Probability that a language has where the model gives it none ...
const FLOOR: f32 = 1e-3;
/// ... and in a message of so few words, of which the model knows less than it says (`ombud eval language`, single words).
const SHORT_FLOOR: f32 = 1e-2;
const SHORT_WORDS_MAX: usize = 5;
/// What a small word adds to a language that alone has it; less, the more languages have it.
const SMALL_WORD: f32 = 2.2;

/// How much the letters count: neighbouring runs repeat each other, so their likelihoods are too sure of themselves.
const LETTERS: f32 = 0.3;
/// What a language has whose letters were not learnt, where the likeliest has 0.
const NO_LETTERS: f32 = -3.0;
/// What a language of a script has less than the one named before it: they are named by how many people write them.
const LATER_IN_LIST: f32 = 0.1;

/// Natural logarithms of likelihoods, up to a constant.
#[derive(Debug)]
pub(super) struct Evidence<'a>(BTreeMap<&'a str, f32>);

impl<'a> Evidence<'a> {
    pub(super) fn of(tongues: &'a Tongues, cleaned: &Cleaned<'_>, scores: &'a [(String, f32)], script: &Told) -> Self {
        let is_possible = |language: &str| match script {
            Told::Among(languages) => languages.contains(&language),
            _ => true,
        };
        let floor = if cleaned.words().count() <= SHORT_WORDS_MAX { SHORT_FLOOR } else { FLOOR };
        let mut logs: BTreeMap<&str, f32> = BTreeMap::new();
        match script {
            Told::Among(languages) => {
                #[expect(clippy::cast_precision_loss, reason = "there are a few languages")]
                let floors = (0..languages.len()).map(|place| floor.ln() - place as f32 * LATER_IN_LIST);
                logs.extend(languages.iter().copied().zip(floors));
            }
            _ => logs.extend(tongues.latin().map(|language| (language, floor.ln()))),
        }
        for (language, probability) in scores.iter().filter(|(language, _)| is_possible(language)) {
            logs.insert(language, (probability + floor).ln());
        }
        let has_letters =
            |language: &str| is_possible(language) && (*script != Told::Latin || !tongues.is_romanised(language));
        let letters = tongues.letters.logarithms(&cleaned.spoken(), has_letters);
        let most = letters.iter().map(|(_, log)| *log).fold(f32::NEG_INFINITY, f32::max);
        if most.is_finite() {
            for (_, log) in logs.iter_mut().filter(|(language, _)| !letters.iter().any(|(known, _)| known == *language))
            {
                *log += NO_LETTERS;
            }
        }
        for (language, log) in letters {
            *logs.entry(language).or_insert_with(|| floor.ln()) += LETTERS * (log - most);
        }
        for word in cleaned.words() {
            let word = word.to_lowercase();
            #[expect(clippy::cast_precision_loss, reason = "there are a few dozen languages")]
            let sharing = tongues.of_word(&word).count() as f32;
            for language in tongues.of_word(&word) {
                if let Some(log) = logs.get_mut(language) {
                    *log += SMALL_WORD / sharing.sqrt();
                }
            }
        }
        Self(logs)
    }

    /// The language that most speaks for (an empty tag where nothing tells two apart), by how much more than for the present one, and its share of all likelihood (0..=1).
    pub(super) fn best_against(&self, present: &str) -> (&'a str, f32, f32) {
        let best = self.0.iter().max_by(|one, other| one.1.total_cmp(other.1));
        let Some((best, most)) = best else { return ("", 0.0, 0.0) };
        if self.0.values().filter(|log| *log == most).nth(1).is_some() {
            return ("", 0.0, 0.0);
        }
        let of_present = self.0.get(present).copied().unwrap_or_else(|| FLOOR.ln());
        let all: f32 = self.0.values().map(|log| (log - most).exp()).sum();
        (best, most - of_present, 1.0 / all)
    }
}
