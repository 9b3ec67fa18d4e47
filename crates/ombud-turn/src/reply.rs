//! Stage 9: what is durable leaves: to the caller, and to every open page.

use ombud_domain::{Author, Awaiting, ConversationId, Message};
use ombud_ports::{LiveEvent, StoreError, crash_point};
use serde::Deserialize as _;
use serde_json::json;

use crate::assistant::Assistant;
use crate::record::Recorded;
use crate::view::TurnReply;
use crate::{shadow, waiting};

pub(crate) fn deliver(assistant: &Assistant, recorded: Recorded) -> TurnReply {
    let (reply, before, told) = recorded.into_parts();
    let id = reply.conversation_id;
    if !assistant.ports.live.is_heard(id) {
        return reply;
    }
    for message in before.iter().chain(&reply.messages).filter(|message| !message.withheld) {
        announce_message(assistant, id, message);
    }
    let awaiting = if shadow::withholds(assistant, Author::Assistant) { &Awaiting::default() } else { &reply.awaiting };
    announce(assistant, id, "conversation.updated", json!({"status": reply.status, "awaiting": awaiting}));
    for kind in told {
        announce(assistant, id, kind, json!({"status": reply.status}));
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

/// Outbox messages taken at once.
const RELAYED_MAX: usize = 500;

impl Assistant {
    /// Announces what the outbox holds and removes it; what a crash left there is announced again, so pages may hear it twice. Gives
    /// the number of messages; call it again and again.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost, the messages stay in the outbox.
    pub async fn relay(&self) -> Result<usize, StoreError> {
        let due = self.ports.ledger.undelivered(&self.settings.tenant, RELAYED_MAX).await?;
        let mut changed: Vec<ConversationId> = due
            .iter()
            .filter_map(|(_, _, content)| ConversationId::deserialize(content.get("conversation_id")?).ok())
            .collect();
        changed.sort_unstable();
        changed.dedup();
        for id in changed {
            // Nobody hears of most: what they would hear is not even read.
            if self.ports.live.is_heard(id)
                && let Ok(Some(state)) = self.load(id).await
            {
                let is_withheld = shadow::withholds(self, Author::Assistant);
                let awaiting = if is_withheld { Awaiting::default() } else { waiting::awaiting(&state) };
                announce(self, id, "conversation.updated", json!({"status": state.status, "awaiting": awaiting}));
            }
        }
        crash_point("outbox.announced");
        let ids: Vec<i64> = due.iter().map(|(id, ..)| *id).collect();
        if !ids.is_empty() {
            self.ports.ledger.mark_delivered(&self.settings.tenant, &ids).await?;
        }
        Ok(ids.len())
    }
}
