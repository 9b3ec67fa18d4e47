//! How does a flow run? One operation after the other, until something is needed from outside or the stack is empty.

use ombud_domain::{IdentityLevel, Priority};
use serde_json::{Map, Value, json};

use super::close::{CUSTOMER_REQUEST, HandingOver};
use super::{Decision, Deliberation, Engine, OPS_MAX, vars};
use crate::authorize::{Proof, ReadVerdict};
use crate::dialogue::{Frame, Origin, Pending, Said};
use crate::expr::{Expr, plain};
use crate::flow::{AGAIN_MAX, FlowKind, Op};
use crate::labels::Labelled;

/// What an operation came to.
pub(super) enum Step {
    /// The next operation follows.
    On,
    /// The round ends.
    Out(Decision),
}

/// Requests of one conversation that wait for the company, at most.
const PARKED_MAX: usize = 8;
/// Texts kept of what a request has told.
const TOLD_MAX: usize = 4;
/// Attempts to identify a customer for one request.
const IDENTIFICATIONS_MAX: u32 = 2;

impl Engine<'_> {
    pub(super) fn run(&self, state: &mut Deliberation) -> Decision {
        for _ in 0..OPS_MAX {
            if state.for_people && state.granted.is_none() && !self.is_in_saga(state) {
                return self.leave_to_people(state);
            }
            if state.dialogue.frames.is_empty() {
                self.answer_afterwards(state);
                if !self.begin_waiting(state) {
                    return self.rest(state);
                }
            }
            if let Step::Out(decision) = self.go_on(state) {
                return decision;
            }
        }
        state.ending.reasons.push(format!("a flow ran for more than {OPS_MAX} operations"));
        self.hand_over(state, &HandingOver::because("internal_error"))
    }

    /// Runs the repair flows on top to their end.
    pub(super) fn say_repairs(&self, state: &mut Deliberation) -> Option<Decision> {
        for _ in 0..OPS_MAX {
            state.dialogue.frames.last().filter(|top| top.repairs)?;
            if let Step::Out(decision) = self.go_on(state) {
                return Some(decision);
            }
        }
        None
    }

    /// The next operation of the flow on top.
    fn go_on(&self, state: &mut Deliberation) -> Step {
        if let Some(step) = self.before_first_step(state) {
            return step;
        }
        let Some((flow, pc)) = state.dialogue.frames.last().map(|top| (top.flow.clone(), top.pc)) else {
            return Step::On;
        };
        match self.pack.flows.get(&flow).and_then(|flow| flow.ops.get(pc)) {
            Some(op) => self.step(state, op),
            None => {
                self.end_frame(state);
                Step::On
            }
        }
    }

    /// Begins the care that waits for what was agreed to; whether any did.
    pub(super) fn turns_to_care(&self, state: &mut Deliberation) -> bool {
        let waits = state.dialogue.waiting.first().is_some_and(|waiting| self.is_care(&waiting.flow));
        waits && self.begin_waiting(state)
    }

    fn begin_waiting(&self, state: &mut Deliberation) -> bool {
        if state.dialogue.waiting.is_empty() {
            return false;
        }
        let waiting = state.dialogue.waiting.remove(0);
        // Sorrow is no next item on a list, and neither is a question beside a yes.
        if !self.is_care(&waiting.flow) && !state.asked_beside.contains(&waiting.flow) {
            let title = self.pack.title(&self.moment.locale, &waiting.flow).to_owned();
            self.say(state, "", "next_request", &vars(json!({"title": title})), Origin::Template);
        }
        state.ending.reasons.push(format!("next request {}", waiting.flow));
        state.dialogue.frames.push(Frame {
            flow: waiting.flow,
            said: waiting.said,
            picked: waiting.picked,
            ..Frame::default()
        });
        true
    }

    /// Identity and the customer's record, before a flow that needs them begins.
    fn before_first_step(&self, state: &mut Deliberation) -> Option<Step> {
        let top = state.dialogue.frames.last()?;
        let needed = self.pack.flows.get(&top.flow)?.identity;
        if needed == IdentityLevel::Anonymous {
            return None;
        }
        if state.dialogue.customer_id.is_none() {
            return Some(self.identify_first(state));
        }
        if !state.dialogue.customer_read
            && top.pending != Pending::Customer
            && let Some(action) = &self.pack.manifest.identity.customer
        {
            let arguments = vars(json!({"customer_id": state.dialogue.customer_id}));
            return Some(self.read(state, action, &arguments, Pending::Customer));
        }
        if needed == IdentityLevel::Verified && state.dialogue.level < IdentityLevel::Verified && top.pc == 0 {
            return Some(self.step_up(state));
        }
        None
    }

    fn identify_first(&self, state: &mut Deliberation) -> Step {
        let flow = self.pack.manifest.identity.flow.as_ref();
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        top.agains += 1;
        match flow {
            Some(flow) if top.agains <= IDENTIFICATIONS_MAX && top.flow != *flow => {
                // "Lena Brandt here, 10625, where's my money": who he is may stand beside what he asks for.
                let mut said = top.said.clone();
                let whole = &self.moment.text;
                if !whole.is_empty() && !said.iter().any(|said| said.text.contains(whole.as_str())) {
                    said.push(Said::typed(None, whole));
                }
                state.dialogue.frames.push(Frame { flow: flow.clone(), said, called: true, ..Frame::default() });
                Step::On
            }
            _ => Step::Out(self.hand_over(state, &HandingOver::because("not_identified"))),
        }
    }

    fn step(&self, state: &mut Deliberation, op: &Op) -> Step {
        match op {
            Op::Test { when, otherwise } => self.test(state, when, *otherwise),
            Op::Jump(target) => self.go(state, *target),
            Op::Ask(ask) => self.ask(state, ask),
            Op::Lookup { action, with, .. } => match self.arguments(state, with) {
                Ok(arguments) => self.read(state, action, &arguments, Pending::Lookup),
                Err(step) => step,
            },
            Op::Act(act) => self.act(state, act),
            Op::Saga(saga) => self.saga(state, saga),
            Op::Confirm { text, .. } => self.ask_yes_no(state, text),
            Op::Verify if state.dialogue.level >= IdentityLevel::Verified => self.next(state),
            Op::Verify => self.step_up(state),
            Op::Answer { text, cite } => self.answer(state, text, cite),
            Op::Refuse { text, reason } => self.refuse(state, text, reason, &Map::new()),
            Op::Set(pairs) => self.set(state, pairs),
            Op::Call { flow, with, .. } => self.call(state, flow, with),
            Op::Again { target, clear } => self.again(state, *target, clear),
            Op::Handoff { reason, text, priority, next_step } => {
                let flow = top_flow(state);
                let next_step = next_step.as_ref().and_then(|key| self.render(state, &flow, key, &[&top_vars(state)]));
                Step::Out(self.hand_over(
                    state,
                    &HandingOver {
                        reason: reason.clone(),
                        text: text.clone(),
                        priority: *priority,
                        next_step,
                        asked: false,
                    },
                ))
            }
            Op::Identify { id, record, claim: None } => self.identify(state, id, record),
            Op::Identify { id, record, claim: Some(claim) } => self.claim(state, (id, record), claim),
            Op::Wait { event, record, text } => self.wait(state, (event, record.as_ref()), text),
            Op::End => {
                self.end_frame(state);
                Step::On
            }
        }
    }

    pub(super) fn value(
        &self,
        state: &Deliberation,
        expr: &Expr,
        inner: &[&Map<String, Value>],
    ) -> Result<Value, String> {
        let Some(top) = state.dialogue.frames.last() else { return Ok(Value::Null) };
        self.expr(state, top, expr, inner).map_err(|error| error.to_string())
    }

    /// The hand-over for a mistake in the pack: the author can fix it, the customer gets a person.
    pub(super) fn broken(&self, state: &mut Deliberation, reason: String) -> Step {
        state.ending.reasons.push(reason);
        Step::Out(self.hand_over(state, &HandingOver::because("internal_error")))
    }

    fn test(&self, state: &mut Deliberation, when: &Expr, otherwise: usize) -> Step {
        match self.value(state, when, &[]) {
            Ok(Value::Bool(true)) => self.next(state),
            Ok(Value::Bool(false) | Value::Null) => self.go(state, otherwise),
            Ok(other) => self.broken(state, format!("`{}` gives {other}, not true or false", when.source())),
            Err(reason) => self.broken(state, reason),
        }
    }

    pub(super) fn next(&self, state: &mut Deliberation) -> Step {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pc += 1;
        }
        Step::On
    }

    fn go(&self, state: &mut Deliberation, target: usize) -> Step {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pc = target;
        }
        Step::On
    }

    pub(super) fn arguments(
        &self,
        state: &mut Deliberation,
        pairs: &[(String, Expr)],
    ) -> Result<Map<String, Value>, Step> {
        let mut arguments = Map::new();
        for (name, expr) in pairs {
            match self.value(state, expr, &[]) {
                Ok(value) => {
                    arguments.insert(name.clone(), value);
                }
                Err(reason) => return Err(self.broken(state, reason)),
            }
        }
        Ok(arguments)
    }

    /// Makes a read, if the policies allow it.
    pub(super) fn read(
        &self,
        state: &mut Deliberation,
        action: &str,
        arguments: &Map<String, Value>,
        pending: Pending,
    ) -> Step {
        let Some(spec) = self.pack.actions.get(action) else {
            return self.broken(state, format!("action `{action}` does not exist"));
        };
        if let Err(error) = spec.check_arguments(arguments) {
            return self.broken(state, error.to_string());
        }
        let verdict = self.pack.policies.authorize_read(&self.asked(state, spec, arguments));
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = pending;
        }
        match verdict {
            ReadVerdict::Allowed(call) => Step::Out(Decision::Read(call)),
            ReadVerdict::Denied { reason_code } => {
                state.ending.reasons.push(format!("read {action} denied: {reason_code}"));
                match self.settle(state, &ombud_domain::ActionOutcome::NotFound) {
                    Some(decision) => Step::Out(decision),
                    None => Step::On,
                }
            }
        }
    }

    fn answer(&self, state: &mut Deliberation, text: &str, cite: &[String]) -> Step {
        let flow = top_flow(state);
        if self.answers_what_was_asked(state) {
            self.end_frame(state);
            return Step::On;
        }
        let said = state.ending.sayings.len();
        let repairs = state.dialogue.frames.last().is_some_and(|top| top.repairs);
        let origin = if repairs { Origin::Template } else { Origin::Record };
        self.say(state, &flow, text, &top_vars(state), origin);
        if let Some(saying) = state.ending.sayings.get_mut(said) {
            saying.citations = cite.iter().filter_map(|id| self.cited(id)).collect();
            // What was told already is not told once more only because the customer corrects himself.
            let again =
                state.rereads && state.dialogue.frames.last().is_some_and(|top| top.told.contains(&saying.text));
            if let Some(top) = state.dialogue.frames.last_mut().filter(|top| top.told.len() < TOLD_MAX && !top.repairs)
                && !again
            {
                top.told.push(saying.text.clone());
            }
            if again {
                state.ending.sayings.truncate(said);
            }
        }
        self.next(state)
    }

    /// Says why not, notes it as data, and ends the request.
    pub(super) fn refuse(
        &self,
        state: &mut Deliberation,
        text: &str,
        reason: &str,
        extra: &Map<String, Value>,
    ) -> Step {
        let flow = top_flow(state);
        let mut values = top_vars(state);
        values.extend(extra.clone());
        self.say(state, &flow, text, &values, Origin::Record);
        self.note_refusal(state, &flow, reason);
        self.end_frame(state);
        Step::On
    }

    pub(super) fn note_refusal(&self, state: &mut Deliberation, flow: &str, reason: &str) {
        state.ending.reasons.push(format!("refused {flow}: {reason}"));
        state
            .ending
            .refused
            .push(ombud_domain::RefusedRequest { flow: flow.to_owned(), reason_code: reason.to_owned() });
    }

    fn set(&self, state: &mut Deliberation, pairs: &[(String, Expr)]) -> Step {
        for (name, expr) in pairs {
            match self.labelled(state, expr) {
                Ok(value) => {
                    if let Some(top) = state.dialogue.frames.last_mut() {
                        top.set(name, value);
                    }
                }
                Err(reason) => return self.broken(state, reason),
            }
        }
        self.next(state)
    }

    fn call(&self, state: &mut Deliberation, flow: &str, with: &[(String, Expr)]) -> Step {
        let variables = match self.arguments(state, with) {
            Ok(variables) => variables,
            Err(step) => return step,
        };
        let labels = self.labels_of(state, with);
        let frames = &mut state.dialogue.frames;
        let said = frames.last().map(|top| top.said.clone()).unwrap_or_default();
        // What was left open below is done here, and not once more afterwards.
        let has_called = |place: usize| frames.get(place + 1).is_some_and(|above| above.called);
        let left = frames
            .iter()
            .enumerate()
            .position(|(place, frame)| frame.flow == flow && !frame.called && !has_called(place));
        if let Some(left) = left {
            frames.remove(left);
        }
        frames.push(Frame { flow: flow.to_owned(), vars: variables, labels, said, called: true, ..Frame::default() });
        Step::On
    }

    fn again(&self, state: &mut Deliberation, target: usize, clear: &[String]) -> Step {
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        top.agains += 1;
        if top.agains > AGAIN_MAX {
            return Step::Out(self.hand_over(state, &HandingOver::because("cannot_help")));
        }
        for slot in clear {
            top.unset(slot);
            top.picked.remove(slot);
            top.said.retain(|said| said.slot.as_ref() != Some(slot));
        }
        top.asked = None;
        top.pc = target;
        Step::On
    }

    fn identify(&self, state: &mut Deliberation, id: &Expr, record: &Expr) -> Step {
        let label = self.labels(state, |state| self.value(state, id, &[]).unwrap_or_default()).lowest();
        match (self.value(state, id, &[]), self.value(state, record, &[])) {
            (Ok(_), Ok(_)) if label.is_some() => {
                state.ending.reasons.push("who it is was said by somebody else than the customer".to_owned());
                Step::Out(self.hand_over(state, &HandingOver::because("not_identified")))
            }
            (Ok(Value::String(id)), Ok(record)) if record.is_object() => {
                state.ending.reasons.push("the customer is identified".to_owned());
                bind(state, (id, record), Proof::Knowledge);
                self.next(state)
            }
            (Ok(other), Ok(_)) => {
                self.broken(state, format!("`{}` gives {other}, not the id of a customer with a record", id.source()))
            }
            (Err(reason), _) | (_, Err(reason)) => self.broken(state, reason),
        }
    }

    fn wait(&self, state: &mut Deliberation, (event, record): (&str, Option<&Expr>), text: &str) -> Step {
        let record = match record.map(|record| self.value(state, record, &[])).transpose() {
            Ok(record) => record.as_ref().map(plain),
            Err(reason) => return self.broken(state, reason),
        };
        if state.dialogue.parked.len() >= PARKED_MAX {
            state.ending.reasons.push("too many requests wait for the company".to_owned());
            return Step::Out(self.hand_over(state, &HandingOver::because("cannot_help")));
        }
        let flow = top_flow(state);
        self.say(state, &flow, text, &top_vars(state), Origin::Record);
        if let Some(mut frame) = state.dialogue.frames.pop() {
            frame.pc += 1;
            frame.pending = Pending::Event { event: event.to_owned(), record };
            state.dialogue.parked.push(frame);
        }
        state.completed = true;
        Step::On
    }

    /// Pops the top frame; a caller gets the variables it asked for.
    pub(super) fn end_frame(&self, state: &mut Deliberation) {
        let Some(ended) = state.dialogue.frames.pop() else { return };
        let kind = self.pack.flows.get(&ended.flow).map_or(FlowKind::Request, |flow| flow.kind);
        self.keep_for_questions(state, &ended);
        self.leave_done(state, &ended);
        self.answer_beside(state, &ended);
        if !ended.called && !ended.repairs {
            state.completed |= kind == FlowKind::Request;
            if kind == FlowKind::Request {
                state.dialogue.last_flow = Some(ended.flow.clone());
                state.dialogue.last_answer = None;
            }
            state.digressed |= !state.dialogue.frames.is_empty();
            state.ending.reasons.push(format!("end {}", ended.flow));
        }
        if !ended.called {
            return;
        }
        let Some(caller) = state.dialogue.frames.last() else { return };
        let op = self.pack.flows.get(&caller.flow).and_then(|flow| flow.ops.get(caller.pc));
        let Some(Op::Call { save, .. }) = op else { return };
        state.dialogue.frames.push(ended);
        let taken: Vec<(String, Labelled)> =
            save.iter().filter_map(|(name, expr)| Some((name.clone(), self.labelled(state, expr).ok()?))).collect();
        state.dialogue.frames.pop();
        if let Some(caller) = state.dialogue.frames.last_mut() {
            taken.into_iter().for_each(|(name, value)| caller.set(&name, value));
            caller.pc += 1;
        }
    }
}

/// From here on the conversation is this customer's.
pub(super) fn bind(state: &mut Deliberation, (id, record): (String, Value), proof: Proof) {
    state.dialogue.customer_id = Some(id);
    state.dialogue.customer = record;
    // What lookups showed before the customer was known proves nothing: his records are learnt anew.
    state.dialogue.customer_read = false;
    state.dialogue.owned.clear();
    state.dialogue.ended.clear();
    state.dialogue.level = state.dialogue.level.max(IdentityLevel::Identified);
    state.dialogue.proof = proof;
}

pub(super) fn top_flow(state: &Deliberation) -> String {
    state.dialogue.frames.last().map(|top| top.flow.clone()).unwrap_or_default()
}

pub(super) fn top_vars(state: &Deliberation) -> Map<String, Value> {
    state.dialogue.frames.last().map(|top| top.vars.clone()).unwrap_or_default()
}

impl HandingOver {
    /// A hand-over with the usual text.
    pub(super) fn because(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            text: "handoff_text".to_owned(),
            priority: Priority::Normal,
            next_step: None,
            asked: false,
        }
    }

    /// The one that the customer asks for; before others where what he is about ends with people anyway.
    pub(super) fn on_request(state: &Deliberation) -> Self {
        match &state.urgent {
            Some(reason) => Self { priority: Priority::High, asked: true, ..Self::because(reason) },
            None => Self { asked: true, ..Self::because(CUSTOMER_REQUEST) },
        }
    }
}
