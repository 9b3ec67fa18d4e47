//! Health, the document, the pages and what every response carries.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use ombud_domain::{RecordedEvent, TenantId};
use ombud_ports::{Due, Inbox, InboxFilter, InboxRow, SealAlarm, SealState, SealWatch, StoreError};
use ombud_testkit::MemoryLedger;
use ombud_turn::{Progress, Share};
use tower::ServiceExt as _;

use super::world::{Wishes, World, request};

#[tokio::test]
async fn health_says_how_the_server_is_set_up() {
    let world = World::demo();
    let health = world.get("/api/v1/health", "").await.body;
    assert_eq!(
        (health["status"].as_str(), health["rung"].as_str(), health["demo"].as_bool()),
        (Some("ok"), Some("built_in"), Some(true))
    );
    assert_eq!((health["pack"]["name"].as_str(), health["company"]["name"].as_str()), (Some("shop"), Some("The Shop")));
    assert_eq!(
        (health["model"]["configured"].as_bool(), health["version"].as_str()),
        (Some(false), Some("0.0.0-test"))
    );
    assert_eq!(health["pack"]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(world.get("/api/v1/health/ready", "").await.status, 200);
}

#[tokio::test]
async fn health_says_how_far_the_learning_is() {
    let world = World::demo();
    let understanding = async || world.get("/api/v1/health", "").await.body["understanding"].clone();
    assert_eq!(understanding().await, serde_json::json!({"meaning": "words", "languages": 1, "of": 1}));
    world.app.assistant().note_progress(Progress::Learning(Share { done: 64, of: 256 }));
    let learning = serde_json::json!({
        "meaning": "learning", "languages": 1, "of": world.app.assistant().languages_of_pack(),
        "learning": {"part": "own", "done": 64, "of": 256}
    });
    assert_eq!(understanding().await, learning);
    world.app.assistant().note_progress(Progress::Rests);
    assert_eq!(understanding().await["meaning"], "words");
}

struct LateSeal;

impl SealWatch for LateSeal {
    fn seal_state(&self) -> SealState {
        SealState {
            signs: true,
            leaves: 9,
            checkpoint_leaves: 4,
            unsigned_ms: 301_000,
            alarm: Some(SealAlarm::CheckpointAge),
            ..SealState::default()
        }
    }
}

/// R60.
#[tokio::test]
async fn health_tells_of_a_seal_that_is_late_and_answers_all_the_same() {
    let world = World::with(Wishes { seal: Some(Arc::new(LateSeal)), ..Wishes::default() });
    let health = world.get("/api/v1/health", "").await;
    assert_eq!((health.status, health.body["status"].as_str()), (200, Some("ok")));
    let expected = serde_json::json!({
        "signs": true, "leaves": 9, "events_waiting": 0, "lag_ms": 0, "checkpoint_leaves": 4, "unsigned_ms": 301_000,
        "alarm": "checkpoint_age"
    });
    assert_eq!(health.body["seal"], expected);
    assert!(World::demo().get("/api/v1/health", "").await.body.get("seal").is_none());
}

struct Broken;

#[async_trait]
impl Inbox for Broken {
    async fn list(
        &self,
        _tenant: &TenantId,
        _filter: &InboxFilter,
    ) -> Result<(Vec<InboxRow>, Option<String>), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn due(&self, _tenant: &TenantId, _due: &Due, _rows_max: usize) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn count(&self, _tenant: &TenantId, _filter: &InboxFilter) -> Result<u64, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn of_customer(
        &self,
        _tenant: &TenantId,
        _customer_id: &str,
        _kinds: &[&str],
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn rebuild(&self, _tenant: &TenantId) -> Result<u64, StoreError> {
        Err(StoreError::Stopped)
    }
}

#[tokio::test]
async fn a_server_whose_ledger_is_gone_is_not_ready_and_says_so() {
    let world = World::with(Wishes { inbox: Some(Arc::new(Broken)), ..Wishes::default() });
    assert_eq!(world.get("/api/v1/health", "").await.status, 200);
    assert_eq!(world.get("/api/v1/health/ready", "").await.code(), (503, "OM-0601"));
    assert_eq!(world.get("/api/v1/desk/conversations", &world.staff("Maja")).await.code(), (503, "OM-0601"));
}

#[tokio::test]
async fn a_server_that_can_write_nothing_down_is_not_ready() {
    let ledger = Arc::new(MemoryLedger::new());
    let world = World::with(Wishes { ledger: Some(Arc::clone(&ledger)), ..Wishes::default() });
    assert_eq!(world.get("/api/v1/health/ready", "").await.status, 200);
    ledger.stop();
    assert_eq!(world.get("/api/v1/health/ready", "").await.code(), (503, "OM-0601"));
    assert_eq!(world.get("/api/v1/desk/conversations", &world.staff("Maja")).await.status, 200);
}

#[tokio::test]
async fn the_document_names_every_path_and_each_of_them_exists() {
    let world = World::demo();
    let document = world.get("/api/v1/openapi.json", "").await.body;
    assert_eq!(
        (document["openapi"].as_str(), document["servers"][0]["url"].as_str()),
        (Some("3.1.0"), Some("/api/v1"))
    );
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 26, "{:?}", paths.keys().collect::<Vec<_>>());
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let path = path.replace("{id}", "7").replace("{approval_id}", "7");
            let answer = world.send(request(&method, &format!("/api/v1{path}"), "", Body::empty())).await;
            assert!(!["OM-0303", "OM-0304"].contains(&answer.code().1), "{method} {path}");
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
            assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{method} {path}");
        }
    }
    for name in ["Conversation", "Reply", "Awaiting", "DeskConversation", "Problem", "Stage"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[tokio::test]
async fn pages_and_answers_carry_the_headers_that_keep_them_safe() {
    let world = World::new();
    for path in ["/", "/desk", "/assets/shared/theme.css", "/api/v1/health", "/api/v1/nothing", "/nothing"] {
        let headers = world.get(path, "").await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{path}: {part}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(
            (headers["x-content-type-options"].to_str().unwrap(), headers["referrer-policy"].to_str().unwrap()),
            ("nosniff", "no-referrer")
        );
        let cache = headers["cache-control"].to_str().unwrap();
        assert_eq!(
            cache,
            if path.starts_with("/api") || path == "/nothing" { "no-store" } else { "no-cache" },
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_are_served_with_their_type_and_asked_for_again_only_when_they_changed() {
    let world = World::new();
    for (path, media_type) in [
        ("/", "text/html"),
        ("/desk", "text/html"),
        ("/assets/chat/chat.js", "text/javascript"),
        ("/assets/shared/icon.svg", "image/svg+xml"),
        ("/errors/OM-0301", "text/markdown"),
    ] {
        let response = world.router.clone().oneshot(request("GET", path, "", Body::empty())).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with(media_type), "{path}");
        let etag = response.headers()["etag"].clone();
        assert!(!to_bytes(response.into_body(), usize::MAX).await.unwrap().is_empty());
        let mut again = request("GET", path, "", Body::empty());
        again.headers_mut().insert("if-none-match", etag);
        assert_eq!(world.send(again).await.status, 304, "{path}");
    }
    for path in ["/errors/OM-9999", "/errors/README/..", "/assets/nothing.js"] {
        assert_eq!(world.get(path, "").await.code(), (404, "OM-0303"), "{path}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_for_nothing_gets_a_page_with_a_way_back_and_a_program_a_problem() {
    let world = World::new();
    let asks = async |path: &str, accept: &'static str| {
        let mut asked = request("GET", path, "", Body::empty());
        asked.headers_mut().insert("accept", accept.parse().unwrap());
        let response = world.router.clone().oneshot(asked).await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        (status, kind, String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap())
    };
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (path, way_back) in
        [("/nothing", "./"), ("/desk/nothing", "../"), ("/a/b/c", "../../"), ("/errors/OM-9999", "../")]
    {
        let (status, kind, page) = asks(path, browser).await;
        assert_eq!((status, kind.as_str()), (404, "text/html; charset=utf-8"), "{path}");
        assert!(page.contains(&format!("<a href=\"{way_back}\">")) && !page.contains("{root}"), "{path}: {page}");
        assert!(!page.contains(path), "nothing of the address is repeated");
    }
    for (path, accept) in [("/nothing", "*/*"), ("/nothing", "application/json"), ("/api/v1/nothing", browser)] {
        let (status, kind, body) = asks(path, accept).await;
        assert_eq!((status, kind.as_str()), (404, "application/problem+json"), "{path}");
        assert!(body.contains("OM-0303"), "{path}");
    }
}

#[tokio::test]
async fn the_desk_is_found_with_a_slash_at_its_end_too() {
    let response = World::new().router.oneshot(request("GET", "/desk/", "", Body::empty())).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (308, "../desk"));
}
