//! How alike are two texts? Bags of weighted terms: what is rare says more.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Terms of a collection, each with its weight: the inverse document frequency of BM25 (Robertson and Zaragoza 2009, equation 3.4).
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexicon {
    ids: HashMap<String, u32>,
    idf: Vec<f32>,
    unknown_idf: f32,
    /// Of all terms in the order of their numbers.
    pub fingerprint: u64,
}

/// Different terms of one text with their weights, sorted by term.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bag {
    terms: Vec<(u32, f32)>,
    /// Sum of the weights.
    pub mass: f32,
    norm: f32,
    /// Sum of the weights of terms that the collection does not know.
    pub unknown_mass: f32,
}

/// Counts in how many documents each term occurs.
#[derive(Debug, Default)]
pub(crate) struct Frequencies {
    of_terms: HashMap<String, f32>,
    documents: f32,
}

impl Frequencies {
    /// A document with its different terms; it may count for less than one.
    pub(crate) fn add(&mut self, document: &HashSet<&str>, counts: f32) {
        self.documents += counts;
        for term in document {
            match self.of_terms.get_mut(*term) {
                Some(frequency) => *frequency += counts,
                None => drop(self.of_terms.insert((*term).to_owned(), counts)),
            }
        }
    }

    /// What the counts say.
    pub(crate) fn weigh(self) -> Lexicon {
        let count = self.documents;
        let mut sorted: Vec<(String, f32)> = self.of_terms.into_iter().collect();
        sorted.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let weights = sorted.iter().map(|(_, frequency)| idf(count, *frequency)).collect();
        let fingerprint = hash(sorted.iter().map(|(term, _)| term.as_str()).collect::<Vec<_>>());
        let ids = (0..).zip(sorted).map(|(id, (term, _))| (term, id)).collect();
        Lexicon { ids, idf: weights, unknown_idf: idf(count, 0.0), fingerprint }
    }
}

impl Lexicon {
    /// Of these documents; each may count for less than one.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = (HashSet<&'a str>, f32)>) -> Self {
        let mut frequencies = Frequencies::default();
        documents.for_each(|(document, counts)| frequencies.add(&document, counts));
        frequencies.weigh()
    }

    pub(crate) fn id(&self, term: &str) -> Option<u32> {
        self.ids.get(term).copied()
    }

    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }

    pub(crate) fn weight(&self, id: u32) -> f32 {
        usize::try_from(id).ok().and_then(|index| self.idf.get(index)).copied().unwrap_or(self.unknown_idf)
    }

    /// A bag of the different ones of these terms; unknown terms weigh as the rarest do.
    pub(crate) fn bag<'a>(&self, terms: impl Iterator<Item = &'a str>) -> Bag {
        let mut known = Vec::new();
        let mut unknown = HashSet::new();
        for term in terms {
            match self.id(term) {
                Some(id) => known.push((id, self.weight(id))),
                None => drop(unknown.insert(term)),
            }
        }
        known.sort_unstable_by_key(|(id, _)| *id);
        known.dedup_by_key(|(id, _)| *id);
        Bag::new(known, self.unknown_idf, self.unknown_idf * count(unknown.len()))
    }

    /// A bag of these terms, sorted and each once.
    pub(crate) fn bag_of(&self, ids: impl Iterator<Item = u32>) -> Bag {
        Bag::new(ids.map(|id| (id, self.weight(id))).collect(), self.unknown_idf, 0.0)
    }
}

/// How often each term occurs, sorted by term.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Occurrences(Vec<(u32, f32)>);

impl Occurrences {
    pub(crate) fn of(terms: impl Iterator<Item = u32>) -> Self {
        let mut terms: Vec<u32> = terms.collect();
        terms.sort_unstable();
        let counted = terms.chunk_by(|one, other| one == other);
        Self(counted.filter_map(|same| Some((*same.first()?, count(same.len())))).collect())
    }

    pub(crate) fn counted(counts: &[(u32, u16)]) -> Self {
        Self(counts.iter().map(|(id, times)| (*id, f32::from(*times))).collect())
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers up to what 16 bits hold"
    )]
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u32, u16)> {
        self.0.iter().map(|(id, times)| (*id, *times as u16))
    }

    /// 0 for a term that does not occur.
    pub(crate) fn times(&self, id: u32) -> f32 {
        let place = self.0.binary_search_by_key(&id, |(known, _)| *known).ok();
        place.and_then(|place| self.0.get(place)).map_or(0.0, |(_, times)| *times)
    }
}

/// The same for what is equal, by one compiler.
pub(crate) fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn idf(documents: f32, with_term: f32) -> f32 {
    (1.0 + (documents - with_term + 0.5).max(0.5) / (with_term + 0.5)).ln()
}

/// A small count as a number to calculate with.
pub(crate) fn count(of: usize) -> f32 {
    f32::from(u16::try_from(of).unwrap_or(u16::MAX))
}

/// `part / whole`, 0 when there is no whole.
pub(crate) fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Bag {
    fn new(terms: Vec<(u32, f32)>, unknown_idf: f32, unknown_mass: f32) -> Self {
        let squares: f32 = terms.iter().map(|(_, weight)| weight * weight).sum();
        Self {
            mass: terms.iter().map(|(_, weight)| weight).sum::<f32>() + unknown_mass,
            norm: (squares + unknown_idf * unknown_mass).sqrt(),
            unknown_mass,
            terms,
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        self.terms.iter().map(|(id, _)| *id)
    }

    pub(crate) fn weighted(&self) -> impl Iterator<Item = (u32, f32)> {
        self.terms.iter().copied()
    }

    pub(crate) fn holds(&self, id: u32) -> bool {
        self.terms.binary_search_by_key(&id, |(known, _)| *known).is_ok()
    }

    /// Weight of the terms of both.
    pub(crate) fn common(&self, other: &Self) -> f32 {
        self.fold_common(other, |sum, weight| sum + weight)
    }

    /// Cosine of the angle between both, 0 to 1.
    pub(crate) fn cosine(&self, other: &Self) -> f32 {
        share(self.fold_common(other, |sum, weight| weight.mul_add(weight, sum)), self.norm * other.norm)
    }

    fn fold_common(&self, other: &Self, add: impl Fn(f32, f32) -> f32) -> f32 {
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        let mut sum = 0.0;
        while let (Some((one, weight)), Some((two, _))) = (left.peek(), right.peek()) {
            match one.cmp(two) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    sum = add(sum, *weight);
                    left.next();
                    right.next();
                }
            }
        }
        sum
    }
}

/// Runs of three characters of each word, the word's edges marked: alike also when a letter is wrong.
pub(crate) fn grams(words: &[String]) -> Vec<String> {
    let mut grams = Vec::new();
    for word in words {
        let marked: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
        grams.extend(marked.windows(3).map(|run| run.iter().collect::<String>()));
    }
    grams
}

/// Whether two words differ by one typing error: a letter wrong, missing, added, or two exchanged (Damerau 1964).
pub(crate) fn one_slip_apart(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if long.len() - short.len() > 1 || short == long {
        return false;
    }
    let start = short.iter().zip(long.iter()).take_while(|(a, b)| a == b).count();
    let end = short.iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b).count();
    if short.len() < long.len() {
        return start + end >= short.len();
    }
    let differing = short.len() - (start + end).min(short.len());
    differing == 1
        || differing == 2 && short.get(start) == long.get(start + 1) && short.get(start + 1) == long.get(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let documents = [HashSet::from(["pay", "fee"]), HashSet::from(["pay", "card"]), HashSet::from(["pay"])];
        Lexicon::of(documents.into_iter().map(|document| (document, 1.0)))
    }

    #[test]
    fn what_is_rare_weighs_more_and_what_is_unknown_most() {
        let lexicon = lexicon();
        let weight = |term: &str| lexicon.weight(lexicon.id(term).unwrap());
        assert!(weight("pay") < weight("fee") && weight("fee") < lexicon.unknown_idf);
        let bag = lexicon.bag(["fee", "fee", "bitcoin"].into_iter());
        assert_eq!((bag.ids().count(), bag.unknown_mass), (1, lexicon.unknown_idf));
    }

    #[test]
    fn likeness_is_1_for_the_same_and_0_for_nothing_in_common() {
        let lexicon = lexicon();
        let bag = |text: &str| lexicon.bag(text.split(' '));
        assert!((bag("pay fee").cosine(&bag("fee pay")) - 1.0).abs() < 1e-6);
        assert_eq!(bag("fee").cosine(&bag("card")), 0.0);
        assert_eq!(bag("bitcoin").cosine(&bag("bitcoin")), 0.0);
        assert!((bag("pay fee").common(&bag("fee card")) - bag("fee").mass).abs() < 1e-6);
    }

    #[test]
    fn one_slip_is_one_letter_or_two_exchanged() {
        for (one, other) in
            [("refund", "refnd"), ("refund", "refudn"), ("refund", "refumd"), ("card", "cards"), ("ab", "ba")]
        {
            assert!(one_slip_apart(one, other) && one_slip_apart(other, one), "{one} {other}");
        }
        for (one, other) in
            [("refund", "refund"), ("refund", "rfdn"), ("dress", "address"), ("abcd", "badc"), ("late", "rate x")]
        {
            assert!(!one_slip_apart(one, other), "{one} {other}");
        }
    }
}
