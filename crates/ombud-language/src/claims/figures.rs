//! Which figures does a text state, and when do two mean the same?

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A figure by its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Figure {
    /// Hundredths, and the currency if one was written.
    Amount { hundredths: i64, currency: Option<&'static str> },
    /// A day, with its year if one was written.
    Date { year: Option<i64>, month: i64, day: i64 },
    /// As written, without trailing zeros.
    Percent(String),
    /// Scheme and `www.` removed, lower case.
    Url(String),
    /// Lower case.
    Email(String),
    /// As written without separators, and the unit of time that follows.
    Number { value: String, unit: Option<&'static str> },
    /// Letters and digits, upper case without punctuation.
    Id(String),
}

impl Figure {
    /// Whether a figure of the grounds says the same.
    pub(super) fn is_supported_by(&self, ground: &Self) -> bool {
        match (self, ground) {
            (Self::Amount { hundredths, currency }, Self::Amount { hundredths: other, currency: known }) => {
                hundredths == other && (currency == known || currency.is_none() || known.is_none())
            }
            // Records hold bare numbers: "total: 49.9".
            (Self::Amount { hundredths, .. }, Self::Number { value, unit: None }) => {
                hundredths_of(value) == Some(*hundredths)
            }
            (Self::Number { value, unit: None }, Self::Amount { hundredths, .. }) => {
                hundredths_of(value) == Some(*hundredths)
            }
            (Self::Number { value, unit: None }, Self::Number { value: other, .. }) => value == other,
            (Self::Number { value, .. }, Self::Id(id)) => value == id,
            (Self::Date { year, month, day }, Self::Date { year: other, month: known_month, day: known_day }) => {
                month == known_month && day == known_day && (year == other || year.is_none() || other.is_none())
            }
            (Self::Percent(one), Self::Number { value, unit: None }) => one == value,
            // A page below a known address is not known, the address above it is.
            (Self::Url(one), Self::Url(other)) => other == one || other.starts_with(&format!("{one}/")),
            (Self::Url(one), Self::Email(other)) => other.ends_with(&format!("@{one}")),
            _ => self == ground,
        }
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// One pass, the more exact alternatives first.
static FIGURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let month = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
    let number = r"\d(?:[\d.,'\u{a0}]*\d)?";
    let word = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety";
    let code = "usd|eur|gbp|sek|nok|dkk|chf|pln|czk|huf|jpy|euros?|dollars?|pounds?|kr(?:onor|oner)?";
    crate::lean::regex(&format!(
        concat!(
            r"(?i)(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<url>\bhttps?://[^\s)>\]]+|\bwww\.[^\s)>\]]+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|eu|example|se|de|no|nl|fi|dk|uk|us|info|app)\b(?:/[^\s)>\]]*)?)|",
            r"(?P<iso>\b(?:19|20)\d\d-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?\b|(?P<dotted>\b\d{{1,2}}\.\d{{1,2}}\.(?:19|20)\d\d\b)|",
            r"(?P<dm>\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {month}(?:,? (?:19|20)\d\d)?\b)|(?P<md>\b{month} \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?\b)|",
            r"(?P<percent>{number}\s?(?:%|per ?cent\b))|(?P<amount>(?:[$€£]|\b(?:{code})\s)\s?{number}|{number}\s?(?:[$€£]|(?:{code})\b))|",
            r"(?P<id>#?\b(?:[a-z]+[-_]?\d[\w-]*|\d+[_-]*[a-z][\w-]*\d[\w-]*)\b|#\d+)|(?P<number>\b(?:{number}|{word})\b)(?P<unit>(?:\s?(?:-|–|to|or|and)\s?(?:\d+|{word}))?[\s-](?:\w+[\s-])?(?:minutes?|hours?|days?|weeks?|months?|years?)\b)?",
        ),
        month = month,
        number = number,
        word = word,
        code = code,
    ))
    .ok()
});

/// Figures with the words they were written in.
pub(super) fn read(text: &str) -> Vec<(String, Figure)> {
    let Some(regex) = FIGURE.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(captures) = regex.captures_at(text, at) {
        let Some(whole) = captures.get(0) else { break };
        // The second number of "5 to 7 days" is read on its own, with its own unit.
        let end = captures.name("number").map_or(whole.end(), |number| number.end());
        at = end.max(at + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        if is_list_number(text, whole.start(), end) {
            continue;
        }
        let written = text
            .get(whole.start()..end)
            .unwrap_or_default()
            .trim_end_matches(['.', ',', ';', ':', '!', '?'])
            .to_owned();
        if let Some(figure) = figure(&captures, &written) {
            found.push((written, figure));
        }
        if at >= text.len() {
            break;
        }
    }
    found
}

fn figure(captures: &Captures<'_>, written: &str) -> Option<Figure> {
    let has = |name: &str| captures.name(name).is_some();
    if has("email") {
        return Some(Figure::Email(written.to_lowercase()));
    }
    if has("url") {
        let lower = written.to_lowercase();
        let bare = lower
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .trim_start_matches("www.")
            .trim_end_matches('/');
        return Some(Figure::Url(bare.to_owned()));
    }
    if let Some(iso) = captures.name("iso") {
        let mut parts = iso.as_str().split('-').map(|part| part.parse::<i64>().ok());
        return Some(Figure::Date { year: parts.next()?, month: parts.next()??, day: parts.next()?? });
    }
    if has("dotted") {
        let parts: Vec<i64> = written.split('.').filter_map(|part| part.parse().ok()).collect();
        return Some(Figure::Date { day: *parts.first()?, month: *parts.get(1)?, year: parts.get(2).copied() });
    }
    if has("dm") || has("md") {
        return named_date(written);
    }
    if has("percent") {
        return Some(Figure::Percent(plain(written)));
    }
    if has("amount") {
        return Some(Figure::Amount { hundredths: hundredths_of(&plain(written))?, currency: currency(written) });
    }
    if has("id") {
        return Some(Figure::Id(
            written.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase(),
        ));
    }
    let value = spelled(written).map_or_else(|| plain(written), |value| value.to_string());
    Some(Figure::Number { value, unit: captures.name("unit").and_then(|unit| time_unit(unit.as_str())) })
}

fn named_date(written: &str) -> Option<Figure> {
    let lower = written.to_lowercase();
    let month = MONTHS
        .iter()
        .position(|month| lower.split(|c: char| !c.is_alphabetic()).any(|word| word.starts_with(month)))?;
    let numbers: Vec<i64> = lower.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let day = numbers.iter().copied().find(|number| *number < 32)?;
    Some(Figure::Date {
        year: numbers.iter().copied().find(|number| *number > 1_000),
        month: i64::try_from(month).ok()? + 1,
        day,
    })
}

fn currency(written: &str) -> Option<&'static str> {
    let lower = written.to_lowercase();
    let known: [(&[&str], &str); 11] = [
        (&["$", "usd", "dollar"], "USD"),
        (&["€", "eur"], "EUR"),
        (&["£", "gbp", "pound"], "GBP"),
        (&["sek"], "SEK"),
        (&["nok"], "NOK"),
        (&["dkk"], "DKK"),
        (&["chf"], "CHF"),
        (&["pln"], "PLN"),
        (&["czk"], "CZK"),
        (&["huf"], "HUF"),
        (&["jpy"], "JPY"),
    ];
    known.iter().find(|(signs, _)| signs.iter().any(|sign| lower.contains(sign))).map(|(_, code)| *code)
}

/// Digits with a point for the decimals, without grouping and trailing zeros.
fn plain(written: &str) -> String {
    let digits: String = written.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let digits = digits.trim_matches(['.', ',']);
    let decimal = digits.rfind(['.', ',']).filter(|at| digits.len() - at != 4 || digits.starts_with('0'));
    let keep = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    match decimal {
        Some(at) => {
            let whole = keep(digits.get(..at).unwrap_or_default());
            let fraction = keep(digits.get(at..).unwrap_or_default());
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
        }
        None => keep(digits),
    }
}

fn hundredths_of(plain_number: &str) -> Option<i64> {
    let (whole, fraction) = plain_number.split_once('.').unwrap_or((plain_number, ""));
    let fraction: String = fraction.chars().chain("00".chars()).take(2).collect();
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fraction.parse::<i64>().ok()?)
}

fn spelled(word: &str) -> Option<i64> {
    let words = [
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("eleven", 11),
        ("twelve", 12),
        ("fourteen", 14),
        ("fifteen", 15),
        ("twenty", 20),
        ("thirty", 30),
        ("sixty", 60),
        ("ninety", 90),
    ];
    let lower = word.to_lowercase();
    words.iter().find(|(known, _)| *known == lower).map(|(_, value)| *value)
}

fn time_unit(after: &str) -> Option<&'static str> {
    let lower = after.to_lowercase();
    ["minute", "hour", "day", "week", "month", "year"].into_iter().find(|unit| lower.contains(unit))
}

/// "1." at the beginning of a line numbers a list.
fn is_list_number(text: &str, start: usize, end: usize) -> bool {
    let opens = text.get(..start).is_some_and(|before| {
        before.trim_end_matches([' ', '\t']).is_empty() || before.trim_end_matches([' ', '\t']).ends_with('\n')
    });
    let closes = text.get(end..).is_some_and(|after| after.starts_with(". ") || after.starts_with(") "));
    opens && closes && end - start <= 2
}
