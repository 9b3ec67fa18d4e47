//! Stage 2: what may be kept of a message? Card data and secrets go before anything is stored, logged or searched; the raw text ends here.

use std::collections::BTreeSet;

use ombud_domain::{Sensitive, Stage};
use ombud_language::{RedactionKind, ScreenContext, Screening, Vectors};
use ombud_policy::CompanyEvent;
use serde_json::json;

use crate::assistant::Assistant;
use crate::intake::{Arrival, Input};
use crate::trail::Trail;

/// What is left of a stimulus after screening. Made by this stage alone: everything after it sees nothing else.
pub(crate) struct Screened {
    text: String,
    read_as: Option<String>,
    signals: Vec<String>,
    taken_back: Vec<String>,
    removed: BTreeSet<RedactionKind>,
    typed_code: bool,
    ends_card: bool,
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
    /// People have decided on a proposal.
    Approval,
}

impl Screened {
    /// The redacted text; empty for a one-time code.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The part of the text that is to be answered.
    pub(crate) fn words(&self) -> &str {
        self.read_as.as_deref().unwrap_or(&self.text)
    }

    /// Has another text answered than the one that is kept.
    pub(crate) fn read_as(&mut self, words: String) {
        self.read_as = Some(words);
    }

    pub(crate) fn signals(&self) -> &[String] {
        &self.signals
    }

    /// Signals that only figures of speech or mentions in passing resemble.
    pub(crate) fn taken_back(&self) -> &[String] {
        &self.taken_back
    }

    /// Takes signs back that the customer says are none.
    pub(crate) fn deny(&mut self, is_denied: impl Fn(&String) -> bool) {
        let (denied, left) = std::mem::take(&mut self.signals).into_iter().partition(is_denied);
        self.signals = left;
        self.taken_back.extend::<Vec<String>>(denied);
    }

    /// Adds a sign that the words of another language than the company's own give.
    pub(crate) fn hear(&mut self, sign: String) {
        if let Err(place) = self.signals.binary_search(&sign) {
            self.signals.insert(place, sign);
        }
    }

    /// Leaves out signals that need nobody else than who is awaited already.
    pub(crate) fn leave(&mut self, is_looked_after: impl Fn(&str) -> bool) {
        self.signals.retain(|signal| !is_looked_after(signal));
    }

    /// Whether the message was the one-time code that a field of its own waits for, and nothing else.
    pub(crate) const fn is_typed_code(&self) -> bool {
        self.typed_code
    }

    /// Whether a card number ends here that earlier messages began.
    pub(crate) const fn ends_card(&self) -> bool {
        self.ends_card
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
        Self {
            text: String::new(),
            read_as: None,
            signals: Vec::new(),
            taken_back: Vec::new(),
            removed: BTreeSet::new(),
            typed_code: false,
            ends_card: false,
            source,
        }
    }

    /// Whether card data or a secret was removed.
    pub(crate) fn was_redacted(&self) -> bool {
        !self.removed.is_empty()
    }

    /// What was removed, each kind once.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &'static str> {
        self.removed.iter().map(|kind| match kind {
            RedactionKind::CardNumber => "card_number",
            RedactionKind::SecurityCode => "security_code",
            RedactionKind::Pin => "pin",
            RedactionKind::Password => "password",
            RedactionKind::OneTimeCode => "one_time_code",
            RedactionKind::TrackData => "track_data",
            RedactionKind::BankAccount => "bank_account",
            RedactionKind::NationalId => "national_id",
        })
    }
}

pub(crate) fn screen(assistant: &Assistant, received: &mut Arrival, trail: &mut Trail<'_>) -> Screened {
    let code_awaited = received.conversation.dialogue.awaits_code();
    let text = match received.take_input() {
        Some(Input::Message { text, .. }) => text.into_exposed(),
        Some(Input::StepUp { code }) => {
            trail.note(Stage::Safety, "a one-time code, not kept", json!({}));
            return Screened::without_words(Source::Code(code));
        }
        other => {
            trail.note(Stage::Safety, "nobody wrote", json!({}));
            return Screened::without_words(match other {
                Some(Input::Timer) => Source::Timer,
                Some(Input::Event(event)) => Source::Event(event),
                Some(Input::Approval(_)) => Source::Approval,
                _ => Source::Recovery,
            });
        }
    };
    let vectors = assistant.vectors();
    let context = ScreenContext {
        signals: &assistant.learnt.signals,
        vectors: vectors.as_ref().map(|vectors| vectors as &dyn Vectors),
        tail_digits: &received.conversation.tail.digits,
        awaited_secret: code_awaited.then_some(RedactionKind::OneTimeCode),
    };
    let screen = |raw: &str| ombud_language::screen(raw, &context);
    let screening = match assistant.tape() {
        Some(tape) => tape.screened(&text, screen),
        None => screen(&text),
    };
    let kinds: Vec<String> = screening.redactions.iter().map(|redaction| format!("{:?}", redaction.kind)).collect();
    let summary = match (kinds.len(), screening.signals.len()) {
        (0, 0) => "nothing to remove".to_owned(),
        (0, _) => format!("signals: {}", screening.signals.join(", ")),
        (removed, _) => format!("{removed} secret{} removed", if removed == 1 { "" } else { "s" }),
    };
    trail.note(Stage::Safety, summary, json!({"removed": kinds, "signals": screening.signals}));
    let removed: BTreeSet<RedactionKind> = screening.redactions.iter().map(|redaction| redaction.kind).collect();
    let typed_code = code_awaited && removed.contains(&RedactionKind::OneTimeCode) && says_little_else(&screening);
    Screened {
        text: screening.display,
        read_as: None,
        signals: screening.signals,
        taken_back: screening.taken_back,
        removed,
        typed_code,
        ends_card: screening.previous_holds_card,
        source: Source::Message,
    }
}

/// Words beside a one-time code that still say no more than "here it is".
const CODE_WORDS_MAX: usize = 6;

fn says_little_else(screening: &Screening) -> bool {
    let mut from = 0;
    let mut words = 0;
    for redaction in &screening.redactions {
        words += screening.display.get(from..redaction.start).unwrap_or_default().split_whitespace().count();
        from = redaction.end;
    }
    let rest = screening.display.get(from..).unwrap_or_default();
    words + rest.split_whitespace().count() <= CODE_WORDS_MAX && !screening.display.contains('?')
}
