//! How does a turn end? With a question, a rest, or a person.

use ombud_domain::{
    Awaiting, AwaitingKind, AwaitingOption, AwaitingProposal, Citation, Command, Handover, Priority, Understanding,
};
use serde_json::{Map, Value, json};

use super::absorb::{PERSON, WHICH_REQUEST};
use super::run::{top_flow, top_vars};
use super::{Decision, Deliberation, Engine, vars};
use crate::dialogue::{Beside, Frame, Origin, Saying};
use crate::flow::Op;

/// Requests offered when two readings are close.
const CLARIFY_MAX: usize = 4;

/// Reason of a hand-over after misunderstandings.
const CANNOT_HELP: &str = "cannot_help";
/// Reason of a hand-over the customer asked for.
pub const CUSTOMER_REQUEST: &str = "customer_request";
/// Reason code of a hand-over for what was done against the customer's wish; the flow `repair_undo` of a pack gives it.
pub const CONTESTED: &str = "contested";
/// Id of the option to go on with the assistant while a person is awaited.
pub const GO_ON: &str = "assistant";
/// Id of the option to wait on.
pub const KEEP_WAITING: &str = "wait";

/// How a customer goes on without the person he waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoingOn {
    /// Nobody is needed any more.
    Alone,
    /// The assistant answers what it can beside, message by message, and the person is still awaited.
    Beside {
        /// Reason of the hand-over.
        reason: String,
    },
    /// The assistant answers meanwhile, and the case stays with people: somebody grieves, is ill, in debt or in danger, or a fraud is looked into.
    Meanwhile {
        /// Reason of the hand-over.
        reason: String,
    },
    /// He was misunderstood: nobody died, is ill or in danger. The case stays with people all the same, who see for themselves.
    Misunderstood {
        /// Reason of the hand-over.
        reason: String,
    },
}

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
    /// Whether the customer asked for it, so that what he left open is asked again if he goes on.
    pub asked: bool,
}

impl Engine<'_> {
    /// Nothing runs any more: ask whether anything else is wanted, if something was done.
    pub(super) fn rest(&self, state: &mut Deliberation) -> Decision {
        self.leave_question(state);
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
        if state.person_after {
            return self.finish(state, AwaitingKind::AnythingElse, None, Vec::new());
        }
        if state.dialogue.beside.is_some() && !state.ending.sayings.is_empty() {
            return self.rest_beside(state);
        }
        if state.aside.as_ref().is_some_and(super::aside::Aside::asks) {
            return self.finish(state, AwaitingKind::AnythingElse, None, Vec::new());
        }
        if let Some(flow) = self.offered_request(state) {
            let title = self.pack.title(&self.moment.locale, &flow).to_owned();
            self.say(state, "", "offer_request", &vars(json!({"title": title})), Origin::Question);
            state.dialogue.offered.push(flow.clone());
            let options = vec![AwaitingOption { id: flow, label: title }];
            return self.finish(state, AwaitingKind::Choice, Some(WHICH_REQUEST.to_owned()), options);
        }
        // What is asked before an offer is taken up leaves it open, without a word.
        let before = &state.dialogue.awaiting;
        if before.slot.as_deref() == Some(WHICH_REQUEST)
            && before.options.len() == 1
            && state.quoted
            && state.begun.is_empty()
        {
            let options = before.options.clone();
            return self.finish(state, AwaitingKind::Choice, Some(WHICH_REQUEST.to_owned()), options);
        }
        if state.ending.sayings.is_empty() && !state.completed {
            self.say(state, "", "what_else", &Map::new(), Origin::Question);
        } else if state.completed && !state.dialogue.is_distressed() && !only_informs(&state.ending.sayings) {
            // Nobody who grieves is asked whether there is anything else, and nobody after each answer.
            self.say(state, "", "anything_else", &Map::new(), Origin::Question);
        }
        self.finish(state, AwaitingKind::AnythingElse, None, Vec::new())
    }

    /// The request to offer after an article: not where it came to its end in this turn or before, waits for the company, was offered already, or somebody grieves.
    fn offered_request(&self, state: &mut Deliberation) -> Option<String> {
        let flow = state.offers_request.take()?;
        let known = state.dialogue.offered.contains(&flow)
            || state.dialogue.last_flow.as_ref() == Some(&flow)
            || state.dialogue.parked.iter().any(|parked| parked.flow == flow)
            || state.begun.contains(&flow);
        // For somebody without an account the rules are all there is.
        let is_customer = state.dialogue.customer_id.is_some();
        (is_customer && !known && !state.dialogue.is_distressed()).then_some(flow)
    }

    /// Ends the turn; what it waits for is kept for reading the next message.
    pub(super) fn finish(
        &self,
        state: &mut Deliberation,
        kind: AwaitingKind,
        slot: Option<String>,
        options: Vec<AwaitingOption>,
    ) -> Decision {
        if std::mem::take(&mut state.person_after) {
            return self.finish_with_person(state, kind, slot, options);
        }
        self.spare_repetition(state);
        let mut ending = std::mem::take(&mut state.ending);
        let proposal = ending.awaiting.proposal.take();
        ending.awaiting = Awaiting { kind, slot, options, proposal };
        state.dialogue.refused = !ending.refused.is_empty();
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
            if state.begun.contains(&root.flow) {
                return;
            }
            let title = self.pack.title(&self.moment.locale, &root.flow).to_owned();
            self.say(state, "", "resume_request", &vars(json!({"title": title})), Origin::Template);
        }
    }

    pub(super) fn hand_over_on_request(&self, state: &mut Deliberation) -> Decision {
        let handing = HandingOver::on_request(state);
        self.hand_over(state, &handing)
    }

    /// What is asked for beside a person was done: he is still awaited.
    fn rest_beside(&self, state: &mut Deliberation) -> Decision {
        let reminder = self.render(state, "", "handoff_beside", &[]);
        // Said once, it need not stand under each answer.
        if reminder.is_some_and(|reminder| !state.dialogue.last_said.contains(&reminder)) {
            self.say(state, "", "handoff_beside", &Map::new(), Origin::Template);
        }
        let options = self.waiting_options();
        self.finish(state, AwaitingKind::Handoff, None, options)
    }

    /// The wish for a person that came with something else: that was answered first, and the person is asked for in the same turn.
    fn finish_with_person(
        &self,
        state: &mut Deliberation,
        kind: AwaitingKind,
        slot: Option<String>,
        options: Vec<AwaitingOption>,
    ) -> Decision {
        let handing = HandingOver::on_request(state);
        let asks = super::aside::is_question(kind);
        let proposal = state.ending.awaiting.proposal.take();
        // A question of the other request comes last, so that it is clear what is to be answered.
        let question = if asks { state.ending.sayings.pop() } else { None };
        self.request_person(state, &handing);
        state.ending.sayings.extend(question);
        state.ending.awaiting.proposal = proposal;
        state.dialogue.case = Some(handing.reason);
        state.dialogue.beside = Some(Box::default());
        if asks {
            return self.finish(state, kind, slot, options);
        }
        let options = self.waiting_options();
        self.finish(state, AwaitingKind::Handoff, None, options)
    }

    /// A person takes over, with everything known (R48).
    pub(super) fn hand_over(&self, state: &mut Deliberation, handing: &HandingOver) -> Decision {
        if state.for_people {
            return self.leave_to_people(state);
        }
        if handing.reason == CANNOT_HELP && state.dialogue.refuses_person {
            return self.stay(state);
        }
        state.person_after = false;
        let flow = top_flow(state);
        let reason = self.request_person(state, handing);
        let interrupted = std::mem::take(&mut state.dialogue.awaiting);
        // Only a question the customer left by himself, or that care broke off, is asked again if he goes on: an action whose outcome is unknown must not be
        // proposed twice.
        let left_open = handing.asked && reason == handing.reason || self.is_care(&flow);
        state.dialogue.interrupted = if left_open { interrupted } else { Awaiting::default() };
        state.dialogue.beside = None;
        let options = self.waiting_options();
        self.finish(state, AwaitingKind::Handoff, None, options)
    }

    /// Says that a person takes over, and puts together what he reads first; gives the reason under which he does.
    fn request_person(&self, state: &mut Deliberation, handing: &HandingOver) -> String {
        let flow = top_flow(state);
        let frame_vars = top_vars(state);
        self.say(state, &flow, &handing.text, &frame_vars, Origin::Template);
        if matches!(handing.reason.as_str(), CUSTOMER_REQUEST | CANNOT_HELP) {
            // When somebody is there is what is asked next.
            self.say(state, "", "handoff_promise", &Map::new(), Origin::Template);
        }
        // Who asks for the person who has his case already keeps that case.
        let kept = state.dialogue.case.take().filter(|_| handing.reason == CUSTOMER_REQUEST);
        let handing = &HandingOver { reason: kept.unwrap_or_else(|| handing.reason.clone()), ..handing.clone() };
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
            near: Vec::new(),
            language: self.moment.locale.clone(),
            sentiment: state.dialogue.sentiment().to_owned(),
            proposed_next_step: handing.next_step.clone().unwrap_or_default(),
            proposal: open_proposal(state).map(|proposal| proposal.summary.clone()),
            last_words: self.moment.said.clone(),
        });
        handing.reason.clone()
    }

    /// Notes whether the customer wants no person; whoever asks for one afterwards gets one.
    pub(super) fn note_refusal_of_people(&self, state: &mut Deliberation, understood: &Understanding) {
        if understood.commands.contains(&Command::Handoff) {
            state.dialogue.refuses_person = false;
        } else if !state.dialogue.refuses_person {
            state.dialogue.refuses_person = self.reader.refuses_person(&self.moment.said);
        }
    }

    /// Nothing was understood and no person is wanted: the request ends, and the customer may begin afresh.
    fn stay(&self, state: &mut Deliberation) -> Decision {
        state.dialogue.close_requests();
        state.ending.reasons.push("not understood, and no person is wanted".to_owned());
        self.say(state, "", "no_person", &Map::new(), Origin::Template);
        self.finish(state, AwaitingKind::AnythingElse, None, Vec::new())
    }

    /// What a person reads first.
    fn summary(&self, state: &Deliberation, flow: &str, handing: &HandingOver) -> String {
        let title = (!flow.is_empty()).then(|| self.pack.desk_title(flow));
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
            "colleague": state.dialogue.colleague.as_ref().map(|one| json!({"name": one.name, "said": one.said, "note": one.note})),
            "mood": state.dialogue.sentiment(),
        }));
        self.render(state, "", "handoff_summary", &[&values]).unwrap_or_default()
    }

    /// What can be picked while a person is awaited. Also by somebody in danger: his case stays with people whatever he picks.
    fn waiting_options(&self) -> Vec<AwaitingOption> {
        self.options("waiting", &[GO_ON, KEEP_WAITING])
    }

    /// Whether a flow is one that a sign of distress starts.
    pub(super) fn is_care(&self, flow: &str) -> bool {
        self.pack.manifest.signals.values().any(|care| care == flow)
    }

    /// Options with the texts `<prefix>_<id>`.
    fn options(&self, prefix: &str, ids: &[&str]) -> Vec<AwaitingOption> {
        let label = |id: &str| self.pack.texts.render(&self.moment.locale, "", &format!("{prefix}_{id}"), &[]).ok();
        ids.iter().filter_map(|id| Some(AwaitingOption { id: (*id).to_owned(), label: label(id)? })).collect()
    }

    /// The customer goes on without a person. What care broke off comes back.
    pub(super) fn take_back(&self, state: &mut Deliberation, going_on: &GoingOn) {
        if let GoingOn::Beside { reason } = going_on {
            return stand_beside(state, reason);
        }
        if let Some(before) = state.dialogue.beside.take().filter(|_| state.dialogue.frames.is_empty()) {
            state.dialogue.frames = before.frames;
            state.dialogue.interrupted = before.interrupted;
        }
        let signals = &self.pack.manifest.signals;
        if *going_on != GoingOn::Alone {
            let (care, others) =
                std::mem::take(&mut state.dialogue.frames).into_iter().partition(|frame| self.is_care(&frame.flow));
            state.dialogue.frames = others;
            for frame in Vec::<Frame>::into_iter(care) {
                self.keep_for_questions(state, &frame);
            }
        }
        if matches!(going_on, GoingOn::Misunderstood { .. }) {
            state.dialogue.signals.retain(|signal| !signals.contains_key(signal));
        }
        let interrupted = std::mem::take(&mut state.dialogue.interrupted);
        let led_here = state.dialogue.frames.last().is_some_and(|top| {
            let op = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc));
            !matches!(op, Some(Op::Ask(_) | Op::Act(_) | Op::Saga(_) | Op::Confirm { .. } | Op::Verify))
        });
        if led_here
            || matches!(interrupted.kind, AwaitingKind::None | AwaitingKind::AnythingElse | AwaitingKind::Handoff)
        {
            for frame in std::mem::take(&mut state.dialogue.frames) {
                self.keep_for_questions(state, &frame);
            }
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
        let (key, reason) = match going_on {
            GoingOn::Alone | GoingOn::Beside { .. } => ("handoff_withdrawn", None),
            GoingOn::Meanwhile { reason } => ("handoff_case_kept", Some(reason)),
            GoingOn::Misunderstood { reason } => ("handoff_misunderstood", Some(reason)),
        };
        let promise = reason.and_then(|reason| self.render(state, "", &format!("handoff_promise_{reason}"), &[]));
        state.dialogue.case = reason.cloned();
        self.say(state, "", key, &vars(json!({"promise": promise.unwrap_or_default()})), Origin::Template);
    }

    /// What the person who had the conversation told the customer last, with who and when, and the offer to pass him back.
    pub(super) fn tell_of_colleague(&self, state: &mut Deliberation) {
        if state.offers_person || !self.quote_colleague(state) {
            return;
        }
        state.digressed = !state.dialogue.frames.is_empty();
        if !state.digressed {
            self.say(state, "", "colleague_said_last", &Map::new(), Origin::Question);
            state.offers_person = true;
        }
    }

    /// The same, if that is what the words ask: "is it moved now?". Whether they do.
    pub(super) fn tells_how_it_stands(&self, state: &mut Deliberation, text: &str) -> bool {
        let asks = self.asks_of_promise(state, text);
        if asks {
            self.tell_of_colleague(state);
        }
        asks
    }

    /// The quotation alone, if the words ask how something stands that was promised.
    pub(super) fn quote_if_asked(&self, state: &mut Deliberation, text: &str) {
        if self.asks_of_promise(state, text) {
            self.quote_colleague(state);
        }
    }

    fn asks_of_promise(&self, state: &Deliberation, text: &str) -> bool {
        state.dialogue.awaits_news() && self.reader.asks_how_it_stands(text)
    }

    fn quote_colleague(&self, state: &mut Deliberation) -> bool {
        let Some(colleague) = state.dialogue.colleague.clone().filter(|colleague| !colleague.said.is_empty()) else {
            return false;
        };
        let names = vars(json!({"name": colleague.name, "said": colleague.said, "at": self.moment.colleague_at}));
        self.say(state, "", "colleague_said", &names, Origin::Record);
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
            return Some(self.at_code(state, "code_open"));
        }
        if state.dialogue.awaiting.kind == AwaitingKind::Confirm {
            // What was no plain yes or no is not guessed at; the proposal follows again.
            self.say(state, "", "confirm_plainly", &Map::new(), Origin::Template);
            if let Some(top) = state.dialogue.frames.last_mut() {
                top.counts_afresh();
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
        let member = |name: &str| self.pack.article_member(&self.moment.locale, id, name);
        let (title, url) = (member("title")?, member("source"));
        let title = self.pack.article_title(&self.moment.locale, id).unwrap_or(title);
        Some(Citation { article_id: id.to_owned(), title, quote: String::new(), url })
    }
}

/// Whether something was looked up or quoted and nothing was done.
fn only_informs(sayings: &[Saying]) -> bool {
    let has = |origins: &[Origin]| sayings.iter().any(|saying| origins.contains(&saying.origin));
    has(&[Origin::Record, Origin::Knowledge]) && !has(&[Origin::Receipt])
}

/// What led to the person is put aside: nothing of it is asked again while he is awaited.
fn stand_beside(state: &mut Deliberation, reason: &str) {
    let dialogue = &mut state.dialogue;
    let frames = std::mem::take(&mut dialogue.frames);
    let interrupted = std::mem::take(&mut dialogue.interrupted);
    dialogue.close_requests();
    dialogue.awaiting = Awaiting::default();
    dialogue.beside = Some(Box::new(Beside { frames, interrupted }));
    dialogue.case = Some(reason.to_owned());
    state.ending.reasons.push("answered beside a person who is awaited".to_owned());
}

/// The proposal the last reply showed, if it is still to be answered.
fn open_proposal(state: &Deliberation) -> Option<&AwaitingProposal> {
    let open = state.dialogue.frames.last().is_some_and(|top| top.shown.is_some());
    state.dialogue.awaiting.proposal.as_ref().filter(|_| open)
}
