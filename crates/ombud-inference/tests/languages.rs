//! Does the reader of fastText models say what the reference says?

use std::path::Path;

use ombud_inference::{LID_176, Lid176};
use ombud_ports::LanguageIdentifier as _;
use serde::Deserialize;

/// Labels that are folded together: their sums are not those of the reference.
const FOLDED: [&str; 7] = ["no", "nn", "nb", "hr", "bs", "sr", "sh"];

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    labels: Vec<(String, f32)>,
}

#[expect(clippy::disallowed_methods, reason = "the environment says where the model is and whether it may be missing")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "called from tests only")]
fn model() -> Option<Lid176> {
    if let Some(folder) = setting("OMBUD_MODELS_FOLDER") {
        let path = Path::new(&folder).join(LID_176.file);
        if path.exists() {
            return Some(Lid176::open(&path).unwrap());
        }
    }
    if setting("CI_DEMANDS_DATA").is_some_and(|value| value == "1") {
        panic!("lid.176 is demanded and not there; set OMBUD_MODELS_FOLDER and run `ombud models fetch`");
    }
    println!("skipped: no lid.176 in OMBUD_MODELS_FOLDER; run `ombud models fetch`");
    None
}

#[test]
fn probabilities_are_those_of_the_reference() {
    let Some(model) = model() else { return };
    let reference: Reference = serde_json::from_str(include_str!("fixtures/lid176_reference.json")).unwrap();
    assert!(reference.cases.len() >= 40);
    for case in reference.cases {
        let found = model.identify(&case.text);
        let compared = case.labels.iter().filter(|(label, _)| !FOLDED.contains(&label.as_str()));
        for (label, probability) in compared {
            let (_, ours) = found.iter().find(|(tag, _)| tag == label).unwrap();
            assert!((ours - probability).abs() < 1e-3, "{}: {label} {ours}, not {probability}", case.text);
        }
    }
}

#[test]
fn norwegian_of_every_kind_and_serbo_croatian_in_latin_letters_are_one_each() {
    let Some(model) = model() else { return };
    for (text, tag) in [
        ("Jeg vet ikke hva jeg skal gjøre, pakken min har ikke kommet fram ennå.", "nb"),
        ("Kvar er pakka mi, og når kjem ho fram til meg? Eg veit ikkje kva eg skal gjere.", "nb"),
        ("Gdje je moja narudžba i kada će stići? Nisam dobio nikakvu obavijest.", "hr"),
        ("Gde je moja porudžbina i kada će stići? Nisam dobio nikakvo obaveštenje.", "hr"),
        ("Где је моја поруџбина и када ће стићи? Нисам добио никакво обавештење.", "sr"),
    ] {
        let found = model.identify(text);
        assert_eq!(found.first().map(|(tag, _)| tag.as_str()), Some(tag), "{text}: {:?}", found.get(..3));
        assert!(!found.iter().any(|(tag, _)| ["no", "nn", "bs", "sh"].contains(&tag.as_str())), "{text}");
        assert!(found.iter().map(|(_, probability)| probability).sum::<f32>() < 1.01);
    }
}

#[test]
fn a_text_without_letters_has_no_language_and_odd_texts_do_no_harm() {
    let Some(model) = model() else { return };
    for text in ["", "   ", "12345", "👍👍", "…?!"] {
        assert!(model.identify(text).is_empty(), "{text}");
    }
    for text in ["ß", "</s> hello", "__label__en", "a\0b", &"long ".repeat(20_000), "\u{301}x"] {
        assert!(!model.identify(text).is_empty());
    }
}
