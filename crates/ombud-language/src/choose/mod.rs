//! Which of these records does the customer mean?
//!
//! No model, no download: words are matched against the candidates' names, options and words, and a [`Lexicon`] says how the words around
//! them are meant. Start with [`choose`]; [`choose_each`] reads one text that speaks of several things at once.
//!
//! What candidates should carry: an item or variant its options as attributes; an order one attribute `item` for each thing in it, written
//! `Name, option: value, option: value`, and as words its status, its town and how it was paid; a payment method its kind, brand and last
//! digits, and for the one in use so far a word such as `original`; a reason a few sentences with which people give it.

mod catalogue;
mod container;
mod found;
mod lexicon;
mod likeness;
mod naming;
mod options;
mod pick;
mod plan;
mod reference;
mod text;
mod topic;
mod variant;
mod wish;

pub use lexicon::Lexicon;

use ombud_domain::choice::{Candidate, Choice, ChoiceRequest, Count};

use catalogue::{Catalogue, Hits, catalogue, find_hits};
use found::Request;
use lexicon::Mark;
use naming::Scope;
use options::Options;
use pick::{Manner, Reading, into_choice, pick};
use reference::{Reference, references};
use text::read_all;
use variant::{Shelf, choose_variant};
use wish::plans;

/// Reads which of the candidates the customer picked with his own words.
///
/// The same input always gives the same output. A choice that fits several candidates equally well is never guessed.
#[must_use]
pub fn choose(lexicon: &Lexicon, request: &ChoiceRequest<'_>) -> Choice {
    if let Some(current) = request.current {
        let item = (current, request.candidates);
        return choose_variants(lexicon, request.utterances, request.direct, &[item]).pop().unwrap_or(Choice::Unread);
    }
    let catalogue = catalogue(lexicon, request.candidates);
    match choose_among(lexicon, request, &catalogue) {
        Choice::Picked { mut ids, because } if ids.len() > 1 => {
            as_named(lexicon, request, &catalogue, &mut ids);
            Choice::Picked { ids, because }
        }
        choice => choice,
    }
}

/// Puts what was picked in the order in which the customer first named it.
fn as_named(lexicon: &Lexicon, request: &ChoiceRequest<'_>, catalogue: &Catalogue, ids: &mut [String]) {
    let tokens = read_all(lexicon, request.utterances);
    let hits = find_hits(lexicon, &catalogue.vocabulary, &tokens);
    let scope =
        Scope { lexicon, vocabulary: &catalogue.vocabulary, entries: &catalogue.entries, tokens: &tokens, hits: &hits };
    let mentions = references(scope);
    let id_of = |entry: &usize| request.candidates.get(*entry).map(|candidate| candidate.id.as_str());
    ids.sort_by_key(|id| {
        let names = |mention: &&Reference| mention.set.iter().any(|entry| id_of(entry) == Some(id.as_str()));
        mentions.iter().filter(names).map(|mention| mention.range.start).min()
    });
}

fn choose_among(lexicon: &Lexicon, request: &ChoiceRequest<'_>, catalogue: &Catalogue) -> Choice {
    let split = request.utterances.len().saturating_sub(request.direct);
    let (earlier, direct) = request.utterances.split_at_checked(split).unwrap_or((&[], request.utterances));
    if let Some(meant) = corrected(lexicon, direct) {
        let last = read_part(lexicon, request, catalogue, (&[meant], &[], Manner::Asked));
        if matches!(last, Choice::Picked { .. }) {
            return last;
        }
    }
    // "The coat instead of the shirts" takes the shirts back that were answered before.
    if let [before @ .., last] = direct
        && !before.is_empty()
        && text::read(lexicon, last).iter().any(|token| token.marks.has(Mark::Rather))
    {
        let instead = read_part(lexicon, request, catalogue, (std::slice::from_ref(last), before, Manner::Asked));
        if matches!(instead, Choice::Picked { .. }) {
            return instead;
        }
    }
    // "Add the shirt as well" keeps what the request began with.
    let adds = |text: &String| text::read(lexicon, text).iter().any(|token| token.marks.has(Mark::Add));
    if request.count == Count::Many && !earlier.is_empty() && direct.first().is_some_and(adds) {
        let with_it = read_part(lexicon, request, catalogue, (request.utterances, &[], Manner::Asked));
        if matches!(with_it, Choice::Picked { .. }) {
            return with_it;
        }
    }
    let asked = read_part(lexicon, request, catalogue, (direct, earlier, Manner::Asked));
    if asked != Choice::Unread {
        return asked;
    }
    let mut before = earlier;
    while let Some((last, rest)) = before.split_last() {
        let clear = read_part(lexicon, request, catalogue, (std::slice::from_ref(last), rest, Manner::Clear));
        if clear != Choice::Unread {
            return clear;
        }
        before = rest;
    }
    the_other(lexicon, request).unwrap_or(Choice::Unread)
}

/// "And the other one?" where one was just spoken of and only one other may be picked.
fn the_other(lexicon: &Lexicon, request: &ChoiceRequest<'_>) -> Option<Choice> {
    let known = request.spoken_of.filter(|id| request.candidates.iter().any(|candidate| candidate.id == **id))?;
    let mut others = request.candidates.iter().filter(|candidate| candidate.eligible && candidate.id != known);
    let (Some(one), None) = (others.next(), others.next()) else { return None };
    let tokens = text::read(lexicon, request.utterances.last()?);
    let bare = |at: usize| {
        let next = tokens.get(at + 1);
        next.is_none_or(|next| next.before > text::Break::None || next.is(lexicon::Role::One) || next.has(Mark::Order))
    };
    let says = tokens.iter().enumerate().any(|(at, token)| token.has(Mark::Other) && bare(at));
    says.then(|| Choice::Picked { ids: vec![one.id.clone()], because: "the other one".to_owned() })
}

/// "The shoes. No wait, I mean the backpack": what is said behind the last word of correction, unless it adds to what was said before.
fn corrected(lexicon: &Lexicon, direct: &[String]) -> Option<String> {
    let tokens = text::read(lexicon, direct.last()?);
    let at = tokens.iter().rposition(|token| token.marks.has(Mark::Correct)).filter(|at| *at > 0)?;
    let after = tokens.get(at + tokens.get(at)?.mark_len.max(1)..)?;
    let adds = after.iter().any(|token| token.marks.has(Mark::Add));
    (!after.is_empty() && !adds).then(|| after.iter().map(|token| token.raw.as_str()).collect::<Vec<_>>().join(" "))
}

/// Reads one part of what was said; what was said before it breaks ties.
fn read_part(
    lexicon: &Lexicon,
    request: &ChoiceRequest<'_>,
    catalogue: &Catalogue,
    (part, earlier, manner): (&[String], &[String], Manner),
) -> Choice {
    if part.is_empty() {
        return Choice::Unread;
    }
    let mut tokens = read_all(lexicon, part);
    if request.denied {
        tokens.iter_mut().for_each(|token| token.marks.remove(Mark::Negate));
    }
    let hits = find_hits(lexicon, &catalogue.vocabulary, &tokens);
    let earlier_tokens = read_all(lexicon, earlier);
    let earlier_hits = find_hits(lexicon, &catalogue.vocabulary, &earlier_tokens);
    let now = Reading {
        lexicon,
        candidates: request.candidates,
        catalogue,
        tokens: &tokens,
        hits: &hits,
        count: request.count,
        manner,
    };
    let before = Reading { tokens: &earlier_tokens, hits: &earlier_hits, manner: Manner::Clear, ..now };
    let outcome =
        if catalogue.contents.is_empty() { pick(&now) } else { container::pick_container(&now, Some(&before)) };
    into_choice(&now, outcome)
}

/// Reads one choice of a variant for every one of `items` (what the customer has now, and what it can become).
///
/// The text is divided among the items it speaks of; what is said of none of them counts for all. A condition on one item that cannot be met
/// makes that item [`Choice::Unavailable`]; where it is the cheapest already and the cheapest is asked for, it is picked itself.
#[must_use]
pub fn choose_each(
    lexicon: &Lexicon,
    utterances: &[String],
    direct: usize,
    items: &[(Candidate, Vec<Candidate>)],
) -> Vec<Choice> {
    let items: Vec<(&Candidate, &[Candidate])> =
        items.iter().map(|(current, variants)| (current, variants.as_slice())).collect();
    choose_variants(lexicon, utterances, direct, &items)
}

struct Stocked<'a> {
    current: &'a Candidate,
    variants: &'a [Candidate],
    catalogue: Catalogue,
    options: Options,
    hits: Hits,
}

fn choose_variants(
    lexicon: &Lexicon,
    utterances: &[String],
    direct: usize,
    items: &[(&Candidate, &[Candidate])],
) -> Vec<Choice> {
    let tokens = read_all(lexicon, utterances);
    let stock: Vec<Stocked<'_>> = items
        .iter()
        .map(|(current, variants)| {
            let mut all: Vec<Candidate> = variants.to_vec();
            all.push((*current).clone());
            let catalogue = catalogue(lexicon, &all);
            let hits = find_hits(lexicon, &catalogue.vocabulary, &tokens);
            Stocked { current, variants, options: Options::new(&catalogue), catalogue, hits }
        })
        .collect();
    let currents: Vec<&Candidate> = items.iter().map(|(current, _)| *current).collect();
    let named = topic::things(lexicon, &currents);
    let variant_hits: Vec<&Hits> = stock.iter().map(|item| &item.hits).collect();
    let topics = topic::topics(topic::Things { lexicon, things: &named, variants: &variant_hits, tokens: &tokens });
    let read = |(at, item): (usize, &Stocked<'_>)| {
        let heard = topic::heard_by(&topics, at);
        let shelf = Shelf {
            lexicon,
            catalogue: &item.catalogue,
            options: &item.options,
            candidates: item.variants,
            current: item.current,
        };
        if let Some(choice) = by_id(item, &tokens).or_else(|| by_whereabouts(lexicon, item, &tokens)) {
            return choice;
        }
        let plans = plans(Request {
            lexicon,
            catalogue: &item.catalogue,
            options: &item.options,
            tokens: &tokens,
            hits: &item.hits,
            heard: &heard,
            direct,
        });
        choose_variant(shelf, &plans)
    };
    stock.iter().enumerate().map(read).collect()
}

/// A variant named by its number.
fn by_id(item: &Stocked<'_>, tokens: &[text::Token]) -> Option<Choice> {
    let written = tokens
        .iter()
        .rev()
        .filter(|token| token.raw.chars().count() >= 5 && token.raw.chars().any(|letter| letter.is_ascii_digit()));
    let named =
        written.filter_map(|token| item.variants.iter().find(|variant| catalogue::plain_id(&variant.id) == token.raw));
    let variant = named.into_iter().find(|variant| variant.id != item.current.id)?;
    Some(if variant.eligible {
        Choice::Picked { ids: vec![variant.id.clone()], because: variant.id.clone() }
    } else {
        Choice::Unavailable {
            wanted: vec![("id".to_owned(), variant.id.clone())],
            ineligible: vec![variant.id.clone()],
        }
    })
}

/// The one variant that is told by a phrase for where it is: "the same as in my pending order".
fn by_whereabouts(lexicon: &Lexicon, item: &Stocked<'_>, tokens: &[text::Token]) -> Option<Choice> {
    let is_said = |phrase: &String| {
        let phrase = text::read(lexicon, phrase);
        phrase.len() > 2
            && tokens.windows(phrase.len()).any(|said| said.iter().zip(&phrase).all(|(said, own)| said.raw == own.raw))
    };
    let mut told = item.variants.iter().filter(|variant| variant.eligible && variant.words.iter().any(is_said));
    let variant = told.next().filter(|_| told.next().is_none())?;
    let because = variant.words.iter().find(|phrase| is_said(phrase)).cloned().unwrap_or_default();
    Some(Choice::Picked { ids: vec![variant.id.clone()], because })
}

/// Ids of the candidates that `text` speaks of, best first, each with a score in 0..=1.
#[must_use]
pub fn mentions(lexicon: &Lexicon, text: &str, candidates: &[Candidate]) -> Vec<(String, f64)> {
    let catalogue = catalogue(lexicon, candidates);
    let tokens = text::read(lexicon, text);
    let hits = find_hits(lexicon, &catalogue.vocabulary, &tokens);
    let reading = Reading {
        lexicon,
        candidates,
        catalogue: &catalogue,
        tokens: &tokens,
        hits: &hits,
        count: Count::Many,
        manner: Manner::Asked,
    };
    let mut scores: Vec<f64> = vec![0.0; candidates.len()];
    for reference in references(reading.scope()).iter().filter(|reference| reference.by.is_some()) {
        let share = f64::from(u32::try_from(reference.set.len().max(1)).unwrap_or(1));
        for entry in &reference.set {
            if let Some(score) = scores.get_mut(*entry) {
                *score = score.max(if reference.by >= Some(naming::By::Word) { 1.0 } else { 0.5 } / share.sqrt());
            }
        }
    }
    let mut found: Vec<(String, f64)> = candidates
        .iter()
        .zip(&scores)
        .filter(|(_, score)| **score > 0.0)
        .map(|(candidate, score)| (candidate.id.clone(), *score))
        .collect();
    found.sort_by(|one, other| other.1.total_cmp(&one.1));
    found
}
