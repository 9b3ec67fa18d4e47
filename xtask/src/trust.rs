//! What is promised, and what shows it? Runs the tests and measurements behind `docs/TRUST.md`, and writes down the figures that they print.
//!
//! Start reading at [`claims`]: what is promised, by which test, and which printed lines are its figures.

mod claims;
mod portions;
mod report;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use crate::demo::build;
use crate::postgres::{self, Cluster};
use crate::terminal::{say, warn};
use crate::workspace::Workspace;
use crate::{programs, test};
use claims::{CLAIMS, Claim, Length, Run};
use portions::Pace;
use report::{Measured, Report};

pub(crate) use report::{TABLE, table_is_fresh, write_table};

#[derive(Args)]
pub(crate) struct Options {
    /// 10,000 hostile sessions and 2,000 kills instead of 60 of each; takes hours, goes on where it was broken off, and says how many there were
    #[arg(long)]
    long: bool,
    /// Begin nothing more after so many minutes; the next run of the same commit goes on from there
    #[arg(long, value_name = "N", requires = "long")]
    minutes: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Keep the report, and write its table into docs/TRUST.md
    #[arg(long)]
    write: bool,
    /// Only these claims (repeatable); they are not kept
    #[arg(long, value_name = "CLAIM", conflicts_with = "write")]
    only: Vec<String>,
}

/// Runs what stands behind each claim.
///
/// # Errors
/// When a test fails, is not there any more, or does not print its figures.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    if let Some(unknown) = options.only.iter().find(|name| !CLAIMS.iter().any(|claim| claim.name == **name)) {
        let names: Vec<&str> = CLAIMS.iter().map(|claim| claim.name).collect();
        bail!("no claim is called `{unknown}`, there are: {}", names.join(", "));
    }
    let length = if options.long { Length::Long } else { Length::Short };
    let commit = commit(workspace)?;
    let mut pace = Pace::new(workspace, &commit, options.minutes)?;
    build(workspace)?;
    let cluster = postgres::installed().map(|folder| Cluster::start(&folder)).transpose()?;
    let mut results = Vec::new();
    let mut failed = Vec::new();
    for claim in
        CLAIMS.iter().filter(|claim| options.only.is_empty() || options.only.iter().any(|one| one == claim.name))
    {
        warn(format_args!("{}: {}", claim.name, claim.promise));
        let measured = measure(workspace, claim, (length, &mut pace), cluster.as_ref())?;
        warn(format_args!("  {} in {} s", if measured.holds { "holds" } else { "FAILED" }, measured.seconds));
        if !measured.holds {
            failed.push(claim.name);
        }
        results.push(measured);
    }
    let databases = if cluster.is_some() { "SQLite and PostgreSQL" } else { "SQLite alone" };
    drop(cluster);
    let length = length.name().to_owned();
    let report = Report { commit, length, databases: databases.to_owned(), results };
    if options.json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        say(report.table());
    }
    if !failed.is_empty() {
        bail!("{} of {} claims do not hold: {}", failed.len(), report.results.len(), failed.join(", "));
    }
    if options.write {
        report.keep(workspace)?;
        write_table(workspace)?;
        say(format_args!("wrote {} and its table in {TABLE}", report::STORED));
    }
    Ok(())
}

/// Runs a claim's tests and takes its figures out of what they print.
fn measure(
    workspace: &Workspace,
    claim: &Claim,
    (length, pace): (Length, &mut Pace),
    cluster: Option<&Cluster>,
) -> anyhow::Result<Measured> {
    let started = Instant::now();
    let mut values = BTreeMap::new();
    let (mut tests, mut holds, mut figures) = (0, true, Vec::new());
    for run in claim.runs {
        if let Some(portion) = run.portion.as_ref().filter(|_| length == Length::Long) {
            let whole = pace.run(claim, (run, portion), &mut |settings| {
                let mut command = command(workspace, run, length, cluster);
                printed(command.envs(settings.iter().map(|(name, value)| (name, value))))
            })?;
            holds &= whole.holds;
            tests += run.tests.len();
            figures.extend(whole.figures(claim));
            values.extend(whole.values);
            continue;
        }
        let (printed, succeeded) = printed(&mut command(workspace, run, pace.length(length), cluster))?;
        let passed = passed(&printed);
        // A test that was renamed is filtered out, and nothing would be shown by it.
        let is_there = passed >= run.tests.len();
        holds &= succeeded && is_there;
        tests += passed;
        if !succeeded || !is_there {
            warn(format_args!("{printed}\n  {passed} of at least {} tests of {} passed", run.tests.len(), run.package));
        }
        for line in printed.lines() {
            for figure in claim.figures {
                if let Some(found) = figures_of(figure, line) {
                    figures.extend(
                        from_figure(figure, line).map(ToOwned::to_owned).filter(|line| !figures.contains(line)),
                    );
                    values.extend(found);
                }
            }
        }
    }
    let figure = filled(claim.figure, &values);
    if figure.contains('{') {
        warn(format_args!("  a value of `{figure}` was not printed as `xtask/src/trust/claims.rs` has it"));
        holds = false;
    }
    let (n, seed) = (values.get("n").cloned(), values.get("seed").cloned());
    Ok(Measured {
        name: claim.name.to_owned(),
        promise: claim.promise.to_owned(),
        holds,
        tests,
        named: claim.runs.iter().flat_map(|run| run.tests).map(|name| (*name).to_owned()).collect(),
        figure,
        n: n.unwrap_or_else(|| tests.to_string()),
        seed,
        data: claim.data.to_owned(),
        figures,
        seconds: started.elapsed().as_secs(),
    })
}

fn command(workspace: &Workspace, run: &Run, length: Length, cluster: Option<&Cluster>) -> Command {
    let data = programs::setting(test::DATA).unwrap_or_else(|| test::DATA_FOLDER.to_owned());
    let mut arguments = vec![];
    match run.target.split_once(' ') {
        Some(("example", name)) => {
            arguments.extend(["run", "--quiet", "-p", run.package, "--example", name, "--", data.as_str()]);
        }
        Some(("test", name)) => arguments.extend(["test", "-p", run.package, "--test", name]),
        _ => arguments.extend(["test", "-p", run.package, "--lib"]),
    }
    if !run.tests.is_empty() {
        arguments.extend(["--", "--nocapture"]);
        arguments.extend(run.tests);
    }
    let mut command = programs::cargo(workspace, &arguments);
    command.env(test::DATA, workspace.path(&data));
    for setting in run.settings {
        command.env(setting.name, length.of(setting));
    }
    if let Some(cluster) = cluster {
        command.env(test::POSTGRES_URL, &cluster.url);
    }
    command
}

/// What a command prints, and whether it succeeded.
fn printed(command: &mut Command) -> anyhow::Result<(String, bool)> {
    let output = command.stdin(Stdio::null()).output().context("cannot start cargo")?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    Ok((text, output.status.success()))
}

/// How many tests passed, by the closing lines of the test runner.
fn passed(printed: &str) -> usize {
    let counts = printed.lines().filter_map(|line| figures_of("test result: ok. {passed} passed; {rest}", line.trim()));
    counts.filter_map(|found| found.get("passed")?.parse::<usize>().ok()).sum()
}

/// The values that stand in a line where a figure has `{names}`; none when the line is another one.
fn figures_of(figure: &str, line: &str) -> Option<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    let (mut rest, mut figure) = (from_figure(figure, line)?, figure);
    while let Some((before, after)) = figure.split_once('{') {
        rest = rest.strip_prefix(before)?;
        let (name, behind) = after.split_once('}')?;
        let next = behind.split('{').next().unwrap_or_default();
        let end = if next.is_empty() { rest.len() } else { rest.find(next)? };
        values.insert(name.to_owned(), rest.get(..end)?.to_owned());
        rest = rest.get(end..)?;
        figure = behind;
    }
    (rest == figure).then_some(values)
}

/// A text with values in the place of their `{names}`; a name without a value stays.
fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A line from where a figure can begin: test runners print before it what they like.
fn from_figure<'l>(figure: &str, line: &'l str) -> Option<&'l str> {
    let first = figure.split('{').next().unwrap_or_default();
    line.get(line.find(first)?..).map(str::trim_end)
}

/// The commit that was measured; `+` when something was changed since.
fn commit(workspace: &Workspace) -> anyhow::Result<String> {
    let git = |arguments: &[&str]| programs::output(Command::new("git").args(arguments).current_dir(&workspace.root));
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Ok(format!("{}{}", head.trim(), if changed.trim().is_empty() { "" } else { "+" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_where_the_figure_has_names() {
        let figure = "hijacked model: {n} sessions (seed {seed}), {rest}";
        let found = figures_of(figure, "hijacked model: 60 sessions (seed 1), 500 turns").unwrap();
        assert_eq!((found["n"].as_str(), found["seed"].as_str(), found["rest"].as_str()), ("60", "1", "500 turns"));
        assert_eq!(figures_of(figure, "faithful model: 60 sessions (seed 1), 500 turns"), None);
        assert_eq!(figures_of("{n} flips", "12 flips, all found"), None, "the end counts too");
        assert_eq!(figures_of("seed {seed}", "test tamper ... seed 7").unwrap()["seed"], "7", "wherever it stands");
    }

    #[test]
    fn tests_are_counted_by_the_runners_own_words() {
        let printed =
            "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\nx\ntest result: ok. 3 passed; 0 failed";
        assert_eq!(passed(printed), 5);
        assert_eq!(passed("test result: FAILED. 2 passed; 1 failed"), 0);
    }

    /// R100.
    #[test]
    fn every_claim_has_a_name_of_its_own_and_something_that_shows_it() {
        let names: std::collections::BTreeSet<&str> = CLAIMS.iter().map(|claim| claim.name).collect();
        assert_eq!(names.len(), CLAIMS.len());
        for claim in CLAIMS {
            let names = |text: &str| {
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect::<Vec<_>>()
            };
            let printed: Vec<String> = claim.figures.iter().flat_map(|figure| names(figure)).collect();
            assert!(names(claim.figure).iter().all(|name| printed.contains(name)), "{}: {}", claim.name, claim.figure);
            assert!(claim.runs.iter().any(|run| !run.tests.is_empty()) || !claim.figures.is_empty(), "{}", claim.name);
        }
    }
}
