//! What must hold before a change lands? One list of steps, the same for a developer and for CI.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;

use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{audit, demo, generate, models, programs, smoke, test, tidy, web};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only (repeatable)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and what they check
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> anyhow::Result<()>,
}

/// Cheapest first: most mistakes are found before the first long compile.
const STEPS: &[Step] = &[
    Step { name: "fmt", about: "formatting of the Rust sources", run: fmt },
    Step { name: "tidy", about: "rules of the house that no compiler knows", run: tidy_all },
    Step { name: "audit", about: "advisories, licences, sources and bans of packages", run: audit::run },
    Step { name: "clippy", about: "compiler and clippy, warnings are errors", run: clippy },
    Step { name: "test", about: "all tests, on SQLite and PostgreSQL; lint and unit tests of the web", run: test_all },
    Step { name: "gen", about: "generated files are what the programs print", run: generated },
    Step { name: "packs", about: "`ombud validate` on every pack", run: packs },
    Step {
        name: "dialogues",
        about: "the dialogues of the packs, turn by turn, by meaning and by words alone, each turn replayed",
        run: dialogues,
    },
    Step { name: "browser", about: "the pages in a real browser", run: browser },
    Step { name: "smoke", about: "the demo starts, answers one question and stops", run: smoke::run },
];

/// Runs the steps in order; a step that fails does not keep the later ones from telling what they know.
///
/// # Errors
/// When a step failed; the message says how to repeat it alone.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    if options.list {
        for step in STEPS {
            say(format_args!("{:<8} {}", step.name, step.about));
        }
        return Ok(());
    }
    if let Some(unknown) = options.only.iter().find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        bail!("no step is called `{unknown}`; see `cargo xtask ci --list`");
    }
    let is_chosen = |step: &&Step| options.only.is_empty() || options.only.iter().any(|name| name == step.name);
    let done: Vec<Done> = STEPS.iter().filter(is_chosen).map(|step| run_step(workspace, step)).collect();
    summarize(&done)
}

/// Share of the dialogues that must hold where messages are read by their words alone.
const WORDS_ALONE_MIN: &str = "0.97";

/// A step that ran, and how it ended.
struct Done {
    name: &'static str,
    time: Duration,
    error: Option<anyhow::Error>,
}

fn run_step(workspace: &Workspace, step: &Step) -> Done {
    say(format_args!("== {}: {}", step.name, step.about));
    let started = Instant::now();
    let error = (step.run)(workspace).err();
    let time = started.elapsed();
    match &error {
        None => say(format_args!("== {} held, {:.0} s", step.name, time.as_secs_f64())),
        Some(error) => say(format_args!("== {} FAILED, {:.0} s: {error:#}", step.name, time.as_secs_f64())),
    }
    Done { name: step.name, time, error }
}

fn summarize(done: &[Done]) -> anyhow::Result<()> {
    say("");
    for step in done {
        let end = if step.error.is_some() { "FAILED" } else { "held" };
        say(format_args!("{:<8} {:>6.0} s  {end}", step.name, step.time.as_secs_f64()));
    }
    let all: Duration = done.iter().map(|step| step.time).sum();
    say(format_args!("{:<8} {:>6.0} s", "all", all.as_secs_f64()));
    for step in done {
        if let Some(error) = &step.error {
            say(format_args!("{0}: {error:#}; repeat it with `cargo xtask ci --only {0}`", step.name));
        }
    }
    let failed = done.iter().filter(|step| step.error.is_some()).count();
    // The closing line that test reporters know.
    say(format_args!("ci: {} passed, {failed} failed", done.len() - failed));
    if failed > 0 {
        bail!("{failed} step(s) failed");
    }
    Ok(())
}

fn fmt(workspace: &Workspace) -> anyhow::Result<()> {
    programs::run(&mut programs::cargo(workspace, &["fmt", "--all", "--check"]))
}

fn tidy_all(workspace: &Workspace) -> anyhow::Result<()> {
    tidy::run(workspace, &tidy::Options::default())
}

fn clippy(workspace: &Workspace) -> anyhow::Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    programs::run(&mut programs::cargo(workspace, &arguments))
}

fn test_all(workspace: &Workspace) -> anyhow::Result<()> {
    test::run(workspace, &test::Options::default())
}

fn generated(workspace: &Workspace) -> anyhow::Result<()> {
    generate::run(workspace, &generate::Options { check: true })
}

fn packs(workspace: &Workspace) -> anyhow::Result<()> {
    demo::build(workspace)?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(workspace.path("packs")).context("cannot list `packs`")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if workspace.has(&format!("packs/{name}/pack.toml")) {
            names.push(name);
        }
    }
    if names.is_empty() {
        bail!("no pack in `packs` has a `pack.toml`");
    }
    names.sort();
    for name in names {
        let mut validate = Command::new(demo::binary(workspace, "ombud"));
        let folder = format!("packs/{name}");
        programs::run(validate.args(["validate", &folder]).current_dir(&workspace.root))?;
    }
    Ok(())
}

/// Dialogues that must be held word for word: all of them with the model, nearly all without.
fn dialogues(workspace: &Workspace) -> anyhow::Result<()> {
    demo::build(workspace)?;
    let folder = models::folder(workspace);
    models::fetch(workspace, Some(&folder))?;
    let retail = workspace.path("packs/retail/golden.json").display().to_string();
    for (pack, further) in [("paylater", &[][..]), ("retail", &["--database", &retail])] {
        for (models, min_pass) in [(folder.as_path(), "1"), (Path::new("no-models"), WORDS_ALONE_MIN)] {
            let mut simulate = Command::new(demo::binary(workspace, "ombud"));
            simulate.args([
                "simulate",
                "--golden",
                "--replay",
                "--min-pass",
                min_pass,
                "--pack",
                &format!("packs/{pack}"),
            ]);
            simulate.args(further).env(models::FOLDER, models).current_dir(&workspace.root);
            programs::run(&mut simulate).with_context(|| format!("pack `{pack}`, models in `{}`", models.display()))?;
        }
    }
    Ok(())
}

fn browser(workspace: &Workspace) -> anyhow::Result<()> {
    demo::build(workspace)?;
    web::run_script(workspace, "test:browser")
}
