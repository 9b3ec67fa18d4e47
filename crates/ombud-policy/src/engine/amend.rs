//! What becomes of values that were given and are put right in a word, once they are shown or waited for? "24, not 22".

use ombud_domain::{AwaitingKind, Command, Understanding};
use serde_json::{Map, Value};

use super::absorb::CORRECTION;
use super::{Deliberation, Engine};
use crate::dialogue::{EVERY_SLOT, Pending, Said};
use crate::flow::{AskSource, Op};

impl Engine<'_> {
    /// Takes a message for a correction if it puts a given value right; whatever else it resembles, nothing else is done with it.
    pub(super) fn amend(&self, state: &mut Deliberation, understood: &Understanding) -> bool {
        let awaiting = &state.dialogue.awaiting;
        let open = match awaiting.kind {
            AwaitingKind::Confirm => true,
            AwaitingKind::Slot => awaiting.slot.as_deref() == Some(CORRECTION),
            AwaitingKind::Identify => state.dialogue.awaits_code() && state.dialogue.claim().is_none(),
            _ => false,
        };
        let answers = |command: &Command| {
            matches!(command, Command::Affirm | Command::Cancel | Command::Handoff | Command::Repeat)
        };
        if !open || understood.commands.iter().all(answers) {
            return false;
        }
        let Some(top) = state.dialogue.frames.last() else { return false };
        let Some(flow) = self.pack.flows.get(&top.flow) else { return false };
        let said = Said::typed(Some(EVERY_SLOT.to_owned()), &self.moment.text);
        let is_amended = flow.ops.iter().any(|op| match op {
            Op::Ask(ask) if top.filled.contains(&ask.slot) => match &ask.source {
                AskSource::Fields { fields, .. } => !self.amended(fields, &top.vars, &said).is_empty(),
                _ => false,
            },
            _ => false,
        });
        if is_amended {
            if let Some(top) = state.dialogue.frames.last_mut() {
                top.pending = Pending::Nothing;
            }
            self.correct(state, &self.moment.text);
        }
        is_amended
    }

    /// Values as a correction puts them right, of those that are known.
    pub(super) fn amended(
        &self,
        fields: &[(String, String)],
        known: &Map<String, Value>,
        said: &Said,
    ) -> Map<String, Value> {
        let amended = fields.iter().filter_map(|(name, kind)| {
            let known = known.get(name).filter(|known| !known.is_null())?;
            Some((name.clone(), self.reader.amended(kind, known, &said.text)?))
        });
        if said.slot.as_deref() == Some(EVERY_SLOT) { amended.collect() } else { Map::new() }
    }
}
