//! What is written down of what a turn took from outside? The payload of `turn.inputs`, which a replay starts from.

use ombud_domain::{ApprovalId, ConversationId, Principal, Sensitive, TenantId, TimestampUs, TurnId};
use ombud_language::{RedactionKind, Screening};
use ombud_policy::CompanyEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::approvals::Approvers;
use crate::assistant::{Assistant, Mode, Settings};
use crate::attempts::AttemptLimits;
use crate::bounded::Computing;
use crate::hiding::Shown;
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
    /// Whether that was shown tokens in the place of personal data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tokens: bool,
    /// SHA-256 of the weights with which messages were read by meaning; none where they were read by their words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Whether other languages than the company's own were read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub languages: bool,
    /// Those of them that were read, while others were still to be learnt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_themselves: Vec<String>,
    /// Whether some were being learnt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub coming: bool,
    /// Settings without the company's name: deadlines of actions and of the model in milliseconds, then tries in an hour as in `AttemptLimits`.
    pub settings: [u64; 6],
    /// Who might approve; only where approvals are counted.
    #[serde(default, skip_serializing_if = "Approvers::is_empty")]
    pub approvers: Approvers,
    /// Whether it was a shadow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Whether it took the place of a turn that broke off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broke_off: bool,
    /// The stages that were not done in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Computing>,
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
        let read_with = assistant.tape().map(|tape| &tape.read_with);
        let meaning = read_with.and_then(|read_with| read_with.meaning.as_ref());
        let languages = read_with.and_then(|read_with| read_with.languages.as_ref());
        Self {
            build: env!("CARGO_PKG_VERSION").to_owned(),
            pack: assistant.pack.hash.clone(),
            model: assistant.model_name().map(ToOwned::to_owned),
            tokens: assistant.model_name().is_some() && assistant.shown() == Shown::Tokens,
            meaning: meaning.map(|model| model.model().sha256.to_owned()),
            languages: languages.is_some(),
            by_themselves: languages.map(|languages| languages.by_themselves()).unwrap_or_default(),
            coming: read_with.is_some_and(|read_with| read_with.coming.is_some()),
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
            shadow: settings.mode == Mode::Shadow,
            broke_off: false,
            late: Vec::new(),
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
            mode: if self.shadow { Mode::Shadow } else { Mode::Live },
            ..Settings::default()
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

impl Got {
    /// What is written down of an answer.
    ///
    /// INVARIANT: a card number in an answer of the company's systems is not (test: `an_answer_with_a_card_number_is_not_kept`).
    pub(crate) fn noted(answer: &impl Serialize) -> Self {
        match serde_json::to_value(answer) {
            Ok(value) if !holds_card(&value) => Self::Answer(value),
            _ => Self::Withheld,
        }
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
