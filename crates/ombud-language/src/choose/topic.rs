//! Of which thing does each part of a text speak?

use ombud_domain::choice::Candidate;

use super::catalogue::{Catalogue, Hits, find_hits};
use super::container::PRICE_KEY;
use super::lexicon::{Lexicon, Mark, Role};
use super::naming::{By, Scope};
use super::reference::comparison;
use super::text::{Break, Token};

/// What a token speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    /// Nothing in particular, or all of them.
    All,
    /// These of the things.
    Of(Vec<usize>),
    /// Something that is none of them.
    Foreign,
}

/// The things a text may speak of, and the words of their options, which name no other thing.
#[derive(Clone, Copy)]
pub(super) struct Things<'a> {
    pub(super) lexicon: &'a Lexicon,
    /// The things, by name and present options.
    pub(super) things: &'a Catalogue,
    /// Their variants: a word in these is an option, not another thing.
    pub(super) variants: &'a [&'a Hits],
    pub(super) tokens: &'a [Token],
}

/// The topic of every token.
pub(super) fn topics(things: Things<'_>) -> Vec<Topic> {
    let hits = find_hits(things.lexicon, &things.things.vocabulary, things.tokens);
    let scope = Scope {
        lexicon: things.lexicon,
        vocabulary: &things.things.vocabulary,
        entries: &things.things.entries,
        tokens: things.tokens,
        hits: &hits,
    };
    let mut found: Vec<Topic> = Vec::with_capacity(things.tokens.len());
    let mut now = Topic::All;
    let mut segment = 0_usize;
    let mut named_in_segment = false;
    // The thing that was named last, and where its name ends.
    let mut joined: Option<(usize, Vec<usize>)> = None;
    for chunk in super::reference::chunks(scope) {
        let Some(first) = things.tokens.get(chunk.start) else { continue };
        let single = things.things.entries.len() == 1;
        if first.before == Break::Utterance || (first.before == Break::Sentence && (single || now == Topic::Foreign)) {
            now = Topic::All;
        }
        if first.before != Break::None || things.lexicon.connectors.contains(&first.raw) {
            (segment, named_in_segment) = (chunk.start, false);
        }
        let named = scope.resolve(&chunk).filter(|named| named.by == By::Name && is_named(scope, &chunk, &named.base));
        let general = chunk
            .clone()
            .filter_map(|at| things.tokens.get(at))
            .any(|token| token.marks.any(&[Mark::Rest, Mark::Both]));
        if let Some(named) = named {
            let mut set = ordinal_of(things, &chunk, &named.set, &now);
            // "For the chair and the bed I want the cheapest": the cheapest of either.
            if let Some(beside) = joined.take().filter(|(end, _)| is_joint(things, *end..chunk.start)) {
                let rest = chunk.end..sentence_end(things.tokens, chunk.end);
                let by_price =
                    comparison(scope, &rest).is_some_and(|(_, keys, _)| keys.iter().any(|key| key == PRICE_KEY));
                set.extend(beside.1.into_iter().filter(|_| by_price));
            }
            joined = Some((chunk.end, set.clone()));
            let topic = Topic::Of(set);
            let belongs = chunk
                .start
                .checked_sub(1)
                .and_then(|before| things.tokens.get(before))
                .is_some_and(|before| before.is(Role::Belongs));
            if belongs && !named_in_segment && now != Topic::All {
                for earlier in found.iter_mut().skip(segment) {
                    *earlier = topic.clone();
                }
            }
            now = topic;
            named_in_segment = true;
        } else if let Some(set) = ordinal_alone(things, &chunk, &now) {
            now = Topic::Of(set);
        } else if general && things.things.entries.len() > 1 {
            now = Topic::All;
        } else if is_foreign(things, &chunk, &hits) {
            now = Topic::Foreign;
        }
        found.extend(chunk.map(|_| now.clone()));
    }
    found
}

/// Whether nothing but "and" stands there.
fn is_joint(things: Things<'_>, between: std::ops::Range<usize>) -> bool {
    let joins = |token: &Token| things.lexicon.connectors.contains(&token.raw) && token.before <= Break::Comma;
    !between.is_empty() && things.tokens.get(between).is_some_and(|tokens| tokens.iter().all(joins))
}

fn sentence_end(tokens: &[Token], from: usize) -> usize {
    let ends = |token: &Token| token.before >= Break::Sentence;
    tokens.iter().skip(from).position(ends).map_or(tokens.len(), |at| from + at)
}

/// Whether the chunk has the last word of the name, or a word of it that is no option.
fn is_named(scope: Scope<'_>, chunk: &std::ops::Range<usize>, base: &[usize]) -> bool {
    base.iter()
        .filter_map(|entry| scope.entries.get(*entry))
        .any(|entry| entry.name.iter().any(|term| !scope.is_common(*term) && scope.best(chunk, *term) >= 0.7))
}

/// Identical things are told apart by "the first", "the other".
fn ordinal_of(things: Things<'_>, chunk: &std::ops::Range<usize>, set: &[usize], now: &Topic) -> Vec<usize> {
    if set.len() < 2 {
        return set.to_vec();
    }
    ordinal_in(things, chunk, set, now).unwrap_or_else(|| set.to_vec())
}

fn ordinal_in(things: Things<'_>, chunk: &std::ops::Range<usize>, set: &[usize], now: &Topic) -> Option<Vec<usize>> {
    let from = chunk.start.saturating_sub(1);
    for at in from..chunk.end {
        let Some(token) = things.tokens.get(at) else { continue };
        if let Some(ordinal) = things.lexicon.ordinals.get(&token.raw) {
            return set.get(ordinal.saturating_sub(1)).map(|thing| vec![*thing]);
        }
        if token.has(Mark::Other) {
            let before = if let Topic::Of(before) = now { before.clone() } else { Vec::new() };
            let others: Vec<usize> = set.iter().copied().filter(|thing| !before.contains(thing)).collect();
            return Some(if others.is_empty() { set.iter().skip(1).copied().collect() } else { others });
        }
        if token.has(Mark::OneOf) {
            return set.first().map(|thing| vec![*thing]);
        }
        let each = things
            .tokens
            .get(at.saturating_add(1))
            .is_some_and(|next| next.is(Role::Of) || at.saturating_add(1) < chunk.end);
        if token.is(Role::One) && each {
            return set.first().map(|thing| vec![*thing]);
        }
    }
    None
}

/// "The second one" without a name, where there are several things.
fn ordinal_alone(things: Things<'_>, chunk: &std::ops::Range<usize>, now: &Topic) -> Option<Vec<usize>> {
    let count = things.things.entries.len();
    if count < 2 {
        return None;
    }
    let ordinal = chunk.clone().any(|at| {
        let Some(token) = things.tokens.get(at) else { return false };
        let one_after = things.tokens.get(at.saturating_add(1)).is_some_and(|next| next.is(Role::One));
        let starts = token.before >= Break::Sentence
            || at
                .checked_sub(1)
                .and_then(|before| things.tokens.get(before))
                .is_some_and(|before| before.is(Role::Definite));
        token.has(Mark::OneOf)
            || ((things.lexicon.ordinals.contains_key(&token.raw) || token.has(Mark::Other)) && (one_after || starts))
    });
    if !ordinal {
        return None;
    }
    let all: Vec<usize> = (0..count).collect();
    ordinal_in(things, chunk, &all, now)
}

/// "My bottle", "for the bottle", "bottle:" where there is no bottle among the things.
fn is_foreign(things: Things<'_>, chunk: &std::ops::Range<usize>, hits: &Hits) -> bool {
    let Some(first) = things.tokens.get(chunk.start) else { return false };
    let determined = things.lexicon.determiners.contains(&first.raw);
    let unknown = |at: usize| {
        things.tokens.get(at).is_some_and(|token| {
            !token.common
                && token.marks.is_empty()
                && !token.inside
                && token.number.is_none()
                && !things.lexicon.connectors.contains(&token.raw)
                && hits.at(at).is_empty()
                && things.variants.iter().all(|hits| hits.at(at).is_empty())
                && !things.lexicon.kinds.contains_key(&token.stem)
                && token.raw.chars().all(char::is_alphabetic)
                && token.raw.chars().count() > 2
        })
    };
    let headed = chunk.end.checked_sub(1).and_then(|last| things.tokens.get(last)).is_some_and(|last| last.heads);
    let telling = |at: &usize| {
        things.tokens.get(*at).is_some_and(|token| {
            !token.common && !token.inside && token.marks.is_empty() && !things.lexicon.connectors.contains(&token.raw)
        })
    };
    let Some(from) = chunk.clone().find(telling) else { return false };
    let Some(last) = (from..chunk.end).take_while(|at| telling(at)).last() else { return false };
    let one_after = things.tokens.get(last.saturating_add(1)).is_some_and(|next| next.is(Role::One));
    unknown(last) && !one_after && (headed || (determined && !first.is(Role::That) && !first.is(Role::One)))
}

/// Which tokens speak of one thing.
pub(super) fn heard_by(topics: &[Topic], thing: usize) -> Vec<bool> {
    topics
        .iter()
        .map(|topic| match topic {
            Topic::All => true,
            Topic::Of(things) => things.contains(&thing),
            Topic::Foreign => false,
        })
        .collect()
}

/// The things as candidates: their names and present options.
pub(super) fn things(lexicon: &Lexicon, items: &[&Candidate]) -> Catalogue {
    let copies: Vec<Candidate> = items.iter().map(|&item| item.clone()).collect();
    super::catalogue::catalogue(lexicon, &copies)
}
