//! What stands in the way of serving customers? Every check runs, and each that fails says what to do.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use comfy_table::{Table, presets};
use ombud_domain::TenantId;
use ombud_inference::{KnownModel, MODELS, ModelFault, verify};
use ombud_policy::authorize::APPROVERS_MAX;
use ombud_ports::{Clock as _, LanguageModel as _, ModelRequest};
use ombud_store::Store;
use ombud_store::seal::checkpoints::Checkpoints;
use ombud_turn::Approvers;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::books::check;
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::config::{Config, Ledger};
use crate::packs::PackSource;
use crate::terminal::{say, say_json, spinner};
use crate::wiring::{log_key, model, models_folder, open_store, secret, sqlite_path};

const EXAMPLES: &str = "\
Examples:
  ombud doctor
  ombud doctor --json | jq '.checks[] | select(.state != \"ok\")'";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Do not ask the language model, which may cost money.
    #[arg(long)]
    skip_model: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warning,
    Failed,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    advice: String,
}

/// Time for one flush to disk above which turns are slow, milliseconds.
const FLUSH_MS_SLOW: u128 = 20;
/// Seconds by which clocks may differ.
const SKEW_S_MAX: i64 = 5;
/// 2026-01-01, seconds since the epoch: no right clock is before it.
const CLOCK_S_MIN: i64 = 1_767_225_600;

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let waiting = spinner("checking");
    let checks = checks(context, options).await;
    waiting.finish_and_clear();
    let is_healthy = checks.iter().all(|check| check.state != State::Failed);
    match context.output {
        Output::Json => say_json(&json!({"healthy": is_healthy, "checks": checks}))?,
        Output::Text => say(format_args!("{}", table(&checks))),
    }
    Ok(if is_healthy { Outcome::Done } else { Outcome::Failed })
}

async fn checks(context: &Context, options: &Options) -> Vec<Check> {
    let config = match context.config() {
        Ok(config) => config,
        Err(error) => {
            return vec![failed(
                "configuration",
                error.to_string(),
                "correct it; `ombud config-reference` explains every setting",
            )];
        }
    };
    let mut checks = vec![ok("configuration", "every setting is known".to_owned())];
    checks.push(session(&config));
    checks.push(pack(&config));
    checks.push(approvers(&config));
    checks.extend(database(&config).await);
    checks.push(seal(&config.ledger));
    let (back_office, skew) = back_office(&config).await;
    checks.push(back_office);
    checks.push(clock(skew));
    if !options.skip_model {
        checks.push(language_model(&config).await);
    }
    checks.extend(models(&config));
    checks.push(port(&config).await);
    checks
}

fn ok(name: &'static str, found: String) -> Check {
    Check { name, state: State::Ok, found, advice: String::new() }
}

fn warning(name: &'static str, found: String, advice: &str) -> Check {
    Check { name, state: State::Warning, found, advice: advice.to_owned() }
}

fn failed(name: &'static str, found: String, advice: &str) -> Check {
    Check { name, state: State::Failed, found, advice: advice.to_owned() }
}

fn session(config: &Config) -> Check {
    match config.session.secret.len() {
        0 => failed("session secret", "none".to_owned(), "put one into `session.secret`: `openssl rand -hex 32`"),
        length if length < 32 => {
            failed("session secret", format!("{length} bytes"), "take at least 32 bytes: `openssl rand -hex 32`")
        }
        length => ok("session secret", format!("{length} bytes")),
    }
}

fn pack(config: &Config) -> Check {
    if config.pack.path.is_empty() {
        return failed("pack", "none".to_owned(), "make one with `ombud init` and name it in `pack.path`");
    }
    match PackSource::find(&config.pack.path).and_then(|source| source.parse()) {
        Ok((pack, knowledge)) => ok(
            "pack",
            format!(
                "{}: {} flows, {} actions, {} articles",
                pack.manifest.name,
                pack.flows.len(),
                pack.actions.len(),
                knowledge.articles.len()
            ),
        ),
        Err(error) => failed(
            "pack",
            error.to_string().lines().next().unwrap_or_default().to_owned(),
            "run `ombud validate` on it",
        ),
    }
}

/// Whether there are enough people for what two must approve.
fn approvers(config: &Config) -> Check {
    const NAME: &str = "approvers";
    match config.desk.approvers.iter().collect::<Approvers>().len() {
        people if people < usize::from(APPROVERS_MAX) => warning(
            NAME,
            format!("{people}"),
            "what needs the approval of two waits until its time is over; name people in `desk.approvers`",
        ),
        people => ok(NAME, format!("{people}")),
    }
}

async fn database(config: &Config) -> Vec<Check> {
    let mut money = None;
    let opened = match open_store(config).await {
        Err(error) => {
            failed("database", format!("{error:#}"), "check `database.url`, the folder's rights and the disk")
        }
        Ok(store) => {
            let is_writable = store.accepts_writes();
            money = books(config, &store).await;
            store.shutdown().await;
            if is_writable {
                ok("database", "opens, schema is up to date, accepts writes".to_owned())
            } else {
                failed("database", "refuses writes".to_owned(), "check the disk and the log")
            }
        }
    };
    let mut checks = vec![opened];
    checks.extend(money);
    if let Some(path) = sqlite_path(&config.database.url) {
        checks.push(durability(path));
    }
    checks
}

/// Whether what was moved adds up; only where the pack keeps accounts.
async fn books(config: &Config, store: &Store) -> Option<Check> {
    const NAME: &str = "books";
    let (pack, _) = PackSource::find(&config.pack.path).and_then(|source| source.read()).ok()?;
    if pack.chart.accounts.is_empty() {
        return None;
    }
    let tenant = TenantId(config.pack.tenant.clone());
    Some(match check((store, &tenant), &pack).await {
        Err(error) => failed(NAME, error.to_string(), "check the database"),
        Ok(checked) => match checked.faults().first() {
            Some(fault) => failed(NAME, fault.clone(), "run `ombud books check`, and `ombud prove` for the ledger"),
            None => ok(NAME, format!("{} postings fit, {} movements are open", checked.postings, checked.held)),
        },
    })
}

/// Whether changes of the ledger would show.
fn seal(ledger: &Ledger) -> Check {
    const NAME: &str = "seal";
    let (file, folder) = (Path::new(&ledger.key_file), Path::new(&ledger.checkpoint_folder));
    if ledger.key_file.is_empty() || ledger.checkpoint_folder.is_empty() {
        let advice = "make a key with `ombud keys` and set `ledger.key_file` and `ledger.checkpoint_folder`";
        return warning(NAME, "the ledger is not signed: nothing would show that it was changed".to_owned(), advice);
    }
    let opened = log_key(file).and_then(|key| Ok(Checkpoints::open(folder, key)?));
    match opened {
        Ok(checkpoints) => {
            let leaves = checkpoints.last().map_or(0, |last| last.size);
            ok(NAME, format!("signs as {}, {leaves} leaves so far", checkpoints.verifier().name()))
        }
        Err(error) => failed(NAME, format!("{error:#}"), "give the key and the folder that belong together"),
    }
}

/// How long the disk under the ledger takes to keep something for good.
fn durability(path: &str) -> Check {
    let probe = format!("{path}.doctor-{}", std::process::id());
    let flushed = || -> std::io::Result<u128> {
        let mut file = std::fs::File::create(&probe)?;
        let mut slowest = 0;
        for _ in 0..8 {
            let started = Instant::now();
            file.write_all(&[0; 4_096])?;
            file.sync_data()?;
            slowest = slowest.max(started.elapsed().as_micros());
        }
        Ok(slowest)
    };
    let measured = flushed();
    let _ = std::fs::remove_file(&probe);
    match measured {
        Ok(micros) if micros / 1_000 > FLUSH_MS_SLOW => warning(
            "disk",
            format!("a flush takes up to {} ms", micros / 1_000),
            "every turn waits for a flush; put the database on a local disk",
        ),
        Ok(micros) => ok("disk", format!("a flush takes up to {micros} us")),
        Err(error) => failed("disk", error.to_string(), "the folder of the database must be writable"),
    }
}

/// The company's systems, and by how many seconds their clock is ahead of ours.
async fn back_office(config: &Config) -> (Check, Option<i64>) {
    const NAME: &str = "back office";
    if config.backoffice.url.is_empty() {
        return (failed(NAME, "none".to_owned(), "put the base URL of your systems into `backoffice.url`"), None);
    }
    let started = Instant::now();
    match ombud_connect::probe(&config.backoffice.url, secret(&config.backoffice.token).as_ref()).await {
        Err(error) => {
            (failed(NAME, format!("{}: {error}", config.backoffice.url), "start it, or correct `backoffice.url`"), None)
        }
        Ok(answer) => {
            let skew = answer
                .date
                .as_deref()
                .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
                .map(|date| date.timestamp().as_second() - SystemClock::new().now().0.div_euclid(1_000_000));
            let found = format!(
                "{} answers with {} after {} ms",
                config.backoffice.url,
                answer.status,
                started.elapsed().as_millis()
            );
            let check = match answer.status {
                401 | 403 => failed(NAME, found, "it does not accept `backoffice.token`"),
                500.. => warning(NAME, found, "it is reachable but fails at its base URL"),
                _ => ok(NAME, found),
            };
            (check, skew)
        }
    }
}

fn clock(skew_s: Option<i64>) -> Check {
    let now = SystemClock::new().now();
    let found = now.to_rfc3339();
    if now.0.div_euclid(1_000_000) < CLOCK_S_MIN {
        return failed("clock", found, "the clock is wrong: tokens and due dates depend on it");
    }
    match skew_s {
        Some(skew) if skew.abs() > SKEW_S_MAX => warning(
            "clock",
            format!("{found}, the back office's is {skew} s ahead"),
            "let both machines follow a time server",
        ),
        _ => ok("clock", found),
    }
}

async fn language_model(config: &Config) -> Check {
    const NAME: &str = "model";
    let model = match model(config) {
        Err(error) => return failed(NAME, format!("{error:#}"), "correct `model`"),
        Ok(None) => return ok(NAME, "none: answers are templates and quoted passages".to_owned()),
        Ok(Some(model)) => model,
    };
    let request = ModelRequest {
        instructions: "Answer with the one word: ready".to_owned(),
        input: "Are you ready?".to_owned(),
        tokens_max: 64,
        deadline_ms: config.model.deadline_ms,
    };
    let started = Instant::now();
    match model.complete(&request).await {
        Ok(_) => ok(NAME, format!("{} answers after {} ms", model.name(), started.elapsed().as_millis())),
        Err(error) => failed(
            NAME,
            format!("{}: {error}", model.name()),
            "check `model.url`, `model.key` and `model.name`; until then templates answer",
        ),
    }
}

/// The models that run in this process; nothing needs them to start, and another file than the pinned one is never run.
fn models(config: &Config) -> Vec<Check> {
    const NAME: &str = "local model";
    let folder = match models_folder(config) {
        Ok(folder) => folder,
        Err(error) => return vec![warning(NAME, error.to_string(), "set `models.folder`")],
    };
    let check = |model: &KnownModel| match verify(&folder.join(model.file), model) {
        Ok(()) => ok(NAME, format!("{} is there and the pinned one", model.id)),
        Err(ModelFault::Absent { .. }) => Check {
            advice: "`ombud models fetch` fetches it".to_owned(),
            ..ok(NAME, format!("{} is not there: {}", model.id, model.without))
        },
        Err(fault) => failed(NAME, fault.to_string(), "fetch it again with `ombud models fetch`"),
    };
    MODELS.iter().map(check).collect()
}

async fn port(config: &Config) -> Check {
    const NAME: &str = "port";
    let listen = &config.server.listen;
    match TcpListener::bind(listen).await {
        Ok(_) => ok(NAME, format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => match is_ombud(listen).await {
            true => ok(NAME, format!("{listen} is taken by a running Ombud")),
            false => failed(
                NAME,
                format!("{listen} is taken by another program"),
                "stop it, or choose another `server.listen`",
            ),
        },
        Err(error) => failed(NAME, format!("{listen}: {error}"), "choose another `server.listen`"),
    }
}

async fn is_ombud(listen: &str) -> bool {
    let Ok(api) = ombud_connect::PublicApi::new(&format!("http://{listen}")) else { return false };
    tokio::time::timeout(Duration::from_secs(3), api.health()).await.is_ok_and(|answer| answer.is_ok())
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for check in checks {
        let word = match check.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "FAILED",
        };
        table.add_row([word, check.name, &check.found, &check.advice]);
    }
    table
}
