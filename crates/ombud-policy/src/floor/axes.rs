//! Which values can a request have that policies tell apart? Each attribute is an axis: what policies compare it with, and what lies beside.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Policy;
use ombud_domain::Label;
use serde_json::{Map, Value, json};

use super::literal;
use crate::authorize::APPROVERS_MAX;
use crate::spec::{ActionSpec, Autonomy};

/// A text that no policy names.
const UNNAMED: &str = "something else";
/// Operators of Cedar that compare.
const COMPARES: [&str; 12] =
    ["==", "!=", "<", "<=", ">", ">=", "in", "contains", "containsAll", "containsAny", "like", "is"];

/// The axes of the space of one action's requests.
#[derive(Debug)]
pub(super) struct Axes(Vec<(String, Vec<Option<Value>>)>);

/// One request: a value, or none, for each axis.
#[derive(Debug)]
pub(super) struct Point(BTreeMap<String, Option<Value>>);

impl Axes {
    /// The axes of what these policies, in their JSON form, ask of an action.
    pub(super) fn of(policies: impl Iterator<Item = Value>, spec: Option<&ActionSpec>, markets: &[String]) -> Self {
        let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for policy in policies {
            collect(&policy, &mut named);
        }
        let mut axes: Vec<(String, Vec<Option<Value>>)> = vec![
            ("level".to_owned(), some([0, 1, 2])),
            ("confirmed".to_owned(), some([false, true])),
            ("owner".to_owned(), some([true, false])),
        ];
        for (name, texts) in &named {
            let literals: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
            let values = match name.as_str() {
                "level" | "confirmed" | "resource.owner" => continue,
                "proof" => some(["session", "code", "knowledge", "claim"]),
                "approvals" => some(0..=APPROVERS_MAX),
                "label" => labels(&literals, spec),
                "autonomy" => autonomies(&literals, spec),
                "reversible" => match spec {
                    Some(spec) => some([spec.reversible]),
                    None => some([false, true]),
                },
                "market" => around(literals.into_iter().chain(markets.first().map(|market| json!(market)))),
                // What may be absent.
                _ => std::iter::once(None).chain(around(literals.into_iter())).collect(),
            };
            axes.push((name.clone(), values));
        }
        Self(axes)
    }

    /// Requests there are.
    pub(super) fn points(&self) -> u64 {
        self.0.iter().fold(1, |points: u64, (_, values)| {
            points.saturating_mul(u64::try_from(values.len()).unwrap_or(u64::MAX).max(1))
        })
    }

    /// The request of this number, counted from 0.
    pub(super) fn at(&self, number: u64) -> Point {
        let mut rest = number;
        self.pick(|count| {
            let place = rest % count;
            rest /= count;
            place
        })
    }

    /// A request at random; numbers are also those that no policy names.
    pub(super) fn anywhere(&self, mut roll: impl FnMut() -> u64) -> Point {
        let mut point = self.pick(|count| roll() % count);
        for (name, value) in &mut point.0 {
            let is_free = name == "amount_minor" || name.contains('.');
            if let Some(number) = value.as_mut().filter(|value| value.is_i64() && is_free && roll().is_multiple_of(2)) {
                // As many small ones as large ones.
                let bits = roll() % 40;
                *number = json!(i64::try_from(roll() % (1 << bits).max(1)).unwrap_or(i64::MAX));
            }
        }
        point
    }

    fn pick(&self, mut place_of: impl FnMut(u64) -> u64) -> Point {
        let picked = self.0.iter().map(|(name, values)| {
            let count = u64::try_from(values.len()).unwrap_or(u64::MAX).max(1);
            let place = usize::try_from(place_of(count)).unwrap_or_default();
            (name.clone(), values.get(place).cloned().flatten())
        });
        Point(picked.collect())
    }
}

/// How far an action can go by itself, as far as policies tell it apart: an action of the pack no further than its file says.
fn autonomies(named: &[Value], spec: Option<&ActionSpec>) -> Vec<Option<Value>> {
    let is_told_apart = |autonomy: &Autonomy| *autonomy == Autonomy::Confirm || named.contains(&json!(autonomy));
    let is_reached = |autonomy: &Autonomy| spec.is_none_or(|spec| *autonomy <= spec.autonomy);
    let all = [Autonomy::Suggest, Autonomy::Confirm, Autonomy::Auto].into_iter();
    // What is only suggested is asked for as what is confirmed is, unless a policy names it.
    some(all.filter(is_told_apart).filter(|autonomy| is_reached(autonomy) || *autonomy == Autonomy::Confirm))
}

/// Ranks of labels on both sides of what policies compare with; an action without anything critical has but one.
fn labels(named: &[Value], spec: Option<&ActionSpec>) -> Vec<Option<Value>> {
    let near = named.iter().filter_map(Value::as_i64).flat_map(|rank| [rank.saturating_sub(1), rank]);
    let ranks: BTreeSet<i64> = near.filter(|rank| Label::ranked(*rank).is_some()).collect();
    match spec.is_none_or(ActionSpec::has_critical) && !ranks.is_empty() {
        true => some(ranks),
        false => some([Label::Session.rank()]),
    }
}

fn some<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Vec<Option<Value>> {
    values.into_iter().map(|value| Some(json!(value))).collect()
}

/// What is compared with, what lies on both sides of a number, and what nobody names.
fn around(literals: impl Iterator<Item = Value>) -> Vec<Option<Value>> {
    let mut values = BTreeMap::new();
    let mut add = |value: Value| values.insert(value.to_string(), Some(value));
    let mut texts = false;
    let mut numbers = false;
    for literal in literals {
        if let Some(number) = literal.as_i64() {
            numbers = true;
            for near in [number.saturating_sub(1), number, number.saturating_add(1)] {
                add(json!(near));
            }
        } else if literal.is_boolean() {
            for flag in [false, true] {
                add(json!(flag));
            }
        } else {
            texts = true;
            add(literal);
        }
    }
    if numbers {
        for far in [0, i64::MAX] {
            add(json!(far));
        }
    }
    if texts || !numbers {
        add(json!(UNNAMED));
    }
    values.into_values().collect()
}

/// Attributes that a policy asks for.
pub(super) fn names_of(policy: &Policy) -> BTreeSet<String> {
    let mut named = BTreeMap::new();
    collect(&policy.to_json().unwrap_or_default(), &mut named);
    named.into_keys().collect()
}

/// Notes each attribute that an expression names, with what it is compared with as JSON text.
fn collect(expression: &Value, named: &mut BTreeMap<String, BTreeSet<String>>) {
    match expression {
        Value::Object(members) => {
            for (operator, value) in members {
                if COMPARES.contains(&operator.as_str()) {
                    let (mut paths, mut literals) = (BTreeSet::new(), BTreeSet::new());
                    parts(value, &mut paths, &mut literals);
                    for path in paths {
                        named.entry(path).or_default().extend(literals.iter().cloned());
                    }
                } else if let Some(path) = path_of(operator, value) {
                    named.entry(path).or_default();
                }
                collect(value, named);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, named)),
        _ => {}
    }
}

/// Attributes and literals of one comparison.
fn parts(value: &Value, paths: &mut BTreeSet<String>, literals: &mut BTreeSet<String>) {
    if let Some(literal) = literal(value) {
        literals.insert(literal.to_string());
        return;
    }
    match value {
        Value::Object(members) => {
            for (operator, inner) in members {
                match path_of(operator, inner) {
                    Some(path) => {
                        paths.insert(path);
                    }
                    None => parts(inner, paths, literals),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| parts(element, paths, literals)),
        _ => {}
    }
}

/// `args.days` out of `context.args.days`, also where `has` asks for it; none for `context.args` itself.
fn path_of(operator: &str, value: &Value) -> Option<String> {
    if !matches!(operator, "." | "has") {
        return None;
    }
    let attribute = value.get("attr")?.as_str()?;
    let left = value.get("left")?;
    if let Some(variable) = left.get("Var").and_then(Value::as_str) {
        let is_record = matches!(attribute, "args" | "hours_since");
        return match variable {
            "context" if is_record => None,
            "context" => Some(attribute.to_owned()),
            "principal" => Some("level".to_owned()).filter(|_| attribute == "level"),
            other => Some(format!("{other}.{attribute}")),
        };
    }
    let inner = left.get(".")?;
    let record = inner.get("attr")?.as_str().filter(|record| matches!(*record, "args" | "hours_since"))?;
    Some(format!("{record}.{attribute}"))
}

impl Point {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)?.as_ref()
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn arguments(&self) -> Map<String, Value> {
        self.within("args.").map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    pub(super) fn hours_since(&self) -> BTreeMap<String, i64> {
        self.within("hours_since.").filter_map(|(name, value)| Some((name.to_owned(), value.as_i64()?))).collect()
    }

    /// Values of the axes below a record, by their names in it.
    pub(super) fn within(&self, record: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(record)?, value.as_ref()?)))
    }
}
