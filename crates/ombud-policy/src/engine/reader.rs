//! What does the engine ask of whoever reads language?

use ombud_domain::{Candidate, Choice, ChoiceRequest, Rewording};
use serde_json::Value;

/// Whether a text was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It answers the question for these values: bare words may be read as one.
    Answering,
    /// It was said for another reason: only what is plain by itself counts.
    Aside,
}

/// What the engine asks of the language crate.
pub trait Reader: Send + Sync {
    /// Picks among candidates by the customer's words.
    fn choose(&self, request: &ChoiceRequest<'_>) -> Choice;

    /// The option of a set of examples that a text means, or [`NO_CHOICE`](crate::pack::NO_CHOICE), with its probability; none where nothing was learnt for the set.
    fn meant(&self, _set: &str, _text: &str) -> Option<(String, f32)> {
        None
    }

    /// Picks a variant for each of several things.
    fn choose_each(&self, utterances: &[String], direct: usize, items: &[(Candidate, Vec<Candidate>)]) -> Vec<Choice>;

    /// Values of these entity kinds in a text, in its order.
    fn entities(&self, text: &str, kinds: &[&str], heard: Heard) -> Vec<(String, Value)>;

    /// Whether the text says that the customer does not know or does not want to say.
    fn declines(&self, text: &str) -> bool;

    /// Whether a question means what was just told or done: "which one is it?"
    fn points_back(&self, _text: &str) -> bool {
        false
    }

    /// An answer in free words as it may be written down, without questions and protests at us; none if it tells nothing.
    fn account(&self, text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    /// How a text that was shown should read, if these words say so.
    fn rewording(&self, _shown: &str, _text: &str) -> Option<Rewording> {
        None
    }

    /// A value of this kind as the words put it right: only a part is said, and merged into what is known.
    fn amended(&self, _kind: &str, _known: &Value, _text: &str) -> Option<Value> {
        None
    }

    /// Whether the text says that there is no account.
    fn says_no_account(&self, _text: &str) -> bool {
        false
    }

    /// Whether the text says that no person is wanted.
    fn refuses_person(&self, _text: &str) -> bool {
        false
    }

    /// Whether the text asks how something stands that was promised: "is it moved now?".
    fn asks_how_it_stands(&self, _text: &str) -> bool {
        false
    }

    /// Whether the text says that what was asked for is not there yet.
    fn lacks(&self, _text: &str) -> bool {
        false
    }

    /// Whether the text asks if what is under way is done already.
    fn asks_if_done(&self, _text: &str) -> bool {
        false
    }
}
