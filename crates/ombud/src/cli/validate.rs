//! Is a pack right? All that can be said without a customer: files, types, texts, policies, articles, and whether it can be learnt.

use clap::Args;
use ombud_policy::PackProblem;
use serde_json::json;

use super::{Context, Outcome, Output};
use crate::packs::{PackError, PackSource};
use crate::terminal::{say, say_json, spinner};

const EXAMPLES: &str = "\
Examples:
  ombud validate packs/my-company
  ombud validate packs/my-company --json | jq -r '.problems[] | \"\\(.file):\\(.line)\"'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Folder of the pack; `base` is looked for beside it.
    pack: String,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let waiting = spinner("checking the pack");
    let checked = check(&options.pack);
    waiting.finish_and_clear();
    let problems = match checked {
        Ok(summary) => {
            match context.output {
                Output::Text => say(format_args!("{}", summary.text)),
                Output::Json => {
                    say_json(&json!({"valid": true, "pack": summary.name, "hash": summary.hash, "problems": []}))?
                }
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
    text: String,
}

fn check(path: &str) -> Result<Summary, PackError> {
    let source = PackSource::find(path)?;
    let (pack, knowledge) = source.parse()?;
    let (name, hash) = (pack.manifest.name.clone(), pack.hash.clone());
    let text = format!(
        "{name} is valid: {} flows, {} actions, {} articles, {} examples, locales {} (hash {})",
        pack.flows.len(),
        pack.actions.len(),
        knowledge.articles.len(),
        pack.examples.len(),
        pack.manifest.locales.join(", "),
        hash.chars().take(12).collect::<String>()
    );
    let whole =
        |message: String| PackError::Wrong(vec![PackProblem { file: format!("{name}/pack.toml"), line: 0, message }]);
    ombud_turn::check_pack(&pack).map_err(|error| whole(format!("{:#}", anyhow::Error::new(error))))?;
    Ok(Summary { name, hash, text })
}
