//! What must hold of what customers told, on every database?

use ombud_domain::{NewEvent, TenantId};
use ombud_ports::inbox::CUSTOMER_EVENTS_MAX;
use ombud_ports::{FACT_FORGOTTEN, FACT_NOTED};
use serde_json::{Value, json};

use super::{Subject, commit, happened, list_all, opened, tenant};

fn noted(customer: &str, value: &str) -> NewEvent {
    happened(FACT_NOTED, json!({"customer_id": customer, "kind": "call_time", "value": value}))
}

async fn write(subject: &Subject, stream_id: &str, version: i64, events: Vec<NewEvent>) -> i64 {
    subject.ledger.append(commit(stream_id, version, events)).await.unwrap().version
}

async fn told(subject: &Subject, customer: &str, kinds: &[&str]) -> Vec<(String, Value)> {
    let events = subject.inbox.of_customer(&tenant(), customer, kinds).await.unwrap();
    events.into_iter().map(|event| (event.stream.id, event.payload["value"].clone())).collect()
}

/// In all his conversations, in the order they were told; nothing of others, also where both were in one conversation, and no other kind.
pub async fn what_a_customer_told_is_found_by_his_id(subject: &Subject) {
    let both = [FACT_NOTED, FACT_FORGOTTEN];
    assert_eq!(told(subject, "CU-1", &both).await, []);
    let version = write(subject, "c1", 0, vec![opened(), noted("CU-1", "morning")]).await;
    write(subject, "c2", 0, vec![opened(), noted("CU-2", "evening"), noted("CU-1", "noon")]).await;
    let forgotten = happened(FACT_FORGOTTEN, json!({"customer_id": "CU-1", "kind": "call_time"}));
    write(subject, "c1", version, vec![forgotten, happened("handoff.accepted", json!({"customer_id": "CU-1"}))]).await;
    let of_first = [("c1", json!("morning")), ("c2", json!("noon")), ("c1", Value::Null)];
    let of_first = of_first.map(|(id, value)| (id.to_owned(), value));
    assert_eq!(told(subject, "CU-1", &both).await, of_first);
    assert_eq!(told(subject, "CU-1", &[FACT_NOTED]).await, of_first[..2]);
    assert_eq!(told(subject, "CU-2", &both).await, [("c2".to_owned(), json!("evening"))]);
    assert_eq!(told(subject, "CU-3", &both).await, []);
    let other = TenantId("other".to_owned());
    assert_eq!(subject.inbox.of_customer(&other, "CU-1", &both).await.unwrap(), []);
    assert_eq!(list_all(subject).await.iter().map(|row| &row.customer_id).collect::<Vec<_>>(), [&None, &None]);
    subject.inbox.rebuild(&tenant()).await.unwrap();
    assert_eq!(told(subject, "CU-1", &both).await, of_first);
}

/// The answer is bounded: what was told last counts, so the oldest is left out.
pub async fn of_much_that_was_told_the_newest_is_given(subject: &Subject) {
    let mut version = write(subject, "c1", 0, vec![opened()]).await;
    for half in 0..2 {
        let events = (0..=CUSTOMER_EVENTS_MAX / 2).map(|number| noted("CU-1", &format!("{half}-{number}"))).collect();
        version = write(subject, "c1", version, events).await;
    }
    let found = told(subject, "CU-1", &[FACT_NOTED]).await;
    let ends = found.first().zip(found.last()).map(|((_, first), (_, last))| (first.clone(), last.clone()));
    assert_eq!(found.len(), CUSTOMER_EVENTS_MAX);
    assert_eq!(ends, Some((json!("0-2"), json!(format!("1-{}", CUSTOMER_EVENTS_MAX / 2)))));
}
