//! What do the evaluations learn from? The base pack's language files and a company's requests, read as the assistant reads them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ombud_inference::{E5, E5_SMALL};
use ombud_language::{Example, NluFile, NluModel, ReplyExample, RuleFile, Understander, Vectors};
use ombud_ports::{Embedder, TextKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The folder of the packs.
pub const PACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs");
const COMPANY: &str = "paylater";

/// The lines of a JSONL file.
pub fn lines<T: DeserializeOwned>(file: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let mut read = Vec::new();
    for (number, line) in fs::read_to_string(file)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        read.push(serde_json::from_str(line).map_err(|error| format!("{file}:{}: {error}", number + 1))?);
    }
    Ok(read)
}

/// What customers of the company write: the examples of its flows.
fn examples() -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = Vec::new();
    let mut flows: Vec<_> = fs::read_dir(format!("{PACKS}/{COMPANY}/flows"))?.collect::<Result<_, _>>()?;
    flows.sort_by_key(fs::DirEntry::file_name);
    for flow in flows {
        let Ok(source) = fs::read_to_string(flow.path().join("texts/en.yaml")) else { continue };
        let texts: Value = serde_saphyr::from_str(&source)?;
        let class = format!("flow:{}", flow.file_name().to_string_lossy());
        let lines = texts.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        let lines = lines.iter().filter_map(Value::as_str);
        examples.extend(lines.map(|text| Example { class: class.clone(), text: text.to_owned() }));
    }
    Ok(examples)
}

/// What customers of the company write, stories and slang among it.
pub fn requests() -> Result<Vec<Example>, Box<dyn Error>> {
    lines(&format!("{PACKS}/{COMPANY}/nlu/requests.en.jsonl"))
}

/// The example questions of the company's articles.
fn questions() -> Result<Vec<String>, Box<dyn Error>> {
    let mut asked = Vec::new();
    for article in fs::read_dir(format!("{PACKS}/{COMPANY}/knowledge"))? {
        // Articles in other languages lie in folders.
        let path = article?.path();
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(path)?;
        let Some(front) = source.strip_prefix("---\n").and_then(|rest| rest.split("\n---").next()) else { continue };
        let front: Value = serde_saphyr::from_str(front)?;
        let lines = front.get("questions").and_then(Value::as_array).cloned().unwrap_or_default();
        asked.extend(lines.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
    }
    asked.sort_unstable();
    asked.dedup();
    Ok(asked)
}

/// The model as the reading asks it, with a count of what it was asked.
pub struct Asked {
    model: E5,
    known: RefCell<HashMap<String, Arc<[f32]>>>,
    /// Texts that were embedded.
    pub count: Cell<usize>,
}

impl Vectors for Asked {
    fn of(&self, text: &str) -> Option<Arc<[f32]>> {
        if let Some(known) = self.known.borrow().get(text) {
            return Some(Arc::clone(known));
        }
        self.count.set(self.count.get() + 1);
        let vector: Arc<[f32]> = self.model.embed(TextKind::Query, &[text]).ok()?.first()?.values().into();
        self.known.borrow_mut().insert(text.to_owned(), Arc::clone(&vector));
        Some(vector)
    }
}

/// Lets a reader learn by meaning too; the model lies in `$OMBUD_MODELS_FOLDER`, else where `ombud models fetch` puts it.
pub fn deepen(reader: &Understander) -> Result<Asked, Box<dyn Error>> {
    model(&reader.lessons(), |vectors| reader.deepen(vectors))
}

/// The model, after something was learnt from the vectors of these texts.
#[expect(clippy::disallowed_methods, reason = "an example has no configuration")]
pub fn model(lessons: &[String], learn: impl FnOnce(&[&[f32]])) -> Result<Asked, Box<dyn Error>> {
    let folder = match (std::env::var_os("OMBUD_MODELS_FOLDER"), std::env::home_dir()) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, home) => home.unwrap_or_default().join(".cache/ombud/models"),
    };
    let model = E5::open(&folder.join(E5_SMALL.file))?;
    let file = folder.join(Path::new(E5_SMALL.file).with_extension("vectors"));
    let learnt = ombud_inference::vectors(&model, &file, lessons, &|_, _| ())?;
    learn(&learnt.iter().map(|embedding| embedding.values()).collect::<Vec<_>>());
    Ok(Asked { model, known: RefCell::default(), count: Cell::new(0) })
}

/// A reader that has learnt these requests and replies beside the base pack's classes and rules.
pub fn reader(requests: Vec<Example>, replies: Vec<ReplyExample>) -> Result<Understander, Box<dyn Error>> {
    let mut model = NluModel { locale: "en".to_owned(), replies, questions: questions()?, ..NluModel::default() };
    model.add(serde_saphyr::from_str::<NluFile>(&fs::read_to_string(format!("{PACKS}/base/nlu/en.yaml"))?)?);
    model.examples.extend(examples()?);
    model.requests = requests;
    let words = fs::read_to_string(format!("{PACKS}/base/lexicon/words.en.txt"))?;
    model.words = words.lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned).collect();
    model.rules = serde_saphyr::from_str::<RuleFile>(&fs::read_to_string(format!("{PACKS}/base/nlu/rules.en.yaml"))?)?;
    Ok(Understander::new(model)?)
}
