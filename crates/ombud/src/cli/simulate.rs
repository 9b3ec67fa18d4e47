//! How good is a pack? Simulated customers speak with it through the public API, each in a fresh world of the company, and the
//! company's books decide.
//!
//! Start reading at [`suite`] (who speaks and who judges), then [`stage`] (the world and the server of one conversation).

mod remembered;
pub(super) mod stage;
pub(super) mod suite;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use ombud_learning::{Report, RunResult, TaskReport};
use ombud_policy::ContextWeights;
use serde::Serialize;
use tokio::task::JoinSet;

use super::replay::{self, Summary};
use super::{Context, Outcome, Output, start_log};
use crate::meaning::Learns;
use crate::packs::PackSource;
use crate::terminal::{complain, say, say_json};
use stage::{OwnApi, Scene, Stage};
use suite::{Job, Played, Suite};

const EXAMPLES: &str = "\
Examples:
  ombud simulate --pack packs/my-shop --database db.json --tasks tasks.jsonl --users customers.jsonl --gold gold.jsonl --k 4 --report report.json
      scripted customers of a benchmark; the books must end as in gold.jsonl
  ombud simulate --pack packs/my-company --scenarios packs/my-company/scenarios --k 2
      the pack's own scenarios
  ombud simulate --pack packs/my-company --golden
      the dialogues of flows/*/tests.yaml, turn by turn
  ombud simulate --pack packs/my-company --golden --backoffice http://127.0.0.1:8090
      the same against an API of your own that is there for tests
  ombud simulate --pack packs/my-company --languages all
      those that dialogues/<tag>.json tells in other languages
  ombud simulate ... --only 12,40 --show 12
      two of them, and what was said in one

The first run of each customer is word for word as scripted. The others differ by --seed: typing, casing, filler words, the order of facts,
other words for yes and no, a question in between. The same seed gives the same conversations.

Exit code: 0 when the simulation was made, whatever came out; 1 when it could not be made, fewer than --min-pass passed, or a turn did not
come out the same with --replay.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("suite").required(true).args(["tasks", "scenarios", "golden", "languages"]))]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pack: String,
    /// Records the company begins with, a JSON file of tables.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// What the company begins with, instead of the pack's demo.toml or --database; may be given more than once.
    #[arg(long, value_name = "SEED", conflicts_with = "database")]
    company: Vec<String>,
    /// Tasks, one JSON object a line, of which only `id` is read.
    #[arg(long, value_name = "FILE", requires_all = ["users", "gold"])]
    tasks: Option<PathBuf>,
    /// The tasks' scripted customers, one JSON object a line.
    #[arg(long, value_name = "FILE", requires = "tasks")]
    users: Option<PathBuf>,
    /// How the books must look after each task, one JSON object a line.
    #[arg(long, value_name = "FILE", requires = "tasks")]
    gold: Option<PathBuf>,
    /// Scenarios, a YAML file or a folder of them.
    #[arg(long, value_name = "PATH")]
    scenarios: Option<PathBuf>,
    /// The dialogues of the pack's flows/*/tests.yaml.
    #[arg(long)]
    golden: bool,
    /// Play the dialogues of --golden with an API of your own in the place of the stand-in company: at this address, or without one at `backoffice.url` of
    /// the configuration. What they write is really written there: give one that is there for tests.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", requires = "golden", conflicts_with_all = ["database", "company"])]
    backoffice: Option<String>,
    /// Those of these dialogues that dialogues/<tag>.json tells in other languages, in these (`de,sv`), or in `all`. Each conversation is opened in its
    /// language; what is asked, proposed and done is compared, and how many pass with the same ones in the company's own.
    #[arg(long, value_delimiter = ',', value_name = "TAG,TAG")]
    languages: Option<Vec<String>>,
    /// Conversations of each customer; --golden and --languages take one.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    k: u32,
    /// Seed of the differences between the runs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these, by id.
    #[arg(long, value_delimiter = ',', value_name = "ID,ID")]
    only: Vec<String>,
    /// Conversations at once; twice the processors if left out.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Write everything as JSON: figures, and of every task the conversations and what differed.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write every conversation as text, `<id>-<run>.txt`.
    #[arg(long, value_name = "FOLDER")]
    transcripts: Option<PathBuf>,
    /// Print the conversations of this one.
    #[arg(long, value_name = "ID")]
    show: Option<String>,
    /// Run every turn again from what is stored of it, and fail when one does not come out the same.
    #[arg(long)]
    replay: bool,
    /// Fail when a smaller share than this passed, 0 to 1.
    #[arg(long, value_name = "SHARE")]
    min_pass: Option<f64>,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    start_log(&config)?;
    let source = PackSource::find(&options.pack)?;
    let suite = Suite::read(options, &source)?;
    let k = if options.golden || options.languages.is_some() { 1 } else { options.k };
    let scene = match &options.backoffice {
        Some(url) => Scene::Own(OwnApi::of(&config, url)?),
        None => Scene::StandIn(company_seed(options, &source)?),
    };
    let pack = source.parse()?;
    let replayed = options.replay.then(Summary::default);
    let learns = if options.languages.is_some() { Learns::All } else { Learns::Own };
    let stage = Arc::new(Stage::open(&config, pack, (&scene, suite.export()), (learns, replayed)).await?);
    let course =
        Course { k, seed: options.seed, jobs: options.jobs.map(usize::from), weights: None, worlds: String::new() };
    let played = match suite.cases(&options.only) {
        Ok(cases) => play_all(&stage, Arc::new(cases), &course).await,
        Err(error) => Err(error),
    };
    let replayed = match &stage.replayed {
        Some(replayed) => Some(std::mem::take(&mut *replayed.lock().await)),
        None => None,
    };
    stage.close().await;
    let report = Report::new(k, options.seed, played?);
    if let Some(file) = &options.report {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    if let Some(folder) = &options.transcripts {
        table::write_transcripts(folder, &report)?;
    }
    match context.output {
        Output::Json => say_json(&Simulated { report: &report, replay: replayed.as_ref() })?,
        Output::Text => {
            if options.languages.is_some() {
                table::languages(&report);
            }
            table::print(&report, options.show.as_deref());
        }
    }
    if let Some(replayed) = replayed.as_ref().filter(|_| context.output == Output::Text) {
        replay::show(replayed);
    }
    let differs = replayed.is_some_and(|replayed| !replayed.stands());
    let missed = options.min_pass.is_some_and(|share| report.pass_1 < share);
    if missed {
        complain(format_args!(
            "ombud: {:.3} passed, which is less than --min-pass {:.3}",
            report.pass_1,
            options.min_pass.unwrap_or_default()
        ));
    }
    Ok(if missed || differs { Outcome::Failed } else { Outcome::Done })
}

/// The report, with what came of the replays where they were wanted.
#[derive(Serialize)]
struct Simulated<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a Summary>,
}

/// What the company begins with.
fn company_seed(options: &Options, source: &PackSource) -> anyhow::Result<Vec<String>> {
    if let Some(file) = &options.database {
        let file = std::path::absolute(file)?;
        if !file.is_file() {
            bail!("there is no file `{}`, correct --database", file.display());
        }
        return Ok(vec![format!("file:{}", file.display())]);
    }
    if !options.company.is_empty() {
        return Ok(options.company.clone());
    }
    seed_of(source)
}

/// What the company of a pack begins with, as its demo.toml says.
pub(super) fn seed_of(source: &PackSource) -> anyhow::Result<Vec<String>> {
    match source.demo_plan()?.map(|plan| plan.seed).filter(|seed| !seed.is_empty()) {
        Some(seed) => Ok(seed),
        None => bail!(
            "pack `{}` does not say what its company begins with: give --database FILE or --company SEED",
            source.name
        ),
    }
}

/// How all of them are played.
pub(super) struct Course {
    /// Conversations of each customer.
    pub(super) k: u32,
    /// Seed of the differences between the runs.
    pub(super) seed: u64,
    /// Conversations at once; twice the processors if none.
    pub(super) jobs: Option<usize>,
    /// Weights of the context, if not those of the pack.
    pub(super) weights: Option<ContextWeights>,
    /// What the names of the worlds begin with.
    pub(super) worlds: String,
}

/// Plays every customer `k` times, several at once; the results come in the order of the suite.
pub(super) async fn play_all(
    stage: &Arc<Stage>,
    cases: Arc<Vec<Played>>,
    course: &Course,
) -> anyhow::Result<Vec<TaskReport>> {
    let k = course.k;
    let bar = progress(u64::try_from(cases.len()).unwrap_or(u64::MAX).saturating_mul(u64::from(k)));
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let jobs_max = course.jobs.unwrap_or(processors.saturating_mul(2));
    let mut waiting = (0..cases.len()).flat_map(|case| (0..k).map(move |run| (case, run)));
    let mut running: JoinSet<anyhow::Result<(usize, RunResult)>> = JoinSet::new();
    let mut runs: Vec<Vec<RunResult>> = vec![Vec::new(); cases.len()];
    loop {
        while running.len() < jobs_max
            && let Some((case, run)) = waiting.next()
        {
            let (stage, cases) = (Arc::clone(stage), Arc::clone(&cases));
            let world = format!("{}{case}-{run}", course.worlds);
            let job = Job { seed: course.seed, run, world: world.clone(), weights: course.weights };
            running.spawn(async move {
                let Some(played) = cases.get(case) else { bail!("case {case} is not there") };
                let result = played.play(&stage, job).await;
                stage.leave(&world).await?;
                Ok((case, result.with_context(|| format!("`{}`, run {run}", played.id()))?))
            });
        }
        let Some(ended) = running.join_next().await else { break };
        let (case, result) = ended.context("a conversation was not finished")??;
        bar.inc(1);
        if let Some(runs) = runs.get_mut(case) {
            runs.push(result);
        }
    }
    bar.finish_and_clear();
    let reports = cases.iter().zip(runs).map(|(case, mut runs)| {
        runs.sort_by_key(|run| run.run);
        let passed = runs.iter().filter(|run| run.passed).count();
        TaskReport { id: case.id().to_owned(), passed, passes_idle: case.passes_idle(), runs }
    });
    Ok(reports.collect())
}

fn progress(conversations: u64) -> ProgressBar {
    let bar = ProgressBar::new(conversations);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} conversations ({elapsed}, {eta} left)") {
        bar.set_style(style);
    }
    bar
}

/// A file as text.
fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// A conversation on the terminal.
fn show(text: &str) {
    say(format_args!("{text}"));
}
