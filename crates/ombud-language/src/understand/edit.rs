//! Where in a text is what a customer wants out or otherwise, and how does it read then?

use std::ops::Range;

use super::pieces::sentences;
use super::rules::{Rules, words};
use super::spelling::misspelt;
use crate::extract::number;

/// Fewer words that stand in the text as they are said name the sentence they are in rather than themselves.
const PHRASE_WORDS_MIN: usize = 3;
/// A clause of fewer words does not stand alone when the one before it goes.
const CLAUSE_WORDS_MIN: usize = 4;
/// Letters beside a number that are a currency or a unit.
const UNIT_CHARS_MAX: usize = 8;
/// A word of more letters in capitals is emphasised; a shorter one may be an abbreviation.
const EMPHASIS_CHARS_MIN: usize = 3;
/// Letters that two forms of a word share at least: "apology", "apologise".
const STEM_CHARS_MIN: usize = 4;

/// Of the words of a description, one in so many is found in what it describes.
const FITTING_SHARE: usize = 3;
/// Letters of the ending that one form has more: "rain", "raining".
const ENDING_CHARS_MAX: usize = 3;

/// A text that is edited.
pub(super) struct Text<'r> {
    rules: &'r Rules,
    text: &'r str,
}

/// A clause of a sentence.
#[derive(Debug, Clone)]
struct Clause {
    /// The sentence, with its end.
    sentence: Range<usize>,
    /// Where the word that joins it to the one before begins.
    joint: usize,
    /// The clause, without that word.
    body: Range<usize>,
}

impl<'r> Text<'r> {
    pub(super) const fn new(rules: &'r Rules, text: &'r str) -> Self {
        Self { rules, text }
    }

    /// The text with other words in the place of some; none if these are not found, or a number stands in several places.
    pub(super) fn exchanged(&self, old: &str, new: &str) -> Option<String> {
        if let Some(sentence) = self.by_place(old).filter(|_| self.rules.written.reword.sentence.is_match(old.trim())) {
            let mut text = self.text.to_owned();
            text.replace_range(sentence, &capital(new));
            return Some(text);
        }
        let new = shortened(self.text, old, new);
        let (old, new) = match (figures(old), figures(new)) {
            (Some(old), Some(new)) if old != new => (old, new),
            _ => (old, new),
        };
        let found = self.places(old);
        if found.is_empty() {
            return if figures(old).is_none() { self.with_number(new) } else { None };
        }
        if figures(old).is_some() && found.len() > 1 {
            return None;
        }
        let mut text = self.text.to_owned();
        for place in found.iter().rev() {
            let known = self.text.get(place.clone()).unwrap_or_default();
            let fitted = fitted(new, known);
            let fitted = if self.begins_sentence(place.start) { capital(&fitted) } else { fitted };
            text.replace_range(place.clone(), &fitted);
        }
        Some(text)
    }

    /// The text with another number, if it holds exactly one.
    pub(super) fn with_number(&self, new: &str) -> Option<String> {
        let new = figures(new)?;
        let is_figure = |token: &Range<usize>| self.text.get(token.clone()).and_then(figures).is_some();
        let mut numbers = tokens(self.text).into_iter().filter(is_figure);
        let only = numbers.next().filter(|_| numbers.next().is_none())?;
        let figure = self.text.get(only.clone()).and_then(figures)?;
        let mut text = self.text.to_owned();
        let start = only.start + self.text.get(only)?.find(figure)?;
        text.replace_range(start..start + figure.len(), new);
        Some(text)
    }

    /// The text without what is described; none if it is not found, several parts fit equally well, or nothing would be left.
    pub(super) fn without(&self, what: &str) -> Option<String> {
        let gone = self.located(what)?;
        let left = gone.into_iter().rev().fold(self.text.to_owned(), |text, range| without(&text, range));
        (!bare(&left).is_empty()).then_some(left)
    }

    /// The sentences that alone are to stay, if they are named by their place.
    pub(super) fn only(&self, what: &str) -> Option<String> {
        let named = self.rules.written.reword.sentence.is_match(what.trim());
        let kept = self.by_place(what).filter(|_| named)?;
        self.text.get(kept).map(ToOwned::to_owned)
    }

    fn located(&self, what: &str) -> Option<Vec<Range<usize>>> {
        let rules = &self.rules.written.reword;
        let what = what.trim();
        if let Some(literal) = rules.literal.captures(what).and_then(|found| found.iter().skip(1).flatten().next()) {
            let found = self.places(literal.as_str()).into_iter();
            let found: Vec<_> = found.map(|place| self.whole_clause(&place).unwrap_or(place)).collect();
            return (!found.is_empty()).then_some(found);
        }
        if rules.sentence.is_match(what) {
            return self.by_place(what).map(|sentence| vec![sentence]);
        }
        let about = rules.part.find(what).and_then(|found| what.get(found.end()..)).unwrap_or(what);
        let about = if bare(about).is_empty() { what } else { about };
        if about.split_whitespace().count() >= PHRASE_WORDS_MIN
            && let [only] = self.places(about).as_slice()
        {
            return Some(vec![self.whole_clause(only).unwrap_or_else(|| only.clone())]);
        }
        self.by_words(about).map(|clause| vec![clause])
    }

    /// Sentences by their place: "the last two sentences".
    fn by_place(&self, what: &str) -> Option<Range<usize>> {
        let all = self.sentences();
        let count = number::read(what).iter().find_map(|count| count.value.as_u64());
        let place = number::ordinals(what).iter().find_map(|place| place.value.as_i64());
        // "Sentence 2" counts no sentences.
        let (place, count) = match (place, count) {
            (Some(place), count) => (place, count.unwrap_or(1)),
            (None, Some(place)) => (i64::try_from(place).ok()?, 1),
            (None, None) if all.len() == 1 => (1, 1),
            (None, None) => return None,
        };
        let count = usize::try_from(count).ok()?;
        let first = match usize::try_from(place) {
            Ok(place) => place.checked_sub(1)?,
            Err(_) => all.len().checked_sub(count)?,
        };
        let last = first.checked_add(count)?.checked_sub(1)?;
        Some(all.get(first)?.start..all.get(last)?.end)
    }

    /// The clause that best matches a description.
    fn by_words(&self, about: &str) -> Option<Range<usize>> {
        let wanted = self.telling(about);
        let clauses = self.clauses();
        let score = |clause: &Clause| {
            let said: Vec<String> = words(self.text.get(clause.body.clone()).unwrap_or_default()).collect();
            wanted.iter().filter(|word| said.iter().any(|said| alike(said, word))).count()
        };
        let most = clauses.iter().map(score).max().filter(|most| *most > 0 && *most * FITTING_SHARE >= wanted.len())?;
        let best: Vec<&Clause> = clauses.iter().filter(|clause| score(clause) == most).collect();
        match best.as_slice() {
            [only] => self.cut(only, &clauses),
            // Several clauses of one sentence: the sentence.
            [first, others @ ..] if others.iter().all(|other| other.sentence == first.sentence) => {
                Some(first.sentence.clone())
            }
            _ => None,
        }
    }

    /// Words of a description that tell something; all of them where none does by itself.
    fn telling(&self, about: &str) -> Vec<String> {
        let content = self.rules.content_words(about);
        if content.is_empty() {
            words(about).filter(|word| word.chars().count() >= STEM_CHARS_MIN).collect()
        } else {
            content
        }
    }

    /// What is cut out with a clause, so that the rest still reads: what follows without a subject of its own goes with it.
    fn cut(&self, clause: &Clause, all: &[Clause]) -> Option<Range<usize>> {
        let mut later = all.iter().filter(|other| other.sentence == clause.sentence && other.joint > clause.joint);
        let next = later.find(|other| self.has_subject(other));
        let first = clause.joint == clause.sentence.start;
        match next {
            None if first => Some(clause.sentence.clone()),
            None => {
                let last = all.iter().rev().find(|other| other.sentence == clause.sentence)?;
                Some(clause.joint..last.body.end)
            }
            Some(next) if !first => Some(clause.joint..next.joint),
            Some(next) => {
                let rest = self.text.get(next.body.start..clause.sentence.end)?;
                (rest.split_whitespace().count() >= CLAUSE_WORDS_MIN).then_some(clause.sentence.start..next.body.start)
            }
        }
    }

    fn has_subject(&self, clause: &Clause) -> bool {
        let text = self.text.get(clause.body.clone()).unwrap_or_default();
        let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        word.starts_with(char::is_uppercase)
            || self.is_article(word)
            || self.rules.written.subjects.contains(&word.to_lowercase())
    }

    /// The clause that a phrase fills, with what joins it.
    fn whole_clause(&self, phrase: &Range<usize>) -> Option<Range<usize>> {
        let clauses = self.clauses();
        let fills = |body: &Range<usize>| {
            let left = [self.text.get(body.start..phrase.start), self.text.get(phrase.end..body.end)];
            left.iter().all(|side| side.is_some_and(|side| bare(side).is_empty()))
        };
        if let Some(sentence) = self.sentences().into_iter().find(fills) {
            return Some(sentence);
        }
        let clause = clauses.iter().find(|clause| fills(&clause.body))?;
        self.cut(clause, &clauses)
    }

    fn sentences(&self) -> Vec<Range<usize>> {
        let mut from = 0;
        let mut all = Vec::new();
        for sentence in sentences(self.text, self.rules) {
            let Some(at) = self.text.get(from..).and_then(|rest| rest.find(sentence)) else { continue };
            all.push(from + at..from + at + sentence.len());
            from += at + sentence.len();
        }
        all
    }

    fn clauses(&self) -> Vec<Clause> {
        let mut all = Vec::new();
        for sentence in self.sentences() {
            let Some(text) = self.text.get(sentence.clone()) else { continue };
            let end = sentence.start + text.trim_end_matches(['.', '!', '?', '…', ' ']).len();
            let (mut joint, mut start) = (sentence.start, sentence.start);
            for next in self.rules.written.reword.clause.find_iter(text) {
                let (at, from) = (sentence.start + next.start(), sentence.start + next.end());
                if at > start && from < end {
                    all.push(Clause { sentence: sentence.clone(), joint, body: start..at });
                    (joint, start) = (at, from);
                }
            }
            all.push(Clause { sentence: sentence.clone(), joint, body: start..end });
        }
        all
    }

    /// Where these words stand in the text, as whole words; with another article or none if not as they are.
    fn places(&self, wanted: &str) -> Vec<Range<usize>> {
        let exact = whole_words(self.text, wanted);
        if !exact.is_empty() {
            return exact;
        }
        let Some((_, core)) = wanted.split_once(' ').filter(|(article, _)| self.is_article(article)) else {
            return Vec::new();
        };
        let with_article = |place: Range<usize>| {
            let before = self.text.get(..place.start).unwrap_or_default().trim_end();
            let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
            let start = if self.is_article(word) { before.len() - word.len() } else { place.start };
            start..place.end
        };
        whole_words(self.text, core).into_iter().map(with_article).collect()
    }

    fn is_article(&self, word: &str) -> bool {
        self.rules.written.articles.contains(&word.to_lowercase())
    }

    fn begins_sentence(&self, at: usize) -> bool {
        self.sentences().iter().any(|sentence| sentence.start == at)
    }
}

/// Letters and digits alone.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The words with a capital in front.
pub(super) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// The figures of a number that has a currency or a unit beside it at most: "20 euros", "£20".
fn figures(words: &str) -> Option<&str> {
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let (from, until) = (words.find(|c: char| c.is_ascii_digit())?, words.rfind(|c: char| c.is_ascii_digit())? + 1);
    let figure = words.get(from..until).filter(|figure| figure.chars().all(is_figure))?;
    let beside = words.len() - figure.len();
    // "24b" is the number of a house.
    if beside == 1 && words.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    (words.split_whitespace().count() <= 2 && beside <= UNIT_CHARS_MAX).then_some(figure)
}

/// Of a clause in the place of a word or two, the words that stand in their place: "I paid 19.90" for "20" is "19.90".
fn shortened<'n>(text: &str, old: &str, new: &'n str) -> &'n str {
    let count = old.split_whitespace().count();
    let tokens = tokens(new);
    let before = tokens.len().saturating_sub(count);
    let shares = tokens
        .iter()
        .take(before)
        .any(|token| new.get(token.clone()).is_some_and(|word| !whole_words(text, word).is_empty()));
    tokens.get(before).and_then(|token| new.get(token.start..)).filter(|_| shares).unwrap_or(new)
}

/// New words as they are written in the place of others: emphasis is none of the text's, names begin with a capital.
fn fitted(new: &str, known: &str) -> String {
    let shouts = |word: &str| word.chars().count() > EMPHASIS_CHARS_MIN && !word.chars().any(char::is_lowercase);
    let as_known = |(word, known): (&str, &str)| {
        let calm = if shouts(word) && !shouts(known) { word.to_lowercase() } else { word.to_owned() };
        if known.starts_with(char::is_uppercase) { capital(&calm) } else { calm }
    };
    let same = new.split_whitespace().count() == known.split_whitespace().count();
    if same {
        new.split_whitespace().zip(known.split_whitespace()).map(as_known).collect::<Vec<_>>().join(" ")
    } else {
        new.to_owned()
    }
}

/// Words without the blanks and signs around them.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut from = 0;
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
        let Some(at) = text.get(from..).and_then(|rest| rest.find(inner)).filter(|_| !inner.is_empty()) else {
            continue;
        };
        all.push(from + at..from + at + inner.len());
        from += at + inner.len();
    }
    all
}

/// Where these words stand whole, in any case of letters.
pub(super) fn whole_words(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let wanted = wanted.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '€' | '$' | '£'));
    let Ok(pattern) = regex::RegexBuilder::new(&regex::escape(wanted)).case_insensitive(true).build() else {
        return Vec::new();
    };
    let apart = |found: &regex::Match<'_>| {
        let before = text.get(..found.start()).and_then(|side| side.chars().next_back());
        let mut after = text.get(found.end()..).unwrap_or_default().chars();
        let (next, second) = (after.next(), after.next());
        let number = found.as_str().ends_with(|c: char| c.is_ascii_digit());
        let goes_on = number && matches!(next, Some('.' | ',')) && second.is_some_and(|c| c.is_ascii_digit());
        let within = number && matches!(before, Some('.' | ','));
        before.is_none_or(|c| !c.is_alphanumeric()) && next.is_none_or(|c| !c.is_alphanumeric()) && !goes_on && !within
    };
    if wanted.is_empty() {
        Vec::new()
    } else {
        pattern.find_iter(text).filter(apart).map(|found| found.range()).collect()
    }
}

/// Whether two words are forms of one, or one is the other misspelt.
fn alike(said: &str, wanted: &str) -> bool {
    let shared = said.chars().zip(wanted.chars()).take_while(|(one, other)| one == other).count();
    let (one, other) = (said.chars().count(), wanted.chars().count());
    let (shorter, longer) = (one.min(other), one.max(other));
    said == wanted
        || said.strip_suffix('s') == Some(wanted)
        || shared >= STEM_CHARS_MIN
            && (shared * 5 >= longer * 3 || shared == shorter && longer - shorter <= ENDING_CHARS_MAX)
        || misspelt(wanted, said)
}

/// The text without a part, so that the rest still reads.
fn without(text: &str, part: Range<usize>) -> String {
    const STOPS: [char; 6] = ['.', '!', '?', '…', ',', ';'];
    let (Some(before), Some(after)) = (text.get(..part.start), text.get(part.end..)) else { return text.to_owned() };
    let (left, right) = (before.trim_end(), after.trim_start());
    if right.starts_with(STOPS) {
        let left = left.trim_end_matches([',', ';', ':', ' ']);
        return if left.is_empty() {
            capital(right.trim_start_matches([',', ';', '.', ' ']))
        } else {
            format!("{left}{right}")
        };
    }
    let line = |side: &str, rest: &str| side.get(rest.len()..).is_some_and(|blank| blank.contains('\n'));
    let breaks = line(before, left) || after.len() > right.len() && after.trim_start_matches(' ').starts_with('\n');
    let space = if left.is_empty() || right.is_empty() {
        ""
    } else if breaks {
        "\n"
    } else {
        " "
    };
    let right =
        if left.is_empty() || left.ends_with(['.', '!', '?', '…']) { capital(right) } else { right.to_owned() };
    format!("{left}{space}{right}")
}
