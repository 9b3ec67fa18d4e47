//! What can people do with a conversation? See all of it, take it, answer, give it back, end it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ombud_domain::{
    Author, Awaiting, AwaitingKind, ConversationId, ConversationStatus, JsonText, Message, NewEvent, RecordedEvent,
    SessionId, StageRecord, StreamId, TurnId,
};
use ombud_language::RedactionKind;
use ombud_language::safety::redact::redact_only;
use ombud_policy::TurnedDown;
use ombud_policy::engine::way_back;
use ombud_ports::{InboxFilter, InboxRow, StoredReply};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::intake::{IdempotencyKey, TEXT_CHARS_MAX};
use crate::turn::TurnError;
use crate::view::{ConversationView, DeskNote, DeskView, TurnView};
use crate::{approvals, facts, record, reply, waiting};

/// Events read at once.
const PAGE: usize = 500;
/// Pages read for one view; what is past them is left out.
const PAGES_MAX: usize = 40;
/// Fields of a hand-over whose names are looked up.
const FIELDS_MAX: usize = 200;
/// Earlier conversations of a customer that are shown beside one.
const PREVIOUS_MAX: usize = 5;
/// Tries when the customer writes at the same moment.
const TRIES_MAX: usize = 5;

/// What an agent does.
#[derive(Debug, Clone)]
pub enum DeskAct {
    /// Takes the conversation over; the assistant falls silent. A resolved one is open again.
    Take {
        /// From whom.
        from: Holder,
    },
    /// Writes to the customer.
    Reply {
        /// The words.
        text: String,
    },
    /// Notes something for colleagues; who has the conversation, and how it stands, stays as it is.
    Note {
        /// The words; customers do not see them.
        text: String,
    },
    /// Gives it back to the assistant.
    Return {
        /// The last words to the customer; the assistant quotes them when he asks how it stands.
        message: Option<String>,
        /// For colleagues and the ledger; customers do not see it.
        note: Option<String>,
        /// What becomes of the request that was open.
        open_request: OpenRequest,
    },
    /// Ends it.
    Resolve {
        /// For the ledger; customers do not see it.
        note: Option<String>,
    },
}

/// What an agent's words must not hold either. The company's own bank account may be told.
const HIDDEN: [RedactionKind; 7] = [
    RedactionKind::CardNumber,
    RedactionKind::SecurityCode,
    RedactionKind::Pin,
    RedactionKind::Password,
    RedactionKind::OneTimeCode,
    RedactionKind::TrackData,
    RedactionKind::NationalId,
];

impl DeskAct {
    /// The same with markers in the place of card data and secrets, which are nowhere kept (R33).
    fn without_secrets(self) -> Self {
        let clean = |text: String| redact_only(&text, &HIDDEN).text;
        match self {
            Self::Reply { text } => Self::Reply { text: clean(text) },
            Self::Note { text } => Self::Note { text: clean(text) },
            Self::Return { message, note, open_request } => {
                Self::Return { message: message.map(clean), note: note.map(clean), open_request }
            }
            Self::Resolve { note } => Self::Resolve { note: note.map(clean) },
            take @ Self::Take { .. } => take,
        }
    }
}

/// From whom a conversation may be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Holder {
    /// From the assistant or the queue.
    #[default]
    Nobody,
    /// Also from a colleague, who is told by the desk.
    Colleague,
}

/// What becomes of the request that was open when a person was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OpenRequest {
    /// It is closed: what the customer writes next answers no old question.
    #[default]
    Closed,
    /// The assistant goes on where it was.
    Resumed,
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
        let notes = notes(self, id).await?;
        let previous = previous(self, &state).await?;
        let told = facts::for_desk(self, state.customer_id.as_ref()).await?;
        let fields = state.handover.iter().flat_map(|handover| [&handover.customer, &handover.slots]);
        let labels = labels(self, &state.locale, fields);
        Ok(Some(DeskView {
            conversation,
            handover: state.handover.clone(),
            assignee: state.assignee.clone(),
            requested_at: state.handover_at,
            turns,
            labels,
            resumable: resumable(self, &state),
            notes,
            previous,
            told,
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
                let kept = StoredReply {
                    scope,
                    key: key.key,
                    body_hash: key.body_hash,
                    response: JsonText::from(Value::Null),
                };
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
        let act = act.without_secrets();
        for _ in 0..TRIES_MAX {
            let state = self.load(id).await?.ok_or(TurnError::NotFound)?;
            let planned = plan(self, &state, agent, &act)?;
            let written = write(self, &state, &planned, kept.clone()).await;
            self.forget(id);
            match written {
                Err(TurnError::Conflict) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    announce(self, id, agent, &planned);
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

/// Words and the event of an act, before they are written.
struct Deed {
    /// Said before the event.
    first: Option<Message>,
    event: Option<(&'static str, Value)>,
    /// Said after it.
    then: Option<Message>,
    status: ConversationStatus,
    awaiting: Awaiting,
}

fn plan(assistant: &Assistant, state: &Conversation, agent: &str, act: &DeskAct) -> Result<Planned, TurnError> {
    let mine = state.assignee.as_deref() == Some(agent);
    match act {
        DeskAct::Take { from } if state.assignee.is_some() && !mine && *from == Holder::Nobody => {
            return Err(TurnError::NotYours);
        }
        DeskAct::Take { .. } => {}
        DeskAct::Note { text } => check(text)?,
        _ if !mine => return Err(TurnError::NotYours),
        DeskAct::Reply { text } => check(text)?,
        DeskAct::Return { message: Some(text), .. } => check(text)?,
        DeskAct::Return { .. } | DeskAct::Resolve { .. } => {}
    }
    let Deed { first, event, then, status, awaiting } = deed(&Pen { assistant, state, agent }, act);
    let mut events = Vec::new();
    let created = |message: &Message| record::event("message.created", &json!({"message": message}));
    events.extend(first.as_ref().map(created).transpose()?);
    events.extend(event.as_ref().map(|(kind, payload)| record::event(kind, payload)).transpose()?);
    events.extend(then.as_ref().map(created).transpose()?);
    let announced = event.map(|(kind, _)| kind).filter(|kind| kind.starts_with("handoff."));
    Ok(Planned { events, messages: first.into_iter().chain(then).collect(), announced, status, awaiting })
}

fn check(text: &str) -> Result<(), TurnError> {
    match text.chars().count() {
        _ if text.trim().is_empty() => Err(TurnError::Empty),
        chars if chars > TEXT_CHARS_MAX => Err(TurnError::TooLong { chars_max: TEXT_CHARS_MAX }),
        _ => Ok(()),
    }
}

fn deed(pen: &Pen<'_>, act: &DeskAct) -> Deed {
    let agent = pen.agent;
    let with_person = Awaiting { kind: AwaitingKind::Handoff, ..Awaiting::default() };
    let taken = ConversationStatus::WithAgent;
    match act {
        DeskAct::Take { .. } => {
            let from = pen.state.assignee.as_deref().filter(|holder| *holder != agent);
            let reopened = pen.state.status == ConversationStatus::Resolved;
            let payload = json!({"agent": agent, "from": from, "reopened": reopened});
            let event = Some(("handoff.accepted", payload));
            let said = if reopened { "agent_reopened" } else { "agent_joined" };
            Deed { first: None, event, then: pen.system(1, said), status: taken, awaiting: with_person }
        }
        DeskAct::Reply { text } => {
            Deed { first: Some(pen.write(text)), event: None, then: None, status: taken, awaiting: with_person }
        }
        DeskAct::Note { text } => {
            let event = Some(("desk.noted", json!({"agent": agent, "note": text})));
            let (status, awaiting) = (pen.state.status, waiting::awaiting(pen.state));
            Deed { first: None, event, then: None, status, awaiting }
        }
        DeskAct::Return { message, note, open_request } => {
            let first = message.as_deref().map(|text| pen.write(text));
            let interrupted = &pen.state.dialogue.interrupted;
            let resumes = *open_request == OpenRequest::Resumed && is_open(interrupted);
            let awaiting = if resumes { interrupted.clone() } else { pen.way_back() };
            let payload =
                json!({"agent": agent, "note": note, "message": message, "resumes": resumes, "awaiting": awaiting});
            let then = pen.system(1 + i64::from(first.is_some()), "agent_returned");
            let status = ConversationStatus::Open;
            Deed { first, event: Some(("handoff.returned", payload)), then, status, awaiting }
        }
        DeskAct::Resolve { note } => Deed {
            first: None,
            event: Some(("conversation.resolved", json!({"agent": agent, "note": note}))),
            then: pen.system(1, "agent_resolved"),
            status: ConversationStatus::Resolved,
            awaiting: Awaiting { kind: AwaitingKind::None, ..Awaiting::default() },
        },
    }
}

const fn is_open(interrupted: &Awaiting) -> bool {
    !matches!(interrupted.kind, AwaitingKind::None)
}

/// The request that the assistant would go on with, as people call it.
fn resumable(assistant: &Assistant, state: &Conversation) -> Option<String> {
    let top = state.dialogue.frames.last().filter(|_| is_open(&state.dialogue.interrupted))?;
    Some(assistant.pack.desk_title(&top.flow))
}

/// Writes for an agent into a conversation.
struct Pen<'a> {
    assistant: &'a Assistant,
    state: &'a Conversation,
    agent: &'a str,
}

impl Pen<'_> {
    fn say(&self, nth: i64, author: Author, text: String) -> Message {
        let at = self.assistant.ports.clock.now();
        record::message(self.assistant, (self.state.messages + nth, at), author, text)
    }

    /// The agent's own words.
    fn write(&self, text: &str) -> Message {
        let author_name = Some(self.agent.to_owned());
        Message { author_name, ..self.say(1, Author::Agent, text.to_owned()) }
    }

    /// A line about the conversation; none when the pack has no text for it.
    fn system(&self, nth: i64, key: &str) -> Option<Message> {
        self.render(key).map(|text| self.say(nth, Author::System, text))
    }

    fn way_back(&self) -> Awaiting {
        match self.render("colleague_back") {
            Some(label) => way_back(label),
            None => Awaiting { kind: AwaitingKind::AnythingElse, ..Awaiting::default() },
        }
    }

    fn render(&self, key: &str) -> Option<String> {
        let pack = &self.assistant.pack;
        let names = json!({"agent": self.agent, "name": self.agent, "company": {"name": pack.manifest.title}});
        pack.texts.render(&self.state.locale, "", key, &[names.as_object()?]).ok()
    }
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

fn announce(assistant: &Assistant, id: ConversationId, agent: &str, planned: &Planned) {
    for message in &planned.messages {
        reply::announce_message(assistant, id, message);
    }
    if let Some(kind) = planned.announced {
        reply::announce(assistant, id, kind, json!({"status": planned.status, "agent_name": agent}));
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
    Ok(ConversationView {
        id: state.id,
        status: state.status,
        locale: state.locale.clone(),
        market: state.market.clone(),
        created_at: state.opened_at,
        messages,
        agent_name: state.assignee.clone().filter(|_| state.status == ConversationStatus::WithAgent),
        awaiting: waiting::awaiting(state),
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

/// What people did with a conversation and noted for each other, oldest first.
async fn notes(assistant: &Assistant, id: ConversationId) -> Result<Vec<DeskNote>, TurnError> {
    let events = events(assistant, id).await?;
    let notes = events.into_iter().filter_map(|event| {
        let member = |name: &str| event.payload.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let is_set = |name: &str| event.payload.get(name).and_then(Value::as_bool) == Some(true);
        let act = match event.kind.as_str() {
            "handoff.requested" => "requested",
            "handoff.withdrawn" => "withdrawn",
            "handoff.kept" => "kept",
            "handoff.accepted" if is_set("reopened") => "reopened",
            "handoff.accepted" if member("from").is_some() => "taken_from_colleague",
            "handoff.accepted" => "taken",
            "handoff.returned" => "returned",
            "conversation.resolved" => "resolved",
            "desk.noted" => "noted",
            "approval.requested" => "approval_requested",
            "approval.given" => "approval_given",
            "approval.refused" => "approval_refused",
            "approval.lapsed" => "approval_lapsed",
            "action.intended" if member("approval_id").is_some() => "approval_used",
            "approval.closed" => closed(&member("how")?)?,
            _ => return None,
        };
        let asked = event.payload.pointer("/approval/proposal/summary").and_then(Value::as_str);
        let note = member("note").or_else(|| member("reason")).or_else(|| asked.map(ToOwned::to_owned));
        let reason = event.payload.get("handover").and_then(|handover| handover.get("reason_code"));
        let reason_code = reason.and_then(Value::as_str).map(ToOwned::to_owned);
        Some(DeskNote {
            at: event.at,
            act,
            agent: member("agent").or_else(|| member("by")),
            from: member("from"),
            reason_code,
            note,
        })
    });
    Ok(notes.collect())
}

/// How an approval ended that was not used; none where somebody refused it, who stands there already.
fn closed(how: &str) -> Option<&'static str> {
    match how {
        approvals::WITHDRAWN => Some("approval_withdrawn"),
        _ if how == TurnedDown::Refused.reason_code() => None,
        _ if how == TurnedDown::Expired.reason_code() => Some("approval_expired"),
        _ => Some("approval_dropped"),
    }
}

/// How the company names the fields of records, as far as its pack gives `field_<name>`.
pub(crate) fn labels<'v>(
    assistant: &Assistant,
    locale: &str,
    records: impl Iterator<Item = &'v Value>,
) -> BTreeMap<String, String> {
    let mut names = BTreeSet::new();
    let mut unread: Vec<&Value> = records.collect();
    while let Some(value) = unread.pop() {
        match value {
            Value::Object(members) if names.len() < FIELDS_MAX => {
                names.extend(members.keys().cloned());
                unread.extend(members.values());
            }
            Value::Array(items) => unread.extend(items),
            _ => {}
        }
    }
    let texts = &assistant.pack.texts;
    let named = |name: String| Some((texts.render(locale, "", &format!("field_{name}"), &[]).ok()?, name));
    names.into_iter().filter_map(named).map(|(label, name)| (name, label)).collect()
}

/// Other conversations of the same customer, newest first.
async fn previous(assistant: &Assistant, state: &Conversation) -> Result<Vec<InboxRow>, TurnError> {
    let Some(customer_id) = &state.customer_id else { return Ok(Vec::new()) };
    let filter = InboxFilter {
        customer_id: Some(customer_id.as_str().to_owned()),
        rows_max: PREVIOUS_MAX + 1,
        ..InboxFilter::default()
    };
    let (mut rows, _) = assistant.ports.inbox.list(&assistant.settings.tenant, &filter).await?;
    let own = state.id.to_string();
    rows.retain(|row| row.conversation_id != own);
    rows.truncate(PREVIOUS_MAX);
    Ok(rows)
}

async fn events(assistant: &Assistant, id: ConversationId) -> Result<Vec<RecordedEvent>, TurnError> {
    let stream = StreamId::from(id);
    let mut all: Vec<RecordedEvent> = Vec::new();
    for _ in 0..PAGES_MAX {
        let after = all.last().map_or(0, |event| event.version);
        let page = assistant.ports.ledger.read(&assistant.settings.tenant, &stream, after, PAGE).await?;
        if page.iter().any(RecordedEvent::is_erased) {
            return Err(TurnError::Erased);
        }
        let full = page.len() == PAGE;
        all.extend(page);
        if !full {
            break;
        }
    }
    Ok(all)
}
