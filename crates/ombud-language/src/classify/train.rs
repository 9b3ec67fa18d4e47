//! How are the weights found?
//!
//! Adagrad (Duchi, Hazan, Singer 2011) with one step size per feature, classes balanced by the square root of their size. A first run leaves
//! out every sixth example and fits the temperature on them (Guo et al. 2017); a second, shorter run adds them.

use std::collections::BTreeMap;

use super::features::Vocabulary;
use super::noise::{Random, careless};
use super::{Classifier, Example, TrainError, TrainSettings, add_scaled, softmax};

const STEP: f32 = 1.0;
/// Gradients below this are not worth a write; most classes are there after the first pass.
const GRADIENT_MIN: f32 = 0.004;
const HELD_OUT_EVERY: usize = 6;

struct Sample {
    vector: Vec<(usize, f32)>,
    class: usize,
    weight: f32,
}

struct Training {
    model: Classifier,
    squares: Vec<f32>,
    bias_squares: f32,
}

pub(super) fn train(examples: &[Example], settings: &TrainSettings) -> Result<Classifier, TrainError> {
    let classes = class_names(examples);
    if classes.len() < 2 {
        return Err(TrainError::TooFewClasses { found: classes.len() });
    }
    let vocabulary = Vocabulary::learn(&examples.iter().map(|example| example.text.as_str()).collect::<Vec<_>>());
    let mut random = Random::new(settings.seed);
    let (mut fitting, held_out) = samples(examples, &classes, &vocabulary, (settings, &mut random));
    let width = classes.len();
    let rows = vocabulary.len();
    let model =
        Classifier { classes, vocabulary, weights: vec![0.0; rows * width], bias: vec![0.0; width], temperature: 1.0 };
    let mut training = Training { model, squares: vec![0.1; rows], bias_squares: 1.0 };
    training.run(&mut fitting, settings, &mut random);
    training.model.temperature = temperature(&training.model, &held_out);
    fitting.extend(held_out);
    let last = TrainSettings { epochs: settings.epochs.div_ceil(3), ..settings.clone() };
    training.run(&mut fitting, &last, &mut random);
    Ok(training.model)
}

fn class_names(examples: &[Example]) -> Vec<String> {
    let mut classes: Vec<String> = examples.iter().map(|example| example.class.clone()).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Samples to fit and samples held out; only the former get noisy copies at first.
fn samples(
    examples: &[Example],
    classes: &[String],
    vocabulary: &Vocabulary,
    (settings, random): (&TrainSettings, &mut Random),
) -> (Vec<Sample>, Vec<Sample>) {
    let mut sizes = vec![0_usize; classes.len()];
    let labels: Vec<usize> =
        examples.iter().map(|example| classes.binary_search(&example.class).unwrap_or_default()).collect();
    for label in &labels {
        if let Some(size) = sizes.get_mut(*label) {
            *size += 1;
        }
    }
    let mean = examples.len() as f32 / classes.len() as f32;
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut fitting, mut held_out) = (Vec::new(), Vec::new());
    for (example, class) in examples.iter().zip(labels) {
        let size = sizes.get(class).copied().unwrap_or(1).max(1) as f32;
        let weight = (mean / size).sqrt().clamp(0.3, 3.0);
        let count = seen.entry(class).or_default();
        *count += 1;
        let sample = Sample { vector: vocabulary.vector(&example.text), class, weight };
        if count.is_multiple_of(HELD_OUT_EVERY) {
            held_out.push(sample);
            continue;
        }
        fitting.push(sample);
        for _ in 0..settings.noisy_copies.min(3) {
            let copy = careless(&example.text, &settings.fillers, random);
            fitting.push(Sample { vector: vocabulary.vector(&copy), class, weight });
        }
    }
    (fitting, held_out)
}

impl Training {
    fn run(&mut self, samples: &mut [Sample], settings: &TrainSettings, random: &mut Random) {
        let mut scores = vec![0.0_f32; self.model.classes.len()];
        let mut active: Vec<(usize, f32)> = Vec::new();
        for _ in 0..settings.epochs {
            random.shuffle(samples);
            for sample in samples.iter() {
                scores.copy_from_slice(&self.model.bias);
                for (row, value) in &sample.vector {
                    add_scaled(&mut scores, self.model.row(*row), *value);
                }
                softmax(&mut scores, 1.0);
                gradients(&scores, sample, &mut active);
                self.step(sample, &active);
            }
            for weight in &mut self.model.weights {
                *weight *= 1.0 - settings.l2;
            }
        }
    }

    fn step(&mut self, sample: &Sample, active: &[(usize, f32)]) {
        let energy: f32 = active.iter().map(|(_, gradient)| gradient * gradient).sum();
        if energy <= 0.0 {
            return;
        }
        let width = self.model.classes.len();
        for (row, value) in &sample.vector {
            let Some(square) = self.squares.get_mut(*row) else { continue };
            *square += energy * value * value;
            let step = STEP * value / square.sqrt();
            let Some(weights) = self.model.weights.get_mut(row * width..(row + 1) * width) else { continue };
            for (class, gradient) in active {
                if let Some(weight) = weights.get_mut(*class) {
                    *weight -= step * gradient;
                }
            }
        }
        self.bias_squares += energy;
        let step = 0.1 * STEP / self.bias_squares.sqrt();
        for (class, gradient) in active {
            if let Some(bias) = self.model.bias.get_mut(*class) {
                *bias -= step * gradient;
            }
        }
    }
}

fn gradients(probabilities: &[f32], sample: &Sample, active: &mut Vec<(usize, f32)>) {
    active.clear();
    for (class, probability) in probabilities.iter().enumerate() {
        let gradient = if class == sample.class { probability - 1.0 } else { *probability };
        if gradient.abs() > GRADIENT_MIN {
            active.push((class, gradient * sample.weight));
        }
    }
}

/// The temperature with the least log loss on the held-out samples; 1 if there are too few to say.
fn temperature(model: &Classifier, held_out: &[Sample]) -> f32 {
    if held_out.len() < 20 {
        return 1.0;
    }
    let scored: Vec<(Vec<f32>, usize)> = held_out
        .iter()
        .map(|sample| {
            let mut scores = model.bias.clone();
            for (row, value) in &sample.vector {
                add_scaled(&mut scores, model.row(*row), *value);
            }
            (scores, sample.class)
        })
        .collect();
    let loss = |temperature: f32| -> f32 {
        scored
            .iter()
            .map(|(scores, class)| {
                let mut scores = scores.clone();
                softmax(&mut scores, temperature);
                -scores.get(*class).copied().unwrap_or_default().max(1e-9).ln()
            })
            .sum()
    };
    // Held-out sentences of one author are easier than those of customers: sharper than trained is never right.
    let steps = (0..=12_u8).map(|step| 1.12_f32.powi(i32::from(step)));
    steps.map(|t| (t, loss(t))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |(t, _)| t)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(class: &str, text: &str) -> Example {
        Example { class: class.to_owned(), text: text.to_owned() }
    }

    fn small() -> Vec<Example> {
        vec![
            example("cancel", "cancel my order"),
            example("cancel", "please cancel it"),
            example("cancel", "I want to cancel the lamp"),
            example("return", "send this back"),
            example("return", "I want to return my lamp"),
            example("return", "return the shoes please"),
        ]
    }

    #[test]
    fn the_same_examples_and_seed_give_the_same_weights() {
        let settings = TrainSettings::default();
        let (a, b) = (train(&small(), &settings).unwrap(), train(&small(), &settings).unwrap());
        assert_eq!(a.weights, b.weights);
        let other = train(&small(), &TrainSettings { seed: 8, ..settings }).unwrap();
        assert_ne!(a.weights, other.weights);
    }

    #[test]
    fn a_typo_does_not_change_the_class() {
        let model = train(&small(), &TrainSettings::default()).unwrap();
        assert_eq!(model.predict("CANCLE MY ORDER!!", 1)[0].0, "cancel");
        assert_eq!(model.predict("retrun my shoes", 1)[0].0, "return");
    }

    #[test]
    fn one_class_is_refused() {
        let found = train(&[example("cancel", "cancel it")], &TrainSettings::default()).unwrap_err();
        assert_eq!(found, TrainError::TooFewClasses { found: 1 });
    }
}
