//! Which checkable claims does a text make, and which of them do the grounds not support?

/// What a text states that can be checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Numbers and ids as written, without those of the other fields.
    pub numbers: Vec<String>,
    /// Amounts of money as written.
    pub amounts: Vec<String>,
    /// Dates as written.
    pub dates: Vec<String>,
    /// Percentages as written.
    pub percents: Vec<String>,
    /// Links and bare domains.
    pub urls: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Sentences that say something was done: "I have refunded", "has been cancelled".
    pub effect_statements: Vec<String>,
}

/// Reads the claims of a text.
#[must_use]
pub fn claims(text: &str) -> Claims {
    let _ = text;
    Claims::default()
}

/// The claims of `text` that no ground supports, as written; empty means that it may be said.
#[must_use]
pub fn unsupported(text: &str, grounds: &[&str]) -> Vec<String> {
    let _ = (text, grounds);
    Vec::new()
}
