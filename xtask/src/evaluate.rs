//! How well do the parts read, rank and judge? Runs the evaluations of `docs/evaluation.toml`, keeps their figures and writes the page of them.
//!
//! Start reading at [`plan`]: what is run, and what each figure should come to; [`page`] writes `docs/EVALUATION.md`.

mod goal;
mod page;
mod plan;
mod stored;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::demo::binary;
use crate::terminal::{say, warn};
use crate::workspace::Workspace;
use crate::{models, programs, test};
use goal::judged;
use plan::{DATA, Evaluation, Plan, ROOT};
use stored::{Figure, Kept, STORED, Stored};

/// The page.
pub(crate) const PAGE: &str = "docs/EVALUATION.md";
/// What the figures depend on in this checkout. Words of the page and tools of developers change none.
const MEASURED: &[&str] = &["crates", "packs", "Cargo.lock"];

const EXAMPLES: &str = "\
Examples:
  cargo xtask evaluate --list                     what is measured, and when it was last
  cargo xtask evaluate --only banking77           one evaluation, shown and not kept
  cargo xtask evaluate --only xquad --write       all whose names begin so; their figures are kept and the page is written
  cargo xtask evaluate --write                    everything: half an hour, more where texts were never embedded
  cargo xtask evaluate --only pii --json          what would be kept

What is run, the goals and the words of the page stand in docs/evaluation.toml, the figures in docs/evaluation.json. Figures are kept after each
evaluation, so a run that is broken off loses one. An evaluation that fails, or whose data are not in the folder that OMBUD_DATA names, is told and
keeps its earlier figures with their day. Without --write nothing is written. `cargo xtask gen` writes the page again from what is kept.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Only the evaluation of this name, else those whose names begin so (repeatable)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Keep the figures, and write docs/EVALUATION.md
    #[arg(long)]
    write: bool,
    /// Print what was measured as JSON
    #[arg(long)]
    json: bool,
    /// List the evaluations and when each was measured last; run nothing
    #[arg(long, conflicts_with_all = ["write", "json"])]
    list: bool,
}

/// What every evaluation of a run has in common.
struct Bench {
    program: PathBuf,
    /// Folder of public data.
    data: PathBuf,
    models: PathBuf,
    root: PathBuf,
    commit: String,
    /// The day, in UTC.
    date: String,
}

/// Runs the evaluations, shows their figures beside the goals and the earlier ones, and keeps them if it is asked to.
///
/// # Errors
/// When the plan is wrong, or an evaluation could not be measured; the others are kept all the same.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let (plan, mut stored) = (Plan::read(workspace)?, Stored::read(workspace)?);
    let chosen = plan.chosen(&options.only)?;
    if options.list {
        chosen.iter().for_each(|evaluation| list(evaluation, stored.of(&evaluation.id)));
        return Ok(());
    }
    let bench = Bench::open(workspace)?;
    let ids: Vec<&str> = plan.evaluations.iter().map(|one| one.id.as_str()).collect();
    let (by_hand, chosen): (Vec<&Evaluation>, Vec<&Evaluation>) =
        chosen.into_iter().partition(|evaluation| evaluation.by_hand.is_some());
    let (mut measured, mut failed) = (Vec::new(), Vec::new());
    for (number, evaluation) in (1..).zip(&chosen) {
        let earlier = stored.of(&evaluation.id).cloned();
        let seconds = earlier.as_ref().and_then(|kept| kept.seconds);
        let took = seconds.map(|seconds| format!(", {seconds} s the last time")).unwrap_or_default();
        warn(format_args!("[{number}/{}] {}{took}: {}", chosen.len(), evaluation.id, evaluation.command()));
        match bench.measure(evaluation, &plan) {
            Ok(kept) => {
                if !options.json {
                    show(&plan, &kept, earlier.as_ref());
                }
                stored.put(kept.clone());
                measured.push(kept);
            }
            Err(error) => {
                let kept = earlier.map(|kept| format!("the figures of {} stay", kept.date));
                let kept = kept.unwrap_or_else(|| "there are no earlier figures".to_owned());
                warn(format_args!("  NOT MEASURED, {error:#}; {kept}"));
                failed.push(evaluation.id.as_str());
            }
        }
        if options.write {
            stored.arrange(&ids);
            stored.write(workspace)?;
        }
    }
    if options.json {
        say(serde_json::to_string_pretty(&measured)?);
    }
    for evaluation in by_hand {
        warn(format_args!(
            "{}: run by hand, `{}`; write its figures into {STORED}",
            evaluation.id,
            evaluation.command()
        ));
    }
    if options.write {
        write_page(workspace)?;
        warn(format_args!("wrote {STORED} and {PAGE}"));
    }
    if !failed.is_empty() {
        bail!("{} of {} evaluations were not measured: {}", failed.len(), chosen.len(), failed.join(", "));
    }
    Ok(())
}

fn list(evaluation: &Evaluation, kept: Option<&Kept>) {
    let last = match kept {
        None => "never measured".to_owned(),
        Some(Kept { date, commit, seconds: Some(seconds), .. }) => format!("{date}, commit {commit}, {seconds} s"),
        Some(Kept { date, commit, .. }) => format!("{date}, commit {commit}, by hand"),
    };
    say(format_args!("{:<26} {last:<42} {}", evaluation.id, evaluation.command()));
}

impl Bench {
    fn open(workspace: &Workspace) -> anyhow::Result<Self> {
        let data = programs::setting(test::DATA).unwrap_or_else(|| test::DATA_FOLDER.to_owned());
        let commit = commit(workspace)?;
        let date = programs::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned();
        // Without the pages of the browser, which no evaluation needs.
        programs::run(&mut programs::cargo(workspace, &["build", "--package", "ombud"]))?;
        let models = models::folder(workspace);
        if let Err(error) = models::fetch(workspace, Some(&models)) {
            warn(format_args!("the models are not here, what needs them will not be measured: {error:#}"));
        }
        let (data, root) = (workspace.path(&data), workspace.root.clone());
        Ok(Self { program: binary(workspace, "ombud"), data, models, root, commit, date })
    }

    /// Runs one evaluation and takes its figures.
    ///
    /// # Errors
    /// When its data are not there, the command fails, or does not print a figure that the page shows.
    fn measure(&self, evaluation: &Evaluation, plan: &Plan) -> anyhow::Result<Kept> {
        if let Some(missing) = evaluation.data_files().iter().find(|file| !self.data.join(file).is_file()) {
            bail!("`{missing}` is not in the folder of public data (`{}` names it)", test::DATA);
        }
        let started = Instant::now();
        let mut command = Command::new(&self.program);
        command.arg("eval").args(evaluation.arguments.iter().map(|argument| self.placed(argument))).arg("--json");
        // From an empty place, so that no `ombud.toml` of the developer counts.
        command.env(models::FOLDER, &self.models).current_dir(self.root.join("xtask"));
        // Its complaints, and the bar that shows how far it is, go straight to whoever waits.
        let output =
            command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("`ombud` cannot be started")?;
        if !output.status.success() {
            bail!("the command failed ({}), see above", output.status);
        }
        let printed = stored::figures(&String::from_utf8(output.stdout)?)?;
        Ok(Kept {
            id: evaluation.id.clone(),
            command: evaluation.command(),
            data: evaluation.data_files(),
            commit: self.commit.clone(),
            date: self.date.clone(),
            seconds: Some(started.elapsed().as_secs()),
            figures: plan.shown(&evaluation.id, &printed)?,
        })
    }

    fn placed(&self, argument: &str) -> String {
        let within = |folder: &Path, rest: &str| folder.join(rest).display().to_string();
        match (argument.strip_prefix(DATA), argument.strip_prefix(ROOT)) {
            (Some(rest), _) => within(&self.data, rest),
            (_, Some(rest)) => within(&self.root, rest),
            _ => argument.to_owned(),
        }
    }
}

/// The commit that changed what is measured last; `+` behind it when something of that was changed since.
fn commit(workspace: &Workspace) -> anyhow::Result<String> {
    let git = |arguments: &[&str]| {
        programs::output(Command::new("git").args(arguments).arg("--").args(MEASURED).current_dir(&workspace.root))
    };
    let last = git(&["log", "-1", "--format=%h", "--abbrev=12"])?;
    let changed = git(&["status", "--porcelain"])?;
    Ok(format!("{}{}", last.trim(), if changed.trim().is_empty() { "" } else { "+" }))
}

/// Shows the figures that the page has, beside the earlier ones.
fn show(plan: &Plan, kept: &Kept, earlier: Option<&Kept>) {
    for row in plan.rows().filter(|row| row.evaluation == kept.id) {
        let Some((figure, matched)) = kept.figure(&row.figure) else { continue };
        let goal = row.goal.map(|goal| format!(", goal {goal}")).unwrap_or_default();
        let before = earlier.and_then(|kept| kept.figure(&row.figure)).map(|(figure, _)| figure);
        let change = before.map(|before| change(before, figure)).unwrap_or_default();
        let value = judged(figure.value, row.goal, row.digits).replace("**", "");
        say(format_args!(
            "  {}: {value}{goal}{change} (n = {}, seed = {})",
            row.title.replace("{*}", matched),
            figure.n,
            figure.seed
        ));
    }
}

fn change(before: &Figure, now: &Figure) -> String {
    let moved = now.value - before.value;
    if moved == 0.0 { ", as before".to_owned() } else { format!(", {moved:+.4} since the last time") }
}

/// Writes the page anew from the figures that are kept.
///
/// # Errors
/// When there is no plan, or it wants a figure that is not kept.
pub(crate) fn write_page(workspace: &Workspace) -> anyhow::Result<()> {
    fs::write(workspace.path(PAGE), made(workspace)?).with_context(|| format!("cannot write `{PAGE}`"))
}

/// Whether the page is what is made of the plan and the figures that are kept.
pub(crate) fn page_is_fresh(workspace: &Workspace) -> anyhow::Result<bool> {
    Ok(workspace.has(PAGE) && made(workspace)? == workspace.read(PAGE)?)
}

fn made(workspace: &Workspace) -> anyhow::Result<String> {
    page::page(&Plan::read(workspace)?, &Stored::read(workspace)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench() -> Bench {
        Bench {
            program: "/nowhere/ombud".into(),
            data: "/nowhere/data".into(),
            models: "/nowhere/models".into(),
            root: "/nowhere/here".into(),
            commit: "def".to_owned(),
            date: "2026-11-29".to_owned(),
        }
    }

    #[test]
    fn missing_data_are_named_and_nothing_is_run() {
        let plan = Plan::parse(plan::tests::PLAN).unwrap();
        let error = bench().measure(plan.evaluation("a").unwrap(), &plan).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a/dev/train.jsonl` is not in the folder of public data (`OMBUD_DATA` names it)"
        );
    }

    #[test]
    fn files_are_placed_in_their_folders() {
        let bench = bench();
        assert_eq!(bench.placed("{data}/a/dev/train.jsonl"), "/nowhere/data/a/dev/train.jsonl");
        assert_eq!(bench.placed("{root}/packs/base"), "/nowhere/here/packs/base");
        assert_eq!(bench.placed("--seed"), "--seed");
    }
}
