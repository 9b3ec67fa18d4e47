//! A conversation as the people of the company see it.

use std::collections::BTreeMap;

use ombud_domain as domain;
use ombud_ports::InboxRow;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::conversation::{Conversation, Status};
use super::turn::Turn;
use ombud_turn::DeskView;

/// Who is helped first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before others.
    High,
    /// In turn.
    Normal,
}

impl From<domain::Priority> for Priority {
    fn from(priority: domain::Priority) -> Self {
        match priority {
            domain::Priority::High => Self::High,
            domain::Priority::Normal => Self::Normal,
        }
    }
}

/// A page of the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskPage {
    /// Rows.
    pub items: Vec<DeskRow>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Rows on all pages.
    pub total: u64,
}

/// A row of the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskRow {
    /// Conversation id.
    pub id: String,
    /// Who answers.
    pub status: Status,
    /// The customer, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Since when somebody waits, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<String>,
    /// Reason of the hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// Summary of the hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Who is helped first.
    pub priority: Priority,
    /// Language tag.
    pub locale: String,
    /// Beginning of the last message.
    pub last_message: String,
    /// Who has taken it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// When something happened last, RFC 3339.
    pub updated_at: String,
}

impl From<InboxRow> for DeskRow {
    fn from(row: InboxRow) -> Self {
        Self {
            id: row.conversation_id,
            status: row.status.into(),
            customer_name: row.customer_name,
            waiting_since: row.waiting_since.map(domain::TimestampUs::to_rfc3339),
            reason_code: row.reason_code,
            summary: row.summary,
            priority: row.priority.into(),
            locale: row.locale,
            last_message: row.last_message,
            assignee: row.assignee,
            updated_at: row.updated_at.to_rfc3339(),
        }
    }
}

/// Everything a person needs without asking the customer again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Handover {
    /// Stable reason code.
    pub reason_code: String,
    /// Who is helped first.
    pub priority: Priority,
    /// Two or three sentences.
    pub summary: String,
    /// How sure we are who it is.
    #[schema(example = "identified")]
    pub identity_level: &'static str,
    /// The customer's record as read; left out when unknown.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Option<Object>)]
    pub customer: Value,
    /// What was collected, by slot.
    #[schema(value_type = Object)]
    pub slots: Value,
    /// Actions tried, with state and receipt.
    #[schema(value_type = Vec<Object>)]
    pub actions: Vec<Value>,
    /// Knowledge quoted.
    #[schema(value_type = Vec<Object>)]
    pub sources: Vec<Value>,
    /// Records near the one in question, the nearest first: kind, id, label, moment, source and age in seconds.
    #[schema(value_type = Vec<Object>)]
    pub near: Vec<Value>,
    /// Language tag.
    pub language: String,
    /// `neutral`, `angry`, `distressed`.
    pub sentiment: String,
    /// What the assistant would do next.
    pub proposed_next_step: String,
    /// What was proposed and is neither accepted nor declined, as the customer saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// The customer's last words that say something.
    pub last_words: String,
    /// How the company names fields of the customer and the slots; others by their own name.
    pub labels: BTreeMap<String, String>,
    /// When a person was asked for, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<String>,
}

impl Handover {
    fn new(
        handover: domain::Handover,
        labels: BTreeMap<String, String>,
        requested_at: Option<domain::TimestampUs>,
    ) -> Self {
        Self {
            reason_code: handover.reason_code,
            priority: handover.priority.into(),
            summary: handover.summary,
            identity_level: handover.identity_level.as_str(),
            customer: handover.customer,
            slots: handover.slots,
            actions: handover.actions,
            sources: handover.sources,
            near: handover.near,
            language: handover.language,
            sentiment: handover.sentiment,
            proposed_next_step: handover.proposed_next_step,
            proposal: handover.proposal,
            last_words: handover.last_words,
            labels,
            requested_at: requested_at.map(domain::TimestampUs::to_rfc3339),
        }
    }
}

/// A conversation with all its context.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeskConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// What was handed over, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    /// Who has taken it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The open request that the assistant could go on with when the conversation is given back with `resume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumable: Option<String>,
    /// How each reply came about.
    pub turns: Vec<Turn>,
    /// What people did and noted, oldest first; customers see none of it.
    pub notes: Vec<DeskNote>,
    /// Other conversations of the same customer, at most five, newest first.
    pub previous: Vec<DeskRow>,
    /// What the customer told and is kept now, whatever the conversation.
    pub told: Vec<ToldFact>,
}

/// Something that a customer told and that is kept for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToldFact {
    /// Its kind, as the pack calls it.
    #[schema(example = "call_time")]
    pub kind: String,
    /// Its value.
    #[schema(example = "morning")]
    pub value: String,
    /// The same in words.
    pub label: String,
    /// What it is kept for.
    pub purpose: String,
    /// Whether it tells of health and the like.
    pub sensitive: bool,
    /// When the customer told it last, RFC 3339.
    pub at: String,
    /// Until when it is kept, RFC 3339.
    pub until: String,
}

impl From<ombud_turn::ToldFact> for ToldFact {
    fn from(told: ombud_turn::ToldFact) -> Self {
        let ombud_turn::ToldFact { kind, value, label, purpose, sensitive, at, until } = told;
        Self { kind, value, label, purpose, sensitive, at: at.to_rfc3339(), until: until.to_rfc3339() }
    }
}

/// Something done with a conversation at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskNote {
    /// RFC 3339, UTC.
    pub at: String,
    /// `requested`, `withdrawn`, `kept` (the customer goes on with the assistant, the case stays), `taken`, `taken_from_colleague`, `reopened`, `noted`, `returned` or `resolved`;
    /// of what needs approval `approval_requested`, `approval_given`, `approval_refused`, `approval_lapsed` (who gave it may not any more), `approval_used` (it was carried out, the outcome stands among the actions),
    /// `approval_withdrawn` (by the customer), `approval_expired` or `approval_dropped` (it could not be carried out).
    #[schema(example = "returned")]
    pub act: &'static str,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The colleague it was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Why a person was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// What was noted; of an approval what is asked for, or why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<ombud_turn::DeskNote> for DeskNote {
    fn from(note: ombud_turn::DeskNote) -> Self {
        let ombud_turn::DeskNote { at, act, agent, from, reason_code, note } = note;
        Self { at: at.to_rfc3339(), act, agent, from, reason_code, note }
    }
}

impl From<DeskView> for DeskConversation {
    fn from(view: DeskView) -> Self {
        let requested_at = view.requested_at;
        Self {
            conversation: view.conversation.into(),
            handover: view.handover.map(|handover| Handover::new(handover, view.labels, requested_at)),
            assignee: view.assignee,
            resumable: view.resumable,
            turns: view.turns.into_iter().map(Into::into).collect(),
            notes: view.notes.into_iter().map(Into::into).collect(),
            previous: view.previous.into_iter().map(Into::into).collect(),
            told: view.told.into_iter().map(Into::into).collect(),
        }
    }
}

/// The customer's records as the company's systems hold them now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DeskRecords {
    /// When they were read, RFC 3339.
    pub at: String,
    /// How sure we are who it is.
    #[schema(example = "identified")]
    pub identity_level: &'static str,
    /// The customer's own record; left out when it is not known who it is, or it cannot be read.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Option<Object>)]
    pub customer: Value,
    /// Orders, payments and the like, as far as the company shows them at the desk.
    pub lists: Vec<RecordList>,
    /// How the company names fields; others by their own name.
    pub labels: BTreeMap<String, String>,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordList {
    /// What they are called.
    pub title: String,
    /// How many there are; left out when they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    /// The first fifty.
    pub records: Vec<RecordLine>,
}

/// A record with one line for people.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordLine {
    /// The line.
    pub title: String,
    /// The record.
    #[schema(value_type = Object)]
    pub record: Value,
}

impl From<ombud_turn::DeskRecords> for DeskRecords {
    fn from(read: ombud_turn::DeskRecords) -> Self {
        let list = |list: ombud_turn::RecordList| RecordList {
            title: list.title,
            total: list.total,
            records: list.records.into_iter().map(|(title, record)| RecordLine { title, record }).collect(),
        };
        Self {
            at: read.at.to_rfc3339(),
            identity_level: read.level.as_str(),
            customer: read.customer,
            lists: read.lists.into_iter().map(list).collect(),
            labels: read.labels,
        }
    }
}
