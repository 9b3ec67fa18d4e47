//! Which record did an answer mean that fits nothing in the one picked before?
//!
//! A customer who is asked for the items of one order and names those of another has not been misunderstood twice: he means the other order.

use ombud_domain::{Candidate, Choice};
use serde_json::Map;

use super::{Deliberation, Engine};
use crate::dialogue::Frame;
use crate::flow::{Ask, AskSource, Op, RecordChoice, ValueKind};

impl Engine<'_> {
    /// Picks the record anew that holds what was just named; false when the words name no other one.
    pub(super) fn turns_to_other(&self, state: &mut Deliberation, ask: &Ask) -> Result<bool, String> {
        let Some((holder, pc, choice)) = self.holder(state, ask).filter(|_| state.answered) else { return Ok(false) };
        let offers = self.offers(state, choice, None)?;
        let candidates: Vec<Candidate> = offers.into_iter().map(|offer| offer.candidate).collect();
        let Some(top) = state.dialogue.frames.last() else { return Ok(false) };
        let Some(said) = top.said.last().filter(|said| said.slot.as_deref() == Some(ask.slot.as_str())) else {
            return Ok(false);
        };
        let found = self.chosen_by(&said.text, &candidates);
        let Choice::Picked { ids, .. } = found else { return Ok(false) };
        let [id] = ids.as_slice() else { return Ok(false) };
        let current = match top.vars.get(&holder.slot) {
            Some(record) => self.offer(state, choice, &Map::new(), record.clone())?.candidate.id,
            None => return Ok(false),
        };
        let is_open = candidates.iter().any(|candidate| candidate.id == *id && candidate.eligible);
        if *id == current || !is_open {
            return Ok(false);
        }
        state.ending.reasons.push(format!("{} turns to {id}", holder.slot));
        if let Some(top) = state.dialogue.frames.last_mut() {
            go_back(top, &holder.slot, pc);
            top.picked.insert(holder.slot.clone(), id.clone());
        }
        Ok(true)
    }

    /// The question for the record that holds what `ask` picks from, or that a question for yes or no is about, and where it stands.
    fn holder(&self, state: &Deliberation, ask: &Ask) -> Option<(&Ask, usize, &RecordChoice)> {
        let top = state.dialogue.frames.last()?;
        let flow = self.pack.flows.get(&top.flow)?;
        let chosen =
            |slot: &&String| flow.asks().any(|ask| ask.slot == **slot && matches!(ask.source, AskSource::Records(_)));
        let is_yes_no = matches!(ask.source, AskSource::Value(ValueKind::YesNo));
        let about = top.filled.iter().rev().find(chosen).filter(|_| is_yes_no);
        let slot = ask.within.as_ref().or(about)?;
        flow.ops.iter().enumerate().find_map(|(pc, op)| match op {
            Op::Ask(holder) if holder.slot == *slot => match &holder.source {
                AskSource::Records(choice) => Some((&**holder, pc, &**choice)),
                _ => None,
            },
            _ => None,
        })
    }
}

/// Empties a slot and those filled after it.
fn go_back(frame: &mut Frame, slot: &str, pc: usize) {
    let from = frame.filled.iter().position(|filled| filled == slot).unwrap_or_default();
    for later in frame.filled.drain(from..) {
        frame.vars.remove(&later);
        frame.picked.remove(&later);
    }
    frame.asked = None;
    frame.pc = pc;
}
