//! Worlds do not see each other.

use std::time::Instant;

use serde_json::json;

use crate::support::{settings, start, stories};

const CANCEL: &str = "/orders/ORD-101201/cancel";

#[tokio::test]
async fn what_happens_in_a_world_stays_there() {
    let office = stories().await;
    let (one, two) = (office.world("one").await, office.world("two").await);
    one.post_with_key(CANCEL, json!({"reason": ""}), "k").await.unwrap().ok();
    assert_eq!(two.get("/orders/ORD-101201").await.ok()["status"], "placed");
    assert_eq!(office.changes("order").await, 0);
    assert!(!two.post_with_key(CANCEL, json!({"reason": ""}), "k").await.unwrap().replayed);
    let changed = one.get("/admin/export?changed=true").await.ok();
    assert_eq!(changed["records"]["order"].as_object().unwrap().keys().collect::<Vec<_>>(), ["ORD-101201"]);
    assert_eq!(office.get("/admin/export?changed=true").await.ok(), json!({"records": {}}));
}

#[tokio::test]
async fn a_world_ends_when_deleted() {
    let office = stories().await;
    let world = office.world("short").await;
    office.post("/admin/worlds", json!({"name": "short"})).await.refused(409, "world_exists");
    office.post("/admin/worlds", json!({"name": "no way"})).await.refused(400, "invalid_request");
    assert_eq!(office.send(reqwest::Method::DELETE, "/admin/worlds/short", None, None).await.unwrap().status, 204);
    world.get("/orders/ORD-101201").await.refused(404, "world_not_found");
    office.send(reqwest::Method::DELETE, "/admin/worlds/main", None, None).await.unwrap().refused(409, "main_world");
}

#[tokio::test]
async fn reset_brings_the_start_state_back_and_can_bring_another() {
    let office = stories().await;
    office.post_with_key(CANCEL, json!({"reason": ""}), "k").await.unwrap().ok();
    let reset = office.post("/admin/reset", json!({})).await.ok();
    assert_eq!(reset["seed"], "stories");
    assert_eq!(office.get("/orders/ORD-101201").await.ok()["status"], "placed");
    assert_eq!(office.changes("order").await, 0);
    assert!(!office.post_with_key(CANCEL, json!({"reason": ""}), "k").await.unwrap().replayed);
    office.post("/admin/reset", json!({"seed": "generated:3,1"})).await.ok();
    office.get("/customers/C-200003").await.ok();
    office.post("/admin/reset", json!({"seed": "nonsense"})).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn a_fresh_world_over_a_large_seed_costs_little() {
    let office = start(settings("generated:300,1")).await;
    let begin = Instant::now();
    for number in 0..50 {
        let world = office.world(&format!("w{number}")).await;
        world.post(CANCEL, json!({"reason": ""})).await.ok();
    }
    let each = begin.elapsed() / 50;
    println!("a fresh world and one write in it: {each:?}");
    assert!(each.as_millis() < 100, "{each:?}");
}
