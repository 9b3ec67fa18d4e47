//! What must hold of what is due without anybody writing, on every database?

use ombud_domain::{Author, NewEvent, Priority, TenantId, TimestampUs};
use ombud_ports::{Commit, Due};
use serde_json::{Value, json};

use super::{Subject, commit, happened, opened, requested, said, tenant};

async fn due(subject: &Subject, due: Due) -> Vec<String> {
    subject.inbox.due(&tenant(), &due, 10).await.unwrap()
}

async fn write_at(subject: &Subject, at_s: i64, version: i64, stream_id: &str, events: Vec<NewEvent>) -> i64 {
    let at = TimestampUs(at_s * 1_000_000);
    subject.ledger.append(Commit { at, ..commit(stream_id, version, events) }).await.unwrap().version
}

/// From the intent's own time on, then from that of the last try or of the outcome; the longest due first; gone when the customer was told.
/// A one-time code is asked for again by the customer and is never due.
pub async fn an_action_is_due_until_its_outcome_is_told(subject: &Subject) {
    let at = |seconds: i64| TimestampUs(seconds * 1_000_000);
    let intended = |s: i64| happened("action.intended", json!({"intent_id": "i", "recover_at_us": at(s).0}));
    write_at(subject, 1, 0, "c1", vec![opened(), intended(20)]).await;
    write_at(subject, 1, 0, "c2", vec![opened(), intended(10)]).await;
    write_at(subject, 1, 0, "c3", vec![opened(), intended(30)]).await;
    assert_eq!(due(subject, Due::Recovery(at(9))).await, Vec::<String>::new());
    assert_eq!(due(subject, Due::Recovery(at(20))).await, ["c2", "c1"]);
    write_at(subject, 20, 2, "c2", vec![happened("action.tried", json!({"recover_at_us": at(40).0}))]).await;
    let settled = happened("action.settled", json!({"outcome": {}, "recover_at_us": at(45).0}));
    write_at(subject, 20, 2, "c1", vec![settled, happened("action.intended", json!({"challenge": true}))]).await;
    assert_eq!(due(subject, Due::Recovery(at(39))).await, ["c3"]);
    assert_eq!(due(subject, Due::Recovery(at(40))).await, ["c3", "c2"]);
    assert_eq!(due(subject, Due::Recovery(at(45))).await, ["c3", "c2", "c1"]);
    write_at(subject, 45, 4, "c1", vec![happened("action.told", json!({"intent_id": "i"}))]).await;
    assert_eq!(due(subject, Due::Recovery(at(45))).await, ["c3", "c2"]);
    assert_eq!(subject.inbox.due(&tenant(), &Due::Recovery(at(40)), 1).await.unwrap(), ["c3"]);
    assert_eq!(subject.inbox.due(&TenantId("other".to_owned()), &Due::Recovery(at(40)), 9).await.unwrap(), [""; 0]);
}

/// Only a question starts the clock; an answer, a hand-over and an end stop it; who writes after the end is open again.
pub async fn a_silent_customer_is_due_until_he_or_a_person_speaks(subject: &Subject) {
    let by = |author: Author, asks: bool| {
        let NewEvent { kind, payload } = said("?");
        let mut payload: Value = payload.read().unwrap();
        payload["message"]["author"] = json!(author);
        payload["asks"] = json!(asks);
        NewEvent { kind, payload: payload.into() }
    };
    let asked = || by(Author::Assistant, true);
    let resolved = || happened("conversation.resolved", json!({}));
    write_at(subject, 1, 0, "asked", vec![opened(), by(Author::Customer, false), asked()]).await;
    write_at(subject, 2, 0, "told", vec![opened(), by(Author::Customer, false), by(Author::Assistant, false)]).await;
    write_at(subject, 3, 0, "answered", vec![opened(), asked(), by(Author::Customer, false)]).await;
    write_at(subject, 4, 0, "waiting", vec![opened(), asked(), requested(Priority::Normal)]).await;
    write_at(subject, 5, 0, "ended", vec![opened(), asked(), resolved()]).await;
    let again = vec![opened(), asked(), resolved(), by(Author::Customer, false), asked()];
    write_at(subject, 6, 0, "again", again).await;
    assert_eq!(due(subject, Due::Silence(TimestampUs(0))).await, Vec::<String>::new());
    assert_eq!(due(subject, Due::Silence(TimestampUs(1_000_000))).await, ["asked"]);
    assert_eq!(due(subject, Due::Silence(TimestampUs(9_000_000))).await, ["asked", "again"]);
}

/// By his id, as long as there is one, and nobody else's.
pub async fn a_customers_waiting_requests_are_found_by_his_id(subject: &Subject) {
    let known = |id: &str| happened("conversation.identified", json!({"customer_id": id}));
    let parked = |count: i64| happened("request.parked", json!({"parked": count}));
    write_at(subject, 1, 0, "c1", vec![opened(), known("CU-1"), parked(2)]).await;
    write_at(subject, 1, 0, "c2", vec![opened(), known("CU-2"), parked(1)]).await;
    write_at(subject, 1, 0, "c3", vec![opened(), known("CU-1")]).await;
    assert_eq!(due(subject, Due::Parked("CU-1".to_owned())).await, ["c1"]);
    write_at(subject, 2, 3, "c1", vec![parked(0)]).await;
    assert_eq!(due(subject, Due::Parked("CU-1".to_owned())).await, Vec::<String>::new());
}

/// From the time that the newest event of approvals says on, whatever its kind; the longest due first, and no more once nothing is asked.
pub async fn what_people_must_approve_is_due_when_it_is_decided_or_too_old(subject: &Subject) {
    let at = |seconds: i64| TimestampUs(seconds * 1_000_000);
    let says = |kind: &str, due_s: Option<i64>| happened(kind, json!({"approvals_due_us": due_s.map(|due| at(due).0)}));
    let asked = |due_s: i64| says("approval.requested", Some(due_s));
    write_at(subject, 1, 0, "c1", vec![opened(), asked(90)]).await;
    write_at(subject, 1, 0, "c2", vec![opened(), asked(80)]).await;
    write_at(subject, 1, 0, "c3", vec![opened(), asked(70), says("approval.closed", None)]).await;
    assert_eq!(due(subject, Due::Approval(at(79))).await, Vec::<String>::new());
    assert_eq!(due(subject, Due::Approval(TimestampUs(i64::MAX))).await, ["c2", "c1"]);
    write_at(subject, 5, 2, "c1", vec![says("approval.given", Some(90))]).await;
    assert_eq!(due(subject, Due::Approval(at(79))).await, Vec::<String>::new());
    write_at(subject, 6, 3, "c1", vec![says("approval.given", Some(6))]).await;
    assert_eq!(due(subject, Due::Approval(at(6))).await, ["c1"]);
    write_at(subject, 7, 4, "c1", vec![says("approval.lapsed", Some(90))]).await;
    write_at(subject, 8, 2, "c2", vec![says("approval.refused", Some(0))]).await;
    assert_eq!(due(subject, Due::Approval(at(8))).await, ["c2"]);
    let intended = happened("action.intended", json!({"intent_id": "i", "recover_at_us": 9, "approvals_due_us": null}));
    write_at(subject, 9, 5, "c1", vec![intended, said("done")]).await;
    assert_eq!(due(subject, Due::Approval(at(90))).await, ["c2"], "the intent has used its approval up");
    assert_eq!(subject.inbox.due(&TenantId("other".to_owned()), &Due::Approval(at(90)), 9).await.unwrap(), [""; 0]);
    subject.inbox.rebuild(&tenant()).await.unwrap();
    assert_eq!(due(subject, Due::Approval(at(90))).await, ["c2"]);
}
