//! How is knowledge searched? Filters before ranking.

use std::sync::Arc;

use ombud_domain::Passage;
use ombud_retrieval::Balance;

use crate::StoreError;

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct KnowledgeQuery {
    /// The question, standing alone.
    pub text: String,
    /// Whether its words are those of the passages.
    pub words: Words,
    /// How much its words and its meaning count.
    pub balance: Balance,
    /// Its vector as a query, of the model that [`KnowledgeIndex::deepen`] was told; none where it is read by its words alone.
    pub vector: Option<Arc<[f32]>>,
    /// The same in the language it is asked in, where that is another than that of the passages.
    pub asked: Option<AskedAbroad>,
    /// Language tag; passages of other languages are left out.
    pub locale: String,
    /// Market code; passages of other markets are left out.
    pub market: String,
    /// `customer` or `agent`; what is for agents is never shown to customers.
    pub audience: String,
    /// Today, `YYYY-MM-DD`; passages not valid today are left out.
    pub today: String,
    /// Passages at most, 1 to 50.
    pub passages_max: usize,
}

/// A question in a language in which there are no passages.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedAbroad {
    /// Language, such as `fi`.
    pub language: String,
    /// Its vector as a query, as it is in that language.
    pub vector: Arc<[f32]>,
}

/// Whether the words of a question can be compared with those of the passages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Words {
    /// It is asked in the language of the passages.
    #[default]
    Compared,
    /// It is asked in another language: only its vector is compared, moved to where the question would lie in that of the passages.
    Foreign,
}

/// An immutable knowledge index in memory.
pub trait KnowledgeIndex: Send + Sync + 'static {
    /// The best passages, best first.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read; the operator can fix it.
    fn search(&self, query: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError>;

    /// Whether there are passages in a language.
    fn speaks(&self, locale: &str) -> bool;

    /// The texts of which [`KnowledgeIndex::deepen`] wants the vectors, in its order.
    fn lessons(&self) -> Vec<String>;

    /// Compares questions by their meaning too from then on: the vectors of the lessons, as queries. Only the first call counts.
    fn deepen(&self, vectors: &[&[f32]]);

    /// The texts of which [`KnowledgeIndex::deepen_abroad`] wants the vectors, in its order: what articles say in short in languages they are
    /// not written in.
    fn lessons_abroad(&self) -> Vec<String>;

    /// Compares questions in other languages with those from then on: their vectors, as queries. Only the first call counts.
    fn deepen_abroad(&self, vectors: &[&[f32]]);

    /// Hash of the articles it was built from, hexadecimal.
    fn version(&self) -> &str;
}
