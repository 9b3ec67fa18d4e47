//! Which article answers the question, and does any?
//!
//! Two linear models. The first orders articles: its weights were fitted so that for each example question, left out of its article, that
//! article comes first. The second says how likely the first article answers, from how it stands beside the others; it was fitted on the same
//! questions (their article present: it answers; removed: nothing does), on those of the topics outside and on questions of other trades. `cargo
//! run -p ombud-inference --example knowledge_fit` repeats both; `--example knowledge_eval` measures on questions that neither has seen. What is
//! likelier outside of all articles is answered by none of them.

use std::sync::OnceLock;

use crate::corpus::{ArticleTerms, Corpus, Text};
use crate::likelihood::Evidence;
use crate::meaning::{Meaning, Nearness};
use crate::similarity::{count, share};

/// What is compared between a question and an article.
pub const FEATURES: usize = 10;

/// Features of one article for one question: likeness to its three nearest example questions; likeness of letters to the nearest one; weight of
/// the question's terms in title and body, the more often the more; the share of them in the opening; their weight among the example
/// questions, the more of them the more; the share of the title that is asked about; likeness to the nearest heading; the logarithm of how
/// likely the article is asked for in these words, less that of the likeliest; by meaning, and 0 where only words are compared, nearness to its three
/// nearest example questions and to the nearest one. Likeness in words to the very nearest example, to the title, to the nearest sentence and
/// passage added nothing beside these when fitted.
pub type Features = [f32; FEATURES];

/// From here on features compare by meaning.
const MEANING_FROM: usize = FEATURES - 2;

/// What the answerability of the best article is judged by.
pub const SIGNALS: usize = 10;

/// Signals of the best article: its lead over the second; its share of the likelihood of all; likeness to the three nearest example questions;
/// the share of the question that the article knows; the share that no article knows; the logarithm of how many terms are asked; how much
/// likelier it is asked for in these words than the articles are on the whole; how much likelier it is than the likeliest topic outside; by
/// meaning, and 0 where only words are compared, nearness to its nearest example, and how much nearer that is than any topic outside.
pub type Signals = [f32; SIGNALS];

/// Brings sums of weights near the size of the other features.
const EVIDENCE: f32 = 10.0;
/// Beyond this a lead says nothing more.
const LEAD_MAX: f32 = 4.0;
/// Support of a question that is an example of its article, word for word.
const EXAMPLE_SUPPORT: f32 = 0.97;
/// Likeness to an example from which on this counts.
const EXAMPLE_FROM: f32 = 0.7;
/// How much likelier than every topic outside an article must be, as a logarithm; else the question is for none. Chosen on the first halves of
/// `knowledge_eval`, where 2 of 38 unanswerable questions pass it and [`crate::SUPPORT_MIN`].
const WITHIN_MIN: f32 = 3.0;
/// A question of so few terms may mean anything ...
const FEW_TERMS: usize = 2;
/// ... and how near by meaning the nearest example of its article must be, in tenths of a cosine above that of unrelated sentences.
const NEAR_MIN: f32 = 0.2;
/// Articles that are compared in all features: those most likely asked for in these words.
const COMPARED_MAX: usize = 24;
/// Further articles that are compared in all features: those nearest by meaning.
const NEAREST_MAX: usize = 12;
/// How likely an article answers a question that is compared by meaning alone, as a logarithm of odds: a constant, and weights of its nearness by the
/// three nearest examples and by the nearest, of its lead over the second (all in tenths of a cosine), and of how much nearer it is than any topic
/// outside. A logistic regression on the 389 questions of `knowledge_eval --meant`; from a likelihood of .7 on, where an answer is given, .39 are answered
/// right, .04 wrong, and .08 of what nothing answers is (five parts, each judged by a fit on the others): a wrong rule about money costs more than none.
/// The constant is lower than fitted by what brings that likelihood to [`crate::SUPPORT_MIN`].
const MEANT: [f32; 5] = [-4.67, 2.84, -0.74, 2.43, 2.07];
/// The same where the question is compared with a short answer in its own language too: weights of its nearness to the examples (the nearest and the three
/// nearest together), of that to the short answer ([`told_nearness`]), of its lead over the second, and of what a topic outside is nearer. A logistic
/// regression on the questions of `short_fit`, in nine languages: from a likelihood of .5 on, where an answer is given, .50 are answered right, .06 wrong; by the examples alone the right
/// article is first for .55, so for .69. The constant is lower than fitted by what brings that likelihood to [`crate::SUPPORT_MIN`].
const TOLD: [f32; 5] = [-5.14, 1.06, 1.93, 4.34, 2.07];
/// Likeness from which on an example question is the same one: held out while fitting.
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

impl Weights {
    /// Where only words are compared.
    #[must_use]
    pub const fn words() -> Self {
        Self {
            order: [0.0, 1.156, 8.240, 0.356, 2.827, 0.0, 0.054, 5.337, 0.0, 0.0],
            support: [0.351, 1.682, -0.250, 0.886, -2.405, -0.220, 0.424, 0.484, 0.0, 0.0],
            bias: -2.223,
        }
    }

    /// Where meaning is compared too.
    #[must_use]
    pub const fn meaning() -> Self {
        Self {
            order: [0.0, 0.0, 8.130, 0.473, 2.704, 0.0, 0.0, 2.678, 4.474, 1.989],
            support: [0.423, 0.980, -0.491, 0.986, -2.293, -0.396, 0.638, 0.300, 1.399, -0.193],
            bias: -2.213,
        }
    }
}

/// An article with its place.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// How much likelier it is asked for in these words than the articles are on the whole, per unit of what is asked.
    advantage: f32,
    /// Logarithm of how much likelier it is than the likeliest topic outside.
    within: f32,
    /// Share of the question's weight that the article knows.
    known: f32,
    /// How much nearer its nearest example means the same than that of any topic outside.
    beyond_outside: f32,
}

/// Ranks articles of one corpus.
#[derive(Debug, Clone)]
pub struct Ranker {
    corpus: Corpus,
    weights: Weights,
    /// Weights where meaning is compared too.
    weights_meant: Weights,
    meaning: OnceLock<Meaning>,
}

/// How much words and meaning count in the order of articles, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Factor of what is compared word by word.
    pub words: f32,
    /// Factor of what is compared by meaning.
    pub meaning: f32,
}

impl Default for Balance {
    fn default() -> Self {
        Self { words: 1.0, meaning: 1.0 }
    }
}

impl Balance {
    fn of(self, weights: &Features) -> Features {
        let mut weighed = *weights;
        for (place, weight) in weighed.iter_mut().enumerate() {
            *weight *= if place < MEANING_FROM { self.words } else { self.meaning };
        }
        weighed
    }
}

/// A question, ready to be compared.
struct Asked<'q> {
    text: Text,
    /// What the examples mean, and the question; none where only words are compared.
    meant: Option<(&'q Meaning, &'q [f32])>,
    terms: usize,
    evidence: Evidence,
    balance: Balance,
    /// Articles of which this question is an example that does not count; those like it do not count either. Only for fitting.
    held_out: Vec<usize>,
}

impl Ranked {
    /// An article compared by meaning alone.
    fn meant(article: usize, (near, beyond_outside): (Nearness, f32), passages: usize) -> Self {
        let mut features = [0.0; FEATURES];
        [features[FEATURES - 2], features[FEATURES - 1]] = [near.three, near.one];
        let (score, coverage) = (near.three + near.one, vec![0.0; passages]);
        Self { article, score, features, coverage, beyond_outside, ..Self::default() }
    }
}

impl Ranker {
    /// With the weights that are kept here.
    #[must_use]
    pub fn new(corpus: Corpus) -> Self {
        Self { corpus, weights: Weights::words(), weights_meant: Weights::meaning(), meaning: OnceLock::new() }
    }

    /// The same with other weights, for words and for meaning.
    #[must_use]
    pub fn with_weights(&self, weights: &Weights) -> Self {
        Self { weights: weights.clone(), weights_meant: weights.clone(), ..self.clone() }
    }

    /// The texts of which [`Ranker::deepen`] wants the vectors, in its order.
    #[must_use]
    pub fn lessons(&self) -> &[String] {
        self.corpus.lessons()
    }

    /// Compares by meaning too from then on.
    pub fn deepen(&self, vectors: &[&[f32]]) {
        self.meaning.get_or_init(|| self.corpus.meaning(vectors));
    }

    /// The weights for a question.
    const fn weights(&self, asked: &Asked<'_>) -> &Weights {
        if asked.meant.is_some() { &self.weights_meant } else { &self.weights }
    }

    /// The corpus.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Best first. Only `candidates` (indexes into the corpus) take part.
    #[must_use]
    pub fn rank(&self, question: &str, vector: Option<&[f32]>, candidates: &[usize]) -> Vec<Ranked> {
        self.rank_asked(&self.asked((question, vector), &[]), candidates)
    }

    /// The same where words or meaning count less than they were fitted to.
    #[must_use]
    pub fn rank_weighed(
        &self,
        question: &str,
        vector: Option<&[f32]>,
        (candidates, balance): (&[usize], Balance),
    ) -> Vec<Ranked> {
        self.rank_asked(&Asked { balance, ..self.asked((question, vector), &[]) }, candidates)
    }

    /// Best first by meaning alone, for a question in a language in which there are no articles: `vector` is where the question would lie if it were asked
    /// in theirs, `told` how near it is to what an article says in short in its own language, if there is that ([`told_nearness`]). Nothing before the
    /// ranker was deepened.
    #[must_use]
    pub fn rank_meant(&self, vector: &[f32], candidates: &[usize], told: Option<impl Fn(usize) -> f32>) -> Vec<Ranked> {
        let Some(meaning) = self.meaning.get() else { return Vec::new() };
        let outside = meaning.outside(vector, &[]);
        let compare = |index: &usize| {
            let near = meaning.near(vector, *index, |_| false);
            let passages = self.corpus.articles.get(*index)?.passages.len();
            let mut one = Ranked::meant(*index, (near, near.one - outside), passages);
            one.score += told.as_ref().map_or(0.0, |told| told(*index));
            Some(one)
        };
        let mut ranked: Vec<Ranked> = candidates.iter().filter_map(compare).collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.article.cmp(&other.article)));
        ranked.truncate(COMPARED_MAX);
        let (Some(best), second) = (ranked.first(), ranked.get(1)) else { return ranked };
        let lead = best.score - second.map_or(0.0, |second| second.score);
        let [.., three, one] = best.features;
        let logit = if told.is_some() {
            let asked = three + one;
            dot(&[1.0, asked, best.score - asked, lead, best.beyond_outside.min(0.0)], &TOLD)
        } else {
            dot(&[1.0, three, one, lead, best.beyond_outside], &MEANT)
        };
        let (support, best) = (1.0 / (1.0 + (-logit).exp()), best.score);
        for one in &mut ranked {
            one.support = support * (one.score - best).exp();
        }
        ranked
    }

    /// As [`Ranker::rank`], as if this question, an example of the articles `of`, were none, nor any like it ([`HELD_OUT_FROM`]). For fitting.
    #[must_use]
    pub fn rank_held_out(
        &self,
        question: &str,
        vector: Option<&[f32]>,
        of: &[usize],
        candidates: &[usize],
    ) -> Vec<Ranked> {
        self.rank_asked(&self.asked((question, vector), of), candidates)
    }

    /// Signals of the first of `ranked`; none when nothing was found.
    #[must_use]
    pub fn signals(&self, question: &str, ranked: &[Ranked]) -> Option<Signals> {
        signals(&self.asked((question, None), &[]), ranked)
    }

    fn asked<'q>(&'q self, (question, vector): (&str, Option<&'q [f32]>), held_out: &[usize]) -> Asked<'q> {
        let terms = self.corpus.vocabulary().question_terms(question);
        let evidence = self.corpus.likelihood.evidence(&self.corpus.features(question), held_out);
        let meant = self.meaning.get().zip(vector);
        let (text, balance) = (self.corpus.text(&terms), Balance::default());
        Asked { terms: terms.len(), text, evidence, balance, held_out: held_out.to_vec(), meant }
    }

    fn rank_asked(&self, asked: &Asked<'_>, candidates: &[usize]) -> Vec<Ranked> {
        if asked.evidence.mass <= 0.0 {
            return Vec::new();
        }
        let likely = |index: &usize| asked.evidence.of_articles.get(*index).copied().unwrap_or(f32::MIN);
        let mut likeliest = candidates.to_vec();
        likeliest.sort_by(|one, other| likely(other).total_cmp(&likely(one)).then(one.cmp(other)));
        let top = likeliest.first().map_or(0.0, likely);
        let rest = likeliest.split_off(COMPARED_MAX.min(likeliest.len()));
        // What is asked in other words is near by its meaning.
        if let Some((meaning, vector)) = asked.meant {
            let mut near: Vec<(usize, f32)> =
                rest.iter().map(|index| (*index, meaning.nearest(vector, *index))).collect();
            near.sort_by(|one, other| other.1.total_cmp(&one.1));
            likeliest.extend(near.into_iter().take(NEAREST_MAX).map(|(index, _)| index));
        }
        let order = asked.balance.of(&self.weights(asked).order);
        let mut ranked: Vec<Ranked> = likeliest
            .iter()
            .filter_map(|index| Some(asked.compare(*index, self.corpus.articles.get(*index)?, likely(index) - top)))
            .map(|one| Ranked { score: dot(&one.features, &order), ..one })
            .collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.article.cmp(&other.article)));
        // Outside, only what an author has written down word for word is answered.
        let is_near = |first: &Ranked| {
            asked.meant.is_none() || asked.terms > FEW_TERMS || first.features[FEATURES - 1] >= NEAR_MIN
        };
        let within = |first: &&Ranked| first.within >= WITHIN_MIN && is_near(first) || first.example >= HELD_OUT_FROM;
        let judged = signals(asked, &ranked).map_or(0.0, |signals| self.support(asked, &signals));
        let first = ranked.first().filter(within);
        let support = first.map_or(0.0, |first| judged.max(support_of_example(first.example)));
        let best = ranked.first().map_or(0.0, |best| best.score);
        for one in &mut ranked {
            // The likelihood is shared out as the order does: an article far behind the first hardly answers.
            one.support = support * (one.score - best).exp();
        }
        ranked
    }

    fn support(&self, asked: &Asked<'_>, signals: &Signals) -> f32 {
        let weights = self.weights(asked);
        let logit = dot(signals, &weights.support) + weights.bias;
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

impl Asked<'_> {
    fn holds_out(&self, example: &Text) -> bool {
        !self.held_out.is_empty() && self.text.terms.cosine(&example.terms) >= HELD_OUT_FROM
    }

    fn compare(&self, index: usize, article: &ArticleTerms, behind: f32) -> Ranked {
        let terms = &self.text.terms;
        let (held, examples): (Vec<&Text>, Vec<&Text>) =
            article.questions.iter().partition(|example| self.holds_out(example));
        let near = self.meant.map_or(Nearness::default(), |(meaning, vector)| {
            meaning.near(vector, index, |place| {
                article.questions.get(place).is_some_and(|example| self.holds_out(example))
            })
        });
        let mut nearest: Vec<f32> = examples.iter().map(|example| terms.cosine(&example.terms)).collect();
        nearest.sort_by(|one, other| other.total_cmp(one));
        let letters = examples.iter().map(|example| self.text.grams.cosine(&example.grams)).fold(0.0, f32::max);
        let asked_with = |id: u32| {
            let held = held.iter().filter(|example| example.terms.holds(id)).count();
            article.asked_with.times(id) - count(held)
        };
        let in_whole = |id: u32| article.frequencies.times(id);
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
            behind / EVIDENCE,
            near.three,
            near.one,
        ];
        let likelihood = self.evidence.of_articles.get(index).copied().unwrap_or(self.evidence.of_all);
        let known = weigh(&|id| f32::from(u8::from(in_whole(id) > 0.0 || asked_with(id) > 0.0)));
        Ranked {
            article: index,
            score: 0.0,
            support: 0.0,
            features,
            coverage,
            example: nearest.first().copied().unwrap_or(0.0),
            known: share(known, terms.mass),
            within: self.evidence.of_outside.map_or(EVIDENCE, |outside| likelihood - outside),
            beyond_outside: self
                .meant
                .map_or(0.0, |(meaning, vector)| near.one - meaning.outside(vector, &self.held_out)),
            advantage: share(likelihood - self.evidence.of_all, self.evidence.mass),
        }
    }
}

fn signals(asked: &Asked<'_>, ranked: &[Ranked]) -> Option<Signals> {
    let best = ranked.first()?;
    let second = ranked.get(1).map_or(best.score - LEAD_MAX, |second| second.score);
    let all: f32 = ranked.iter().map(|one| (one.score - best.score).exp()).sum();
    let [examples, ..] = best.features;
    let terms = &asked.text.terms;
    Some([
        (best.score - second).min(LEAD_MAX),
        1.0 / all,
        examples,
        best.known,
        share(terms.unknown_mass, terms.mass),
        (1.0 + count(asked.terms)).ln(),
        best.advantage,
        (best.within / EVIDENCE).clamp(-LEAD_MAX, LEAD_MAX),
        best.features[FEATURES - 1],
        best.beyond_outside,
    ])
}

#[cfg(test)]
mod tests;
