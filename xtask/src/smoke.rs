//! Does a newcomer's first minute work? Start the demo, ask one question over HTTP, check the answer and its nine stages, stop.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::postgres::free_port;
use crate::terminal::say;
use crate::workspace::Workspace;
use crate::{demo, programs};

const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(15);
const TRY_EVERY: Duration = Duration::from_millis(100);
const ANSWER_MAX: Duration = Duration::from_secs(30);
const QUESTION: &str = "What happens if I pay late?";
const STAGES: &[&str] =
    &["intake", "safety", "understanding", "context", "decision", "action", "answer", "record", "reply"];
/// Stages that a turn may do without: a question about a rule needs no action.
const OPTIONAL: &[&str] = &["action"];

pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    demo::build(workspace)?;
    let mut running = Running::start(workspace)?;
    let result = converse(&mut running);
    let stopped = running.stop();
    let log = fs::read_to_string(&running.log).unwrap_or_default();
    result.and(stopped).with_context(|| format!("the demo printed:\n{log}"))
}

fn converse(running: &mut Running) -> anyhow::Result<()> {
    let started = Instant::now();
    running.wait_until_healthy()?;
    say(format_args!("demo healthy after {} ms", started.elapsed().as_millis()));
    let address = running.address.as_str();
    // Signed in as the first customer of the demo: a visitor is shown no stages.
    let customers = call(address, "GET", "/api/v1/demo/customers", None, &Value::Null)?;
    let customer = text_of(&customers, "/0/id")?;
    let session = call(address, "POST", "/api/v1/demo/sessions", None, &json!({ "customer_id": customer }))?;
    let token = text_of(&session, "/token")?;
    let conversation = call(address, "POST", "/api/v1/conversations", Some(&token), &json!({}))?;
    let id = text_of(&conversation, "/id")?;
    let asked = Instant::now();
    let path = format!("/api/v1/conversations/{id}/messages");
    let reply = call(address, "POST", &path, Some(&token), &json!({ "text": QUESTION }))?;
    say(format_args!("answered after {} ms", asked.elapsed().as_millis()));
    check_reply(&reply)
}

fn check_reply(reply: &Value) -> anyhow::Result<()> {
    let messages = reply.get("messages").and_then(Value::as_array).context("the reply has no `messages`")?;
    let answer = messages.iter().find(|message| message.get("author") == Some(&json!("assistant")));
    let answer = answer.context("no message is from the assistant")?;
    let text = text_of(answer, "/text")?;
    ensure!(!text.trim().is_empty(), "the answer is empty");
    let sources = answer.get("citations").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(sources > 0, "the answer cites no article: {text}");
    let stages = reply.get("stages").and_then(Value::as_array).context("the reply has no `stages`")?;
    let names: Vec<&str> = stages.iter().filter_map(|stage| stage.get("stage")?.as_str()).collect();
    check_stages(&names)
}

/// Every stage happened, the first time in the order of the journey.
fn check_stages(names: &[&str]) -> anyhow::Result<()> {
    let mut last = 0;
    for stage in STAGES {
        match names.iter().position(|name| name == stage) {
            Some(at) if at >= last => last = at,
            Some(_) => bail!("stage `{stage}` came too early: {}", names.join(", ")),
            None if OPTIONAL.contains(stage) => {}
            None => bail!("stage `{stage}` is missing: {}", names.join(", ")),
        }
    }
    Ok(())
}

fn text_of(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("no text at `{pointer}` in {value}"))?.to_owned())
}

/// The demo as a child, with a data folder of its own.
struct Running {
    demo: Child,
    address: String,
    folder: std::path::PathBuf,
    log: std::path::PathBuf,
}

impl Running {
    fn start(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("ombud-smoke-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = folder.join("log");
        let printed = fs::File::create(&log)?;
        let mut command = Command::new(demo::binary(workspace, "ombud"));
        command.args(["demo", "--listen", &address, "--data"]).arg(folder.join("data")).current_dir(&workspace.root);
        let demo = command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(printed).spawn();
        Ok(Self { demo: demo.context("cannot start `ombud demo`")?, address, folder, log })
    }

    fn wait_until_healthy(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_MAX {
            if let Some(status) = self.demo.try_wait()? {
                bail!("the demo ended before it opened ({status})");
            }
            if call(&self.address, "GET", "/api/v1/health", None, &Value::Null).is_ok() {
                return Ok(());
            }
            sleep(TRY_EVERY);
        }
        bail!("the demo did not open within {} s", START_MAX.as_secs())
    }

    /// Asks the demo to stop, as an operator would, and waits for it.
    fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.demo.try_wait()? {
            bail!("the demo ended by itself ({status})");
        }
        programs::run(Command::new("kill").args(["-TERM", &self.demo.id().to_string()]))?;
        let started = Instant::now();
        while started.elapsed() < STOP_MAX {
            if let Some(status) = self.demo.try_wait()? {
                ensure!(status.success(), "the demo did not stop cleanly ({status})");
                return Ok(());
            }
            sleep(TRY_EVERY);
        }
        bail!("the demo did not stop within {} s after SIGTERM", STOP_MAX.as_secs())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.demo.kill();
        let _already_gone = self.demo.wait();
        let _left_for_the_system = fs::remove_dir_all(&self.folder);
    }
}

/// One HTTP exchange on a connection of its own; JSON both ways.
fn call(address: &str, method: &str, path: &str, token: Option<&str>, body: &Value) -> anyhow::Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{authorization}\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse_answer(&String::from_utf8(answer)?).with_context(|| format!("{method} {path}"))
}

fn parse_answer(answer: &str) -> anyhow::Result<Value> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "status {status}: {body}");
    ensure!(head.to_ascii_lowercase().contains("content-length:"), "an answer without a length");
    serde_json::from_str(body).context("the answer is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_may_repeat_but_come_in_order() {
        let of = |names: &[&str]| check_stages(names);
        assert!(of(STAGES).is_ok());
        let twice: Vec<&str> =
            "intake safety understanding context decision action context decision answer record reply"
                .split(' ')
                .collect();
        assert!(of(&twice).is_ok());
        assert!(of(&STAGES[1..]).is_err());
        let swapped: Vec<&str> =
            "safety intake understanding context decision answer record reply".split(' ').collect();
        assert!(of(&swapped).is_err());
    }

    #[test]
    fn an_answer_without_a_source_is_not_good_enough() {
        let reply = |citations: Value| {
            let stages: Vec<Value> = STAGES.iter().map(|stage| json!({ "stage": stage })).collect();
            json!({ "messages": [{ "author": "assistant", "text": "A fee.", "citations": citations }], "stages": stages })
        };
        assert!(check_reply(&reply(json!([{ "article_id": "late" }]))).is_ok());
        assert!(check_reply(&reply(json!([]))).is_err());
    }

    #[test]
    fn an_error_status_is_an_error() {
        let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
        assert!(parse_answer(&answer("200 OK")).is_ok());
        assert!(parse_answer(&answer("503 Service Unavailable")).is_err());
    }
}
