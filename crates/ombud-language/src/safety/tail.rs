//! Where does a card number go on that was begun in an earlier message, and what was written of it?

use std::sync::LazyLock;

use regex::Regex;

use super::card::{Found, Surroundings, find};
use super::digits::{Run, Unit, Written, runs};
use super::redact::{CARD_WORD, card_place, marker};
use super::secrets::Span;
use super::{RedactionKind, redact};

/// A card number may be one digit longer than what a message ended in.
const TAIL_MAX: usize = 18;
/// Messages without a digit between two parts of a card number ("one moment").
const SILENT_MAX: u8 = 2;
/// Characters behind digits that end a message all the same.
const BEHIND_CHARS_MAX: usize = 6;
/// The same where the message says that more comes, or speaks of a card.
const BEHIND_PART_CHARS_MAX: usize = 40;
/// Runs of a message that may end a card number begun before.
const ENDS_TRIED_MAX: usize = 3;
/// Shorter parts may be part of anything where they do not stand alone.
const ANYWHERE_DIGITS_MIN: usize = 6;
/// The same for a part that is all of a text.
const ALONE_DIGITS_MIN: usize = 4;

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
    text: String,
    written: String,
    digits: String,
}

impl DigitTail {
    /// The tail after one more message of the customer, as it is kept.
    #[must_use]
    pub fn after(&self, text: &str, message: i64) -> Self {
        let runs = runs(text);
        // "one moment" holds a digit in words.
        let silent =
            runs.iter().all(|run| run.units.len() < 3 && run.units.iter().all(|unit| unit.written == Written::Word));
        if silent && self.silent < SILENT_MAX && !self.digits.is_empty() && !text.contains("[card ") {
            return Self { silent: self.silent + 1, ..self.clone() };
        }
        let Some((run, before)) = tail_run(text, &runs) else { return Self::default() };
        let Some(written) = written(text, run) else { return Self::default() };
        let own = in_groups(&run.units);
        let part =
            TailPart { message, text: text.to_owned(), written: written.to_owned(), digits: own.split(' ').collect() };
        let goes_on = !self.digits.is_empty() && (!before.chars().any(char::is_alphanumeric) || says_part(before));
        let together = Some(format!("{} {own}", self.digits)).filter(|together| goes_on && fits(together));
        match together {
            Some(digits) => Self { digits, parts: self.parts.iter().cloned().chain([part]).collect(), silent: 0 },
            None if fits(&own) => Self { digits: own, parts: vec![part], silent: 0 },
            None => Self::default(),
        }
    }
}

fn fits(digits: &str) -> bool {
    digits.chars().filter(char::is_ascii_digit).count() <= TAIL_MAX
}

impl TailPart {
    /// A text without the part, when it holds it: the message itself and what repeats its words or its digits. Other numbers and ids stay, which
    /// only have some of their digits in common with it.
    #[must_use]
    pub fn shred(&self, text: &str) -> Option<String> {
        let marker = marker(RedactionKind::CardNumber);
        let alone = self.digits.len() >= ALONE_DIGITS_MIN && (text == self.written || text == self.digits);
        if alone {
            return Some(marker.to_owned());
        }
        let mut left = text.to_owned();
        if text == self.text
            && let Some(at) = text.rfind(&self.written)
        {
            left.replace_range(at..at.saturating_add(self.written.len()), marker);
        }
        if self.digits.len() >= ANYWHERE_DIGITS_MIN {
            left = without(&left, &self.written, marker);
            left = without(&left, &self.digits, marker);
        }
        (left != text).then_some(left)
    }
}

/// The text with a marker wherever the part stands as a number of its own.
fn without(text: &str, part: &str, marker: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(part) {
        let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at + part.len()..).unwrap_or_default());
        if !goes_on(before.chars().rev()) && !goes_on(behind.chars()) {
            left.push_str(text.get(from..at).unwrap_or_default());
            left.push_str(marker);
            from = at + part.len();
        }
    }
    left.push_str(text.get(from..).unwrap_or_default());
    left
}

/// Whether characters beside a number belong to it, as those of an id do.
fn goes_on(mut beside: impl Iterator<Item = char>) -> bool {
    match beside.next() {
        Some('-' | '_') => beside.next().is_some_and(char::is_alphanumeric),
        Some(next) => next.is_alphanumeric(),
        None => false,
    }
}

/// The run that ends a text, but for a few signs, or for words where the text speaks of a card or of a part; and what stands before it.
fn tail_run<'t, 'r>(text: &'t str, runs: &'r [Run]) -> Option<(&'r Run, &'t str)> {
    // What begins with a plus is a phone number.
    let run = runs.last().filter(|run| !run.plus)?;
    let before = text.get(..run.units.first()?.start)?;
    let behind = text.get(run.units.last()?.end..)?;
    let chars = behind.chars().count();
    let ends = chars <= BEHIND_CHARS_MAX && !behind.chars().any(char::is_alphanumeric);
    let is_part = chars <= BEHIND_PART_CHARS_MAX
        && run.units.len() > 3
        && (says_part(text) || CARD_WORD.as_ref().is_some_and(|word| word.is_match(text)));
    ((ends || is_part) && !redact::is_in_marker(before)).then_some((run, before))
}

static PART_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)\b(?:first|last|second|third|next|other|remaining|rest|half|part|starts?|starting|begins?|beginning|ends?|ending|followed|continues?|digits|numbers)\b",
    )
    .ok()
});

/// Whether a text speaks of a part of something.
pub(super) fn says_part(text: &str) -> bool {
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
pub(super) fn joined(runs: &[Run], tail: &str, surroundings: Surroundings) -> Option<(Span, String)> {
    let begun = units_of(tail);
    runs.iter().take(ENDS_TRIED_MAX).filter(|run| !run.plus).find_map(|run| joined_with(run, &begun, surroundings))
}

fn joined_with(run: &Run, begun: &[Unit], surroundings: Surroundings) -> Option<(Span, String)> {
    let before = begun.len();
    let together = Run { units: begun.iter().chain(&run.units).copied().collect(), plus: false };
    let card = find(&together, surroundings).into_iter().find(|card| card.first < before && card.last >= before)?;
    card_place(&together.units, Found { first: before, ..card })
}

/// Digits in groups, which stand nowhere in the message.
fn units_of(groups: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut first = true;
    for c in groups.chars() {
        match c.to_digit(10).and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                units.push(Unit { value, start: 0, end: 0, written: Written::Digit, first: std::mem::take(&mut first) })
            }
            None => first = true,
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::redact::redact_with_tail;

    #[test]
    fn a_number_split_over_messages_is_found() {
        let first = redact_with_tail("my card is 4111 1111", "");
        assert_eq!(first.text, "my card is 4111 1111");
        let tail = DigitTail::default().after(&first.text, 1);
        assert_eq!(tail.digits, "4111 1111");
        let second = redact_with_tail("1111", &tail.digits);
        assert_eq!((second.text.as_str(), second.previous_holds_card), ("1111", false));
        let tail = tail.after(&second.text, 2);
        assert_eq!(tail.digits, "4111 1111 1111");
        let third = redact_with_tail("and 1111, thanks", &tail.digits);
        assert_eq!(third.text, "and [card ending 1111], thanks");
        assert!(third.previous_holds_card);
    }

    /// What is written of a number is named message by message, so that it can be shredded when the number is whole.
    #[test]
    fn the_parts_of_a_number_are_followed_over_messages() {
        let first = DigitTail::default().after("first half 4111 1111 is this", 2);
        let pause = first.after("one moment please", 4);
        let second = pause.after("1111", 6);
        let parts: Vec<(i64, &str)> = second.parts.iter().map(|part| (part.message, part.written.as_str())).collect();
        assert_eq!(
            (second.digits.as_str(), parts.as_slice()),
            ("4111 1111 1111", &[(2, "4111 1111"), (6, "1111")][..])
        );
        assert!(redact_with_tail("and the end: 1111", &second.digits).previous_holds_card);
        assert_eq!(second.after("what is my balance?", 8).after("and when is it due?", 10).digits, second.digits);
        assert_eq!(second.after("a", 8).after("b", 10).after("c", 12), DigitTail::default());
        assert_eq!(second.after("order 1234567 did not come", 8).parts, []);
    }

    /// The last four digits that are kept of a card begin no other one.
    #[test]
    fn a_card_that_was_hidden_begins_no_other() {
        for kept in ["my card is [card ending 4111]", "[card number removed]", "account [account ending 4111]"] {
            let begun = DigitTail::default().after("4111 1111", 1);
            assert_eq!(begun.after(kept, 2), DigitTail::default(), "{kept}");
        }
    }

    #[test]
    fn a_phone_number_is_no_part_of_a_card() {
        assert_eq!(DigitTail::default().after("call +41 111 111", 1), DigitTail::default());
        assert!(!redact_with_tail("+11111111", "41111111").previous_holds_card);
        assert!(redact_with_tail("11111111", "41111111").previous_holds_card);
    }

    /// Digits that are too many for one card number with those before begin one of their own.
    #[test]
    fn a_number_begun_behind_another_one_is_followed_by_itself() {
        let tail = DigitTail::default().after("0701234567", 1).after("4111 1111 1111", 2);
        assert_eq!(tail.digits, "4111 1111 1111");
        assert_eq!(tail.parts.iter().map(|part| part.message).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_part_goes_from_the_message_and_from_what_repeats_it() {
        let tail = DigitTail::default().after("my card is 41111111 and", 1);
        let part = tail.parts.first().unwrap();
        for (text, left) in [
            ("my card is 41111111 and", "my card is [card number removed] and"),
            ("41111111", "[card number removed]"),
            ("order_id: 41111111, from 41111111.", "order_id: [card number removed], from [card number removed]."),
        ] {
            assert_eq!(part.shred(text).as_deref(), Some(left));
        }
        for other in [
            "",
            "411111112",
            "INV-41111111",
            "01941111-1111-7000-8000-411111110000",
            "00000000-0000-7000-8000-000041111111",
        ] {
            assert_eq!(part.shred(other), None);
        }
    }

    /// "1111" may be a year, an amount or an order elsewhere.
    #[test]
    fn a_short_part_goes_where_it_stands_alone_or_in_its_own_words() {
        let tail = DigitTail::default().after("then 2026", 2);
        let part = tail.parts.first().unwrap();
        assert_eq!(part.shred("then 2026").as_deref(), Some("then [card number removed]"));
        assert_eq!(part.shred("2026").as_deref(), Some("[card number removed]"));
        assert_eq!(part.shred("due 2026-12-01"), None);
        assert_eq!(part.shred("2026-12-01"), None);
    }
}
