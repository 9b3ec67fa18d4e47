//! Which e-mail addresses, phone numbers and card endings does a text hold?

use std::sync::LazyLock;

use regex::Regex;

use super::{Entity, entity};

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b[a-z0-9][a-z0-9._%+-]*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}\b").ok()
});

static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"\+\d{1,3}[ .\-/]?(?:\(?\d{1,4}\)?[ .\-/]?){2,5}\d{2,4}\b|\b0\d{1,3}[ \-/]\d{2,4}(?:[ -]?\d{2,4}){1,3}\b|\(?\b\d{3}\)?[ .-]\d{3}[.-]\d{4}\b|\b0[1-9]\d{7,10}\b").ok()
});

static CARD_ENDING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\[card ending (\d{4})\]|\b(?:ending|ends|end|that ends|last (?:four|4)(?: digits)?)(?: (?:in|with|on|are|is))? ?:?\s*[x*•.]*(\d{4})\b|(?:[x*•]{2,}[ -]?)(\d{4})\b").ok()
});

/// E-mail addresses, lower case.
pub(super) fn emails(text: &str) -> Vec<Entity> {
    let Some(email) = EMAIL.as_ref() else { return Vec::new() };
    email
        .find_iter(text)
        .map(|found| entity("email", text, (found.start(), found.end()), found.as_str().to_lowercase()))
        .collect()
}

/// Phone numbers as digits, with a plus sign if one was written.
pub(super) fn phones(text: &str) -> Vec<Entity> {
    let Some(phone) = PHONE.as_ref() else { return Vec::new() };
    let plain = |written: &str| written.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>();
    phone
        .find_iter(text)
        .map(|found| entity("phone", text, (found.start(), found.end()), plain(found.as_str())))
        .filter(|entity| entity.value.as_str().is_some_and(|digits| (8..=16).contains(&digits.len())))
        .collect()
}

/// The last four digits of a card.
pub(super) fn card_endings(text: &str) -> Vec<Entity> {
    let Some(ending) = CARD_ENDING.as_ref() else { return Vec::new() };
    ending
        .captures_iter(text)
        .filter_map(|captures| {
            let (whole, digits) = (captures.get(0)?, captures.iter().skip(1).flatten().next()?);
            Some(entity("card_last4", text, (whole.start(), whole.end()), digits.as_str()))
        })
        .collect()
}
