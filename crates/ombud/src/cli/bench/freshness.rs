//! How soon is a change in the company's systems used? From the moment it is sent there to the first question to the customer graph that finds it.
//!
//! The stand-in company runs as a process of its own; this process follows its change feed as a server does. Between two changes lie pauses of different
//! lengths, so that they meet the feed's rhythm everywhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use ombud_connect::BackOfficeAdmin;
use ombud_http::LiveHub;
use ombud_turn::Assistant;
use serde::Serialize;
use serde_json::Value;

use crate::cli::simulate::seed_of;
use crate::cli::{Context, Outcome, Output, start_log};
use crate::clock::{SystemClock, fresh_secret};
use crate::config::Config;
use crate::demo_company::CompanyProcess;
use crate::packs::{ChangePlan, PackSource};
use crate::terminal::{say, say_json};
use crate::wiring::{self, secret};

/// Between two questions.
const ASK_PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two changes.
const CHANGE_PAUSE: Duration = Duration::from_millis(400);
/// What part of it the next pause is longer: the golden ratio's, whose multiples never come close to each other.
const STEP: f64 = 0.618_033_988_75;
/// A change that is not seen after this is lost.
const LOST_AFTER: Duration = Duration::from_secs(30);
/// Changes that a customer has at most.
const CHANGES_PER_CUSTOMER_MAX: u32 = 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries; that of the demo if left out. Its demo.toml names the change.
    #[arg(long, value_name = "PACK")]
    pack: Option<String>,
    /// Changes, one after the other.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    changes: u32,
    /// Fail when 99 of 100 changes are not used within this, milliseconds.
    #[arg(long, value_name = "MILLISECONDS")]
    p99_max: Option<u32>,
}

/// What came out.
#[derive(Debug, Serialize)]
struct Freshness {
    what: &'static str,
    pack: String,
    n: usize,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

const WHAT: &str =
    "from sending a write to the company's systems to the first question to the customer graph that finds it";

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let mut config = context.config()?;
    start_log(&config)?;
    let source = options.pack.as_deref().map_or_else(PackSource::of_demo, PackSource::find)?;
    let plan = source.demo_plan()?.and_then(|plan| plan.change);
    let Some(change) = plan else { bail!("demo.toml of pack `{}` names no `[change]`", source.name) };
    let folder = tempfile(&SystemClock::new())?;
    let token = fresh_secret();
    let mut company = CompanyProcess::start(&folder, &seed_of(&source)?, &token).await?;
    config.backoffice.url.clone_from(&company.url);
    config.backoffice.token.clone_from(&token);
    config.database.url = format!("sqlite:{}", folder.join("ledger.db").display());
    let admin = BackOfficeAdmin::new(&company.url, secret(&token).as_ref(), None)?;
    let took = measure(&config, &source, (&admin, &change), options.changes).await;
    company.stop().await;
    // What is left over lies in the system's temporary folder, which it clears.
    let _ = std::fs::remove_dir_all(&folder);
    let freshness = figures(source.name, took?);
    match context.output {
        Output::Json => say_json(&freshness)?,
        Output::Text => {
            let Freshness { n, p50_ms, p90_ms, p99_ms, max_ms, .. } = &freshness;
            say(format_args!(
                "{WHAT}:\nn {n}, p50 {p50_ms:.0} ms, p90 {p90_ms:.0} ms, p99 {p99_ms:.0} ms, at most {max_ms:.0} ms"
            ));
        }
    }
    let is_late = options.p99_max.is_some_and(|max| freshness.p99_ms > f64::from(max));
    Ok(if is_late { Outcome::Failed } else { Outcome::Done })
}

fn tempfile(clock: &SystemClock) -> anyhow::Result<std::path::PathBuf> {
    use ombud_ports::Clock as _;
    let folder = std::env::temp_dir().join(format!("ombud-freshness-{}-{}", std::process::id(), clock.now().0));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    Ok(folder)
}

async fn measure(
    config: &Config,
    source: &PackSource,
    (admin, change): (&BackOfficeAdmin, &ChangePlan),
    changes: u32,
) -> anyhow::Result<Vec<Duration>> {
    let store = wiring::open_store(config).await?;
    let parts = (Arc::new(LiveHub::default()), Arc::new(SystemClock::new()));
    let assistant = wiring::assistant(config, source.parse()?, &store, parts)?;
    let listed = admin.customers(usize::try_from(changes.div_ceil(CHANGES_PER_CUSTOMER_MAX)).unwrap_or(1)).await?;
    let customers: Vec<(String, String)> = listed.as_array().into_iter().flatten().filter_map(customer).collect();
    ensure!(!customers.is_empty(), "the company has no customers, correct `seed` of demo.toml");
    let changing = async {
        let (mut took, mut pause) = (Vec::new(), 0.0);
        for (_, (id, market)) in (0..changes).zip(customers.iter().cycle()) {
            // A server has the records of somebody who writes.
            count(&assistant, (id, market), &change.adds).await?;
            pause = (pause + STEP) % 1.0;
            tokio::time::sleep(CHANGE_PAUSE.mul_f64(pause)).await;
            took.push(one(&assistant, (id, market), (admin, change)).await?);
        }
        anyhow::Ok(took)
    };
    let took = tokio::select! {
        took = changing => took,
        () = wiring::follow_feed(&assistant) => bail!("pack `{}` has no `[feed]`", source.name),
    };
    store.shutdown().await;
    took
}

fn customer(entry: &Value) -> Option<(String, String)> {
    let text = |name: &str| Some(entry.get(name)?.as_str()?.to_owned());
    Some((text("id")?, text("market").unwrap_or_default()))
}

/// How long one change takes to be used.
async fn one(
    assistant: &Assistant,
    customer: (&String, &String),
    (admin, change): (&BackOfficeAdmin, &ChangePlan),
) -> anyhow::Result<Duration> {
    let before = count(assistant, customer, &change.adds).await?;
    let sent = Instant::now();
    admin.post(&change.path.replace("{customer_id}", customer.0), &change.body).await?;
    while count(assistant, customer, &change.adds).await? <= before {
        ensure!(sent.elapsed() < LOST_AFTER, "a change of customer {} was not seen", customer.0);
        tokio::time::sleep(ASK_PAUSE).await;
    }
    Ok(sent.elapsed())
}

/// How many records of a kind the customer graph finds.
async fn count(assistant: &Assistant, (id, market): (&String, &String), kind: &str) -> anyhow::Result<usize> {
    let records = assistant.records_of(id, market).await.context("the customer's records cannot be read")?;
    Ok(records.iter().filter(|node| node.key.kind == kind).count())
}

fn figures(pack: String, mut took: Vec<Duration>) -> Freshness {
    took.sort_unstable();
    let at = |percent: usize| {
        let place = took.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
        took.get(place).map_or(0.0, |one| one.as_secs_f64() * 1_000.0)
    };
    let (p50_ms, p90_ms, p99_ms, max_ms) = (at(50), at(90), at(99), at(100));
    Freshness { what: WHAT, pack, n: took.len(), p50_ms, p90_ms, p99_ms, max_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_changes_one_may_take_longer_than_the_99th() {
        let took: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let told = figures("p".to_owned(), took);
        assert_eq!((told.n, told.p50_ms, told.p90_ms, told.p99_ms, told.max_ms), (100, 50.0, 90.0, 99.0, 100.0));
        assert_eq!(figures("p".to_owned(), vec![Duration::from_millis(7)]).p99_ms, 7.0);
    }
}
