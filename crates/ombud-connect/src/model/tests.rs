//! A scripted model server on loopback: what is text, and what only looks like it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

#[derive(Default)]
struct Script {
    answers: VecDeque<(u16, String)>,
    seen: Vec<(HeaderMap, Value)>,
}

type Shared = Arc<Mutex<Script>>;

async fn complete(State(script): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> (StatusCode, String) {
    let (status, text) = {
        let mut script = script.lock().unwrap();
        script.seen.push((headers, body));
        script.answers.pop_front().unwrap()
    };
    if status == 0 {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    (StatusCode::from_u16(status.max(200)).unwrap(), text)
}

struct World {
    script: Shared,
    model: OpenAiModel,
    _server: JoinSet<()>,
}

async fn world(answers: &[(u16, String)]) -> World {
    let script = Shared::default();
    script.lock().unwrap().answers.extend(answers.iter().cloned());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/chat/completions", post(complete)).with_state(Arc::clone(&script));
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let key = Some(Sensitive::new("sk-1".to_owned()));
    let model = OpenAiModel::new(&ModelSettings { base_url, key, name: "ft:small:shop".to_owned() }).unwrap();
    World { script, model, _server: server }
}

fn request() -> ModelRequest {
    ModelRequest {
        instructions: "Be brief.".to_owned(),
        input: "Where is it?".to_owned(),
        tokens_max: 200,
        deadline_ms: 400,
    }
}

fn choice(message: &Value, finish_reason: &Value) -> (u16, String) {
    (200, json!({"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]}).to_string())
}

#[tokio::test]
async fn a_completion_that_ended_by_itself_is_text() {
    let world = world(&[choice(
        &json!({"role": "assistant", "content": " On its way. ", "refusal": null, "tool_calls": []}),
        &json!("stop"),
    )])
    .await;
    assert_eq!(world.model.complete(&request()).await, Ok("On its way.".to_owned()));
    let script = world.script.lock().unwrap();
    let (headers, body) = &script.seen[0];
    assert_eq!(headers["authorization"], "Bearer sk-1");
    assert_eq!(
        *body,
        json!({"model": "ft:small:shop", "stream": false, "max_tokens": 200, "temperature": 0,
               "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}]})
    );
}

#[tokio::test]
async fn what_is_cut_off_empty_refused_or_a_tool_call_is_no_text() {
    let text = json!({"role": "assistant", "content": "The fee is"});
    let cases = [
        choice(&text, &json!("length")),
        choice(&text, &json!("content_filter")),
        choice(&text, &Value::Null),
        choice(&json!({"content": "  "}), &json!("stop")),
        choice(&json!({"content": null}), &json!("stop")),
        choice(&json!({"content": "I", "refusal": "I cannot"}), &json!("stop")),
        choice(
            &json!({"content": "I", "tool_calls": [{"id": "1", "function": {"name": "refund", "arguments": "{\"am"}}]}),
            &json!("stop"),
        ),
        choice(&json!({"content": "I", "function_call": {"name": "refund"}}), &json!("stop")),
        (200, json!({"choices": []}).to_string()),
        (200, "{\"choices\": [".to_owned()),
        (
            200,
            json!({"choices": [{"message": {"content": "x".repeat(ANSWER_BYTES_MAX)}, "finish_reason": "stop"}]})
                .to_string(),
        ),
    ];
    for case in cases {
        let world = world(std::slice::from_ref(&case)).await;
        assert_eq!(
            world.model.complete(&request()).await,
            Err(ModelError::Malformed),
            "{}",
            case.1.chars().take(200).collect::<String>()
        );
    }
}

#[tokio::test]
async fn an_error_status_and_a_late_answer_are_told_apart() {
    for status in [401, 404, 429, 500, 503] {
        let world = world(&[(status, "{}".to_owned())]).await;
        assert_eq!(world.model.complete(&request()).await, Err(ModelError::Status(status)));
        assert_eq!(world.script.lock().unwrap().seen.len(), 1);
    }
    let world = world(&[(0, String::new())]).await;
    assert_eq!(world.model.complete(&request()).await, Err(ModelError::Timeout));
    let base_url = format!("http://{}/v1", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    let model = OpenAiModel::new(&ModelSettings { base_url, key: None, name: "m".to_owned() }).unwrap();
    assert_eq!(model.complete(&request()).await, Err(ModelError::Unreachable));
}

#[tokio::test]
async fn the_names_a_server_wants_for_its_bounds_are_learnt_once() {
    let fine = choice(&json!({"content": "Yes."}), &json!("stop"));
    let tokens = (
        400,
        json!({"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}})
            .to_string(),
    );
    let temperature = (400, json!({"error": {"message": "'temperature' does not support 0"}}).to_string());
    let world = world(&[tokens.clone(), temperature, fine.clone(), fine, tokens]).await;
    assert_eq!(world.model.complete(&request()).await, Ok("Yes.".to_owned()));
    assert_eq!(world.model.complete(&request()).await, Ok("Yes.".to_owned()));
    assert_eq!(world.model.complete(&request()).await, Err(ModelError::Status(400)));
    let script = world.script.lock().unwrap();
    assert_eq!(script.seen.len(), 5);
    let last = &script.seen[4].1;
    assert!(last.get("max_tokens").is_none() && last.get("temperature").is_none());
    assert_eq!(last["max_completion_tokens"], 200);
}

#[tokio::test]
async fn a_prompt_over_its_bound_is_never_sent() {
    let world = world(&[]).await;
    let long = ModelRequest { input: "x".repeat(PROMPT_CHARS_MAX), ..request() };
    assert_eq!(world.model.complete(&long).await, Err(ModelError::Malformed));
    assert!(world.script.lock().unwrap().seen.is_empty());
}
