//! How are the company's own systems called over HTTP, so that nothing is done twice and no answer is invented?
//!
//! One rule for writes: an attempt that may have reached the system makes the outcome [`ActionOutcome::Unknown`], unless a later
//! attempt with the same idempotency key brings the system's own answer. [`judge`] holds that rule as a pure function.

mod attempt;
mod judge;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use ombud_domain::{ActionOutcome, CallFailure, Sensitive};
use ombud_policy::action::Method;
use ombud_policy::{ApiCall, Intent};
use ombud_ports::BackOffice;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use tokio::sync::Semaphore;

use crate::client::{Backoff, ConnectError, base_url, pooled, unpooled};
use judge::{Again, CallKind, Effect};

/// Where the company's systems are and how they know us.
#[derive(Debug, Clone)]
pub struct BackOfficeSettings {
    /// Base URL; paths of actions are appended.
    pub base_url: String,
    /// Bearer token, if one is needed.
    pub token: Option<Sensitive<String>>,
    /// Further headers of every request, such as a tenant.
    pub headers: Vec<(String, String)>,
    /// Calls under way at most; more wait within their deadline.
    pub calls_max: usize,
    /// Seed of the jitter between retries; should differ between replicas.
    pub jitter_seed: u64,
}

impl Default for BackOfficeSettings {
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:8090".to_owned(),
            token: None,
            headers: Vec::new(),
            calls_max: 256,
            jitter_seed: 0,
        }
    }
}

/// Attempts of one call, whatever an action asks for.
pub const ATTEMPTS_MAX: u32 = 5;
/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Time of one attempt, milliseconds, whatever an action asks for.
pub const DEADLINE_MS_MAX: u64 = 30_000;

/// The company's systems over HTTP.
#[derive(Debug)]
pub struct HttpBackOffice {
    client: Client,
    once: Client,
    base: Url,
    gate: Semaphore,
    backoff: Backoff,
}

impl HttpBackOffice {
    /// A pooled client of one base URL.
    ///
    /// # Errors
    /// [`ConnectError`] when a setting cannot be used; the operator can fix it.
    pub fn new(settings: &BackOfficeSettings) -> Result<Self, ConnectError> {
        let headers = default_headers(settings)?;
        Ok(Self {
            client: pooled(headers.clone())?,
            once: unpooled(headers)?,
            base: base_url(&settings.base_url)?,
            gate: Semaphore::new(settings.calls_max.clamp(1, Semaphore::MAX_PERMITS)),
            backoff: Backoff::new(settings.jitter_seed),
        })
    }

    /// Makes the attempts of a call until one decides or none is left.
    async fn call(&self, call: &ApiCall, kind: CallKind, key: Option<&str>) -> ActionOutcome {
        let attempts_max = if kind.repeatable(key) { call.attempts_max.clamp(1, ATTEMPTS_MAX) } else { 1 };
        let mut effect = Effect::None;
        let mut outcome = ActionOutcome::Failed { failure: CallFailure::Unreachable };
        let mut asked = None;
        for attempt in 1..=attempts_max {
            if attempt > 1 {
                tokio::time::sleep(self.backoff.before(attempt, asked)).await;
            }
            let answer = self.attempt(call, kind, key).await;
            tracing::debug!(action = %call.action, attempt, answer = answer.as_str(), "back office called");
            let verdict = judge::judge(call, kind, answer);
            effect = effect.max(verdict.effect);
            outcome = verdict.outcome;
            match verdict.again {
                Again::No => break,
                Again::Yes { after } => asked = after,
            }
        }
        judge::settle(outcome, effect)
    }

    /// A write with its key, if the system honours keys.
    async fn write(&self, call: &ApiCall, key: &str) -> ActionOutcome {
        if call.method == Method::Get {
            tracing::error!(action = %call.action, "a write was described as a GET, correct the pack");
            return ActionOutcome::Failed { failure: CallFailure::Malformed };
        }
        self.call(call, CallKind::Write, call.idempotency_key.then_some(key)).await
    }
}

#[async_trait]
impl BackOffice for HttpBackOffice {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        if call.method != Method::Get {
            tracing::error!(action = %call.action, "a read was described as a write, correct the pack");
            return ActionOutcome::Failed { failure: CallFailure::Malformed };
        }
        self.call(call, CallKind::Read, None).await
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        let outcome = self.write(intent.call(), &intent.id().to_string()).await;
        if outcome == ActionOutcome::Unknown {
            tracing::error!(action = %intent.call().action, intent.id = %intent.id(), "the answer to a write was lost, look it up before acting again");
        }
        outcome
    }

    /// Gives `Found` with the answer, never `Done`: what a code proved is read out of the body.
    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome {
        self.call(call, CallKind::Secret, None).await
    }
}

/// The time one attempt may take.
fn deadline(call: &ApiCall) -> Duration {
    Duration::from_millis(call.deadline_ms.clamp(1, DEADLINE_MS_MAX))
}

fn default_headers(settings: &BackOfficeSettings) -> Result<HeaderMap, ConnectError> {
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    if let Some(token) = &settings.token {
        let wrong = |_| ConnectError::Header(AUTHORIZATION.to_string());
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(wrong)?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    for (name, value) in &settings.headers {
        let wrong = || ConnectError::Header(name.clone());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}
