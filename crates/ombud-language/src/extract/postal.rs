//! Which postal codes does a text name?

use std::sync::LazyLock;

use regex::Regex;

use super::{Awaiting, Entity, entity};

/// Shapes that hardly mean anything else: Britain, Canada, the Netherlands, Poland, Portugal, Sweden and Czechia with the word, the United States with four more digits.
static CLEAR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"\b(?:[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d|[1-9]\d{3} ?[A-Z]{2}|\d{2}-\d{3}|\d{5}-\d{4}|[1-9]\d{3}-\d{3})\b",
    )
    .ok()
});

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:zip|zipcode|postcode|post ?code|postal(?: code)?|postnummer|postnr|plz|postleitzahl|pin ?code)(?: ?code)?(?: (?:is|was|of|number|for|should be|=))*\s*[:=]?\s*",
        r"(?:it'?s )?([A-Z]{1,2}-)?(\d{3} \d{2}|\d{4,6}(?:-\d{4})?|\d{4} ?[A-Z]{2})\b",
    ))
    .ok()
});

/// Digits in a row of groups that no postal code has.
const PHONE_DIGITS_MIN: usize = 9;

static BARE: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?:^|[\s,;:(])(\d{3} \d{2}|\d{5}(?:-\d{4})?|\d{4,6})(?:$|[\s,;:.!?)])").ok());

/// Postal codes; digits alone only after the word, or where they are awaited.
pub(super) fn read(text: &str, awaiting: Awaiting) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    if let Some(named) = NAMED.as_ref() {
        let codes = named.captures_iter(text).filter_map(|captures| captures.get(2));
        found.extend(
            codes.map(|code| entity("postal_code", text, (code.start(), code.end()), code.as_str().to_uppercase())),
        );
    }
    if let Some(clear) = CLEAR.as_ref() {
        let codes = clear.find_iter(text).filter(|code| awaiting != Awaiting::Nothing || looks_written(code.as_str()));
        found.extend(
            codes.map(|code| entity("postal_code", text, (code.start(), code.end()), code.as_str().to_uppercase())),
        );
    }
    if found.is_empty() && matches!(awaiting, Awaiting::Identity | Awaiting::Address) {
        let bare = BARE.as_ref().into_iter().flat_map(|bare| bare.captures_iter(text));
        let bare =
            bare.filter_map(|captures| captures.get(1)).filter(|code| !is_of_phone(text, code.start(), code.end()));
        found.extend(bare.map(|code| entity("postal_code", text, (code.start(), code.end()), code.as_str())));
    }
    found
}

/// "07700 900321" is a phone number, and its first part no code.
fn is_of_phone(text: &str, start: usize, end: usize) -> bool {
    let of_number = |c: &char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '/' | '+' | '(' | ')');
    let before = text.get(..start).unwrap_or_default().chars().rev().take_while(of_number);
    let after = text.get(end..).unwrap_or_default().chars().take_while(of_number);
    let beside = before.chain(after).filter(char::is_ascii_digit).count();
    beside > 0 && beside + text.get(start..end).unwrap_or_default().len() >= PHONE_DIGITS_MIN
}

/// Outside of a question for it, only upper case counts: "m1 4gb" may be a computer.
fn looks_written(code: &str) -> bool {
    code.contains(' ') && code.chars().any(char::is_alphabetic) && !code.chars().any(char::is_lowercase)
}
