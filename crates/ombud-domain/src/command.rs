//! What does a message ask of us? The closed set of commands that understanding may give to the flow engine.

use serde::{Deserialize, Serialize};

use crate::Label;

/// One reading of a part of a message. A model or classifier may only ever propose these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin this request.
    StartFlow {
        /// Name of a flow of the pack.
        flow: String,
        /// Probability of the reading, 0 to 1.
        confidence: f32,
        /// The part of the message that says so.
        text: String,
    },
    /// The message (or part of it) answers the open question.
    SetSlot {
        /// Name of the slot.
        slot: String,
        /// The words of the answer.
        text: String,
    },
    /// Something said earlier was wrong, this is right; also "no, I meant ...".
    Correct {
        /// The words of the correction.
        text: String,
    },
    /// Yes.
    Affirm,
    /// No; `text` holds what else was said with it, empty if nothing.
    Deny {
        /// The rest of the message.
        text: String,
    },
    /// Stop the current request.
    Cancel,
    /// What was done in this conversation was not wanted: "take it back, I never agreed to that".
    Undo,
    /// A question that knowledge may answer.
    Ask {
        /// The question, standing alone.
        query: String,
        /// Probability of the reading, 0 to 1.
        confidence: f32,
    },
    /// What the person who had the conversation said, or whether there is news of it.
    AskColleague,
    /// One of the offered options.
    Choose {
        /// Id of the option.
        id: String,
    },
    /// A person, please.
    Handoff,
    /// Small talk.
    Chitchat {
        /// Which kind.
        kind: Kind,
    },
    /// Two readings are close: ask which one.
    Clarify {
        /// Names of the flows between which to choose, best first.
        flows: Vec<String>,
    },
    /// Say the last thing again.
    Repeat,
    /// Nothing could be read.
    CannotRead,
}

/// Kinds of talk that have an answer of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Hello.
    Greeting,
    /// Thanks.
    Thanks,
    /// Goodbye, or "that was all".
    Goodbye,
    /// "Are you a human?"
    AreYouHuman,
    /// "What can you do?"
    Abilities,
    /// Praise or a joke.
    Pleasantry,
    /// Insults.
    Abuse,
    /// A question about somebody else's account.
    SomebodyElse,
    /// A message in a language that is not read here.
    OtherLanguage,
    /// A message in a language that will be read here once it is learnt.
    ComingLanguage,
    /// "You skipped the other two": a part of a message was passed over.
    PassedOver,
    /// "But that's unfair": a refusal is not accepted.
    Objection,
}

/// What the last reply asked for; it decides how a short message is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Expectation {
    /// Nothing in particular: a fresh request.
    #[default]
    Open,
    /// Whether anything else is wanted.
    AnythingElse,
    /// Details that identify the customer.
    Identify,
    /// The value of a slot, in free words.
    Slot {
        /// Name of the slot.
        slot: String,
    },
    /// One of these options, or other words.
    Choice {
        /// The slot the option fills.
        slot: String,
        /// What was offered.
        options: Vec<OfferedOption>,
    },
    /// Yes or no to a proposal.
    Confirm,
}

/// An offered option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedOption {
    /// What comes back when it is picked.
    pub id: String,
    /// What the customer sees.
    pub label: String,
}

/// A reading of a whole message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Understanding {
    /// Language tag of the message, such as `en`.
    pub locale: String,
    /// Commands in the order of the message, at most [`COMMANDS_MAX`].
    pub commands: Vec<Command>,
    /// The best classes with their probabilities, for the trail; at most five.
    pub scores: Vec<(String, f32)>,
    /// Signals that change how the case is handled whatever was asked: `bereavement`, `debt_distress`, `illness`, `self_harm`, `complaint`, `anger`, `injection`, `threat`.
    pub signals: Vec<String>,
    /// Who stands behind the commands: the customer, whose words were read, or [`Label::Model`] where a language model has proposed them. What such commands give
    /// counts as the model's, unless the customer's own words give the same.
    #[serde(default, skip_serializing_if = "Label::is_of_customer")]
    pub label: Label,
}

/// Requests read out of one message; what is past it is dropped and said so in the trail.
pub const COMMANDS_MAX: usize = 8;
