//! What is told by its shape: addresses of the net, accounts, phones, postal codes, names behind "my name is".

use core::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::words::PiiFile;

type Place = (usize, usize);

/// Digits of a phone number: ITU-T E.164 allows fifteen; shorter ones are service numbers.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The same where a word says what it is: there are small countries.
const PHONE_DIGITS_NAMED: std::ops::RangeInclusive<usize> = 5..=15;

struct Shape {
    kind: &'static str,
    regex: Regex,
    holds: Holds,
}

/// Whether what has the shape is of the kind.
type Holds = fn(&str) -> bool;
type Row = (&'static str, &'static str, Holds);

fn compiled(rows: &[Row]) -> Vec<Shape> {
    let regex =
        |(kind, pattern, holds): &Row| Some(Shape { kind, regex: crate::lean::regex(pattern).ok()?, holds: *holds });
    rows.iter().filter_map(regex).collect()
}

/// Personal data wherever it stands.
static PLAIN: LazyLock<Vec<Shape>> = LazyLock::new(|| compiled(PLAIN_ROWS));
/// Personal data where it is named.
static NAMED: LazyLock<Vec<Shape>> = LazyLock::new(|| compiled(NAMED_ROWS));

const PLAIN_ROWS: &[Row] = &[
    // Grouped in other ways than by fours.
    ("iban", r"\b[A-Z]{2}[ .-]?\d{2}(?:[ .-]?\d){11,30}\b", crate::safety::iban::is_valid),
    (
        "url_with_secret",
        r#"(?i)\b[a-z][a-z0-9+.-]{1,15}://(?:[^\s/@:]+:[^\s/@]+@[^\s"'<>]+|[^\s"'<>]*[?&#](?:token|access_token|key|api_?key|password|passwd|pwd|secret|sig|signature|code|auth|session)=[^\s"'<>]+)"#,
        |_| true,
    ),
    ("email", r"(?i)[\p{L}0-9][\p{L}0-9._%+'-]*@(?:[\p{L}0-9](?:[\p{L}0-9-]*[\p{L}0-9])?\.)+\p{L}{2,24}", |_| true),
    ("crypto_address", r"(?i)\b(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{25,71}\b|\b0x[0-9a-f]{40}\b", |_| true),
    ("crypto_address", r"\b[13LMD][1-9A-HJ-NP-Za-km-z]{25,34}\b", is_mixed),
    ("mac_address", r"(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b", |_| true),
    ("ip_address", r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?", |found| {
        found.len() > 3 && found.parse::<Ipv6Addr>().is_ok()
    }),
    ("ip_address", r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", |found| found.parse::<Ipv4Addr>().is_ok()),
    ("driving_licence", r"\b[A-Z9]{5}\d[0156]\d(?:[0-2]\d|3[01])\d[A-Z9]{2}\d[A-Z]{2}\b", |_| true),
    ("vat_number", VAT, |_| true),
];

const NAMED_ROWS: &[Row] = &[
    ("bic", r"(?i)\b[a-z]{4}[a-z]{2}[a-z0-9]{2}(?:[a-z0-9]{3})?\b", is_bic),
    (
        "date_of_birth",
        r"\b\d{1,4}[-./ ]\d{1,2}[-./ ]\d{1,4}\b|(?i)\b\d{1,2}(?:st|nd|rd|th|\.)?(?: of| de)? \p{L}{3,12}\.?,?(?: de)? \d{4}\b|\b\p{L}{3,12} \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]|\b(?:19|20)\d{6}\b",
        |_| true,
    ),
    (
        "passport",
        r"(?i)\b[a-z]{0,3}[ -]?\d{6,9}[a-z]?\b|\b[cfghjklmnprtvwxyz][0-9cfghjklmnprtvwxyz]{8}\b|\b\d{2}[a-z]{2}\d{5}\b",
        |found| digits(found) >= 5,
    ),
    (
        "driving_licence",
        r"(?i)\b[a-z]{0,2}\d[a-z0-9]{4,15}(?:[ -]\d{2,6}){0,3}\b|\b[a-z]{1,5}[ -]?\d{4,14}[a-z0-9]{0,5}(?:[ -]\d{2,6}){0,3}\b",
        |found| digits(found) >= 5,
    ),
    ("bank_account", r"\b\d{1,6}[- ]\d{2,10}(?:[-/ ]\d{2,8}){0,3}\b|\b\d{6,24}(?:/\d{4})?\b", |found| {
        (6..=24).contains(&digits(found))
    }),
    ("imei", r"\b\d{2}[- ]?\d{6}[- ]?\d{6}[- ]?\d\b", |found| super::check::luhn(&super::check::digits(found))),
    (
        "licence_plate",
        r"\b[A-ZÄÖÜ]{1,3}[ -]?[A-Z]{0,2}[ -]?\d{1,5}(?:[ -]?[A-Z]{1,3})?\b|\b\d{1,4}[ -]?[A-Z]{1,3}(?:[ -]?\d{1,4})?\b",
        |_| true,
    ),
];

/// Council Directive 2006/112/EC, Article 215, in the forms that the states use: the country, up to two letters, six to thirteen digits.
const VAT: &str = concat!(
    r"\b(?:(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[ -]?[A-Z]{0,2}\d(?:[ .-]?\d){5,12}[A-Z]{0,2}(?:\d{2})?",
    r"|(?:ES|FR|IE)[ -]?[A-Z0-9]{2}[ .-]?\d(?:[ .-]?[A-Z0-9]){5,9}|CHE-?\d{3}\.?\d{3}\.?\d{3}(?: ?(?:MWST|TVA|IVA))?|NO ?\d{3} ?\d{3} ?\d{3} ?MVA)\b",
);

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Capital and small letters and digits, as Base58 has them and hardly a word.
fn is_mixed(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().filter(is).count() > 1;
    has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)
}

/// ISO 9362: the country of ISO 3166-1 stands at the fifth place; words have lower-case letters.
fn is_bic(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        || text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && digits(text) > 0
}

/// What is personal data wherever it stands.
pub(super) fn plain(text: &str) -> Vec<(&'static str, Vec<Place>)> {
    PLAIN.iter().map(|shape| (shape.kind, places(text, shape))).collect()
}

/// What is personal data where it is named.
pub(super) fn named(text: &str) -> Vec<(&'static str, Vec<Place>)> {
    NAMED.iter().map(|shape| (shape.kind, places(text, shape))).collect()
}

fn places(text: &str, shape: &Shape) -> Vec<Place> {
    let found = shape.regex.find_iter(text).filter(|found| (shape.holds)(found.as_str()));
    found.map(|found| (found.start(), found.end())).collect()
}

/// Written with its country, in groups behind a nought, or as North America writes it.
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?:\+|\b00)[ ]?[1-9]\d{0,3}[ .\-/]{0,2}(?:\(?\d{1,6}\)?[ .\-/]{0,2}){1,7}\d(?: ?(?:x|ext\.?) ?\d{1,5})?",
        r"|\(0\d{1,5}\)[ .\-/]?\d{2,8}(?:[ .\-/]?\d{2,4}){0,4}|\b0\d{1,4}[ .\-/]\d{2,8}(?:[ .\-/]?\d{2,4}){0,4}\b|\b0\d{8,10}\b",
        r"|(?:\b1[ .\-])?\(?\b\d{3}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}(?: ?(?:x|ext\.?) ?\d{1,5})?\b",
    ))
    .ok()
});

/// Digits in groups that a word beside them makes a phone number.
static PHONE_NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"\(?\b\d{1,8}\)?(?:[ .\-/]{0,2}\(?\d{1,8}\)?){0,7}(?: ?(?:x|ext\.?) ?\d{1,5})?").ok()
});

pub(super) fn phones(text: &str, is_named: &dyn Fn(Place) -> bool) -> Vec<Place> {
    let (Some(phone), Some(named)) = (PHONE.as_ref(), PHONE_NAMED.as_ref()) else { return Vec::new() };
    let length = |place: &Place| digits(text.get(place.0..place.1).unwrap_or_default());
    let is_apart = |place: &Place| {
        let before = text.get(..place.0).and_then(|before| before.chars().next_back());
        let behind = text.get(place.1..).and_then(|behind| behind.chars().next());
        let is_joined = |c: char| c.is_alphanumeric() || matches!(c, '#' | '_');
        !before.is_some_and(|c| is_joined(c) || matches!(c, '-' | '/' | '.')) && !behind.is_some_and(is_joined)
    };
    let of = |regex: &Regex| regex.find_iter(text).map(|found| (found.start(), found.end())).collect::<Vec<Place>>();
    let sure = of(phone).into_iter().filter(|place| PHONE_DIGITS.contains(&length(place)));
    let told = of(named).into_iter().filter(|place| PHONE_DIGITS_NAMED.contains(&length(place)) && is_named(*place));
    sure.chain(told).filter(is_apart).collect()
}

/// Codes that no other number looks like: British, Canadian, Dutch.
static POSTAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d|[1-9]\d{3} [A-Z]{2})\b",
    )
    .ok()
});

static POSTAL_NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"\b(?:[A-Z]{1,2}-)?\d{2,6}(?:[ -]\d{2,4})?\b|〒 ?\d{3}-\d{4}").ok());

pub(super) fn postal_codes(text: &str, is_named: &dyn Fn(Place) -> bool) -> Vec<Place> {
    let (Some(alone), Some(named)) = (POSTAL.as_ref(), POSTAL_NAMED.as_ref()) else { return Vec::new() };
    let of = |regex: &Regex| regex.find_iter(text).map(|found| (found.start(), found.end())).collect::<Vec<Place>>();
    let told =
        of(named).into_iter().filter(|place| (4..=9).contains(&digits(text.get(place.0..place.1).unwrap_or_default())));
    of(alone).into_iter().chain(told.filter(|place| is_named(*place))).collect()
}

/// One to four words as names are written, with what stands between them.
const NAME: &str = r"(?P<name>(?:(?:de|da|di|van|von|der|den|la|le|al|bin|af|ter) ){0,2}\p{Lu}[\p{L}'’\-]*\.?(?: (?:(?:de|da|do|dos|del|della|di|van|von|der|den|la|le|el|al|bin|ben|af|av|y|zu|ter|ten) ){0,2}\p{Lu}[\p{L}'’\-]*){0,3})";

/// What finds people: behind words for it, behind titles, below the end of a letter.
pub(super) fn people(file: &PiiFile) -> Result<Vec<Regex>, regex::Error> {
    let any = |words: &[String]| words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|");
    let patterns = [
        (&file.name_after, format!(r"(?:^|[^\p{{L}}])(?i:{})[ :,]{{1,3}}{NAME}", any(&file.name_after))),
        (&file.titles, format!(r"(?:^|[^\p{{L}}])(?:{}) {NAME}", any(&file.titles))),
        (&file.sign_offs, format!(r"(?:^|\n)[^\n]{{0,24}}(?i:{})[^\n]{{0,12}}\n\s*{NAME}", any(&file.sign_offs))),
    ];
    let listed = patterns.iter().filter(|(words, _)| !words.is_empty());
    listed.map(|(_, pattern)| Regex::new(pattern)).collect()
}

pub(super) fn people_in(text: &str, people: &[Regex]) -> Vec<Place> {
    let found = people.iter().flat_map(|person| person.captures_iter(text));
    found.filter_map(|found| found.name("name").map(|name| (name.start(), name.end()))).collect()
}
