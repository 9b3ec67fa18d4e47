//! How each reply came about.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::auth::StaffOrDemo;
use crate::body::InConversation;
use crate::dto::Turn;
use crate::events::visible;
use crate::problem::{ApiError, Problem};

/// The nine stages of every turn, with reasons and times; for staff, and in the demo for a signed-in customer's own conversations.
#[utoipa::path(get, path = "/conversations/{id}/turns", tag = "chat", params(("id" = String, Path, description = "conversation id")),
    responses((status = 200, body = [Turn]), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn read_turns(
    State(app): State<App>,
    StaffOrDemo(party): StaffOrDemo,
    InConversation(id): InConversation,
) -> Result<Json<Vec<Turn>>, ApiError> {
    visible(&app, &party, id).await?;
    let turns = app.assistant().turns(id).await?;
    Ok(Json(turns.into_iter().map(Into::into).collect()))
}
