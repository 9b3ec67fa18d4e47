//! What has a customer told that is kept, and until when? A fold over events in all his conversations: nothing is kept beside the ledger, so that what is
//! erased there is not known here either. What may be kept is data of the pack (`memory.yaml`); it is read anew each time, and what the pack no longer keeps,
//! or keeps for a shorter time, is gone with its next release.

use std::collections::BTreeMap;

use ombud_domain::{ActionOutcome, CallFailure, CustomerId, NewEvent, Receipt, RecordedEvent, TimestampUs};
use ombud_policy::Intent;
use ombud_policy::action::Method;
use ombud_policy::memory::{MemorySpec, NO_FACT};
use ombud_policy::spec::ActionSpec;
use ombud_ports::{FACT_FORGOTTEN, FACT_NOTED, StoreError};
use serde_json::{Map, Value, json};

use crate::assistant::Assistant;
use crate::conversation::OpenAction;
use crate::intake::Arrival;
use crate::view::ToldFact;

/// A fact that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Its kind, one of the pack.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// When the customer told it last.
    pub at: TimestampUs,
    /// Until when it is kept.
    pub until: TimestampUs,
}

impl Fact {
    fn to_value(&self) -> Value {
        json!({"kind": self.kind, "value": self.value, "at": self.at.to_rfc3339(), "until": self.until.to_rfc3339()})
    }
}

/// What the customer told and is kept now, as packs read it: `kind`, `value`, `at` and `until`.
pub(crate) async fn recall(assistant: &Assistant, customer_id: &str) -> ActionOutcome {
    let looked_up = async { told(assistant, customer_id).await.ok() };
    let found = match assistant.tape() {
        Some(tape) => tape.ask(format!("facts of {customer_id}"), looked_up).await,
        None => looked_up.await,
    };
    match found {
        Some(body) => ActionOutcome::Found { body },
        None => ActionOutcome::Failed { failure: CallFailure::Unreachable },
    }
}

/// The same without the turn's tape.
pub(crate) async fn told(assistant: &Assistant, customer_id: &str) -> Result<Value, StoreError> {
    Ok(kept(assistant, customer_id).await?.iter().map(Fact::to_value).collect())
}

/// What people at the desk see of it: as it is now, so that what was forgotten is not shown on in an old hand-over.
pub(crate) async fn for_desk(
    assistant: &Assistant,
    customer_id: Option<&CustomerId>,
) -> Result<Vec<ToldFact>, StoreError> {
    let (Some(memory), Some(customer_id)) = (&assistant.pack.memory, customer_id) else { return Ok(Vec::new()) };
    let facts = kept(assistant, customer_id.as_str()).await?;
    let told = |fact: Fact| {
        let kind = memory.facts.get(&fact.kind)?;
        let label = assistant.pack.fact_label((&fact.kind, &fact.value));
        let Fact { kind: name, value, at, until } = fact;
        Some(ToldFact { kind: name, value, label, purpose: kind.purpose.clone(), sensitive: kind.sensitive, at, until })
    };
    Ok(facts.into_iter().filter_map(told).collect())
}

/// What is kept now, by kind.
pub(crate) async fn kept(assistant: &Assistant, customer_id: &str) -> Result<Vec<Fact>, StoreError> {
    let Some(memory) = assistant.pack.memory.as_ref().filter(|_| assistant.weights.memory.share_of(1) > 0) else {
        return Ok(Vec::new());
    };
    let tenant = &assistant.settings.tenant;
    let events = assistant.ports.inbox.of_customer(tenant, customer_id, &[FACT_NOTED, FACT_FORGOTTEN]).await?;
    Ok(fold(memory, &events, assistant.ports.clock.now()))
}

/// Of each kind the newest, unless it was forgotten since or its time is over: that which was promised, or the pack's own if that is shorter now.
fn fold(memory: &MemorySpec, events: &[RecordedEvent], now: TimestampUs) -> Vec<Fact> {
    let mut kept: BTreeMap<&str, Fact> = BTreeMap::new();
    for event in events {
        let text = |name: &str| event.payload.get(name).and_then(Value::as_str);
        match (event.kind.as_str(), text("kind"), text("value")) {
            (FACT_NOTED, Some(kind), Some(value)) => {
                kept.remove(kind);
                let Some(spec) = memory.facts.get(kind).filter(|spec| spec.holds(value)) else { continue };
                let promised = event.payload.get("until_us").and_then(Value::as_i64).unwrap_or(event.at.0);
                let until = TimestampUs(promised.min(event.at.0.saturating_add(spec.expires.us())));
                let fact = Fact { kind: kind.to_owned(), value: value.to_owned(), at: event.at, until };
                kept.insert(kind, fact);
            }
            (FACT_FORGOTTEN, Some(kind), _) => drop(kept.remove(kind)),
            (FACT_FORGOTTEN, None, _) => kept.clear(),
            _ => {}
        }
    }
    kept.into_values().filter(|fact| fact.until > now).collect()
}

/// Whether an action of the memory may be done, and its receipt; nothing is written yet.
pub(crate) fn carry_out(assistant: &Assistant, intent: &Intent) -> ActionOutcome {
    let Some(spec) = assistant.pack.actions.get(&intent.proposal().action) else {
        return ActionOutcome::Refused { reason_code: NO_FACT.to_owned() };
    };
    if let Err(reason_code) = admit(assistant, spec, &intent.proposal().arguments) {
        return ActionOutcome::Refused { reason_code: reason_code.to_owned() };
    }
    let receipt_id = intent.id().to_string();
    ActionOutcome::Done { receipt: Receipt { body: json!({"receipt_id": receipt_id}), receipt_id } }
}

fn admit(assistant: &Assistant, spec: &ActionSpec, arguments: &Map<String, Value>) -> Result<(), &'static str> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let memory = || assistant.pack.memory.as_ref().ok_or(NO_FACT);
    match (spec.tells_facts(), spec.method) {
        (true, Method::Put) => memory()?.admit((text("kind"), text("value")), spec).map(drop),
        (true, _) => memory()?.facts.get(text("kind")).map(drop).ok_or(NO_FACT),
        (false, _) => Ok(()),
    }
}

/// The event of an action of the memory that was done: it stands in the commit of its outcome.
pub(crate) fn event_of(
    assistant: &Assistant,
    received: &Arrival,
    (open, outcome): (&OpenAction, &ActionOutcome),
) -> Option<NewEvent> {
    let spec = assistant.pack.actions.get(&open.proposal.action)?;
    if !matches!(outcome, ActionOutcome::Done { .. }) || !(spec.tells_facts() || spec.forgets_all()) {
        return None;
    }
    let argument = |name: &str| open.proposal.arguments.get(name).and_then(Value::as_str);
    let (customer_id, kind) = (argument("customer_id"), argument("kind"));
    let mut payload =
        json!({"turn_id": received.turn_id, "intent_id": open.id, "customer_id": customer_id, "kind": kind});
    if spec.method != Method::Put {
        return Some(NewEvent { kind: FACT_FORGOTTEN.to_owned(), payload: payload.into() });
    }
    let expires = assistant.pack.memory.as_ref()?.facts.get(kind?)?.expires;
    let until_us = assistant.ports.clock.now().0.saturating_add(expires.us());
    let members = payload.as_object_mut()?;
    members.insert("value".to_owned(), json!(argument("value")));
    members.insert("until_us".to_owned(), json!(until_us));
    Some(NewEvent { kind: FACT_NOTED.to_owned(), payload: payload.into() })
}

#[cfg(test)]
mod tests {
    use ombud_domain::{StreamId, StreamKind};

    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn event(position: i64, kind: &str, payload: Value) -> RecordedEvent {
        let stream = StreamId { kind: StreamKind::Conversation, id: "c".to_owned() };
        RecordedEvent { position, stream, version: position, kind: kind.to_owned(), at: TimestampUs(DAY_US), payload }
    }

    fn memory(yaml: &str) -> MemorySpec {
        serde_saphyr::from_str(yaml).unwrap()
    }

    fn values(memory: &MemorySpec, events: &[RecordedEvent], now_us: i64) -> Vec<String> {
        fold(memory, events, TimestampUs(now_us)).into_iter().map(|fact| fact.value).collect()
    }

    #[test]
    fn the_newest_of_a_kind_is_kept_until_it_is_forgotten_or_its_time_is_over() {
        let memory = memory(
            "facts: { a: { values: [x, y], expires: P10D, purpose: p }, b: { chars_max: 5, expires: P10D, purpose: p } }",
        );
        let noted = |position, kind: &str, value: &str| {
            event(position, FACT_NOTED, json!({"kind": kind, "value": value, "until_us": 11 * DAY_US}))
        };
        let mut events = vec![noted(1, "a", "x"), noted(2, "b", "Kim"), noted(3, "a", "y")];
        assert_eq!(values(&memory, &events, 11 * DAY_US - 1), ["y", "Kim"]);
        assert_eq!(values(&memory, &events, 11 * DAY_US), [""; 0]);
        events.push(event(4, FACT_FORGOTTEN, json!({"kind": "b"})));
        assert_eq!(values(&memory, &events, 0), ["y"]);
        events.push(event(5, FACT_FORGOTTEN, json!({"kind": null})));
        assert_eq!(values(&memory, &events, 0), [""; 0]);
        events.push(noted(6, "a", "x"));
        assert_eq!(values(&memory, &events, 0), ["x"]);
    }

    /// A pack that keeps less keeps less of what it has already; one that keeps more keeps no promise longer than it was given.
    #[test]
    fn what_the_pack_no_longer_keeps_is_gone() {
        let noted = [event(1, FACT_NOTED, json!({"kind": "a", "value": "x", "until_us": 11 * DAY_US}))];
        for (yaml, until_day) in [
            ("facts: { a: { values: [x], expires: P2D, purpose: p } }", Some(3)),
            ("facts: { a: { values: [x], expires: P99D, purpose: p } }", Some(11)),
            ("facts: { a: { values: [y], expires: P99D, purpose: p } }", None),
            ("facts: { b: { values: [x], expires: P99D, purpose: p } }", None),
        ] {
            let kept = fold(&memory(yaml), &noted, TimestampUs(0));
            let until = kept.first().map(|fact| fact.until);
            assert_eq!(until, until_day.map(|day: i64| TimestampUs(day * DAY_US)), "{yaml}");
        }
    }
}
