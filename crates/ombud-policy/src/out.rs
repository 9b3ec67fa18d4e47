//! What must the company's system answer to an action? `out:` of its file: the members that flows and texts rely on, with their types.
//!
//! What `out:` does not name may be there or not. An answer that lacks a member, or has one of another type, is not used at all.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ombud_domain::Money;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::problem::PackProblem;

/// How deep `out:` may go; no answer is looked into any deeper.
const DEPTH_MAX: usize = 8;
/// Members that `out:` of one action names, all of them together.
const MEMBERS_MAX: usize = 200;
/// Characters of a date; a time begins with one.
const DATE_CHARS: usize = 10;

/// Type of an answer, or of a member of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    String,
    Integer,
    Number,
    Boolean,
    /// Minor units and a currency.
    Money,
    /// A text that is a day or begins with one, as a time does.
    Date,
    List,
    /// A record.
    Object,
    /// A record whose names are ids, such as variants by their id.
    Map,
}

/// `out:` of an action, or a member of it, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOut {
    #[serde(rename = "type")]
    kind: Spanned<Type>,
    #[serde(default)]
    of: BTreeMap<String, RawOut>,
    #[serde(default)]
    each: Option<Type>,
    #[serde(default)]
    optional: bool,
}

/// What an answer, or a member of one, must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    kind: Type,
    /// Members of a record, or of each element of a list or map.
    of: Vec<(String, Self)>,
    /// Type of each element that is no record.
    each: Option<Type>,
    optional: bool,
}

/// The first thing in which an answer is not what it must be. It names members of the pack, and nothing of the answer itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{member}` is {found}, not of type {expected}")]
pub struct Misfit {
    /// Where: `result`, `result.total`, `result[].id`.
    pub member: String,
    /// What it is: `missing`, or its JSON type.
    pub found: &'static str,
    /// The type it should be of.
    pub expected: &'static str,
}

impl RawOut {
    /// What must be answered, or what is wrong with how it is written.
    pub(crate) fn compile(&self, file: &str) -> Result<Out, PackProblem> {
        let wrong = |out: &Self, message: String| {
            let line = usize::try_from(out.kind.referenced.line()).unwrap_or(0);
            PackProblem { file: file.to_owned(), line, message }
        };
        if self.optional {
            return Err(wrong(self, "an answer is not `optional`, only members of it are".to_owned()));
        }
        if self.members() > MEMBERS_MAX {
            return Err(wrong(self, format!("`out` names at most {MEMBERS_MAX} members")));
        }
        self.part(1).map_err(|(out, message)| wrong(out, message))
    }

    fn members(&self) -> usize {
        self.of.values().fold(self.of.len(), |sum, member| sum.saturating_add(member.members()))
    }

    fn part(&self, depth: usize) -> Result<Out, (&Self, String)> {
        let kind = self.kind.value;
        let is_of_parts = matches!(kind, Type::List | Type::Object | Type::Map);
        let wrong = |message: &str| Err((self, message.to_owned()));
        if depth > DEPTH_MAX {
            return Err((self, format!("`out` goes {DEPTH_MAX} types deep at most")));
        }
        if !self.of.is_empty() && !is_of_parts {
            return wrong("`of` names the members of an `object`, or of each element of a `list` or `map`");
        }
        if self.each.is_some() && (!matches!(kind, Type::List | Type::Map) || !self.of.is_empty()) {
            return wrong("`each` is the type of each element of a `list` or `map`; those that are records have `of`");
        }
        let members = self.of.iter().map(|(name, member)| Ok((name.clone(), member.part(depth + 1)?)));
        Ok(Out { kind, of: members.collect::<Result<_, _>>()?, each: self.each, optional: self.optional })
    }
}

impl Out {
    /// Whether an answer is what it must be.
    ///
    /// # Errors
    /// The first [`Misfit`]; whoever runs the company's system, or the author of the pack, can fix it.
    pub fn check(&self, answer: &Value) -> Result<(), Misfit> {
        self.fits(answer).map_err(|(members, value, expected)| Misfit {
            member: members.into_iter().rev().fold("result".to_owned(), |path, member| path + &member),
            found: value.map_or("missing", name_of),
            expected: expected.as_str(),
        })
    }

    /// The members on the way to what does not fit, the innermost first, with what stands there and what should.
    fn fits<'a>(&self, value: &'a Value) -> Result<(), (Vec<String>, Option<&'a Value>, Type)> {
        if !self.kind.fits(value) {
            return Err((Vec::new(), Some(value), self.kind));
        }
        match (self.kind, value) {
            (Type::Object, value) => self.members_fit(value),
            (Type::List, Value::Array(elements)) => elements.iter().try_for_each(|element| self.element_fits(element)),
            (Type::Map, Value::Object(elements)) => {
                elements.values().try_for_each(|element| self.element_fits(element))
            }
            _ => Ok(()),
        }
    }

    fn element_fits<'a>(&self, element: &'a Value) -> Result<(), (Vec<String>, Option<&'a Value>, Type)> {
        let is = self.each.or((!self.of.is_empty()).then_some(Type::Object));
        let fits = match is {
            Some(kind) if !kind.fits(element) => Err((Vec::new(), Some(element), kind)),
            _ => self.members_fit(element),
        };
        fits.map_err(|(mut members, value, expected)| {
            members.push("[]".to_owned());
            (members, value, expected)
        })
    }

    fn members_fit<'a>(&self, record: &'a Value) -> Result<(), (Vec<String>, Option<&'a Value>, Type)> {
        self.of.iter().try_for_each(|(name, member)| {
            let fits = match record.get(name).filter(|value| !value.is_null()) {
                Some(value) => member.fits(value),
                None if member.optional => Ok(()),
                None => Err((Vec::new(), None, member.kind)),
            };
            fits.map_err(|(mut members, value, expected)| {
                members.push(format!(".{name}"));
                (members, value, expected)
            })
        })
    }
}

impl Type {
    const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Money => "money",
            Self::Date => "date",
            Self::List => "list",
            Self::Object => "object",
            Self::Map => "map",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Money => Money::deserialize(value).is_ok(),
            Self::Date => value.as_str().is_some_and(begins_with_day),
            Self::List => value.is_array(),
            Self::Object | Self::Map => value.is_object(),
        }
    }
}

/// Whether a text is `YYYY-MM-DD`, or that with a time behind it.
fn begins_with_day(text: &str) -> bool {
    let Some((day, time)) = text.split_at_checked(DATE_CHARS) else { return false };
    day.parse::<Date>().is_ok() && (time.is_empty() || time.starts_with(['T', 't', ' ']))
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ORDER: &str = "type: object\nof:\n  id: { type: string }\n  total: { type: money }\n  placed_at: { type: date }\n  paid: { type: boolean }\n  fee: { type: number, optional: true }\n  plan:\n    type: object\n    optional: true\n    of:\n      parts: { type: integer }\n  items:\n    type: list\n    of:\n      sku: { type: string }\n  tags: { type: list, each: string }\n  stock: { type: map, each: integer }\n  shops:\n    type: map\n    of:\n      name: { type: string }\n";

    fn compiled(source: &str) -> Result<Out, PackProblem> {
        serde_saphyr::from_str::<RawOut>(source).unwrap().compile("p/actions/get_order.yaml")
    }

    fn order() -> Value {
        json!({"id": "O-1", "total": {"minor": 1_990, "currency": "GBP"}, "placed_at": "2026-11-02T09:30:00Z", "paid": true,
            "plan": {"parts": 3}, "items": [{"sku": "A"}, {"sku": "B"}], "tags": ["gift"], "stock": {"A": 4},
            "shops": {"S-1": {"name": "Fern"}}, "beside": [1]})
    }

    fn misfit(member: &str, value: Value) -> Option<Misfit> {
        let mut order = order();
        *order.pointer_mut(member).unwrap() = value;
        compiled(ORDER).unwrap().check(&order).err()
    }

    #[test]
    fn an_answer_with_all_that_is_named_fits_whatever_else_it_holds() {
        assert_eq!(compiled(ORDER).unwrap().check(&order()), Ok(()));
        for member in ["/fee", "/plan"] {
            let mut order = order();
            order["fee"] = json!(1.5);
            *order.pointer_mut(member).unwrap() = Value::Null;
            assert_eq!(compiled(ORDER).unwrap().check(&order), Ok(()), "{member} is optional");
        }
        assert_eq!(misfit("/items", json!([])), None, "a list may be empty");
        assert_eq!(misfit("/placed_at", json!("2026-11-02")), None);
    }

    #[test]
    fn a_member_that_is_missing_or_of_another_type_is_named_and_its_value_is_not() {
        for (member, value, says) in [
            ("/id", json!(null), "`result.id` is missing, not of type string"),
            ("/id", json!(7), "`result.id` is a number, not of type string"),
            ("/total", json!(1_990), "`result.total` is a number, not of type money"),
            ("/total", json!({"minor": 19.9, "currency": "GBP"}), "`result.total` is an object, not of type money"),
            ("/total", json!({"minor": 19, "currency": "pounds"}), "`result.total` is an object, not of type money"),
            ("/placed_at", json!("soon, really"), "`result.placed_at` is a string, not of type date"),
            ("/placed_at", json!("2026-02-30"), "`result.placed_at` is a string, not of type date"),
            ("/placed_at", json!("äöüäöüäöü"), "`result.placed_at` is a string, not of type date"),
            ("/paid", json!("yes"), "`result.paid` is a string, not of type boolean"),
            ("/plan/parts", json!(1.5), "`result.plan.parts` is a number, not of type integer"),
            ("/plan", json!("PLN-1"), "`result.plan` is a string, not of type object"),
            ("/items/1", json!({}), "`result.items[].sku` is missing, not of type string"),
            ("/items/0", json!("A"), "`result.items[]` is a string, not of type object"),
            ("/items", json!({"A": {"sku": "A"}}), "`result.items` is an object, not of type list"),
            ("/tags/0", json!(4), "`result.tags[]` is a number, not of type string"),
            ("/stock/A", json!("4"), "`result.stock[]` is a string, not of type integer"),
            ("/shops/S-1/name", json!(null), "`result.shops[].name` is missing, not of type string"),
        ] {
            assert_eq!(misfit(member, value).unwrap().to_string(), says);
        }
        assert_eq!(
            compiled(ORDER).unwrap().check(&json!([order()])).unwrap_err().to_string(),
            "`result` is an array, not of type object"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_reported_with_its_line() {
        for (source, line, says) in [
            ("type: object\noptional: true\n", 1, "only members"),
            ("type: object\nof:\n  id:\n    type: string\n    of: { a: { type: string } }\n", 4, "`of` names"),
            ("type: object\nof:\n  id: { type: string, each: string }\n", 3, "`each` is"),
            ("type: list\neach: string\nof:\n  id: { type: string }\n", 1, "`each` is"),
        ] {
            let problem = compiled(source).unwrap_err();
            assert_eq!(problem.line, line, "{problem}");
            assert!(problem.message.contains(says), "{problem}");
        }
        for source in ["type: text\n", "of: {}\n", "type: object\nmembers: {}\n"] {
            assert!(serde_saphyr::from_str::<RawOut>(source).is_err(), "{source}");
        }
    }

    #[test]
    fn depth_and_number_of_members_are_bounded() {
        let nested = |depth: usize| {
            let open = "{ type: object, of: { a: ".repeat(depth - 1);
            format!("{open}{{ type: string }}{}", " } }".repeat(depth - 1))
        };
        assert!(compiled(&nested(DEPTH_MAX)).is_ok());
        assert!(compiled(&nested(DEPTH_MAX + 1)).unwrap_err().message.contains("deep"));
        let wide = |members: usize| {
            let members = (0..members).map(|index| format!("  m{index}: {{ type: string }}\n"));
            format!("type: object\nof:\n{}", members.collect::<String>())
        };
        assert!(compiled(&wide(MEMBERS_MAX)).is_ok());
        assert!(compiled(&wide(MEMBERS_MAX + 1)).unwrap_err().message.contains("at most"));
    }
}
