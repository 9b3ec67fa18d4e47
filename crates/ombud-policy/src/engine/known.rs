//! What is known already, so that it is not asked for? What the slot held before a correction, and what the customer told in whatever conversation.

use ombud_domain::{ActionOutcome, Command, DoneAction, Kind};
use serde_json::{Value, json};

use super::ask::Question;
use super::run::{Step, top_flow, top_vars};
use super::{Decision, Deliberation, Engine, vars};
use crate::action::Method;
use crate::dialogue::{Dialogue, Origin, Pending};
use crate::flow::{Ask, AskSource, Flow, KnownFact, Op};
use crate::labels::Labelled;
use crate::pack::Pack;

/// What the reason begins with of a question that was not asked because its answer is remembered.
pub const KNOWN: &str = "remembered and not asked: ";

/// Words, and letters for languages without blanks, of what is taken for another value of a fact.
const ANEW_WORDS_MAX: usize = 10;
const ANEW_CHARS_MAX: usize = 80;
/// What questions end in.
const ASKS: [char; 3] = ['?', '？', '؟'];

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

    /// "Forget that": the request that forgets what the customer told, when he has had something kept just now or was told what is kept.
    pub(super) fn forgets_last(&self, state: &Deliberation) -> Option<String> {
        let forgets = |flow: &&Flow| {
            flow.ops.iter().any(|op| matches!(op, Op::Act(act) if self.pack.is_of_facts(&act.action, Method::Delete)))
        };
        let is_meant = self.pack.is_about_facts(&state.dialogue);
        self.pack.flows.values().filter(|_| is_meant).find(forgets).map(|flow| flow.name.clone())
    }

    /// "No, in the afternoon", right after something was kept; "that's wrong, in the afternoon", right after it was told: the request that keeps the
    /// other value. Only short words that ask nothing and mean one option are taken so, and after something was kept only another value of its kind.
    pub(super) fn tells_anew(&self, state: &Deliberation, command: &Command) -> Option<String> {
        let objects = matches!(command, Command::Chitchat { kind: Kind::Objection });
        let is_unread = matches!(
            command,
            Command::Ask { .. } | Command::CannotRead | Command::Clarify { .. } | Command::Deny { .. }
        );
        let text = self.moment.text.trim();
        let is_short = text.split_whitespace().count() <= ANEW_WORDS_MAX && text.chars().count() <= ANEW_CHARS_MAX;
        let ends = matches!(command, Command::Chitchat { kind: Kind::Goodbye });
        if !(objects || is_unread || ends) || !is_short || text.ends_with(ASKS) {
            return None;
        }
        let noted = self.pack.noted_last(&state.dialogue);
        if noted.is_none() && !(objects && self.pack.told_last(&state.dialogue)) {
            return None;
        }
        // One that hands over as well is about more than what is kept.
        let keeps = |op: &Op| matches!(op, Op::Act(act) if self.pack.is_of_facts(&act.action, Method::Put));
        let hands_over = |op: &Op| matches!(op, Op::Handoff { .. });
        let only_keeps = |flow: &&Flow| flow.ops.iter().any(keeps) && !flow.ops.iter().any(hands_over);
        let flow = self.pack.flows.values().find(only_keeps)?;
        let (ask, options) = flow.asks().find_map(|ask| match &ask.source {
            AskSource::Options(options) => Some((ask, options)),
            _ => None,
        })?;
        // "Have a nice afternoon" names one too.
        let meant = if ends { self.spotted_surely(ask, text) } else { self.spotted(ask, &[text.to_owned()], options) }?;
        let label = options.iter().find(|option| option.id == meant)?.label.as_deref()?;
        let is_other = noted.is_none_or(|noted| {
            let said = |name: &str| noted.arguments.get(name).and_then(Value::as_str).unwrap_or_default();
            let value = label.strip_prefix("fact_").and_then(|rest| rest.strip_prefix(said("kind"))?.strip_prefix('_'));
            value.is_some_and(|value| value != said("value"))
        });
        is_other.then(|| flow.name.clone())
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

impl Pack {
    /// Whether the request that ended last kept something that the customer told, or told what is kept: "forget that" means it then.
    #[must_use]
    pub fn is_about_facts(&self, dialogue: &Dialogue) -> bool {
        self.noted_last(dialogue).is_some() || self.told_last(dialogue)
    }

    fn is_of_facts(&self, action: &str, method: Method) -> bool {
        self.actions.get(action).is_some_and(|spec| spec.tells_facts() && spec.method == method)
    }

    /// What the request that ended last has kept.
    fn noted_last<'s>(&self, dialogue: &'s Dialogue) -> Option<&'s DoneAction> {
        let last = self.ended_last(dialogue)?;
        let done = dialogue.done.last()?;
        (self.is_of_facts(&done.action, Method::Put) && last.performs(&done.action)).then_some(done)
    }

    /// Whether the request that ended last only told what is kept.
    fn told_last(&self, dialogue: &Dialogue) -> bool {
        let looks = |op: &Op| matches!(op, Op::Lookup { action, .. } if self.is_of_facts(action, Method::Get));
        self.ended_last(dialogue).is_some_and(|last| !last.changes_something() && last.ops.iter().any(looks))
    }

    fn ended_last(&self, dialogue: &Dialogue) -> Option<&Flow> {
        let last = dialogue.last_flow.as_ref().filter(|_| dialogue.frames.is_empty() && dialogue.last_answer.is_none());
        self.flows.get(last?)
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
pub(super) fn kept(state: &mut Deliberation, ask: &Ask, question: &Question) -> Option<Labelled> {
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
    Some(&state.before.as_ref().filter(|before| before.flow == flow)?.values.get(slot)?.value)
}
