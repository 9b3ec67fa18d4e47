//! What do the edges get to see of a turn and a conversation?

use std::collections::BTreeMap;

use ombud_domain::{
    ApprovalId, Awaiting, ConversationId, ConversationStatus, DoneAction, Handover, Message, Proposal, RefusedRequest,
    StageRecord, TimestampUs, TurnId,
};
use ombud_ports::InboxRow;
use serde::{Deserialize, Serialize};

/// The reply to a stimulus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnReply {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The turn.
    pub turn_id: TurnId,
    /// Status after the turn.
    pub status: ConversationStatus,
    /// Messages of this turn for the customer; none while people have the conversation.
    pub messages: Vec<Message>,
    /// What the reply waits for.
    pub awaiting: Awaiting,
    /// Requests the rules refused.
    pub refused: Vec<RefusedRequest>,
    /// Actions completed.
    pub done: Vec<DoneAction>,
    /// The stages, for the demo and staff.
    pub stages: Vec<StageRecord>,
    /// Whether this is the stored answer to a repeated request.
    #[serde(default)]
    pub replayed: bool,
}

/// A conversation as its customer sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// Its status.
    pub status: ConversationStatus,
    /// Language tag.
    pub locale: String,
    /// Market code.
    pub market: String,
    /// When it was opened.
    pub created_at: TimestampUs,
    /// All messages, oldest first.
    pub messages: Vec<Message>,
    /// The person who has the conversation.
    pub agent_name: Option<String>,
    /// What the last reply waits for.
    pub awaiting: Awaiting,
}

/// The stages of one turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TurnView {
    /// The turn.
    pub turn_id: TurnId,
    /// When it was committed.
    pub at: TimestampUs,
    /// Its stages, in the order they happened.
    pub stages: Vec<StageRecord>,
}

/// A conversation as the desk sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeskView {
    /// What the customer sees.
    pub conversation: ConversationView,
    /// The last hand-over.
    pub handover: Option<Handover>,
    /// Who has taken it.
    pub assignee: Option<String>,
    /// When it was handed over.
    pub requested_at: Option<TimestampUs>,
    /// The stages of every turn.
    pub turns: Vec<TurnView>,
    /// How the company names the fields of the hand-over, as far as it does.
    pub labels: BTreeMap<String, String>,
    /// The open request that the assistant could go on with, as people call it.
    pub resumable: Option<String>,
    /// What people did and noted, oldest first; customers see none of it.
    pub notes: Vec<DeskNote>,
    /// Other conversations of the same customer, at most five, newest first.
    pub previous: Vec<InboxRow>,
    /// What the customer told and is kept now, whatever the conversation.
    pub told: Vec<ToldFact>,
}

/// Something that a customer told and that is kept for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldFact {
    /// Its kind, as the pack calls it.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// The same in words, in the company's language.
    pub label: String,
    /// What it is kept for.
    pub purpose: String,
    /// Whether it tells of health and the like.
    pub sensitive: bool,
    /// When the customer told it last.
    pub at: TimestampUs,
    /// Until when it is kept.
    pub until: TimestampUs,
}

/// A proposal that people are asked to approve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApprovalView {
    /// Its id.
    pub id: ApprovalId,
    /// Where it was proposed.
    pub conversation_id: ConversationId,
    /// For whom.
    pub customer_id: String,
    /// His name, if it is known.
    pub customer_name: Option<String>,
    /// What exactly; its digest is what people approve.
    pub proposal: Proposal,
    /// Minor units and currency, if both are known.
    pub amount: Option<(i64, String)>,
    /// The customer's last words that say something.
    pub said: String,
    /// Rules that ask for it.
    pub rules: Vec<String>,
    /// How many must approve.
    pub approvers: u8,
    /// Who has, and counts.
    pub given: Vec<Approver>,
    /// Whether whoever looks may still answer.
    pub is_yours: bool,
    /// Since when they are asked.
    pub requested_at: TimestampUs,
    /// Until when.
    pub expires_at: TimestampUs,
}

/// Somebody who has approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approver {
    /// Who, as his token names him.
    pub name: String,
    /// When.
    pub at: TimestampUs,
}

/// Something done with a conversation at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskNote {
    /// When.
    pub at: TimestampUs,
    /// `requested`, `withdrawn`, `kept`, `taken`, `taken_from_colleague`, `reopened`, `noted`, `returned` or `resolved`; of what needs approval
    /// `approval_requested`, `approval_given`, `approval_refused`, `approval_lapsed`, `approval_used`, `approval_withdrawn`, `approval_expired` or `approval_dropped`.
    pub act: &'static str,
    /// Who did it; none when it was the assistant or the customer.
    pub agent: Option<String>,
    /// The colleague it was taken from.
    pub from: Option<String>,
    /// Why a person was asked for.
    pub reason_code: Option<String>,
    /// What was noted; of an approval what is asked for, or why it was refused.
    pub note: Option<String>,
}
