//! Which of several things does a message leave out? "Juste le manteau, les chemises je les garde."
//!
//! A thing is left out by a word that says so right beside it, or by "I keep" in the same clause, and kept in by an "only" ahead of it. What is not that plain is
//! read as before: a list that is asked about once more costs a sentence.

use super::Interpreter;
use super::phrases::{PART_MARKS, Says, words};

/// Words between one that leaves out and the thing behind it: "without my two shirts".
const BEFORE_MAX: usize = 2;
/// Signs between a thing and what leaves it out behind it, in scripts without blanks: "シャツは返さない".
const BEHIND_UNSPACED_MAX: usize = 2;
/// Letters of a word that names a thing as the records do.
const NAMING_MIN: usize = 4;
/// Letters that a thing's name may have more than a word for it: "shirts".
const PLURAL_MAX: usize = 2;
/// Things that a proposal lists stand behind these.
const BULLETS: [char; 4] = ['-', '–', '*', '•'];
/// Ends the name of a thing in a list.
const NAME_ENDS: [char; 5] = ['(', ',', '·', ':', '\n'];
/// The gloss of a word that makes an exception, which the readers of the gloss understand.
const EXCEPT: &str = "except";

/// What a message says of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Named,
    Only,
    LeftOut,
}

/// A thing that is named in a message: where its words begin and end, and what the records may call it.
#[derive(Debug, Clone)]
struct Thing {
    at: (usize, usize),
    names: Vec<String>,
}

impl Interpreter<'_> {
    /// How a proposal that lists several things should be changed, in the company's language: to only those that the message does not leave out.
    pub(super) fn only_those_left(&self, text: &str, proposal: &str) -> Option<String> {
        let bulleted = proposal.lines().filter_map(|line| line.trim_start().strip_prefix(BULLETS));
        let listed: Vec<&str> = bulleted.map(str::trim).collect();
        let lines: Vec<Vec<String>> = listed.iter().map(|line| words(line)).collect();
        if listed.len() < 2 {
            return None;
        }
        let said = self.said_of_things(text, &lines)?;
        let is_in = |line: &Vec<String>, how: How| {
            said.iter().any(|(thing, of)| *of == how && thing.names.iter().any(|name| names(name, line)))
        };
        let leaves_some = |how: How| lines.iter().any(|line| is_in(line, how));
        let (leaves_out, keeps_in) = (leaves_some(How::LeftOut), leaves_some(How::Only));
        let goes = |line: &&Vec<String>| is_in(line, How::LeftOut) || keeps_in && !is_in(line, How::Only);
        let is_unclear = lines.iter().any(|line| is_in(line, How::LeftOut) && is_in(line, How::Only));
        let left = listed.iter().zip(&lines).filter(|(_, line)| !goes(line));
        let left: Vec<&str> = left.map(|(name, _)| before_details(name)).collect();
        let is_plain = (leaves_out || keeps_in) && !is_unclear && !left.is_empty() && left.len() < lines.len();
        is_plain.then(|| format!("only {}", left.join(" and ")))
    }

    /// Where a text names things that it leaves out, there or elsewhere in it; nowhere if it would leave out all things, or makes an exception otherwise.
    pub(super) fn left_out(&self, text: &str) -> Vec<(usize, usize)> {
        let said = self.said_of_things(text, &[]).unwrap_or_default();
        let excepts = said.iter().any(|(thing, _)| thing.names.iter().any(|name| name == EXCEPT));
        let is_left_out = |thing: &Thing| {
            let same = |other: &Thing| other.names.iter().any(|name| thing.names.contains(name));
            said.iter().any(|(other, how)| *how == How::LeftOut && same(other))
        };
        let (gone, stay): (Vec<_>, Vec<_>) =
            said.iter().partition(|(thing, how)| *how != How::Only && is_left_out(thing));
        if excepts || stay.is_empty() {
            return Vec::new();
        }
        gone.into_iter().map(|(thing, _)| thing.at).collect()
    }

    /// What a text says of each thing that it names, in its order; none where that contradicts itself.
    fn said_of_things(&self, text: &str, lines: &[Vec<String>]) -> Option<Vec<(Thing, How)>> {
        let mut said: Vec<(Thing, How)> = Vec::new();
        // Of "coat, shirt and lamp I keep", the coat waits for what is said of the shirt.
        let (mut before, mut waiting) = (0, 0);
        for part in text.split(PART_MARKS) {
            let part = words(part);
            let of_part = self.of_part(&part, lines)?;
            if let Some((_, how)) = of_part.first() {
                said.iter_mut().rev().take(waiting).for_each(|(_, of)| *of = *how);
            }
            let named: usize = of_part.iter().map(|(thing, _)| thing.at.1 - thing.at.0).sum();
            waiting = if named == part.len() { waiting + of_part.len() } else { 0 };
            said.extend(of_part.into_iter().map(|(thing, how)| {
                let at = (thing.at.0 + before, thing.at.1 + before);
                (Thing { at, ..thing }, how)
            }));
            before += part.len();
        }
        Some(said)
    }

    /// The same of a part of a text between marks.
    fn of_part(&self, part: &[String], lines: &[Vec<String>]) -> Option<Vec<(Thing, How)>> {
        let things = self.things(part, lines);
        let (only, without) = (self.phrases.places(Says::Only, part), self.phrases.places(Says::Without, part));
        // "Nothing but" holds a "but".
        let is_within = |(start, end): &(usize, usize)| only.iter().any(|(first, last)| first <= start && end <= last);
        let without: Vec<(usize, usize)> = without.into_iter().filter(|place| !is_within(place)).collect();
        let keeps = self.phrases.places(Says::Keeps, part);
        let is_negated = |(start, end): &(usize, usize)| {
            without
                .iter()
                .any(|(first, last)| last + 1 >= *start && last <= start || *first >= *end && *first <= end + 1)
        };
        if keeps.iter().chain(&only).any(is_negated) {
            return None;
        }
        // An "only" begins a clause of its own; behind the last thing it belongs to that.
        let trailing = |place: &(usize, usize)| things.iter().all(|thing| thing.at.1 <= place.0);
        let begins: Vec<usize> = only.iter().filter(|place| !trailing(place)).map(|(start, _)| *start).collect();
        let clause = |at: usize| begins.iter().filter(|begin| **begin <= at).count();
        let slack = if part.iter().all(|word| word.chars().count() == 1) { BEHIND_UNSPACED_MAX } else { 0 };
        let how = |thing: &Thing| {
            let (start, end) = thing.at;
            let beside = |(first, last): &(usize, usize)| {
                *last <= start && start - last <= BEFORE_MAX || *first >= end && first - end <= slack
            };
            let is_kept = |keeps: &(usize, usize)| clause(keeps.0) == clause(start);
            if keeps.iter().any(is_kept) || without.iter().any(beside) {
                How::LeftOut
            } else if clause(start) > 0 || only.iter().any(|place| trailing(place) && place.0 <= end + slack) {
                How::Only
            } else {
                How::Named
            }
        };
        Some(things.iter().map(|thing| (thing.clone(), how(thing))).collect())
    }

    /// The things that words name: by what customers call them, or as they are listed.
    fn things(&self, part: &[String], lines: &[Vec<String>]) -> Vec<Thing> {
        let glossed = self.glossary.map(|glossary| glossary.named(part)).unwrap_or_default();
        let mut things: Vec<Thing> = glossed
            .into_iter()
            .map(|(at, names)| Thing { at, names: names.into_iter().map(str::to_owned).collect() })
            .collect();
        for (place, word) in part.iter().enumerate() {
            let is_listed = word.chars().count() >= NAMING_MIN && lines.iter().flatten().any(|listed| listed == word);
            if is_listed && things.iter().all(|thing| place < thing.at.0 || place >= thing.at.1) {
                things.push(Thing { at: (place, place + 1), names: vec![word.clone()] });
            }
        }
        things
    }
}

/// Whether a name is that of a listed thing: all its words stand in it, in the singular or the plural.
fn names(name: &str, line: &[String]) -> bool {
    let is_same = |word: &String, listed: &String| {
        let more = listed.strip_prefix(word.as_str()).or_else(|| word.strip_prefix(listed.as_str()));
        more.is_some_and(|more| more.chars().count() <= PLURAL_MAX)
    };
    let name = words(name);
    !name.is_empty() && name.iter().all(|word| line.iter().any(|listed| is_same(word, listed)))
}

/// A listed thing without what is said of it.
fn before_details(listed: &str) -> &str {
    listed.split(NAME_ENDS).next().unwrap_or(listed).trim()
}

#[cfg(test)]
mod tests {
    use crate::interpret::Interpreters;
    use crate::interpret::fixture::german;

    /// German with words for a coat, a shirt and a lamp.
    fn readers() -> Interpreters {
        let gloss = serde_json::json!({"coat": ["mantel"], "shirt": ["hemd"], "lamp": ["lampe"], "except": ["außer"], "only": ["nur"]});
        german(&[]).with_glossary("de", &serde_json::from_value(gloss).unwrap())
    }

    const PROPOSAL: &str =
        "Ich melde:\n- Wool coat (black, M), 159,90 EUR\n- Cotton shirt (white), 2 Stück\n– Desk lamp\nSoll ich?";

    #[test]
    fn a_proposal_goes_on_without_what_is_left_out() {
        let readers = readers();
        let reader = readers.of("de").unwrap();
        let left = |text: &str| reader.only_those_left(text, PROPOSAL);
        for (text, only) in [
            ("nicht die Hemden", "only Wool coat and Desk lamp"),
            ("ja, aber ohne meine Lampe", "only Wool coat and Cotton shirt"),
            ("die Hemden behalte ich", "only Wool coat and Desk lamp"),
            ("nur den Mantel", "only Wool coat"),
            ("nicht die Hemden, nur den Mantel bitte", "only Wool coat"),
            ("nichts außer dem Mantel", "only Wool coat"),
            ("nur die Hemden behalte ich", "only Wool coat and Desk lamp"),
        ] {
            assert_eq!(left(text).as_deref(), Some(only), "{text}");
        }
        for text in [
            "das Hemd passt nicht",
            "ja, den Mantel",
            "nicht nur den Mantel",
            "den Mantel behalte ich nicht",
            "Mantel, Hemd und Lampe behalte ich",
            "den Mantel, den Mantel habe ich gekauft",
            "nicht so schnell",
        ] {
            assert_eq!(left(text), None, "{text}");
        }
        assert_eq!(reader.only_those_left("nur den Mantel", "Soll ich den Mantel melden?"), None);
    }

    #[test]
    fn what_is_left_out_is_not_glossed() {
        let readers = readers();
        let reader = readers.of("de").unwrap();
        for (text, glossed) in [
            ("den Mantel zurück, die Hemden behalte ich", "den mantel zurück die behalte ich (coat)"),
            ("alles außer der Lampe, auch der Mantel", "alles außer der Lampe, auch der Mantel (except, lamp, coat)"),
            (
                "Mantel und Hemd gekauft, den Mantel zurück, das Hemd behalte ich",
                "mantel und gekauft den mantel zurück das behalte ich (coat, coat)",
            ),
            ("die Lampe behalte ich", "die Lampe behalte ich (lamp)"),
        ] {
            assert_eq!(reader.glossed(text), glossed);
        }
    }
}
