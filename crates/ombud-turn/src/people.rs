//! Whose access was revoked? A stream of the ledger that is read again before each of their words counts, so that every process obeys at once.
//!
//! INVARIANT: whoever is revoked counts for nothing that waits, also for what he gave before (test: `who_is_revoked_counts_no_more_without_a_restart`).

use std::collections::BTreeMap;
use std::sync::Arc;

use ombud_domain::{RecordedEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::{Ledger, StoreError};
use serde::{Deserialize, Serialize};

use crate::approvals::{Approvers, account};
use crate::assistant::Assistant;
use crate::followed::{Fold, Followed};
use crate::turn::TurnError;

/// Kind of the event that takes somebody's access away.
const REVOKED: &str = "staff.revoked";
/// Kind of the event that gives it back.
const RESTORED: &str = "staff.restored";

/// Somebody's access is taken away or given back; payload of the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessChange {
    /// Whose, as in his token.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Who does it.
    pub by: String,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Taken away.
    Revoked,
    /// Given back.
    Restored,
}

/// An access that is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokedAccess {
    /// Whose, why and by whom.
    #[serde(flatten)]
    pub change: AccessChange,
    /// Since when.
    pub since: TimestampUs,
}

/// All whose access is taken away now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked(BTreeMap<String, RevokedAccess>);

impl Revoked {
    /// Whether somebody is one of them, however he writes his name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(&account(name))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &RevokedAccess> {
        self.0.values()
    }
}

impl Fold for Revoked {
    const WHAT: &'static str = "revoked access";

    fn stream() -> StreamId {
        StreamId { kind: StreamKind::Control, id: "people".to_owned() }
    }

    fn fold(&mut self, event: &RecordedEvent) -> Result<(), serde_json::Error> {
        match event.kind.as_str() {
            REVOKED => {
                let change = AccessChange::deserialize(&event.payload)?;
                self.0.entry(account(&change.name)).or_insert(RevokedAccess { change, since: event.at });
            }
            RESTORED => {
                self.0.remove(&account(&AccessChange::deserialize(&event.payload)?.name));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The people of a company. Every process has its own, on the one ledger.
pub struct People(Followed<Revoked>);

impl People {
    /// The people in a ledger.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, tenant: TenantId) -> Self {
        Self(Followed::new(ledger, tenant))
    }

    /// Whose access is revoked now: one query, which gives only what is new.
    ///
    /// # Errors
    /// [`StoreError`]; nobody counts then.
    pub async fn read(&self) -> Result<Revoked, StoreError> {
        self.0.read().await
    }

    /// Takes an access away or gives it back, durably and for every process on this ledger; gives all that are revoked then.
    ///
    /// # Errors
    /// [`TurnError::Store`] when the ledger cannot be used, [`TurnError::Conflict`] when others write again and again.
    pub async fn change(&self, change: &AccessChange, to: Access, at: TimestampUs) -> Result<Revoked, TurnError> {
        let kind = if to == Access::Revoked { REVOKED } else { RESTORED };
        let stands = |revoked: &Revoked| revoked.has(&change.name) == (to == Access::Revoked);
        self.0.write((kind, change), stands, at).await
    }
}

impl Assistant {
    /// Who may approve now: whom the configuration names, but for those whose access was revoked since.
    pub(crate) async fn approvers(&self) -> Result<Approvers, StoreError> {
        Ok(self.settings.approvers.without(&self.people.read().await?))
    }
}
