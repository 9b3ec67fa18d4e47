//! How does what was written of a card number go when a later message makes it whole? It is overwritten wherever it stands in the conversation's stream.

use ombud_domain::{JsonText, NewEvent, StreamId};
use ombud_language::safety::TailPart;
use ombud_ports::{Shredding, StoreError};
use serde_json::Value;

use crate::assistant::Assistant;
use crate::conversation::Conversation;

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

fn shred(value: &mut Value, parts: &[TailPart]) -> bool {
    match value {
        Value::String(text) => {
            let before = text.clone();
            for part in parts {
                if let Some(left) = part.shred(text) {
                    *text = left;
                }
            }
            *text != before
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| shred(item, parts) | changed),
        Value::Object(members) => {
            // Who a customer is comes from the company, whatever digits it has in common with what he wrote.
            let typed = members.iter_mut().filter(|(name, _)| *name != "customer_id");
            typed.fold(false, |changed, (_, member)| shred(member, parts) | changed)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use ombud_language::safety::DigitTail;
    use serde_json::json;

    use super::*;

    /// Where a company numbers its customers, somebody may write his own number; he stays who he is.
    #[test]
    fn who_the_customer_is_stays_whatever_he_wrote() {
        let tail = DigitTail::default().after("41111111", 1);
        let mut state = json!({"customer_id": "41111111", "slots": {"order": "41111111", "at_us": 41_111_111}});
        assert!(shred(&mut state, &tail.parts));
        let left = json!({"customer_id": "41111111", "slots": {"order": "[card number removed]", "at_us": 41_111_111}});
        assert_eq!(state, left);
        assert!(!shred(&mut state, &tail.parts));
    }
}
