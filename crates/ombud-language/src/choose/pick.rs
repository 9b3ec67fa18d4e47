//! Which of the candidates themselves (items, payment methods, reasons) are picked?

use ombud_domain::choice::{Candidate, Choice, Count};

use super::catalogue::{Catalogue, Hits};
use super::lexicon::{Direction, Lexicon, Mark, Role};
use super::naming::{By, Scope};
use super::reference::{Reference, Stance, comparison, references};
use super::text::{Break, Token};

/// What is read, against what.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) candidates: &'a [Candidate],
    pub(super) catalogue: &'a Catalogue,
    pub(super) tokens: &'a [Token],
    pub(super) hits: &'a Hits,
    pub(super) count: Count,
    pub(super) manner: Manner,
}

/// How sure a reading must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// The text answers this very question.
    Asked,
    /// The text may be about something else: only what is clear counts.
    Clear,
}

impl<'a> Reading<'a> {
    pub(super) fn scope(&self) -> Scope<'a> {
        Scope {
            lexicon: self.lexicon,
            vocabulary: &self.catalogue.vocabulary,
            entries: &self.catalogue.entries,
            tokens: self.tokens,
            hits: self.hits,
        }
    }

    pub(super) fn is_eligible(&self, at: usize) -> bool {
        self.candidates.get(at).is_some_and(|candidate| candidate.eligible)
    }

    pub(super) fn id(&self, at: usize) -> String {
        self.candidates.get(at).map(|candidate| candidate.id.clone()).unwrap_or_default()
    }

    pub(super) fn ids(&self, set: &[usize]) -> Vec<String> {
        set.iter().map(|at| self.id(*at)).collect()
    }

    pub(super) fn words(&self, range: &std::ops::Range<usize>) -> String {
        let words: Vec<&str> =
            self.tokens.get(range.clone()).unwrap_or_default().iter().map(|token| token.raw.as_str()).collect();
        words.join(" ")
    }
}

/// What the mentions of one text come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Picked { set: Vec<usize>, because: String },
    Several(Vec<usize>),
    Ineligible(Vec<usize>),
    Unread,
}

/// Reads the candidates that the text picks.
pub(super) fn pick(reading: &Reading<'_>) -> Outcome {
    if is_phrasal(reading) {
        return pick_phrase(reading);
    }
    if let Some(place) = by_option_number(reading) {
        return if reading.is_eligible(place) {
            Outcome::Picked { set: vec![place], because: reading.words(&(0..reading.tokens.len())) }
        } else {
            Outcome::Ineligible(vec![place])
        };
    }
    let mut mentions = references(reading.scope());
    if reading.manner == Manner::Clear {
        if asks_for_several_things(reading.tokens) {
            return Outcome::Unread;
        }
        mentions.retain(|mention| mention.everything || mention.by >= Some(By::Word));
    }
    let outcome = match reading.count {
        Count::One => pick_one(reading, &mentions),
        Count::Many => pick_many(reading, &mentions),
    };
    match outcome {
        Outcome::Unread => match by_use(reading) {
            Outcome::Unread => by_place(reading),
            found => found,
        },
        read => read,
    }
}

/// Longest sentence that is read as nothing but a place in the list: "the second one please".
const PLACE_TOKENS_MAX: usize = 6;

/// "The second one", "the last": a place in the list as it was shown.
pub(super) fn by_place(reading: &Reading<'_>) -> Outcome {
    let all: Vec<usize> = (0..reading.candidates.len()).collect();
    let sentence = 0..reading.tokens.len();
    let short = reading.manner == Manner::Asked && sentence.len() <= PLACE_TOKENS_MAX;
    match by_ordinal(reading, &sentence, &all).filter(|_| short) {
        Some(place) if reading.is_eligible(place) => {
            Outcome::Picked { set: vec![place], because: reading.words(&sentence) }
        }
        Some(place) => Outcome::Ineligible(vec![place]),
        None => Outcome::Unread,
    }
}

/// The member of a set that an ordinal in the sentence points at.
fn by_ordinal(reading: &Reading<'_>, sentence: &std::ops::Range<usize>, set: &[usize]) -> Option<usize> {
    let tokens = reading.tokens.get(sentence.clone()).unwrap_or_default();
    // "Not the first, the second".
    let denied = |at: usize| {
        let clause = (0..=at).rev().find(|start| tokens.get(*start).is_some_and(|token| token.before >= Break::Comma));
        let before = tokens.get(clause.unwrap_or(0)..at).unwrap_or_default();
        before.iter().rev().take(2).any(|token| token.has(Mark::Negate) && !token.is(Role::Not) || token.raw == "not")
    };
    tokens.iter().enumerate().filter(|(at, _)| !denied(*at)).find_map(|(_, token)| {
        let last = token.has(Mark::Last) && token.mark_len == 1 && !reading.lexicon.ordinals.contains_key(&token.raw);
        if last {
            set.last().copied()
        } else {
            set.get(reading.lexicon.ordinals.get(&token.raw)?.checked_sub(1)?).copied()
        }
    })
}

/// "Number 3", "option 2".
fn by_option_number(reading: &Reading<'_>) -> Option<usize> {
    let short = reading.manner == Manner::Asked && reading.tokens.len() <= PLACE_TOKENS_MAX;
    let place = reading.tokens.windows(2).filter(|_| short).find_map(|pair| match pair {
        [word, number] if word.is(Role::Number) && number.dimension.is_none() => number.number,
        _ => None,
    })?;
    (0..reading.candidates.len())
        .find(|at| u32::try_from(at.saturating_add(1)).is_ok_and(|at| (f64::from(at) - place).abs() < 1e-9))
}

/// "Return the lamp and exchange the mug" cannot be read for one of the two requests alone.
fn asks_for_several_things(tokens: &[Token]) -> bool {
    let acts = [Mark::ActReturn, Mark::ActExchange, Mark::ActCancel];
    acts.iter().filter(|act| tokens.iter().any(|token| token.has(**act))).count() > 1
}

/// Whether the candidates are things people say, as reasons are, rather than things with a name.
fn is_phrasal(reading: &Reading<'_>) -> bool {
    // A method of payment has a phrase or two beside its names: "the one I paid with".
    let mostly_said = |entry: &super::catalogue::Entry| {
        let long = entry.words.iter().filter(|words| words.len() > 3).count();
        long.saturating_mul(3) > entry.words.len() && entry.fields.is_empty()
    };
    let entries = &reading.catalogue.entries;
    let long = entries.iter().filter(|entry| mostly_said(entry)).count();
    long.saturating_mul(2) > entries.len()
}

/// From here on a sentence says what an example says.
const PHRASE_MIN: f64 = 0.6;
/// From here on it does when no other candidate comes near.
const PHRASE_NEAR: f64 = 0.4;
const PHRASE_LEAD: f64 = 0.15;

/// The candidate whose examples are nearest to a sentence of the text; a later sentence breaks a tie.
fn pick_phrase(reading: &Reading<'_>) -> Outcome {
    let scope = reading.scope();
    let mut best: (f64, Vec<usize>, String) = (0.0, Vec::new(), String::new());
    let mut start = 0;
    while start < reading.tokens.len() {
        let sentence = sentence_around(reading.tokens, start);
        let fits: Vec<f64> =
            reading.catalogue.entries.iter().map(|entry| phrase_fit(scope, &sentence, entry)).collect();
        let top = fits.iter().copied().fold(0.0, f64::max);
        let second = fits.iter().copied().filter(|fit| *fit < top - 1e-9).fold(0.0, f64::max);
        let clear =
            top >= PHRASE_MIN || (top >= PHRASE_NEAR && top - second >= PHRASE_LEAD && reading.manner == Manner::Asked);
        if clear && top >= best.0 - 1e-9 {
            let set = fits.iter().enumerate().filter(|(_, fit)| **fit >= top - 1e-9).map(|(at, _)| at).collect();
            best = (top, set, reading.words(&sentence));
        }
        start = sentence.end.max(start.saturating_add(1));
    }
    let (_, set, because) = best;
    let left = settled(reading, &set);
    match left.as_slice() {
        [] => Outcome::Unread,
        [one] if reading.is_eligible(*one) => Outcome::Picked { set: left, because },
        [_] => Outcome::Ineligible(left),
        _ => Outcome::Several(left),
    }
}

fn phrase_fit(scope: Scope<'_>, sentence: &std::ops::Range<usize>, entry: &super::catalogue::Entry) -> f64 {
    let phrases = entry.words.iter().chain([&entry.name]);
    let weighed = phrases.map(|phrase| {
        let (share, total, _) = scope.share(sentence, phrase);
        share * (1.0 + 0.05 * total)
    });
    weighed.fold(0.0, f64::max)
}

/// The mentions that still stand after all corrections, and what is ruled out.
fn standing(reading: &Reading<'_>, mentions: &[Reference]) -> (Vec<Reference>, Vec<usize>) {
    let mut wanted: Vec<Reference> = Vec::new();
    let mut out: Vec<usize> = Vec::new();
    for mention in mentions {
        match mention.stance {
            Stance::Aside => {}
            Stance::Unwanted => {
                let narrowed = |reference: &Reference| reference.set.iter().any(|entry| !mention.set.contains(entry));
                wanted.retain(|reference| reference.everything || narrowed(reference) || reference.by > mention.by);
                out.extend(mention.set.iter().copied());
            }
            Stance::Wanted => {
                if replaces(mention, &wanted) {
                    // "I bought a coat and two shirts, only the coat goes back" names the coat once more.
                    let again = mention.only && overlaps(mention, &wanted);
                    wanted.retain(|earlier| earlier.sentence == mention.sentence && !mention.corrects && !again);
                }
                if !mention.everything && mention.by >= Some(By::Word) {
                    let single = mention.set.len() == 1;
                    out.retain(|entry| !(single && mention.set.contains(entry)));
                }
                wanted.push(mention.clone());
            }
        }
    }
    for reference in &mut wanted {
        let left: Vec<usize> = reference.set.iter().copied().filter(|entry| !out.contains(entry)).collect();
        if left.is_empty() && !reference.everything {
            let siblings: Vec<usize> = reference.base.iter().copied().filter(|entry| !out.contains(entry)).collect();
            reference.set = siblings;
        } else {
            reference.set = left;
        }
        compare(reading, reference);
    }
    wanted.retain(|reference| !reference.set.is_empty());
    (wanted, out)
}

/// "Only the lamp" and "actually, the lamp" replace what was said in earlier sentences.
fn replaces(mention: &Reference, wanted: &[Reference]) -> bool {
    !mention.adds
        && (mention.corrects
            || (mention.only
                && (overlaps(mention, wanted)
                    || mention.utterance > wanted.first().map_or(0, |first| first.utterance))))
}

/// Whether something of what is mentioned was mentioned before.
fn overlaps(mention: &Reference, wanted: &[Reference]) -> bool {
    wanted.iter().any(|earlier| earlier.set.iter().any(|entry| mention.set.contains(entry)))
}

/// "The cheaper one" among those that fit.
fn compare(reading: &Reading<'_>, reference: &mut Reference) {
    if reference.set.len() < 2 {
        return;
    }
    let sentence = sentence_around(reading.tokens, reference.range.start);
    if let Some(one) =
        by_ordinal(reading, &sentence, &reference.set).filter(|_| reading.manner == Manner::Asked && !reference.many)
    {
        (reference.set, reference.many) = (vec![one], false);
        return;
    }
    let of = comparison(reading.scope(), &sentence)
        .and_then(|(_, _, at)| reading.tokens.get(at.saturating_add(1)))
        .is_some_and(|next| next.is(Role::Of));
    if of {
        reference.many = false;
    }
    if reference.many {
        return;
    }
    let plain = |token: &Token| {
        reading
            .lexicon
            .degrees
            .get(&token.raw)
            .and_then(|uses| uses.first())
            .map(|degree| (Direction::Most, degree.keys.clone()))
    };
    let compared = comparison(reading.scope(), &sentence).map(|(direction, keys, _)| (direction, keys));
    let Some((direction, keys)) =
        compared.or_else(|| reading.tokens.get(sentence).unwrap_or_default().iter().find_map(plain))
    else {
        return;
    };
    let value = |at: usize| -> Option<f64> {
        let candidate = reading.candidates.get(at)?;
        if keys.iter().any(|key| key == "price") { candidate.price } else { None }
    };
    let values: Vec<(usize, f64)> = reference.set.iter().filter_map(|at| Some((*at, value(*at)?))).collect();
    if values.len() != reference.set.len() {
        return;
    }
    let high = matches!(direction, Direction::Up | Direction::Most);
    let edge = values
        .iter()
        .map(|(_, value)| *value)
        .fold(if high { f64::MIN } else { f64::MAX }, if high { f64::max } else { f64::min });
    reference.set = values.into_iter().filter(|(_, value)| (value - edge).abs() < 1e-9).map(|(at, _)| at).collect();
}

pub(super) fn sentence_around(tokens: &[Token], at: usize) -> std::ops::Range<usize> {
    let starts = |index: &usize| *index == 0 || tokens.get(*index).is_some_and(|token| token.before >= Break::Sentence);
    let start = (0..=at).rev().find(starts).unwrap_or(0);
    let end = (at.saturating_add(1)..tokens.len()).find(starts).unwrap_or(tokens.len());
    start..end
}

/// The members of a set that are one thing: those that may be picked, and of identical lines only one.
fn settled(reading: &Reading<'_>, set: &[usize]) -> Vec<usize> {
    let eligible: Vec<usize> = set.iter().copied().filter(|at| reading.is_eligible(*at)).collect();
    let left = if eligible.is_empty() { set.to_vec() } else { eligible };
    let same = left.windows(2).all(|pair| matches!(pair, [one, other] if reading.id(*one) == reading.id(*other)));
    if same { left.into_iter().take(1).collect() } else { left }
}

/// "My other card" is not the one used so far; "the card I used" is.
fn narrow(reading: &Reading<'_>, reference: &Reference, set: &mut Vec<usize>) {
    let (used, others): (Vec<usize>, Vec<usize>) = set.iter().copied().partition(|at| is_original(reading, *at));
    if used.is_empty() || others.is_empty() {
        return;
    }
    let said = sentence_around(reading.tokens, reference.range.start);
    if reference.other && reading.manner == Manner::Asked {
        *set = others;
    } else if reading.tokens.get(said).unwrap_or_default().iter().any(|token| token.has(Mark::Original)) {
        *set = used;
    }
}

/// Whether the candidate is said to be the one used so far.
fn is_original(reading: &Reading<'_>, at: usize) -> bool {
    let original =
        |words: &String| super::text::read(reading.lexicon, words).iter().any(|token| token.has(Mark::Original));
    reading.candidates.get(at).is_some_and(|candidate| candidate.words.iter().any(original))
}

/// Longest sentence in which "the same" says the same as was used before.
const SAME_TOKENS_MAX: usize = 6;

/// "The same as before" where nothing else was named.
fn by_use(reading: &Reading<'_>) -> Outcome {
    // "The same frame in red, and the same puzzle with more pieces" says nothing of what was used.
    let same = |at: usize| {
        let sentence = sentence_around(reading.tokens, at);
        sentence.len() <= SAME_TOKENS_MAX && reading.tokens.get(at).is_some_and(|token| token.has(Mark::Same))
    };
    let says = reading.tokens.iter().any(|token| token.has(Mark::Original)) || (0..reading.tokens.len()).any(same);
    let used: Vec<usize> = (0..reading.candidates.len())
        .filter(|at| reading.manner == Manner::Asked && says && is_original(reading, *at))
        .collect();
    match used.as_slice() {
        [one] if reading.is_eligible(*one) => {
            Outcome::Picked { set: used, because: reading.words(&(0..reading.tokens.len())) }
        }
        [_] => Outcome::Ineligible(used),
        _ => Outcome::Unread,
    }
}

fn pick_one(reading: &Reading<'_>, mentions: &[Reference]) -> Outcome {
    let (wanted, out) = standing(reading, mentions);
    let mut choices: Vec<(Vec<usize>, &Reference)> = Vec::new();
    for reference in wanted.iter().filter(|reference| !reference.everything) {
        if let Some((set, _)) =
            choices.iter_mut().find(|(set, _)| set.iter().any(|entry| reference.set.contains(entry)))
        {
            set.retain(|entry| reference.set.contains(entry));
            continue;
        }
        choices.push((reference.set.clone(), reference));
    }
    for (set, reference) in &mut choices {
        narrow(reading, reference, set);
    }
    let Some((first, reference)) = choices.first() else {
        return the_other(reading).unwrap_or_else(|| ruled_out(reading, &out));
    };
    let ranking = [Mark::Fallback, Mark::Unless, Mark::Last, Mark::Prefer, Mark::Over];
    let ordered = choices.len() == 1 || reading.tokens.iter().any(|token| token.marks.any(&ranking));
    if !ordered {
        let mut all: Vec<usize> =
            choices.iter().flat_map(|(set, _)| set.iter().copied()).filter(|at| reading.is_eligible(*at)).collect();
        all.dedup();
        return match all.as_slice() {
            [] => Outcome::Ineligible(first.clone()),
            [one] => Outcome::Picked { set: vec![*one], because: reading.words(&reference.range) },
            _ => Outcome::Several(all),
        };
    }
    for (set, reference) in &choices {
        let left = settled(reading, set);
        match left.as_slice() {
            [one] if reading.is_eligible(*one) => {
                return Outcome::Picked { set: left, because: reading.words(&reference.range) };
            }
            [_] => {}
            _ if left.iter().any(|at| reading.is_eligible(*at)) => return Outcome::Several(left),
            _ => {}
        }
    }
    the_other(reading).unwrap_or_else(|| Outcome::Ineligible(first.clone()))
}

/// "The old one is dead, use the other", where only one can be used.
fn the_other(reading: &Reading<'_>) -> Option<Outcome> {
    let says = reading.manner == Manner::Asked && reading.tokens.iter().any(|token| token.has(Mark::Other));
    let mut usable = (0..reading.candidates.len()).filter(|at| reading.is_eligible(*at));
    let (Some(one), None) = (usable.next().filter(|_| says), usable.next()) else { return None };
    Some(Outcome::Picked { set: vec![one], because: "the only one that can be used".to_owned() })
}

/// "Not the blue one" leaves the other, when there is only one other.
fn ruled_out(reading: &Reading<'_>, out: &[usize]) -> Outcome {
    let left: Vec<usize> =
        (0..reading.candidates.len()).filter(|at| reading.is_eligible(*at) && !out.contains(at)).collect();
    match left.as_slice() {
        [one] if !out.is_empty() && reading.manner == Manner::Asked => {
            Outcome::Picked { set: vec![*one], because: "the only one left".to_owned() }
        }
        _ => Outcome::Unread,
    }
}

fn pick_many(reading: &Reading<'_>, mentions: &[Reference]) -> Outcome {
    let (wanted, out) = standing(reading, mentions);
    let qualified = wanted.iter().any(|reference| reference.qualified);
    let everything = wanted.iter().find(|reference| reference.everything);
    let named: Vec<&Reference> = wanted.iter().filter(|reference| !reference.everything).collect();
    if let Some(everything) = everything.filter(|everything| named.is_empty() || !(everything.qualified || qualified)) {
        let all = (0..reading.candidates.len())
            .filter(|at| !out.contains(at) && reading.is_eligible(*at))
            .collect::<Vec<_>>();
        return if all.is_empty() {
            Outcome::Unread
        } else {
            Outcome::Picked { set: all, because: reading.words(&everything.range) }
        };
    }
    let mut picked: Vec<usize> = Vec::new();
    let mut unsure: Vec<usize> = Vec::new();
    let mut because: Vec<String> = Vec::new();
    let mut by_size = named.clone();
    by_size.sort_by_key(|reference| if reference.many { 1 } else { settled(reading, &reference.set).len() });
    for reference in by_size {
        let set = if reference.many { reference.set.clone() } else { settled(reading, &reference.set) };
        let repeats = reference.set.iter().any(|entry| picked.contains(entry));
        if reference.many || set.len() == 1 {
            let new: Vec<usize> = set.into_iter().filter(|entry| !picked.contains(entry)).collect();
            if !repeats || reference.many || new.iter().all(|entry| !same_line(reading, *entry, &picked)) {
                picked.extend(new);
            }
            because.push(reading.words(&reference.range));
            if reference.other && repeats {
                picked.extend(reference.set.iter().copied().find(|entry| !picked.contains(entry)));
            }
        } else if !repeats {
            unsure.extend(set);
        }
    }
    if picked.is_empty() && unsure.is_empty() {
        return ruled_out(reading, &out);
    }
    finish_many(reading, (picked, unsure), because.join("; "))
}

fn same_line(reading: &Reading<'_>, entry: usize, picked: &[usize]) -> bool {
    picked.iter().any(|other| reading.id(*other) == reading.id(entry))
}

fn finish_many(reading: &Reading<'_>, (mut picked, unsure): (Vec<usize>, Vec<usize>), because: String) -> Outcome {
    picked.sort_unstable();
    let (eligible, ineligible): (Vec<usize>, Vec<usize>) =
        picked.iter().copied().partition(|at| reading.is_eligible(*at));
    if !unsure.is_empty() {
        let mut all: Vec<usize> = eligible.into_iter().chain(unsure).collect();
        all.sort_unstable();
        all.dedup();
        return Outcome::Several(all);
    }
    if !eligible.is_empty() {
        return Outcome::Picked { set: eligible, because };
    }
    if ineligible.is_empty() { Outcome::Unread } else { Outcome::Ineligible(ineligible) }
}

/// The outcome in the words of the domain.
pub(super) fn into_choice(reading: &Reading<'_>, outcome: Outcome) -> Choice {
    match outcome {
        Outcome::Picked { set, because } => Choice::Picked { ids: reading.ids(&set), because },
        Outcome::Several(set) => Choice::Several { ids: reading.ids(&set) },
        Outcome::Ineligible(set) => {
            let name =
                |at: &usize| reading.candidates.get(*at).map(|candidate| (candidate.name.clone(), String::new()));
            Choice::Unavailable { wanted: set.iter().filter_map(name).collect(), ineligible: reading.ids(&set) }
        }
        Outcome::Unread => Choice::Unread,
    }
}
