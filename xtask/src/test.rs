//! What does a developer run before a commit? Every test this machine has the tools for; what was skipped is said.

use std::process::Command;

use anyhow::bail;
use clap::Args;

use crate::postgres::Cluster;
use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{models, postgres, programs, web};

/// Names the folder of public data.
pub(crate) const DATA: &str = "OMBUD_DATA";
/// Where it is looked for if it is not named.
pub(crate) const DATA_FOLDER: &str = "../shared/data";
pub(crate) const POSTGRES_URL: &str = "OMBUD_TEST_POSTGRES_URL";
/// How many tests nextest runs at the same time.
const THREADS: &str = "NEXTEST_TEST_THREADS";

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
    rust_tests(workspace, options, cluster.as_ref(), &mut skipped)?;
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
    let folder = programs::setting(DATA).unwrap_or_else(|| DATA_FOLDER.to_owned());
    if !workspace.has(&folder) {
        skipped.push(format!("tests on public data (no folder `{folder}`; set OMBUD_DATA)"));
    }
}

fn rust_tests(
    workspace: &Workspace,
    options: &Options,
    cluster: Option<&Cluster>,
    skipped: &mut Vec<String>,
) -> anyhow::Result<()> {
    // Everything is built first: the program that fetches the model is one of the things that are tested.
    programs::run(runner(workspace, "--no-run").args(chosen(options)))?;
    let models = models::folder(workspace);
    if let Err(error) = models::fetch(workspace, Some(&models)) {
        skipped.push(format!("tests on the embedding model ({error:#})"));
    }
    let mut command = runner(workspace, "--no-fail-fast");
    command.args(chosen(options)).env(models::FOLDER, &models);
    if programs::setting(THREADS).is_none() {
        command.env(THREADS, threads().to_string());
    }
    if let Some(cluster) = cluster {
        command.env(POSTGRES_URL, &cluster.url);
    }
    programs::run(&mut command)
}

/// Half as many again as there are cores: tests with real servers and kills wait for a good part of their time.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores + cores.div_ceil(2)
}

/// The test runner that is installed.
fn runner(workspace: &Workspace, how: &str) -> Command {
    match programs::is_installed("cargo-nextest") {
        true => programs::cargo(workspace, &["nextest", "run", how]),
        false => programs::cargo(workspace, &["test", how]),
    }
}

/// Which tests, for the runner that is installed.
fn chosen(options: &Options) -> Vec<&str> {
    if !options.runner.is_empty() {
        return options.runner.iter().map(String::as_str).collect();
    }
    if programs::is_installed("cargo-nextest") {
        return vec!["--workspace"];
    }
    say("cargo-nextest is not installed: using `cargo test`, which is slower");
    vec!["--workspace", "--all-targets"]
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
