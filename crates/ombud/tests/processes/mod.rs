//! Processes of a test: each prints one line when it is open, and is killed, never asked to end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Token of the stand-in.
pub const TOKEN: &str = "company-test-token";

/// A process that ends with its test, and the first line it printed; none when it died before that.
pub struct Process {
    child: Child,
    pub first_line: Option<String>,
}

impl Process {
    pub async fn start(command: &mut Command) -> anyhow::Result<Self> {
        Self::start_with(command, Stdio::null()).await
    }

    /// The same, with what it logs written somewhere.
    pub async fn start_with(command: &mut Command, log: Stdio) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("output")?).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line())
            .await
            .context("the process opens within 60 s")?;
        Ok(Self { child, first_line: line? })
    }

    /// Whether it died by itself within `patience`; otherwise it is killed.
    pub async fn dies_within(mut self, patience: Duration) -> anyhow::Result<bool> {
        if tokio::time::timeout(patience, self.child.wait()).await.is_ok() {
            return Ok(true);
        }
        self.child.kill().await.context("the process can be killed")?;
        Ok(false)
    }
}

/// The stand-in with its story customers, and its address; its clock is `real` or `fixed`. `None` when it was not built.
pub async fn stand_in(clock: &str) -> anyhow::Result<Option<(Process, String)>> {
    let program = Path::new(env!("CARGO_BIN_EXE_ombud")).with_file_name("ombud-backoffice");
    if !program.is_file() {
        use std::io::Write as _;
        if is_demanded() {
            bail!("`{}` is missing, build it first", program.display());
        }
        writeln!(std::io::stdout(), "skipped: `ombud-backoffice` is not built")?;
        return Ok(None);
    }
    let serve = ["serve", "--listen", "127.0.0.1:0", "--seed", "stories", "--clock", clock, "--token", TOKEN];
    let process = Process::start(Command::new(program).args(serve)).await?;
    let line = process.first_line.as_deref().context("the stand-in opens")?;
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).context("an address")?.to_owned();
    Ok(Some((process, url)))
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn is_demanded() -> bool {
    std::env::var_os("CI_DEMANDS_DATA").is_some()
}
