//! What came of an action whose answer was lost? The company's systems are asked, a bounded number of times; then a person is.
//!
//! INVARIANT: nothing is asked for again but with its own key, and nothing is told before it is in the ledger
//! (tests: `an_action_whose_answer_was_lost_is_asked_for_with_its_own_key`, `a_write_without_a_key_is_never_repeated`).

use ombud_domain::{ActionOutcome, Stage, TimestampUs};
use ombud_policy::{ApiCall, Recovery};
use ombud_ports::{AppendError, Due, StoreError, crash_point};
use serde_json::json;

use crate::action::{append, append_outcome, carry_out, within, word};
use crate::assistant::{Assistant, Mode};
use crate::conversation::OpenAction;
use crate::intake::{Arrival, Input, Stimulus};
use crate::trail::Trail;
use crate::turn::TurnError;

/// How often the company's systems are asked about one action.
const TRIES_MAX: u32 = 8;
/// The wait after the first question, milliseconds; doubled after each.
const WAIT_MS: u64 = 5_000;
/// The longest wait between two questions, milliseconds.
const WAIT_MS_MAX: u64 = 300_000;
/// How much longer than its deadline a turn is left alone before somebody else looks after its action, milliseconds.
const GRACE_MS: u64 = 5_000;
/// Look-ups before a record that does not show the action is believed: the write may still have been under way.
const NOT_DONE_LOOKS_MIN: u32 = 3;
/// Conversations looked at in one go.
const BATCH_MAX: usize = 50;

impl Assistant {
    /// Asks what came of actions whose outcome is unknown or was not told, tells the customers, and gives the number of conversations looked at.
    /// Call it at the start and again and again.
    ///
    /// # Errors
    /// [`StoreError`]; what is due stays due.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        // To ask is to send the write once more: what was begun live is found out live.
        if self.settings.mode == Mode::Shadow {
            return Ok(0);
        }
        let now = self.ports.clock.now();
        let due = self.ports.inbox.due(&self.settings.tenant, &Due::Recovery(now), BATCH_MAX).await?;
        let looked_at = due.len();
        for id in due {
            self.unasked(&id, Input::Recovery).await?;
        }
        Ok(looked_at)
    }

    /// A turn that no customer asked for. What another was faster with, or what cannot be done in one conversation, does not hold up the others.
    pub(crate) async fn unasked(&self, id: &str, input: Input) -> Result<(), StoreError> {
        let Ok(id) = id.parse() else { return Ok(()) };
        // Another replica may have gone on with it.
        self.forget(id);
        let ended = match self.load(id).await {
            Ok(Some(conversation)) => self.handle(Stimulus::unasked(&conversation, input)).await.map(drop),
            Ok(None) => return Ok(()),
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) | Err(TurnError::NothingDue) => Ok(()),
            Err(TurnError::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, conversation.id = %id, "what was due in a conversation was not done, it is tried again");
                Ok(())
            }
        }
    }
}

/// Asks once; the outcome, or the time of the next question, is in the ledger when this returns.
pub(crate) async fn recover(
    assistant: &Assistant,
    received: &mut Arrival,
    look_up: Option<ApiCall>,
    trail: &mut Trail<'_>,
) -> ActionOutcome {
    let Some(open) = received.conversation.open_action.clone() else { return ActionOutcome::Unknown };
    if assistant.settings.mode == Mode::Shadow {
        return ActionOutcome::Unknown;
    }
    let outcome = ask(assistant, &open, look_up).await;
    crash_point("recovery.asked");
    let gives_up = !is_worth_asking(assistant, &open) || open.tries.saturating_add(1) >= TRIES_MAX;
    let written = if outcome == ActionOutcome::Unknown && !gives_up {
        append_try(assistant, received, &OpenAction { tries: open.tries.saturating_add(1), ..open.clone() }).await
    } else {
        append_outcome(assistant, received, open.id, &outcome).await
    };
    if let Err(error) = written {
        tracing::error!(error = %error, intent = %open.id, "what came of an action could not be written, it is asked for again later");
        return ActionOutcome::Unknown;
    }
    let detail = json!({"action": open.proposal.action, "intent_id": open.id, "tries": open.tries, "outcome": outcome});
    trail.note(Stage::Action, format!("{}: {}", open.proposal.action, word(&outcome)), detail);
    outcome
}

/// An answer to this question that means "not done" says nothing of the first call, unless the company's system says so itself.
async fn ask(assistant: &Assistant, open: &OpenAction, look_up: Option<ApiCall>) -> ActionOutcome {
    let unknown = ActionOutcome::Unknown;
    let Some(spec) = assistant.pack.actions.get(&open.proposal.action).filter(|_| is_worth_asking(assistant, open))
    else {
        return unknown;
    };
    let answer = match (spec.recovery(), &open.intent, look_up) {
        (Recovery::SameKey, Some(intent), _) if intent.call().idempotency_key => {
            carry_out(assistant, &intent.clone().answered_as(spec)).await
        }
        (Recovery::LookUp(shows), _, Some(read)) => {
            match within(assistant, assistant.ports.back_office.read(&read), unknown.clone()).await {
                ActionOutcome::Found { body } => match shows.outcome(&open.proposal, &body) {
                    failed @ ActionOutcome::Failed { .. } if open.tries + 1 >= NOT_DONE_LOOKS_MIN => return failed,
                    shown => shown,
                },
                _ => unknown.clone(),
            }
        }
        _ => unknown.clone(),
    };
    match answer {
        ActionOutcome::Done { .. } | ActionOutcome::Refused { .. } => answer,
        _ => unknown,
    }
}

/// The turn that was to ask, or to tell what came of it, broke off: the next one comes later, and after so many of them a person looks it up.
pub(crate) async fn broke_off(assistant: &Assistant, received: &mut Arrival) -> Result<(), AppendError> {
    let Some(open) = received.conversation.open_action.clone() else { return Ok(()) };
    let tries = open.tries.saturating_add(1);
    if open.outcome.is_none() && tries >= TRIES_MAX {
        return append_outcome(assistant, received, open.id, &ActionOutcome::Unknown).await;
    }
    append_try(assistant, received, &OpenAction { tries, ..open }).await
}

/// Whether the company's systems can still tell: they forget keys, and an old wish may no longer be one.
fn is_worth_asking(assistant: &Assistant, open: &OpenAction) -> bool {
    let minutes = i64::from(assistant.pack.manifest.limits.recovery_minutes);
    let until = open.since.0.saturating_add(minutes.saturating_mul(60_000_000));
    let spec = assistant.pack.actions.get(&open.proposal.action);
    spec.is_some_and(ombud_policy::spec::ActionSpec::is_recoverable) && assistant.ports.clock.now().0 <= until
}

/// Notes that the outcome is still unknown, and when it is asked for again.
pub(crate) async fn append_try(
    assistant: &Assistant,
    received: &mut Arrival,
    open: &OpenAction,
) -> Result<(), AppendError> {
    let wait_ms = WAIT_MS.saturating_mul(1 << open.tries.min(16)).min(WAIT_MS_MAX);
    let recover_at = in_ms(assistant, wait_ms);
    let payload =
        json!({"turn_id": received.turn_id, "intent_id": open.id, "tries": open.tries, "recover_at_us": recover_at.0});
    append(assistant, received, "action.tried", payload).await?;
    if let Some(known) = received.conversation.open_action.as_mut().filter(|known| known.id == open.id) {
        known.tries = open.tries;
        known.recover_at = recover_at;
    }
    Ok(())
}

/// When somebody else looks after an action, if the turn that works on it does not end by then.
pub(crate) fn after(assistant: &Assistant, deadline_ms: u64) -> TimestampUs {
    in_ms(assistant, deadline_ms.saturating_add(GRACE_MS))
}

fn in_ms(assistant: &Assistant, ms: u64) -> TimestampUs {
    let us = i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
    TimestampUs(assistant.ports.clock.now().0.saturating_add(us))
}
