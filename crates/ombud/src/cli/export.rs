//! Everything about a customer, for himself: one file for programs, one for people.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_domain::RecordedEvent;
use ombud_ports::Clock as _;
use ombud_store::vault::erasure::Exported;
use serde_json::{Value, json};

use super::demo::write_private;
use super::erase::store_of;
use super::hold::since;
use super::{Context, Outcome, Output};
use crate::clock::SystemClock;
use crate::terminal::{say, say_json};

const EXAMPLES: &str = "\
Examples:
  ombud export --customer C-100001 --out C-100001      writes C-100001.json and C-100001.md
  ombud export --customer C-100001 --out x --data ./demo

Both files hold personal text and can be read by their owner alone. What the company's own systems have is not in them.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The customer as the company's systems name him.
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Files to write, without `.json` and `.md`; never written over.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Folder of a demo, instead of the configuration.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let with_ending = |ending: &str| {
        let mut name = options.out.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (json_file, text_file) = (with_ending(".json"), with_ending(".md"));
    if let Some(file) = [&json_file, &text_file].into_iter().find(|file| file.exists()) {
        bail!("`{}` is there already, an export is never written over", file.display());
    }
    let (store, tenant) = store_of(context, options.data.as_deref()).await?;
    let exported = store.export_customer(&tenant, &options.customer).await;
    store.shutdown().await;
    let exported = exported?;
    let now = SystemClock::new().now().0;
    let value = json!({"customer_id": options.customer, "made_at_us": now, "conversations": exported});
    let files = [
        (&json_file, serde_json::to_string_pretty(&value)?),
        (&text_file, readable(&options.customer, now, &exported)),
    ];
    for (file, text) in files {
        write_private(file, &text).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    let events: usize = exported.iter().map(|conversation| conversation.events.len()).sum();
    match context.output {
        Output::Text => say(format_args!(
            "{} conversations, {events} events: {} and {}",
            exported.len(),
            json_file.display(),
            text_file.display()
        )),
        Output::Json => {
            say_json(&json!({"conversations": exported.len(), "events": events, "files": [json_file, text_file]}))?
        }
    }
    Ok(Outcome::Done)
}

/// The same for people: what was said first, then everything else by name and value, with nothing left out.
fn readable(customer: &str, now_us: i64, exported: &[Exported]) -> String {
    let mut text = format!("# What is stored about {customer}\n\nMade {}. Times are UTC.\n", since(now_us));
    if exported.is_empty() {
        text.push_str("\nNothing.\n");
    }
    for conversation in exported {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n## Conversation {}\n\n### What was said\n", conversation.conversation_id);
        for message in conversation.events.iter().filter_map(|event| event.payload.get("message")) {
            let member = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(text, "- **{}**: {}", member("author"), one_line(member("text")));
        }
        text.push_str("\n### What was understood, decided and done\n\n");
        for event in conversation.events.iter().filter(|event| event.payload.get("message").is_none()) {
            write_event(&mut text, event);
        }
        for reply in &conversation.replies {
            text.push_str("- **answer kept for a repeated request**\n");
            write_value(&mut text, "", reply);
        }
    }
    text
}

fn write_event(text: &mut String, event: &RecordedEvent) {
    let _ = writeln!(text, "- **{}**, {}", event.kind, since(event.at.0));
    write_value(text, "", &event.payload);
}

/// Each value on a line of its own behind the names that lead to it.
fn write_value(text: &mut String, path: &str, value: &Value) {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| write_value(text, &under(name), value)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(number, value)| write_value(text, &under(&(number + 1).to_string()), value));
        }
        Value::Null => {}
        Value::String(words) => {
            let _ = writeln!(text, "    - {path}: {}", one_line(words));
        }
        other => {
            let _ = writeln!(text, "    - {path}: {other}");
        }
    }
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use ombud_domain::{StreamId, StreamKind, TimestampUs};

    use super::*;

    #[test]
    fn people_read_every_value_that_programs_do() {
        let event = |kind: &str, payload: Value| RecordedEvent {
            position: 1,
            stream: StreamId { kind: StreamKind::Conversation, id: "c".to_owned() },
            version: 1,
            kind: kind.to_owned(),
            at: TimestampUs(1_781_524_800_000_000),
            payload,
        };
        let exported = Exported {
            conversation_id: "c".to_owned(),
            events: vec![
                event("message.created", json!({"message": {"author": "customer", "text": "fact one\nand more"}})),
                event("turn.stages", json!({"records": [{"summary": "fact two", "detail": {"score": 0.25}}]})),
            ],
            replies: vec![json!({"response": {"text": "fact three"}})],
        };
        let text = readable("C-1", 1_781_524_800_000_000, &[exported]);
        for expected in [
            "# What is stored about C-1",
            "- **customer**: fact one and more",
            "- **turn.stages**, 2026-06-15 12:00 UTC",
            "    - records.1.detail.score: 0.25",
            "    - records.1.summary: fact two",
            "    - response.text: fact three",
        ] {
            assert!(text.contains(expected), "`{expected}` is not in\n{text}");
        }
        assert!(readable("C-1", 0, &[]).contains("Nothing."));
    }
}
