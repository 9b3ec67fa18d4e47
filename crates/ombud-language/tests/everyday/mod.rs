//! What do customers write who are not in trouble? The examples of a pack's flows but those of care, small talk, and questions that articles answer.

use std::error::Error;
use std::path::Path;

use ombud_language::NluFile;
use serde_json::Value;

/// Flows that signs of distress start, and complaints.
const CARE: [&str; 6] = ["bereavement", "coercion", "complaint", "crisis", "financial_difficulty", "illness"];

/// Sentences of the base and of the demo company.
pub fn everyday() -> Result<Vec<String>, Box<dyn Error>> {
    let packs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs"));
    let base: NluFile = serde_saphyr::from_str(&std::fs::read_to_string(packs.join("base/nlu/en.yaml"))?)?;
    let mut texts: Vec<String> = base.classes.into_values().flatten().collect();
    for flow in sorted(&packs.join("paylater/flows"))? {
        let is_care = flow.file_name().is_some_and(|name| CARE.iter().any(|care| *care == name));
        if let Some(source) = std::fs::read_to_string(flow.join("texts/en.yaml")).ok().filter(|_| !is_care) {
            texts.extend(strings(&serde_saphyr::from_str(&source)?, "examples"));
        }
    }
    for article in sorted(&packs.join("paylater/knowledge"))? {
        let is_care = article
            .file_stem()
            .is_some_and(|name| CARE.iter().any(|care| care.replace('_', "-") == *name.to_string_lossy()));
        let source = std::fs::read_to_string(&article)?;
        if let Some(head) =
            source.strip_prefix("---\n").and_then(|rest| rest.split("\n---").next()).filter(|_| !is_care)
        {
            texts.extend(strings(&serde_saphyr::from_str(head)?, "questions"));
        }
    }
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

fn strings(value: &Value, member: &str) -> Vec<String> {
    let lines = value.get(member).and_then(Value::as_array);
    lines.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>, Box<dyn Error>> {
    let mut paths =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}
