//! Which article answers the question, and does any? A second look at what the index has found.
//!
//! Two linear models. The first orders articles: its weights were fitted so that for each example question, left out of its article, that
//! article comes first. The second says how likely the first article answers, from how it stands beside the others; it was fitted on the same
//! questions (their article present: it answers; removed: nothing does) and on questions of other trades. `cargo run -p ombud-store
//! --example knowledge_fit` repeats both; `--example knowledge_eval` measures on questions that neither has seen.

use crate::corpus::{ArticleTerms, Corpus, Text};
use crate::similarity::{count, share};

/// What is compared between a question and an article, each 0 to 1.
pub const FEATURES: usize = 10;

/// Features of one article for one question.
pub type Features = [f32; FEATURES];

/// What the answerability of the best article is judged by.
pub const SIGNALS: usize = 8;

/// Signals of the best article.
pub type Signals = [f32; SIGNALS];

/// Weights of both models.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Of the features, for the order.
    pub order: Features,
    /// Of the signals, for the support.
    pub support: Signals,
    /// Constant of the support.
    pub bias: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            order: [6.0, 3.0, 3.0, 2.0, 2.0, 2.0, 3.0, 1.0, 2.0, 1.0],
            support: [0.3, 0.3, 2.0, 2.0, 1.0, -2.0, 0.0, 1.0],
            bias: -3.0,
        }
    }
}

/// An article with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Index of the article in the corpus.
    pub article: usize,
    /// Linear score of the order.
    pub score: f32,
    /// How likely it is that this article answers the question, 0 to 1.
    pub support: f32,
    /// What the order was made from.
    pub features: Features,
}

/// Ranks articles of one corpus.
#[derive(Debug, Clone)]
pub struct Ranker {
    corpus: Corpus,
    weights: Weights,
}

/// A question, ready to be compared.
struct Asked {
    text: Text,
    terms: usize,
    /// Left out of its article's questions: only for fitting.
    held_out: Option<Text>,
}

impl Ranker {
    /// With the weights that are kept here.
    #[must_use]
    pub fn new(corpus: Corpus) -> Self {
        Self::with_weights(corpus, Weights::default())
    }

    /// With other weights.
    #[must_use]
    pub const fn with_weights(corpus: Corpus, weights: Weights) -> Self {
        Self { corpus, weights }
    }

    /// The corpus.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Best first. Only `candidates` (indexes into the corpus) take part.
    #[must_use]
    pub fn rank(&self, question: &str, candidates: &[usize]) -> Vec<Ranked> {
        self.rank_asked(&self.asked(question, false), candidates)
    }

    /// As [`Ranker::rank`], as if no article had this very question among its examples. For fitting and for tests.
    #[must_use]
    pub fn rank_held_out(&self, question: &str, candidates: &[usize]) -> Vec<Ranked> {
        self.rank_asked(&self.asked(question, true), candidates)
    }

    /// Signals of the first of `ranked`; none when nothing was found.
    #[must_use]
    pub fn signals(&self, question: &str, ranked: &[Ranked]) -> Option<Signals> {
        signals(&self.asked(question, false), ranked)
    }

    /// Share of the question's weight that a text holds; orders passages and sentences within an article.
    #[must_use]
    pub fn coverage(&self, question: &str, text: &str) -> f32 {
        let asked = self.asked(question, false);
        let terms = self.corpus.analyzer().terms(text);
        share(asked.text.terms.common(&self.corpus.text(&terms).terms), asked.text.terms.mass)
    }

    fn asked(&self, question: &str, hold_out: bool) -> Asked {
        let terms = self.corpus.question_terms(question);
        let text = self.corpus.text(&terms);
        Asked { terms: terms.len(), held_out: hold_out.then(|| text.clone()), text }
    }

    fn rank_asked(&self, asked: &Asked, candidates: &[usize]) -> Vec<Ranked> {
        let mut ranked: Vec<Ranked> = candidates
            .iter()
            .filter_map(|index| Some((*index, self.corpus.articles.get(*index)?)))
            .map(|(article, terms)| {
                let features = features(&self.corpus, asked, terms);
                Ranked { article, score: dot(&features, &self.weights.order), support: 0.0, features }
            })
            .collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.article.cmp(&other.article)));
        let support = signals(asked, &ranked).map_or(0.0, |signals| self.support(&signals));
        let best = ranked.first().map_or(0.0, |best| best.score);
        for one in &mut ranked {
            // The likelihood is shared out as the order does: an article far behind the first hardly answers.
            one.support = support * (one.score - best).exp();
        }
        ranked
    }

    fn support(&self, signals: &Signals) -> f32 {
        let logit = dot(signals, &self.weights.support) + self.weights.bias;
        1.0 / (1.0 + (-logit).exp())
    }
}

fn dot<const N: usize>(values: &[f32; N], weights: &[f32; N]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

fn features(corpus: &Corpus, asked: &Asked, article: &ArticleTerms) -> Features {
    let (terms, grams) = (&asked.text.terms, &asked.text.grams);
    let examples: Vec<&Text> =
        article.questions.iter().filter(|example| asked.held_out.as_ref() != Some(*example)).collect();
    let mut cosines: Vec<f32> = examples.iter().map(|example| terms.cosine(&example.terms)).collect();
    cosines.sort_by(|one, other| other.total_cmp(one));
    let best_of = |likeness: &dyn Fn(&Text) -> f32| {
        examples.iter().map(|example| likeness(example)).fold(0.0_f32, f32::max)
    };
    let in_examples: f32 = terms
        .weighted()
        .filter(|(id, _)| examples.iter().any(|example| example.terms.ids().any(|known| known == *id)))
        .map(|(_, weight)| weight)
        .sum();
    let saturated: f32 = terms
        .weighted()
        .map(|(id, weight)| article.frequencies.get(&id).map_or(0.0, |times| weight * times / (times + 1.5)))
        .sum();
    let of_passage = |passage: Option<&crate::similarity::Bag>| {
        passage.map_or(0.0, |passage| share(terms.common(passage), terms.mass))
    };
    let best_passage = article.passages.iter().map(|passage| of_passage(Some(passage))).fold(0.0_f32, f32::max);
    debug_assert!(corpus.articles.len() < usize::MAX);
    [
        cosines.first().copied().unwrap_or(0.0),
        cosines.iter().take(3).sum::<f32>() / 3.0,
        best_of(&|example| grams.cosine(&example.grams)),
        terms.cosine(&article.title.terms),
        share(terms.common(&article.whole), terms.mass),
        best_passage,
        share(in_examples, terms.mass),
        share(saturated, terms.mass),
        best_of(&|example| share(terms.common(&example.terms), terms.mass)),
        of_passage(article.passages.first()),
    ]
}

fn signals(asked: &Asked, ranked: &[Ranked]) -> Option<Signals> {
    let best = ranked.first()?;
    let second = ranked.get(1).map_or(0.0, |second| second.score);
    let [example, examples, _, _, whole, passage, in_examples, ..] = best.features;
    let terms = &asked.text.terms;
    Some([
        best.score,
        (best.score - second).min(4.0),
        example,
        examples,
        whole.max(in_examples),
        share(terms.unknown_mass, terms.mass),
        (1.0 + count(asked.terms)).ln(),
        passage,
    ])
}
