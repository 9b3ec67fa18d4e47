//! Which files does a program write? The configuration reference and the OpenAPI documents, in git so that a change shows.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::demo::{binary, build};
use crate::programs;
use crate::terminal::say;
use crate::trust;
use crate::workspace::Workspace;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Write nothing; fail when a file is not what its program prints
    #[arg(long)]
    pub(crate) check: bool,
}

/// A file and the command that prints it.
struct Generated {
    path: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

const GENERATED: &[Generated] = &[
    Generated { path: "docs/configuration.md", program: "ombud", arguments: &["config-reference"] },
    Generated { path: "schemas/openapi.json", program: "ombud", arguments: &["openapi"] },
    Generated { path: "schemas/backoffice-openapi.json", program: "ombud-backoffice", arguments: &["openapi"] },
];

/// Writes the generated files, or checks that they are up to date.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    build(workspace)?;
    let mut stale = Vec::new();
    for generated in GENERATED {
        let mut command = Command::new(binary(workspace, generated.program));
        let printed = programs::output(command.args(generated.arguments).current_dir(&workspace.root))?;
        let printed = format!("{}\n", printed.trim_end());
        if workspace.has(generated.path) && workspace.read(generated.path)? == printed {
            continue;
        }
        if options.check {
            stale.push(generated.path);
        } else {
            write(workspace, generated.path, &printed)?;
            say(format_args!("wrote {}", generated.path));
        }
    }
    if options.check && !trust::table_is_fresh(workspace)? {
        stale.push(trust::TABLE);
    } else if !options.check {
        trust::write_table(workspace)?;
    }
    if !stale.is_empty() {
        bail!("out of date: {}; run `cargo xtask gen` and commit what it writes", stale.join(", "));
    }
    say(format_args!("gen: {} files are up to date", GENERATED.len() + 1));
    Ok(())
}

fn write(workspace: &Workspace, path: &str, text: &str) -> anyhow::Result<()> {
    let file = workspace.path(path);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, text).with_context(|| format!("cannot write `{path}`"))
}
