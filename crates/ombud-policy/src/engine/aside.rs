//! What happens in a conversation without a message of the customer? Something he waits for comes, or he says nothing. The open request is
//! set aside meanwhile and stands as before afterwards, its question with it.

use ombud_domain::{Awaiting, AwaitingKind};
use serde_json::json;

use super::{Decision, Deliberation, Engine};
use crate::dialogue::{Frame, Pending, WaitingRequest};
use crate::feed::CompanyEvent;
use crate::silence::Silence;

/// The open request while something else is said.
#[derive(Debug, Clone, Default)]
pub(super) struct Aside {
    frames: Vec<Frame>,
    waiting: Vec<WaitingRequest>,
    awaiting: Awaiting,
    last_said: Vec<String>,
}

/// Whether a reply that waits for this leaves a question open.
#[must_use]
pub const fn is_question(kind: AwaitingKind) -> bool {
    matches!(kind, AwaitingKind::Identify | AwaitingKind::Slot | AwaitingKind::Choice | AwaitingKind::Confirm)
}

impl Aside {
    pub(super) const fn asks(&self) -> bool {
        is_question(self.awaiting.kind)
    }

    /// What the last reply waited for.
    pub(super) fn awaiting(&self) -> Awaiting {
        self.awaiting.clone()
    }
}

impl Engine<'_> {
    /// Goes on with the first request that waits for an event.
    pub fn woken(&self, state: &mut Deliberation, event: &CompanyEvent) -> Decision {
        self.arrive(state);
        let Some(place) = state.dialogue.parked.iter().position(|frame| event.wakes(frame)) else {
            return self.keep_waiting(state);
        };
        let mut frame = state.dialogue.parked.remove(place);
        state.ending.reasons.push(format!("{} goes on, the company reports {}", frame.flow, event.names.join(", ")));
        frame.pending = Pending::Nothing;
        frame.set("event", json!({"id": event.id, "record": event.record}));
        set_aside(state);
        state.dialogue.frames.push(frame);
        self.run(state)
    }

    /// Reminds a silent customer of the open question, or ends the conversation: then everything open is over, a proposal too.
    pub fn silent(&self, state: &mut Deliberation, silence: Silence) -> Decision {
        self.arrive(state);
        let question = state.dialogue.last_said.last().cloned().unwrap_or_default();
        state.ending.reasons.push(format!("the customer is silent: {}", silence.as_str()));
        state.ending.silence = Some(silence);
        set_aside(state);
        if silence == Silence::Close {
            state.aside = None;
            state.dialogue.challenge_id = None;
            state.farewell = true;
        }
        self.repair(state, "repair_silence", json!({"question": question, "closes": silence == Silence::Close}));
        self.run(state)
    }
}

pub(super) fn set_aside(state: &mut Deliberation) {
    state.aside = Some(Aside {
        frames: std::mem::take(&mut state.dialogue.frames),
        waiting: std::mem::take(&mut state.dialogue.waiting),
        awaiting: std::mem::take(&mut state.dialogue.awaiting),
        last_said: std::mem::take(&mut state.dialogue.last_said),
    });
}

/// Puts the open request back. A question that was asked meanwhile comes first.
pub(super) fn put_back(state: &mut Deliberation, awaiting: &mut Awaiting) {
    let Some(aside) = state.aside.take() else { return };
    let asks = aside.asks();
    let newer = std::mem::replace(&mut state.dialogue.frames, aside.frames);
    state.dialogue.frames.extend(newer);
    let newer = std::mem::replace(&mut state.dialogue.waiting, aside.waiting);
    state.dialogue.waiting.extend(newer);
    if asks && !is_question(awaiting.kind) && awaiting.kind != AwaitingKind::Handoff {
        *awaiting = aside.awaiting;
        state.dialogue.last_said = aside.last_said;
    }
}
