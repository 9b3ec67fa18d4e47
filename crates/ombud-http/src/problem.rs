//! What does a caller get when something goes wrong? A problem document (RFC 9457) with a stable code; each code has a page in docs/errors.
//!
//! [`ApiError::entry`] is the one match that gives an error its code and status.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ombud_ports::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use ombud_turn::TurnError;

/// A problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Address of the page that explains the code.
    #[serde(rename = "type")]
    #[schema(example = "/errors/OM-0301")]
    pub kind: String,
    /// The same for every occurrence of the code.
    #[schema(example = "unknown conversation")]
    pub title: String,
    /// HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong here and what to do next.
    pub detail: String,
    /// Stable code.
    #[schema(example = "OM-0301")]
    pub code: String,
}

/// Everything that can go wrong at the edge.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not UTF-8.
    #[error("the body is not UTF-8, encode it so")]
    NotUtf8,
    /// The body is not JSON.
    #[error("the body is not JSON (line {line}, column {column}), check its syntax")]
    NotJson {
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
    },
    /// The body is JSON of another shape.
    #[error("the body does not have the expected shape: {what}")]
    WrongShape {
        /// What is missing or wrong, without values.
        what: String,
    },
    /// The body is larger than 64 KiB.
    #[error("the body is larger than {bytes_max} bytes, send less")]
    BodyTooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// The body did not come in time.
    #[error("the body did not arrive within {seconds_max} s, send it again")]
    BodyLate {
        /// The bound.
        seconds_max: u64,
    },
    /// The message holds no text.
    #[error("the message is empty, write something")]
    TextEmpty,
    /// The message is too long.
    #[error("the message is longer than {chars_max} characters, shorten or split it")]
    TextTooLong {
        /// The bound.
        chars_max: usize,
    },
    /// A query parameter or header cannot be read.
    #[error("`{name}` cannot be read, use {expected}")]
    BadParameter {
        /// Its name.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The body is not declared as JSON.
    #[error("a body is sent as JSON, declare it with `Content-Type: application/json`")]
    NotDeclaredJson,
    /// No token was sent.
    #[error("a token is needed, send `Authorization: Bearer <token>`")]
    NoToken,
    /// The token was not signed by this server or is not a token.
    #[error("the token is not valid here, open a new session")]
    BadToken,
    /// The token's time is over.
    #[error("the token has expired, open a new session")]
    TokenExpired,
    /// The token's role does not allow this.
    #[error("this needs a token of role `{role}`")]
    WrongRole {
        /// The role that is needed.
        role: &'static str,
    },
    /// Whoever asks may not decide on this.
    #[error("you may not approve this: {why}")]
    MayNotApprove {
        /// Why not.
        why: &'static str,
    },
    /// A member of staff whose access was taken away.
    #[error("your access was revoked, ask whoever runs this server")]
    AccessRevoked,
    /// No such conversation, or it belongs to another session.
    #[error("there is no such conversation in this session")]
    UnknownConversation,
    /// What was said in the conversation was erased.
    #[error("this conversation was erased, open a new one")]
    Erased,
    /// No such approval in the conversation.
    #[error("there is no such approval in this conversation, see `GET /api/v1/desk/approvals`")]
    UnknownApproval,
    /// No such customer in the demo.
    #[error("the demo has no such customer, take one of `GET /api/v1/demo/customers`")]
    UnknownCustomer,
    /// No such path.
    #[error("there is nothing at this path, see `/api/v1/openapi.json`")]
    UnknownPath,
    /// The path has other methods.
    #[error("this path does not take this method, see `/api/v1/openapi.json`")]
    WrongMethod,
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body, take a new key")]
    KeyReused,
    /// The first request with this key is still being worked on.
    #[error("the request with this idempotency key is still being worked on, ask again shortly")]
    InFlight,
    /// A colleague has taken the conversation, or nobody has.
    #[error("this conversation is not yours to answer, take it first")]
    NotYours,
    /// No one-time code is awaited.
    #[error("no one-time code is awaited in this conversation")]
    NoCodeAwaited,
    /// What the caller saw is not what is asked for.
    #[error("what you saw is not what is asked for, look at it again and send its `digest`")]
    OtherProposal,
    /// Nobody decided in time.
    #[error("the time for this approval is over, nothing was done")]
    ApprovalExpired,
    /// It is decided already.
    #[error("this approval is decided already, see the conversation")]
    ApprovalOver,
    /// The customer has taken it back.
    #[error("the customer has withdrawn this, nothing was done")]
    ApprovalWithdrawn,
    /// Others wrote to the conversation at the same time.
    #[error("the conversation changed meanwhile, send it again")]
    Conflict,
    /// Too many requests.
    #[error("too many requests, come back in {retry_after_s} s")]
    TooMany {
        /// When to come back.
        retry_after_s: u64,
    },
    /// Too many streams are open.
    #[error("too many event streams are open, close one or come back later")]
    TooManyStreams,
    /// More turns are under way than the server takes on.
    #[error("the server is busy, send it again in a moment")]
    Busy,
    /// The ledger cannot be used.
    #[error("the conversation cannot be stored at the moment, try again")]
    Store,
    /// The demo's back office cannot be asked.
    #[error("the demo's back office cannot be reached, start it again")]
    DemoCompany,
    /// A bug of ours.
    #[error("something went wrong on our side, it has been logged")]
    Internal,
}

/// One line of the table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Stable code.
    pub code: &'static str,
    /// Status.
    pub status: StatusCode,
    /// Title.
    pub title: &'static str,
}

const fn entry(code: &'static str, status: StatusCode, title: &'static str) -> Entry {
    Entry { code, status, title }
}

impl ApiError {
    /// Code, status and title of an error. Codes are never given a second meaning.
    #[must_use]
    pub const fn entry(&self) -> Entry {
        match self {
            Self::NotUtf8 => entry("OM-0101", StatusCode::BAD_REQUEST, "body is not UTF-8"),
            Self::NotJson { .. } => entry("OM-0102", StatusCode::BAD_REQUEST, "body is not JSON"),
            Self::WrongShape { .. } => entry("OM-0103", StatusCode::BAD_REQUEST, "body has another shape"),
            Self::BodyTooLarge { .. } => entry("OM-0104", StatusCode::PAYLOAD_TOO_LARGE, "body is too large"),
            Self::TextTooLong { .. } => entry("OM-0105", StatusCode::PAYLOAD_TOO_LARGE, "message is too long"),
            Self::TextEmpty => entry("OM-0106", StatusCode::BAD_REQUEST, "message is empty"),
            Self::BadParameter { .. } => entry("OM-0107", StatusCode::BAD_REQUEST, "parameter cannot be read"),
            Self::BodyLate { .. } => entry("OM-0108", StatusCode::REQUEST_TIMEOUT, "body did not arrive"),
            Self::NotDeclaredJson => {
                entry("OM-0109", StatusCode::UNSUPPORTED_MEDIA_TYPE, "body is not declared as JSON")
            }
            Self::NoToken => entry("OM-0201", StatusCode::UNAUTHORIZED, "token is missing"),
            Self::BadToken => entry("OM-0202", StatusCode::UNAUTHORIZED, "token is not valid"),
            Self::TokenExpired => entry("OM-0203", StatusCode::UNAUTHORIZED, "token has expired"),
            Self::WrongRole { .. } => entry("OM-0204", StatusCode::FORBIDDEN, "token has another role"),
            Self::MayNotApprove { .. } => entry("OM-0205", StatusCode::FORBIDDEN, "approval is not yours to give"),
            Self::AccessRevoked => entry("OM-0206", StatusCode::FORBIDDEN, "access is revoked"),
            Self::UnknownConversation => entry("OM-0301", StatusCode::NOT_FOUND, "unknown conversation"),
            Self::UnknownCustomer => entry("OM-0302", StatusCode::NOT_FOUND, "unknown customer"),
            Self::UnknownPath => entry("OM-0303", StatusCode::NOT_FOUND, "unknown path"),
            Self::WrongMethod => entry("OM-0304", StatusCode::METHOD_NOT_ALLOWED, "method is not allowed"),
            Self::Erased => entry("OM-0305", StatusCode::GONE, "conversation was erased"),
            Self::UnknownApproval => entry("OM-0306", StatusCode::NOT_FOUND, "unknown approval"),
            Self::KeyReused => entry("OM-0401", StatusCode::CONFLICT, "idempotency key was reused"),
            Self::InFlight => entry("OM-0402", StatusCode::CONFLICT, "request is in flight"),
            Self::NotYours => entry("OM-0403", StatusCode::CONFLICT, "conversation is not yours"),
            Self::NoCodeAwaited => entry("OM-0404", StatusCode::CONFLICT, "no code is awaited"),
            Self::Conflict => entry("OM-0405", StatusCode::CONFLICT, "conversation changed meanwhile"),
            Self::OtherProposal => entry("OM-0406", StatusCode::CONFLICT, "proposal is another one"),
            Self::ApprovalExpired => entry("OM-0407", StatusCode::CONFLICT, "approval has expired"),
            Self::ApprovalOver => entry("OM-0408", StatusCode::CONFLICT, "approval is decided"),
            Self::ApprovalWithdrawn => entry("OM-0409", StatusCode::CONFLICT, "approval was withdrawn"),
            Self::TooMany { .. } => entry("OM-0501", StatusCode::TOO_MANY_REQUESTS, "too many requests"),
            Self::TooManyStreams => entry("OM-0502", StatusCode::TOO_MANY_REQUESTS, "too many event streams"),
            Self::Busy => entry("OM-0503", StatusCode::SERVICE_UNAVAILABLE, "server is busy"),
            Self::Store => entry("OM-0601", StatusCode::SERVICE_UNAVAILABLE, "ledger cannot be used"),
            Self::DemoCompany => entry("OM-0602", StatusCode::BAD_GATEWAY, "demo back office cannot be reached"),
            Self::Internal => entry("OM-0603", StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
        }
    }

    /// When to come back, seconds; for errors that pass by themselves.
    #[must_use]
    const fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after_s } => Some(*retry_after_s),
            Self::TooManyStreams => Some(30),
            Self::InFlight | Self::Conflict | Self::Busy | Self::Store => Some(1),
            _ => None,
        }
    }
}

impl From<TurnError> for ApiError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::NotFound => Self::UnknownConversation,
            TurnError::Erased => Self::Erased,
            TurnError::KeyReused => Self::KeyReused,
            TurnError::InFlight => Self::InFlight,
            TurnError::NotYours => Self::NotYours,
            TurnError::NoCodeAwaited => Self::NoCodeAwaited,
            TurnError::UnknownApproval => Self::UnknownApproval,
            TurnError::MayNotApprove { why } => Self::MayNotApprove { why },
            TurnError::OtherProposal => Self::OtherProposal,
            TurnError::ApprovalExpired => Self::ApprovalExpired,
            TurnError::ApprovalOver => Self::ApprovalOver,
            TurnError::ApprovalWithdrawn => Self::ApprovalWithdrawn,
            TurnError::Conflict | TurnError::NothingDue => Self::Conflict,
            TurnError::NotACode => Self::WrongShape { what: "`code` has six to ten digits".to_owned() },
            TurnError::Empty => Self::TextEmpty,
            TurnError::TooLong { chars_max } => Self::TextTooLong { chars_max },
            TurnError::BrokeOff => Self::Internal,
            TurnError::Store(cause) => Self::from(cause),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the ledger cannot be used");
        Self::Store
    }
}

impl From<&ApiError> for Problem {
    fn from(error: &ApiError) -> Self {
        let entry = error.entry();
        Self {
            kind: format!("/errors/{}", entry.code),
            title: entry.title.to_owned(),
            status: entry.status.as_u16(),
            detail: error.to_string(),
            code: entry.code.to_owned(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem::from(&self);
        let entry = self.entry();
        let mut response = (entry.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if entry.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ombud\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, so that the table can be walked.
    fn all() -> Vec<ApiError> {
        vec![
            ApiError::NotUtf8,
            ApiError::NotJson { line: 1, column: 2 },
            ApiError::WrongShape { what: "missing field `text`".to_owned() },
            ApiError::BodyTooLarge { bytes_max: 65_536 },
            ApiError::TextTooLong { chars_max: 8_000 },
            ApiError::TextEmpty,
            ApiError::BadParameter { name: "status", expected: "`waiting`" },
            ApiError::BodyLate { seconds_max: 10 },
            ApiError::NotDeclaredJson,
            ApiError::NoToken,
            ApiError::BadToken,
            ApiError::TokenExpired,
            ApiError::WrongRole { role: "staff" },
            ApiError::AccessRevoked,
            ApiError::UnknownConversation,
            ApiError::MayNotApprove { why: "w" },
            ApiError::UnknownApproval,
            ApiError::OtherProposal,
            ApiError::ApprovalExpired,
            ApiError::ApprovalOver,
            ApiError::ApprovalWithdrawn,
            ApiError::UnknownCustomer,
            ApiError::UnknownPath,
            ApiError::WrongMethod,
            ApiError::Erased,
            ApiError::KeyReused,
            ApiError::InFlight,
            ApiError::NotYours,
            ApiError::NoCodeAwaited,
            ApiError::Conflict,
            ApiError::TooMany { retry_after_s: 7 },
            ApiError::TooManyStreams,
            ApiError::Busy,
            ApiError::Store,
            ApiError::DemoCompany,
            ApiError::Internal,
        ]
    }

    #[test]
    fn every_code_is_used_once_and_has_a_page_with_its_title_and_status() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let mut codes = Vec::new();
        for error in all() {
            let Entry { code, status, title } = error.entry();
            let page = std::fs::read_to_string(folder.join(format!("{code}.md")))
                .unwrap_or_else(|_| panic!("docs/errors/{code}.md is missing"));
            assert!(
                page.starts_with(&format!("# {code}: {title}\n")),
                "{code}: the page's first line is not its title"
            );
            assert!(
                page.contains(&format!("Status {}", status.as_u16())),
                "{code}: the page does not give status {}",
                status.as_u16()
            );
            codes.push(code.to_owned());
        }
        codes.sort();
        let mut pages: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
            .filter(|name| name.starts_with("OM-"))
            .collect();
        pages.sort();
        assert_eq!(codes, pages);
        codes.dedup();
        assert_eq!(codes.len(), all().len());
    }

    #[test]
    fn what_passes_by_itself_says_when_to_come_back() {
        let response = ApiError::TooMany { retry_after_s: 7 }.into_response();
        assert_eq!((response.status().as_u16(), response.headers()[RETRY_AFTER].to_str().unwrap()), (429, "7"));
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert!(ApiError::BadToken.into_response().headers().get(RETRY_AFTER).is_none());
    }
}
