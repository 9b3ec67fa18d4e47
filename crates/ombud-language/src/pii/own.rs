//! Which words and numbers of a text are values of the customer's own records?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use unicode_script::{Script, UnicodeScript as _};

use super::kind::PiiKind;
use super::number::digits_of;
use super::words::PiiFile;
use super::{PiiReader, PiiSpan};

/// Values of one turn's records, at most; the bound is far above what flows read.
const VALUES_MAX: usize = 20_000;
/// Characters of a value that is looked for.
const CHARS_MAX: usize = 400;
/// Numbers with fewer digits say nothing of anybody: counts, days, instalments.
const NUMBER_DIGITS_MIN: usize = 3;
/// Letters up to which a value is looked for as it is written.
const EXACT_MAX: usize = 3;
/// The same of a name, which people write in small letters too.
const EXACT_NAME_MAX: usize = 2;
/// Letters of a part of a name that is looked for by itself.
const PART_MIN: usize = 2;

/// Values of records, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct OwnValues {
    /// By the first letter, the longest first.
    words: BTreeMap<char, Vec<OwnWords>>,
    seen: BTreeSet<(Vec<char>, PiiKind)>,
    /// Digits of numbers, in minor and in whole units.
    numbers: BTreeSet<String>,
}

/// A value as it is looked for.
#[derive(Debug, Clone)]
struct OwnWords {
    /// Lower case, blanks in a row as one.
    letters: Vec<char>,
    kind: PiiKind,
    /// As written, where it is so short that in other cases it is another word: "IN" and "in".
    exact: Option<String>,
}

impl OwnValues {
    /// The values of records, as JSON has them; what members the pack lets a model see are left out.
    #[must_use]
    pub fn of<'v>(reader: &PiiReader, records: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut own = Self::default();
        for record in records {
            own.gather(reader.file(), ("", ""), record);
        }
        own
    }

    /// Takes in a member, by its name and that of what holds it.
    fn gather(&mut self, file: &PiiFile, (holder, member): (&str, &str), value: &Value) {
        if file.shown_members.iter().any(|shown| shown == member) || self.seen.len() >= VALUES_MAX {
            return;
        }
        match value {
            Value::String(text) => {
                let kind = file.members.get(&format!("{holder}.{member}")).or_else(|| file.members.get(member));
                self.add_text(text, kind.copied().unwrap_or(PiiKind::VALUE));
            }
            Value::Number(number) => self.add_number(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.gather(file, (holder, member), item)),
            Value::Object(members) => {
                members.iter().for_each(|(name, inner)| self.gather(file, (member, name), inner));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A text, and where it names somebody, the parts of the name.
    pub(super) fn add_text(&mut self, text: &str, kind: PiiKind) {
        self.add_letters(text, kind);
        if kind == PiiKind::PERSON_NAME {
            text.split_whitespace()
                .filter(|part| part.chars().count() >= PART_MIN)
                .for_each(|part| self.add_letters(part, kind));
        }
        let digits = digits_of(text);
        if digits.len() >= NUMBER_DIGITS_MIN && !text.chars().any(char::is_alphabetic) {
            self.numbers.insert(digits);
        }
    }

    fn add_letters(&mut self, text: &str, kind: PiiKind) {
        let letters: Vec<char> = folded(text).into_iter().map(|(letter, ..)| letter).collect();
        let Some(first) = letters.first().copied().filter(|_| (2..=CHARS_MAX).contains(&letters.len())) else { return };
        let is_small = letters.len() < NUMBER_DIGITS_MIN && letters.iter().all(char::is_ascii_digit);
        if !is_small && self.seen.insert((letters.clone(), kind)) {
            let is_short = letters.len() <= if kind == PiiKind::PERSON_NAME { EXACT_NAME_MAX } else { EXACT_MAX };
            let exact = is_short.then(|| text.trim().to_owned());
            let of = self.words.entry(first).or_default();
            let place = of.partition_point(|other| other.letters.len() >= letters.len());
            of.insert(place, OwnWords { letters, kind, exact });
        }
    }

    fn add_number(&mut self, number: &str) {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (whole, fraction) = (digits_of(whole), digits_of(fraction));
        if fraction.is_empty() && whole.len() < NUMBER_DIGITS_MIN {
            return;
        }
        // 20.5 is written 20.50, and 12000 minor units 120.00 or 120.
        self.numbers.insert(format!("{whole}{fraction:0<2}"));
        if fraction.is_empty() {
            self.numbers.insert(whole.clone());
            self.numbers.extend(whole.strip_suffix("00").filter(|whole| whole.len() > 2).map(ToOwned::to_owned));
        }
    }

    /// Whether a number is one of a record, however it is grouped.
    pub(super) fn holds_number(&self, written: &str) -> bool {
        self.numbers.contains(&digits_of(written))
    }

    /// Places of values, the longest at each place.
    pub(super) fn find(&self, text: &str) -> Vec<PiiSpan> {
        let letters = folded(text);
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((first, start, _)) = letters.get(at).copied() {
            let of = self.words.get(&first);
            let matched = of.into_iter().flatten().find_map(|value| {
                let here = letters.get(at..at + value.letters.len())?;
                let end = here.last()?.2;
                let is_same = here.iter().map(|(letter, ..)| letter).eq(&value.letters)
                    && value.exact.as_deref().is_none_or(|exact| text.get(start..end) == Some(exact));
                (is_same && is_bounded(&letters, at, at + here.len())).then_some((value.kind, end, here.len()))
            });
            match matched {
                Some((kind, end, length)) => {
                    found.push(PiiSpan { kind, start, end });
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }
}

/// Lower-case letters with their places; blanks in a row are one.
fn folded(text: &str) -> Vec<(char, usize, usize)> {
    let mut folded: Vec<(char, usize, usize)> = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        if c.is_whitespace() {
            if folded.last().is_some_and(|(last, ..)| *last != ' ') {
                folded.push((' ', start, end));
            }
            continue;
        }
        folded.extend(c.to_lowercase().map(|lower| (lower, start, end)));
    }
    while folded.last().is_some_and(|(last, ..)| *last == ' ') {
        folded.pop();
    }
    folded
}

/// Whether no word goes on at either side; scripts without blanks have no such sides.
fn is_bounded(letters: &[(char, usize, usize)], start: usize, end: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| letters.get(at)).map(|(letter, ..)| *letter);
    let goes_on = |one: Option<char>, other: Option<char>| match (one, other) {
        (Some(one), Some(other)) => {
            one.is_alphanumeric() && other.is_alphanumeric() && !is_unspaced(one) && !is_unspaced(other)
        }
        _ => false,
    };
    !goes_on(letter(start.checked_sub(1)), letter(Some(start))) && !goes_on(letter(Some(end - 1)), letter(Some(end)))
}

fn is_unspaced(c: char) -> bool {
    matches!(
        c.script(),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
            | Script::Hangul
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::reader;
    use super::*;

    fn found(record: &Value, text: &str) -> Vec<(&'static str, String)> {
        let spans = OwnValues::of(&reader(), [record]).find(text);
        spans.into_iter().map(|span| (span.kind.as_str(), text.get(span.start..span.end).unwrap().to_owned())).collect()
    }

    #[test]
    fn values_are_found_as_words_whatever_their_case() {
        let record = json!({"first_name": "Åsa", "last_name": "Öberg", "email": "asa@example.se", "status": "shipped", "items": [{"name": "Desk Lamp"}],
            "address": {"address1": "1 Engine Road", "city": "Umeå", "state": "IN"}, "quantity": 3});
        let text = "In IN, ÅSA öberg of Umeå wrote from ASA@example.se: my desk  lamp was shipped to 1 Engine Road, not to Umeåvägen, 3 times";
        let expected = [
            ("postal_address", "IN"),
            ("person_name", "ÅSA"),
            ("person_name", "öberg"),
            ("postal_address", "Umeå"),
            ("email", "ASA@example.se"),
            ("value", "desk  lamp"),
            ("postal_address", "1 Engine Road"),
        ];
        assert_eq!(found(&record, text), expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn where_no_blanks_part_words_a_value_is_found_in_them() {
        assert_eq!(found(&json!({"name": "田中"}), "田中さんの注文"), [("person_name", "田中".to_owned())]);
        assert_eq!(found(&json!({"name": "Ann"}), "Anna"), []);
    }

    #[test]
    fn numbers_are_known_by_their_digits_in_minor_and_whole_units() {
        let own =
            OwnValues::of(&reader(), [&json!({"amount_minor": 12_000, "price": 20.5, "count": 3, "ref": "100 200"})]);
        for written in ["120.00", "120", "120,00 kr", "12000", "20.50", "100200"] {
            assert!(own.holds_number(written), "{written}");
        }
        for written in ["3", "300", "12", "20"] {
            assert!(!own.holds_number(written), "{written}");
        }
    }
}
