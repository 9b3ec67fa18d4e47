//! Who may not be erased for now, and why.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ombud_domain::TenantId;
use ombud_ports::Clock as _;
use ombud_store::Store;
use ombud_store::vault::erasure::Hold;
use serde_json::json;

use super::erase::store_of;
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::terminal::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud hold add --customer C-100001 --reason \"court order 12/2026\"
  ombud hold list
  ombud hold remove --customer C-100001

While a customer is held, neither `ombud erase` nor `[retention]` erases anything of his.";

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
    /// Holds a customer, or gives another reason.
    Add {
        /// The customer as the company's systems name him.
        #[arg(long, value_name = "ID")]
        customer: String,
        /// Why; whoever wants to erase is told.
        #[arg(long)]
        reason: String,
    },
    /// Lifts the hold of a customer.
    Remove {
        /// The customer as the company's systems name him.
        #[arg(long, value_name = "ID")]
        customer: String,
    },
    /// Lists who is held, since when and why.
    List,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let outcome = act(context, &options.what, (&store, &tenant)).await;
    store.shutdown().await;
    outcome
}

async fn act(context: &Context, what: &What, (store, tenant): (&Store, &TenantId)) -> anyhow::Result<Outcome> {
    let now = SystemClock::new().now();
    let (said, value) = match what {
        What::Add { customer, reason } => {
            let hold = Hold { customer_id: customer.clone(), reason: reason.clone(), at_us: now.0 };
            store.hold(tenant, &hold).await?;
            (format!("`{customer}` is held"), json!(hold))
        }
        What::Remove { customer } => {
            let was_held = store.lift(tenant, customer, now).await?;
            let said = if was_held { "is held no longer" } else { "was not held" };
            (format!("`{customer}` {said}"), json!({"customer_id": customer, "was_held": was_held}))
        }
        What::List => {
            let holds = store.holds(tenant).await?;
            let line = |hold: &Hold| format!("{}  since {}  {}", hold.customer_id, since(hold.at_us), hold.reason);
            let lines: Vec<String> = holds.iter().map(line).collect();
            let said = if lines.is_empty() { "nobody is held".to_owned() } else { lines.join("\n") };
            (said, json!({"holds": holds}))
        }
    };
    match context.output {
        Output::Text => say(format_args!("{said}")),
        Output::Json => say_json(&value)?,
    }
    Ok(Outcome::Done)
}

/// A time for people.
pub(super) fn since(at_us: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(at_us).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
