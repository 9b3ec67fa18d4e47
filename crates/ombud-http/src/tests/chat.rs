//! A customer asks and is answered; nothing is done twice, and nothing is lost when he hangs up.

use serde_json::{Value, json};

use super::world::{Wishes, World, keyed};

#[tokio::test]
async fn a_conversation_begins_with_a_greeting_and_a_message_gets_a_reply() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let greeting = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    assert_eq!(
        (greeting["status"].as_str(), greeting["locale"].as_str(), greeting["market"].as_str()),
        (Some("open"), Some("en"), Some("SE"))
    );
    assert_eq!(
        (greeting["messages"][0]["author"].as_str(), greeting["messages"][0]["seq"].as_i64()),
        (Some("assistant"), Some(1))
    );
    assert!(greeting["created_at"].as_str().unwrap().ends_with('Z'));
    let reply = world
        .post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "I want to talk to a person"}))
        .await;
    assert_eq!(
        (reply.status, reply.body["status"].as_str(), reply.body["awaiting"]["kind"].as_str()),
        (200, Some("waiting_for_agent"), Some("handoff"))
    );
    assert!(reply.body.get("stages").is_none(), "stages are for staff and the demo");
    let after = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    let authors: Vec<&str> =
        after["messages"].as_array().unwrap().iter().map(|message| message["author"].as_str().unwrap()).collect();
    assert_eq!(authors, ["assistant", "customer", "assistant"]);
}

#[tokio::test]
async fn a_signed_in_customer_sees_his_conversation_from_another_session_and_nobody_else_does() {
    let world = World::new();
    let opened = world.post("/api/v1/conversations", &world.signed_in("C-1"), json!({})).await;
    let path = format!("/api/v1/conversations/{}", opened.body["id"].as_str().unwrap());
    assert_eq!(world.get(&path, &world.signed_in("C-1")).await.status, 200);
    assert_eq!(world.get(&path, &world.signed_in("C-2")).await.code(), (404, "OM-0301"));
}

#[tokio::test]
async fn the_same_key_opens_one_conversation_and_other_wishes_are_refused() {
    const OPEN: &str = "/api/v1/conversations";
    let world = World::new();
    let token = world.session().await;
    let first = world.post_with_key(OPEN, &token, "k-1", json!({})).await;
    let again = world.post_with_key(OPEN, &token, "k-1", json!({})).await;
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    assert_eq!(world.post_with_key(OPEN, &token, "k-1", json!({"market": "SE"})).await.code(), (409, "OM-0401"));
    let other = world.post_with_key(OPEN, &token, "k-2", json!({})).await;
    let stranger = world.post_with_key(OPEN, &world.session().await, "k-1", json!({})).await;
    let without = world.post(OPEN, &token, json!({})).await;
    let ids = [&first, &other, &stranger, &without].map(|answer| answer.body["id"].as_str().unwrap().to_owned());
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{ids:?}");
    // A message with the key of the opening is a message.
    let path = format!("{OPEN}/{}/messages", ids[0]);
    assert_eq!(world.post_with_key(&path, &token, "k-1", json!({"text": "hello"})).await.status, 200);
    let now = world.post_with_key(OPEN, &token, "k-1", json!({})).await;
    assert_eq!((now.status, now.body["messages"].as_array().unwrap().len()), (201, 3), "as it is now");
}

#[tokio::test]
async fn two_openings_with_one_key_at_once_open_one_conversation() {
    let world = World::new();
    let token = world.session().await;
    let open = || world.post_with_key("/api/v1/conversations", &token, "k-1", json!({"locale": "en"}));
    let (one, other) = tokio::join!(open(), open());
    assert_eq!((one.status, other.status, &one.body), (201, 201, &other.body));
}

#[tokio::test]
async fn the_same_key_gives_the_same_reply_and_another_body_is_refused() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let first = world.post_with_key(&path, &token, "k-1", json!({"text": "hello"})).await;
    let again = world.post_with_key(&path, &token, "k-1", json!({"text": "hello"})).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    let other = world.post_with_key(&path, &token, "k-1", json!({"text": "hello!"})).await;
    assert_eq!(other.code(), (409, "OM-0401"));
    let after = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    assert_eq!(
        after["messages"].as_array().unwrap().iter().filter(|message| message["author"] == "customer").count(),
        1
    );
    // Keys belong to a conversation: another one may use the same.
    let (stranger, theirs) = world.conversation().await;
    let reply = world
        .post_with_key(&format!("/api/v1/conversations/{theirs}/messages"), &stranger, "k-1", json!({"text": "hello!"}))
        .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_request_that_is_still_worked_on_is_not_started_again() {
    let world = World::new();
    let token = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &token, json!({})).await;
    let path = format!("/api/v1/conversations/{}/messages", opened.body["id"].as_str().unwrap());
    let body = || json!({"text": "where is my parcel?"});
    world.gate.close();
    let first = world.post_with_key(&path, &token, "k-1", body());
    let others = async {
        world.gate.reached(1).await;
        // The turn of a conversation is one at a time; the second is answered when the first is through.
        let second = world.post_with_key(&path, &token, "k-1", body());
        let release = async { world.gate.open() };
        tokio::join!(second, release).0
    };
    let (first, second) = tokio::join!(first, others);
    assert_eq!(first.status, 200, "{:?}", first.body);
    assert!(
        (second.status == 200 && second.body == first.body) || second.code() == (409, "OM-0402"),
        "{:?}",
        second.body
    );
    assert_eq!(world.gate.calls.load(std::sync::atomic::Ordering::SeqCst), 1, "nothing was asked twice");
}

#[tokio::test]
async fn a_turn_goes_to_its_end_when_the_caller_hangs_up() {
    let world = World::new();
    let token = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &token, json!({})).await;
    let root = format!("/api/v1/conversations/{}", opened.body["id"].as_str().unwrap());
    let path = format!("{root}/messages");
    world.gate.close();
    {
        let sending = world.send(keyed(&path, &token, "k-1", json!({"text": "where is my parcel?"})));
        tokio::pin!(sending);
        tokio::select! {
            _ = &mut sending => panic!("the gate is closed"),
            () = world.gate.reached(1) => {}
        }
        // Here the caller is gone.
    }
    world.gate.open();
    let mut messages = 0;
    while messages < 3 {
        tokio::task::yield_now().await;
        messages = world.get(&root, &token).await.body["messages"].as_array().unwrap().len();
    }
    // Back again with the same key: the same reply, and nothing was done twice.
    let again = world.post_with_key(&path, &token, "k-1", json!({"text": "where is my parcel?"})).await;
    assert_eq!((again.status, again.body["status"].as_str()), (200, Some("waiting_for_agent")));
    assert_eq!(world.gate.calls.load(std::sync::atomic::Ordering::SeqCst), 1);
}

/// The tokens of a signed-in customer and of a visitor, each with the path of the messages of his conversation.
async fn two_customers(world: &World) -> (String, String, String, String) {
    let token = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &token, json!({})).await;
    let path = format!("/api/v1/conversations/{}/messages", opened.body["id"].as_str().unwrap());
    let (other, theirs) = world.conversation().await;
    (token, path, other, format!("/api/v1/conversations/{theirs}/messages"))
}

#[tokio::test]
async fn turns_beyond_the_bound_are_refused_and_can_be_sent_again() {
    let world = World::with(Wishes { turns_max: Some(1), ..Wishes::default() });
    let (token, path, other, theirs) = two_customers(&world).await;
    world.gate.close();
    let held = world.post(&path, &token, json!({"text": "where is my parcel?"}));
    let refused = async {
        world.gate.reached(1).await;
        let refused = world.post(&theirs, &other, json!({"text": "hello"})).await;
        world.gate.open();
        refused
    };
    let (held, refused) = tokio::join!(held, refused);
    assert_eq!((held.status, refused.code()), (200, (503, "OM-0503")));
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(world.post(&theirs, &other, json!({"text": "hello"})).await.status, 200);
}

#[tokio::test]
async fn turns_beyond_those_worked_on_at_once_wait_and_are_answered() {
    let world = World::with(Wishes { turns_at_once: Some(1), ..Wishes::default() });
    let (token, path, other, theirs) = two_customers(&world).await;
    world.gate.close();
    let held = world.post(&path, &token, json!({"text": "where is my parcel?"}));
    let waits = async {
        world.gate.reached(1).await;
        let waiting = world.post(&theirs, &other, json!({"text": "hello"}));
        let opening = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            world.gate.open();
            "opened"
        };
        tokio::pin!(waiting, opening);
        let first = tokio::select! { biased; _ = &mut waiting => "answered", first = &mut opening => first };
        (first, waiting.await)
    };
    let (held, (first, waited)) = tokio::join!(held, waits);
    assert_eq!((held.status, first, waited.status), (200, "opened", 200));
}

#[tokio::test]
async fn a_code_that_nobody_waits_for_is_refused() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let answer = world.post(&format!("/api/v1/conversations/{id}/step_up"), &token, json!({"code": "123456"})).await;
    assert_eq!(answer.code(), (409, "OM-0404"));
    assert!(!answer.body.to_string().contains("123456"));
}

#[tokio::test]
async fn the_demo_signs_in_shows_stages_and_what_was_sent() {
    let world = World::demo();
    let customers = world.get("/api/v1/demo/customers", "").await.body;
    assert_eq!(
        customers,
        json!([{"id": "C-1", "name": "Ada", "email": "ada@shop.example", "postal_code": "11438", "story": null}])
    );
    let opened = world.post("/api/v1/demo/sessions", "", json!({"customer_id": "C-1"})).await;
    assert_eq!((opened.status, &opened.body["customer"]), (201, &json!({"id": "C-1", "name": "Ada"})));
    assert_eq!(world.post("/api/v1/demo/sessions", "", json!({"customer_id": "C-9"})).await.code(), (404, "OM-0302"));
    assert_eq!(
        world.post("/api/v1/demo/sessions", "", json!({"customer_id": "C-broken"})).await.code(),
        (502, "OM-0602")
    );
    let sent = world.get("/api/v1/demo/outbox?customer_id=C-1", "").await.body;
    assert_eq!(sent[0]["text"], "for Some(\"C-1\")");
    assert_eq!(world.get("/api/v1/demo/outbox?customer_id=", "").await.body[0]["text"], "for None");
    let token = opened.body["token"].as_str().unwrap().to_owned();
    let opened = world.post("/api/v1/conversations", &token, json!({})).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let reply = world.post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "hello"})).await;
    let stages: Vec<&Value> = reply.body["stages"].as_array().unwrap().iter().map(|stage| &stage["stage"]).collect();
    assert_eq!(&stages[..3], ["intake", "safety", "understanding"]);
    assert!(reply.body["stages"][0]["ms"].is_f64());
    let turns = world.get(&format!("/api/v1/conversations/{id}/turns"), &token).await.body;
    assert_eq!(turns.as_array().unwrap().last().unwrap()["turn_id"], reply.body["turn_id"]);
}

/// How a reply came about tells whether the details that were given fit an account.
#[tokio::test]
async fn a_visitor_of_the_demo_sees_no_stages() {
    let world = World::demo();
    let (token, id) = world.conversation().await;
    let reply = world.post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "hello"})).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.get("stages").is_none(), "{:?}", reply.body);
    let turns = world.get(&format!("/api/v1/conversations/{id}/turns"), &token).await;
    assert_eq!(turns.code(), (403, "OM-0204"));
}

#[tokio::test]
async fn the_demo_paths_do_not_exist_outside_the_demo() {
    let world = World::new();
    for (method, path) in [("GET", "customers"), ("GET", "outbox"), ("POST", "sessions"), ("POST", "staff")] {
        let path = format!("/api/v1/demo/{path}");
        let body = json!({"customer_id": "C-1", "name": "Maja"});
        let answer = if method == "GET" { world.get(&path, "").await } else { world.post(&path, "", body).await };
        assert_eq!(answer.code(), (404, "OM-0303"), "{path}");
    }
}
