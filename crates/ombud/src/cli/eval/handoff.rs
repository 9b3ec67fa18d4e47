//! Is the wish for a person heard in every language, and nothing else taken for one?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_domain::{Command, Expectation};
use ombud_inference::{E5, E5_SMALL, ModelFault};
use ombud_language::{
    Across, Interpreters, Person, PersonExample, PersonFile, PersonWish, Taught, UnderstandContext, Vectors as _,
};
use ombud_ports::{Embedder as _, TextKind};

use super::messages::Lessons;
use super::{Figure, Shown, carried};
use crate::cli::{Context, Outcome, Output};
use crate::meaning;
use crate::packs::PackSource;
use crate::terminal::{complain, say};
use crate::wiring::models_folder;

const WORDS: &str = "base/lexicon/person.yaml";
const LESSONS: &str = "base/nlu/person.jsonl";
/// Messages shown that were read wrong.
const WRONG_SHOWN: usize = 40;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Messages to learn from, one JSON object a line: `language`, `text` and `wish` (true or false); those of the base pack if none is named.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    train: Vec<PathBuf>,
    /// Messages to measure on, of the same shape.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    test: Vec<PathBuf>,
    /// Read the messages as a server with this pack reads them, at the beginning of a conversation, too; those in the pack's own language are left out.
    #[arg(long, value_name = "PACK")]
    pack: Option<PathBuf>,
    /// Show messages that were read wrong.
    #[arg(long)]
    show: bool,
}

/// What was read of the messages of one language.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counts {
    wishes: usize,
    at_once: usize,
    asked: usize,
    others: usize,
    false_at_once: usize,
    false_asked: usize,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let words: PersonFile = serde_saphyr::from_str(&carried(WORDS)?).with_context(|| format!("`{WORDS}` is wrong"))?;
    let lessons = match options.train.as_slice() {
        [] => read(&carried(LESSONS)?).with_context(|| format!("`{LESSONS}` is wrong"))?,
        files => read_all(files)?,
    };
    let test = read_all(&options.test)?;
    if let Some(twice) = test.iter().find(|one| lessons.iter().any(|lesson| lesson.text == one.text)) {
        bail!("`{}` is learnt from and measured on, take it out of one of the two", twice.text);
    }
    let person = Person::new(words, lessons);
    let path = models_folder(&context.config()?)?.join(E5_SMALL.file);
    match E5::open(&path) {
        Ok(model) => {
            let taught = person.lessons();
            let taught: Vec<&str> = taught.iter().map(String::as_str).collect();
            let vectors = model.embed(TextKind::Query, &taught)?;
            person.learn(&vectors.iter().map(ombud_ports::Embedding::values).collect::<Vec<_>>());
            let cast: Vec<String> = test.iter().map(|one| Person::cast(&one.text)).collect();
            let asked = model.embed(TextKind::Query, &cast.iter().map(String::as_str).collect::<Vec<_>>())?;
            let read = test.iter().zip(&asked);
            let read = read.map(|(one, vector)| person.read(&one.language, &one.text, Some(vector.values())));
            show(context, options, &test, &read.collect::<Vec<_>>(), &format!("with {}", E5_SMALL.id))?;
            if let Some(pack) = &options.pack {
                let (test, read) = by_pack(context, (&model, &path), (pack, &person), &test)?;
                show(context, options, &test, &read, "by the pack")?;
            }
        }
        Err(fault @ ModelFault::Absent { .. }) => complain(format_args!("ombud: {fault}")),
        Err(fault) => return Err(fault.into()),
    }
    let read: Vec<PersonWish> = test.iter().map(|one| person.read(&one.language, &one.text, None)).collect();
    show(context, options, &test, &read, "without a model")?;
    Ok(Outcome::Done)
}

/// The messages that a server with a pack reads by meaning, and what it makes of each: it hands over, or it does something else.
fn by_pack(
    context: &Context,
    (model, path): (&E5, &Path),
    (pack, person): (&Path, &Person),
    test: &[PersonExample],
) -> anyhow::Result<(Vec<PersonExample>, Vec<PersonWish>)> {
    let (pack, _) = PackSource::find(&pack.to_string_lossy())?.read()?;
    let (taught, phrases) = ombud_turn::languages_of(&pack)?;
    let (across, lessons) = across(context, &taught, (model, path))?;
    let readers = Interpreters::new(across, &phrases).with_person(person.clone());
    let readers = readers.with_words(&taught).with_lines(&taught);
    let today = jiff::civil::Date::constant(2026, 11, 29);
    let context = UnderstandContext { vectors: Some(&lessons), ..UnderstandContext::alone(&Expectation::Open, today) };
    let read = |one: &PersonExample| {
        let read = readers.of(&one.language)?.understand(&one.text, &context);
        let wish = if read.commands.contains(&Command::Handoff) { PersonWish::Wished } else { PersonWish::No };
        Some((one.clone(), wish))
    };
    Ok(test.iter().filter_map(read).unzip())
}

/// What the languages of a pack teach together, as a server keeps it, and the vectors of its lessons.
pub(super) fn across<'m>(
    context: &Context,
    taught: &[Taught],
    (model, path): (&'m E5, &Path),
) -> anyhow::Result<(Across, Lessons<'m>)> {
    let lessons = Lessons::of_texts(model, path, Across::lessons(taught))?;
    let kept = meaning::shelf(&context.config()?);
    let learn = || {
        let vectors = Across::lessons(taught).iter().map(|text| lessons.of(text)).collect::<Option<Vec<_>>>()?;
        Across::learn(taught, &vectors)
    };
    let across = Across::found(taught, E5_SMALL.sha256, &kept).or_else(learn);
    Ok((across.context("the pack teaches no other language")?, lessons))
}

fn read_all(files: &[PathBuf]) -> anyhow::Result<Vec<PersonExample>> {
    let mut examples = Vec::new();
    for file in files {
        let content = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        examples.extend(read(&content).with_context(|| format!("`{}` is wrong", file.display()))?);
    }
    Ok(examples)
}

fn read(content: &str) -> anyhow::Result<Vec<PersonExample>> {
    let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).with_context(|| format!("line {}", at + 1))).collect()
}

fn show(
    context: &Context,
    options: &Options,
    test: &[PersonExample],
    read: &[PersonWish],
    how: &str,
) -> anyhow::Result<()> {
    for figure in figures(&count(test, read), how) {
        figure.show(context)?;
    }
    if options.show && context.output == Output::Text {
        let is_wrong = |(one, read): &(&PersonExample, &PersonWish)| one.wish != (**read == PersonWish::Wished);
        for (one, read) in test.iter().zip(read).filter(is_wrong).take(WRONG_SHOWN) {
            say(format_args!(
                "        {} {}: {} ({read:?})",
                one.language,
                if one.wish { "wish" } else { "none" },
                one.text
            ));
        }
    }
    Ok(())
}

fn count(test: &[PersonExample], read: &[PersonWish]) -> BTreeMap<String, Counts> {
    let mut languages: BTreeMap<String, Counts> = BTreeMap::new();
    for (one, read) in test.iter().zip(read) {
        let counts = languages.entry(one.language.clone()).or_default();
        let (all, at_once, asked) = match one.wish {
            true => (&mut counts.wishes, &mut counts.at_once, &mut counts.asked),
            false => (&mut counts.others, &mut counts.false_at_once, &mut counts.false_asked),
        };
        *all += 1;
        *at_once += usize::from(*read == PersonWish::Wished);
        *asked += usize::from(*read == PersonWish::Perhaps);
    }
    languages
}

fn figures(languages: &BTreeMap<String, Counts>, how: &str) -> Vec<Figure> {
    let all = languages.values().fold(Counts::default(), |sum, counts| Counts {
        wishes: sum.wishes + counts.wishes,
        at_once: sum.at_once + counts.at_once,
        asked: sum.asked + counts.asked,
        others: sum.others + counts.others,
        false_at_once: sum.false_at_once + counts.false_at_once,
        false_asked: sum.false_asked + counts.false_asked,
    });
    let of = |where_: &str, counts: &Counts| {
        [
            Figure::share(format!("{how}, {where_}: wishes handed over at once"), counts.at_once, counts.wishes),
            Figure::share(
                format!("{how}, {where_}: wishes handed over or asked about"),
                counts.at_once + counts.asked,
                counts.wishes,
            ),
            Figure::share(format!("{how}, {where_}: others handed over"), counts.false_at_once, counts.others),
            Figure::share(format!("{how}, {where_}: others asked about"), counts.false_asked, counts.others),
        ]
    };
    let mut figures: Vec<Figure> = of("all languages", &all).into();
    let rank = |counts: &Counts| (counts.at_once + counts.asked) * 1_000 / counts.wishes.max(1);
    if let Some((worst, counts)) = languages.iter().min_by_key(|(_, counts)| (rank(counts), counts.at_once)) {
        figures.extend(of(&format!("worst language ({worst})"), counts));
    }
    figures.extend(languages.iter().flat_map(|(language, counts)| of(language, counts)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_wishes_and_of_others_and_the_worst_language_is_told() {
        let test = [("de", true), ("de", true), ("sv", true), ("sv", false)].map(|(language, wish)| PersonExample {
            language: language.to_owned(),
            text: String::new(),
            wish,
        });
        let read = [PersonWish::Wished, PersonWish::Perhaps, PersonWish::No, PersonWish::Wished];
        let figures = figures(&count(&test, &read), "x");
        let values: Vec<_> = figures.iter().take(4).map(|figure| (figure.value, figure.n)).collect();
        assert_eq!(values, [(1.0 / 3.0, 3), (2.0 / 3.0, 3), (1.0, 1), (0.0, 1)]);
        assert_eq!(figures[4].figure, "x, worst language (sv): wishes handed over at once");
        assert_eq!(figures.len(), 16);
    }

    #[test]
    fn a_line_that_is_no_message_is_told() {
        let error = read("{\"language\":\"de\",\"text\":\"x\",\"wish\":true}\n{}\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2");
    }

    #[test]
    fn the_base_teaches_every_language_as_much_and_measures_on_other_messages() {
        let lessons = read(&carried(LESSONS).unwrap()).unwrap();
        let test = read(&carried("base/eval/person.jsonl").unwrap()).unwrap();
        for (examples, wishes, others) in [(&lessons, 40, 56), (&test, 10, 10)] {
            let counts = count(examples, &vec![PersonWish::No; examples.len()]);
            assert_eq!(counts.len(), 35);
            for (language, counts) in counts {
                assert_eq!((counts.wishes, counts.others), (wishes, others), "{language}");
            }
        }
        assert!(!test.iter().any(|one| lessons.iter().any(|lesson| lesson.text == one.text)));
    }
}
