//! Does a customer who opens a conversation get what he wants? Prints, for messages that were not learnt from, how often the wish is read first, offered
//! among a few, taken for a question, or taken for another wish.
//!
//! `cargo run --release -p ombud-inference --example requests_eval -- [--words] [--show] [messages.jsonl]`
//! A line is `{"class": "flow:<name>" or "ask" or "detail", "text": ...}`; without a file, those of `packs/paylater/eval/requests_second.en.jsonl`.
//! With `--words` nothing is embedded: as it is read where no model was fetched.

mod pack;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use jiff::civil::Date;
use ombud_domain::{Command, Expectation, Understanding};
use ombud_language::{Example, UnderstandContext, Understander, Vectors};
use pack::{Asked, PACKS, lines};

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// What was wanted comes first.
    Right,
    /// It comes, after something else.
    Later,
    /// It is among the wishes between which is asked.
    Offered,
    /// The wish is taken for a question: an article is sought.
    Asked,
    /// Nothing is read, so what can be done is told.
    Unread,
    /// Something else begins.
    Wrong,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let show = arguments.iter().any(|argument| argument == "--show");
    let file = arguments.iter().find(|argument| !argument.starts_with("--")).cloned();
    let tested: Vec<Example> =
        lines(&file.unwrap_or_else(|| format!("{PACKS}/paylater/eval/requests_second.en.jsonl")))?;
    let requests = pack::requests()?;
    let learnt = requests.len();
    let start = Instant::now();
    let reader = pack::reader(requests, lines(&format!("{PACKS}/base/nlu/replies.en.jsonl"))?)?;
    let words = arguments.iter().any(|argument| argument == "--words");
    let asked = if words { None } else { Some(pack::deepen(&reader)?) };
    let trained = start.elapsed();
    let start = Instant::now();
    let read: Vec<Understanding> = tested.iter().map(|example| read(&reader, asked.as_ref(), &example.text)).collect();
    let each = start.elapsed() / u32::try_from(tested.len().max(1))?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "learnt from {learnt} messages in {trained:?}, tested on {}, {each:?} for the reading of one",
        tested.len()
    )?;
    if let Some(asked) = &asked {
        let each = asked.count.get() as f64 / tested.len().max(1) as f64;
        writeln!(out, "texts embedded: {}, {each:.2} a message", asked.count.get())?;
    }
    let mut rows: BTreeMap<(usize, &str), BTreeMap<Outcome, usize>> = BTreeMap::new();
    let whole = |(example, read): &(&Example, &Understanding)| {
        read.scores.first().is_some_and(|(class, _)| *class == example.class)
    };
    let right = tested.iter().zip(&read).filter(whole).count();
    writeln!(out, "class of the whole message: {:.1} % right", 100.0 * right as f64 / tested.len().max(1) as f64)?;
    for (example, Understanding { commands, scores, .. }) in tested.iter().zip(&read) {
        let outcome = outcome(example, commands);
        for row in [(0, "all"), (1, example.class.as_str())] {
            *rows.entry(row).or_default().entry(outcome).or_default() += 1;
        }
        if show && outcome != Outcome::Right {
            writeln!(out, "{outcome:?} {} <- {commands:?} {:?} | {}", example.class, scores.first(), example.text)?;
        }
    }
    for ((_, name), counts) in rows {
        let all: usize = counts.values().sum();
        let shares = counts.iter().map(|(outcome, count)| format!("{outcome:?} {count}"));
        let right = counts.get(&Outcome::Right).copied().unwrap_or_default();
        let share = 100.0 * right as f64 / all as f64;
        writeln!(out, "{name:<28} {share:>5.1} % of {all:>3}: {}", shares.collect::<Vec<_>>().join(", "))?;
    }
    Ok(())
}

fn read(reader: &Understander, asked: Option<&Asked>, text: &str) -> Understanding {
    let vectors = asked.map(|asked| asked as &dyn Vectors);
    let today = Date::constant(2026, 11, 21);
    let context = UnderstandContext { vectors, ..UnderstandContext::alone(&Expectation::Open, today) };
    reader.understand(text, &context)
}

fn outcome(example: &Example, commands: &[Command]) -> Outcome {
    let wanted = |command: &Command| match (example.class.as_str(), command) {
        ("ask", Command::Ask { .. }) => true,
        (class, Command::StartFlow { flow, .. }) => class.strip_prefix("flow:") == Some(flow),
        _ => false,
    };
    let offered = |command: &Command| match command {
        Command::Clarify { flows } => flows.iter().any(|flow| example.class.strip_prefix("flow:") == Some(flow)),
        _ => false,
    };
    let begins = |command: &Command| matches!(command, Command::StartFlow { .. } | Command::Clarify { .. });
    let asks = |command: &Command| matches!(command, Command::Ask { .. });
    // What is no wish begins nothing; that it is sought in the articles does no harm.
    if example.class == "detail" {
        return if commands.iter().any(begins) { Outcome::Wrong } else { Outcome::Right };
    }
    match commands.iter().position(wanted) {
        Some(0) => Outcome::Right,
        Some(_) => Outcome::Later,
        None if commands.iter().any(offered) => Outcome::Offered,
        None if commands.iter().any(begins) => Outcome::Wrong,
        None if commands.iter().any(asks) => Outcome::Asked,
        None => Outcome::Unread,
    }
}
