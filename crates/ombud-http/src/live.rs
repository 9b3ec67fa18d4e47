//! How do committed events reach open pages? Through bounded channels, one for each conversation that is watched and one for the desk.
//!
//! Nothing here is the truth: a page that falls behind reads the ledger again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ombud_domain::{ConversationId, TenantId};
use ombud_ports::{LiveBus, LiveEvent};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// Events kept for a page that reads slowly.
const CONVERSATION_EVENTS_MAX: usize = 64;
/// Events kept for a desk that reads slowly.
const DESK_EVENTS_MAX: usize = 512;

/// The channels of one server.
#[derive(Debug, Default)]
pub struct LiveHub {
    channels: Mutex<Channels>,
}

#[derive(Debug, Default)]
struct Channels {
    conversations: HashMap<ConversationId, Sender<LiveEvent>>,
    desk: Option<Sender<LiveEvent>>,
    is_closed: bool,
}

impl LiveHub {
    /// Events of one conversation from now on; `None` once the server shuts down.
    #[must_use]
    pub fn watch(&self, conversation: ConversationId) -> Option<Receiver<LiveEvent>> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.is_closed {
            return None;
        }
        // Channels that nobody watches any more go whenever somebody begins to watch, so there are never more than watchers plus one.
        channels.conversations.retain(|_, sender| sender.receiver_count() > 0);
        let sender = channels.conversations.entry(conversation).or_insert_with(|| channel(CONVERSATION_EVENTS_MAX).0);
        Some(sender.subscribe())
    }

    /// Events of all conversations that matter to a desk; `None` once the server shuts down.
    #[must_use]
    pub fn watch_desk(&self) -> Option<Receiver<LiveEvent>> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.is_closed {
            return None;
        }
        Some(channels.desk.get_or_insert_with(|| channel(DESK_EVENTS_MAX).0).subscribe())
    }

    /// Ends all streams, so that a shutdown does not wait for them.
    pub fn close(&self) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        *channels = Channels { is_closed: true, ..Channels::default() };
    }
}

impl LiveBus for LiveHub {
    fn publish(&self, _tenant: &TenantId, conversation: ConversationId, event: LiveEvent) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = channels.desk.as_ref().filter(|_| event.kind != "message.created") {
            // An error says that nobody listens.
            let _ = desk.send(LiveEvent { kind: event.kind.clone(), id: 0, data: for_desk(conversation, &event.data) });
        }
        if let Some(sender) = channels.conversations.get(&conversation) {
            let _ = sender.send(event);
        }
    }

    fn is_heard(&self, conversation: ConversationId) -> bool {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.desk.is_some() || channels.conversations.contains_key(&conversation)
    }
}

/// The desk needs to know which conversation; it reads the rest itself.
fn for_desk(conversation: ConversationId, data: &Value) -> Value {
    json!({"conversation_id": conversation, "status": data.get("status")})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(n: u128) -> ConversationId {
        ConversationId(uuid::Uuid::from_u128(n))
    }

    fn publish(hub: &LiveHub, n: u128, kind: &str) {
        let event = LiveEvent { kind: kind.to_owned(), id: 1, data: json!({"status": "open", "text": "hello"}) };
        hub.publish(&TenantId("t".to_owned()), conversation(n), event);
    }

    #[test]
    fn a_page_hears_of_its_conversation_only_and_the_desk_of_no_messages() {
        let hub = LiveHub::default();
        let mut page = hub.watch(conversation(1)).unwrap();
        let mut desk = hub.watch_desk().unwrap();
        publish(&hub, 2, "message.created");
        publish(&hub, 1, "message.created");
        publish(&hub, 2, "handoff.requested");
        assert_eq!(page.try_recv().unwrap().kind, "message.created");
        assert!(page.try_recv().is_err());
        let heard = desk.try_recv().unwrap();
        assert_eq!(
            (heard.kind.as_str(), heard.data),
            ("handoff.requested", json!({"conversation_id": conversation(2), "status": "open"}))
        );
        assert!(desk.try_recv().is_err());
    }

    #[test]
    fn a_conversation_is_heard_by_its_page_and_by_the_desk() {
        let hub = LiveHub::default();
        let _page = hub.watch(conversation(1)).unwrap();
        assert!(hub.is_heard(conversation(1)) && !hub.is_heard(conversation(2)));
        let _desk = hub.watch_desk().unwrap();
        assert!(hub.is_heard(conversation(2)));
    }

    #[test]
    fn channels_nobody_watches_are_forgotten() {
        let hub = LiveHub::default();
        for n in 0..1_000 {
            drop(hub.watch(conversation(n)));
        }
        assert_eq!(hub.channels.lock().unwrap().conversations.len(), 1);
    }

    #[test]
    fn after_closing_nobody_can_watch_and_those_who_did_have_ended() {
        let hub = LiveHub::default();
        let mut page = hub.watch(conversation(1)).unwrap();
        hub.close();
        assert!(hub.watch(conversation(1)).is_none() && hub.watch_desk().is_none());
        assert!(matches!(page.try_recv(), Err(tokio::sync::broadcast::error::TryRecvError::Closed)));
    }
}
