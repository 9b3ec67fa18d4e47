//! Stage 2: what may be kept of a message? Card data and secrets go before anything is stored, logged or searched; the raw text ends here.

use ombud_domain::{Sensitive, Stage};
use ombud_language::{RedactionKind, ScreenContext};
use serde_json::json;

use crate::assistant::Assistant;
use crate::intake::{Arrival, Input};
use crate::trail::Trail;

/// What is left of a stimulus after screening. Made by this stage alone: everything after it sees nothing else.
pub(crate) struct Screened {
    text: String,
    signals: Vec<String>,
    redactions: usize,
    code: Option<Sensitive<String>>,
}

impl Screened {
    /// The redacted text; empty for a one-time code.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn signals(&self) -> &[String] {
        &self.signals
    }

    /// A one-time code, for the check alone.
    pub(crate) const fn code(&self) -> Option<&Sensitive<String>> {
        self.code.as_ref()
    }

    /// Whether card data or a secret was removed.
    pub(crate) const fn was_redacted(&self) -> bool {
        self.redactions > 0
    }
}

pub(crate) fn screen(assistant: &Assistant, received: &mut Arrival<'_>, trail: &mut Trail<'_>) -> Screened {
    let code_awaited = received.conversation.dialogue.awaits_code();
    let text = match received.take_input() {
        Some(Input::Message { text, .. }) => text.into_exposed(),
        Some(Input::StepUp { code }) => {
            trail.note(Stage::Safety, "a one-time code, not kept", json!({}));
            return Screened { text: String::new(), signals: Vec::new(), redactions: 0, code: Some(code) };
        }
        None => String::new(),
    };
    let context = ScreenContext {
        signals: &assistant.learnt.signals,
        tail_digits: &received.conversation.tail_digits,
        awaited_secret: code_awaited.then_some(RedactionKind::OneTimeCode),
    };
    let screening = ombud_language::screen(&text, &context);
    let kinds: Vec<String> = screening.redactions.iter().map(|redaction| format!("{:?}", redaction.kind)).collect();
    let summary = match (kinds.len(), screening.signals.len()) {
        (0, 0) => "nothing to remove".to_owned(),
        (0, _) => format!("signals: {}", screening.signals.join(", ")),
        (removed, _) => format!("{removed} secret{} removed", if removed == 1 { "" } else { "s" }),
    };
    trail.note(Stage::Safety, summary, json!({"removed": kinds, "signals": screening.signals}));
    Screened { text: screening.display, signals: screening.signals, redactions: kinds.len(), code: None }
}
