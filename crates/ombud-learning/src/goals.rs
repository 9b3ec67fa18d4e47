//! Is this proposal what the customer wants? Actions and arguments are compared as data.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::script::Goal;

/// Names of the arguments that differ, `action` when it is another action; empty when the proposal is exactly what the goal wants.
///
/// List order does not count; a list `x` and its `new_x` of the same length are compared as pairs; null, empty text and an absent
/// argument are the same.
#[must_use]
pub fn differences(goal: &Goal, action: &str, arguments: &Map<String, Value>) -> Vec<String> {
    if goal.action != action {
        return vec!["action".to_owned()];
    }
    let (wanted, given) = (parts(&goal.arguments), parts(arguments));
    let mut names: Vec<&String> = wanted.keys().chain(given.keys()).collect();
    names.sort();
    names.dedup();
    let differing: Vec<String> =
        names.into_iter().filter(|name| wanted.get(*name) != given.get(*name)).cloned().collect();
    if !differing.is_empty() {
        return differing;
    }
    let pairs = pairs(&goal.arguments);
    let given = self::pairs(arguments);
    pairs.into_iter().filter(|(name, pairs)| given.get(name) != Some(pairs)).map(|(name, _)| name).collect()
}

/// Whether every argument that `wanted` names is the same in `arguments`.
#[must_use]
pub fn covers(wanted: &Map<String, Value>, arguments: &Map<String, Value>) -> bool {
    let (wanted, given) = (parts(wanted), parts(arguments));
    wanted.iter().all(|(name, value)| given.get(name) == Some(value))
}

/// Every argument as a sorted list of texts.
fn parts(arguments: &Map<String, Value>) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (name, value) in arguments {
        let mut texts = texts(value);
        texts.sort();
        if !texts.is_empty() {
            found.insert(name.clone(), texts);
        }
    }
    found
}

/// Lists `new_x` beside an `x` of the same length, as sorted pairs.
fn pairs(arguments: &Map<String, Value>) -> BTreeMap<String, Vec<(String, String)>> {
    let mut found = BTreeMap::new();
    for (name, value) in arguments {
        let Some(Value::Array(old)) = name.strip_prefix("new_").and_then(|old| arguments.get(old)) else { continue };
        let Value::Array(new) = value else { continue };
        if old.len() == new.len() {
            let mut pairs: Vec<(String, String)> =
                old.iter().zip(new).map(|(old, new)| (text(old), text(new))).collect();
            pairs.sort();
            found.insert(name.clone(), pairs);
        }
    }
    found
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(text).collect(),
        value => Some(text(value)).filter(|text| !text.is_empty()).into_iter().collect(),
    }
}

/// A scalar as text; the mark before an order number does not count.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches('#').to_owned(),
        value => value.to_string(),
    }
}

/// The texts of a goal's or proposal's arguments that name what it is about: with a digit, at least five letters, and no blank. Names
/// with an underscore are left out: customers and their payment methods, which every goal of a customer shares.
#[must_use]
pub fn record_names(arguments: &Map<String, Value>) -> Vec<String> {
    let all = arguments.values().flat_map(texts);
    let has_digit = |text: &str| text.chars().any(|letter| letter.is_ascii_digit());
    all.filter(|text| text.len() >= 5 && has_digit(text) && !text.contains([' ', '_'])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn goal(arguments: Value) -> Goal {
        serde_json::from_value(json!({"tool": "exchange", "arguments": arguments, "say": "x"})).unwrap()
    }

    fn differ(wanted: Value, action: &str, given: &Value) -> Vec<String> {
        differences(&goal(wanted), action, given.as_object().unwrap())
    }

    #[test]
    fn a_proposal_equals_its_goal_whatever_the_order_of_lists() {
        let wanted = json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"], "address2": ""});
        let same = [
            json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"]}),
            json!({"order_id": "W1", "item_ids": ["2", "1"], "new_item_ids": ["8", "7"], "note": null}),
        ];
        for given in same {
            assert_eq!(differ(wanted.clone(), "exchange", &given), Vec::<String>::new(), "{given}");
        }
    }

    #[test]
    fn what_differs_is_named() {
        let wanted = json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"], "payment": "card"});
        let table = [
            ("return", json!({}), vec!["action"]),
            (
                "exchange",
                json!({"order_id": "#W2", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"], "payment": "card"}),
                vec!["order_id"],
            ),
            (
                "exchange",
                json!({"order_id": "#W1", "item_ids": ["1"], "new_item_ids": ["7"], "payment": "card"}),
                vec!["item_ids", "new_item_ids"],
            ),
            (
                "exchange",
                json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["8", "7"], "payment": "card"}),
                vec!["new_item_ids"],
            ),
            (
                "exchange",
                json!({"order_id": "#W1", "item_ids": ["2", "2"], "new_item_ids": ["7", "8"], "payment": "card"}),
                vec!["item_ids"],
            ),
            (
                "exchange",
                json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"]}),
                vec!["payment"],
            ),
            (
                "exchange",
                json!({"order_id": "#W1", "item_ids": ["1", "2"], "new_item_ids": ["7", "8"], "payment": "card", "fee": 3}),
                vec!["fee"],
            ),
        ];
        for (action, given, names) in table {
            assert_eq!(differ(wanted.clone(), action, &given), names, "{given}");
        }
    }

    #[test]
    fn a_subset_covers_what_it_names() {
        let (wanted, given) =
            (json!({"kind": "lost", "items": ["a", "b"]}), json!({"kind": "lost", "items": ["b", "a"], "order": "1"}));
        assert!(covers(wanted.as_object().unwrap(), given.as_object().unwrap()));
        assert!(!covers(given.as_object().unwrap(), wanted.as_object().unwrap()));
        assert!(covers(&Map::new(), given.as_object().unwrap()));
    }

    #[test]
    fn records_are_told_from_words() {
        let arguments = json!({"order_id": "#W2378156", "reason": "no longer needed", "zip": "1234", "street": "101 Highway", "items": ["4983901480"], "card": "credit_card_9513926"});
        assert_eq!(record_names(arguments.as_object().unwrap()), ["W2378156", "4983901480"]);
    }
}
