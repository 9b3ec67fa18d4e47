//! The fictional company of the demo: its process, its customers, and what it "sent".

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use ombud_connect::BackOfficeAdmin;
use ombud_connect::back_office_admin::AdminError;
use ombud_http::{DemoCompany, DemoError};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

/// The program that stands in for the company's systems.
const PROGRAM: &str = "ombud-backoffice";
/// How long it may take to generate its world.
const START_S_MAX: u64 = 120;
/// How long it may take to stop.
const STOP_S_MAX: u64 = 5;
/// Customers shown in the selector.
const SHOWN_MAX: usize = 200;
/// Customers one may sign in as.
const KNOWN_MAX: usize = 100_000;
/// How long the list of customers is kept, seconds.
const KNOWN_S: u64 = 60;

/// A running stand-in that stops with us.
pub(crate) struct CompanyProcess {
    /// Where it listens.
    pub(crate) url: String,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl CompanyProcess {
    /// Starts the program that lies beside ours on a free port of the loopback address and waits until it is open.
    pub(crate) async fn start(data: &Path, seed: &[String], token: &str) -> anyhow::Result<Self> {
        Self::launch(data, seed, token, "real").await
    }

    /// The same, but always at the same moment, so that what it tells can be repeated.
    pub(crate) async fn start_in_still_time(data: &Path, seed: &[String], token: &str) -> anyhow::Result<Self> {
        Self::launch(data, seed, token, "fixed").await
    }

    async fn launch(data: &Path, seed: &[String], token: &str, clock: &str) -> anyhow::Result<Self> {
        let program = program()?;
        let log_path = data.join("backoffice.log");
        let log = std::fs::File::create(&log_path).with_context(|| format!("cannot write `{}`", log_path.display()))?;
        let mut command = Command::new(&program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--token", token, "--clock", clock, "--db"])
            .arg(data.join("backoffice.db"));
        for seed in seed {
            command.args(["--seed", seed]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start `{}`", program.display()))?;
        let stdout = child.stdout.take().context("the back office has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let opened = tokio::time::timeout(Duration::from_secs(START_S_MAX), address(&mut lines)).await;
        match opened {
            Ok(Some(url)) => Ok(Self { url, child, lines }),
            Ok(None) => bail!(
                "`{PROGRAM}` stopped before it opened, see `{}`:\n{}",
                log_path.display(),
                std::fs::read_to_string(&log_path).unwrap_or_default().trim_end()
            ),
            Err(_) => bail!("`{PROGRAM}` did not open within {START_S_MAX} s, see `{}`", log_path.display()),
        }
    }

    /// Waits until it ends by itself, reading what it prints so that it never waits for us.
    pub(crate) async fn ended(&mut self) -> String {
        while let Ok(Some(line)) = self.lines.next_line().await {
            tracing::debug!(line, "back office");
        }
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Stops it.
    pub(crate) async fn stop(&mut self) {
        // It may have ended already, by the same Ctrl-C.
        let _ = self.child.start_kill();
        let _ = tokio::time::timeout(Duration::from_secs(STOP_S_MAX), self.child.wait()).await;
    }
}

fn program() -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe().context("cannot find this program's own folder")?.with_file_name(PROGRAM);
    if beside.is_file() {
        return Ok(beside);
    }
    bail!(
        "`{}` is missing: build it with `cargo build -p {PROGRAM}`, or name a running one with `--backoffice URL`",
        beside.display()
    )
}

/// The address out of "back office listens on http://127.0.0.1:1234 (...)".
async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
            return Some(url.trim_end_matches('/').to_owned());
        }
    }
    None
}

/// The company as the demo's paths see it.
pub(crate) struct Directory {
    admin: BackOfficeAdmin,
    known: Mutex<Option<(Instant, Vec<Value>)>>,
}

impl Directory {
    /// A directory over the company's administration.
    pub(crate) fn new(admin: BackOfficeAdmin) -> Self {
        Self { admin, known: Mutex::new(None) }
    }
}

#[async_trait]
impl DemoCompany for Directory {
    async fn customers(&self) -> Result<Vec<Value>, DemoError> {
        self.admin.customers(SHOWN_MAX).await.map(list).map_err(failed)
    }

    async fn customer(&self, id: &str) -> Result<Option<Value>, DemoError> {
        let find = |customers: &[Value]| {
            customers.iter().find(|customer| customer.get("id").and_then(Value::as_str) == Some(id)).cloned()
        };
        let mut known = self.known.lock().await;
        if let Some((_, customers)) = known.as_ref().filter(|(read, _)| read.elapsed() < Duration::from_secs(KNOWN_S)) {
            return Ok(find(customers));
        }
        let customers = self.admin.customers(KNOWN_MAX).await.map(list).map_err(failed)?;
        let found = find(&customers);
        *known = Some((Instant::now(), customers));
        Ok(found)
    }

    async fn outbox(&self, customer_id: Option<&str>) -> Result<Vec<Value>, DemoError> {
        match customer_id {
            Some(id) => self.admin.outbox(id).await.map(list).map_err(failed),
            // A stand-in that only shows one customer's messages shows none when nobody is named.
            None => match self.admin.get("/admin/outbox").await {
                Err(AdminError::Status { status: 400, .. }) => Ok(Vec::new()),
                answer => answer.map(list).map_err(failed),
            },
        }
    }
}

fn list(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn failed(error: AdminError) -> DemoError {
    DemoError(Box::new(error))
}
