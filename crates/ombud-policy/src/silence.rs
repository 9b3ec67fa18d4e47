//! What becomes of an open question that nobody answers?

use serde::{Deserialize, Serialize};

/// What is done about a silent customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// He is reminded of the open question.
    Remind,
    /// The conversation ends, unanswered.
    Close,
}

impl Silence {
    /// For the trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remind => "reminded",
            Self::Close => "closed as unanswered",
        }
    }
}
