//! What becomes of a text in the customer's words that he was shown: he may add to it, or say how it should read.

use ombud_domain::{AwaitingKind, Command, Rewording, Understanding};
use serde_json::{Value, json};

use super::{Deliberation, Engine};
use crate::dialogue::Said;
use crate::flow::{AskSource, Op, ValueKind};

impl Engine<'_> {
    /// Words the text of the open proposal otherwise, if the message says how; nothing is done before it is shown again.
    pub(super) fn reword(&self, state: &mut Deliberation, understood: &Understanding) -> bool {
        let answers = understood.commands.iter().all(|command| match command {
            Command::Affirm | Command::Cancel | Command::Handoff => true,
            Command::Deny { text } => text.is_empty(),
            _ => false,
        });
        if answers || state.dialogue.awaiting.kind != AwaitingKind::Confirm {
            return false;
        }
        let Some((slot, known)) = self.shown_words(state) else { return false };
        let Some(rewording) = self.reader.rewording(&self.moment.said) else { return false };
        let text = match rewording {
            Rewording::Replace(text) => text,
            Rewording::Add(text) => extended(&known, &text),
        };
        state.ending.reasons.push(format!("{slot} is worded otherwise"));
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.said.retain(|said| said.slot.as_ref() != Some(&slot));
            top.said.push(Said { slot: Some(slot.clone()), text: text.clone() });
            top.vars.insert(slot, Value::from(text));
            top.shown = None;
            top.confirmed = None;
        }
        self.repair(state, "repair_correction", json!({}));
        true
    }

    /// The slot in free words that the open proposal shows, and the words.
    fn shown_words(&self, state: &Deliberation) -> Option<(String, String)> {
        let top = state.dialogue.frames.last()?;
        let summary = &state.dialogue.awaiting.proposal.as_ref()?.summary;
        let ops = &self.pack.flows.get(&top.flow)?.ops;
        let is_words = |slot: &&String| {
            ops.iter().any(|op| {
                matches!(op, Op::Ask(ask) if ask.slot == **slot && matches!(ask.source, AskSource::Value(ValueKind::Text)))
            })
        };
        let slot = top.filled.iter().rev().find(is_words)?;
        let known = top.vars.get(slot)?.as_str().filter(|known| summary.contains(*known))?;
        Some((slot.clone(), known.to_owned()))
    }
}

/// Another sentence behind what is written.
fn extended(known: &str, more: &str) -> String {
    let known = known.trim_end();
    let stop = if known.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    let mut letters = more.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{known}{stop} {first}{}", letters.as_str())
}
