//! What came of sending one request once?

use std::time::Duration;

use ombud_domain::CallFailure;
use ombud_policy::ApiCall;
use ombud_policy::action::Method;
use ombud_ports::{crash_point, crash_point_soon};
use reqwest::{Client, Request, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::judge::CallKind;
use super::{ANSWER_BYTES_MAX, HttpBackOffice, deadline};
use crate::client::{BodyError, join, read_body, retry_after};

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attempt {
    /// The system answered, to the last byte.
    Answered {
        /// Its status.
        status: StatusCode,
        /// Its JSON body; `None` when there is none or it cannot be read.
        body: Option<Value>,
        /// When it asks us to come back.
        retry_after: Option<Duration>,
    },
    /// Nothing was sent.
    NotSent(CallFailure),
    /// It may have been received; the answer never came whole.
    Lost(CallFailure),
}

impl Attempt {
    /// One word for the log; an answer's content is never logged.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Answered { status, .. } if status.is_success() => "ok",
            Self::Answered { status, .. } if status.is_server_error() => "server_error",
            Self::Answered { .. } => "refused",
            Self::NotSent(_) => "not_sent",
            Self::Lost(_) => "lost",
        }
    }
}

impl HttpBackOffice {
    /// Sends a call once, within its deadline.
    pub(super) async fn attempt(&self, call: &ApiCall, kind: CallKind, key: Option<&str>) -> Attempt {
        let until = Instant::now() + deadline(call);
        let client = if kind.repeatable(key) { &self.client } else { &self.once };
        let Some(request) = self.request(client, call, key) else {
            tracing::error!(action = %call.action, "the path of a call would be read as another, correct the action's `path`");
            return Attempt::NotSent(CallFailure::Malformed);
        };
        let Ok(Ok(_permit)) = timeout_at(until, self.gate.acquire()).await else {
            tracing::warn!(action = %call.action, "all calls to the back office are in use, raise `calls_max` or look why it is slow");
            return Attempt::NotSent(CallFailure::Timeout);
        };
        if kind == CallKind::Write {
            crash_point("call.before");
            crash_point_soon("call.under_way");
        }
        timeout_at(until, exchange(client, request)).await.unwrap_or(Attempt::Lost(CallFailure::Timeout))
    }

    fn request(&self, client: &Client, call: &ApiCall, key: Option<&str>) -> Option<Request> {
        let mut url = join(&self.base, &call.path)?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = client.request(method(call.method), url);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !call.body.is_null() {
            request = request.json(&call.body);
        }
        request.build().ok()
    }
}

async fn exchange(client: &Client, request: Request) -> Attempt {
    let response = match client.execute(request).await {
        Ok(response) => response,
        // The connection was never made, so the system cannot have seen the request.
        Err(error) if error.is_connect() => return Attempt::NotSent(CallFailure::Unreachable),
        Err(error) => return Attempt::Lost(failure(&error)),
    };
    let status = response.status();
    let retry_after = retry_after(response.headers());
    match read_body(response, ANSWER_BYTES_MAX).await {
        Ok(bytes) => Attempt::Answered { status, body: serde_json::from_slice(&bytes).ok(), retry_after },
        Err(BodyError::TooLarge) => Attempt::Answered { status, body: None, retry_after },
        Err(BodyError::Lost(error)) => Attempt::Lost(failure(&error)),
    }
}

fn failure(error: &reqwest::Error) -> CallFailure {
    if error.is_timeout() { CallFailure::Timeout } else { CallFailure::Unreachable }
}

const fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}
