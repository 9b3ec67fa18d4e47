//! What is a conversation between turns? A fold over its stream.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ombud_domain::{
    ActionOutcome, Author, Awaiting, AwaitingKind, ConversationId, ConversationStatus, CustomerId, Handover,
    IdentityLevel, IntentId, Message, NewEvent, Principal, Proposal, RecordedEvent, SessionId, StreamId, TimestampUs,
};
use ombud_language::safety::DigitTail;
use ombud_language::{Pseudonym, Pseudonyms};
use ombud_policy::{Colleague, Dialogue, Intent, SagaRun};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approvals::Approvals;
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
    /// The customer's name as it was read when he was known; the record itself is read where it is needed.
    pub customer_name: Option<String>,
    pub locale: String,
    pub market: String,
    pub opened_at: TimestampUs,
    pub status: ConversationStatus,
    pub dialogue: Dialogue,
    pub messages: i64,
    /// When the last message was written.
    pub spoke_at: TimestampUs,
    /// Reminders since the customer last wrote.
    pub reminders: u32,
    /// Number of the message that asked what is awaited now.
    pub asked_seq: i64,
    /// Digits at the end of the customer's last messages, for card numbers split over several.
    pub tail: DigitTail,
    /// The customer's last words that say something.
    pub said: String,
    /// The last message kept for a person who has not come yet.
    pub unanswered: Option<String>,
    /// Whether the case stays with people while the assistant answers.
    pub kept: bool,
    /// What the person who has the conversation wrote last.
    pub told: Option<Message>,
    /// What people noted last since a person was asked for.
    pub noted: Option<String>,
    pub assignee: Option<String>,
    pub handover: Option<Handover>,
    pub handover_at: Option<TimestampUs>,
    /// An action whose outcome the customer has not been told.
    pub open_action: Option<OpenAction>,
    /// What people are asked to approve.
    pub approvals: Approvals,
    /// Which tokens stand for which values where a language model reads.
    pub pseudonyms: Pseudonyms,
    pub answered: Answered,
}

/// Which keys have an answer in the ledger, as far as that is known without asking it.
#[derive(Debug, Clone, Default)]
pub(crate) enum Answered {
    /// The conversation was read back: any key may have one.
    #[default]
    Unknown,
    /// It was opened here: hashes of all keys with an answer. Another replica may have given more, but then it wrote to the stream as well, and
    /// what is decided from here is refused before anything is done.
    Only(HashSet<u64>),
}

impl Answered {
    /// Whether the ledger may hold an answer to the key.
    pub(crate) fn may_hold(&self, key: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::Only(hashes) => hashes.contains(&hash_of(key)),
        }
    }

    /// Notes the key of an answer that is about to be stored.
    pub(crate) fn add(&mut self, key: &str) {
        if let Self::Only(hashes) = self {
            hashes.insert(hash_of(key));
        }
    }
}

fn hash_of(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Kind of the event with the tokens that a model saw for the first time.
pub(crate) const MODEL_TOKENS: &str = "model.tokens";

/// An action between its intent and the reply that tells what came of it.
#[derive(Debug, Clone)]
pub(crate) struct OpenAction {
    pub id: IntentId,
    pub proposal: Proposal,
    /// None when an earlier release wrote it, without its call.
    pub intent: Option<Intent>,
    /// When it was intended.
    pub since: TimestampUs,
    /// How often it was asked about since.
    pub tries: u32,
    /// Not before this time somebody else asks about it.
    pub recover_at: TimestampUs,
    /// What came of it, once that is in the ledger.
    pub outcome: Option<ActionOutcome>,
    /// Whether amounts are held for it.
    pub moves_money: bool,
    /// The saga that it is a step of, as it stood before it.
    pub saga: Option<SagaRun>,
}

impl OpenAction {
    fn of(event: &RecordedEvent) -> Option<Self> {
        Some(Self {
            id: event.payload.get("intent_id").and_then(read)?,
            proposal: event.payload.get("proposal").and_then(read)?,
            intent: Intent::from_ledger(event),
            since: event.at,
            tries: 0,
            recover_at: time(&event.payload, "recover_at_us").unwrap_or(event.at),
            outcome: None,
            moves_money: event.payload.get("money").is_some(),
            saga: event.payload.get("saga").and_then(read),
        })
    }
}

/// Payload of `conversation.opened`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub session_id: SessionId,
    pub customer_id: Option<CustomerId>,
    #[serde(default)]
    pub customer_name: Option<String>,
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

    /// Whom a turn is for that nobody wrote to: the customer who is known, with no more proof than that.
    pub(crate) fn absent_principal(&self) -> Principal {
        let known = self.customer_id.is_some();
        Principal {
            session_id: self.session_id,
            customer_id: self.customer_id.clone(),
            level: if known { IdentityLevel::Identified } else { IdentityLevel::Anonymous },
        }
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
                if event.is_erased() {
                    return Err(TurnError::Erased);
                }
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
        if event.kind == "action.intended" && event.payload.get("challenge").is_none() {
            state.open_action = OpenAction::of(event);
        }
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
            customer_name: opened.customer_name,
            locale: opened.locale,
            market: opened.market,
            opened_at: at,
            status: ConversationStatus::Open,
            dialogue: Dialogue::default(),
            messages: 0,
            spoke_at: at,
            reminders: 0,
            asked_seq: 0,
            tail: DigitTail::default(),
            said: String::new(),
            unanswered: None,
            kept: false,
            told: None,
            noted: None,
            assignee: None,
            handover: None,
            handover_at: None,
            open_action: None,
            approvals: Approvals::default(),
            pseudonyms: Pseudonyms::default(),
            answered: Answered::Unknown,
        }
    }

    fn hear(&mut self, message: Message) {
        match message.author {
            Author::Customer => {
                self.reminders = 0;
                self.tail = self.tail.after(&message.text, message.seq);
                let waits = self.status == ConversationStatus::WaitingForAgent && !self.kept;
                if waits && self.dialogue.picked(&message.text).is_none() {
                    self.unanswered = Some(message.text.clone());
                }
                if says_something(&message.text) {
                    self.said = message.text;
                }
            }
            Author::Agent => self.told = Some(message),
            Author::Assistant | Author::System => {}
        }
    }

    /// The assistant has the conversation again. What was open is closed, unless the person wants it taken up again; care stays.
    fn give_back(&mut self, payload: &Value) {
        self.status = ConversationStatus::Open;
        self.remember_colleague(payload);
        let dialogue = &mut self.dialogue;
        dialogue.misread = 0;
        dialogue.case = None;
        if let Some(before) = dialogue.beside.take() {
            dialogue.frames = before.frames;
            dialogue.interrupted = before.interrupted;
        }
        if payload.get("resumes").and_then(Value::as_bool) == Some(true) {
            dialogue.awaiting = std::mem::take(&mut dialogue.interrupted);
        } else {
            let anything_else = || Awaiting { kind: AwaitingKind::AnythingElse, ..Awaiting::default() };
            dialogue.awaiting = payload.get("awaiting").and_then(read).unwrap_or_else(anything_else);
            dialogue.close_requests();
            if !dialogue.is_distressed() {
                dialogue.signals.clear();
            }
        }
    }

    /// The person who had the conversation leaves it; his last words are quoted when the customer asks for news.
    fn remember_colleague(&mut self, payload: &Value) {
        let name = self.assignee.take().unwrap_or_default();
        let before = self.dialogue.colleague.take().filter(|before| !before.said.is_empty());
        // Who wrote nothing leaves the word of the one before him as the last.
        let (name, said, at_us) = match (self.told.take(), before) {
            (Some(told), _) => (name, told.text, told.at.0),
            (None, Some(before)) => (before.name, before.said, before.at_us),
            (None, None) => (name, String::new(), 0),
        };
        let noted = self.noted.take();
        let note = payload.get("note").and_then(Value::as_str).map(ToOwned::to_owned).or(noted).unwrap_or_default();
        self.dialogue.colleague = Some(Colleague { name, said, note, at_us, done: self.dialogue.done.len() });
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
        let mut asks_anew = false;
        if let Some((status, dialogue)) = turn {
            self.status = status;
            asks_anew = dialogue.awaiting != self.dialogue.awaiting;
            self.dialogue = dialogue;
        }
        for event in events.iter().filter(|event| !event.kind.starts_with("turn.")) {
            self.apply(&event.kind, at, &event.payload.read().unwrap_or_default());
        }
        if asks_anew {
            self.asked_seq = self.messages;
        }
    }

    fn apply(&mut self, kind: &str, at: TimestampUs, payload: &Value) {
        self.approvals.apply(kind, at, payload);
        match kind {
            "message.created" => {
                self.messages += 1;
                self.spoke_at = at;
                if let Some(message) = payload.get("message").and_then(read) {
                    self.hear(message);
                }
            }
            "turn.recorded" => {
                if let Some(recorded) = read::<TurnRecorded<'_>>(payload) {
                    self.status = recorded.status;
                    // The messages of a turn stand before its state in the commit.
                    if recorded.dialogue.awaiting != self.dialogue.awaiting {
                        self.asked_seq = self.messages;
                    }
                    self.dialogue = recorded.dialogue.into_owned();
                }
            }
            "action.tried" | "action.settled" | "action.told" => self.follow_action(kind, payload),
            "conversation.reminded" => self.reminders += 1,
            "conversation.language" => {
                if let Some(locale) = payload.get("locale").and_then(Value::as_str) {
                    locale.clone_into(&mut self.locale);
                }
            }
            "conversation.identified" => self.identify(payload),
            "handoff.requested" => {
                self.handover_at = Some(at);
                self.status = ConversationStatus::WaitingForAgent;
                self.handover = payload.get("handover").and_then(read);
                self.assignee = None;
                self.unanswered = None;
                self.kept = false;
                self.told = None;
                self.noted = None;
            }
            "handoff.updated" => {
                self.handover = payload.get("handover").and_then(read).or_else(|| self.handover.take());
            }
            "handoff.withdrawn" => {
                self.status = ConversationStatus::Open;
                self.kept = false;
                self.unanswered = None;
            }
            "handoff.kept" => {
                self.kept = true;
                self.unanswered = None;
            }
            "handoff.accepted" => {
                self.status = ConversationStatus::WithAgent;
                self.unanswered = None;
                self.kept = false;
                self.assignee = payload.get("agent").and_then(Value::as_str).map(ToOwned::to_owned);
            }
            MODEL_TOKENS => {
                let given: Option<Vec<Pseudonym>> = payload.get("given").and_then(read);
                self.pseudonyms.extend(given.unwrap_or_default());
            }
            "desk.noted" => self.noted = payload.get("note").and_then(Value::as_str).map(ToOwned::to_owned),
            "handoff.returned" => self.give_back(payload),
            "conversation.resolved" => self.resolve(payload),
            "conversation.reopened" => {
                self.status = ConversationStatus::Open;
                self.handover = None;
                self.handover_at = None;
            }
            _ => {}
        }
    }

    fn identify(&mut self, payload: &Value) {
        self.customer_id = payload.get("customer_id").and_then(read);
        self.customer_name = payload.get("name").and_then(read).or_else(|| self.customer_name.take());
    }

    /// A person ends it, or it was left unanswered: then it goes on where it was.
    fn resolve(&mut self, payload: &Value) {
        self.status = ConversationStatus::Resolved;
        self.kept = false;
        self.dialogue.end_case();
        if payload.get("agent").is_some() {
            self.remember_colleague(payload);
            self.dialogue.close_requests();
            self.dialogue.awaiting = Awaiting::default();
            if !self.dialogue.is_distressed() {
                self.dialogue.signals.clear();
            }
        }
    }

    fn follow_action(&mut self, kind: &str, payload: &Value) {
        let id: Option<IntentId> = payload.get("intent_id").and_then(read);
        let Some(open) = self.open_action.as_mut().filter(|open| Some(open.id) == id) else { return };
        let tries = payload.get("tries").and_then(read);
        match (kind, time(payload, "recover_at_us")) {
            ("action.tried", Some(recover_at)) => {
                open.tries = tries.unwrap_or(open.tries);
                open.recover_at = recover_at;
            }
            ("action.settled", Some(recover_at)) => {
                open.outcome = payload.get("outcome").and_then(read);
                open.recover_at = recover_at;
            }
            // Told, or settled by a release that did not tell the two apart.
            _ => self.open_action = None,
        }
    }
}

fn time(payload: &Value, member: &str) -> Option<TimestampUs> {
    payload.get(member).and_then(Value::as_i64).map(TimestampUs)
}

/// Whether a text says more than a bare yes, no or thanks.
pub(crate) fn says_something(text: &str) -> bool {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count() >= 3
}

/// A stored value; unreadable ones are left out, since the ledger may hold events of a later release.
fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}
