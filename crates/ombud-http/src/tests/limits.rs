//! Nobody can ask without end.

use serde_json::json;

use super::world::{Wishes, World};
use crate::{LimitSettings, Rate};

fn limited(change: impl FnOnce(&mut LimitSettings)) -> World {
    let off = Rate { per_minute: 0, burst: 0 };
    let mut limits = LimitSettings {
        address_pages: off,
        address_requests: off,
        address_sessions: off,
        session_requests: off,
        session_messages: off,
        session_codes: off,
        keys_max: 100,
    };
    change(&mut limits);
    World::with(Wishes { limits: Some(limits), demo: true, ..Wishes::default() })
}

const THREE: Rate = Rate { per_minute: 1, burst: 3 };

#[tokio::test]
async fn messages_are_limited_by_session_and_the_others_go_on() {
    let world = limited(|limits| limits.session_messages = THREE);
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    for _ in 0..2 {
        assert_eq!(world.post(&path, &token, json!({"text": "hello"})).await.status, 200);
    }
    let refused = world.post(&path, &token, json!({"text": "hello"})).await;
    assert_eq!(refused.code(), (429, "OM-0501"));
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let (other, theirs) = world.conversation().await;
    assert_eq!(
        world.post(&format!("/api/v1/conversations/{theirs}/messages"), &other, json!({"text": "hello"})).await.status,
        200
    );
}

#[tokio::test]
async fn a_customer_is_limited_over_all_his_sessions() {
    let world = limited(|limits| limits.session_requests = THREE);
    for _ in 0..3 {
        assert_eq!(world.post("/api/v1/conversations", &world.signed_in("C-1"), json!({})).await.status, 201);
    }
    assert_eq!(world.post("/api/v1/conversations", &world.signed_in("C-1"), json!({})).await.code(), (429, "OM-0501"));
    assert_eq!(world.post("/api/v1/conversations", &world.signed_in("C-2"), json!({})).await.status, 201);
}

#[tokio::test]
async fn codes_cannot_be_tried_without_end() {
    let world = limited(|limits| limits.session_codes = THREE);
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/step_up");
    for _ in 0..3 {
        assert_eq!(world.post(&path, &token, json!({"code": "123456"})).await.status, 409);
    }
    assert_eq!(world.post(&path, &token, json!({"code": "123456"})).await.code(), (429, "OM-0501"));
}

#[tokio::test]
async fn sessions_and_requests_are_limited_by_address() {
    let world = limited(|limits| limits.address_sessions = THREE);
    for (path, body) in [
        ("/api/v1/sessions", json!({})),
        ("/api/v1/demo/sessions", json!({"customer_id": "C-1"})),
        ("/api/v1/demo/staff", json!({"name": "Maja"})),
    ] {
        assert!(world.post(path, "", body).await.status < 300, "{path}");
    }
    assert_eq!(world.post("/api/v1/sessions", "", json!({})).await.code(), (429, "OM-0501"));
    let world = limited(|limits| limits.address_requests = THREE);
    for _ in 0..3 {
        assert_eq!(world.get("/api/v1/demo/customers", "").await.status, 200);
    }
    for path in ["/api/v1/demo/customers", "/api/v1/demo/outbox", "/api/v1/conversations/7", "/api/v1/nothing"] {
        assert_eq!(world.get(path, "").await.code(), (429, "OM-0501"), "{path}");
    }
}

#[tokio::test]
async fn pages_are_limited_by_address_too() {
    let world = limited(|limits| limits.address_pages = THREE);
    for path in ["/", "/desk", "/assets/shared/theme.css"] {
        assert_eq!(world.get(path, "").await.status, 200, "{path}");
    }
    assert_eq!(world.get("/", "").await.code(), (429, "OM-0501"));
    assert_eq!(world.get("/api/v1/health", "").await.status, 200);
}
