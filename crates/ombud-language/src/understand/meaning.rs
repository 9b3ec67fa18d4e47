//! Where do the words of a message leave it open, and what does its meaning say then?
//!
//! Cheap readings come first: what the words say surely is not embedded. Without a model everything is read by its words alone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::acts::{Moment, ReplyExample};
use crate::classify::{Example, Head, Lesson, SEED, Trial, Vectors, cast};
use crate::shelf::{OfVectors, Place};

/// Words that say a class this surely are believed ...
const SURE: f32 = 0.9;
/// ... if this share of them is known.
const KNOWN: f32 = 0.7;
/// The same for what a reply does.
const SURE_ACT: f32 = 0.98;

/// What is learnt from, until it is learnt, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meaning {
    requests: Arc<(Vec<Example>, Trial)>,
    replies: Arc<(Vec<ReplyExample>, Trial)>,
    #[serde(skip)]
    heads: OfVectors<Heads>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Heads {
    requests: Head,
    acts: Option<Head>,
}

impl Meaning {
    pub(super) fn new(requests: (Vec<Example>, Trial), replies: (Vec<ReplyExample>, Trial)) -> Self {
        Self { requests: Arc::new(requests), replies: Arc::new(replies), heads: OfVectors::default() }
    }

    /// The place where the shelf has what was learnt from the words.
    pub(super) fn at(self, place: Place) -> Self {
        Self { heads: OfVectors::new(place), ..self }
    }

    /// Takes what was learnt before from the vectors of a model.
    pub(super) fn recall(&self, model: &str) {
        self.heads.recall(model);
    }

    /// The texts that are learnt from: requests, then replies; none once they were.
    pub(super) fn lessons(&self) -> Vec<String> {
        if self.heads.get().is_some() {
            return Vec::new();
        }
        let requests = self.requests.0.iter().map(|example| cast(&example.text));
        requests.chain(self.replies.0.iter().map(|example| cast(&example.reply))).collect()
    }

    /// Learns from the vectors of the lessons.
    pub(super) fn learn<V: AsRef<[f32]>>(&self, vectors: &[V], (classes, acts): (&[String], &[String])) {
        let (requests, replies) = (&self.requests.0, &self.replies.0);
        if vectors.len() != requests.len() + replies.len() {
            return;
        }
        self.heads.learn(|| {
            let (of_requests, of_replies) = vectors.split_at(requests.len());
            let place = |classes: &[String], name: &str| {
                classes.binary_search_by(|known| known.as_str().cmp(name)).unwrap_or_default()
            };
            let of_requests = requests.iter().zip(of_requests);
            let told = of_requests.map(|(request, vector)| (place(classes, &request.class), vector, 0));
            let learnt = learn(told, (classes.len(), 1), &self.requests.1);
            let of_replies = replies.iter().zip(of_replies);
            let told =
                of_replies.map(|(reply, vector)| (place(acts, reply.act.as_str()), vector, reply.moment as usize));
            let acts = (!replies.is_empty()).then(|| learn(told, (acts.len(), Moment::COUNT), &self.replies.1));
            Heads { requests: learnt, acts }
        });
    }

    /// The classes of a message by words and meaning, in the order of the words' classes; none where the words are enough or nothing was learnt.
    pub(super) fn of_message(
        &self,
        (words, known): (&[f32], f32),
        text: &str,
        vectors: Option<&dyn Vectors>,
    ) -> Option<Vec<f32>> {
        let (heads, vectors) = (self.heads.get()?, vectors?);
        if known >= KNOWN && words.iter().any(|p| *p >= SURE) {
            return None;
        }
        Some(heads.requests.blend(words, &vectors.of(&cast(text))?, 0))
    }

    /// What a reply does by words and meaning, in the order of the words' classes; none where the words are enough or nothing was learnt.
    pub(super) fn of_reply(
        &self,
        words: &[f32],
        (moment, reply): (Moment, &str),
        vectors: Option<&dyn Vectors>,
    ) -> Option<Vec<f32>> {
        let (heads, vectors) = (self.heads.get()?.acts.as_ref()?, vectors?);
        if words.iter().any(|p| *p >= SURE_ACT) {
            return None;
        }
        Some(heads.blend(words, &vectors.of(&cast(reply))?, moment as usize))
    }
}

fn learn<'a, V: AsRef<[f32]> + 'a>(
    lessons: impl Iterator<Item = (usize, &'a V, usize)>,
    shape: (usize, usize),
    trial: &Trial,
) -> Head {
    let lessons: Vec<Lesson<'_>> =
        lessons.map(|(class, vector, beside)| Lesson { class, vector: vector.as_ref(), beside }).collect();
    Head::learn(&lessons, shape, trial, SEED)
}
