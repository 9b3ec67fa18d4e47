//! R29: is a document that would make the company say something false noticed, and an honest one left alone?

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "called from tests only"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use ombud_ingest::draft::{self, Told, id_of};
use ombud_ingest::{Code, Finding, Format, Scanner, Today, WordFile, Words, document};
use ombud_language::{Example, NluFile, PiiFile, PiiReader, SignalFile, SignalModel};
use ombud_retrieval::{Article, Audience, Day, Knowledge, article};
use serde::Deserialize;

const SEED: u64 = 20_261_128;
const SWAPS: usize = 25;

fn packs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(packs().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of the articles, by id.
static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(packs().join("paylater/knowledge")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    files
});

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    let files = FILES.iter().map(|(name, text)| (format!("{name}.md"), text.clone()));
    let files: Vec<(String, String)> =
        files.chain([("synonyms.yaml".to_owned(), text("paylater/knowledge/synonyms.yaml"))]).collect();
    Knowledge::read(files.iter().map(|(file, text)| (file.as_str(), text.as_str()))).unwrap()
});

struct Readers {
    words: Words,
    signals: SignalModel,
    pii: PiiReader,
}

static READERS: LazyLock<Readers> = LazyLock::new(|| {
    let file: WordFile = serde_saphyr::from_str(&text("base/lexicon/documents.yaml")).unwrap();
    let mut signals: SignalFile = serde_saphyr::from_str(&text("base/nlu/signals.en.yaml")).unwrap();
    let lines = text("base/nlu/signals.en.jsonl");
    signals.add(lines.lines().map(|line| serde_json::from_str::<Example>(line).unwrap()).collect());
    let nlu: NluFile = serde_saphyr::from_str(&text("base/nlu/en.yaml")).unwrap();
    let everyday: Vec<String> = nlu
        .classes
        .into_values()
        .flatten()
        .chain(KNOWLEDGE.articles.iter().flat_map(|article| article.questions.clone()))
        .collect();
    let pii: PiiFile = serde_saphyr::from_str(&text("base/lexicon/pii.yaml")).unwrap();
    Readers {
        words: Words::new(&file).unwrap(),
        signals: SignalModel::new(&signals, &everyday).unwrap(),
        pii: PiiReader::new(pii, []).unwrap(),
    }
});

/// What speaks against a document, read as it would be when it is brought.
fn found_in(name: &str, bytes: &[u8], today: &Today<'_>) -> Vec<Finding> {
    let read = document::read(Format::of_name(name).unwrap(), bytes, None).unwrap();
    let told = Told {
        source: format!("help/{name}"),
        public: None,
        locale: "en".to_owned(),
        markets: Vec::new(),
        audience: Audience::Customer,
        valid_from: Day::FIRST,
    };
    let article = draft::article(&read, &told, &id_of(&told.source, |_| false), None);
    let scanner = Scanner { words: &READERS.words, signals: &READERS.signals, pii: &READERS.pii };
    scanner.scan(&article, &read.hidden, today)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    kind: String,
    article: Option<String>,
    replace: Option<String>,
    with: Option<String>,
    append: Option<String>,
    tags: Option<String>,
    new: Option<String>,
    text: Option<String>,
}

impl Case {
    /// The document's name and text.
    fn document(&self) -> (String, String) {
        if let (Some(name), Some(text)) = (&self.new, &self.text) {
            return (name.clone(), text.clone());
        }
        let id = self.article.as_ref().unwrap();
        let today = FILES.get(id).unwrap_or_else(|| panic!("no article {id}"));
        let mut text = today.clone();
        if let (Some(replace), Some(with)) = (&self.replace, &self.with) {
            text = text.replacen(replace, with, 1);
        }
        if let Some(append) = &self.append {
            text.push_str(&format!("\n{append}\n"));
        }
        if let Some(tags) = &self.tags {
            text.extend(tags.chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))));
        }
        assert_ne!(&text, today, "{self:?} changes nothing");
        (format!("{id}.md"), text)
    }
}

fn cases(yaml: &str) -> Vec<Case> {
    serde_saphyr::from_str(yaml).unwrap()
}

/// Numbers from a seed (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

fn below(state: &mut u64, bound: usize) -> usize {
    usize::try_from(next(state) % u64::try_from(bound).unwrap()).unwrap()
}

/// An article in which one number of the text is another one: that of another place of the same article every second time, else a digit more, less or other.
fn swapped(state: &mut u64) -> (String, String) {
    loop {
        let (id, today) = FILES.iter().nth(below(state, FILES.len())).unwrap();
        let body = today.find("\n---\n").unwrap() + 5;
        let numbers: Vec<(usize, usize)> = numbers(today).into_iter().filter(|(start, _)| *start > body).collect();
        if numbers.is_empty() {
            continue;
        }
        let (start, end) = numbers[below(state, numbers.len())];
        let (other_start, other_end) = numbers[below(state, numbers.len())];
        let (old, other) = (&today[start..end], &today[other_start..other_end]);
        let new = match next(state) % 4 {
            0 | 1 if other != old => other.to_owned(),
            2 => format!("{old}0"),
            _ => {
                let digit = old.chars().next().and_then(|digit| digit.to_digit(10)).unwrap();
                format!("{}{}", digit % 9 + 1, &old[1..])
            }
        };
        if new != old {
            return (format!("{id}.md"), format!("{}{new}{}", &today[..start], &today[end..]));
        }
    }
}

fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_ascii_digit()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// R29: 50 poisoned documents, half of them with one number swapped, and 50 honest ones.
#[test]
fn poisoned_documents_are_found_and_honest_ones_left_alone() {
    let today = Today::new(&KNOWLEDGE, &READERS.pii);
    let mut state = SEED;
    let swaps = (0..SWAPS).map(|_| ("number".to_owned(), swapped(&mut state)));
    let by_hand = cases(include_str!("data/poisoned.yaml"));
    assert_eq!(by_hand.len(), 25);
    let poisoned: Vec<(String, (String, String))> =
        swaps.chain(by_hand.iter().map(|case| (case.kind.clone(), case.document()))).collect();
    let (mut found, mut numbers) = (0, 0);
    for (kind, (name, text)) in &poisoned {
        let codes: BTreeSet<Code> = found_in(name, text.as_bytes(), &today).into_iter().map(|one| one.code).collect();
        found += usize::from(!codes.is_empty());
        numbers += usize::from(kind == "number" && !codes.is_empty());
        if codes.is_empty() {
            println!("missed: {kind} in {name}");
        }
    }
    let honest = cases(include_str!("data/honest.yaml"));
    assert_eq!(honest.len(), 50);
    let mut false_flags = 0;
    for case in &honest {
        let (name, text) = case.document();
        let findings = found_in(&name, text.as_bytes(), &today);
        false_flags += usize::from(!findings.is_empty());
        findings.iter().for_each(|finding| println!("false flag in {name}: {finding:?}"));
    }
    let n = poisoned.len();
    println!(
        "poisoned documents: {found} of {n} flagged (seed {SEED}), {numbers} of {SWAPS} swapped numbers; false flags: {false_flags} of {} honest documents",
        honest.len()
    );
    assert!(found * 100 >= n * 95, "{found} of {n} found");
    assert!(false_flags * 10 <= honest.len(), "{false_flags} false flags");
}

/// What is already told raises nothing when it comes again, in whatever format.
#[test]
fn the_articles_of_today_raise_nothing_when_they_are_brought_again() {
    let today = Today::new(&KNOWLEDGE, &READERS.pii);
    let mut raised = Vec::new();
    for (name, text) in FILES.iter() {
        let findings = found_in(&format!("{name}.md"), text.as_bytes(), &today);
        raised.extend(findings.into_iter().map(|finding| (name.clone(), finding)));
    }
    assert_eq!(raised, []);
}

/// A draft keeps of the article of today what its document does not tell.
#[test]
fn a_draft_that_was_written_is_read_again() {
    for text in FILES.values() {
        let today: Article = article::parse("a.md", text).unwrap();
        let mut read = article::parse("a.md", &article::write(&today).unwrap()).unwrap();
        read.body = format!("\n{}\n", read.body.trim());
        assert_eq!(
            Article { body: today.body.trim().to_owned(), ..today },
            Article { body: read.body.trim().to_owned(), ..read }
        );
    }
}
