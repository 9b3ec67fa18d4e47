//! What does finding knowledge cost where there is much of it? An index of made-up articles is built as a server would build it, then asked.

mod synthetic;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use comfy_table::{Table, presets};
use indicatif::ProgressBar;
use ombud_domain::TenantId;
use ombud_ports::{KnowledgeIndex as _, KnowledgeQuery, Neighbour, VectorFilter, VectorSearch as _, Words};
use ombud_retrieval::{Article, Audience, Day};
use ombud_store::{ArticleIndex, IndexSettings, Method, Vectors};
use serde::Serialize;

use super::figures::quantile_ms;
use super::process::{Usage, cpu_of_thread, peak_rss_kib, usage};
use crate::cli::{Context, Outcome, Output};
use crate::terminal::{bar, bold, dim, say, say_json, spinner};
use synthetic::{DIMENSION, PASSAGES, Synthetic};

/// What was measured.
const WHAT: &str = "texts and vectors are synthetic: made-up words and random directions around topics, 384 numbers each; each query is one call by one thread, \
nothing else runs in this process; the filters for market, language, audience and day are part of every search";
/// Nearest ones of which recall is told.
const RECALL_AT: usize = 10;
/// How wide the graph is searched where recall is told; the last is how the server searches.
const WIDTHS: [usize; 3] = [64, 128, 256];
/// Queries before those that are measured.
const WARM_UP: usize = 50;
/// Queries at most that are compared with all vectors.
const COMPARED_MAX: usize = 200;
const TODAY: &str = "2026-06-15";
const MARKET: &str = "SE";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Passages of knowledge; as many vectors.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    chunks: u32,
    /// Queries that are measured.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    queries: u32,
    /// Decides articles, vectors and queries.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the index, which is found there by the next run; a temporary one that is removed at the end if left out.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Report {
    what: &'static str,
    version: &'static str,
    chunks: usize,
    vectors: usize,
    dimension: usize,
    seed: u64,
    /// How vectors are searched.
    method: String,
    steps: Vec<Step>,
    /// Files of words and of vectors.
    files_mib: f64,
    latencies: Vec<Latency>,
    recalls: Vec<Recall>,
    asked_found: AskedFound,
    /// The most that was ever resident, the synthetic vectors before they are indexed (4 bytes a number) among it.
    peak_rss_mib: f64,
}

/// A step of building, with what is resident after it, mapped files among it.
#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    wall_s: f64,
    cpu_s: f64,
    rss_mib: f64,
}

#[derive(Debug, Serialize)]
struct Latency {
    query: &'static str,
    n: usize,
    p50_ms: f64,
    p99_ms: f64,
    /// Of the thread that asks: what a busy machine takes away does not count.
    cpu_p50_ms: f64,
    cpu_p99_ms: f64,
}

#[derive(Debug, Serialize)]
struct Recall {
    recall: String,
    n: usize,
    at_10: f64,
}

/// The questions whose article the asker may be shown: for which share of them that article is found.
#[derive(Debug, Serialize)]
struct AskedFound {
    n: u32,
    /// Among the candidates by words.
    by_words: f64,
    /// Among those by words and vectors.
    by_both: f64,
    ranked_first: f64,
}

/// Times steps of building.
struct Steps {
    began: Instant,
    before: Usage,
    steps: Vec<Step>,
}

impl Steps {
    fn begin() -> anyhow::Result<Self> {
        Ok(Self { began: Instant::now(), before: usage(std::process::id())?, steps: Vec::new() })
    }

    fn end(&mut self, step: &'static str) -> anyhow::Result<()> {
        let now = usage(std::process::id())?;
        let cpu_s = now.cpu_ms.saturating_sub(self.before.cpu_ms) as f64 / 1_000.0;
        let rss_mib = now.rss_kib as f64 / 1_024.0;
        self.steps.push(Step { step, wall_s: self.began.elapsed().as_secs_f64(), cpu_s, rss_mib });
        (self.began, self.before) = (Instant::now(), usage(std::process::id())?);
        Ok(())
    }
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let folder = options
        .data
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("ombud-bench-search-{}", std::process::id())));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let measured = measure(options, &folder);
    if options.data.is_none() {
        // What is left over lies in the system's temporary folder, which it clears.
        let _ = std::fs::remove_dir_all(&folder);
    }
    print(&measured?, context.output)?;
    Ok(Outcome::Done)
}

fn measure(options: &Options, folder: &Path) -> anyhow::Result<Report> {
    let chunks = usize::try_from(options.chunks)?;
    let world = Synthetic::new(options.seed, chunks);
    let mut steps = Steps::begin()?;
    let writing = bar(chunks / PASSAGES, "synthetic articles");
    let knowledge = world.knowledge(|number| at(&writing, number));
    writing.finish_and_clear();
    steps.end("synthetic articles (not the index)")?;
    let settings = IndexSettings { whole_passages_max: 0, folder: Some(folder.to_owned()) };
    let waiting = spinner("building the keyword index");
    let index = ArticleIndex::build_with(knowledge, &settings)?;
    waiting.finish_and_clear();
    steps.end("keyword index")?;
    let articles = index.articles("en").len();
    let making = bar(articles, "synthetic vectors");
    let mut vectors: Vec<f32> = Vec::with_capacity(articles * PASSAGES * DIMENSION);
    for article in 0..articles {
        at(&making, article);
        (0..PASSAGES).for_each(|lesson| vectors.extend(world.lesson(article, lesson)));
    }
    making.finish_and_clear();
    steps.end("synthetic vectors (not the index)")?;
    let by_row: Vec<&[f32]> = vectors.chunks_exact(DIMENSION).collect();
    let linking = bar(by_row.len(), "vectors linked");
    index.deepen_with(&by_row, &|done| at(&linking, done));
    linking.finish_and_clear();
    steps.end("vector index")?;
    let held = index.vectors().context("the vectors were not indexed")?;
    let mut recalls = recalls(&world, options, (&index, &held, &by_row))?;
    drop(by_row);
    drop(vectors);
    recalls.push(recall_of_words(&world, options, &index)?);
    let asked_found = asked_found(&world, options, &index)?;
    let latencies = latencies(&world, options, (&index, &held))?;
    steps.end("queries")?;
    Ok(Report {
        what: WHAT,
        version: env!("CARGO_PKG_VERSION"),
        chunks: articles * PASSAGES,
        vectors: held.len(),
        dimension: DIMENSION,
        seed: options.seed,
        method: match held.method() {
            Method::Exact => "all are compared".to_owned(),
            Method::Graph(graph) => format!("{graph:?}"),
        },
        steps: steps.steps,
        files_mib: bytes_of(folder)? as f64 / 1_048_576.0,
        latencies,
        recalls,
        asked_found,
        peak_rss_mib: peak_rss_kib(std::process::id()) as f64 / 1_024.0,
    })
}

/// How many of the nearest are found: along the graph, and by rounded numbers beside unrounded ones.
fn recalls(
    world: &Synthetic,
    options: &Options,
    (index, held, vectors): (&ArticleIndex, &Arc<Vectors>, &[&[f32]]),
) -> anyhow::Result<Vec<Recall>> {
    let exact = held.exact();
    let filter = filter()?;
    let shown: Vec<bool> = index.articles("en").iter().map(is_shown).collect();
    let n = usize::try_from(options.queries)?.min(COMPARED_MAX);
    let mut walked: Vec<(usize, Vectors, usize)> =
        WIDTHS.iter().map(|width| (*width, held.with_search_width(*width), 0)).collect();
    let mut rounded = 0;
    let asking = bar(n, "queries compared with all vectors");
    for number in 0..n {
        at(&asking, number);
        let (_, vector) = world.question(number);
        let compared = ids(&exact.search(&vector, &filter, RECALL_AT)?);
        for (_, vectors, found) in &mut walked {
            let near = ids(&vectors.search(&vector, &filter, RECALL_AT)?);
            *found += compared.iter().filter(|id| near.contains(id)).count();
        }
        let mut unrounded: Vec<(f32, u64)> = (0_u64..)
            .zip(vectors)
            .zip(shown.iter().flat_map(|shown| [*shown; PASSAGES]))
            .filter(|(_, shown)| *shown)
            .map(|((id, own), _)| (-own.iter().zip(&vector).map(|(one, other)| one * other).sum::<f32>(), id))
            .collect();
        unrounded.sort_by(|one, other| one.0.total_cmp(&other.0));
        rounded += unrounded.iter().take(RECALL_AT).filter(|(_, id)| compared.contains(id)).count();
    }
    asking.finish_and_clear();
    let share = |found: usize| found as f64 / (n * RECALL_AT) as f64;
    let mut recalls: Vec<Recall> = walked
        .into_iter()
        .map(|(width, _, found)| {
            let recall = format!("searching {width} wide, of what comparing all finds");
            Recall { recall, n, at_10: share(found) }
        })
        .collect();
    let recall = "comparing all as numbers of 8 bits, of what unrounded ones give".to_owned();
    recalls.push(Recall { recall, n, at_10: share(rounded) });
    Ok(recalls)
}

/// How many of the best articles by words are found without looking at all passages.
fn recall_of_words(world: &Synthetic, options: &Options, index: &ArticleIndex) -> anyhow::Result<Recall> {
    let n = usize::try_from(options.queries)?.min(COMPARED_MAX);
    let asking = bar(n, "queries compared with all passages");
    let (mut found, mut all) = (0, 0);
    for number in 0..n {
        at(&asking, number);
        let asked = KnowledgeQuery { vector: None, ..query(world.question(number)) };
        let best = index.candidates_exhaustively(&asked)?;
        let candidates = index.candidates(&asked)?;
        let mine = candidates.get(..RECALL_AT.min(candidates.len())).unwrap_or_default();
        found += best.iter().take(RECALL_AT).filter(|article| mine.contains(article)).count();
        all += best.len().min(RECALL_AT);
    }
    asking.finish_and_clear();
    let recall = "by words, of what looking at every passage with any word finds".to_owned();
    Ok(Recall { recall, n, at_10: found as f64 / all.max(1) as f64 })
}

fn ids(found: &[Neighbour]) -> Vec<u64> {
    found.iter().map(|one| one.id).collect()
}

fn filter() -> anyhow::Result<VectorFilter> {
    Ok(VectorFilter {
        tenant: TenantId(String::new()),
        market: MARKET.to_owned(),
        language: "en".to_owned(),
        audience: Audience::Customer,
        today: Day::parse(TODAY).context("today is no day")?,
    })
}

fn query((text, vector): (String, Vec<f32>)) -> KnowledgeQuery {
    KnowledgeQuery {
        asked: None,
        balance: ombud_retrieval::Balance::default(),
        text,
        words: Words::Compared,
        vector: Some(vector.into()),
        locale: "en".to_owned(),
        market: MARKET.to_owned(),
        audience: Audience::Customer.as_str().to_owned(),
        today: TODAY.to_owned(),
        passages_max: 12,
    }
}

/// How often the article that a question is made of is found, where the asker may be shown it.
fn asked_found(world: &Synthetic, options: &Options, index: &ArticleIndex) -> anyhow::Result<AskedFound> {
    let (mut found, mut n) = ([0_u32; 3], 0_u32);
    for number in 0..usize::try_from(options.queries)? {
        let asked = world.asked(number);
        let Some(article) = index.articles("en").get(asked).filter(|article| is_shown(article)) else { continue };
        let both = query(world.question(number));
        let words = KnowledgeQuery { vector: None, ..both.clone() };
        let first = index.search(&both)?.first().is_some_and(|passage| passage.article_id == article.id);
        let each = [index.candidates(&words)?.contains(&asked), index.candidates(&both)?.contains(&asked), first];
        found.iter_mut().zip(each).for_each(|(count, found)| *count += u32::from(found));
        n += 1;
    }
    let [by_words, by_both, ranked_first] = found.map(|found| f64::from(found) / f64::from(n.max(1)));
    Ok(AskedFound { n, by_words, by_both, ranked_first })
}

fn is_shown(article: &Article) -> bool {
    article.audience == Audience::Customer
        && (article.markets.is_empty() || article.markets.iter().any(|one| one == MARKET))
}

fn latencies(
    world: &Synthetic,
    options: &Options,
    (index, held): (&ArticleIndex, &Arc<Vectors>),
) -> anyhow::Result<Vec<Latency>> {
    let (exact, filter) = (held.exact(), filter()?);
    type Ask<'a> = Box<dyn Fn(&KnowledgeQuery) -> anyhow::Result<()> + 'a>;
    let by_vector = |vectors: &Vectors, query: &KnowledgeQuery| {
        vectors.search(query.vector.as_deref().unwrap_or_default(), &filter, RECALL_AT).map(drop)
    };
    let by_words = |query: &KnowledgeQuery| -> anyhow::Result<()> {
        index.candidates(&KnowledgeQuery { vector: None, ..query.clone() })?;
        Ok(())
    };
    let fused = |query: &KnowledgeQuery| -> anyhow::Result<()> {
        index.candidates(query)?;
        Ok(())
    };
    let ranked = |query: &KnowledgeQuery| -> anyhow::Result<()> {
        index.search(query)?;
        Ok(())
    };
    let kinds: [(&'static str, usize, Ask<'_>); 5] = [
        ("keywords: 60 articles", usize::MAX, Box::new(by_words)),
        ("vectors as the server searches: 10 nearest", usize::MAX, Box::new(|query| Ok(by_vector(held, query)?))),
        ("vectors, all compared: 10 nearest", COMPARED_MAX, Box::new(|query| Ok(by_vector(&exact, query)?))),
        ("keywords and vectors: candidates", usize::MAX, Box::new(fused)),
        ("candidates, ranked: passages", usize::MAX, Box::new(ranked)),
    ];
    let mut latencies = Vec::new();
    for (name, most, ask) in kinds {
        let n = usize::try_from(options.queries)?.min(most);
        let asking = bar(n, name);
        let (mut times, mut cpu_times) = (Vec::with_capacity(n), Vec::with_capacity(n));
        // Other questions than those that are measured, so that nothing is found because it was asked before.
        for number in 0..WARM_UP + n {
            let asked = query(world.question(number + COMPARED_MAX));
            let (began, cpu_began) = (Instant::now(), cpu_of_thread());
            ask(&asked)?;
            if number >= WARM_UP {
                times.push(u64::try_from(began.elapsed().as_micros())?);
                cpu_times.push(u64::try_from((cpu_of_thread() - cpu_began).as_micros())?);
                asking.inc(1);
            }
        }
        asking.finish_and_clear();
        times.sort_unstable();
        cpu_times.sort_unstable();
        latencies.push(Latency {
            query: name,
            n,
            p50_ms: quantile_ms(&times, 50),
            p99_ms: quantile_ms(&times, 99),
            cpu_p50_ms: quantile_ms(&cpu_times, 50),
            cpu_p99_ms: quantile_ms(&cpu_times, 99),
        });
    }
    Ok(latencies)
}

fn at(bar: &ProgressBar, done: usize) {
    bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
}

/// Bytes of all files in a folder and below it.
fn bytes_of(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

fn print(report: &Report, output: Output) -> anyhow::Result<()> {
    if output == Output::Json {
        return say_json(report);
    }
    let title = format_args!(
        "search, {} synthetic passages, {} synthetic vectors, seed {}",
        report.chunks, report.vectors, report.seed
    );
    say(format_args!("{}", bold(title)));
    say(format_args!("{}", dim(report.what)));
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["step", "s", "CPU s", "RSS MiB after"]);
    for Step { step, wall_s, cpu_s, rss_mib } in &report.steps {
        table.add_row([(*step).to_owned(), format!("{wall_s:.1}"), format!("{cpu_s:.1}"), format!("{rss_mib:.0}")]);
    }
    say(format_args!("{table}"));
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["query", "n", "p50 ms", "p99 ms", "p50 CPU ms", "p99 CPU ms"]);
    for Latency { query, n, p50_ms, p99_ms, cpu_p50_ms, cpu_p99_ms } in &report.latencies {
        let times = [p50_ms, p99_ms, cpu_p50_ms, cpu_p99_ms].map(|ms| format!("{ms:.2}"));
        table.add_row([(*query).to_owned(), n.to_string()].into_iter().chain(times));
    }
    say(format_args!("{table}"));
    for Recall { recall, n, at_10 } in &report.recalls {
        say(format_args!("recall at 10: {at_10:.3}, {recall} (n = {n})"));
    }
    let AskedFound { n, by_words, by_both, ranked_first } = &report.asked_found;
    say(format_args!(
        "the article that a question is made of: {by_words:.3} among the candidates by words, {by_both:.3} by words and vectors, {ranked_first:.3} ranked \
first (n = {n})"
    ));
    say(format_args!(
        "vectors: {}; files {:.0} MiB; at most {:.0} MiB resident",
        report.method, report.files_mib, report.peak_rss_mib
    ));
    Ok(())
}
