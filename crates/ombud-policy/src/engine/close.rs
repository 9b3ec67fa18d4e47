//! How does a turn end? With a question, a rest, or a person.

use ombud_domain::{Awaiting, AwaitingKind, AwaitingOption, AwaitingProposal, Citation, Handover, Priority};
use serde_json::{Map, Value, json};

use super::absorb::{PERSON, WHICH_REQUEST};
use super::run::{top_flow, top_vars};
use super::{Decision, Deliberation, Engine, vars};
use crate::dialogue::{Dialogue, Origin};
use crate::flow::Op;

/// Requests offered when two readings are close.
const CLARIFY_MAX: usize = 4;

/// Reason of a hand-over the customer asked for.
const CUSTOMER_REQUEST: &str = "customer_request";
/// Id of the option to go on with the assistant while a person is awaited.
pub const GO_ON: &str = "assistant";
/// Id of the option to wait on.
pub const KEEP_WAITING: &str = "wait";

/// What is awaited after a person gave the conversation back: anything, or that person again.
#[must_use]
pub fn way_back(label: String) -> Awaiting {
    let options = vec![AwaitingOption { id: "handoff".to_owned(), label }];
    Awaiting { kind: AwaitingKind::AnythingElse, slot: Some(PERSON.to_owned()), options, proposal: None }
}

/// A hand-over as a flow or the engine asks for it.
#[derive(Debug, Clone)]
pub(super) struct HandingOver {
    pub reason: String,
    pub text: String,
    pub priority: Priority,
    pub next_step: Option<String>,
}

impl Engine<'_> {
    /// Nothing runs any more: ask whether anything else is wanted, if something was done.
    pub(super) fn rest(&self, state: &mut Deliberation) -> Decision {
        if state.farewell {
            return self.finish(state, AwaitingKind::None, None, Vec::new());
        }
        if state.offers_again {
            let before = state.dialogue.awaiting.clone();
            if before.slot.as_deref() == Some(WHICH_REQUEST) {
                let flows: Vec<String> = before.options.into_iter().map(|option| option.id).collect();
                return self.clarify(state, &flows);
            }
            return self.finish(state, before.kind, before.slot, before.options);
        }
        if state.asks_which {
            let near = state.near.clone();
            return self.clarify(state, &near);
        }
        if state.offers_person {
            let options = self.options("person", &["handoff", "no"]);
            return self.finish(state, AwaitingKind::Choice, Some(PERSON.to_owned()), options);
        }
        if state.aside.as_ref().is_some_and(super::aside::Aside::asks) {
            return self.finish(state, AwaitingKind::AnythingElse, None, Vec::new());
        }
        if state.ending.sayings.is_empty() && !state.completed {
            self.say(state, "", "what_else", &Map::new(), Origin::Question);
        } else if state.completed && !state.dialogue.is_distressed() {
            // Nobody who grieves is asked whether there is anything else.
            self.say(state, "", "anything_else", &Map::new(), Origin::Question);
        }
        self.finish(state, AwaitingKind::AnythingElse, None, Vec::new())
    }

    /// Ends the turn; what it waits for is kept for reading the next message.
    pub(super) fn finish(
        &self,
        state: &mut Deliberation,
        kind: AwaitingKind,
        slot: Option<String>,
        options: Vec<AwaitingOption>,
    ) -> Decision {
        let mut ending = std::mem::take(&mut state.ending);
        let proposal = ending.awaiting.proposal.take();
        ending.awaiting = Awaiting { kind, slot, options, proposal };
        state.dialogue.last_said = ending.sayings.iter().map(|saying| saying.text.clone()).collect();
        super::aside::put_back(state, &mut ending.awaiting);
        state.dialogue.awaiting = ending.awaiting.clone();
        Decision::End(Box::new(ending))
    }

    /// Says which request goes on, after something else was answered in between.
    pub(super) fn resume_hint(&self, state: &mut Deliberation) {
        if std::mem::take(&mut state.digressed) && !state.ending.sayings.is_empty() {
            // What runs within another request is called by that one's name, and what has just begun is nothing to come back to.
            let Some(root) = state.dialogue.frames.iter().rev().find(|frame| !frame.called) else { return };
            if state.ending.reasons.contains(&format!("begin {}", root.flow)) {
                return;
            }
            let title = self.pack.title(&self.moment.locale, &root.flow).to_owned();
            self.say(state, "", "resume_request", &vars(json!({"title": title})), Origin::Template);
        }
    }

    pub(super) fn hand_over_on_request(&self, state: &mut Deliberation) -> Decision {
        self.hand_over(state, &HandingOver::because(CUSTOMER_REQUEST))
    }

    /// A person takes over, with everything known (R48).
    pub(super) fn hand_over(&self, state: &mut Deliberation, handing: &HandingOver) -> Decision {
        let flow = top_flow(state);
        let frame_vars = top_vars(state);
        self.say(state, &flow, &handing.text, &frame_vars, Origin::Template);
        let summary = self.summary(state, &flow, handing);
        let priority = handing.priority.max(state.dialogue.priority());
        state.ending.reasons.push(format!("handed over: {}", handing.reason));
        state.ending.handover = Some(Handover {
            reason_code: handing.reason.clone(),
            priority,
            summary,
            identity_level: state.dialogue.level,
            customer: state.dialogue.customer.clone(),
            slots: self.slots(state),
            actions: state.dialogue.done.iter().map(|done| json!({"action": done.action, "arguments": done.arguments, "state": "done", "receipt_id": done.receipt_id})).collect(),
            sources: state.dialogue.cited.iter().map(|citation| json!({"article_id": citation.article_id, "title": citation.title})).collect(),
            language: self.moment.locale.clone(),
            sentiment: state.dialogue.sentiment().to_owned(),
            proposed_next_step: handing.next_step.clone().unwrap_or_default(),
            proposal: open_proposal(state).map(|proposal| proposal.summary.clone()),
            last_words: self.moment.said.clone(),
        });
        let interrupted = std::mem::take(&mut state.dialogue.awaiting);
        // Only a question the customer left by himself is asked again if he goes on: an action whose outcome is unknown must not be proposed twice.
        state.dialogue.interrupted = if handing.reason == CUSTOMER_REQUEST { interrupted } else { Awaiting::default() };
        state.dialogue.colleague = None;
        let options = self.waiting_options(&state.dialogue);
        self.finish(state, AwaitingKind::Handoff, None, options)
    }

    /// What a person reads first.
    fn summary(&self, state: &Deliberation, flow: &str, handing: &HandingOver) -> String {
        let title = (!flow.is_empty()).then(|| self.pack.title(&self.moment.locale, flow));
        let why = self.render(state, "", &format!("handoff_reason_{}", handing.reason), &[]);
        let said =
            state.dialogue.frames.last().map(|top| top.said.iter().map(|said| said.text.clone()).collect::<Vec<_>>());
        let values = vars(json!({
            "title": title,
            "reason": handing.reason,
            "why": why,
            "slots": self.slots(state),
            "done": state.dialogue.done,
            "said": said,
            "last_words": self.moment.said,
            "proposal": open_proposal(state).map(|proposal| proposal.summary.as_str()),
            "mood": state.dialogue.sentiment(),
        }));
        self.render(state, "", "handoff_summary", &[&values]).unwrap_or_default()
    }

    /// What can be picked while a person is awaited; nothing where somebody may be in danger.
    #[must_use]
    pub fn waiting_options(&self, dialogue: &Dialogue) -> Vec<AwaitingOption> {
        if dialogue.is_in_danger() {
            return Vec::new();
        }
        self.options("waiting", &[GO_ON, KEEP_WAITING])
    }

    /// Options with the texts `<prefix>_<id>`.
    fn options(&self, prefix: &str, ids: &[&str]) -> Vec<AwaitingOption> {
        let label = |id: &str| self.pack.texts.render(&self.moment.locale, "", &format!("{prefix}_{id}"), &[]).ok();
        ids.iter().filter_map(|id| Some(AwaitingOption { id: (*id).to_owned(), label: label(id)? })).collect()
    }

    /// The customer goes on without a person.
    pub(super) fn take_back(&self, state: &mut Deliberation) {
        let interrupted = std::mem::take(&mut state.dialogue.interrupted);
        let led_here = state.dialogue.frames.last().is_some_and(|top| {
            let op = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc));
            !matches!(op, Some(Op::Ask(_) | Op::Act(_) | Op::Confirm { .. } | Op::Verify))
        });
        if led_here
            || matches!(interrupted.kind, AwaitingKind::None | AwaitingKind::AnythingElse | AwaitingKind::Handoff)
        {
            state.dialogue.close_requests();
        }
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.asked = None;
            top.unread = 0;
            top.declined = 0;
            top.repeated = None;
        }
        state.dialogue.misread = 0;
        state.dialogue.awaiting = Awaiting::default();
        state.ending.reasons.push("the customer goes on without a person".to_owned());
        self.say(state, "", "handoff_withdrawn", &Map::new(), Origin::Template);
    }

    /// What the person who had the conversation told the customer, when nothing else shows how it stands.
    pub(super) fn tell_of_colleague(&self, state: &mut Deliberation, text: &str) -> bool {
        let Some(colleague) = state.dialogue.colleague.clone().filter(|colleague| !colleague.said.is_empty()) else {
            return false;
        };
        if !self.reader.asks_how_it_stands(text) {
            return false;
        }
        self.say(
            state,
            "",
            "colleague_said",
            &vars(json!({"name": colleague.name, "said": colleague.said})),
            Origin::Record,
        );
        state.offers_person = true;
        true
    }

    /// Slots that were filled, of all running requests.
    fn slots(&self, state: &Deliberation) -> Value {
        let mut slots = Map::new();
        for frame in &state.dialogue.frames {
            for slot in &frame.filled {
                if let Some(value) = frame.vars.get(slot) {
                    slots.insert(slot.clone(), value.clone());
                }
            }
        }
        Value::Object(slots)
    }

    pub(super) fn clarify(&self, state: &mut Deliberation, flows: &[String]) -> Decision {
        let options: Vec<AwaitingOption> = flows
            .iter()
            .filter(|flow| self.pack.flows.contains_key(*flow))
            .take(CLARIFY_MAX)
            .map(|flow| AwaitingOption {
                id: flow.clone(),
                label: self.pack.title(&self.moment.locale, flow).to_owned(),
            })
            .collect();
        let labels: Vec<&str> = options.iter().map(|option| option.label.as_str()).collect();
        self.say(state, "", "clarify", &vars(json!({"options": labels})), Origin::Question);
        self.finish(state, AwaitingKind::Choice, Some(WHICH_REQUEST.to_owned()), options)
    }

    /// Nothing could be read: say what is possible, and bring in a person before it annoys.
    pub(super) fn misread(&self, state: &mut Deliberation) -> Option<Decision> {
        state.dialogue.misread += 1;
        if state.dialogue.misread >= self.pack.manifest.limits.clarifications_max {
            return Some(self.hand_over(state, &HandingOver::because("cannot_help")));
        }
        if state.dialogue.frames.last().is_some_and(|top| top.asked.is_some()) {
            state.answered = true;
            return None;
        }
        if state.dialogue.awaits_code() {
            return Some(self.code_belongs_elsewhere(state));
        }
        if state.dialogue.awaiting.kind == AwaitingKind::Confirm {
            // What was no plain yes or no is not guessed at; the proposal follows again.
            self.say(state, "", "confirm_plainly", &Map::new(), Origin::Template);
            if let Some(top) = state.dialogue.frames.last_mut() {
                top.repeated = None;
            }
            return None;
        }
        let menu: Vec<&str> =
            self.pack.manifest.menu.flows.iter().map(|flow| self.pack.title(&self.moment.locale, flow)).collect();
        self.repair(state, "repair_cannot_help", json!({"menu": menu}));
        None
    }

    /// A citation of a whole article, for answers a flow gives.
    pub(super) fn cited(&self, id: &str) -> Option<Citation> {
        let ending = format!("/{id}.md");
        let (_, source) = self.pack.articles.iter().find(|(file, _)| file.ends_with(&ending))?;
        let member = |name: &str| {
            source
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().trim_matches('"').to_owned())
        };
        Some(Citation {
            article_id: id.to_owned(),
            title: member("title:").unwrap_or_else(|| id.to_owned()),
            quote: String::new(),
            url: member("source:"),
        })
    }
}

/// The proposal the last reply showed, if it is still to be answered.
fn open_proposal(state: &Deliberation) -> Option<&AwaitingProposal> {
    let open = state.dialogue.frames.last().is_some_and(|top| top.shown.is_some());
    state.dialogue.awaiting.proposal.as_ref().filter(|_| open)
}
