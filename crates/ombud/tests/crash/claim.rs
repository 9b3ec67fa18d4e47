//! A customer who wants one refund, says the same thing again with the same key when nobody answers, and reads what is told.

use anyhow::Context as _;
use ombud_connect::PublicApi;
use ombud_connect::public_api::{ApiError, Conversation, Reply, Session};

/// What the customer was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The refund was made.
    Done,
    /// It was not made.
    NotDone,
    /// Nobody knows, and a person looks after it.
    Person,
    /// Nothing final yet.
    Nothing,
}

/// One refund that is wanted.
pub struct Claim {
    pub number: u32,
    /// As the company's records name it.
    pub reference: String,
    session: Session,
    conversation: Option<Conversation>,
    /// Messages that were sent or will be, and how many of them were answered.
    said: Vec<String>,
    answered: usize,
}

impl Claim {
    pub fn new(number: u32, session: Session) -> Self {
        let reference = format!("R-{number}");
        let said = vec![format!("I want refund {reference}"), "yes".to_owned()];
        Self { number, reference, session, conversation: None, said, answered: 0 }
    }

    /// Says what was not answered yet; an error when the server went away meanwhile, and then nothing is lost.
    pub async fn go_on(&mut self, api: &PublicApi) -> Result<(), ApiError> {
        if self.conversation.is_none() {
            self.conversation = Some(api.open_conversation(&self.session, None, None).await?);
        }
        let id = self.conversation.as_ref().map(|conversation| conversation.id.clone()).unwrap_or_default();
        while let Some(text) = self.said.get(self.answered) {
            let key = format!("{}-{}", self.reference, self.answered);
            let reply: Reply = api.send(&self.session, &id, text, Some(&key)).await?;
            self.answered += 1;
            // Somebody who was told that it was not done, or is asked again, goes on wanting his money.
            if self.answered == self.said.len() && reply.awaiting.kind == "confirm" && reply.done.is_empty() {
                self.said.push("yes".to_owned());
            }
        }
        Ok(())
    }

    /// Its conversation, and how many of its messages were answered.
    pub fn acknowledged(&self) -> (String, usize) {
        let id = self.conversation.as_ref().map(|conversation| conversation.id.clone()).unwrap_or_default();
        (id, self.answered)
    }

    /// Asks once more for what was said not to be done.
    pub fn ask_again(&mut self) {
        self.said.extend([format!("I want refund {}", self.reference), "yes".to_owned()]);
    }

    /// What stands in the conversation.
    pub async fn told(&self, api: &PublicApi) -> anyhow::Result<Told> {
        let id = &self.conversation.as_ref().context("the conversation was opened")?.id;
        let now = api.conversation(&self.session, id).await?;
        let done = format!("Refund {} was made", self.reference);
        let mut told = Told::Nothing;
        for message in now.messages.iter().filter(|message| message.author != "customer") {
            if message.text.contains(&done) || message.text.contains("it went through. The reference is") {
                told = Told::Done;
            } else if message.text.contains("it didn't go through") || message.text.contains("couldn't finish this") {
                told = Told::NotDone;
            }
        }
        if told == Told::Nothing && matches!(now.status.as_str(), "waiting_for_agent" | "with_agent") {
            told = Told::Person;
        }
        Ok(told)
    }

    /// What was said by whom, for a failure.
    pub async fn transcript(&self, api: &PublicApi) -> anyhow::Result<String> {
        let id = &self.conversation.as_ref().context("the conversation was opened")?.id;
        let now = api.conversation(&self.session, id).await?;
        let lines = now.messages.iter().map(|message| format!("{}: {}", message.author, message.text));
        Ok(lines.collect::<Vec<_>>().join(" | "))
    }
}
