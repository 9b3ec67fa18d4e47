//! A message and its reply; a one-time code and its reply.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use ombud_domain::Sensitive;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::address::ClientAddress;
use crate::app::App;
use crate::auth::Customer;
use crate::body::{Body, InConversation, KeyHeader};
use crate::dto::Reply;
use crate::dto::turn::Trail;
use crate::limits::SessionKey;
use crate::problem::{ApiError, Problem};
use ombud_turn::{IdempotencyKey, Input, Stimulus};

/// Characters of a message.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Characters of a one-time code.
const CODE_CHARS_MAX: usize = 32;

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// What the customer says, at most 8,000 characters.
    #[schema(value_type = String, max_length = 8000)]
    pub text: Sensitive<String>,
    /// `seq` of the newest message that the sender's page had shown. If something newer was asked meanwhile, a yes does not count for it,
    /// and it is shown again. Every page sends it, since a conversation may be open in two of them; without it, a yes counts for what was
    /// asked last.
    #[serde(default)]
    pub seen_seq: Option<i64>,
}

/// A one-time code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterCode {
    /// The code as it was sent to the customer; it is checked and stored nowhere.
    #[schema(value_type = String, max_length = 32)]
    pub code: Sensitive<String>,
}

/// Says something and gets the reply. The same `Idempotency-Key` with the same text gives the same reply again.
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "chat", request_body = SendMessage,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = Reply), (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem), (status = 429, body = Problem)))]
pub async fn send_message(
    State(app): State<App>,
    customer: Customer,
    ClientAddress(address): ClientAddress,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(message): Body<SendMessage>,
) -> Result<Json<Reply>, ApiError> {
    check_text(message.text.expose())?;
    app.limits().message(&SessionKey::of_customer(&customer))?;
    let body_hash = match message.seen_seq {
        None => hash(&["message", message.text.expose()]),
        Some(seen) => hash(&["message", message.text.expose(), &seen.to_string()]),
    };
    let idempotency = key.map(|key| IdempotencyKey { key, body_hash });
    let stimulus = Stimulus {
        conversation_id: id,
        principal: customer.principal,
        address: Some(address.to_string()),
        input: Input::Message { text: message.text, seen_seq: message.seen_seq },
        idempotency,
    };
    reply_to(&app, stimulus).await
}

/// Enters the one-time code that a reply waits for (`identify` with slot `one_time_code`), outside the chat. The same `Idempotency-Key` with the same code
/// gives the same reply again, and is no further try.
#[utoipa::path(post, path = "/conversations/{id}/step_up", tag = "chat", request_body = EnterCode,
    params(("id" = String, Path, description = "conversation id"), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 200, body = Reply), (status = 404, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem)))]
pub async fn step_up(
    State(app): State<App>,
    customer: Customer,
    ClientAddress(address): ClientAddress,
    InConversation(id): InConversation,
    KeyHeader(key): KeyHeader,
    Body(entered): Body<EnterCode>,
) -> Result<Json<Reply>, ApiError> {
    let chars = entered.code.expose().trim().chars().count();
    if !(1..=CODE_CHARS_MAX).contains(&chars) {
        return Err(ApiError::WrongShape { what: format!("`code` has 1 to {CODE_CHARS_MAX} characters") });
    }
    app.limits().code(&SessionKey::of_customer(&customer))?;
    // A code of six digits is soon tried out: its hash is one that only this server can make.
    let secret = app.settings().session_secret.expose();
    let body_hash = hash(&["step_up", secret, entered.code.expose().trim()]);
    let stimulus = Stimulus {
        conversation_id: id,
        principal: customer.principal,
        address: Some(address.to_string()),
        input: Input::StepUp { code: entered.code },
        idempotency: key.map(|key| IdempotencyKey { key, body_hash }),
    };
    reply_to(&app, stimulus).await
}

async fn reply_to(app: &App, stimulus: Stimulus) -> Result<Json<Reply>, ApiError> {
    // How a reply came about would tell a visitor whether the details he gave fit an account.
    let is_signed_in = stimulus.principal.customer_id.is_some();
    let assistant = Arc::clone(app.assistant());
    let reply = app.finish(async move { assistant.handle(stimulus).await }).await?;
    let trail = if app.demo().is_some() && is_signed_in { Trail::Shown } else { Trail::Hidden };
    Ok(Json(Reply::new(reply, trail)))
}

/// Checks the bounds of a message's text.
///
/// # Errors
/// [`ApiError::TextEmpty`], [`ApiError::TextTooLong`].
pub(crate) fn check_text(text: &str) -> Result<(), ApiError> {
    if text.trim().is_empty() {
        return Err(ApiError::TextEmpty);
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(ApiError::TextTooLong { chars_max: TEXT_CHARS_MAX });
    }
    Ok(())
}

/// SHA-256 of the parts with their lengths, hexadecimal.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_longest_length_passes_and_one_more_character_does_not() {
        assert!(check_text(&"å".repeat(TEXT_CHARS_MAX)).is_ok());
        assert!(matches!(check_text(&"å".repeat(TEXT_CHARS_MAX + 1)), Err(ApiError::TextTooLong { .. })));
        assert!(matches!(check_text(" \n\t"), Err(ApiError::TextEmpty)));
    }

    #[test]
    fn a_hash_tells_parts_apart() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["a"]).len(), 64);
    }
}
