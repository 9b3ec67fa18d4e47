//! How likely does an article answer a question in a language that it is told in only in short? A logistic regression on questions of that language.
//!
//! `cargo run -p ombud-inference --example short_fit -- [folder of a pack] [folder of public data]` reads `eval/asked/<locale>.yaml` of the pack (what customers ask, by the names of the
//! short answers) and prints how often the right one comes first, by the examples of the articles alone and with the short answers, then the constants of `ombud_retrieval::rank` (`TOLD`)
//! and what they give. A question is asked with its answer there, and with it taken away (which counts a quarter); sentences of xSID (alarms, weather, music) are what nothing answers.
//! Every second language is judged by a fit on the others.

#[expect(dead_code, reason = "shared with examples that build an index")]
#[path = "knowledge/pack.rs"]
mod pack;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Write;
use std::path::Path;

use ombud_inference::E5;
use ombud_ports::{Embedder as _, TextKind};
use ombud_retrieval::Knowledge;
use ombud_retrieval::meaning::{Nearness, told_nearness};
use ombud_retrieval::sentence::sentences;

const ROUNDS: usize = 4000;
const RATE: f64 = 0.5;
const DECAY: f64 = 0.0005;
/// How much a question counts whose answer was taken away.
const TAKEN_AWAY: f64 = 0.25;
/// Sentences of another domain of each language.
const FOREIGN_MAX: usize = 150;
/// Texts embedded at a time.
const AT_ONCE: usize = 256;

/// A constant, how near the examples are, how near the short answer, and the lead over the second.
type Signals = [f64; 4];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    There,
    TakenAway,
    Foreign,
}

/// What was found first.
struct Judged {
    signals: Signals,
    is_right: bool,
    kind: Kind,
}

/// The short answers of a language, with everything a question of it is compared with.
struct Language {
    name: String,
    questions: Vec<(usize, Vec<f32>)>,
    foreign: Vec<Vec<f32>>,
    /// Each text, then its sentences.
    told: Vec<Vec<Box<[f32]>>>,
    /// What is added to a question's vector to bring it among those of the articles' own language.
    moves: Vec<f32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().map_or("packs/paylater", String::as_str));
    let data = Path::new(arguments.get(1).map_or("../shared/data", String::as_str));
    let knowledge = pack::load(folder)?;
    let model = E5::open(&pack::path()?)?;
    let index: BTreeMap<String, Vec<String>> =
        serde_saphyr::from_str(&std::fs::read_to_string(folder.join("knowledge/short.yaml"))?)?;
    let names: Vec<&String> = index.keys().collect();
    let examples = examples(&model, &knowledge, &index)?;
    let mut out = std::io::stdout();
    let mut judged = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder.join("eval/asked"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    for file in files {
        let language = language(&model, (&knowledge, &index), (&file, data), (&names, &examples))?;
        let (of_language, alone, both) = judge(&language, &examples);
        let all = language.questions.len();
        writeln!(out, "{}: first by examples {alone}, with short answers {both} of {all}", language.name)?;
        judged.push(of_language);
    }
    let weights = fit(&judged.iter().flatten().collect::<Vec<_>>());
    writeln!(out, "TOLD (for a likelihood of one half): {weights:.2?}")?;
    for threshold in [0.4, 0.5, 0.6, 0.7] {
        tell(&mut out, &judged, threshold)?;
    }
    Ok(())
}

/// What is told from a likelihood on, each half of the languages judged by a fit on the other.
fn tell(out: &mut impl Write, judged: &[Vec<Judged>], threshold: f64) -> Result<(), Box<dyn Error>> {
    let (mut right, mut wrong, mut taken, mut foreign) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for half in 0..2 {
        let part =
            |own: bool| judged.iter().enumerate().filter(move |(at, _)| (at % 2 == half) == own).flat_map(|(_, of)| of);
        let weights = fit(&part(false).collect::<Vec<_>>());
        for one in part(true) {
            let is_told = likelihood(&weights, &one.signals) >= threshold;
            match one.kind {
                Kind::There => {
                    right.push(is_told && one.is_right);
                    wrong.push(is_told && !one.is_right);
                }
                Kind::TakenAway => taken.push(is_told),
                Kind::Foreign => foreign.push(is_told),
            }
        }
    }
    let [right, wrong, taken_away, of_another] = [&right, &wrong, &taken, &foreign].map(|of| share(of));
    writeln!(
        out,
        "from {threshold}: right {right:.3}, wrong {wrong:.3}; with the answer taken away {taken_away:.3} of {}; of another domain {of_another:.3} of {}",
        taken.len(),
        foreign.len()
    )?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "thousands of questions")]
fn share(told: &[bool]) -> f64 {
    told.iter().filter(|told| **told).count() as f64 / told.len().max(1) as f64
}

fn vectors(model: &E5, texts: &[String]) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    let mut made = Vec::with_capacity(texts.len());
    for part in texts.chunks(AT_ONCE) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        made.extend(model.embed(TextKind::Query, &part)?.iter().map(|one| one.values().to_vec()));
    }
    Ok(made)
}

/// The example questions and titles of the articles of each short answer.
fn examples(
    model: &E5,
    knowledge: &Knowledge,
    index: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Vec<Vec<f32>>>, Box<dyn Error>> {
    let of = |ids: &Vec<String>| -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
        let articles = knowledge.articles.iter().filter(|article| ids.contains(&article.id));
        let texts: BTreeSet<&String> =
            articles.flat_map(|article| article.questions.iter().chain([&article.title])).collect();
        vectors(model, &texts.into_iter().cloned().collect::<Vec<_>>())
    };
    index.values().map(of).collect()
}

fn mean<'v>(vectors: impl Iterator<Item = &'v Vec<f32>>) -> Vec<f32> {
    let (mut sum, mut count) = (Vec::new(), 0.0_f32);
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
        count += 1.0;
    }
    sum.iter_mut().for_each(|sum| *sum /= count.max(1.0));
    sum
}

fn language(
    model: &E5,
    (knowledge, index): (&Knowledge, &BTreeMap<String, Vec<String>>),
    (file, data): (&Path, &Path),
    (names, examples): (&[&String], &[Vec<Vec<f32>>]),
) -> Result<Language, Box<dyn Error>> {
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let asked: BTreeMap<String, Vec<String>> = serde_saphyr::from_str(&std::fs::read_to_string(file)?)?;
    let mut questions = Vec::new();
    for (place, of_name) in names.iter().enumerate().filter_map(|(place, name)| Some((place, asked.get(*name)?))) {
        questions.extend(vectors(model, of_name)?.into_iter().map(|vector| (place, vector)));
    }
    let mut told = Vec::new();
    for articles in index.values() {
        let text = knowledge.abroad.iter().find(|one| one.language == name && one.articles == *articles);
        let text = text.map(|one| one.text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        let all: Vec<String> = [text.clone()].into_iter().chain(sentences(&text)).collect();
        told.push(vectors(model, &all)?.into_iter().map(Vec::into_boxed_slice).collect());
    }
    let source = std::fs::read_to_string(data.join(format!("xsid/dev/{name}.jsonl"))).unwrap_or_default();
    let mut foreign = Vec::new();
    for line in source.lines().take(FOREIGN_MAX) {
        let line: serde_json::Value = serde_json::from_str(line)?;
        foreign.extend(line.get("text").and_then(serde_json::Value::as_str).map(str::to_owned));
    }
    let (own, articles) = (mean(questions.iter().map(|(_, vector)| vector)), mean(examples.iter().flatten()));
    let moves = articles.iter().zip(&own).map(|(to, from)| to - from).collect();
    Ok(Language { name, questions, foreign: vectors(model, &foreign)?, told, moves })
}

/// What every question found, and how often the right answer came first: by the examples alone, and with the short answers.
fn judge(language: &Language, examples: &[Vec<Vec<f32>>]) -> (Vec<Judged>, usize, usize) {
    let (mut judged, mut alone, mut both) = (Vec::new(), 0, 0);
    let asked = language.questions.iter().map(|(name, vector)| (Some(*name), vector));
    for (name, vector) in asked.chain(language.foreign.iter().map(|vector| (None, vector))) {
        let (near, told) = compared(language, examples, vector);
        let sums: Vec<f32> = near.iter().zip(&told).map(|(near, told)| near + told).collect();
        if let Some(name) = name {
            alone += usize::from(best_two(&near, None).is_some_and(|(first, _)| first == name));
            both += usize::from(best_two(&sums, None).is_some_and(|(first, _)| first == name));
        }
        let kinds: &[Kind] = if name.is_some() { &[Kind::There, Kind::TakenAway] } else { &[Kind::Foreign] };
        for kind in kinds {
            let without = name.filter(|_| *kind == Kind::TakenAway);
            let Some((first, second)) = best_two(&sums, without) else { continue };
            let at = |of: &[f32], place: usize| f64::from(of.get(place).copied().unwrap_or_default());
            let lead = at(&sums, first) - at(&sums, second);
            judged.push(Judged {
                signals: [1.0, at(&near, first), at(&told, first), lead],
                is_right: *kind == Kind::There && Some(first) == name,
                kind: *kind,
            });
        }
    }
    (judged, alone, both)
}

/// How near a question is to the examples of each answer, moved among them, and to the answer as it is told.
fn compared(language: &Language, examples: &[Vec<Vec<f32>>], vector: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let moved: Vec<f32> = vector.iter().zip(&language.moves).map(|(number, moves)| number + moves).collect();
    let length = moved.iter().map(|number| number * number).sum::<f32>().sqrt();
    let moved: Vec<f32> = moved.iter().map(|number| number / length).collect();
    let near = examples
        .iter()
        .map(|texts| Nearness::of(&moved, texts.iter().map(Vec::as_slice)).map_or(0.0, |near| near.one + near.three));
    let texts: Vec<&[Box<[f32]>]> = language.told.iter().map(Vec::as_slice).collect();
    (near.collect(), told_nearness(vector, &texts))
}

/// The places of the two highest scores.
fn best_two(scores: &[f32], without: Option<usize>) -> Option<(usize, usize)> {
    let mut order: Vec<(usize, f32)> =
        scores.iter().copied().enumerate().filter(|(place, _)| Some(*place) != without).collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    Some((order.first()?.0, order.get(1)?.0))
}

fn likelihood(weights: &Signals, signals: &Signals) -> f64 {
    let logit: f64 = weights.iter().zip(signals).map(|(weight, signal)| weight * signal).sum();
    1.0 / (1.0 + (-logit).exp())
}

fn fit(judged: &[&Judged]) -> Signals {
    let mut weights = Signals::default();
    let weight_of = |one: &Judged| if one.kind == Kind::TakenAway { TAKEN_AWAY } else { 1.0 };
    let total: f64 = judged.iter().map(|one| weight_of(one)).sum();
    for _ in 0..ROUNDS {
        let mut slopes = Signals::default();
        for one in judged {
            let error = likelihood(&weights, &one.signals) - f64::from(u8::from(one.is_right));
            slopes.iter_mut().zip(&one.signals).for_each(|(slope, signal)| *slope += weight_of(one) * error * signal);
        }
        for (place, (weight, slope)) in weights.iter_mut().zip(&slopes).enumerate() {
            let decay = if place == 0 { 0.0 } else { DECAY * *weight };
            *weight -= RATE * (slope / total + decay);
        }
    }
    weights
}
