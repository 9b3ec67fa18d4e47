//! Which entries does a stretch of text name?

use std::ops::Range;

use super::catalogue::{Entry, Field, Hits, Polarity, TermId, Vocabulary, plain_id};
use super::lexicon::{Lexicon, Mark};
use super::text::Token;

/// What is needed to read one text against one set of entries.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) entries: &'a [Entry],
    pub(super) tokens: &'a [Token],
    pub(super) hits: &'a Hits,
}

/// The entries a stretch names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    /// Those that fit best.
    pub(super) set: Vec<usize>,
    /// Those that bear the name, whatever was said of their options.
    pub(super) base: Vec<usize>,
    pub(super) by: By,
    /// How much of what was said fits, for comparing readings.
    pub(super) score: f64,
    /// Whether a yes or no to an option is all that was said, so that a "not" before it is part of the description.
    pub(super) answers: bool,
}

/// By what an entry was named, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// By option values only.
    Option,
    /// By a word for the whole, such as a brand or a status.
    Word,
    /// By its name or a part of it.
    Name,
    /// By its number.
    Id,
}

#[derive(Debug, Clone, Copy, Default)]
struct Score {
    id: f64,
    head: f64,
    name: f64,
    words: f64,
    options: f64,
}

impl Scope<'_> {
    pub(super) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The best quality with which a word is met in the stretch.
    pub(super) fn best(&self, range: &Range<usize>, term: TermId) -> f64 {
        range.clone().map(|at| self.hits.of(at, term)).fold(0.0, f64::max)
    }

    pub(super) fn is_common(&self, term: TermId) -> bool {
        self.vocabulary.get(term).is_none_or(|term| term.common || term.function)
    }

    /// The entries that the stretch names, if any.
    pub(super) fn resolve(&self, range: &Range<usize>) -> Option<Named> {
        let scores: Vec<Score> = self.entries.iter().map(|entry| self.score(range, entry)).collect();
        let top = |of: fn(&Score) -> f64| scores.iter().map(of).fold(0.0, f64::max);
        let best = |among: &[usize], of: fn(&Score) -> f64| -> Vec<usize> {
            let value = |at: &usize| scores.get(*at).map_or(0.0, of);
            let most = among.iter().map(value).fold(f64::MIN, f64::max);
            among.iter().copied().filter(|at| value(at) >= most - 1e-9).collect()
        };
        let all: Vec<usize> = (0..scores.len()).collect();
        if top(|score| score.id) > 0.0 {
            let set = best(&all, |score| score.id);
            return Some(Named { base: set.clone(), set, by: By::Id, score: 10.0, answers: false });
        }
        let (by, base) = if top(|score| score.head) > 0.0 {
            let bearing: Vec<usize> =
                all.iter().copied().filter(|at| scores.get(*at).is_some_and(|score| score.head > 0.0)).collect();
            let base = best(&bearing, |score| score.name);
            let told = base.first().and_then(|at| scores.get(*at)).is_some_and(|score| score.name >= 0.5);
            (if told { By::Name } else { By::Option }, base)
        } else if top(|score| score.words) > 0.0 {
            (By::Word, best(&all, |score| score.words))
        } else if top(|score| score.name + score.options) > 0.4 {
            let by = if top(|score| score.name) > 0.0 { By::Name } else { By::Option };
            (by, best(&all, |score| score.name + score.options))
        } else {
            return None;
        };
        let set = best(&base, |score| score.options + score.words + score.name);
        let first = set.first().and_then(|at| scores.get(*at)).copied().unwrap_or_default();
        let plain = |entry: &Entry| {
            entry
                .fields
                .iter()
                .filter(|field| field.polarity == Polarity::Plain)
                .any(|field| self.field_fit(range, field) > 0.0)
        };
        let answers = by == By::Option && !set.iter().filter_map(|at| self.entries.get(*at)).any(plain);
        Some(Named { set, base, by, score: first.name + first.options + first.words, answers })
    }

    /// How much of the stretch fits the options of this entry.
    pub(super) fn fit(&self, range: &Range<usize>, entry: usize) -> f64 {
        self.entries.get(entry).map_or(0.0, |entry| {
            let score = self.score(range, entry);
            score.options + score.words
        })
    }

    fn score(&self, range: &Range<usize>, entry: &Entry) -> Score {
        let name: f64 = entry.name.iter().map(|term| self.name_weight(range, *term)).sum();
        let head = entry.name.last().map_or(0.0, |term| self.name_weight(range, *term));
        let id = if self.has_id(range, entry) { 1.0 } else { 0.0 };
        let words = entry.words.iter().map(|words| self.coverage(range, words)).fold(0.0, f64::max);
        let options = entry.fields.iter().map(|field| self.field_fit(range, field)).sum();
        Score { id, head, name: if self.all_terms_known(entry) { name } else { 0.0 }, words, options }
    }

    fn all_terms_known(&self, entry: &Entry) -> bool {
        entry.name.iter().any(|term| !self.is_common(*term))
    }

    /// A common word of a name ("set", "light") names nothing by itself.
    fn name_weight(&self, range: &Range<usize>, term: TermId) -> f64 {
        let quality = self.best(range, term);
        if self.is_common(term) { quality * 0.1 } else { quality }
    }

    fn has_id(&self, range: &Range<usize>, entry: &Entry) -> bool {
        let digits: String = entry.id.chars().filter(char::is_ascii_digit).collect();
        range.clone().filter_map(|at| self.token(at)).any(|token| {
            let written = plain_id(&token.raw);
            written.chars().count() >= 4 && (written == entry.id || (digits.chars().count() >= 5 && written == digits))
        })
    }

    /// How much of an example phrase is met, its words weighed by how much they say; nothing below six tenths.
    pub(super) fn coverage(&self, range: &Range<usize>, words: &[TermId]) -> f64 {
        let (share, total, heavy_met) = self.share(range, words);
        if share >= 0.6 && heavy_met { share * (1.0 + 0.05 * total) } else { 0.0 }
    }

    /// The part of the phrase's weight that is met, its whole weight, and whether its weightiest word could be among what is met.
    pub(super) fn share(&self, range: &Range<usize>, words: &[TermId]) -> (f64, f64, bool) {
        let weight = |term: &TermId| match self.vocabulary.get(*term) {
            Some(term) if term.function => 0.1,
            Some(term) if term.common => 0.5,
            _ => 1.0,
        };
        let total: f64 = words.iter().map(weight).sum();
        let met: f64 = words.iter().map(|term| weight(term) * self.best(range, *term)).sum();
        let heavy: f64 = words.iter().map(weight).fold(0.0, f64::max);
        let share = if total > 0.0 { met / total } else { 0.0 };
        (share, total, met >= heavy * 0.6)
    }

    fn field_fit(&self, range: &Range<usize>, field: &Field) -> f64 {
        if field.polarity != Polarity::Plain {
            let key = self.key_fit(range, field);
            let denied = self.denied(range) || self.says_no(range);
            return match (key > 0.0, (field.polarity == Polarity::Yes) == denied) {
                (false, _) => 0.0,
                (true, false) => 1.0,
                (true, true) => -1.0,
            };
        }
        let met: Vec<f64> = field.core.iter().map(|term| self.value_quality(range, field, *term)).collect();
        let total: f64 = met.iter().sum();
        let size = f64::from(u32::try_from(met.len().max(1)).unwrap_or(1));
        total / size
    }

    fn value_quality(&self, range: &Range<usize>, field: &Field, term: TermId) -> f64 {
        let quality = self.best(range, term);
        let function = self.vocabulary.get(term).is_none_or(|term| term.function);
        if function {
            return if field.value.iter().all(|term| self.best(range, *term) > 0.0) { quality } else { 0.0 };
        }
        let hinted = quality < 1.0 && self.key_fit(range, field) > 0.0;
        if hinted { quality.max(0.9) } else { quality }
    }

    /// How well the stretch names the option itself.
    pub(super) fn key_fit(&self, range: &Range<usize>, field: &Field) -> f64 {
        let telling: Vec<&TermId> =
            field.key.iter().filter(|term| !self.vocabulary.get(**term).is_none_or(|term| term.function)).collect();
        telling.iter().map(|term| self.best(range, **term)).fold(0.0, f64::max)
    }

    /// "Armrest none".
    fn says_no(&self, range: &Range<usize>) -> bool {
        range.clone().filter_map(|at| self.token(at)).any(|token| self.lexicon.negative_values.contains(&token.raw))
    }

    fn denied(&self, range: &Range<usize>) -> bool {
        let from = range.start.saturating_sub(1);
        (from..range.end).filter_map(|at| self.token(at)).any(|token| token.has(Mark::Negate))
    }
}
