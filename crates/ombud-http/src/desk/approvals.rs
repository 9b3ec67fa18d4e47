//! What needs the approval of people? They see exactly what would be done, and say yes or no to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ombud_domain::{ApprovalId, ConversationId};
use ombud_turn::{Answer, ApprovalView, Vote};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Hand, Staff};
use crate::body::Body;
use crate::problem::{ApiError, Problem};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;
/// Why a delegate approves nothing.
const DELEGATE: &str = "somebody acts for you with this token, and approvals are given by oneself";

/// Everything that waits for approval.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ApprovalList {
    /// The most urgent first.
    pub items: Vec<Approval>,
}

/// A proposal that a customer has agreed to and people must approve.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// The conversation in which the customer agreed.
    pub conversation_id: String,
    /// The customer.
    pub customer_id: String,
    /// His name, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// The action.
    pub action: String,
    /// Its exact arguments.
    #[schema(value_type = Object)]
    pub arguments: Map<String, Value>,
    /// The sentence that the customer agreed to.
    pub summary: String,
    /// Amount in minor units, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// Its currency, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The customer's last words that say something.
    pub said: String,
    /// Rules that ask for approval.
    pub rules: Vec<String>,
    /// What exactly is approved: send it back with the answer.
    pub digest: String,
    /// How many people must approve.
    pub approvers: u8,
    /// Who has, and counts.
    pub given: Vec<GivenApproval>,
    /// Whether the caller may still answer.
    pub is_yours: bool,
    /// Since when people are asked, RFC 3339.
    pub requested_at: String,
    /// Until when, RFC 3339; then nothing is done, and the customer is told.
    pub expires_at: String,
}

/// Somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenApproval {
    /// Who.
    pub name: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalAnswer {
    /// It may be done.
    Approve,
    /// It must not be done, whoever else has approved it.
    Refuse,
}

/// An answer to a proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideApproval {
    /// Yes or no.
    pub answer: ApprovalAnswer,
    /// `digest` of the proposal as the caller saw it.
    pub digest: String,
    /// Why not, at most 500 characters; kept in the ledger, and not told to the customer.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// What waits for approval.
#[utoipa::path(get, path = "/desk/approvals", tag = "desk",
    responses((status = 200, body = ApprovalList), (status = 403, body = Problem)))]
pub async fn list_approvals(State(app): State<App>, staff: Staff) -> Result<Json<ApprovalList>, ApiError> {
    let open = app.assistant().approvals(&staff.name).await?;
    Ok(Json(ApprovalList { items: open.into_iter().map(Into::into).collect() }))
}

/// Answers a proposal. The same answer once more changes nothing; the answer that decides it has it carried out, or dropped, before this returns.
#[utoipa::path(post, path = "/desk/conversations/{id}/approvals/{approval_id}", tag = "desk", request_body = DecideApproval,
    params(("id" = String, Path, description = "conversation id"), ("approval_id" = String, Path, description = "id of the approval")),
    responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn decide_approval(
    State(app): State<App>,
    staff: Staff,
    Path((id, approval)): Path<(String, String)>,
    Body(DecideApproval { answer, digest, reason }): Body<DecideApproval>,
) -> Result<Json<Approval>, ApiError> {
    let id: ConversationId = id.parse().map_err(|_| ApiError::UnknownConversation)?;
    let approval: ApprovalId = approval.parse().map_err(|_| ApiError::UnknownApproval)?;
    if staff.hand == Hand::Delegate {
        return Err(ApiError::MayNotApprove { why: DELEGATE });
    }
    let answer = match answer {
        ApprovalAnswer::Approve => Answer::Approve,
        ApprovalAnswer::Refuse => Answer::Refuse { reason: reason_of(reason)? },
    };
    let vote = Vote { by: staff.name, digest, answer };
    let assistant = Arc::clone(app.assistant());
    let decided = app.finish(async move { assistant.vote(id, approval, &vote).await });
    decided.await.map(|view| Json(view.into()))
}

fn reason_of(reason: Option<String>) -> Result<String, ApiError> {
    let reason = reason.unwrap_or_default().trim().to_owned();
    match reason.chars().count() {
        0 => Err(ApiError::WrongShape { what: "`reason` says why not, for those who read the ledger".to_owned() }),
        chars if chars > REASON_CHARS_MAX => Err(ApiError::TextTooLong { chars_max: REASON_CHARS_MAX }),
        _ => Ok(reason),
    }
}

impl From<ApprovalView> for Approval {
    fn from(view: ApprovalView) -> Self {
        let (amount_minor, currency) = view.amount.unzip();
        let given = view.given.into_iter();
        Self {
            id: view.id.to_string(),
            conversation_id: view.conversation_id.to_string(),
            customer_id: view.customer_id,
            customer_name: view.customer_name,
            action: view.proposal.action,
            arguments: view.proposal.arguments,
            summary: view.proposal.summary,
            amount_minor,
            currency,
            said: view.said,
            rules: view.rules,
            digest: view.proposal.digest,
            approvers: view.approvers,
            given: given.map(|one| GivenApproval { name: one.name, at: one.at.to_rfc3339() }).collect(),
            is_yours: view.is_yours,
            requested_at: view.requested_at.to_rfc3339(),
            expires_at: view.expires_at.to_rfc3339(),
        }
    }
}
