//! An invented shop: its things, orders and a customer's sentences held against them.

use ombud_domain::choice::{Candidate, Choice, ChoiceRequest, Count};
use ombud_language::choose::{Lexicon, choose};

#[expect(clippy::unwrap_used, reason = "called from tests only")]
pub(crate) fn lexicon() -> Lexicon {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/base/lexicon/en.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn thing(id: &str, name: &str, options: &[(&str, &str)]) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: name.to_owned(),
        label: name.to_owned(),
        attributes: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        eligible: true,
        ..Candidate::default()
    }
}

pub(crate) fn priced(price: f64, candidate: Candidate) -> Candidate {
    Candidate { price: Some(price), ..candidate }
}

pub(crate) fn worded(words: &[&str], candidate: Candidate) -> Candidate {
    Candidate { words: words.iter().map(|&word| word.to_owned()).collect(), ..candidate }
}

pub(crate) fn not_eligible(candidate: Candidate) -> Candidate {
    Candidate { eligible: false, ..candidate }
}

/// The reading as a short text: ids joined by commas, `? ids` when several are left, `! ids` when not to be had, `-` when unread.
pub(crate) fn shown(choice: &Choice) -> String {
    match choice {
        Choice::Picked { ids, .. } => ids.join(","),
        Choice::Several { ids } => format!("? {}", ids.join(",")),
        Choice::Unavailable { .. } => "!".to_owned(),
        Choice::Unread => "-".to_owned(),
    }
}

pub(crate) struct Case<'a> {
    pub(crate) candidates: &'a [Candidate],
    pub(crate) current: Option<&'a Candidate>,
    pub(crate) count: Count,
}

impl Case<'_> {
    /// Each row: what is said (parts of a conversation split by `|`, the last one answers the question), and the reading.
    pub(crate) fn check(&self, rows: &[(&str, &str)]) {
        let lexicon = lexicon();
        let mut failed = Vec::new();
        for (said, expected) in rows {
            let utterances: Vec<String> = said.split('|').map(|part| part.trim().to_owned()).collect();
            let request = ChoiceRequest {
                utterances: &utterances,
                direct: 1,
                candidates: self.candidates,
                current: self.current,
                spoken_of: None,
                denied: false,
                count: self.count,
            };
            let found = shown(&choose(&lexicon, &request));
            if found != *expected {
                failed.push(format!("{said:?}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(failed.is_empty(), "{} of {} rows:\n{}", failed.len(), rows.len(), failed.join("\n"));
    }
}

/// Everything in one order of a furniture and outdoor shop.
pub(crate) fn basket() -> Vec<Candidate> {
    vec![
        priced(120.0, thing("rug", "Wool Rug", &[("color", "red"), ("size", "large")])),
        priced(80.0, thing("tent", "Camping Tent", &[("capacity", "3 persons"), ("waterproof", "yes")])),
        priced(15.0, thing("mug", "Travel Mug", &[("capacity", "350ml"), ("color", "green")])),
        priced(60.0, thing("sofa", "Sofa Cover", &[("color", "grey"), ("seats", "2 seats")])),
    ]
}

pub(crate) fn twins() -> Vec<Candidate> {
    vec![
        priced(40.0, thing("m1", "Table Lamp", &[("color", "blue"), ("height", "30 cm"), ("dimmable", "yes")])),
        priced(55.0, thing("m2", "Table Lamp", &[("color", "blue"), ("height", "50 cm"), ("dimmable", "no")])),
        priced(9.0, thing("k", "Kettle", &[("capacity", "1.5L"), ("color", "white")])),
        priced(9.0, thing("k", "Kettle", &[("capacity", "1.5L"), ("color", "white")])),
    ]
}

pub(crate) fn order(id: &str, status: &str, items: &[&str], at: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: format!("Order {id}"),
        label: format!("Order {id}"),
        attributes: items.iter().map(|item| ("item".to_owned(), (*item).to_owned())).collect(),
        words: vec![status.to_owned()],
        at: Some(at.to_owned()),
        eligible: true,
        ..Candidate::default()
    }
}

pub(crate) fn orders() -> Vec<Candidate> {
    vec![
        order("#A100234", "pending", &["Camping Tent, capacity: 3 persons", "Sleeping Bag, color: blue"], "2024-03-01"),
        order(
            "#A100777",
            "delivered",
            &["Camping Tent, capacity: 2 persons", "Travel Mug, color: green", "Head Torch, color: black"],
            "2024-01-15",
        ),
        order("#A101500", "pending", &["Travel Mug, color: red"], "2024-04-20"),
        not_eligible(order("#A109999", "processed", &["Rain Jacket, size: M"], "2024-05-02")),
    ]
}

/// Variants of a rucksack; the customer has the medium green canvas one without a rain cover.
pub(crate) fn rucksack() -> (Candidate, Vec<Candidate>) {
    let variant = |id: &str, size: &str, color: &str, material: &str, cover: &str| {
        thing(id, "Rucksack", &[("size", size), ("color", color), ("material", material), ("rain cover", cover)])
    };
    let current = priced(50.0, variant("now", "medium", "green", "canvas", "none"));
    let variants = vec![
        not_eligible(current.clone()),
        priced(55.0, variant("l-green", "large", "green", "canvas", "none")),
        priced(56.0, variant("l-black", "large", "black", "canvas", "none")),
        priced(70.0, variant("m-black-leather", "medium", "black", "leather", "none")),
        priced(58.0, variant("m-green-cover", "medium", "green", "canvas", "included")),
        priced(40.0, variant("s-green", "small", "green", "canvas", "none")),
        priced(45.0, variant("s-violet", "small", "purple", "nylon", "included")),
        not_eligible(priced(52.0, variant("m-red", "medium", "red", "canvas", "none"))),
    ];
    (current, variants)
}
