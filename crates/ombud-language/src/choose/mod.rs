//! Which of these records does the customer mean?
//!
//! Start with [`choose`]; [`choose_each`] reads one text that speaks of several things at once.

mod lexicon;

pub use lexicon::Lexicon;

use ombud_domain::choice::{Candidate, Choice, ChoiceRequest};

/// Reads which of the candidates the customer picked with his own words.
///
/// The same input always gives the same output. A choice that fits several candidates equally well is never guessed.
#[must_use]
pub fn choose(lexicon: &Lexicon, request: &ChoiceRequest<'_>) -> Choice {
    let _ = (lexicon, request);
    Choice::Unread
}

/// Reads one choice of a variant for every one of `items` (what the customer has now, and what it can become).
///
/// The text is divided among the items it speaks of; what is said of none of them counts for all. A condition on one item that cannot be met
/// makes that item [`Choice::Unavailable`].
#[must_use]
pub fn choose_each(
    lexicon: &Lexicon,
    utterances: &[String],
    direct: usize,
    items: &[(Candidate, Vec<Candidate>)],
) -> Vec<Choice> {
    let _ = (lexicon, utterances, direct);
    items.iter().map(|_| Choice::Unread).collect()
}

/// Ids of the candidates that `text` speaks of, best first, each with a score in 0..=1.
#[must_use]
pub fn mentions(lexicon: &Lexicon, text: &str, candidates: &[Candidate]) -> Vec<(String, f64)> {
    let _ = (lexicon, text, candidates);
    Vec::new()
}
