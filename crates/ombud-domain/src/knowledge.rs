//! What is a passage of knowledge, and how is it cited?

use serde::{Deserialize, Serialize};

/// A piece of an article, as found by a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// Article id from its front matter.
    pub article_id: String,
    /// Article title.
    pub title: String,
    /// Heading above the passage; empty for the opening.
    pub heading: String,
    /// The text, plain.
    pub text: String,
    /// Where the public can read it.
    pub source: Option<String>,
    /// Language tag.
    pub locale: String,
    /// Position among the passages of its article; 0 is the opening, which answers the article's question directly.
    #[serde(default)]
    pub ordinal: u32,
    /// How likely it is that the article answers the question, 0 to 1; the same for all passages of an article in one search.
    #[serde(default)]
    pub support: f32,
    /// Score of the search; comparable within one search only.
    pub score: f32,
}

/// What a reply quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Article id.
    pub article_id: String,
    /// Article title.
    pub title: String,
    /// The sentence or sentences that support the reply.
    pub quote: String,
    /// Where the public can read it.
    pub url: Option<String>,
}

/// What knowledge gave for one question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The question as asked of the index.
    pub query: String,
    /// Sentences that answer it, in their order; empty when nothing supports an answer.
    pub sentences: Vec<String>,
    /// Where they stand.
    pub citation: Option<Citation>,
    /// How well they are supported, 0 to 1.
    pub support: f32,
    /// Tag of the language they are in, where that is not the one that is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}
