//! The order API and the scripted model of a measurement, as a process of its own: both answer at once and always the same.
//!
//! The model speaks the chat-completions protocol. Asked with tools, it calls the first one with the order number of the question, and
//! then answers from what the tool gave; asked to rephrase a reply, it gives the reply with two words before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::plan;
use super::wire::{Message, Wire};
use crate::cli::Outcome;
use crate::terminal::say_json;
use crate::wiring::stop_wanted;

/// Put before a reply that is rephrased, so that a draft can be told from a template.
pub(super) const DRAFTED: &str = "Good news:";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Time the model takes for an answer.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    model_ms: u64,
}

/// What was asked so far.
#[derive(Debug)]
struct Counts {
    orders: AtomicU64,
    completions: AtomicU64,
    model_ms: u64,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<Outcome> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let counts = Arc::new(Counts { orders: 0.into(), completions: 0.into(), model_ms: options.model_ms });
    say_json(&json!({"url": format!("http://{}", listener.local_addr()?)}))?;
    let connections = TaskTracker::new();
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            connections.spawn(serve(stream, Arc::clone(&counts)));
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop_wanted() => {}
    }
    Ok(Outcome::Done)
}

async fn serve(stream: TcpStream, counts: Arc<Counts>) {
    let mut wire = Wire::new(stream);
    // A connection that ends is no error of ours.
    while let Ok(Some(message)) = wire.receive().await {
        let (status, body) = answer(&message, &counts).await;
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if wire.send(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn answer(message: &Message, counts: &Counts) -> (&'static str, String) {
    let mut words = message.start.split(' ');
    match (words.next(), words.next().unwrap_or_default()) {
        (Some("GET"), "/stats") => {
            let stats = json!({"orders": counts.orders.load(Ordering::Relaxed), "completions": counts.completions.load(Ordering::Relaxed)});
            ("200 OK", stats.to_string())
        }
        (Some("GET"), path) => match path.strip_prefix("/orders/").and_then(order_record) {
            Some(record) => {
                counts.orders.fetch_add(1, Ordering::Relaxed);
                ("200 OK", record)
            }
            None => (
                "404 Not Found",
                json!({"error": {"code": "not_found", "message": "there is no such order"}}).to_string(),
            ),
        },
        (Some("POST"), "/v1/chat/completions") => {
            let Ok(request) = serde_json::from_slice::<Value>(&message.body) else {
                return ("400 Bad Request", json!({"error": {"message": "the body is not JSON"}}).to_string());
            };
            counts.completions.fetch_add(1, Ordering::Relaxed);
            if counts.model_ms > 0 {
                tokio::time::sleep(Duration::from_millis(counts.model_ms)).await;
            }
            ("200 OK", completion(&request).to_string())
        }
        _ => ("404 Not Found", json!({"error": {"message": "there is no such path"}}).to_string()),
    }
}

fn order_record(order: &str) -> Option<String> {
    let owner = plan::owner(order)?;
    let record = json!({
        "order_id": order, "customer_id": owner, "status": "shipped", "carrier": "DHL", "eta": "Friday",
        "total": {"amount": "149.90", "currency": "EUR"}, "items": [{"sku": "SKU-1", "name": "Running shoes", "qty": 1}],
    });
    Some(record.to_string())
}

fn completion(request: &Value) -> Value {
    let last = request.get("messages").and_then(Value::as_array).and_then(|messages| messages.last());
    let text = last.map(text_of).unwrap_or_default();
    let from_tool = last.and_then(|message| message.get("role")).and_then(Value::as_str) == Some("tool");
    let order = last_order(&text);
    let (message, reason) = match (reply_to_rephrase(&text), order, tool(request)) {
        (Some(reply), ..) => (json!({"role": "assistant", "content": format!("{DRAFTED} {reply}")}), "stop"),
        (None, Some(order), Some((name, argument))) if !from_tool => {
            let arguments = json!({argument: order}).to_string();
            let call = json!({"id": format!("call_{order}"), "type": "function", "function": {"name": name, "arguments": arguments}});
            (json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
        }
        (None, Some(order), _) => {
            let said = format!(
                "Your order {order} has shipped with DHL and should arrive on Friday. Is there anything else I can help you with?"
            );
            (json!({"role": "assistant", "content": said}), "stop")
        }
        (None, None, _) => (json!({"role": "assistant", "content": "How can I help you today?"}), "stop"),
    };
    json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_700_000_000,
        "model": request.get("model").and_then(Value::as_str).unwrap_or("scripted"),
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": reason}],
        "usage": {"prompt_tokens": text.len() / 4, "completion_tokens": 24, "total_tokens": text.len() / 4 + 24},
    })
}

fn text_of(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

/// Name and required argument of the first tool offered.
fn tool(request: &Value) -> Option<(&str, &str)> {
    let function = request.get("tools")?.as_array()?.first()?.get("function")?;
    let argument = function.pointer("/parameters/required/0")?.as_str()?;
    Some((function.get("name")?.as_str()?, argument))
}

/// The reply between our own prompt's markers.
fn reply_to_rephrase(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<reply ")?;
    let (_, rest) = rest.split_once(">\n")?;
    rest.split_once("\n</reply ").map(|(reply, _)| reply)
}

/// The last order number of a text.
fn last_order(text: &str) -> Option<String> {
    text.rmatch_indices("ORD-").find_map(|(at, prefix)| {
        let rest = text.get(at + prefix.len()..)?;
        let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
        (!digits.is_empty()).then(|| format!("{prefix}{digits}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(messages: Value, tools: Value) -> Value {
        json!({"model": "m", "messages": messages, "tools": tools})
    }

    #[test]
    fn the_model_calls_the_tool_then_answers_and_rephrases_what_it_is_given() {
        let tools =
            json!([{"type": "function", "function": {"name": "look_up", "parameters": {"required": ["number"]}}}]);
        let question = json!({"role": "user", "content": "not ORD-100001 but ORD-100002?"});
        let called = completion(&request(json!([question]), tools.clone()));
        assert_eq!(called.pointer("/choices/0/finish_reason"), Some(&json!("tool_calls")));
        let function = called.pointer("/choices/0/message/tool_calls/0/function").unwrap();
        assert_eq!(function, &json!({"name": "look_up", "arguments": "{\"number\":\"ORD-100002\"}"}));

        let found = json!({"role": "tool", "content": order_record("ORD-100002").unwrap()});
        let said = completion(&request(json!([question, found]), tools));
        let said = said.pointer("/choices/0/message/content").and_then(Value::as_str).unwrap();
        assert!(said.contains("ORD-100002") && said.contains("shipped"), "{said}");

        let prompt = "<customer x>\nwhere is ORD-100002?\n</customer x>\n\n<reply x>\nIt has shipped.\n\nAnything else?\n</reply x>";
        let draft = completion(&request(json!([{"role": "user", "content": prompt}]), json!(null)));
        let draft = draft.pointer("/choices/0/message/content");
        assert_eq!(draft, Some(&json!("Good news: It has shipped.\n\nAnything else?")));
    }
}
