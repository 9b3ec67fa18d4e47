//! Which names does a flow use that nothing sets? A misspelt one is null when it is evaluated, and the customer hears that there is nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{AskSource, Flow, FlowKind, Op, RecordChoice};
use crate::expr::Expr;

/// Names that every expression may use; those that the engine sets in a flow, which are the body of the last receipt, a code that was sent and the
/// report that ended a wait; one record of a choice, and what it is chosen for.
const ALWAYS: [&str; 10] =
    ["customer", "session", "history", "recent", "company", "receipt", "challenge", "event", "item", "of"];

/// Further names that the engine gives to texts: what is offered or was refused in a choice, and why an action was.
const TEXTS: [&str; 5] = ["label", "options", "wanted", "name", "reason_code"];
/// The fact that was taken instead of asking, in texts of a flow that takes one.
const FACT: &str = "known";

/// Expressions of a request with a name that neither it nor a flow that begins it sets.
pub(crate) fn unknown<'f>(flow: &'f Flow, flows: &'f BTreeMap<String, Flow>) -> Vec<(&'f Expr, &'f str)> {
    let Some(known) = known(flow, flows) else { return Vec::new() };
    let yields = flow.yields_to.iter().flat_map(|other| values(&other.with));
    let answers = flow.faq.iter().flat_map(|faq| &faq.answers).filter_map(|answer| answer.when.as_ref());
    let used = flow.ops.iter().flat_map(used_by).chain(yields).chain(answers);
    let named = used.flat_map(|expr| expr.free_variables().map(move |name| (expr, name)));
    named.filter(|(_, name)| !known.contains(name)).collect()
}

/// Names that texts of a request may use; none where the engine begins the flow and gives it what it wants.
pub(crate) fn of_texts<'f>(flow: &'f Flow, flows: &'f BTreeMap<String, Flow>) -> Option<BTreeSet<&'f str>> {
    let fact = flow.asks().any(|ask| ask.fact.is_some()).then_some(FACT);
    known(flow, flows).map(|known| known.into_iter().chain(TEXTS).chain(fact).collect())
}

/// Names that a request can use; none of what the engine begins by itself, which gets names from it.
fn known<'f>(flow: &'f Flow, flows: &'f BTreeMap<String, Flow>) -> Option<BTreeSet<&'f str>> {
    if flow.kind != FlowKind::Request {
        return None;
    }
    let given = flows.values().flat_map(|other| given_by(other, &flow.name));
    Some(flow.ops.iter().flat_map(set_by).chain(given).chain(ALWAYS).collect())
}

/// Names that a flow begins another one with.
fn given_by<'f>(flow: &'f Flow, other: &str) -> Vec<&'f str> {
    let calls = flow.ops.iter().filter_map(|op| match op {
        Op::Call { flow, with, .. } if flow == other => Some(with),
        _ => None,
    });
    let yields = flow.yields_to.iter().filter(|to| to.flow == other).map(|to| &to.with);
    calls.chain(yields).flat_map(|pairs| keys(pairs)).collect()
}

/// Names that an operation sets.
pub(crate) fn set_by(op: &Op) -> Vec<&str> {
    match op {
        Op::Ask(ask) => match &ask.source {
            AskSource::Fields { fields, .. } => {
                fields.iter().map(|(name, _)| name.as_str()).chain([ask.slot.as_str()]).collect()
            }
            _ => vec![&ask.slot],
        },
        Op::Lookup { save, .. } | Op::Confirm { save, .. } => vec![save],
        Op::Act(act) => act.save.iter().map(String::as_str).collect(),
        Op::Saga(saga) => saga.steps.iter().filter_map(|step| step.save.as_deref()).collect(),
        Op::Set(pairs) => keys(pairs).collect(),
        // What is taken over is written in the names of the flow that was called.
        Op::Call { save, .. } => keys(save).collect(),
        _ => Vec::new(),
    }
}

/// Expressions of an operation over the flow's own names.
fn used_by(op: &Op) -> Vec<&Expr> {
    match op {
        Op::Test { when, .. } => vec![when],
        Op::Ask(ask) => {
            let source = match &ask.source {
                AskSource::Records(choice) => of_choice(choice),
                AskSource::Fields { until, .. } => vec![until],
                AskSource::Options(_) | AskSource::Value(_) => Vec::new(),
            };
            source.into_iter().chain(&ask.default).collect()
        }
        Op::Lookup { with, .. } | Op::Call { with, .. } => values(with).collect(),
        Op::Act(act) => values(&act.with).collect(),
        Op::Saga(saga) => saga.steps.iter().flat_map(|step| values(&step.with)).collect(),
        Op::Set(pairs) => values(pairs).collect(),
        Op::Identify { id, record, claim } => {
            [id, record].into_iter().chain(claim.iter().map(|claim| &claim.who)).collect()
        }
        Op::Wait { record, .. } => record.iter().collect(),
        _ => Vec::new(),
    }
}

fn of_choice(choice: &RecordChoice) -> Vec<&Expr> {
    let given = [&choice.attributes, &choice.words, &choice.price, &choice.at, &choice.eligible];
    let of = [&choice.variant_of, &choice.current];
    [&choice.from, &choice.id, &choice.name].into_iter().chain(given.into_iter().chain(of).flatten()).collect()
}

fn keys(pairs: &[(String, Expr)]) -> impl Iterator<Item = &str> {
    pairs.iter().map(|(name, _)| name.as_str())
}

fn values(pairs: &[(String, Expr)]) -> impl Iterator<Item = &Expr> {
    pairs.iter().map(|(_, expr)| expr)
}
