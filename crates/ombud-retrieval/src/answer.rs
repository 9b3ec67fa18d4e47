//! Which sentences answer the question?

use ombud_domain::{Citation, Passage};

use crate::query::Analyzer;
use crate::sentence::{sentences, word_count};
use crate::similarity::{Bag, Lexicon, share};
use crate::synonyms::Synonyms;

/// Support from which on an answer is given; below it the assistant says that it does not know. Chosen on one half of the questions of
/// `knowledge_eval` and reported on the other.
pub const SUPPORT_MIN: f32 = 0.5;

/// Sentences of an answer at most.
pub const SENTENCES_MAX: usize = 4;
/// Words of an answer at most, unless its first sentence is longer.
pub const WORDS_MAX: usize = 90;
/// Other articles named at most.
const ALTERNATIVES_MAX: usize = 3;
/// Share of the question's weight that a sentence beyond the first has to add.
const GAIN_MIN: f32 = 0.12;

/// An answer in the articles' own words.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// Sentences, in the order of the article.
    pub sentences: Vec<String>,
    /// What is quoted.
    pub citation: Citation,
    /// How likely it is that the article answers the question, 0 to 1.
    pub support: f32,
    /// Other articles that may be meant: id and title.
    pub alternatives: Vec<(String, String)>,
}

/// The answer to a question from the passages of one search; none when none of them supports one ([`SUPPORT_MIN`]).
#[must_use]
pub fn extract(question: &str, passages: &[Passage]) -> Option<Extract> {
    let best = passages.iter().reduce(|best, next| if next.support > best.support { next } else { best })?;
    if best.support < SUPPORT_MIN {
        return None;
    }
    let mut of_article: Vec<&Passage> =
        passages.iter().filter(|passage| passage.article_id == best.article_id).collect();
    of_article.sort_by_key(|passage| passage.ordinal);
    let sentences = select(question, &best.locale, &of_article);
    let citation = Citation {
        article_id: best.article_id.clone(),
        title: best.title.clone(),
        quote: sentences.join(" "),
        url: best.source.clone(),
    };
    Some(Extract { sentences, citation, support: best.support, alternatives: alternatives(best, passages) })
}

fn alternatives(best: &Passage, passages: &[Passage]) -> Vec<(String, String)> {
    let mut others: Vec<(String, String)> = Vec::new();
    for passage in passages.iter().filter(|passage| passage.article_id != best.article_id) {
        let other = (passage.article_id.clone(), passage.title.clone());
        if others.len() < ALTERNATIVES_MAX && !others.contains(&other) {
            others.push(other);
        }
    }
    others
}

struct Sentence {
    text: String,
    /// Its own terms and those of the heading above it.
    bag: Bag,
    opening: bool,
}

/// The opening sentence, then one after the other those that add most of what is asked.
fn select(question: &str, locale: &str, passages: &[&Passage]) -> Vec<String> {
    let analyzer = Analyzer::new(locale, &Synonyms::default());
    let mut read: Vec<(String, Vec<String>, bool)> = Vec::new();
    for passage in passages {
        let heading = analyzer.terms(&passage.heading);
        for text in passage.text.lines().flat_map(sentences) {
            let terms = analyzer.terms(&text).into_iter().chain(heading.iter().cloned()).collect();
            read.push((text, terms, passage.ordinal == 0));
        }
    }
    let lexicon = Lexicon::of(read.iter().map(|(_, terms, _)| terms.iter().map(String::as_str).collect()));
    let asked = analyzer.terms(question);
    let asked = lexicon.bag(asked.iter().map(String::as_str));
    let all: Vec<Sentence> = read
        .into_iter()
        .map(|(text, terms, opening)| Sentence { bag: lexicon.bag(terms.iter().map(String::as_str)), text, opening })
        .collect();
    let mut chosen = greedy(&asked, &all);
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|index| all.get(index)).map(|sentence| sentence.text.clone()).collect()
}

fn greedy(asked: &Bag, all: &[Sentence]) -> Vec<usize> {
    let mut chosen: Vec<usize> = all.iter().position(|sentence| sentence.opening).into_iter().collect();
    let mut words: usize = chosen.iter().filter_map(|index| all.get(*index)).map(|one| word_count(&one.text)).sum();
    while chosen.len() < SENTENCES_MAX {
        let told: Vec<u32> =
            chosen.iter().filter_map(|index| all.get(*index)).flat_map(|sentence| sentence.bag.ids()).collect();
        let gain = |sentence: &Sentence| {
            let covers = |id: u32| sentence.bag.ids().any(|known| known == id);
            let new = asked.weighted().filter(|(id, _)| covers(*id) && !told.contains(id)).map(|(_, weight)| weight);
            let again = asked.weighted().filter(|(id, _)| covers(*id) && told.contains(id)).map(|(_, weight)| weight);
            share(new.sum::<f32>() + 0.25 * again.sum::<f32>(), asked.mass)
        };
        let next = all
            .iter()
            .enumerate()
            .filter(|(index, sentence)| !chosen.contains(index) && words + word_count(&sentence.text) <= WORDS_MAX)
            .map(|(index, sentence)| (index, gain(sentence)))
            .filter(|(_, gain)| chosen.is_empty() || *gain >= GAIN_MIN)
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((index, _)) = next else { break };
        words += all.get(index).map_or(0, |sentence| word_count(&sentence.text));
        chosen.push(index);
    }
    chosen
}
