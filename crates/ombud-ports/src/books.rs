//! How are the books read that the ledger keeps of money? Posting by posting, in their order; they are written with a commit, see [`Commit::moving`].
//!
//! [`Commit::moving`]: crate::Commit::moving

use async_trait::async_trait;
use ombud_domain::{Posting, TenantId};

use crate::ledger::StoreError;

/// Postings of one page at most.
pub const POSTINGS_MAX: usize = 1_000;

/// Numbers of postings for each position of the ledger; more than a commit can post.
pub const NUMBERS: i64 = 64;

/// The largest number of a posting that a commit up to this position can have made.
#[must_use]
pub const fn last_number(position: i64) -> i64 {
    position.saturating_add(1).saturating_mul(NUMBERS).saturating_sub(1)
}

/// Which postings are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those for a customer.
    pub customer_id: Option<String>,
    /// Those of an account of the chart.
    pub account: Option<String>,
    /// Those of the record that the account is kept for; counts with `account` alone.
    pub of: Option<String>,
}

/// The books of a company.
#[async_trait]
pub trait MoneyBooks: Send + Sync + 'static {
    /// Postings after a number, in their order, at most [`POSTINGS_MAX`]. Where personal text is sealed, customers and records stand there by their tags.
    async fn postings(&self, tenant: &TenantId, wanted: &Wanted, after_number: i64)
    -> Result<Vec<Posting>, StoreError>;
}
