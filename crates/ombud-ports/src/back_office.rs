//! How are the company's own systems called? Reads freely, writes only with a committed intent.

use async_trait::async_trait;
use ombud_domain::ActionOutcome;
use ombud_policy::{ApiCall, Intent};

/// The company's own systems.
#[async_trait]
pub trait BackOffice: Send + Sync + 'static {
    /// Makes a read; never gives `Done` or `Unknown`. A call that is not a GET is refused as `Failed`.
    async fn read(&self, call: &ApiCall) -> ActionOutcome;

    /// Performs a committed intent with its id as idempotency key. A lost answer is asked for again with the same key where the
    /// system honours keys, else it is `Unknown`.
    async fn perform(&self, intent: &Intent) -> ActionOutcome;

    /// Makes a call whose arguments must not be stored anywhere (a one-time code). Never retried.
    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome;
}
