//! What did a process and its children use? Read from `/proc`, so that server and peers are measured alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Milliseconds of one tick of `/proc/PID/stat`: USER_HZ is 100 on every Linux this runs on (proc_pid_stat(5)).
const TICK_MS: u64 = 10;
/// How long a child may take until it says where it listens.
const START_S_MAX: u64 = 180;
/// How long a child may take to stop when it is asked to, seconds.
const STOP_S_MAX: u64 = 10;

/// Use of a process and its children.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Processor time so far, user and system, milliseconds.
    pub(super) cpu_ms: u64,
    /// Resident memory; what processes share counts once for each.
    pub(super) rss_kib: u64,
}

/// Reads the use of a process and its children; a child that ends meanwhile is left out.
pub(super) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let mut parents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").context("`/proc` is needed to measure a server, use Linux")? {
        let Some(child) = entry.ok().and_then(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) else {
            continue;
        };
        if let Some(parent) = stat(child).and_then(|fields| fields.get(1)?.parse().ok()) {
            parents.entry(parent).or_default().push(child);
        }
    }
    let mut total = Usage::default();
    let mut waiting = vec![pid];
    while let Some(pid) = waiting.pop() {
        waiting.extend(parents.remove(&pid).unwrap_or_default());
        let Some(fields) = stat(pid) else { continue };
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        total.cpu_ms += (number(11) + number(12)) * TICK_MS;
        total.rss_kib += resident_kib(pid);
    }
    Ok(total)
}

/// Fields of `/proc/PID/stat` behind the name: state, parent, ... (proc_pid_stat(5)).
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(ToOwned::to_owned).collect())
}

fn resident_kib(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:")
}

/// The most that was ever resident of a process.
pub(super) fn peak_rss_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Busy and total time of the whole machine, ticks.
pub(super) fn machine() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    let total: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    (total.saturating_sub(idle), total)
}

/// Where a child listens, as it says in its first line.
#[derive(Debug, Deserialize)]
struct Opened {
    url: String,
}

/// A child whose first line says where it listens; its further output goes to nobody.
pub(super) async fn start_and_ask(mut command: Command, log: &Path) -> anyhow::Result<(Child, String)> {
    let file = std::fs::File::create(log).with_context(|| format!("cannot write `{}`", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).kill_on_drop(true);
    let mut child = command.spawn().context("cannot start a process")?;
    let stdout = child.stdout.take().context("a process has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(Duration::from_secs(START_S_MAX), lines.next_line()).await;
    match line {
        Ok(Ok(Some(line))) => {
            let opened: Opened = serde_json::from_str(&line).with_context(|| format!("`{line}` names no address"))?;
            Ok((child, opened.url))
        }
        _ => {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            bail!("a process did not open, see `{}`:\n{}", log.display(), said.trim_end())
        }
    }
}

/// Ends a child at once, as a power cut would.
pub(super) async fn kill(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill().await;
}

/// Ends a group of processes that was started as one: politely, then not.
pub(super) async fn stop_group(child: &mut Child) {
    let Some(leader) = child.id() else { return };
    for signal in ["-TERM", "-KILL"] {
        // Nothing is left of a group that cannot be signalled.
        let _ = Command::new("kill").args([signal, "--", &format!("-{leader}")]).stderr(Stdio::null()).status().await;
        if tokio::time::timeout(Duration::from_secs(STOP_S_MAX), child.wait()).await.is_ok() && signal == "-KILL" {
            return;
        }
    }
}

/// CPU time of the calling thread.
pub(super) fn cpu_of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_use_of_a_process_that_works_grows() {
        let pid = std::process::id();
        let before = usage(pid).unwrap();
        let mut sum = 0_u64;
        while usage(pid).unwrap().cpu_ms < before.cpu_ms + 20 {
            sum = (0..1_000_000_u64).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
        }
        assert!(before.rss_kib > 500, "{before:?} {sum}");
        let (busy, total) = machine();
        assert!(busy > 0 && busy <= total);
    }
}
