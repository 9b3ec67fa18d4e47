//! How does a value that was given read, put right in a word? "24, not 22", "the postcode is BS1 6SX", ".com not .con", "lindqvist with q".
//!
//! Only a part is said, and it is merged into what is known; nothing is read that could as well be something else.

use serde_json::{Map, Value};

use super::edit::{Text, capital, whole_words};
use super::rules::Rules;
use super::spelling::{misspelt, slips};
use crate::extract::{Whole, address_in, is_email, street_named};

/// Parts of an address in which a word is looked for, in this order.
const PARTS: [&str; 4] = ["address1", "address2", "zip", "city"];
/// Letters of a short word that may be another one with one slip; for longer ones the spelling decides.
const NEAR_CHARS: std::ops::RangeInclusive<usize> = 3..=4;
/// Digits of the longest house number.
const HOUSE_DIGITS_MAX: usize = 4;

impl Rules {
    /// The known value as these words put it right; none if they do not.
    pub(super) fn amended(&self, kind: &str, known: &Value, said: &str) -> Option<Value> {
        let amended = match (kind, known) {
            ("address", Value::Object(parts)) => self.amended_address(parts, said).map(Value::Object),
            ("email", Value::String(known)) => self.amended_email(known, said).map(Value::from),
            ("phone", Value::String(known)) => {
                let body = self.written.reword.body(said);
                self.written.reword.exchange(body).and_then(|(old, new)| within(known, old, new)).map(Value::from)
            }
            _ => None,
        };
        amended.filter(|amended| amended != known)
    }

    fn amended_address(&self, known: &Map<String, Value>, said: &str) -> Option<Map<String, Value>> {
        let rules = &self.written.reword;
        let body = rules.body(said);
        if let Some((Value::Object(whole), Whole::Yes)) = address_in(body) {
            // Another street has no flat of the old one.
            return (whole.get("address1") != known.get("address1")).then_some(whole);
        }
        let mut parts = known.clone();
        let mut changed = false;
        if !said.contains('?') {
            for clause in clauses(self, body) {
                let clause = rules.body(clause);
                let told = street_in(&mut parts, clause)
                    || self.exchange_in(&mut parts, clause)
                    || self.number_in(&mut parts, clause)
                    || pieces_in(&mut parts, clause)
                    || self.name_in(&mut parts, clause);
                changed |= told;
            }
        }
        // "Not Bristol, Bath" is one.
        changed = changed || self.exchange_in(&mut parts, body);
        changed.then_some(parts)
    }

    /// "24 not 22", "West not East": in the first part where the old words stand.
    fn exchange_in(&self, parts: &mut Map<String, Value>, clause: &str) -> bool {
        let Some((old, new)) = self.written.reword.exchange(clause) else { return false };
        let found = PARTS.iter().find_map(|part| {
            let known = parts.get(*part)?.as_str()?;
            let here = !whole_words(known, old).is_empty();
            Some((*part, Text::new(self, known).exchanged(old, new).filter(|_| here)?))
        });
        let Some((part, text)) = found else { return false };
        parts.insert(part.to_owned(), Value::from(text));
        true
    }

    /// "Number 24" is the number of the house, once the rest is known.
    fn number_in(&self, parts: &mut Map<String, Value>, clause: &str) -> bool {
        let found = self.written.house_number.captures(clause);
        let Some(number) = found.and_then(|found| found.iter().skip(1).flatten().next()) else { return false };
        let number = number.as_str();
        let zip = parts.get("zip").and_then(Value::as_str).unwrap_or_default();
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        if digits(number) == HOUSE_DIGITS_MAX
            && zip.chars().all(|c| c.is_ascii_digit())
            && zip.len() == HOUSE_DIGITS_MAX
        {
            return false;
        }
        let Some(street) = parts.get("address1").and_then(Value::as_str).filter(|_| !zip.is_empty()) else {
            return false;
        };
        let Some((name, front)) = street_name(street) else { return false };
        let street = if front { format!("{number} {name}") } else { format!("{name} {number}") };
        parts.insert("address1".to_owned(), Value::from(street));
        true
    }

    /// The name of the street or the town, in part other than it is known: "Parade West", "Linnégatan".
    fn name_in(&self, parts: &mut Map<String, Value>, clause: &str) -> bool {
        let said: Vec<&str> = clause.split_whitespace().filter(|word| !self.is_small(word)).collect();
        if said.is_empty() || said.iter().any(|word| word.contains(|c: char| c.is_ascii_digit())) {
            return false;
        }
        if let Some((name, front)) = parts.get("address1").and_then(Value::as_str).and_then(street_name) {
            let number = parts.get("address1").and_then(Value::as_str).unwrap_or_default();
            let number = number.replace(&name, "");
            if let Some(renamed) = renamed(&name, &said) {
                let street =
                    if front { format!("{} {renamed}", number.trim()) } else { format!("{renamed} {}", number.trim()) };
                parts.insert("address1".to_owned(), Value::from(street));
                return true;
            }
        }
        let town = parts.get("city").and_then(Value::as_str).and_then(|town| renamed(town, &said));
        let Some(town) = town else { return false };
        parts.insert("city".to_owned(), Value::from(town));
        true
    }

    fn is_small(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let bare = bare.strip_suffix("'s").unwrap_or(&bare);
        bare.is_empty() || self.stop.contains(bare) || self.written.articles.contains(bare)
    }

    fn amended_email(&self, known: &str, said: &str) -> Option<String> {
        let body = self.written.reword.body(said);
        if body.contains('@') {
            return None;
        }
        let checked = |text: String| Some(text).filter(|text| is_email(text));
        if let Some(text) =
            self.written.reword.exchange(body).and_then(|(old, new)| within(known, old, new)).and_then(checked)
        {
            return Some(text);
        }
        let told =
            self.written.spelt.captures(body).and_then(|found| found.get(1)).map_or(body, |found| found.as_str());
        let mut words = told.split_whitespace().filter(|word| !self.is_small(word));
        let word = words.next().filter(|_| words.next().is_none())?.to_lowercase();
        if let Some(ending) = word.strip_prefix('.').filter(|ending| ending.chars().all(char::is_alphabetic)) {
            return known.rsplit_once('.').map(|(front, _)| format!("{front}.{ending}")).and_then(checked);
        }
        let segments = known.split(|c: char| !c.is_alphanumeric()).filter(|part| is_near(&word, part));
        let mut segments = segments.collect::<Vec<_>>().into_iter();
        let segment = segments.next().filter(|_| segments.next().is_none())?;
        within(known, segment, &word).and_then(checked)
    }
}

/// Parts of a sentence at commas and joining words.
fn clauses<'t>(rules: &Rules, text: &'t str) -> Vec<&'t str> {
    let mut all = Vec::new();
    let mut from = 0;
    for joint in rules.written.reword.clause.find_iter(text) {
        all.extend(text.get(from..joint.start()));
        from = joint.end();
    }
    all.extend(text.get(from..));
    all.into_iter()
        .flat_map(|part| part.split(['!', '\n', ';']))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// "The street is called Cotham Brow": another name behind the number that is known.
fn street_in(parts: &mut Map<String, Value>, clause: &str) -> bool {
    let Some(name) = street_named(clause) else { return false };
    let number = parts.get("address1").and_then(Value::as_str).map(|known| {
        known.split(|c: char| c == ',' || c.is_whitespace()).find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    });
    let street = number.flatten().map_or_else(|| name.clone(), |number| format!("{number} {name}"));
    parts.insert("address1".to_owned(), Value::from(street));
    true
}

/// Street, flat and postal code as they are said in a clause, with the town beside the code.
fn pieces_in(parts: &mut Map<String, Value>, clause: &str) -> bool {
    let Some((Value::Object(said), _)) = address_in(clause) else { return false };
    let has = |part: &str| said.get(part).is_some_and(Value::is_string);
    if !has("address1") && !has("address2") && !has("zip") {
        return false;
    }
    parts.extend(said.into_iter().filter(|(_, value)| value.is_string()));
    true
}

/// The name of a street without its number, and whether the number stands in front.
fn street_name(street: &str) -> Option<(String, bool)> {
    let numbered = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = street.split_whitespace().collect();
    match words.as_slice() {
        [first, name @ ..] if numbered(first) && !name.is_empty() => Some((name.join(" "), true)),
        [name @ .., last] if numbered(last) && !name.is_empty() => Some((name.join(" "), false)),
        _ => None,
    }
}

/// A name of which the words that are said differ: as many words with one in common, or one word that is another one misspelt.
fn renamed(known: &str, said: &[&str]) -> Option<String> {
    let words: Vec<&str> = known.split_whitespace().collect();
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let written = |word: &str| if word.chars().any(char::is_lowercase) { word.to_owned() } else { word.to_lowercase() };
    if words.len() > 1 && words.len() == said.len() && words.iter().zip(said).any(|(one, other)| same(one, other)) {
        return Some(said.iter().map(|word| capital(&written(word))).collect::<Vec<_>>().join(" "));
    }
    let [only] = said else { return None };
    let place =
        words.iter().position(|word| !same(word, only) && misspelt(&only.to_lowercase(), &word.to_lowercase()))?;
    let words =
        words.iter().enumerate().map(|(i, word)| if i == place { capital(&written(only)) } else { (*word).to_owned() });
    Some(words.collect::<Vec<_>>().join(" "))
}

/// The text with new letters in the place of old ones that stand in it once.
fn within(known: &str, old: &str, new: &str) -> Option<String> {
    let (lower, old) = (known.to_lowercase(), old.trim().to_lowercase());
    let new = new.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let old = old.split_whitespace().next_back().unwrap_or_default();
    let mut places = lower.match_indices(old).filter(|_| !old.is_empty());
    let (at, _) = places.next().filter(|_| places.next().is_none() && lower.len() == known.len())?;
    Some(format!("{}{new}{}", known.get(..at)?, known.get(at + old.len()..)?))
}

/// Whether a word may be another one with a slip.
fn is_near(word: &str, known: &str) -> bool {
    let letters = known.chars().count();
    word != known && (misspelt(word, known) || NEAR_CHARS.contains(&letters) && slips(word, known) == 1)
}
