//! What is otherwise? Events of a replayed turn against those in the ledger, member by member, but for durations.

use std::collections::BTreeSet;

use ombud_domain::{NewEvent, RecordedEvent};
use ombud_ports::Commit;
use serde_json::{Value, json};

use super::{Difference, Stored};
use crate::inputs::{TURN_INPUTS, TurnInputs};

/// Differences listed for a turn, at most.
const DIFFERENCES_MAX: usize = 100;

/// What a turn ran with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RanWith {
    /// What is here.
    TheSame,
    /// Another pack or model: then their digests differ too, which is told once.
    Others,
}

/// A comparison, as far as it has come.
pub(super) struct Compared<'a> {
    stream: &'a [RecordedEvent],
    ran_with: RanWith,
    differences: Vec<Difference>,
    events: usize,
    covered: BTreeSet<i64>,
}

impl<'a> Compared<'a> {
    pub(super) const fn new(stream: &'a [RecordedEvent], ran_with: RanWith) -> Self {
        Self { stream, ran_with, differences: Vec::new(), events: 0, covered: BTreeSet::new() }
    }

    pub(super) fn into_parts(self) -> (Vec<Difference>, usize) {
        (self.differences, self.events)
    }

    /// Compares what a turn writes now with what it wrote then.
    pub(super) fn commits(&mut self, commits: &[Commit], stored: &Stored) {
        for commit in commits {
            let part = commit.events.iter().find(|event| event.kind == TURN_INPUTS);
            let part = part.and_then(|event| event.payload.read::<TurnInputs>().ok());
            // A commit that closes a part stands where that part stands; the others behind what they expected to be the last.
            let place = part.and_then(|part| stored.parts.iter().find(|(_, other)| other.part == part.part));
            let versions = match place {
                Some((last, part)) => {
                    let events = i64::try_from(part.events).unwrap_or(i64::MAX);
                    last.saturating_sub(events)..=*last
                }
                None => {
                    let events = i64::try_from(commit.events.len()).unwrap_or(i64::MAX);
                    commit.expected_version..=commit.expected_version.saturating_add(events)
                }
            };
            if *versions.start() != commit.expected_version {
                self.note(("turn", ""), json!(versions.start()), json!(commit.expected_version));
            }
            self.commit(commit, (*versions.start(), *versions.end()));
        }
        let left_out = self.stream.iter().filter(|event| {
            let is_of_turn = stored.is_named_by(event) && event.version <= stored.last_version();
            is_of_turn && !self.covered.contains(&event.version)
        });
        let left_out: Vec<&RecordedEvent> = left_out.collect();
        for event in left_out {
            self.note((&event.kind, ""), event.payload.clone(), Value::Null);
        }
    }

    fn commit(&mut self, commit: &Commit, (after, until): (i64, i64)) {
        let stored: Vec<&RecordedEvent> =
            self.stream.iter().filter(|event| event.version > after && event.version <= until).collect();
        self.covered.extend(stored.iter().map(|event| event.version));
        let nth = |kinds: &[&str], index: usize| {
            let kind = kinds.get(index).copied().unwrap_or_default();
            kinds.iter().take(index).filter(|other| **other == kind).count()
        };
        let stored_kinds: Vec<&str> = stored.iter().map(|event| event.kind.as_str()).collect();
        let kinds: Vec<&str> = commit.events.iter().map(|event| event.kind.as_str()).collect();
        if stored_kinds != kinds {
            self.note(("turn", "/kinds"), json!(stored_kinds), json!(kinds));
        }
        for (index, event) in stored.iter().enumerate() {
            let number = nth(&stored_kinds, index);
            let mut same_kind = commit.events.iter().filter(|other| other.kind == event.kind);
            match same_kind.nth(number) {
                Some(other) => self.event(event, (number, other, commit)),
                None => self.note((&place(&event.kind, number), ""), event.payload.clone(), Value::Null),
            }
        }
        for (index, event) in commit.events.iter().enumerate() {
            let number = nth(&kinds, index);
            if stored_kinds.iter().filter(|kind| **kind == event.kind).count() <= number {
                self.note((&place(&event.kind, number), ""), Value::Null, event.payload.read().unwrap_or_default());
            }
        }
    }

    fn event(&mut self, stored: &RecordedEvent, (number, replayed, commit): (usize, &NewEvent, &Commit)) {
        self.events += 1;
        let place = place(&stored.kind, number);
        if stored.at != commit.at {
            self.note((&place, "/at"), json!(stored.at), json!(commit.at));
        }
        let payload: Value = replayed.payload.read().unwrap_or_default();
        self.value((&stored.kind, &place), &mut String::new(), (&stored.payload, &payload));
    }

    fn value(&mut self, (kind, place): (&str, &str), path: &mut String, (stored, replayed): (&Value, &Value)) {
        match (stored, replayed) {
            _ if is_no_decision(kind, path, self.ran_with) => {}
            (Value::Object(before), Value::Object(now)) => {
                let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
                for name in names {
                    let none = Value::Null;
                    let pair = (before.get(name).unwrap_or(&none), now.get(name).unwrap_or(&none));
                    self.below((kind, place), path, &name.replace('~', "~0").replace('/', "~1"), pair);
                }
            }
            (Value::Array(before), Value::Array(now)) => {
                for index in 0..before.len().max(now.len()) {
                    let none = Value::Null;
                    let pair = (before.get(index).unwrap_or(&none), now.get(index).unwrap_or(&none));
                    self.below((kind, place), path, &index.to_string(), pair);
                }
            }
            (before, now) if before == now => {}
            (before, now) => self.note((place, path), before.clone(), now.clone()),
        }
    }

    fn below(&mut self, of: (&str, &str), path: &mut String, name: &str, pair: (&Value, &Value)) {
        let length = path.len();
        path.push('/');
        path.push_str(name);
        self.value(of, path, pair);
        path.truncate(length);
    }

    /// How the turn ended, if it did not end as it did then; and answers that nobody asked for.
    pub(super) fn ending(&mut self, ended: Option<String>, unasked: usize) {
        if let Some(ended) = ended {
            self.note(("turn", "/end"), Value::Null, json!(ended));
        }
        if unasked > 0 {
            self.note(("turn", "/answers"), json!(format!("{unasked} more were asked for")), Value::Null);
        }
    }

    fn note(&mut self, (event, path): (&str, &str), stored: Value, replayed: Value) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(Difference { event: event.to_owned(), path: path.to_owned(), stored, replayed });
        }
    }
}

impl Stored {
    /// Whether an event names this turn.
    fn is_named_by(&self, event: &RecordedEvent) -> bool {
        let id = self.parts.first().map(|(_, part)| json!(part.turn_id));
        event.payload.get("turn_id") == id.as_ref()
    }
}

fn place(kind: &str, number: usize) -> String {
    if number == 0 { kind.to_owned() } else { format!("{kind} {}", number + 1) }
}

/// Durations, and which program wrote it; and what follows from another pack or model, when there is another one here.
fn is_no_decision(kind: &str, path: &str, ran_with: RanWith) -> bool {
    let elsewhere = ran_with == RanWith::Others;
    let of_record = |ending: &str| path.starts_with("/records/") && path.ends_with(ending);
    match kind {
        "turn.stages" => {
            of_record("/micros")
                || elsewhere && (of_record("/detail/pack_hash") || of_record("/detail/knowledge_version"))
        }
        "turn.recorded" => elsewhere && matches!(path, "/pack_hash" | "/knowledge_version"),
        TURN_INPUTS => path == "/begin/build" || elsewhere && matches!(path, "/begin/pack" | "/begin/meaning"),
        _ => false,
    }
}
