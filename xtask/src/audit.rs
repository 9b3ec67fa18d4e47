//! What do we depend on, and may we? Advisories, licences, sources, bans and a budget of packages for each crate.
//!
//! Reads `deny.toml`, so that cargo-deny, where it is installed, and this command follow the same rules.

mod advisories;
mod budgets;
mod licences;
mod rules;

use anyhow::bail;
use serde::Deserialize;

use crate::programs;
use crate::terminal::{say, warn};
use crate::workspace::Workspace;

/// The parts of `cargo metadata` that the checks read.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: semver::Version,
    license: Option<String>,
    /// Where it comes from; nothing for crates of ours.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    /// `dev`, `build`, or nothing for a normal dependency.
    kind: Option<String>,
}

/// What a check found.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Checks all packages in the lock file.
///
/// # Errors
/// When a package breaks a rule of `deny.toml` or has an advisory that is neither patched nor listed there with a reason.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let rules = rules::Rules::parse(&workspace.read("deny.toml")?)?;
    let printed = programs::output(&mut programs::cargo(workspace, &["metadata", "--format-version=1", "--locked"]))?;
    let metadata: Metadata = serde_json::from_str(&printed)?;
    let mut findings = rules.check_origins(&metadata);
    findings.errors.extend(licences::check(&metadata, &rules)?);
    findings.errors.extend(budgets::check(&metadata));
    match advisories::folder(workspace) {
        Some(folder) => {
            let found = advisories::check(&folder, &metadata, &rules)?;
            findings.errors.extend(found.errors);
            findings.warnings.extend(found.warnings);
        }
        None if programs::demands_everything() => {
            findings.errors.push("no advisory database: set OMBUD_ADVISORY_DB to a checkout of RustSec's".to_owned());
        }
        None => say("skipped: advisories (set OMBUD_ADVISORY_DB to a checkout of RustSec's database)"),
    }
    for warning in &findings.warnings {
        warn(format_args!("warning: {warning}"));
    }
    for error in &findings.errors {
        warn(format_args!("error: {error}"));
    }
    if !findings.errors.is_empty() {
        bail!("the audit found {} problem(s)", findings.errors.len());
    }
    say(format_args!("audit: {} packages hold the rules of deny.toml", metadata.packages.len()));
    Ok(())
}
