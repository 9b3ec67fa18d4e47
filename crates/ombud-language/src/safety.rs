//! What may be kept of a message, and what does it warn of?
//!
//! [`screen`] is the last place that sees raw text: card data and secrets are replaced before anything is stored, logged,
//! searched or sent to a model, and the signs that change how a case is handled are named. Signals are advisory: no
//! permission rests on them.

pub mod canonical;
mod card;
mod digits;
pub(crate) mod iban;
mod parts;
pub mod redact;
pub(crate) mod secrets;
pub mod signals;
mod tail;

use serde::{Deserialize, Serialize};

use crate::classify::Vectors;

pub use canonical::{Canonical, canonical, is_unseen};
pub use redact::{Redacted, Redaction, RedactionKind, redact, redact_with_tail};
pub use signals::{Figures, SignalError, SignalFile, SignalModel, SignalReading, SignalRule};
pub use tail::{DigitTail, TailPart};

/// What the screening of one message needs to know beside its text.
#[derive(Clone, Copy)]
pub struct ScreenContext<'a> {
    /// The compiled lists and the small classifier of signals.
    pub signals: &'a SignalModel,
    /// [`DigitTail::digits`] of the customer's messages before, empty if there are none: a card number may be split over messages.
    pub tail_digits: &'a str,
    /// A secret that the last reply asked to be entered elsewhere: digits that stand alone are then taken for it.
    pub awaited_secret: Option<RedactionKind>,
    /// What gives texts their vectors, asked of redacted words alone and where these raise a suspicion; none where no model is at hand.
    pub vectors: Option<&'a dyn Vectors>,
}

/// A message that may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// The text with hidden characters gone and card data and secrets replaced by markers; what people, models and the ledger see.
    pub display: String,
    /// What was replaced, in the order of the text; never the content.
    pub redactions: Vec<Redaction>,
    /// Names of the signals found, sorted: `abuse`, `anger`, `bereavement`, `coercion`, `complaint`, `debt_distress`,
    /// `hidden_text`, `illness`, `injection`, `mixed_script`, `self_harm`, `threat`; `bereavement_mentioned` and the like for what is said in passing.
    pub signals: Vec<String>,
    /// Signals that only figures of speech or mentions in passing resemble: the message is not about them.
    pub taken_back: Vec<String>,
    /// The digits at the end of the previous message were the beginning of a card number: its stored text must be shredded.
    pub previous_holds_card: bool,
}

/// Cleans, redacts and reads the signals of a raw message. Linear in its length, about 30 µs for a usual message.
#[must_use]
pub fn screen(raw: &str, context: &ScreenContext<'_>) -> Screening {
    let canonical = canonical(raw);
    let redacted = redact::redact_awaiting(&canonical.display, context.tail_digits, context.awaited_secret);
    let read = context.signals.read(&redacted.text, &canonical, context.vectors);
    Screening {
        display: redacted.text,
        redactions: redacted.redactions,
        signals: read.signals,
        taken_back: read.taken_back,
        previous_holds_card: redacted.previous_holds_card,
    }
}
