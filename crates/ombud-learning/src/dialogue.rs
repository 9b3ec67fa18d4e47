//! How does one conversation between a simulated customer and the assistant go? Turn by turn, until somebody has nothing left to say.

use ombud_domain::AwaitingKind;
use serde::Serialize;

use crate::channel::{Channel, ChannelError, Heard};
use crate::variation::Manner;

/// Messages of a customer in one conversation.
pub const TURNS_MAX: usize = 30;

/// Why a customer says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UtteranceKind {
    /// The first message.
    Opening,
    /// Who he is.
    Identify,
    /// The answer to a question.
    Answer,
    /// One of the offered labels, as offered.
    Label,
    /// Yes to a proposal.
    Yes,
    /// No to a proposal or a question.
    No,
    /// A further request.
    Request,
    /// A question of his own.
    Question,
    /// That he does not know.
    Unknown,
    /// The last message.
    Closing,
}

/// What a customer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// Why.
    pub kind: UtteranceKind,
    /// The words, before they are varied.
    pub text: String,
}

impl Utterance {
    /// An utterance.
    #[must_use]
    pub fn new(kind: UtteranceKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// What a customer does after a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Says something.
    Say(Utterance),
    /// Says something and leaves.
    Close(Utterance),
    /// Enters the one-time code.
    Code,
    /// Waits for a person.
    Stop,
}

/// Somebody who speaks with the assistant.
pub trait Visitor: Send {
    /// The first message.
    fn opening(&mut self) -> Utterance;

    /// What he does after a reply.
    fn hear(&mut self, heard: &Heard) -> Next;
}

/// One line of a transcript; without ids and times of the run, so that the same seed gives the same lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// `customer` or `assistant`.
    pub who: &'static str,
    /// The words.
    pub text: String,
    /// What the assistant waits for: kind, slot, labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits: Option<String>,
    /// The proposal as data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<serde_json::Value>,
    /// Requests refused and actions done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<String>,
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "reason")]
pub enum Ending {
    /// The customer said goodbye.
    Closed,
    /// A person has it.
    HandedOver,
    /// The customer ran out of patience: too many messages.
    TooLong,
    /// The assistant did not answer.
    Broken(String),
}

/// A conversation as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialogue {
    /// What was said.
    pub lines: Vec<Line>,
    /// Everything the assistant said.
    pub said: String,
    /// How it ended.
    pub ending: Ending,
    /// Messages of the customer.
    pub turns: usize,
    /// Time of each turn, microseconds.
    pub turns_us: Vec<u64>,
    /// Questions asked again although they had been answered.
    pub repeated: usize,
}

struct Talk<'a> {
    channel: &'a dyn Channel,
    manner: &'a mut Manner,
    kept: Dialogue,
    /// The question that was answered last: what was awaited, and for which slot.
    answered: Option<(AwaitingKind, Option<String>)>,
    open: Option<(AwaitingKind, Option<String>)>,
}

/// Lets `visitor` speak with the assistant until the conversation ends.
pub async fn hold(visitor: &mut dyn Visitor, manner: &mut Manner, channel: &dyn Channel) -> Dialogue {
    let kept = Dialogue {
        lines: Vec::new(),
        said: String::new(),
        ending: Ending::Closed,
        turns: 0,
        turns_us: Vec::new(),
        repeated: 0,
    };
    let mut talk = Talk { channel, manner, kept, answered: None, open: None };
    let ending = match talk.run(visitor).await {
        Ok(ending) => ending,
        Err(error) => Ending::Broken(error.to_string()),
    };
    Dialogue { ending, ..talk.kept }
}

impl Talk<'_> {
    async fn run(&mut self, visitor: &mut dyn Visitor) -> Result<Ending, ChannelError> {
        let greeting = self.channel.open().await?;
        self.note_reply(&greeting);
        let mut heard = self.say(&visitor.opening()).await?;
        while self.kept.turns < TURNS_MAX {
            heard = self.aside(heard).await?;
            heard = match visitor.hear(&heard) {
                Next::Stop => return Ok(Ending::HandedOver),
                Next::Say(utterance) => self.say(&utterance).await?,
                Next::Close(utterance) => {
                    self.say(&utterance).await?;
                    return Ok(Ending::Closed);
                }
                Next::Code => self.enter_code().await?,
            };
        }
        Ok(if heard.is_with_people() { Ending::HandedOver } else { Ending::TooLong })
    }

    async fn say(&mut self, utterance: &Utterance) -> Result<Heard, ChannelError> {
        let text = self.manner.vary(utterance);
        let real = matches!(utterance.kind, UtteranceKind::Identify | UtteranceKind::Answer | UtteranceKind::Label);
        self.answered = if real { self.open.take() } else { None };
        self.send(text).await
    }

    async fn send(&mut self, text: String) -> Result<Heard, ChannelError> {
        self.kept.lines.push(Line {
            who: "customer",
            text: text.clone(),
            awaits: None,
            proposal: None,
            outcomes: Vec::new(),
        });
        self.kept.turns += 1;
        let heard = self.channel.say(&text).await?;
        self.note_reply(&heard);
        Ok(heard)
    }

    async fn enter_code(&mut self) -> Result<Heard, ChannelError> {
        let text = "(enters the one-time code)".to_owned();
        self.kept.lines.push(Line { who: "customer", text, awaits: None, proposal: None, outcomes: Vec::new() });
        self.kept.turns += 1;
        let heard = self.channel.enter_code().await?;
        let heard = heard
            .ok_or_else(|| ChannelError("it asks for a one-time code, but the company has sent none".to_owned()))?;
        self.note_reply(&heard);
        Ok(heard)
    }

    /// Puts a question of his own in between, if that is his manner; what the assistant offers about it is declined.
    async fn aside(&mut self, heard: Heard) -> Result<Heard, ChannelError> {
        let asked = (heard.awaiting.kind, heard.awaiting.slot.clone());
        let Some(question) = self.manner.aside(heard.awaiting.kind) else { return Ok(heard) };
        (self.answered, self.open) = (None, None);
        let mut after = self.send(question).await?;
        if after.awaiting.kind == AwaitingKind::Choice && after.awaiting.slot != asked.1 && self.kept.turns < TURNS_MAX
        {
            after = self.send("No, thanks.".to_owned()).await?;
        }
        after.refused.splice(0..0, heard.refused);
        after.done.splice(0..0, heard.done);
        Ok(after)
    }

    fn note_reply(&mut self, heard: &Heard) {
        let awaiting = &heard.awaiting;
        let asked = (awaiting.kind, awaiting.slot.clone());
        let is_question = matches!(awaiting.kind, AwaitingKind::Identify | AwaitingKind::Slot | AwaitingKind::Choice);
        if is_question && self.answered.take().is_some_and(|answered| answered == asked) {
            self.kept.repeated += 1;
        }
        self.open = is_question.then_some(asked);
        self.kept.said.push_str(&heard.text());
        self.kept.said.push('\n');
        self.kept.turns_us.extend((self.kept.turns > 0).then_some(heard.took_us));
        self.kept.lines.push(line(heard));
    }
}

fn line(heard: &Heard) -> Line {
    let awaiting = &heard.awaiting;
    let kind = serde_json::to_value(awaiting.kind).ok().and_then(|kind| Some(kind.as_str()?.to_owned()));
    let mut awaits = kind.unwrap_or_default();
    if let Some(slot) = &awaiting.slot {
        awaits = format!("{awaits} {slot}");
    }
    if !awaiting.options.is_empty() {
        let labels: Vec<&str> = awaiting.options.iter().map(|option| option.label.as_str()).collect();
        awaits = format!("{awaits} [{}]", labels.join(" | "));
    }
    let proposal = awaiting.proposal.as_ref();
    let proposal =
        proposal.map(|proposal| serde_json::json!({"action": proposal.action, "arguments": proposal.arguments}));
    let refused = heard.refused.iter().map(|refused| format!("refused {}: {}", refused.flow, refused.reason_code));
    let done = heard.done.iter().map(|done| format!("done {}: {}", done.action, done.receipt_id));
    Line {
        who: "assistant",
        text: heard.text(),
        awaits: Some(awaits),
        proposal,
        outcomes: refused.chain(done).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use ombud_domain::{Awaiting, AwaitingOption};

    use super::*;

    /// A reply that waits for something.
    pub(crate) fn heard(kind: AwaitingKind, slot: Option<&str>, text: &str) -> Heard {
        Heard {
            texts: vec![text.to_owned()],
            awaiting: Awaiting { kind, slot: slot.map(str::to_owned), ..Awaiting::default() },
            ..Heard::default()
        }
    }

    /// An assistant that gives these replies and then nothing but "ok".
    pub(crate) struct Scripted(Mutex<VecDeque<Heard>>, Mutex<Vec<String>>);

    impl Scripted {
        pub(crate) fn new(replies: Vec<Heard>) -> Self {
            Self(Mutex::new(replies.into()), Mutex::default())
        }

        pub(crate) fn was_told(&self) -> Vec<String> {
            self.1.lock().unwrap().clone()
        }
    }

    #[async_trait]
    impl Channel for Scripted {
        async fn open(&self) -> Result<Heard, ChannelError> {
            Ok(heard(AwaitingKind::None, None, "Welcome"))
        }

        async fn say(&self, text: &str) -> Result<Heard, ChannelError> {
            self.1.lock().unwrap().push(text.to_owned());
            Ok(self.0.lock().unwrap().pop_front().unwrap_or_else(|| heard(AwaitingKind::None, None, "ok")))
        }

        async fn enter_code(&self) -> Result<Option<Heard>, ChannelError> {
            Ok(None)
        }

        async fn handover_reason(&self) -> Result<Option<String>, ChannelError> {
            Ok(None)
        }
    }

    struct Parrot(usize, Next);

    impl Visitor for Parrot {
        fn opening(&mut self) -> Utterance {
            Utterance::new(UtteranceKind::Opening, "hi")
        }

        fn hear(&mut self, _: &Heard) -> Next {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { self.1.clone() } else { Next::Say(Utterance::new(UtteranceKind::Answer, "well")) }
        }
    }

    #[tokio::test]
    async fn a_conversation_ends_when_the_customer_leaves_or_has_had_enough() {
        let mut manner = Manner::plain();
        let close = Next::Close(Utterance::new(UtteranceKind::Closing, "bye"));
        let dialogue = hold(&mut Parrot(2, close), &mut manner, &Scripted::new(Vec::new())).await;
        assert_eq!(
            (dialogue.ending, dialogue.turns, dialogue.turns_us.len(), dialogue.lines.len()),
            (Ending::Closed, 3, 3, 7)
        );
        let dialogue = hold(&mut Parrot(999, Next::Stop), &mut manner, &Scripted::new(Vec::new())).await;
        assert_eq!((dialogue.ending, dialogue.turns), (Ending::TooLong, TURNS_MAX));
        let dialogue = hold(&mut Parrot(1, Next::Code), &mut manner, &Scripted::new(Vec::new())).await;
        assert!(matches!(dialogue.ending, Ending::Broken(reason) if reason.contains("has sent none")));
    }

    #[tokio::test]
    async fn a_question_that_comes_again_after_its_answer_is_counted() {
        let ask = |slot| heard(AwaitingKind::Slot, Some(slot), "?");
        let replies = vec![
            ask("order"),
            ask("order"),
            ask("items"),
            ask("order"),
            heard(AwaitingKind::Confirm, None, "?"),
            ask("order"),
        ];
        let dialogue = hold(&mut Parrot(9, Next::Stop), &mut Manner::plain(), &Scripted::new(replies)).await;
        assert_eq!(dialogue.repeated, 1);
    }

    #[test]
    fn a_line_shows_what_is_awaited() {
        let mut reply = heard(AwaitingKind::Choice, Some("order"), "Which?");
        reply.awaiting.options = vec![AwaitingOption { id: "7".to_owned(), label: "One".to_owned() }];
        assert_eq!(line(&reply).awaits.as_deref(), Some("choice order [One]"));
    }
}
