//! How do the demo and the simulator look behind the counter of the stand-in company? Through its `/admin` paths, which no product flow may call.

use std::time::Duration;

use ombud_domain::Sensitive;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use serde_json::Value;

use crate::client::{BodyError, ConnectError, base_url, join, pooled, read_body};

/// Bytes of an answer; an export of a whole world is large.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Time for one call, seconds.
const DEADLINE_S: u64 = 60;

/// Why the stand-in company could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No connection, or it ended early.
    #[error("the back office at `{base}` cannot be reached, start `ombud-backoffice serve` or correct its URL")]
    Unreachable {
        /// Where it was looked for.
        base: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// It answered with an error.
    #[error("the back office answered `{path}` with status {status}: {message}")]
    Status {
        /// What was asked.
        path: String,
        /// HTTP status.
        status: u16,
        /// Its message, if any.
        message: String,
    },
    /// Its answer cannot be read.
    #[error("the back office's answer to `{path}` is not JSON or is larger than 256 MiB")]
    Malformed {
        /// What was asked.
        path: String,
    },
    /// The path cannot be appended to the base URL.
    #[error("`{0}` is not a path, begin it with `/` and encode its arguments")]
    Path(String),
}

/// The `/admin` paths of `ombud-backoffice`, and plain reads for graders.
#[derive(Debug, Clone)]
pub struct BackOfficeAdmin {
    client: Client,
    base: Url,
}

impl BackOfficeAdmin {
    /// A client of one base URL; `world` selects one of its worlds.
    ///
    /// # Errors
    /// [`ConnectError`] when a setting cannot be used; the operator can fix it.
    pub fn new(url: &str, token: Option<&Sensitive<String>>, world: Option<&str>) -> Result<Self, ConnectError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let wrong = |_| ConnectError::Header(AUTHORIZATION.to_string());
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(wrong)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        if let Some(world) = world {
            let wrong = |_| ConnectError::Header("X-World".to_owned());
            headers.insert(HeaderName::from_static("x-world"), HeaderValue::from_str(world).map_err(wrong)?);
        }
        Ok(Self { client: pooled(headers)?, base: base_url(url)? })
    }

    /// `GET path`, with `path` already encoded and with its query.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn get(&self, path: &str) -> Result<Value, AdminError> {
        self.send(Method::GET, path, None).await
    }

    /// `POST path` with a JSON body.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, AdminError> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `DELETE path`.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn delete(&self, path: &str) -> Result<Value, AdminError> {
        self.send(Method::DELETE, path, None).await
    }

    /// Customers for the demo's selector: `{id, name, email, postal_code, story}` and more.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn customers(&self, customers_max: usize) -> Result<Value, AdminError> {
        self.get(&format!("/admin/customers?limit={customers_max}")).await
    }

    /// Messages the company "sent" to a customer, newest first.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn outbox(&self, customer_id: &str) -> Result<Value, AdminError> {
        let mut query = Url::parse("query:").map_err(|_| AdminError::Path(String::new()))?;
        query.query_pairs_mut().append_pair("customer_id", customer_id);
        self.get(&format!("/admin/outbox?{}", query.query().unwrap_or_default())).await
    }

    /// Whether it is up.
    ///
    /// # Errors
    /// [`AdminError`]; the operator can fix it.
    pub async fn health(&self) -> Result<Value, AdminError> {
        self.get("/health").await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, AdminError> {
        let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
        let mut url = join(&self.base, bare).ok_or_else(|| AdminError::Path(bare.to_owned()))?;
        url.set_query(query);
        let unreachable = |source| AdminError::Unreachable { base: self.base.to_string(), source };
        let mut request = self.client.request(method, url).timeout(Duration::from_secs(DEADLINE_S));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|error| match error {
            BodyError::TooLarge => AdminError::Malformed { path: bare.to_owned() },
            BodyError::Lost(source) => unreachable(source),
        })?;
        if bytes.is_empty() && status.is_success() {
            return Ok(Value::Null);
        }
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        if status.is_success() {
            return body.ok_or_else(|| AdminError::Malformed { path: bare.to_owned() });
        }
        let message =
            body.and_then(|body| Some(body.get("error")?.get("message")?.as_str()?.to_owned())).unwrap_or_default();
        Err(AdminError::Status { path: bare.to_owned(), status: status.as_u16(), message })
    }
}
