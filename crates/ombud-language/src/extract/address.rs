//! Which street addresses does a text name?
//!
//! A street line opens an address; the parts after it (flat, city, state, postal code, country) follow at commas or line ends.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::{Entity, entity};

/// An address and its postal code.
pub(super) struct Address {
    pub entity: Entity,
    pub zip: Option<Entity>,
}

/// "445 Maple Drive", "221B Baker Street", "101 Highway", "12 Rue de la Paix".
static NUMBER_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b\d{1,5}[a-z]?(?:,)? (?:(?:[\p{L}\d.'’-]+ ){0,4}?(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|highway|hwy|way|court|ct|place|pl|square|sq|terrace|",
        r"parkway|pkwy|circle|cir|trail|close|crescent|gardens|grove|mews|row|hill|walk|quay|broadway|alley|plaza|loop)\b\.?(?: (?:n|s|e|w|north|south|east|west))?|",
        r"(?:rue|avenue|boulevard|place|chemin|impasse|quai|allée|cours)\b[^,\n.;?!]{2,40})",
    ))
    .ok()
});

/// "Storgatan 12", "Bahnhofstraße 5a", "Calle Mayor 3", "ul. Dmowskiego 17", "Via Verbano 62".
static NUMBER_LAST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?-i:[\p{Lu}][\p{L}'’.-]* ){0,2}?(?:[\p{L}-]*(?:gatan?|gata|vägen|väg|gränd|torget|stigen|allén|backen|stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|plein|gracht|kade|",
        r"katu|tie|kuja|vej|gade|vænget|veien|vegen|gate|plass)|(?:calle|avenida|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|ulica|ul\.|aleja|al\.)(?: [\p{L}'’.-]+){1,4}) \d{1,4}(?: ?[a-z]\b)?",
    ))
    .ok()
});

static UNIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:suite|ste|apt|apartment|unit|flat|floor|fl|room|building|bldg|lgh|c/o|po box|box|door|etage|stock)\b\.? ?#?[\w -]{0,12}|#\s?\w{1,6}|\d{1,2}(?:st|nd|rd|th) floor)$").ok()
});
static ZIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{5}(?:-\d{4})?|\d{3} \d{2}|\d{2}-\d{3}|\d{4} [A-Z]{2}|\d{4}-\d{3}|\d{4,6})\b").ok()
});

/// Parts after the street that still belong to the address.
const PARTS_MAX: usize = 6;

/// All addresses of a text that have a street and at least a city or postal code.
pub(super) fn read(text: &str) -> Vec<Address> {
    let streets = [NUMBER_FIRST.as_ref(), NUMBER_LAST.as_ref()].into_iter().flatten();
    let mut starts: Vec<(usize, usize)> =
        streets.flat_map(|street| street.find_iter(text)).map(|found| (found.start(), found.end())).collect();
    starts.sort_unstable();
    let mut addresses: Vec<Address> = Vec::new();
    for (start, end) in starts {
        if addresses.last().is_none_or(|last| start >= last.entity.end) {
            addresses.extend(follow(text, start, end));
        }
    }
    addresses
}

#[derive(Default)]
struct Parts {
    unit: Option<String>,
    city: Option<String>,
    state: Option<&'static str>,
    country: Option<&'static str>,
    zip: Option<(usize, usize)>,
    end: usize,
}

fn follow(text: &str, start: usize, street_end: usize) -> Option<Address> {
    let street = text.get(start..street_end)?.trim();
    let mut parts = Parts { end: street_end, ..Parts::default() };
    let mut at = street_end;
    for _ in 0..PARTS_MAX {
        let rest = text.get(at..)?;
        let skipped = rest.len() - rest.trim_start_matches([',', ' ', '\n', '\t']).len();
        let from = at + skipped;
        let part = text.get(from..)?.split([',', '\n', ';', '!', '?', '(']).next().unwrap_or_default();
        let part = part.split(". ").next().unwrap_or_default().trim_end_matches('.').trim_end();
        if part.is_empty() || !take(from, part, &mut parts) {
            break;
        }
        at = from + part.len();
    }
    (parts.zip.is_some() || (parts.city.is_some() && (parts.state.is_some() || parts.country.is_some())))
        .then(|| build(text, start, street, parts))
}

/// Reads one part; false if it does not belong to the address.
fn take(from: usize, part: &str, parts: &mut Parts) -> bool {
    if parts.city.is_none() && parts.unit.is_none() && UNIT.as_ref().is_some_and(|unit| unit.is_match(part)) {
        parts.unit = Some(part.to_owned());
        parts.end = from + part.len();
        return true;
    }
    let zip = ZIP.as_ref().and_then(|zip| zip.find(part));
    let mut words = part.to_owned();
    if let Some(zip) = zip.filter(|_| parts.zip.is_none()) {
        parts.zip = Some((from + zip.start(), from + zip.end()));
        parts.end = from + zip.end();
        words = format!(
            "{} {}",
            part.get(..zip.start()).unwrap_or_default(),
            tail_name(part.get(zip.end()..).unwrap_or_default())
        );
    }
    let words = words.trim().trim_start_matches("in ").to_owned();
    if words.is_empty() {
        return true;
    }
    let known = place(&words, parts);
    if known || zip.is_some() {
        parts.end = parts.end.max(from + part.find(words.as_str()).map_or(0, |at| at + words.len()));
        return true;
    }
    let short = words.split_whitespace().count() <= 4
        && words.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.'));
    if short && parts.city.is_none() {
        parts.end = from + part.len();
        parts.city = Some(words);
        return true;
    }
    false
}

/// A name right after the postal code ("111 22 Stockholm"), without the sentence that goes on.
fn tail_name(rest: &str) -> String {
    let capital = |word: &&str| word.chars().next().is_some_and(|c| c.is_uppercase());
    rest.split_whitespace().take_while(capital).take(3).collect::<Vec<_>>().join(" ")
}

/// City, state and country in one part: "Seattle WA", "Texas", "London", "Sweden".
fn place(words: &str, parts: &mut Parts) -> bool {
    if let Some(country) = lookup(COUNTRIES, words) {
        parts.country = Some(country);
        return true;
    }
    // "New York" is a state only after a city.
    if let Some(state) = lookup(STATES, words).filter(|_| parts.city.is_some()) {
        parts.state = Some(state);
        return true;
    }
    let Some((city, last)) = words.rsplit_once(' ') else {
        let capital = words.chars().next().is_some_and(char::is_uppercase);
        if capital && parts.city.is_none() && parts.zip.is_some() {
            parts.city = Some(words.to_owned());
            return true;
        }
        return false;
    };
    let short = parts.city.is_none() && last.len() == 2 && last.chars().all(char::is_uppercase);
    if let Some(state) = lookup(STATES, last).filter(|_| short) {
        parts.state = Some(state);
        parts.city = Some(city.trim_end_matches(',').to_owned());
        return true;
    }
    if parts.city.is_none() && parts.zip.is_some() {
        parts.city = Some(words.to_owned());
        return true;
    }
    false
}

fn lookup(table: &'static [(&'static str, &'static str)], words: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(name, code)| name.eq_ignore_ascii_case(words) || (code.len() == 2 && *code == words))
        .map(|(_, code)| *code)
}

fn build(text: &str, start: usize, street: &str, parts: Parts) -> Address {
    let zip = parts
        .zip
        .map(|span| entity("postal_code", text, span, text.get(span.0..span.1).unwrap_or_default().to_uppercase()));
    let american = zip.as_ref().is_some_and(|zip| zip.text.len() == 5 || zip.text.len() == 10);
    // A city that is also a state ("New York, 10001") names both.
    let state =
        parts.state.or_else(|| parts.city.as_deref().filter(|_| american).and_then(|city| lookup(STATES, city)));
    let country = parts.country.or(if state.is_some() { Some("USA") } else { None });
    let value = json!({
        "address1": street,
        "address2": parts.unit,
        "city": parts.city,
        "state": state,
        "country": country,
        "zip": zip.as_ref().map_or(Value::Null, |zip| zip.value.clone()),
    });
    Address { entity: entity("address", text, (start, parts.end), value), zip }
}

/// Names as customers write them, and as records have them.
const COUNTRIES: &[(&str, &str)] = &[
    ("USA", "USA"),
    ("US", "USA"),
    ("U.S.", "USA"),
    ("United States", "USA"),
    ("United States of America", "USA"),
    ("America", "USA"),
    ("Sweden", "Sweden"),
    ("Sverige", "Sweden"),
    ("Norway", "Norway"),
    ("Norge", "Norway"),
    ("Denmark", "Denmark"),
    ("Danmark", "Denmark"),
    ("Finland", "Finland"),
    ("Suomi", "Finland"),
    ("Germany", "Germany"),
    ("Deutschland", "Germany"),
    ("Netherlands", "Netherlands"),
    ("the Netherlands", "Netherlands"),
    ("Nederland", "Netherlands"),
    ("Belgium", "Belgium"),
    ("France", "France"),
    ("Spain", "Spain"),
    ("España", "Spain"),
    ("Italy", "Italy"),
    ("Italia", "Italy"),
    ("Portugal", "Portugal"),
    ("Austria", "Austria"),
    ("Österreich", "Austria"),
    ("Switzerland", "Switzerland"),
    ("Schweiz", "Switzerland"),
    ("Poland", "Poland"),
    ("Polska", "Poland"),
    ("UK", "United Kingdom"),
    ("United Kingdom", "United Kingdom"),
    ("England", "United Kingdom"),
    ("Scotland", "United Kingdom"),
    ("Wales", "United Kingdom"),
    ("Great Britain", "United Kingdom"),
    ("Ireland", "Ireland"),
    ("Canada", "Canada"),
];

const STATES: &[(&str, &str)] = &[
    ("Alabama", "AL"),
    ("Alaska", "AK"),
    ("Arizona", "AZ"),
    ("Arkansas", "AR"),
    ("California", "CA"),
    ("Colorado", "CO"),
    ("Connecticut", "CT"),
    ("Delaware", "DE"),
    ("Florida", "FL"),
    ("Georgia", "GA"),
    ("Hawaii", "HI"),
    ("Idaho", "ID"),
    ("Illinois", "IL"),
    ("Indiana", "IN"),
    ("Iowa", "IA"),
    ("Kansas", "KS"),
    ("Kentucky", "KY"),
    ("Louisiana", "LA"),
    ("Maine", "ME"),
    ("Maryland", "MD"),
    ("Massachusetts", "MA"),
    ("Michigan", "MI"),
    ("Minnesota", "MN"),
    ("Mississippi", "MS"),
    ("Missouri", "MO"),
    ("Montana", "MT"),
    ("Nebraska", "NE"),
    ("Nevada", "NV"),
    ("New Hampshire", "NH"),
    ("New Jersey", "NJ"),
    ("New Mexico", "NM"),
    ("New York", "NY"),
    ("North Carolina", "NC"),
    ("North Dakota", "ND"),
    ("Ohio", "OH"),
    ("Oklahoma", "OK"),
    ("Oregon", "OR"),
    ("Pennsylvania", "PA"),
    ("Rhode Island", "RI"),
    ("South Carolina", "SC"),
    ("South Dakota", "SD"),
    ("Tennessee", "TN"),
    ("Texas", "TX"),
    ("Utah", "UT"),
    ("Vermont", "VT"),
    ("Virginia", "VA"),
    ("Washington", "WA"),
    ("West Virginia", "WV"),
    ("Wisconsin", "WI"),
    ("Wyoming", "WY"),
    ("District of Columbia", "DC"),
];
