//! How is a language model asked? With one prompt of parts, and a deadline.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    /// What the model is to do; stable, so that providers can cache it.
    pub instructions: String,
    /// The material, untrusted parts delimited.
    pub input: String,
    /// Tokens of the answer at most.
    pub tokens_max: u32,
    /// Time for the whole answer, milliseconds.
    pub deadline_ms: u64,
}

/// Why there is no text; the template is used instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelError {
    /// No connection.
    #[error("the model cannot be reached")]
    Unreachable,
    /// Not in time.
    #[error("the model did not answer in time")]
    Timeout,
    /// It answered with this HTTP status.
    #[error("the model answered with status {0}")]
    Status(u16),
    /// Its answer cannot be read, is empty or was cut off.
    #[error("the model gave an answer that cannot be used")]
    Malformed,
}

/// A language model. Its text is a draft, checked before anybody sees it.
#[async_trait]
pub trait LanguageModel: Send + Sync + 'static {
    /// One answer.
    async fn complete(&self, request: &ModelRequest) -> Result<String, ModelError>;

    /// Its configured name, for the trail.
    fn name(&self) -> &str;
}
