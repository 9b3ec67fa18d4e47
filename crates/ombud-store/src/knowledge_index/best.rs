//! Which articles are the best by their best passage? Passages come in the order of the index, where those of an article stand together.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The best articles so far.
pub(super) struct Best {
    most: usize,
    found: BinaryHeap<Reverse<Scored>>,
    /// The article whose passages are being looked at.
    open: Option<Scored>,
    /// Articles that were met.
    met: usize,
}

/// An article by its best passage. The better is the greater; of equally good ones the one that was met first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scored {
    score: f32,
    met: usize,
    article: usize,
}

impl Eq for Scored {}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.met.cmp(&self.met))
    }
}

impl Best {
    /// Of so many articles at most.
    pub(super) fn new(most: usize) -> Self {
        Self { most, found: BinaryHeap::with_capacity(most + 1), open: None, met: 0 }
    }

    /// A passage with a score above [`Best::worth`].
    pub(super) fn take(&mut self, article: usize, score: f32) {
        match &mut self.open {
            Some(open) if open.article == article => open.score = open.score.max(score),
            _ => {
                self.close();
                self.met += 1;
                self.open = Some(Scored { score, met: self.met, article });
            }
        }
    }

    /// The score that a passage must exceed to change anything.
    pub(super) fn worth(&self) -> f32 {
        match self.found.peek() {
            Some(Reverse(worst)) if self.found.len() == self.most => worst.score,
            _ => f32::MIN,
        }
    }

    /// No further passage of the article that is being looked at follows.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.found.push(Reverse(open));
            if self.found.len() > self.most {
                self.found.pop();
            }
        }
    }

    /// The best first.
    pub(super) fn into_articles(mut self) -> Vec<usize> {
        self.close();
        self.found.into_sorted_vec().into_iter().map(|Reverse(one)| one.article).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside a plain sort of each article's best passage.
    #[test]
    fn the_best_are_those_that_sorting_all_would_give() {
        let mut state = 1_u64;
        let mut dice = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for most in [1, 3, 7, 40] {
            let articles: Vec<Vec<u16>> =
                (0..30).map(|_| (0..dice(4)).map(|_| u16::try_from(dice(12)).unwrap()).collect()).collect();
            let mut best = Best::new(most);
            for (article, passages) in articles.iter().enumerate() {
                for score in passages.iter().map(|score| f32::from(*score)) {
                    // As the search library does: what is not worth it is not shown.
                    if score > best.worth() {
                        best.take(article, score);
                    }
                }
            }
            let mut sorted: Vec<(u16, usize)> = articles
                .iter()
                .enumerate()
                .filter_map(|(article, passages)| Some((*passages.iter().max()?, article)))
                .collect();
            sorted.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
            sorted.truncate(most);
            assert_eq!(best.into_articles(), sorted.iter().map(|(_, article)| *article).collect::<Vec<_>>());
        }
    }
}
