//! What must hold before a change lands? One list of steps, the same for a developer and for CI.

use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{audit, demo, generate, programs, smoke, test, tidy, web};

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
    Step { name: "browser", about: "the pages in a real browser", run: browser },
    Step { name: "smoke", about: "the demo starts, answers one question and stops", run: smoke::run },
];

/// Runs the steps in order and stops at the first that fails.
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
    let chosen =
        STEPS.iter().filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name));
    let started = Instant::now();
    let mut times = Vec::new();
    for step in chosen {
        say(format_args!("== {}: {}", step.name, step.about));
        let step_started = Instant::now();
        (step.run)(workspace)
            .with_context(|| format!("step `{0}` failed; repeat it with `cargo xtask ci --only {0}`", step.name))?;
        times.push((step.name, step_started.elapsed()));
        say(format_args!("== {} held, {:.0} s", step.name, step_started.elapsed().as_secs_f64()));
    }
    for (name, time) in &times {
        say(format_args!("{name:<8} {:>6.0} s", time.as_secs_f64()));
    }
    say(format_args!("all      {:>6.0} s", started.elapsed().as_secs_f64()));
    // The closing line that test reporters know.
    say(format_args!("ci: {} passed, 0 failed", times.len()));
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
        let mut validate = std::process::Command::new(demo::binary(workspace, "ombud"));
        let folder = format!("packs/{name}");
        programs::run(validate.args(["validate", &folder]).current_dir(&workspace.root))?;
    }
    Ok(())
}

fn browser(workspace: &Workspace) -> anyhow::Result<()> {
    demo::build(workspace)?;
    web::run_script(workspace, "test:browser")
}
