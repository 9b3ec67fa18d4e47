//! Where are card numbers, security codes, passwords and one-time codes, and what takes their place?

use std::sync::LazyLock;

use regex::Regex;

use super::card::{Brand, Found, Surroundings, find, is_card};
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
    /// An international bank account number.
    BankAccount,
    /// A social security number.
    NationalId,
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
/// Messages without a digit between two parts of a card number ("one moment").
const SILENT_MAX: u8 = 2;
/// Characters behind digits that end a message all the same.
const BEHIND_CHARS_MAX: usize = 6;
/// The same where the message says that more comes, or speaks of a card.
const BEHIND_PART_CHARS_MAX: usize = 40;
/// Digits of a one-time code, as nearly all are sent.
const CODE_DIGITS_MAX: usize = 6;
/// Runs of a message that may end a card number begun before.
const ENDS_TRIED_MAX: usize = 3;

/// Digits at the end of a customer's last messages that may begin a card number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DigitTail {
    /// In the groups they were written in.
    pub digits: String,
    /// Where they stand, oldest first.
    pub parts: Vec<TailPart>,
    silent: u8,
}

/// The part of a [`DigitTail`] in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailPart {
    /// Which message, as the caller counts them.
    pub message: i64,
    /// As written there.
    pub written: String,
}

impl DigitTail {
    /// The tail after one more message of the customer.
    #[must_use]
    pub fn after(&self, text: &str, message: i64) -> Self {
        let runs = runs(text);
        // "one moment" holds a digit in words.
        let silent =
            runs.iter().all(|run| run.units.len() < 3 && run.units.iter().all(|unit| unit.written == Written::Word));
        if silent && self.silent < SILENT_MAX && !self.digits.is_empty() && !text.contains("[card ending") {
            return Self { silent: self.silent + 1, ..self.clone() };
        }
        let digits = digit_tail(text, &self.digits);
        let own = digit_tail(text, "");
        let written = tail_run(text, &runs).and_then(|run| written(text, run)).filter(|_| !digits.is_empty());
        let mut parts = if digits.len() > own.len() { self.parts.clone() } else { Vec::new() };
        parts.extend(written.map(|written| TailPart { message, written: written.to_owned() }));
        Self { digits, parts, silent: 0 }
    }
}

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
    let whole = places.iter().any(|(span, _)| span.kind == RedactionKind::CardNumber);
    if !whole {
        places.extend(spread(text, &runs, surroundings));
    }
    places.extend(runs.iter().filter_map(|run| mistyped(text, run)));
    let joined = if tail_digits.is_empty() { None } else { joined(&runs, tail_digits, surroundings) };
    let previous_holds_card = joined.is_some();
    places.extend(joined);
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
    let (redacted, redactions) = replace(text, places);
    let tail = if redactions.iter().any(|r| r.kind == RedactionKind::CardNumber && r.end + 3 >= redacted.len()) {
        String::new()
    } else {
        digit_tail(&redacted, tail_digits)
    };
    Redacted { text: redacted, redactions, tail_digits: tail, previous_holds_card }
}

/// The digits at the end of a text that could begin a card number; those of `previous` stay in front if the text is digits only.
fn digit_tail(text: &str, previous: &str) -> String {
    let runs = runs(text);
    let Some(run) = tail_run(text, &runs) else { return String::new() };
    let groups = in_groups(&run.units);
    let before = run.units.first().and_then(|first| text.get(..first.start)).unwrap_or_default();
    let goes_on = !previous.is_empty() && (!before.chars().any(char::is_alphanumeric) || says_part(before));
    let all = if goes_on { format!("{previous} {groups}") } else { groups };
    if all.chars().filter(char::is_ascii_digit).count() > TAIL_MAX { String::new() } else { all }
}

/// The run that ends a text, but for a few signs, or for words where the text speaks of a card or of a part.
fn tail_run<'r>(text: &str, runs: &'r [Run]) -> Option<&'r Run> {
    let run = runs.last()?;
    let behind = text.get(run.units.last()?.end..)?;
    let chars = behind.chars().count();
    let ends = chars <= BEHIND_CHARS_MAX && !behind.chars().any(char::is_alphanumeric);
    let is_part = chars <= BEHIND_PART_CHARS_MAX
        && run.units.len() > 3
        && (says_part(text) || CARD_WORD.as_ref().is_some_and(|word| word.is_match(text)));
    (ends || is_part).then_some(run)
}

static PART_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)\b(?:first|last|second|third|next|other|remaining|rest|half|part|starts?|starting|begins?|beginning|ends?|ending|followed|continues?|digits|numbers)\b",
    )
    .ok()
});

/// Whether a text speaks of a part of something.
fn says_part(text: &str) -> bool {
    PART_WORD.as_ref().is_some_and(|word| word.is_match(text))
}

fn in_groups(units: &[Unit]) -> String {
    let mut groups = String::new();
    for (i, unit) in units.iter().enumerate() {
        if unit.first && i > 0 {
            groups.push(' ');
        }
        groups.push(char::from(b'0'.saturating_add(unit.value)));
    }
    groups
}

fn written<'t>(text: &'t str, run: &Run) -> Option<&'t str> {
    text.get(run.units.first()?.start..run.units.last()?.end)
}

/// The digits of this message that end a card number begun before.
fn joined(runs: &[Run], tail: &str, surroundings: Surroundings) -> Option<(Span, String)> {
    runs.iter().take(ENDS_TRIED_MAX).find_map(|run| joined_with(run, tail, surroundings))
}

fn joined_with(run: &Run, tail: &str, surroundings: Surroundings) -> Option<(Span, String)> {
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

/// Runs of one message that are a card number together, with words between.
const PARTS_MAX: usize = 8;
/// Bytes between two parts where a card is spoken of.
const BETWEEN_PARTS_MAX: usize = 40;
/// Bytes of a sign or word that stands between all parts.
const SAME_BETWEEN_MAX: usize = 8;

/// A card number in parts: any words between where a card is spoken of, or else always the same ones between groups as cards have them.
fn spread(text: &str, runs: &[Run], surroundings: Surroundings) -> Vec<(Span, String)> {
    for first in 0..runs.len() {
        let mut units: Vec<Unit> = Vec::new();
        let mut between: Vec<&str> = Vec::new();
        for run in runs.iter().skip(first).take(PARTS_MAX) {
            if let (Some(last), Some(next)) = (units.last(), run.units.first()) {
                between.push(text.get(last.end..next.start).unwrap_or_default());
            }
            units.extend(run.units.iter().copied());
            if between.is_empty() {
                continue;
            }
            let digits: Vec<u8> = units.iter().map(|unit| unit.value).collect();
            if digits.len() >= 15 && is_card(&digits) && fits_between(&between, &units, surroundings) {
                let pieces = units.chunk_by(|one, next| next.start.saturating_sub(one.end) <= 1);
                return pieces.filter_map(|piece| piece_place(piece, &units)).collect();
            }
        }
    }
    Vec::new()
}

fn fits_between(between: &[&str], units: &[Unit], surroundings: Surroundings) -> bool {
    if surroundings == Surroundings::CardWord {
        return between.iter().all(|words| words.len() <= BETWEEN_PARTS_MAX && !secrets::part_stops(words));
    }
    let groups: Vec<usize> = units.chunk_by(|_, next| !next.first).map(<[Unit]>::len).collect();
    let same = |words: &&str| words.len() <= SAME_BETWEEN_MAX && between.first() == Some(words);
    matches!(groups.as_slice(), [4, 4, 4, 4] | [4, 6, 5]) && between.iter().all(same)
}

fn piece_place(piece: &[Unit], units: &[Unit]) -> Option<(Span, String)> {
    let span = Span { kind: RedactionKind::CardNumber, start: piece.first()?.start, end: piece.last()?.end };
    let is_last = units.last()?.end == span.end;
    let ending = units.len().saturating_sub(4);
    let ends: String = units.iter().skip(ending).map(|unit| char::from(b'0'.saturating_add(unit.value))).collect();
    Some((span, if is_last { format!("[card ending {ends}]") } else { marker(span.kind).to_owned() }))
}

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?:credit|debit|bank|visa|master)?[- ]?card|visa|master ?card|maestro|amex|karte|kort(?:et)?|kartennummer|kortnummer|tarjeta|carte)",
        r"(?:[- ]?(?:number|num|no|nr|nummer))?\b\.?(?:\s+(?:is|was|are|ist|är|number|it's|its|n[o°]))?[\s:=#]*\(?$",
    ))
    .ok()
});

/// A number of a card's length right behind the word: a mistyped card number is one too, and its digits are nearly all right.
fn mistyped(text: &str, run: &Run) -> Option<(Span, String)> {
    let typed = run.units.iter().all(|unit| unit.written == Written::Digit);
    if !typed || run.plus || !(13..=19).contains(&run.units.len()) {
        return None;
    }
    let before = text.get(..run.units.first()?.start)?;
    let is_named = NAMED.as_ref()?.is_match(before);
    let all = Found { first: 0, last: run.units.len() - 1, brand: Brand::Other };
    if is_named { card_place(&run.units, all) } else { None }
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

    /// What is written of a number is named message by message, so that it can be shredded when the number is whole.
    #[test]
    fn the_parts_of_a_number_are_followed_over_messages() {
        let first = DigitTail::default().after("first half 4111 1111 is this", 2);
        let pause = first.after("one moment please", 4);
        let second = pause.after("1111", 6);
        let parts =
            [(2, "4111 1111"), (6, "1111")].map(|(message, written)| TailPart { message, written: written.to_owned() });
        assert_eq!((second.digits.as_str(), second.parts.as_slice()), ("4111 1111 1111", &parts[..]));
        assert!(redact_with_tail("and the end: 1111", &second.digits).previous_holds_card);
        assert_eq!(second.after("what is my balance?", 8).after("and when is it due?", 10).digits, second.digits);
        assert_eq!(second.after("a", 8).after("b", 10).after("c", 12), DigitTail::default());
        assert_eq!(second.after("order 1234567 did not come", 8).parts, []);
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
        assert_eq!(after("my card is 4111111111111112"), "my card is [card ending 1112]");
        assert_eq!(after("card number: 4111 1111 1111 1112"), "card number: [card ending 1112]");
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
