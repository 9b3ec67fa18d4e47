//! How is a language model asked? With one chat completion of any endpoint that speaks the OpenAI protocol (vLLM, Ollama, a vendor).
//!
//! Its text is a draft: cut off, empty, refused or called as a tool it is no text at all, and the template answers instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ombud_domain::Sensitive;
use ombud_ports::{LanguageModel, ModelError, ModelRequest};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::client::{BodyError, ConnectError, base_url, join, pooled, read_body};

/// Which endpoint, with which key, which model.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// Base URL up to and with the version, such as `https://host/v1`.
    pub base_url: String,
    /// API key, if one is needed.
    pub key: Option<Sensitive<String>>,
    /// Model name as the endpoint knows it; fine-tuned names included.
    pub name: String,
}

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// Characters of a prompt, both parts together; longer ones are refused before they cost anything.
const PROMPT_CHARS_MAX: usize = 200_000;
/// Tokens of an answer, whatever is asked for.
const TOKENS_MAX: u32 = 4_096;
/// Time for one answer, milliseconds, whatever is asked for.
const DEADLINE_MS_MAX: u64 = 120_000;

/// A model behind an OpenAI-compatible endpoint.
#[derive(Debug)]
pub struct OpenAiModel {
    client: Client,
    url: Url,
    name: String,
    /// Newer models of the protocol's author take `max_completion_tokens` only, most other servers `max_tokens` only; learnt from the first refusal.
    newer_field: AtomicBool,
    /// Some models accept no temperature but their own; learnt likewise.
    own_temperature: AtomicBool,
}

impl OpenAiModel {
    /// A pooled client of one model.
    ///
    /// # Errors
    /// [`ConnectError`] when a setting cannot be used; the operator can fix it.
    pub fn new(settings: &ModelSettings) -> Result<Self, ConnectError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.key {
            let wrong = |_| ConnectError::Header(AUTHORIZATION.to_string());
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(wrong)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let wrong = || ConnectError::BaseUrl(settings.base_url.clone());
        let base = base_url(settings.base_url.trim_end_matches('/').trim_end_matches("/chat/completions"))?;
        Ok(Self {
            client: pooled(headers)?,
            url: join(&base, "/chat/completions").ok_or_else(wrong)?,
            name: settings.name.clone(),
            newer_field: AtomicBool::new(false),
            own_temperature: AtomicBool::new(false),
        })
    }

    fn body(&self, request: &ModelRequest) -> Value {
        let mut body = json!({
            "model": self.name,
            "messages": [{"role": "system", "content": request.instructions}, {"role": "user", "content": request.input}],
            "stream": false,
        });
        if let Some(members) = body.as_object_mut() {
            let field = if self.newer_field.load(Ordering::Relaxed) { "max_completion_tokens" } else { "max_tokens" };
            members.insert(field.to_owned(), json!(request.tokens_max.clamp(1, TOKENS_MAX)));
            if !self.own_temperature.load(Ordering::Relaxed) {
                members.insert("temperature".to_owned(), json!(0));
            }
        }
        body
    }

    async fn post(&self, request: &ModelRequest) -> Result<(StatusCode, Vec<u8>), ModelError> {
        let response = self
            .client
            .post(self.url.clone())
            .json(&self.body(request))
            .send()
            .await
            .map_err(|error| unanswered(&error))?;
        let status = response.status();
        match read_body(response, ANSWER_BYTES_MAX).await {
            Ok(bytes) => Ok((status, bytes)),
            Err(BodyError::TooLarge) => Err(ModelError::Malformed),
            Err(BodyError::Lost(error)) => Err(unanswered(&error)),
        }
    }

    /// Learns a quirk from a refusal; true when another attempt is worth it.
    fn learn(&self, refusal: &[u8]) -> bool {
        let text = String::from_utf8_lossy(refusal);
        if text.contains("max_completion_tokens") && !self.newer_field.swap(true, Ordering::Relaxed) {
            return true;
        }
        text.contains("temperature") && !self.own_temperature.swap(true, Ordering::Relaxed)
    }

    async fn ask(&self, request: &ModelRequest) -> Result<String, ModelError> {
        // Two quirks can be learnt, so the third attempt is the last that can differ.
        for _ in 0..3 {
            let (status, bytes) = self.post(request).await?;
            if status.is_success() {
                return usable_text(&bytes);
            }
            if status != StatusCode::BAD_REQUEST || !self.learn(&bytes) {
                tracing::warn!(model = %self.name, status = status.as_u16(), "the model refused a request");
                return Err(ModelError::Status(status.as_u16()));
            }
        }
        Err(ModelError::Status(StatusCode::BAD_REQUEST.as_u16()))
    }
}

#[async_trait]
impl LanguageModel for OpenAiModel {
    async fn complete(&self, request: &ModelRequest) -> Result<String, ModelError> {
        let chars = request.instructions.chars().count().saturating_add(request.input.chars().count());
        if chars > PROMPT_CHARS_MAX {
            tracing::error!(model = %self.name, prompt.chars = chars, "a prompt is over its bound and was not sent");
            return Err(ModelError::Malformed);
        }
        let until = Instant::now() + Duration::from_millis(request.deadline_ms.clamp(1, DEADLINE_MS_MAX));
        timeout_at(until, self.ask(request)).await.unwrap_or(Err(ModelError::Timeout))
    }

    fn name(&self) -> &str {
        &self.name
    }
}

fn unanswered(error: &reqwest::Error) -> ModelError {
    if error.is_timeout() && !error.is_connect() { ModelError::Timeout } else { ModelError::Unreachable }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<CompletionChoice>,
}

#[derive(Deserialize)]
struct CompletionChoice {
    message: CompletionMessage,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct CompletionMessage {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Value>>,
    function_call: Option<Value>,
}

/// The text of a completion that ended by itself; anything else is no text.
fn usable_text(bytes: &[u8]) -> Result<String, ModelError> {
    let completion: Completion = serde_json::from_slice(bytes).map_err(|_| ModelError::Malformed)?;
    let choice = completion.choices.into_iter().next().ok_or(ModelError::Malformed)?;
    let ended = choice.finish_reason.as_deref() == Some("stop");
    let refused = choice.message.refusal.is_some_and(|refusal| !refusal.is_empty());
    let called =
        choice.message.tool_calls.is_some_and(|calls| !calls.is_empty()) || choice.message.function_call.is_some();
    let text = choice.message.content.unwrap_or_default().trim().to_owned();
    if !ended || refused || called || text.is_empty() { Err(ModelError::Malformed) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
