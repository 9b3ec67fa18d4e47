//! Which vectors lie nearest to one, among those that may be shown?
//!
//! A filter holds inside the search: what it forbids is never counted, ranked or given back (R30). Adapters keep the contract in
//! `crates/ombud-testkit/src/contract/vectors.rs`; they wait for nothing but the processor and the page cache, so callers in async code give them a thread.

use std::sync::Arc;

use ombud_domain::TenantId;
use ombud_retrieval::{Audience, Day};

use crate::StoreError;

/// Neighbours of one search at most.
pub const NEIGHBOURS_MAX: usize = 1_000;
/// Numbers of a vector at most.
pub const DIMENSION_MAX: usize = 4_096;

/// Names a vector; chosen by the caller, such as the place of a passage.
pub type VectorId = u64;

/// By what a vector is filtered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VectorAttributes {
    /// The company it belongs to; no other one ever sees it.
    pub tenant: TenantId,
    /// Market codes in which it may be shown; empty means all.
    pub markets: Vec<String>,
    /// Market codes in which it may not be shown although `markets` would allow it.
    pub except: Vec<String>,
    /// Language, as searches name it.
    pub language: String,
    /// Who may see it; the company's people see what is for customers too.
    pub audience: Audience,
    /// First day on which it may be shown.
    pub valid_from: Day,
    /// Last day on which it may be shown.
    pub valid_to: Day,
}

/// Who searches, where and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VectorFilter {
    /// The company.
    pub tenant: TenantId,
    /// Market code.
    pub market: String,
    /// Language.
    pub language: String,
    /// Who reads what is found.
    pub audience: Audience,
    /// The day.
    pub today: Day,
}

impl VectorFilter {
    /// Whether a vector with these attributes may be shown. The one definition that adapters filter by.
    #[must_use]
    pub fn admits(&self, attributes: &VectorAttributes) -> bool {
        let named = |markets: &[String]| markets.iter().any(|market| market.eq_ignore_ascii_case(&self.market));
        self.tenant == attributes.tenant
            && self.language == attributes.language
            && (attributes.markets.is_empty() || named(&attributes.markets))
            && !named(&attributes.except)
            && (attributes.audience == Audience::Customer || self.audience == Audience::Agent)
            && attributes.valid_from <= self.today
            && self.today <= attributes.valid_to
    }
}

/// A vector that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Which one.
    pub id: VectorId,
    /// Cosine of the angle to what was searched for, -1 to 1; adapters may round vectors to 8 bits a number.
    pub cosine: f32,
}

/// Why vectors cannot be written or searched.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// It is of another model than the index: our bug.
    #[error(
        "the vector has {found} numbers where the index has {expected}, build the index with the model that is asked"
    )]
    Dimension {
        /// Numbers of each vector of the index.
        expected: usize,
        /// Numbers of this one.
        found: usize,
    },
    /// It holds what is no finite number, or nothing but zeros: our bug.
    #[error("the vector has no direction: all of its numbers must be finite and one above or below zero")]
    NoDirection,
    /// The index holds as many vectors as it can; the operator divides the knowledge.
    #[error("the index holds {max} vectors, which is all it can, divide the knowledge")]
    Full {
        /// Vectors at most.
        max: usize,
    },
    /// The place of the vectors failed; the operator can fix it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Vectors that can be searched.
pub trait VectorSearch: Send + Sync + 'static {
    /// The `k` nearest that `filter` admits ([`NEIGHBOURS_MAX`] at most), nearest first; of equally near ones the lower id. An adapter that looks at
    /// some vectors only may miss a near one, but never gives back fewer than `k` where as many are admitted.
    ///
    /// # Errors
    /// [`VectorError`] when the vector is of another dimension or has no direction, or the place fails.
    fn search(&self, vector: &[f32], filter: &VectorFilter, k: usize) -> Result<Vec<Neighbour>, VectorError>;

    /// Vectors that can be found.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of each vector.
    fn dimension(&self) -> usize;
}

/// Vectors that can be searched and changed. A change is seen by every search that begins after it.
pub trait VectorIndex: VectorSearch {
    /// Writes a vector, instead of the one that had its id.
    ///
    /// # Errors
    /// [`VectorError`] when the vector is of another dimension or has no direction, or there is no place for it. Nothing is changed then.
    fn upsert(&self, id: VectorId, vector: &[f32], attributes: &VectorAttributes) -> Result<(), VectorError>;

    /// Takes a vector away; says whether there was one.
    ///
    /// # Errors
    /// [`VectorError::Store`] when the place fails.
    fn delete(&self, id: VectorId) -> Result<bool, VectorError>;

    /// All vectors as they are now, whatever is changed later.
    ///
    /// # Errors
    /// [`VectorError::Store`] when the place fails.
    fn snapshot(&self) -> Result<Arc<dyn VectorSearch>, VectorError>;
}
