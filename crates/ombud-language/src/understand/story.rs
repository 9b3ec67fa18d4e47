//! Which sentences of a message only tell the story of what it wants?
//!
//! People say what happened before they say what they want, and what happened sounds like other requests: a coat that was returned, a bank that
//! blocked a payment. The message as a whole is read better than its sentences are.

use super::reading::{ASK, Reading, Readings};

/// A message that is read as one request this surely is one, unless it asks for more.
const ONE: f32 = 0.5;
/// Something else is asked for where a sentence that asks is read this surely ...
const ELSE_ASKED: f32 = 0.45;
/// ... and where it is added to the rest, this surely.
const ELSE_ADDED: f32 = 0.5;
/// A sentence of fewer words names nothing of its own.
const NAMING_WORDS_MIN: usize = 3;

/// The pieces of a message, those that only belong to the story of its one request read as that request.
pub(super) fn as_one(readings: &Readings<'_>, whole: &Reading) -> Vec<Reading> {
    let mut pieces = readings.pieces.clone();
    let rules = readings.rules();
    // "In general" says that there is no story of one's own, and "three things" that there are more requests than one.
    let others = [&rules.in_general, &rules.announces].iter().any(|rule| rule.is_match(readings.text));
    let is_one = |whole: &&Reading| whole.best().1 >= ONE && !others;
    let Some((request, sure)) = Some(whole).filter(is_one).and_then(Reading::best_flow) else { return pieces };
    for piece in &mut pieces {
        let says_it = piece.best_flow().is_some_and(|(flow, p)| flow == request && p >= sure);
        if !says_it && !is_of_its_own(readings, piece, request) {
            piece.classes.clone_from(&whole.classes);
        }
    }
    pieces
}

fn is_of_its_own(readings: &Readings<'_>, piece: &Reading, request: &str) -> bool {
    let (class, p) = piece.best();
    let asks = piece.is_question || piece.is_request;
    match class.strip_prefix("flow:") {
        Some(flow) if flow == request => false,
        Some(_) if piece.text.split_whitespace().count() < NAMING_WORDS_MIN => false,
        Some(_) => piece.is_additive && p >= ELSE_ADDED || asks && p >= ELSE_ASKED,
        None if class == ASK => piece.is_question,
        None => piece.is_handoff || class.starts_with("repair:") || readings.rules().introduction.is_match(&piece.text),
    }
}
