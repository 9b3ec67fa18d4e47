//! Which article answers the question, and does any? A second look at what the index has found.
//!
//! Two linear models. The first orders articles: its weights were fitted so that for each example question, left out of its article, that
//! article comes first. The second says how likely the first article answers, from how it stands beside the others; it was fitted on the same
//! questions (their article present: it answers; removed: nothing does) and on questions of other trades. `cargo run -p ombud-store
//! --example knowledge_fit` repeats both; `--example knowledge_eval` measures on questions that neither has seen.

use crate::corpus::{ArticleTerms, Corpus, Text};
use crate::similarity::{count, share};

/// What is compared between a question and an article.
pub const FEATURES: usize = 7;

/// Features of one article for one question: likeness to its three nearest example questions; likeness of letters to the nearest one; weight of
/// the question's terms in title and body, the more often the more; the share of them in the opening; their weight among the example
/// questions, the more of them the more; the share of the title that is asked about; likeness to the nearest heading. Likeness to the very
/// nearest example, to the title, to the nearest sentence and passage added nothing beside these when fitted.
pub type Features = [f32; FEATURES];

/// What the answerability of the best article is judged by.
pub const SIGNALS: usize = 6;

/// Signals of the best article: its score; its lead over the second; likeness to the three nearest example questions; the share of the
/// question that the article knows; the share that no article knows; the logarithm of how many terms are asked.
pub type Signals = [f32; SIGNALS];

/// Brings sums of weights near the size of the other features.
const EVIDENCE: f32 = 10.0;
/// Beyond this a lead says nothing more.
const LEAD_MAX: f32 = 4.0;
/// Support of a question that is an example of its article, word for word.
const EXAMPLE_SUPPORT: f32 = 0.97;
/// Likeness to an example from which on this counts.
const EXAMPLE_FROM: f32 = 0.7;
/// Likeness from which on an example question is held out while fitting.
pub const HELD_OUT_FROM: f32 = 0.95;

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
            order: [0.222, 2.128, 10.087, 1.204, 4.399, 1.209, 0.608],
            support: [0.386, 0.400, -0.794, 0.549, -2.009, -1.427],
            bias: -1.055,
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
    /// Share of the question's weight that each passage of the article holds, in the order of its passages; lines for all markets count.
    pub coverage: Vec<f32>,
    /// Likeness to the nearest example question.
    example: f32,
    /// Share of the question's weight that the article knows.
    known: f32,
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
    /// Example questions like this one are left out: only for fitting.
    hold_out: HoldOut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HoldOut {
    Nothing,
    Same,
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
        self.rank_asked(&self.asked(question, HoldOut::Nothing), candidates)
    }

    /// As [`Ranker::rank`], as if no article had this question among its examples ([`HELD_OUT_FROM`]). For fitting.
    #[must_use]
    pub fn rank_held_out(&self, question: &str, candidates: &[usize]) -> Vec<Ranked> {
        self.rank_asked(&self.asked(question, HoldOut::Same), candidates)
    }

    /// Signals of the first of `ranked`; none when nothing was found.
    #[must_use]
    pub fn signals(&self, question: &str, ranked: &[Ranked]) -> Option<Signals> {
        signals(&self.asked(question, HoldOut::Nothing), ranked)
    }

    fn asked(&self, question: &str, hold_out: HoldOut) -> Asked {
        let terms = self.corpus.question_terms(question);
        Asked { terms: terms.len(), text: self.corpus.text(&terms), hold_out }
    }

    fn rank_asked(&self, asked: &Asked, candidates: &[usize]) -> Vec<Ranked> {
        let mut ranked: Vec<Ranked> = candidates
            .iter()
            .filter_map(|index| Some(asked.compare(*index, self.corpus.articles.get(*index)?)))
            .map(|one| Ranked { score: dot(&one.features, &self.weights.order), ..one })
            .collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.article.cmp(&other.article)));
        let judged = signals(asked, &ranked).map_or(0.0, |signals| self.support(&signals));
        let support = ranked.first().map_or(0.0, |first| judged.max(support_of_example(first.example)));
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

/// The author of an article says with an example question that the article answers it; the fit, which holds examples out, cannot know that.
fn support_of_example(likeness: f32) -> f32 {
    EXAMPLE_SUPPORT * share(likeness - EXAMPLE_FROM, 1.0 - EXAMPLE_FROM).clamp(0.0, 1.0)
}

fn dot<const N: usize>(values: &[f32; N], weights: &[f32; N]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// How much `times` occurrences weigh, from 0 towards 1: `half` of them weigh one half (the saturation of BM25).
fn saturated(times: f32, half: f32) -> f32 {
    times / (times + half)
}

impl Asked {
    fn holds_out(&self, example: &Text) -> bool {
        self.hold_out == HoldOut::Same && self.text.terms.cosine(&example.terms) >= HELD_OUT_FROM
    }

    fn compare(&self, index: usize, article: &ArticleTerms) -> Ranked {
        let terms = &self.text.terms;
        let (held, examples): (Vec<&Text>, Vec<&Text>) =
            article.questions.iter().partition(|example| self.holds_out(example));
        let mut nearest: Vec<f32> = examples.iter().map(|example| terms.cosine(&example.terms)).collect();
        nearest.sort_by(|one, other| other.total_cmp(one));
        let letters = examples.iter().map(|example| self.text.grams.cosine(&example.grams)).fold(0.0, f32::max);
        let asked_with = |id: u32| {
            let held = held.iter().filter(|example| example.terms.holds(id)).count();
            article.asked_with.get(&id).copied().unwrap_or(0.0) - count(held)
        };
        let in_whole = |id: u32| article.frequencies.get(&id).copied().unwrap_or(0.0);
        let weigh = |by: &dyn Fn(u32) -> f32| terms.weighted().map(|(id, weight)| weight * by(id)).sum::<f32>();
        let coverage: Vec<f32> =
            article.passages.iter().map(|passage| share(terms.common(passage), terms.mass)).collect();
        let headings = article.headings.iter().map(|heading| terms.cosine(heading));
        let features = [
            nearest.iter().take(3).sum::<f32>() / 3.0,
            letters,
            weigh(&|id| saturated(in_whole(id), 1.5)) / EVIDENCE,
            coverage.first().copied().unwrap_or(0.0),
            weigh(&|id| saturated(asked_with(id), 1.0)) / EVIDENCE,
            share(terms.common(&article.title.terms), article.title.terms.mass),
            headings.fold(0.0, f32::max),
        ];
        let known = weigh(&|id| f32::from(u8::from(in_whole(id) > 0.0 || asked_with(id) > 0.0)));
        Ranked {
            article: index,
            score: 0.0,
            support: 0.0,
            features,
            coverage,
            example: nearest.first().copied().unwrap_or(0.0),
            known: share(known, terms.mass),
        }
    }
}

fn signals(asked: &Asked, ranked: &[Ranked]) -> Option<Signals> {
    let best = ranked.first()?;
    let second = ranked.get(1).map_or(0.0, |second| second.score);
    let [examples, ..] = best.features;
    let terms = &asked.text.terms;
    Some([
        best.score,
        (best.score - second).min(LEAD_MAX),
        examples,
        best.known,
        share(terms.unknown_mass, terms.mass),
        (1.0 + count(asked.terms)).ln(),
    ])
}

#[cfg(test)]
mod tests;
