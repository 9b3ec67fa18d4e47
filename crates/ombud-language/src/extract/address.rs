//! Which street addresses does a text name?
//!
//! A street line opens an address; the parts after it (flat, city, state, postal code, country) follow at commas or line ends, and flats, houses
//! and "c/o" may stand before it. Where an address is awaited, single parts of one count too.

mod forms;
mod pieces;
mod places;

use regex::Regex;
use serde_json::{Value, json};

use super::{Entity, entity};
use forms::{
    ANY_NAME, BUILDING_BEFORE, FLAT_OF_STAIR, NAMED_HOUSE, NO_NAME, NUMBER_AND_NAME, NUMBER_FIRST, NUMBER_LAST,
    POST_BOX, UNIT_FIRST, UNIT_LAST, UNIT_WORD_BEFORE, ZIP,
};
use places::{COUNTRIES, STATES, lookup};

pub(super) use pieces::{read as read_pieces, street_named};

/// An address and its postal code.
pub(super) struct Address {
    pub entity: Entity,
    pub zip: Option<Entity>,
}

/// Parts after the street that still belong to the address.
const PARTS_MAX: usize = 8;
/// Lines in front of the street that still belong to it.
const LINES_BEFORE_MAX: usize = 3;

/// All addresses of a text that have a street and at least a city or postal code.
pub(super) fn read(text: &str) -> Vec<Address> {
    if POST_BOX.as_ref().is_some_and(|post_box| post_box.is_match(text)) {
        return Vec::new();
    }
    let numbered = streets(text);
    let mut addresses = complete(text, &numbered);
    if addresses.is_empty() {
        addresses = complete(text, &named_houses(text));
    }
    addresses
}

fn complete(text: &str, streets: &[(usize, usize)]) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for (start, end) in streets {
        if addresses.last().is_none_or(|last| *start >= last.entity.end) {
            addresses.extend(follow(text, *start, *end));
        }
    }
    addresses
}

/// Street lines with a number, in the order of the text; the number of a flat opens none.
pub(super) fn streets(text: &str) -> Vec<(usize, usize)> {
    let named = [NUMBER_FIRST.as_ref(), NUMBER_LAST.as_ref()].into_iter().flatten();
    let mut starts: Vec<(usize, usize)> = named.flat_map(|street| lines(street, text)).collect();
    starts.extend(ANY_NAME.iter().flat_map(|name| name.find_iter(text)).filter_map(|found| {
        let zip = ZIP.as_ref()?.find_iter(found.as_str()).last()?;
        let street = found.as_str().get(..zip.start())?.trim_end_matches([',', ' ', '\n']);
        Some((found.start(), found.start() + street.len()))
    }));
    if starts.is_empty() {
        let named = NUMBER_AND_NAME.iter().flat_map(|name| name.captures_iter(text)).filter_map(|found| found.get(1));
        let of_unit = |start: usize| {
            UNIT_WORD_BEFORE.as_ref().is_some_and(|word| word.is_match(text.get(..start).unwrap_or_default()))
        };
        let spans = named.map(|found| (found.start(), found.start() + found.as_str().trim_end_matches('.').len()));
        // "114 38 Stockholm" is a postal code and its town.
        let of_code = |start: usize| {
            text.get(..start).is_some_and(|before| before.trim_end().ends_with(|c: char| c.is_ascii_digit()))
        };
        starts.extend(spans.filter(|(start, _)| !of_unit(*start) && !of_code(*start)));
    }
    starts.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    starts.dedup_by(|later, earlier| later.0 < earlier.1);
    starts.iter().map(|(start, end)| (*start, with_flat_of_stair(text, *start, *end))).collect()
}

/// Matches of a street, begun again behind a number that is the flat's: "Flat 2b, 9 Station Road".
fn lines(street: &Regex, text: &str) -> Vec<(usize, usize)> {
    let of_flat = |start: usize| {
        let before = text.get(..start).unwrap_or_default();
        UNIT_WORD_BEFORE.as_ref().is_some_and(|word| word.is_match(before))
    };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(line) = street.find_at(text, from) {
        if of_flat(line.start()) {
            let number = line.as_str().find(|c: char| !c.is_alphanumeric()).unwrap_or(line.len());
            from = line.start() + number;
        } else {
            if NO_NAME.as_ref().is_none_or(|no_name| !no_name.is_match(line.as_str())) {
                found.push((line.start(), line.end()));
            }
            from = line.end();
        }
    }
    found
}

fn named_houses(text: &str) -> Vec<(usize, usize)> {
    NAMED_HOUSE.iter().flat_map(|house| house.find_iter(text)).map(|found| (found.start(), found.end())).collect()
}

fn with_flat_of_stair(text: &str, start: usize, end: usize) -> usize {
    let stair = text.get(start..end).is_some_and(|street| street.ends_with(char::is_alphabetic));
    let flat = FLAT_OF_STAIR.as_ref().and_then(|flat| flat.captures(text.get(end..)?)?.get(1));
    flat.filter(|_| stair).map_or(end, |flat| end + flat.end())
}

#[derive(Default)]
struct Parts {
    units: Vec<String>,
    city: Option<String>,
    state: Option<&'static str>,
    country: Option<&'static str>,
    zip: Option<(usize, usize)>,
    end: usize,
}

fn follow(text: &str, start: usize, street_end: usize) -> Option<Address> {
    let street = text.get(start..street_end)?.trim();
    let (first, units) = lines_before(text, start);
    let mut parts = Parts { end: street_end, units, ..Parts::default() };
    let mut at = street_end;
    for _ in 0..PARTS_MAX {
        let rest = text.get(at..)?;
        let skipped = rest.len() - rest.trim_start_matches([',', ' ', '\n', '\t']).len();
        let from = at + skipped;
        let tail = text.get(from..)?;
        if let Some(unit) = UNIT_FIRST.as_ref().and_then(|unit| unit.find(tail)).filter(|_| parts.city.is_none()) {
            at = from + unit.end();
            parts.units.push(unit.as_str().trim_end_matches([' ', '.']).to_owned());
            parts.end = at;
            continue;
        }
        let part = tail.split([',', '\n', ';', '!', '?', '(']).next().unwrap_or_default();
        let part = part.split(". ").next().unwrap_or_default().trim_end_matches('.').trim_end();
        if part.is_empty() || !take(from, part, &mut parts) {
            break;
        }
        at = from + part.len();
    }
    (parts.zip.is_some() || (parts.city.is_some() && (parts.state.is_some() || parts.country.is_some())))
        .then(|| build(text, (first, street), parts))
}

/// Flats, houses and "c/o" right before the street, in the order they are written, and where they begin.
pub(super) fn lines_before(text: &str, start: usize) -> (usize, Vec<String>) {
    let mut lines: Vec<String> = Vec::new();
    let mut first = start;
    for _ in 0..LINES_BEFORE_MAX {
        let before = text.get(..first).unwrap_or_default().trim_end_matches([',', ' ', '\n', '\t', '.']);
        let unit = UNIT_LAST.as_ref().and_then(|unit| unit.captures(before)?.get(1));
        let Some(found) = unit.or_else(|| BUILDING_BEFORE.as_ref()?.find(before)) else { break };
        first = found.start();
        lines.insert(0, found.as_str().trim().to_owned());
    }
    (first, lines)
}

/// Reads one part; false if it does not belong to the address.
fn take(from: usize, part: &str, parts: &mut Parts) -> bool {
    let zip = ZIP.as_ref().and_then(|zip| zip.captures(part)).filter(|_| parts.zip.is_none());
    let span = zip.as_ref().and_then(|zip| Some((zip.get(0)?, zip.get(1)?)));
    let mut words = part.to_owned();
    if let Some((whole, code)) = span {
        parts.zip = Some((from + code.start(), from + code.end()));
        parts.end = from + code.end();
        words = format!(
            "{} {}",
            part.get(..whole.start()).unwrap_or_default(),
            tail_name(part.get(whole.end()..).unwrap_or_default())
        );
    }
    let words = words.trim().trim_start_matches("in ").to_owned();
    if words.is_empty() {
        return true;
    }
    // "Clifton, Bristol BS8 2AA": the name beside the code is the post town, the one before it a part of it.
    let named = lookup(STATES, &words).is_none() && lookup(COUNTRIES, &words).is_none();
    let before = part.get(..span.map_or(0, |(whole, _)| whole.start())).unwrap_or_default();
    if span.is_some() && named && before.trim() == words {
        parts.units.extend(parts.city.take());
    }
    let known = place(&words, parts);
    if known || span.is_some() {
        parts.end = parts.end.max(from + part.find(words.as_str()).map_or(0, |at| at + words.len()));
        return true;
    }
    if is_name(&words) && parts.city.is_none() {
        parts.end = from + part.len();
        parts.city = Some(words);
        return true;
    }
    false
}

/// Up to four words of letters.
fn is_name(words: &str) -> bool {
    words.split_whitespace().count() <= 4
        && words.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.'))
}

/// A name right after the postal code ("111 22 Stockholm"), without the sentence that goes on; in small letters only if nothing goes on.
pub(super) fn tail_name(rest: &str) -> String {
    let capital = |word: &&str| word.chars().next().is_some_and(|c| c.is_uppercase());
    let name = rest.split_whitespace().take_while(capital).take(3).collect::<Vec<_>>().join(" ");
    let small = rest.trim();
    if name.is_empty() && small.split_whitespace().count() <= 2 && pieces::is_place(small) {
        return small.to_owned();
    }
    name
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
    let single = parts.city.is_none() && parts.zip.is_some();
    let Some((city, last)) = words.rsplit_once(' ') else {
        if single && pieces::is_place(words) {
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
    if single {
        parts.city = Some(words.to_owned());
        return true;
    }
    false
}

fn build(text: &str, (start, street): (usize, &str), parts: Parts) -> Address {
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
        "address2": if parts.units.is_empty() { Value::Null } else { Value::from(parts.units.join(", ")) },
        "city": parts.city,
        "state": state,
        "country": country,
        "zip": zip.as_ref().map_or(Value::Null, |zip| zip.value.clone()),
    });
    Address { entity: entity("address", text, (start, parts.end), value), zip }
}
