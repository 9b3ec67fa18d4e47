//! What may not be done at the moment, or only by people? An operator switches effects off, holds them back and lets them go on again, in every
//! process that shares the ledger.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ombud_policy::controls::{Flip, Off, Position, Switches, Target};
use ombud_policy::spec::Risk;
use ombud_ports::Clock as _;
use ombud_turn::Switchboard;
use serde_json::json;

use super::erase::store_of;
use super::signed::Signed;
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::packs::PackSource;
use crate::terminal::{bold, say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud switch list
  ombud switch off --risk money --reason 'charged twice, ticket 4711' --by maja
  ombud switch off --market SE --reason 'register is down' --by maja
  ombud switch off --action send_code --reason 'codes reach the wrong phones' --by maja
  ombud switch suggest --action cancel_order --reason 'new shop system' --by maja
  ombud switch on --risk money --reason 'repaired and checked' --by maja
  ombud switch off --all --reason 'drill' --by maja --data ./demo     a demo, also while it runs

Holds from the moment it is printed, for every process on this ledger, over restarts. What is on its way to the company's system then is
finished or looked up; nothing new begins. Reads go on. `--all` and `--market` leave one-time codes alone: name them with `--risk challenge`.
`suggest` lets the assistant go on up to the customer's yes, and puts it before the desk, where one of `desk.approvers` has it carried out;
`confirm` asks for a yes where the pack would do without. Neither lets anything go further than the pack says.
Who, when and why are events of the sealed ledger.";

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
    /// Shows what is switched off or held back, since when, by whom and why.
    List,
    /// Switches effects off.
    Off(Wanted),
    /// Has effects put before the desk; the assistant carries none of them out.
    Suggest(Wanted),
    /// Has effects done after the customer's yes alone, also where the pack would do them at once.
    Confirm(Wanted),
    /// Lets them go on as the pack says; only exactly what was switched off or held back.
    On(Wanted),
}

#[derive(Debug, Args)]
struct Wanted {
    #[command(flatten)]
    target: Chosen,
    #[command(flatten)]
    signed: Signed,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// Everything that changes something.
    #[arg(long)]
    all: bool,
    /// An action of the pack.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// All actions of a risk class: write, money, credential or challenge.
    #[arg(long, value_name = "CLASS", value_parser = risk)]
    risk: Option<Risk>,
    /// Everything for customers of a market.
    #[arg(long, value_name = "MARKET")]
    market: Option<String>,
}

impl Chosen {
    fn target(&self) -> Target {
        match (&self.action, self.risk, &self.market) {
            (Some(name), ..) => Target::Action(name.clone()),
            (_, Some(risk), _) => Target::Risk(risk),
            (_, _, Some(name)) => Target::Market(name.to_uppercase()),
            _ => Target::All,
        }
    }
}

fn risk(text: &str) -> Result<Risk, String> {
    let known = [Risk::Write, Risk::Money, Risk::Credential, Risk::Challenge];
    let named = known.into_iter().find(|risk| risk.as_str() == text);
    named.ok_or_else(|| "use write, money, credential or challenge".to_owned())
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    let flip = match &options.what {
        What::List => None,
        What::Off(wanted) => Some((flip(&config, options, wanted)?, Position::Off)),
        What::Suggest(wanted) => Some((flip(&config, options, wanted)?, Position::Suggest)),
        What::Confirm(wanted) => Some((flip(&config, options, wanted)?, Position::Confirm)),
        What::On(wanted) => Some((flip(&config, options, wanted)?, Position::On)),
    };
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let board = Switchboard::new(store.ledger(), tenant);
    let switches = match &flip {
        None => board.read().await.map_err(anyhow::Error::from),
        Some((flip, to)) => board.flip(flip, *to, SystemClock::new().now()).await.map_err(anyhow::Error::from),
    };
    store.shutdown().await;
    show(context.output, &switches.context("the switches cannot be used")?)
}

/// What is asked for, if there is such a thing: a mistyped name would stop nothing and look as if it did.
fn flip(config: &Config, options: &Options, wanted: &Wanted) -> anyhow::Result<Flip> {
    let target = wanted.target.target();
    if matches!(target, Target::Action(_) | Target::Market(_)) {
        let source = match &options.data {
            Some(_) => PackSource::of_demo(),
            None => PackSource::find(&config.pack.path),
        };
        let (pack, _) = source?.parse()?;
        if !pack.has_target(&target) {
            bail!("there is no {target} in pack `{}`, so nothing would be stopped", pack.manifest.name);
        }
    }
    let (reason, by) = wanted.signed.words()?;
    Ok(Flip { target, reason, by })
}

fn show(output: Output, switches: &Switches) -> anyhow::Result<Outcome> {
    if output == Output::Json {
        say_json(&json!({"off": switches.off(), "held": switches.held()}))?;
        return Ok(Outcome::Done);
    }
    if switches.off().is_empty() && switches.held().is_empty() {
        say(format_args!("nothing is switched off"));
    }
    let held = switches.held().iter().map(|held| (&held.off, held.to.as_str()));
    for (Off { flip, since }, how) in switches.off().iter().map(|off| (off, "off")).chain(held) {
        let since = since.to_rfc3339();
        say(format_args!("{} {how} since {since} by {}: {}", bold(&flip.target), flip.by, flip.reason));
    }
    Ok(Outcome::Done)
}
