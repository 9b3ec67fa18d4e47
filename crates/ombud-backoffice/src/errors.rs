//! Why was a request refused, and how is that told?

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why the back office did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The record does not exist in this world; the caller has the wrong id.
    #[error("there is no {noun} `{id}`; check what was asked for")]
    NotFound { noun: &'static str, id: String },
    /// The state of the record forbids it. The code is stable; connectors map it to a reason.
    #[error("{message}")]
    Rule { code: &'static str, message: String },
    /// The body, query or a header cannot be understood.
    #[error("{message}")]
    Invalid { message: String },
    /// The key was used with another request.
    #[error("idempotency key `{key}` was used with another body or path; use a new key")]
    IdempotencyMismatch { key: String },
    /// The first request with this key has not ended.
    #[error("a request with idempotency key `{key}` is still in flight; ask again with the same key")]
    IdempotencyInFlight { key: String },
    /// The token is missing or wrong.
    #[error("send `Authorization: Bearer` with the token the back office was started with")]
    Unauthorized,
    /// A fault somebody asked for through `/admin/faults`.
    #[error("this failure was asked for through /admin/faults")]
    Injected { status: StatusCode },
    /// The database failed; the operator can fix it.
    #[error("the database failed; see the log of the back office")]
    Storage(#[from] sqlx::Error),
    /// A stored record does not have its shape: our bug, or a file of another version.
    #[error("a stored record cannot be read; start again with a new --db file")]
    Shape(#[from] serde_json::Error),
}

impl Refusal {
    /// A refusal by rule, with its stable code.
    pub fn rule(code: &'static str, message: impl Into<String>) -> Self {
        Self::Rule { code, message: message.into() }
    }

    /// A refusal of something that cannot be understood.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into() }
    }

    /// True when the request was understood and answered with no, which is as final as a yes.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Rule { .. } | Self::Invalid { .. })
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Rule { .. } | Self::IdempotencyInFlight { .. } => StatusCode::CONFLICT,
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::IdempotencyMismatch { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Injected { status } => *status,
            Self::Storage(_) | Self::Shape(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NotFound { noun, .. } => format!("{}_not_found", noun.replace(' ', "_")),
            Self::Rule { code, .. } => (*code).to_owned(),
            Self::Invalid { .. } => "invalid_request".to_owned(),
            Self::IdempotencyMismatch { .. } => "idempotency_mismatch".to_owned(),
            Self::IdempotencyInFlight { .. } => "idempotency_in_flight".to_owned(),
            Self::Unauthorized => "unauthorized".to_owned(),
            Self::Injected { .. } => "injected_fault".to_owned(),
            Self::Storage(_) => "storage_failed".to_owned(),
            Self::Shape(_) => "record_unreadable".to_owned(),
        }
    }

    /// The body that says why.
    pub fn body(&self) -> ErrorBody {
        ErrorBody { error: ErrorText { code: self.code(), message: self.to_string() } }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Storage(_) | Self::Shape(_) = &self {
            tracing::error!(error = ?self, "a request failed inside the back office");
        }
        (self.status(), Json(self.body())).into_response()
    }
}

/// The one shape of errors.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorText,
}

/// What went wrong: a stable code, and a sentence for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorText {
    code: String,
    message: String,
}
