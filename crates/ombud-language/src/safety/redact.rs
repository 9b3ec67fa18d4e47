//! Where are card numbers, security codes, passwords and one-time codes, and what takes their place?

use std::sync::LazyLock;

use regex::Regex;

use super::card::{Brand, Found, Surroundings, find};
use super::digits::{Run, Unit, Written, runs};
use super::iban;
use super::secrets::{self, Span};

/// What was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RedactionKind {
    /// A primary account number of a payment card.
    CardNumber,
    /// CVV, CVC, CID.
    SecurityCode,
    /// A PIN.
    Pin,
    /// A password or passphrase.
    Password,
    /// A one-time code.
    OneTimeCode,
    /// Magnetic stripe data.
    TrackData,
}

/// One replacement; holds no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redaction {
    /// What was replaced.
    pub kind: RedactionKind,
    /// Byte offset of the marker in the redacted text.
    pub start: usize,
    /// Byte offset after the marker.
    pub end: usize,
}

/// A text without card data and secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The text with markers such as `[card ending 1111]`.
    pub text: String,
    /// What was replaced, in order.
    pub redactions: Vec<Redaction>,
    /// Digits at the end that may begin a card number, in the groups they were written in.
    pub tail_digits: String,
    /// The tail of the previous message began a card number that ends in this one.
    pub previous_holds_card: bool,
}

/// A card number may be one digit longer than what a message ended in.
const TAIL_MAX: usize = 18;

static CARD_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?:credit|debit|bank|visa|master)?[- ]?cards?|visa|master ?card|maestro|amex|american express|discover|diners|jcb|union ?pay|pan|cc(?:\s*(?:no|num|number))?|",
        r"(?:kredit|kontokort|bank|betal)?kort(?:et|nummer|nr)?|kredit-?karte\w*|karte\w*|carte\w*|tarjeta|cartão|carta|betaalkaart|kaart\w*|kortti\w*|karta|kartę|karty|kártya|cardul|cvv|cvc|exp|expiry)\b",
    ))
    .ok()
});

/// Replaces card data and secrets in one text.
#[must_use]
pub fn redact(text: &str) -> Redacted {
    redact_with_tail(text, "")
}

/// The same, when the previous message ended in `tail_digits` ([`Redacted::tail_digits`]).
#[must_use]
pub fn redact_with_tail(text: &str, tail_digits: &str) -> Redacted {
    redact_awaiting(text, tail_digits, None)
}

/// The same, when the open question asks for a secret that belongs elsewhere: digits that stand alone are it.
pub(super) fn redact_awaiting(text: &str, tail_digits: &str, awaited: Option<RedactionKind>) -> Redacted {
    let mut runs = runs(text);
    iban::drop_from(&mut runs, text);
    let surroundings = match CARD_WORD.as_ref() {
        Some(word) if word.is_match(text) => Surroundings::CardWord,
        _ => Surroundings::Silent,
    };
    let mut places: Vec<(Span, String)> = marked(secrets::tracks(text));
    let mut ends: Vec<(usize, bool)> = Vec::new();
    for run in &runs {
        for card in find(run, surroundings) {
            ends.extend(run.units.get(card.last).map(|unit| (unit.end, card.brand == Brand::Amex)));
            places.extend(card_place(&run.units, card));
        }
    }
    let joined = if tail_digits.is_empty() { None } else { joined(&runs, tail_digits, surroundings) };
    let previous_holds_card = joined.is_some();
    places.extend(joined);
    places.extend(marked(ends.into_iter().filter_map(|end| secrets::behind_card(text, &runs, end)).collect()));
    places.extend(marked(secrets::codes(text, &runs)));
    places.extend(marked(secrets::passwords(text)));
    places.extend(marked(awaited.map(|kind| secrets::bare(text, &runs, kind)).unwrap_or_default()));
    let (redacted, redactions) = replace(text, places);
    let tail = if redactions.iter().any(|r| r.kind == RedactionKind::CardNumber && r.end + 3 >= redacted.len()) {
        String::new()
    } else {
        digit_tail(&redacted, tail_digits)
    };
    Redacted { text: redacted, redactions, tail_digits: tail, previous_holds_card }
}

/// The digits at the end of a text that could begin a card number; those of `previous` stay in front if the text is digits only.
#[must_use]
pub fn digit_tail(text: &str, previous: &str) -> String {
    let runs = runs(text);
    let Some(run) = runs.last() else { return String::new() };
    let (Some(first), Some(last)) = (run.units.first(), run.units.last()) else { return String::new() };
    let behind = text.get(last.end..).unwrap_or_default();
    if behind.chars().any(char::is_alphanumeric) || behind.chars().count() > 6 {
        return String::new();
    }
    let mut groups = String::new();
    for (i, unit) in run.units.iter().enumerate() {
        if unit.first && i > 0 {
            groups.push(' ');
        }
        groups.push(char::from(b'0'.saturating_add(unit.value)));
    }
    let alone = !text.get(..first.start).unwrap_or_default().chars().any(char::is_alphanumeric);
    let all = if alone && !previous.is_empty() { format!("{previous} {groups}") } else { groups };
    if all.chars().filter(char::is_ascii_digit).count() > TAIL_MAX { String::new() } else { all }
}

/// The digits of this message that end a card number begun before.
fn joined(runs: &[Run], tail: &str, surroundings: Surroundings) -> Option<(Span, String)> {
    let run = runs.first()?;
    let mut units: Vec<Unit> = Vec::new();
    let mut first = true;
    for c in tail.chars() {
        match c.to_digit(10).and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                units.push(Unit { value, start: 0, end: 0, written: Written::Digit, first: std::mem::take(&mut first) })
            }
            None => first = true,
        }
    }
    let before = units.len();
    units.extend(run.units.iter().copied());
    let together = Run { units, plus: false };
    let card = find(&together, surroundings).into_iter().find(|card| card.first < before && card.last >= before)?;
    let here = Found { first: before, ..card };
    card_place(&together.units, here)
}

fn card_place(units: &[Unit], card: Found) -> Option<(Span, String)> {
    let ending: String = units
        .get(card.last.saturating_sub(3)..=card.last)?
        .iter()
        .map(|unit| char::from(b'0'.saturating_add(unit.value)))
        .collect();
    let span =
        Span { kind: RedactionKind::CardNumber, start: units.get(card.first)?.start, end: units.get(card.last)?.end };
    Some((span, format!("[card ending {ending}]")))
}

fn marked(spans: Vec<Span>) -> Vec<(Span, String)> {
    spans.into_iter().map(|span| (span, marker(span.kind).to_owned())).collect()
}

fn marker(kind: RedactionKind) -> &'static str {
    match kind {
        RedactionKind::CardNumber => "[card number removed]",
        RedactionKind::SecurityCode => "[security code removed]",
        RedactionKind::Pin => "[PIN removed]",
        RedactionKind::Password => "[password removed]",
        RedactionKind::OneTimeCode => "[one-time code removed]",
        RedactionKind::TrackData => "[track data removed]",
    }
}

/// Puts markers in place of spans; of two that overlap the earlier found kind wins.
fn replace(text: &str, places: Vec<(Span, String)>) -> (String, Vec<Redaction>) {
    let mut kept: Vec<(Span, String)> = Vec::new();
    for (span, marker) in places {
        if kept.iter().all(|(other, _)| span.end <= other.start || span.start >= other.end) {
            kept.push((span, marker));
        }
    }
    kept.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len());
    let mut redactions = Vec::with_capacity(kept.len());
    let mut from = 0;
    for (span, marker) in kept {
        out.push_str(text.get(from..span.start).unwrap_or_default());
        let start = out.len();
        out.push_str(&marker);
        redactions.push(Redaction { kind: span.kind, start, end: out.len() });
        from = span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    (out, redactions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> String {
        redact(text).text
    }

    #[test]
    fn card_numbers_are_replaced_in_every_writing() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111/1111/1111/1111",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "٤١١١ ١١١١ ١١١١ ١١١١",
            "four one one one, one one one one, one one one one, one one one one",
            "four triple one double one double one double one double one double one double one",
            "411l 1Il1 1111 llll",
            "4111<b></b>1111<b></b>1111<b></b>1111",
            "4111<br>1111<br/>1111<br class=\"x\">1111",
            "4111&nbsp;1111&#32;1111&#x2d;1111",
            "4111%201111%201111%2D1111",
            "forty-one eleven eleven eleven eleven eleven eleven eleven",
        ] {
            assert_eq!(after(&format!("use {number} please")), "use [card ending 1111] please", "{number}");
        }
    }

    #[test]
    fn ids_and_phones_stay() {
        for text in [
            "order #W2378156 and #W5565470",
            "tracking 9400 1000 0000 0000 0000 00",
            "call +46 70 123 45 67 or +49 1512 3456789",
            "IBAN DE89 3704 0044 0532 0130 00",
            "item 4107812777 to item 1421289881",
            "parcel 1Z999AA10123456784",
            "my PIN does not work and my password is wrong",
            "what is a CVV? order 4521",
            "I paid 1,150.00 on 12/05/2026",
        ] {
            assert_eq!(after(text), text);
        }
    }

    #[test]
    fn secrets_are_replaced_by_what_is_said_around_them() {
        assert_eq!(after("cvv 123"), "cvv [security code removed]");
        assert_eq!(after("the code on the back is one two three"), "the code on the back is [security code removed]");
        assert_eq!(after("4111111111111111 12/27 123"), "[card ending 1111] 12/27 [security code removed]");
        assert_eq!(after("my pin is 4821."), "my pin is [PIN removed].");
        assert_eq!(after("the verification code is 123-456"), "the verification code is [one-time code removed]");
        assert_eq!(after("my password is Hunter2!"), "my password is [password removed]");
        assert_eq!(after("123 is my cvc"), "[security code removed] is my cvc");
        assert_eq!(after(";4111111111111111=27121010000012300000?"), "[track data removed]");
    }

    #[test]
    fn a_number_split_over_messages_is_found() {
        let first = redact("my card is 4111 1111");
        assert_eq!(first.text, "my card is 4111 1111");
        assert_eq!(first.tail_digits, "4111 1111");
        let second = redact_with_tail("1111", &first.tail_digits);
        assert_eq!((second.text.as_str(), second.tail_digits.as_str()), ("1111", "4111 1111 1111"));
        let third = redact_with_tail("and 1111, thanks", &second.tail_digits);
        assert_eq!(third.text, "and [card ending 1111], thanks");
        assert!(third.previous_holds_card);
    }
}
