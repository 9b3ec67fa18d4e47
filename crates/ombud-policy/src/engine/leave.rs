//! How does a request end before it is done, or after it was done against the customer's wish?

use ombud_domain::{Awaiting, AwaitingKind, Command, IdentityLevel, Understanding};
use serde_json::json;

use super::absorb::CORRECTION;
use super::{Deliberation, Engine, vars};
use crate::dialogue::{HeldRequest, Origin, Pending, Said};

/// After a no, a reading of the message that is this likely is what is wished instead ...
const WISHED: f32 = 0.5;
/// ... and this likely, whatever else it seems to say about what was turned down.
const WISHED_SURELY: f32 = 0.9;

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
        let Some(flow) = self.drop_request(state) else {
            if let Some(flow) = self.forgets_last(state) {
                return self.start(state, &flow, Vec::new());
            }
            // "I don't want to close it": what was answered last was never wished for.
            let misheard = state.dialogue.last_flow.is_some() && state.dialogue.done.is_empty();
            let repair = if misheard { "repair_misheard" } else { "repair_nothing_to_cancel" };
            return self.repair(state, repair, json!({}));
        };
        self.say_dropped(state, &flow);
    }

    fn say_dropped(&self, state: &mut Deliberation, flow: &str) {
        state.completed = true;
        let title = self.pack.title(&self.moment.locale, flow).to_owned();
        self.repair(state, "repair_cancel", json!({"title": title}));
    }

    /// Takes away the request on top with those that called it; gives the flow of the first of them.
    fn drop_request(&self, state: &mut Deliberation) -> Option<String> {
        let top = state.dialogue.frames.pop()?;
        state.dropped.clone_from(&top.said);
        self.keep_for_questions(state, &top);
        let (mut flow, mut called) = (top.flow, top.called);
        while called && let Some(caller) = state.dialogue.frames.pop() {
            self.keep_for_questions(state, &caller);
            (flow, called) = (caller.flow, caller.called);
        }
        Some(flow)
    }

    /// "Shall I move it?" "No." "And the box set, can I pay that now?": what asks for something else leaves what was turned down, and that does not come back.
    pub(super) fn leave_turned_down(&self, state: &mut Deliberation, understood: &Understanding) -> Understanding {
        let mut understood = understood.clone();
        if !asks_what_instead(state) {
            return understood;
        }
        let root = state.dialogue.frames.iter().rev().find(|frame| !frame.called).map(|frame| frame.flow.clone());
        let scored = understood.scores.iter().find_map(|(class, p)| Some((class.strip_prefix("flow:")?, *p)));
        state.wished = scored.filter(|(_, p)| *p >= WISHED).map(|(flow, _)| flow.to_owned());
        state.names_again = state.wished.is_some() && state.wished == root;
        let begins = |command: &Command, sure: f32| matches!(command, Command::StartFlow { flow, confidence, .. } if *confidence >= sure && Some(flow) != root.as_ref());
        let answers = |command: &Command| {
            matches!(command, Command::SetSlot { .. } | Command::Correct { .. } | Command::Choose { .. })
        };
        let asks = |command: &Command| matches!(command, Command::Ask { .. } | Command::Clarify { .. });
        let is_other =
            |command: &Command| begins(command, 0.0) || asks(command) || matches!(command, Command::Chitchat { .. });
        let only_other = understood.commands.iter().all(is_other) && !understood.commands.is_empty();
        let surely = understood.commands.iter().any(|command| begins(command, WISHED_SURELY))
            && understood.commands.iter().all(|command| is_other(command) || answers(command));
        if !only_other && !surely {
            return understood;
        }
        state.ending.reasons.push("what was turned down is left".to_owned());
        self.drop_request(state);
        state.dialogue.awaiting = Awaiting { kind: AwaitingKind::AnythingElse, ..Awaiting::default() };
        understood.commands.retain(|command| !answers(command));
        if let [Command::StartFlow { text, .. }] = understood.commands.as_mut_slice() {
            text.clone_from(&self.moment.text);
        }
        understood
    }

    /// What was said after a no and changes nothing of what was turned down was about something else: whether it is left for that.
    pub(super) fn lets_go(&self, state: &mut Deliberation, digest: &str) -> bool {
        let top = state.dialogue.frames.last().filter(|_| state.corrected && asks_what_instead(state));
        let is_same = top.and_then(|top| top.repeated.as_ref()).is_some_and(|(before, _)| before == digest);
        if !is_same || state.names_again || state.digressed {
            return false;
        }
        state.ending.reasons.push("nothing should be different, so it is left".to_owned());
        let Some(flow) = self.drop_request(state) else { return false };
        state.corrected = false;
        state.rereads = false;
        match state.wished.take() {
            Some(wished) => self.start(state, &wished, vec![Said::typed(None, &self.moment.text)]),
            None => self.say_dropped(state, &flow),
        }
        true
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
        state.dialogue.no_account = true;
        state.ending.reasons.push("the customer does not say who he is".to_owned());
        self.say(state, "", "identity_left", &vars(json!({})), Origin::Template);
    }
}

/// Whether the last reply asked what should be different about a proposal that was turned down.
pub(super) fn asks_what_instead(state: &Deliberation) -> bool {
    state.dialogue.awaiting.slot.as_deref() == Some(CORRECTION)
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
