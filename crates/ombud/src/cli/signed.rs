//! Why is something changed, and by whom? What changes for every customer, or for somebody's access, is signed.

use anyhow::bail;
use clap::Args;

/// Characters of a reason or a name.
const WORDS_CHARS_MAX: usize = 500;

/// The reason and the name, for those who read the ledger.
#[derive(Debug, Args)]
pub(super) struct Signed {
    /// Why, for those who read the ledger.
    #[arg(long)]
    reason: String,
    /// Who does this.
    #[arg(long)]
    by: String,
}

impl Signed {
    /// The reason, then the name.
    ///
    /// # Errors
    /// When one of them is empty or too long; who writes it can put it right.
    pub(super) fn words(&self) -> anyhow::Result<(String, String)> {
        Ok((written("reason", &self.reason)?, written("by", &self.by)?))
    }
}

/// The words of an option as somebody else can read them.
///
/// # Errors
/// When they are empty or too long.
pub(super) fn written(option: &str, text: &str) -> anyhow::Result<String> {
    match text.trim() {
        "" => bail!("`--{option}` is empty, say it for those who read the ledger"),
        text if text.chars().count() > WORDS_CHARS_MAX => {
            bail!("`--{option}` is longer than {WORDS_CHARS_MAX} characters")
        }
        text => Ok(text.to_owned()),
    }
}
