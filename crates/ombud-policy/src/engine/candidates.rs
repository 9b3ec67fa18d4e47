//! Which candidates does a choice have? The pack's expressions over each record give id, name, options and words.

use ombud_domain::Candidate;
use serde_json::{Map, Value};

use super::{Deliberation, Engine};
use crate::expr::{Expr, plain};
use crate::flow::RecordChoice;

/// Candidates of one choice, at most; the rest of a longer list cannot be picked.
pub(super) const CANDIDATES_MAX: usize = 500;

/// A candidate and its record.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub candidate: Candidate,
    pub record: Value,
}

impl Offer {
    /// Whether the record holds all that a value says: "538 Elm Avenue, San Francisco" of an address known with state and zip.
    fn says_all_of(&self, value: &Value) -> bool {
        let (Value::Object(said), Value::Object(known)) = (value, &self.record) else { return false };
        let plain = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
        let mut told = said.iter().filter(|(_, value)| !plain(value).is_empty()).peekable();
        let agrees = |(field, value): (&String, &Value)| {
            known.get(field).is_some_and(|known| plain(known).contains(&plain(value)))
        };
        told.peek().is_some() && told.all(agrees)
    }
}

/// The record offered that holds all of what was said, or what was said.
pub(super) fn known_as(offers: Vec<Offer>, said: Value) -> Value {
    let known = offers.into_iter().find(|offer| offer.candidate.eligible && offer.says_all_of(&said));
    known.map_or(said, |offer| offer.record)
}

impl Engine<'_> {
    /// Candidates from `from`, with `of` in scope where one choice is made for each of several things.
    pub(super) fn offers(
        &self,
        state: &Deliberation,
        choice: &RecordChoice,
        of: Option<&Value>,
    ) -> Result<Vec<Offer>, String> {
        let mut scope = Map::new();
        if let Some(of) = of {
            scope.insert("of".to_owned(), of.clone());
        }
        let records = match self.value(state, &choice.from, &[&scope])? {
            Value::Array(records) => records,
            Value::Null => Vec::new(),
            other => return Err(format!("`{}` gives {other}, not a list", choice.from.source())),
        };
        records.into_iter().take(CANDIDATES_MAX).map(|record| self.offer(state, choice, &scope, record)).collect()
    }

    pub(super) fn offer(
        &self,
        state: &Deliberation,
        choice: &RecordChoice,
        scope: &Map<String, Value>,
        record: Value,
    ) -> Result<Offer, String> {
        let mut names = scope.clone();
        names.insert("item".to_owned(), record.clone());
        let value = |expr: &Expr| self.value(state, expr, &[&names]);
        let optional = |expr: Option<&Expr>| expr.map_or(Ok(Value::Null), value);
        let flow = super::run::top_flow(state);
        let vars = super::run::top_vars(state);
        let name = plain(&value(&choice.name)?);
        let label = self.render(state, &flow, &choice.label, &[&names, &vars]).unwrap_or_else(|| name.clone());
        let candidate = Candidate {
            id: plain(&value(&choice.id)?),
            label,
            attributes: attributes(&optional(choice.attributes.as_ref())?),
            words: texts(&optional(choice.words.as_ref())?),
            price: optional(choice.price.as_ref())?.as_f64(),
            at: optional(choice.at.as_ref())?.as_str().map(ToOwned::to_owned),
            eligible: !matches!(optional(choice.eligible.as_ref())?, Value::Bool(false)),
            name,
        };
        Ok(Offer { candidate, record })
    }
}

/// `{size: M}`, `[{name, value}]` or `["lamp", "bottle"]` as pairs.
fn attributes(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        Value::Array(elements) => elements
            .iter()
            .map(|element| match element {
                Value::Object(map) => {
                    (map.get("name").map(plain).unwrap_or_default(), map.get("value").map(plain).unwrap_or_default())
                }
                other => ("item".to_owned(), plain(other)),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(elements) => {
            elements.iter().filter(|element| !element.is_null()).map(plain).filter(|text| !text.is_empty()).collect()
        }
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}
