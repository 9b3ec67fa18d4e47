//! How are the web parts checked? Through the scripts of `web/package.json`, with Node.

use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, bail};

use crate::programs;
use crate::workspace::Workspace;

const NODE_MAJOR_MIN: u32 = 20;
const MANIFEST: &str = "web/package.json";

/// Whether this checkout has web parts.
pub(crate) fn exists(workspace: &Workspace) -> bool {
    workspace.has(MANIFEST)
}

/// Why Node cannot be used here, or nothing when it can.
pub(crate) fn why_not() -> Option<String> {
    if !programs::is_installed("node") || !programs::is_installed("npm") {
        return Some(format!("Node is not installed: install Node {NODE_MAJOR_MIN} or newer, with npm"));
    }
    let version = programs::output(Command::new("node").arg("--version")).unwrap_or_default();
    let major: Option<u32> =
        version.trim().trim_start_matches('v').split('.').next().and_then(|digits| digits.parse().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => None,
        Some(_) | None => Some(format!("Node {} is too old: install {NODE_MAJOR_MIN} or newer", version.trim())),
    }
}

/// Whether `web/package.json` has a script of this name.
pub(crate) fn has_script(workspace: &Workspace, script: &str) -> anyhow::Result<bool> {
    let manifest: serde_json::Value = serde_json::from_str(&workspace.read(MANIFEST)?)?;
    Ok(manifest.get("scripts").and_then(|scripts| scripts.get(script)).is_some())
}

/// Runs a script of `web/package.json`, after installing its packages if they changed.
pub(crate) fn run_script(workspace: &Workspace, script: &str) -> anyhow::Result<()> {
    if let Some(why) = why_not() {
        bail!(why);
    }
    if !has_script(workspace, script)? {
        bail!("`{MANIFEST}` has no script `{script}`");
    }
    install_packages(workspace)?;
    programs::run(&mut npm(workspace, &["run", "--silent", script]))
}

fn install_packages(workspace: &Workspace) -> anyhow::Result<()> {
    let wanted = changed_at(workspace, "web/package-lock.json").context("`web/package-lock.json` is missing")?;
    let is_fresh = changed_at(workspace, "web/node_modules/.package-lock.json").is_some_and(|at| at >= wanted);
    if is_fresh {
        return Ok(());
    }
    programs::run(&mut npm(workspace, &["ci", "--no-audit", "--no-fund"]))
}

fn changed_at(workspace: &Workspace, path: &str) -> Option<SystemTime> {
    workspace.path(path).metadata().and_then(|facts| facts.modified()).ok()
}

fn npm(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(workspace.path("web"));
    command
}
