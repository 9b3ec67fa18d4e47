//! How are actions proposed, and what do their outcomes do?

use std::collections::BTreeMap;

use ombud_domain::{
    ActionOutcome, AwaitingKind, AwaitingOption, AwaitingProposal, CallFailure, DoneAction, IdentityLevel, Label,
    Proposal, Receipt,
};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::close::HandingOver;
use super::label::{ActLabels, told_labels};
use super::refresh::distrust;
use super::run::{Step, top_flow, top_vars};
use super::stakes::{Moved, bound};
use super::{CodeCheck, Decision, Deliberation, Engine, take_pending, vars};
use crate::authorize::{Verdict, digest};
use crate::controls::{RECENT_CHANGE, SWITCHED_OFF, Standing};
use crate::dialogue::{ApprovalWish, ONE_TIME_CODE, Origin, Pending, Saying};
use crate::expr::{Expr, Scope, plain};
use crate::flow::{AGAIN_MAX, Act, Op, Saga};
use crate::labels::Labelled;
use crate::limits::LIMIT_REACHED;
use crate::spec::{ActionSpec, Ownership, Source};

/// Proposals turned down without a word before a person is brought in.
const DECLINED_MAX: u32 = 3;
/// Times the same proposal may come again after corrections before a person is brought in.
const REPEATED_MAX: u32 = 3;
/// Times after which the customer is asked what should be different, instead of being shown it once more.
const REPEATED_ASKS: u32 = 2;
/// Option id of another one-time code.
const NEW_CODE: &str = "new_code";

/// What is said when a write is not done.
#[derive(Clone, Copy)]
pub(super) struct Refusable<'a> {
    confirm: &'a str,
    refused: &'a BTreeMap<String, String>,
}

impl<'a> Refusable<'a> {
    pub(super) fn of_act(act: &'a Act) -> Self {
        Self { confirm: &act.confirm, refused: &act.refused }
    }

    pub(super) fn of_saga(saga: &'a Saga) -> Self {
        Self { confirm: &saga.confirm, refused: &saga.refused }
    }
}

impl Engine<'_> {
    /// Proposes an action, or gives it up for performing once it is authorized.
    pub(super) fn act(&self, state: &mut Deliberation, act: &Act) -> Step {
        if state.standing.is_none() {
            return self.recall(state);
        }
        let Some(spec) = self.pack.actions.get(&act.action) else {
            return self.broken(state, format!("action `{}` does not exist", act.action));
        };
        let arguments = match self.arguments(state, &act.with) {
            Ok(arguments) => arguments,
            Err(step) => return step,
        };
        if let Err(error) = spec.check_arguments(&arguments) {
            return self.broken(state, error.to_string());
        }
        let arguments: Map<String, Value> = arguments.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let customer = state.dialogue.customer_id.clone().unwrap_or_default();
        let eval = |expr: &Expr| self.value(state, expr, &[&arguments]);
        let moved = match self.moved(state, spec, &eval) {
            Ok(moved) => moved,
            Err(problem) => return self.broken(state, format!("{}: {problem}", act.action)),
        };
        let money = bound((moved.amount_minor, moved.currency.as_deref()), &moved.legs);
        let digest = digest((&act.action, &arguments), &money, (&customer, &self.moment.conversation_id));
        let ActLabels { told: labels, critical } = self.act_labels(state, spec, &act.with);
        let flow = top_flow(state);
        let Some(summary) =
            self.render(state, &flow, &act.confirm, &[&top_vars(state)]).filter(|text| !text.is_empty())
        else {
            // A proposal that cannot be shown must not be agreed to (R9).
            return self.broken(state, format!("text `{}` of flow `{flow}` gives nothing to confirm", act.confirm));
        };
        let proposal = Proposal { action: act.action.clone(), arguments, money, labels, summary, digest };
        state.ending.reasons.extend(told_labels(&proposal));
        self.decide_action(state, act, (spec, moved, critical), proposal)
    }

    /// Looks up what holds actions back: once in a turn, and only in one that comes to an action.
    pub(super) fn recall(&self, state: &mut Deliberation) -> Step {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = Pending::Recall;
        }
        Step::Out(Decision::Recall { customer_id: state.dialogue.customer_id.clone() })
    }

    fn decide_action(
        &self,
        state: &mut Deliberation,
        act: &Act,
        (spec, moved, label): (&ActionSpec, Moved, Label),
        proposal: Proposal,
    ) -> Step {
        let confirmed = state.dialogue.frames.last().and_then(|top| top.confirmed.as_ref()) == Some(&proposal.digest);
        let Moved { amount_minor, currency, legs } = moved;
        let asked = crate::authorize::Asked {
            confirmed,
            amount_minor,
            currency: currency.as_deref(),
            label,
            ..self.asked(state, spec, &proposal.arguments)
        };
        let verdict = match &state.granted {
            Some(granted) => {
                granted.settle(self.pack.policies.authorize(&granted.asked(asked, &proposal), proposal.clone()))
            }
            None => self.pack.policies.authorize(&asked, proposal.clone()),
        };
        match verdict {
            Verdict::Authorized(authorized) => {
                state.ending.reasons.push(format!("{} authorized by {}", act.action, authorized.reasons().join(", ")));
                state.corrected = false;
                state.granted = None;
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.confirmed = None;
                    top.shown = None;
                    top.pending = Pending::Act { arguments: proposal.arguments };
                }
                Step::Out(Decision::Perform(Box::new(authorized.moving(legs))))
            }
            // What would have to be asked first waits: care does not.
            Verdict::NeedConfirm | Verdict::NeedStepUp if self.turns_to_care(state) => Step::On,
            Verdict::NeedConfirm if self.comes_again(state, &proposal) => {
                self.refuse_act(state, Refusable::of_act(act), LIMIT_REACHED)
            }
            Verdict::NeedConfirm => self.propose(state, proposal),
            Verdict::NeedStepUp => self.step_up(state),
            Verdict::NeedApproval { approvers, rules } => {
                let amount = amount_minor.zip(currency);
                self.ask_approval(state, ApprovalWish { proposal, approvers, rules, amount })
            }
            Verdict::Denied { reason_code } => {
                state.granted = None;
                state.ending.reasons.push(format!("{} denied: {reason_code}", act.action));
                self.refuse_act(state, Refusable::of_act(act), &reason_code)
            }
        }
    }

    /// Says why an action is not done. What people have stopped, a person may still do.
    pub(super) fn refuse_act(&self, state: &mut Deliberation, act: Refusable<'_>, reason_code: &str) -> Step {
        let key = self.refusal_key(state, act, reason_code);
        if matches!(reason_code, LIMIT_REACHED | RECENT_CHANGE) {
            return self.pass_on(state, act, (&key, reason_code));
        }
        state.offers_person |= reason_code == SWITCHED_OFF;
        self.refuse(state, &key, reason_code, &vars(json!({"reason_code": reason_code})))
    }

    /// What only a person may decide: he gets what was to be done, in the words of the proposal.
    fn pass_on(&self, state: &mut Deliberation, act: Refusable<'_>, (text, reason_code): (&str, &str)) -> Step {
        let flow = top_flow(state);
        self.say(state, &flow, text, &top_vars(state), Origin::Record);
        self.note_refusal(state, &flow, reason_code);
        let next_step = self.render(state, &flow, act.confirm, &[&top_vars(state)]);
        Step::Out(self.hand_over(state, &HandingOver { next_step, ..HandingOver::because(reason_code) }))
    }

    fn refusal_key(&self, state: &Deliberation, act: Refusable<'_>, reason_code: &str) -> String {
        let flow = top_flow(state);
        let own = format!("refused_{reason_code}");
        act.refused.get(reason_code).cloned().unwrap_or_else(|| {
            if self.pack.texts.has(&self.moment.locale, &flow, &own) { own } else { "action_refused".to_owned() }
        })
    }

    /// Shows exactly what "yes" would do (R9).
    pub(super) fn propose(&self, state: &mut Deliberation, proposal: Proposal) -> Step {
        if self.lets_go(state, &proposal.digest) {
            return Step::On;
        }
        if let Some(flow) = self.told_of_correction(state, &proposal.digest) {
            self.repair(state, flow, json!({}));
            return Step::On;
        }
        let mut declined = std::mem::take(&mut state.declined);
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        let stands = top.repeated.as_ref().is_some_and(|(digest, _)| *digest == proposal.digest);
        let again = match top.repeated.take() {
            Some((digest, times)) if digest == proposal.digest => {
                // A no whose other words change nothing is a no.
                if std::mem::take(&mut state.denied) {
                    top.declined += 1;
                    declined = true;
                }
                times + u32::from(!state.digressed)
            }
            _ => 0,
        };
        top.repeated = Some((proposal.digest.clone(), again));
        if top.declined >= DECLINED_MAX || again >= REPEATED_MAX {
            return Step::Out(self.hand_over(state, &HandingOver::because("cannot_help")));
        }
        // After a question that was answered the proposal stands as it did.
        if declined || again >= REPEATED_ASKS && !state.digressed {
            let flow = top_flow(state);
            self.say(state, &flow, "what_instead", &top_vars(state), Origin::Question);
            return Step::Out(self.finish(
                state,
                AwaitingKind::Slot,
                Some(super::absorb::CORRECTION.to_owned()),
                Vec::new(),
            ));
        }
        top.shown = Some(proposal.digest);
        top.shown_us = self.moment.now_us;
        top.confirmed = None;
        top.asked = None;
        self.answer_afterwards(state);
        // What was not shown the last time is shown as it is, whatever was shown before.
        let is_open = state.dialogue.awaiting.proposal.as_ref().is_some_and(|open| open.summary == proposal.summary);
        if !(stands && is_open && self.remind(state, &proposal.summary)) {
            self.resume_hint(state);
            state.ending.sayings.push(Saying {
                text: proposal.summary.clone(),
                origin: Origin::Proposal,
                citations: Vec::new(),
            });
        }
        state.ending.awaiting.proposal = Some(AwaitingProposal {
            action: proposal.action,
            arguments: proposal.arguments,
            summary: proposal.summary,
        });
        Step::Out(self.finish(state, AwaitingKind::Confirm, None, Vec::new()))
    }

    /// The repair flow that says whether a correction changed the proposal; none when there was no correction, or it was in vain too often.
    fn told_of_correction(&self, state: &mut Deliberation, digest: &str) -> Option<&'static str> {
        if !std::mem::take(&mut state.corrected) || !state.corrects_top() {
            return None;
        }
        match state.dialogue.frames.last().and_then(|top| top.repeated.as_ref()) {
            Some((before, _)) if before == digest && state.denied => None,
            // Who says once more what is proposed has changed nothing, and is near a yes.
            Some((before, _)) if before == digest && state.restates => {
                self.say(state, "", "confirm_plainly", &Map::new(), Origin::Template);
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.counts_afresh();
                }
                None
            }
            Some((before, times)) if before == digest => (times + 1 < REPEATED_ASKS).then_some("repair_unchanged"),
            _ => Some("repair_correction"),
        }
    }

    pub(super) fn ask_yes_no(&self, state: &mut Deliberation, text: &str) -> Step {
        let flow = top_flow(state);
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = Pending::YesNo;
        }
        self.resume_hint(state);
        self.say(state, &flow, text, &top_vars(state), Origin::Question);
        Step::Out(self.finish(state, AwaitingKind::Confirm, None, Vec::new()))
    }

    /// Has a one-time code sent, to be entered outside the chat.
    pub(super) fn step_up(&self, state: &mut Deliberation) -> Step {
        if state.dialogue.challenge_id.is_some() {
            return self.ask_code(state);
        }
        let Some(spec) = self.pack.manifest.identity.send_code.as_ref().and_then(|name| self.pack.actions.get(name))
        else {
            return Step::Out(self.hand_over(state, &HandingOver::because("step_up_unavailable")));
        };
        let arguments = vars(json!({"customer_id": state.dialogue.customer_id, "purpose": top_flow(state)}));
        let proposal = Proposal { action: spec.name.clone(), arguments: arguments.clone(), ..Proposal::default() };
        let verdict = self.pack.policies.authorize(&self.asked(state, spec, &arguments), proposal);
        let Verdict::Authorized(authorized) = verdict else {
            return Step::Out(self.hand_over(state, &HandingOver::because("step_up_unavailable")));
        };
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = Pending::Challenge;
        }
        Step::Out(Decision::Perform(authorized))
    }

    fn ask_code(&self, state: &mut Deliberation) -> Step {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = Pending::Code;
        }
        if std::mem::take(&mut state.corrected) {
            let flow = top_flow(state);
            self.say(state, &flow, "as_corrected", &top_vars(state), Origin::Template);
        }
        self.say(state, "", "ask_code", &top_vars(state), Origin::Question);
        Step::Out(self.finish(state, AwaitingKind::Identify, Some(ONE_TIME_CODE.to_owned()), Vec::new()))
    }

    /// Says this text where a code is waited for, and offers a new code and a person.
    pub(super) fn at_code(&self, state: &mut Deliberation, text: &str) -> Decision {
        let options = self.code_options(state);
        self.say(state, "", text, &top_vars(state), Origin::Question);
        self.finish(state, AwaitingKind::Identify, Some(ONE_TIME_CODE.to_owned()), options)
    }

    fn code_options(&self, state: &Deliberation) -> Vec<AwaitingOption> {
        let option = |(id, key): (&str, &str)| {
            Some(AwaitingOption { id: id.to_owned(), label: self.render(state, "", key, &[])? })
        };
        [(NEW_CODE, "code_new"), ("handoff", "person_handoff")].into_iter().filter_map(option).collect()
    }

    /// Whether a text holds one of the words that a text of the base lists.
    pub(super) fn names_words(&self, state: &Deliberation, key: &str, text: &str) -> bool {
        let (words, said) = (self.render(state, "", key, &[]).unwrap_or_default(), text.to_lowercase());
        words.split(',').map(str::trim).any(|word| !word.is_empty() && said.contains(word))
    }

    /// Words where a code is waited for: a new code, or nothing that helps.
    pub(super) fn read_at_code(&self, state: &mut Deliberation, text: &str) -> Option<Decision> {
        let said = |option: &AwaitingOption| option.label.to_lowercase() == text.trim().to_lowercase();
        // Another code to a number that he cannot reach helps nobody.
        if self.names_words(state, "code_lost_words", text) {
            return Some(self.at_code(state, "code_lost"));
        }
        let is_new = self.code_options(state).iter().any(|option| option.id == NEW_CODE && said(option))
            || self.names_words(state, "code_new_words", text);
        if !is_new {
            return self.misread(state);
        }
        let top = state.dialogue.frames.last_mut()?;
        top.agains += 1;
        if top.agains > AGAIN_MAX {
            return Some(self.hand_over(state, &HandingOver::because("step_up_failed")));
        }
        state.ending.reasons.push("a new one-time code is wanted".to_owned());
        if let Some(claim) = &top.claim {
            // Counted and sent as the first one was, or nothing would tell a customer from nobody.
            let who = claim.who.clone();
            top.pending = Pending::Claim;
            return Some(Decision::Count { who });
        }
        top.pending = Pending::Nothing;
        state.dialogue.challenge_id = None;
        None
    }

    pub(super) fn settle_code(&self, state: &mut Deliberation, check: CodeCheck) -> Option<Decision> {
        if state.dialogue.claim().is_some() {
            return self.settle_proof(state, check);
        }
        match check {
            CodeCheck::Accepted => {
                state.dialogue.challenge_id = None;
                state.dialogue.level = IdentityLevel::Verified;
                let minutes = i64::from(self.pack.manifest.identity.verified_minutes);
                state.dialogue.verified_until_us =
                    self.moment.now_us.saturating_add(minutes.saturating_mul(60_000_000));
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.pending = Pending::Nothing;
                }
                self.say(state, "", "code_accepted", &vars(json!({})), Origin::Template);
                None
            }
            CodeCheck::Wrong => {
                self.say(state, "", "code_wrong", &vars(json!({})), Origin::Template);
                Some(self.finish(state, AwaitingKind::Identify, Some(ONE_TIME_CODE.to_owned()), Vec::new()))
            }
            CodeCheck::Expired => {
                self.say(state, "", "code_expired", &vars(json!({})), Origin::Question);
                let options = self.code_options(state);
                Some(self.finish(state, AwaitingKind::Identify, Some(ONE_TIME_CODE.to_owned()), options))
            }
            CodeCheck::Blocked => {
                state.dialogue.challenge_id = None;
                self.say(state, "", "code_blocked", &vars(json!({})), Origin::Template);
                Some(self.hand_over(state, &HandingOver::because("step_up_failed")))
            }
            CodeCheck::Failed => Some(self.tool_failure(state)),
        }
    }

    /// Takes the outcome of the call the top frame waits for.
    pub(super) fn settle(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        let pending = take_pending(&mut state.dialogue)?;
        match (pending, outcome) {
            (Pending::Customer | Pending::Lookup, ActionOutcome::Failed { failure }) => {
                state.ending.reasons.push(failure.to_string());
                Some(self.tool_failure(state))
            }
            (Pending::Customer, outcome) => self.settle_customer(state, outcome),
            (Pending::Lookup, outcome) => self.settle_lookup(state, outcome),
            (Pending::Recall, outcome) => self.settle_recall(state, outcome),
            (Pending::Facts, outcome) => self.settle_facts(state, outcome),
            (Pending::Act { arguments }, outcome) => self.settle_act(state, arguments, outcome),
            (Pending::Saga, outcome) => self.settle_saga(state, outcome),
            (Pending::Claim, outcome) => Some(self.settle_claim(state, outcome)),
            (Pending::Challenge, outcome) if state.dialogue.claim().is_some() => {
                Some(self.settle_sent_to_claim(state, outcome))
            }
            (Pending::Challenge, outcome) => Some(self.settle_challenge(state, outcome)),
            (other, _) => {
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.pending = other;
                }
                None
            }
        }
    }

    /// What cannot be looked up holds everything back.
    fn settle_recall(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        let ActionOutcome::Found { body } = outcome else { return Some(self.tool_failure(state)) };
        state.standing = Standing::deserialize(body).ok();
        state.standing.is_none().then(|| self.tool_failure(state))
    }

    pub(super) fn tool_failure(&self, state: &mut Deliberation) -> Decision {
        self.say(state, "", "lookup_failed", &vars(json!({})), Origin::Template);
        self.hand_over(state, &HandingOver::because("tool_failure"))
    }

    fn settle_customer(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        let action = self.pack.manifest.identity.customer.clone().unwrap_or_default();
        match outcome {
            ActionOutcome::Found { body } => {
                self.learn(state, &action, body);
                state.dialogue.customer = body.clone();
                state.dialogue.customer_read = true;
                None
            }
            _ => Some(self.hand_over(state, &HandingOver::because("not_identified"))),
        }
    }

    fn settle_lookup(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Option<Decision> {
        let top = state.dialogue.frames.last()?;
        let Some(Op::Lookup { action, with, save, missing }) =
            self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc))
        else {
            return None;
        };
        let found = match outcome {
            ActionOutcome::Found { body } if self.learn(state, action, body) => Some(body.clone()),
            _ => None,
        };
        match (found, missing) {
            (None, Some(key)) => {
                self.refuse(state, key, "not_found", &Map::new());
            }
            (found, _) => {
                let value = found.unwrap_or(Value::Null);
                let labels = self.answer_labels(state, (action, with), &value);
                let top = state.dialogue.frames.last_mut()?;
                top.set(save, Labelled { value, labels });
                top.pc += 1;
            }
        }
        None
    }

    /// Notes which records are the customer's own; false when the answer belongs to somebody else (R7).
    fn learn(&self, state: &mut Deliberation, action: &str, body: &Value) -> bool {
        let Some(spec) = self.pack.actions.get(action) else { return false };
        let names = vars(json!({"result": body}));
        let eval = |expr: &Expr| expr.eval(Scope { layers: &[&names] });
        match &spec.ownership {
            Ownership::Public => return true,
            Ownership::Session => {}
            Ownership::Named(expr) => {
                let owners = match eval(expr) {
                    Ok(Value::Array(owners)) => owners.iter().map(plain).collect(),
                    Ok(Value::Null) | Err(_) => return false,
                    Ok(owner) => vec![plain(&owner)],
                };
                let customer = state.dialogue.customer_id.clone();
                // Before identification a read may find whose record it is; only `identify` binds it to the session.
                if customer.is_some_and(|customer| owners.iter().any(|owner| *owner != customer)) {
                    state.ending.reasons.push(format!("{action} gave a record of somebody else"));
                    return false;
                }
            }
        }
        for (kind, expr) in &spec.owns {
            if let Ok(Value::Array(ids)) = eval(expr) {
                state.dialogue.owned.entry(kind.clone()).or_default().extend(ids.iter().map(plain));
            }
        }
        true
    }

    fn settle_act(
        &self,
        state: &mut Deliberation,
        arguments: Map<String, Value>,
        outcome: &ActionOutcome,
    ) -> Option<Decision> {
        let top = state.dialogue.frames.last()?;
        let Some(Op::Act(act)) = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc)) else {
            return None;
        };
        match outcome {
            ActionOutcome::Done { receipt } => self.settle_done(state, act, arguments, receipt),
            ActionOutcome::Refused { reason_code } if reason_code == LIMIT_REACHED && self.reads_again(state) => None,
            ActionOutcome::Refused { reason_code } => {
                let flow = top_flow(state);
                let step = self.refuse_act(state, Refusable::of_act(act), reason_code);
                distrust(&mut state.dialogue.ended, &flow);
                match step {
                    Step::Out(decision) => Some(decision),
                    Step::On => None,
                }
            }
            ActionOutcome::Unknown if self.pack.actions.get(&act.action).is_some_and(ActionSpec::is_recoverable) => {
                state.ending.reasons.push(format!("the outcome of {} is not known yet", act.action));
                self.say(state, "", "action_pending", &Map::new(), Origin::Template);
                Some(self.finish(state, AwaitingKind::None, None, Vec::new()))
            }
            ActionOutcome::Unknown => Some(self.unknown_outcome(state)),
            ActionOutcome::Failed { .. } | ActionOutcome::Found { .. } | ActionOutcome::NotFound => {
                let failure =
                    if let ActionOutcome::Failed { failure } = outcome { *failure } else { CallFailure::Malformed };
                state.ending.reasons.push(failure.to_string());
                self.say(state, "", "action_failed", &vars(json!({})), Origin::Template);
                Some(self.hand_over(state, &HandingOver::because("tool_failure")))
            }
        }
    }

    /// "Done" is said from the receipt alone (R6).
    fn settle_done(
        &self,
        state: &mut Deliberation,
        act: &Act,
        arguments: Map<String, Value>,
        receipt: &Receipt,
    ) -> Option<Decision> {
        let flow = top_flow(state);
        let done = DoneAction { action: act.action.clone(), receipt_id: receipt.receipt_id.clone(), arguments };
        state.ending.done.push(done.clone());
        if let Some(spec) = self.pack.actions.get(&act.action) {
            let labels = self.act_labels(state, spec, &act.with).told;
            self.note_deed(state, &labels);
        }
        state.dialogue.done.push(done);
        let labels = self.answer_labels(state, (&act.action, &act.with), &receipt.body);
        let top = state.dialogue.frames.last_mut()?;
        for name in ["receipt"].into_iter().chain(act.save.as_deref()) {
            top.set(name, Labelled { value: receipt.body.clone(), labels: labels.clone() });
        }
        top.pc += 1;
        if self.pack.actions.get(&act.action).is_some_and(|spec| spec.source == Source::Memory) {
            // What was looked up before it is old.
            state.facts = None;
        }
        self.say(state, &flow, &act.done, &top_vars(state), Origin::Receipt);
        None
    }

    fn settle_challenge(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Decision {
        let receipt = match outcome {
            ActionOutcome::Done { receipt } => receipt,
            ActionOutcome::Refused { reason_code } => {
                state.ending.reasons.push(format!("no code was sent: {reason_code}"));
                self.say(state, "", "code_not_sent", &vars(json!({"reason": reason_code})), Origin::Template);
                return self.hand_over(state, &HandingOver::because("step_up_unavailable"));
            }
            _ => return self.tool_failure(state),
        };
        state.dialogue.challenge_id = receipt.body.get("challenge_id").map(plain);
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.set("challenge", receipt.body.clone());
        }
        match self.ask_code(state) {
            Step::Out(decision) => decision,
            Step::On => self.tool_failure(state),
        }
    }
}
