//! Does the engine give the vectors of the reference, on the real model?
//!
//! The model is looked for in the folder that `OMBUD_MODELS_FOLDER` names, which `cargo xtask test` sets after fetching it.

use std::path::Path;

use ombud_inference::{E5, E5_EMBEDDING, E5_SMALL};
use ombud_ports::{Embedder as _, TextKind};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    text: String,
    tokens: usize,
    length: f32,
    first: Vec<f32>,
}

impl Case {
    fn kind(&self) -> TextKind {
        if self.kind == "query" { TextKind::Query } else { TextKind::Passage }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment says where the model is and whether it may be missing")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "called from tests only")]
fn model() -> Option<E5> {
    if let Some(folder) = setting("OMBUD_MODELS_FOLDER") {
        let path = Path::new(&folder).join(E5_SMALL.file);
        if path.exists() {
            return Some(E5::open(&path).unwrap());
        }
    }
    if setting("CI_DEMANDS_DATA").is_some_and(|value| value == "1") {
        panic!("the embedding model is demanded and not there; set OMBUD_MODELS_FOLDER and run `ombud models fetch`");
    }
    println!("skipped: no embedding model in OMBUD_MODELS_FOLDER; run `ombud models fetch`");
    None
}

#[expect(clippy::unwrap_used, reason = "called from tests only")]
fn reference() -> Reference {
    serde_json::from_str(include_str!("fixtures/e5_reference.json")).unwrap()
}

fn cosine(one: &[f32], another: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(one, another) / (dot(one, one) * dot(another, another)).sqrt()
}

#[test]
fn vectors_are_those_of_the_reference_in_every_script() {
    let Some(model) = model() else { return };
    for case in reference().cases {
        let embedding = model.embed(case.kind(), &[&case.text]).unwrap().remove(0);
        assert_eq!(embedding.values().len(), E5_EMBEDDING.dimension);
        let length = embedding.values().iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((length - case.length).abs() < 1e-4, "{}: {length}", case.text);
        let first = &embedding.values()[..case.first.len()];
        let alike = cosine(first, &case.first);
        assert!(alike >= 0.999, "{}: {alike}", case.text);
        let furthest = first.iter().zip(&case.first).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
        assert!(furthest < 0.005, "{}: {furthest}", case.text);
    }
}

#[test]
fn texts_have_as_many_tokens_as_in_the_reference() {
    let Some(model) = model() else { return };
    for case in reference().cases {
        assert_eq!(model.tokens(case.kind(), &case.text), case.tokens, "{}", case.text);
    }
}

#[test]
fn the_same_question_in_another_language_is_nearer_than_another_question() {
    let Some(model) = model() else { return };
    let texts = ["Where is my parcel?", "Wo ist mein Paket?", "I want to close my account."];
    let embeddings = model.embed(TextKind::Query, &texts).unwrap();
    let [english, german, other] = &embeddings[..] else { panic!() };
    assert!(english.cosine(german) > english.cosine(other) + 0.03);
}

#[test]
fn a_text_has_the_same_vector_alone_and_among_others() {
    let Some(model) = model() else { return };
    let cases = reference().cases;
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let together = model.embed(TextKind::Query, &texts.repeat(6)).unwrap();
    assert_eq!(together.len(), texts.len() * 6);
    for (index, embedding) in together.iter().enumerate() {
        let alone = model.embed(TextKind::Query, &[texts[index % texts.len()]]).unwrap().remove(0);
        assert!(embedding.cosine(&alone) > 0.99999, "{}", texts[index % texts.len()]);
    }
}

#[test]
fn nothing_is_read_behind_the_512th_token() {
    let Some(model) = model() else { return };
    let long = "the parcel never came ".repeat(400);
    assert_eq!(model.tokens(TextKind::Query, &long), 512);
    let longer = format!("{long} and I want to talk to a person");
    let embeddings = model.embed(TextKind::Query, &[&long, &longer]).unwrap();
    assert_eq!(embeddings[0], embeddings[1]);
}

#[test]
fn an_empty_text_and_odd_ones_have_a_vector() {
    let Some(model) = model() else { return };
    let texts = ["", " ", "\u{0}", "\u{200b}\u{feff}", "\u{10ffff}", "😀👩‍👩‍👧‍👦", "\r\n\t", "<s></s><unk><mask>"];
    assert_eq!(model.embed(TextKind::Query, &texts).unwrap().len(), texts.len());
    assert_eq!(model.embed(TextKind::Query, &[]).unwrap(), []);
}

#[test]
fn any_text_has_a_vector() {
    let Some(model) = model() else { return };
    // A text is a few milliseconds of arithmetic, more in a debug build of the dependencies.
    let config = ProptestConfig { cases: 64, ..ProptestConfig::default() };
    proptest!(config, |(text in any::<String>())| {
        let embedding = model.embed(TextKind::Passage, &[&text]).unwrap().remove(0);
        prop_assert!(embedding.values().iter().all(|value| value.is_finite()));
    });
}
