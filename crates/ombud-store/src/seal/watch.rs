//! Is the log keeping up? One round gives leaves and signs when it is due, and notes what must alarm.

use std::sync::{Mutex, PoisonError};

use ombud_domain::TimestampUs;
use ombud_ports::{SealAlarm, SealState, SealWatch};

use crate::seal::SealError;
use crate::seal::checkpoints::Checkpoints;
use crate::seal::sequencer::{Sequencer, Step};

/// Steps of one round at most; the next round goes on.
const STEPS_MAX: usize = 64;

/// When to sign, and when to alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealSettings {
    /// Between two checkpoints, microseconds.
    pub interval_us: i64,
    /// An event may wait so long for its leaf, microseconds.
    pub lag_us_max: i64,
    /// A leaf may wait so long for a checkpoint, microseconds.
    pub unsigned_us_max: i64,
}

/// Keeps the log of one company going.
#[derive(Debug)]
pub struct Seal {
    sequencer: Sequencer,
    settings: SealSettings,
    signing: tokio::sync::Mutex<Option<Signing>>,
    state: Mutex<SealState>,
}

#[derive(Debug)]
struct Signing {
    checkpoints: Checkpoints,
    tried_at: Option<TimestampUs>,
    /// Since when leaves wait for a checkpoint.
    unsigned_since: Option<TimestampUs>,
    /// How the last try failed.
    failed: Option<SealAlarm>,
}

/// When a round signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// When the interval is over, or nothing was signed yet.
    WhenDue,
    /// At once, for instance before the server stops.
    Now,
}

impl Seal {
    /// Without checkpoints, leaves are given all the same, and can be signed later.
    #[must_use]
    pub fn new(sequencer: Sequencer, checkpoints: Option<Checkpoints>, settings: SealSettings) -> Self {
        let state = SealState { signs: checkpoints.is_some(), ..SealState::default() };
        let signing =
            checkpoints.map(|checkpoints| Signing { checkpoints, tried_at: None, unsigned_since: None, failed: None });
        Self { sequencer, settings, signing: tokio::sync::Mutex::new(signing), state: Mutex::new(state) }
    }

    /// Gives leaves to what was committed, signs if it is due, and logs when an alarm begins or ends.
    pub async fn round(&self, now: TimestampUs, signed: Signed) {
        let mut state = self.seal_state();
        let before = state.alarm;
        let sequenced = self.sequence(now, &mut state).await.map_err(|error| told(&error, before));
        let unsigned = self.sign(now, signed, &mut state).await;
        state.alarm = sequenced.err().or(unsigned).or_else(|| self.late(&state));
        match state.alarm {
            alarm if alarm == before => {}
            Some(alarm) => tracing::warn!(
                seal.alarm = alarm.as_str(),
                seal.lag_ms = state.lag_ms,
                seal.unsigned_ms = state.unsigned_ms,
                "the ledger is not sealed in time"
            ),
            None => tracing::info!("the ledger is sealed in time again"),
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    async fn sequence(&self, now: TimestampUs, state: &mut SealState) -> Result<(), SealError> {
        for _ in 0..STEPS_MAX {
            match self.sequencer.step(now).await? {
                Step::Added(_) | Step::Beaten => {}
                Step::Level | Step::Standby => break,
            }
        }
        let lag = self.sequencer.lag().await?;
        state.leaves = lag.leaves;
        state.events_waiting = lag.events;
        state.lag_ms = lag.since.map_or(0, |since| millis_between(since, now));
        Ok(())
    }

    /// Gives what is wrong with signing.
    async fn sign(&self, now: TimestampUs, signed: Signed, state: &mut SealState) -> Option<SealAlarm> {
        let mut signing = self.signing.lock().await;
        let signing = signing.as_mut()?;
        let size = |checkpoints: &Checkpoints| checkpoints.last().map_or(0, |last| last.size);
        if state.leaves > size(&signing.checkpoints) {
            signing.unsigned_since.get_or_insert(now);
        }
        let is_first = signing.checkpoints.last().is_none();
        let is_due = signing.tried_at.is_none_or(|at| now.0.saturating_sub(at.0) >= self.settings.interval_us);
        if is_first || is_due || signed == Signed::Now {
            signing.tried_at = Some(now);
            let outcome = signing.checkpoints.sign(&self.sequencer, now).await;
            signing.failed = outcome.err().map(|error| told(&error, state.alarm));
        }
        if state.leaves <= size(&signing.checkpoints) {
            signing.unsigned_since = None;
        }
        state.unsigned_ms = signing.unsigned_since.map_or(0, |since| millis_between(since, now));
        if let Some(last) = signing.checkpoints.last() {
            state.checkpoint_leaves = last.size;
            state.checkpoint_at = Some(TimestampUs(last.time_s.saturating_mul(1_000_000)));
        }
        signing.failed
    }

    const fn late(&self, state: &SealState) -> Option<SealAlarm> {
        if state.lag_ms.saturating_mul(1_000) > self.settings.lag_us_max {
            Some(SealAlarm::SequencerLag)
        } else if state.unsigned_ms.saturating_mul(1_000) > self.settings.unsigned_us_max {
            Some(SealAlarm::CheckpointAge)
        } else {
            None
        }
    }
}

/// Logs an error once, when it begins.
fn told(error: &SealError, before: Option<SealAlarm>) -> SealAlarm {
    let alarm = if matches!(error, SealError::Forked { .. }) { SealAlarm::Forked } else { SealAlarm::Failed };
    if before != Some(alarm) {
        let source = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(seal.alarm = alarm.as_str(), %error, source, "the ledger is not sealed");
    }
    alarm
}

impl SealWatch for Seal {
    fn seal_state(&self) -> SealState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn millis_between(since: TimestampUs, now: TimestampUs) -> i64 {
    now.0.saturating_sub(since.0).max(0) / 1_000
}
