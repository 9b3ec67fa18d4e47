//! Where are card numbers, security codes, passwords and one-time codes, and what takes their place?

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::card::{Brand, Found, Surroundings, find};
use super::digits::{Unit, runs};
use super::iban;
use super::parts::{mistyped, spread};
use super::secrets::{self, Span};
use super::tail::{joined, says_part};

/// Digits of a one-time code, as nearly all are sent.
const CODE_DIGITS_MAX: usize = 6;

/// What was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// An international bank account number.
    BankAccount,
    /// A social security number.
    NationalId,
}

/// One replacement; holds no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The tail of the previous message began a card number that ends in this one.
    pub previous_holds_card: bool,
}

pub(super) static CARD_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
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

/// The same, when the customer's messages before ended in `tail_digits` ([`DigitTail::digits`](super::DigitTail)).
#[must_use]
pub fn redact_with_tail(text: &str, tail_digits: &str) -> Redacted {
    redact_awaiting(text, tail_digits, None)
}

/// The same of some kinds only: what people of the company write may hold its own bank account, and an article the word "password".
#[must_use]
pub fn redact_only(text: &str, kinds: &[RedactionKind]) -> Redacted {
    let (mut places, previous_holds_card) = places(text, "", None);
    places.retain(|(span, _)| kinds.contains(&span.kind));
    let (redacted, redactions) = replace(text, places);
    Redacted { text: redacted, redactions, previous_holds_card }
}

/// The same, when the open question asks for a secret that belongs elsewhere: digits that stand alone are it.
pub(super) fn redact_awaiting(text: &str, tail_digits: &str, awaited: Option<RedactionKind>) -> Redacted {
    let (places, previous_holds_card) = places(text, tail_digits, awaited);
    let (redacted, redactions) = replace(text, places);
    Redacted { text: redacted, redactions, previous_holds_card }
}

/// What is to be replaced, each with its marker, the surest first; and whether the message before holds the beginning of a card number.
fn places(text: &str, tail_digits: &str, awaited: Option<RedactionKind>) -> (Vec<(Span, String)>, bool) {
    let mut runs = runs(text);
    let accounts = iban::drop_from(&mut runs, text);
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
    let ends_card = if tail_digits.is_empty() { None } else { joined(&runs, tail_digits, surroundings) };
    let previous_holds_card = ends_card.is_some();
    places.extend(ends_card);
    if !places.iter().any(|(span, _)| span.kind == RedactionKind::CardNumber) {
        places.extend(spread(text, &runs, surroundings));
    }
    places.extend(runs.iter().filter_map(|run| mistyped(text, run)));
    places.extend(marked(ends.into_iter().filter_map(|end| secrets::behind_card(text, &runs, end)).collect()));
    places.extend(marked(secrets::codes(text, &runs)));
    places.extend(marked(secrets::passwords(text)));
    places.extend(marked(secrets::national_ids(text)));
    places.extend(accounts.into_iter().map(|span| {
        let marker = iban::marker(text.get(span.start..span.end).unwrap_or_default());
        (span, marker)
    }));
    let bare = awaited.map(|kind| secrets::bare(text, &runs, kind)).unwrap_or_default();
    // Half a card number is not taken for the code that is awaited: its other half may follow.
    let is_part = |span: &Span| span.end - span.start > CODE_DIGITS_MAX && says_part(text);
    places.extend(marked(bare.into_iter().filter(|span| !is_part(span)).collect()));
    (places, previous_holds_card)
}

pub(super) fn card_place(units: &[Unit], card: Found) -> Option<(Span, String)> {
    let span =
        Span { kind: RedactionKind::CardNumber, start: units.get(card.first)?.start, end: units.get(card.last)?.end };
    Some((span, card_ending(units.get(..=card.last)?)))
}

/// What stands for a card number: its last four digits say which one it was.
pub(super) fn card_ending(units: &[Unit]) -> String {
    let last = units.iter().skip(units.len().saturating_sub(4));
    let ending: String = last.map(|unit| char::from(b'0'.saturating_add(unit.value))).collect();
    format!("{CARD_ENDING}{ending}]")
}

/// What the marker of a card number begins with.
const CARD_ENDING: &str = "[card ending ";

/// Whether a text ends within a marker that keeps some digits.
pub(super) fn is_in_marker(text: &str) -> bool {
    text.ends_with(CARD_ENDING) || text.ends_with(iban::ACCOUNT_ENDING)
}

/// Whether a card number stood somewhere in a text.
#[must_use]
pub fn holds_card_marker(text: &str) -> bool {
    text.contains(CARD_ENDING) || text.contains(marker(RedactionKind::CardNumber))
}

fn marked(spans: Vec<Span>) -> Vec<(Span, String)> {
    spans.into_iter().map(|span| (span, marker(span.kind).to_owned())).collect()
}

pub(super) fn marker(kind: RedactionKind) -> &'static str {
    match kind {
        RedactionKind::CardNumber => "[card number removed]",
        RedactionKind::SecurityCode => "[security code removed]",
        RedactionKind::Pin => "[PIN removed]",
        RedactionKind::Password => "[password removed]",
        RedactionKind::OneTimeCode => "[one-time code removed]",
        RedactionKind::TrackData => "[track data removed]",
        RedactionKind::BankAccount => "[account number removed]",
        RedactionKind::NationalId => "[social security number removed]",
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
    fn only_the_kinds_that_are_named_are_replaced() {
        let text = "Pay to DE89370400440532013000, not with 4111 1111 1111 1111.";
        let cards = redact_only(text, &[RedactionKind::CardNumber, RedactionKind::Pin]);
        assert_eq!(cards.text, "Pay to DE89370400440532013000, not with [card ending 1111].");
        assert_eq!(cards.redactions.len(), 1);
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
            "IBAN DE89 3704 0044 0532 0130 01",
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
    fn a_number_in_parts_is_found_in_one_message() {
        for text in [
            "4111 x 1111 x 1111 x 1111",
            "4111 hi 1111 hi 1111 hi 1111",
            "my card starts with 4111 1111 1 then there is 1 and it ends 11 1111",
            "Visa card, first half is 41111111 and second half is 11111111",
        ] {
            let after = after(text);
            assert!(after.contains("[card ending 1111]"), "{after}");
            assert!(after.chars().filter(char::is_ascii_digit).count() == 4, "{after}");
        }
        for text in [
            "orders 4111 from May 1111 from June 1111 from July 1111",
            "my card was charged 400 on 12/05/2026, order 4521 777 1234",
        ] {
            assert_eq!(after(text), text);
        }
    }

    #[test]
    fn a_mistyped_number_is_hidden_where_it_is_called_a_card() {
        assert_eq!(after("my card is 4111111111111112"), "my card is [card number removed]");
        assert_eq!(after("card number: 4111 1111 1111 1112"), "card number: [card number removed]");
        assert_eq!(after("paid by card, parcel 4111111111111112"), "paid by card, parcel 4111111111111112");
        assert_eq!(after("4111111111111112"), "4111111111111112");
    }

    #[test]
    fn passwords_are_hidden_without_the_word_is() {
        for (text, kept) in [
            ("login pw hunter2hunter", "login pw [password removed]"),
            ("mypass is letmein99", "mypass is [password removed]"),
            ("I use Sommer2024! to log in", "I use [password removed] to log in"),
            ("mein kennwort lautet Sommer2024!", "mein kennwort lautet [password removed]"),
            ("My login password Sommer2024! no longer works", "My login password [password removed] no longer works"),
            ("Sommer2024! is my password", "[password removed] is my password"),
        ] {
            assert_eq!(after(text), kept);
        }
        for text in [
            "I use lena@example.com to log in",
            "I forgot my password and cannot log in",
            "my password reset mail never came",
            "password for order #W2378156 please",
            "I tried to log in 3 times with my password!",
            "your password page is broken!",
        ] {
            assert_eq!(after(text), text);
        }
    }

    #[test]
    fn account_and_social_security_numbers_are_hidden() {
        assert_eq!(after("IBAN SE45 5000 0000 0583 9825 7466 please"), "IBAN [account ending 7466] please");
        assert_eq!(after("my SSN is 078-05-1120"), "my SSN is [social security number removed]");
        assert_eq!(after("call 078-05-1120"), "call 078-05-1120");
    }

    /// A code is six digits; longer ones with a word for a part are half a card number.
    #[test]
    fn half_a_card_number_is_no_code() {
        let awaiting = |text: &str| redact_awaiting(text, "", Some(RedactionKind::OneTimeCode)).text;
        assert_eq!(awaiting("first half 41111111"), "first half 41111111");
        assert_eq!(awaiting("first try 411111"), "first try [one-time code removed]");
    }
}
