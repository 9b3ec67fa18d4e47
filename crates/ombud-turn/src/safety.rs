//! Stage 2: what may be kept of a message? Card data and secrets go before anything is stored, logged or searched; the raw text ends here.

use ombud_domain::{AwaitingKind, Sensitive, Stage};
use ombud_language::{RedactionKind, ScreenContext};
use ombud_policy::CompanyEvent;
use serde_json::json;

use crate::assistant::Assistant;
use crate::intake::{Arrival, Input};
use crate::trail::Trail;

/// What is left of a stimulus after screening. Made by this stage alone: everything after it sees nothing else.
pub(crate) struct Screened {
    text: String,
    signals: Vec<String>,
    redactions: usize,
    source: Source,
}

/// Where a stimulus comes from, after screening.
pub(crate) enum Source {
    Message,
    Code(Sensitive<String>),
    /// An action is to be asked about.
    Recovery,
    /// The customer is silent.
    Timer,
    /// The company's systems report something.
    Event(Box<CompanyEvent>),
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
        match &self.source {
            Source::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Where the stimulus comes from, for the decision.
    pub(crate) const fn source(&self) -> &Source {
        &self.source
    }

    /// Whether there are words to read and to keep.
    pub(crate) const fn is_message(&self) -> bool {
        matches!(self.source, Source::Message)
    }

    const fn without_words(source: Source) -> Self {
        Self { text: String::new(), signals: Vec::new(), redactions: 0, source }
    }

    /// Whether card data or a secret was removed.
    pub(crate) const fn was_redacted(&self) -> bool {
        self.redactions > 0
    }
}

pub(crate) fn screen(assistant: &Assistant, received: &mut Arrival<'_>, trail: &mut Trail<'_>) -> Screened {
    let awaiting = &received.conversation.dialogue.awaiting;
    let code_awaited = awaiting.kind == AwaitingKind::Identify && received.conversation.dialogue.challenge_id.is_some();
    let text = match received.take_input() {
        Some(Input::Message { text }) => text.into_exposed(),
        Some(Input::StepUp { code }) => {
            trail.note(Stage::Safety, "a one-time code, not kept", json!({}));
            return Screened::without_words(Source::Code(code));
        }
        other => {
            trail.note(Stage::Safety, "nobody wrote", json!({}));
            return Screened::without_words(match other {
                Some(Input::Timer) => Source::Timer,
                Some(Input::Event(event)) => Source::Event(event),
                _ => Source::Recovery,
            });
        }
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
    Screened { text: screening.display, signals: screening.signals, redactions: kinds.len(), source: Source::Message }
}
