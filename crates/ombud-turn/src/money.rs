//! What does an action say to the books of money? Its amounts are held with the intent; with the outcome they are moved, or no longer held.

use ombud_domain::{ActionOutcome, IntentId, Moving};
use ombud_policy::Authorized;

use crate::assistant::Assistant;
use crate::conversation::OpenAction;

/// What is held when the intent is written; none for an action that moves nothing.
pub(crate) fn begun(authorized: &Authorized, id: IntentId) -> Option<Moving> {
    let legs = authorized.legs();
    (!legs.is_empty()).then(|| Moving::Begun {
        intent_id: id.to_string(),
        customer_id: authorized.stake().customer_id.clone().unwrap_or_default(),
        action: authorized.proposal().action.clone(),
        legs: legs.to_vec(),
    })
}

/// What is posted with an outcome. What nobody knows stays held.
pub(crate) fn settled(assistant: &Assistant, open: &OpenAction, outcome: &ActionOutcome) -> Option<Moving> {
    if !open.moves_money {
        return None;
    }
    let intent_id = open.id.to_string();
    match outcome {
        ActionOutcome::Done { receipt } => {
            let spec = assistant.pack.actions.get(&open.proposal.action);
            let told = spec.map(|spec| spec.settled(&open.proposal.arguments, receipt)).unwrap_or_default();
            Some(Moving::Done { intent_id, reference: told.reference, moved: told.moved })
        }
        ActionOutcome::Refused { .. } | ActionOutcome::Failed { .. } => Some(Moving::NotDone { intent_id }),
        ActionOutcome::Unknown | ActionOutcome::Found { .. } | ActionOutcome::NotFound => None,
    }
}
