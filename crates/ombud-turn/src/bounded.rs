//! How long may a turn read a message, and search the articles? What computes cannot be broken off: it is done where nobody waits for the processor, and after
//! its deadline nobody waits for it either.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assistant::Assistant;

/// A stage that computes, and has a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Computing {
    /// Reading the message.
    Understanding,
    /// Searching the articles.
    Search,
}

impl Computing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Understanding => "understanding",
            Self::Search => "search",
        }
    }

    const fn deadline(self, assistant: &Assistant) -> Duration {
        Duration::from_millis(match self {
            Self::Understanding => assistant.settings.understanding_deadline_ms,
            Self::Search => assistant.settings.search_deadline_ms,
        })
    }
}

/// Does the work of a stage; none when it was not done in time. Whether it was is noted on the tape, and a turn that is played is late where it was late.
pub(crate) async fn in_time<T: Send + 'static>(
    assistant: &Assistant,
    stage: Computing,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if let Some(tape) = assistant.tape().filter(|tape| tape.is_played()) {
        let was_late = tape.was_late(stage);
        if was_late {
            tape.note_late(stage);
        }
        return (!was_late).then(work);
    }
    let deadline = stage.deadline(assistant);
    let done = if deadline.is_zero() { None } else { waited_for(deadline, work).await };
    if done.is_none() {
        tracing::warn!(stage = stage.as_str(), deadline_ms = deadline.as_millis(), "a stage was not done in time");
        if let Some(tape) = assistant.tape() {
            tape.note_late(stage);
        }
    }
    done
}

async fn waited_for<T: Send + 'static>(deadline: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::time::timeout(deadline, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => Some(done),
        // A fault of the work is one of the turn.
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(fault) => std::panic::resume_unwind(fault),
            Err(_) => None,
        },
        Err(_) => None,
    }
}

/// What a stage works with, shared with the work as long as that lasts: taken back when it is over, copied when it is not.
pub(crate) fn taken_back<T: Clone>(shared: Arc<T>) -> Box<T> {
    Box::new(Arc::unwrap_or_clone(shared))
}
