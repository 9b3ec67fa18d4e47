//! From which examples are the weights learnt, and how sure may they sound?
//!
//! Classes are balanced by the square root of their size. A first run leaves out every sixth example and fits the temperature on them (Guo et al.
//! 2017); a second, shorter run adds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::features::Vocabulary;
use super::linear::{Linear, Sample, Training, softmax};
use super::noise::{Random, careless};
use super::{Classifier, Example, TrainError, TrainSettings};

type SparseSample = Sample<Vec<(usize, f32)>>;

const HELD_OUT_EVERY: usize = 6;
/// Fewer held-out examples say nothing about how sure a reading may be.
const TRIED_MIN: usize = 20;

/// How the examples that were left out at first were read: place among the examples, and probabilities of the classes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Trial(pub(crate) Vec<(usize, Vec<f32>)>);

pub(super) fn train(examples: &[Example], settings: &TrainSettings) -> Result<(Classifier, Trial), TrainError> {
    let classes = class_names(examples);
    if classes.len() < 2 {
        return Err(TrainError::TooFewClasses { found: classes.len() });
    }
    let vocabulary = Vocabulary::learn(&examples.iter().map(|example| example.text.as_str()).collect::<Vec<_>>());
    let mut random = Random::new(settings.seed);
    let (mut fitting, held_out) = samples(examples, &classes, &vocabulary, (settings, &mut random));
    let mut training = Training::new(vocabulary.len(), classes.len());
    training.run(&mut fitting, (settings.epochs, settings.l2), &mut random);
    let tried: Vec<&SparseSample> = held_out.iter().map(|(_, sample)| sample).collect();
    training.linear.temperature = temperature(&training.linear, &tried);
    let trial = held_out.iter().map(|(place, sample)| (*place, training.linear.probabilities(&sample.vector)));
    let trial = Trial(trial.collect());
    fitting.extend(held_out.into_iter().map(|(_, sample)| sample));
    training.run(&mut fitting, (settings.epochs.div_ceil(3), settings.l2), &mut random);
    Ok((Classifier { classes, vocabulary, linear: training.linear }, trial))
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
) -> (Vec<SparseSample>, Vec<(usize, SparseSample)>) {
    let labels: Vec<usize> =
        examples.iter().map(|example| classes.binary_search(&example.class).unwrap_or_default()).collect();
    let weights = balance(&labels, classes.len());
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut fitting, mut held_out) = (Vec::new(), Vec::new());
    for (place, (example, class)) in examples.iter().zip(labels).enumerate() {
        let weight = weights.get(class).copied().unwrap_or(1.0);
        let count = seen.entry(class).or_default();
        *count += 1;
        let sample = Sample { vector: vocabulary.vector(&example.text), class, weight };
        if count.is_multiple_of(HELD_OUT_EVERY) {
            held_out.push((place, sample));
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

/// How much an example of each class counts: rare classes more, by the square root of their size.
pub(super) fn balance(labels: &[usize], classes: usize) -> Vec<f32> {
    let mut sizes = vec![0_usize; classes];
    for label in labels {
        if let Some(size) = sizes.get_mut(*label) {
            *size += 1;
        }
    }
    let mean = labels.len() as f32 / classes.max(1) as f32;
    sizes.into_iter().map(|size| (mean / size.max(1) as f32).sqrt().clamp(0.3, 3.0)).collect()
}

/// The temperature with the least log loss on the held-out samples; 1 if there are too few to say.
fn temperature(linear: &Linear, held_out: &[&SparseSample]) -> f32 {
    if held_out.len() < TRIED_MIN {
        return 1.0;
    }
    let scored: Vec<(Vec<f32>, usize)> =
        held_out.iter().map(|sample| (linear.scores(&sample.vector), sample.class)).collect();
    // Held-out sentences of one author are easier than those of customers: sharper than trained is never right.
    let steps = (0..=12_u8).map(|step| 1.12_f32.powi(i32::from(step)));
    steps.map(|t| (t, loss(&scored, t))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |(t, _)| t)
}

/// Log loss of scores with their right classes.
pub(crate) fn loss(scored: &[(Vec<f32>, usize)], temperature: f32) -> f32 {
    let of = |(scores, class): &(Vec<f32>, usize)| {
        let mut scores = scores.clone();
        softmax(&mut scores, temperature);
        -scores.get(*class).copied().unwrap_or_default().max(1e-9).ln()
    };
    scored.iter().map(of).sum()
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
        let trained = |settings: &TrainSettings| train(&small(), settings).unwrap().0.probabilities("cancel the lamp");
        assert_eq!(trained(&settings), trained(&settings));
        assert_ne!(trained(&settings), trained(&TrainSettings { seed: 8, ..settings.clone() }));
    }

    #[test]
    fn a_typo_does_not_change_the_class() {
        let (model, _) = train(&small(), &TrainSettings::default()).unwrap();
        assert_eq!(model.predict("CANCLE MY ORDER!!", 1)[0].0, "cancel");
        assert_eq!(model.predict("retrun my shoes", 1)[0].0, "return");
    }

    #[test]
    fn one_class_is_refused() {
        let found = train(&[example("cancel", "cancel it")], &TrainSettings::default()).unwrap_err();
        assert_eq!(found, TrainError::TooFewClasses { found: 1 });
    }
}
