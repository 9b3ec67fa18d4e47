//! Does a reply say only what its source says? A judge learns from labelled replies and judges others.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use ombud_inference::E5;
use ombud_inference::grounding::{Evidence, Judge, Reply};
use ombud_language::support::Rarity;
use ombud_learning::eval::figure::share;
use ombud_learning::eval::share::parts;
use ombud_learning::eval::{FileFault, Line, Scored, auroc, recall_at_precision, threshold_at_precision};

use super::files;
use super::print::{Figures, note};
use super::vectors::Vectors;
use crate::cli::{Context, Outcome};
use crate::terminal::bar;

const EXAMPLES: &str = "\
Examples:
  ombud eval grounding --train dev.jsonl --test test.jsonl
      area under the ROC curve, and recall where at least 95 % of what is taken for supported is so
  ombud eval grounding --train dev.jsonl
      each fifth of the training judged by what was learnt from the rest

A line has `knowledge` (the source), `response`, `begin_label` and, if there is one, `message`. The threshold is fixed on the training alone, on fifths of it
that were left out.";

/// Fifths of the training that are left out in turn.
const PARTS: usize = 5;
/// What is taken for supported must be so in this share.
const PRECISION: f64 = 0.95;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Files to learn from.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    train: Vec<PathBuf>,
    /// Files to judge; each fifth of the training in its turn if left out.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    test: Vec<PathBuf>,
    /// The label of replies whose source holds all that they say.
    #[arg(long, value_name = "LABEL", default_value = "Fully attributable")]
    supported: String,
    /// Seed of the parts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A reply with its evidence and whether it is supported.
type Labelled = (Evidence, bool);
/// What was judged: the score, and whether it was taken for supported.
type Judged = (Scored, bool);

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let parse = |line: &Line| reply(line, &options.supported);
    let (train, test) = (files::read(&options.train, parse)?, files::read(&options.test, parse)?);
    let vectors = Vectors::open(context)?;
    let sources: Vec<&str> = train.iter().map(|(reply, _)| reply.source.as_str()).collect();
    let rarity = Rarity::of(&sources);
    let train = evidence(vectors.model(), &rarity, &train);
    let judged: Vec<Judged> = if options.test.is_empty() {
        note(format_args!("no --test: each of {PARTS} parts of --train is judged by what was learnt from the others"));
        let mut judged = Vec::new();
        for (kept, held) in divided(&train, options.seed) {
            judged.extend(judge(&kept, &held, options.seed)?);
        }
        judged
    } else {
        let test = evidence(vectors.model(), &rarity, &test);
        judge(&train.iter().collect::<Vec<_>>(), &test.iter().collect::<Vec<_>>(), options.seed)?
    };
    let mut figures = Figures::new(options.seed);
    tell(&judged, &mut figures);
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

fn reply(line: &Line, supported: &str) -> Result<(Reply, bool), FileFault> {
    let wanted = line.missing("the fields `knowledge`, `response` and `begin_label`");
    let ((source, said), label) =
        line.text("knowledge").zip(line.text("response")).zip(line.text("begin_label")).ok_or(wanted)?;
    let message = line.text("message").unwrap_or_default().to_owned();
    Ok((Reply { reply: said.to_owned(), source: source.to_owned(), message }, label == supported))
}

/// The evidence of all replies, on every core.
fn evidence(model: &E5, rarity: &Rarity, replies: &[(Reply, bool)]) -> Vec<Labelled> {
    let (next, bar) = (AtomicUsize::new(0), bar(replies.len(), "replies compared with their sources"));
    let made: Mutex<Vec<(usize, Labelled)>> = Mutex::new(Vec::with_capacity(replies.len()));
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((reply, is_supported)) = replies.get(place) else { break };
            let one = (place, (Evidence::of(reply, rarity, model), *is_supported));
            made.lock().unwrap_or_else(PoisonError::into_inner).push(one);
            bar.inc(1);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|beside| {
        for _ in 1..cores {
            beside.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, one)| one).collect()
}

/// For each part what is learnt from, and the part.
fn divided<'a>(
    replies: impl IntoIterator<Item = &'a Labelled>,
    seed: u64,
) -> Vec<(Vec<&'a Labelled>, Vec<&'a Labelled>)> {
    let replies: Vec<&Labelled> = replies.into_iter().collect();
    let part_of = parts(replies.iter().map(|(_, is_supported)| is_supported), PARTS, seed);
    let divide = |part: usize| {
        let (mut kept, mut held) = (Vec::new(), Vec::new());
        for (reply, of) in replies.iter().zip(&part_of) {
            if *of == part { held.push(*reply) } else { kept.push(*reply) }
        }
        (kept, held)
    };
    (0..PARTS).map(divide).collect()
}

fn scored(train: &[&Labelled], test: &[&Labelled]) -> anyhow::Result<Vec<Scored>> {
    let judge = Judge::learn(&train.iter().map(|(evidence, is_held)| (evidence, *is_held)).collect::<Vec<_>>())?;
    let scores = judge.scores(&test.iter().map(|(evidence, _)| evidence).collect::<Vec<_>>());
    Ok(scores
        .into_iter()
        .zip(test)
        .map(|(score, (_, is_wanted))| Scored { score: f64::from(score), is_wanted: *is_wanted })
        .collect())
}

/// Judges the test by what is learnt from the training, with the threshold that was fixed on parts of the training.
fn judge(train: &[&Labelled], test: &[&Labelled], seed: u64) -> anyhow::Result<Vec<Judged>> {
    let mut tried = Vec::new();
    for (kept, held) in divided(train.iter().copied(), seed) {
        tried.extend(scored(&kept, &held)?);
    }
    let threshold = threshold_at_precision(&tried, PRECISION).map_or(f64::INFINITY, |(threshold, _)| threshold);
    Ok(scored(train, test)?.into_iter().map(|one| (one, one.score >= threshold)).collect())
}

fn tell(judged: &[Judged], figures: &mut Figures) {
    let scored: Vec<Scored> = judged.iter().map(|(scored, _)| *scored).collect();
    if let Some(area) = auroc(&scored) {
        figures.add("auroc", area, scored.len());
    }
    let supported = scored.iter().filter(|one| one.is_wanted).count();
    let taken = judged.iter().filter(|(_, is_taken)| *is_taken).count();
    let hits = judged.iter().filter(|(one, is_taken)| *is_taken && one.is_wanted).count();
    figures.add("precision_at_fixed_threshold", share(hits, taken), taken);
    figures.add("recall_at_fixed_threshold", share(hits, supported), supported);
    figures.add(format!("best_recall_at_precision_{PRECISION}"), recall_at_precision(&scored, PRECISION), supported);
}
