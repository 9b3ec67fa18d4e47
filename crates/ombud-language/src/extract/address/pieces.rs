//! Which single parts of an address does an answer hold? People write the street first, the postal code when asked, the flat when it is missing.

use serde_json::{Value, json};

use super::forms::{NUMBER_IS, POST_BOX, STREET_IS, UNIT_WITHIN, ZIP};
use super::places::{COUNTRIES, lookup};
use super::{Entity, entity, lines_before, streets, tail_name};
use crate::extract::{Awaiting, name, postal};

/// Words of an answer that name no place, beside those that are no names either.
const NO_PLACE: &[&str] =
    &["none", "nothing", "left", "missing", "moved", "done", "later", "flat", "house", "town", "human", "great", "was"];

/// Whether these words can be the name of a place.
pub(super) fn is_place(words: &str) -> bool {
    let mut any = false;
    for word in words.split_whitespace() {
        any = true;
        let letters = word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'));
        let small = word.to_lowercase();
        // What is left of "it's" is no place.
        if !letters || word.ends_with(['\'', '’']) || NO_PLACE.contains(&small.as_str()) || name::is_no_name(&small) {
            return false;
        }
    }
    any && words.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

/// The parts of an address in a text that holds no whole one; none when there is no part.
pub(in crate::extract) fn read(text: &str) -> Option<Entity> {
    if POST_BOX.as_ref().is_some_and(|post_box| post_box.is_match(text)) {
        return None;
    }
    let street = streets(text).into_iter().next();
    let within = units_within(text, street);
    let of_unit = |start: usize, end: usize| within.iter().any(|unit| start < unit.end && end > unit.start);
    let zip = postal::read(text, Awaiting::Address)
        .into_iter()
        .find(|zip| street.is_none_or(|(_, end)| zip.start >= end) && !of_unit(zip.start, zip.end));
    let mut units = street.map(|(start, _)| lines_before(text, start).1).unwrap_or_default();
    for unit in &within {
        if !units.iter().any(|known| known.contains(&unit.text)) {
            units.push(unit.text.clone());
        }
    }
    let city = city(&without(text, &within), zip.as_ref(), street);
    let country = parts(text).find_map(|part| lookup(COUNTRIES, part));
    let line = street.and_then(|(start, end)| text.get(start..end)).map(|line| line.trim().to_owned());
    let line = line.or_else(|| told_apart(text));
    if line.is_none() && zip.is_none() && units.is_empty() && city.is_none() {
        return None;
    }
    let value = json!({
        "address1": line,
        "address2": if units.is_empty() { Value::Null } else { Value::from(units.join(", ")) },
        "city": city,
        "state": Value::Null,
        "country": country,
        "zip": zip.map_or(Value::Null, |zip| zip.value),
    });
    Some(entity("address", text, (0, text.len()), value))
}

/// "Number 18, the street is Cotham Brow": a street whose number and name are told one by one.
fn told_apart(text: &str) -> Option<String> {
    let number = NUMBER_IS.as_ref()?.captures(text)?.get(1)?.as_str();
    Some(format!("{number} {}", street_named(text)?))
}

/// The name of a street that is said to be its name: "the street is Cotham Brow".
pub(in crate::extract) fn street_named(text: &str) -> Option<String> {
    Some(STREET_IS.as_ref()?.captures(text)?.get(1)?.as_str().to_owned())
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n', ';', '!', '?', '.', ':']).map(str::trim).filter(|part| !part.is_empty())
}

/// A flat, floor or "c/o" and where it stands.
struct Unit {
    start: usize,
    end: usize,
    text: String,
}

/// Units outside of the street, each with the building that follows it: "Flat 4 Willow Court".
fn units_within(text: &str, street: Option<(usize, usize)>) -> Vec<Unit> {
    let found = UNIT_WITHIN.iter().flat_map(|unit| unit.captures_iter(text)).filter_map(|captures| captures.get(1));
    let with_building = |unit: regex::Match<'_>| {
        let rest = text.get(unit.end()..).unwrap_or_default();
        let after = rest.trim_start_matches([',', ' ']);
        let name = tail_capitals(after.split([',', '\n', '.', '!', '?']).next().unwrap_or_default());
        let building = super::BUILDING_BEFORE.as_ref().is_some_and(|building| building.is_match(&name));
        let words = unit.as_str().trim();
        let (text, more) = if building {
            (format!("{words}, {name}"), rest.len() - after.len() + name.len())
        } else {
            (words.to_owned(), 0)
        };
        Unit { start: unit.start(), end: unit.end() + more, text }
    };
    found
        .filter(|unit| street.is_none_or(|(from, to)| unit.end() <= from || unit.start() >= to))
        .map(with_building)
        .collect()
}

/// The text with commas in the place of its units; places stay where they are.
fn without(text: &str, units: &[Unit]) -> String {
    let mut left = text.to_owned();
    for unit in units {
        let length = left.get(unit.start..unit.end).map_or(0, str::len);
        if length > 0 {
            left.replace_range(unit.start..unit.end, &",".repeat(length));
        }
    }
    left
}

fn tail_capitals(rest: &str) -> String {
    let capital = |word: &&str| word.chars().next().is_some_and(|c| c.is_uppercase());
    rest.split_whitespace().take_while(capital).take(4).collect::<Vec<_>>().join(" ")
}

/// The town beside the postal code, or a part that is nothing but a name.
fn city(text: &str, zip: Option<&Entity>, street: Option<(usize, usize)>) -> Option<String> {
    if let Some(zip) = zip {
        let line = text.get(zip.end..).unwrap_or_default().trim_start_matches([',', ' ']);
        let after = tail_name(line.split([',', '\n', '.', '!', '?']).next().unwrap_or_default());
        if is_place(&after) && lookup(COUNTRIES, &after).is_none() {
            return Some(after);
        }
    }
    let from = street.map_or(0, |(_, end)| end);
    let names = parts(text.get(from..).unwrap_or_default())
        .flat_map(named)
        .filter(|part| part.split_whitespace().count() <= 3 && is_place(part) && lookup(COUNTRIES, part).is_none());
    let town = |name: &&str| name.chars().next().is_some_and(char::is_uppercase) || zip.is_some();
    let alone = street.is_some() || zip.is_some() || parts(text).count() <= 2;
    names.filter(|_| alone).find(town).map(str::to_owned)
}

/// What stands before and behind a postal code in a part, without "the town is".
fn named(part: &str) -> [&str; 2] {
    let code = ZIP
        .as_ref()
        .and_then(|code| code.find(part))
        .map_or((part.len(), part.len()), |code| (code.start(), code.end()));
    let bare = |words: &'static [&'static str], side: &str| {
        words.iter().filter_map(|word| Some(side.rfind(word)? + word.len())).max().unwrap_or(0)
    };
    [part.get(..code.0), part.get(code.1..)].map(|side| {
        let side = side.unwrap_or_default();
        side.get(bare(INTRODUCTIONS, side)..).unwrap_or(side).trim()
    })
}

/// Words right before the name of a place.
const INTRODUCTIONS: &[&str] = &["town is ", "city is ", "it's ", "it is ", " in ", "in ", "place is "];
