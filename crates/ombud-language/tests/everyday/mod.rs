//! What do customers write who are not in trouble? The examples of a pack's flows but those of care, small talk, replies, and questions that articles answer.

use std::error::Error;
use std::path::Path;

use ombud_language::{Example, NluFile, SignalFile};
use serde_json::Value;

/// Flows that signs of distress start, and complaints, whose examples teach the sign of that name.
const CARE: [&str; 6] = ["bereavement", "coercion", COMPLAINT, "crisis", "financial_difficulty", "illness"];
const COMPLAINT: &str = "complaint";

const PACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs");

/// Sentences of the base and of the demo company.
pub fn everyday() -> Result<Vec<String>, Box<dyn Error>> {
    let packs = Path::new(PACKS);
    let base: NluFile = serde_saphyr::from_str(&std::fs::read_to_string(packs.join("base/nlu/en.yaml"))?)?;
    let mut texts: Vec<String> = base.classes.into_values().flatten().collect();
    for flow in sorted(&packs.join("paylater/flows"))? {
        let is_care = flow.file_name().is_some_and(|name| CARE.iter().any(|care| *care == name));
        if let Some(source) = std::fs::read_to_string(flow.join("texts/en.yaml")).ok().filter(|_| !is_care) {
            texts.extend(strings(&serde_saphyr::from_str(&source)?, "examples"));
        }
    }
    let own = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "md");
    for article in sorted(&packs.join("paylater/knowledge"))?.into_iter().filter(own) {
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
    let class = |line: &Value| line.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
    let requests = json_lines(&packs.join("paylater/nlu/requests.en.jsonl"))?;
    let requests =
        requests.iter().filter(|line| !CARE.iter().any(|care| class(line).strip_prefix("flow:") == Some(care)));
    texts.extend(requests.filter_map(|line| Some(line.get("text")?.as_str()?.to_owned())));
    let replies = json_lines(&packs.join("base/nlu/replies.en.jsonl"))?;
    let replies = replies.iter().filter(|line| line.get("act").and_then(Value::as_str) != Some("upset"));
    texts.extend(replies.filter_map(|line| Some(line.get("reply")?.as_str()?.to_owned())));
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

/// The signals as the assistant learns them: the lists, and the sentences beside them.
pub fn signals() -> Result<SignalFile, Box<dyn Error>> {
    let packs = Path::new(PACKS);
    let nlu = packs.join("base/nlu");
    let mut file: SignalFile = serde_saphyr::from_str(&std::fs::read_to_string(nlu.join("signals.en.yaml"))?)?;
    let told = std::fs::read_to_string(nlu.join("signals.en.jsonl"))?;
    file.add(told.lines().map(serde_json::from_str).collect::<Result<Vec<Example>, _>>()?);
    let requests = json_lines(&packs.join("paylater/nlu/requests.en.jsonl"))?;
    let texts = std::fs::read_to_string(packs.join(format!("paylater/flows/{COMPLAINT}/texts/en.yaml")))?;
    let mut told = strings(&serde_saphyr::from_str(&texts)?, "examples");
    let asked = requests.iter().filter(|line| line.get("class").and_then(Value::as_str) == Some("flow:complaint"));
    told.extend(asked.filter_map(|line| Some(line.get("text")?.as_str()?.to_owned())));
    file.add(told.into_iter().map(|text| Example { class: COMPLAINT.to_owned(), text }).collect());
    Ok(file)
}

fn json_lines(file: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    Ok(std::fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?)
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
