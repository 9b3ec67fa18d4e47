//! Which candidates does a choice have? The pack's expressions over each record give id, name, options and words.

use ombud_domain::Candidate;
use serde_json::{Map, Value};

use super::hearing::spaced;
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
        let mut told = said.iter().filter(|(_, value)| !value.is_null() && value.as_str() != Some("")).peekable();
        told.peek().is_some() && told.all(|(field, value)| known.get(field).is_some_and(|known| holds(known, value)))
    }
}

/// Whether a text holds another as whole words: "816 Spruce Street" holds "Spruce Street", and "12 Larch Lane" does not hold "2 Larch Lane".
fn holds(known: &Value, said: &Value) -> bool {
    let (Some(known), Some(said)) = (known.as_str(), said.as_str()) else { return known == said };
    spaced(known).contains(&spaced(said))
}

/// The one record offered that holds all of what was said, or what was said.
pub(super) fn known_as(offers: Vec<Offer>, said: Value) -> Value {
    let mut holding = offers.into_iter().filter(|offer| offer.candidate.eligible && offer.says_all_of(&said));
    match (holding.next(), holding.next()) {
        (Some(only), None) => only.record,
        _ => said,
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offers(streets: &[&str]) -> Vec<Offer> {
        let offer = |street: &&str| Offer {
            candidate: Candidate { eligible: true, ..Candidate::default() },
            record: json!({"address1": street, "address2": "Unit 3", "city": "Madison", "state": "WI", "zip": "53703"}),
        };
        streets.iter().map(offer).collect()
    }

    #[test]
    fn a_part_of_one_known_address_means_that_one() {
        let known = || offers(&["12 Larch Lane", "816 Spruce Street"]);
        let of = |street: &str| json!({"address1": street, "address2": null, "city": "madison", "zip": null});
        let found = |said: Value| known_as(known(), said).get("zip").cloned();
        assert_eq!(found(of("12 Larch Lane")), Some(json!("53703")));
        assert_eq!(found(of("Spruce Street")), Some(json!("53703")));
        assert_eq!(found(of("2 Larch Lane")), Some(Value::Null), "another number is another house");
        assert_eq!(found(json!({"address1": "12 Larch Lane", "zip": "60601"})), Some(json!("60601")));
        assert_eq!(found(json!({"city": "Madison"})), None, "two lie there");
        assert_eq!(found(json!({"city": null})), None, "nothing was said");
    }
}
