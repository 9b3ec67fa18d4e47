//! The inbox and one conversation with all its context.

use axum::Json;
use axum::extract::State;
use ombud_domain::ConversationStatus;
use ombud_ports::InboxFilter;
use serde::Deserialize;

use crate::app::App;
use crate::auth::Staff;
use crate::body::{InConversation, Parameters};
use crate::dto::{DeskConversation, DeskPage, DeskRecords};
use crate::problem::{ApiError, Problem};

/// Rows of a page, unless asked for otherwise.
const ROWS: usize = 50;
/// Rows of a page at most.
const ROWS_MAX: usize = 200;

/// Which conversations are wanted.
#[derive(Debug, Default, Deserialize)]
pub struct DeskFilter {
    /// `waiting`, `with_agent`, `open` or `resolved`; all if left out.
    status: Option<String>,
    /// Only those that the caller has taken.
    mine: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200.
    limit: Option<usize>,
}

/// Waiting conversations by priority and waiting time, others newest first.
#[utoipa::path(get, path = "/desk/conversations", tag = "desk", 
    params(
        ("status" = Option<String>, Query, description = "`waiting`, `with_agent`, `open` or `resolved`; all if left out"),
        ("mine" = Option<bool>, Query, description = "only those that the caller has taken"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("limit" = Option<usize>, Query, description = "rows, 1 to 200")
    ),
    responses((status = 200, body = DeskPage), (status = 403, body = Problem)))]
pub async fn list_conversations(
    State(app): State<App>,
    staff: Staff,
    Parameters(wanted): Parameters<DeskFilter>,
) -> Result<Json<DeskPage>, ApiError> {
    let status = wanted.status.as_deref().filter(|status| !status.is_empty()).map(status).transpose()?;
    let cursor = wanted.cursor.filter(|cursor| !cursor.is_empty());
    let assignee = wanted.mine.filter(|mine| *mine).map(|_| staff.name);
    let rows_max = wanted.limit.unwrap_or(ROWS).clamp(1, ROWS_MAX);
    let filter = InboxFilter { status, assignee, cursor, rows_max, ..InboxFilter::default() };
    let (inbox, tenant) = (app.assistant().inbox(), app.assistant().tenant());
    let (rows, next_cursor) = inbox.list(tenant, &filter).await?;
    let total = inbox.count(tenant, &filter).await?;
    Ok(Json(DeskPage { items: rows.into_iter().map(Into::into).collect(), next_cursor, total }))
}

/// A conversation with its hand-over, its turns and who has taken it.
#[utoipa::path(get, path = "/desk/conversations/{id}", tag = "desk", params(("id" = String, Path, description = "conversation id")),
    responses((status = 200, body = DeskConversation), (status = 404, body = Problem)))]
pub async fn desk_conversation(
    State(app): State<App>,
    _staff: Staff,
    InConversation(id): InConversation,
) -> Result<Json<DeskConversation>, ApiError> {
    let view = app.assistant().desk_view(id).await?;
    view.map(|view| Json(view.into())).ok_or(ApiError::UnknownConversation)
}

/// The customer's records as the company's systems hold them now: his own, and the lists that the company shows at the desk.
#[utoipa::path(get, path = "/desk/conversations/{id}/records", tag = "desk", params(("id" = String, Path, description = "conversation id")),
    responses((status = 200, body = DeskRecords), (status = 404, body = Problem)))]
pub async fn desk_records(
    State(app): State<App>,
    _staff: Staff,
    InConversation(id): InConversation,
) -> Result<Json<DeskRecords>, ApiError> {
    let read = app.assistant().desk_records(id).await?;
    read.map(|read| Json(read.into())).ok_or(ApiError::UnknownConversation)
}

fn status(text: &str) -> Result<ConversationStatus, ApiError> {
    match text {
        "waiting" | "waiting_for_agent" => Ok(ConversationStatus::WaitingForAgent),
        "with_agent" => Ok(ConversationStatus::WithAgent),
        "open" => Ok(ConversationStatus::Open),
        "resolved" => Ok(ConversationStatus::Resolved),
        _ => Err(ApiError::BadParameter { name: "status", expected: "`waiting`, `with_agent`, `open` or `resolved`" }),
    }
}
