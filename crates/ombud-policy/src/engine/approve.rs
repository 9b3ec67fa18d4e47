//! What becomes of an action that people must approve? The request is held at it, and goes on when they have decided.
//!
//! INVARIANT: what is carried out is what the customer agreed to and people approved, byte for byte (test: `what_was_changed_after_the_approval_is_not_done`).

use ombud_domain::{AwaitingKind, IdentityLevel, Proposal};
use serde_json::json;

use super::act::Refusable;
use super::aside::set_aside;
use super::close::HandingOver;
use super::run::{Step, top_flow};
use super::{Decision, Deliberation, Engine, vars};
use crate::authorize::{Asked, NOT_PERMITTED, Proof, Verdict};
use crate::dialogue::{ApprovalWish, HeldRequest, Origin, Pending};
use crate::flow::Op;

/// Requests of one conversation that wait for approval, at most.
const HELD_MAX: usize = 8;

/// What people have approved, and what was known of the customer when he agreed to it.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    digest: String,
    approvals: u8,
    level: IdentityLevel,
    proof: Proof,
}

/// Why people's approval is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedDown {
    /// One of them refused.
    Refused,
    /// Nobody decided in time.
    Expired,
    /// What the ledger holds is not what was proposed.
    Void,
}

impl TurnedDown {
    /// Reason code of the refused request.
    #[must_use]
    pub const fn reason_code(self) -> &'static str {
        match self {
            Self::Refused => "approval_refused",
            Self::Expired => "approval_expired",
            Self::Void => NOT_PERMITTED,
        }
    }
}

impl Granted {
    /// The question as it stood when the customer agreed, with the approvals; without them for anything else.
    pub(super) fn asked<'a>(&self, asked: Asked<'a>, proposal: &Proposal) -> Asked<'a> {
        if proposal.digest == self.digest {
            Asked { approvals: self.approvals, level: self.level, proof: self.proof, ..asked }
        } else {
            asked
        }
    }

    /// What was known of the customer when he agreed, and how many have approved.
    pub(super) fn into_known(self) -> (IdentityLevel, Proof, u8) {
        (self.level, self.proof, self.approvals)
    }

    /// Nothing is asked of a customer who does not write: what is not authorized by now is refused.
    pub(super) fn settle(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::NeedConfirm | Verdict::NeedStepUp | Verdict::NeedApproval { .. } => {
                Verdict::Denied { reason_code: NOT_PERMITTED.to_owned() }
            }
            decided => decided,
        }
    }
}

impl Engine<'_> {
    /// Holds the request and says who must agree to it.
    pub(super) fn ask_approval(&self, state: &mut Deliberation, wish: ApprovalWish) -> Step {
        let digest = wish.proposal.digest.clone();
        let said = json!({"approvers": wish.approvers, "hours": self.pack.manifest.limits.approval_hours});
        let waits = state.dialogue.held.iter().any(|held| held.digest == digest);
        if !waits && state.dialogue.held.len() >= HELD_MAX {
            state.ending.reasons.push("too many requests wait for approval".to_owned());
            return Step::Out(self.hand_over(state, &HandingOver::because("cannot_help")));
        }
        let root = state.dialogue.frames.iter().rposition(|frame| !frame.called).unwrap_or_default();
        let mut frames = state.dialogue.frames.split_off(root);
        if let Some(top) = frames.last_mut() {
            top.pending = Pending::Nothing;
            top.shown = None;
        }
        state.completed = true;
        if waits {
            state.ending.reasons.push(format!("{} waits for approval already", wish.proposal.action));
            self.say(state, "", "approval_waits", &vars(said), Origin::Proposal);
            return Step::On;
        }
        let asked_by = wish.rules.join(", ");
        state
            .ending
            .reasons
            .push(format!("{} waits for the approval of {} by {asked_by}", wish.proposal.action, wish.approvers));
        self.say(state, "", "approval_requested", &vars(said), Origin::Proposal);
        let (level, proof) = (state.dialogue.level, state.dialogue.proof);
        state.dialogue.held.push(HeldRequest { digest, frames, level, proof });
        state.ending.approvals.push(wish);
        Step::On
    }

    /// Carries out what people have approved, if it may still be done, and goes on with its request.
    pub fn approved(&self, state: &mut Deliberation, digest: &str, approvals: u8) -> Decision {
        self.arrive(state);
        let Some(held) = take(state, digest) else { return self.keep_waiting(state) };
        state.ending.reasons.push(format!("approved by {approvals}"));
        let HeldRequest { digest, frames, level, proof } = held;
        set_aside(state);
        state.dialogue.frames = frames;
        state.granted = Some(Granted { digest, approvals, level, proof });
        self.run(state)
    }

    /// The same while people have the conversation: its outcome is told, and nothing goes on.
    pub fn approved_for_people(&self, state: &mut Deliberation, digest: &str, approvals: u8) -> Decision {
        state.for_people = true;
        self.approved(state, digest, approvals)
    }

    /// Says that it will not be done, and why.
    pub fn turned_down(&self, state: &mut Deliberation, digest: &str, why: TurnedDown) -> Decision {
        self.arrive(state);
        let Some(held) = take(state, digest) else { return self.keep_waiting(state) };
        set_aside(state);
        state.dialogue.frames = held.frames;
        state.ending.reasons.push(format!("not approved: {}", why.reason_code()));
        let flow = top_flow(state);
        let pc = state.dialogue.frames.last().map_or(0, |top| top.pc);
        let op = self.pack.flows.get(&flow).and_then(|flow| flow.ops.get(pc));
        let refusable = match op {
            Some(Op::Act(act)) => Some(Refusable::of_act(act)),
            Some(Op::Saga(saga)) => Some(Refusable::of_saga(saga)),
            _ => None,
        };
        if let Some(refusable) = refusable {
            if let Step::Out(decision) = self.refuse_act(state, refusable, why.reason_code()) {
                return decision;
            }
        } else {
            // The flow was changed meanwhile.
            self.say(state, "", "action_refused", &vars(json!({})), Origin::Template);
        }
        // What called it waits for an action that will not be done.
        state.dialogue.frames.clear();
        state.completed = true;
        self.run(state)
    }

    /// The same while people have the conversation.
    pub fn turned_down_for_people(&self, state: &mut Deliberation, digest: &str, why: TurnedDown) -> Decision {
        state.for_people = true;
        self.turned_down(state, digest, why)
    }

    /// Ends a turn in a conversation that people have: it stands as before.
    pub(super) fn leave_to_people(&self, state: &mut Deliberation) -> Decision {
        state.dialogue.frames.clear();
        state.person_after = false;
        match state.aside.as_ref().map(super::aside::Aside::awaiting) {
            Some(before) => self.finish(state, before.kind, before.slot, before.options),
            None => self.finish(state, AwaitingKind::Handoff, None, Vec::new()),
        }
    }
}

fn take(state: &mut Deliberation, digest: &str) -> Option<HeldRequest> {
    let place = state.dialogue.held.iter().position(|held| held.digest == digest)?;
    Some(state.dialogue.held.remove(place))
}
