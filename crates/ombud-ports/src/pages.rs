//! How is a page of the web got? For people who bring documents; nothing in a conversation ever fetches an address.

use async_trait::async_trait;

/// A page as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it was in the end, after redirects.
    pub url: String,
    /// Its media type as its server told it; empty when it told none.
    pub media_type: String,
    /// Its content, within the bound.
    pub bytes: Vec<u8>,
}

/// Why a page did not come; whoever asked for it can fix it.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No address that is fetched.
    #[error("`{0}` is no address of a page, write it as `https://host/path`")]
    Address(String),
    /// An address inside of a network.
    #[error("`{0}` lies in a private network, give `--allow-private` if you mean it")]
    Private(String),
    /// Another answer than the page.
    #[error("`{url}` answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// It goes on to somewhere else, again and again.
    #[error("`{0}` goes on to somewhere else more than {1} times")]
    TooManyRedirects(String, usize),
    /// More than the bound.
    #[error("`{0}` is larger than {1} MiB")]
    TooLarge(String, usize),
    /// No answer, or not a whole one within its time.
    #[error("`{url}` does not answer")]
    Unreached {
        /// What was asked for.
        url: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Gets pages.
#[async_trait]
pub trait Pages: Send + Sync {
    /// The page at an address.
    ///
    /// # Errors
    /// [`PageError`]; whoever asked for it can fix it.
    async fn page(&self, url: &str) -> Result<Page, PageError>;
}
