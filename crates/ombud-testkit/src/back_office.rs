//! What do the company's systems do in a test? What the table says, and they remember every call.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use ombud_domain::{ActionOutcome, CallFailure, IntentId};
use ombud_policy::{ApiCall, Intent, Method};
use ombud_ports::BackOffice;

/// A call that reached the scripted systems.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordedCall {
    /// [`BackOffice::read`].
    Read(ApiCall),
    /// [`BackOffice::perform`], with the intent's id.
    Perform(IntentId, ApiCall),
    /// [`BackOffice::pass_secret`], with path and query only: the body is the secret.
    Secret {
        /// Name of the action.
        action: String,
        /// Path of the call.
        path: String,
    },
}

/// A back office that answers from a table: action name to outcomes. Each call takes the next outcome; the last one stays. An action that
/// is not in the table fails as unreachable.
#[derive(Debug, Default)]
pub struct ScriptedBackOffice {
    outcomes: Mutex<HashMap<String, VecDeque<ActionOutcome>>>,
    /// Actions whose calls panic, and how many of them are left to.
    faults: Mutex<HashMap<String, usize>>,
    calls: Mutex<Vec<RecordedCall>>,
}

impl ScriptedBackOffice {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds outcomes of an action, in order.
    #[must_use]
    pub fn on(self, action: &str, outcomes: impl IntoIterator<Item = ActionOutcome>) -> Self {
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(action.to_owned())
            .or_default()
            .extend(outcomes);
        self
    }

    /// Has the next calls of an action panic after they were recorded, as a fault of an adapter would.
    pub fn break_off(&self, action: &str, times: usize) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(action.to_owned(), times);
    }

    #[expect(clippy::panic, reason = "the fault that a test asks for")]
    fn may_break_off(&self, action: &str) {
        let is_due = self.faults.lock().unwrap_or_else(PoisonError::into_inner).get_mut(action).is_some_and(|left| {
            let is_due = *left > 0;
            *left = left.saturating_sub(1);
            is_due
        });
        if is_due {
            panic!("a fault of the port, as the test asks for");
        }
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, call: RecordedCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn next(&self, action: &str) -> ActionOutcome {
        self.may_break_off(action);
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = outcomes.get_mut(action) else {
            return ActionOutcome::Failed { failure: CallFailure::Unreachable };
        };
        let taken = if left.len() > 1 { left.pop_front() } else { left.front().cloned() };
        taken.unwrap_or(ActionOutcome::Failed { failure: CallFailure::Unreachable })
    }
}

#[async_trait]
impl BackOffice for ScriptedBackOffice {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        self.record(RecordedCall::Read(call.clone()));
        if call.method != Method::Get {
            return ActionOutcome::Failed { failure: CallFailure::Malformed };
        }
        self.next(&call.action)
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        self.record(RecordedCall::Perform(intent.id(), intent.call().clone()));
        self.next(&intent.call().action)
    }

    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome {
        self.record(RecordedCall::Secret { action: call.action.clone(), path: call.path.clone() });
        self.next(&call.action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn call(action: &str, method: Method) -> ApiCall {
        ApiCall {
            action: action.to_owned(),
            method,
            path: "/orders/1".to_owned(),
            query: Vec::new(),
            body: serde_json::json!({"code": "123456"}),
            deadline_ms: 1000,
            attempts_max: 1,
            idempotency_key: false,
            reasons: BTreeMap::new(),
            out: None,
            receipt_member: "id".to_owned(),
        }
    }

    #[tokio::test]
    async fn outcomes_come_in_order_and_the_last_one_stays() {
        let office = ScriptedBackOffice::new().on("get_order", [ActionOutcome::Unknown, ActionOutcome::NotFound]);
        let read = call("get_order", Method::Get);
        assert_eq!(office.read(&read).await, ActionOutcome::Unknown);
        assert_eq!(office.read(&read).await, ActionOutcome::NotFound);
        assert_eq!(office.read(&read).await, ActionOutcome::NotFound);
        assert_eq!(office.calls(), vec![RecordedCall::Read(read); 3]);
    }

    #[tokio::test]
    async fn a_read_that_is_no_get_is_refused_and_an_unlisted_action_is_unreachable() {
        let office = ScriptedBackOffice::new().on("refund", [ActionOutcome::Unknown]);
        let refused = office.read(&call("refund", Method::Post)).await;
        assert_eq!(refused, ActionOutcome::Failed { failure: CallFailure::Malformed });
        let unlisted = office.read(&call("nothing", Method::Get)).await;
        assert_eq!(unlisted, ActionOutcome::Failed { failure: CallFailure::Unreachable });
    }

    #[tokio::test]
    async fn a_secret_is_not_remembered() {
        let office = ScriptedBackOffice::new().on("check_code", [ActionOutcome::NotFound]);
        office.pass_secret(&call("check_code", Method::Post)).await;
        assert!(!format!("{:?}", office.calls()).contains("123456"));
    }
}
