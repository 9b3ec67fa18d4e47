//! What stands at the end of a stream that every process follows? What one of them writes holds for all of them at once.

use std::sync::{Arc, Mutex, PoisonError};

use ombud_domain::{RecordedEvent, StreamId, TenantId, TimestampUs};
use ombud_ports::{AppendError, Commit, Ledger, StoreError};
use serde::Serialize;

use crate::record::event;
use crate::turn::TurnError;

/// Events read in one go.
const PAGE_EVENTS: usize = 500;
/// Tries to write when others write at the same time.
const TRIES_MAX: usize = 20;

/// A state that is the fold of one stream.
pub(crate) trait Fold: Clone + Default + Send {
    /// What it is, for who reads that it is damaged.
    const WHAT: &'static str;

    /// The stream.
    fn stream() -> StreamId;

    /// Takes one more event.
    ///
    /// # Errors
    /// When the event cannot be read.
    fn fold(&mut self, event: &RecordedEvent) -> Result<(), serde_json::Error>;
}

/// A stream as far as this process has read it.
pub(crate) struct Followed<S> {
    ledger: Arc<dyn Ledger>,
    tenant: TenantId,
    /// Version of the stream, and what stands at it.
    known: Mutex<(i64, S)>,
}

impl<S: Fold> Followed<S> {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, tenant: TenantId) -> Self {
        Self { ledger, tenant, known: Mutex::default() }
    }

    /// What stands now: one query, which gives only what is new.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may be taken for granted then.
    pub(crate) async fn read(&self) -> Result<S, StoreError> {
        self.read_on().await.map(|(_, state)| state)
    }

    async fn read_on(&self) -> Result<(i64, S), StoreError> {
        let (mut version, mut state) = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        loop {
            let events = self.ledger.read(&self.tenant, &S::stream(), version, PAGE_EVENTS).await?;
            for event in &events {
                state.fold(event).map_err(|_| StoreError::Corrupt { what: S::WHAT })?;
                version = event.version;
            }
            if events.len() < PAGE_EVENTS {
                break;
            }
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if version > known.0 {
            *known = (version, state.clone());
        }
        Ok((version, state))
    }

    /// Writes an event, durably and for every process on this ledger, unless it stands so already; gives what stands then.
    ///
    /// # Errors
    /// [`TurnError::Store`] when the ledger cannot be used, [`TurnError::Conflict`] when others write again and again.
    pub(crate) async fn write(
        &self,
        (kind, payload): (&str, &(impl Serialize + Sync)),
        stands: impl Fn(&S) -> bool,
        at: TimestampUs,
    ) -> Result<S, TurnError> {
        for _ in 0..TRIES_MAX {
            let (expected_version, state) = self.read_on().await?;
            if stands(&state) {
                return Ok(state);
            }
            let commit = Commit {
                tenant: self.tenant.clone(),
                stream: S::stream(),
                expected_version,
                events: vec![event(kind, payload)?],
                outbox: Vec::new(),
                reply: None,
                shredding: None,
                counting: None,
                moving: None,
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
