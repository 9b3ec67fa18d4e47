//! A page follows a conversation, loses its connection, and misses nothing.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{Wishes, World, request};

/// One event of a stream.
#[derive(Debug, PartialEq)]
struct Event {
    kind: String,
    id: Option<i64>,
    data: Value,
}

struct Stream {
    body: BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(world: &World, path: &str, token: &str, last_event_id: Option<i64>) -> Self {
        let mut request = request("GET", path, token, Body::empty());
        if let Some(id) = last_event_id {
            request.headers_mut().insert("last-event-id", id.into());
        }
        let response = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (200, "text/event-stream")
        );
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let event = Event {
                    kind: line("event:").unwrap_or_default().to_owned(),
                    id: line("id:").map(|id| id.parse().unwrap()),
                    data: serde_json::from_str(line("data:").unwrap_or("null")).unwrap(),
                };
                self.text = rest.to_owned();
                return Some(event);
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(5), self.body.next()).await.expect("an event within 5 s")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    async fn messages(&mut self, count: usize) -> Vec<(i64, String)> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let event = self.next().await.expect("the stream goes on");
            if event.kind == "message.created" {
                assert_eq!(event.id, event.data["seq"].as_i64());
                messages.push((event.id.unwrap(), event.data["author"].as_str().unwrap().to_owned()));
            }
        }
        messages
    }
}

#[tokio::test]
async fn a_stream_gives_what_was_said_after_the_last_event_seen_and_then_what_is_said() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let (path, say) = (format!("/api/v1/conversations/{id}/events"), format!("/api/v1/conversations/{id}/messages"));
    let mut stream = Stream::open(&world, &path, &token, Some(0)).await;
    assert_eq!(stream.messages(1).await, [(1, "assistant".to_owned())]);
    let state = stream.next().await.unwrap();
    assert_eq!(
        (state.kind.as_str(), state.id, state.data["status"].as_str()),
        ("conversation.updated", None, Some("open"))
    );
    world.post(&say, &token, json!({"text": "hello"})).await;
    assert_eq!(stream.messages(2).await, [(2, "customer".to_owned()), (3, "assistant".to_owned())]);
    drop(stream);
    world.post(&say, &token, json!({"text": "I want to talk to a person"})).await;
    let mut resumed = Stream::open(&world, &path, &token, Some(3)).await;
    let message = resumed.next().await.unwrap();
    assert_eq!((message.id, message.data["text"].as_str()), (Some(4), Some("I want to talk to a person")));
    assert!(message.data["at"].as_str().unwrap().ends_with('Z'), "times are RFC 3339: {}", message.data);
    assert_eq!(resumed.messages(1).await, [(5, "assistant".to_owned())]);
    assert_eq!(resumed.next().await.unwrap().data["status"], "waiting_for_agent");
}

#[tokio::test]
async fn a_stream_without_a_last_event_begins_now() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let mut stream = Stream::open(&world, &format!("/api/v1/conversations/{id}/events"), &token, None).await;
    world.post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "hello"})).await;
    assert_eq!(stream.messages(2).await, [(2, "customer".to_owned()), (3, "assistant".to_owned())]);
}

#[tokio::test]
async fn a_page_that_reads_too_slowly_gets_the_rest_from_the_ledger() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let mut stream = Stream::open(&world, &format!("/api/v1/conversations/{id}/events"), &token, Some(1)).await;
    for _ in 0..40 {
        world.post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "hello"})).await;
    }
    let seqs: Vec<i64> = stream.messages(80).await.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (2..82).collect::<Vec<i64>>());
}

#[tokio::test]
async fn the_desk_hears_of_hand_overs_and_staff_follow_a_conversation() {
    let world = World::new();
    let (token, id) = world.conversation().await;
    let staff = world.staff("Maja");
    let mut desk = Stream::open(&world, "/api/v1/desk/events", &staff, None).await;
    let mut page = Stream::open(&world, &format!("/api/v1/conversations/{id}/events"), &staff, Some(1)).await;
    world
        .post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "I want to talk to a person"}))
        .await;
    let mut kinds = Vec::new();
    while !kinds.contains(&"handoff.requested".to_owned()) {
        let event = desk.next().await.unwrap();
        assert_eq!(event.data["conversation_id"], id.as_str());
        assert!(event.data.get("text").is_none());
        kinds.push(event.kind);
    }
    assert_eq!(page.messages(2).await.len(), 2);
}

#[tokio::test]
async fn a_session_has_a_few_streams_and_takes_none_of_others() {
    let world = World::with(Wishes { streams_max: Some(64), ..Wishes::default() });
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/events");
    let mut own = Vec::new();
    for _ in 0..16 {
        own.push(Stream::open(&world, &path, &token, None).await);
    }
    assert_eq!(world.get(&path, &token).await.code(), (429, "OM-0502"));
    let (other, theirs) = world.conversation().await;
    drop(Stream::open(&world, &format!("/api/v1/conversations/{theirs}/events"), &other, None).await);
    own.pop();
    drop(Stream::open(&world, &path, &token, None).await);
}

#[tokio::test]
async fn streams_have_a_bound_end_at_shutdown_and_end_with_their_token() {
    let world = World::with(Wishes { streams_max: Some(1), ..Wishes::default() });
    let (token, id) = world.conversation().await;
    let path = format!("/api/v1/conversations/{id}/events");
    let mut stream = Stream::open(&world, &path, &token, None).await;
    assert_eq!(world.get(&path, &token).await.code(), (429, "OM-0502"));
    world.live.close();
    assert_eq!(stream.next().await, None);
    drop(stream);
    assert_eq!(world.get(&path, &token).await.code(), (503, "OM-0503"));
    let world = World::new();
    let (token, id) = world.conversation().await;
    world.clock.advance_s(599);
    let mut stream = Stream::open(&world, &format!("/api/v1/conversations/{id}/events"), &token, None).await;
    assert_eq!(stream.next().await, None, "a second later the token has ended, and the stream with it");
}
