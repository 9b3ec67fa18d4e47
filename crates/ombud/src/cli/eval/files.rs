//! What stands in the files that were named?

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ombud_learning::eval::{FileFault, Line, lines};

/// What `parse` makes of each line of the files, in their order.
pub(super) fn read<T>(files: &[PathBuf], parse: impl Fn(&Line) -> Result<T, FileFault>) -> anyhow::Result<Vec<T>> {
    let mut found = Vec::new();
    for file in files {
        found.extend(read_one(file, |lines| lines.iter().map(&parse).collect())?);
    }
    Ok(found)
}

/// What `parse` makes of all lines of a file.
pub(super) fn read_one<T>(file: &Path, parse: impl Fn(&[Line]) -> Result<Vec<T>, FileFault>) -> anyhow::Result<Vec<T>> {
    let named = || format!("`{}`", file.display());
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", named()))?;
    lines(&text).and_then(|lines| parse(&lines)).with_context(named)
}
