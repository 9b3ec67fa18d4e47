//! How are the weights of the ranker found? From the articles' own example questions, each asked as if it and its like were not there.
//!
//! `cargo run -p ombud-inference --example knowledge_fit -- [folder of a pack] [folder of public data] [--words]` prints the constants of
//! `ombud_retrieval::rank`. The order is a softmax over the candidates of a question; the support is a logistic regression on whether the
//! first article is the right one, with the right article there, with it taken away, on the questions of the topics outside, each as if it were
//! not told there, and on questions of other trades (CLINC150's questions outside any scope, Larson and others 2019). The questions of `knowledge_eval` take no part.

#[path = "knowledge/pack.rs"]
mod pack;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use ombud_inference::E5;
use ombud_ports::{KnowledgeQuery, Words};
use ombud_retrieval::rank::{FEATURES, Features, SIGNALS, Signals, Weights};
use ombud_retrieval::{Article, Audience, Ranked, Ranker};
use ombud_store::ArticleIndex;

const TODAY: &str = "2026-11-21";
const MARKETS: [&str; 7] = ["SE", "DE", "GB", "NL", "FI", "NO", "US"];
const ROUNDS: usize = 1000;
/// How much a question with its article taken away counts beside one with its article there: most customers ask what is answered.
const TAKEN_AWAY: f32 = 0.25;
/// Keeps weights small where the data says little.
const DECAY: f32 = 0.0002;

/// Signals of a first article, whether it is the right one, and how much that counts.
type Judged = (Signals, bool, f32);

/// A question of an article: the features of all candidates, and which of them is right.
struct Example {
    question: String,
    vector: Option<Arc<[f32]>>,
    /// Articles that have it among their examples.
    holders: Vec<usize>,
    candidates: Vec<usize>,
    features: Vec<Features>,
    right: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folders: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let folder = folders.first().map_or("packs/paylater", |folder| folder.as_str());
    let data = folders.get(1).map_or("../shared/data", |folder| folder.as_str());
    let knowledge = pack::load(Path::new(folder))?;
    let index = ArticleIndex::build(knowledge.clone())?;
    let words = arguments.iter().any(|argument| argument == "--words");
    let model = if words { None } else { Some(pack::deepen(&index)?) };
    let (ranker, articles) = index.ranker("en").ok_or("the pack has no English articles")?;

    let examples = examples(&index, model.as_ref(), (ranker, &articles))?;
    let order = fit_order(&examples);
    let ranker = ranker.with_weights(&Weights { order, ..Weights::words() });
    let mut judged = judged(&ranker, &examples);
    let out_of_scope = out_of_scope(Path::new(data))?;
    for question in &out_of_scope {
        let candidates = index.candidates(&query(question, "GB", Audience::Customer))?;
        let vector = pack::vector(model.as_ref(), question)?;
        let ranked = ranker.rank(question, vector.as_deref(), &candidates);
        judged.extend(ranker.signals(question, &ranked).map(|signals| (signals, false, 1.0)));
    }
    let topics = knowledge.outside.iter().filter(|topic| topic.language == "en");
    for (place, topic) in (articles.len()..).zip(topics) {
        for question in &topic.questions {
            let candidates = index.candidates(&query(question, "GB", Audience::Customer))?;
            let vector = pack::vector(model.as_ref(), question)?;
            let ranked = ranker.rank_held_out(question, vector.as_deref(), &[place], &candidates);
            judged.extend(ranker.signals(question, &ranked).map(|signals| (signals, false, 1.0)));
        }
    }
    let (support, bias) = fit_support(&judged);

    let mut out = std::io::stdout().lock();
    let right = examples.iter().filter(|one| best(&one.features, &order) == one.right).count();
    writeln!(
        out,
        "{} questions, {right} with the right article first; {} out of scope",
        examples.len(),
        out_of_scope.len()
    )?;
    writeln!(out, "order: {order:.3?}\nsupport: {support:.3?}\nbias: {bias:.3}")?;
    Ok(())
}

fn query(text: &str, market: &str, audience: Audience) -> KnowledgeQuery {
    KnowledgeQuery {
        balance: Default::default(),
        text: text.to_owned(),
        words: Words::Compared,
        vector: None,
        asked: None,
        locale: "en".to_owned(),
        market: market.to_owned(),
        audience: audience.as_str().to_owned(),
        today: TODAY.to_owned(),
        passages_max: 8,
    }
}

fn examples(
    index: &ArticleIndex,
    model: Option<&E5>,
    (ranker, articles): (&Ranker, &[&Article]),
) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = Vec::new();
    for (place, article) in articles.iter().enumerate() {
        for (turn, question) in article.questions.iter().enumerate() {
            let market = match article.markets.get(turn % article.markets.len().max(1)) {
                Some(market) => market.as_str(),
                None => MARKETS.get((place + turn) % MARKETS.len()).copied().unwrap_or("SE"),
            };
            let candidates = index.candidates(&query(question, market, article.audience))?;
            let vector = pack::vector(model, question)?;
            let ranked = ranker.rank_held_out(question, vector.as_deref(), &holders(articles, question), &candidates);
            if let Some(right) = ranked.iter().position(|one| one.article == place) {
                let features = ranked.iter().map(|one| one.features).collect();
                let candidates = ranked.iter().map(|one| one.article).collect();
                let holders = holders(articles, question);
                examples.push(Example { question: question.clone(), vector, holders, candidates, features, right });
            }
        }
    }
    Ok(examples)
}

fn holders(articles: &[&Article], question: &str) -> Vec<usize> {
    let holds = |article: &Article| article.questions.iter().any(|one| one == question);
    articles.iter().enumerate().filter(|(_, article)| holds(article)).map(|(place, _)| place).collect()
}

fn score(features: &Features, weights: &Features) -> f32 {
    features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum()
}

fn best(features: &[Features], weights: &Features) -> usize {
    let scored = features.iter().enumerate().map(|(place, one)| (place, score(one, weights)));
    scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map_or(0, |(place, _)| place)
}

/// Gradient ascent on the likelihood of the right article, weights not below zero: more likeness never counts against an article.
fn fit_order(examples: &[Example]) -> Features {
    let mut weights = [1.0_f32; FEATURES];
    let share = 1.0 / f32::from(u16::try_from(examples.len().max(1)).unwrap_or(u16::MAX));
    for round in 0..ROUNDS {
        let rate = if round < ROUNDS / 2 { 12.0 } else { 4.0 };
        let mut gradient = [0.0_f32; FEATURES];
        for example in examples {
            let scores: Vec<f32> = example.features.iter().map(|one| score(one, &weights)).collect();
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            let likelihoods: Vec<f32> = scores.iter().map(|score| (score - top).exp()).collect();
            let all: f32 = likelihoods.iter().sum();
            for (place, (features, likelihood)) in example.features.iter().zip(&likelihoods).enumerate() {
                let error = f32::from(u8::from(place == example.right)) - likelihood / all;
                for (sum, feature) in gradient.iter_mut().zip(features) {
                    *sum += share * error * feature;
                }
            }
        }
        for (weight, step) in weights.iter_mut().zip(gradient) {
            *weight = (*weight + rate * (step - DECAY * *weight)).max(0.0);
        }
    }
    weights
}

/// Signals with the right article there, and with it taken away.
fn judged(ranker: &Ranker, examples: &[Example]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for example in examples {
        let Some(right) = example.candidates.get(example.right).copied() else { continue };
        let first = |ranked: &[Ranked]| ranked.first().is_some_and(|one| one.article == right);
        let ranked =
            ranker.rank_held_out(&example.question, example.vector.as_deref(), &example.holders, &example.candidates);
        judged.extend(ranker.signals(&example.question, &ranked).map(|signals| (signals, first(&ranked), 1.0)));
        let others: Vec<usize> = example.candidates.iter().copied().filter(|one| *one != right).collect();
        let ranked = ranker.rank_held_out(&example.question, example.vector.as_deref(), &example.holders, &others);
        judged.extend(ranker.signals(&example.question, &ranked).map(|signals| (signals, false, TAKEN_AWAY)));
    }
    judged
}

fn fit_support(judged: &[Judged]) -> (Signals, f32) {
    let (mut weights, mut bias) = ([0.0_f32; SIGNALS], 0.0_f32);
    let share = 1.0 / f32::from(u16::try_from(judged.len().max(1)).unwrap_or(u16::MAX));
    for _ in 0..4 * ROUNDS {
        let (mut gradient, mut step) = ([0.0_f32; SIGNALS], 0.0_f32);
        for (signals, answers, counts) in judged {
            let logit = signals.iter().zip(&weights).map(|(signal, weight)| signal * weight).sum::<f32>() + bias;
            let error = counts * (f32::from(u8::from(*answers)) - 1.0 / (1.0 + (-logit).exp()));
            step += share * error;
            for (sum, signal) in gradient.iter_mut().zip(signals) {
                *sum += share * error * signal;
            }
        }
        bias += 0.3 * step;
        for (weight, step) in weights.iter_mut().zip(gradient) {
            *weight += 0.3 * (step - 0.0005 * *weight);
        }
    }
    (weights, bias)
}

/// Questions outside any scope; none, with a word, when the public data is not there.
fn out_of_scope(data: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut questions = Vec::new();
    for name in ["oos_train.jsonl", "oos_valid.jsonl"] {
        let Ok(text) = std::fs::read_to_string(data.join("clinc150/dev").join(name)) else {
            writeln!(std::io::stderr(), "{name} of CLINC150 is not there and is left out")?;
            continue;
        };
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            questions.extend(row.get("text").and_then(serde_json::Value::as_str).map(str::to_owned));
        }
    }
    Ok(questions)
}
