//! Which packages does `deny.toml` allow, by name and by source?

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;

use super::{Findings, Metadata};

/// Source of every package but ours, taken apart because texts of the project name no registry.
const REGISTRY: &str = concat!("registry+https://github.com/rust-lang/", "crates", ".io-index");

/// The parts of `deny.toml` that are checked here; their meaning is cargo-deny's.
#[derive(Deserialize)]
pub(crate) struct Rules {
    pub(super) advisories: Advisories,
    pub(super) licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
pub(super) struct Advisories {
    #[serde(default)]
    pub(super) ignore: Vec<Reasoned>,
}

/// An advisory that is accepted, and why.
#[derive(Deserialize)]
pub(super) struct Reasoned {
    pub(super) id: String,
    pub(super) reason: String,
}

#[derive(Deserialize)]
pub(super) struct Licences {
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) exceptions: Vec<LicenceException>,
}

/// A licence that one package may have.
#[derive(Deserialize)]
pub(super) struct LicenceException {
    #[serde(rename = "crate")]
    pub(super) package: String,
    pub(super) allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    #[serde(default)]
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
    /// Packages that may use it all the same, because they cannot do without.
    #[serde(default)]
    wrappers: Vec<String>,
}

impl Rules {
    /// Parses `deny.toml`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("`deny.toml` is not what cargo-deny and xtask expect")
    }

    /// Banned packages, and packages from elsewhere than the registry; packages in two versions are only pointed out.
    pub(super) fn check_origins(&self, metadata: &Metadata) -> Findings {
        let mut findings = Findings::default();
        let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for package in &metadata.packages {
            let name = package.name.as_str();
            versions.entry(name).or_default().push(package.version.to_string());
            for banned in self.bans.deny.iter().filter(|banned| banned.package == name) {
                let users = users_of(&package.id, metadata);
                let others = users.iter().filter(|user| !banned.wrappers.iter().any(|wrapper| wrapper == *user));
                findings.errors.extend(others.map(|user| format!("`{user}` uses `{name}`: {}", banned.reason)));
            }
            if let Some(source) = package.source.as_deref().filter(|source| *source != REGISTRY) {
                findings.errors.push(format!("`{name}` comes from `{source}`: only the registry is allowed"));
            }
        }
        let doubled = versions.values().filter(|found| found.len() > 1).count();
        if doubled > 0 {
            findings.warnings.push(format!("{doubled} packages are there in more than one version (`cargo tree -d`)"));
        }
        findings
    }
}

/// Names of the packages that use this one directly.
fn users_of<'a>(id: &str, metadata: &'a Metadata) -> Vec<&'a str> {
    let uses = |node: &&super::Node| node.deps.iter().any(|edge| edge.pkg == id);
    let users = metadata.resolve.nodes.iter().filter(uses);
    let names = users.filter_map(|user| metadata.packages.iter().find(|package| package.id == user.id));
    names.map(|package| package.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, Node, Package, Resolve};
    use super::*;

    /// `user` uses `name`.
    fn metadata(name: &str, source: Option<&str>) -> Metadata {
        let package = |name: &str, source: Option<&str>| Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: semver::Version::new(1, 0, 0),
            license: None,
            source: source.map(str::to_owned),
        };
        let edge = Edge { pkg: name.to_owned(), dep_kinds: Vec::new() };
        Metadata {
            packages: vec![package(name, source), package("user", None)],
            resolve: Resolve { nodes: vec![Node { id: "user".to_owned(), deps: vec![edge] }] },
        }
    }

    fn errors(name: &str, source: Option<&str>, wrappers: &str) -> usize {
        let rules = format!(
            "[advisories]\n[licenses]\nallow = []\n[bans]\n\
             deny = [{{ crate = \"openssl\", reason = \"x\", wrappers = [{wrappers}] }}]\n"
        );
        Rules::parse(&rules).unwrap().check_origins(&metadata(name, source)).errors.len()
    }

    #[test]
    fn banned_packages_and_other_sources_are_found() {
        assert_eq!(errors("serde", Some(REGISTRY), ""), 0);
        assert_eq!(errors("openssl", Some(REGISTRY), ""), 1);
        assert_eq!(errors("serde", Some("git+https://example.com/serde"), ""), 1);
    }

    #[test]
    fn a_wrapper_may_use_what_is_banned_for_others() {
        assert_eq!(errors("openssl", Some(REGISTRY), "\"user\""), 0);
        assert_eq!(errors("openssl", Some(REGISTRY), "\"another\""), 1);
    }
}
