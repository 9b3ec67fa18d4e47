//! What becomes of a text in the customer's words that he was shown: he says what should go, stand instead or be added, or how all of it should read.
//! Nothing of it is lost: what cannot be placed changes nothing, and the whole text is asked for.

use ombud_domain::{AwaitingKind, Command, Rewording, Understanding};
use serde_json::{Map, Value, json};

use super::absorb::{CORRECTION, WORDING};
use super::run::top_vars;
use super::{Decision, Deliberation, Engine};
use crate::dialogue::{Frame, Origin, Said};
use crate::flow::{AskSource, Op, ValueKind, confirm_key};

/// Fewer words are no text of their own.
const TEXT_WORDS_MIN: usize = 3;
/// Share of the words of a text that stand in another version of it.
const VERSION_SHARE: usize = 2;

/// Fewer than one word in so many of the text that is shown are a remark about it.
const REMARK_SHARE: usize = 3;

/// The text that is shown.
struct Shown {
    slot: String,
    text: String,
    /// Whether nothing else was asked, so that whatever should be different is in it.
    alone: bool,
}

impl Engine<'_> {
    /// Words the shown text otherwise, if the message says how; nothing is done before it is shown again.
    pub(super) fn reword(&self, state: &mut Deliberation, understood: &Understanding) -> Option<Decision> {
        let commands = &understood.commands;
        let (kind, slot) = (state.dialogue.awaiting.kind, state.dialogue.awaiting.slot.clone());
        let open = match (kind, slot.as_deref()) {
            (AwaitingKind::Confirm, _) => None,
            (AwaitingKind::Slot, Some(slot @ (CORRECTION | WORDING))) => Some(slot),
            _ => return None,
        };
        let answers = |command: &Command| match command {
            Command::Affirm | Command::Cancel | Command::Handoff | Command::Repeat => true,
            Command::Deny { text } => text.is_empty(),
            _ => false,
        };
        if commands.iter().all(answers) {
            return None;
        }
        let shown = self.shown_text(state)?;
        let said = self.moment.text.as_str();
        let told = commands.iter().all(|command| match command {
            Command::Correct { .. } | Command::Deny { .. } | Command::SetSlot { .. } | Command::CannotRead => true,
            // Who writes out the whole text anew begins nothing by what it tells.
            Command::StartFlow { .. } | Command::Clarify { .. } => is_version(said, &shown.text),
            _ => false,
        });
        let asked = open == Some(WORDING);
        // All of the text was asked for, and this is a text: a correction is a word about it, and a few words are a remark.
        let is_whole = asked
            && commands.iter().all(|command| matches!(command, Command::SetSlot { .. }))
            && !is_remark(said, &shown.text);
        let text = match self.reader.rewording(&shown.text, said) {
            // A sentence of another version may look like an edit of the one that is known.
            Some(Rewording::Reads(text))
                if is_whole && !said.contains(text.as_str()) && is_version(said, &shown.text) =>
            {
                said.to_owned()
            }
            Some(Rewording::Reads(text)) => text,
            Some(Rewording::Unplaced) if is_whole => said.to_owned(),
            // What is not understood a second time is no wording.
            _ if asked && *commands == [Command::CannotRead] => return None,
            Some(Rewording::Unplaced) => return told.then(|| self.ask_for_wording(state)),
            None if !told || !shown.alone && !asked => return None,
            None => match self.reader.account(said).filter(|text| is_text(text)) {
                Some(text) if asked && !is_remark(&text, &shown.text) => text,
                Some(text) if is_version(&text, &shown.text) => text,
                // A few words beside a long text say something about it: it would be lost if they took its place.
                Some(_) => return Some(self.ask_for_wording(state)),
                _ => return None,
            },
        };
        state.ending.reasons.push(format!("{} is worded otherwise", shown.slot));
        if let Some(top) = state.dialogue.frames.last_mut() {
            write_down(top, shown.slot, text);
        }
        // What is asked beside is answered before the text is shown again.
        for command in commands {
            if let Command::Ask { query, .. } = command {
                self.answer_from_faq(state, query);
            }
        }
        self.repair(state, "repair_correction", json!({}));
        Some(self.run(state))
    }

    /// Whether the message is a text that should stand instead of the one that is shown.
    pub(super) fn writes_out(&self, state: &Deliberation, understood: &Understanding) -> bool {
        let said = self.moment.text.as_str();
        let awaiting = &state.dialogue.awaiting;
        match (awaiting.kind, awaiting.slot.as_deref()) {
            (AwaitingKind::Slot, Some(WORDING)) => {
                understood.commands.iter().all(|command| matches!(command, Command::SetSlot { .. }))
            }
            (AwaitingKind::Confirm, _) => {
                let shown = || self.shown_text(state);
                !said.contains('?') && shown().is_some_and(|shown| is_version(said, &shown.text))
            }
            _ => false,
        }
    }

    /// Leaves the text as it is and asks for all of it.
    fn ask_for_wording(&self, state: &mut Deliberation) -> Decision {
        state.ending.reasons.push("the text is to be changed, but nobody can tell where".to_owned());
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.shown = None;
            top.confirmed = None;
            top.counts_afresh();
        }
        let flow = super::run::top_flow(state);
        let values: Map<String, Value> = top_vars(state);
        self.say(state, &flow, "wording_unplaced", &values, Origin::Question);
        self.finish(state, AwaitingKind::Slot, Some(WORDING.to_owned()), Vec::new())
    }

    /// The slot in free words that the proposal shows, and the words.
    fn shown_text(&self, state: &Deliberation) -> Option<Shown> {
        let top = state.dialogue.frames.last()?;
        let ops = &self.pack.flows.get(&top.flow)?.ops;
        let confirm = confirm_key(ops.get(top.pc)?)?;
        let summary = self.render(state, &top.flow, confirm, &[&top.vars])?;
        let kind_of = |slot: &String| {
            ops.iter().find_map(|op| match op {
                Op::Ask(ask) if ask.slot == *slot => Some(&ask.source),
                _ => None,
            })
        };
        let is_words = |slot: &&String| matches!(kind_of(slot), Some(AskSource::Value(ValueKind::Text)));
        let shown =
            |slot: &&String| top.vars.get(*slot).and_then(Value::as_str).is_some_and(|known| summary.contains(known));
        // Words that another request handed over are the customer's to change as well.
        let asked = ops.iter().filter_map(|op| match op {
            Op::Ask(ask) => Some(&ask.slot),
            _ => None,
        });
        let slot = top.filled.iter().rev().chain(asked).filter(is_words).find(shown)?;
        let text = top.vars.get(slot)?.as_str()?;
        let alone = top
            .filled
            .iter()
            .all(|slot| matches!(kind_of(slot), Some(AskSource::Value(ValueKind::Text | ValueKind::YesNo))));
        Some(Shown { slot: slot.clone(), text: text.to_owned(), alone })
    }
}

fn write_down(top: &mut Frame, slot: String, text: String) {
    top.said.retain(|said| said.slot.as_ref() != Some(&slot));
    top.said.push(Said::typed(Some(slot.clone()), &text));
    top.vars.insert(slot, Value::from(text));
    top.shown = None;
    top.confirmed = None;
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn is_text(text: &str) -> bool {
    words(text).len() >= TEXT_WORDS_MIN
}

/// Whether words are too few beside the text that is shown to stand instead of it.
fn is_remark(said: &str, shown: &str) -> bool {
    words(said).len() * REMARK_SHARE < words(shown).len()
}

/// Whether a text is another version of the one that is shown, and no word about it.
fn is_version(text: &str, shown: &str) -> bool {
    let (new, known) = (words(text), words(shown));
    let kept = known.iter().filter(|word| new.contains(word)).count();
    kept * VERSION_SHARE >= known.len() && new.len() * VERSION_SHARE >= known.len()
}
