//! Faults happen when and how they were asked for.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::stories;

#[tokio::test]
async fn an_answer_dropped_after_the_commit_has_its_effect_once() {
    let office = stories().await;
    office.post("/admin/faults", json!({"drop_after_commit_rate": 1.0, "times": 1})).await.ok();
    let path = "/orders/ORD-101201/cancel";
    let dropped = office.post_with_key(path, json!({"reason": "mistake"}), "k").await;
    assert!(dropped.is_err(), "no byte of an answer may come: {dropped:?}");
    assert_eq!(office.get("/orders/ORD-101201").await.ok()["status"], "cancelled");
    let again = office.post_with_key(path, json!({"reason": "mistake"}), "k").await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.ok()["order"]["status"], "cancelled");
    assert_eq!(office.changes("order").await, 1);
    assert_eq!(office.changes("refund").await, 1);
}

#[tokio::test]
async fn a_failure_comes_before_the_work() {
    let office = stories().await;
    office
        .post("/admin/faults", json!({"fail_rate": 1.0, "fail_status": 503, "times": 2, "paths": ["/orders"]}))
        .await
        .ok();
    let cancel = json!({"reason": "mistake"});
    let failed = office.post_with_key("/orders/ORD-101201/cancel", cancel.clone(), "k").await.unwrap();
    failed.refused(503, "injected_fault");
    assert_eq!(office.get("/customers/C-100012").await.status, 200);
    office.get("/orders/ORD-101201").await.refused(503, "injected_fault");
    assert_eq!(office.changes("order").await, 0);
    let retried = office.post_with_key("/orders/ORD-101201/cancel", cancel, "k").await.unwrap();
    assert!(!retried.replayed);
    retried.ok();
}

#[tokio::test]
async fn latency_holds_for_its_paths_until_cleared() {
    let office = stories().await;
    let rule = office.post("/admin/faults", json!({"latency_ms": 150, "paths": ["/plans"]})).await.ok();
    assert_eq!(office.get("/admin/faults").await.ok(), rule);
    let begin = Instant::now();
    office.get("/plans/PLN-100301").await.ok();
    assert!(begin.elapsed() >= Duration::from_millis(150));
    office.post("/admin/faults", json!({})).await.ok();
    assert_eq!(office.get("/admin/faults").await.ok()["latency_ms"], 0);
}

#[tokio::test]
async fn a_rate_that_is_no_share_is_refused() {
    let office = stories().await;
    office.post("/admin/faults", json!({"fail_rate": 2})).await.refused(400, "invalid_request");
    office.post("/admin/faults", json!({"fail_status": 200})).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn faults_stay_in_their_world() {
    let office = stories().await;
    let world = office.world("faulty").await;
    world.post("/admin/faults", json!({"fail_rate": 1.0})).await.ok();
    world.get("/orders/ORD-101201").await.refused(500, "injected_fault");
    office.get("/orders/ORD-101201").await.ok();
}
