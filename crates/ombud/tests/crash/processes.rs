//! The processes of a lane: each prints one line when it is open, and is killed, never asked to end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The stand-in lies beside our program when the whole workspace was built.
pub fn stand_in() -> anyhow::Result<Option<PathBuf>> {
    let program = Path::new(env!("CARGO_BIN_EXE_ombud")).with_file_name("ombud-backoffice");
    if program.is_file() {
        return Ok(Some(program));
    }
    if crate::setting("CI_DEMANDS_DATA").is_some() {
        bail!("`{}` is missing, build it first", program.display());
    }
    Ok(None)
}

/// A process that ends with its test, and the first line it printed; none when it died before that.
pub struct Process {
    child: Child,
    pub first_line: Option<String>,
}

impl Process {
    pub async fn start(command: &mut Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
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

    /// Whether it is dead.
    pub fn is_dead(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }
}
