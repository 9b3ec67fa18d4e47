//! How good is a part of the product by itself, on files of labelled texts? A file for each kind of evaluation.
//!
//! Start reading at [`intents`]; [`vectors`] embeds what is not embedded yet, [`print`] prints figures.

mod files;
mod grounding;
mod intents;
mod print;
mod retrieval;
mod vectors;

use clap::{Args, Subcommand};

use super::{Context, Outcome};

const EXAMPLES: &str = "\
Examples:
  ombud eval intents --train train.jsonl                                  with a fifth of the training held back
  ombud eval intents --train train.jsonl --test test.jsonl --json
  ombud eval intents --train train.jsonl --test test.jsonl --per-class 10 --draws 5
  ombud eval retrieval --test en.passages.jsonl de.questions.jsonl --language de --passage-language en
  ombud eval grounding --train dev.jsonl --test test.jsonl

Each line of a file is a JSON object. Figures are printed with the number of texts that they were counted on and the seed. Texts are embedded
once and their vectors kept beside the model (`ombud models fetch`). The files hold no customer's words: they are not sealed.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Which intent a text has, how sure that is, and whether it was taught at all.
    Intents(intents::Options),
    /// Whether a reply says only what its source says.
    Grounding(grounding::Options),
    /// Which passage answers a question, in the same language or another.
    Retrieval(retrieval::Options),
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.what {
        What::Intents(options) => intents::run(context, options),
        What::Grounding(options) => grounding::run(context, options),
        What::Retrieval(options) => retrieval::run(context, options),
    }
}
