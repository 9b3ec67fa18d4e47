//! How often was something tried? Counts that hold over conversations, sessions, replicas and restarts.

use async_trait::async_trait;
use ombud_domain::{TenantId, TimestampUs};

use crate::ledger::StoreError;

/// One more try of something that may be tried only so often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The company.
    pub tenant: TenantId,
    /// What is tried and by whom or for whom, without personal data in the clear.
    pub subject: String,
    /// Tries within the time, at least 1.
    pub tries_max: u32,
    /// How long tries count, microseconds; from the first one, and anew from the one that uses them up.
    pub window_us: i64,
    /// Now.
    pub at: TimestampUs,
}

/// Counts of tries. Old ones are removed, so that nothing of a caller is kept longer than it counts.
#[async_trait]
pub trait Attempts: Send + Sync + 'static {
    /// Counts one try; gives whether it is still allowed. Counting comes first, so that tries at the same time cannot pass together.
    async fn try_once(&self, attempt: &Attempt) -> Result<bool, StoreError>;

    /// Takes one try back, when it was right and others of the same subject may not have been.
    async fn give_back(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError>;

    /// Forgets the tries of a subject, when one was right.
    async fn forget(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError>;
}
