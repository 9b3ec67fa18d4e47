//! The events of the desk.

use axum::extract::State;

use crate::app::App;
use crate::auth::{Party, Staff};
use crate::events::{Events, follow_desk};
use crate::problem::{ApiError, Problem};

/// Server-sent events: `handoff.requested`, `handoff.accepted`, `handoff.returned`, `handoff.withdrawn`, `conversation.updated` {conversation_id, status}, and `ping`.
/// An event says that something has changed; the inbox says what.
#[utoipa::path(get, path = "/desk/events", tag = "desk",
    responses((status = 200, description = "event stream", content_type = "text/event-stream", body = String), (status = 403, body = Problem)))]
pub async fn desk_events(State(app): State<App>, staff: Staff) -> Result<Events, ApiError> {
    follow_desk(&app, &Party::Staff(staff))
}
