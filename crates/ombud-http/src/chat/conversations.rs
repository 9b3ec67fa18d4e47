//! A conversation: opened with a greeting, read as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Customer;
use crate::body::{Body, InConversation, KeyHeader, tag};
use crate::chat::messages::hash;
use crate::dto::Conversation;
use crate::limits::SessionKey;
use crate::problem::{ApiError, Problem};
use ombud_turn::{IdempotencyKey, Wish};

/// Wishes for a conversation; all may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenConversation {
    /// Language tag; the pack's default if it does not speak it.
    pub locale: Option<String>,
    /// Market code; the pack's first if it does not serve it.
    pub market: Option<String>,
}

/// Opens a conversation; the greeting says that an AI answers. The same `Idempotency-Key` with the same wishes opens none and gives that conversation as it is now.
#[utoipa::path(post, path = "/conversations", tag = "chat", request_body = OpenConversation,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 201, body = Conversation), (status = 401, body = Problem), (status = 409, body = Problem)))]
pub async fn open_conversation(
    State(app): State<App>,
    customer: Customer,
    KeyHeader(key): KeyHeader,
    Body(wish): Body<OpenConversation>,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let wish = Wish { locale: tag(wish.locale, "locale")?, market: tag(wish.market, "market")? };
    app.limits().message(&SessionKey::of_customer(&customer))?;
    let assistant = Arc::clone(app.assistant());
    let key = key.map(|key| {
        let (locale, market) = (wish.locale.as_deref(), wish.market.as_deref());
        IdempotencyKey { key, body_hash: hash(&["open", locale.unwrap_or_default(), market.unwrap_or_default()]) }
    });
    let view = app
        .finish(async move {
            match key {
                Some(key) => assistant.open_once(&customer.principal, &wish, key).await,
                None => assistant.open(&customer.principal, wish.locale.as_deref(), wish.market.as_deref()).await,
            }
        })
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
