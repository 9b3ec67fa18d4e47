//! Is every wish for a person heard (R47), and nothing else taken for one? Prints both with n; our own sentences guard, banking77 measures.
//!
//! `cargo run --release -p ombud-language --example handoff_eval -- <folder of the public data>`

use std::error::Error;
use std::io::Write;

use jiff::civil::Date;
use ombud_domain::{Command, Expectation};
use ombud_language::{NluFile, NluModel, UnderstandContext, Understander};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let today = Date::constant(2026, 11, 21);
    let read = |path: String| -> Result<NluFile, Box<dyn Error>> {
        Ok(serde_saphyr::from_str(&std::fs::read_to_string(path)?)?)
    };
    let mut model = NluModel { locale: "en".to_owned(), ..NluModel::default() };
    model.add(read(format!("{folder}/../../packs/base/nlu/en.yaml"))?);
    model.add(read(format!("{folder}/tests/data/flows.en.yaml"))?);
    model.rules =
        serde_saphyr::from_str(&std::fs::read_to_string(format!("{folder}/../../packs/base/nlu/rules.en.yaml"))?)?;
    let reader = Understander::new(model)?;
    let kept = read(format!("{folder}/tests/data/handoff.en.yaml"))?;
    let mut out = std::io::stdout();
    for expectation in [Expectation::Open, Expectation::Confirm, Expectation::Slot { slot: "items".to_owned() }] {
        for (class, texts) in &kept.classes {
            let wish = class.starts_with("wish");
            let wrong: Vec<&String> = texts
                .iter()
                .filter(|text| {
                    let context = UnderstandContext::alone(&expectation, today);
                    let commands = reader.understand(text, &context).commands;
                    (commands.first() == Some(&Command::Handoff)) != wish
                })
                .collect();
            writeln!(out, "{expectation:?} {class}: {} of {} right", texts.len() - wrong.len(), texts.len())?;
            for text in wrong.iter().filter(|_| expectation == Expectation::Open) {
                let context = UnderstandContext::alone(&expectation, today);
                writeln!(out, "   {text} {:?}", reader.understand(text, &context).scores.first())?;
            }
        }
    }
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/data".to_owned());
    let (mut n, mut alarms) = (0, 0);
    for line in std::fs::read_to_string(format!("{folder}/banking77/dev/train.jsonl"))?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = row.get("text").and_then(serde_json::Value::as_str).unwrap_or_default();
        let context = UnderstandContext::alone(&Expectation::Open, today);
        n += 1;
        if reader.understand(text, &context).commands.contains(&Command::Handoff) {
            alarms += 1;
            writeln!(out, "   {text}")?;
        }
    }
    writeln!(out, "banking77 dev (nobody asks for a person by label): {alarms} of {n} taken for a wish")?;
    Ok(())
}
