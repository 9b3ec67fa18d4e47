//! How does the flow engine read words? With the language crate's choosers and extractors.

use jiff::civil::Date;
use ombud_domain::{Candidate, Choice, ChoiceRequest, Command, Expectation, Rewording, TimestampUs};
use ombud_language::{Awaiting, ExtractContext, UnderstandContext, Vectors};
use ombud_policy::{DeskTimes, Heard, Reader};
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::languages::LanguageReader;

/// What a customer is called.
const NAMES: [&str; 3] = ["first_name", "last_name", "name"];

/// Today in the pack's time zone.
pub(crate) fn today(assistant: &Assistant) -> Date {
    zoned(assistant, assistant.ports.clock.now().0).date()
}

/// When today began in the pack's time zone.
pub(crate) fn midnight(assistant: &Assistant) -> TimestampUs {
    let now = assistant.ports.clock.now();
    zoned(assistant, now.0).start_of_day().map_or(now, |start| TimestampUs(start.timestamp().as_microsecond()))
}

/// A time in the pack's time zone, `YYYY-MM-DDThh:mm`.
pub(crate) fn local(assistant: &Assistant, at_us: i64) -> String {
    zoned(assistant, at_us).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// When people of the company answer customers of a market, seen from now.
pub(crate) fn desk_times(assistant: &Assistant, market: &str) -> DeskTimes {
    let hours = assistant.pack.manifest.desk.hours.get(market);
    hours.map(|hours| hours.at(assistant.ports.clock.now().0)).unwrap_or_default()
}

fn zoned(assistant: &Assistant, at_us: i64) -> jiff::Zoned {
    let at = jiff::Timestamp::from_microsecond(at_us).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let zone = jiff::tz::TimeZone::get(&assistant.pack.manifest.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone)
}

/// The reader of rung one.
pub(crate) struct LexicalReader<'a> {
    assistant: &'a Assistant,
    /// The reader of the language that is spoken.
    reader: LanguageReader<'a>,
    today: Date,
}

impl<'a> LexicalReader<'a> {
    pub(crate) fn new(assistant: &'a Assistant, locale: &str) -> Self {
        Self { assistant, reader: assistant.reader(locale), today: today(assistant) }
    }

    fn yes_or_no(&self, text: &str) -> Option<Value> {
        let vectors = self.assistant.vectors();
        let vectors = vectors.as_ref().map(|vectors| vectors as &dyn Vectors);
        let context = UnderstandContext { vectors, ..UnderstandContext::alone(&Expectation::Confirm, self.today) };
        let understanding = self.reader.understand(text, &context);
        understanding.commands.iter().find_map(|command| match command {
            Command::Affirm => Some(json!(true)),
            Command::Deny { .. } => Some(json!(false)),
            _ => None,
        })
    }
}

impl Reader for LexicalReader<'_> {
    fn choose(&self, request: &ChoiceRequest<'_>) -> Choice {
        let glossed: Vec<String> = request.utterances.iter().map(|text| self.reader.glossed(text)).collect();
        let request = ChoiceRequest { utterances: &glossed, ..*request };
        ombud_language::choose::choose(&self.assistant.learnt.lexicon, &request)
    }

    fn meant(&self, set: &str, text: &str) -> Option<(String, f32)> {
        let vectors = self.assistant.vectors();
        let vectors = vectors.as_ref().map(|vectors| vectors as &dyn Vectors);
        if !self.reader.is_own() {
            return self.reader.choice(set, text, vectors);
        }
        let (choice, p) = self.assistant.learnt.choices.get(set)?.best(text, vectors)?;
        Some((choice.to_owned(), p))
    }

    fn choose_each(&self, utterances: &[String], direct: usize, items: &[(Candidate, Vec<Candidate>)]) -> Vec<Choice> {
        let glossed: Vec<String> = utterances.iter().map(|text| self.reader.glossed(text)).collect();
        ombud_language::choose::choose_each(&self.assistant.learnt.lexicon, &glossed, direct, items)
    }

    fn entities(&self, text: &str, kinds: &[&str], heard: Heard) -> Vec<(String, Value)> {
        if kinds == ["yes_no"] {
            return self.yes_or_no(text).map(|value| vec![("yes_no".to_owned(), value)]).unwrap_or_default();
        }
        let awaiting = match (heard, kinds) {
            (Heard::Aside, _) => Awaiting::Nothing,
            (Heard::Answering, kinds) if kinds.contains(&"address") => Awaiting::Address,
            (Heard::Answering, kinds) if kinds.contains(&"amount") => Awaiting::Amount,
            (Heard::Answering, kinds)
                if kinds
                    .iter()
                    .any(|kind| matches!(*kind, "first_name" | "last_name" | "name" | "postal_code" | "email")) =>
            {
                Awaiting::Identity
            }
            (Heard::Answering, _) => Awaiting::Nothing,
        };
        let context =
            ExtractContext { today: self.today, patterns: self.assistant.learnt.understander.patterns(), awaiting };
        let mut found = Vec::new();
        for entity in ombud_language::extract_kinds(text, kinds, &context) {
            if entity.kind == "person_name" {
                let part = |name: &str| entity.value.get(name).cloned().unwrap_or(Value::Null);
                found.push(("first_name".to_owned(), part("first")));
                found.push(("last_name".to_owned(), part("last")));
                found.push(("name".to_owned(), json!({"first_name": part("first"), "last_name": part("last")})));
            } else if entity.kind == "quantity" {
                found.push(("number".to_owned(), entity.value));
            } else {
                found.push((entity.kind, entity.value));
            }
        }
        found.retain(|(kind, value)| kinds.contains(&kind.as_str()) && !value.is_null());
        let is_name = |kind: &str| NAMES.contains(&kind);
        let names = found.iter().filter(|(kind, _)| is_name(kind)).filter_map(|(_, value)| value.as_str());
        if self.reader.are_no_names(text, &names.collect::<Vec<_>>()) {
            found.retain(|(kind, _)| !is_name(kind));
        }
        found
    }

    fn points_back(&self, text: &str) -> bool {
        self.reader.points_back(text)
    }

    fn account(&self, text: &str) -> Option<String> {
        self.reader.account(text)
    }

    fn rewording(&self, shown: &str, text: &str) -> Option<Rewording> {
        self.reader.rewording(shown, text)
    }

    fn amended(&self, kind: &str, known: &Value, text: &str) -> Option<Value> {
        self.reader.amended(kind, known, text)
    }

    fn says_no_account(&self, text: &str) -> bool {
        self.reader.says_no_account(text)
    }

    fn refuses_person(&self, text: &str) -> bool {
        self.reader.refuses_person(text)
    }

    fn asks_how_it_stands(&self, text: &str) -> bool {
        self.reader.asks_how_it_stands(text)
    }

    fn lacks(&self, text: &str) -> bool {
        self.reader.lacks(text)
    }

    fn asks_if_done(&self, text: &str) -> bool {
        self.reader.asks_if_done(text)
    }

    fn declines(&self, text: &str) -> bool {
        let text = text.to_lowercase().replace('’', "'");
        self.reader.is_own() && self.assistant.learnt.declines.iter().any(|phrase| text.contains(phrase))
    }
}
