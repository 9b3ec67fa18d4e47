//! How often does the knowledge base give the right article, and how often does it speak when it should not?
//!
//! `cargo run -p ombud-inference --example knowledge_eval -- [folder of a pack]`, default `packs/paylater`. Each set of questions is split by a
//! seed: the first half may be looked at (`--verbose`, with `--answers` also what would be said), the second is reported and not read.
//! `--first-half` leaves the second out. With `--words` only words are compared, with `--meant` only meaning, as for questions in a language without
//! articles; else both. The model lies in the folder `OMBUD_MODELS_FOLDER`.

#[path = "knowledge/pack.rs"]
mod pack;

use std::error::Error;
use std::io::Write;
use std::path::Path;

use ombud_inference::E5;
use ombud_ports::{KnowledgeIndex, KnowledgeQuery, Words};
use ombud_retrieval::{SUPPORT_MIN, extract};
use ombud_store::{ArticleIndex, IndexSettings};
use serde::Deserialize;

const TODAY: &str = "2026-11-21";
const SPLIT_SEED: u64 = 1;
const SETS: [&str; 2] = ["knowledge_questions.yaml", "knowledge_blind.yaml"];

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
    /// Articles that the index proposed, best first by BM25.
    candidates: Vec<String>,
    best: Option<String>,
    support: f32,
    alternatives: Vec<String>,
    answer: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("packs/paylater", String::as_str);
    let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // As if there were too many articles to count all of them.
    let whole_passages_max = if given("--narrow") { 0 } else { IndexSettings::default().whole_passages_max };
    let settings = IndexSettings { whole_passages_max, ..IndexSettings::default() };
    let index = ArticleIndex::build_with(pack::load(Path::new(folder))?, &settings)?;
    let model = if given("--words") { None } else { Some(pack::deepen(&index)?) };
    let mut out = std::io::stdout().lock();
    writeln!(out, "threshold in use {SUPPORT_MIN:.2}, seed of the split {SPLIT_SEED}")?;
    for name in SETS {
        let questions = std::fs::read_to_string(Path::new(folder).join("eval").join(name))?;
        let asked: Vec<Asked> = serde_saphyr::from_str(&questions)?;
        let mut outcomes = Vec::new();
        for (place, one) in asked.iter().enumerate() {
            let words = if given("--meant") { Words::Foreign } else { Words::Compared };
            outcomes.push((split(place), ask((&index, model.as_ref(), words), one)?));
        }
        let half = |first: bool| -> Vec<&Outcome<'_>> {
            outcomes.iter().filter(|(of_first, _)| *of_first == first).map(|(_, outcome)| outcome).collect()
        };
        for outcome in half(true).into_iter().filter(|_| given("--verbose")) {
            tell(&mut out, outcome)?;
            if given("--answers") {
                say(&mut out, outcome)?;
            }
        }
        thresholds(&mut out, &half(true))?;
        report(&mut out, &format!("{name}, first half"), &half(true))?;
        if !given("--first-half") {
            report(&mut out, &format!("{name}, second half"), &half(false))?;
        }
    }
    Ok(())
}

/// What other thresholds would do on the half that may be looked at.
fn thresholds(out: &mut impl Write, outcomes: &[&Outcome<'_>]) -> std::io::Result<()> {
    for threshold in [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6] {
        let f = figures(outcomes, threshold);
        writeln!(
            out,
            "  at {threshold:.2} the first half has {} of {} answered right, {} wrong, and {} of {} unanswerable ones answered",
            f.answered_right, f.answerable, f.answered_wrong, f.spoke, f.unanswerable
        )?;
    }
    Ok(())
}

fn ask<'a>(
    (index, model, words): (&ArticleIndex, Option<&E5>, Words),
    asked: &'a Asked,
) -> Result<Outcome<'a>, Box<dyn Error>> {
    let query = KnowledgeQuery {
        balance: Default::default(),
        text: asked.ask.clone(),
        words,
        vector: pack::vector(model, &asked.ask)?,
        asked: None,
        locale: "en".to_owned(),
        market: asked.market.clone(),
        audience: "customer".to_owned(),
        today: TODAY.to_owned(),
        passages_max: 8,
    };
    let passages = index.search(&query)?;
    let known = index.articles(&query.locale);
    let id = |place: usize| known.get(place).map(|article| article.id.clone());
    let candidates = index.candidates(&query)?.into_iter().filter_map(id).collect();
    let mut articles: Vec<String> = Vec::new();
    for passage in &passages {
        if !articles.contains(&passage.article_id) {
            articles.push(passage.article_id.clone());
        }
    }
    let support = passages.first().map_or(0.0, |passage| passage.support);
    let answer = extract(&asked.ask, &passages).map(|extract| extract.sentences).unwrap_or_default();
    Ok(Outcome {
        asked,
        candidates,
        answer,
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
    proposed: u32,
    proposed_first: u32,
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
        figures.proposed += u32::from(outcome.candidates.iter().any(is));
        figures.proposed_first += u32::from(outcome.candidates.first().is_some_and(is));
        figures.first += u32::from(first);
        figures.first_or_also += u32::from(right);
        figures.in_three += u32::from(first || outcome.alternatives.iter().take(2).any(is));
        figures.answered_right += u32::from(answers && right);
        figures.answered_wrong += u32::from(answers && !right);
    }
    figures
}

fn report(out: &mut impl Write, name: &str, outcomes: &[&Outcome<'_>]) -> std::io::Result<()> {
    let f = figures(outcomes, SUPPORT_MIN);
    let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
    writeln!(out, "{name}:")?;
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
        "  right article among the candidates {:.1} %, first of them by BM25 alone {:.1} %",
        percent(f.proposed, f.answerable),
        percent(f.proposed_first, f.answerable)
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

fn say(out: &mut impl Write, outcome: &Outcome<'_>) -> std::io::Result<()> {
    outcome.answer.iter().try_for_each(|sentence| writeln!(out, "       {sentence}"))
}
