//! Which sentence of the articles says nearly the same as this one? For finding what contradicts it, not for answering.

use std::collections::{HashMap, HashSet};

use crate::article::Article;
use crate::chunk::chunks;
use crate::query::Analyzer;
use crate::similarity::{Bag, Lexicon};

/// A sentence that an article tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Place of its article among those that were given.
    pub article: usize,
    /// Plain text.
    pub text: String,
    /// Heading above it; empty for the opening.
    pub heading: String,
    /// Markets it holds for; empty means all of the article's.
    pub markets: Vec<String>,
}

/// The sentence that is most alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Near<'a> {
    /// Which.
    pub told: &'a Told,
    /// How alike, 0 to 1, by its words without figures: what is rare counts more.
    pub likeness: f32,
    /// How many different words of meaning it has, figures not counted.
    pub words: usize,
}

/// The sentences of articles of one language, ready to be compared.
#[derive(Debug)]
pub struct Sentences {
    analyzer: Analyzer,
    lexicon: Lexicon,
    told: Vec<(Told, Bag)>,
    /// Sentences by the terms in them.
    holding: HashMap<u32, Vec<usize>>,
}

impl Sentences {
    /// Of these articles, which are of the analyzer's language.
    #[must_use]
    pub fn new(analyzer: Analyzer, articles: &[&Article]) -> Self {
        let all: Vec<Told> = articles.iter().enumerate().flat_map(|(place, article)| told(place, article)).collect();
        let terms: Vec<Vec<String>> = all.iter().map(|told| words(&analyzer, &told.text)).collect();
        let lexicon = Lexicon::of(terms.iter().map(|terms| (terms.iter().map(String::as_str).collect(), 1.0)));
        let mut holding: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut bags = Vec::with_capacity(all.len());
        for (place, (told, terms)) in all.into_iter().zip(&terms).enumerate() {
            let bag = lexicon.bag(terms.iter().map(String::as_str));
            bag.ids().for_each(|id| holding.entry(id).or_default().push(place));
            bags.push((told, bag));
        }
        Self { analyzer, lexicon, told: bags, holding }
    }

    /// All of them, in the order of the articles.
    pub fn all(&self) -> impl Iterator<Item = &Told> {
        self.told.iter().map(|(told, _)| told)
    }

    /// The sentence most alike among those that `counts`; of several equal ones the one nearest to `place` of all, else the first. None without a word in common.
    #[must_use]
    pub fn nearest(&self, text: &str, place: Option<usize>, counts: impl Fn(&Told) -> bool) -> Option<Near<'_>> {
        let terms = words(&self.analyzer, text);
        let bag = self.lexicon.bag(terms.iter().map(String::as_str));
        let candidates: HashSet<usize> = bag.ids().filter_map(|id| self.holding.get(&id)).flatten().copied().collect();
        let far = |at: usize| place.map_or(at, |place| at.abs_diff(place));
        let mut best: Option<(f32, usize)> = None;
        for at in candidates {
            let Some((told, other)) = self.told.get(at) else { continue };
            if !counts(told) {
                continue;
            }
            let likeness = bag.cosine(other);
            let is_better = best.is_none_or(|(known, known_at)| {
                likeness > known + 1e-6 || (likeness > known - 1e-6 && (far(at), at) < (far(known_at), known_at))
            });
            if is_better {
                best = Some((likeness, at));
            }
        }
        let (likeness, at) = best?;
        let (told, other) = self.told.get(at)?;
        Some(Near { told, likeness, words: other.ids().count() })
    }
}

/// The sentences of an article; `place` is what they name it by.
#[must_use]
pub fn told(place: usize, article: &Article) -> Vec<Told> {
    let mut all = Vec::new();
    for chunk in chunks(article) {
        for line in chunk.lines {
            all.push(Told { article: place, text: line.text, heading: chunk.heading.clone(), markets: line.markets });
        }
    }
    all
}

/// Terms without figures: a sentence with another number is still the same sentence.
fn words(analyzer: &Analyzer, text: &str) -> Vec<String> {
    let mut terms = analyzer.terms(text);
    terms.retain(|term| !term.chars().any(char::is_numeric));
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::parse;

    fn article(id: &str, body: &str) -> Article {
        parse("a.md", &format!("---\nid: {id}\ntitle: A\nlocale: en\n---\n{body}")).unwrap()
    }

    #[test]
    fn the_same_sentence_with_another_number_is_the_nearest() {
        let one = article("fees", "The late fee is 5 EUR. A reminder is sent after 14 days.");
        let other = article("returns", "You can return goods within 30 days of delivery.");
        let sentences = Sentences::new(Analyzer::general("en"), &[&one, &other]);
        let near = sentences.nearest("A reminder is sent after 40 days.", None, |_| true).unwrap();
        assert_eq!((near.told.article, near.told.text.as_str()), (0, "A reminder is sent after 14 days."));
        assert!(near.likeness > 0.99 && near.words >= 2, "{near:?}");
        let near =
            sentences.nearest("Goods can be returned within 60 days of their delivery.", None, |_| true).unwrap();
        assert!(near.told.article == 1 && near.likeness > 0.8, "{near:?}");
        assert!(sentences.nearest("zebra", None, |_| true).is_none());
        assert!(sentences.nearest("A reminder is sent", None, |told| told.article == 1).is_none());
    }

    #[test]
    fn of_equal_ones_the_nearest_by_place_is_taken() {
        let list = article(
            "fees",
            "- **SE**: The fee is 60 SEK.\n- **NO**: The fee is 70 SEK.\n- **DK**: The fee is 80 SEK.\n",
        );
        let sentences = Sentences::new(Analyzer::general("en"), &[&list]);
        let market =
            |place| sentences.nearest("The fee is 10 SEK.", Some(place), |_| true).unwrap().told.markets.join("");
        assert_eq!([market(0), market(1), market(2)], ["SE", "NO", "DK"]);
    }
}
