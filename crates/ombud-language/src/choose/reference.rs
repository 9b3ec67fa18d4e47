//! Where does a text speak of entries, and does it want them?

use std::ops::Range;

use super::lexicon::{Direction, Mark, Role};
use super::naming::{By, Named, Scope};
use super::text::{Break, Token};

/// How a mention is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    Wanted,
    Unwanted,
    /// Named to describe something else: "the one that came with the lamp".
    Aside,
}

/// A mention of one or more entries.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    pub(super) range: Range<usize>,
    pub(super) set: Vec<usize>,
    pub(super) base: Vec<usize>,
    pub(super) by: Option<By>,
    pub(super) stance: Stance,
    /// All of the set are meant: "both", "all", a plural.
    pub(super) many: bool,
    /// Everything there is, named by no name.
    pub(super) everything: bool,
    /// "Everything that ...": a condition that is not understood follows.
    pub(super) qualified: bool,
    /// "Only", "just".
    pub(super) only: bool,
    /// "Actually", "on second thought".
    pub(super) corrects: bool,
    /// "The other one".
    pub(super) other: bool,
    /// "Also", "too".
    pub(super) adds: bool,
    pub(super) sentence: usize,
    pub(super) clause: usize,
    pub(super) utterance: usize,
    pub(super) score: f64,
    /// The count named before it: "two laptops".
    pub(super) number: Option<usize>,
}

/// Words of what is to be done with a thing.
const ACTS: [Mark; 3] = [Mark::ActReturn, Mark::ActExchange, Mark::ActCancel];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Comma,
    Sentence,
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags(u16);

impl Flags {
    const ONLY: u16 = 1;
    const CORRECTS: u16 = 2;
    const ALL: u16 = 8;
    const ONE_OF: u16 = 16;
    const QUALIFIED: u16 = 32;
    const ADDS: u16 = 64;

    fn has(self, flag: u16) -> bool {
        self.0 & flag != 0
    }
    fn set(&mut self, flag: u16) {
        self.0 |= flag;
    }
    fn clear(&mut self, flag: u16) {
        self.0 &= !flag;
    }
}

struct Scan<'a> {
    scope: Scope<'a>,
    found: Vec<Reference>,
    stance: Stance,
    until: Until,
    flags: Flags,
    all_at: usize,
    number: Option<usize>,
    sentence: usize,
    clause: usize,
    utterance: usize,
}

/// The mentions of a text, in order.
pub(super) fn references(scope: Scope<'_>) -> Vec<Reference> {
    let mut scan = Scan {
        scope,
        found: Vec::new(),
        stance: Stance::Wanted,
        until: Until::Comma,
        flags: Flags::default(),
        all_at: 0,
        number: None,
        sentence: 0,
        clause: 0,
        utterance: 0,
    };
    for chunk in chunks(scope) {
        scan.chunk(chunk);
    }
    scan.flush_all(scope.tokens.len());
    let is_named = scan.found.iter().any(|one| one.by >= Some(By::Word) && one.stance == Stance::Wanted);
    // "All orders should have that address, and the puzzle the fewest pieces" speaks of no other thing.
    scan.found.retain(|one| !(is_named && one.everything && of_orders(scope, &one.range)));
    scan.found
}

/// "All my orders": records rather than what is in them.
fn of_orders(scope: Scope<'_>, range: &Range<usize>) -> bool {
    let word = scope.token(range.start).map_or("", |token| token.raw.as_str());
    let order = |at: usize| scope.token(at).is_some_and(|token| token.has(Mark::Order));
    ["all", "every"].contains(&word) && (range.start + 1..range.end.min(range.start + 3)).any(order)
}

/// Stretches between breaks, joining words, articles and marks.
pub(super) fn chunks(scope: Scope<'_>) -> Vec<Range<usize>> {
    const OPENING: [Mark; 11] = [
        Mark::Rather,
        Mark::Except,
        Mark::Negate,
        Mark::Hold,
        Mark::Only,
        Mark::With,
        Mark::All,
        Mark::Both,
        Mark::Fallback,
        Mark::Correct,
        Mark::Rest,
    ];
    let opens = |token: &Token| {
        token.before != Break::None
            || (!token.inside
                && (scope.lexicon.connectors.contains(&token.raw) || scope.lexicon.determiners.contains(&token.raw)))
            || token.marks.any(&OPENING)
            || token.marks.any(&ACTS)
    };
    let starts: Vec<usize> =
        scope.tokens.iter().enumerate().filter(|(at, token)| *at == 0 || opens(token)).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([scope.tokens.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

impl Scan<'_> {
    fn chunk(&mut self, range: Range<usize>) {
        self.open(range.start);
        let before = self.stance;
        for at in range.clone() {
            self.mark(at);
        }
        if let Some(named) = self.scope.resolve(&range) {
            if named.answers {
                self.stance = before;
            }
            self.place(&range, named);
        }
        for at in range {
            self.mark_behind(at);
        }
    }

    fn open(&mut self, at: usize) {
        let Some(token) = self.scope.token(at).cloned() else { return };
        let joins = token.is(Role::Or);
        match token.before {
            Break::Utterance | Break::Sentence => {
                self.flush_all(at);
                self.sentence = self.sentence.saturating_add(1);
                self.clause = self.clause.saturating_add(1);
                self.utterance = self.utterance.saturating_add(usize::from(token.before == Break::Utterance));
                self.stance = Stance::Wanted;
                self.flags = Flags::default();
                self.number = None;
            }
            Break::Comma => {
                self.flush_all(at);
                let headed =
                    at.checked_sub(1).and_then(|before| self.scope.token(before)).is_some_and(|before| before.heads);
                if headed {
                    self.stance = Stance::Wanted;
                }
                if self.until == Until::Comma && !joins {
                    self.stance = Stance::Wanted;
                }
                self.clause = self.clause.saturating_add(1);
                self.flags.clear(Flags::ADDS);
            }
            Break::None if token.is(Role::But) => {
                let all_before = self.flags.has(Flags::ALL)
                    || self.found.last().is_some_and(|last| last.everything && last.range.end >= at);
                self.flush_all(at);
                self.stance = if all_before { Stance::Unwanted } else { Stance::Wanted };
                self.until = if all_before { Until::Sentence } else { Until::Comma };
                self.clause = self.clause.saturating_add(1);
            }
            // "Keep the bottle out of it and exchange the lamp": what is to be done comes after what is not.
            Break::None if token.marks.any(&ACTS) && self.follows_connector(at) => {
                self.flush_all(at);
                self.stance = Stance::Wanted;
                self.until = Until::Comma;
                self.clause = self.clause.saturating_add(1);
            }
            Break::None => {}
        }
    }

    fn follows_connector(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.scope.token(before));
        before.is_some_and(|before| self.scope.lexicon.connectors.contains(&before.raw))
    }

    /// What a mark does to the mentions after it.
    fn mark(&mut self, at: usize) {
        let scope = self.scope;
        let Some(token) = scope.tokens.get(at) else { return };
        let marks = token.marks;
        let next_breaks =
            scope.token(at.saturating_add(token.mark_len.max(1))).is_none_or(|next| next.before != Break::None);
        if marks.has(Mark::Except) {
            let begun = self
                .found
                .iter()
                .any(|earlier| earlier.utterance == self.utterance && earlier.stance == Stance::Wanted);
            if !begun && !self.flags.has(Flags::ALL) {
                self.flags.set(Flags::ALL);
                self.all_at = at;
            }
            self.flush_all(at);
            (self.stance, self.until) = (Stance::Unwanted, Until::Sentence);
        } else if marks.has(Mark::Rather) || (marks.any(&[Mark::Negate, Mark::Hold]) && self.describes(at)) {
            (self.stance, self.until) = (Stance::Aside, Until::Comma);
        } else if marks.any(&[Mark::Negate, Mark::Hold]) && !next_breaks {
            (self.stance, self.until) = (Stance::Unwanted, Until::Comma);
        } else if marks.has(Mark::With) {
            (self.stance, self.until) = (Stance::Aside, Until::Sentence);
        }
        if marks.has(Mark::Only) {
            self.flags.set(Flags::ONLY);
        }
        if marks.has(Mark::Correct) {
            self.flags.set(Flags::CORRECTS);
        }
        if marks.has(Mark::Add) {
            self.flags.set(Flags::ADDS);
        }
        if marks.has(Mark::Rest) && self.is_rest_wanted(at) {
            self.flags.set(Flags::ALL);
            self.all_at = at;
            self.stance = Stance::Wanted;
        }
        if marks.any(&[Mark::All, Mark::Both]) {
            self.flags.set(Flags::ALL);
            self.all_at = at;
        } else if self.flags.has(Flags::ALL) && marks.has(Mark::Relative) {
            let plain = scope
                .token(at.saturating_add(1))
                .is_none_or(|next| scope.lexicon.function.contains(&next.raw) && next.before == Break::None);
            if !plain {
                self.flags.set(Flags::QUALIFIED);
            }
        }
        if marks.has(Mark::OneOf) {
            self.flags.set(Flags::ONE_OF);
        }
        let counted = self
            .scope
            .lexicon
            .number_words
            .get(&token.raw)
            .copied()
            .or(token.number.filter(|_| token.dimension.is_none()));
        if let Some(number) = counted.filter(|number| (2.0..=12.0).contains(number)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 12")]
            let number = number as usize;
            self.number = Some(number);
        }
    }

    /// "Keep the mug, the rest goes back": the rest is wanted, unless it is the rest that stays.
    fn is_rest_wanted(&self, at: usize) -> bool {
        let ruled_out =
            self.found.iter().any(|earlier| earlier.utterance == self.utterance && earlier.stance == Stance::Unwanted);
        let wanted =
            self.found.iter().any(|earlier| earlier.utterance == self.utterance && earlier.stance == Stance::Wanted);
        let starts =
            |near: &usize| *near == 0 || self.scope.token(*near).is_some_and(|token| token.before != Break::None);
        let start = (0..=at).rev().find(starts).unwrap_or(0);
        let end = (at.saturating_add(1)..self.scope.tokens.len()).find(starts).unwrap_or(self.scope.tokens.len());
        let stays = (start..end)
            .filter_map(|near| self.scope.token(near))
            .any(|token| token.marks.any(&[Mark::Stays, Mark::Hold, Mark::Same, Mark::Negate, Mark::Free]));
        ruled_out && !wanted && !stays
    }

    /// "If there is no blue one, keep the mug" and "keep the mug in the same size" do not rule the mug out.
    fn describes(&self, at: usize) -> bool {
        let sentence = super::pick::sentence_around(self.scope.tokens, at);
        let marked = |range: Range<usize>, mark: Mark| {
            range.filter_map(|near| self.scope.token(near)).any(|token| token.has(mark))
        };
        let clause_end = (at.saturating_add(1)..sentence.end)
            .find(|near| self.scope.token(*near).is_some_and(|token| token.before != Break::None))
            .unwrap_or(sentence.end);
        [Mark::Unless, Mark::Fallback, Mark::Prefer].iter().any(|mark| marked(sentence.start..at, *mark))
            || marked(at..clause_end, Mark::Same)
    }

    /// What a mark does to the mentions before it.
    fn mark_behind(&mut self, at: usize) {
        let Some(token) = self.scope.token(at) else { return };
        if token.has(Mark::Stays) {
            let clause = self.clause;
            let mut before = self
                .found
                .iter_mut()
                .filter(|reference| reference.clause == clause && !reference.everything)
                .peekable();
            if before.peek().is_none() {
                (self.stance, self.until) = (Stance::Unwanted, Until::Comma);
            }
            for reference in before {
                reference.stance = Stance::Unwanted;
            }
        }
        if token.has(Mark::Retract) {
            let sentence = self.sentence;
            let last = self
                .found
                .iter()
                .rev()
                .find(|reference| reference.sentence == sentence)
                .map(|reference| reference.clause);
            for reference in self
                .found
                .iter_mut()
                .filter(|reference| Some(reference.clause) == last && reference.sentence == sentence)
            {
                reference.stance = Stance::Unwanted;
            }
        }
    }

    /// "All of it" that no name followed means everything.
    fn flush_all(&mut self, at: usize) {
        if !self.flags.has(Flags::ALL) {
            return;
        }
        self.flags.clear(Flags::ALL);
        let named_before = self.found.iter().any(|earlier| {
            earlier.utterance == self.utterance && earlier.by >= Some(By::Word) && earlier.stance == Stance::Wanted
        });
        let of_those = named_before
            && self.scope.token(self.all_at).is_some_and(|token| {
                token.has(Mark::Both) || token.mark_len > 1 || self.scope.lexicon.function.contains(&token.raw)
            });
        // "Change the puzzle; what would each of those save me?": with a name this speaks of no further thing.
        let is_named = self.found.iter().any(|one| one.by >= Some(By::Word) && one.stance == Stance::Wanted);
        let word = self.scope.token(self.all_at).map_or("", |token| token.raw.as_str());
        let is_beside = is_named && word == "each";
        let both_of_more =
            self.scope.token(self.all_at).is_some_and(|token| token.has(Mark::Both)) && self.scope.entries.len() != 2;
        if self.stance != Stance::Wanted || of_those || is_beside || both_of_more {
            return;
        }
        let named = Named {
            set: (0..self.scope.entries.len()).collect(),
            base: Vec::new(),
            by: By::Option,
            score: 0.5,
            answers: false,
        };
        let mut reference = self.reference(&(self.all_at..at), named);
        reference.by = None;
        reference.everything = true;
        reference.many = true;
        self.found.push(reference);
    }

    fn reference(&mut self, range: &Range<usize>, named: Named) -> Reference {
        Reference {
            range: range.clone(),
            many: self.flags.has(Flags::ALL) && !self.flags.has(Flags::ONE_OF),
            everything: false,
            qualified: self.flags.has(Flags::QUALIFIED),
            only: self.flags.has(Flags::ONLY),
            corrects: self.flags.has(Flags::CORRECTS),
            other: false,
            adds: self.flags.has(Flags::ADDS),
            sentence: self.sentence,
            clause: self.clause,
            utterance: self.utterance,
            stance: self.stance,
            set: named.set,
            base: named.base,
            by: Some(named.by),
            score: named.score,
            number: self.number.take(),
        }
    }

    /// Adds a mention, or makes the one before it more exact.
    fn place(&mut self, range: &Range<usize>, named: Named) {
        if named.by == By::Option && self.refine(range) {
            return;
        }
        if self.describes_order(range) {
            self.flush_all(range.start);
            let described = Reference { stance: Stance::Aside, many: false, ..self.reference(range, named) };
            self.found.push(described);
            return;
        }
        let plural = self.is_plural(range, &named);
        let base = named.by == By::Option;
        let one_of = self.flags.has(Flags::ONE_OF);
        let inherited = if base { self.siblings(range) } else { None };
        let mut reference = self.reference(range, named);
        if let Some((set, siblings)) = inherited {
            (reference.set, reference.base) = (set, siblings);
        }
        reference.many = (reference.many || plural) && !one_of;
        let other = range.clone().filter_map(|at| self.scope.token(at)).any(|token| token.has(Mark::Other));
        reference.other = other;
        if other && reference.set.len() > 1 {
            let taken: Vec<usize> = self
                .found
                .iter()
                .filter(|earlier| !earlier.everything)
                .flat_map(|earlier| earlier.set.iter().copied())
                .collect();
            if reference.set.iter().any(|entry| !taken.contains(entry)) {
                reference.set.retain(|entry| !taken.contains(entry));
            }
        }
        self.flags.clear(Flags::ALL | Flags::ONE_OF);
        self.found.push(reference);
    }

    /// "Everything in the order with the lamp": the lamp tells which order is meant.
    fn describes_order(&self, range: &Range<usize>) -> bool {
        let is_order = |at: usize| self.scope.token(at).is_some_and(|token| token.has(Mark::Order));
        self.flags.has(Flags::ALL)
            && match self.scope.token(self.all_at).map(|token| token.raw.as_str()) {
                Some("everything") => (self.all_at + 1..range.start).any(is_order),
                // "The whole order that has the lamp".
                Some("entire" | "whole") => is_order(self.all_at + 1) && self.all_at + 1 < range.start,
                _ => false,
            }
    }

    /// "The white lamp, the small one": the second part tells which lamp.
    fn refine(&mut self, range: &Range<usize>) -> bool {
        let (sentence, stance, utterance, scope) = (self.sentence, self.stance, self.utterance, self.scope);
        let open = |reference: &Reference| {
            reference.utterance < utterance && reference.set.len() > 1 && !reference.many && !reference.everything
        };
        let at = match self.found.last() {
            Some(last) if last.utterance < utterance => self.found.iter().rposition(open),
            Some(_) => self.found.len().checked_sub(1),
            None => None,
        };
        let Some(last) = at.and_then(|at| self.found.get_mut(at)) else { return false };
        let near = last.utterance < utterance || sentence.saturating_sub(last.sentence) <= 1;
        if last.everything || last.stance != stance || !near {
            return false;
        }
        let fits: Vec<(usize, f64)> = last.set.iter().map(|entry| (*entry, scope.fit(range, *entry))).collect();
        let best = fits.iter().map(|(_, fit)| *fit).fold(0.0, f64::max);
        if best < 0.4 {
            return false;
        }
        last.set = fits.into_iter().filter(|(_, fit)| *fit >= best - 1e-9).map(|(entry, _)| entry).collect();
        last.range.end = range.end;
        last.score += best;
        last.many = last.many || (self.flags.has(Flags::ALL) && last.set.len() > 1);
        self.flags.clear(Flags::ALL);
        true
    }

    /// "The blue lamp and the red one": the red one is a lamp as well.
    fn siblings(&self, range: &Range<usize>) -> Option<(Vec<usize>, Vec<usize>)> {
        let last = self.found.last().filter(|last| last.utterance == self.utterance && !last.everything)?;
        let fits: Vec<(usize, f64)> = last.base.iter().map(|entry| (*entry, self.scope.fit(range, *entry))).collect();
        let best = fits.iter().map(|(_, fit)| *fit).fold(0.0, f64::max);
        let set: Vec<usize> = fits.into_iter().filter(|(_, fit)| *fit >= best - 1e-9).map(|(entry, _)| entry).collect();
        (best >= 0.4).then(|| (set, last.base.clone()))
    }

    fn is_plural(&self, range: &Range<usize>, named: &Named) -> bool {
        if named.by != By::Name {
            return false;
        }
        range.clone().any(|at| {
            let Some(token) = self.scope.token(at) else { return false };
            let names = |entry: &usize| {
                let entry = self.scope.entries.get(*entry);
                entry.is_some_and(|entry| {
                    !entry.plural && entry.name.last().is_some_and(|head| self.scope.hits.of(at, *head) > 0.0)
                })
            };
            token.raw.ends_with('s') && self.scope.lexicon.stem(&token.raw) != token.raw && named.set.iter().any(names)
        })
    }
}

/// The comparison a stretch makes, if it makes one: where it points, and the options it may be about.
pub(super) fn comparison(scope: Scope<'_>, range: &Range<usize>) -> Option<(Direction, Vec<String>, usize)> {
    for at in range.clone() {
        let Some(token) = scope.token(at) else { continue };
        let Some(uses) = scope.lexicon.degrees.get(&token.raw) else { continue };
        let before = at.checked_sub(1).and_then(|before| scope.token(before)).filter(|_| token.before == Break::None);
        let leading = before.and_then(leading_direction);
        for degree in uses {
            if let Some(direction) = degree.direction.or(leading.map(|direction| direction.of(degree))) {
                return Some((direction, degree.keys.clone(), at));
            }
        }
    }
    None
}

/// The direction of "more", "less", "most" and "least".
pub(super) fn leading_direction(token: &Token) -> Option<Direction> {
    if token.has(Mark::Most) {
        Some(Direction::Most)
    } else if token.has(Mark::Least) {
        Some(Direction::Least)
    } else if token.has(Mark::More) {
        Some(Direction::Up)
    } else if token.has(Mark::Fewer) {
        Some(Direction::Down)
    } else {
        None
    }
}
