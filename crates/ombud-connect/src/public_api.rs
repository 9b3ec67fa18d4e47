//! How do the terminal chat and the simulator speak with Ombud? As any company's page does: through the public API, `/api/v1`.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::{BodyError, ConnectError, base_url, join, pooled, read_body, retry_after};

/// Bytes of an answer; a long conversation with its turns stays far below.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Time for one call, seconds; above the longest turn with a model.
const DEADLINE_S: u64 = 120;

/// Why the API did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No connection, or it ended early.
    #[error("`{base}` cannot be reached, start `ombud serve` or `ombud demo`, or correct the URL")]
    Unreachable {
        /// Where the server was looked for.
        base: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// An answer with a problem document.
    #[error("{code}: {detail}")]
    Problem {
        /// HTTP status.
        status: u16,
        /// Stable code, `OM-0000`.
        code: String,
        /// What went wrong.
        detail: String,
        /// When to come back, seconds.
        retry_after_s: Option<u64>,
    },
    /// An answer that is not what this version of the API gives.
    #[error("the answer to `{path}` cannot be read, check that the URL is Ombud's and the versions agree")]
    Malformed {
        /// What was asked.
        path: String,
    },
}

/// A session token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Bearer token.
    pub token: String,
    /// RFC 3339.
    pub expires_at: String,
    /// Session id.
    pub session_id: String,
}

/// A conversation as a customer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// `open`, `waiting_for_agent`, `with_agent`, `resolved`.
    pub status: String,
    /// Language tag.
    pub locale: String,
    /// Market code.
    pub market: String,
    /// All messages, oldest first.
    pub messages: Vec<Message>,
    /// What the last reply waits for.
    pub awaiting: Awaiting,
}

/// A message to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// What is said.
    pub text: &'a str,
    /// The sender's key, so that a repeat is answered and not done again.
    pub idempotency_key: Option<&'a str>,
    /// `seq` of the newest message the sender had seen.
    pub seen_seq: Option<i64>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Position from 1.
    pub seq: i64,
    /// `customer`, `assistant`, `agent`, `system`.
    pub author: String,
    /// Name of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// Text.
    pub text: String,
    /// RFC 3339.
    pub at: String,
    /// Sources.
    #[serde(default)]
    pub citations: Vec<Citation>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Article id.
    pub article_id: String,
    /// Article title.
    pub title: String,
    /// What supports the answer.
    pub quote: String,
    /// Where the public can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a reply waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Awaiting {
    /// `identify`, `slot`, `choice`, `confirm`, `anything_else`, `handoff`, `none`.
    pub kind: String,
    /// The slot an answer fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What can be picked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AwaitingOption>,
    /// What "yes" would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitingOption {
    /// What comes back.
    pub id: String,
    /// What is shown.
    pub label: String,
}

/// What "yes" would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Action name.
    pub action: String,
    /// Exact arguments.
    pub arguments: Map<String, Value>,
    /// The sentence shown.
    pub summary: String,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Conversation id.
    pub conversation_id: String,
    /// Turn id.
    pub turn_id: String,
    /// Status of the conversation.
    pub status: String,
    /// The messages of this turn, the customer's own left out or not as the server gives them.
    pub messages: Vec<Message>,
    /// What the reply waits for.
    pub awaiting: Awaiting,
    /// Requests that the rules refused.
    #[serde(default)]
    pub refused: Vec<Refused>,
    /// Actions completed.
    #[serde(default)]
    pub done: Vec<Done>,
    /// The stages, in the demo or for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<Value>>,
}

/// A request that the rules refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The flow.
    pub flow: String,
    /// Why.
    pub reason_code: String,
}

/// An action completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Action name.
    pub action: String,
    /// Receipt of the system of record.
    pub receipt_id: String,
    /// Exact arguments.
    pub arguments: Map<String, Value>,
}

/// A message the stand-in company "sent" by SMS or e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMessage {
    /// RFC 3339.
    pub at: String,
    /// `sms` or `email`.
    pub channel: String,
    /// Where it went.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// A proposal that waits for approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Where the customer agreed to it.
    pub conversation_id: String,
    /// The customer.
    pub customer_id: String,
    /// His name, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// The action.
    pub action: String,
    /// Its exact arguments.
    pub arguments: Map<String, Value>,
    /// What the customer agreed to.
    pub summary: String,
    /// The customer's last words that say something.
    pub said: String,
    /// Rules that ask for approval.
    pub rules: Vec<String>,
    /// What exactly is approved.
    pub digest: String,
    /// How many people must approve.
    pub approvers: u8,
    /// Who has.
    pub given: Vec<GivenApproval>,
    /// RFC 3339.
    pub requested_at: String,
    /// RFC 3339.
    pub expires_at: String,
}

/// Somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenApproval {
    /// Who.
    pub name: String,
    /// When, RFC 3339.
    pub at: String,
}

/// An answer to what waits for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided<'a> {
    /// Yes.
    Approve,
    /// No.
    Refuse {
        /// Why not.
        reason: &'a str,
    },
}

#[derive(Deserialize)]
struct Approvals {
    items: Vec<Approval>,
}

/// The public API of one server.
#[derive(Debug, Clone)]
pub struct PublicApi {
    client: Client,
    base: Url,
}

impl PublicApi {
    /// A pooled client; `url` is the server's, without `/api/v1`.
    ///
    /// # Errors
    /// [`ConnectError`] when the URL cannot be used; the operator can fix it.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Ok(Self { client: pooled(reqwest::header::HeaderMap::new())?, base: base_url(url)? })
    }

    /// `GET /health`, as it stands.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn health(&self) -> Result<Value, ApiError> {
        self.get(None, "/health").await
    }

    /// An anonymous session.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_session(&self, locale: Option<&str>, market: Option<&str>) -> Result<Session, ApiError> {
        self.post(None, "/sessions", &json!({"locale": locale, "market": market})).await
    }

    /// A session as if the company's site had signed the customer in; the demo only.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_demo_session(&self, customer_id: &str) -> Result<Session, ApiError> {
        self.post(None, "/demo/sessions", &json!({"customer_id": customer_id})).await
    }

    /// The demo's customers, as they stand.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn demo_customers(&self) -> Result<Value, ApiError> {
        self.get(None, "/demo/customers").await
    }

    /// What the stand-in company "sent" to a customer, newest first; the demo only.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn demo_outbox(&self, customer_id: &str) -> Result<Vec<OutboxMessage>, ApiError> {
        let mut query = self.base.clone();
        query.query_pairs_mut().append_pair("customer_id", customer_id);
        self.get(None, &format!("/demo/outbox?{}", query.query().unwrap_or_default())).await
    }

    /// A new conversation with its greeting.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_conversation(
        &self,
        session: &Session,
        locale: Option<&str>,
        market: Option<&str>,
    ) -> Result<Conversation, ApiError> {
        self.post(Some(session), "/conversations", &json!({"locale": locale, "market": market})).await
    }

    /// A conversation as it stands now.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn conversation(&self, session: &Session, id: &str) -> Result<Conversation, ApiError> {
        self.get(Some(session), &format!("/conversations/{id}")).await
    }

    /// One message and its reply; with an idempotency key it can be sent again after a lost answer.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn send(
        &self,
        session: &Session,
        conversation_id: &str,
        text: &str,
        idempotency_key: Option<&str>,
    ) -> Result<Reply, ApiError> {
        self.send_message(session, conversation_id, &Outgoing { text, idempotency_key, seen_seq: None }).await
    }

    /// Says something and gets the reply; a yes counts only for what had been seen.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn send_message(
        &self,
        session: &Session,
        conversation_id: &str,
        message: &Outgoing<'_>,
    ) -> Result<Reply, ApiError> {
        let path = format!("/conversations/{conversation_id}/messages");
        let body = match message.seen_seq {
            Some(seen_seq) => json!({"text": message.text, "seen_seq": seen_seq}),
            None => json!({"text": message.text}),
        };
        let mut request = self.request(Method::POST, Some(session), &path)?.json(&body);
        if let Some(key) = message.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        self.finish(request, &path).await
    }

    /// The one-time code, outside the chat.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn step_up(&self, session: &Session, conversation_id: &str, code: &str) -> Result<Reply, ApiError> {
        self.post(Some(session), &format!("/conversations/{conversation_id}/step_up"), &json!({"code": code})).await
    }

    /// The turns with their stages, as they stand; the demo or a staff token only.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn turns(&self, session: &Session, conversation_id: &str) -> Result<Value, ApiError> {
        self.get(Some(session), &format!("/conversations/{conversation_id}/turns")).await
    }

    /// What waits for approval; a staff token only.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn approvals(&self, token: &str) -> Result<Vec<Approval>, ApiError> {
        let path = "/desk/approvals";
        let request = self.request(Method::GET, None, path)?.bearer_auth(token);
        self.finish::<Approvals>(request, path).await.map(|list| list.items)
    }

    /// Answers what waits for approval, for exactly the proposal that was seen; a staff token only.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn decide(&self, token: &str, seen: &Approval, answer: &Decided<'_>) -> Result<Approval, ApiError> {
        let path = format!("/desk/conversations/{}/approvals/{}", seen.conversation_id, seen.id);
        let body = match answer {
            Decided::Approve => json!({"answer": "approve", "digest": seen.digest}),
            Decided::Refuse { reason } => json!({"answer": "refuse", "digest": seen.digest, "reason": reason}),
        };
        let request = self.request(Method::POST, None, &path)?.bearer_auth(token).json(&body);
        self.finish(request, &path).await
    }

    async fn get<T: DeserializeOwned>(&self, session: Option<&Session>, path: &str) -> Result<T, ApiError> {
        let request = self.request(Method::GET, session, path)?;
        self.finish(request, path).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        session: Option<&Session>,
        path: &str,
        body: &Value,
    ) -> Result<T, ApiError> {
        let request = self.request(Method::POST, session, path)?.json(body);
        self.finish(request, path).await
    }

    fn request(&self, method: Method, session: Option<&Session>, path: &str) -> Result<RequestBuilder, ApiError> {
        let (bare, query) = path.split_once('?').map_or((path, None), |(bare, query)| (bare, Some(query)));
        let mut url =
            join(&self.base, &format!("/api/v1{bare}")).ok_or_else(|| ApiError::Malformed { path: bare.to_owned() })?;
        url.set_query(query);
        let request = self.client.request(method, url).timeout(Duration::from_secs(DEADLINE_S));
        Ok(match session {
            Some(session) => request.bearer_auth(&session.token),
            None => request,
        })
    }

    async fn finish<T: DeserializeOwned>(&self, request: RequestBuilder, path: &str) -> Result<T, ApiError> {
        let unreachable = |source| ApiError::Unreachable { base: self.base.to_string(), source };
        let malformed = || ApiError::Malformed { path: path.split('?').next().unwrap_or_default().to_owned() };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after_s = retry_after(response.headers()).map(|wait| wait.as_secs());
        let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|error| match error {
            BodyError::TooLarge => malformed(),
            BodyError::Lost(source) => unreachable(source),
        })?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| malformed());
        }
        Err(problem(status, &bytes, retry_after_s))
    }
}

#[derive(Deserialize)]
struct ProblemDocument {
    code: String,
    detail: String,
}

fn problem(status: StatusCode, bytes: &[u8], retry_after_s: Option<u64>) -> ApiError {
    let document = serde_json::from_slice(bytes).unwrap_or_else(|_| ProblemDocument {
        code: format!("HTTP {}", status.as_u16()),
        detail: "the answer is not a problem document of Ombud".to_owned(),
    });
    ApiError::Problem { status: status.as_u16(), code: document.code, detail: document.detail, retry_after_s }
}

#[cfg(test)]
mod tests;
