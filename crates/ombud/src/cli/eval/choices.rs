//! Is the option or the question that a text means read right? On sets of `nlu/choices.<locale>.jsonl`, with texts that taught nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_inference::{E5, E5_SMALL};
use ombud_language::{DeepClassifier, Example, Interpreters, TrainSettings, Vectors};
use ombud_learning::eval::figure::share;
use ombud_learning::eval::{FileFault, Line};
use ombud_policy::engine::ASKED;
use ombud_policy::{NO_CHOICE, Pack};

use super::files;
use super::handoff::across;
use super::messages::Lessons;
use super::print::{Figures, note};
use crate::cli::{Context, Outcome};
use crate::packs::PackSource;
use crate::wiring::models_folder;

const EXAMPLES: &str = "\
Examples:
  ombud eval choices --pack packs/my-company --test faq.jsonl
  ombud eval choices --pack packs/my-company --test faq.jsonl --words --missed
  ombud eval choices --pack packs/my-company --test faq.de.jsonl --language de

A line has `set`, `choice` and `text`, as in nlu/choices.<locale>.jsonl; the choice `none` where the text means none of the set.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pack: PathBuf,
    /// Files of labelled texts.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    test: Vec<PathBuf>,
    /// Language of the texts, where it is not the pack's own.
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Read by words alone, as without a model.
    #[arg(long)]
    words: bool,
    /// Name what was read wrongly, on standard error.
    #[arg(long)]
    missed: bool,
}

struct Meant {
    set: String,
    choice: String,
    text: String,
}

impl Meant {
    fn parse(line: &Line) -> Result<Self, FileFault> {
        let text = |field: &str| {
            line.text(field).map(str::to_owned).ok_or_else(|| line.missing("the fields `set`, `choice` and `text`"))
        };
        Ok(Self { set: text("set")?, choice: text("choice")?, text: text("text")? })
    }
}

/// What came of the texts of one set.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    asked: usize,
    right: usize,
    other: usize,
    unasked: usize,
    invented: usize,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let meant = files::read(&options.test, Meant::parse)?;
    let (pack, _) = PackSource::find(&options.pack.to_string_lossy())?.read()?;
    let path = models_folder(&context.config()?)?.join(E5_SMALL.file);
    let sets = sets(&pack, &meant)?;
    match &options.language {
        Some(_) if options.words => bail!("other languages are read by meaning alone, leave out `--words`"),
        Some(locale) => in_language(context, (options, &meant), (&pack, locale), &path),
        None => in_own(context, (options, &meant), sets, &path),
    }
}

/// The examples of each set in the pack's own language; a text of which a set or choice has none is a mistake.
fn sets<'p>(pack: &'p Pack, meant: &[Meant]) -> anyhow::Result<BTreeMap<&'p str, Vec<Example>>> {
    let own = pack.manifest.default_locale.as_str();
    let mut sets: BTreeMap<&str, Vec<Example>> = BTreeMap::new();
    for example in pack.choices.iter().filter(|example| example.locale == own) {
        let taught = Example { class: example.choice.clone(), text: example.text.clone() };
        sets.entry(&example.set).or_default().push(taught);
    }
    for one in meant {
        let Some(examples) = sets.get(one.set.as_str()) else {
            let known = sets.keys().copied().collect::<Vec<_>>().join(", ");
            bail!("`{}` is said of set `{}`, which the pack has no examples of; it has {known}", one.text, one.set);
        };
        if one.choice != NO_CHOICE && !examples.iter().any(|example| example.class == one.choice) {
            bail!("set `{}` has no `{}`, which `{}` is said to mean", one.set, one.choice, one.text);
        }
    }
    Ok(sets)
}

fn in_own(
    context: &Context,
    (options, meant): (&Options, &[Meant]),
    sets: BTreeMap<&str, Vec<Example>>,
    path: &Path,
) -> anyhow::Result<Outcome> {
    let model = if options.words { None } else { Some(E5::open(path)?) };
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for (set, examples) in sets {
        let texts: Vec<&Meant> = meant.iter().filter(|meant| meant.set == set).collect();
        if texts.is_empty() {
            continue;
        }
        let classifier = DeepClassifier::train(examples, &TrainSettings::default())?;
        let lessons = model.as_ref().map(|model| Lessons::of_texts(model, path, classifier.lessons().collect()));
        let lessons = lessons.transpose()?;
        if let Some(lessons) = &lessons {
            let vectors: Option<Vec<Arc<[f32]>>> = classifier.lessons().map(|text| lessons.of(&text)).collect();
            classifier.deepen(&vectors.context("a text has no vector")?);
        }
        let tally = tallies.entry(set).or_default();
        for one in texts {
            let vectors = lessons.as_ref().map(|lessons| lessons as &dyn Vectors);
            tally.judge(options, one, classifier.best(&one.text, vectors));
        }
    }
    show(context, &tallies)
}

/// The same in another language, read across the languages as a server does.
fn in_language(
    context: &Context,
    (options, meant): (&Options, &[Meant]),
    (pack, locale): (&Pack, &str),
    path: &Path,
) -> anyhow::Result<Outcome> {
    let (taught, phrases) = ombud_turn::languages_of(pack)?;
    let model = E5::open(path)?;
    let (across, lessons) = across(context, &taught, (&model, path))?;
    let readers = Interpreters::new(across, &phrases);
    let reader =
        readers.of(locale).context(format!("the pack is not read in `{locale}`, name one of its other languages"))?;
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for one in meant {
        let best = reader.choice(&one.set, &one.text, &lessons);
        let best = best.as_ref().map(|(choice, p)| (choice.as_str(), *p));
        tallies.entry(&one.set).or_default().judge(options, one, best);
    }
    show(context, &tallies)
}

impl Tally {
    fn judge(&mut self, options: &Options, one: &Meant, best: Option<(&str, f32)>) {
        let heard = best.filter(|(choice, p)| *choice != NO_CHOICE && *p >= ASKED).map(|(choice, _)| choice);
        self.count(one, heard);
        let wanted = (one.choice != NO_CHOICE).then_some(one.choice.as_str());
        if options.missed && heard != wanted {
            let nearest = best.map(|(choice, p)| format!("{choice} ({p:.2})")).unwrap_or_default();
            let heard = if heard.is_some() { nearest } else { format!("nothing, nearest {nearest}") };
            note(format_args!("{} {} heard as {heard}: {}", one.set, one.choice, one.text));
        }
    }

    fn count(&mut self, one: &Meant, heard: Option<&str>) {
        if one.choice == NO_CHOICE {
            self.unasked += 1;
            self.invented += usize::from(heard.is_some());
            return;
        }
        self.asked += 1;
        self.right += usize::from(heard == Some(one.choice.as_str()));
        self.other += usize::from(heard.is_some_and(|heard| heard != one.choice));
    }

    const fn and(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            right: self.right + other.right,
            other: self.other + other.other,
            unasked: self.unasked + other.unasked,
            invented: self.invented + other.invented,
        }
    }
}

fn show(context: &Context, tallies: &BTreeMap<&str, Tally>) -> anyhow::Result<Outcome> {
    let all = tallies.values().copied().fold(Tally::default(), Tally::and);
    let mut figures = Figures::new(0);
    for (name, tally) in std::iter::once(("all", all)).chain(tallies.iter().map(|(set, tally)| (*set, *tally))) {
        figures.add(format!("right.{name}"), share(tally.right, tally.asked), tally.asked);
        figures.add(format!("another.{name}"), share(tally.other, tally.asked), tally.asked);
        figures.add(format!("invented.{name}"), share(tally.invented, tally.unasked), tally.unasked);
    }
    figures.print(context.output)?;
    Ok(Outcome::Done)
}
