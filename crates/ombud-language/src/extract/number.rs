//! How many, and which in a row?

use std::sync::LazyLock;

use regex::Regex;

use super::{Entity, entity};

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?P<digits>\d{1,4})(?:\s?x)?|(?P<word>zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|",
        r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|(?:a )?dozen|(?:a )?couple(?: of)?|both|a pair|single))\b",
    ))
    .ok()
});

static ORDINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:(?P<digits>\d{1,2})(?:st|nd|rd|th)|(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|latter|former))\b").ok()
});

/// Counts, as digits or words.
pub(crate) fn read(text: &str) -> Vec<Entity> {
    let Some(number) = NUMBER.as_ref() else { return Vec::new() };
    number
        .captures_iter(text)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            // A pronoun counts nothing: "the blue one", "this one".
            let pronoun = whole.as_str().eq_ignore_ascii_case("one") && is_pronoun(text, whole.start(), whole.end());
            let value = match captures.name("digits") {
                Some(digits) => digits.as_str().parse().ok()?,
                None => word_value(whole.as_str())?,
            };
            (!pronoun && !glued(text, whole.start(), whole.end()))
                .then(|| entity("number", text, (whole.start(), whole.end()), value))
        })
        .collect()
}

/// Places in a row; `-1` is the last.
pub(crate) fn ordinals(text: &str) -> Vec<Entity> {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let Some(ordinal) = ORDINAL.as_ref() else { return Vec::new() };
    ordinal
        .captures_iter(text)
        .filter_map(|captures| {
            let whole = captures.get(0)?;
            let lower = whole.as_str().to_lowercase();
            let value: i64 = match (captures.name("digits"), lower.as_str()) {
                (Some(digits), _) => digits.as_str().parse().ok()?,
                (None, "last" | "latter") => -1,
                (None, "former") => 1,
                (None, word) => i64::try_from(WORDS.iter().position(|known| *known == word)? + 1).ok()?,
            };
            Some(entity("ordinal", text, (whole.start(), whole.end()), value))
        })
        .collect()
}

/// The value of a number word; also for "in two weeks".
pub(super) fn word_value(word: &str) -> Option<i64> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    let lower = word.to_lowercase();
    let tens = match lower.as_str() {
        "a" | "an" | "single" => 1,
        "couple" | "a couple" | "couple of" | "a couple of" | "both" | "a pair" => 2,
        "few" | "a few" => 3,
        "dozen" | "a dozen" => 12,
        "thirty" => 30,
        "forty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "ninety" => 90,
        "hundred" => 100,
        other => return WORDS.iter().position(|known| *known == other).and_then(|at| i64::try_from(at).ok()),
    };
    Some(tens)
}

fn is_pronoun(text: &str, start: usize, end: usize) -> bool {
    const BEFORE: [&str; 12] =
        ["the", "this", "that", "which", "no", "any", "some", "every", "each", "another", "other", "a"];
    let before =
        text.get(..start).unwrap_or_default().split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let determined = BEFORE.contains(&before.as_str()) || before.ends_with("er") || before.ends_with("est");
    let after = text.get(end..).unwrap_or_default();
    // "The white one": a word between an article and "one" makes it a pronoun as well; "one of them" is a count.
    determined
        || (!before.is_empty()
            && !after.trim_start().starts_with("of")
            && before.chars().all(char::is_alphabetic)
            && !matches!(before.as_str(), "only" | "just" | "have" | "return" | "and" | "or" | "want" | "is"))
}

/// Part of a longer id or number.
fn glued(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|part| part.chars().next_back());
    let after = text.get(end..).and_then(|part| part.chars().next());
    let second = text.get(end..).and_then(|part| part.chars().nth(1));
    before.is_some_and(|c| matches!(c, '#' | '_' | '.' | '@' | '-' | '/' | '\''))
        || after.is_some_and(|c| {
            matches!(c, '_' | '@' | '/' | '%') || (matches!(c, '.' | ',' | '-') && second.is_some_and(char::is_numeric))
        })
}
