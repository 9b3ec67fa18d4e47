//! Which of a few options does a customer mean? Prints, for words that were not learnt from, how often the choice is read right, how often it is read at
//! all at the bounds of the engine, and how often it is read wrongly there.
//!
//! `cargo run --release -p ombud-inference --example choices_eval -- [--words] [--show] [choices.jsonl]`
//! A line is `{"set": ..., "choice": ..., "text": ...}`, the choice `none` where no option is meant; without a file, those of
//! `tests/data/choices_held_out.en.jsonl`. With `--words` nothing is embedded.

#[expect(dead_code, reason = "shared with evaluations that read requests and replies too")]
mod pack;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use ombud_language::{DeepClassifier, Example, TrainSettings, Vectors};
use pack::PACKS;

/// The bounds of the engine: for an answer, and for what was said before the question.
const BOUNDS: [f32; 2] = [0.6, 0.75];

#[derive(serde::Deserialize)]
struct Line {
    set: String,
    choice: String,
    text: String,
}

fn by_set(file: &str) -> Result<BTreeMap<String, Vec<Example>>, Box<dyn Error>> {
    let mut sets: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for Line { set, choice, text } in pack::lines(file)? {
        sets.entry(set).or_default().push(Example { class: choice, text });
    }
    Ok(sets)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let held_out = concat!(env!("CARGO_MANIFEST_DIR"), "/../ombud-language/tests/data/choices_held_out.en.jsonl");
    let file = arguments.iter().find(|argument| !argument.starts_with("--")).map_or(held_out, String::as_str);
    let learnt = by_set(&format!("{PACKS}/paylater/nlu/choices.en.jsonl"))?;
    let mut out = std::io::stdout();
    for (set, tests) in by_set(file)? {
        let examples = learnt.get(&set).cloned().ok_or("this set is not learnt")?;
        let count = examples.len();
        let choices = DeepClassifier::train(examples, &TrainSettings::default())?;
        let lessons: Vec<String> = choices.lessons().collect();
        let asked = if has("--words") { None } else { Some(pack::model(&lessons, |vectors| choices.deepen(vectors))?) };
        let vectors = asked.as_ref().map(|asked| asked as &dyn Vectors);
        let mut right = 0;
        let mut at: [(usize, usize); 2] = Default::default();
        let mut of_none = [0; 2];
        for test in &tests {
            let (choice, p) = choices.best(&test.text, vectors).unwrap_or_default();
            right += usize::from(choice == test.class);
            for ((bound, (read, wrong)), of_none) in BOUNDS.iter().zip(&mut at).zip(&mut of_none) {
                if choice != "none" && p >= *bound {
                    *read += usize::from(choice == test.class);
                    *wrong += usize::from(choice != test.class && test.class != "none");
                    *of_none += usize::from(test.class == "none");
                }
            }
            if has("--show") && choice != test.class {
                writeln!(out, "  [{}] {} -> {choice} ({p:.2})", test.class, test.text)?;
            }
        }
        let none = tests.iter().filter(|test| test.class == "none").count();
        writeln!(out, "{set}: learnt from {count}, right {right} of {}", tests.len())?;
        for ((bound, (read, wrong)), of_none) in BOUNDS.iter().zip(at).zip(of_none) {
            writeln!(
                out,
                "  at {bound}: an option read in {read} of {}, another one in {wrong}, one where none was meant in {of_none} of {none}",
                tests.len() - none
            )?;
        }
    }
    Ok(())
}
