//! How likely is it that a reply says only what its source says? Two kernel ridge heads over the numbers of its words and of its tokens.

use ombud_kernel::{KernelRidge, RidgeError, RidgeSettings, Seen};
use ombud_language::support::{Rarity, SUPPORT_FEATURES, support};

use crate::alignment::ALIGNMENT_FEATURES;
use crate::e5::E5;

/// Chosen by cross-validation on the development part of BEGIN: see `docs/EVALUATION.md`.
const GAMMA: f32 = 1.0;
const RIDGE: f32 = 2.0;
/// What the heads read: the words alone, and all numbers.
const VIEWS: [(usize, usize); 2] = [(0, SUPPORT_FEATURES), (0, SUPPORT_FEATURES + ALIGNMENT_FEATURES)];

/// A reply with its source and the message that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What is said.
    pub reply: String,
    /// What it may rest on.
    pub source: String,
    /// What it answers; may be empty.
    pub message: String,
}

/// Numbers by which a reply is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence(Seen);

impl Evidence {
    /// Of a reply; costs a pass of the model over reply and source.
    #[must_use]
    pub fn of(reply: &Reply, rarity: &Rarity, model: &E5) -> Self {
        let mut numbers = support(&reply.reply, &reply.source, &reply.message, rarity).to_vec();
        numbers.extend(model.alignment(&reply.reply, &reply.source));
        Self(Seen { vector: numbers, ..Seen::default() })
    }
}

/// Judges replies.
#[derive(Debug, Clone)]
pub struct Judge(Vec<KernelRidge>);

impl Judge {
    /// Learns from replies, each with whether its source holds all that it says.
    ///
    /// # Errors
    /// [`RidgeError`], for whoever brings the replies.
    pub fn learn(replies: &[(&Evidence, bool)]) -> Result<Self, RidgeError> {
        let seen: Vec<Seen> = replies.iter().map(|(evidence, _)| evidence.0.clone()).collect();
        let marks: Vec<&[usize]> = replies.iter().map(|(_, is_held)| if *is_held { &[0][..] } else { &[] }).collect();
        let head = |columns: (usize, usize)| {
            let settings = RidgeSettings { gamma: GAMMA, words: 0.0, columns, ridge: RIDGE, balance: 0.0 };
            KernelRidge::learn(&seen, &marks, 1, settings)
        };
        VIEWS.into_iter().map(head).collect::<Result<_, _>>().map(Self)
    }

    /// A score for each reply: the higher, the surer that its source holds all that it says.
    #[must_use]
    pub fn scores(&self, replies: &[&Evidence]) -> Vec<f32> {
        let seen: Vec<Seen> = replies.iter().map(|evidence| evidence.0.clone()).collect();
        let mut sums = vec![0.0; replies.len()];
        for head in &self.0 {
            for (sum, scores) in sums.iter_mut().zip(head.scores(&seen)) {
                *sum += scores.first().copied().unwrap_or_default();
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_like_those_that_were_held_scores_higher() {
        let evidence = |held: f32, other: f32| {
            let mut vector = vec![held; SUPPORT_FEATURES + ALIGNMENT_FEATURES];
            vector[3] = other;
            Evidence(Seen { vector, ..Seen::default() })
        };
        let replies: Vec<(Evidence, bool)> = (0..40_u8)
            .map(|i| (evidence(f32::from(i % 2) + f32::from(i % 5) / 20.0, f32::from(i % 7)), i % 2 == 1))
            .collect();
        let judge = Judge::learn(&replies.iter().map(|(one, is_held)| (one, *is_held)).collect::<Vec<_>>()).unwrap();
        let scores = judge.scores(&[&evidence(1.1, 3.0), &evidence(0.1, 3.0)]);
        assert!(scores[0] > scores[1] + 0.3, "{scores:?}");
    }

    #[test]
    fn without_replies_nothing_is_learnt() {
        assert!(Judge::learn(&[]).is_err());
    }
}
