//! Taking over, answering, giving back, ending; each at most once for an idempotency key.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ombud_domain::ConversationId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Staff;
use crate::body::{Body, InConversation, KeyHeader};
use crate::chat::messages::{TEXT_CHARS_MAX, check_text, hash};
use crate::dto::DeskConversation;
use crate::problem::{ApiError, Problem};
use ombud_turn::{DeskAct, Holder, IdempotencyKey, OpenRequest};

/// From whom a conversation is taken.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Whether it may be taken from a colleague who has it.
    #[serde(default)]
    pub from_colleague: bool,
}

/// What the customer is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentReply {
    /// The message, at most 8,000 characters.
    #[schema(max_length = 8000)]
    pub text: String,
}

/// What becomes of a conversation that is given back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveBack {
    /// Last words to the customer, at most 8,000 characters; sent as a message.
    #[schema(max_length = 8000)]
    pub message: Option<String>,
    /// For colleagues and the ledger, at most 8,000 characters; the customer does not see it.
    #[schema(max_length = 8000)]
    pub note: Option<String>,
    /// Whether the assistant goes on with the request that was open; else that request is closed.
    #[serde(default)]
    pub resume: bool,
}

/// What colleagues are to know.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InternalNote {
    /// The note, at most 8,000 characters; the customer does not see it.
    #[schema(max_length = 8000)]
    pub note: String,
}

/// What stays with the conversation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What was agreed or done, at most 8,000 characters; the customer does not see it.
    #[schema(max_length = 8000)]
    pub note: Option<String>,
}

/// Who acts on which conversation, with which key.
struct Act {
    staff: Staff,
    id: ConversationId,
    key: Option<String>,
    name: &'static str,
    text: String,
}

/// Takes a conversation over, or a resolved one up again; the customer is told who has joined.
#[utoipa::path(post, path = "/desk/conversations/{id}/take", tag = "desk", request_body = Take,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn take(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(Take { from_colleague }): Body<Take>,
) -> Result<Json<DeskConversation>, ApiError> {
    let from = if from_colleague { Holder::Colleague } else { Holder::Nobody };
    let act = Act { staff, id, key, name: "take", text: format!("{from:?}") };
    perform(&app, act, DeskAct::Take { from }).await
}

/// Answers the customer.
#[utoipa::path(post, path = "/desk/conversations/{id}/reply", tag = "desk", request_body = AgentReply,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn reply(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(reply): Body<AgentReply>,
) -> Result<Json<DeskConversation>, ApiError> {
    check_text(&reply.text)?;
    let act = Act { staff, id, key, name: "reply", text: reply.text.clone() };
    perform(&app, act, DeskAct::Reply { text: reply.text }).await
}

/// Notes something for colleagues, whoever has the conversation. The customer sees nothing of it.
#[utoipa::path(post, path = "/desk/conversations/{id}/note", tag = "desk", request_body = InternalNote,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem)))]
pub async fn note(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(InternalNote { note }): Body<InternalNote>,
) -> Result<Json<DeskConversation>, ApiError> {
    check_text(&note)?;
    let act = Act { staff, id, key, name: "note", text: note.clone() };
    perform(&app, act, DeskAct::Note { text: note }).await
}

/// Gives the conversation back to the assistant, with last words to the customer and a note to colleagues. A customer who asks how it stands is told those words.
#[utoipa::path(post, path = "/desk/conversations/{id}/return", tag = "desk", request_body = GiveBack,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn give_back(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(back): Body<GiveBack>,
) -> Result<Json<DeskConversation>, ApiError> {
    let (message, note) = (checked(back.message)?, checked(back.note)?);
    let open_request = if back.resume { OpenRequest::Resumed } else { OpenRequest::Closed };
    let text = format!("{message:?} {note:?} {open_request:?}");
    perform(&app, Act { staff, id, key, name: "return", text }, DeskAct::Return { message, note, open_request }).await
}

/// Ends the conversation.
#[utoipa::path(post, path = "/desk/conversations/{id}/resolve", tag = "desk", request_body = Note,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn resolve(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(note): Body<Note>,
) -> Result<Json<DeskConversation>, ApiError> {
    let note = checked(note.note)?;
    let act = Act { staff, id, key, name: "resolve", text: note.clone().unwrap_or_default() };
    perform(&app, act, DeskAct::Resolve { note }).await
}

/// A text of the permitted length; none when it is blank.
fn checked(text: Option<String>) -> Result<Option<String>, ApiError> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(note) if note.chars().count() > TEXT_CHARS_MAX => Err(ApiError::TextTooLong { chars_max: TEXT_CHARS_MAX }),
        note => Ok(note),
    }
}

/// Performs an act; a repeated key does nothing and gives the conversation as it is now. Keys are stored with the act, in one commit.
async fn perform(app: &App, act: Act, what: DeskAct) -> Result<Json<DeskConversation>, ApiError> {
    let assistant = Arc::clone(app.assistant());
    let Act { staff, id, key, name, text } = act;
    let key = key.map(|key| IdempotencyKey { key, body_hash: hash(&[name, &text]) });
    let done = app.finish(async move {
        match key {
            Some(key) => assistant.desk_act_once((id, &staff.name), what, staff.session_id, key).await,
            None => assistant.desk_act(id, &staff.name, what).await,
        }
    });
    done.await.map(|view| Json(view.into()))
}
