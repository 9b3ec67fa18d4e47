//! Which weights has a softmax regression, and how are they found?
//!
//! Adagrad (Duchi, Hazan, Singer 2011) with one step size per feature.

use serde::{Deserialize, Serialize};

use super::noise::Random;

const STEP: f32 = 1.0;
/// Gradients below this are not worth a write; most classes are there after the first pass.
const GRADIENT_MIN: f32 = 0.004;

/// The weights: a linear map from features to scores of classes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Linear {
    /// One row per feature, one column per class.
    weights: Vec<f32>,
    /// One per class.
    bias: Vec<f32>,
    /// Divides the scores; fitted on examples held out from training.
    pub temperature: f32,
}

/// What a text has of each feature.
pub(crate) trait Features {
    /// Features with their values; those that are left out are zero.
    fn each(&self) -> impl Iterator<Item = (usize, f32)>;
}

impl Features for Vec<(usize, f32)> {
    fn each(&self) -> impl Iterator<Item = (usize, f32)> {
        self.iter().copied()
    }
}

/// A row of numbers, and one feature beside them.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub numbers: &'a [f32],
    /// Which of those beside the numbers, and its value.
    pub beside: (usize, f32),
}

impl Features for Row<'_> {
    fn each(&self) -> impl Iterator<Item = (usize, f32)> {
        let (place, value) = self.beside;
        self.numbers.iter().copied().enumerate().chain([(self.numbers.len() + place, value)])
    }
}

/// Features of an example, its class, and how much it counts.
pub(crate) struct Sample<F> {
    pub vector: F,
    pub class: usize,
    pub weight: f32,
}

/// Weights with what their training has to remember.
pub(crate) struct Training {
    pub linear: Linear,
    squares: Vec<f32>,
    bias_squares: f32,
}

impl Linear {
    /// How many classes there are.
    pub(super) fn width(&self) -> usize {
        self.bias.len()
    }

    /// Probabilities of the classes, by the temperature.
    pub(crate) fn probabilities(&self, vector: &impl Features) -> Vec<f32> {
        let mut scores = self.scores(vector);
        softmax(&mut scores, self.temperature);
        scores
    }

    /// Scores of the classes.
    pub(crate) fn scores(&self, vector: &impl Features) -> Vec<f32> {
        let mut scores = self.bias.clone();
        self.add_scores(vector, &mut scores);
        scores
    }

    fn add_scores(&self, vector: &impl Features, scores: &mut [f32]) {
        let width = self.bias.len();
        for (row, value) in vector.each() {
            let weights = self.weights.get(row * width..(row + 1) * width).unwrap_or_default();
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += value * weight;
            }
        }
    }
}

impl Training {
    /// Weights of zero for so many features and classes.
    pub(crate) fn new(features: usize, classes: usize) -> Self {
        let linear = Linear { weights: vec![0.0; features * classes], bias: vec![0.0; classes], temperature: 1.0 };
        Self { linear, squares: vec![0.1; features], bias_squares: 1.0 }
    }

    /// Passes over the samples, shuffled anew each time; the weights shrink by `l2` after each.
    pub(crate) fn run<F: Features>(
        &mut self,
        samples: &mut [Sample<F>],
        (epochs, l2): (u32, f32),
        random: &mut Random,
    ) {
        let mut scores = vec![0.0_f32; self.linear.width()];
        let mut active: Vec<(usize, f32)> = Vec::new();
        for _ in 0..epochs {
            random.shuffle(samples);
            for sample in samples.iter() {
                scores.copy_from_slice(&self.linear.bias);
                self.linear.add_scores(&sample.vector, &mut scores);
                softmax(&mut scores, 1.0);
                gradients(&scores, sample, &mut active);
                self.step(sample, &active);
            }
            for weight in &mut self.linear.weights {
                *weight *= 1.0 - l2;
            }
        }
    }

    fn step<F: Features>(&mut self, sample: &Sample<F>, active: &[(usize, f32)]) {
        let energy: f32 = active.iter().map(|(_, gradient)| gradient * gradient).sum();
        if energy <= 0.0 {
            return;
        }
        let width = self.linear.width();
        for (row, value) in sample.vector.each() {
            let Some(square) = self.squares.get_mut(row) else { continue };
            *square += energy * value * value;
            let step = STEP * value / square.sqrt();
            let Some(weights) = self.linear.weights.get_mut(row * width..(row + 1) * width) else { continue };
            for (class, gradient) in active {
                if let Some(weight) = weights.get_mut(*class) {
                    *weight -= step * gradient;
                }
            }
        }
        self.bias_squares += energy;
        let step = 0.1 * STEP / self.bias_squares.sqrt();
        for (class, gradient) in active {
            if let Some(bias) = self.linear.bias.get_mut(*class) {
                *bias -= step * gradient;
            }
        }
    }
}

fn gradients<F>(probabilities: &[f32], sample: &Sample<F>, active: &mut Vec<(usize, f32)>) {
    active.clear();
    for (class, probability) in probabilities.iter().enumerate() {
        let gradient = if class == sample.class { probability - 1.0 } else { *probability };
        if gradient.abs() > GRADIENT_MIN {
            active.push((class, gradient * sample.weight));
        }
    }
}

/// Turns scores into probabilities, in place.
pub(crate) fn softmax(scores: &mut [f32], temperature: f32) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0_f32;
    for score in scores.iter_mut() {
        *score = ((*score - top) / temperature).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}
