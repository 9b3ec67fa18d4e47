//! Which files does a program write? The configuration reference, the OpenAPI documents and the pages of figures, in git so that a change shows.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::demo::{binary, build};
use crate::programs;
use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{evaluate, trust};

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

/// A page that is made of figures that are kept.
struct Page {
    path: &'static str,
    is_fresh: fn(&Workspace) -> anyhow::Result<bool>,
    write: fn(&Workspace) -> anyhow::Result<()>,
}

const PAGES: &[Page] = &[
    Page { path: trust::TABLE, is_fresh: trust::table_is_fresh, write: trust::write_table },
    Page { path: evaluate::PAGE, is_fresh: evaluate::page_is_fresh, write: evaluate::write_page },
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
    for page in PAGES {
        if (page.is_fresh)(workspace)? {
            continue;
        }
        if options.check {
            stale.push(page.path);
        } else {
            (page.write)(workspace)?;
            say(format_args!("wrote {}", page.path));
        }
    }
    if !stale.is_empty() {
        bail!("out of date: {}; run `cargo xtask gen` and commit what it writes", stale.join(", "));
    }
    say(format_args!("gen: {} files are up to date", GENERATED.len() + PAGES.len()));
    Ok(())
}

fn write(workspace: &Workspace, path: &str, text: &str) -> anyhow::Result<()> {
    let file = workspace.path(path);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, text).with_context(|| format!("cannot write `{path}`"))
}
