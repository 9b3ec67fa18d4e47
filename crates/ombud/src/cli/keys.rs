//! The key that signs checkpoints of the ledger: made once, kept from whoever can write to the database.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use ombud_proof::LogKey;
use ombud_store::vault::{admit_master, retire_masters};
use ombud_store::{MasterKey, VaultSettings};
use serde_json::json;

use super::demo::write_private;
use super::{Context, Outcome, Output};
use crate::privacy;
use crate::terminal::{say, say_json};
use crate::wiring::log_key;

const EXAMPLES: &str = "\
Examples:
  ombud keys --new ledger.key --name support.example.com/ledger   makes ledger.key, and ledger.key.pub for those who verify
  ombud keys ledger.key                                           prints the key that others verify with
  ombud keys master master.key                                    makes a master key for `[privacy]`
  ombud keys rotate-master --to new.key                           lets new.key open the keys database too, while servers run;
                                                                  then set `privacy.master_key_file` to it and
  ombud keys retire-master                                        makes the configured master key the only one";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Options {
    #[command(subcommand)]
    master: Option<What>,
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

/// What is done with the master key.
#[derive(Debug, Subcommand)]
enum What {
    /// Makes a master key; personal text is sealed with keys that it opens.
    Master {
        /// File for the key; never written over.
        file: PathBuf,
    },
    /// Lets another master key open the keys database; running servers notice nothing.
    RotateMaster {
        /// File of the new key; made when it is not there.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Makes the configured master key the only one that opens the keys database.
    RetireMaster,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    if let Some(what) = &options.master {
        return run_master(context, what).await;
    }
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

async fn run_master(context: &Context, what: &What) -> anyhow::Result<Outcome> {
    let (said, value) = match what {
        What::Master { file } => {
            make_master(file)?;
            (
                format!("made {}; keep it safe, without it nothing sealed can be read", file.display()),
                json!({"made": file}),
            )
        }
        What::RotateMaster { to } => {
            let settings = settings(context).await?;
            if !to.exists() {
                make_master(to)?;
            }
            let next = MasterKey::parse(&privacy::read(to)?).with_context(|| format!("`{}`", to.display()))?;
            admit_master(&settings, &next).await?;
            let said = format!(
                "{} opens the keys database too; set it as `privacy.master_key_file`, restart when you like, then run `ombud keys retire-master`",
                to.display()
            );
            (said, json!({"admitted": to}))
        }
        What::RetireMaster => {
            let retired = retire_masters(&settings(context).await?).await?;
            (format!("{retired} other master keys open the keys database no longer"), json!({"retired": retired}))
        }
    };
    match context.output {
        Output::Text => say(format_args!("{said}")),
        Output::Json => say_json(&value)?,
    }
    Ok(Outcome::Done)
}

async fn settings(context: &Context) -> anyhow::Result<VaultSettings> {
    let settings = privacy::vault(&context.config()?).await?;
    settings.context("no master key is set, see `[privacy]` in `ombud config-reference`")
}

/// Makes a master key.
pub(super) fn make_master(file: &Path) -> anyhow::Result<()> {
    write_private(file, &format!("{}\n", MasterKey::fresh()?.to_text()))
        .with_context(|| format!("cannot write `{}`, a key is never written over", file.display()))
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
