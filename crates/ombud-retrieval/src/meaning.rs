//! How near is a question to the examples of an article by what it means?
//!
//! Vectors of one model, all of them as queries: like is compared with like. The model's cosines of unrelated sentences lie near [`UNRELATED`],
//! so that likeness is counted from there.

use crate::similarity::count;

/// Cosine of sentences that have nothing to do with each other, for the packaged model.
const UNRELATED: f32 = 0.85;
/// Brings what is above near the size of the other features.
const SCALE: f32 = 10.0;
/// How much the nearest sentence of a short answer counts beside the whole.
const SENTENCE: f32 = 0.5;
/// Examples that count together.
const NEAREST: usize = 3;

/// The vectors of what customers ask, for each article and for each topic outside of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meaning {
    /// Of the example questions in their order, then of the title.
    articles: Vec<Vec<Box<[f32]>>>,
    outside: Vec<Vec<Box<[f32]>>>,
}

/// How near a question is to an article, in tenths of a cosine above that of unrelated sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Nearness {
    /// To the nearest example.
    pub one: f32,
    /// To the three nearest, on the mean.
    pub three: f32,
}

impl Nearness {
    /// How near a question is to texts, all of them as queries of one language; none of no texts.
    #[must_use]
    pub fn of<'a>(vector: &[f32], texts: impl IntoIterator<Item = &'a [f32]>) -> Option<Self> {
        let mut nearest: Vec<f32> = texts.into_iter().map(|text| likeness(vector, text)).collect();
        nearest.sort_by(|one, other| other.total_cmp(one));
        nearest.truncate(NEAREST);
        let one = *nearest.first()?;
        let sum: f32 = nearest.iter().sum();
        Some(Self { one, three: sum / count(nearest.len()) })
    }
}

/// How near a question is to each of some texts, in tenths of a cosine above the mean of them all: as a whole, and half as much by the nearest of its
/// sentences. All vectors are as queries, and of one language; a text is its own vector, then those of its sentences.
#[must_use]
pub fn told_nearness(vector: &[f32], texts: &[&[Box<[f32]>]]) -> Vec<f32> {
    let cosine = |text: &[f32]| -> f32 { vector.iter().zip(text).map(|(one, other)| one * other).sum() };
    let near = texts.iter().map(|text| match text {
        [] => (0.0, 0.0),
        [whole] => (cosine(whole), cosine(whole)),
        [whole, sentences @ ..] => (cosine(whole), sentences.iter().map(|one| cosine(one)).fold(-1.0, f32::max)),
    });
    let near: Vec<(f32, f32)> = near.collect();
    let all = count(near.len().max(1));
    let means = near.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0 / all, sum.1 + one.1 / all));
    near.iter().map(|(whole, sentence)| SCALE * ((whole - means.0) + SENTENCE * (sentence - means.1))).collect()
}

impl Meaning {
    /// `sizes` says how many of the vectors belong to each article, then to each topic outside.
    pub(crate) fn new((articles, outside): (&[usize], &[usize]), vectors: &[&[f32]]) -> Self {
        let mut rest = vectors.iter();
        let mut take = |sizes: &[usize]| -> Vec<Vec<Box<[f32]>>> {
            sizes.iter().map(|size| rest.by_ref().take(*size).map(|vector| Box::from(*vector)).collect()).collect()
        };
        Self { articles: take(articles), outside: take(outside) }
    }

    /// How near an article is, leaving out the examples at these places.
    pub(crate) fn near(&self, vector: &[f32], article: usize, is_left_out: impl Fn(usize) -> bool) -> Nearness {
        let texts = self.articles.get(article).map_or(&[][..], Vec::as_slice);
        let kept = texts.iter().enumerate().filter(|(place, _)| !is_left_out(*place));
        Nearness::of(vector, kept.map(|(_, text)| &**text)).unwrap_or(Nearness { one: -1.0, three: 0.0 })
    }

    /// How near the nearest example of an article is.
    pub(crate) fn nearest(&self, vector: &[f32], article: usize) -> f32 {
        self.near(vector, article, |_| false).one
    }

    /// How near the nearest topic outside is, but for those at these places behind the articles.
    pub(crate) fn outside(&self, vector: &[f32], held_out: &[usize]) -> f32 {
        let counts = |place: usize| !held_out.contains(&(self.articles.len() + place));
        let texts = self.outside.iter().enumerate().filter(|(place, _)| counts(*place)).flat_map(|(_, topic)| topic);
        texts.map(|text| likeness(vector, text)).fold(-1.0, f32::max)
    }
}

fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let cosine: f32 = one.iter().zip(other).map(|(one, other)| one * other).sum();
    (cosine - UNRELATED) * SCALE
}
