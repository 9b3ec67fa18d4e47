//! What does the customer wish a variant to be?

use std::ops::Range;

use super::catalogue::Polarity;
use super::found::{Found, Request, find_values};
use super::lexicon::{DegreeUse, Direction, Mark, Role};
use super::plan::{Comparison, Plan, Step, Wish, join_wish};
use super::reference::leading_direction;
use super::text::{Break, Token};

struct Parser<'a> {
    request: Request<'a>,
    /// The value found at each token.
    found: Vec<Option<Found>>,
    plans: Vec<Plan>,
    sentence: usize,
    utterance: usize,
    utterances: usize,
    segment: Range<usize>,
    last_key: Option<usize>,
    over: Option<usize>,
    /// Up to here values are only named to say that they do not matter.
    deaf: usize,
}

/// The plans of a text, best first; empty when nothing bears on the options.
pub(super) fn plans(request: Request<'_>) -> Vec<Plan> {
    let utterances = request.tokens.iter().filter(|token| token.before == Break::Utterance).count();
    let mut parser = Parser {
        found: find_values(request),
        request,
        plans: vec![Plan::default()],
        sentence: 0,
        utterance: 0,
        utterances,
        segment: 0..0,
        last_key: None,
        over: None,
        deaf: 0,
    };
    let mut at = 0;
    while at < request.tokens.len() {
        at = parser.step(at).max(at.saturating_add(1));
    }
    parser.plans.retain(|plan| !plan.is_empty());
    parser.plans
}

impl<'a> Parser<'a> {
    fn token(&self, at: usize) -> Option<&'a Token> {
        self.request.tokens.get(at)
    }

    fn plan(&mut self) -> Option<&mut Plan> {
        self.plans.last_mut()
    }

    /// Reads what stands at a token; gives the token to go on with.
    fn step(&mut self, at: usize) -> usize {
        let Some(token) = self.token(at) else { return at };
        if token.before >= Break::Sentence {
            self.sentence = self.sentence.saturating_add(1);
            self.utterance = self.utterance.saturating_add(usize::from(token.before == Break::Utterance));
            self.last_key = None;
            self.over = None;
        }
        if at == 0 || token.before != Break::None || at >= self.segment.end {
            self.segment = self.request.segment(at);
        }
        if at < self.deaf || !self.request.heard.get(at).copied().unwrap_or(true) {
            return at;
        }
        if let Some(end) = self.price_limit(at).or_else(|| self.comparison(at)).or_else(|| self.value(at)) {
            return end;
        }
        self.mark(at);
        at
    }

    fn sentence_range(&self, at: usize) -> Range<usize> {
        super::pick::sentence_around(self.request.tokens, at)
    }

    fn any_mark(&self, range: Range<usize>, marks: &[Mark]) -> bool {
        self.request.any_mark(range, marks)
    }

    fn key_at(&self, at: usize) -> Option<usize> {
        self.request.key_at(at)
    }

    fn find(&self, at: usize) -> Option<&Found> {
        self.found.get(at).and_then(Option::as_ref)
    }

    fn is_direct(&self) -> bool {
        self.utterance.saturating_add(self.request.direct) > self.utterances
    }

    fn mark(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let marks = token.marks;
        if marks.has(Mark::Free) {
            self.free(at);
        }
        if marks.any(&[Mark::Same, Mark::Hold]) {
            self.same(at);
        }
        if marks.has(Mark::Fallback) {
            self.fallback(at);
        }
        if marks.has(Mark::Over) {
            self.over = self.last_key;
        }
    }

    /// "The colour does not matter", "any colour", "I don't mind the rest".
    fn free(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let after = at.saturating_add(token.mark_len);
        let any = token.is(Role::Any);
        let named = |range: Range<usize>| -> Vec<usize> { range.filter_map(|near| self.key_at(near)).collect() };
        let ahead = named(after..self.segment.end);
        let mut keys = if ahead.is_empty() { named(self.segment.start..at) } else { ahead };
        let indifferent = if keys.is_empty() && !any { self.either_or(at, after) } else { Vec::new() };
        keys.extend(indifferent.iter().copied());
        let next = self.token(after);
        if any && keys.is_empty() && next.is_some_and(|next| next.before == Break::None && !next.is(Role::Kind)) {
            return;
        }
        if any {
            keys = (after..after.saturating_add(3)).filter_map(|near| self.key_at(near)).collect();
        }
        if keys.is_empty() && !self.any_mark(self.segment.clone(), &[Mark::Rest]) && token.mark_len > 1 {
            keys = self.key_before(self.segment.start);
        }
        let keeps_rest = keys.is_empty() && (token.mark_len > 1 || self.is_direct() || !any);
        let Some(plan) = self.plan() else { return };
        if keeps_rest {
            plan.free_rest = true;
        }
        plan.wishes.retain(|wish| !keys.contains(&wish.key));
        plan.kept.retain(|key| !keys.contains(key));
        plan.free.extend(keys);
        self.deaf = if indifferent.is_empty() { self.deaf } else { self.segment.end };
    }

    /// "I don't care whether it is red or blue", "wired or not, whatever": options of which every value will do.
    fn either_or(&self, at: usize, after: usize) -> Vec<usize> {
        let either = |range: Range<usize>| -> Vec<usize> {
            let or = range.clone().filter_map(|near| self.token(near)).any(|token| token.is(Role::Or));
            let found = range.filter(|_| or).filter_map(|near| self.find(near));
            found.flat_map(|found| found.meanings.iter().map(|(key, _)| *key)).collect()
        };
        let ahead = either(after..self.segment.end);
        if ahead.is_empty() { either(self.segment.start..at) } else { ahead }
    }

    /// The option named without a value in the part before: "waterproof or not, I don't care".
    fn key_before(&self, start: usize) -> Vec<usize> {
        let Some(token) = self.token(start) else { return Vec::new() };
        if token.before != Break::Comma {
            return Vec::new();
        }
        let from =
            (0..start).rev().find(|at| self.token(*at).is_some_and(|token| token.before != Break::None)).unwrap_or(0);
        let plain = |at: &usize| self.key_at(*at).is_some();
        let named: Vec<usize> = (from..start).filter(plain).filter_map(|at| self.key_at(at)).collect();
        let valued = (from..start).any(|at| {
            self.find(at).is_some_and(|found| found.meanings.iter().any(|(key, value)| self.is_plain(*key, *value)))
        });
        if valued { Vec::new() } else { named }
    }

    fn is_plain(&self, key: usize, value: usize) -> bool {
        self.request.options.value(key, value).is_some_and(|value| value.polarity == Polarity::Plain)
    }

    /// "Same material", "keep the size", "everything else the same", "the very same".
    fn same(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let after = at.saturating_add(token.mark_len);
        let end = (after..self.segment.end)
            .find(|at| {
                self.token(*at)
                    .is_some_and(|token| token.is(Role::But) || token.marks.any(&[Mark::Rest, Mark::Becomes]))
            })
            .unwrap_or(self.segment.end);
        let keys: Vec<usize> = (after..end.min(after.saturating_add(5))).filter_map(|near| self.key_at(near)).collect();
        let values: Vec<(usize, usize)> =
            (after..end).filter_map(|near| self.find(near)).flat_map(|found| found.meanings.iter().copied()).collect();
        let kept: Vec<usize> = keys
            .into_iter()
            .filter(|key| {
                !values.iter().any(|(other, value)| other == key && self.request.options.current(*key) != Some(*value))
            })
            .collect();
        let whole = kept.is_empty() && values.is_empty();
        if self.any_mark(self.sentence_range(at).start..at, &[Mark::Unless]) {
            return;
        }
        let Some(plan) = self.plan() else { return };
        if whole {
            plan.same = plan.same || token.has(Mark::Same);
        }
        for key in kept {
            plan.wishes.retain(|wish| wish.key != key);
            plan.free.retain(|free| *free != key);
            if !plan.kept.contains(&key) {
                plan.kept.push(key);
            }
        }
    }

    /// "Otherwise" opens another plan, unless what follows is about an option that was already spoken of.
    fn fallback(&mut self, at: usize) {
        let end = self.sentence_range(at).end;
        let Some(found) = (at..end).find_map(|near| self.find(near)) else { return };
        let known = self.plans.iter().any(|plan| {
            found
                .meanings
                .iter()
                .any(|(key, _)| plan.wishes.iter().any(|wish| wish.key == *key) || plan.kept.contains(key))
                || found.missing.as_ref().is_some_and(|(key, _)| plan.wishes.iter().any(|wish| wish.key == *key))
        });
        let begun = self.plans.last().is_some_and(|plan| plan.changes() || plan.same);
        if !known && begun {
            self.plans.push(Plan::default());
        }
    }

    /// "Under $300".
    fn price_limit(&mut self, at: usize) -> Option<usize> {
        let token = self.token(at).filter(|token| token.has(Mark::Below))?;
        let after = at.saturating_add(token.mark_len);
        let near: Vec<&Token> = (after..after.saturating_add(3)).map_while(|at| self.token(at)).collect();
        let money = near.iter().any(|token| self.request.lexicon.currency.contains(&token.raw));
        let limit = near.iter().find_map(|token| token.number.filter(|_| token.digits)).filter(|_| money)?;
        self.plan()?.price_max = Some(limit);
        Some(after.saturating_add(2))
    }

    /// A comparative or superlative at this token.
    fn comparison(&mut self, at: usize) -> Option<usize> {
        let token = self.token(at)?;
        let leads = leading_direction(token).filter(|_| !token.inside);
        let degree_at = |at: usize| {
            self.token(at)
                .and_then(|token| self.request.lexicon.degrees.get(&token.raw))
                .filter(|_| at < self.segment.end)
        };
        let stepped = if token.has(Mark::StepUp) {
            Some(Direction::Up)
        } else if token.has(Mark::StepDown) {
            Some(Direction::Down)
        } else {
            None
        };
        let slight = self.is_slight(at);
        let base_at = |at: usize| degree_at(at).filter(|uses| uses.iter().any(|degree| degree.direction.is_none()));
        let turned = |uses: &[DegreeUse], direction: Direction| {
            uses.iter().find(|degree| degree.direction.is_none()).map_or(direction, |degree| direction.of(degree))
        };
        let next = at.saturating_add(1);
        // "As long as the shoe keeps its size" measures nothing.
        let goes_on = |at: usize| {
            let of = self.token(at).is_some_and(|of| self.request.lexicon.determiners.contains(&of.raw));
            of || self.any_mark(at..self.segment.end, &[Mark::Same, Mark::Hold, Mark::Stays])
        };
        let utmost = token.is(Role::As)
            && self.token(at.saturating_add(2)).is_some_and(|after| after.is(Role::As))
            && !goes_on(at.saturating_add(3));
        let excess = token.has(Mark::Excess).then(|| at.saturating_add(token.mark_len));
        let (direction, uses, end): (Direction, &[DegreeUse], usize) = match (degree_at(at), leads) {
            // "Too small" asks for the next one up.
            _ if excess.and_then(base_at).is_some() => {
                let base = excess.and_then(base_at)?;
                (turned(base, Direction::Down), base, excess?.saturating_add(1))
            }
            (_, Some(direction)) if base_at(next).is_some() => {
                (turned(base_at(next)?, direction), base_at(next)?, at.saturating_add(2))
            }
            _ if utmost && base_at(next).is_some() => {
                (turned(base_at(next)?, Direction::Most), base_at(next)?, at.saturating_add(4))
            }
            (Some(uses), _) if uses.iter().any(|degree| degree.direction.is_some()) => {
                (uses.iter().find_map(|degree| degree.direction)?, uses, at.saturating_add(1))
            }
            (_, Some(direction)) => (direction, &[], at.saturating_add(1)),
            _ if slight && stepped.is_some() => (stepped?, &[], at.saturating_add(1)),
            _ => return None,
        };
        let priced = uses.iter().any(|degree| degree.keys.iter().any(|key| key == "price"));
        let key = if priced { None } else { Some(self.compared_key(at, end, uses)?) };
        let whichever = self.any_mark(self.segment.start..at, &[Mark::Free]);
        let direction = match direction {
            Direction::Up if whichever => Direction::Most,
            Direction::Down if whichever => Direction::Least,
            direction => direction,
        };
        let step =
            if slight || excess.is_some() { Step::Nearest } else { self.delta(at, key).map_or(Step::Any, Step::By) };
        self.compare(key, direction, step);
        Some(end)
    }

    fn compare(&mut self, key: Option<usize>, direction: Direction, step: Step) {
        let utterance = self.utterance;
        self.last_key = key.or(self.last_key);
        let soft = self.any_mark(self.segment.clone(), &[Mark::Allow]);
        let Some(plan) = self.plan() else { return };
        plan.comparisons.retain(|comparison| comparison.key != key);
        plan.wishes.retain(|wish| Some(wish.key) != key || wish.utterance == utterance);
        plan.comparisons.push(Comparison { key, direction, step, soft, utterance });
    }

    /// "One size smaller", "slightly lower", "one step down".
    fn is_slight(&self, at: usize) -> bool {
        let from = at.saturating_sub(3).max(self.segment.start);
        (from..at.saturating_add(1))
            .filter_map(|near| self.token(near).map(|token| (near, token)))
            .any(|(near, token)| token.has(Mark::Slight) && near.saturating_add(token.mark_len) >= at.saturating_sub(1))
    }

    /// "500 pieces less", "1000 more pieces".
    fn delta(&self, at: usize, key: Option<usize>) -> Option<f64> {
        let key = key?;
        let numbered = |token: &&Token| token.digits || token.dimension.is_some();
        let fits = |token: &Token| {
            let values = &self.request.options.keys.get(key)?.values;
            let same = token.dimension.is_none()
                || values.iter().any(|value| value.dimension.is_none() || value.dimension == token.dimension);
            token.number.filter(|_| same)
        };
        let before = (at.saturating_sub(2)..at)
            .rev()
            .filter(|near| *near >= self.segment.start)
            .find_map(|near| self.token(near).filter(numbered));
        before.and_then(fits)
    }

    /// The option a comparison is about: the one named beside it, else what the comparative measures.
    fn compared_key(&self, at: usize, end: usize, uses: &[DegreeUse]) -> Option<usize> {
        let ordered =
            |key: &usize| self.request.options.order(self.request.lexicon, self.request.catalogue, *key).is_some();
        // "The easiest with the fewest pieces": the pieces are those of the next comparison.
        let compares = |near: &usize| {
            self.token(*near).is_some_and(|token| {
                let uses = self.request.lexicon.degrees.get(&token.raw);
                leading_direction(token).is_some()
                    || uses.into_iter().flatten().any(|degree| degree.direction.is_some())
            })
        };
        let named = (end..end.saturating_add(4).min(self.segment.end))
            .take_while(|near| !compares(near))
            .find_map(|near| self.key_at(near).filter(ordered));
        let unit = (at.saturating_sub(2)..end.saturating_add(2)).find_map(|near| self.unit_key(near).filter(ordered));
        let measured = || {
            uses.iter().flat_map(|degree| &degree.keys).find_map(|word| {
                let keys = self.request.options.keys.iter().enumerate();
                keys.filter(|(_, key)| key.stems.contains(word)).map(|(at, _)| at).find(ordered)
            })
        };
        let sentence = self.sentence_range(at);
        let nearby = || {
            if uses.is_empty() {
                (sentence.start..sentence.end).find_map(|near| self.key_at(near).filter(ordered))
            } else {
                None
            }
        };
        let before = || (self.segment.start..at).rev().find_map(|near| self.key_at(near).filter(ordered));
        named.or(unit).or_else(measured).or_else(before).or_else(|| self.last_key.filter(ordered)).or_else(nearby)
    }

    /// The option whose values are counted in the unit at this token.
    fn unit_key(&self, at: usize) -> Option<usize> {
        let token = self.token(at)?;
        let dimension = token.dimension.or_else(|| {
            self.request.lexicon.units.get(&token.raw).filter(|_| token.raw.chars().count() > 2).map(|(of, _)| *of)
        })?;
        let word =
            token.raw.split_whitespace().last().map(|word| self.request.lexicon.canonical(word)).unwrap_or_default();
        let keys = &self.request.options.keys;
        let measured = keys.iter().position(|key| key.values.iter().any(|value| value.dimension == Some(dimension)));
        measured.or_else(|| keys.iter().position(|key| key.stems.contains(&word)))
    }

    /// A value at this token.
    fn value(&mut self, at: usize) -> Option<usize> {
        let found = self.find(at)?.clone();
        let end = found.range.end.max(at.saturating_add(1));
        if let Some((key, written)) = found.missing.clone() {
            self.wish(key, None, &found, &written);
            return Some(end);
        }
        let meanings = self.intended(&found);
        let keys: Vec<usize> = meanings.iter().map(|(key, _)| *key).collect();
        let key = *keys.first()?;
        let values: Vec<usize> = meanings.iter().filter(|(other, _)| *other == key).map(|(_, value)| *value).collect();
        if found.denied {
            self.deny(key, &values);
        } else {
            self.wish(key, Some(values), &found, "");
        }
        self.last_key = Some(key);
        Some(end)
    }

    /// Of several options that have the same value, the one named beside it, else one that would change.
    fn intended(&self, found: &Found) -> Vec<(usize, usize)> {
        let near = found.range.start.saturating_sub(2).max(self.segment.start)
            ..found.range.end.saturating_add(2).min(self.segment.end);
        let hinted: Vec<usize> = near.filter(|at| !found.range.contains(at)).filter_map(|at| self.key_at(at)).collect();
        let by_hint: Vec<(usize, usize)> =
            found.meanings.iter().copied().filter(|(key, _)| hinted.contains(key)).collect();
        let mut meanings = if by_hint.is_empty() { found.meanings.clone() } else { by_hint };
        if meanings.iter().any(|(key, _)| meanings.first().is_some_and(|(first, _)| first != key)) {
            let settled = self.settled_keys(found.range.start);
            keep_some(&mut meanings, |(key, _)| !settled.contains(&key));
            let written = self.token(found.range.start).map(|token| token.raw.as_str()).unwrap_or_default();
            keep_some(&mut meanings, |(key, value)| {
                self.request.options.value(key, value).is_some_and(|value| value.written.to_lowercase() == written)
            });
            keep_some(&mut meanings, |(key, value)| self.request.options.current(key) != Some(value));
        }
        meanings
    }

    /// The options to which other words of the sentence give a value beyond doubt.
    fn settled_keys(&self, at: usize) -> Vec<usize> {
        let others = self.sentence_range(at).filter(|near| *near != at).filter_map(|near| self.find(near));
        let sole = |found: &Found| {
            let (key, _) = *found.meanings.first()?;
            found.meanings.iter().all(|(other, _)| *other == key).then_some(key)
        };
        others.filter_map(sole).collect()
    }

    fn deny(&mut self, key: usize, values: &[usize]) {
        let (sentence, utterance) = (self.sentence, self.utterance);
        let preferring = self.any_mark(self.segment.clone(), &[Mark::Prefer]);
        let Some(plan) = self.plan() else { return };
        let same = plan.wishes.iter_mut().find(|wish| wish.key == key && wish.sentence == sentence);
        if let Some(wish) = same.filter(|_| preferring) {
            wish.ranks.push(values.to_vec());
            return;
        }
        let wished = plan.wishes.iter().any(|wish| {
            wish.key == key
                && wish.utterance == utterance
                && wish.ranks.iter().flatten().any(|value| values.contains(value))
        });
        if !wished {
            plan.excluded.extend(values.iter().map(|value| (key, *value)));
        }
    }

    /// Enters a wish, with its rank among the wishes for the same option.
    fn wish(&mut self, key: usize, values: Option<Vec<usize>>, found: &Found, written: &str) {
        let current = self.request.options.current(key);
        let is_current = values.as_ref().is_some_and(|values| values.iter().all(|value| Some(*value) == current));
        let sentence_range = self.sentence_range(found.range.start);
        let rest = found.range.end..sentence_range.end;
        let becomes = self.any_mark(rest.clone(), &[Mark::Becomes]);
        let kept = self.any_mark(self.segment.start..found.range.start, &[Mark::Same, Mark::Hold]);
        if is_current
            && !kept
            && (becomes || !self.is_direct())
            && !self.any_mark(self.segment.clone(), &[Mark::Prefer, Mark::Fallback, Mark::Last, Mark::Unless])
        {
            return;
        }
        let chain = self.any_mark(
            sentence_range,
            &[Mark::Prefer, Mark::Fallback, Mark::Unless, Mark::Last, Mark::Over, Mark::Allow],
        ) || self.over.is_some();
        let soft = self.any_mark(self.segment.clone(), &[Mark::Prefer]);
        let allowed = self.any_mark(found.range.end..self.segment.end, &[Mark::Allow]) && !is_current;
        let values = self.widened(key, values, found.range.end);
        let either = found
            .range
            .start
            .checked_sub(1)
            .and_then(|before| self.token(before))
            .is_some_and(|before| before.is(Role::Or));
        let gives_way = is_current && !either;
        let (sentence, utterance) = (self.sentence, self.utterance);
        let unknown: Vec<String> = if written.is_empty() { Vec::new() } else { vec![written.to_owned()] };
        let Some(plan) = self.plan() else { return };
        plan.free.retain(|free| *free != key);
        plan.kept.retain(|kept| *kept != key);
        plan.comparisons.retain(|comparison| comparison.key != Some(key) || comparison.utterance == utterance);
        let ranks: Vec<Vec<usize>> = values.into_iter().collect();
        let before = plan.wishes.iter().position(|wish| wish.key == key);
        match before.and_then(|at| plan.wishes.get_mut(at)) {
            Some(wish) if wish.sentence == sentence => join_wish(wish, &ranks, (chain, gives_way), current),
            Some(wish)
                if chain && wish.utterance == utterance && sentence.saturating_sub(wish.sentence) == 1 && wish.soft =>
            {
                join_wish(wish, &ranks, (true, gives_way), current)
            }
            before => {
                let ranks = match current.filter(|_| allowed && before.is_none()) {
                    Some(current) => [vec![vec![current]], ranks].concat(),
                    None => ranks,
                };
                let wish = Wish { key, ranks, soft, unknown, sentence, utterance };
                match before {
                    Some(before) => *before = wish,
                    None => plan.wishes.push(wish),
                }
            }
        }
    }

    /// "i7 or better" is i7 and all above it.
    fn widened(&self, key: usize, values: Option<Vec<usize>>, end: usize) -> Option<Vec<usize>> {
        let values = values?;
        let mark = |mark| self.token(end).is_some_and(|token| token.has(mark));
        let (up, down) = (mark(Mark::AtLeast), mark(Mark::AtMost));
        if !up && !down {
            return Some(values);
        }
        let order = self.request.options.order(self.request.lexicon, self.request.catalogue, key)?;
        let edge = values.first().and_then(|value| order.get(*value)).copied()?;
        Some(
            (0..order.len())
                .filter(|value| order.get(*value).is_some_and(|rank| if up { *rank >= edge } else { *rank <= edge }))
                .collect(),
        )
    }
}

/// Keeps those that fit, unless none does.
fn keep_some(meanings: &mut Vec<(usize, usize)>, fits: impl Fn((usize, usize)) -> bool) {
    if meanings.iter().any(|meaning| fits(*meaning)) {
        meanings.retain(|meaning| fits(*meaning));
    }
}
