//! How do events become a row of the inbox? By one fold, shared by every adapter, so that they cannot drift apart.

use ombud_domain::{Author, ConversationStatus, Handover, Message, Priority, RecordedEvent, StreamKind, TimestampUs};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{InboxFilter, InboxRow};

/// A customer has told something that is kept.
pub const FACT_NOTED: &str = "fact.noted";
/// What a customer told is to be forgotten, all of it or one kind.
pub const FACT_FORGOTTEN: &str = "fact.forgotten";

/// Kinds of events that change a row, or say whose a conversation is; all others are skipped.
pub const INBOX_KINDS: [&str; 23] = [
    "conversation.opened",
    "conversation.language",
    "message.created",
    "conversation.identified",
    "handoff.requested",
    "handoff.updated",
    "handoff.withdrawn",
    "handoff.accepted",
    "handoff.returned",
    "conversation.resolved",
    "action.intended",
    "action.tried",
    "action.settled",
    "action.told",
    "request.parked",
    "conversation.reopened",
    "approval.requested",
    "approval.given",
    "approval.refused",
    "approval.lapsed",
    "approval.closed",
    FACT_NOTED,
    FACT_FORGOTTEN,
];

/// How long an intent is left alone that does not say when it may be asked about, microseconds.
const INTENT_GRACE_US: i64 = 60_000_000;

/// Characters of the last message that a row keeps.
pub const LAST_MESSAGE_CHARS_MAX: usize = 200;

/// Rows of one page at most.
pub const INBOX_ROWS_MAX: usize = 200;

/// Whether an event went into a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// The row has changed.
    Changed,
    /// The event says nothing about the row.
    Skipped,
    /// The event is of a known kind, but its content cannot be read; the row is as before.
    Unreadable,
}

/// Where a row stands in the list: ascending by rank, then order, then id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InboxPlace {
    /// 0 waiting with high priority, 1 waiting, 2 all others.
    pub rank: i64,
    /// Waiting rows: since when, microseconds. Others: minus the time of the last event, so that the newest comes first.
    pub order_us: i64,
    /// Conversation id.
    pub conversation_id: String,
}

impl InboxPlace {
    /// The cursor that continues after this place.
    #[must_use]
    pub fn to_cursor(&self) -> String {
        format!("{}~{}~{}", self.rank, self.order_us, self.conversation_id)
    }

    /// Reads a cursor; none when it was not made by [`Self::to_cursor`].
    #[must_use]
    pub fn from_cursor(cursor: &str) -> Option<Self> {
        let mut parts = cursor.splitn(3, '~');
        let rank = parts.next()?.parse().ok()?;
        let order_us = parts.next()?.parse().ok()?;
        Some(Self { rank, order_us, conversation_id: parts.next()?.to_owned() })
    }
}

impl InboxFilter {
    /// Whether a row is among those wanted, on whichever page.
    #[must_use]
    pub fn fits(&self, row: &InboxRow) -> bool {
        self.status.is_none_or(|status| row.status == status)
            && self.customer_id.as_ref().is_none_or(|id| row.customer_id.as_ref() == Some(id))
            && self.assignee.as_ref().is_none_or(|name| row.assignee.as_ref() == Some(name))
    }

    /// Rows of this page, between 1 and [`INBOX_ROWS_MAX`].
    #[must_use]
    pub fn rows_bounded(&self) -> usize {
        self.rows_max.clamp(1, INBOX_ROWS_MAX)
    }
}

impl InboxRow {
    /// A row before its first event.
    #[must_use]
    pub fn blank(conversation_id: &str) -> Self {
        Self {
            conversation_id: conversation_id.to_owned(),
            status: ConversationStatus::Open,
            customer_id: None,
            customer_name: None,
            reason_code: None,
            summary: None,
            priority: Priority::Normal,
            waiting_since: None,
            assignee: None,
            locale: String::new(),
            last_message: String::new(),
            position: 0,
            updated_at: TimestampUs(0),
            recover_at: None,
            silent_since: None,
            parked: 0,
            approval_due: None,
        }
    }

    /// Where the row stands in the list.
    #[must_use]
    pub fn place(&self) -> InboxPlace {
        let waits = self.status == ConversationStatus::WaitingForAgent;
        let (rank, order_us) = match (waits, self.priority) {
            (true, Priority::High) => (0, self.waiting_since.unwrap_or(self.updated_at).0),
            (true, Priority::Normal) => (1, self.waiting_since.unwrap_or(self.updated_at).0),
            (false, _) => (2, self.updated_at.0.saturating_neg()),
        };
        InboxPlace { rank, order_us, conversation_id: self.conversation_id.clone() }
    }

    /// Takes an event in.
    ///
    /// INVARIANT: an event at or before [`InboxRow::position`] changes nothing, so a batch can be read twice (test: `an_event_read_twice_changes_nothing`).
    pub fn fold(&mut self, event: &RecordedEvent) -> Folded {
        if event.stream.kind != StreamKind::Conversation || event.position <= self.position {
            return Folded::Skipped;
        }
        let folded = self.fold_kind(event);
        if folded == Folded::Changed {
            self.position = event.position;
            self.updated_at = event.at;
        }
        folded
    }

    fn fold_kind(&mut self, event: &RecordedEvent) -> Folded {
        let payload = &event.payload;
        if let Some(due) = payload.get("approvals_due_us") {
            self.approval_due = due.as_i64().map(TimestampUs);
        }
        match event.kind.as_str() {
            "conversation.opened" => {
                self.customer_id = text(payload, "customer_id");
                self.customer_name = text(payload, "customer_name");
                self.locale = text(payload, "locale").unwrap_or_default();
            }
            "conversation.language" => {
                let Some(locale) = text(payload, "locale") else { return Folded::Unreadable };
                self.locale = locale;
            }
            "message.created" => {
                let Some(message) = member::<Message>(payload, "message") else { return Folded::Unreadable };
                // While somebody waits, what the assistant says meanwhile is no news.
                let waits = self.status == ConversationStatus::WaitingForAgent;
                match message.author {
                    Author::System => return Folded::Skipped,
                    Author::Assistant if waits => return Folded::Skipped,
                    Author::Customer | Author::Assistant | Author::Agent => {}
                }
                self.last_message = message.text.chars().take(LAST_MESSAGE_CHARS_MAX).collect();
                self.hear(message.author, payload, event.at);
            }
            "conversation.identified" => {
                let Some(customer_id) = text(payload, "customer_id") else { return Folded::Unreadable };
                self.customer_id = Some(customer_id);
                self.customer_name = text(payload, "name").or_else(|| self.customer_name.take());
            }
            "handoff.requested" => {
                let Some(handover) = member::<Handover>(payload, "handover") else { return Folded::Unreadable };
                self.wait(handover, event.at);
            }
            "handoff.updated" => {
                let Some(handover) = member::<Handover>(payload, "handover") else { return Folded::Unreadable };
                self.priority = handover.priority;
                self.summary = Some(handover.summary);
            }
            "handoff.withdrawn" => self.leave_desk(ConversationStatus::Open),
            "conversation.reopened" => {
                self.leave_desk(ConversationStatus::Open);
                // The case is over, so nothing keeps its summary up to date.
                self.summary = None;
            }
            "handoff.accepted" => {
                self.status = ConversationStatus::WithAgent;
                self.assignee = text(payload, "agent");
                self.waiting_since = None;
                self.silent_since = None;
            }
            "handoff.returned" => self.leave_desk(ConversationStatus::Open),
            "conversation.resolved" => self.leave_desk(ConversationStatus::Resolved),
            "action.intended" | "action.tried" | "action.settled" if payload.get("challenge").is_some() => {
                return Folded::Skipped;
            }
            "action.intended" => {
                let after = event.at.0.saturating_add(INTENT_GRACE_US);
                self.recover_at = Some(TimestampUs(number(payload, "recover_at_us").unwrap_or(after)));
            }
            "action.tried" | "action.settled" => self.recover_at = number(payload, "recover_at_us").map(TimestampUs),
            "action.told" => self.recover_at = None,
            "approval.requested" | "approval.given" | "approval.refused" | "approval.lapsed" | "approval.closed" => {}
            "request.parked" => self.parked = number(payload, "parked").unwrap_or(0),
            _ => return Folded::Skipped,
        }
        Folded::Changed
    }

    /// A customer who writes is not silent, and what was ended is open again; the clock of silence runs from a reply that waits for an answer.
    fn hear(&mut self, author: Author, payload: &Value, at: TimestampUs) {
        if author == Author::Customer && self.status == ConversationStatus::Resolved {
            self.status = ConversationStatus::Open;
        }
        let asks = author == Author::Assistant && payload.get("asks").is_some_and(|asks| *asks == Value::Bool(true));
        self.silent_since = (asks && self.status == ConversationStatus::Open).then_some(at);
    }

    fn wait(&mut self, handover: Handover, since: TimestampUs) {
        // Somebody who waits already and is handed over for another reason keeps his place.
        let waits = self.status == ConversationStatus::WaitingForAgent;
        self.waiting_since = self.waiting_since.filter(|_| waits).or(Some(since));
        self.status = ConversationStatus::WaitingForAgent;
        self.assignee = None;
        self.silent_since = None;
        self.priority = handover.priority;
        self.reason_code = Some(handover.reason_code);
        self.summary = Some(handover.summary);
    }

    fn leave_desk(&mut self, status: ConversationStatus) {
        self.status = status;
        self.assignee = None;
        self.waiting_since = None;
        self.silent_since = None;
    }
}

fn text(payload: &Value, name: &str) -> Option<String> {
    payload.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn number(payload: &Value, name: &str) -> Option<i64> {
    payload.get(name).and_then(Value::as_i64)
}

fn member<T: DeserializeOwned>(payload: &Value, name: &str) -> Option<T> {
    payload.get(name).and_then(|value| T::deserialize(value).ok())
}

#[cfg(test)]
mod tests {
    use ombud_domain::StreamId;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_read_twice_changes_nothing() {
        let event = RecordedEvent {
            position: 7,
            stream: StreamId { kind: StreamKind::Conversation, id: "c".to_owned() },
            version: 1,
            kind: "handoff.accepted".to_owned(),
            at: TimestampUs(1),
            payload: json!({"agent": "Kim"}),
        };
        let mut row = InboxRow::blank("c");
        assert_eq!(row.fold(&event), Folded::Changed);
        let once = row.clone();
        let later = RecordedEvent { payload: json!({"agent": "Bo"}), ..event };
        assert_eq!(row.fold(&later), Folded::Skipped);
        assert_eq!(row, once);
    }

    #[test]
    fn a_conversation_that_turns_to_another_language_stands_in_the_list_with_it() {
        let event = RecordedEvent {
            position: 7,
            stream: StreamId { kind: StreamKind::Conversation, id: "c".to_owned() },
            version: 1,
            kind: "conversation.language".to_owned(),
            at: TimestampUs(1),
            payload: json!({"turn_id": "t", "locale": "de"}),
        };
        let mut row = InboxRow { locale: "en".to_owned(), ..InboxRow::blank("c") };
        assert_eq!((row.fold(&event), row.locale.as_str()), (Folded::Changed, "de"));
        assert!(INBOX_KINDS.contains(&event.kind.as_str()));
    }

    /// A summary whose case is over is updated by nobody, also when what it quotes must go.
    #[test]
    fn whoever_writes_again_after_the_end_has_no_summary_of_the_case_before() {
        let event = RecordedEvent {
            position: 7,
            stream: StreamId { kind: StreamKind::Conversation, id: "c".to_owned() },
            version: 1,
            kind: "conversation.reopened".to_owned(),
            at: TimestampUs(1),
            payload: json!({}),
        };
        let mut row = InboxRow { summary: Some("my card is 4111".to_owned()), ..InboxRow::blank("c") };
        assert_eq!(row.fold(&event), Folded::Changed);
        assert_eq!((row.status, row.summary), (ConversationStatus::Open, None));
    }
}
