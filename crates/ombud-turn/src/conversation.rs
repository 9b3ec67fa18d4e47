//! What is a conversation between turns? A fold over its stream.

use std::borrow::Cow;

use ombud_domain::{
    Author, ConversationId, ConversationStatus, CustomerId, Handover, IntentId, NewEvent, Principal, RecordedEvent,
    SessionId, StreamId, TimestampUs,
};
use ombud_policy::Dialogue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assistant::Assistant;
use crate::turn::TurnError;

/// Events read at once when a conversation is folded.
const PAGE: usize = 500;
/// Events of one conversation, at most; a longer one is handed to people.
const EVENTS_MAX: usize = 100_000;

/// The state of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub id: ConversationId,
    pub version: i64,
    pub session_id: SessionId,
    pub customer_id: Option<CustomerId>,
    pub locale: String,
    pub market: String,
    pub opened_at: TimestampUs,
    pub status: ConversationStatus,
    pub dialogue: Dialogue,
    pub messages: i64,
    /// Digits at the end of the customer's last message, for card numbers split over two.
    pub tail_digits: String,
    pub assignee: Option<String>,
    pub handover: Option<Handover>,
    pub handover_at: Option<TimestampUs>,
    /// An intent whose outcome is not in the ledger: the process died in between.
    pub open_intent: Option<IntentId>,
}

/// Payload of `conversation.opened`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub session_id: SessionId,
    pub customer_id: Option<CustomerId>,
    pub locale: String,
    pub market: String,
    pub pack: String,
    pub pack_hash: String,
}

/// Payload of `turn.recorded`: what the next turn starts from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TurnRecorded<'a> {
    pub turn_id: ombud_domain::TurnId,
    pub pack_hash: Cow<'a, str>,
    pub knowledge_version: Cow<'a, str>,
    pub model: Option<Cow<'a, str>>,
    pub status: ConversationStatus,
    pub dialogue: Cow<'a, Dialogue>,
}

impl Conversation {
    pub(crate) fn belongs_to(&self, principal: &Principal) -> bool {
        self.session_id == principal.session_id
            || (self.customer_id.is_some() && self.customer_id == principal.customer_id)
    }

    pub(crate) async fn load(assistant: &Assistant, id: ConversationId) -> Result<Option<Self>, TurnError> {
        let mut folded: Option<Self> = None;
        let mut after = 0;
        while after < i64::try_from(EVENTS_MAX).unwrap_or(i64::MAX) {
            let page =
                assistant.ports.ledger.read(&assistant.settings.tenant, &StreamId::from(id), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.version;
            let full = page.len() == PAGE;
            for event in page {
                folded = Self::fold(folded, id, &event);
            }
            if !full {
                break;
            }
        }
        Ok(folded)
    }

    /// The state after one more event.
    pub(crate) fn fold(state: Option<Self>, id: ConversationId, event: &RecordedEvent) -> Option<Self> {
        let Some(mut state) = state else {
            let opened: Opened = read(&event.payload).filter(|_| event.kind == "conversation.opened")?;
            return Some(Self { version: event.version, ..Self::opened(id, opened, event.at) });
        };
        state.version = event.version;
        state.apply(&event.kind, event.at, &event.payload);
        Some(state)
    }

    /// A conversation that has just been opened.
    pub(crate) fn opened(id: ConversationId, opened: Opened, at: TimestampUs) -> Self {
        Self {
            id,
            version: 0,
            session_id: opened.session_id,
            customer_id: opened.customer_id,
            locale: opened.locale,
            market: opened.market,
            opened_at: at,
            status: ConversationStatus::Open,
            dialogue: Dialogue::default(),
            messages: 0,
            tail_digits: String::new(),
            assignee: None,
            handover: None,
            handover_at: None,
            open_intent: None,
        }
    }

    /// Takes in events that are about to be committed. What a turn decided is taken over as it is, without the way through its event.
    ///
    /// INVARIANT: the state is the same as if it were read back (test: `what_is_kept_in_memory_is_what_the_ledger_tells`).
    pub(crate) fn advance(
        &mut self,
        events: &[NewEvent],
        at: TimestampUs,
        turn: Option<(ConversationStatus, Dialogue)>,
    ) {
        if let Some((status, dialogue)) = turn {
            self.status = status;
            self.dialogue = dialogue;
        }
        for event in events.iter().filter(|event| !event.kind.starts_with("turn.")) {
            self.apply(&event.kind, at, &event.payload);
        }
    }

    fn apply(&mut self, kind: &str, at: TimestampUs, payload: &Value) {
        match kind {
            "message.created" => {
                self.messages += 1;
                let message = payload.get("message");
                let author: Option<Author> = message.and_then(|message| message.get("author")).and_then(read);
                if let (Some(message), Some(Author::Customer)) = (message, author) {
                    let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
                    self.tail_digits = ombud_language::safety::digit_tail(text, "");
                }
            }
            "turn.recorded" => {
                if let Some(recorded) = read::<TurnRecorded<'_>>(payload) {
                    self.status = recorded.status;
                    self.dialogue = recorded.dialogue.into_owned();
                }
            }
            "action.intended" => self.open_intent = payload.get("intent_id").and_then(read),
            "action.settled" => self.open_intent = None,
            "conversation.identified" => self.customer_id = payload.get("customer_id").and_then(read),
            "handoff.requested" => {
                self.status = ConversationStatus::WaitingForAgent;
                self.handover = payload.get("handover").and_then(read);
                self.handover_at = Some(at);
                self.assignee = None;
            }
            "handoff.accepted" => {
                self.status = ConversationStatus::WithAgent;
                self.assignee = payload.get("agent").and_then(Value::as_str).map(ToOwned::to_owned);
            }
            "handoff.returned" => {
                self.status = ConversationStatus::Open;
                self.assignee = None;
                self.dialogue.frames.clear();
                self.dialogue.waiting.clear();
                self.dialogue.misread = 0;
                self.dialogue.signals.clear();
                self.dialogue.awaiting =
                    ombud_domain::Awaiting { kind: ombud_domain::AwaitingKind::AnythingElse, ..Default::default() };
            }
            "conversation.resolved" => {
                self.status = ConversationStatus::Resolved;
                self.assignee = None;
            }
            _ => {}
        }
    }
}

/// A stored value; unreadable ones are left out, since the ledger may hold events of a later release.
fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}
