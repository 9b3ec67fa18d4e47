//! What was measured, when last? A report that is kept beside its table, so that the table can be made again from it.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// The report that is kept.
pub(super) const STORED: &str = "docs/trust.json";
/// Where its table stands.
pub(crate) const TABLE: &str = "docs/TRUST.md";
const BEGIN: &str = "<!-- written by `cargo xtask trust --write` -->";
const END: &str = "<!-- end of what is written -->";

/// All that was measured.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// The commit that was measured; `+` behind it when something was changed since.
    pub(super) commit: String,
    pub(super) length: String,
    /// Databases that took part.
    pub(super) databases: String,
    pub(super) results: Vec<Measured>,
}

/// What came of one claim.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) promise: String,
    pub(super) holds: bool,
    /// Tests that passed.
    pub(super) tests: usize,
    /// The tests that show it, by name.
    pub(super) named: Vec<String>,
    /// In short.
    pub(super) figure: String,
    pub(super) n: String,
    pub(super) seed: Option<String>,
    pub(super) data: String,
    /// Lines that the tests printed.
    pub(super) figures: Vec<String>,
    pub(super) seconds: u64,
}

impl Report {
    /// The report for people, in Markdown.
    pub(super) fn table(&self) -> String {
        let mut text = format!("Measured at commit `{}`, {} run, on {}.\n\n", self.commit, self.length, self.databases);
        text.push_str("| claim | figure | n | seed | data | tests |\n|---|---|---|---|---|---|\n");
        for one in &self.results {
            let tests: Vec<String> = one.named.iter().map(|name| format!("`{name}`")).collect();
            let seed = one.seed.as_deref().unwrap_or("none");
            let holds = if one.holds { "" } else { "**does not hold**: " };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {holds}{}: {} | {} | {} | {seed} | {} | {} |",
                one.name,
                one.promise,
                one.figure,
                one.n,
                one.data,
                tests.join(", ")
            );
        }
        text.push_str("\nWhat these tests printed:\n\n```text\n");
        for one in self.results.iter().filter(|one| !one.figures.is_empty()) {
            let _ = writeln!(text, "[{}]", one.name);
            for figure in &one.figures {
                let _ = writeln!(text, "{figure}");
            }
        }
        text.push_str("```\n");
        text
    }

    pub(super) fn keep(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(workspace.path(STORED), text + "\n").with_context(|| format!("cannot write `{STORED}`"))
    }
}

/// Writes the table of the stored report anew.
///
/// # Errors
/// When there is no report, or no place for its table.
pub(crate) fn write_table(workspace: &Workspace) -> anyhow::Result<()> {
    let text = with_table(workspace)?;
    fs::write(workspace.path(TABLE), text).with_context(|| format!("cannot write `{TABLE}`"))
}

/// Whether the table is that of the stored report.
pub(crate) fn table_is_fresh(workspace: &Workspace) -> anyhow::Result<bool> {
    Ok(with_table(workspace)? == workspace.read(TABLE)?)
}

fn with_table(workspace: &Workspace) -> anyhow::Result<String> {
    let stored = workspace.read(STORED)?;
    let report: Report = serde_json::from_str(&stored).with_context(|| format!("`{STORED}` is no report"))?;
    let text = workspace.read(TABLE)?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("`{TABLE}` has no `{BEGIN}`"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("`{TABLE}` has no `{END}`"))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", report.table()))
}
