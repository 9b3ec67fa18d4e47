//! How well are messages read in the languages that a pack speaks beside its own?
//!
//! What is taught in these languages is cut in two, line by line: each half is read by what the other half, and all of the company's own language, have
//! taught. The lines are the pack's, so that the figures compare languages and releases, and say nothing of what strangers write.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use ombud_domain::{Command, Expectation};
use ombud_inference::{E5, E5_SMALL};
use ombud_language::{Across, Act, Example, HARMLESS, Interpreters, Moment, Taught, UnderstandContext, Vectors};
use ombud_policy::Manifest;
use ombud_ports::{Embedder, TextKind};

use super::{Figure, Shown};
use crate::cli::{Context, Outcome};
use crate::packs::PackSource;
use crate::terminal::complain;
use crate::wiring::models_folder;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pack: PathBuf,
    /// Name every reply and sentence that was misread, on standard error: what was said, in which language, and what it was heard as.
    #[arg(long)]
    misread: bool,
}

/// Gives texts their vectors: those of the lessons are there, those of their sentences are made.
pub(super) struct Lessons<'a> {
    model: &'a E5,
    known: RefCell<HashMap<String, Arc<[f32]>>>,
}

impl<'a> Lessons<'a> {
    /// Of these texts, from the file beside the model or made and kept there.
    pub(super) fn of_texts(model: &'a E5, path: &Path, texts: Vec<String>) -> anyhow::Result<Self> {
        let kept = ombud_inference::vectors(model, &path.with_extension("vectors"), &texts, &|_, _| {})?;
        let known = texts.into_iter().zip(kept.iter().map(|embedding| embedding.values().into())).collect();
        Ok(Self { model, known: RefCell::new(known) })
    }
}

impl Vectors for Lessons<'_> {
    fn of(&self, text: &str) -> Option<Arc<[f32]>> {
        if let Some(known) = self.known.borrow().get(text) {
            return Some(Arc::clone(known));
        }
        let embedded = self.model.embed(TextKind::Query, &[text]).ok()?;
        let vector: Arc<[f32]> = embedded.first()?.values().into();
        self.known.borrow_mut().insert(text.to_owned(), Arc::clone(&vector));
        Some(vector)
    }
}

/// What came of the lines of one language: how many were read right, and of how many.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    requests: (usize, usize),
    yes_heard: (usize, usize),
    yes_invented: (usize, usize),
    signs_heard: (usize, usize),
    signs_invented: (usize, usize),
    signs_in_requests: (usize, usize),
    signs_in_replies: (usize, usize),
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    let (pack, _) = PackSource::find(&options.pack.to_string_lossy())?.read()?;
    let (taught, phrases) = ombud_turn::languages_of(&pack)?;
    let path = models_folder(&config)?.join(E5_SMALL.file);
    let model = E5::open(&path)?;
    let lessons = Lessons::of_texts(&model, &path, Across::lessons(&taught))?;
    let mut tallies = vec![Tally::default(); taught.len()];
    for half in [0, 1] {
        let teaching: Vec<Taught> =
            taught.iter().enumerate().map(|(i, of)| if i == 0 { of.clone() } else { part(of, 1 - half) }).collect();
        let vectors = Across::lessons(&teaching).iter().map(|text| lessons.of(text)).collect::<Option<Vec<_>>>();
        let vectors = vectors.context("a text has no vector")?;
        let across = Across::learn(&teaching, &vectors).context("the pack teaches no other language")?;
        let readers = Interpreters::new(across, &phrases);
        for (of, tally) in taught.iter().zip(&mut tallies).skip(1) {
            read(&part(of, half), &readers, (&lessons, &pack.manifest, options), tally);
        }
    }
    let named: Vec<(&str, Tally)> = taught.iter().map(|of| of.locale.as_str()).zip(tallies).skip(1).collect();
    show(context, &named)?;
    Ok(Outcome::Done)
}

/// Every second line, from this one on.
fn part(of: &Taught, first: usize) -> Taught {
    let half = |examples: &[Example]| examples.iter().skip(first).step_by(2).cloned().collect::<Vec<_>>();
    Taught {
        locale: of.locale.clone(),
        requests: half(&of.requests),
        care: half(&of.care),
        harmless: of.harmless.clone(),
        replies: of.replies.iter().skip(first).step_by(2).cloned().collect(),
        choices: of.choices.iter().map(|(set, examples)| (set.clone(), half(examples))).collect(),
    }
}

fn read(
    of: &Taught,
    readers: &Interpreters,
    (lessons, manifest, options): (&Lessons<'_>, &Manifest, &Options),
    tally: &mut Tally,
) {
    let Some(reader) = readers.of(&of.locale) else { return };
    let count = |(right, all): &mut (usize, usize), is_right: bool| {
        *right += usize::from(is_right);
        *all += 1;
    };
    let misread = |wanted: &str, heard: &str, text: &str| {
        if options.misread {
            complain(format_args!("{} {wanted} heard as {heard}: {text}", of.locale));
        }
    };
    let today = jiff::civil::Date::constant(2026, 11, 28);
    let context =
        |expectation| UnderstandContext { vectors: Some(lessons), ..UnderstandContext::alone(expectation, today) };
    let signals = &manifest.signals;
    let must_be_said = |sign: &str| manifest.only_when_said.iter().any(|known| known == sign);
    let sign = |text: &str| reader.sign(text, (|sign: &str| signals.get(sign).cloned(), must_be_said), lessons);
    for request in &of.requests {
        let read = reader.understand(&request.text, &context(&Expectation::Open));
        let is_care = signals.values().any(|flow| request.class == format!("flow:{flow}"));
        if !is_care {
            let heard = sign(&request.text);
            count(&mut tally.signs_in_requests, heard.is_some());
            heard.iter().for_each(|heard| misread(&request.class, heard, &request.text));
        }
        count(&mut tally.requests, read.scores.first().is_some_and(|(class, _)| *class == request.class));
    }
    for reply in of.replies.iter().filter(|reply| reply.moment == Moment::Proposal) {
        let read = reader.understand(&reply.reply, &context(&Expectation::Confirm));
        let agrees = read.commands.contains(&Command::Affirm);
        if agrees != matches!(reply.act, Act::Accept | Act::AcceptAsk) {
            misread(reply.act.as_str(), if agrees { "a yes" } else { "no yes" }, &reply.reply);
        }
        match reply.act {
            Act::Accept => count(&mut tally.yes_heard, agrees),
            Act::AcceptAsk => {}
            _ => count(&mut tally.yes_invented, agrees),
        }
    }
    let replies = of.replies.iter().filter(|reply| reply.act != Act::Upset).map(|reply| reply.reply.as_str());
    let questions = of.choices.iter().filter(|(set, _)| of.harmless.contains(*set)).flat_map(|(_, examples)| examples);
    for text in replies.chain(questions.map(|question| question.text.as_str())) {
        let heard = sign(text);
        count(&mut tally.signs_in_replies, heard.is_some());
        heard.iter().for_each(|heard| misread("reply", heard, text));
    }
    for sentence in &of.care {
        let heard = sign(&sentence.text);
        if heard.is_some() == (sentence.class == HARMLESS) {
            misread(&sentence.class, heard.as_deref().unwrap_or(HARMLESS), &sentence.text);
        }
        match sentence.class.as_str() {
            HARMLESS => count(&mut tally.signs_invented, heard.is_some()),
            _ => count(&mut tally.signs_heard, heard.is_some()),
        }
    }
}

fn show(context: &Context, named: &[(&str, Tally)]) -> anyhow::Result<()> {
    type Of = fn(&Tally) -> (usize, usize);
    let kinds: [(&str, Of, bool); 7] = [
        ("requests read right", |tally| tally.requests, true),
        ("a yes to a proposal heard", |tally| tally.yes_heard, true),
        ("a yes heard where there was none", |tally| tally.yes_invented, false),
        ("signs of distress heard", |tally| tally.signs_heard, true),
        ("signs of distress heard in harmless lines that sound like them", |tally| tally.signs_invented, false),
        ("signs of distress heard in requests about other things", |tally| tally.signs_in_requests, false),
        ("signs of distress heard in replies and questions about requests", |tally| tally.signs_in_replies, false),
    ];
    for (kind, of, more_is_better) in kinds {
        let mut all = (0, 0);
        let mut worst: Option<Figure> = None;
        for (tag, tally) in named {
            let (right, n) = of(tally);
            all = (all.0 + right, all.1 + n);
            let figure = Figure::share(format!("{kind}, {tag}"), right, n);
            figure.show(context)?;
            let is_worse = |known: &Figure| (figure.value < known.value) == more_is_better;
            if worst.as_ref().is_none_or(is_worse) {
                worst = Some(Figure { figure: format!("{kind}, worst language ({tag})"), ..figure });
            }
        }
        if let Some(worst) = worst {
            worst.show(context)?;
        }
        Figure::share(format!("{kind}, all languages"), all.0, all.1).show(context)?;
    }
    Ok(())
}
