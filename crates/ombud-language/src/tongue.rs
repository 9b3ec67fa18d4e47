//! Which language does a customer write, in a conversation that already has one?
//!
//! A message is read in this order: a wish to go on in another language counts however short it is; a script that few languages use decides by
//! itself; else the model's scores and the small words are weighed against each other, and the conversation keeps its language unless enough
//! words speak for another. What is no language is left out before: order numbers, addresses of every kind, amounts, names.

mod clean;
mod evidence;
mod letters;
mod script;
mod words;

use clean::Cleaned;
use evidence::Evidence;
pub use letters::{Letters, LettersError};
pub(crate) use words::is_unspaced;
pub use words::{TongueFile, TongueWords, Tongues};

/// How much more must speak for another language that is written much like the present one: "hvor er pakken min" is Norwegian, and nearly Danish.
const NEAR_MARGIN: f32 = 2.5;

/// What a message is read with.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The message as the customer wrote it.
    pub text: &'a str,
    /// What a model says of [`spoken`] of the text: tags with probabilities (0..=1), the likeliest first. Empty where there is no model.
    pub scores: &'a [(String, f32)],
    /// Language of the conversation so far; before the first message, that of the browser or of the company.
    pub present: &'a str,
    /// Whether the customer has written in it before.
    pub begun: bool,
    /// Languages in which the company serves.
    pub served: &'a [&'a str],
}

impl Heard<'_> {
    /// How much more must speak for another language than for the present one, in natural logarithms of likelihoods, and more where the customer has
    /// written in that before; none where so few words never change the language.
    const fn margin_needed(&self, words: usize) -> Option<f32> {
        match words {
            0 | 1 => None,
            2..=5 => Some(if self.begun { 5.7 } else { 4.0 }),
            _ => Some(if self.begun { 3.0 } else { 1.5 }),
        }
    }
}

/// What a language was told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// The customer asked to go on in it.
    Wish,
    /// Its script.
    Script,
    /// Its words, or the model.
    Words,
    /// Nothing spoke clearly for another than the present one.
    Conversation,
}

/// The language of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Tongue {
    /// Its tag, such as `de`.
    pub language: String,
    /// How sure, 0..=1; of a language that was held, how little spoke against it.
    pub certainty: f32,
    /// Why.
    pub told_by: ToldBy,
    /// Whether the company serves in it.
    pub is_served: bool,
}

/// The part of a message that is language, in lower case: what a model is asked about.
#[must_use]
pub fn spoken(text: &str) -> String {
    Cleaned::of(text).spoken()
}

impl Tongues {
    /// The language of a message within its conversation.
    #[must_use]
    pub fn decide(&self, heard: &Heard<'_>) -> Tongue {
        let tongue = |language: &str, certainty: f32, told_by: ToldBy| Tongue {
            language: language.to_owned(),
            certainty,
            told_by,
            is_served: heard.served.contains(&language),
        };
        let cleaned = Cleaned::of(heard.text);
        if let Some(asked) = self.asked(heard.text, heard.present) {
            return tongue(asked, 1.0, ToldBy::Wish);
        }
        let script = script::of(&cleaned.spoken(), heard.present);
        match script {
            script::Told::One(language) => return tongue(language, 1.0, ToldBy::Script),
            script::Told::Nothing => return tongue(heard.present, 1.0, ToldBy::Conversation),
            script::Told::Among(_) | script::Told::Latin => {}
        }
        let evidence = Evidence::of(self, &cleaned, heard.scores, &script);
        let needed = match &script {
            script::Told::Among(languages) if !languages.contains(&heard.present) => Some(0.0),
            _ => heard.margin_needed(cleaned.words_that_count()),
        };
        let (best, margin, share) = evidence.best_against(heard.present);
        let is_near = self.are_near(best, heard.present);
        let nearer = if is_near { NEAR_MARGIN } else { 0.0 };
        // Nobody changes from one to the other in the middle of a conversation.
        match needed.filter(|_| !(is_near && heard.begun)).map(|needed| needed + nearer) {
            Some(needed) if best != heard.present && margin >= needed => tongue(best, share, ToldBy::Words),
            _ if best == heard.present => tongue(best, share, ToldBy::Words),
            _ => tongue(heard.present, 1.0 - share, ToldBy::Conversation),
        }
    }

    /// The language of a text that stands alone, of all that are known; none for a text without words. For measuring, and for documents.
    #[must_use]
    pub fn language_of(&self, text: &str, scores: &[(String, f32)]) -> Option<(String, f32)> {
        let cleaned = Cleaned::whole(text);
        let told = script::of(&cleaned.spoken(), "");
        match told {
            script::Told::One(language) => Some((language.to_owned(), 1.0)),
            script::Told::Nothing => None,
            script::Told::Among(_) | script::Told::Latin => {
                let evidence = Evidence::of(self, &cleaned, scores, &told);
                let (best, _, share) = evidence.best_against("");
                (!best.is_empty()).then(|| (best.to_owned(), share))
            }
        }
    }
}
