//! Does a crate pull in more than it may? Each has a budget of packages, so that growth is a decision and not an accident.

use std::collections::{BTreeMap, BTreeSet};

use super::{Metadata, Node};

/// Packages of others that a crate may bring, itself and ours not counted, on all platforms together.
/// A budget is raised in the change that needs it, with the reason in its message.
const BUDGETS: &[(&str, usize)] = &[
    ("ombud-domain", 55),
    ("ombud-kernel", 20),
    ("ombud-language", 75),
    ("ombud-retrieval", 80),
    ("ombud-policy", 250),
    ("ombud-proof", 65),
    ("ombud-ingest", 200),
    ("ombud-ports", 260),
    ("ombud-turn", 280),
    ("ombud-learning", 230),
    ("ombud-store", 410),
    ("ombud-connect", 340),
    ("ombud-inference", 270),
    ("ombud-http", 365),
    ("ombud", 600),
    ("ombud-testkit", 280),
    ("ombud-backoffice", 240),
    ("xtask", 75),
];

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    errors_of(metadata, BUDGETS)
}

fn errors_of(metadata: &Metadata, budgets: &[(&str, usize)]) -> Vec<String> {
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let ours: BTreeSet<&str> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none())
        .map(|package| package.id.as_str())
        .collect();
    let mut errors = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        let count = reachable(&package.id, &nodes).difference(&ours).count();
        match budgets.iter().find(|(name, _)| *name == package.name) {
            Some((_, budget)) if count <= *budget => {}
            Some((name, budget)) => errors.push(format!("`{name}` brings {count} packages, its budget is {budget}")),
            None => errors.push(format!("`{}` brings {count} packages and has no budget", package.name)),
        }
    }
    errors
}

/// Everything needed to build and run this package, without its tests.
fn reachable<'a>(start: &'a str, nodes: &BTreeMap<&'a str, &'a Node>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        let edges = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
        for edge in edges.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))) {
            if found.insert(edge.pkg.as_str()) {
                open.push(&edge.pkg);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            { "id": "ours", "name": "ours", "version": "1.0.0", "license": "MIT", "source": null },
            { "id": "a", "name": "a", "version": "1.0.0", "license": "MIT", "source": "registry" },
            { "id": "b", "name": "b", "version": "1.0.0", "license": "MIT", "source": "registry" },
            { "id": "c", "name": "c", "version": "1.0.0", "license": "MIT", "source": "registry" }
        ],
        "resolve": { "nodes": [
            { "id": "ours", "deps": [
                { "pkg": "a", "dep_kinds": [{ "kind": null }] },
                { "pkg": "c", "dep_kinds": [{ "kind": "dev" }] }
            ] },
            { "id": "a", "deps": [{ "pkg": "b", "dep_kinds": [{ "kind": "build" }] }] }
        ] }
    }"#;

    #[test]
    fn packages_of_packages_count_and_those_of_tests_do_not() {
        let metadata: Metadata = serde_json::from_str(METADATA).unwrap();
        assert!(errors_of(&metadata, &[("ours", 2)]).is_empty());
        assert_eq!(errors_of(&metadata, &[("ours", 1)]), ["`ours` brings 2 packages, its budget is 1"]);
    }

    #[test]
    fn a_crate_without_a_budget_is_found() {
        let metadata: Metadata = serde_json::from_str(METADATA).unwrap();
        assert_eq!(errors_of(&metadata, &[]).len(), 1);
    }
}
