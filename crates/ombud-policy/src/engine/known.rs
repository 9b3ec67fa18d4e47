//! What is known already, so that it is not asked for? What the slot held before a correction, and what the customer told in whatever conversation.

use ombud_domain::ActionOutcome;
use serde_json::{Value, json};

use super::ask::Question;
use super::run::{Step, top_flow, top_vars};
use super::{Decision, Deliberation, Engine, vars};
use crate::action::Method;
use crate::dialogue::{Origin, Pending};
use crate::flow::{Ask, AskSource, Flow, KnownFact, Op};

/// What the reason begins with of a question that was not asked because its answer is remembered.
pub const KNOWN: &str = "remembered and not asked: ";

impl Engine<'_> {
    /// Takes what the customer told before, and says so; none where nothing fitting is known, or his words were about it and could not be read.
    pub(super) fn take_known(&self, state: &mut Deliberation, ask: &Ask, question: &Question) -> Option<Step> {
        let KnownFact { kind, text } = ask.fact.as_ref()?;
        let top = state.dialogue.frames.last()?;
        let is_asked = top.asked.as_deref() == Some(ask.slot.as_str());
        if question.narrowed || question.explained || is_asked || state.dialogue.customer_id.is_none() {
            return None;
        }
        let Some(facts) = &state.facts else { return self.recall_facts(state) };
        let fact = facts.iter().find(|fact| fact.get("kind").and_then(Value::as_str) == Some(kind))?.clone();
        let value = fact.get("value").filter(|value| is_answer(ask, value))?.clone();
        let flow = top_flow(state);
        let mut values = top_vars(state);
        values.extend(vars(json!({"known": fact})));
        self.say(state, &flow, text, &values, Origin::Record);
        state.ending.reasons.push(format!("{KNOWN}{} ({kind})", ask.slot));
        Some(self.fill(state, ask, value))
    }

    /// Looks up what the customer told before: once in a turn, and only in one that would ask for it.
    fn recall_facts(&self, state: &mut Deliberation) -> Option<Step> {
        let spec = self.pack.facts_read()?;
        let arguments = vars(json!({"customer_id": state.dialogue.customer_id}));
        Some(self.read(state, &spec.name, &arguments, Pending::Facts))
    }

    /// "Forget that": the request that forgets what the customer told, when he has had something kept just now.
    pub(super) fn forgets_last(&self, state: &Deliberation) -> Option<String> {
        let tells = |action: &str, method: Method| {
            self.pack.actions.get(action).is_some_and(|spec| spec.tells_facts() && spec.method == method)
        };
        let noted = state.dialogue.done.last().filter(|done| tells(&done.action, Method::Put))?;
        let last = self.pack.flows.get(state.dialogue.last_flow.as_ref()?)?;
        if state.dialogue.last_answer.is_some() || !last.performs(&noted.action) {
            return None;
        }
        let forgets =
            |flow: &&Flow| flow.ops.iter().any(|op| matches!(op, Op::Act(act) if tells(&act.action, Method::Delete)));
        self.pack.flows.values().find(forgets).map(|flow| flow.name.clone())
    }

    /// What cannot be looked up is asked for.
    pub(super) fn settle_facts(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        state.facts = match outcome {
            ActionOutcome::Found { body: Value::Array(facts) } => Some(facts.clone()),
            ActionOutcome::Failed { failure } => {
                state.ending.reasons.push(format!("what was told before cannot be looked up: {failure}"));
                Some(Vec::new())
            }
            _ => Some(Vec::new()),
        };
        None
    }
}

/// Whether a value is one that the question could get for an answer.
fn is_answer(ask: &Ask, value: &Value) -> bool {
    match &ask.source {
        AskSource::Options(options) => options.iter().any(|option| value.as_str() == Some(option.id.as_str())),
        _ => value.is_string(),
    }
}

/// What a slot held before a correction that names nothing else for it: only words that give another value change one.
pub(super) fn kept(state: &mut Deliberation, ask: &Ask, question: &Question) -> Option<Value> {
    if !state.corrected || question.explained {
        return None;
    }
    let value = held_before(state, &ask.slot)?;
    let id = value.as_str().or_else(|| state.dialogue.recent.get(&ask.slot).map(String::as_str));
    let among = question.options.iter().any(|option| Some(option.id.as_str()) == id);
    if question.narrowed && !among { None } else { state.before.as_mut()?.values.remove(&ask.slot) }
}

/// What the slot of this request held before it was read again; a request that the correction began holds nothing yet.
pub(super) fn held_before<'s>(state: &'s Deliberation, slot: &str) -> Option<&'s Value> {
    let flow = top_flow(state);
    state.before.as_ref().filter(|before| before.flow == flow)?.values.get(slot)
}
