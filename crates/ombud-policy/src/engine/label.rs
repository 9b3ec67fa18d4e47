//! Who stands behind a value of a flow? What is labelled by somebody is found by leaving out what he said: where the same comes out, it is not his.
//!
//! INVARIANT: a value without a note is what it would be if no model and nobody but the customer and the company had said anything
//! (tests: `what_others_wrote_taints_what_is_made_of_it`, `no_value_of_others_is_authorized_where_it_counts`). What hangs on a branch of a flow alone is not followed.

use std::collections::BTreeMap;

use ombud_domain::{Candidate, Choice, Count, Label, Proposal};
use serde_json::{Map, Value, json};

use super::candidates::Offer;
use super::run::top_flow;
use super::stakes::bound;
use super::{Deliberation, Engine};
use crate::dialogue::{Frame, Said};
use crate::expr::Expr;
use crate::flow::{Ask, AskSource, Flow, Op, RecordChoice};
use crate::labels::{Labelled, Labels, of_answer};
use crate::spec::{ActionSpec, Source};

/// What of an action's labels stands for the money that it moves.
pub const MONEY: &str = "money";

/// The labels of an action.
#[derive(Debug, Clone)]
pub(super) struct ActLabels {
    /// Those that are told: of arguments that the action marks as critical, and all below [`Label::UserTyped`].
    pub(super) told: BTreeMap<String, Label>,
    /// The lowest of what is critical.
    pub(super) critical: Label,
}

/// The labels of a proposal, for the trail.
pub(super) fn told_labels(Proposal { action, labels, .. }: &Proposal) -> Option<String> {
    let told: Vec<String> = labels.iter().map(|(name, label)| format!("{name} {}", label.as_str())).collect();
    (!told.is_empty()).then(|| format!("labels of {action}: {}", told.join(", ")))
}

impl Said {
    /// Words of the customer.
    pub(crate) fn typed(slot: Option<String>, text: &str) -> Self {
        Self { slot, text: text.to_owned(), label: Label::UserTyped, own: None }
    }
}

impl Frame {
    /// Sets a variable, whose labels take the place of those it had.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Labelled>) {
        let Labelled { value, labels } = value.into();
        self.labels.put(name, &labels);
        self.vars.insert(name.to_owned(), value);
    }

    /// Takes a variable out.
    pub(super) fn unset(&mut self, name: &str) -> Option<Labelled> {
        let labels = self.labels.of(name);
        self.labels.put(name, &Labels::default());
        self.vars.remove(name).map(|value| Labelled { value, labels })
    }
}

impl Engine<'_> {
    /// Words of a command: the customer's, unless a language model put them into his mouth.
    pub(super) fn said(&self, state: &Deliberation, slot: Option<String>, text: &str) -> Said {
        if state.proposed >= Label::UserTyped || text == self.moment.text {
            return Said::typed(slot, text);
        }
        Said { slot, text: text.to_owned(), label: state.proposed, own: Some(self.moment.text.clone()) }
    }

    /// The words of a button that was pressed. Others may have had a say in what stands on it.
    pub(super) fn pressed(&self, state: &Deliberation, slot: String, (id, text): (&str, &str)) -> Said {
        let said = self.said(state, Some(slot), text);
        let Some(top) = state.dialogue.frames.last() else { return said };
        let op = self.pack.flows.get(&top.flow).and_then(|flow| flow.ops.get(top.pc));
        let is_of_others = match op {
            Some(Op::Ask(ask)) => match &ask.source {
                AskSource::Records(choice) if choice.variant_of.is_none() => {
                    let shown = |state: &Deliberation| {
                        let offers = self.offers(state, choice, None).unwrap_or_default();
                        let offer = offers.into_iter().find(|offer| offer.candidate.id == id);
                        offer.map_or(Value::Null, |offer| json!(offer.candidate.label))
                    };
                    !self.labels(state, shown).is_empty()
                }
                _ => !top.labels.is_empty(),
            },
            _ => !top.labels.is_empty(),
        };
        let label = if is_of_others { said.label.join(Label::ThirdParty) } else { said.label };
        Said { label, ..said }
    }

    /// The labels of what is read from the dialogue.
    pub(super) fn labels(&self, state: &Deliberation, read: impl Fn(&Deliberation) -> Value) -> Labels {
        let (mut labels, mut value) = (Labels::default(), None);
        for (floor, label) in [(Label::UserTyped, Label::ThirdParty), (Label::ThirdParty, Label::Model)] {
            let Some(without) = self.without(state, floor) else { continue };
            let value = value.get_or_insert_with(|| read(state));
            labels = labels.joined(&Labels::differing(value, &read(&without), label));
        }
        labels
    }

    /// The value of an expression of the top frame, with its labels.
    pub(super) fn labelled(&self, state: &Deliberation, expr: &Expr) -> Result<Labelled, String> {
        let value = self.value(state, expr, &[])?;
        Ok(Labelled { value, labels: self.labels(state, |state| self.value(state, expr, &[]).unwrap_or_default()) })
    }

    /// The labels of several values together, each under its name.
    pub(super) fn labels_of(&self, state: &Deliberation, pairs: &[(String, Expr)]) -> Labels {
        self.labels(state, |state| Value::Object(self.values(state, pairs)))
    }

    fn values(&self, state: &Deliberation, pairs: &[(String, Expr)]) -> Map<String, Value> {
        pairs.iter().map(|(name, expr)| (name.clone(), self.value(state, expr, &[]).unwrap_or_default())).collect()
    }

    /// The state as it would be without what is below a label; none where nothing is.
    fn without(&self, state: &Deliberation, floor: Label) -> Option<Deliberation> {
        let top = state.dialogue.frames.last()?;
        let customer = self.customer_labels(state);
        let has_below = top.labels.has_below(floor)
            || top.said.iter().any(|said| said.label < floor)
            || state.dialogue.labels.has_below(floor)
            || customer.has_below(floor);
        if !has_below {
            return None;
        }
        let mut without = state.clone();
        let dialogue = &mut without.dialogue;
        let mut record = Map::from_iter([(String::new(), std::mem::take(&mut dialogue.customer))]);
        customer.hide(&mut record, floor);
        dialogue.customer = record.remove("").unwrap_or_default();
        let is_below = |labels: Labels| labels.has_below(floor);
        let spoken_of = dialogue.labels.of("recent");
        dialogue.recent.retain(|slot, _| !is_below(spoken_of.of(slot)));
        let done = dialogue.labels.of("history");
        for (place, deed) in dialogue.done.iter_mut().enumerate() {
            let labels = done.of(&place.to_string()).of("arguments");
            labels.hide(&mut deed.arguments, floor);
        }
        if let Some(top) = dialogue.frames.last_mut() {
            hide(top, floor);
        }
        Some(without)
    }

    fn customer_labels(&self, state: &Deliberation) -> Labels {
        let read = self.pack.manifest.identity.customer.as_ref().and_then(|action| self.pack.actions.get(action));
        let mut labels = Labels::default();
        if let Some(spec) = read.filter(|spec| !spec.third_party.is_empty()) {
            labels.put("", &of_answer(&spec.third_party, &state.dialogue.customer));
        }
        labels
    }

    /// The labels of an answer: what others wrote in it, and no more is to be believed of it than of what it was asked with.
    pub(super) fn answer_labels(
        &self,
        state: &Deliberation,
        (action, with): (&str, &[(String, Expr)]),
        answer: &Value,
    ) -> Labels {
        let asked_with = self.labels_of(state, with).lowest().map(Labels::whole).unwrap_or_default();
        match self.pack.actions.get(action) {
            Some(spec) if spec.source == Source::Graph => crate::graph::labels_of(answer).joined(&asked_with),
            Some(spec) => of_answer(&spec.third_party, answer).joined(&asked_with),
            None => asked_with,
        }
    }

    /// The labels of an action's arguments and of what it moves.
    pub(super) fn act_labels(&self, state: &Deliberation, spec: &ActionSpec, with: &[(String, Expr)]) -> ActLabels {
        let tainted = self.labels(state, |state| {
            let arguments = self.values(state, with);
            let eval = |expr: &Expr| self.value(state, expr, &[&arguments]);
            let moved = self.moved(state, spec, &eval).ok();
            let money = moved.map(|moved| bound((moved.amount_minor, moved.currency.as_deref()), &moved.legs));
            json!({"arguments": arguments, "money": money})
        });
        let of_arguments = tainted.of("arguments");
        let (mut told, mut critical) = (BTreeMap::new(), Label::Session);
        let mut note = |name: &str, label: Label, is_critical: bool, is_told: bool| {
            if is_critical {
                critical = critical.join(label);
            }
            if is_told || label < Label::UserTyped {
                told.insert(name.to_owned(), label);
            }
        };
        for (name, expr) in with {
            let label = self.origin(state, expr).join(of_arguments.of(name).lowest().unwrap_or(Label::Session));
            note(name, label, spec.is_critical(name), spec.marks_critical(name));
        }
        if let Some(label) = tainted.of(MONEY).lowest() {
            note(MONEY, label, true, true);
        }
        ActLabels { told, critical }
    }

    /// What an expression is worth by the names that it reads, if nobody else had a say in their values.
    fn origin(&self, state: &Deliberation, expr: &Expr) -> Label {
        let flow = self.pack.flows.get(&top_flow(state));
        Label::of_all(expr.free_variables().map(|name| match name {
            "session" | "company" => Label::Session,
            "customer" | "receipt" | "challenge" | "event" => Label::Record,
            name => flow.map_or(Label::UserTyped, |flow| self.origin_of(flow, name)),
        }))
    }

    /// What the company's systems gave is a record's. What a flow asks for, computes or was begun with is worth no more than the customer's word.
    fn origin_of(&self, flow: &Flow, name: &str) -> Label {
        let is_of_company = |op: &Op| match op {
            Op::Lookup { action, save, .. } if save == name => {
                self.pack.actions.get(action).is_some_and(|spec| spec.source != Source::Memory)
            }
            Op::Act(act) => act.save.as_deref() == Some(name),
            Op::Saga(saga) => saga.steps.iter().any(|step| step.save.as_deref() == Some(name)),
            _ => false,
        };
        let sets = |op: &Op| crate::flow::set_by(op).contains(&name);
        let mut setting = flow.ops.iter().filter(|op| sets(op)).peekable();
        if setting.peek().is_some() && setting.all(is_of_company) { Label::Record } else { Label::UserTyped }
    }

    /// The labels of a record that was chosen: its own, and those of the words that chose it.
    pub(super) fn choice_labels(
        &self,
        state: &Deliberation,
        (ask, choice): (&Ask, &RecordChoice),
        picked: &Offer,
        (candidates, count): (&[Candidate], Count),
    ) -> Labels {
        let id = &picked.candidate.id;
        let record = self.labels(state, |state| {
            let offers = self.offers(state, choice, None).unwrap_or_default();
            offers.into_iter().find(|offer| offer.candidate.id == *id).map(|offer| offer.record).unwrap_or_default()
        });
        let only = candidates.iter().filter(|candidate| candidate.eligible).count() == 1 && choice.single_pick;
        let words = self.labels(state, |state| {
            let found = self.read_choice(state, ask, candidates, count);
            json!(only || matches!(found, Choice::Picked { ids, .. } if ids.contains(id)))
        });
        record.joined(&words)
    }

    /// Notes whose words named the record that is spoken of.
    pub(super) fn note_spoken_of(&self, state: &mut Deliberation, slot: &str, labels: &Labels) {
        let label = labels.of_whole().map(Labels::whole).unwrap_or_default();
        state.dialogue.labels.put_at(&["recent", slot], &label);
    }

    /// Notes what of the arguments of the deed that is noted next neither the customer nor a record says.
    pub(super) fn note_deed(&self, state: &mut Deliberation, labels: &BTreeMap<String, Label>) {
        let place = state.dialogue.done.len().to_string();
        for (name, label) in labels {
            state.dialogue.labels.put_at(&["history", &place, "arguments", name], &Labels::whole(*label));
        }
    }
}

/// A frame as it would be without what is below a label. A model's words are read as what the customer wrote himself.
fn hide(frame: &mut Frame, floor: Label) {
    frame.labels.hide(&mut frame.vars, floor);
    // A button with others' words on it was pressed by the customer all the same.
    let of_model = frame.said.iter().filter(|said| said.label < floor && said.own.is_some());
    let of_model: Vec<String> = of_model.filter_map(|said| said.slot.clone()).collect();
    frame.picked.retain(|slot, _| !of_model.contains(slot));
    frame.said.retain_mut(|said| {
        if said.label >= floor {
            return true;
        }
        let own = said.own.take();
        let has_own = own.is_some();
        said.text = own.unwrap_or_default();
        has_own
    });
}
