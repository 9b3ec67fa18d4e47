//! A conversation: opened with a greeting, read as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Customer;
use crate::body::{Body, InConversation, tag};
use crate::dto::Conversation;
use crate::limits::SessionKey;
use crate::problem::{ApiError, Problem};

/// Wishes for a conversation; all may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    /// Language tag; the pack's default if it does not speak it.
    pub locale: Option<String>,
    /// Market code; the pack's first if it does not serve it.
    pub market: Option<String>,
}

/// Opens a conversation; the greeting says that an AI answers.
#[utoipa::path(post, path = "/conversations", tag = "chat", request_body = OpenConversation,
    responses((status = 201, body = Conversation), (status = 401, body = Problem)))]
pub async fn open_conversation(
    State(app): State<App>,
    customer: Customer,
    Body(wish): Body<OpenConversation>,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let locale = tag(wish.locale, "locale")?;
    let market = tag(wish.market, "market")?;
    app.limits().message(&SessionKey::of_customer(&customer))?;
    let assistant = Arc::clone(app.assistant());
    let view = app
        .finish(async move { assistant.open(&customer.principal, locale.as_deref(), market.as_deref()).await })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A conversation of this session, or of the same signed-in customer.
#[utoipa::path(get, path = "/conversations/{id}", tag = "chat", params(("id" = String, Path, description = "conversation id")),
    responses((status = 200, body = Conversation), (status = 404, body = Problem)))]
pub async fn read_conversation(
    State(app): State<App>,
    customer: Customer,
    InConversation(id): InConversation,
) -> Result<Json<Conversation>, ApiError> {
    let view = app.assistant().view(&customer.principal, id).await?;
    view.map(|view| Json(view.into())).ok_or(ApiError::UnknownConversation)
}
