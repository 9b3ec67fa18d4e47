//! Our own API as its callers see it, from a server that answers what is scripted.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

async fn server(answer: fn(Request) -> Response) -> (PublicApi, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = PublicApi::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let app = Router::new().fallback(move |request: Request| async move { answer(request) });
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, app).await.unwrap() });
    (api, server)
}

fn session() -> Session {
    Session { token: "t".to_owned(), expires_at: String::new(), session_id: "s".to_owned() }
}

#[tokio::test]
async fn a_message_goes_with_its_token_and_key_and_comes_back_as_a_reply() {
    let (api, _server) = server(|request| {
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/api/v1/conversations/c-1/messages"));
        assert_eq!(request.headers()["authorization"], "Bearer t");
        assert_eq!(request.headers()["idempotency-key"], "k-1");
        let reply = json!({
            "conversation_id": "c-1", "turn_id": "t-1", "status": "open",
            "messages": [{"id": "m-1", "seq": 2, "author": "assistant", "text": "Hi", "at": "2026-11-21T12:00:00.000Z", "citations": []}],
            "awaiting": {"kind": "choice", "slot": "order", "options": [{"id": "1", "label": "One"}]}, "refused": [], "done": []
        });
        axum::Json(reply).into_response()
    })
    .await;
    let reply = api.send(&session(), "c-1", "hello", Some("k-1")).await.unwrap();
    assert_eq!(
        (reply.messages[0].text.as_str(), reply.awaiting.options[0].id.as_str(), reply.stages),
        ("Hi", "1", None)
    );
}

#[tokio::test]
async fn a_problem_keeps_its_code_and_when_to_come_back() {
    let (api, _server) = server(|_| {
        let body =
            json!({"type": "about:blank", "title": "t", "status": 429, "detail": "slow down", "code": "OM-0429"});
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")], axum::Json(body)).into_response()
    })
    .await;
    let error = api.open_session(None, None).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::Problem { status: 429, code, retry_after_s: Some(7), .. } if code == "OM-0429"),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "OM-0429: slow down");
}

#[tokio::test]
async fn an_answer_that_is_not_ours_and_a_server_that_is_not_there_are_told_apart() {
    let (api, _server) = server(|_| (StatusCode::OK, "<html>").into_response()).await;
    assert!(matches!(api.health().await, Err(ApiError::Malformed { path }) if path == "/health"));
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let api = PublicApi::new(&format!("http://{nowhere}")).unwrap();
    assert!(matches!(api.health().await, Err(ApiError::Unreachable { .. })));
}

#[tokio::test]
async fn the_outbox_is_asked_for_with_an_encoded_customer() {
    let (api, _server) = server(|request| {
        assert_eq!(request.uri().query(), Some("customer_id=C-1%26x"));
        axum::Json(json!([{"at": "2026-11-21T12:00:00Z", "channel": "sms", "to": "+46", "text": "code 123456"}]))
            .into_response()
    })
    .await;
    assert_eq!(api.demo_outbox("C-1&x").await.unwrap()[0].text, "code 123456");
}
