//! Where are numbers, amounts, dates and ids, in whatever language they are written?

use std::sync::LazyLock;

use regex::Regex;

use super::kind::PiiKind;

/// Signs joined to a digit: `ORD-100101`, `1,150.00`, `2026-12-01`; with a currency's sign or code beside them.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?P<sign>[$€£¥₩₹฿₺₴]\s?|\b[A-Z]{3}[ \u{a0}])?",
        r"(?P<number>[#\p{L}\p{N}_]+(?:[-./:,'’\u{a0}\u{202f}][\p{L}\p{N}_]+)*)",
        r"(?P<behind>[ \u{a0}\u{202f}]?(?:[$€£¥₩₹฿₺₴]|kr\b|zł|Kč|Ft\b|лв|грн|руб|円|元|원|บาท|[A-Z]{3}\b))?",
    ))
    .ok()
});

/// A chunk of signs with a digit among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) kind: PiiKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Digits in it.
    pub(super) digits: usize,
}

/// ISO 4217 codes are three capitals; so are other words, which only lengthen what is hidden.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let Some(regex) = NUMBER.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(captures) = regex.captures_at(text, at) {
        let (Some(whole), Some(number)) = (captures.get(0), captures.name("number")) else { break };
        let digits = number.as_str().chars().filter(|c| c.is_numeric()).count();
        if digits == 0 {
            // The sign of a currency may belong to what comes next.
            at = number.end();
            continue;
        }
        at = whole.end();
        let has_letters = number.as_str().chars().any(char::is_alphabetic);
        let is_amount = !has_letters && (captures.name("sign").is_some() || captures.name("behind").is_some());
        let (kind, start, end) = match (is_amount, has_letters) {
            (true, _) => (PiiKind::AMOUNT, whole.start(), whole.end()),
            (_, true) => (PiiKind::REFERENCE, number.start(), number.end()),
            _ => (PiiKind::NUMBER, number.start(), number.end()),
        };
        found.push(Number { kind, start, end, digits });
    }
    found
}

/// The digits of a text as ASCII ones.
pub(super) fn digits_of(text: &str) -> String {
    text.chars().filter_map(|c| if c.is_ascii_digit() { Some(c) } else { unicode_digit(c) }).collect()
}

/// Decimal digits of other scripts stand in tens (Unicode 17, general category Nd), each ten beginning with nought.
fn unicode_digit(c: char) -> Option<char> {
    const NOUGHTS: [u32; 8] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0x1040, 0x17e0, 0xff10];
    let code = u32::from(c);
    let value = NOUGHTS.iter().find_map(|nought| code.checked_sub(*nought).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_with_a_digit_are_found_with_their_currency() {
        let text = "Your order ORD-100101 of $1,150.00 (1 150,00 kr, SEK 20, 20 EUR) is due on 2026-12-01, #W2378156; no figure here";
        let found: Vec<_> =
            numbers(text).into_iter().map(|n| (n.kind.as_str(), text.get(n.start..n.end).unwrap())).collect();
        assert_eq!(
            found,
            [
                ("reference", "ORD-100101"),
                ("amount", "$1,150.00"),
                ("number", "1"),
                ("amount", "150,00 kr"),
                ("amount", "SEK 20"),
                ("amount", "20 EUR"),
                ("number", "2026-12-01"),
                ("reference", "#W2378156"),
            ]
        );
        assert_eq!(digits_of("٤١١ 12"), "41112");
    }
}
