//! How many turns does a server answer, and what does one cost it? Each server runs alone: start, load at each size, end, next one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use ombud_domain::NewEvent;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::client::Client;
use super::contestant::{Contestant, Model, Running};
use super::figures::{Asked, Place, Point, Start};
use super::load::{self, Shape};
use super::plan::{self, Plan};
use super::process::{kill, start_and_ask, usage};
use super::report::Report;
use super::{history, report};
use crate::cli::{Context, Outcome};
use crate::packs::PackSource;
use crate::terminal::spinner;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Conversations open at once, one measurement for each number.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,32,1000")]
    conversations: Vec<usize>,
    /// Length of one measurement, seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    secs: u64,
    /// Load before a measurement begins, seconds.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    warmup: u64,
    /// Decides which orders are asked about.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Conversations that the ledger holds before the server starts; all measurements for each number, ascending.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "0")]
    history: Vec<u64>,
    /// Whether the server drafts with a model; the scripted one answers as it is told by `--model-ms`.
    #[arg(long, value_enum, default_value = "none")]
    pub(super) model: Model,
    /// Time the scripted model takes for an answer, milliseconds.
    #[arg(long, default_value_t = 0)]
    pub(super) model_ms: u64,
    /// Shell command of another server, measured in turn with ours; it gets PORT, LLM (a base URL), ORDERS (a base URL) and DATA (a folder), and
    /// answers POST /chat {"conversation_id", "message"} with {"reply"}.
    #[arg(long, value_name = "COMMAND")]
    pub(super) peer: Option<String>,
    /// How often everything is measured, each time with fresh servers.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Folder of a pack that holds a `bench.toml`; the one that the program carries if left out.
    #[arg(long, value_name = "PACK")]
    pack: Option<String>,
    /// Folder for ledgers and logs; a temporary one that is removed at the end if left out.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// What all measurements of a run share.
struct Bench<'a> {
    options: &'a Options,
    plan: Arc<Plan>,
    company: Company,
    report: Report,
    /// The number of the next conversation.
    next: u64,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    ensure!(
        options.conversations.iter().all(|n| (1..=4_000).contains(n)),
        "`--conversations` takes numbers from 1 to 4000"
    );
    ensure!(options.history.is_sorted(), "`--history` takes ascending numbers: the ledger only grows");
    let source = options.pack.as_deref().map_or_else(|| PackSource::with_file(plan::FILE), PackSource::find)?;
    let plan = Arc::new(Plan::of(&source)?);
    let folder = Folder::open(options.data.as_deref())?;
    let company = Company::start(&folder.path, options.model_ms).await?;
    let pack = options.pack.clone().unwrap_or(source.name);
    let mut bench =
        Bench { options, plan, company, report: Report::new(options, &pack), next: first_number(options.seed) };
    let mut contestants = vec![Contestant::Ombud { pack, model: options.model, data: folder.path.clone() }];
    contestants.extend(
        options.peer.iter().map(|command| Contestant::Peer { command: command.clone(), data: folder.path.clone() }),
    );
    let ended = bench.measure(&folder.path, &contestants).await;
    kill(&mut bench.company.child).await;
    ended?;
    report::print(&mut bench.report, context.output)?;
    Ok(if bench.report.is_sound() { Outcome::Done } else { Outcome::Failed })
}

/// Spreads seeds over the customers, so that two seeds share few orders (SplitMix64, Steele, Lea, Flood 2014).
const fn first_number(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % 100_000
}

impl Bench<'_> {
    async fn measure(&mut self, data: &Path, contestants: &[Contestant]) -> anyhow::Result<()> {
        let ours = contestants.first().context("nothing is measured")?;
        let mut learning = ours.start(&self.company.url, &self.plan).await?;
        learning.stop().await;
        self.report.learning_start_ms = Some(learning.cold_start.as_secs_f64() * 1_000.0);
        let mut stored = 0;
        let mut copied: Option<Arc<Vec<NewEvent>>> = None;
        for wanted in &self.options.history {
            if *wanted > stored {
                let events = match &copied {
                    Some(events) => Arc::clone(events),
                    None => Arc::new(self.one_conversation(data, contestants).await?),
                };
                let waiting = spinner(&format!("storing conversations up to {wanted}"));
                history::store_copies(data, &events, stored..*wanted).await?;
                waiting.finish_and_clear();
                copied = Some(events);
                stored = *wanted;
            }
            for round in 1..=usize::from(self.options.rounds) {
                for contestant in contestants {
                    let place = Place { server: contestant.name(), stored, round };
                    self.one_server(contestant, place, data).await?;
                }
            }
        }
        Ok(())
    }

    /// Events of a conversation that our server has recorded.
    async fn one_conversation(&mut self, data: &Path, contestants: &[Contestant]) -> anyhow::Result<Vec<NewEvent>> {
        let ours = contestants.first().context("nothing is measured")?;
        let mut running = ours.start(&self.company.url, &self.plan).await?;
        let played = self.play_once(&running).await;
        running.stop().await;
        history::events_of(data, &played?).await
    }

    async fn play_once(&self, running: &Running) -> anyhow::Result<String> {
        let mut client = Client::new(running.address);
        let conversation = running.talk.open(&mut client, 0).await.map_err(anyhow::Error::msg)?;
        for turn in 0..self.plan.turns() {
            let line = self.plan.line(0, turn).context("the plan ended early")?;
            running.talk.say(&mut client, &conversation, &line).await.map_err(anyhow::Error::msg)?;
        }
        Ok(conversation.id)
    }

    async fn one_server(&mut self, contestant: &Contestant, place: Place, data: &Path) -> anyhow::Result<()> {
        let waiting = spinner(&format!("starting {}", place.server));
        let mut running = contestant.start(&self.company.url, &self.plan).await?;
        let rss_mib = usage(running.pid)?.rss_kib as f64 / 1_024.0;
        let mut acknowledged = Vec::new();
        for conversations in &self.options.conversations {
            waiting.set_message(format!("{}, {conversations} conversations at once", place.server));
            let measured = self.one_point(&running, place, *conversations, &mut acknowledged).await;
            if let Err(error) = measured {
                running.stop().await;
                return Err(error);
            }
        }
        running.stop().await;
        waiting.finish_and_clear();
        let turns_found_after_kill = match contestant {
            Contestant::Ombud { .. } => Some(history::check(data, &acknowledged).await?),
            Contestant::Peer { .. } => None,
        };
        let cold_start_ms = running.cold_start.as_secs_f64() * 1_000.0;
        let start =
            Start { server: place.server, stored: place.stored, cold_start_ms, rss_mib, turns_found_after_kill };
        self.report.starts.push(start);
        Ok(())
    }

    async fn one_point(
        &mut self,
        running: &Running,
        place: Place,
        conversations: usize,
        acknowledged: &mut Vec<(String, usize)>,
    ) -> anyhow::Result<()> {
        let shape = Shape {
            conversations,
            warmup: Duration::from_secs(self.options.warmup),
            window: Duration::from_secs(self.options.secs),
            first: self.next,
        };
        let before = self.company.asked().await?;
        let seen = load::run(running, &self.plan, shape).await?;
        let after = self.company.asked().await?;
        self.next += seen.opened + seen.failed;
        acknowledged.extend(seen.acknowledged.iter().cloned());
        let asked = Asked { orders: after.orders - before.orders, completions: after.completions - before.completions };
        if let Some(failure) = &seen.failure {
            self.report.failures.push(format!("{}: {failure}", place.server));
        }
        self.report.points.push(Point::of(place, shape, &seen, asked));
        Ok(())
    }
}

/// The stand-in for the company's order API and for a model, as a process of its own.
struct Company {
    url: String,
    child: Child,
}

impl Company {
    async fn start(data: &Path, model_ms: u64) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command.args(["bench", "company", "--model-ms", &model_ms.to_string()]);
        // One thread, so that it takes no more of the machine than it must.
        command.env("TOKIO_WORKER_THREADS", "1");
        let (child, url) = start_and_ask(command, &data.join("company.log")).await?;
        Ok(Self { url, child })
    }

    async fn asked(&self) -> anyhow::Result<Asked> {
        let address =
            self.url.trim_start_matches("http://").parse().context("the stand-in's address cannot be read")?;
        let answer = Client::new(address).get("/stats").await.context("the stand-in company does not answer")?;
        let stats: Value = serde_json::from_slice(&answer.body)?;
        let number = |name: &str| stats.get(name).and_then(Value::as_u64).unwrap_or(0);
        Ok(Asked { orders: number("orders"), completions: number("completions") })
    }
}

/// Where ledgers and logs lie.
struct Folder {
    path: PathBuf,
    keeping: Keeping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Kept,
    Temporary,
}

impl Folder {
    fn open(named: Option<&Path>) -> anyhow::Result<Self> {
        let keeping = if named.is_some() { Keeping::Kept } else { Keeping::Temporary };
        let path = named.map_or_else(
            || std::env::temp_dir().join(format!("ombud-bench-{}", std::process::id())),
            Path::to_path_buf,
        );
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make the folder `{}`", path.display()))?;
        let path = std::path::absolute(&path)?;
        ensure!(!path.join("ledger.db").exists(), "`{}` holds a ledger already, take an empty folder", path.display());
        Ok(Self { path, keeping })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keeping == Keeping::Temporary {
            // What is left over lies in the system's temporary folder, which it clears.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
