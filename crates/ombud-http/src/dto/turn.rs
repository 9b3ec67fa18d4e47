//! A reply, and how it came about.

use ombud_domain as domain;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::conversation::{Awaiting, Message, Status};
use ombud_turn::{TurnReply, TurnView};

/// The reply to one message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Reply {
    /// Conversation id.
    pub conversation_id: String,
    /// Turn id.
    pub turn_id: String,
    /// Who answers from now on.
    pub status: Status,
    /// The messages of this turn.
    pub messages: Vec<Message>,
    /// What the reply waits for.
    pub awaiting: Awaiting,
    /// Requests that the rules refused.
    pub refused: Vec<Refused>,
    /// Actions completed, each with the receipt of the system of record.
    pub done: Vec<Done>,
    /// The stages of the turn; in the demo only, and there for a signed-in customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<Stage>>,
}

/// A request that the rules refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    /// The flow.
    pub flow: String,
    /// Why.
    pub reason_code: String,
}

/// An action completed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Done {
    /// Action name.
    pub action: String,
    /// Receipt of the system of record.
    pub receipt_id: String,
    /// Exact arguments.
    #[schema(value_type = Object)]
    pub arguments: Map<String, Value>,
}

/// Who may see how a reply came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trail {
    /// For staff, and in the demo for a signed-in customer.
    Shown,
    /// For everybody else.
    Hidden,
}

impl Reply {
    /// The reply as this caller may see it.
    #[must_use]
    pub fn new(reply: TurnReply, trail: Trail) -> Self {
        let stages = match trail {
            Trail::Shown => Some(reply.stages.into_iter().map(Into::into).collect()),
            Trail::Hidden => None,
        };
        let refused =
            reply.refused.into_iter().map(|refused| Refused { flow: refused.flow, reason_code: refused.reason_code });
        let done = reply.done.into_iter().map(|done| Done {
            action: done.action,
            receipt_id: done.receipt_id,
            arguments: done.arguments,
        });
        Self {
            conversation_id: reply.conversation_id.to_string(),
            turn_id: reply.turn_id.to_string(),
            status: reply.status.into(),
            messages: reply.messages.into_iter().map(Into::into).collect(),
            awaiting: reply.awaiting.into(),
            refused: refused.collect(),
            done: done.collect(),
            stages,
        }
    }
}

/// One stage of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Stage {
    /// Which stage; context, decision and action repeat for each round.
    #[schema(example = "decision")]
    pub stage: &'static str,
    /// How long it took, milliseconds.
    pub ms: f64,
    /// One line for people.
    pub summary: String,
    /// Reasons and values.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl From<domain::StageRecord> for Stage {
    fn from(record: domain::StageRecord) -> Self {
        // A stage longer than 2^32 microseconds (71 minutes) is cut there: every stage has a deadline far below.
        let micros = u32::try_from(record.micros).unwrap_or(u32::MAX);
        Self {
            stage: record.stage.as_str(),
            ms: f64::from(micros) / 1_000.0,
            summary: record.summary,
            detail: record.detail,
        }
    }
}

/// One turn with its stages in the order they happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Turn {
    /// Its id.
    pub turn_id: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Its stages.
    pub stages: Vec<Stage>,
}

impl From<TurnView> for Turn {
    fn from(view: TurnView) -> Self {
        Self {
            turn_id: view.turn_id.to_string(),
            at: view.at.to_rfc3339(),
            stages: view.stages.into_iter().map(Into::into).collect(),
        }
    }
}
