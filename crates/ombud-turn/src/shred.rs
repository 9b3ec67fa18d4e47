//! How does what was written of a card number go when a later message makes it whole? It is overwritten wherever it stands in the conversation's stream.

use ombud_domain::{JsonText, Message, NewEvent, StreamId};
use ombud_language::safety::TailPart;
use ombud_ports::{Shredding, StoreError};
use serde::Deserialize;
use serde_json::Value;

use crate::assistant::Assistant;
use crate::conversation::Conversation;

/// What stands in the place of digits.
const MARKER: &str = "[card number removed]";
/// Shorter parts are only shredded in the message itself: elsewhere they may be part of anything.
const ANYWHERE_DIGITS_MIN: usize = 6;
/// Events read at once.
const PAGE: usize = 500;
/// Pages of a conversation; the bound on its events is checked where it is folded.
const PAGES_MAX: usize = 200;

/// What to overwrite of the earlier events of a conversation.
pub(crate) async fn earlier(assistant: &Assistant, state: &Conversation) -> Result<Shredding, StoreError> {
    let stream = StreamId::from(state.id);
    let mut shredding = Shredding { events: Vec::new(), scope: state.id.to_string() };
    let mut after = 0;
    for _ in 0..PAGES_MAX {
        let page = assistant.ports.ledger.read(&assistant.settings.tenant, &stream, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.version;
        for mut event in page {
            if shred(&mut event.payload, &state.tail.parts) {
                shredding.events.push((event.version, JsonText::from(event.payload)));
            }
        }
    }
    Ok(shredding)
}

/// The same for events that are about to be written.
pub(crate) fn fresh(events: &mut [NewEvent], parts: &[TailPart]) -> Result<(), StoreError> {
    for event in events {
        event.payload = text(&event.payload, parts)?;
    }
    Ok(())
}

/// The same for one JSON text.
pub(crate) fn text(json: &JsonText, parts: &[TailPart]) -> Result<JsonText, StoreError> {
    let mut value: Value = json.read().map_err(|_| StoreError::Corrupt { what: "event" })?;
    Ok(if shred(&mut value, parts) { JsonText::from(value) } else { json.clone() })
}

fn shred(payload: &mut Value, parts: &[TailPart]) -> bool {
    let message = payload.get("message").and_then(|message| Message::deserialize(message).ok());
    let own = message.and_then(|message| parts.iter().find(|part| part.message == message.seq));
    let mut changed = false;
    if let (Some(part), Some(Value::String(text))) = (own, payload.pointer_mut("/message/text"))
        && let Some(at) = text.rfind(&part.written)
    {
        text.replace_range(at..at.saturating_add(part.written.len()), MARKER);
        changed = true;
    }
    for part in parts {
        if part.written.chars().filter(|c| c.is_numeric()).count() >= ANYWHERE_DIGITS_MIN {
            changed |= anywhere(payload, &part.written);
        }
    }
    changed
}

fn anywhere(value: &mut Value, written: &str) -> bool {
    match value {
        Value::String(text) => {
            let plain: String = written.chars().filter(char::is_ascii_digit).collect();
            let found = [written, plain.as_str()].into_iter().find(|one| !one.is_empty() && text.contains(*one));
            if let Some(found) = found {
                *text = text.replace(found, MARKER);
            }
            found.is_some()
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| anywhere(item, written) | changed),
        Value::Object(members) => {
            members.values_mut().fold(false, |changed, member| anywhere(member, written) | changed)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
