//! Which option values does a text name, and does it deny them?

use std::ops::Range;

use super::catalogue::{Catalogue, Hits, Polarity, TermId};
use super::lexicon::{Lexicon, Mark, Role};
use super::options::{Options, Value};
use super::reference::leading_direction;
use super::text::{Break, Token};

/// A text against the options of the variants; tokens that speak of something else are masked out.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) catalogue: &'a Catalogue,
    pub(super) options: &'a Options,
    pub(super) tokens: &'a [Token],
    pub(super) hits: &'a Hits,
    /// Whether each token speaks of this thing.
    pub(super) heard: &'a [bool],
    /// How many utterances from the end answer this very question.
    pub(super) direct: usize,
}

/// A value, or several that the same words may mean, found in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) meanings: Vec<(usize, usize)>,
    /// An option whose value has the form that was named but does not exist.
    pub(super) missing: Option<(usize, String)>,
    pub(super) denied: bool,
}

/// Marks that deny the value after them.
const DENYING: [Mark; 3] = [Mark::Negate, Mark::Rather, Mark::Except];

/// What is found at each token.
pub(super) fn find_values(request: Request<'_>) -> Vec<Option<Found>> {
    (0..request.tokens.len()).map(|at| request.find(at)).collect()
}

impl<'a> Request<'a> {
    pub(super) fn token(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    pub(super) fn any_mark(&self, range: Range<usize>, marks: &[Mark]) -> bool {
        range.filter_map(|at| self.token(at)).any(|token| token.marks.any(marks))
    }

    /// From a comma or sentence end to the next, around a token.
    pub(super) fn segment(&self, at: usize) -> Range<usize> {
        let breaks = |at: &usize| self.token(*at).is_none_or(|token| token.before != Break::None);
        let start = (0..=at).rev().find(breaks).unwrap_or(0);
        let end = (at.saturating_add(1)..self.tokens.len()).find(breaks).unwrap_or(self.tokens.len());
        start..end
    }

    /// The option that a word of its name stands for.
    pub(super) fn key_at(&self, at: usize) -> Option<usize> {
        let telling = |term: &TermId| self.catalogue.vocabulary.get(*term).is_some_and(|term| !term.function);
        let fits =
            |terms: &[TermId]| terms.iter().filter(|term| telling(term)).any(|term| self.hits.of(at, *term) >= 0.7);
        let keys = &self.options.keys;
        let all = |terms: &[TermId]| {
            terms
                .iter()
                .filter(|term| telling(term))
                .filter(|term| (at..at.saturating_add(3)).any(|near| self.hits.of(near, **term) >= 0.7))
                .count()
        };
        let candidates = keys.iter().enumerate().filter(|(_, key)| fits(&key.terms));
        candidates.max_by_key(|(index, key)| (all(&key.terms), std::cmp::Reverse(*index))).map(|(index, _)| index)
    }

    /// The value that begins at this token, if one does.
    fn find(&self, at: usize) -> Option<Found> {
        let token = self.token(at)?;
        if token.number.is_some()
            && self
                .token(at.saturating_add(1))
                .is_some_and(|next| next.before == Break::None && next.marks.any(&[Mark::More, Mark::Fewer]))
        {
            return None;
        }
        let mut best: (f64, Vec<(usize, usize)>, usize) = (0.0, Vec::new(), at);
        for (key_at, key) in self.options.keys.iter().enumerate() {
            for (value_at, value) in key.values.iter().enumerate() {
                let Some((weight, end)) = self.value_match(at, value) else { continue };
                if weight > best.0 + 1e-9 {
                    best = (weight, vec![(key_at, value_at)], end);
                } else if (weight - best.0).abs() <= 1e-9 {
                    best.1.push((key_at, value_at));
                    best.2 = best.2.max(end);
                }
            }
        }
        let (_, meanings, end) = best;
        if !meanings.is_empty() {
            let denied = self.is_denied(at) || self.is_replaced(at, &meanings);
            return Some(Found { range: at..end, meanings, missing: None, denied });
        }
        self.yes_no(at).or_else(|| self.missing(at, token))
    }

    /// "White and large instead of black and small": what there is now stands behind the "instead of".
    fn is_replaced(&self, at: usize, meanings: &[(usize, usize)]) -> bool {
        let now = meanings.iter().any(|(key, value)| self.options.current(*key) == Some(*value));
        now && self.any_mark(self.segment(at).start..at, &[Mark::Rather])
    }

    /// How much of the value stands here, and where it ends.
    fn value_match(&self, at: usize, value: &Value) -> Option<(f64, usize)> {
        if value.polarity != Polarity::Plain
            && value.core.len() < 2
            && value.written.split_whitespace().count() < 2
            && value.number.is_none()
        {
            let none = self.token(at).is_some_and(|token| token.raw == value.written.to_lowercase());
            return (none && value.polarity == Polarity::No && value.written.len() > 2)
                .then(|| (1.0, at.saturating_add(1)));
        }
        if value.polarity == Polarity::No {
            return None;
        }
        let vocabulary = &self.catalogue.vocabulary;
        let mut end = at;
        let mut weight = 0.0;
        let mut left: Vec<TermId> = value.terms.clone();
        let mut core_met = false;
        while end < at.saturating_add(value.terms.len().saturating_add(1)) {
            let broken = end > at && self.token(end).is_none_or(|token| token.before != Break::None);
            let hit = left.iter().position(|term| self.hits.of(end, *term) >= 0.6).filter(|_| !broken);
            let Some(term) = hit.map(|hit| left.remove(hit)) else { break };
            let function = vocabulary.get(term).is_some_and(|term| term.function);
            let core = value.core.contains(&term);
            core_met = core_met || (core && !function);
            weight += self.hits.of(end, term) * if core { 1.0 } else { 0.2 };
            end = end.saturating_add(1);
        }
        let full = value.core.iter().all(|term| !left.contains(term));
        let bare = self.token(at).is_some_and(|token| token.common && !token.digits);
        let weight = if full { weight + 0.5 } else { weight };
        (end > at && (full || (core_met && !bare))).then_some((weight, end))
    }

    /// "Waterproof", "not waterproof", "no backlight": a yes or no to an option.
    fn yes_no(&self, at: usize) -> Option<Found> {
        let denied_value = || {
            let keys = self.options.keys.iter().enumerate();
            let mut values = keys.flat_map(|(key_at, key)| {
                key.values.iter().enumerate().map(move |(value_at, value)| (key_at, value_at, value))
            });
            values.find(|(_, _, value)| {
                value.polarity == Polarity::No
                    && value.terms.len() > 1
                    && value.core.iter().any(|term| self.hits.of(at, *term) >= 0.7)
            })
        };
        if let Some((key, value, _)) = Some(()).filter(|()| self.is_denied(at)).and_then(|()| denied_value()) {
            return Some(Found {
                range: at..at.saturating_add(1),
                meanings: vec![(key, value)],
                missing: None,
                denied: false,
            });
        }
        let key_at = self.key_at(at)?;
        let key = self.options.keys.get(key_at)?;
        let no = key.values.iter().position(|value| value.polarity == Polarity::No)?;
        let denied = self.is_denied(at);
        let range = at..at.saturating_add(1);
        let near = at.saturating_sub(2).max(self.segment(at).start)..at.saturating_add(3).min(self.segment(at).end);
        let valued = near.filter(|near| *near != at).any(|near| {
            key.values.iter().any(|value| value.polarity == Polarity::Plain && self.value_match(near, value).is_some())
        });
        if valued && !denied {
            return None;
        }
        if denied {
            return Some(Found { range, meanings: vec![(key_at, no)], missing: None, denied: false });
        }
        let asks = key.values.iter().any(|value| value.polarity == Polarity::Yes) || self.is_with(at);
        let positive = key
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.polarity != Polarity::No)
            .map(|(value, _)| (key_at, value))
            .collect();
        asks.then_some(Found { range, meanings: positive, missing: None, denied: false })
    }

    fn is_with(&self, at: usize) -> bool {
        let water = self.token(at).is_some_and(|token| !token.common);
        let with = (at.saturating_sub(2)..at).filter_map(|near| self.token(near)).any(|token| token.is(Role::Having));
        with || (water
            && self.options.keys.iter().any(|key| {
                key.values
                    .iter()
                    .any(|value| value.polarity == Polarity::No && value.core.len() + value.terms.len() > 2)
            }))
    }

    /// A value of the right form that no variant has: `8 bar`, a colour that is not made.
    fn missing(&self, at: usize, token: &Token) -> Option<Found> {
        let keys = || self.options.keys.iter().enumerate();
        let measured = || {
            let dimension = token.dimension?;
            keys()
                .find(|(_, key)| key.values.iter().any(|value| value.dimension == Some(dimension)))
                .map(|(key, _)| key)
        };
        let sized = || {
            let before = at
                .checked_sub(1)
                .filter(|_| token.digits && token.dimension.is_none() && token.before == Break::None)?;
            let key = self.key_at(before)?;
            self.options.keys.get(key)?.values.iter().all(|value| value.number.is_some()).then_some(key)
        };
        let scaled = || {
            let on_scale = |key: &super::options::OptionKey| {
                let stems = || {
                    key.values
                        .iter()
                        .filter_map(|value| self.catalogue.vocabulary.get(*value.core.last()?))
                        .map(|term| &term.stem)
                };
                let scale = |scale: &&std::collections::HashMap<String, usize>| {
                    scale.contains_key(&token.stem) && stems().all(|stem| scale.contains_key(stem))
                };
                key.values.len() > 1
                    && key.values.iter().all(|value| value.number.is_none())
                    && self.lexicon.scales.iter().any(|one| scale(&one))
            };
            let sized = token.marks.is_empty() && (!token.common || token.before != Break::None);
            keys().find(|(_, key)| sized && on_scale(key)).map(|(key, _)| key)
        };
        let kind = || {
            let kind = self.lexicon.kinds.get(&token.stem)?;
            keys().find(|(_, key)| key.stems.contains(kind)).map(|(key, _)| key)
        };
        let compared = (at..at.saturating_add(3))
            .filter_map(|near| self.token(near))
            .any(|token| leading_direction(token).is_some());
        let key =
            measured().or_else(sized).or_else(kind).or_else(scaled).filter(|_| !compared && !self.is_denied(at))?;
        Some(Found {
            range: at..at.saturating_add(1),
            meanings: Vec::new(),
            missing: Some((key, token.raw.clone())),
            denied: false,
        })
    }

    /// "If there is no red one": what is missed there is a wish.
    fn is_condition(&self, at: usize) -> bool {
        let near = at.saturating_sub(3).max(self.segment(at).start)..at;
        near.filter_map(|near| self.token(near)).any(|token| token.has(Mark::Unless))
    }

    /// Whether a "not" stands right before.
    fn is_denied(&self, at: usize) -> bool {
        let mut back = at;
        for _ in 0..4 {
            let Some(token) = self.token(back) else { return false };
            if token.before != Break::None {
                return false;
            }
            let Some(before) = back.checked_sub(1) else { return false };
            let Some(previous) = self.token(before) else { return false };
            if previous.marks.any(&DENYING) || (previous.inside && self.mark_over(before).any(&DENYING)) {
                return !self.is_condition(before);
            }
            let joined = previous.is(Role::Or);
            let passes = joined
                || previous.common
                    && self.lexicon.function.contains(&previous.raw)
                    && !self.lexicon.connectors.contains(&previous.raw);
            let listed = !joined && self.after_or(back) && !self.hits.at(before).is_empty();
            if !passes && !listed && !self.is_key_word(before) {
                return false;
            }
            back = before;
        }
        false
    }

    /// Whether the token follows an "or": in "not red or blue" the blue is denied as well.
    fn after_or(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.is(Role::Or))
    }

    fn is_key_word(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| !token.digits) && self.key_at(at).is_some()
    }

    /// The marks of the phrase that a token lies in.
    fn mark_over(&self, at: usize) -> super::lexicon::Marks {
        let start = (0..=at).rev().find(|start| self.token(*start).is_some_and(|token| !token.inside));
        start.and_then(|start| self.token(start)).map(|token| token.marks).unwrap_or_default()
    }
}
