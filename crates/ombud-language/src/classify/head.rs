//! What does the meaning of a text say of its class, where its words leave it open?
//!
//! A softmax regression over the vector of the text, blended with the reading of its words: the product of both, each to a power, which is fitted
//! on the examples that the reading of words was tried on.

use serde::{Deserialize, Serialize};

use super::Trial;
use super::linear::{Linear, Row, Sample, Training, softmax};
use super::noise::Random;
use super::train::{balance, loss};

/// Passes over the lessons; vectors are dense, so few do.
const EPOCHS: u32 = 8;
/// Weights are not shrunk: a vector has far fewer numbers than there are lessons.
const L2: f32 = 0.0;
/// Fewer lessons tried say nothing about how to blend.
const TRIED_MIN: usize = 20;
/// Weight of the meaning beside the words where that cannot be fitted.
const SHARE: f32 = 1.0;
/// Value of what is known beside the vector, whose length is one.
const BESIDE: f32 = 0.3;

/// A text to learn from.
pub(crate) struct Lesson<'a> {
    /// Place of its class in the order of the classes.
    pub class: usize,
    /// The vector of the text.
    pub vector: &'a [f32],
    /// Which of a few things is known beside the text, if there are any.
    pub beside: usize,
}

/// The reading of vectors, and how it is blended with that of words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Head {
    mean: Vec<f32>,
    /// One over the standard deviation, and over the length of such a vector: all have about length one then.
    scale: Vec<f32>,
    linear: Linear,
    /// Power of the meaning; that of the words is one.
    share: f32,
    /// Divides the blend.
    temperature: f32,
}

impl Head {
    /// Learns from the lessons, which are the examples of the trial in the same order; `besides` is how many things may be known beside a text.
    pub(crate) fn learn(lessons: &[Lesson<'_>], (classes, besides): (usize, usize), trial: &Trial, seed: u64) -> Self {
        let (mean, scale) = spread(lessons);
        let features = mean.len();
        let mut head = Self { mean, scale, linear: Linear::default(), share: SHARE, temperature: 1.0 };
        let labels: Vec<usize> = lessons.iter().map(|lesson| lesson.class).collect();
        let weights = balance(&labels, classes);
        // One block of memory, which goes back to the system as a whole.
        let mut scaled: Vec<f32> = Vec::with_capacity(lessons.len() * features);
        lessons.iter().for_each(|lesson| scaled.extend(head.scaled(lesson.vector)));
        let rows = scaled.chunks(features.max(1));
        let samples = lessons.iter().zip(rows).map(|(lesson, numbers)| Sample {
            vector: Row { numbers, beside: (lesson.beside, BESIDE) },
            class: lesson.class,
            weight: weights.get(lesson.class).copied().unwrap_or(1.0),
        });
        let is_tried = |place: &usize| trial.0.binary_search_by_key(place, |(tried, _)| *tried).is_ok();
        let (tried, fitting): (Vec<_>, Vec<_>) = samples.enumerate().partition(|(place, _)| is_tried(place));
        let mut random = Random::new(seed);
        let mut training = Training::new(features + besides, classes);
        let mut fitted: Vec<Sample<Row<'_>>> = fitting.into_iter().map(|(_, sample)| sample).collect();
        training.run(&mut fitted, (EPOCHS, L2), &mut random);
        let read: Vec<(Vec<f32>, Vec<f32>, usize)> = trial
            .0
            .iter()
            .zip(&tried)
            .map(|((_, words), (_, sample))| {
                (words.clone(), training.linear.probabilities(&sample.vector), sample.class)
            })
            .collect();
        if read.len() >= TRIED_MIN {
            (head.share, head.temperature) = fit(&read);
        }
        fitted.extend(tried.into_iter().map(|(_, sample)| sample));
        training.run(&mut fitted, (EPOCHS.div_ceil(3), L2), &mut random);
        head.linear = training.linear;
        head
    }

    /// Probabilities of the classes by words and meaning.
    pub(crate) fn blend(&self, words: &[f32], vector: &[f32], beside: usize) -> Vec<f32> {
        let numbers: Vec<f32> = self.scaled(vector).collect();
        let meaning = self.linear.probabilities(&Row { numbers: &numbers, beside: (beside, BESIDE) });
        let mut scores = blended(words, &meaning, self.share);
        softmax(&mut scores, self.temperature);
        scores
    }

    fn scaled(&self, vector: &[f32]) -> impl Iterator<Item = f32> {
        let each = vector.iter().zip(self.mean.iter().zip(&self.scale));
        each.map(|(value, (mean, scale))| (value - mean) * scale)
    }
}

/// Mean and scale of each number of the vectors.
pub(crate) fn spread(lessons: &[Lesson<'_>]) -> (Vec<f32>, Vec<f32>) {
    let width = lessons.first().map_or(0, |lesson| lesson.vector.len());
    let count = lessons.len().max(1) as f32;
    let (mut mean, mut square) = (vec![0.0_f32; width], vec![0.0_f32; width]);
    for lesson in lessons {
        for ((mean, square), value) in mean.iter_mut().zip(&mut square).zip(lesson.vector) {
            *mean += value / count;
            *square += value * value / count;
        }
    }
    let length = (width.max(1) as f32).sqrt();
    let scale = mean.iter().zip(&square).map(|(mean, square)| 1.0 / ((square - mean * mean).max(1e-9).sqrt() * length));
    let scale = scale.collect();
    (mean, scale)
}

fn blended(words: &[f32], meaning: &[f32], share: f32) -> Vec<f32> {
    let log = |p: &f32| p.max(1e-9).ln();
    words.iter().zip(meaning).map(|(words, meaning)| log(words) + share * log(meaning)).collect()
}

/// Share and temperature with the least log loss.
fn fit(read: &[(Vec<f32>, Vec<f32>, usize)]) -> (f32, f32) {
    let shares = [0.5_f32, 0.75, 1.0, 1.5, 2.0];
    let temperatures: Vec<f32> = (0..=14_u8).map(|step| 1.12_f32.powi(i32::from(step))).collect();
    let mut best = (SHARE, 1.0, f32::INFINITY);
    for share in shares {
        let scored: Vec<(Vec<f32>, usize)> =
            read.iter().map(|(words, meaning, class)| (blended(words, meaning, share), *class)).collect();
        for temperature in &temperatures {
            let loss = loss(&scored, *temperature);
            if loss < best.2 {
                best = (share, *temperature, loss);
            }
        }
    }
    (best.0, best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes that lie apart in the first number alone.
    fn vectors() -> Vec<Vec<f32>> {
        (0..120_u8)
            .map(|i| vec![if i % 2 == 0 { 0.9 } else { 0.7 }, f32::from(i % 7) / 10.0, f32::from(i % 5) / 10.0])
            .collect()
    }

    fn head(vectors: &[Vec<f32>], trial: &Trial) -> Head {
        let lesson = |(i, vector): (usize, &'_ Vec<f32>)| (i % 2, vector.clone());
        let told: Vec<(usize, Vec<f32>)> = vectors.iter().enumerate().map(lesson).collect();
        let lessons: Vec<Lesson<'_>> =
            told.iter().map(|(class, vector)| Lesson { class: *class, vector, beside: 0 }).collect();
        Head::learn(&lessons, (2, 1), trial, 7)
    }

    #[test]
    fn where_the_words_leave_it_open_the_meaning_decides() {
        let head = head(&vectors(), &Trial::default());
        let open = [0.5, 0.5];
        assert!(head.blend(&open, &[0.9, 0.3, 0.2], 0)[0] > 0.7);
        assert!(head.blend(&open, &[0.7, 0.3, 0.2], 0)[1] > 0.7);
    }

    #[test]
    fn words_that_were_always_right_are_not_overruled() {
        let sure = |class: usize| if class == 0 { vec![0.99, 0.01] } else { vec![0.01, 0.99] };
        let trial = Trial((0..120).filter(|place| place % 3 == 0).map(|place| (place, sure(place % 2))).collect());
        let head = head(&vectors(), &trial);
        assert!(head.blend(&[0.999, 0.001], &[0.8, 0.3, 0.2], 0)[0] > 0.9);
    }
}
