//! How often does the knowledge base give the right article, and how often does it speak when it should not?
//!
//! `cargo run -p ombud-store --example knowledge_eval -- [folder of a pack]`, default `packs/paylater`. The questions of
//! `eval/knowledge_questions.yaml` are split by a seed: one half shows which threshold is best, the other half is reported.

#[path = "knowledge/pack.rs"]
mod pack;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use ombud_ports::{KnowledgeIndex, KnowledgeQuery};
use ombud_retrieval::SUPPORT_MIN;
use ombud_store::TantivyIndex;
use serde::Deserialize;

const TODAY: &str = "2026-11-21";
const SPLIT_SEED: u64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    ask: String,
    expect: String,
    market: String,
    #[serde(default)]
    also: Vec<String>,
}

struct Outcome<'a> {
    asked: &'a Asked,
    best: Option<String>,
    support: f32,
    alternatives: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("packs/paylater", String::as_str);
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let (articles, synonyms) = pack::load(Path::new(folder))?;
    let index = TantivyIndex::build_with(articles, &synonyms)?;
    let questions = std::fs::read_to_string(Path::new(folder).join("eval/knowledge_questions.yaml"))?;
    let asked: Vec<Asked> = serde_saphyr::from_str(&questions)?;
    let mut outcomes = Vec::new();
    for one in &asked {
        outcomes.push(ask(&index, one)?);
    }
    let half = |first: bool| -> Vec<&Outcome<'_>> {
        outcomes.iter().enumerate().filter(|(place, _)| split(*place) == first).map(|(_, outcome)| outcome).collect()
    };
    let (chosen_on, reported) = (half(true), half(false));
    let mut out = std::io::stdout().lock();
    if verbose {
        for outcome in &chosen_on {
            tell(&mut out, outcome)?;
        }
    }
    let best = best_threshold(&chosen_on);
    writeln!(out, "threshold in use {SUPPORT_MIN:.2}, best on the first half {best:.2}")?;
    for threshold in [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5] {
        let f = figures(&chosen_on, threshold);
        writeln!(
            out,
            "  at {threshold:.2} the first half has {} of {} answered right, {} wrong, and {} of {} unanswerable ones answered",
            f.answered_right, f.answerable, f.answered_wrong, f.spoke, f.unanswerable
        )?;
    }
    report(&mut out, "first half, threshold in use", &chosen_on, SUPPORT_MIN)?;
    report(&mut out, "second half, threshold in use", &reported, SUPPORT_MIN)?;
    report(&mut out, "second half, best threshold of the first", &reported, best)?;
    Ok(())
}

fn ask<'a>(index: &TantivyIndex, asked: &'a Asked) -> Result<Outcome<'a>, Box<dyn Error>> {
    let passages = index.search(&KnowledgeQuery {
        text: asked.ask.clone(),
        locale: "en".to_owned(),
        market: asked.market.clone(),
        audience: "customer".to_owned(),
        today: TODAY.to_owned(),
        passages_max: 8,
    })?;
    let mut articles: Vec<String> = Vec::new();
    for passage in &passages {
        if !articles.contains(&passage.article_id) {
            articles.push(passage.article_id.clone());
        }
    }
    let support = passages.first().map_or(0.0, |passage| passage.support);
    Ok(Outcome {
        asked,
        support,
        best: articles.first().cloned(),
        alternatives: articles.into_iter().skip(1).collect(),
    })
}

/// One half or the other, by a hash of the place (splitmix64, Steele and others 2014).
fn split(place: usize) -> bool {
    let mut mixed = (u64::try_from(place).unwrap_or(0) + SPLIT_SEED).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) & 1 == 0
}

#[derive(Default)]
struct Figures {
    answerable: u32,
    first: u32,
    first_or_also: u32,
    in_three: u32,
    answered_right: u32,
    answered_wrong: u32,
    unanswerable: u32,
    spoke: u32,
}

fn figures(outcomes: &[&Outcome<'_>], threshold: f32) -> Figures {
    let mut figures = Figures::default();
    for outcome in outcomes {
        let answers = outcome.support >= threshold;
        if outcome.asked.expect == "none" {
            figures.unanswerable += 1;
            figures.spoke += u32::from(answers);
            continue;
        }
        let is = |id: &String| *id == outcome.asked.expect;
        let fits = |id: &String| is(id) || outcome.asked.also.contains(id);
        let first = outcome.best.as_ref().is_some_and(is);
        let right = outcome.best.as_ref().is_some_and(fits);
        figures.answerable += 1;
        figures.first += u32::from(first);
        figures.first_or_also += u32::from(right);
        figures.in_three += u32::from(first || outcome.alternatives.iter().take(2).any(is));
        figures.answered_right += u32::from(answers && right);
        figures.answered_wrong += u32::from(answers && !right);
    }
    figures
}

/// The threshold with most right answers less twice the wrong ones and twice the words spoken where there is no answer.
fn best_threshold(outcomes: &[&Outcome<'_>]) -> f32 {
    let worth = |threshold: f32| {
        let figures = figures(outcomes, threshold);
        i64::from(figures.answered_right) - 2 * i64::from(figures.answered_wrong) - 2 * i64::from(figures.spoke)
    };
    let steps = (1_u8..100).map(|step| f32::from(step) / 100.0);
    steps.reduce(|best, next| if worth(next) > worth(best) { next } else { best }).unwrap_or(SUPPORT_MIN)
}

fn report(out: &mut impl Write, name: &str, outcomes: &[&Outcome<'_>], threshold: f32) -> std::io::Result<()> {
    let f = figures(outcomes, threshold);
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
    writeln!(out, "{name} ({threshold:.2}):")?;
    writeln!(
        out,
        "  answerable n={}: right article first {:.1} %, also accepting the others named {:.1} %, among three {:.1} %",
        f.answerable,
        percent(f.first, f.answerable),
        percent(f.first_or_also, f.answerable),
        percent(f.in_three, f.answerable)
    )?;
    writeln!(
        out,
        "  answered right {:.1} %, answered wrong {:.1} %, said it did not know {:.1} %",
        percent(f.answered_right, f.answerable),
        percent(f.answered_wrong, f.answerable),
        percent(f.answerable - f.answered_right - f.answered_wrong, f.answerable)
    )?;
    writeln!(out, "  unanswerable n={}: spoke anyway {:.1} %", f.unanswerable, percent(f.spoke, f.unanswerable))
}

fn tell(out: &mut impl Write, outcome: &Outcome<'_>) -> std::io::Result<()> {
    let best = outcome.best.as_deref().unwrap_or("-");
    let right = best == outcome.asked.expect || outcome.asked.also.iter().any(|id| id == best);
    let mark = if right { "  " } else { "! " };
    let also = outcome.alternatives.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    writeln!(
        out,
        "{mark}{:.2} {} -> {best} (expected {}; then {also})",
        outcome.support, outcome.asked.ask, outcome.asked.expect
    )
}
