//! What does one attempt mean for the call? A pure function, so that the whole fault matrix is a table of tests.

use std::time::Duration;

use ombud_domain::{ActionOutcome, CallFailure, Receipt};
use ombud_policy::ApiCall;
use reqwest::StatusCode;
use serde_json::Value;

use super::attempt::Attempt;

/// What kind of call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
    /// Carries something that is stored nowhere; each attempt may count.
    Secret,
}

impl CallKind {
    /// Whether the same request may be sent again.
    pub(super) const fn repeatable(self, key: Option<&str>) -> bool {
        match self {
            Self::Read => true,
            Self::Write => key.is_some(),
            Self::Secret => false,
        }
    }
}

/// Whether another attempt can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The outcome stands.
    No,
    /// It can, and the system may have said when.
    Yes {
        /// The wait the system asked for.
        after: Option<Duration>,
    },
}

/// What an attempt may have changed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// Something, perhaps.
    Possible,
}

/// The meaning of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// The outcome if this was the last attempt and no earlier one may have acted.
    pub(super) outcome: ActionOutcome,
    /// Whether another attempt can help.
    pub(super) again: Again,
    /// What this attempt may have changed there.
    pub(super) effect: Effect,
}

/// Reason code of a refusal that the pack gives no name.
const REFUSED: &str = "refused";
/// The first request with this key is still being worked on (ours, whose answer was lost).
const KEY_IN_FLIGHT: [&str; 2] = ["idempotency_in_flight", "idempotency_key_in_use"];
/// The key was used with another body: something was done under it that we cannot read.
const KEY_MISMATCH: [&str; 2] = ["idempotency_mismatch", "idempotency_error"];

/// What an attempt means.
pub(super) fn judge(call: &ApiCall, kind: CallKind, attempt: Attempt) -> Verdict {
    match attempt {
        Attempt::NotSent(CallFailure::Malformed) => stands(failed(CallFailure::Malformed)),
        Attempt::NotSent(failure) => {
            Verdict { outcome: failed(failure), again: Again::Yes { after: None }, effect: Effect::None }
        }
        Attempt::Lost(failure) => unclear(kind, failed(failure), None),
        Attempt::Answered { status, body, retry_after } => answered(call, kind, Answer { status, body, retry_after }),
    }
}

/// The outcome of all attempts together.
///
/// INVARIANT: once something may have been done, only the system's own word settles it (test: `what_may_have_been_done_is_never_called_a_failure`).
pub(super) fn settle(outcome: ActionOutcome, effect: Effect) -> ActionOutcome {
    match outcome {
        ActionOutcome::Failed { .. } if effect == Effect::Possible => ActionOutcome::Unknown,
        settled => settled,
    }
}

struct Answer {
    status: StatusCode,
    body: Option<Value>,
    retry_after: Option<Duration>,
}

fn answered(call: &ApiCall, kind: CallKind, answer: Answer) -> Verdict {
    let Answer { status, body, retry_after } = answer;
    if status.is_success() {
        return accepted(call, kind, body);
    }
    let code = body.as_ref().and_then(error_code).unwrap_or_default();
    let in_flight = KEY_IN_FLIGHT.contains(&code);
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT || in_flight {
        return unclear(kind, failed(CallFailure::Server), retry_after);
    }
    if KEY_MISMATCH.contains(&code) {
        return Verdict { again: Again::No, ..unclear(kind, failed(CallFailure::Server), None) };
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Verdict {
            outcome: failed(CallFailure::Server),
            again: Again::Yes { after: retry_after },
            effect: Effect::None,
        };
    }
    stands(denied(call, kind, status, code))
}

/// An answer that says yes.
fn accepted(call: &ApiCall, kind: CallKind, body: Option<Value>) -> Verdict {
    match (kind, body.filter(|body| fits(call, body))) {
        (CallKind::Read | CallKind::Secret, Some(body)) => stands(ActionOutcome::Found { body }),
        (CallKind::Read, None) => stands(failed(CallFailure::Malformed)),
        (CallKind::Secret, None) => unclear(kind, failed(CallFailure::Malformed), None),
        (CallKind::Write, body) => match body.and_then(|body| receipt(call, body)) {
            Some(receipt) => stands(ActionOutcome::Done { receipt }),
            // It was done, as far as the status goes; without a receipt nobody may say so (R6).
            None => unclear(kind, failed(CallFailure::Malformed), None),
        },
    }
}

/// Whether an answer is what `out` of its action says. One that is not is nothing that anybody may use.
fn fits(call: &ApiCall, body: &Value) -> bool {
    let misfit = call.out.as_ref().and_then(|out| out.check(body).err());
    if let Some(misfit) = &misfit {
        tracing::error!(action = %call.action, %misfit, "the back office answers otherwise than `out` of the action says, correct either (docs/ACTIONS.md)");
    }
    misfit.is_none()
}

/// An answer that says no, and that nothing was changed.
fn denied(call: &ApiCall, kind: CallKind, status: StatusCode, code: &str) -> ActionOutcome {
    if let Some(reason_code) = call.reasons.get(code) {
        return ActionOutcome::Refused { reason_code: reason_code.clone() };
    }
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) && kind != CallKind::Write {
        return ActionOutcome::NotFound;
    }
    let about_us = matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED
    );
    if about_us || !status.is_client_error() {
        tracing::error!(action = %call.action, status = status.as_u16(), "the back office does not accept our calls, check its base URL and token");
        return failed(CallFailure::Server);
    }
    if code.is_empty() {
        tracing::warn!(action = %call.action, status = status.as_u16(), "the back office refuses without saying why: it must answer with `error.code` (docs/ACTIONS.md)");
        return failed(CallFailure::Malformed);
    }
    ActionOutcome::Refused { reason_code: REFUSED.to_owned() }
}

const fn failed(failure: CallFailure) -> ActionOutcome {
    ActionOutcome::Failed { failure }
}

const fn stands(outcome: ActionOutcome) -> Verdict {
    Verdict { outcome, again: Again::No, effect: Effect::None }
}

/// No answer, or none that settles it: worth another attempt, and a write may have been done.
fn unclear(kind: CallKind, outcome: ActionOutcome, after: Option<Duration>) -> Verdict {
    Verdict {
        outcome,
        again: Again::Yes { after },
        effect: if kind == CallKind::Read { Effect::None } else { Effect::Possible },
    }
}

/// `{"error": {"code": ...}}`.
fn error_code(body: &Value) -> Option<&str> {
    body.get("error")?.get("code")?.as_str()
}

/// The receipt, if the answer holds its id where the action says (`receipt_id`, `refund.id`).
fn receipt(call: &ApiCall, body: Value) -> Option<Receipt> {
    let id = call.receipt_member.split('.').try_fold(&body, |value, member| value.get(member))?;
    let receipt_id = match id {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(Receipt { receipt_id, body })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ombud_policy::action::Method;
    use serde_json::json;

    use super::*;

    fn call() -> ApiCall {
        ApiCall {
            action: "cancel_order".to_owned(),
            method: Method::Post,
            path: "/orders/1/cancel".to_owned(),
            query: Vec::new(),
            body: Value::Null,
            deadline_ms: 1,
            attempts_max: 1,
            idempotency_key: true,
            reasons: BTreeMap::new(),
            receipt_member: "refund.id".to_owned(),
            out: None,
        }
    }

    fn answer(status: u16, body: Option<Value>) -> Attempt {
        Attempt::Answered { status: StatusCode::from_u16(status).unwrap(), body, retry_after: None }
    }

    /// Every attempt there is, and whether it can have acted without saying so.
    fn attempts() -> Vec<(Attempt, bool)> {
        vec![
            (Attempt::NotSent(CallFailure::Unreachable), false),
            (Attempt::NotSent(CallFailure::Timeout), false),
            (Attempt::Lost(CallFailure::Timeout), true),
            (Attempt::Lost(CallFailure::Unreachable), true),
            (answer(500, None), true),
            (answer(503, Some(json!({}))), true),
            (answer(408, None), true),
            (answer(200, None), true),
            (answer(201, Some(json!({"refund": {}}))), true),
            (answer(429, None), false),
            (answer(401, None), false),
            (answer(301, None), false),
            (answer(400, None), false),
        ]
    }

    #[test]
    fn what_may_have_been_done_is_never_called_a_failure() {
        for (first, first_acted) in attempts() {
            for (second, second_acted) in attempts() {
                let one = judge(&call(), CallKind::Write, first.clone());
                let two = judge(&call(), CallKind::Write, second.clone());
                let settled = settle(two.outcome, one.effect.max(two.effect));
                let is_unknown = settled == ActionOutcome::Unknown;
                assert_eq!(is_unknown, first_acted || second_acted, "{first:?} then {second:?}: {settled:?}");
            }
        }
    }

    #[test]
    fn a_read_is_never_unknown() {
        for (attempt, _) in attempts() {
            let verdict = judge(&call(), CallKind::Read, attempt);
            assert_eq!(verdict.effect, Effect::None);
        }
    }

    #[test]
    fn the_receipt_stands_where_the_action_says() {
        let receipt = |body: Value| receipt(&call(), body).map(|receipt| receipt.receipt_id);
        assert_eq!(receipt(json!({"refund": {"id": "R-1"}})), Some("R-1".to_owned()));
        assert_eq!(receipt(json!({"refund": {"id": 17}})), Some("17".to_owned()));
        for body in [
            json!({"refund": {"id": ""}}),
            json!({"refund": {"id": null}}),
            json!({"id": "R-1"}),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(receipt(body), None);
        }
    }
}
