//! Which signs does a text give: an injected instruction, distress, a complaint? How often, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_inference::{E5, E5_SMALL, ModelFault};
use ombud_language::{ScreenContext, SignalModel, Vectors, screen};
use serde_json::Value;

use super::messages::Lessons;
use super::print::Figures;
use crate::cli::{Context, Outcome};
use crate::meaning;
use crate::packs::PackSource;
use crate::terminal::complain;
use crate::wiring::models_folder;

/// Members that hold the text of a line, the first that is there.
const TEXT_MEMBERS: [&str; 4] = ["text", "prompt", "attack", "message"];
/// Member of a whole file that holds its texts.
const PAYLOADS: &str = "payloads";
/// Texts of a file at most, and bytes of it.
const TEXTS_MAX: usize = 1_000_000;
const FILE_BYTES_MAX: u64 = 1 << 30;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Files of texts: an object a line with `text`, `prompt`, `attack` or `message`, or one object with a list `payloads`.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    test: Vec<PathBuf>,
    /// The pack whose lists and examples tell the signs.
    #[arg(long, value_name = "PACK", default_value = "base")]
    pack: String,
    /// Count these signs only; every one that is given if none is named.
    #[arg(long, value_name = "SIGN", num_args = 1..)]
    signal: Vec<String>,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let sets = options.test.iter().map(|path| Ok((stem(path), texts(path)?))).collect::<anyhow::Result<Vec<_>>>()?;
    let (pack, _) = PackSource::find(&options.pack)?.read()?;
    let config = context.config()?;
    let (signals, _) = ombud_turn::document_readers(&pack, &meaning::shelf(&config))?;
    let mut figures = Figures::new(0);
    count(&mut figures, options, (&sets, "by words"), |text| signs(&signals, text, None));
    let path = models_folder(&config)?.join(E5_SMALL.file);
    match E5::open(&path) {
        Ok(model) => {
            let texts = signals.lessons();
            let lessons = Lessons::of_texts(&model, &path, texts.clone())?;
            let vectors: Option<Vec<_>> = texts.iter().map(|text| lessons.of(text)).collect();
            signals.deepen(&vectors.context("a text has no vector")?);
            let with = format!("with {}", E5_SMALL.id);
            count(&mut figures, options, (&sets, &with), |text| signs(&signals, text, Some(&lessons)));
        }
        Err(fault @ ModelFault::Absent { .. }) => complain(format_args!("ombud: {fault}")),
        Err(fault) => return Err(fault.into()),
    }
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

fn signs(signals: &SignalModel, text: &str, vectors: Option<&dyn Vectors>) -> Vec<String> {
    screen(text, &ScreenContext { signals, tail_digits: "", awaited_secret: None, vectors }).signals
}

/// The share of the texts of each file that give a sign.
#[expect(clippy::cast_precision_loss, reason = "counts of texts are far below 2^52")]
fn count(
    figures: &mut Figures,
    options: &Options,
    (sets, how): (&[(String, Vec<String>)], &str),
    read: impl Fn(&str) -> Vec<String>,
) {
    for (set, texts) in sets {
        let mut given: BTreeMap<String, usize> = options.signal.iter().map(|name| (name.clone(), 0)).collect();
        for text in texts {
            for sign in read(text).into_iter().collect::<BTreeSet<_>>() {
                if options.signal.is_empty() || options.signal.contains(&sign) {
                    *given.entry(sign).or_default() += 1;
                }
            }
        }
        for (sign, of) in given {
            figures.add(format!("{sign}, {set}, {how}"), of as f64 / texts.len().max(1) as f64, texts.len());
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn texts(path: &Path) -> anyhow::Result<Vec<String>> {
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("`{shown}` cannot be read"))?.len();
    if size > FILE_BYTES_MAX {
        bail!("`{shown}` has {size} bytes, more than {FILE_BYTES_MAX}: divide it");
    }
    let content = std::fs::read_to_string(path).with_context(|| format!("`{shown}` cannot be read"))?;
    let payloads = serde_json::from_str::<Value>(&content).ok().and_then(|whole| whole.get(PAYLOADS).cloned());
    let texts = match payloads {
        Some(payloads) => serde_json::from_value(payloads).with_context(|| format!("`{PAYLOADS}` of `{shown}`"))?,
        None => {
            let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            lines
                .map(|(at, line)| text(line).with_context(|| format!("`{shown}`, line {}", at + 1)))
                .collect::<anyhow::Result<Vec<String>>>()?
        }
    };
    match texts.len() {
        0 => bail!("`{shown}` has no text"),
        n if n > TEXTS_MAX => bail!("`{shown}` has {n} texts, more than {TEXTS_MAX}: divide it"),
        _ => Ok(texts),
    }
}

fn text(line: &str) -> anyhow::Result<String> {
    let object: Value = serde_json::from_str(line).context("no JSON object")?;
    let text = TEXT_MEMBERS.iter().find_map(|member| object.get(member)?.as_str());
    text.map(ToOwned::to_owned).with_context(|| format!("has none of `{}`", TEXT_MEMBERS.join("`, `")))
}
