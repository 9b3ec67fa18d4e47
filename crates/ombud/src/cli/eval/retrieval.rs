//! Which text answers a question? Texts are ranked by their meaning, sentence by sentence, and by their words.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use ombud_learning::eval::figure::share;
use ombud_learning::eval::{FileFault, Line};
use ombud_ports::{Embedding, TextKind};
use ombud_retrieval::Analyzer;
use ombud_retrieval::bm25::{Bm25, terms};
use ombud_retrieval::fuse::{csls, fused, order};
use ombud_retrieval::sentence::sentences;

use super::files;
use super::print::{Figures, note};
use super::vectors::{Vectors, View};
use crate::cli::{Context, Outcome};

const EXAMPLES: &str = "\
Examples:
  ombud eval retrieval --test de.passages.jsonl de.questions.jsonl --language de
      questions and passages of one language
  ombud eval retrieval --test en.passages.jsonl de.questions.jsonl --language de --passage-language en
      questions in one language, passages in another
  ombud eval retrieval --train dev.de.questions.jsonl --test de.passages.jsonl de.questions.jsonl --language de
      questions of --train tell, without their answers, which passages are near to everything; else those of the test do

A passage has `pid`, `context` and, if it has one, `title`; a question has `question` and the `pid` of its passage.";

const ASKED: View = View { name: "query-12", kind: TextKind::Query, layers: &[12] };
const TOLD: View = View { name: "passage-12", kind: TextKind::Passage, layers: &[12] };
/// How much likeness in words counts beside likeness in meaning.
const WORDS: f32 = 0.3;
/// Ranks at which recall is told.
const RANKS: [usize; 3] = [1, 5, 10];

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Questions that tell which passages are near to everything.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    train: Vec<PathBuf>,
    /// Passages and questions, in any order.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    test: Vec<PathBuf>,
    /// Language of the questions, such as `de`: chooses the stemmer.
    #[arg(long, value_name = "LANGUAGE")]
    language: String,
    /// Language of the passages, if it is another.
    #[arg(long, value_name = "LANGUAGE")]
    passage_language: Option<String>,
}

enum Found {
    Passage { id: String, title: String, text: String },
    Question { text: String, passage: String },
}

struct Passage {
    id: String,
    title: String,
    text: String,
}

struct Question {
    text: String,
    passage: String,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let (mut passages, mut questions) = (Vec::new(), Vec::new());
    for found in files::read(&options.test, parse)? {
        match found {
            Found::Passage { id, title, text } => passages.push(Passage { id, title, text }),
            Found::Question { text, passage } => questions.push(Question { text, passage }),
        }
    }
    let background = files::read(&options.train, question)?;
    if passages.is_empty() || questions.is_empty() {
        bail!("{} passages and {} questions: --test wants files with both", passages.len(), questions.len());
    }
    let places: HashMap<&str, usize> =
        passages.iter().enumerate().map(|(place, passage)| (passage.id.as_str(), place)).collect();
    if let Some(lost) = questions.iter().find(|question| !places.contains_key(question.passage.as_str())) {
        bail!("the passage `{}` of the question `{}` is in no file of --test", lost.passage, lost.text);
    }
    let vectors = Vectors::open(context)?;
    let texts: Vec<String> = questions.iter().map(|question| question.text.clone()).collect();
    let scores = rank(&vectors, &passages, &texts, (&background, options))?;
    let ranks: Vec<usize> = scores
        .iter()
        .zip(&questions)
        .filter_map(|(scores, question)| {
            let right = places.get(question.passage.as_str())?;
            order(scores).iter().position(|place| place == right)
        })
        .collect();
    let mut figures = Figures::new(0);
    for at in RANKS {
        let found = ranks.iter().filter(|rank| **rank < at).count();
        figures.add(format!("recall_at_{at}"), share(found, ranks.len()), ranks.len());
    }
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

fn parse(line: &Line) -> Result<Found, FileFault> {
    if let Ok(text) = question(line) {
        let passage = line.text("pid").ok_or(line.missing("the `pid` of the passage that answers the question"))?;
        return Ok(Found::Question { text, passage: passage.to_owned() });
    }
    let (id, text) = line
        .text("pid")
        .zip(line.text("context"))
        .ok_or(line.missing("the fields `pid` and `question`, or `pid` and `context`"))?;
    let title = line.text("title").unwrap_or_default().replace('_', " ");
    Ok(Found::Passage { id: id.to_owned(), title, text: text.to_owned() })
}

fn question(line: &Line) -> Result<String, FileFault> {
    line.text("question").map(str::to_owned).ok_or(line.missing("the field `question`"))
}

/// The scores of all passages for each question.
fn rank(
    vectors: &Vectors,
    passages: &[Passage],
    questions: &[String],
    (background, options): (&[String], &Options),
) -> anyhow::Result<Vec<Vec<f32>>> {
    let parts = Parts::of(passages);
    let told = vectors.of(TOLD, &parts.texts)?;
    let cosines = |questions: &[String]| -> anyhow::Result<Vec<Vec<f32>>> {
        let asked = vectors.of(ASKED, questions)?;
        Ok(asked.iter().map(|asked| parts.likeness(asked, &told)).collect())
    };
    let rows = cosines(questions)?;
    let near = if background.is_empty() {
        note("which passages are near to everything is told by the questions of the test, without their answers");
        csls(&rows, &rows)
    } else {
        csls(&rows, &cosines(background)?)
    };
    let other = options.passage_language.as_deref().unwrap_or(&options.language);
    let (of_passages, of_questions) = (Analyzer::general(other), Analyzer::general(&options.language));
    let index = Bm25::new(
        &passages
            .iter()
            .map(|passage| terms(&of_passages, &format!("{} {}", passage.title, passage.text)))
            .collect::<Vec<_>>(),
    );
    let score = |(near, question): (&Vec<f32>, &String)| {
        let words = if other == options.language {
            terms(&of_questions, question)
        } else {
            terms(&of_passages, &names(question))
        };
        fused(&[(near, 1.0), (&index.scores(&words), WORDS)])
    };
    Ok(near.iter().zip(questions).map(score).collect())
}

/// What of the passages is embedded: each as a whole, its sentences, and its sentences in twos with the title.
struct Parts {
    texts: Vec<String>,
    /// Of each passage: the place of the whole, of its first sentence, of its first two, and of the one behind its last.
    places: Vec<[usize; 4]>,
}

impl Parts {
    fn of(passages: &[Passage]) -> Self {
        let (mut texts, mut places) = (Vec::new(), Vec::new());
        for passage in passages {
            let whole = texts.len();
            texts.push(passage.text.clone());
            let sentences = sentences(&passage.text);
            let first = texts.len();
            texts.extend(sentences.iter().cloned());
            let twos = texts.len();
            texts.extend(sentences.windows(2).map(|two| format!("{}: {}", passage.title, two.join(" "))));
            places.push([whole, first, twos, texts.len()]);
        }
        Self { texts, places }
    }

    /// How near a question is to each passage: to the whole and to the nearest part of each kind.
    fn likeness(&self, asked: &Embedding, told: &[Embedding]) -> Vec<f32> {
        let cosines: Vec<f32> = told.iter().map(|told| asked.cosine(told)).collect();
        let best = |from: usize, to: usize| {
            cosines.get(from..to).unwrap_or_default().iter().copied().fold(f32::NEG_INFINITY, f32::max)
        };
        let of = |[whole, first, twos, end]: &[usize; 4]| {
            let (whole, one) = (best(*whole, *first), best(*first, *twos));
            let one = if first == twos { whole } else { one };
            whole + one + if twos == end { one } else { best(*twos, *end) }
        };
        self.places.iter().map(of).collect()
    }
}

/// What is written the same in another language: numbers, and words that begin with a capital.
fn names(question: &str) -> String {
    let words = question.split_whitespace().skip(1);
    let is_name = |word: &&str| {
        let word = word.trim_start_matches(|character: char| !character.is_alphanumeric());
        word.chars().next().is_some_and(char::is_uppercase)
            || word.chars().any(|character| character.is_ascii_alphanumeric() && character.is_numeric())
    };
    words.filter(is_name).collect::<Vec<_>>().join(" ")
}
