//! How does a request end before it is done, or after it was done against the customer's wish?

use ombud_domain::{AwaitingKind, Command, IdentityLevel, Understanding};
use serde_json::json;

use super::{Deliberation, Engine, vars};
use crate::dialogue::{HeldRequest, Origin, Pending};

impl Engine<'_> {
    pub(super) fn cancel(&self, state: &mut Deliberation) {
        // Whom the company's site knows gives up the request that needed a code, and stays who he is.
        let is_known = state.dialogue.level >= IdentityLevel::Identified;
        if state.dialogue.awaiting.kind == AwaitingKind::Identify && !is_known {
            return self.leave_identity(state);
        }
        state.dialogue.challenge_id = None;
        if state.dialogue.frames.is_empty() && self.withdraw(state).is_some() {
            return;
        }
        let Some(top) = state.dialogue.frames.pop() else {
            if let Some(flow) = self.forgets_last(state) {
                return self.start(state, &flow, Vec::new());
            }
            // "I don't want to close it": what was answered last was never wished for.
            let misheard = state.dialogue.last_flow.is_some() && state.dialogue.done.is_empty();
            let repair = if misheard { "repair_misheard" } else { "repair_nothing_to_cancel" };
            return self.repair(state, repair, json!({}));
        };
        let mut flow = top.flow;
        state.dropped = top.said;
        if top.called {
            while let Some(caller) = state.dialogue.frames.pop() {
                flow = caller.flow;
                if !caller.called {
                    break;
                }
            }
        }
        state.completed = true;
        let title = self.pack.title(&self.moment.locale, &flow).to_owned();
        self.repair(state, "repair_cancel", json!({"title": title}));
    }

    /// "No. When is my next payment?": a no to a proposal beside a mere look-up, and nothing else, gives the proposed one up, and does not ask what should be different.
    pub(super) fn turns_away(&self, state: &Deliberation, command: &Command, understood: &Understanding) -> bool {
        let (Command::Deny { text }, Some(top)) = (command, state.dialogue.frames.last()) else { return false };
        let looks_up = |command: &Command| match command {
            Command::StartFlow { flow, text: asked, .. } => {
                *flow != top.flow && !self.changes_something(flow) && asked.contains(text.trim())
            }
            _ => false,
        };
        state.dialogue.awaiting.kind == AwaitingKind::Confirm
            && top.pending != Pending::YesNo
            && understood.commands.iter().any(looks_up)
    }

    /// The request that waits for people's approval and is taken back by these words, when nothing else is open.
    pub(super) fn withdraw_by_words(&self, state: &mut Deliberation) -> Option<String> {
        if state.dialogue.held.is_empty() || !state.dialogue.frames.is_empty() {
            return None;
        }
        let words = self.render(state, "", "approval_withdraw_words", &[])?;
        let said = self.moment.text.to_lowercase();
        let says = words.split(',').map(str::trim).any(|word| !word.is_empty() && said.contains(word));
        if says { self.withdraw(state) } else { None }
    }

    /// "Forget it then": what waits for people's approval is taken back, the one that the words name, else the newest. Gives its flow.
    fn withdraw(&self, state: &mut Deliberation) -> Option<String> {
        let flow_of = |held: &HeldRequest| held.frames.first().map(|frame| frame.flow.clone()).unwrap_or_default();
        let titled = state.dialogue.held.iter().map(flow_of).map(|flow| {
            let title = self.pack.title(&self.moment.locale, &flow).to_owned();
            (flow, title)
        });
        let named = self.named_request(&self.moment.text, titled.collect());
        let is_meant = |held: &HeldRequest| named.as_ref().is_none_or(|named| flow_of(held) == *named);
        let place = state.dialogue.held.iter().rposition(is_meant)?;
        let held = state.dialogue.held.remove(place);
        let flow = flow_of(&held);
        state.ending.reasons.push(format!("the customer withdraws {flow}, which waits for approval"));
        state.ending.withdrawn.push(held.digest);
        state.completed = true;
        if self.pack.texts.has(&self.moment.locale, "", "approval_withdrawn") {
            self.say(state, "", "approval_withdrawn", &vars(json!({})), Origin::Proposal);
        } else {
            let title = self.pack.title(&self.moment.locale, &flow).to_owned();
            self.repair(state, "repair_cancel", json!({"title": title}));
        }
        Some(flow)
    }

    /// What was done was not wanted: whatever is open rests, and what the pack does about such a deed is done. While something else is open, that is what was not
    /// wanted: "I never asked to change my number".
    pub(super) fn undo(&self, state: &mut Deliberation) {
        if state.dialogue.frames.last().is_some_and(|top| top.confirmed.is_none()) {
            return self.cancel(state);
        }
        state.dialogue.close_requests();
        state.dialogue.challenge_id = None;
        state.completed = true;
        self.repair(state, "repair_undo", json!({}));
    }

    /// Who does not say who he is keeps what can be answered without.
    pub(super) fn leave_identity(&self, state: &mut Deliberation) {
        state.dialogue.close_requests();
        state.dialogue.challenge_id = None;
        state.completed = true;
        state.ending.reasons.push("the customer does not say who he is".to_owned());
        self.say(state, "", "identity_left", &vars(json!({})), Origin::Template);
    }
}

/// Whether a command only says once more that a request of this flow is withdrawn.
pub(super) fn says_withdrawal(command: &Command, flow: &str) -> bool {
    match command {
        Command::StartFlow { flow: begun, .. } => begun == flow,
        Command::Clarify { flows } => flows.iter().any(|one| one == flow),
        Command::Cancel | Command::Undo | Command::Deny { .. } | Command::Chitchat { .. } | Command::CannotRead => true,
        Command::SetSlot { .. } | Command::Correct { .. } | Command::Affirm => true,
        _ => false,
    }
}
