//! Is a question in passing answered with the right sentence of the articles about what is open? By words alone, and with meaning.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_domain::Passage;
use ombud_learning::eval::figure::share;
use ombud_learning::eval::{FileFault, Line};
use ombud_policy::pack::Pack;
use ombud_ports::TextKind;
use ombud_retrieval::answer::{Extract, extract_of_request};
use ombud_retrieval::article::Audience;
use ombud_retrieval::{Knowledge, chunks};

use super::files;
use super::print::{Figures, note};
use super::vectors::{Vectors, View};
use crate::cli::{Context, Outcome};
use crate::packs::PackSource;

const EXAMPLES: &str = "\
Examples:
  ombud eval asides --pack packs/my-company --test asides.jsonl
  ombud eval asides --pack packs/my-company --test asides.jsonl --missed

A line has `ask` (the question), `flow` (what is open), `article` (one of its articles that answers it) and `any`: texts of which the right sentence
holds one at least; where that list is empty, nothing answers and nothing may be quoted.";

const ASKED: View = View { name: "aside-query", kind: TextKind::Query, layers: &[12] };
const TOLD: View = View { name: "aside-passage", kind: TextKind::Passage, layers: &[12] };

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pack: PathBuf,
    /// Files of questions.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    test: Vec<PathBuf>,
    /// Market whose articles are read.
    #[arg(long, value_name = "MARKET", default_value = "GB")]
    market: String,
    /// Name what was answered wrongly with words and meaning, on standard error.
    #[arg(long)]
    missed: bool,
}

struct Aside {
    ask: String,
    flow: String,
    article: String,
    any: Vec<String>,
}

impl Aside {
    fn parse(line: &Line) -> Result<Self, FileFault> {
        let wanted = || line.missing("the fields `ask`, `flow`, `article` and `any`, a list of texts");
        let text = |field: &str| line.text(field).map(str::to_owned).ok_or_else(wanted);
        let any = line.texts("any").ok_or_else(wanted)?;
        Ok(Self { ask: text("ask")?, flow: text("flow")?, article: text("article")?, any })
    }

    fn is_right(&self, told: Option<&Extract>) -> bool {
        let Some(told) = told else { return self.any.is_empty() };
        let holds = |words: &String| told.sentences.iter().any(|sentence| sentence.contains(words));
        self.any.iter().any(holds)
    }

    /// A label that its article does not hold would count right answers as wrong.
    fn is_held(&self, about: &[Vec<Passage>]) -> bool {
        let of_article = |passage: &&Passage| passage.article_id == self.article;
        let mut told = about.iter().flatten().filter(of_article);
        self.any.is_empty() || told.any(|passage| self.any.iter().any(|words| passage.text.contains(words)))
    }
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let asides = files::read(&options.test, Aside::parse)?;
    let (pack, knowledge) = PackSource::find(&options.pack.to_string_lossy())?.read()?;
    let vectors = Vectors::open(context)?;
    let (mut by_words, mut by_both) = (0, 0);
    for aside in &asides {
        let about = about(&pack, &knowledge, (aside, &options.market))?;
        if !aside.is_held(&about) {
            bail!("no sentence of `{}` has the words for `{}`", aside.article, aside.ask);
        }
        by_words += usize::from(aside.is_right(extract_of_request(&aside.ask, &about, |_| None).as_ref()));
        let mut fault = None;
        let told = extract_of_request(&aside.ask, &about, |told| {
            cosines(&vectors, &aside.ask, told).map_err(|error| fault = Some(error)).ok()
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        let is_right = aside.is_right(told.as_ref());
        by_both += usize::from(is_right);
        if options.missed && !is_right {
            let told = told.map_or_else(|| "nothing".to_owned(), |told| told.citation.quote);
            note(format_args!("{} ({}): {told}", aside.ask, aside.flow));
        }
    }
    let mut figures = Figures::new(0);
    figures.add("right_by_words", share(by_words, asides.len()), asides.len());
    figures.add("right_by_words_and_meaning", share(by_both, asides.len()), asides.len());
    figures.print(context.output)?;
    Ok(Outcome::Done)
}

fn cosines(vectors: &Vectors, ask: &str, told: &[String]) -> anyhow::Result<Vec<f32>> {
    let asked = vectors.of(ASKED, &[ask.to_owned()])?;
    let asked = asked.first().context("the question has no vector")?;
    Ok(vectors.of(TOLD, told)?.iter().map(|told| asked.cosine(told)).collect())
}

/// The passages of each article about what is open, as far as they hold in the market.
fn about(pack: &Pack, knowledge: &Knowledge, (aside, market): (&Aside, &str)) -> anyhow::Result<Vec<Vec<Passage>>> {
    let flow = pack.flows.get(&aside.flow).with_context(|| format!("the pack has no flow `{}`", aside.flow))?;
    let is_shown = |markets: &[String]| markets.is_empty() || markets.iter().any(|named| named == market);
    let of_article = |id: &String| -> Vec<Passage> {
        let articles = knowledge.articles.iter().filter(|article| {
            let is_meant = article.id == *id && article.locale == pack.manifest.default_locale;
            is_meant && article.audience == Audience::Customer && is_shown(&article.markets)
        });
        let passages = articles.flat_map(|article| {
            chunks(article).into_iter().map(|chunk| Passage {
                article_id: article.id.clone(),
                title: article.title.clone(),
                text: chunk.text_for(Some(market)),
                heading: chunk.heading,
                source: article.source.clone(),
                locale: article.locale.clone(),
                ordinal: chunk.ordinal,
                support: 1.0,
                score: 1.0,
            })
        });
        passages.collect()
    };
    Ok(flow.articles.iter().map(of_article).collect())
}
