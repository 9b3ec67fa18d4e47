//! Stage 9: what is durable leaves: to the caller, and to every open page.

use ombud_domain::{ConversationId, Message};
use ombud_ports::LiveEvent;
use serde_json::json;

use crate::assistant::Assistant;
use crate::record::Recorded;
use crate::view::TurnReply;

pub(crate) fn deliver(assistant: &Assistant, recorded: Recorded) -> TurnReply {
    let (reply, customer_message, handed_over) = recorded.into_parts();
    let id = reply.conversation_id;
    for message in customer_message.iter().chain(&reply.messages) {
        announce_message(assistant, id, message);
    }
    announce(assistant, id, "conversation.updated", json!({"status": reply.status, "awaiting": reply.awaiting}));
    if handed_over {
        announce(assistant, id, "handoff.requested", json!({"status": reply.status}));
    }
    reply
}

pub(crate) fn announce_message(assistant: &Assistant, id: ConversationId, message: &Message) {
    let data = serde_json::to_value(message).unwrap_or_default();
    assistant.ports.live.publish(
        &assistant.settings.tenant,
        id,
        LiveEvent { kind: "message.created".to_owned(), id: message.seq, data },
    );
}

pub(crate) fn announce(assistant: &Assistant, id: ConversationId, kind: &str, data: serde_json::Value) {
    assistant.ports.live.publish(&assistant.settings.tenant, id, LiveEvent { kind: kind.to_owned(), id: 0, data });
}
