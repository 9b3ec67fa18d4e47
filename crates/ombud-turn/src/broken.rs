//! What becomes of a turn that breaks off by a fault of the program? Another takes its place: it reads nothing and asks nobody, tells the customer that a
//! person takes over, and is recorded like any other.
//!
//! INVARIANT: what the broken turn has committed stays, and nothing of it is said to be done
//! (test: `a_turn_that_breaks_off_is_handed_over_and_claims_nothing`).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;

use crate::assistant::Assistant;
use crate::intake::{Arrival, Received, Stimulus};
use crate::safety::{Screened, Source};
use crate::tape::Tape;
use crate::trail::Trail;
use crate::turn::{self, TurnError};
use crate::view::TurnReply;
use crate::{answer, decision, intake, record, recovery, reply, safety};

/// Runs a turn; when it breaks off, the one that takes its place. `turn` is the assistant for the first of them.
pub(crate) async fn run_or_hand_over(
    assistant: &Assistant,
    turn: &Arc<Assistant>,
    stimulus: &Stimulus,
) -> Result<TurnReply, TurnError> {
    let id = stimulus.conversation_id;
    if let Ok(ended) = AssertUnwindSafe(Box::pin(turn::run(turn, stimulus.clone()))).catch_unwind().await {
        return ended;
    }
    tracing::error!(conversation.id = %id, "a turn broke off by a fault of the program, a person takes over");
    // What is in memory may be half of something; the ledger is not.
    assistant.forget(id);
    if turn.tape().is_some_and(Tape::has_ended) {
        return Err(TurnError::BrokeOff);
    }
    let mut instead = assistant.of_turn(Tape::recording(Arc::clone(&assistant.ports.clock), assistant.reading()));
    instead.settings.approvers = turn.settings.approvers.clone();
    let ended = AssertUnwindSafe(Box::pin(hand_over(&instead, stimulus.clone()))).catch_unwind().await;
    ended.unwrap_or_else(|_| {
        tracing::error!(conversation.id = %id, "a turn that broke off could not be handed over either");
        assistant.forget(id);
        Err(TurnError::BrokeOff)
    })
}

/// The turn that takes the place of one that broke off. What is written to people is kept for them; what nobody waits for is tried again later.
pub(crate) async fn hand_over(assistant: &Assistant, stimulus: Stimulus) -> Result<TurnReply, TurnError> {
    let mut trail = Trail::begin(assistant);
    let mut received = match intake::receive(assistant, stimulus, &mut trail).await? {
        Received::Repeated(reply) => return Ok(*reply),
        Received::Fresh(received) => received,
    };
    if let Some(tape) = assistant.tape() {
        tape.broke_off();
    }
    let screened = safety::screen(assistant, &mut received, &mut trail);
    if matches!(screened.source(), Source::Recovery) {
        let id = received.conversation.id;
        recovery::broke_off(assistant, &mut received).await?;
        assistant.forget(id);
        return Err(TurnError::BrokeOff);
    }
    if received.desk_owns() {
        if !received.is_from_customer() {
            return Err(TurnError::BrokeOff);
        }
        return record::note_for_desk(assistant, received, &screened, trail).await;
    }
    end(assistant, received, &screened, (trail, FAULT)).await
}

/// Why a person takes over where a turn broke off.
const FAULT: &str = "the turn broke off by a fault of the program";

/// Ends a turn of which nothing goes on: it is handed over and recorded, and nothing of it is said to be done.
pub(crate) async fn end(
    assistant: &Assistant,
    mut received: Box<Arrival>,
    screened: &Screened,
    (mut trail, why): (Trail<'_>, &str),
) -> Result<TurnReply, TurnError> {
    received.broke_off = true;
    let decided = decision::broke_off(assistant, &received, (screened, why), &mut trail);
    let checked = answer::as_decided(decided.into_ending(), &mut trail);
    let recorded = Box::pin(record::commit(assistant, received, screened, checked, trail)).await?;
    Ok(reply::deliver(assistant, recorded))
}
