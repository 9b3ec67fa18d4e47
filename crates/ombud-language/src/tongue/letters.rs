//! How likely are the letters of a text in each language? Naive Bayes over runs of one to four characters, learnt from labelled sentences.
//!
//! The file `lexicon/letters.txt` is made by `ombud eval language --train FILE --write FILE`: lines that begin with `#` are notes, one line
//! names the languages with how many runs each was learnt from, and every other line is a run (`_` for a space) with the languages that have
//! it, two signs each: which language, and how often, on a scale of logarithms.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use super::clean::Cleaned;
use super::script::{self, Told};

/// Characters of the longest run.
const RUN_MAX: usize = 4;
/// Runs that are kept: those that tell most.
const RUNS_KEPT: usize = 20_000;
/// How often a run must occur in all texts to be counted.
const COUNT_MIN: u32 = 4;
/// How often it must occur in a language to be kept there.
const COUNT_OF_LANGUAGE_MIN: u32 = 2;
/// Texts that a language must be learnt from; a few among those of another script are quotations.
const TEXTS_MIN: usize = 300;
/// Steps of the scale in one natural logarithm.
const STEPS: f64 = 2.0;
const LANGUAGE_SIGNS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LEVEL_SIGNS: &str = "abcdefghijklmnopqrstuvwxyz";

/// What is wrong with `lexicon/letters.txt`; whoever made it makes it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not as `ombud eval language --write` writes it")]
pub struct LettersError {
    /// Which line, from 1.
    pub line: usize,
}

/// What was learnt.
#[derive(Debug, Clone, Default)]
pub struct Letters {
    languages: Vec<Language>,
    /// Of each run the languages that have it, by place, with how much it adds to their logarithm.
    runs: HashMap<Box<str>, Box<[(u8, f32)]>>,
}

#[derive(Debug, Clone)]
struct Language {
    tag: String,
    /// Runs it was learnt from.
    total: u32,
}

impl Letters {
    /// Reads the file.
    ///
    /// # Errors
    /// [`LettersError`] with the first line that is not as it should be.
    pub fn parse(source: &str) -> Result<Self, LettersError> {
        let mut letters = Self::default();
        for (at, line) in source.lines().enumerate() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            letters.read_line(line).ok_or(LettersError { line: at + 1 })?;
        }
        Ok(letters)
    }

    fn read_line(&mut self, line: &str) -> Option<()> {
        let (run, data) = line.split_once('\t')?;
        if self.languages.is_empty() {
            let languages = line.split('\t').map(|language| {
                let (tag, total) = language.split_once(' ')?;
                Some(Language { tag: tag.to_owned(), total: total.parse().ok().filter(|total| *total > 0)? })
            });
            self.languages = languages.collect::<Option<_>>()?;
            return (self.languages.len() <= LANGUAGE_SIGNS.len()).then_some(());
        }
        let mut signs = data.chars();
        let mut entries = Vec::new();
        while let Some(sign) = signs.next() {
            let language = LANGUAGE_SIGNS.find(sign).filter(|place| *place < self.languages.len())?;
            let level = LEVEL_SIGNS.find(signs.next()?)?;
            entries.push((u8::try_from(language).ok()?, logarithm(u8::try_from(level).ok()?)));
        }
        self.runs.insert(run.replace('_', " ").into(), entries.into());
        Some(())
    }

    /// Learns from texts with the tags of their languages and gives the content of the file. Only texts whose script leaves the language
    /// open count; the order of texts changes nothing.
    #[must_use]
    pub fn learn<'t>(texts: impl Iterator<Item = (&'t str, &'t str)>) -> String {
        let mut learnt: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (tag, text) in texts {
            let spoken = Cleaned::whole(text).spoken();
            if matches!(script::of(&spoken, ""), Told::Latin | Told::Among(_)) {
                learnt.entry(tag).or_default().push(spoken);
            }
        }
        learnt.retain(|_, texts| texts.len() >= TEXTS_MIN);
        let tags: Vec<&str> = learnt.keys().copied().take(LANGUAGE_SIGNS.len()).collect();
        let mut counts: HashMap<String, Vec<u32>> = HashMap::new();
        for (place, texts) in learnt.values().take(tags.len()).enumerate() {
            for text in texts {
                each_run(text, |run| {
                    let of_run = match counts.get_mut(run) {
                        Some(of_run) => of_run,
                        None => counts.entry(run.to_owned()).or_insert_with(|| vec![0; tags.len()]),
                    };
                    if let Some(count) = of_run.get_mut(place) {
                        *count += 1;
                    }
                });
            }
        }
        counts.retain(|run, of_run| !run.contains('_') && of_run.iter().sum::<u32>() >= COUNT_MIN);
        let mut totals = vec![0_u32; tags.len()];
        for of_run in counts.values() {
            totals.iter_mut().zip(of_run).for_each(|(total, count)| *total += count);
        }
        written(&tags, &totals, &telling(counts, &totals))
    }

    /// Natural logarithms of likelihoods by tag, up to a constant; for the languages among which `is_possible` leaves the choice.
    pub(super) fn logarithms(&self, text: &str, is_possible: impl Fn(&str) -> bool) -> Vec<(&str, f32)> {
        let mut sums = vec![0.0_f32; self.languages.len()];
        let mut known = 0_u16;
        each_run(text, |run| {
            let Some(entries) = self.runs.get(run) else { return };
            known = known.saturating_add(1);
            for (language, logarithm) in entries {
                if let Some(sum) = sums.get_mut(usize::from(*language)) {
                    *sum += logarithm;
                }
            }
        });
        let possible = self.languages.iter().zip(sums).filter(|(language, _)| is_possible(&language.tag));
        #[expect(clippy::cast_precision_loss, reason = "less than a part in a million of a count")]
        possible
            .map(|(language, sum)| (language.tag.as_str(), sum - f32::from(known) * (language.total as f32).ln()))
            .collect()
    }
}

/// Hands every run of characters to `take`; a text begins and ends with a space.
fn each_run(text: &str, mut take: impl FnMut(&str)) {
    let marked = format!(" {text} ");
    let bounds: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
    for first in 0..bounds.len() {
        for length in 1..=RUN_MAX {
            let Some((start, end)) = bounds.get(first).zip(bounds.get(first + length)) else { break };
            take(marked.get(*start..*end).unwrap_or_default());
        }
    }
}

/// The runs that tell most: their occurrences, each with how much surer of its language one is.
fn telling(counts: HashMap<String, Vec<u32>>, totals: &[u32]) -> Vec<(String, Vec<u32>)> {
    let all: f64 = totals.iter().copied().map(f64::from).sum();
    let gain = |of_run: &[u32]| -> f64 {
        let occurrences: f64 = of_run.iter().copied().map(f64::from).sum();
        let shares = of_run.iter().zip(totals).filter(|(count, _)| **count > 0);
        shares
            .map(|(count, total)| f64::from(*count) * (f64::from(*count) * all / occurrences / f64::from(*total)).ln())
            .sum()
    };
    let mut runs: Vec<(f64, String, Vec<u32>)> =
        counts.into_iter().map(|(run, of_run)| (gain(&of_run), run, of_run)).collect();
    runs.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    runs.truncate(RUNS_KEPT);
    let mut runs: Vec<(String, Vec<u32>)> = runs.into_iter().map(|(_, run, of_run)| (run, of_run)).collect();
    runs.sort();
    runs
}

fn written(tags: &[&str], totals: &[u32], runs: &[(String, Vec<u32>)]) -> String {
    let languages: Vec<String> = tags.iter().zip(totals).map(|(tag, total)| format!("{tag} {total}")).collect();
    let mut file = languages.join("\t");
    for (run, of_run) in runs {
        let _ = write!(file, "\n{}\t", run.replace(' ', "_"));
        for (count, sign) in of_run.iter().zip(LANGUAGE_SIGNS.chars()) {
            if *count >= COUNT_OF_LANGUAGE_MIN {
                file.extend([sign, level(*count)]);
            }
        }
    }
    file.push('\n');
    file
}

/// The sign of how often a run occurs: half an occurrence, which is what a run has that was never seen, would be below the first.
fn level(count: u32) -> char {
    let steps = (STEPS * f64::from(2 * count + 1).ln()).round() - 1.0;
    let signs = LEVEL_SIGNS.chars().enumerate();
    #[expect(clippy::cast_precision_loss, reason = "there are 26 levels")]
    signs.filter(|(at, _)| *at as f64 <= steps).last().map_or('a', |(_, sign)| sign)
}

/// What a level adds, against a run that was never seen.
fn logarithm(level: u8) -> f32 {
    (f32::from(level) + 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<(&'static str, String)> {
        let german = ["wo ist meine bestellung", "ich möchte das nicht", "die schuhe sind zu klein"];
        let swedish = ["var är min beställning", "jag vill inte ha det", "skorna är för små"];
        let of = |tag: &'static str, texts: [&'static str; 3]| {
            texts.into_iter().cycle().take(TEXTS_MIN).map(move |text| (tag, text.to_owned()))
        };
        of("de", german).chain(of("sv", swedish)).chain([("fr", "où est".to_owned())]).collect()
    }

    fn best<'l>(letters: &'l Letters, text: &str) -> &'l str {
        let found = letters.logarithms(text, |_| true);
        found.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map_or("", |(tag, _)| tag)
    }

    #[test]
    fn languages_are_learnt_written_and_read_again() {
        let sample = sample();
        let file = Letters::learn(sample.iter().map(|(tag, text)| (*tag, text.as_str())));
        assert!(file.starts_with("de "), "{file}");
        let backwards = Letters::learn(sample.iter().rev().map(|(tag, text)| (*tag, text.as_str())));
        assert_eq!(file, backwards);
        let letters = Letters::parse(&format!("# a note\n{file}")).unwrap();
        assert_eq!(best(&letters, "nicht zu klein"), "de");
        assert_eq!(best(&letters, "inte för små"), "sv");
        assert_eq!(letters.languages.len(), 2, "one sentence teaches no language");
        assert_eq!(letters.logarithms("nicht", |tag| tag == "sv").len(), 1);
    }

    #[test]
    fn a_line_that_is_cut_off_or_names_no_language_is_told() {
        for (source, line) in
            [("de 10\tsv 9\nab\t0a1", 2), ("de 10\tsv 9\nab\t9a", 2), ("de\tsv 9", 1), ("de 0\tsv 1", 1), ("#\nab", 2)]
        {
            assert_eq!(Letters::parse(source).unwrap_err(), LettersError { line }, "{source}");
        }
    }

    #[test]
    fn levels_rise_with_counts_and_give_them_back_nearly() {
        for count in [2_u16, 5, 30, 400, 20_000] {
            let level = LEVEL_SIGNS.find(level(u32::from(count))).unwrap();
            let exact = (2.0 * f32::from(count) + 1.0).ln();
            assert!((logarithm(u8::try_from(level).unwrap()) - exact).abs() <= 0.26, "{count}");
        }
    }
}
