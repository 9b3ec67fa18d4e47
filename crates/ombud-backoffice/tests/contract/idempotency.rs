//! A repeated request has one effect.

use serde_json::json;

use crate::support::{join_all, stories};

const PATH: &str = "/installments/INS-100301-1/extend";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_requests_with_one_key_have_one_effect() {
    let office = stories().await;
    let requests = (0..64).map(|_| office.post_with_key(PATH, json!({"days": 14}), "race"));
    let mut receipts = Vec::new();
    for answer in join_all(requests).await {
        let answer = answer.unwrap();
        match answer.status {
            200 => receipts.push(answer.body["receipt_id"].as_str().unwrap().to_owned()),
            409 => assert_eq!(answer.code(), "idempotency_in_flight"),
            other => panic!("{other} {}", answer.body),
        }
    }
    receipts.dedup();
    assert_eq!(receipts, ["RCT-000001"]);
    assert_eq!(office.changes("plan").await, 1);
    let again = office.post_with_key(PATH, json!({"days": 14}), "race").await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.ok()["receipt_id"], "RCT-000001");
}

#[tokio::test]
async fn another_body_or_path_under_the_same_key_is_refused() {
    let office = stories().await;
    office.post_with_key("/customers/C-100001/notes", json!({"text": "one"}), "k").await.unwrap().ok();
    let other_body = office.post_with_key("/customers/C-100001/notes", json!({"text": "two"}), "k").await.unwrap();
    other_body.refused(422, "idempotency_mismatch");
    let other_path = office.post_with_key("/customers/C-100002/notes", json!({"text": "one"}), "k").await.unwrap();
    other_path.refused(422, "idempotency_mismatch");
    assert_eq!(office.changes("note").await, 1);
}

#[tokio::test]
async fn a_refusal_is_kept_like_a_success() {
    let office = stories().await;
    let path = "/installments/INS-101101-1/extend";
    office.post_with_key(path, json!({"days": 14}), "no").await.unwrap().refused(409, "already_extended");
    let again = office.post_with_key(path, json!({"days": 14}), "no").await.unwrap();
    assert!(again.replayed);
    again.refused(409, "already_extended");
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let office = stories().await;
    let note = json!({"text": "hello"});
    office.post_with_key("/customers/C-100001/notes", note.clone(), "k").await.unwrap().ok();
    office.post("/admin/clock", json!({"now": "2026-11-22T11:59:59Z"})).await.ok();
    assert!(office.post_with_key("/customers/C-100001/notes", note.clone(), "k").await.unwrap().replayed);
    office.post("/admin/clock", json!({"now": "2026-11-22T12:00:00Z"})).await.ok();
    assert!(!office.post_with_key("/customers/C-100001/notes", note, "k").await.unwrap().replayed);
    assert_eq!(office.changes("note").await, 2);
}

#[tokio::test]
async fn a_receipt_is_found_by_the_key_of_its_request() {
    let office = stories().await;
    assert_eq!(office.get("/receipts?idempotency_key=k").await.ok(), json!([]));
    office.post_with_key("/orders/ORD-101201/cancel", json!({"reason": "mistake"}), "k").await.unwrap().ok();
    let receipts = office.get("/receipts?idempotency_key=k").await.ok();
    assert_eq!(receipts[0]["action"], "order.cancel");
    assert_eq!(receipts[0]["record"], json!({"kind": "order", "id": "ORD-101201"}));
    assert_eq!(office.get("/receipts/RCT-000001").await.ok(), receipts[0]);
}
