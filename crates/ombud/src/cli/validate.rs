//! Is a pack right? All that can be said without a customer: files, types, texts, policies and what they must always imply, articles, and whether it
//! can be learnt.

mod played;

use clap::Args;
use ombud_policy::floor::Search;
use ombud_policy::{PackProblem, table};
use serde_json::json;

use super::{Context, Outcome, Output};
use crate::packs::{PackError, PackSource};
use crate::terminal::{say, say_json, spinner};

const EXAMPLES: &str = "\
Examples:
  ombud validate packs/my-company
  ombud validate packs/my-company --thorough              a million requests at random, before policies are published
  ombud validate packs/my-company --json | jq -r '.problems[] | \"\\(.file):\\(.line)\"'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Folder of the pack; `base` is looked for beside it.
    pack: String,
    /// Hold the policies against many more requests: some minutes.
    #[arg(long)]
    thorough: bool,
    /// Where the requests at random begin; another number takes others.
    #[arg(long, value_name = "NUMBER", default_value_t = Search::QUICK.seed)]
    seed: u64,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let waiting = spinner("checking the pack");
    let how = if options.thorough { Search::THOROUGH } else { Search::QUICK };
    let checked = check(&options.pack, Search { seed: options.seed, ..how });
    waiting.finish_and_clear();
    let problems = match checked {
        Ok(summary) => {
            match context.output {
                Output::Text => {
                    say(format_args!("{}", summary.text));
                    for hint in &summary.hints {
                        say(format_args!("look at {hint}"));
                    }
                }
                Output::Json => say_json(
                    &json!({"valid": true, "pack": summary.name, "hash": summary.hash, "requests": summary.requests, "problems": [], "hints": summary.hints}),
                )?,
            }
            return Ok(Outcome::Done);
        }
        Err(PackError::Wrong(problems)) => problems,
        Err(other) => return Err(other.into()),
    };
    match context.output {
        Output::Text => {
            for problem in &problems {
                say(format_args!("{problem}"));
            }
            say(format_args!("{} problem(s)", problems.len()));
        }
        Output::Json => say_json(&json!({"valid": false, "problems": problems}))?,
    }
    Ok(Outcome::Wrong)
}

struct Summary {
    name: String,
    hash: String,
    requests: u64,
    text: String,
    /// What may be right, and is worth a look.
    hints: Vec<PackProblem>,
}

fn check(path: &str, search: Search) -> Result<Summary, PackError> {
    let source = PackSource::find(path)?;
    let (pack, knowledge) = source.read()?;
    let (name, hash) = (pack.manifest.name.clone(), pack.hash.clone());
    let searched = source.search(&pack, search)?;
    if !searched.problems.is_empty() {
        return Err(PackError::Wrong(searched.problems));
    }
    let of_locales: Vec<PackProblem> =
        pack.manifest.locales.iter().flat_map(|locale| pack.problems_of_locale(locale)).collect();
    if !of_locales.is_empty() {
        return Err(PackError::Wrong(of_locales));
    }
    let (cases, mut of_tests) = table::check(&pack, &source.files);
    let played = played::read(&pack, &source);
    of_tests.extend(played.problems);
    if !of_tests.is_empty() {
        return Err(PackError::Wrong(of_tests));
    }
    let sampled = match searched.sampled {
        0 => String::new(),
        some => format!(", of {some} only some"),
    };
    let text = format!(
        "{name} is valid: {} flows, {} actions, {} articles, {} examples, locales {} (hash {})\n\
         no invariant is broken by any of {} requests: all of {} kinds of action{sampled}, and {} at random (seed {})\n\
         the policies decide as {cases} cases of policies/*_test.yaml say; {} dialogues can be held with --golden, {} scenarios be played",
        pack.flows.len(),
        pack.actions.len(),
        knowledge.articles.len(),
        pack.examples(&pack.manifest.default_locale).len(),
        pack.manifest.locales.join(", "),
        hash.chars().take(12).collect::<String>(),
        searched.requests,
        searched.whole,
        search.random,
        search.seed,
        played.dialogues,
        played.scenarios,
    );
    let whole =
        |message: String| PackError::Wrong(vec![PackProblem { file: format!("{name}/pack.toml"), line: 0, message }]);
    ombud_turn::check_pack(&pack).map_err(|error| whole(format!("{:#}", anyhow::Error::new(error))))?;
    Ok(Summary { name, hash, requests: searched.requests, text, hints: pack.misspelt(&source.files) })
}
