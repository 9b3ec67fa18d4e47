//! Everything about a customer is erased, for good; the receipt says what, and what is left to others.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_domain::TenantId;
use ombud_ports::Clock as _;
use ombud_store::Store;
use ombud_store::vault::erasure::Receipt;

use super::demo::of_folder;
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::terminal::{bold, prompt, say, say_json};
use crate::wiring::open_store;

const EXAMPLES: &str = "\
Examples:
  ombud erase --customer C-100001                            asks before it does
  ombud erase --customer C-100001 --yes --receipt erased.json
  ombud erase --customer C-100001 --yes --json --data ./demo that of a demo, also while it runs

The keys of the customer's conversations are thrown away, and what repeats his words is deleted. The events keep their places, so `ombud prove`
still verifies the ledger. A running server forgets within a second or two what it has in memory. The company's own systems are not touched. It may
be called again. A customer who is held (`ombud hold`) is not erased.

Exit codes: 0 when it is erased, 1 when it is not; the message says why.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The customer as the company's systems name him.
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// File for the receipt; never written over.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Folder of a demo, instead of the configuration.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    if let Some(file) = options.receipt.as_ref().filter(|file| file.exists()) {
        bail!("`{}` is there already, a receipt is never written over", file.display());
    }
    if !options.yes && !is_confirmed(&options.customer)? {
        say(format_args!("nothing was erased"));
        return Ok(Outcome::Failed);
    }
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let erased = store.erase_customer(&tenant, &options.customer, SystemClock::new().now()).await;
    store.shutdown().await;
    let receipt = erased?;
    if let Some(file) = &options.receipt {
        let text = serde_json::to_string_pretty(&receipt)?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    match context.output {
        Output::Json => say_json(&receipt)?,
        Output::Text => report(&receipt),
    }
    Ok(Outcome::Done)
}

/// The ledger of the configuration, or of a demo.
pub(super) async fn store_of(context: &Context, data: Option<&Path>) -> anyhow::Result<(Store, TenantId)> {
    let mut config = context.config()?;
    if let Some(data) = data {
        of_folder(&mut config, data);
    }
    let tenant = TenantId(config.pack.tenant.clone());
    Ok((open_store(&config).await?, tenant))
}

fn is_confirmed(customer: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody can be asked here, give `--yes`");
    }
    prompt(&format!("Everything about `{customer}` is erased, for good. Write the customer's id again to go on: "));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == customer)
}

fn report(receipt: &Receipt) {
    say(format_args!("{}: {} conversations, {} events", bold("erased"), receipt.conversations.len(), receipt.events));
    say(format_args!("  keys thrown away       {}", receipt.keys.len()));
    say(format_args!("  plain events emptied   {}", receipt.overwritten));
    say(format_args!("  rows of the inbox      {}", receipt.inbox_rows));
    say(format_args!("  stored answers         {}", receipt.replies));
    say(format_args!("  counts of tries        {}", receipt.attempts));
    say(format_args!("  sums for limits        {}", receipt.effects));
    say(format_args!("  postings of the books  {} (kept, no longer his)", receipt.postings));
    for left in &receipt.left {
        say(format_args!("  not touched            {left}"));
    }
}
