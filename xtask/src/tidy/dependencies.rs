//! May this crate use that one? The levels of docs/ARCHITECTURE.md and the packages kept in one crate each.

use super::{Breach, Repository};
use crate::workspace::CrateManifest;

const PREFIX: &str = "ombud-";

/// Every crate with the crates of ours it may use; arrows point down, edges see neither journeys nor each other.
const LEVELS: &[(&str, &[&str])] = &[
    ("ombud-domain", &[]),
    ("ombud-policy", &["ombud-domain"]),
    ("ombud-kernel", &[]),
    ("ombud-language", &["ombud-domain", "ombud-kernel"]),
    ("ombud-retrieval", &["ombud-domain"]),
    ("ombud-scoring", &["ombud-domain"]),
    ("ombud-proof", &[]),
    ("ombud-ingest", &["ombud-domain", "ombud-language", "ombud-retrieval"]),
    ("ombud-ports", &["ombud-domain", "ombud-policy", "ombud-retrieval"]),
    ("ombud-turn", JOURNEY),
    ("ombud-learning", JOURNEY),
    ("ombud-store", &["ombud-domain", "ombud-policy", "ombud-retrieval", "ombud-proof", "ombud-ports"]),
    ("ombud-connect", &["ombud-domain", "ombud-policy", "ombud-ports"]),
    (
        "ombud-inference",
        &["ombud-domain", "ombud-kernel", "ombud-language", "ombud-retrieval", "ombud-store", "ombud-ports"],
    ),
    ("ombud-http", &["ombud-domain", "ombud-policy", "ombud-ports", "ombud-turn"]),
    (
        "ombud",
        &[
            "ombud-domain",
            "ombud-policy",
            "ombud-language",
            "ombud-retrieval",
            "ombud-scoring",
            "ombud-proof",
            "ombud-ingest",
            "ombud-ports",
            "ombud-turn",
            "ombud-learning",
            "ombud-store",
            "ombud-connect",
            "ombud-inference",
            "ombud-http",
        ],
    ),
    (
        "ombud-testkit",
        &["ombud-domain", "ombud-policy", "ombud-language", "ombud-retrieval", "ombud-ports", "ombud-inference"],
    ),
    ("ombud-backoffice", &[]),
    ("xtask", &[]),
];

const JOURNEY: &[&str] =
    &["ombud-domain", "ombud-policy", "ombud-language", "ombud-retrieval", "ombud-scoring", "ombud-ports"];

/// Crates of ours that tests may use beyond the levels.
const TEST_ONLY: &[&str] = &["ombud-testkit"];

/// A package that stands in a few crates only, so that its build cost and its vocabulary stay there.
struct Kept {
    packages: &'static [&'static str],
    product: &'static [&'static str],
    tests: &'static [&'static str],
}

const KEPT: &[Kept] = &[
    Kept { packages: &["sqlx", "rusqlite"], product: &["ombud-store", "ombud-backoffice"], tests: &[] },
    Kept { packages: &["tantivy"], product: &["ombud-store"], tests: &[] },
    Kept { packages: &["cedar-policy", "cel"], product: &["ombud-policy"], tests: &[] },
    Kept {
        packages: &["hayro-interpret", "htmd", "markup5ever_rcdom", "quick-xml", "zip"],
        product: &["ombud-ingest"],
        tests: &[],
    },
    Kept {
        packages: &["axum", "tower-http", "utoipa", "utoipa-axum"],
        product: &["ombud-http", "ombud-backoffice"],
        tests: &["ombud", "ombud-connect", "ombud-testkit"],
    },
    Kept {
        packages: &["reqwest", "hyper", "rustls"],
        product: &["ombud-connect"],
        tests: &["ombud", "ombud-backoffice", "ombud-http"],
    },
    Kept {
        packages: &["clap", "comfy-table", "indicatif"],
        product: &["ombud", "ombud-backoffice", "xtask"],
        tests: &[],
    },
];

/// Crates that wait for nothing, roll no dice and read no clock; see also the rule `core`. `ombud-kernel` would be one of them but that it works on every core.
pub(super) const PURE: &[&str] = &[
    "ombud-domain",
    "ombud-policy",
    "ombud-language",
    "ombud-retrieval",
    "ombud-scoring",
    "ombud-proof",
    "ombud-ingest",
];
const NOT_IN_PURE: &[&str] =
    &["tokio", "tokio-util", "tokio-stream", "async-trait", "futures", "rand", "rand_chacha", "tracing", "anyhow"];

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let crates = repository.workspace.crates()?;
    Ok(crates.iter().flat_map(|(name, manifest)| breaches_of(name, manifest)).collect())
}

fn breaches_of(name: &str, manifest: &CrateManifest) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let Some((_, allowed)) = LEVELS.iter().find(|(known, _)| *known == name) else {
        let message = format!(
            "`{name}` stands on no level; add it to LEVELS in xtask/src/tidy/dependencies.rs and to docs/ARCHITECTURE.md"
        );
        return vec![Breach::new(&manifest.path, 0, message)];
    };
    let is_ours = |package: &str| package == "ombud" || package == "xtask" || package.starts_with(PREFIX);
    for package in &manifest.dependencies {
        if is_ours(package) && !allowed.contains(&package.as_str()) {
            breaches.push(Breach::new(
                &manifest.path,
                0,
                format!("`{name}` may not use `{package}`: arrows point down"),
            ));
        }
    }
    for package in &manifest.dev_dependencies {
        let known = allowed.contains(&package.as_str()) || TEST_ONLY.contains(&package.as_str()) || package == name;
        if is_ours(package) && !known {
            let message = format!("tests of `{name}` may not use `{package}`: arrows point down in tests too");
            breaches.push(Breach::new(&manifest.path, 0, message));
        }
    }
    breaches.extend(kept_breaches(name, manifest));
    breaches
}

fn kept_breaches(name: &str, manifest: &CrateManifest) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for kept in KEPT {
        let places = kept.product.join(", ");
        let is_kept = |package: &&String| kept.packages.contains(&package.as_str());
        let (in_product, in_tests) = (kept.product.contains(&name), kept.tests.contains(&name));
        // The testkit ships to nobody: what tests may use, it may use.
        let is_test_crate_with_leave = name == "ombud-testkit" && in_tests;
        if !in_product && !is_test_crate_with_leave {
            for package in manifest.dependencies.iter().filter(is_kept) {
                breaches.push(Breach::new(&manifest.path, 0, format!("`{package}` stays in {places}")));
            }
        }
        if !in_product && !in_tests {
            for package in manifest.dev_dependencies.iter().filter(is_kept) {
                breaches.push(Breach::new(&manifest.path, 0, format!("`{package}` stays in {places}, in tests too")));
            }
        }
    }
    if PURE.contains(&name) {
        for package in manifest.dependencies.iter().filter(|package| NOT_IN_PURE.contains(&package.as_str())) {
            let message = format!("`{name}` is pure: no `{package}`; let an edge do it and hand in the result");
            breaches.push(Breach::new(&manifest.path, 0, message));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(dependencies: &[&str], dev_dependencies: &[&str]) -> CrateManifest {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CrateManifest {
            path: "crates/x/Cargo.toml".to_owned(),
            dependencies: owned(dependencies),
            dev_dependencies: owned(dev_dependencies),
        }
    }

    fn messages(name: &str, dependencies: &[&str], dev_dependencies: &[&str]) -> usize {
        breaches_of(name, &manifest(dependencies, dev_dependencies)).len()
    }

    #[test]
    fn arrows_point_down() {
        assert_eq!(messages("ombud-turn", &["ombud-domain", "ombud-ports"], &[]), 0);
        assert_eq!(messages("ombud-domain", &["ombud-turn"], &[]), 1);
        assert_eq!(messages("ombud-language", &["ombud-policy"], &[]), 1);
    }

    #[test]
    fn edges_see_neither_journeys_nor_each_other() {
        assert_eq!(messages("ombud-store", &["ombud-turn"], &[]), 1);
        assert_eq!(messages("ombud-connect", &["ombud-store"], &[]), 1);
        assert_eq!(messages("ombud-http", &["ombud-store"], &[]), 1);
    }

    #[test]
    fn nobody_imports_the_back_office_and_it_imports_nobody() {
        assert_eq!(messages("ombud", &["ombud-backoffice"], &[]), 1);
        assert_eq!(messages("ombud-backoffice", &["ombud-domain"], &[]), 1);
    }

    #[test]
    fn the_testkit_stays_in_tests() {
        assert_eq!(messages("ombud-turn", &[], &["ombud-testkit"]), 0);
        assert_eq!(messages("ombud-turn", &["ombud-testkit"], &[]), 1);
    }

    #[test]
    fn tests_keep_the_levels_too() {
        assert_eq!(messages("ombud-turn", &[], &["ombud-store"]), 1);
    }

    #[test]
    fn heavy_packages_stay_in_one_crate() {
        assert_eq!(messages("ombud-store", &["sqlx", "tantivy"], &[]), 0);
        assert_eq!(messages("ombud-turn", &["sqlx", "axum", "reqwest"], &[]), 3);
        assert_eq!(messages("ombud-connect", &["reqwest"], &["axum"]), 0);
        assert_eq!(messages("ombud-connect", &["axum"], &[]), 1);
        assert_eq!(messages("ombud-turn", &[], &["sqlx"]), 1);
    }

    #[test]
    fn pure_crates_neither_wait_nor_roll_dice() {
        assert_eq!(messages("ombud-policy", &["cedar-policy", "serde"], &[]), 0);
        assert_eq!(messages("ombud-policy", &["tokio", "rand"], &[]), 2);
    }

    #[test]
    fn a_crate_without_a_level_is_a_breach() {
        assert_eq!(messages("ombud-surprise", &[], &[]), 1);
    }
}
