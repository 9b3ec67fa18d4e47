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
use ombud_turn::{DeskAct, IdempotencyKey};

/// Nothing needs to be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {}

/// What the customer is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentReply {
    /// The message, at most 8,000 characters.
    #[schema(max_length = 8000)]
    pub text: String,
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

/// Takes a conversation over; the customer is told who has joined.
#[utoipa::path(post, path = "/desk/conversations/{id}/take", tag = "desk", request_body = Take,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn take(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(Take {}): Body<Take>,
) -> Result<Json<DeskConversation>, ApiError> {
    perform(&app, Act { staff, id, key, name: "take", text: String::new() }, DeskAct::Take).await
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

/// Gives the conversation back to the assistant, which sees what was said meanwhile.
#[utoipa::path(post, path = "/desk/conversations/{id}/return", tag = "desk", request_body = Note,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn give_back(
    State(app): State<App>,
    staff: Staff,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(note): Body<Note>,
) -> Result<Json<DeskConversation>, ApiError> {
    let note = checked(note)?;
    let act = Act { staff, id, key, name: "return", text: note.clone().unwrap_or_default() };
    perform(&app, act, DeskAct::Return { note }).await
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
    let note = checked(note)?;
    let act = Act { staff, id, key, name: "resolve", text: note.clone().unwrap_or_default() };
    perform(&app, act, DeskAct::Resolve { note }).await
}

fn checked(note: Note) -> Result<Option<String>, ApiError> {
    let note = note.note.filter(|note| !note.trim().is_empty());
    match note {
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
