//! How good is the classifier on public intent sets? Prints accuracy, calibration and times with n and seed.
//!
//! `cargo run --release -p ombud-language --example classify_eval -- <folder of the public data>`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ombud_language::{Classifier, Example, TrainSettings};

const SEED: u64 = 20_261_121;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/data".to_owned());
    let banking = read(&format!("{folder}/banking77/dev/train.jsonl"), "category")?;
    let (train, test) = split(&banking);
    report("banking77 dev, every 5th held out", &train, &test)?;
    let train = read(&format!("{folder}/clinc150/dev/train.jsonl"), "label")?;
    let test = read(&format!("{folder}/clinc150/dev/valid.jsonl"), "label")?;
    report("clinc150 train -> valid", &train, &test)?;
    few(&train, &test)?;
    outside(&folder, &train, &test)
}

/// Accuracy, expected calibration error and times.
fn report(name: &str, train: &[Example], test: &[Example]) -> Result<(), Box<dyn Error>> {
    let settings = TrainSettings { seed: SEED, ..TrainSettings::default() };
    let start = Instant::now();
    let model = Classifier::train(train, &settings)?;
    let trained = start.elapsed();
    let start = Instant::now();
    let read: Vec<(bool, f32)> = test
        .iter()
        .filter_map(|example| model.predict(&example.text, 1).first().map(|(class, p)| (*class == example.class, *p)))
        .collect();
    let each = start.elapsed() / u32::try_from(test.len().max(1))?;
    let right = read.iter().filter(|(right, _)| *right).count();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{name}: accuracy {:.2} % (n={}, train={}, classes={}, seed={SEED}), ECE {:.3}, train {trained:?}, predict {each:?}",
        100.0 * right as f64 / test.len() as f64,
        test.len(),
        train.len(),
        model.classes().len(),
        calibration_error(&read),
    )?;
    Ok(())
}

/// Ten and twenty examples a class, as packs have them.
fn few(train: &[Example], test: &[Example]) -> Result<(), Box<dyn Error>> {
    for size in [10, 20] {
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let part: Vec<Example> = train
            .iter()
            .filter(|example| {
                let count = taken.entry(&example.class).or_default();
                *count += 1;
                *count <= size
            })
            .cloned()
            .collect();
        report(&format!("clinc150, {size} examples a class"), &part, test)?;
    }
    Ok(())
}

/// How well does confidence tell what is outside of all classes?
fn outside(folder: &str, train: &[Example], test: &[Example]) -> Result<(), Box<dyn Error>> {
    let model = Classifier::train(train, &TrainSettings { seed: SEED, ..TrainSettings::default() })?;
    let mut other = read(&format!("{folder}/clinc150/dev/oos_valid.jsonl"), "label")?;
    other.extend(read(&format!("{folder}/clinc150/dev/oos_train.jsonl"), "label")?);
    let top = |text: &str| model.predict(text, 1).first().map_or(0.0, |(_, p)| *p);
    let inside: Vec<f32> = test.iter().map(|example| top(&example.text)).collect();
    let outside: Vec<f32> = other.iter().map(|example| top(&example.text)).collect();
    let pairs = inside.len() * outside.len();
    let wins: usize = outside.iter().map(|o| inside.iter().filter(|i| *i > o).count()).sum();
    writeln!(
        std::io::stdout(),
        "clinc150 in or out of scope: AUROC {:.4} (in={}, out={})",
        wins as f64 / pairs as f64,
        inside.len(),
        outside.len()
    )?;
    Ok(())
}

fn calibration_error(read: &[(bool, f32)]) -> f64 {
    let mut bins = [(0_usize, 0_usize, 0.0_f64); 10];
    for (right, p) in read {
        if let Some(bin) = bins
            .iter_mut()
            .rev()
            .zip((0..10).rev())
            .find(|(_, i)| f64::from(*p) * 10.0 >= f64::from(*i))
            .map(|(b, _)| b)
        {
            *bin = (bin.0 + 1, bin.1 + usize::from(*right), bin.2 + f64::from(*p));
        }
    }
    let total: usize = bins.iter().map(|bin| bin.0).sum();
    bins.iter().map(|(_, right, sum)| (*right as f64 - sum).abs()).sum::<f64>() / total.max(1) as f64
}

fn split(all: &[Example]) -> (Vec<Example>, Vec<Example>) {
    // A fixed permutation by a seeded linear congruence, then every fifth is test.
    let mut order: Vec<(u64, &Example)> = all
        .iter()
        .zip(1_u64..)
        .map(|(example, i)| (i.wrapping_mul(SEED | 1).wrapping_mul(6_364_136_223_846_793_005).rotate_left(17), example))
        .collect();
    order.sort_by_key(|(key, _)| *key);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (i, (_, example)) in order.into_iter().enumerate() {
        if i % 5 == 0 { &mut test } else { &mut train }.push(example.clone());
    }
    (train, test)
}

fn read(path: &str, label: &str) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let field = |name: &str| row.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        examples.push(Example { class: field(label), text: field("text") });
    }
    Ok(examples)
}
