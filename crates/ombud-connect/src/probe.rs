//! Is anybody there? One request of a base URL, for diagnosis only.

use std::time::Duration;

use ombud_domain::Sensitive;
use reqwest::header::{DATE, HeaderMap};

use crate::client::{ConnectError, base_url, pooled};

/// Time for the answer, seconds.
const DEADLINE_S: u64 = 5;

/// What answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The server's clock as it wrote it (RFC 9110, 6.6.1).
    pub date: Option<String>,
}

/// Why nobody answered; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No answer.
    #[error("nobody answers there")]
    Unanswered(#[source] reqwest::Error),
}

/// Asks for the base URL itself; any answer is an answer.
///
/// # Errors
/// [`ProbeError`]; the operator can fix it.
pub async fn probe(url: &str, token: Option<&Sensitive<String>>) -> Result<Answer, ProbeError> {
    let mut request = pooled(HeaderMap::new())?.get(base_url(url)?).timeout(Duration::from_secs(DEADLINE_S));
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let response = request.send().await.map_err(ProbeError::Unanswered)?;
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    Ok(Answer { status: response.status().as_u16(), date })
}
