//! Which intent has a text? A reader learns from labelled texts and reads others.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use ombud_inference::centre::Centres;
use ombud_inference::intents::{IntentLesson, Intents, Reading, Views};
use ombud_learning::eval;
use ombud_learning::eval::figure::{selective, share};
use ombud_learning::eval::share::{draw, hold_back};
use ombud_learning::eval::{Labelled, Scored, auroc, mean_and_deviation, recall_at_false_alarms};
use ombud_ports::TextKind;

use super::files;
use super::print::{Figures, note};
use super::vectors::{Vectors, View};
use crate::cli::{Context, Outcome};

const EXAMPLES: &str = "\
Examples:
  ombud eval intents --train train.jsonl --test test.jsonl
      accuracy, the right intent among the best two, accuracy on the surest 70, 80, 90 %
  ombud eval intents --train train.jsonl --test test.jsonl --per-class 10 --draws 5 --seed 1
      ten texts of each intent, and the intent's name; the mean of five draws
  ombud eval intents --train train.jsonl oos_train.jsonl --test test.jsonl oos_test.jsonl
      lines of the label `oos` (--outside) belong to no intent: how many of them are noticed
  ombud eval intents --train en.jsonl --test de.jsonl ja.jsonl --background de.jsonl en.jsonl ja.jsonl
      other languages (`lang` of a line): the mean of each language in --background, else in the test itself, is taken away
  ombud eval intents --train en.jsonl --test en.jsonl de.jsonl --aligned
      line 7 of every file says the same: it is read by readers that have not learnt it

A line has `text` and one of `category`, `label`, `intent`, or `intents` (a list: precision, recall and F1 of all intents are printed).
Without --test a fifth of each intent is held back.";

/// Lines of each class that are held back without a file for them: one in so many.
const PARTS: usize = 5;
/// Shares of the texts, the surest first, on which accuracy is told.
const COVERAGES: [f64; 3] = [0.7, 0.8, 0.9];
/// Share of false alarms at which outside texts are counted.
const FALSE_ALARMS: f64 = 0.05;

const ASKED: View = View { name: "query-12-10", kind: TextKind::Query, layers: &[12, 10] };
const TOLD: View = View { name: "passage-12", kind: TextKind::Passage, layers: &[12] };

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Files to learn from.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    train: Vec<PathBuf>,
    /// Files to read; a fifth of the training if left out.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    test: Vec<PathBuf>,
    /// Learn from so many texts of each intent, drawn at random, and from its name.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    per_class: Option<u16>,
    /// Draws of --per-class; the mean of all is told.
    #[arg(long, default_value_t = 1, requires = "per_class", value_parser = clap::value_parser!(u16).range(1..=100))]
    draws: u16,
    /// Seed of draws and of what is held back.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The label of texts that belong to no intent.
    #[arg(long, value_name = "LABEL", default_value = "oos")]
    outside: String,
    /// Files whose texts, without their labels, tell what a language has in common.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    background: Vec<PathBuf>,
    /// The same line of every file says the same, in other languages; a line is read by readers that have not learnt it.
    #[arg(long, requires = "test", conflicts_with = "per_class")]
    aligned: bool,
}

/// A text with everything that is known of it.
#[derive(Debug, Clone)]
struct Text {
    labelled: Labelled,
    vector: Vec<f32>,
    /// Which line of its file it is.
    line: usize,
}

/// A text that was read.
struct Read<'a> {
    text: &'a Text,
    reading: Reading,
    right: Vec<usize>,
    familiar_min: f32,
    present_min: f32,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let train = labelled(&options.train, &options.outside)?;
    let (train, test) = if options.test.is_empty() {
        // Nearly every set of several intents is the only one of its kind: they are held back by chance alone.
        let is_one = train.iter().all(|(one, _)| one.intents.len() < 2);
        let classes = train.iter().map(|(one, _)| if is_one { one.intents.as_slice() } else { &[] });
        let (kept, held) = hold_back(classes, PARTS, options.seed);
        note(format_args!("no --test: one in {PARTS} texts of each intent is held back from --train"));
        (pick(&train, &kept), pick(&train, &held))
    } else {
        (train, labelled(&options.test, &options.outside)?)
    };
    let background = labelled(&options.background, &options.outside)?;
    let vectors = Vectors::open(context)?;
    let (train, test) = embedded(&vectors, [train, test, background], options)?;
    let mut figures = Figures::new(options.seed);
    match options.per_class {
        Some(count) => few(&train, &test, (usize::from(count), options, &vectors), &mut figures)?,
        None if options.aligned => {
            let read = aligned(&train, &test)?;
            tell(&read, &mut figures);
        }
        None => {
            let intents = learn(&train)?;
            let read = read(&intents, &test.iter().collect::<Vec<_>>());
            tell(&read, &mut figures);
        }
    }
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

fn labelled(paths: &[PathBuf], outside: &str) -> anyhow::Result<Vec<(Labelled, usize)>> {
    let mut found = Vec::new();
    for path in paths {
        let lines = files::read_one(path, eval::labelled)?;
        found.extend(lines.into_iter().zip(0..).map(|(mut one, line)| {
            one.intents.retain(|intent| intent != outside);
            (one, line)
        }));
    }
    Ok(found)
}

fn pick<T: Clone>(from: &[T], places: &[usize]) -> Vec<T> {
    places.iter().filter_map(|place| from.get(*place)).cloned().collect()
}

/// The views of texts beside each other, as the reader wants them.
fn views(vectors: &Vectors, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let (asked, told) = (vectors.of(ASKED, &texts)?, vectors.of(TOLD, &texts)?);
    Ok(asked.iter().zip(&told).map(|(asked, told)| [asked.values(), told.values()].concat()).collect())
}

/// Training and test with their vectors; without what their languages have in common when there are several.
fn embedded(
    vectors: &Vectors,
    [train, test, background]: [Vec<(Labelled, usize)>; 3],
    options: &Options,
) -> anyhow::Result<(Vec<Text>, Vec<Text>)> {
    let embed = |listed: Vec<(Labelled, usize)>| -> anyhow::Result<Vec<Text>> {
        let texts: Vec<String> = listed.iter().map(|(one, _)| one.text.clone()).collect();
        let vectors = views(vectors, &texts)?;
        Ok(listed.into_iter().zip(vectors).map(|((labelled, line), vector)| Text { labelled, vector, line }).collect())
    };
    let (mut train, mut test, mut background) = (embed(train)?, embed(test)?, embed(background)?);
    let languages: BTreeSet<&str> = train.iter().chain(&test).filter_map(Text::language).collect();
    if languages.len() > 1 {
        if background.is_empty() {
            note(
                "the means of languages are those of the texts of the test, without their labels; --background names others",
            );
            background = train.iter().chain(&test).cloned().collect();
        }
        let told = background.iter().filter_map(|text| Some((text.language()?, text.vector.as_slice())));
        let centres = Centres::of(told);
        if let Some(unknown) = languages.iter().find(|language| !centres.knows(language)) {
            bail!("no text of --background is of the language `{unknown}`");
        }
        for text in train.iter_mut().chain(&mut test) {
            if let Some(language) = text.labelled.language.as_deref() {
                text.vector = centres.centred(language, &text.vector);
            }
        }
    } else if !options.background.is_empty() {
        note("all texts are of one language: --background is not used");
    }
    Ok((train, test))
}

impl Text {
    fn language(&self) -> Option<&str> {
        self.labelled.language.as_deref()
    }

    fn lesson(&self) -> IntentLesson {
        IntentLesson {
            text: self.labelled.text.clone(),
            vector: self.vector.clone(),
            intents: self.labelled.intents.clone(),
        }
    }
}

/// What the reader may choose from: the last layer, and beside it the same text told as a passage, and a lower layer.
fn candidates() -> [Views; 3] {
    let (last, both, told) = ((0, 384), (0, 768), (768, 1152));
    [vec![last], vec![last, told], vec![last, both, told]]
}

fn learn(train: &[Text]) -> anyhow::Result<Intents> {
    let lessons: Vec<IntentLesson> = train.iter().map(Text::lesson).collect();
    let intents = Intents::learn(&lessons, &candidates())?;
    note(format_args!("{} intents of {} texts, {:?}", intents.intents().len(), lessons.len(), intents.choice()));
    Ok(intents)
}

fn read<'a>(intents: &Intents, test: &[&'a Text]) -> Vec<Read<'a>> {
    let told: Vec<(&str, &[f32])> =
        test.iter().map(|text| (text.labelled.text.as_str(), text.vector.as_slice())).collect();
    let thresholds = intents.thresholds();
    let read = |(text, reading): (&&'a Text, Reading)| Read {
        right: text
            .labelled
            .intents
            .iter()
            // An intent that was never taught is never read right.
            .map(|intent| intents.intents().binary_search(intent).unwrap_or(usize::MAX))
            .collect(),
        text,
        reading,
        familiar_min: thresholds.familiar_min,
        present_min: thresholds.present_min,
    };
    test.iter().zip(intents.read(&told)).map(read).collect()
}

/// Each fifth of the lines read by a reader that learnt the others.
fn aligned<'a>(train: &[Text], test: &'a [Text]) -> anyhow::Result<Vec<Read<'a>>> {
    let mut found = Vec::new();
    for part in 0..PARTS {
        let kept: Vec<Text> = train.iter().filter(|text| text.line % PARTS != part).cloned().collect();
        let held: Vec<&Text> = test.iter().filter(|text| text.line % PARTS == part).collect();
        found.extend(read(&learn(&kept)?, &held));
    }
    Ok(found)
}

/// The mean of several draws of a few texts of each intent.
fn few(
    train: &[Text],
    test: &[Text],
    (count, options, vectors): (usize, &Options, &Vectors),
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let names: BTreeSet<&String> = train.iter().flat_map(|text| &text.labelled.intents).collect();
    let written: Vec<String> = names.iter().map(|name| name.replace(['_', '/', '-'], " ")).collect();
    let named: Vec<Text> = names
        .into_iter()
        .zip(&written)
        .zip(views(vectors, &written)?)
        .map(|((name, text), vector)| {
            let labelled = Labelled { text: text.clone(), intents: vec![name.clone()], language: None };
            Text { labelled, vector, line: 0 }
        })
        .collect();
    let test: Vec<&Text> = test.iter().filter(|text| !text.labelled.intents.is_empty()).collect();
    let mut accuracies = Vec::new();
    let mut seconds = Vec::new();
    for (number, seed) in (0..options.draws).zip(options.seed..) {
        let drawn = draw(train.iter().map(|text| &text.labelled.intents), count, seed);
        let mut lessons = pick(train, &drawn);
        lessons.extend(named.iter().cloned());
        let read = read(&learn(&lessons)?, &test);
        let right = |among: usize| share(read.iter().filter(|read| read.is_among(among)).count(), read.len());
        figures.add(format!("accuracy.draw_{}", number + 1), right(1), read.len());
        accuracies.push(right(1));
        seconds.push(right(2));
    }
    let (mean, deviation) = mean_and_deviation(&accuracies);
    figures.add("accuracy", mean, test.len());
    figures.add("accuracy.deviation_of_draws", deviation, accuracies.len());
    figures.add("accuracy_top_2", mean_and_deviation(&seconds).0, test.len());
    Ok(())
}

impl Read<'_> {
    /// Whether an intent of the text is among the best one or two.
    fn is_among(&self, best: usize) -> bool {
        self.reading.best_two().iter().take(best).any(|(place, _)| self.right.contains(place))
    }

    fn is_outside(&self) -> bool {
        self.right.is_empty()
    }
}

fn tell(read: &[Read<'_>], figures: &mut Figures) {
    if read.iter().any(|read| read.right.len() > 1) {
        several(read, figures);
        return;
    }
    let inside: Vec<&Read<'_>> = read.iter().filter(|read| !read.is_outside()).collect();
    one(&inside, figures);
    if inside.len() < read.len() {
        outside(read, figures);
    }
    languages(&inside, figures);
}

fn right_of(read: &[&Read<'_>], best: usize) -> f64 {
    share(read.iter().filter(|read| read.is_among(best)).count(), read.len())
}

fn one(inside: &[&Read<'_>], figures: &mut Figures) {
    figures.add("accuracy", right_of(inside, 1), inside.len());
    figures.add("accuracy_top_2", right_of(inside, 2), inside.len());
    let by_margin: Vec<Scored> = inside
        .iter()
        .map(|read| Scored { score: f64::from(read.reading.margin()), is_wanted: read.is_among(1) })
        .collect();
    for coverage in COVERAGES {
        figures.add(format!("accuracy_at_coverage_{coverage}"), selective(&by_margin, coverage), inside.len());
    }
}

/// How texts outside of everything taught are told from the others.
fn outside(read: &[Read<'_>], figures: &mut Figures) {
    let scored: Vec<Scored> = read
        .iter()
        .map(|read| Scored { score: -f64::from(read.reading.familiarity()), is_wanted: read.is_outside() })
        .collect();
    let alarmed = |wanted: bool| {
        let of: Vec<&Read<'_>> = read.iter().filter(|read| read.is_outside() == wanted).collect();
        let alarms = of.iter().filter(|read| read.reading.familiarity() < read.familiar_min).count();
        (share(alarms, of.len()), of.len())
    };
    let (recall, outside) = alarmed(true);
    let (false_alarms, inside) = alarmed(false);
    figures.add("outside_recall_at_fixed_threshold", recall, outside);
    figures.add("false_alarms_at_fixed_threshold", false_alarms, inside);
    figures.add("outside_recall_at_false_alarms_0.05", recall_at_false_alarms(&scored, FALSE_ALARMS), outside);
    if let Some(area) = auroc(&scored) {
        figures.add("outside_auroc", area, read.len());
    }
}

/// The same for each language, and the mean over them.
fn languages(inside: &[&Read<'_>], figures: &mut Figures) {
    let languages: BTreeSet<&str> = inside.iter().filter_map(|read| read.text.language()).collect();
    if languages.len() < 2 {
        return;
    }
    let mut accuracies = Vec::new();
    for language in &languages {
        let of: Vec<&Read<'_>> = inside.iter().filter(|read| read.text.language() == Some(language)).copied().collect();
        figures.add(format!("accuracy.{language}"), right_of(&of, 1), of.len());
        accuracies.push(right_of(&of, 1));
    }
    figures.add("accuracy.mean_of_languages", mean_and_deviation(&accuracies).0, languages.len());
}

/// Texts with several intents: precision, recall and F1 over all of them, and the share of texts read right as a whole.
fn several(read: &[Read<'_>], figures: &mut Figures) {
    let (mut hits, mut found, mut wanted, mut whole) = (0, 0, 0, 0);
    for read in read {
        let scores = read.reading.scores.iter().enumerate();
        let present: Vec<usize> =
            scores.filter(|(_, score)| **score >= read.present_min).map(|(place, _)| place).collect();
        let right = present.iter().filter(|place| read.right.contains(place)).count();
        hits += right;
        found += present.len();
        wanted += read.right.len();
        whole += usize::from(right == present.len() && right == read.right.len());
    }
    figures.add("intents_precision", share(hits, found), found);
    figures.add("intents_recall", share(hits, wanted), wanted);
    figures.add("intents_f1", share(2 * hits, found + wanted), read.len());
    figures.add("all_intents_right", share(whole, read.len()), read.len());
}
