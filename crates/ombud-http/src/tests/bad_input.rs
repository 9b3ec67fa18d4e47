//! Each mistake of a caller has its own clear error, and nothing is stored or done.

use axum::body::Body;
use serde_json::json;

use super::world::{World, keyed, request};

#[tokio::test]
async fn each_bad_body_has_its_own_error_and_nothing_is_stored() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let megabyte = json!({"text": "x".repeat(1 << 20)}).to_string().into_bytes();
    let long = json!({"text": "å".repeat(8_001)}).to_string().into_bytes();
    let cases: [(&[u8], u16, &str); 14] = [
        (b"{\"text\": \"\"}", 400, "OM-0106"),
        (b"{\"text\": \" \\n\\t \"}", 400, "OM-0106"),
        (b"{\"text\": \"\xff\xfe\"}", 400, "OM-0101"),
        (b"{\"text\": \"hello\"", 400, "OM-0102"),
        (b"hello", 400, "OM-0102"),
        (b"", 400, "OM-0103"),
        (b"{\"message\": \"hello\"}", 400, "OM-0103"),
        (b"[\"hello\"]", 400, "OM-0103"),
        (b"{\"text\": \"\\u200b\\u2060\\ufeff \"}", 400, "OM-0106"),
        (b"{\"text\": 7}", 400, "OM-0103"),
        (b"{\"text\": \"hello\", \"level\": \"verified\"}", 400, "OM-0103"),
        (b"{\"text\": \"hello\", \"seen_seq\": \"1\"}", 400, "OM-0103"),
        (&megabyte, 413, "OM-0104"),
        (&long, 413, "OM-0105"),
    ];
    for (body, status, code) in cases {
        let answer = world.send(request("POST", &path, &token, Body::from(body.to_vec()))).await;
        assert_eq!(answer.code(), (status, code), "{:?}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.body["type"], format!("/errors/{code}"));
        assert_eq!(answer.body["status"], status);
        assert!(answer.body["title"].is_string() && answer.body["detail"].is_string());
    }
    let after = world.get(&format!("/api/v1/conversations/{id}"), &token).await;
    assert_eq!(after.body["messages"].as_array().unwrap().len(), 1);
}

/// R25: what a caller believes to have said, and we do not know, is refused by its name.
#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name_on_every_path() {
    let world = World::demo();
    let (token, id) = world.conversation().await;
    let staff = world.staff("Maja");
    let (chat, desk) = (format!("/api/v1/conversations/{id}"), format!("/api/v1/desk/conversations/{id}"));
    let cases = [
        ("/api/v1/sessions".to_owned(), json!({"customer_id": "C-1"}), "customer_id"),
        ("/api/v1/conversations".to_owned(), json!({"customer": "C-1"}), "customer"),
        (format!("{chat}/messages"), json!({"text": "hello", "confirmed": true}), "confirmed"),
        (format!("{chat}/step_up"), json!({"code": "123456", "verified": true}), "verified"),
        ("/api/v1/demo/sessions".to_owned(), json!({"customer_id": "C-1", "level": "verified"}), "level"),
        ("/api/v1/demo/staff".to_owned(), json!({"name": "Maja", "role": "admin"}), "role"),
    ];
    for (path, body, field) in cases {
        let answer = world.post(&path, &token, body).await;
        assert_eq!(answer.code(), (400, "OM-0103"), "{path}");
        assert!(answer.body["detail"].as_str().unwrap().contains(&format!("`{field}`")), "{:?}", answer.body);
    }
    for (act, body) in [
        ("take", json!({"as": "x"})),
        ("reply", json!({"text": "hi", "as": "x"})),
        ("return", json!({"as": "x"})),
        ("resolve", json!({"as": "x"})),
    ] {
        let answer = world.post(&format!("{desk}/{act}"), &staff, body).await;
        assert_eq!(answer.code(), (400, "OM-0103"), "{act}");
        assert!(answer.body["detail"].as_str().unwrap().contains("`as`"), "{:?}", answer.body);
    }
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_not_read() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let declared = |media_type: Option<&str>| {
        let mut request = request("POST", &path, &token, Body::from("{\"text\": \"hello\"}"));
        request.headers_mut().remove("content-type");
        if let Some(media_type) = media_type {
            request.headers_mut().insert("content-type", media_type.parse().unwrap());
        }
        request
    };
    for wrong in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")] {
        assert_eq!(world.send(declared(wrong)).await.code(), (415, "OM-0109"), "{wrong:?}");
    }
    for right in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(world.send(declared(Some(right))).await.status, 200, "{right}");
    }
    let mut empty = request("POST", "/api/v1/sessions", "", Body::empty());
    empty.headers_mut().remove("content-type");
    assert_eq!(world.send(empty).await.status, 201, "no body needs no declaration");
}

#[tokio::test]
async fn a_message_of_the_longest_length_is_answered() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let answer =
        world.post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "å".repeat(8_000)})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn unknown_and_foreign_conversations_look_the_same() {
    let world = World::new();
    let (_, id) = world.conversation().await;
    let (stranger, _) = world.conversation().await;
    let signed_in = world.signed_in("C-2");
    let unknown = "01a20035-b8d6-729b-9474-9665a2b9ec50";
    for token in [&stranger, &signed_in] {
        for id in [id.as_str(), unknown, "7", "%2e%2e", "x".repeat(3_000).as_str()] {
            let root = format!("/api/v1/conversations/{id}");
            let answers = [
                world.get(&root, token).await,
                world.get(&format!("{root}/events"), token).await,
                world.post(&format!("{root}/messages"), token, json!({"text": "hello"})).await,
                world.post(&format!("{root}/step_up"), token, json!({"code": "123456"})).await,
            ];
            for answer in answers {
                assert_eq!(answer.code(), (404, "OM-0301"), "{root}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_must_be_there_be_ours_be_in_time_and_have_the_role() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let staff = world.staff("Maja");
    let (chat, desk) = (format!("/api/v1/conversations/{id}"), format!("/api/v1/desk/conversations/{id}"));
    assert_eq!(world.get(&chat, "").await.code(), (401, "OM-0201"));
    assert_eq!(world.get(&chat, "nonsense").await.code(), (401, "OM-0202"));
    assert_eq!(world.get(&chat, &format!("{token}x")).await.code(), (401, "OM-0202"));
    assert_eq!(world.get(&chat, &staff).await.code(), (403, "OM-0204"));
    assert_eq!(world.get(&desk, &token).await.code(), (403, "OM-0204"));
    assert_eq!(world.get("/api/v1/desk/events", &token).await.code(), (403, "OM-0204"));
    assert_eq!(world.get(&format!("{chat}/turns"), &token).await.code(), (403, "OM-0204"));
    assert_eq!(world.get(&chat, "").await.headers["www-authenticate"], "Bearer realm=\"ombud\"");
    world.clock.advance_s(599);
    assert_eq!(world.get(&chat, &token).await.status, 200);
    world.clock.advance_s(1);
    assert_eq!(world.get(&chat, &token).await.code(), (401, "OM-0203"));
}

#[tokio::test]
async fn parameters_out_of_their_bounds_are_refused() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let staff = world.staff("Maja");
    for query in ["status=lost", "limit=many", "limit=-1"] {
        assert_eq!(
            world.get(&format!("/api/v1/desk/conversations?{query}"), &staff).await.code(),
            (400, "OM-0107"),
            "{query}"
        );
    }
    let path = format!("/api/v1/conversations/{id}/messages");
    for key in ["", &"k".repeat(256)] {
        let answer = world.send(keyed(&path, &token, key, json!({"text": "hello"}))).await;
        assert_eq!(answer.code(), (400, "OM-0107"), "{}", key.len());
    }
    let mut events = request("GET", &format!("/api/v1/conversations/{id}/events"), &token, Body::empty());
    events.headers_mut().insert("last-event-id", "later".parse().unwrap());
    assert_eq!(world.send(events).await.code(), (400, "OM-0107"));
    let opened = world.post("/api/v1/conversations", &token, json!({"locale": "x".repeat(36)})).await;
    assert_eq!(opened.code(), (400, "OM-0103"));
    let code =
        world.post(&format!("/api/v1/conversations/{id}/step_up"), &token, json!({"code": "1".repeat(33)})).await;
    assert_eq!(code.code(), (400, "OM-0103"));
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_are_told_apart() {
    let world = World::new();
    assert_eq!(world.get("/api/v1/nothing", "").await.code(), (404, "OM-0303"));
    assert_eq!(world.get("/nothing", "").await.code(), (404, "OM-0303"));
    assert_eq!(world.get("/assets/../Cargo.toml", "").await.code(), (404, "OM-0303"));
    assert_eq!(world.send(request("DELETE", "/api/v1/health", "", Body::empty())).await.code(), (405, "OM-0304"));
    assert_eq!(world.send(request("POST", "/desk", "", Body::empty())).await.code(), (405, "OM-0304"));
}
