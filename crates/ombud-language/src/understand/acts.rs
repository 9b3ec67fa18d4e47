//! What does a customer do with what was just shown: take it, turn it down, change it, ask about it, leave it?
//!
//! Learnt from replies that people would write (`nlu/replies.<locale>.jsonl`), so that agreement needs no word from a list: "lock it in", "that
//! would be most kind". Words that only repeat what was shown are one word to the classifier: what they are says nothing of what is done with it.

use serde::{Deserialize, Serialize};

use super::rules::Rules;
use crate::classify::{Classifier, Example, TrainError, TrainSettings, Trial, words};

/// What a reply does with what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Do it.
    Accept,
    /// Do it, and something is asked that is to be answered too.
    AcceptAsk,
    /// No, and nothing else instead.
    Decline,
    /// Out of this request altogether; it may never have been wanted.
    Leave,
    /// Something about it is to be different.
    Change,
    /// Only asks about it.
    Ask,
    /// Undecided, or sets a condition.
    Hesitate,
    /// Gives what was asked for.
    Answer,
    /// Another wish instead.
    New,
    /// Ends the talk: thanks, goodbye, giving up.
    Close,
    /// Says that the assistant did not listen, and nothing new.
    Upset,
    /// Wants a person.
    Person,
}

impl Act {
    const ALL: [Self; 12] = [
        Self::Accept,
        Self::AcceptAsk,
        Self::Decline,
        Self::Leave,
        Self::Change,
        Self::Ask,
        Self::Hesitate,
        Self::Answer,
        Self::New,
        Self::Close,
        Self::Upset,
        Self::Person,
    ];

    /// The act of a class, by its name.
    pub(crate) fn named(class: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == class)
    }

    /// Name of its class.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AcceptAsk => "accept_ask",
            Self::Decline => "decline",
            Self::Leave => "leave",
            Self::Change => "change",
            Self::Ask => "ask",
            Self::Hesitate => "hesitate",
            Self::Answer => "answer",
            Self::New => "new",
            Self::Close => "close",
            Self::Upset => "upset",
            Self::Person => "person",
        }
    }
}

/// What a customer replies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Exactly what would be done was shown.
    Proposal,
    /// A list to pick from.
    Choice,
    /// A question.
    Question,
    /// Something was done or answered, and whether there is anything else was asked.
    Done,
    /// A person was called and is not there yet.
    Waiting,
}

impl Moment {
    /// How many there are.
    pub(crate) const COUNT: usize = 5;

    const fn as_str(self) -> &'static str {
        match self {
            Self::Proposal => "atproposal",
            Self::Choice => "atchoice",
            Self::Question => "atquestion",
            Self::Done => "atdone",
            Self::Waiting => "atwaiting",
        }
    }
}

/// A reply with what it does: a line of `nlu/replies.<locale>.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyExample {
    /// What it answers to.
    #[serde(rename = "at")]
    pub moment: Moment,
    /// What was shown; may be empty.
    #[serde(default)]
    pub shown: String,
    /// What the customer writes.
    pub reply: String,
    /// What that does.
    pub act: Act,
}

impl ReplyExample {
    /// The reply as a message that begins nothing: "I'll leave it at that, cheers" closes no account.
    pub(super) fn as_request(&self) -> Option<Example> {
        let class = match (self.moment, self.act) {
            (Moment::Done | Moment::Waiting, Act::Close) => "repair:goodbye",
            (Moment::Proposal, Act::Decline | Act::Hesitate) | (_, Act::Upset) => "detail",
            _ => return None,
        };
        Some(Example { class: class.to_owned(), text: self.reply.clone() })
    }
}

/// Reads what a reply does. Trained at the start from the examples of a language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acts {
    classifier: Classifier,
}

/// Letters of a word that can be a repetition of what was shown.
const REPEATED_MIN: usize = 3;

impl Acts {
    /// Trains on the examples; none without examples.
    pub(super) fn train(
        examples: &[ReplyExample],
        rules: &Rules,
        settings: &TrainSettings,
    ) -> Result<Option<(Self, Trial)>, TrainError> {
        if examples.is_empty() {
            return Ok(None);
        }
        let cast: Vec<Example> = examples
            .iter()
            .map(|example| Example {
                class: example.act.as_str().to_owned(),
                text: cast(rules, (example.moment, &example.shown), &example.reply),
            })
            .collect();
        let (classifier, trial) = Classifier::train_and_try(&cast, settings)?;
        Ok(Some((Self { classifier }, trial)))
    }

    /// What the reply does, in the order of the classes.
    pub(super) fn probabilities(&self, rules: &Rules, shown: (Moment, &str), reply: &str) -> Vec<f32> {
        self.classifier.probabilities(&cast(rules, shown, reply))
    }

    /// Names of the classes, sorted.
    pub(super) fn classes(&self) -> &[String] {
        self.classifier.classes()
    }

    /// The acts with their probabilities, best first.
    pub(super) fn named(&self, probabilities: Vec<f32>) -> Vec<(Act, f32)> {
        let read = self.classifier.named(probabilities, Act::ALL.len());
        read.into_iter().filter_map(|(class, p)| Some((Act::named(class)?, p))).collect()
    }
}

/// A reply as the classifier sees it: the moment in front, what only repeats what was shown as one word, and its verb as another.
fn cast(rules: &Rules, (moment, shown): (Moment, &str), reply: &str) -> String {
    let content = rules.content_words(shown);
    let digits_shown: String = shown.chars().filter(char::is_ascii_digit).collect();
    let verbs = rules.proposed_verbs(shown);
    let mut text = String::with_capacity(reply.len() + 32);
    text.push_str(moment.as_str());
    let mut piece = String::new();
    let flush = |piece: &mut String, text: &mut String| {
        if piece.is_empty() {
            return;
        }
        let lower = piece.to_lowercase();
        let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
        let word = if !digits.is_empty() {
            if digits_shown.contains(&digits) { "samenumber" } else { "othernumber" }
        } else if verbs.contains(&lower) {
            "shownverb"
        } else if lower.chars().count() >= REPEATED_MIN
            && words(&lower).iter().any(|word| content.iter().any(|known| known == word))
        {
            "shownword"
        } else {
            lower.as_str()
        };
        text.push(' ');
        text.push_str(word);
        piece.clear();
    };
    for c in reply.chars() {
        if c.is_alphanumeric() || matches!(c, '\'' | '’') {
            piece.push(c);
        } else {
            flush(&mut piece, &mut text);
            match c {
                '?' => text.push_str(" ?"),
                '!' => text.push_str(" exclaims"),
                '.' | ';' | '\n' => text.push_str(" stops"),
                _ => {}
            }
        }
    }
    flush(&mut piece, &mut text);
    text.push_str(" ends");
    text
}
