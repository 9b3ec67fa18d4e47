//! What is made from the ledger's events, and can be made from them again?

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::erase::store_of;
use super::{Context, Outcome, Output};
use crate::terminal::{say, say_json, spinner};

const EXAMPLES: &str = "\
Examples:
  ombud ledger rebuild                    the desk's inbox again, from the events
  ombud ledger rebuild --data FOLDER      that of a demo

The events stay as they are. Servers may run meanwhile; until it is done their inbox shows what was read so far, and what is due waits as long.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    /// Folder of a demo, instead of the configuration.
    #[arg(long, value_name = "FOLDER", global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Drops the desk's inbox, with what is due in which conversation, and makes it again from the events of the ledger.
    Rebuild,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let What::Rebuild = options.what;
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let waiting = spinner("reading the ledger");
    let rebuilt = store.inbox().rebuild(&tenant).await;
    waiting.finish_and_clear();
    store.shutdown().await;
    let events = rebuilt?;
    match context.output {
        Output::Text => say(format_args!("the inbox was made again from {events} events")),
        Output::Json => say_json(&json!({"events": events}))?,
    }
    Ok(Outcome::Done)
}
