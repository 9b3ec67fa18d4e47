//! How good is a part of the product by itself, on files of labelled texts? A file for each kind of evaluation.
//!
//! Start reading at [`intents`]; [`vectors`] embeds what is not embedded yet, [`print`] prints figures.

mod ablation;
mod asides;
mod choices;
mod files;
mod grounding;
mod handoff;
mod intents;
mod language;
mod messages;
mod pii;
mod print;
mod retrieval;
mod signals;
mod slots;
mod vectors;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use ombud_learning::eval::Figure;

use super::{Context, Outcome};
use crate::packs::PackSource;
use print::Shown;

const EXAMPLES: &str = "\
Examples:
  ombud eval intents --train train.jsonl                                  with a fifth of the training held back
  ombud eval intents --train train.jsonl --test test.jsonl --json
  ombud eval intents --train train.jsonl --test test.jsonl --per-class 10 --draws 5
  ombud eval retrieval --test en.passages.jsonl de.questions.jsonl --language de --passage-language en
  ombud eval slots --train train.jsonl --test test.jsonl                  amounts, dates, names in a text
  ombud eval grounding --train dev.jsonl --test test.jsonl
  ombud eval language --test lid.tsv            languages told apart, with the model if it was fetched and without
  ombud eval language --test lid.tsv --folds 5  each fifth with letters learnt from the other four
  ombud eval language --train lid.tsv --write letters.txt
  ombud eval handoff --train packs/base/nlu/person.jsonl --test packs/base/eval/person.jsonl
  ombud eval pii --test pii.jsonl numbers.jsonl  personal data, kind by kind, and what is taken for some
  ombud eval signals --test jailbreaks.jsonl questions.jsonl --signal injection  injected instructions found, and imagined
  ombud eval ablation --pack packs/my-company   what words, meaning, graph, memory and rewriting are each worth
  ombud eval asides --pack packs/my-company --test asides.jsonl  questions asked while a request is open
  ombud eval choices --pack packs/my-company --test faq.jsonl    questions about a request, and options, by their examples
  ombud eval messages --pack packs/my-company   requests, yes and no, and signs of distress, language by language

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
    /// What each part of the context is worth: a pack's scenarios and dialogues with one part after the other switched off.
    Ablation(ablation::Options),
    /// Whether a question in passing is answered with the right sentence.
    Asides(asides::Options),
    /// Which option, or which question about a request, a text means.
    Choices(choices::Options),
    /// Which intent a text has, how sure that is, and whether it was taught at all.
    Intents(intents::Options),
    /// Whether a message wishes for a person.
    Handoff(handoff::Options),
    /// Which language a text is in.
    Language(language::Options),
    /// What a pack teaches in its other languages, each half read by what the other taught.
    Messages(messages::Options),
    /// Whether personal data is found before a language model would see it.
    Pii(pii::Options),
    /// Whether a reply says only what its source says.
    Grounding(grounding::Options),
    /// Which passage answers a question, in the same language or another.
    Retrieval(retrieval::Options),
    /// Which signs a text gives: an injected instruction, distress, a complaint.
    Signals(signals::Options),
    /// Which words of a text fill which slot.
    Slots(slots::Options),
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.what {
        What::Ablation(options) => ablation::run(context, options).await,
        What::Asides(options) => asides::run(context, options),
        What::Choices(options) => choices::run(context, options),
        What::Intents(options) => intents::run(context, options),
        What::Handoff(options) => handoff::run(context, options),
        What::Language(options) => language::run(context, options),
        What::Messages(options) => messages::run(context, options),
        What::Pii(options) => pii::run(context, options),
        What::Grounding(options) => grounding::run(context, options),
        What::Retrieval(options) => retrieval::run(context, options),
        What::Signals(options) => signals::run(context, options),
        What::Slots(options) => slots::run(context, options),
    }
}

/// A file that the program carries in its base pack.
fn carried(file: &str) -> anyhow::Result<String> {
    PackSource::find("base")?.files.remove(file).with_context(|| format!("the program carries no `{file}`"))
}
