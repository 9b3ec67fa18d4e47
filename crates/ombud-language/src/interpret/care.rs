//! Does a message tell of somebody who needs care, or that nobody does?

use super::across::HARMLESS;
use super::phrases::{Says, words};
use super::{Interpreter, SHORT_WORDS_MAX, flows, sentences};
use crate::classify::{Vectors, cast};

/// A sign of distress is heard if one or another is this likely ...
const SIGN: f32 = 0.6;
/// ... after so much of the likelihood of another request is taken off; both by what is heard in requests about other things (`ombud eval messages`).
const OTHER: f32 = 0.3;
/// A sign that must be said is heard where the sentence is read as its request this surely ...
const SAID: f32 = 0.3;
/// ... or as the sign alone this surely.
const SIGN_ALONE: f32 = 0.7;

impl Interpreter<'_> {
    /// The sign that a message gives of somebody who needs care: by a phrase that says it plainly, else by its sentences. `flow_of` names the request that a sign starts; a sentence
    /// that asks for another one gives a sign less readily, and one that must be said (`must_be_said`) is given by no sentence that only resembles it.
    #[must_use]
    pub fn sign(
        &self,
        text: &str,
        (flow_of, must_be_said): (impl Fn(&str) -> Option<String>, impl Fn(&str) -> bool),
        vectors: &dyn Vectors,
    ) -> Option<String> {
        if let Some(sign) = self.phrases.sign(&words(text)) {
            return Some(sign.to_owned());
        }
        let read = |sentence: &str| {
            let vector = vectors.of(&cast(sentence))?;
            let signs = self.across.care.read(self.locale, (sentence, &vector), 0);
            let harmless = signs.iter().find(|(sign, _)| *sign == HARMLESS).map_or(0.0, |(_, p)| *p);
            let (sign, _) = signs.into_iter().find(|(sign, _)| *sign != HARMLESS)?;
            if 1.0 - harmless < SIGN {
                return None;
            }
            let own = flow_of(sign);
            let requests = self.across.requests.read(self.locale, (sentence, &vector), 0);
            let other = flows(&requests).find(|(flow, _)| Some(*flow) != own.as_deref()).map_or(0.0, |(_, p)| p);
            let as_own = flows(&requests).find(|(flow, _)| Some(*flow) == own.as_deref()).map_or(0.0, |(_, p)| p);
            // "How many days is that in all?" is about no death, whatever it is near.
            let needed = if must_be_said(sign) && as_own < SAID { SIGN_ALONE } else { SIGN };
            let p = 1.0 - harmless - OTHER * other;
            (p >= needed).then(|| (sign.to_owned(), p))
        };
        let found = sentences(text).into_iter().filter_map(read);
        found.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(sign, _)| sign)
    }

    /// What else is said by a customer who says that he was misunderstood: nobody died, is ill or in danger. None where he does not.
    #[must_use]
    pub fn misunderstanding(&self, text: &str) -> Option<String> {
        if !self.phrases.says_unmarked(Says::NotSo, &words(text)) {
            return None;
        }
        let is_more = |sentence: &&str| {
            let words = words(sentence);
            words.len() > SHORT_WORDS_MAX && !self.phrases.says_unmarked(Says::NotSo, &words)
        };
        Some(sentences(text).into_iter().filter(is_more).collect::<Vec<_>>().join(" "))
    }
}
