//! What is kept of each stage? A record with its time, one line and its reasons.

use ombud_domain::{Stage, StageRecord};
use serde_json::Value;

use crate::assistant::Assistant;

/// The stages of a turn so far.
pub(crate) struct Trail<'a> {
    assistant: &'a Assistant,
    records: Vec<StageRecord>,
    since_us: u64,
}

impl<'a> Trail<'a> {
    pub(crate) fn begin(assistant: &'a Assistant) -> Self {
        Self { assistant, records: Vec::with_capacity(12), since_us: assistant.ports.clock.monotonic_us() }
    }

    /// Ends a stage; the next one begins now.
    pub(crate) fn note(&mut self, stage: Stage, summary: impl Into<String>, detail: Value) {
        let now = self.assistant.ports.clock.monotonic_us();
        let micros = now.saturating_sub(self.since_us);
        self.since_us = now;
        let summary = summary.into();
        tracing::debug!(stage = stage.as_str(), micros, "stage ended");
        self.records.push(StageRecord { stage, micros, summary, detail });
    }

    /// Takes in what was noted beside it; the next stage begins now.
    pub(crate) fn take_in(&mut self, records: Vec<StageRecord>) {
        self.since_us = self.assistant.ports.clock.monotonic_us();
        self.records.extend(records);
    }

    pub(crate) fn into_records(self) -> Vec<StageRecord> {
        self.records
    }
}
