//! Which intents does a text have, how sure is that, and is it one that was taught at all?
//!
//! Kernel ridge heads over views of a text ([`crate::Layered`]) and its words. Which views and how much of the words serve best is tried on lessons that are left
//! out, and so are the thresholds: nothing is tuned by hand to what is read.

use std::collections::{BTreeMap, BTreeSet};

use ombud_kernel::{KernelRidge, RidgeError, RidgeSettings, Seen};
use ombud_language::classify::Vocabulary;

/// One lesson in so many of a class is left out to try on.
const FOLDS: usize = 6;
/// With so many lessons one part left out is enough to try on; with fewer, each part is in its turn.
const ALL_FOLDS_MAX: usize = 3_000;
/// Lessons among which the views are chosen at most.
const CHOOSING_MAX: usize = 10_000;
/// Share of taught texts that may be taken for texts outside of everything taught.
pub const FALSE_ALARMS: f32 = 0.05;
/// Chosen on BANKING77's training texts, and good for the others: see `docs/EVALUATION.md`.
const GAMMA: f32 = 1.0;
const RIDGE: f32 = 0.1;
/// How much words may count beside meaning ...
const WORDS: [f32; 2] = [0.0, 0.3];
/// ... from so many lessons for each intent on; with fewer, most words of a text were never taught.
const WORDS_LESSONS_MIN: usize = 20;

/// A text to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentLesson {
    /// What was written.
    pub text: String,
    /// Its views beside each other.
    pub vector: Vec<f32>,
    /// Its intents; none when it is outside of everything taught.
    pub intents: Vec<String>,
}

/// Columns of the vector that a head reads; the scores of several heads are added.
pub type Views = Vec<(usize, usize)>;

/// A trained reader of intents.
#[derive(Debug, Clone)]
pub struct Intents {
    intents: Vec<String>,
    vocabulary: Vocabulary,
    heads: Vec<KernelRidge>,
    choice: Choice,
    thresholds: Thresholds,
}

/// What was chosen on lessons that were left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The views that are read.
    pub views: Views,
    /// How much words count beside meaning.
    pub words: f32,
}

/// What was fitted on lessons that were left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Divides scores before they become probabilities.
    pub temperature: f32,
    /// The best score of all but [`FALSE_ALARMS`] of the taught texts is at least this.
    pub familiar_min: f32,
    /// An intent is present from this score on, where a text may have several: the best F1 over all intents.
    pub present_min: f32,
}

/// How a text was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// A score for each intent, in the order of [`Intents::intents`].
    pub scores: Vec<f32>,
}

/// Scores of a lesson that was left out, and the places of its intents.
struct Tried {
    scores: Vec<f32>,
    marks: Vec<usize>,
}

impl Reading {
    /// The places of the two best intents with their scores, the best first.
    #[must_use]
    pub fn best_two(&self) -> [(usize, f32); 2] {
        let mut best = [(usize::MAX, f32::NEG_INFINITY); 2];
        for (place, score) in self.scores.iter().copied().enumerate() {
            if score > best[0].1 {
                best = [(place, score), best[0]];
            } else if score > best[1].1 {
                best[1] = (place, score);
            }
        }
        best
    }

    /// How far the best intent leads; what is below a threshold on it should be asked about.
    #[must_use]
    pub fn margin(&self) -> f32 {
        let [(_, best), (_, second)] = self.best_two();
        best - second
    }

    /// How much the text is like what was taught: about 1, and near 0 for what has nothing to do with it.
    #[must_use]
    pub fn familiarity(&self) -> f32 {
        self.best_two()[0].1
    }
}

impl Intents {
    /// Learns from lessons whose vectors hold the views of one of the `candidates`; more than one candidate costs a trial of each.
    ///
    /// # Errors
    /// [`RidgeError`], for whoever brings the lessons.
    pub fn learn(lessons: &[IntentLesson], candidates: &[Views]) -> Result<Self, RidgeError> {
        let names: BTreeSet<&String> = lessons.iter().flat_map(|lesson| &lesson.intents).collect();
        let intents: Vec<String> = names.into_iter().cloned().collect();
        let marks: Vec<Vec<usize>> = lessons
            .iter()
            .map(|lesson| lesson.intents.iter().filter_map(|intent| intents.binary_search(intent).ok()).collect())
            .collect();
        let folds = folds(&marks);
        let school = School { lessons, marks: &marks, folds: &folds, intents: intents.len() };
        let (choice, mut tried) = school.choose(candidates)?;
        if lessons.len() > CHOOSING_MAX {
            tried = school.trial(&choice, &(0..lessons.len()).collect::<Vec<_>>())?;
        }
        let all: Vec<usize> = (0..lessons.len()).collect();
        let (vocabulary, heads) = school.teach(&choice, &all)?;
        Ok(Self { thresholds: fit(&tried), intents, vocabulary, heads, choice })
    }

    /// The intents that were taught, sorted.
    #[must_use]
    pub fn intents(&self) -> &[String] {
        &self.intents
    }

    /// What was chosen.
    #[must_use]
    pub const fn choice(&self) -> &Choice {
        &self.choice
    }

    /// What was fitted.
    #[must_use]
    pub const fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Reads texts with their vectors.
    #[must_use]
    pub fn read(&self, texts: &[(&str, &[f32])]) -> Vec<Reading> {
        let seen: Vec<Seen> = texts.iter().map(|(text, vector)| see(&self.vocabulary, text, vector)).collect();
        scores_of(&self.heads, &seen).into_iter().map(|scores| Reading { scores }).collect()
    }

    /// How likely each intent is, where exactly one of them is meant.
    #[must_use]
    pub fn probabilities(&self, reading: &Reading) -> Vec<f32> {
        softmax(&reading.scores, self.thresholds.temperature)
    }
}

fn see(vocabulary: &Vocabulary, text: &str, vector: &[f32]) -> Seen {
    Seen { vector: vector.to_vec(), words: vocabulary.vector(text), beside: 0 }
}

/// The mean of the heads' scores.
fn scores_of(heads: &[KernelRidge], texts: &[Seen]) -> Vec<Vec<f32>> {
    let mut sums: Vec<Vec<f32>> = Vec::new();
    for head in heads {
        let scores = head.scores(texts);
        if sums.is_empty() {
            sums = scores;
            continue;
        }
        for (sum, score) in sums.iter_mut().flatten().zip(scores.into_iter().flatten()) {
            *sum += score;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few heads")]
    let count = heads.len().max(1) as f32;
    sums.iter_mut().flatten().for_each(|sum| *sum /= count);
    sums
}

/// In which part each lesson is left out: the lessons of a class are dealt out in their order.
fn folds(marks: &[Vec<usize>]) -> Vec<usize> {
    let mut dealt: BTreeMap<&[usize], usize> = BTreeMap::new();
    let mut next = |marks| {
        let count = dealt.entry(marks).or_default();
        *count += 1;
        (*count - 1) % FOLDS
    };
    marks.iter().map(|marks| next(marks.as_slice())).collect()
}

/// Lessons with what is known of them.
struct School<'a> {
    lessons: &'a [IntentLesson],
    marks: &'a [Vec<usize>],
    folds: &'a [usize],
    intents: usize,
}

impl School<'_> {
    /// The views and the share of words that read lessons that were left out with the least log loss, and how they read them.
    fn choose(&self, candidates: &[Views]) -> Result<(Choice, Vec<Tried>), RidgeError> {
        // Spread evenly over all of them, so that all classes stay.
        let all = self.lessons.len();
        let step = |place: usize| place * CHOOSING_MAX / all.max(CHOOSING_MAX);
        let some: Vec<usize> = (0..all).filter(|place| step(*place) != step(place + 1)).collect();
        let mut best: Option<(f32, Choice, Vec<Tried>)> = None;
        for views in candidates {
            let teaches_words = all >= WORDS_LESSONS_MIN * self.intents;
            for words in WORDS.into_iter().filter(|words| teaches_words || *words == 0.0) {
                let choice = Choice { views: views.clone(), words };
                let tried = self.trial(&choice, &some)?;
                let loss = loss(&tried, temperature(&tried));
                if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                    best = Some((loss, choice, tried));
                }
            }
        }
        let uneven = RidgeError::Uneven { examples: self.lessons.len(), marks: 0 };
        best.map(|(_, choice, tried)| (choice, tried)).ok_or(uneven)
    }

    fn trial(&self, choice: &Choice, among: &[usize]) -> Result<Vec<Tried>, RidgeError> {
        let last = if among.len() <= ALL_FOLDS_MAX { FOLDS } else { 1 };
        let mut tried = Vec::new();
        for fold in 0..last {
            let (left_out, kept): (Vec<usize>, Vec<usize>) =
                among.iter().partition(|place| self.folds.get(**place) == Some(&fold));
            if left_out.is_empty() || kept.is_empty() {
                continue;
            }
            let (vocabulary, heads) = self.teach(choice, &kept)?;
            let seen: Vec<Seen> =
                self.of(&left_out).map(|(lesson, _)| see(&vocabulary, &lesson.text, &lesson.vector)).collect();
            let marks = self.of(&left_out).map(|(_, marks)| marks.clone());
            tried
                .extend(scores_of(&heads, &seen).into_iter().zip(marks).map(|(scores, marks)| Tried { scores, marks }));
        }
        Ok(tried)
    }

    fn of<'s>(&'s self, places: &'s [usize]) -> impl Iterator<Item = (&'s IntentLesson, &'s Vec<usize>)> {
        places.iter().filter_map(|place| self.lessons.get(*place).zip(self.marks.get(*place)))
    }

    fn teach(&self, choice: &Choice, places: &[usize]) -> Result<(Vocabulary, Vec<KernelRidge>), RidgeError> {
        let texts: Vec<&str> = self.of(places).map(|(lesson, _)| lesson.text.as_str()).collect();
        let vocabulary = Vocabulary::learn(&texts);
        let seen: Vec<Seen> =
            self.of(places).map(|(lesson, _)| see(&vocabulary, &lesson.text, &lesson.vector)).collect();
        let marks: Vec<&[usize]> = self.of(places).map(|(_, marks)| marks.as_slice()).collect();
        let head = |columns: &(usize, usize)| {
            let settings =
                RidgeSettings { gamma: GAMMA, words: choice.words, columns: *columns, ridge: RIDGE, balance: 0.0 };
            KernelRidge::learn(&seen, &marks, self.intents, settings)
        };
        let heads = choice.views.iter().map(head).collect::<Result<_, _>>()?;
        Ok((vocabulary, heads))
    }
}

impl Tried {
    fn best_score(&self) -> Option<f32> {
        self.scores.iter().copied().max_by(f32::total_cmp)
    }
}

fn fit(tried: &[Tried]) -> Thresholds {
    let taught = tried.iter().filter(|tried| !tried.marks.is_empty());
    let mut familiar: Vec<f32> = taught.filter_map(Tried::best_score).collect();
    familiar.sort_by(f32::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    let at = (familiar.len() as f32 * FALSE_ALARMS) as usize;
    let familiar_min = familiar.get(at).copied().unwrap_or_default();
    Thresholds { temperature: temperature(tried), familiar_min, present_min: present_min(tried) }
}

/// The temperature with the least log loss.
fn temperature(tried: &[Tried]) -> f32 {
    let temperatures = (0..24_i32).map(|step| 0.02 * 1.2_f32.powi(step));
    let losses = temperatures.map(|temperature| (temperature, loss(tried, temperature)));
    losses.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(1.0, |(temperature, _)| temperature)
}

/// Log loss of what belongs to an intent; of several, the likeliest counts.
fn loss(tried: &[Tried], temperature: f32) -> f32 {
    let of = |tried: &Tried| {
        let probabilities = softmax(&tried.scores, temperature);
        let right = tried.marks.iter().filter_map(|mark| probabilities.get(*mark)).copied().fold(0.0_f32, f32::max);
        -right.max(1e-9).ln()
    };
    tried.iter().filter(|tried| !tried.marks.is_empty()).map(of).sum()
}

/// The threshold with the best F1 over all intents of all texts.
fn present_min(tried: &[Tried]) -> f32 {
    let mut scored: Vec<(f32, bool)> = tried
        .iter()
        .flat_map(|tried| tried.scores.iter().enumerate().map(|(place, score)| (*score, tried.marks.contains(&place))))
        .collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0));
    let all = scored.iter().filter(|(_, is_present)| *is_present).count();
    let (mut hits, mut best) = (0_usize, (0.0_f64, 0.5_f32));
    for (rank, (score, is_present)) in scored.iter().enumerate() {
        hits += usize::from(*is_present);
        #[expect(clippy::cast_precision_loss, reason = "counts of texts")]
        let f1 = 2.0 * hits as f64 / (rank + 1 + all) as f64;
        if f1 > best.0 {
            best = (f1, *score);
        }
    }
    best.1
}

fn softmax(scores: &[f32], temperature: f32) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut raised: Vec<f32> = scores.iter().map(|score| ((score - top) / temperature).exp()).collect();
    let sum: f32 = raised.iter().sum();
    raised.iter_mut().for_each(|number| *number /= sum);
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(text: &str, vector: [f32; 4], intents: &[&str]) -> IntentLesson {
        let intents = intents.iter().map(|intent| (*intent).to_owned()).collect();
        IntentLesson { text: text.to_owned(), vector: vector.to_vec(), intents }
    }

    /// The first two numbers tell the intents apart, the last two nothing.
    fn lessons() -> Vec<IntentLesson> {
        let noise = |i: u16| f32::from(i * 37 % 11) / 11.0;
        (0..48)
            .map(|i| match i % 3 {
                0 => lesson("pay", [1.0 + noise(i), 0.0, noise(i + 1), noise(i + 2)], &["pay"]),
                1 => lesson("send", [0.0, 1.0 + noise(i), noise(i + 3), noise(i + 1)], &["send"]),
                _ => lesson("else", [-1.0 - noise(i), -1.0 - noise(i), noise(i), noise(i + 5)], &[]),
            })
            .map(|lesson| IntentLesson { text: "the same words".to_owned(), ..lesson })
            .collect()
    }

    #[test]
    fn the_view_that_tells_intents_apart_is_chosen_and_what_is_outside_is_unfamiliar() {
        let intents = Intents::learn(&lessons(), &[vec![(2, 4)], vec![(0, 2)]]).unwrap();
        assert_eq!(intents.choice().views, [(0, 2)]);
        assert_eq!(intents.intents(), ["pay", "send"]);
        let read = intents.read(&[("the", &[1.5, 0.0, 0.3, 0.3]), ("the", &[-1.5, -1.4, 0.3, 0.2])]);
        assert_eq!(read[0].best_two()[0].0, 0);
        assert!(read[0].familiarity() >= intents.thresholds().familiar_min);
        assert!(read[1].familiarity() < intents.thresholds().familiar_min, "{read:?}");
        assert!(intents.probabilities(&read[0])[0] > 0.8);
    }

    #[test]
    fn the_best_two_and_the_lead_are_by_score() {
        let reading = Reading { scores: vec![0.25, 0.75, 0.5] };
        assert_eq!(reading.best_two(), [(1, 0.75), (2, 0.5)]);
        assert!((reading.margin() - 0.25).abs() < 1e-6);
    }

    #[test]
    fn an_intent_is_present_from_the_score_with_the_best_f1_on() {
        let tried = |scores: &[f32], marks: &[usize]| Tried { scores: scores.to_vec(), marks: marks.to_vec() };
        let tried = [tried(&[0.9, 0.6], &[0, 1]), tried(&[0.8, 0.3], &[0]), tried(&[0.2, 0.1], &[])];
        assert_eq!(present_min(&tried), 0.6);
    }

    #[test]
    fn without_lessons_nothing_is_learnt() {
        assert!(Intents::learn(&[], &[vec![(0, 2)]]).is_err());
    }
}
