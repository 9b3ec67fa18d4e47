//! Is a package known to be unsafe? Compares the lock file with RustSec's advisories, kept as plain files.
//!
//! Why not cargo-audit or cargo-deny: docs/decisions tells.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use semver::{Comparator, Op, Version, VersionReq};
use serde::Deserialize;

use super::rules::Rules;
use super::{Findings, Metadata};
use crate::programs;
use crate::workspace::Workspace;

const DEFAULT_FOLDER: &str = "../shared/advisory-db";

#[derive(Deserialize)]
struct File {
    advisory: Advisory,
    versions: Versions,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    #[serde(default)]
    withdrawn: Option<toml::Value>,
    /// `unmaintained`, `unsound` or `notice`; nothing for a vulnerability.
    #[serde(default)]
    informational: Option<String>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

/// Folder of the advisory database, if there is one.
pub(super) fn folder(workspace: &Workspace) -> Option<PathBuf> {
    let named = programs::setting("OMBUD_ADVISORY_DB").unwrap_or_else(|| DEFAULT_FOLDER.to_owned());
    let folder = workspace.path(&named).join("crates");
    folder.is_dir().then_some(folder)
}

/// Vulnerable and unsound packages are errors; unmaintained ones are warnings, since nobody can patch them in a day.
pub(super) fn check(folder: &Path, metadata: &Metadata, rules: &Rules) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let mut used = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        let Ok(files) = fs::read_dir(folder.join(&package.name)) else {
            continue;
        };
        for file in files {
            let path = file?.path();
            let text = fs::read_to_string(&path)?;
            let file = File::parse(&text).with_context(|| format!("cannot read `{}`", path.display()))?;
            if !file.affects(&package.version) {
                continue;
            }
            let Advisory { id, informational, .. } = file.advisory;
            let kind = informational.as_deref().unwrap_or("vulnerable");
            let line = format!("`{} {}` is {kind}: {id}", package.name, package.version);
            if let Some(ignored) = rules.advisories.ignore.iter().find(|ignored| ignored.id == id) {
                findings.warnings.push(format!("{line} (accepted: {})", ignored.reason));
                used.push(id);
            } else if matches!(kind, "vulnerable" | "unsound") {
                findings.errors.push(line);
            } else {
                findings.warnings.push(line);
            }
        }
    }
    let stale = rules.advisories.ignore.iter().filter(|ignored| !used.contains(&ignored.id));
    findings.errors.extend(stale.map(|ignored| format!("deny.toml accepts {}, which no longer applies", ignored.id)));
    Ok(findings)
}

impl File {
    /// Reads the TOML block that an advisory begins with.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let block = text.split_once("```toml").and_then(|(_, rest)| rest.split_once("```"));
        let (block, _) = block.context("the advisory has no TOML block")?;
        Ok(toml::from_str(block)?)
    }

    fn affects(&self, version: &Version) -> bool {
        let mut safe = self.versions.patched.iter().chain(&self.versions.unaffected);
        self.advisory.withdrawn.is_none() && !safe.any(|range| holds(range, version))
    }
}

/// Whether the version lies in the range; pre-releases are ordered like any other version, as advisories mean them.
fn holds(range: &VersionReq, version: &Version) -> bool {
    if version.pre.is_empty() {
        return range.matches(version);
    }
    range.comparators.iter().all(|comparator| {
        let bound = Version {
            major: comparator.major,
            minor: comparator.minor.unwrap_or(0),
            patch: comparator.patch.unwrap_or(0),
            pre: comparator.pre.clone(),
            build: semver::BuildMetadata::EMPTY,
        };
        match comparator.op {
            Op::Greater => *version > bound,
            Op::GreaterEq => *version >= bound,
            Op::Less => *version < bound,
            Op::LessEq => *version <= bound,
            _ => *version >= bound && release_holds(comparator, version),
        }
    })
}

fn release_holds(comparator: &Comparator, version: &Version) -> bool {
    comparator.matches(&Version::new(version.major, version.minor, version.patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affects(versions: &str, advisory: &str, version: &str) -> bool {
        let text = format!("```toml\n[advisory]\nid = \"X-1\"\n{advisory}\n[versions]\n{versions}\n```\n# Title\n");
        File::parse(&text).unwrap().affects(&version.parse().unwrap())
    }

    #[test]
    fn versions_before_the_patch_are_affected() {
        let versions = "patched = [\">= 1.2.3\"]\nunaffected = [\"< 1.0.0\"]";
        assert!(affects(versions, "", "1.2.2"));
        assert!(!affects(versions, "", "1.2.3"));
        assert!(!affects(versions, "", "0.9.0"));
    }

    #[test]
    fn a_pre_release_of_the_patch_is_affected_and_a_later_one_is_not() {
        let versions = "patched = [\">= 2.0.0\"]";
        assert!(affects(versions, "", "2.0.0-rc.1"));
        assert!(!affects(versions, "", "2.1.0-rc.1"));
    }

    #[test]
    fn a_later_line_does_not_hide_in_a_caret_range() {
        let versions = "patched = [\"^1.2.3\"]";
        assert!(!affects(versions, "", "1.4.0"));
        assert!(affects(versions, "", "2.0.0"));
        assert!(affects(versions, "", "2.0.0-rc.1"));
    }

    #[test]
    fn withdrawn_advisories_affect_nobody() {
        assert!(!affects("patched = []", "withdrawn = \"2024-01-01\"", "1.0.0"));
        assert!(affects("patched = []", "", "1.0.0"));
    }
}
