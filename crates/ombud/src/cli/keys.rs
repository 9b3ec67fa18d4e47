//! The key that signs checkpoints of the ledger: made once, kept from whoever can write to the database.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use ombud_proof::LogKey;
use serde_json::json;

use super::demo::write_private;
use super::{Context, Outcome, Output};
use crate::terminal::{say, say_json};
use crate::wiring::log_key;

const EXAMPLES: &str = "\
Examples:
  ombud keys --new ledger.key --name support.example.com/ledger   makes ledger.key, and ledger.key.pub for those who verify
  ombud keys ledger.key                                           prints the key that others verify with";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// File of a key whose public half is wanted.
    #[arg(value_name = "FILE", required_unless_present = "new", conflicts_with = "new")]
    key: Option<PathBuf>,
    /// File for a new key; never written over.
    #[arg(long, value_name = "FILE", requires = "name")]
    new: Option<PathBuf>,
    /// Name of the log that the key is for, such as a domain of yours and a path; nobody else's log has it.
    #[arg(long, requires = "new")]
    name: Option<String>,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let key = match (&options.key, &options.new, &options.name) {
        (Some(file), _, _) => log_key(file)?,
        (_, Some(file), Some(name)) => make_key(file, name)?,
        _ => anyhow::bail!("give the file of a key, or `--new FILE --name NAME`"),
    };
    let public = key.verifier().to_text();
    match context.output {
        Output::Text => say(format_args!("{public}")),
        Output::Json => say_json(&json!({"public_key": public, "name": key.verifier().name()}))?,
    }
    Ok(Outcome::Done)
}

/// Makes a key, and beside it the one that others verify with.
pub(super) fn make_key(file: &Path, name: &str) -> anyhow::Result<LogKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let key = LogKey::from_seed(name, &seed)?;
    write_private(file, &format!("{}\n", key.to_text()))
        .with_context(|| format!("cannot write `{}`, a key is never written over", file.display()))?;
    let public = public_file(file);
    std::fs::write(&public, format!("{}\n", key.verifier().to_text()))
        .with_context(|| format!("cannot write `{}`", public.display()))?;
    Ok(key)
}

/// The file beside a key with its public half.
pub(super) fn public_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}
