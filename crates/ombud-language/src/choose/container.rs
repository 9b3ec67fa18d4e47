//! Which of the candidates is the one that contains what the customer describes?

use ombud_domain::choice::Count;

use super::catalogue::Hits;
use super::lexicon::{Direction, Mark, Role};
use super::naming::{By, Scope};
use super::pick::{Manner, Outcome, Reading};
use super::reference::{Reference, Stance, comparison, references};
use super::text::Break;

/// Weights of what a customer says of a record; a number that is right outweighs all else.
const NUMBER_WEIGHT: f64 = 100.0;
const VALUE_WEIGHT: f64 = 0.5;
const WORD_WEIGHT: f64 = 1.5;
const ALONE_WEIGHT: f64 = 0.9;

/// The option of a thing that says what it costs.
pub(super) const PRICE_KEY: &str = "price";

/// Reads which records the text describes.
pub(super) fn pick_container(reading: &Reading<'_>, earlier: Option<&Reading<'_>>) -> Outcome {
    let evidence = evidence(reading);
    let wants = wants(reading);
    let wants_all = wants != Wants::One;
    if reading.manner == Manner::Clear
        && reading.count == Count::One
        && (wants_all || speaks_of_many(reading))
        && evidence.weight < NUMBER_WEIGHT
    {
        return Outcome::Unread;
    }
    if evidence.weight <= 0.0 && !wants_all {
        return super::pick::by_place(reading);
    }
    if reading.count == Count::Many && !evidence.numbers.is_empty() {
        return numbered(reading, evidence);
    }
    let mut best = best(reading, &evidence.scores);
    if wants_all && reading.count == Count::Many {
        let holding = |at: &usize| wants == Wants::Records && evidence.borne.iter().flatten().any(|owner| owner == at);
        let mut held: Vec<usize> =
            (0..reading.candidates.len()).filter(|at| holding(at) && reading.is_eligible(*at)).collect();
        let described = held.iter().map(|at| score(&evidence.described, *at)).fold(f64::MIN, f64::max);
        held.retain(|at| score(&evidence.described, *at) >= described - 1e-6);
        let eligible: Vec<usize> =
            if held.is_empty() { best.iter().copied().filter(|at| reading.is_eligible(*at)).collect() } else { held };
        let all: Vec<usize> = (0..reading.candidates.len()).filter(|at| reading.is_eligible(*at)).collect();
        // "Both of my orders, to unit 9": no more than a value that some thing has tells no order.
        let tells = match wants {
            Wants::Records => !evidence.borne.is_empty() || evidence.described.iter().any(|told| *told != 0.0),
            _ => evidence.weight > 0.0,
        };
        let set = if tells && !eligible.is_empty() { eligible } else { all };
        return if set.is_empty() { Outcome::Unread } else { Outcome::Picked { set, because: evidence.because } };
    }
    if let Some(earlier) = earlier.filter(|_| best.len() > 1) {
        let before = self::evidence(earlier);
        let top = best.iter().map(|at| score(&before.scores, *at)).fold(f64::MIN, f64::max);
        best.retain(|at| score(&before.scores, *at) >= top - 1e-6);
    }
    if let Some(one) = by_price(reading, &evidence, &best) {
        best = vec![one];
    }
    if let Some(open) = open_instead(reading, &evidence, &best) {
        best = open;
    }
    if reading.manner == Manner::Clear && !best.iter().all(|at| evidence.explained(*at)) {
        return Outcome::Unread;
    }
    decide(reading, best, evidence.because)
}

/// "The pricier of my two tablets", where each is in a record of its own: the record of the one that costs the most.
fn by_price(reading: &Reading<'_>, evidence: &Evidence, best: &[usize]) -> Option<usize> {
    if best.len() < 2 {
        return None;
    }
    let (direction, ..) = comparison(reading.scope(), &(0..reading.tokens.len()))
        .filter(|(_, keys, _)| keys.iter().any(|key| key == PRICE_KEY))?;
    let sign = if matches!(direction, Direction::Up | Direction::Most) { 1.0 } else { -1.0 };
    let price = |entry: &usize| {
        let entry = reading.catalogue.contents.get(*entry)?;
        let field = entry.fields.iter().find(|field| field.key_name == PRICE_KEY)?;
        let open = best.contains(&entry.owner) && reading.is_eligible(entry.owner);
        open.then(|| field.written.parse::<f64>().ok()).flatten().map(|price| (sign * price, entry.owner))
    };
    let mut priced: Vec<(f64, usize)> = evidence.entries.iter().filter_map(price).collect();
    priced.sort_by(|one, other| other.0.total_cmp(&one.0));
    match priced.as_slice() {
        [(first, owner), rest @ ..] => {
            rest.iter().all(|(price, other)| other == owner || *price < *first).then_some(*owner)
        }
        [] => None,
    }
}

/// The records that may be picked and have all the things named too, where those that fit best may not: of "the black helmet, I'd like it in
/// blue" the colour that is wished may be that of a helmet in a cancelled order.
fn open_instead(reading: &Reading<'_>, evidence: &Evidence, best: &[usize]) -> Option<Vec<usize>> {
    let is_told = !evidence.numbers.is_empty() || evidence.described.iter().any(|told| *told != 0.0);
    if is_told || evidence.borne.is_empty() || best.iter().any(|at| reading.is_eligible(*at)) {
        return None;
    }
    let has_all = |at: &usize| reading.is_eligible(*at) && evidence.borne.iter().all(|owners| owners.contains(at));
    let open: Vec<usize> = (0..reading.candidates.len()).filter(has_all).collect();
    let top = open.iter().map(|at| score(&evidence.scores, *at)).fold(f64::MIN, f64::max);
    let open: Vec<usize> = open.into_iter().filter(|at| score(&evidence.scores, *at) >= top - 1e-6).collect();
    (!open.is_empty()).then_some(open)
}

/// "My orders", "an address that is on another order": what is said is not of one order.
fn speaks_of_many(reading: &Reading<'_>) -> bool {
    let has = |mark| reading.tokens.iter().any(|token| token.has(mark));
    if has(Mark::All) && !has(Mark::Order) {
        return true;
    }
    let another = reading
        .tokens
        .windows(2)
        .any(|pair| matches!(pair, [other, order] if other.has(Mark::Other) && order.has(Mark::Order)));
    another
        || reading
            .tokens
            .iter()
            .any(|token| token.has(Mark::Elsewhere) || (token.has(Mark::Order) && token.raw.ends_with('s')))
}

fn decide(reading: &Reading<'_>, best: Vec<usize>, because: String) -> Outcome {
    let eligible: Vec<usize> = best.iter().copied().filter(|at| reading.is_eligible(*at)).collect();
    match (eligible.as_slice(), best.as_slice()) {
        ([one], _) => Outcome::Picked { set: vec![*one], because },
        ([], []) => Outcome::Unread,
        ([], _) => Outcome::Ineligible(best),
        _ => Outcome::Several(eligible),
    }
}

/// Several records named by their numbers.
fn numbered(reading: &Reading<'_>, evidence: Evidence) -> Outcome {
    let mut set: Vec<usize> = evidence.numbers.iter().copied().filter(|at| reading.is_eligible(*at)).collect();
    set.sort_unstable();
    set.dedup();
    if set.is_empty() {
        Outcome::Ineligible(evidence.numbers)
    } else {
        Outcome::Picked { set, because: evidence.because }
    }
}

struct Evidence {
    scores: Vec<f64>,
    weight: f64,
    because: String,
    /// The owners of each thing that was named.
    named: Vec<Vec<usize>>,
    /// The things themselves.
    entries: Vec<usize>,
    /// The owners of anything of each of these names, whatever else was said of it.
    borne: Vec<Vec<usize>>,
    /// The records whose numbers were given.
    numbers: Vec<usize>,
    /// How well each record fits what was said of the record itself: its status, its place.
    described: Vec<f64>,
}

impl Evidence {
    /// Whether all that was named is in this record.
    fn explained(&self, at: usize) -> bool {
        score(&self.scores, at) >= NUMBER_WEIGHT || self.named.iter().all(|owners| owners.contains(&at))
    }
}

fn score(scores: &[f64], at: usize) -> f64 {
    scores.get(at).copied().unwrap_or(0.0)
}

fn best(reading: &Reading<'_>, scores: &[f64]) -> Vec<usize> {
    let top = scores.iter().copied().fold(f64::MIN, f64::max);
    (0..reading.candidates.len()).filter(|at| score(scores, *at) >= top - 1e-6).collect()
}

fn evidence(reading: &Reading<'_>) -> Evidence {
    let mut evidence = Evidence {
        scores: vec![0.0; reading.candidates.len()],
        weight: 0.0,
        because: String::new(),
        named: Vec::new(),
        entries: Vec::new(),
        borne: Vec::new(),
        numbers: Vec::new(),
        described: vec![0.0; reading.candidates.len()],
    };
    let mut because: Vec<String> = Vec::new();
    let contents = Scope { entries: &reading.catalogue.contents, ..reading.scope() };
    let inside = references(contents);
    for reference in inside.iter().filter(|reference| reference.by.is_some()) {
        if let Some(weight) = content_evidence(reading, reference, &mut evidence.scores) {
            evidence.weight += weight;
            because.push(reading.words(&reference.range));
            if reference.by >= Some(By::Name) && reference.stance != Stance::Unwanted && !is_settled(reading, reference)
            {
                let owners = reference
                    .set
                    .iter()
                    .filter_map(|entry| reading.catalogue.contents.get(*entry))
                    .map(|entry| entry.owner);
                evidence.named.push(owners.collect());
                evidence.entries.extend(reference.set.iter().copied());
                let base = reference.base.iter().filter_map(|entry| reading.catalogue.contents.get(*entry));
                evidence.borne.push(base.map(|entry| entry.owner).collect());
            }
        }
    }
    evidence.numbers = number_evidence(reading, &mut evidence.scores, &mut because);
    evidence.weight += if evidence.numbers.is_empty() { 0.0 } else { NUMBER_WEIGHT };
    evidence.weight += word_evidence(reading, &mut evidence.described, &mut because);
    for (score, described) in evidence.scores.iter_mut().zip(&evidence.described) {
        *score += described;
    }
    evidence.weight += size_evidence(reading, &inside, &mut evidence.scores);
    evidence.because = because.join("; ");
    evidence
}

/// The owners of what is named gain; the weight is how much the mention tells.
fn content_evidence(reading: &Reading<'_>, reference: &Reference, scores: &mut [f64]) -> Option<f64> {
    let owner = |entry: &usize| reading.catalogue.contents.get(*entry).map(|entry| entry.owner);
    let weight = match reference.by {
        Some(By::Name) => 1.0,
        _ if reading.tokens.get(reference.range.clone()).unwrap_or_default().iter().all(|token| token.common) => {
            return None;
        }
        _ => VALUE_WEIGHT,
    };
    let without = reference.stance == Stance::Unwanted && lacks(reading, reference);
    let mut owners: Vec<usize> = reference.set.iter().filter_map(owner).collect();
    let mut bearers: Vec<usize> = reference.base.iter().filter_map(owner).collect();
    if let Some(number) = reference.number.filter(|number| *number > 1 && reference.by == Some(By::Name)) {
        let enough: Vec<usize> =
            owners.iter().copied().filter(|at| owners.iter().filter(|other| *other == at).count() >= number).collect();
        if !enough.is_empty() {
            owners = enough;
        }
    }
    owners.sort_unstable();
    owners.dedup();
    bearers.sort_unstable();
    bearers.dedup();
    let sign = if without || is_settled(reading, reference) { -1.0 } else { 1.0 };
    for (at, score) in scores.iter_mut().enumerate() {
        if bearers.contains(&at) {
            *score += sign * weight * 0.7;
        }
        if owners.contains(&at) {
            *score += sign * weight * 0.3;
        }
    }
    Some(weight)
}

/// "The lamp is going there already": nothing is asked for the record that has it.
fn is_settled(reading: &Reading<'_>, reference: &Reference) -> bool {
    let clause = (reference.range.end..reading.tokens.len()).map_while(|at| reading.tokens.get(at));
    clause.take_while(|token| token.before < Break::Comma).any(|token| token.has(Mark::Settled))
        || reading.tokens.get(reference.range.clone()).unwrap_or_default().iter().any(|token| token.has(Mark::Settled))
}

/// "Without the lamp", "not the one with the lamp".
fn lacks(reading: &Reading<'_>, reference: &Reference) -> bool {
    let from = reference.range.start.saturating_sub(5);
    let before = reading.tokens.get(from..reference.range.end).unwrap_or_default();
    before.iter().any(|token| token.is(Role::Without) || (token.has(Mark::Negate) && token.is(Role::Not)))
        && before.iter().any(|token| token.is(Role::Without) || token.is(Role::Having))
}

/// A number that belongs to a record decides; of several, one that may be picked, and after a correction the last.
fn number_evidence(reading: &Reading<'_>, scores: &mut [f64], because: &mut Vec<String>) -> Vec<usize> {
    let scope = reading.scope();
    let numbered = |at: usize| {
        let named = scope.resolve(&(at..at.saturating_add(1))).filter(|named| named.by == By::Id)?;
        named.set.first().map(|entry| (at, *entry))
    };
    let mut all: Vec<(usize, usize)> = (0..reading.tokens.len()).filter_map(numbered).collect();
    if all.is_empty() {
        all.extend((0..reading.tokens.len()).filter_map(|at| ending(reading, at)));
    }
    let eligible: Vec<(usize, usize)> = all.iter().copied().filter(|(_, entry)| reading.is_eligible(*entry)).collect();
    let found = if eligible.is_empty() { all } else { eligible };
    let corrected = |from: usize, to: usize| {
        (from..to).filter_map(|at| scope.token(at)).any(|token| token.marks.any(&[Mark::Correct, Mark::Negate]))
    };
    let mut standing: Vec<(usize, usize)> = Vec::new();
    for (at, entry) in found {
        if standing.last().is_some_and(|(before, _)| corrected(*before, at)) {
            standing.clear();
        }
        standing.push((at, entry));
    }
    for (at, entry) in &standing {
        because.push(reading.words(&(*at..at.saturating_add(1))));
        if let Some(score) = scores.get_mut(*entry) {
            *score = score.clamp(0.0, NUMBER_WEIGHT / 2.0) + NUMBER_WEIGHT;
        }
    }
    standing.into_iter().map(|(_, entry)| entry).collect()
}

/// "It ends in 66": the only record whose number does.
fn ending(reading: &Reading<'_>, at: usize) -> Option<(usize, usize)> {
    let token = reading.tokens.get(at).filter(|token| token.has(Mark::EndsIn))?;
    let after = at.saturating_add(token.mark_len);
    let digits = reading.tokens.get(after).filter(|token| token.digits && token.raw.chars().count() >= 2)?;
    let mut with =
        reading.catalogue.entries.iter().filter(|entry| entry.id.ends_with(&digits.raw)).map(|entry| entry.owner);
    let first = with.next()?;
    with.next().is_none().then_some((after, first))
}

/// Status, place, way of payment: words that the record itself is given.
fn word_evidence(reading: &Reading<'_>, scores: &mut [f64], because: &mut Vec<String>) -> f64 {
    let scope = reading.scope();
    let mut weight = 0.0;
    let mut seen: Vec<Vec<usize>> = Vec::new();
    for at in 0..reading.tokens.len() {
        for length in 1..=3_usize {
            let range = at..at.saturating_add(length);
            if reading
                .tokens
                .get(range.clone())
                .is_none_or(|tokens| tokens.iter().skip(1).any(|token| token.before != Break::None))
            {
                continue;
            }
            let whole = |words: &Vec<usize>| {
                words.len() == length
                    && words.iter().zip(range.clone()).all(|(term, at)| reading.hits.of(at, *term) >= 0.7)
            };
            let with: Vec<usize> = reading
                .catalogue
                .entries
                .iter()
                .filter(|entry| entry.words.iter().any(whole))
                .map(|entry| entry.owner)
                .collect();
            if with.is_empty() || with.len() == reading.candidates.len() || seen.contains(&with) {
                continue;
            }
            if reading.manner == Manner::Clear && !beside_order(reading, &range) {
                continue;
            }
            if elsewhere(reading, at) {
                continue;
            }
            let denied =
                at.checked_sub(1).and_then(|before| scope.token(before)).is_some_and(|token| token.has(Mark::Negate));
            for owner in &with {
                if let Some(score) = scores.get_mut(*owner) {
                    *score += if denied { -WORD_WEIGHT } else { WORD_WEIGHT };
                }
            }
            because.push(reading.words(&range));
            weight += WORD_WEIGHT;
            seen.push(with);
        }
    }
    weight
}

/// "Exchange it for the type that's in my pending order": what is said behind "that's in" tells where something else is.
fn elsewhere(reading: &Reading<'_>, at: usize) -> bool {
    let sentence = super::pick::sentence_around(reading.tokens, at);
    (sentence.start..at).any(|before| reading.tokens.get(before).is_some_and(|token| token.has(Mark::Elsewhere)))
}

/// "My pending order": the word stands beside the record it describes.
fn beside_order(reading: &Reading<'_>, range: &std::ops::Range<usize>) -> bool {
    let near = range.start.saturating_sub(3)..range.end.saturating_add(3);
    near.filter_map(|at| reading.tokens.get(at)).any(|token| token.has(Mark::Order) || token.is(Role::One))
}

/// "Nothing else in it", "the bigger order", "my latest order".
fn size_evidence(reading: &Reading<'_>, inside: &[Reference], scores: &mut [f64]) -> f64 {
    let size = |owner: usize| reading.catalogue.contents.iter().filter(|entry| entry.owner == owner).count();
    let mut weight = 0.0;
    let only = |at: usize| {
        let ahead = reading.tokens.get(at..at.saturating_add(5)).unwrap_or_default();
        reading.tokens.get(at).is_some_and(|token| token.has(Mark::Only))
            && !ahead.iter().any(|token| token.has(Mark::Order))
    };
    let alone = reading.tokens.iter().any(|token| token.has(Mark::Alone)) || (0..reading.tokens.len()).any(only);
    if alone {
        let owner = |entry: &usize| reading.catalogue.contents.get(*entry).map(|entry| entry.owner);
        let positive: Vec<&Reference> = inside
            .iter()
            .filter(|reference| reference.by >= Some(By::Name) && reference.stance != Stance::Unwanted)
            .collect();
        let named = |at: usize| {
            let mut entries: Vec<usize> = positive
                .iter()
                .flat_map(|reference| reference.set.iter().copied())
                .filter(|entry| owner(entry) == Some(at))
                .collect();
            entries.sort_unstable();
            entries.dedup();
            entries.len().max(1)
        };
        for (at, score) in scores.iter_mut().enumerate() {
            if size(at) > 0 && size(at) <= named(at) {
                *score += ALONE_WEIGHT;
            }
        }
        weight += ALONE_WEIGHT * 0.5;
    }
    weight + order_comparison(reading, scores, size)
}

fn order_comparison(reading: &Reading<'_>, scores: &mut [f64], size: impl Fn(usize) -> usize) -> f64 {
    let scope = reading.scope();
    let mut weight = 0.0;
    for at in 0..reading.tokens.len() {
        let Some(token) = scope.token(at) else { continue };
        let near_order = (at..at.saturating_add(3))
            .filter_map(|near| scope.token(near))
            .any(|near| near.has(Mark::Order) || near.is(Role::One));
        let values: Option<Vec<f64>> = if token.has(Mark::Newest) || token.has(Mark::Oldest) {
            time_ranks(reading)
        } else if near_order
            && comparison(scope, &(at..at.saturating_add(1)))
                .is_some_and(|(_, keys, _)| keys.iter().any(|key| key == "size"))
        {
            Some(
                (0..reading.candidates.len())
                    .map(|at| f64::from(u32::try_from(size(at)).unwrap_or(u32::MAX)))
                    .collect(),
            )
        } else {
            None
        };
        let Some(values) = values else { continue };
        let down = token.has(Mark::Oldest)
            || comparison(scope, &(at..at.saturating_add(1)))
                .is_some_and(|(direction, _, _)| matches!(direction, Direction::Down | Direction::Least));
        let signed = |value: f64| if down { -value } else { value };
        let eligible =
            |at: usize| reading.is_eligible(at) || !reading.candidates.iter().any(|candidate| candidate.eligible);
        let top = values
            .iter()
            .enumerate()
            .filter(|(at, _)| eligible(*at))
            .map(|(_, value)| signed(*value))
            .fold(f64::MIN, f64::max);
        for ((at, score), value) in scores.iter_mut().enumerate().zip(&values) {
            if eligible(at) && signed(*value) >= top - 1e-9 {
                *score += ALONE_WEIGHT;
            }
        }
        weight += ALONE_WEIGHT;
    }
    weight
}

fn time_ranks(reading: &Reading<'_>) -> Option<Vec<f64>> {
    let mut times: Vec<&str> =
        reading.candidates.iter().map(|candidate| candidate.at.as_deref()).collect::<Option<_>>()?;
    let all = times.clone();
    times.sort_unstable();
    times.dedup();
    let rank = |time: &&str| {
        times.iter().position(|other| other == time).and_then(|rank| u32::try_from(rank).ok()).map_or(0.0, f64::from)
    };
    Some(all.iter().map(rank).collect())
}

/// Tokens after "all" among which the word for a record is looked for: "all the blue lamps in my pending orders".
const ALL_OF_MAX: usize = 9;

/// How many records are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    One,
    /// "All of it", "both".
    All,
    /// "All my orders", "the blue lamps in all my orders".
    Records,
}

fn wants(reading: &Reading<'_>) -> Wants {
    let apart = reading.tokens.windows(2).any(|pair| match pair {
        [before, order] => {
            order.has(Mark::Order)
                && order.raw.ends_with('s')
                && (before.has(Mark::Other) || reading.lexicon.apart.contains(&before.raw))
        }
        _ => false,
    });
    if apart {
        return Wants::Records;
    }
    let all = (0..reading.tokens.len()).map(|at| wants_at(reading, at));
    all.fold(Wants::One, |most, wants| if wants == Wants::One || most == Wants::Records { most } else { wants })
}

fn wants_at(reading: &Reading<'_>, at: usize) -> Wants {
    let scope = reading.scope();
    // "Any order that has not shipped" is all of them.
    let any_order = scope.token(at).is_some_and(|token| token.is(Role::Any))
        && scope.token(at.saturating_add(1)).is_some_and(|order| order.has(Mark::Order))
        && scope.token(at.saturating_add(2)).is_some_and(|next| next.has(Mark::Relative) || next.is(Role::Having));
    if any_order {
        return Wants::Records;
    }
    let Some(token) = scope.token(at).filter(|token| token.marks.any(&[Mark::All, Mark::Both])) else {
        return Wants::One;
    };
    let after = at.saturating_add(token.mark_len);
    let ahead: Vec<_> = (after..after.saturating_add(ALL_OF_MAX)).map_while(|at| scope.token(at)).collect();
    let until = ahead
        .iter()
        .skip(1)
        .position(|token| token.before >= Break::Comma)
        .map_or(ahead.len(), |at| at.saturating_add(1));
    let order = ahead.iter().take(until).find(|token| token.has(Mark::Order) || token.is(Role::One));
    let determined = at
        .checked_sub(1)
        .and_then(|before| scope.token(before))
        .is_some_and(|before| token.before == Break::None && scope.lexicon.determiners.contains(&before.raw));
    if let Some(order) = order {
        // "The whole order", "everything in the order with the lamp".
        let is_one = (determined || token.raw == "everything") && order.has(Mark::Order) && !order.raw.ends_with('s');
        return if is_one { Wants::One } else { Wants::Records };
    }
    let bare = ahead.first().is_none_or(|token| {
        token.before != Break::None || token.is(Role::Of) || token.is(Role::That) || token.is(Role::Polite)
    });
    let named = (after..after.saturating_add(until)).any(|at| {
        Hits::at(reading.hits, at).iter().any(|(_, quality)| *quality >= 0.7)
            && !scope.token(at).is_some_and(|token| token.common)
    });
    if bare && !named {
        // "Cancel both" of four means two that were told of.
        let two_are_all = reading.candidates.iter().filter(|candidate| candidate.eligible).count() <= 2;
        return if token.has(Mark::All) || two_are_all { Wants::All } else { Wants::One };
    }
    // "All the bookshelves and the puzzles I received": wherever they are, unless one record was just told of.
    let plural = |at: usize| {
        let names = Hits::at(reading.hits, at).iter().any(|(_, quality)| *quality >= 0.7);
        let word = scope.token(at).filter(|token| names && !token.common && token.raw.ends_with('s'));
        word.is_some_and(|token| scope.lexicon.stem(&token.raw) != token.raw)
    };
    let things = reading.count == Count::Many && (after..after.saturating_add(until)).any(plural);
    if things && token.has(Mark::All) { Wants::Records } else { Wants::One }
}
