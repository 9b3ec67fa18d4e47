//! Does every language have every text? Each key of `en.yaml` stands in every locale file beside it, and the other way round.
//!
//! What only people of the company read is in the company's language. Texts that a flow names are checked by `ombud validate`, which knows what a flow is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Breach, Repository};

const SOURCE: &str = "en.yaml";
/// How keys of texts for people at the desk begin.
const DESK: [&str; 4] = ["desk_", "field_", "handoff_reason_", "handoff_summary"];

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    let is_source = |path: &&String| path.starts_with("packs/") && path.ends_with("/locales/en.yaml");
    for source_path in repository.files.iter().filter(is_source) {
        let folder = source_path.trim_end_matches(SOURCE);
        let wanted = keys_of(&repository.workspace.read(source_path)?)?;
        let is_sibling = |path: &&String| path.starts_with(folder) && path.ends_with(".yaml") && *path != source_path;
        for path in repository.files.iter().filter(is_sibling) {
            breaches.extend(breaches_of(path, &wanted, &keys_of(&repository.workspace.read(path)?)?));
        }
    }
    Ok(breaches)
}

fn breaches_of(path: &str, wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<Breach> {
    let is_for_customers = |key: &&String| !DESK.iter().any(|start| key.starts_with(start));
    let missing =
        wanted.difference(found).filter(is_for_customers).map(|key| format!("lacks `{key}`, which {SOURCE} has"));
    let stray = found.difference(wanted).map(|key| format!("has `{key}`, which {SOURCE} lacks"));
    missing.chain(stray).map(|message| Breach::new(path, 0, message)).collect()
}

/// Keys of the leaves, joined with dots; a list of variants is one leaf, since languages may differ in their number.
fn keys_of(text: &str) -> anyhow::Result<BTreeSet<String>> {
    let value: Value =
        serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("a locale file is not YAML: {error}"))?;
    let mut keys = BTreeSet::new();
    collect("", &value, &mut keys);
    Ok(keys)
}

fn collect(prefix: &str, value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                collect(&key, inner, keys);
            }
        }
        _ => {
            keys.insert(prefix.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_and_a_stray_key_are_found() {
        let english = keys_of("greeting: Hello\ndesk_note: For us\nrefund:\n  done: Refunded\n  late: Late\n").unwrap();
        let swedish = keys_of("greeting: Hej\nrefund:\n  done: Klart\n  extra: Mer\n").unwrap();
        let messages: Vec<String> =
            breaches_of("sv.yaml", &english, &swedish).into_iter().map(|breach| breach.message).collect();
        assert_eq!(messages, ["lacks `refund.late`, which en.yaml has", "has `refund.extra`, which en.yaml lacks"]);
    }

    #[test]
    fn languages_may_have_different_numbers_of_variants() {
        let english = keys_of("hello: [Hi, Hello]").unwrap();
        let german = keys_of("hello: [Hallo]").unwrap();
        assert!(breaches_of("de.yaml", &english, &german).is_empty());
    }
}
