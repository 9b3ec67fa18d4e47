//! Where are bank account numbers (IBAN), whose digits belong to no card?

use std::sync::LazyLock;

use regex::Regex;

use super::digits::Run;
use super::redact::RedactionKind;
use super::secrets::Span;

static SHAPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?i)\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?\b").ok());

/// Takes out the runs that lie in an IBAN, and gives the places of those whose check digits are right.
pub(super) fn drop_from(runs: &mut Vec<Run>, text: &str) -> Vec<Span> {
    let Some(shape) = SHAPE.as_ref() else { return Vec::new() };
    let mut places = Vec::new();
    for found in shape.find_iter(text) {
        let Some(account) = account(found.as_str()) else { continue };
        let (start, end) = (found.start(), found.start() + account.len());
        runs.retain(|run| {
            let inside = |at: usize| (start..end).contains(&at);
            !(run.units.first().is_some_and(|unit| inside(unit.start))
                && run.units.last().is_some_and(|unit| inside(unit.start)))
        });
        if is_valid(account) {
            places.push(Span { kind: RedactionKind::BankAccount, start, end });
        }
    }
    places
}

/// Places of accounts whose check digits are right.
pub(crate) fn places(text: &str) -> Vec<(usize, usize)> {
    drop_from(&mut Vec::new(), text).into_iter().map(|span| (span.start, span.end)).collect()
}

/// The account that a text begins with: words behind it may look like more of it.
fn account(text: &str) -> Option<&str> {
    let ends = text.match_indices([' ', '-']).map(|(at, _)| at).chain([text.len()]);
    let starts: Vec<&str> = ends.filter_map(|end| text.get(..end)).collect();
    let valid = starts.iter().rev().find(|start| is_valid(start));
    valid.or_else(|| starts.iter().rev().find(|start| is_account(start))).copied()
}

/// What stands for an account: its last four characters say which one it was.
pub(super) fn marker(account: &str) -> String {
    let plain: Vec<char> = account.chars().filter(char::is_ascii_alphanumeric).collect();
    let ending: String = plain.iter().skip(plain.len().saturating_sub(4)).collect();
    format!("{ACCOUNT_ENDING}{ending}]")
}

/// What the marker of an account begins with.
pub(super) const ACCOUNT_ENDING: &str = "[account ending ";

/// Lengths by country (IBAN registry of SWIFT, 2026, the countries customers live in).
const LENGTHS: &[(&str, usize)] = &[
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("TR", 26),
    ("UA", 29),
];

/// A mistyped one is still no card: the length of the country is enough where it has one.
fn is_account(text: &str) -> bool {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    let known = LENGTHS.iter().find(|(country, _)| plain.starts_with(country));
    known.map_or_else(|| is_valid(text), |(_, length)| *length == plain.len())
}

/// The check of ISO 13616: the first four characters moved to the end, letters as 10 to 35, remainder 1 by 97.
pub(crate) fn is_valid(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let (head, body) = plain.split_at(plain.len().min(4));
    let remainder = body
        .iter()
        .chain(head)
        .filter_map(|c| c.to_digit(36))
        .fold(0_u32, |rest, value| if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 });
    (15..=34).contains(&plain.len()) && remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_digit_is_no_iban() {
        assert!(is_valid("SE45 5000 0000 0583 9825 7466"));
        assert!(is_valid("DE89370400440532013000"));
        assert!(!is_valid("DE89370400440532013001"));
    }
}
