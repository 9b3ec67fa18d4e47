//! What if what was proposed cannot be done any more? Then it was done meanwhile, in another chat or on another page: the records are read again, and
//! what was read before is trusted no longer.

use ombud_domain::Proposal;
use serde_json::Value;

use super::{Deliberation, Engine};
use crate::dialogue::EndedRequest;

impl Engine<'_> {
    /// Has the request on top run once more over new records, with what was picked: where the company's books do not allow an action any more that
    /// the records allowed. Once in a turn; whether it does.
    pub(super) fn reads_again(&self, state: &mut Deliberation) -> bool {
        // What called it holds records of its own, which would be handed over once more.
        let Some(top) = state.dialogue.frames.last_mut().filter(|top| !top.called && !state.read_again) else {
            return false;
        };
        for slot in std::mem::take(&mut top.filled) {
            // What is no record was said, and is read again from the same words.
            let is_record = top.vars.get(&slot).is_some_and(Value::is_object);
            if let Some(id) = state.dialogue.recent.get(&slot).filter(|_| is_record) {
                top.picked.insert(slot.clone(), id.clone());
            }
            top.unset(&slot);
        }
        top.spent.clear();
        top.asked = None;
        top.pc = 0;
        state.read_again = true;
        state.rereads = true;
        state.ending.reasons.push("the records are read again".to_owned());
        true
    }

    /// Whether new records only led to the same proposal, which the customer has agreed to already.
    pub(super) fn comes_again(&self, state: &Deliberation, proposal: &Proposal) -> bool {
        let before = state.dialogue.frames.last().and_then(|top| top.repeated.as_ref());
        state.read_again && before.is_some_and(|(digest, _)| *digest == proposal.digest)
    }
}

/// Forgets what a request knew that the company refused to carry out: what is asked about it now is looked up. One that was done before knows what
/// came of it.
pub(super) fn distrust(ended: &mut [EndedRequest], flow: &str) {
    let refused = ended.iter_mut().filter(|ended| ended.flow == flow && !ended.vars.contains_key("receipt"));
    refused.for_each(|ended| ended.vars.clear());
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::distrust;
    use crate::dialogue::EndedRequest;

    #[test]
    fn what_a_refused_request_knew_is_forgotten_and_a_receipt_stays() {
        let known = |flow: &str, vars: Value| EndedRequest {
            flow: flow.to_owned(),
            vars: vars.as_object().cloned().unwrap_or_default(),
        };
        let payment = json!({"payment": {"id": "PAY-1"}});
        let paid = json!({"payment": {"id": "PAY-1"}, "receipt": {"receipt_id": "RCT-1"}});
        let mut ended = vec![known("failed_payment", payment.clone()), known("order_status", payment.clone())];
        distrust(&mut ended, "failed_payment");
        assert_eq!(ended[0].vars, Map::new());
        assert_eq!(ended[1], known("order_status", payment));
        let mut ended = vec![known("failed_payment", paid.clone())];
        distrust(&mut ended, "failed_payment");
        assert_eq!(ended, [known("failed_payment", paid)]);
    }
}
