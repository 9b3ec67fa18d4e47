//! Does the product know one company's business? No crate names a pack, or a flow or action of one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Repository};
use crate::source::{Place, RustSource, Word, WordKind};

/// The pack that belongs to the product; its flows may be named.
const OWN_PACK: &str = "base";
/// Names of the demo's company and of the public benchmark, which no folder of `packs/` says.
const FURTHER_NAMES: &[&str] = &["nimbus", "tau", "tau2"];
/// Crates that are not the product: the stand-in for a company, and tools for tests.
const NOT_PRODUCT: &[&str] = &["crates/ombud-backoffice/", "crates/ombud-testkit/", "xtask/"];

/// A word that a file may say all the same.
struct Exception {
    path: &'static str,
    word: &'static str,
    #[expect(dead_code, reason = "read by people: why the file may say it")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

/// What a pack calls its own.
#[derive(Default)]
struct PackNames {
    /// Names of packs and companies: no product code says them, not even inside a longer name.
    packs: BTreeSet<String>,
    /// Names of flows and actions, with the pack: no literal equals them.
    rules: BTreeMap<String, String>,
}

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let names = names_of(&repository.files);
    let is_product = |source: &&RustSource| {
        source.path.starts_with("crates/") && !NOT_PRODUCT.iter().any(|place| source.path.starts_with(place))
    };
    let product = repository.sources.iter().filter(is_product);
    let found: Vec<(Breach, String)> = product.flat_map(|source| breaches_of(source, &names)).collect();
    Ok(without_exceptions(found, EXCEPTIONS))
}

/// Reads the names from the folders: `packs/<pack>/flows/<flow>/` and `packs/<pack>/actions/<action>.yaml`.
fn names_of(files: &[String]) -> PackNames {
    let mut names = PackNames::default();
    names.packs.extend(FURTHER_NAMES.iter().map(|name| (*name).to_owned()));
    let mut own = BTreeSet::new();
    for path in files {
        let parts: Vec<&str> = path.split('/').collect();
        let ["packs", pack, rest @ ..] = parts.as_slice() else {
            continue;
        };
        let rule = match rest {
            ["flows", flow, _, ..] => Some(*flow),
            ["actions", file] => file.strip_suffix(".yaml"),
            _ => None,
        };
        if *pack == OWN_PACK {
            own.extend(rule.map(str::to_owned));
        } else if !rest.is_empty() {
            names.packs.insert((*pack).to_owned());
            names.rules.extend(rule.map(|rule| (rule.to_owned(), (*pack).to_owned())));
        }
    }
    // One word alone (identify, complain, cancel) is a word of the trade, which the product may say too.
    names.rules.retain(|rule, _| !own.contains(rule) && rule.contains(['_', '-']));
    names
}

fn breaches_of(source: &RustSource, names: &PackNames) -> Vec<(Breach, String)> {
    let mut found = Vec::new();
    for word in source.words.iter().filter(|word| word.place == Place::Product) {
        for part in parts_of(&word.text) {
            if names.packs.contains(&part) {
                let message = format!("`{part}` is a company's name: the product must not know it");
                found.push((Breach::new(&source.path, word.line, message), part));
            }
        }
        if let Some((rule, pack)) = rule_named_by(word, names) {
            let message = format!("\"{rule}\" is a flow or action of packs/{pack}: the product must not know it");
            found.push((Breach::new(&source.path, word.line, message), rule));
        }
    }
    found
}

fn rule_named_by(word: &Word, names: &PackNames) -> Option<(String, String)> {
    let literal = (word.kind == WordKind::Literal).then(|| word.text.trim_matches('"'))?;
    names.rules.get_key_value(literal).map(|(rule, pack)| (rule.clone(), pack.clone()))
}

/// The words inside a name or text, in lower case: `PaylaterDemo` and `packs/paylater` both hold `paylater`.
fn parts_of(text: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for chunk in text.split(|letter: char| !letter.is_alphanumeric()) {
        parts.insert(chunk.to_lowercase());
        let mut part = String::new();
        for letter in chunk.chars() {
            if letter.is_uppercase() && !part.is_empty() {
                parts.insert(std::mem::take(&mut part));
            }
            part.extend(letter.to_lowercase());
        }
        parts.insert(part);
    }
    parts
}

fn without_exceptions(found: Vec<(Breach, String)>, exceptions: &[Exception]) -> Vec<Breach> {
    let applies =
        |exception: &Exception, breach: &Breach, word: &str| breach.path == exception.path && word == exception.word;
    let mut breaches = Vec::new();
    for exception in exceptions {
        if !found.iter().any(|(breach, word)| applies(exception, breach, word)) {
            let message = format!("no longer says `{}`: take its exception out of xtask", exception.word);
            breaches.push(Breach::new(exception.path, 0, message));
        }
    }
    let kept = found.into_iter().filter(|(breach, word)| !exceptions.iter().any(|one| applies(one, breach, word)));
    breaches.extend(kept.map(|(breach, _)| breach));
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> PackNames {
        let files = [
            "packs/base/flows/cancel/flow.yaml",
            "packs/acme/pack.toml",
            "packs/acme/flows/cancel/flow.yaml",
            "packs/acme/flows/extend_due_date/flow.yaml",
            "packs/acme/flows/complain/flow.yaml",
            "packs/acme/actions/pause_plan.yaml",
        ];
        names_of(&files.map(str::to_owned))
    }

    fn breaches(text: &str) -> Vec<(Breach, String)> {
        breaches_of(&RustSource::parse("crates/ombud-turn/src/turn.rs", text).unwrap(), &names())
    }

    #[test]
    fn a_packs_name_is_found_inside_names_and_texts() {
        assert_eq!(breaches("fn acme_rule() {}").len(), 1);
        assert_eq!(breaches("struct AcmeRule;").len(), 1);
        assert_eq!(breaches("const PACK: &str = \"packs/acme\";").len(), 1);
        assert!(breaches("const WORD: &str = \"macmeister\";").is_empty());
    }

    #[test]
    fn flows_and_actions_of_a_company_are_found() {
        assert_eq!(breaches("const FLOW: &str = \"extend_due_date\";").len(), 1);
        assert_eq!(breaches("const ACTION: &str = \"pause_plan\";").len(), 1);
    }

    #[test]
    fn flows_of_the_product_may_be_named_and_tests_may_say_anything() {
        assert!(breaches("const FLOW: &str = \"cancel\";").is_empty());
        assert!(breaches("const WORD: &str = \"complain\";").is_empty());
        assert!(breaches("#[cfg(test)] mod tests { const A: &str = \"pause_plan acme\"; }").is_empty());
    }

    #[test]
    fn an_exception_covers_one_file_and_a_stale_one_is_found() {
        let exception = |path| [Exception { path, word: "acme", reason: "a test" }];
        assert!(without_exceptions(breaches("fn acme() {}"), &exception("crates/ombud-turn/src/turn.rs")).is_empty());
        assert_eq!(without_exceptions(breaches("fn acme() {}"), &exception("crates/ombud/src/demo.rs")).len(), 2);
    }
}
