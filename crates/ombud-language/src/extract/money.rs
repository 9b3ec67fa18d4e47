//! Which amounts of money does a text name?

use std::sync::LazyLock;

use ombud_domain::Currency;
use regex::Regex;
use serde_json::json;

use super::{Awaiting, Entity, entity};

static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)(?:(?P<before>[$€£¥]|\b(?:usd|eur|gbp|sek|nok|dkk|chf|pln|czk|huf|ron|jpy|aud|cad|nzd|inr|try|us\$))\s?(?P<first>\d(?:[\d.,' ]*\d)?))|",
        r"(?P<second>\b\d(?:[\d.,']*\d)?(?: \d{3}(?:[.,]\d{1,2})?)*)(?:\s?(?P<after>[$€£¥])|[ -]?(?P<word>usd|eur|gbp|sek|nok|dkk|chf|pln|czk|huf|ron|jpy|aud|cad|nzd|inr|try|",
        r"euros?|dollars?|bucks?|quid|pounds?(?: sterling)?|kr(?:onor|oner|ona|one)?|zł(?:oty)?|yen|francs?|:-)(?:\b|[^\w]|$))",
    ))
    .ok()
});

static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| crate::lean::regex(r"\b\d(?:[\d.,']*\d)?\b").ok());

/// Amounts with their currency; a bare number only where an amount is awaited.
pub(super) fn read(text: &str, awaiting: Awaiting) -> Vec<Entity> {
    let Some(amount) = AMOUNT.as_ref() else { return Vec::new() };
    let mut found: Vec<Entity> = amount
        .captures_iter(text)
        .filter_map(|captures| {
            let digits = captures.name("first").or_else(|| captures.name("second"))?;
            let sign = captures.name("before").or_else(|| captures.name("after")).or_else(|| captures.name("word"))?;
            let (start, end) = (digits.start().min(sign.start()), digits.end().max(sign.end()));
            value(text, (start, end), digits.as_str(), currency(sign.as_str()))
        })
        .collect();
    if found.is_empty() && awaiting == Awaiting::Amount {
        let bare = BARE.as_ref().and_then(|bare| bare.find(text));
        found.extend(bare.and_then(|bare| value(text, (bare.start(), bare.end()), bare.as_str(), None)));
    }
    found
}

fn value(text: &str, span: (usize, usize), digits: &str, currency: Option<Currency>) -> Option<Entity> {
    let minor = minor(digits, currency.map_or(2, |currency| currency.exponent()))?;
    Some(entity(
        "amount",
        text,
        span,
        json!({"minor": minor, "currency": currency.map(|currency| currency.code().to_owned())}),
    ))
}

/// What a sign or word stands for; "kr" may be any of three.
fn currency(sign: &str) -> Option<Currency> {
    let code = match sign.to_lowercase().as_str() {
        "$" | "us$" | "dollar" | "dollars" | "buck" | "bucks" => "USD",
        "€" | "euro" | "euros" => "EUR",
        "£" | "quid" | "pound" | "pounds" | "pound sterling" | "pounds sterling" => "GBP",
        "¥" | "yen" => "JPY",
        "zł" | "zloty" | "złoty" => "PLN",
        "franc" | "francs" => "CHF",
        word if word.len() == 3 && word.is_ascii() => return Currency::parse(word).ok(),
        _ => return None,
    };
    Currency::parse(code).ok()
}

/// Minor units of a written number; the last separator is decimal if one or two digits follow it.
pub(crate) fn minor(written: &str, exponent: u32) -> Option<i64> {
    let plain: String = written.chars().filter(|c| !matches!(c, ' ' | '\'' | '\u{a0}')).collect();
    let (whole, fraction) = match plain.rfind(['.', ',']) {
        Some(at) if plain.len() - at <= 3 => (plain.get(..at)?, plain.get(at + 1..)?),
        _ => (plain.as_str(), ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let scale = 10_i64.checked_pow(exponent)?;
    let base = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let digits = u32::try_from(fraction.len()).ok()?;
    if fraction.is_empty() || digits > exponent {
        return Some(base);
    }
    base.checked_add(fraction.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(exponent - digits)?)?)
}
