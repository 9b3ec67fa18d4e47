//! Whose access is taken away? At once, in every process that shares the ledger, whatever his token says.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use ombud_ports::Clock as _;
use ombud_turn::{Access, AccessChange, People, Revoked};
use serde_json::json;

use super::erase::store_of;
use super::signed::{Signed, written};
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::terminal::{bold, say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud staff list
  ombud staff revoke --name Maja --reason 'laptop stolen' --by ivan
  ombud staff restore --name Maja --reason 'new token handed out' --by ivan
  ombud staff revoke --name Maja --reason drill --by ivan --data ./demo     a demo, also while it runs

Holds from the moment it is printed, for every process on this ledger, over restarts: the person's tokens open nothing any more, and what he
has approved and was not done yet counts no more. Names are those in the tokens (`ombud token staff --name`), however they are written. Who,
when and why are events of the sealed ledger.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    /// Folder of a demo, instead of the database of the configuration.
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows whose access is revoked, since when, by whom and why.
    List,
    /// Takes somebody's access away.
    Revoke(Wanted),
    /// Gives it back.
    Restore(Wanted),
}

#[derive(Debug, Args)]
struct Wanted {
    /// Whose, as in his token.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    signed: Signed,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let change = match &options.what {
        What::List => None,
        What::Revoke(wanted) => Some((wanted.change()?, Access::Revoked)),
        What::Restore(wanted) => Some((wanted.change()?, Access::Restored)),
    };
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let people = People::new(store.ledger(), tenant);
    let revoked = match &change {
        None => people.read().await.map_err(anyhow::Error::from),
        Some((change, to)) => people.change(change, *to, SystemClock::new().now()).await.map_err(anyhow::Error::from),
    };
    store.shutdown().await;
    show(context.output, &revoked.context("the list of people cannot be used")?)
}

impl Wanted {
    fn change(&self) -> anyhow::Result<AccessChange> {
        let (reason, by) = self.signed.words()?;
        Ok(AccessChange { name: written("name", &self.name)?, reason, by })
    }
}

fn show(output: Output, revoked: &Revoked) -> anyhow::Result<Outcome> {
    let all: Vec<_> = revoked.iter().collect();
    if output == Output::Json {
        say_json(&json!({"revoked": all}))?;
        return Ok(Outcome::Done);
    }
    if all.is_empty() {
        say(format_args!("nobody's access is revoked"));
    }
    for one in all {
        let change = &one.change;
        say(format_args!(
            "{} revoked since {} by {}: {}",
            bold(&change.name),
            one.since.to_rfc3339(),
            change.by,
            change.reason
        ));
    }
    Ok(Outcome::Done)
}
