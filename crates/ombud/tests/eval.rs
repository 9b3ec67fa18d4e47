//! `ombud eval` from end to end, on files that are written here: figures that programs read, and mistakes told with their line.
//!
//! What needs the embedding model looks for it in the folder that `OMBUD_MODELS_FOLDER` names.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

const MODEL: &str = "multilingual-e5-small-q4.bin";

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A folder of its own for each test, with the model in it if there is one, so that vectors are kept here.
fn folder(name: &str) -> anyhow::Result<(PathBuf, bool)> {
    let folder = std::env::temp_dir().join(format!("ombud-eval-{name}-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let model = setting("OMBUD_MODELS_FOLDER").map(|models| Path::new(&models).join(MODEL));
    let there = model.filter(|model| model.is_file());
    if let Some(model) = &there {
        std::fs::hard_link(model, folder.join(MODEL))
            .or_else(|_| std::fs::copy(model, folder.join(MODEL)).map(drop))?;
    } else if setting("CI_DEMANDS_DATA").is_some_and(|value| value == "1") {
        bail!("the embedding model is demanded and not there; set OMBUD_MODELS_FOLDER and run `ombud models fetch`");
    }
    Ok((folder, there.is_some()))
}

fn eval(folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    command.env("OMBUD_MODELS_FOLDER", folder).arg("eval").args(arguments).arg("--json").current_dir(folder);
    command.output().context("the program starts")
}

fn skipped() -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "skipped: no embedding model in OMBUD_MODELS_FOLDER; run `ombud models fetch`")?;
    Ok(())
}

/// The value and the count of a figure.
fn figure(output: &Output, name: &str) -> anyhow::Result<(f64, u64)> {
    let told = String::from_utf8_lossy(&output.stdout);
    for line in told.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line.get("figure").and_then(Value::as_str) == Some(name) {
            let value = line.get("value").and_then(Value::as_f64).context("a value")?;
            ensure!(line.get("seed").is_some(), "a figure names its seed");
            return Ok((value, line.get("n").and_then(Value::as_u64).context("a count")?));
        }
    }
    bail!("no figure `{name}` in {told}{}", String::from_utf8_lossy(&output.stderr))
}

fn write_lines(file: &Path, lines: &[Value]) -> anyhow::Result<()> {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    Ok(std::fs::write(file, lines.join("\n"))?)
}

fn lesson(text: &str, label: &str) -> Value {
    serde_json::json!({"text": text, "label": label})
}

#[test]
fn intents_are_learnt_and_read_and_what_is_outside_is_noticed() -> anyhow::Result<()> {
    let (folder, has_model) = folder("intents")?;
    if !has_model {
        return skipped();
    }
    let pay = [
        "I want to pay my invoice",
        "how can I pay",
        "pay the bill now",
        "let me settle my invoice",
        "pay it please",
        "settle the bill",
    ];
    let send = [
        "send the shoes back",
        "I want to return my order",
        "return this lamp",
        "how do I send it back",
        "take these shoes back",
        "return the parcel",
    ];
    let outside = ["what is the weather", "tell me a joke", "who won the game", "sing me a song"];
    let taught = pay.iter().map(|text| lesson(text, "pay")).chain(send.iter().map(|text| lesson(text, "return")));
    let train: Vec<Value> = taught.chain(outside.iter().map(|text| lesson(text, "oos"))).collect();
    write_lines(&folder.join("learn.jsonl"), &train)?;
    let test = [
        lesson("can I pay the invoice today", "pay"),
        lesson("I would like to return the shoes", "return"),
        lesson("will it rain tomorrow", "oos"),
    ];
    write_lines(&folder.join("read.jsonl"), &test)?;
    let output = eval(&folder, &["intents", "--train", "learn.jsonl", "--test", "read.jsonl"])?;
    assert_eq!(figure(&output, "accuracy")?, (1.0, 2));
    assert_eq!(figure(&output, "outside_auroc")?, (1.0, 3));
    let again = eval(&folder, &["intents", "--train", "learn.jsonl", "--test", "read.jsonl"])?;
    assert_eq!(output.stdout, again.stdout, "kept vectors give the same figures");
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn the_passage_that_answers_comes_first_in_another_language_too() -> anyhow::Result<()> {
    let (folder, has_model) = folder("retrieval")?;
    if !has_model {
        return skipped();
    }
    let passage = |pid: &str, context: &str| serde_json::json!({"pid": pid, "title": "Help", "context": context});
    let question = |pid: &str, question: &str| serde_json::json!({"pid": pid, "question": question});
    let lines = [
        passage("fees", "A reminder costs five euros. It is sent after two weeks."),
        passage("cats", "Cats sleep most of the day. They hunt at night."),
        passage("trains", "The train to the coast leaves every hour from platform four."),
        question("fees", "Was kostet eine Mahnung?"),
        question("cats", "Wann jagen Katzen?"),
    ];
    write_lines(&folder.join("mixed.jsonl"), &lines)?;
    let languages = ["--language", "de", "--passage-language", "en"];
    let output = eval(&folder, &[&["retrieval", "--test", "mixed.jsonl"][..], &languages].concat())?;
    assert_eq!(figure(&output, "recall_at_1")?, (1.0, 2));
    let lost = [question("gone", "Wo?"), passage("here", "Here.")];
    write_lines(&folder.join("lost.jsonl"), &lost)?;
    let output = eval(&folder, &[&["retrieval", "--test", "lost.jsonl"][..], &languages].concat())?;
    assert_eq!(output.status.code(), Some(1));
    ensure!(String::from_utf8_lossy(&output.stderr).contains("`gone`"), "the lost passage is named");
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn replies_beyond_their_source_score_lower() -> anyhow::Result<()> {
    let (folder, has_model) = folder("grounding")?;
    if !has_model {
        return skipped();
    }
    let things = ["invoice", "refund", "parcel", "card", "plan", "reminder", "order", "limit", "account", "receipt"];
    let mut lines = Vec::new();
    for (thing, days) in things.iter().zip(3..) {
        let source = format!("The {thing} is sent after {days} days. It is free of charge.");
        let of = |response: String, label: &str| serde_json::json!({"knowledge": source, "message": "when?", "response": response, "begin_label": label});
        lines.push(of(format!("the {thing} is sent after {days} days."), "Fully attributable"));
        lines.push(of(format!("i think you will love the {} dragons, do you?", days + 40), "Not fully attributable"));
    }
    write_lines(&folder.join("replies.jsonl"), &lines)?;
    let output = eval(&folder, &["grounding", "--train", "replies.jsonl"])?;
    assert_eq!(figure(&output, "auroc")?, (1.0, 20));
    assert_eq!(figure(&output, "recall_at_fixed_threshold")?.1, 10);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn a_line_that_cannot_be_read_is_told_with_file_and_line() -> anyhow::Result<()> {
    let (folder, _) = folder("wrong")?;
    std::fs::write(folder.join("bad.jsonl"), "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\"}\n")?;
    for (kind, file, told) in [
        ("intents", "bad.jsonl", "`bad.jsonl`: line 2 needs the fields `text`"),
        ("grounding", "bad.jsonl", "`bad.jsonl`: line 1 needs the fields `knowledge`"),
        ("intents", "none.jsonl", "cannot read `none.jsonl`"),
    ] {
        let output = eval(&folder, &[kind, "--train", file])?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(1) && said.contains(told), "{kind} {file}: {said}");
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// What is hidden, what of it as what it is, and what is taken for personal data that is none; a file of another shape is told with its line.
#[test]
fn personal_data_is_counted_kind_by_kind() -> anyhow::Result<()> {
    let (folder, _) = folder("pii")?;
    let lines = [
        r#"{"text": "write to åsa@example.org, not to Zed", "spans": [{"start": 9, "end": 24, "type": "EMAIL_ADDRESS"}, {"start": 33, "end": 36, "type": "PERSON"}]}"#,
        r#"{"module": "se_personnummer", "number": "880320-0016", "expect": "valid"}"#,
        r#"{"module": "isbn", "number": "9780231507387", "expect": "valid"}"#,
        r#"{"module": "iban", "number": "DE89370400440532013001", "expect": "invalid"}"#,
        r#"{"region": "SE", "national_number": "701234567"}"#,
        r#"{"pan": "4111111111111111"}"#,
    ];
    std::fs::write(folder.join("pii.jsonl"), lines.join("\n"))?;
    let output = eval(&folder, &["pii", "--test", "pii.jsonl"])?;
    for (name, value, n) in [
        ("hidden: email", 1.0, 1),
        ("hidden as what it is: email", 1.0, 1),
        ("hidden: person_name", 0.0, 1),
        ("hidden: se_personnummer, alone", 1.0, 1),
        ("hidden: numbers of other registers left", 1.0, 1),
        ("hidden: iban, wrong ones left", 1.0, 1),
        ("hidden: phone, named", 1.0, 1),
        ("hidden: phone, alone", 0.0, 1),
        ("hidden: card_number", 1.0, 3),
        ("found where nothing is labelled", 0.0, 1),
    ] {
        let found = figure(&output, name)?;
        ensure!((found.0 - value).abs() < 1e-9 && found.1 == n, "{name}: {found:?}");
    }
    // R33: at most 0.5 % of the ids of shops and carriers.
    let (alarms, n) = figure(&output, "orders and parcels taken for a card number")?;
    ensure!(alarms <= 0.005 && n == 26_000, "{alarms} of {n}");
    std::fs::write(folder.join("other.jsonl"), "{\"sentence\": \"x\"}")?;
    let told = eval(&folder, &["pii", "--test", "other.jsonl"])?;
    ensure!(!told.status.success() && String::from_utf8_lossy(&told.stderr).contains("line 1"), "{told:?}");
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
