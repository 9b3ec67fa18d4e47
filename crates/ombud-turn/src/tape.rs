//! What does a turn take from outside? All of it is written down as it is taken, so that the turn can be run again with nothing around it.
//!
//! A turn is given its time, its ids and every answer through a tape. Between two answers time stands still: how often the code looks at the clock
//! changes nothing. A tape that is played gives what was recorded, stops the turn as soon as something else is asked for, and calls nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ombud_domain::{ApprovalId, ConversationId, Principal, Sensitive, TenantId, TimestampUs, TurnId};
use ombud_language::{RedactionKind, Screening};
use ombud_policy::CompanyEvent;
use ombud_ports::{Clock, Commit, Embedder, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::approvals::Approvers;
use crate::assistant::{Assistant, Settings};
use crate::attempts::AttemptLimits;
use crate::intake::{IdempotencyKey, Input, Stimulus, code_digits};

/// Digits in a row, but for what parts them, from which on a text is looked at for a card number.
const CARD_DIGITS_MIN: usize = 12;
/// The smallest number with so many digits.
const CARD_NUMBER_MIN: f64 = 1e11;

/// Kind of the event that holds the inputs of a turn, or of a part of it.
pub(crate) const TURN_INPUTS: &str = "turn.inputs";

/// Payload of `turn.inputs`: what the turn took from outside up to the commit that this stands in, and that no earlier part of the same turn holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TurnInputs {
    pub turn_id: TurnId,
    /// From 0; an intent closes a part, and so does the end of the turn.
    pub part: usize,
    /// Events of the commit, this one included; it is the last of them.
    pub events: usize,
    /// In the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<Begin>,
    /// Fresh ids, in the order in which they were taken.
    pub ids: Vec<Uuid>,
    /// Answers, in the order in which they were asked for.
    pub answers: Vec<Answer>,
}

/// What a turn began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begin {
    /// Version of the program.
    pub build: String,
    /// Digest of the pack's files, knowledge included.
    pub pack: String,
    /// Name of the language model that was configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// SHA-256 of the weights with which messages were read by meaning; none where they were read by their words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Settings without the company's name: deadlines of actions and of the model in milliseconds, then tries in an hour as in `AttemptLimits`.
    pub settings: [u64; 6],
    /// Who might approve; only where approvals are counted.
    #[serde(default, skip_serializing_if = "Approvers::is_empty")]
    pub approvers: Approvers,
    /// Version of the conversation that was loaded.
    pub version: i64,
    /// When the turn began.
    pub at: TimestampUs,
    pub principal: Principal,
    /// Whether it came from an address that tries are counted under.
    pub address: bool,
    /// Whether it had an idempotency key.
    pub key: bool,
    pub sent: Sent,
}

impl Begin {
    /// What a stimulus meets; the words of a message are not known before they are screened.
    pub(crate) fn of(assistant: &Assistant, stimulus: &Stimulus, version: i64) -> Self {
        let (settings, tries) = (&assistant.settings, &assistant.settings.attempts);
        let meaning = assistant.tape().and_then(|tape| tape.meaning.as_ref());
        Self {
            build: env!("CARGO_PKG_VERSION").to_owned(),
            pack: assistant.pack.hash.clone(),
            model: assistant.model_name().map(ToOwned::to_owned),
            meaning: meaning.map(|model| model.model().sha256.to_owned()),
            settings: [
                settings.action_deadline_ms,
                settings.model_deadline_ms,
                tries.address_identifications.into(),
                tries.claim_identifications.into(),
                tries.customer_codes.into(),
                tries.customer_wrong_codes.into(),
            ],
            approvers: match stimulus.input {
                Input::Approval(_) => settings.approvers.clone(),
                _ => Approvers::default(),
            },
            version,
            at: assistant.ports.clock.now(),
            principal: stimulus.principal.clone(),
            address: stimulus.address.is_some(),
            key: stimulus.idempotency.is_some(),
            sent: match &stimulus.input {
                Input::Message { seen_seq, .. } => Sent::Message { seen_seq: *seen_seq, words: Words::Raw },
                Input::StepUp { code } => {
                    Sent::StepUp { digits: code_digits(code.expose()).map_or(0, |digits| digits.len()) }
                }
                Input::Recovery => Sent::Recovery,
                Input::Timer => Sent::Timer,
                Input::Event(event) => Sent::Event((**event).clone()),
                Input::Approval(id) => Sent::Approval(*id),
            },
        }
    }

    /// Settings as the turn had them.
    pub(crate) fn settings(&self, tenant: &TenantId) -> Settings {
        let [action_deadline_ms, model_deadline_ms, ref tries @ ..] = self.settings;
        let [address_identifications, claim_identifications, customer_codes, customer_wrong_codes] =
            tries.map(|tries| u32::try_from(tries).unwrap_or(u32::MAX));
        let attempts =
            AttemptLimits { address_identifications, claim_identifications, customer_codes, customer_wrong_codes };
        Settings {
            tenant: tenant.clone(),
            action_deadline_ms,
            model_deadline_ms,
            attempts,
            approvers: self.approvers.clone(),
        }
    }

    /// The stimulus again, with placeholders for what is not kept: codes, addresses and keys.
    pub(crate) fn stimulus(&self, conversation_id: ConversationId) -> Stimulus {
        let input = match &self.sent {
            Sent::Message { seen_seq, words } => {
                let text = match words {
                    Words::Raw => String::new(),
                    Words::Whole(text) => text.clone(),
                    Words::Screened(screening) => screening.display.clone(),
                };
                Input::Message { text: Sensitive::new(text), seen_seq: *seen_seq }
            }
            Sent::StepUp { digits } => Input::StepUp { code: Sensitive::new("0".repeat(*digits)) },
            Sent::Recovery => Input::Recovery,
            Sent::Timer => Input::Timer,
            Sent::Event(event) => Input::Event(Box::new(event.clone())),
            Sent::Approval(id) => Input::Approval(*id),
        };
        Stimulus {
            conversation_id,
            principal: self.principal.clone(),
            address: self.address.then(String::new),
            input,
            idempotency: self.key.then(|| IdempotencyKey { key: String::new(), body_hash: String::new() }),
        }
    }
}

/// What was sent. A one-time code is not kept, nor is the raw text of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sent {
    Message {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen_seq: Option<i64>,
        words: Words,
    },
    StepUp {
        digits: usize,
    },
    Recovery,
    Timer,
    Event(CompanyEvent),
    Approval(ApprovalId),
}

/// The words of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Words {
    /// Not yet screened.
    Raw,
    /// As they were sent: screening took nothing away, so it can be done again.
    Whole(String),
    /// What screening left, and found: what it took away is not kept.
    Screened(Screening),
}

/// An answer from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What was asked: the port, and where it matters what for.
    pub to: String,
    /// When it came, or when it was no longer waited for; microseconds since the turn began.
    pub us: i64,
    #[serde(flatten)]
    pub got: Got,
}

/// What an answer was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Got {
    Answer(Value),
    /// None came in time.
    Nothing,
    /// It held a card number, and is kept nowhere.
    Withheld,
}

/// Why a played turn stopped where it did not stop when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It asked for something else.
    Asked { stored: String, replayed: String },
    /// The recorded answer is not one to what was asked.
    Unreadable { to: String },
    /// It took more ids than were recorded.
    NoIds,
}

/// What a turn has taken so far, and where it takes it from.
pub(crate) struct Tape {
    /// What messages are read with; the same from the beginning of a turn to its end.
    pub meaning: Option<Arc<dyn Embedder>>,
    source: Source,
    reel: Mutex<Reel>,
}

enum Source {
    Outside(Arc<dyn Clock>),
    Record(Box<Record>),
}

/// A record that is played.
struct Record {
    /// Words that cannot be screened again.
    screening: Option<Screening>,
    stop: Notify,
}

struct Reel {
    began: TimestampUs,
    now: TimestampUs,
    begin: Option<Begin>,
    ids: Vec<Uuid>,
    answers: Vec<Answer>,
    written: Written,
    /// What is left to be given, when a record is played.
    left_ids: VecDeque<Uuid>,
    left_answers: VecDeque<Answer>,
    fault: Option<Fault>,
    /// What a played turn wrote.
    commits: Vec<Commit>,
}

/// How much of a reel stands in the ledger.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    parts: usize,
    ids: usize,
    answers: usize,
}

impl Reel {
    fn from(began: TimestampUs) -> Self {
        Self {
            began,
            now: began,
            begin: None,
            ids: Vec::new(),
            answers: Vec::new(),
            written: Written::default(),
            left_ids: VecDeque::new(),
            left_answers: VecDeque::new(),
            fault: None,
            commits: Vec::new(),
        }
    }
}

impl Tape {
    /// A tape that records.
    pub(crate) fn recording(clock: Arc<dyn Clock>, meaning: Option<Arc<dyn Embedder>>) -> Self {
        let reel = Reel::from(clock.now());
        Self { meaning, source: Source::Outside(clock), reel: Mutex::new(reel) }
    }

    /// A tape that plays the parts of a turn.
    pub(crate) fn playing(begin: &Begin, parts: &[TurnInputs], meaning: Option<Arc<dyn Embedder>>) -> Self {
        let reel = Reel {
            left_ids: parts.iter().flat_map(|part| part.ids.iter().copied()).collect(),
            left_answers: parts.iter().flat_map(|part| part.answers.iter().cloned()).collect(),
            ..Reel::from(begin.at)
        };
        let screening = match &begin.sent {
            Sent::Message { words: Words::Screened(screening), .. } => Some(screening.clone()),
            _ => None,
        };
        let record = Box::new(Record { screening, stop: Notify::new() });
        Self { meaning, source: Source::Record(record), reel: Mutex::new(reel) }
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.reel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn is_played(&self) -> bool {
        matches!(self.source, Source::Record(_))
    }

    /// The time since the last answer.
    pub(crate) fn now(&self) -> TimestampUs {
        self.reel().now
    }

    pub(crate) fn fresh_id(&self) -> u128 {
        let mut reel = self.reel();
        let id = match &self.source {
            Source::Outside(clock) => Uuid::from_u128(clock.fresh_id()),
            Source::Record(_) => reel.left_ids.pop_front().unwrap_or_else(|| {
                reel.fault.get_or_insert(Fault::NoIds);
                Uuid::nil()
            }),
        };
        reel.ids.push(id);
        id.as_u128()
    }

    /// For durations, which a played turn has none of.
    pub(crate) fn monotonic_us(&self) -> u64 {
        match &self.source {
            Source::Outside(clock) => clock.monotonic_us(),
            Source::Record(_) => 0,
        }
    }

    /// Notes what the turn began with.
    pub(crate) fn begin(&self, begin: Begin) {
        self.reel().begin = Some(begin);
    }

    /// The screening of a message: done again unless what it took away would be missing.
    pub(crate) fn screened(&self, raw: &str, screen: impl FnOnce(&str) -> Screening) -> Screening {
        let recorded = match &self.source {
            Source::Record(record) => record.screening.clone(),
            Source::Outside(_) => None,
        };
        let again = recorded.is_none();
        let screening = recorded.unwrap_or_else(|| screen(raw));
        let is_whole = screening.redactions.is_empty() && !screening.previous_holds_card && screening.display == raw;
        if let Some(Begin { sent: Sent::Message { words, .. }, .. }) = &mut self.reel().begin {
            *words = if again && is_whole { Words::Whole(raw.to_owned()) } else { Words::Screened(screening.clone()) };
        }
        screening
    }

    /// Asks outside and notes the answer, or gives the one that was noted. A played turn that asks for what it did not ask for then, or for more,
    /// ends here: see [`Self::stopped`].
    pub(crate) async fn ask<T: Serialize + DeserializeOwned>(&self, to: String, asked: impl Future<Output = T>) -> T {
        let Source::Record(record) = &self.source else {
            let mut asking = Asking { tape: self, to, got: Got::Nothing };
            let answer = asked.await;
            asking.got = noted(&answer);
            return answer;
        };
        match self.next(&to) {
            Some(Got::Answer(answer)) => match T::deserialize(answer) {
                Ok(answer) => return answer,
                Err(_) => self.fail(Fault::Unreadable { to }),
            },
            // Whoever waits for it has a deadline of no time.
            Some(Got::Nothing) => std::future::pending().await,
            Some(Got::Withheld) | None => {}
        }
        record.stop.notify_one();
        std::future::pending().await
    }

    /// The same for a store, whose failure is an answer too.
    pub(crate) async fn ask_store<T: Serialize + DeserializeOwned>(
        &self,
        to: &str,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut failure = None;
        let answer = self.ask(to.to_owned(), async { asked.await.map_err(|error| failure = Some(error)) }).await;
        answer.map_err(|()| failure.unwrap_or(StoreError::Stopped))
    }

    /// The next recorded answer, if it is one to this.
    fn next(&self, to: &str) -> Option<Got> {
        let mut reel = self.reel();
        let answer = reel.left_answers.pop_front()?;
        if answer.to != to {
            reel.fault = Some(Fault::Asked { stored: answer.to, replayed: to.to_owned() });
            return None;
        }
        reel.now = TimestampUs(reel.began.0.saturating_add(answer.us));
        reel.answers.push(answer.clone());
        Some(answer.got)
    }

    fn fail(&self, fault: Fault) {
        self.reel().fault.get_or_insert(fault);
    }

    /// The next part, for a commit of so many events with it.
    pub(crate) fn part(&self, turn_id: TurnId, events: usize) -> TurnInputs {
        let reel = self.reel();
        let Written { parts, ids, answers } = reel.written;
        TurnInputs {
            turn_id,
            part: parts,
            events,
            begin: reel.begin.clone().filter(|_| parts == 0),
            ids: reel.ids.get(ids..).unwrap_or_default().to_vec(),
            answers: reel.answers.get(answers..).unwrap_or_default().to_vec(),
        }
    }

    /// Notes that a part is in the ledger.
    pub(crate) fn wrote(&self, part: &TurnInputs) {
        let written = &mut self.reel().written;
        written.parts = part.part.saturating_add(1);
        written.ids = written.ids.saturating_add(part.ids.len());
        written.answers = written.answers.saturating_add(part.answers.len());
    }

    /// Keeps what a played turn writes.
    pub(crate) fn keep(&self, commit: &Commit) {
        if self.is_played() {
            self.reel().commits.push(commit.clone());
        }
    }

    /// Takes back what was not written after all.
    pub(crate) fn drop_last(&self) {
        self.reel().commits.pop();
    }

    /// Waits until a played turn has nothing more to be given.
    pub(crate) async fn stopped(&self) {
        match &self.source {
            Source::Record(record) => record.stop.notified().await,
            Source::Outside(_) => std::future::pending().await,
        }
    }

    /// What a played turn wrote, what it did otherwise, and how many answers nobody asked for.
    pub(crate) fn outcome(&self) -> (Vec<Commit>, Option<Fault>, usize) {
        let mut reel = self.reel();
        (std::mem::take(&mut reel.commits), reel.fault.take(), reel.left_answers.len())
    }
}

/// A question that is under way. However it ends, time goes on then.
struct Asking<'a> {
    tape: &'a Tape,
    to: String,
    got: Got,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let Source::Outside(clock) = &self.tape.source else { return };
        let now = clock.now();
        let mut reel = self.tape.reel();
        reel.now = now;
        let us = now.0.saturating_sub(reel.began.0);
        let got = std::mem::replace(&mut self.got, Got::Nothing);
        reel.answers.push(Answer { to: std::mem::take(&mut self.to), us, got });
    }
}

/// INVARIANT: a card number in an answer of the company's systems is not written down (test: `an_answer_with_a_card_number_is_not_kept`).
fn noted(answer: &impl Serialize) -> Got {
    match serde_json::to_value(answer) {
        Ok(value) if holds_card(&value) => Got::Withheld,
        Ok(value) => Got::Answer(value),
        Err(_) => Got::Withheld,
    }
}

fn holds_card(value: &Value) -> bool {
    match value {
        Value::String(text) => is_card(text),
        Value::Number(number) => {
            number.as_f64().is_some_and(|number| number >= CARD_NUMBER_MIN) && is_card(&number.to_string())
        }
        Value::Array(items) => items.iter().any(holds_card),
        Value::Object(members) => members.values().any(holds_card),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Most of what companies answer are times and ids: they are not read as closely as what customers write.
fn is_card(text: &str) -> bool {
    let mut digits = 0;
    let may_be = text.bytes().any(|byte| {
        match byte {
            b'0'..=b'9' => digits += 1,
            b' ' | b'-' | b'.' | b'/' => {}
            _ => digits = 0,
        }
        digits >= CARD_DIGITS_MIN
    });
    may_be
        && ombud_language::safety::redact(text)
            .redactions
            .iter()
            .any(|redaction| redaction.kind == RedactionKind::CardNumber)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn card_numbers_are_found_in_answers_and_times_and_ids_are_none() {
        for card in
            [json!({"a": ["4111 1111 1111 1111"]}), json!(4_111_111_111_111_111_u64), json!("x 4111-1111-1111-1111")]
        {
            assert!(holds_card(&card), "{card}");
        }
        for other in [json!("2026-11-28T09:16:37.123456Z"), json!("ORD-101201"), json!(1_781_524_800_000_000_u64)] {
            assert!(!holds_card(&other), "{other}");
        }
    }

    #[test]
    fn what_is_written_down_is_read_back() {
        for got in [Got::Answer(json!({"outcome": "unknown"})), Got::Answer(Value::Null), Got::Nothing, Got::Withheld] {
            let answer = Answer { to: "read get_order".to_owned(), us: 7, got };
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer, "{text}");
        }
    }
}
