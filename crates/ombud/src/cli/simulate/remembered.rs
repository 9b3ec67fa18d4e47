//! Is a customer asked for what is known of him? Told from what the public side says was done and asks for.

use std::collections::BTreeSet;

use ombud_connect::public_api::Reply;
use ombud_policy::Pack;
use ombud_policy::action::Method;
use ombud_policy::engine::KNOWN;
use serde_json::Value;

/// What the customer of a visit has told so far, in whatever conversation, and how often he was asked for it all the same.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    kinds: BTreeSet<String>,
    asked: usize,
}

impl Remembered {
    /// Takes in a reply: first what was noted or forgotten, then what it asks for.
    pub(super) fn note(&mut self, pack: &Pack, reply: &Reply) {
        for done in &reply.done {
            let Some(spec) = pack.actions.get(&done.action) else { continue };
            let kind = done.arguments.get("kind").and_then(Value::as_str).unwrap_or_default();
            match (spec.tells_facts(), spec.method) {
                (true, Method::Put) => drop(self.kinds.insert(kind.to_owned())),
                (true, _) => drop(self.kinds.remove(kind)),
                (false, _) if spec.forgets_all() => self.kinds.clear(),
                (false, _) => {}
            }
        }
        let slot = reply.awaiting.slot.as_deref();
        let mut asks = pack.flows.values().flat_map(|flow| flow.asks()).filter(|ask| Some(ask.slot.as_str()) == slot);
        let is_known = asks.any(|ask| ask.fact.as_ref().is_some_and(|fact| self.kinds.contains(&fact.kind)));
        self.asked += usize::from(is_known && reply.awaiting.kind == "slot");
    }

    /// How often he was asked for what is known.
    pub(super) const fn asked(&self) -> usize {
        self.asked
    }
}

/// How many questions were left out since their answer was remembered, by the reasons of each turn.
pub(super) fn spared(reasons: &[Vec<String>]) -> usize {
    let of_turn = |reasons: &Vec<String>| {
        let known: BTreeSet<&String> = reasons.iter().filter(|reason| reason.contains(KNOWN)).collect();
        known.len()
    };
    reasons.iter().map(of_turn).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(action: Option<&str>, (kind, slot): (&str, &str)) -> Reply {
        let arguments = json!({"kind": "call_time", "value": "morning"});
        let done: Vec<Value> =
            action.iter().map(|action| json!({"action": action, "receipt_id": "r", "arguments": arguments})).collect();
        let reply = json!({
            "conversation_id": "c", "turn_id": "t", "status": "open", "messages": [], "done": done,
            "awaiting": {"kind": kind, "slot": slot},
        });
        serde_json::from_value(reply).unwrap()
    }

    #[test]
    fn only_a_question_for_a_known_kind_counts() {
        let pack = Pack::parse("paylater", &ombud_testkit::pack_files().unwrap()).unwrap();
        let mut remembered = Remembered::default();
        for (action, awaiting, asked) in [
            (None, ("slot", "call_time"), 0),
            (Some("note_fact"), ("slot", "order"), 0),
            (None, ("confirm", "call_time"), 0),
            (None, ("slot", "call_time"), 1),
            (Some("forget_fact"), ("slot", "call_time"), 1),
            (Some("note_fact"), ("slot", "call_time"), 2),
            (Some("forget_conversations"), ("slot", "call_time"), 2),
        ] {
            remembered.note(&pack, &reply(action, awaiting));
            assert_eq!(remembered.asked(), asked, "{action:?} {awaiting:?}");
        }
    }

    #[test]
    fn a_question_that_was_spared_counts_once_a_turn() {
        let known = format!("decision: {KNOWN}call_time (call_time)");
        let turns = [vec![known.clone(), known.clone()], vec!["decision: other".to_owned()], vec![known]];
        assert_eq!(spared(&turns), 2);
    }
}
