//! Which words of a text fill which slot? A tagger learns from labelled texts and reads others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use ombud_inference::slots::{Lexical, SlotTagger, SlotText, Span};
use ombud_learning::eval::figure::share;
use ombud_learning::eval::share::hold_back;
use ombud_learning::eval::{Slotted, slotted};

use super::files;
use super::print::{Figures, note};
use super::vectors::Vectors;
use crate::cli::{Context, Outcome};
use crate::terminal::bar;

const EXAMPLES: &str = "\
Examples:
  ombud eval slots --train train.jsonl --test test.jsonl
      F1 of whole slots: the same words and the same name, nothing for a part
  ombud eval slots --train train.jsonl
      a fifth of the texts is held back
  ombud eval slots --train en.jsonl --test de.jsonl ja.jsonl
      other languages (`lang` of a line): only the vectors of words are read, without what those of a language have in common

A line has `text` and `slots` (an object: name to `{\"span\": [from, behind]}` in characters), or `tokens` and `bio` (a tag for each token: `O`, `B-name`, `I-name`).";

/// Texts that are held back without a file for them: one in so many.
const PARTS: usize = 5;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Files to learn from.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    train: Vec<PathBuf>,
    /// Files to read; a fifth of the training if left out.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    test: Vec<PathBuf>,
    /// Seed of the order of the lessons and of what is held back.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prints F1 of each slot too.
    #[arg(long)]
    by_slot: bool,
}

/// A text with its slots, ready to be learnt or read.
struct Read {
    text: SlotText,
    spans: Vec<Span>,
    language: Option<String>,
}

/// What was found, was to be found, and is in both.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    found: usize,
    wanted: usize,
    both: usize,
}

impl Count {
    fn add(&mut self, found: &[&Span], wanted: &[&Span]) {
        self.found += found.len();
        self.wanted += wanted.len();
        self.both += found.iter().filter(|span| wanted.contains(span)).count();
    }

    fn f1(self) -> f64 {
        share(2 * self.both, self.found + self.wanted)
    }
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let parse = |file: &PathBuf| files::read_one(file, |lines| lines.iter().map(slotted).collect());
    let all = |files: &[PathBuf]| -> anyhow::Result<Vec<Slotted>> {
        Ok(files.iter().map(parse).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    };
    let (mut train, mut test) = (all(&options.train)?, all(&options.test)?);
    if options.test.is_empty() {
        note(format_args!("no --test: one in {PARTS} texts is held back from --train"));
        let (kept, held) = hold_back(train.iter().map(|_| ()), PARTS, options.seed);
        let pick = |places: &[usize]| places.iter().filter_map(|place| train.get(*place)).cloned().collect::<Vec<_>>();
        (train, test) = (pick(&kept), pick(&held));
    }
    let vectors = Vectors::open(context)?;
    let bar = bar(train.len() + test.len(), "texts read by the model");
    let read = |one: Slotted| {
        bar.inc(1);
        let spans = one.spans.into_iter().map(|(from, to, slot)| Span { from, to, slot }).collect();
        Read { text: SlotText::of(vectors.model(), &one.words), spans, language: one.language }
    };
    let (mut train, mut test) =
        (train.into_iter().map(read).collect::<Vec<_>>(), test.into_iter().map(read).collect::<Vec<_>>());
    bar.finish_and_clear();
    let lexical = centred(&mut train, &mut test);
    let lessons: Vec<(&SlotText, &[Span])> = train.iter().map(|one| (&one.text, one.spans.as_slice())).collect();
    let tagger = SlotTagger::learn(&lessons, lexical, options.seed);
    let mut figures = Figures::new(options.seed);
    tell(&tagger, &test, options, &mut figures);
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

/// Where there are several languages, takes what each has in common away from its words.
fn centred(train: &mut [Read], test: &mut [Read]) -> Lexical {
    let languages: BTreeSet<Option<String>> = train.iter().chain(test.iter()).map(|one| one.language.clone()).collect();
    if languages.len() < 2 {
        return Lexical::Words;
    }
    note("several languages: words are compared by their vectors alone, without the mean of their language");
    for language in languages {
        let of = |one: &&Read| one.language == language;
        let mean = SlotText::mean(train.iter().chain(test.iter()).filter(of).map(|one| &one.text));
        let mine = train.iter_mut().chain(test.iter_mut()).filter(|one| one.language == language);
        mine.for_each(|one| one.text.centre(&mean));
    }
    Lexical::MeaningOnly
}

fn tell(tagger: &SlotTagger, test: &[Read], options: &Options, figures: &mut Figures) {
    let (mut all, mut places, mut whole) = (Count::default(), Count::default(), 0);
    let mut of_language: BTreeMap<&str, (Count, usize)> = BTreeMap::new();
    let mut of_slot: BTreeMap<String, Count> = BTreeMap::new();
    for one in test {
        let found = tagger.spans(&one.text);
        let (seen, wanted): (Vec<&Span>, Vec<&Span>) = (found.iter().collect(), one.spans.iter().collect());
        all.add(&seen, &wanted);
        let unnamed =
            |spans: &[Span]| spans.iter().map(|span| Span { slot: String::new(), ..span.clone() }).collect::<Vec<_>>();
        let (seen_at, wanted_at) = (unnamed(&found), unnamed(&one.spans));
        places.add(&seen_at.iter().collect::<Vec<_>>(), &wanted_at.iter().collect::<Vec<_>>());
        whole += usize::from(seen.len() == wanted.len() && seen.iter().all(|span| wanted.contains(span)));
        if let Some(language) = one.language.as_deref() {
            let (count, texts) = of_language.entry(language).or_default();
            count.add(&seen, &wanted);
            *texts += 1;
        }
        for slot in seen.iter().chain(&wanted).map(|span| span.slot.clone()).collect::<BTreeSet<_>>() {
            let of = |spans: &[&'_ Span]| {
                spans.iter().filter(|span| span.slot == slot).map(|span| (*span).clone()).collect::<Vec<_>>()
            };
            let (seen, wanted) = (of(&seen), of(&wanted));
            of_slot.entry(slot).or_default().add(&seen.iter().collect::<Vec<_>>(), &wanted.iter().collect::<Vec<_>>());
        }
    }
    figures.add("f1", all.f1(), all.wanted);
    figures.add("precision", share(all.both, all.found), all.found);
    figures.add("recall", share(all.both, all.wanted), all.wanted);
    figures.add("f1_without_names", places.f1(), places.wanted);
    figures.add("all_slots_of_a_text", share(whole, test.len()), test.len());
    if of_language.len() > 1 {
        for (language, (count, texts)) in of_language {
            figures.add(format!("f1.{language}"), count.f1(), texts);
        }
    }
    for (slot, count) in of_slot.into_iter().filter(|_| options.by_slot) {
        figures.add(format!("f1.{slot}"), count.f1(), count.wanted);
    }
}
