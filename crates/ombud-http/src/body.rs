//! How is a request's body, path and header read, so that each mistake has its own clear error?

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use ombud_domain::ConversationId;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::app::App;
use crate::chat::messages::hash;
use crate::problem::ApiError;

/// Bytes of a body.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// Time for a body to arrive, seconds.
const BODY_S_MAX: u64 = 10;
/// Characters of an idempotency key.
const KEY_CHARS_MAX: usize = 255;

/// A JSON body; an empty one reads as `{}`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &App) -> Result<Self, ApiError> {
        let is_declared = request.headers().get(CONTENT_TYPE).is_some_and(is_json);
        let reading = to_bytes(request.into_body(), BODY_BYTES_MAX);
        let read = tokio::time::timeout(Duration::from_secs(BODY_S_MAX), reading).await;
        let bytes = read.map_err(|_| ApiError::BodyLate { seconds_max: BODY_S_MAX })?;
        // The other cause, a connection that ends early, has nobody left to tell.
        let bytes = bytes.map_err(|_| ApiError::BodyTooLarge { bytes_max: BODY_BYTES_MAX })?;
        if !is_declared && !bytes.is_empty() {
            return Err(ApiError::NotDeclaredJson);
        }
        parse(&bytes).map(Body)
    }
}

/// `application/json`, with or without parameters. A form of another site cannot send it without being asked first (CORS).
fn is_json(declared: &HeaderValue) -> bool {
    let declared = declared.to_str().unwrap_or_default();
    declared.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::NotUtf8)?;
    let text = if text.trim().is_empty() { "{}" } else { text };
    // A list of the fields' values would be read as well.
    if text.trim_start().starts_with('[') {
        return Err(ApiError::WrongShape { what: "an object is wanted, not a list".to_owned() });
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => ApiError::WrongShape { what: shape(&error) },
        Category::Syntax | Category::Eof | Category::Io => {
            ApiError::NotJson { line: error.line(), column: error.column() }
        }
    })
}

/// What is wrong, without the value: serde quotes what was sent, and that may be personal.
fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let missing = text.strip_prefix("missing field ").and_then(|rest| rest.split(" at line").next());
    let unknown = text.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match (missing, unknown) {
        (Some(field), _) => format!("field {field} is missing"),
        (None, Some(field)) if is_name(field) => format!("field `{field}` is not known here"),
        (None, Some(_)) => "a field is not known here".to_owned(),
        (None, None) => format!("a value of another type at line {}, column {}", error.line(), error.column()),
    }
}

/// Whether this can be the name of a field: what is longer or has other characters may be personal, and is not repeated.
fn is_name(field: &str) -> bool {
    const NAME_CHARS_MAX: usize = 40;
    let begins = field.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
    begins
        && field.len() <= NAME_CHARS_MAX
        && field.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
}

/// The conversation a path names; what is no id names none.
#[derive(Debug, Clone, Copy)]
pub struct InConversation(pub ConversationId);

impl FromRequestParts<App> for InConversation {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Path(id) =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| ApiError::UnknownConversation)?;
        id.parse().map(Self).map_err(|_| ApiError::UnknownConversation)
    }
}

/// The header `Idempotency-Key`, if it was sent: as its hash, for a caller may put into it what must not be kept.
#[derive(Debug, Clone)]
pub struct KeyHeader(pub Option<String>);

impl FromRequestParts<App> for KeyHeader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let wrong = ApiError::BadParameter { name: "Idempotency-Key", expected: "1 to 255 printable ASCII characters" };
        match value.to_str() {
            Ok(key) if !key.is_empty() && key.len() <= KEY_CHARS_MAX => Ok(Self(Some(hash(&[key])))),
            _ => Err(wrong),
        }
    }
}

/// Query parameters.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let wrong = |_| ApiError::BadParameter { name: "query", expected: "the parameters of `/api/v1/openapi.json`" };
        let Query(parameters) = Query::from_request_parts(parts, app).await.map_err(wrong)?;
        Ok(Self(parameters))
    }
}

/// A language tag or market code as sent, within its bound; empty counts as not sent.
///
/// # Errors
/// [`ApiError::WrongShape`] past the bound.
pub fn tag(value: Option<String>, name: &str) -> Result<Option<String>, ApiError> {
    const TAG_CHARS_MAX: usize = 35;
    match value.filter(|value| !value.is_empty()) {
        Some(value) if value.len() > TAG_CHARS_MAX || !value.is_ascii() => Err(ApiError::WrongShape {
            what: format!("`{name}` is not a tag of at most {TAG_CHARS_MAX} ASCII characters"),
        }),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        text: String,
    }

    #[test]
    fn each_mistake_in_a_body_has_its_own_error_and_none_repeats_the_body() {
        let code = |bytes: &[u8]| parse::<Text>(bytes).unwrap_err().entry().code;
        assert_eq!(code(b"{\"text\": \"\xff\"}"), "OM-0101");
        assert_eq!(code(b"{\"text\": "), "OM-0102");
        assert_eq!(code(b"text=hello"), "OM-0102");
        assert_eq!(code(b"{\"message\": \"4111111111111111\"}"), "OM-0103");
        assert_eq!(code(b""), "OM-0103");
        let error = parse::<Text>(b"{\"text\": 4111111111111111}").unwrap_err();
        assert!(!error.to_string().contains("4111"), "{error}");
        let told = |body: &[u8]| parse::<Text>(body).unwrap_err().to_string();
        assert!(told(b"{\"text\": \"hej\", \"seen\": 1}").contains("`seen`"));
        assert!(!told(b"{\"text\": \"hej\", \"4111111111111111\": 1}").contains("4111"));
        assert_eq!(parse::<Text>(b"{\"text\": \"hej\"}").unwrap().text, "hej");
    }

    #[test]
    fn a_tag_has_a_bound() {
        assert_eq!(tag(Some(String::new()), "locale").unwrap(), None);
        assert_eq!(tag(Some("x".repeat(35)), "locale").unwrap(), Some("x".repeat(35)));
        assert!(tag(Some("x".repeat(36)), "locale").is_err() && tag(Some("é".to_owned()), "locale").is_err());
    }
}
