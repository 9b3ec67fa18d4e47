//! The events of a conversation.

use axum::extract::State;
use axum::http::HeaderMap;

use crate::app::App;
use crate::auth::Party;
use crate::body::InConversation;
use crate::events::{Events, follow_conversation};
use crate::problem::{ApiError, Problem};

/// Server-sent events: `message.created` (its id is the message's `seq`), `conversation.updated`, `handoff.requested`, `handoff.accepted`,
/// `handoff.returned`, and `ping` after 15 s of silence. Send the highest `seq` known as `Last-Event-ID` to miss nothing.
#[utoipa::path(get, path = "/conversations/{id}/events", tag = "chat",
    params(("id" = String, Path, description = "conversation id"), ("Last-Event-ID" = Option<i64>, Header, description = "highest `seq` known")),
    responses((status = 200, description = "event stream", content_type = "text/event-stream", body = String), (status = 404, body = Problem)))]
pub async fn conversation_events(
    State(app): State<App>,
    party: Party,
    InConversation(id): InConversation,
    headers: HeaderMap,
) -> Result<Events, ApiError> {
    follow_conversation(app, party, id, &headers).await
}
