//! How are other programs run, and how is a missing one told?

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace::Workspace;

/// Runs a program in the root with its output shown; an error names the command line to repeat it with.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = line_of(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a program and gives what it printed to standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let line = line_of(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` did not print UTF-8"))
}

/// The cargo that called us, started in the root.
pub(crate) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(setting("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    command.args(arguments).current_dir(&workspace.root);
    for name in set_by_cargo_for_us() {
        command.env_remove(name);
    }
    command
}

/// What cargo told xtask about itself. Build scripts of some packages (ring) run again when these change, and with them
/// half of the workspace is compiled again at each turn between `cargo build` and `cargo xtask`.
#[expect(clippy::disallowed_methods, reason = "xtask has no configuration of its own; this file is its reader")]
fn set_by_cargo_for_us() -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| is_about_one_package(name)).collect()
}

fn is_about_one_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_PRIMARY_PACKAGE"
}

/// Whether a program of this name is on the `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = setting("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Folder that cargo builds into.
pub(crate) fn target_folder(workspace: &Workspace) -> PathBuf {
    match setting("CARGO_TARGET_DIR") {
        Some(folder) => workspace.root.join(folder),
        None => workspace.path("target"),
    }
}

/// A variable of the environment that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "xtask has no configuration of its own; this file is its reader")]
pub(crate) fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether this run must fail where a developer's run would skip.
pub(crate) fn demands_everything() -> bool {
    setting("CI_DEMANDS_DATA").is_some_and(|value| value == "1")
}

fn line_of(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_xtask_itself_is_not_handed_on() {
        assert!(["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"].into_iter().all(is_about_one_package));
        assert!(!["CARGO", "CARGO_TARGET_DIR", "CARGO_HOME", "PATH"].into_iter().any(is_about_one_package));
    }
}
