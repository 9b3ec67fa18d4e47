//! What can people do with a conversation? See all of it, take it, answer, give it back, end it.

use std::sync::Arc;

use ombud_domain::{
    Author, Awaiting, AwaitingKind, ConversationId, ConversationStatus, Message, NewEvent, RecordedEvent, SessionId,
    StageRecord, StreamId, TurnId,
};
use ombud_ports::StoredReply;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::intake::{IdempotencyKey, TEXT_CHARS_MAX};
use crate::turn::TurnError;
use crate::view::{ConversationView, DeskView, TurnView};
use crate::{record, reply};

/// Events read at once.
const PAGE: usize = 500;
/// Pages read for one view; what is past them is left out.
const PAGES_MAX: usize = 40;
/// Tries when the customer writes at the same moment.
const TRIES_MAX: usize = 5;

/// What an agent does.
#[derive(Debug, Clone)]
pub enum DeskAct {
    /// Takes the conversation over; the assistant falls silent.
    Take,
    /// Writes to the customer.
    Reply {
        /// The words.
        text: String,
    },
    /// Gives it back to the assistant.
    Return {
        /// For the next person and the ledger; customers do not see it.
        note: Option<String>,
    },
    /// Ends it.
    Resolve {
        /// For the ledger; customers do not see it.
        note: Option<String>,
    },
}

impl Assistant {
    /// A conversation with everything known about it; none when it is unknown.
    ///
    /// # Errors
    /// [`TurnError::Store`].
    pub async fn desk_view(&self, id: ConversationId) -> Result<Option<DeskView>, TurnError> {
        let Some(state) = self.load(id).await? else { return Ok(None) };
        let conversation = conversation_view(self, &state).await?;
        let turns = turns(self, id).await?;
        Ok(Some(DeskView {
            conversation,
            handover: state.handover.clone(),
            assignee: state.assignee.clone(),
            requested_at: state.handover_at,
            turns,
        }))
    }

    /// Does what an agent wants and gives the conversation as it then is.
    ///
    /// # Errors
    /// [`TurnError::NotFound`], [`TurnError::NotYours`] when somebody else has it, [`TurnError::Empty`] and [`TurnError::TooLong`] for a reply, [`TurnError::Store`].
    pub async fn desk_act(&self, id: ConversationId, agent: &str, act: DeskAct) -> Result<DeskView, TurnError> {
        let lock = self.turn_lock(id);
        let _turn = lock.lock().await;
        self.act(id, agent, act, None).await
    }

    /// Does what an agent wants once for a key of his session, and gives the conversation as it then is; a repeat does nothing and gives it as
    /// it is now.
    ///
    /// # Errors
    /// As [`Self::desk_act`]; [`TurnError::KeyReused`] when the key was used for another act.
    pub async fn desk_act_once(
        &self,
        (id, agent): (ConversationId, &str),
        act: DeskAct,
        session: SessionId,
        key: IdempotencyKey,
    ) -> Result<DeskView, TurnError> {
        let lock = self.turn_lock(id);
        let _turn = lock.lock().await;
        let scope = format!("desk {session} {id}");
        match self.ports.ledger.stored_reply(&self.settings.tenant, &scope, &key.key).await? {
            Some(stored) if stored.body_hash != key.body_hash => Err(TurnError::KeyReused),
            Some(_) => self.desk_view(id).await?.ok_or(TurnError::NotFound),
            None => {
                let kept = StoredReply { scope, key: key.key, body_hash: key.body_hash, response: Value::Null };
                self.act(id, agent, act, Some(kept)).await
            }
        }
    }

    /// The caller holds the turn.
    async fn act(
        &self,
        id: ConversationId,
        agent: &str,
        act: DeskAct,
        kept: Option<StoredReply>,
    ) -> Result<DeskView, TurnError> {
        for _ in 0..TRIES_MAX {
            let state = self.load(id).await?.ok_or(TurnError::NotFound)?;
            let planned = plan(self, &state, agent, &act)?;
            let written = write(self, &state, &planned, kept.clone()).await;
            self.forget(id);
            match written {
                Err(TurnError::Conflict) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    announce(self, id, &planned);
                    return self.desk_view(id).await?.ok_or(TurnError::NotFound);
                }
            }
        }
        Err(TurnError::Conflict)
    }
}

/// What an act writes and announces.
struct Planned {
    events: Vec<NewEvent>,
    messages: Vec<Message>,
    announced: Option<&'static str>,
    status: ConversationStatus,
    awaiting: Awaiting,
}

fn plan(assistant: &Assistant, state: &Conversation, agent: &str, act: &DeskAct) -> Result<Planned, TurnError> {
    let mine = state.assignee.as_deref() == Some(agent);
    let at = assistant.ports.clock.now();
    let say = |author: Author, text: String| {
        let mut message = record::message(assistant, (state.messages + 1, at), author, text);
        message.author_name = (author == Author::Agent).then(|| agent.to_owned());
        message
    };
    let system = |key: &str| {
        let names = json!({"agent": agent, "company": {"name": assistant.pack.manifest.title}});
        let names = names.as_object().cloned().unwrap_or_default();
        assistant.pack.texts.render(&state.locale, "", key, &[&names]).ok().map(|text| say(Author::System, text))
    };
    let (kind, payload, message, announced, status) = match act {
        DeskAct::Take if state.assignee.is_some() && !mine => return Err(TurnError::NotYours),
        DeskAct::Take => (
            "handoff.accepted",
            json!({"agent": agent}),
            system("agent_joined"),
            Some("handoff.accepted"),
            ConversationStatus::WithAgent,
        ),
        _ if !mine => return Err(TurnError::NotYours),
        DeskAct::Reply { text } if text.trim().is_empty() => return Err(TurnError::Empty),
        DeskAct::Reply { text } if text.chars().count() > TEXT_CHARS_MAX => {
            return Err(TurnError::TooLong { chars_max: TEXT_CHARS_MAX });
        }
        DeskAct::Reply { text } => {
            ("", json!({}), Some(say(Author::Agent, text.clone())), None, ConversationStatus::WithAgent)
        }
        DeskAct::Return { note } => (
            "handoff.returned",
            json!({"agent": agent, "note": note}),
            system("agent_returned"),
            Some("handoff.returned"),
            ConversationStatus::Open,
        ),
        DeskAct::Resolve { note } => (
            "conversation.resolved",
            json!({"agent": agent, "note": note}),
            system("agent_resolved"),
            None,
            ConversationStatus::Resolved,
        ),
    };
    let mut events = Vec::new();
    if !kind.is_empty() {
        events.push(record::event(kind, &payload)?);
    }
    let messages: Vec<Message> = message.into_iter().collect();
    for message in &messages {
        events.push(record::event("message.created", &json!({"message": message}))?);
    }
    let kind = match status {
        ConversationStatus::Open => AwaitingKind::AnythingElse,
        ConversationStatus::Resolved => AwaitingKind::None,
        _ => AwaitingKind::Handoff,
    };
    Ok(Planned { events, messages, announced, status, awaiting: Awaiting { kind, ..Awaiting::default() } })
}

async fn write(
    assistant: &Assistant,
    state: &Arc<Conversation>,
    planned: &Planned,
    kept: Option<StoredReply>,
) -> Result<(), TurnError> {
    let at = assistant.ports.clock.now();
    record::append(assistant, state.id, state.version, planned.events.clone(), kept, at).await?;
    Ok(())
}

fn announce(assistant: &Assistant, id: ConversationId, planned: &Planned) {
    for message in &planned.messages {
        reply::announce_message(assistant, id, message);
    }
    if let Some(kind) = planned.announced {
        reply::announce(assistant, id, kind, json!({"status": planned.status}));
    }
    reply::announce(
        assistant,
        id,
        "conversation.updated",
        json!({"status": planned.status, "awaiting": planned.awaiting}),
    );
}

pub(crate) async fn conversation_view(
    assistant: &Assistant,
    state: &Conversation,
) -> Result<ConversationView, TurnError> {
    let events = events(assistant, state.id).await?;
    let messages = events
        .iter()
        .filter(|event| event.kind == "message.created")
        .filter_map(|event| Message::deserialize(event.payload.get("message")?).ok())
        .collect();
    let mut awaiting = state.dialogue.awaiting.clone();
    if Assistant::is_silent(state.status) {
        awaiting = Awaiting { kind: AwaitingKind::Handoff, ..Awaiting::default() };
    }
    Ok(ConversationView {
        id: state.id,
        status: state.status,
        locale: state.locale.clone(),
        market: state.market.clone(),
        created_at: state.opened_at,
        messages,
        awaiting,
    })
}

pub(crate) async fn turns(assistant: &Assistant, id: ConversationId) -> Result<Vec<TurnView>, TurnError> {
    let mut turns: Vec<TurnView> = Vec::new();
    for event in events(assistant, id).await? {
        if event.kind != "turn.stages" {
            continue;
        }
        let read = |name: &str| event.payload.get(name);
        let turn_id = read("turn_id").and_then(|value| TurnId::deserialize(value).ok());
        let stages = read("records").and_then(|value| Vec::<StageRecord>::deserialize(value).ok());
        if let (Some(turn_id), Some(stages)) = (turn_id, stages) {
            turns.push(TurnView { turn_id, at: event.at, stages });
        }
    }
    Ok(turns)
}

async fn events(assistant: &Assistant, id: ConversationId) -> Result<Vec<RecordedEvent>, TurnError> {
    let stream = StreamId::from(id);
    let mut all: Vec<RecordedEvent> = Vec::new();
    for _ in 0..PAGES_MAX {
        let after = all.last().map_or(0, |event| event.version);
        let page = assistant.ports.ledger.read(&assistant.settings.tenant, &stream, after, PAGE).await?;
        let full = page.len() == PAGE;
        all.extend(page);
        if !full {
            break;
        }
    }
    Ok(all)
}
