//! What does a model say in a test? What the script says, in order.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use ombud_ports::{LanguageModel, ModelError, ModelRequest};

/// One line of the script.
pub type ScriptedAnswer = Result<String, ModelError>;

/// A language model that gives the answers and faults of a list; when the list is used up it cannot be reached.
#[derive(Debug, Default)]
pub struct ScriptedModel {
    answers: Mutex<VecDeque<ScriptedAnswer>>,
    requests: Mutex<Vec<ModelRequest>>,
}

impl ScriptedModel {
    /// A model that gives `answers` in order.
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), requests: Mutex::default() }
    }

    /// A model that gives these texts in order.
    #[must_use]
    pub fn saying(texts: &[&str]) -> Self {
        Self::new(texts.iter().map(|text| Ok((*text).to_owned())))
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl LanguageModel for ScriptedModel {
    async fn complete(&self, request: &ModelRequest) -> Result<String, ModelError> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.unwrap_or(Err(ModelError::Unreachable))
    }

    fn name(&self) -> &str {
        "scripted"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_script_is_followed_and_then_nobody_answers() {
        let model = ScriptedModel::new([Ok("hello".to_owned()), Err(ModelError::Timeout)]);
        let request = ModelRequest {
            instructions: "be kind".to_owned(),
            input: "hi".to_owned(),
            tokens_max: 10,
            deadline_ms: 100,
        };
        let mut heard = Vec::new();
        for _ in 0..3 {
            heard.push(model.complete(&request).await);
        }
        assert_eq!(heard, [Ok("hello".to_owned()), Err(ModelError::Timeout), Err(ModelError::Unreachable)]);
        assert_eq!(model.requests(), vec![request; 3]);
    }
}
