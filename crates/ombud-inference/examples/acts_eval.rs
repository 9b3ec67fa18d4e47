//! How is it read what a customer does with what was shown to him? Prints, for replies that were not learnt from, how often each act is recognised
//! by the classifier alone, how often a yes is heard and how often one is heard that was none, by the classifier and by the whole reading.
//!
//! `cargo run --release -p ombud-inference --example acts_eval -- [--words] [--show] [--fold=N] [replies.jsonl] [--learn more.jsonl ...]`
//! A line is `{"at": ..., "shown": ..., "reply": ..., "act": ...}`; without a file, those of `tests/data/replies_held_out.en.jsonl`; with `--fold=0` to
//! `--fold=4`, every fifth reply of the pack is kept back instead. With `--words` nothing is embedded.

mod pack;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use jiff::civil::Date;
use ombud_domain::{Command, Expectation, OfferedOption};
use ombud_language::{Act, Moment, ReplyExample, UnderstandContext, Understander, Vectors};
use pack::{Asked, PACKS, lines};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let fold: Option<usize> = arguments.iter().find_map(|argument| argument.strip_prefix("--fold=")?.parse().ok());
    let show = arguments.iter().any(|argument| argument == "--show");
    let files: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let learns = arguments.iter().position(|argument| argument == "--learn").unwrap_or(arguments.len());
    let is_learnt = |file: &str| arguments.iter().skip(learns).any(|argument| argument == file);
    let mut learnt: Vec<ReplyExample> = lines(&format!("{PACKS}/base/nlu/replies.en.jsonl"))?;
    let mut tested = Vec::new();
    for file in &files {
        let lines = lines(file)?;
        if is_learnt(file) { learnt.extend(lines) } else { tested.extend(lines) }
    }
    if let Some(fold) = fold {
        let (kept, rest): (Vec<_>, Vec<_>) = learnt.into_iter().enumerate().partition(|(i, _)| i % 5 == fold);
        tested = kept.into_iter().map(|(_, reply)| reply).collect();
        learnt = rest.into_iter().map(|(_, reply)| reply).collect();
    } else if tested.is_empty() {
        tested = lines(concat!(env!("CARGO_MANIFEST_DIR"), "/../ombud-language/tests/data/replies_held_out.en.jsonl"))?;
    }
    let count = (learnt.len(), tested.len());
    let start = Instant::now();
    let reader = pack::reader(pack::requests()?, learnt)?;
    writeln!(std::io::stdout(), "read and trained in {:?}, the requests of a company among it", start.elapsed())?;
    let words = arguments.iter().any(|argument| argument == "--words");
    let asked = if words { None } else { Some(pack::deepen(&reader)?) };
    report((&reader, asked.as_ref()), &tested, count, show)
}

/// Right ones of all.
#[derive(Default)]
struct Share(usize, usize);

impl Share {
    #[expect(clippy::fn_params_excessive_bools, reason = "what is counted is whether it was right")]
    fn count(&mut self, is_right: bool) {
        *self = Self(self.0 + usize::from(is_right), self.1 + 1);
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>4} of {:<4} {:>5.1} %", self.0, self.1, 100.0 * self.0 as f64 / self.1.max(1) as f64)
    }
}

#[expect(clippy::fn_params_excessive_bools, reason = "a switch of the command line")]
fn report(
    (reader, asked): (&Understander, Option<&Asked>),
    tested: &[ReplyExample],
    (learnt, tests): (usize, usize),
    show: bool,
) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let mut rows: BTreeMap<String, Share> = BTreeMap::new();
    let (mut hits, mut alarms): (BTreeMap<u32, Share>, BTreeMap<u32, Share>) = Default::default();
    let (mut heard, mut wrong) = (Share::default(), Share::default());
    for test in tested {
        let read = reader.acts((test.moment, &test.shown), &test.reply, vectors(asked));
        let best = read.first().copied();
        let right = best.is_some_and(|(act, _)| act == test.act);
        rows.entry("all".to_owned()).or_default().count(right);
        rows.entry(format!("at {:?}", test.moment)).or_default().count(right);
        rows.entry(format!("{:?}", test.act)).or_default().count(right);
        if show && !right {
            writeln!(out, "[{:?}] {:?} <- {best:?} | {} | {}", test.moment, test.act, test.shown, test.reply)?;
        }
        if test.moment != Moment::Proposal {
            continue;
        }
        let is_yes = |act: Act| matches!(act, Act::Accept | Act::AcceptAsk);
        let yes: f32 = read.iter().filter(|(act, _)| is_yes(*act)).map(|(_, p)| p).sum();
        for percent in [50, 60, 70, 80, 85, 90, 95] {
            let share = if is_yes(test.act) { hits.entry(percent) } else { alarms.entry(percent) };
            share.or_default().count(yes * 100.0 >= percent as f32);
        }
        let commands = whole(reader, asked, test);
        // A correction that changes nothing leaves the yes beside it.
        let affirmed = commands.contains(&Command::Affirm);
        if is_yes(test.act) {
            heard.count(affirmed)
        } else {
            wrong.count(affirmed)
        }
        if show && affirmed != is_yes(test.act) {
            writeln!(out, "<whole> {:?} <- {commands:?} yes={yes:.2} | {} | {}", test.act, test.shown, test.reply)?;
        }
    }
    let start = Instant::now();
    for test in tested {
        whole(reader, asked, test);
    }
    let each = start.elapsed() / u32::try_from(tests.max(1))?;
    writeln!(out, "learnt from {learnt} replies, tested on {tests}, {each:?} for the whole reading of one")?;
    for (name, share) in &rows {
        writeln!(out, "{name:<14} {share}")?;
    }
    writeln!(out, "at a proposal, a yes heard where there was one | where there was none")?;
    for (percent, share) in &hits {
        writeln!(out, "classifier at {percent} %   {share} | {}", alarms.get(percent).unwrap_or(&Share::default()))?;
    }
    writeln!(out, "whole reading        {heard} | {wrong}")?;
    Ok(())
}

fn vectors(asked: Option<&Asked>) -> Option<&dyn Vectors> {
    asked.map(|asked| asked as &dyn Vectors)
}

fn whole(reader: &Understander, asked: Option<&Asked>, test: &ReplyExample) -> Vec<Command> {
    let expectation = match test.moment {
        Moment::Proposal => Expectation::Confirm,
        Moment::Choice => Expectation::Choice {
            slot: "chosen".to_owned(),
            options: vec![OfferedOption { id: "1".to_owned(), label: test.shown.clone() }],
        },
        Moment::Question => Expectation::Slot { slot: "told".to_owned() },
        Moment::Done | Moment::Waiting => Expectation::AnythingElse,
    };
    let today = Date::constant(2026, 11, 21);
    let context = UnderstandContext {
        proposal: Some(&test.shown),
        vectors: vectors(asked),
        ..UnderstandContext::alone(&expectation, today)
    };
    reader.understand(&test.reply, &context).commands
}
