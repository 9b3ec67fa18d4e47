//! Does a reader read the same, bit for bit, whether it was trained or taken from a shelf?

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ombud_language::{
    Across, Act, DeepClassifier, Example, Moment, NluModel, Person, PersonExample, PersonFile, ReplyExample, RuleFile,
    Shelf, ShelfKey, SignalFile, SignalModel, SomeShelf, Taught, TrainSettings, Understander, Vectors,
};

const MODEL: &str = "0123456789abcdef";

/// Remembers what was kept, and counts what was found.
#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<HashMap<ShelfKey, Vec<u8>>>,
    found: AtomicUsize,
}

impl Shelf for Memory {
    fn find(&self, key: &ShelfKey) -> Option<Vec<u8>> {
        let found = self.kept.lock().unwrap().get(key).cloned();
        self.found.fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
        found
    }

    fn keep(&self, key: &ShelfKey, bytes: &[u8]) {
        self.kept.lock().unwrap().insert(*key, bytes.to_vec());
    }
}

impl Memory {
    fn counts(&self) -> (usize, usize) {
        (self.kept.lock().unwrap().len(), self.found.swap(0, Ordering::Relaxed))
    }
}

fn memory() -> (Arc<Memory>, SomeShelf) {
    let memory = Arc::new(Memory::default());
    (Arc::clone(&memory), Some(memory))
}

/// Vectors of letters: as good as a model's where only bits are compared.
struct Letters;

impl Vectors for Letters {
    fn of(&self, text: &str) -> Option<Arc<[f32]>> {
        let count = |letter: char| text.chars().filter(|c| *c == letter).count() as f32 + 0.3;
        let counts: Vec<f32> = "aeioursnt".chars().map(count).collect();
        let length = counts.iter().map(|count| count * count).sum::<f32>().sqrt();
        Some(counts.into_iter().map(|count| count / length).collect())
    }
}

fn vectors(texts: impl IntoIterator<Item = String>) -> Vec<Arc<[f32]>> {
    texts.into_iter().filter_map(|text| Letters.of(&text)).collect()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../../packs/base/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn lines<T: serde::de::DeserializeOwned>(path: &str, step: usize) -> Vec<T> {
    file(path).lines().step_by(step).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn examples() -> Vec<Example> {
    let class = |example: &ReplyExample| example.act.as_str().to_owned();
    let replies: Vec<ReplyExample> = lines("nlu/replies.en.jsonl", 9);
    replies.iter().map(|example| Example { class: class(example), text: example.reply.clone() }).collect()
}

const TEXTS: [&str; 6] = [
    "yes please, go on",
    "no, leave it as it is",
    "I want to talk to somebody real",
    "what does that cost me?",
    "my husband died and I cannot pay",
    "qwertz",
];

fn bits<T: std::fmt::Debug>(read: Vec<(T, f32)>) -> Vec<(String, u32)> {
    read.into_iter().map(|(class, p)| (format!("{class:?}"), p.to_bits())).collect()
}

#[test]
fn what_a_message_wants_and_a_reply_does_is_read_the_same() {
    let model = || NluModel {
        locale: "en".to_owned(),
        examples: examples(),
        questions: vec!["what does it cost to pay later".to_owned(), "where is my order".to_owned()],
        replies: lines("nlu/replies.en.jsonl", 9),
        rules: serde_saphyr::from_str::<RuleFile>(&file("nlu/rules.en.yaml")).unwrap(),
        ..NluModel::default()
    };
    let read = |reader: &Understander| {
        let of = |text: &&str| {
            let vectors = [None, Some(&Letters as &dyn Vectors)];
            vectors.map(|vectors| bits(reader.acts((Moment::Proposal, "A refund of 20 EUR"), text, vectors)))
        };
        TEXTS.iter().map(of).collect::<Vec<_>>()
    };
    let (memory, shelf) = memory();
    let alone = Understander::new(model()).unwrap();
    alone.deepen(&vectors(alone.lessons()));
    let first = Understander::new_or_find(model(), &shelf).unwrap();
    first.recall(MODEL);
    first.deepen(&vectors(first.lessons()));
    assert_eq!(memory.counts(), (2, 0));
    let found = Understander::new_or_find(model(), &shelf).unwrap();
    found.recall(MODEL);
    assert_eq!(memory.counts(), (2, 2));
    assert!(found.lessons().is_empty());
    assert_eq!(read(&alone), read(&first));
    assert_eq!(read(&alone), read(&found));
    let other = NluModel { examples: examples().into_iter().skip(1).collect(), ..model() };
    drop(Understander::new_or_find(other, &shelf).unwrap());
    assert_eq!(memory.counts(), (3, 0), "one example less is something else");
    let of_another = Understander::new_or_find(model(), &shelf).unwrap();
    of_another.recall("another model");
    assert!(!of_another.lessons().is_empty());
}

#[test]
fn classes_are_told_apart_the_same() {
    let settings = TrainSettings::default();
    let read = |classes: &DeepClassifier| {
        TEXTS.iter().map(|text| bits(classes.best(text, Some(&Letters)).into_iter().collect())).collect::<Vec<_>>()
    };
    let (memory, shelf) = memory();
    let alone = DeepClassifier::train(examples(), &settings).unwrap();
    alone.deepen(&vectors(alone.lessons()));
    for kept in [0, 2] {
        let classes = DeepClassifier::train_or_find(examples(), &settings, &shelf).unwrap();
        classes.recall(MODEL);
        assert_eq!(classes.lessons().count() == 0, kept == 2);
        classes.deepen(&vectors(classes.lessons()));
        assert_eq!(memory.counts(), (2, kept));
        assert_eq!(read(&classes), read(&alone));
    }
    let slower = TrainSettings { l2: settings.l2 * 2.0, ..settings };
    drop(DeepClassifier::train_or_find(examples(), &slower, &shelf).unwrap());
    assert_eq!(memory.counts(), (3, 0), "other settings train something else");
}

#[test]
fn what_is_kept_damaged_is_learnt_again() {
    let (memory, shelf) = memory();
    let train = || DeepClassifier::train_or_find(examples(), &TrainSettings::default(), &shelf).unwrap();
    let first = train();
    memory.kept.lock().unwrap().values_mut().for_each(|bytes| bytes.truncate(bytes.len() / 2));
    assert_eq!(
        bits(train().best(TEXTS[0], None).into_iter().collect()),
        bits(first.best(TEXTS[0], None).into_iter().collect())
    );
}

#[test]
fn signals_are_given_the_same() {
    let mut lists: SignalFile = serde_saphyr::from_str(&file("nlu/signals.en.yaml")).unwrap();
    lists.add(lines("nlu/signals.en.jsonl", 5));
    let everyday: Vec<String> = examples().into_iter().map(|example| example.text).collect();
    let (memory, shelf) = memory();
    let read = |model: &SignalModel| {
        let told: Vec<String> = lines::<Example>("nlu/signals.en.jsonl", 7).into_iter().map(|told| told.text).collect();
        let of = |text: &String| {
            let canonical = ombud_language::safety::canonical(text);
            [None, Some(&Letters as &dyn Vectors)].map(|vectors| model.read(text, &canonical, vectors))
        };
        told.iter().map(of).collect::<Vec<_>>()
    };
    let alone = SignalModel::new(&lists, &everyday).unwrap();
    alone.deepen(&vectors(alone.lessons()));
    for kept in [0, 2] {
        let model = SignalModel::new_or_find(&lists, &everyday, &shelf).unwrap();
        model.recall(MODEL);
        assert_eq!(model.lessons().is_empty(), kept == 2);
        model.deepen(&vectors(model.lessons()));
        assert_eq!(memory.counts(), (2, kept));
        assert_eq!(read(&model), read(&alone));
    }
}

#[test]
fn the_wish_for_a_person_is_heard_the_same() {
    let words = || serde_saphyr::from_str::<PersonFile>(&file("lexicon/person.yaml")).unwrap();
    let told: Vec<PersonExample> = lines("nlu/person.jsonl", 4);
    let read = |person: &Person| {
        let wish = |one: &PersonExample| person.read(&one.language, &one.text, Letters.of(&one.text).as_deref());
        told.iter().map(wish).collect::<Vec<_>>()
    };
    let (memory, shelf) = memory();
    let alone = Person::new(words(), told.clone());
    alone.learn(&vectors(alone.lessons()));
    for kept in [0, 2] {
        let person = Person::new_or_find(words(), told.clone(), &shelf);
        person.recall(MODEL);
        assert_eq!(person.lessons().is_empty(), kept == 2);
        person.learn(&vectors(person.lessons()));
        assert_eq!(memory.counts(), (2, kept));
        assert_eq!(read(&person), read(&alone));
    }
}

#[test]
fn other_languages_are_read_the_same() {
    let of = |locale: &str| Taught {
        locale: locale.to_owned(),
        requests: examples(),
        replies: (0..60).map(|i| reply(i, [Act::Accept, Act::Decline][i % 2])).collect(),
        care: lines::<Example>("nlu/signals.en.jsonl", 9),
        harmless: BTreeSet::new(),
        choices: BTreeMap::from([("why".to_owned(), examples())]),
    };
    let taught = [of("en"), of("fi")];
    let (memory, shelf) = memory();
    let across = Across::learn(&taught, &vectors(Across::lessons(&taught))).unwrap();
    assert!(Across::found(&taught, MODEL, &shelf).is_none());
    across.keep(&taught, MODEL, &shelf);
    let found = Across::found(&taught, MODEL, &shelf).unwrap();
    assert_eq!(memory.counts(), (1, 1));
    assert_eq!(format!("{across:?}"), format!("{found:?}"), "the shortest digits of a number tell all its bits");
    let read = |across: &Across| {
        bits(across.choice("why", "fi", (TEXTS[0], &Letters.of(TEXTS[0]).unwrap())).into_iter().collect())
    };
    assert_eq!(read(&across), read(&found));
    assert!(Across::found(&taught[..1], MODEL, &shelf).is_none() && Across::found(&taught, "other", &shelf).is_none());
}

fn reply(i: usize, act: Act) -> ReplyExample {
    ReplyExample { moment: Moment::Proposal, shown: String::new(), reply: format!("{i} {act:?}"), act }
}
