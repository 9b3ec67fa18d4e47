//! How are several actions done as one? All are shown and agreed to at once; then each is authorized and carried out in its turn.
//!
//! INVARIANT: nothing is done that was not in what the customer said yes to, but for the compensations that the pack names for it
//! (test: `a_saga_does_what_was_shown_or_nothing`).

use std::collections::BTreeMap;

use ombud_domain::{ActionOutcome, DoneAction, Label, Priority, Proposal};
use serde_json::{Map, Value, json};

use super::act::Refusable;
use super::close::HandingOver;
use super::label::{ActLabels, told_labels};
use super::run::{Step, top_flow, top_vars};
use super::stakes::{Moved, bound};
use super::{Decision, Deliberation, Engine, vars};
use crate::authorize::{Asked, NOT_PERMITTED, Verdict, digest};
use crate::dialogue::{ApprovalWish, Frame, Origin, Pending};
use crate::expr::{Expr, Scope};
use crate::flow::{Compensation, Op, Saga, Undo};
use crate::labels::{Labelled, Labels, of_answer};
use crate::saga::{FAILED, Next, RunStep, SagaEnd, SagaRun, StepState, Way};
use crate::spec::ActionSpec;

/// Reason of the hand-over of a saga that needs a person.
pub const SAGA_UNFINISHED: &str = "saga_unfinished";

/// The strictest that the policies say of the steps.
struct Judged {
    step_up: bool,
    confirm: bool,
    approval: Option<(u8, Vec<String>)>,
}

impl Engine<'_> {
    /// Proposes a saga, or goes on with the one that is under way.
    pub(super) fn saga(&self, state: &mut Deliberation, saga: &Saga) -> Step {
        if state.standing.is_none() {
            return self.recall(state);
        }
        match state.dialogue.frames.last().and_then(|top| top.saga.clone()) {
            Some(run) => self.advance(state, saga, *run),
            None => self.propose_saga(state, saga),
        }
    }

    /// Whether a saga is under way: it comes to its end before anything else.
    #[must_use]
    pub fn is_in_saga(&self, state: &Deliberation) -> bool {
        state.dialogue.frames.last().is_some_and(|top| top.saga.is_some())
    }

    fn propose_saga(&self, state: &mut Deliberation, saga: &Saga) -> Step {
        let mut steps = Vec::new();
        for step in &saga.steps {
            match self.planned(state, &step.action, &step.with) {
                Ok(planned) => steps.push(planned),
                Err(step) => return step,
            }
        }
        let customer = state.dialogue.customer_id.clone().unwrap_or_default();
        let all: Vec<Value> =
            steps.iter().map(|step| json!({"action": step.action, "arguments": step.arguments})).collect();
        let arguments = vars(json!({"steps": all}));
        let money = steps.iter().map(|step| bound((step.amount_minor, step.currency.as_deref()), &step.legs)).collect();
        let digest = digest((&saga.name, &arguments), &money, (&customer, &self.moment.conversation_id));
        let flow = top_flow(state);
        let Some(summary) =
            self.render(state, &flow, &saga.confirm, &[&top_vars(state)]).filter(|text| !text.is_empty())
        else {
            return self.broken(state, format!("text `{}` of flow `{flow}` gives nothing to confirm", saga.confirm));
        };
        let labels = steps
            .iter()
            .flat_map(|step| step.labels.iter().map(|(name, label)| (format!("{}.{name}", step.action), *label)))
            .collect();
        let whole = Proposal { action: saga.name.clone(), arguments, money, labels, summary, digest };
        state.ending.reasons.extend(told_labels(&whole));
        let judged = match self.judge(state, &steps, &whole) {
            Ok(judged) => judged,
            Err(reason_code) => {
                state.granted = None;
                state.ending.reasons.push(format!("{} denied: {reason_code}", saga.name));
                return self.refuse_act(state, Refusable::of_saga(saga), &reason_code);
            }
        };
        if (judged.step_up || judged.confirm) && self.turns_to_care(state) {
            return Step::On;
        }
        match judged {
            Judged { step_up: true, .. } => self.step_up(state),
            Judged { confirm: true, .. } => self.propose(state, whole),
            Judged { approval: Some((approvers, rules)), .. } => {
                self.ask_approval(state, ApprovalWish { proposal: whole, approvers, rules, amount: sum(&steps) })
            }
            _ => {
                self.begin_saga(state, whole, steps);
                Step::On
            }
        }
    }

    /// A step with all that is known of it before anything is done.
    fn planned(&self, state: &mut Deliberation, action: &str, with: &[(String, Expr)]) -> Result<RunStep, Step> {
        let arguments = self.arguments(state, with)?;
        let eval = |expr: &Expr| self.value(state, expr, &[&arguments]);
        let planned = self.run_step(state, (action, &arguments), &eval);
        let labels = self.pack.actions.get(action).map(|spec| self.act_labels(state, spec, with));
        match (planned, labels) {
            (Ok(step), Some(ActLabels { told, critical })) => Ok(RunStep { labels: told, label: critical, ..step }),
            (Ok(step), None) => Ok(step),
            (Err(problem), _) => Err(self.broken(state, problem)),
        }
    }

    fn run_step(
        &self,
        state: &Deliberation,
        (action, arguments): (&str, &Map<String, Value>),
        eval: &dyn Fn(&Expr) -> Result<Value, String>,
    ) -> Result<RunStep, String> {
        let spec = self.pack.actions.get(action).ok_or_else(|| format!("action `{action}` does not exist"))?;
        spec.check_arguments(arguments).map_err(|error| error.to_string())?;
        let arguments = arguments.iter().filter(|(_, value)| !value.is_null());
        let arguments = arguments.map(|(name, value)| (name.clone(), value.clone())).collect();
        let moved = self.moved(state, spec, eval).map_err(|why| format!("{action}: {why}"))?;
        let Moved { amount_minor, currency, legs } = moved;
        Ok(RunStep {
            action: action.to_owned(),
            arguments,
            amount_minor,
            currency,
            legs,
            labels: BTreeMap::new(),
            label: Label::Session,
            state: StepState::Open,
        })
    }

    /// What the policies say of all steps together; an error is the reason of the first that they deny.
    fn judge(&self, state: &Deliberation, steps: &[RunStep], whole: &Proposal) -> Result<Judged, String> {
        let confirmed = state.dialogue.frames.last().and_then(|top| top.confirmed.as_ref()) == Some(&whole.digest);
        let mut judged = Judged { step_up: false, confirm: false, approval: None };
        for step in steps {
            let Some(spec) = self.pack.actions.get(&step.action) else { return Err(NOT_PERMITTED.to_owned()) };
            let asked = Asked { confirmed, ..self.asked_of_step(state, spec, step) };
            let verdict = match &state.granted {
                Some(granted) => {
                    granted.settle(self.pack.policies.authorize(&granted.asked(asked, whole), whole.clone()))
                }
                None => self.pack.policies.authorize(&asked, whole.clone()),
            };
            match verdict {
                Verdict::Authorized(_) => {}
                Verdict::NeedStepUp => judged.step_up = true,
                Verdict::NeedConfirm => judged.confirm = true,
                Verdict::NeedApproval { approvers, rules } => {
                    let (most, mut known) = judged.approval.take().unwrap_or_default();
                    known.extend(rules);
                    judged.approval = Some((most.max(approvers), known));
                }
                Verdict::Denied { reason_code } => return Err(reason_code),
            }
        }
        Ok(judged)
    }

    fn asked_of_step<'b>(&'b self, state: &'b Deliberation, spec: &'b ActionSpec, step: &'b RunStep) -> Asked<'b> {
        Asked {
            amount_minor: step.amount_minor,
            currency: step.currency.as_deref(),
            label: step.label,
            ..self.asked(state, spec, &step.arguments)
        }
    }

    fn begin_saga(&self, state: &mut Deliberation, whole: Proposal, steps: Vec<RunStep>) {
        let (mut level, mut proof, mut approvals) = (state.dialogue.level, state.dialogue.proof, 0);
        if let Some(granted) = state.granted.take() {
            (level, proof, approvals) = granted.into_known();
        }
        state.corrected = false;
        state.ending.reasons.push(format!("begin saga {}", whole.action));
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        top.confirmed = None;
        top.shown = None;
        top.saga = Some(Box::new(SagaRun {
            flow: top.flow.clone(),
            pc: top.pc,
            saga: whole.action,
            digest: whole.digest,
            summary: whole.summary,
            steps,
            way: Way::Forward,
            tries: 0,
            level,
            proof,
            approvals,
        }));
    }

    /// The next action of a saga, with the rights of its beginning and no more.
    fn advance(&self, state: &mut Deliberation, saga: &Saga, mut run: SagaRun) -> Step {
        if !run.fits(saga) {
            // The flow was changed meanwhile.
            run.stick();
        }
        let planned = match run.next() {
            Next::End(end) => return self.end_saga(state, saga, &run, end),
            Next::Do(place) => run.steps.get(place).cloned().ok_or_else(String::new),
            Next::Undo(place) => self.compensation(state, saga, (&run, place)),
        };
        let step = match planned {
            Ok(step) => step,
            Err(problem) => {
                state.ending.reasons.push(problem);
                run.stick();
                put_run(state, run);
                return Step::On;
            }
        };
        let proposal = Proposal {
            action: step.action.clone(),
            arguments: step.arguments.clone(),
            money: bound((step.amount_minor, step.currency.as_deref()), &step.legs),
            labels: step.labels.clone(),
            summary: run.summary.clone(),
            digest: run.digest.clone(),
        };
        let verdict = self.pack.actions.get(&step.action).map(|spec| {
            let known = Asked {
                confirmed: true,
                level: run.level,
                proof: run.proof,
                approvals: run.approvals,
                ..self.asked_of_step(state, spec, &step)
            };
            self.pack.policies.authorize(&known, proposal)
        });
        match verdict {
            Some(Verdict::Authorized(authorized)) => {
                let by = authorized.reasons().join(", ");
                state.ending.reasons.push(format!("{} of saga {} authorized by {by}", step.action, run.saga));
                let authorized = authorized.moving(step.legs).of_saga(&run);
                put_run(state, run);
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.pending = Pending::Saga;
                }
                Step::Out(Decision::Perform(Box::new(authorized)))
            }
            verdict => {
                let reason_code = match verdict {
                    Some(Verdict::Denied { reason_code }) => reason_code,
                    _ => NOT_PERMITTED.to_owned(),
                };
                state.ending.reasons.push(format!("{} of saga {} denied: {reason_code}", step.action, run.saga));
                run.settle(saga, &ActionOutcome::Refused { reason_code });
                put_run(state, run);
                Step::On
            }
        }
    }

    /// What takes a step back.
    fn compensation(
        &self,
        state: &Deliberation,
        saga: &Saga,
        (run, place): (&SagaRun, usize),
    ) -> Result<RunStep, String> {
        let (Some(written), Some(step)) = (saga.steps.get(place), run.steps.get(place)) else {
            return Err("the saga has no such step".to_owned());
        };
        let (Undo::By(Compensation { action, with }), Some(receipt)) = (&written.undo, step.state.standing()) else {
            return Err(format!("{} cannot be taken back", step.action));
        };
        let known = vars(json!({"receipt": receipt.body}));
        let layers: [&Map<String, Value>; 2] = [&known, &step.arguments];
        let mut arguments = Map::new();
        for (name, expr) in with {
            let value = expr.eval(Scope { layers: &layers }).map_err(|error| error.to_string())?;
            arguments.insert(name.clone(), value);
        }
        let eval = |expr: &Expr| {
            let layers: [&Map<String, Value>; 3] = [&arguments, &known, &step.arguments];
            expr.eval(Scope { layers: &layers }).map_err(|error| error.to_string())
        };
        // What takes a step back is made of what the step was made of, and of its receipt.
        let undo = self.run_step(state, (action, &arguments), &eval)?;
        Ok(RunStep { label: step.label, ..undo })
    }

    /// Takes in what came of an action of the saga that stands here. None when the saga goes on.
    pub(super) fn settle_saga(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        let top = state.dialogue.frames.last()?;
        let Some(Op::Saga(saga)) = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc)) else {
            return Some(self.unknown_outcome(state));
        };
        let mut run = *top.saga.clone()?;
        if *outcome == ActionOutcome::Unknown {
            state.ending.reasons.push(format!("the outcome of a step of saga {} is not known yet", run.saga));
            self.say(state, "", "action_pending", &Map::new(), Origin::Template);
            self.forget_saga(state);
            return Some(self.finish(state, ombud_domain::AwaitingKind::None, None, Vec::new()));
        }
        run.settle(saga, outcome);
        put_run(state, run);
        // Its own effects are among what the policies and limits know of the next step.
        state.standing = None;
        None
    }

    /// Puts what is known of an action of an earlier turn to its saga. The request may have been closed meanwhile: the saga still ends.
    pub(super) fn recovered_saga(&self, state: &mut Deliberation, run: &SagaRun, outcome: &ActionOutcome) {
        let frames = &mut state.dialogue.frames;
        let frame = match frames.iter().rposition(|frame| frame.flow == run.flow && frame.pc == run.pc) {
            Some(place) => frames.remove(place),
            None => Frame { flow: run.flow.clone(), pc: run.pc, ..Frame::default() },
        };
        frames.push(frame);
        let mut run = run.clone();
        match self.pack.flows.get(&run.flow).and_then(|flow| flow.ops.get(run.pc)) {
            Some(Op::Saga(saga)) if run.fits(saga) => run.settle(saga, outcome),
            _ => run.stick(),
        }
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.shown = None;
            top.confirmed = None;
            top.pending = Pending::Nothing;
        }
        put_run(state, run);
    }

    fn forget_saga(&self, state: &mut Deliberation) {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.saga = None;
        }
    }

    fn end_saga(&self, state: &mut Deliberation, saga: &Saga, run: &SagaRun, end: SagaEnd) -> Step {
        state.ending.reasons.push(format!("saga {} is {}", run.saga, end.as_str()));
        state.ending.sagas.push(run.ended(end));
        self.forget_saga(state);
        for step in &run.steps {
            let Some(receipt) = step.state.standing() else { continue };
            let (action, receipt_id) = (step.action.clone(), receipt.receipt_id.clone());
            let done = DoneAction { action, receipt_id, arguments: step.arguments.clone() };
            state.ending.done.push(done.clone());
            self.note_deed(state, &step.labels);
            state.dialogue.done.push(done);
        }
        match end {
            SagaEnd::Completed => self.tell_completed(state, saga, run),
            SagaEnd::Compensated => self.tell_compensated(state, saga, run),
            SagaEnd::NeedsPerson => self.leave_to_person(state, run),
        }
    }

    /// "Done" is said from the receipts alone (R6).
    fn tell_completed(&self, state: &mut Deliberation, saga: &Saga, run: &SagaRun) -> Step {
        let flow = top_flow(state);
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        for (written, step) in saga.steps.iter().zip(&run.steps) {
            let Some(receipt) = step.state.standing() else { continue };
            let third_party = self.pack.actions.get(&step.action).map_or(&[][..], |spec| &spec.third_party);
            let lowest = Labels::whole(Label::of_all(step.labels.values().copied()));
            let labels = of_answer(third_party, &receipt.body).joined(&lowest);
            for name in written.save.as_deref().into_iter().chain(["receipt"]) {
                top.set(name, Labelled { value: receipt.body.clone(), labels: labels.clone() });
            }
        }
        top.pc += 1;
        let said = state.ending.sayings.len();
        self.say(state, &flow, &saga.done, &top_vars(state), Origin::Receipt);
        if state.ending.sayings.len() == said {
            // What the request knew is gone: the last receipt tells it.
            let last = run.steps.last().and_then(|step| step.state.standing()).map(|receipt| &receipt.receipt_id);
            self.say(state, "", "action_found_done", &vars(json!({"receipt_id": last})), Origin::Receipt);
        }
        Step::On
    }

    /// Nothing of it stands: why, and that what was done was taken back.
    fn tell_compensated(&self, state: &mut Deliberation, saga: &Saga, run: &SagaRun) -> Step {
        let reason_code = run.reason_code().unwrap_or(FAILED).to_owned();
        let said = state.ending.sayings.len();
        if reason_code == FAILED {
            self.say(state, "", "action_failed", &Map::new(), Origin::Template);
            self.tell_undone(state, run);
            return Step::Out(self.hand_over(state, &HandingOver::because("tool_failure")));
        }
        let step = self.refuse_act(state, Refusable::of_saga(saga), &reason_code);
        match step {
            Step::On => self.tell_undone(state, run),
            // A person decides; what is said stands in the ending already.
            Step::Out(Decision::End(mut ending)) => {
                let mut told = Deliberation::new(state.dialogue.clone());
                self.tell_undone(&mut told, run);
                let place = said.saturating_add(1).min(ending.sayings.len());
                ending.sayings.splice(place..place, told.ending.sayings);
                return Step::Out(Decision::End(ending));
            }
            Step::Out(other) => return Step::Out(other),
        }
        Step::On
    }

    fn tell_undone(&self, state: &mut Deliberation, run: &SagaRun) {
        if run.has_acted() {
            self.say(state, "", "saga_compensated", &Map::new(), Origin::Receipt);
        }
    }

    /// A person gets what was and what was not done, in the order of the steps.
    fn leave_to_person(&self, state: &mut Deliberation, run: &SagaRun) -> Step {
        self.say(state, "", "saga_needs_person", &Map::new(), Origin::Template);
        let handing = HandingOver {
            priority: Priority::High,
            next_step: self.render(state, "", "desk_saga_next_step", &[&vars(json!({"steps": run.steps}))]),
            text: String::new(),
            ..HandingOver::because(SAGA_UNFINISHED)
        };
        let mut decision = self.hand_over(state, &handing);
        if let Decision::End(ending) = &mut decision
            && let Some(handover) = &mut ending.handover
        {
            handover.actions.retain(|action| {
                !run.steps.iter().any(|step| {
                    step.state
                        .standing()
                        .map(|receipt| &receipt.receipt_id)
                        .is_some_and(|id| action.get("receipt_id") == Some(&json!(id)))
                })
            });
            handover.actions.extend(run.steps.iter().map(of_desk));
        }
        // What a person puts right is not proposed once more.
        state.dialogue.frames.clear();
        Step::Out(decision)
    }
}

/// A step as the desk shows it.
fn of_desk(step: &RunStep) -> Value {
    let receipt_id = match &step.state {
        StepState::Done { receipt } | StepState::Left { receipt } | StepState::Undone { receipt, .. } => {
            Some(&receipt.receipt_id)
        }
        _ => None,
    };
    json!({"action": step.action, "arguments": step.arguments, "state": step.state.as_str(), "receipt_id": receipt_id})
}

/// What all steps together are worth, if they are of one currency.
fn sum(steps: &[RunStep]) -> Option<(i64, String)> {
    let mut all = steps.iter().filter_map(|step| step.amount_minor.zip(step.currency.clone()));
    let (mut minor, currency) = all.next()?;
    for (more, other) in all {
        if other != currency {
            return None;
        }
        minor = minor.checked_add(more)?;
    }
    Some((minor, currency))
}

fn put_run(state: &mut Deliberation, run: SagaRun) {
    if let Some(top) = state.dialogue.frames.last_mut() {
        top.saga = Some(Box::new(run));
    }
}
