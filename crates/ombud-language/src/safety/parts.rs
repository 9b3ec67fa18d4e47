//! Which digits of one message are a card number though words stand between them, or one of them is wrong?

use std::sync::LazyLock;

use regex::Regex;

use super::card::{Surroundings, is_card};
use super::digits::{Run, Unit, Written};
use super::redact::{RedactionKind, card_ending, marker};
use super::secrets::Span;

/// Runs of one message that are a card number together, with words between.
const PARTS_MAX: usize = 8;
/// Bytes between two parts where a card is spoken of.
const BETWEEN_PARTS_MAX: usize = 40;
/// Bytes of a sign or word that stands between all parts.
const SAME_BETWEEN_MAX: usize = 8;

/// A card number in parts: any words between where a card is spoken of, or else always the same ones between groups as cards have them.
pub(super) fn spread(text: &str, runs: &[Run], surroundings: Surroundings) -> Vec<(Span, String)> {
    for first in 0..runs.len() {
        let mut units: Vec<Unit> = Vec::new();
        let mut between: Vec<&str> = Vec::new();
        for run in runs.iter().skip(first).take(PARTS_MAX) {
            if let (Some(last), Some(next)) = (units.last(), run.units.first()) {
                between.push(text.get(last.end..next.start).unwrap_or_default());
            }
            units.extend(run.units.iter().copied());
            if between.is_empty() {
                continue;
            }
            let digits: Vec<u8> = units.iter().map(|unit| unit.value).collect();
            if digits.len() >= 15 && is_card(&digits) && fits_between(&between, &units, surroundings) {
                let pieces = units.chunk_by(|one, next| next.start.saturating_sub(one.end) <= 1);
                return pieces.filter_map(|piece| piece_place(piece, &units)).collect();
            }
        }
    }
    Vec::new()
}

fn fits_between(between: &[&str], units: &[Unit], surroundings: Surroundings) -> bool {
    if surroundings == Surroundings::CardWord {
        return between.iter().all(|words| words.len() <= BETWEEN_PARTS_MAX && !part_stops(words));
    }
    let groups: Vec<usize> = units.chunk_by(|_, next| !next.first).map(<[Unit]>::len).collect();
    let same = |words: &&str| words.len() <= SAME_BETWEEN_MAX && between.first() == Some(words);
    matches!(groups.as_slice(), [4, 4, 4, 4] | [4, 6, 5]) && between.iter().all(same)
}

static PARTS_STOP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)[!?]\s|\b(?:order|amount|zip|postal|phone|invoice|tracking|parcel|paid|pay|charged|cost|euro?s?|usd|sek|kr|dollars?|address|street|from|on|of)\b|[€$£#]").ok()
});

/// Whether words between digits say that they are no parts of one number.
fn part_stops(words: &str) -> bool {
    PARTS_STOP.as_ref().is_none_or(|stops| stops.is_match(words))
}

fn piece_place(piece: &[Unit], units: &[Unit]) -> Option<(Span, String)> {
    let span = Span { kind: RedactionKind::CardNumber, start: piece.first()?.start, end: piece.last()?.end };
    let is_last = units.last()?.end == span.end;
    Some((span, if is_last { card_ending(units) } else { marker(span.kind).to_owned() }))
}

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?:credit|debit|bank|visa|master)?[- ]?card|visa|master ?card|maestro|amex|karte|kort(?:et)?|kartennummer|kortnummer|tarjeta|carte)",
        r"(?:[- ]?(?:number|num|no|nr|nummer))?\b\.?(?:\s+(?:is|was|are|ist|är|number|it's|its|n[o°]))?[\s:=#]*\(?$",
    ))
    .ok()
});

/// A number of a card's length right behind the word: a mistyped card number is one too, and its digits are nearly all right.
pub(super) fn mistyped(text: &str, run: &Run) -> Option<(Span, String)> {
    let typed = run.units.iter().all(|unit| unit.written == Written::Digit);
    if !typed || run.plus || !(13..=19).contains(&run.units.len()) {
        return None;
    }
    let before = text.get(..run.units.first()?.start)?;
    let span = Span { kind: RedactionKind::CardNumber, start: before.len(), end: run.units.last()?.end };
    // Its last digits may be wrong or not its last, so none are kept.
    NAMED.as_ref()?.is_match(before).then(|| (span, marker(span.kind).to_owned()))
}
