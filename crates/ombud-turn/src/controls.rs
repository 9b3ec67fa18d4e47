//! What have people of the company switched off? A stream of the ledger, read again before every change, so that every process obeys at once.

use std::sync::{Arc, Mutex, PoisonError};

use ombud_domain::{ActionOutcome, CallFailure, TenantId, TimestampUs};
use ombud_policy::Authorized;
use ombud_policy::controls::{Flip, SWITCH_OFF, SWITCH_ON, SWITCHED_OFF, Standing, Switches, switches_stream};
use ombud_ports::{AppendError, Commit, Ledger, StoreError};
use serde_json::json;

use crate::assistant::Assistant;
use crate::record::event;
use crate::turn::TurnError;

/// Events read in one go.
const PAGE_EVENTS: usize = 500;
/// Tries to write a switch when others write at the same time.
const FLIP_TRIES_MAX: usize = 20;

/// Which way something is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// It can be done again.
    On,
    /// It cannot be done.
    Off,
}

/// The switches of a company. Every process has its own, on the one ledger.
pub struct Switchboard {
    ledger: Arc<dyn Ledger>,
    tenant: TenantId,
    /// Version of the stream, and what is off at it, as far as this process has read.
    known: Mutex<(i64, Switches)>,
}

impl Switchboard {
    /// The switches in a ledger.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, tenant: TenantId) -> Self {
        Self { ledger, tenant, known: Mutex::default() }
    }

    /// All that is switched off now: one query, which gives only what is new.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may be changed then.
    pub async fn read(&self) -> Result<Switches, StoreError> {
        self.read_on().await.map(|(_, switches)| switches)
    }

    async fn read_on(&self) -> Result<(i64, Switches), StoreError> {
        let (mut version, mut switches) = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        loop {
            let events = self.ledger.read(&self.tenant, &switches_stream(), version, PAGE_EVENTS).await?;
            for event in &events {
                switches.fold(event).map_err(|_| StoreError::Corrupt { what: "switch" })?;
                version = event.version;
            }
            if events.len() < PAGE_EVENTS {
                break;
            }
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if version > known.0 {
            *known = (version, switches.clone());
        }
        Ok((version, switches))
    }

    /// Switches something, durably and for every process on this ledger; gives all that is off then. What stands so already is left as it is.
    ///
    /// # Errors
    /// [`TurnError::Store`] when the ledger cannot be used, [`TurnError::Conflict`] when others switch again and again.
    pub async fn flip(&self, flip: &Flip, to: Position, at: TimestampUs) -> Result<Switches, TurnError> {
        let kind = if to == Position::Off { SWITCH_OFF } else { SWITCH_ON };
        for _ in 0..FLIP_TRIES_MAX {
            let (expected_version, switches) = self.read_on().await?;
            if switches.is_off(&flip.target) == (to == Position::Off) {
                return Ok(switches);
            }
            let commit = Commit {
                tenant: self.tenant.clone(),
                stream: switches_stream(),
                expected_version,
                events: vec![event(kind, flip)?],
                outbox: Vec::new(),
                reply: None,
                shredding: None,
                at,
            };
            match self.ledger.append(commit).await {
                Ok(_) => return Ok(self.read().await?),
                Err(AppendError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(TurnError::Conflict)
    }
}

/// What holds the customer's actions back now.
pub(crate) async fn recall(assistant: &Assistant) -> ActionOutcome {
    match assistant.switchboard.read().await {
        Ok(switches) => ActionOutcome::Found { body: json!(Standing { switches }) },
        Err(error) => unreadable(&error),
    }
}

/// The refusal of an action that was switched off after its authorization, which may be a moment old by now.
///
/// INVARIANT: once a switch is in the ledger no effect begins that it stops, in whatever process
/// (test: `no_effect_begins_after_a_switch_is_in_the_ledger`).
pub(crate) async fn held(assistant: &Assistant, authorized: &Authorized) -> Option<ActionOutcome> {
    let spec = assistant.pack.actions.get(&authorized.proposal().action)?;
    match assistant.switchboard.read().await {
        Ok(switches) => switches
            .stops(spec, authorized.market())
            .map(|_| ActionOutcome::Refused { reason_code: SWITCHED_OFF.to_owned() }),
        Err(error) => Some(unreadable(&error)),
    }
}

/// What cannot be read holds everything back.
fn unreadable(error: &StoreError) -> ActionOutcome {
    tracing::error!(error = error as &dyn std::error::Error, "what is switched off cannot be read, nothing was done");
    ActionOutcome::Failed { failure: CallFailure::Unreachable }
}
