//! Stage 8: trail, state and reply become durable in one commit; nothing is acknowledged before.

use std::borrow::Cow;

use ombud_domain::{
    Author, ConversationId, ConversationStatus, JsonText, Message, MessageId, NewEvent, Stage, StageRecord, StreamId,
    TimestampUs, TurnId,
};
use ombud_policy::{Dialogue, SagaEnded, Silence, is_question};
use ombud_ports::{AppendError, Commit, Shredding, StoreError, StoredReply};
use serde::Serialize;
use serde_json::json;

use crate::answer::Checked;
use crate::approvals::Wishes;
use crate::assistant::Assistant;
use crate::conversation::{Conversation, MODEL_TOKENS, OpenAction, TurnRecorded};
use crate::inputs::{TURN_INPUTS, TurnInputs};
use crate::intake::Arrival;
use crate::languages::Turned;
use crate::safety::Screened;
use crate::trail::Trail;
use crate::turn::TurnError;
use crate::view::TurnReply;
use crate::{approvals, context, decision, shadow, shred, waiting};

/// What is durable. Made by this stage alone.
pub(crate) struct Recorded {
    reply: TurnReply,
    /// Messages of the turn before the reply.
    before: Vec<Message>,
    told: Vec<&'static str>,
}

impl Recorded {
    /// The reply, the messages before it, and the kinds of events that pages are told of.
    pub(crate) fn into_parts(self) -> (TurnReply, Vec<Message>, Vec<&'static str>) {
        (self.reply, self.before, self.told)
    }
}

/// Commits a turn of the assistant.
pub(crate) async fn commit(
    assistant: &Assistant,
    received: Box<Arrival>,
    screened: &Screened,
    checked: Checked,
    mut trail: Trail<'_>,
) -> Result<Recorded, TurnError> {
    let (ending, dialogue, paragraphs, given) = checked.into_parts();
    let at = assistant.ports.clock.now();
    let mut turn = TurnEvents::begin(assistant, &received, screened, at)?;
    if received.withdrawn.is_some() {
        let kind = if dialogue.case.is_some() { "handoff.kept" } else { "handoff.withdrawn" };
        turn.events.push(event(kind, &json!({"turn_id": received.turn_id}))?);
    }
    if !given.is_empty() {
        turn.events.push(event(MODEL_TOKENS, &json!({"turn_id": received.turn_id, "given": given}))?);
    }
    let wishes =
        Wishes { asked: &ending.approvals, withdrawn: &ending.withdrawn, customer_id: dialogue.customer_id.as_deref() };
    let said = (received.conversation.said.as_str(), at);
    turn.events.extend(approvals::events_of_turn(assistant, &received, wishes, said)?);
    let asks = is_question(ending.awaiting.kind) && ending.handover.is_none();
    let replies = turn.replies(assistant, &received, (paragraphs, asks), at)?;
    if ending.silence == Some(Silence::Remind) {
        turn.events.push(event("conversation.reminded", &json!({"turn_id": received.turn_id}))?);
    }
    if dialogue.parked.len() != received.conversation.dialogue.parked.len() {
        turn.events.push(event("request.parked", &json!({"parked": dialogue.parked.len()}))?);
    }
    turn.events.extend(identified(&received, &dialogue)?);
    turn.ended_sagas(&ending.sagas)?;
    let status = match &ending.handover {
        Some(_) => ConversationStatus::WaitingForAgent,
        None if received.desk_owns() => received.conversation.status,
        None if ending.silence == Some(Silence::Close) => ConversationStatus::Resolved,
        None => ConversationStatus::Open,
    };
    let handed = ending.handover.is_some();
    let is_told = |open: &&OpenAction| open.outcome.is_some() && !received.broke_off;
    if let Some(open) = received.conversation.open_action.as_ref().filter(is_told) {
        turn.events.push(event("action.told", &json!({"intent_id": open.id}))?);
    }
    let events = turn.events.len() + 3 + usize::from(handed);
    trail.note(Stage::Record, format!("{events} events in one commit"), json!({"pack_hash": assistant.pack.hash}));
    let left = if handed { "to the customer and to the desk" } else { "to the customer" };
    let detail = json!({"messages": replies.len(), "author": Author::Assistant});
    trail.note(Stage::Reply, format!("leaves {left}, through the outbox"), detail);
    let stages = trail.into_records();
    turn.stages(&received, &stages)?;
    turn.state(assistant, &received, status, &dialogue)?;
    if status == ConversationStatus::Resolved {
        turn.events.push(event("conversation.resolved", &json!({"reason": "unanswered"}))?);
    }
    if let Some(handover) = &ending.handover {
        turn.events.push(event("handoff.requested", &json!({"handover": handover}))?);
        if dialogue.beside.is_some() {
            turn.events.push(event("handoff.kept", &json!({"turn_id": received.turn_id}))?);
        }
    } else if let Some(handover) =
        waiting::updated(&received.conversation, &dialogue, screened.text()).filter(|_| dialogue.beside.is_some())
    {
        turn.events.push(event("handoff.updated", &json!({"handover": handover}))?);
    }
    let reply = TurnReply {
        conversation_id: received.conversation.id,
        turn_id: received.turn_id,
        status,
        messages: replies,
        awaiting: ending.awaiting,
        refused: ending.refused,
        done: ending.done,
        stages,
        replayed: false,
    };
    finish(assistant, *received, turn, (reply, dialogue), at).await
}

/// Who the customer is, when this turn has found it out.
fn identified(received: &Arrival, dialogue: &Dialogue) -> Result<Option<NewEvent>, StoreError> {
    let known = received.conversation.customer_id.as_ref().map(|known| known.as_str());
    let found = dialogue.customer_id.as_ref().filter(|id| known != Some(id.as_str()));
    let name = context::customer_name(&dialogue.customer);
    let payload = |customer_id| json!({"customer_id": customer_id, "name": name});
    found.map(|customer_id| event("conversation.identified", &payload(customer_id))).transpose()
}

/// Commits a message to people; the assistant stays silent once one is there (R50), and says before that the message is kept.
pub(crate) async fn note_for_desk(
    assistant: &Assistant,
    received: Box<Arrival>,
    screened: &Screened,
    mut trail: Trail<'_>,
) -> Result<TurnReply, TurnError> {
    let at = assistant.ports.clock.now();
    let mut turn = TurnEvents::begin(assistant, &received, screened, at)?;
    let conversation = &received.conversation;
    let status = conversation.status;
    let mut dialogue = conversation.dialogue.clone();
    for signal in screened.signals() {
        if !dialogue.signals.contains(signal) {
            dialogue.signals.push(signal.clone());
        }
    }
    let mut messages = Vec::new();
    if let Some(text) = decision::hidden(assistant, &conversation.locale, screened) {
        messages.push(turn.say(assistant, &received, (Author::System, text), at)?);
    }
    if let Some((author, text)) = waiting::acknowledgement(assistant, conversation, screened.text()) {
        messages.push(turn.say(assistant, &received, (author, text), at)?);
    }
    if let Some(handover) = waiting::updated(conversation, &dialogue, screened.text()) {
        turn.events.push(event("handoff.updated", &json!({"handover": handover}))?);
    }
    let left = if messages.is_empty() { "the assistant is silent" } else { "the customer is told so" };
    trail.note(Stage::Record, format!("kept for the person who answers; {left}"), json!({"status": status}));
    let stages = trail.into_records();
    turn.stages(&received, &stages)?;
    turn.state(assistant, &received, status, &dialogue)?;
    let reply = TurnReply {
        conversation_id: received.conversation.id,
        turn_id: received.turn_id,
        status,
        messages,
        awaiting: waiting::awaiting(&received.conversation),
        refused: Vec::new(),
        done: Vec::new(),
        stages,
        replayed: false,
    };
    let recorded = finish(assistant, *received, turn, (reply, dialogue), at).await?;
    Ok(crate::reply::deliver(assistant, recorded))
}

/// Events of a turn as they are collected.
struct TurnEvents {
    events: Vec<NewEvent>,
    /// The line above the first message after the end of a conversation.
    divider: Option<Message>,
    customer_message: Option<Message>,
    seq: i64,
    /// Whether earlier messages hold the beginning of a card number that ends in this one.
    shreds: bool,
}

impl TurnEvents {
    fn begin(
        assistant: &Assistant,
        received: &Arrival,
        screened: &Screened,
        at: TimestampUs,
    ) -> Result<Self, TurnError> {
        let mut turn = Self {
            events: Vec::with_capacity(16),
            divider: None,
            customer_message: None,
            seq: received.conversation.messages,
            shreds: screened.ends_card(),
        };
        if received.reopened {
            turn.events.push(event("conversation.reopened", &json!({"turn_id": received.turn_id}))?);
            let locale = &received.conversation.locale;
            if let Ok(text) = assistant.pack.texts.render(locale, "", "conversation_reopened", &[]) {
                turn.divider = Some(turn.say(assistant, received, (Author::System, text), at)?);
            }
        }
        if let Some(Turned { locale, .. }) = &received.turned {
            turn.events.push(event("conversation.language", &json!({"turn_id": received.turn_id, "locale": locale}))?);
        }
        if screened.is_message() {
            turn.seq += 1;
            let mut said = message(assistant, (turn.seq, at), Author::Customer, screened.text().to_owned());
            said.turn_id = Some(received.turn_id);
            turn.events
                .push(MessageCreated { redacted: Some(screened.was_redacted()), ..MessageCreated::of(&said) }.event()?);
            turn.customer_message = Some(said);
        }
        Ok(turn)
    }

    fn replies(
        &mut self,
        assistant: &Assistant,
        received: &Arrival,
        (paragraphs, asks): (Vec<crate::answer::Paragraph>, bool),
        at: TimestampUs,
    ) -> Result<Vec<Message>, TurnError> {
        let text = paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect::<Vec<_>>().join("\n\n");
        if text.is_empty() {
            return Ok(Vec::new());
        }
        self.seq += 1;
        // While people have the conversation the assistant is silent, but for signs of danger; what came of an action is a fact, not its word.
        let author =
            if received.desk_owns() && !received.is_from_customer() { Author::System } else { Author::Assistant };
        let mut reply = message(assistant, (self.seq, at), author, text);
        reply.turn_id = Some(received.turn_id);
        reply.citations = paragraphs.into_iter().flat_map(|paragraph| paragraph.citations).collect();
        self.events.push(MessageCreated { asks, ..MessageCreated::of(&reply) }.event()?);
        Ok(vec![reply])
    }

    /// One message without sources.
    fn say(
        &mut self,
        assistant: &Assistant,
        received: &Arrival,
        (author, text): (Author, String),
        at: TimestampUs,
    ) -> Result<Message, TurnError> {
        self.seq += 1;
        let mut said = message(assistant, (self.seq, at), author, text);
        said.turn_id = Some(received.turn_id);
        self.events.push(event("message.created", &json!({"message": said}))?);
        Ok(said)
    }

    fn ended_sagas(&mut self, ended: &[SagaEnded]) -> Result<(), TurnError> {
        for ended in ended {
            self.events.push(event("saga.ended", ended)?);
        }
        Ok(())
    }

    /// All stages in one event: an event each took a third of a turn's processor time.
    fn stages(&mut self, received: &Arrival, stages: &[StageRecord]) -> Result<(), TurnError> {
        self.events.push(event("turn.stages", &TurnStages { turn_id: received.turn_id, records: stages })?);
        Ok(())
    }

    fn state(
        &mut self,
        assistant: &Assistant,
        received: &Arrival,
        status: ConversationStatus,
        dialogue: &Dialogue,
    ) -> Result<(), TurnError> {
        let recorded = TurnRecorded {
            turn_id: received.turn_id,
            pack_hash: assistant.pack.hash.as_str().into(),
            knowledge_version: assistant.ports.knowledge.version().into(),
            model: assistant.model_name().map(Into::into),
            status,
            dialogue: Cow::Borrowed(dialogue),
        };
        self.events.push(event("turn.recorded", &recorded)?);
        Ok(())
    }
}

async fn finish(
    assistant: &Assistant,
    received: Arrival,
    turn: TurnEvents,
    (reply, dialogue): (TurnReply, Dialogue),
    at: TimestampUs,
) -> Result<Recorded, TurnError> {
    let id = received.conversation.id;
    let TurnEvents { mut events, divider, customer_message, shreds, .. } = turn;
    let stored = received.idempotency.as_ref().map(|key| {
        let response = JsonText::of(&reply).map_err(|_| StoreError::Corrupt { what: "reply" })?;
        Ok(StoredReply { scope: id.to_string(), key: key.key.clone(), body_hash: key.body_hash.clone(), response })
    });
    let mut stored = stored.transpose().map_err(TurnError::Store)?;
    let told = ["handoff.requested", "handoff.withdrawn", "approval.requested", "approval.closed"];
    let told = told.into_iter().filter(|kind| events.iter().any(|event| event.kind == *kind)).collect();
    let mut state = received.conversation;
    let shredding = if shreds {
        let turn_id = received.turn_id;
        Some(shred(assistant, (&state, turn_id), &mut events, stored.as_mut()).await?)
    } else {
        None
    };
    let is_shredded = shredding.is_some();
    let before = events.len();
    inputs(assistant, received.turn_id, &mut events)?;
    if let Some(inputs) = events.get_mut(before..).filter(|_| is_shredded) {
        shred::fresh(inputs, &state.tail.parts)?;
    }
    let version = state.version;
    state.advance(&events, at, Some((reply.status, dialogue)));
    if let Some(reply) = &stored {
        state.answered.add(&reply.key);
    }
    let commit = Commit { reply: stored, shredding, ..commit_of(assistant, id, version, events, at) };
    let committed = assistant.ports.ledger.append(commit).await.inspect_err(|_| assistant.forget(id))?;
    if let Some(tape) = assistant.tape() {
        tape.end();
    }
    state.version = committed.version;
    if is_shredded {
        // What is in memory still holds the digits; the ledger no longer does.
        assistant.forget(id);
    } else {
        assistant.keep(state);
    }
    Ok(Recorded { reply, before: divider.into_iter().chain(customer_message).collect(), told })
}

/// Takes the beginning of a card number out of what is about to be written, and gives what to overwrite of what was written before.
///
/// INVARIANT: once a card number is whole, none of its parts stands in the ledger
/// (test: `what_was_written_of_a_card_number_goes_when_it_is_whole`).
async fn shred(
    assistant: &Assistant,
    (state, turn_id): (&Conversation, TurnId),
    events: &mut Vec<NewEvent>,
    stored: Option<&mut StoredReply>,
) -> Result<Shredding, TurnError> {
    let parts = &state.tail.parts;
    let messages: Vec<i64> = parts.iter().map(|part| part.message).collect();
    events.push(event("message.redacted", &json!({"turn_id": turn_id, "messages": messages}))?);
    if let Some(handover) = &state.handover {
        let before = event("handoff.updated", &json!({"handover": handover}))?;
        let mut after = [before.clone()];
        shred::fresh(&mut after, parts)?;
        // The desk's inbox has the hand-over's summary from its event. It stands in front, since this turn may have a newer one.
        let changed = after.into_iter().filter(|after| *after != before);
        events.splice(0..0, changed);
    }
    shred::fresh(events, parts)?;
    if let Some(stored) = stored {
        stored.response = shred::text(&stored.response, parts)?;
    }
    Ok(shred::earlier(assistant, state).await?)
}

/// Adds what the turn has taken from outside since it was last written down, as the last event of a commit.
pub(crate) fn inputs(
    assistant: &Assistant,
    turn_id: TurnId,
    events: &mut Vec<NewEvent>,
) -> Result<Option<TurnInputs>, StoreError> {
    let Some(tape) = assistant.tape() else { return Ok(None) };
    let inputs = tape.part(turn_id, events.len().saturating_add(1));
    events.push(event(TURN_INPUTS, &inputs)?);
    Ok(Some(inputs))
}

pub(crate) async fn append(
    assistant: &Assistant,
    id: ConversationId,
    expected_version: i64,
    events: Vec<NewEvent>,
    reply: Option<StoredReply>,
    at: TimestampUs,
) -> Result<i64, AppendError> {
    let commit = Commit { reply, ..commit_of(assistant, id, expected_version, events, at) };
    assistant.ports.ledger.append(commit).await.map(|committed| committed.version)
}

fn commit_of(
    assistant: &Assistant,
    id: ConversationId,
    expected_version: i64,
    events: Vec<NewEvent>,
    at: TimestampUs,
) -> Commit {
    let outbox = vec![("conversation.changed".to_owned(), json!({"conversation_id": id}))];
    Commit {
        tenant: assistant.settings.tenant.clone(),
        stream: StreamId::from(id),
        expected_version,
        events,
        outbox,
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at,
    }
}

pub(crate) fn message(assistant: &Assistant, (seq, at): (i64, TimestampUs), author: Author, text: String) -> Message {
    Message {
        id: MessageId(assistant.fresh_uuid()),
        seq,
        author,
        author_name: None,
        text,
        at,
        citations: Vec::new(),
        turn_id: None,
        withheld: shadow::withholds(assistant, author),
    }
}

/// Payload of `turn.stages`.
#[derive(Serialize)]
struct TurnStages<'a> {
    turn_id: TurnId,
    records: &'a [StageRecord],
}

/// Payload of `message.created`.
#[derive(Serialize)]
pub(crate) struct MessageCreated<'a> {
    message: &'a Message,
    /// Whether card data or a secret was removed, for a customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted: Option<bool>,
    /// Whether the reply leaves a question open: then a silent customer is reminded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    asks: bool,
}

impl<'a> MessageCreated<'a> {
    pub(crate) const fn of(message: &'a Message) -> Self {
        Self { message, redacted: None, asks: false }
    }

    pub(crate) fn event(&self) -> Result<NewEvent, StoreError> {
        event("message.created", self)
    }
}

pub(crate) fn event(kind: &str, payload: &impl Serialize) -> Result<NewEvent, StoreError> {
    let payload = JsonText::of(payload).map_err(|_| StoreError::Corrupt { what: "event" })?;
    Ok(NewEvent { kind: kind.to_owned(), payload })
}
