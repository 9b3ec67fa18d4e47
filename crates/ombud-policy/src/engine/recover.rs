//! How does a conversation go on when the outcome of an action of an earlier turn is known, or is not to be had?

use ombud_domain::knowledge::Finding;
use ombud_domain::{ActionOutcome, AwaitingKind, Command, DoneAction, Priority, Proposal, Understanding};
use serde_json::{Map, json};

use super::close::HandingOver;
use super::{Decision, Deliberation, Engine, vars};
use crate::action::ApiCall;
use crate::authorize::ReadVerdict;
use crate::dialogue::{Origin, Pending};
use crate::flow::Op;
use crate::recovery::Recovery;
use crate::saga::SagaRun;

/// An action of an earlier turn, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// What was proposed.
    pub proposal: &'a Proposal,
    /// What came of it.
    pub outcome: &'a ActionOutcome,
    /// The saga that it was a step of, as it stood before it.
    pub saga: Option<&'a SagaRun>,
}

impl Engine<'_> {
    /// The read that shows whether an action was done, if its system has one and the policies allow it.
    #[must_use]
    pub fn look_up(&self, state: &Deliberation, proposal: &Proposal) -> Option<ApiCall> {
        let Recovery::LookUp(look_up) = self.pack.actions.get(&proposal.action)?.recovery() else { return None };
        let spec = self.pack.actions.get(&look_up.action)?;
        let arguments = look_up.arguments(proposal).ok()?;
        spec.check_arguments(&arguments).ok()?;
        match self.pack.policies.authorize_read(&self.asked(state, spec, &arguments)) {
            ReadVerdict::Allowed(call) => Some(*call),
            ReadVerdict::Denied { .. } => None,
        }
    }

    /// Tells what came of an action of an earlier turn, and goes on with its request; what the customer has written meanwhile comes after it.
    pub fn recovered(
        &self,
        state: &mut Deliberation,
        earlier: Earlier<'_>,
        understood: &Understanding,
        findings: &[Finding],
    ) -> Decision {
        self.arrive(state);
        state.ending.reasons.push(format!("the outcome of {} of an earlier turn is known", earlier.proposal.action));
        if let Some(run) = earlier.saga {
            self.recovered_saga(state, run, earlier.outcome);
        } else if let Some(decision) = self.tell_outcome(state, earlier.proposal, earlier.outcome) {
            return decision;
        }
        state.dialogue.awaiting = ombud_domain::Awaiting::default();
        let commands = understood.commands.iter().filter(|command| begins_something(command)).cloned().collect();
        self.begin(state, &Understanding { commands, ..understood.clone() }, findings)
    }

    /// The same while people have the conversation: it is told, and nothing goes on.
    pub fn recovered_for_people(
        &self,
        state: &mut Deliberation,
        Earlier { proposal, outcome, saga }: Earlier<'_>,
    ) -> Decision {
        self.arrive(state);
        if let Some(run) = saga {
            // It comes to its end all the same.
            state.for_people = true;
            self.recovered_saga(state, run, outcome);
            return self.run(state);
        }
        let ended = self.tell_outcome(state, proposal, outcome);
        if let Some(Decision::End(ending)) = ended {
            state.ending = *ending;
        }
        state.ending.handover = None;
        state.dialogue.frames.clear();
        self.finish(state, AwaitingKind::Handoff, None, Vec::new())
    }

    /// It is still not known. Who wants a person gets one, questions are answered, and everything else waits.
    pub fn still_unknown(
        &self,
        state: &mut Deliberation,
        understood: &Understanding,
        findings: &[Finding],
    ) -> Decision {
        self.arrive(state);
        state.ending.reasons.push("the outcome of an action is still unknown".to_owned());
        for command in &understood.commands {
            match command {
                Command::Handoff => return self.hand_over_on_request(state),
                Command::Ask { query, confidence }
                    if findings.iter().any(|finding| finding.query == *query && !finding.sentences.is_empty()) =>
                {
                    self.answer_question(state, (query, *confidence), findings);
                }
                _ => {}
            }
        }
        self.say(state, "", "action_pending", &Map::new(), Origin::Template);
        self.finish(state, AwaitingKind::None, None, Vec::new())
    }

    /// Nothing has changed and nobody has written: the turn says nothing.
    pub fn keep_waiting(&self, state: &mut Deliberation) -> Decision {
        let awaiting = state.dialogue.awaiting.clone();
        let said = std::mem::take(&mut state.dialogue.last_said);
        let ended = self.finish(state, awaiting.kind, awaiting.slot.clone(), awaiting.options.clone());
        state.dialogue.last_said = said;
        ended
    }

    /// Says honestly that it could not be found out (R71), and has a person look it up.
    pub fn unknown_outcome(&self, state: &mut Deliberation) -> Decision {
        self.say(state, "", "action_unknown", &vars(json!({})), Origin::Template);
        self.hand_over(state, &HandingOver { priority: Priority::High, ..HandingOver::because("outcome_unknown") })
    }

    /// Puts the outcome to the request that asked for the action, if it still stands there; else it is told by itself.
    fn tell_outcome(&self, state: &mut Deliberation, proposal: &Proposal, outcome: &ActionOutcome) -> Option<Decision> {
        if *outcome == ActionOutcome::Unknown {
            return Some(self.unknown_outcome(state));
        }
        let stands = state.dialogue.frames.last_mut().filter(|top| {
            let op = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc));
            matches!(op, Some(Op::Act(act)) if act.action == proposal.action)
        });
        if let Some(top) = stands {
            top.shown = None;
            top.confirmed = None;
            if !matches!(outcome, ActionOutcome::Failed { .. }) {
                top.pending = Pending::Act { arguments: proposal.arguments.clone() };
                return self.settle(state, outcome);
            }
            // It is known not to have been done: it is proposed again, and done again on a new yes alone.
            top.pending = Pending::Nothing;
        }
        match outcome {
            ActionOutcome::Done { receipt } => {
                let (action, arguments) = (proposal.action.clone(), proposal.arguments.clone());
                let receipt_id = vars(json!({"receipt_id": receipt.receipt_id}));
                let done = DoneAction { action, receipt_id: receipt.receipt_id.clone(), arguments };
                state.ending.done.push(done.clone());
                self.note_deed(state, &proposal.labels);
                state.dialogue.done.push(done);
                self.say(state, "", "action_found_done", &receipt_id, Origin::Receipt);
            }
            _ => self.say(state, "", "action_found_not_done", &Map::new(), Origin::Template),
        }
        None
    }
}

/// What may follow the news of an action; a yes, a no or a correction spoke of what is decided by now.
const fn begins_something(command: &Command) -> bool {
    matches!(
        command,
        Command::StartFlow { .. }
            | Command::Ask { .. }
            | Command::Handoff
            | Command::Chitchat { .. }
            | Command::Clarify { .. }
    )
}
