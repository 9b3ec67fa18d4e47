//! What does a developer run before a commit? Every test this machine has the tools for; what was skipped is said.

use clap::Args;

use anyhow::bail;

use crate::postgres::Cluster;
use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{postgres, programs, web};

const POSTGRES_URL: &str = "OMBUD_TEST_POSTGRES_URL";

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Run these Rust tests only; given to the test runner as they are
    #[arg(last = true, value_name = "ARGUMENTS")]
    runner: Vec<String>,
}

/// Runs Rust tests, documentation tests, then lint and unit tests of the web parts.
///
/// # Errors
/// When a test fails; under `CI_DEMANDS_DATA=1` also when something had to be skipped.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let mut skipped = Vec::new();
    if !programs::is_installed("git") {
        bail!("git is not installed: install it, tests read the list of files from it");
    }
    let cluster = start_postgres(&mut skipped)?;
    note_missing_data(workspace, &mut skipped);
    rust_tests(workspace, options, cluster.as_ref())?;
    drop(cluster);
    if options.runner.is_empty() {
        say("documentation tests");
        programs::run(&mut programs::cargo(workspace, &["test", "--workspace", "--doc", "--quiet"]))?;
        web_tests(workspace, &mut skipped)?;
    }
    for what in &skipped {
        say(format_args!("skipped: {what}"));
    }
    if programs::demands_everything() && !skipped.is_empty() {
        bail!("{} part(s) were skipped, and CI_DEMANDS_DATA=1 allows none", skipped.len());
    }
    Ok(())
}

fn start_postgres(skipped: &mut Vec<String>) -> anyhow::Result<Option<Cluster>> {
    if programs::setting(POSTGRES_URL).is_some() {
        return Ok(None);
    }
    match postgres::installed() {
        Some(folder) => {
            let cluster = Cluster::start(&folder)?;
            say(format_args!("PostgreSQL for tests: {}", cluster.url));
            Ok(Some(cluster))
        }
        None => {
            skipped.push(format!(
                "contract tests on PostgreSQL (install Debian's package postgresql, or set {POSTGRES_URL})"
            ));
            Ok(None)
        }
    }
}

fn note_missing_data(workspace: &Workspace, skipped: &mut Vec<String>) {
    let folder = programs::setting("OMBUD_DATA").unwrap_or_else(|| "../shared/data".to_owned());
    if !workspace.has(&folder) {
        skipped.push(format!("tests on public data (no folder `{folder}`; set OMBUD_DATA)"));
    }
}

fn rust_tests(workspace: &Workspace, options: &Options, cluster: Option<&Cluster>) -> anyhow::Result<()> {
    let mut command = if programs::is_installed("cargo-nextest") {
        let mut command = programs::cargo(workspace, &["nextest", "run", "--no-fail-fast"]);
        command.args(if options.runner.is_empty() { &["--workspace"][..] } else { &[] });
        command
    } else {
        say("cargo-nextest is not installed: using `cargo test`, which is slower");
        let mut command = programs::cargo(workspace, &["test", "--no-fail-fast"]);
        command.args(if options.runner.is_empty() { &["--workspace", "--all-targets"][..] } else { &[] });
        command
    };
    if let Some(cluster) = cluster {
        command.env(POSTGRES_URL, &cluster.url);
    }
    programs::run(command.args(&options.runner))
}

fn web_tests(workspace: &Workspace, skipped: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(why) = web::why_not() {
        skipped.push(format!("lint and unit tests of the web parts ({why})"));
        return Ok(());
    }
    for script in ["lint", "test"] {
        say(format_args!("web: {script}"));
        web::run_script(workspace, script)?;
    }
    Ok(())
}
