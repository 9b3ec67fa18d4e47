//! How is an HTTP client made, an answer read within bounds, and a wait before a retry chosen?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, Url};

use crate::pages::PublicOnly;

/// Why an adapter cannot be built; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an absolute `http` or `https` URL.
    #[error("`{0}` is not a base URL, write it as `https://host/path` without query or fragment")]
    BaseUrl(String),
    /// A header holds a character that HTTP does not allow.
    #[error("the value of header `{0}` holds a character that HTTP does not allow, check the token for line breaks")]
    Header(String),
    /// The TLS client cannot be set up.
    #[error("the HTTP client cannot be set up, check that the machine has root certificates installed")]
    Client(#[source] reqwest::Error),
}

/// Time to make a connection, milliseconds; shorter than any attempt, so that "never sent" is told apart from "no answer".
const CONNECT_MS_MAX: u64 = 1_000;
/// The same for a site somewhere on the web, milliseconds.
const PAGE_CONNECT_MS_MAX: u64 = 10_000;
/// Idle connections kept for each host.
const IDLE_CONNECTIONS_MAX: usize = 64;
/// How long an idle connection is kept, seconds; below the 60 s after which common servers and balancers close it.
const IDLE_S_MAX: u64 = 45;
/// First wait before a retry, milliseconds; doubled each time.
const BACKOFF_MS: u64 = 50;
/// Longest wait before a retry, milliseconds, whatever `Retry-After` says.
const BACKOFF_MS_MAX: u64 = 2_000;

/// A pooled client that follows no redirects: a redirect would carry the token to an address nobody configured.
pub(crate) fn pooled(headers: HeaderMap) -> Result<Client, ConnectError> {
    client(headers, IDLE_CONNECTIONS_MAX)
}

/// A client that makes a connection for every request: what may not be repeated must not meet a connection that the server is just closing.
pub(crate) fn unpooled(headers: HeaderMap) -> Result<Client, ConnectError> {
    client(headers, 0)
}

/// A client for pages: it follows no redirects by itself, and goes through no proxy, which would resolve names in its own way.
pub(crate) fn for_pages(resolver: Option<Arc<PublicOnly>>) -> Result<Client, ConnectError> {
    let mut builder = builder(HeaderMap::new(), IDLE_CONNECTIONS_MAX).no_proxy();
    if let Some(resolver) = resolver {
        builder = builder.dns_resolver(resolver);
    }
    builder.connect_timeout(Duration::from_millis(PAGE_CONNECT_MS_MAX)).build().map_err(ConnectError::Client)
}

fn client(headers: HeaderMap, idle_connections_max: usize) -> Result<Client, ConnectError> {
    builder(headers, idle_connections_max).build().map_err(ConnectError::Client)
}

fn builder(headers: HeaderMap, idle_connections_max: usize) -> ClientBuilder {
    // A provider that is already installed is as good; the error only says so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
        .pool_idle_timeout(Duration::from_secs(IDLE_S_MAX))
        .pool_max_idle_per_host(idle_connections_max)
        .tcp_nodelay(true)
        .user_agent(concat!("ombud/", env!("CARGO_PKG_VERSION")))
}

/// Reads a base URL and takes trailing slashes off, so that a path can be appended.
pub(crate) fn base_url(text: &str) -> Result<Url, ConnectError> {
    let wrong = || ConnectError::BaseUrl(text.to_owned());
    let url = Url::parse(text.trim().trim_end_matches('/')).map_err(|_| wrong())?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none();
    if usable { Ok(url) } else { Err(wrong()) }
}

/// `base` with `path` behind it; `None` when the parser would read another path out of it (`..`, `?`, `#`, a backslash).
pub(crate) fn join(base: &Url, path: &str) -> Option<Url> {
    let prefix = base.path().trim_end_matches('/');
    let wanted = format!("{prefix}{path}");
    let mut url = base.clone();
    url.set_path(&wanted);
    (path.starts_with('/') && url.path() == wanted).then_some(url)
}

/// Why an answer's body could not be taken.
pub(crate) enum BodyError {
    /// More than the bound.
    TooLarge,
    /// The connection ended or the time was over before the body did.
    Lost(reqwest::Error),
}

/// The body of an answer, at most `bytes_max`; what is beyond is never held in memory.
pub(crate) async fn read_body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Lost)? {
        if body.len().saturating_add(chunk.len()) > bytes_max {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Retry-After` in seconds, if it is given so.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Waits between attempts: exponential, with full jitter, so that many callers do not come back at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    state: AtomicU64,
}

impl Backoff {
    /// `seed` should differ between replicas.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// The wait before attempt `attempt` (2 is the first retry); at least what the server asked for, at most [`BACKOFF_MS_MAX`].
    pub(crate) fn before(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doublings = attempt.saturating_sub(2).min(10);
        let ceiling = BACKOFF_MS.saturating_mul(1 << doublings).min(BACKOFF_MS_MAX);
        let jittered = Duration::from_millis(ceiling / 2 + self.next() % (ceiling / 2 + 1));
        asked.map_or(jittered, |asked| asked.max(jittered)).min(Duration::from_millis(BACKOFF_MS_MAX))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): spread, not secrecy, is what a jitter needs.
    fn next(&self) -> u64 {
        let mut z = self.state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_would_be_read_as_another_is_refused() {
        let base = base_url("http://127.0.0.1:1/api/").unwrap();
        assert_eq!(join(&base, "/orders/%23W1").unwrap().as_str(), "http://127.0.0.1:1/api/orders/%23W1");
        for path in [
            "/orders/../admin/reset",
            "/orders/%2e%2E/admin",
            "/a?b",
            "/a#b",
            "orders",
            "/a\\b",
            "@evil.example/",
            "/a b",
        ] {
            assert!(join(&base, path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_base_url_is_absolute_and_bare() {
        for text in ["", "localhost:8090", "ftp://host", "http://host/?q=1", "http://host/#f", "/relative"] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn waits_grow_within_bounds_and_honour_the_server() {
        let backoff = Backoff::new(7);
        for attempt in 2..40 {
            let wait = backoff.before(attempt, None);
            assert!(
                wait >= Duration::from_millis(BACKOFF_MS / 2) && wait <= Duration::from_millis(BACKOFF_MS_MAX),
                "{attempt}: {wait:?}"
            );
        }
        assert_eq!(backoff.before(2, Some(Duration::from_secs(1))), Duration::from_secs(1));
        assert_eq!(backoff.before(2, Some(Duration::from_secs(3600))), Duration::from_millis(BACKOFF_MS_MAX));
        assert_ne!(backoff.before(9, None), backoff.before(9, None));
    }
}
