//! How well does a part of the program do on examples with known answers? A figure a line, each with its number of examples and its seed.

mod handoff;
mod language;
mod messages;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, Outcome, Output};
use crate::packs::PackSource;
use crate::terminal::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud eval language --test lid.tsv            languages told apart, with the model if it was fetched and without
  ombud eval language --test lid.tsv --json     one object a line: figure, value, n, seed
  ombud eval language --test lid.tsv --folds 5  each fifth with letters learnt from the other four
  ombud eval language --train lid.tsv --write letters.txt
  ombud eval messages --pack packs/paylater     requests, yes and no, and signs of distress, language by language
  ombud eval handoff --train packs/base/nlu/person.jsonl --test packs/base/eval/person.jsonl";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Hears the wish for a person.
    Handoff(handoff::Options),
    /// Tells the languages of sentences and words apart.
    Language(language::Options),
    /// Reads what a pack teaches in its other languages, each half by the other.
    Messages(messages::Options),
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.part {
        Part::Handoff(options) => handoff::run(context, options),
        Part::Language(options) => language::run(context, options),
        Part::Messages(options) => messages::run(context, options),
    }
}

/// A file that the program carries in its base pack.
fn carried(file: &str) -> anyhow::Result<String> {
    PackSource::find("base")?.files.remove(file).with_context(|| format!("the program carries no `{file}`"))
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figure {
    /// What was measured, on what.
    figure: String,
    value: f64,
    /// Examples that it was measured on.
    n: usize,
    /// Seed of whatever was drawn; 0 where nothing is.
    seed: u64,
}

impl Figure {
    /// A share of examples; nothing is drawn.
    #[expect(clippy::cast_precision_loss, reason = "counts of examples are far below 2^52")]
    fn share(figure: impl Into<String>, part: usize, n: usize) -> Self {
        let value = if n == 0 { 0.0 } else { part as f64 / n as f64 };
        Self { figure: figure.into(), value, n, seed: 0 }
    }

    fn show(&self, context: &Context) -> anyhow::Result<()> {
        match context.output {
            Output::Json => say_json(self)?,
            Output::Text => {
                say(format_args!("{:.4}  {}  (n = {}, seed = {})", self.value, self.figure, self.n, self.seed));
            }
        }
        Ok(())
    }
}
