//! Stage 1: who sends what, was it sent before, and where does the conversation stand?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ombud_domain::{ApprovalId, ConversationId, ConversationStatus, Principal, Sensitive, Stage, TimestampUs, TurnId};
use ombud_policy::engine::GoingOn;
use ombud_policy::{CompanyEvent, Sight};
use ombud_ports::StoreError;
use serde_json::json;

use crate::approvals::Outcome;
use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::feed;
use crate::inputs::Begin;
use crate::languages::{Coming, Turned};
use crate::silence;
use crate::tape::Tape;
use crate::trail::Trail;
use crate::turn::TurnError;
use crate::view::TurnReply;
use crate::waiting;

/// Characters of one message, at most.
pub const TEXT_CHARS_MAX: usize = 8_000;

/// Something that makes the assistant act.
#[derive(Debug, Clone)]
pub struct Stimulus {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who sends it.
    pub principal: Principal,
    /// Where it comes from, as attempts to be somebody are counted.
    pub address: Option<String>,
    /// What.
    pub input: Input,
    /// The sender's key, so that a repeat is answered and not done again.
    pub idempotency: Option<IdempotencyKey>,
}

/// What can make the assistant act: a customer, or the passing of time.
#[derive(Debug, Clone)]
pub enum Input {
    /// A message.
    Message {
        /// As typed.
        text: Sensitive<String>,
        /// Number of the newest message that the sender's page had shown, if the page says so.
        seen_seq: Option<i64>,
    },
    /// A one-time code, entered outside the chat; never stored.
    StepUp {
        /// As typed.
        code: Sensitive<String>,
    },
    /// It is time to ask what came of an action whose outcome was lost.
    Recovery,
    /// An open question has waited long enough for a silent customer.
    Timer,
    /// The company's systems report something that a request waits for.
    Event(Box<CompanyEvent>),
    /// People have decided on a proposal, or have not in time.
    Approval(ApprovalId),
}

impl Input {
    /// Whether a customer sent it, whose conversation it must then be.
    const fn is_from_customer(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::StepUp { .. })
    }
}

impl Stimulus {
    /// One that no customer sends.
    pub(crate) fn unasked(conversation: &Conversation, input: Input) -> Self {
        let principal = conversation.absent_principal();
        let idempotency = match &input {
            Input::Event(event) => Some(feed::key_of(event)),
            _ => None,
        };
        Self { conversation_id: conversation.id, principal, address: None, input, idempotency }
    }
}

/// A key of the sender and the hash of what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// As sent.
    pub key: String,
    /// SHA-256 of the body, hexadecimal.
    pub body_hash: String,
}

/// What intake gives.
pub(crate) enum Received {
    /// The same request was answered before; this was the answer.
    Repeated(Box<TurnReply>),
    /// A new one.
    Fresh(Box<Arrival>),
}

/// How much of a message is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    /// All of it.
    Everything,
    /// Its signs of distress: the rest is for the person who is awaited.
    SignalsOnly,
    /// A question about the care that brought in the person, for the articles about it and nothing else.
    CareQuestion,
}

/// A received stimulus and the state it meets. Made by this stage alone.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub turn_id: TurnId,
    pub principal: Principal,
    pub address: Option<String>,
    pub sight: Sight,
    pub conversation: Conversation,
    pub idempotency: Option<IdempotencyKey>,
    from_customer: bool,
    /// How much of the message is heard.
    pub hears: Hears,
    /// Whether the conversation was over and begins again.
    pub reopened: bool,
    /// The language that this message changed the conversation to.
    pub turned: Option<Turned>,
    /// What is known of a message whose language is still being learnt.
    pub coming: Option<Coming>,
    /// How the customer goes on without the person he waited for, if he does.
    pub withdrawn: Option<GoingOn>,
    /// What people have decided on, and what is to be done about it.
    pub approval: Option<(ApprovalId, Outcome)>,
    /// Whether nothing of it goes on: it takes the place of a turn that broke off, or was not read in time.
    pub broke_off: bool,
    input: Option<Input>,
    _key: Option<Arc<KeyGuard>>,
}

impl Arrival {
    /// Whether people have the conversation.
    pub(crate) const fn desk_owns(&self) -> bool {
        matches!(self.conversation.status, ConversationStatus::WaitingForAgent | ConversationStatus::WithAgent)
    }

    /// Whether the customer did something.
    pub(crate) const fn is_from_customer(&self) -> bool {
        self.from_customer
    }

    /// Gives the raw input up to the safety stage; afterwards it is gone.
    pub(crate) fn take_input(&mut self) -> Option<Input> {
        self.input.take()
    }
}

/// The hashes of bodies whose requests are being answered, by conversation and key.
pub(crate) type KeysInFlight = Arc<Mutex<BTreeMap<(ConversationId, String), String>>>;

/// Frees an idempotency key when the request ends, however it ends.
struct KeyGuard {
    in_flight: KeysInFlight,
    key: (ConversationId, String),
}

impl Drop for KeyGuard {
    fn drop(&mut self) {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

pub(crate) async fn receive(
    assistant: &Assistant,
    stimulus: Stimulus,
    trail: &mut Trail<'_>,
) -> Result<Received, TurnError> {
    let conversation = assistant
        .load(stimulus.conversation_id)
        .await?
        .filter(|conversation| !stimulus.input.is_from_customer() || conversation.belongs_to(&stimulus.principal))
        .ok_or(TurnError::NotFound)?;
    // What was answered is answered again, also where it could not be asked any more: a code is awaited once.
    if let Some(stored) = stored_reply(assistant, &stimulus, &conversation).await? {
        return Ok(Received::Repeated(Box::new(stored)));
    }
    check_input(assistant, &stimulus.input, &conversation)?;
    let guard =
        stimulus.idempotency.as_ref().map(|key| reserve(assistant, stimulus.conversation_id, key)).transpose()?;
    let mut conversation = Arc::unwrap_or_clone(conversation);
    let reopened = conversation.status == ConversationStatus::Resolved && stimulus.input.is_from_customer();
    if reopened {
        conversation.status = ConversationStatus::Open;
    }
    let kind = match stimulus.input {
        Input::Message { .. } => "message",
        Input::StepUp { .. } => "one-time code",
        Input::Recovery => "look at an action without an outcome",
        Input::Timer => "timer",
        Input::Event(_) => "report of the company's systems",
        Input::Approval(_) => "decision of people",
    };
    trail.note(
        Stage::Intake,
        format!("a {kind} for a conversation that is {}", conversation.status.as_str()),
        json!({"version": conversation.version, "session_level": stimulus.principal.level, "idempotency": guard.is_some()}),
    );
    let sight = match stimulus.input {
        Input::Message { seen_seq: Some(seen), .. } if seen < conversation.asked_seq => Sight::Older,
        _ => Sight::Current,
    };
    if let Some(tape) = assistant.tape() {
        tape.begin(Begin::of(assistant, &stimulus, conversation.version));
    }
    let approval = match stimulus.input {
        Input::Approval(id) => outcome(assistant, &conversation, id).map(|outcome| (id, outcome)),
        _ => None,
    };
    let turn_id = TurnId(assistant.fresh_uuid());
    Ok(Received::Fresh(Box::new(Arrival {
        turn_id,
        principal: stimulus.principal,
        address: stimulus.address,
        sight,
        conversation,
        idempotency: stimulus.idempotency,
        from_customer: stimulus.input.is_from_customer(),
        hears: Hears::Everything,
        reopened,
        turned: None,
        coming: None,
        withdrawn: None,
        approval,
        broke_off: false,
        input: Some(stimulus.input),
        _key: guard.map(Arc::new),
    })))
}

fn check_input(assistant: &Assistant, input: &Input, conversation: &Conversation) -> Result<(), TurnError> {
    let now = assistant.ports.clock.now();
    match input {
        Input::Recovery if conversation.open_action.as_ref().is_none_or(|open| open.recover_at > now) => {
            Err(TurnError::NothingDue)
        }
        // What came of the action before is found out and told first.
        Input::Approval(_) if conversation.open_action.is_some() => Err(TurnError::NothingDue),
        Input::Approval(id) if outcome(assistant, conversation, *id).is_none() => Err(TurnError::NothingDue),
        Input::Timer if !silence::is_due(assistant, conversation) => Err(TurnError::NothingDue),
        Input::Event(event) if !conversation.dialogue.parked.iter().any(|frame| event.wakes(frame)) => {
            Err(TurnError::NothingDue)
        }
        Input::Message { text, .. } if ombud_language::safety::is_unseen(text.expose()) => Err(TurnError::Empty),
        // What is replayed has passed already, and may be longer now: a marker stands where a card number was.
        Input::Message { .. } if assistant.tape().is_some_and(Tape::is_played) => Ok(()),
        Input::Message { text, .. } if text.expose().chars().count() > TEXT_CHARS_MAX => {
            Err(TurnError::TooLong { chars_max: TEXT_CHARS_MAX })
        }
        Input::StepUp { .. } if !conversation.dialogue.awaits_code() => Err(TurnError::NoCodeAwaited),
        // What cannot be a code is no try.
        Input::StepUp { code } if code_digits(code.expose()).is_none() => Err(TurnError::NotACode),
        _ => Ok(()),
    }
}

/// What is to be done about an approval now.
fn outcome(assistant: &Assistant, conversation: &Conversation, id: ApprovalId) -> Option<Outcome> {
    let approval = conversation.approvals.find(id)?;
    let now = (&assistant.settings.approvers, assistant.ports.clock.now());
    conversation.approvals.outcome((conversation.id, approval), now)
}

/// Digits of a one-time code.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=10;

/// The digits of a code, however they are written and parted; none when it is no code.
pub(crate) fn code_digits(code: &str) -> Option<String> {
    let canonical = ombud_language::safety::canonical(code);
    let parted = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '.');
    let digits: String = canonical.check.chars().filter(parted).collect();
    (CODE_DIGITS.contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())).then_some(digits)
}

/// How long the answer to a key is kept, days; who repeats a request later than that is answered anew.
const REPLY_DAYS: i64 = 7;
/// Answers forgotten in one go.
pub const FORGOTTEN_MAX: usize = 500;

impl Assistant {
    /// Forgets stored answers of keys that are older than seven days, at most [`FORGOTTEN_MAX`], and gives how many. Call it again and again.
    ///
    /// # Errors
    /// [`StoreError`]; they stay, and are forgotten later.
    pub async fn forget_replies(&self) -> Result<usize, StoreError> {
        let before = self.ports.clock.now().0.saturating_sub(REPLY_DAYS.saturating_mul(86_400_000_000));
        self.ports.ledger.forget_replies(&self.settings.tenant, TimestampUs(before), FORGOTTEN_MAX).await
    }
}

async fn stored_reply(
    assistant: &Assistant,
    stimulus: &Stimulus,
    conversation: &Conversation,
) -> Result<Option<TurnReply>, TurnError> {
    let Some(key) = stimulus.idempotency.as_ref().filter(|key| conversation.answered.may_hold(&key.key)) else {
        return Ok(None);
    };
    let scope = stimulus.conversation_id.to_string();
    let Some(stored) = assistant.ports.ledger.stored_reply(&assistant.settings.tenant, &scope, &key.key).await? else {
        return Ok(None);
    };
    if stored.body_hash != key.body_hash {
        return Err(TurnError::KeyReused);
    }
    let reply: Option<TurnReply> = stored.response.read().map_err(|_| StoreError::Corrupt { what: "reply" })?;
    let reply = reply.unwrap_or_else(|| shredded_reply(conversation));
    Ok(Some(TurnReply { replayed: true, ..reply }))
}

/// What a repeat gets whose answer was shredded: nothing is done again, and the conversation stands as it stands.
fn shredded_reply(conversation: &Conversation) -> TurnReply {
    TurnReply {
        conversation_id: conversation.id,
        turn_id: TurnId(uuid::Uuid::nil()),
        status: conversation.status,
        messages: Vec::new(),
        awaiting: waiting::awaiting(conversation),
        refused: Vec::new(),
        done: Vec::new(),
        stages: Vec::new(),
        replayed: true,
    }
}

fn reserve(assistant: &Assistant, id: ConversationId, key: &IdempotencyKey) -> Result<KeyGuard, TurnError> {
    let mut in_flight = assistant.keys_in_flight.lock().unwrap_or_else(PoisonError::into_inner);
    let place = (id, key.key.clone());
    match in_flight.get(&place) {
        Some(body_hash) if *body_hash == key.body_hash => Err(TurnError::InFlight),
        Some(_) => Err(TurnError::KeyReused),
        None => {
            in_flight.insert(place.clone(), key.body_hash.clone());
            Ok(KeyGuard { in_flight: Arc::clone(&assistant.keys_in_flight), key: place })
        }
    }
}
