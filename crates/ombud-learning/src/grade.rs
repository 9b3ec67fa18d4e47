//! Did a run end as it should? The company's books decide, and whether the customer was told what he asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::customer::Customer;
use crate::dialogue::{Dialogue, Ending};
use crate::script::{Case, Gold};
use crate::words::folded;

/// Wrong proposals for one goal that a customer puts up with.
const WRONG_MAX: usize = 1;
/// Decimal amounts may differ in the last cent.
const CENT: f64 = 0.011;

/// What a judge says of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grade {
    /// What is wrong; the run has passed when nothing is.
    pub differences: Vec<String>,
    /// Kinds of failure, for counting.
    pub classes: BTreeSet<String>,
}

impl Grade {
    /// Whether the run has passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.differences.is_empty()
    }

    /// Notes a failure of a kind.
    pub fn fail(&mut self, class: &str, difference: String) {
        self.classes.insert(class.to_owned());
        self.differences.push(difference);
    }
}

/// Grades the run of a scripted customer against the changed records (`{table: {id: record}}`).
#[must_use]
pub fn grade(case: &Case, customer: &Customer<'_>, dialogue: &Dialogue, changed: &Value) -> Grade {
    let mut grade = Grade::default();
    if let Ending::Broken(reason) = &dialogue.ending {
        grade.fail("broken", reason.clone());
    }
    let books = books(&case.gold, changed);
    let told = untold(case, &dialogue.said);
    for text in &told {
        grade.fail("not_told", format!("was not told `{text}`"));
    }
    for (position, goal) in customer.goals().iter().enumerate() {
        if goal.wrong > WRONG_MAX {
            grade.fail("too_many_wrong_proposals", format!("{} wrong proposals for goal {position}", goal.wrong));
        }
    }
    if !books.is_empty() {
        for class in causes(case, customer, dialogue) {
            grade.classes.insert(class);
        }
        grade.differences.extend(books);
    }
    grade
}

/// Whether an assistant that does and says nothing passes.
#[must_use]
pub fn passes_idle(case: &Case) -> bool {
    books(&case.gold, &Value::Null).is_empty() && untold(case, "").is_empty()
}

/// Where the changed records differ from what they must be.
fn books(gold: &Gold, changed: &Value) -> Vec<String> {
    let wanted: BTreeMap<(&str, &str), &Map<String, Value>> =
        gold.diff.iter().map(|record| ((record.table.as_str(), record.id.as_str()), &record.after)).collect();
    let empty = Map::new();
    let found: BTreeMap<(&str, &str), &Value> = changed
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .filter_map(|(table, records)| {
            Some(records.as_object()?.iter().map(move |(id, record)| ((table.as_str(), id.as_str()), record)))
        })
        .flatten()
        .collect();
    let keys: BTreeSet<(&str, &str)> = wanted.keys().chain(found.keys()).copied().collect();
    let mut differences = Vec::new();
    for key in keys {
        let (table, id) = key;
        match (wanted.get(&key), found.get(&key)) {
            (Some(_), None) => differences.push(format!("{table} {id} has not changed")),
            (None, Some(_)) => differences.push(format!("{table} {id} has changed")),
            (Some(wanted), Some(found)) => fields(&format!("{table} {id}"), wanted, found, &mut differences),
            (None, None) => {}
        }
    }
    differences
}

fn fields(record: &str, wanted: &Map<String, Value>, found: &Value, differences: &mut Vec<String>) {
    let empty = Map::new();
    let found = found.as_object().unwrap_or(&empty);
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    for name in names {
        let (wanted, found) = (wanted.get(name).unwrap_or(&Value::Null), found.get(name).unwrap_or(&Value::Null));
        if !is_same(wanted, found) {
            differences.push(format!("{record}: {name} is {found}, not {wanted}"));
        }
    }
}

/// Equal but for the order of lists, absent members that are null, and the last cent of decimal amounts.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < CENT,
            _ => one == other,
        },
        (Value::Array(one), Value::Array(other)) => is_same_list(one, other),
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names
                .into_iter()
                .all(|name| is_same(one.get(name).unwrap_or(&Value::Null), other.get(name).unwrap_or(&Value::Null)))
        }
        _ => one == other,
    }
}

fn is_same_list(one: &[Value], other: &[Value]) -> bool {
    let mut left: Vec<&Value> = other.iter().collect();
    let is_found = |value: &Value, left: &mut Vec<&Value>| {
        let place = left.iter().position(|candidate| is_same(value, candidate));
        place.is_some_and(|place| {
            left.swap_remove(place);
            true
        })
    };
    one.len() == other.len() && one.iter().all(|value| is_found(value, &mut left))
}

fn untold(case: &Case, said: &str) -> Vec<String> {
    let said = folded(said);
    let expected = case.script.questions.iter().flat_map(|question| &question.expect);
    expected.filter(|text| !said.contains(&folded(text))).cloned().collect()
}

/// Why the books may differ: what happened to the goals that were not reached.
fn causes(case: &Case, customer: &Customer<'_>, dialogue: &Dialogue) -> BTreeSet<String> {
    let mut causes = BTreeSet::new();
    let mut unreached = 0;
    for (goal, progress) in case.script.goals.iter().zip(customer.goals()).filter(|(_, progress)| !progress.done) {
        unreached += 1;
        causes.insert(match &progress.nearest {
            _ if progress.agreed => "agreed_but_not_done".to_owned(),
            None if !progress.mentioned => format!("never_reached {}", goal.action),
            None => format!("no_proposal {}", goal.action),
            Some(differing) => format!("wrong {}", differing.join("+")),
        });
    }
    if unreached == 0 {
        causes.insert("changed_something_else".to_owned());
    }
    if dialogue.ending == Ending::HandedOver && !case.script.transfer_expected {
        causes.insert("handed_over".to_owned());
    }
    if dialogue.ending == Ending::TooLong {
        causes.insert("too_long".to_owned());
    }
    causes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialogue::tests::{Scripted, heard};
    use crate::dialogue::{Visitor as _, hold};
    use crate::script::tests::script;
    use crate::variation::Manner;

    fn gold(diff: Value) -> Gold {
        serde_json::from_value(json!({"id": "1", "unchanged": diff == json!([]), "diff": diff})).unwrap()
    }

    fn order(status: &str, price: Value, items: Value) -> Value {
        json!({"order_id": "#W1", "status": status, "price": price, "items": items})
    }

    fn changed_order() -> Case {
        let script = script(
            json!({"goals": [{"tool": "cancel", "arguments": {"order_id": "#W1"}, "say": "Cancel it.", "in_opening": true}],
            "questions": [{"say": "How much?", "expect": ["1,497.65"], "when": "end"}]}),
        );
        Case {
            script,
            gold: gold(
                json!([{"table": "orders", "id": "#W1", "after": order("cancelled", json!(-16.63), json!(["a", "b"]))}]),
            ),
        }
    }

    fn ended(said: &str) -> Dialogue {
        Dialogue {
            lines: Vec::new(),
            said: said.to_owned(),
            ending: Ending::Closed,
            turns: 1,
            turns_us: Vec::new(),
            repeated: 0,
        }
    }

    #[test]
    fn the_right_end_state_and_the_right_words_pass() {
        let case = changed_order();
        let customer = Customer::new(&case.script);
        let books = [
            json!({"orders": {"#W1": order("cancelled", json!(-16.63), json!(["a", "b"]))}, "users": {}}),
            json!({"orders": {"#W1": order("cancelled", json!(-16.629_999_9), json!(["b", "a"]))}}),
            json!({"orders": {"#W1": {"order_id": "#W1", "status": "cancelled", "price": -16.64, "items": ["b", "a"], "note": null}}}),
        ];
        for books in books {
            let grade = grade(&case, &customer, &ended("That makes $1497.65 IN ALL"), &books);
            assert!(grade.is_passed(), "{grade:?}");
        }
    }

    #[test]
    fn a_wrong_end_state_fails_and_says_where() {
        let case = changed_order();
        let customer = Customer::new(&case.script);
        let table = [
            (json!({}), "orders #W1 has not changed"),
            (
                json!({"orders": {"#W1": order("pending", json!(-16.63), json!(["a", "b"]))}}),
                "status is \"pending\", not \"cancelled\"",
            ),
            (
                json!({"orders": {"#W1": order("cancelled", json!(-16.60), json!(["a", "b"]))}}),
                "price is -16.6, not -16.63",
            ),
            (json!({"orders": {"#W1": order("cancelled", json!(-16.63), json!(["a", "a"]))}}), "items is"),
            (
                json!({"orders": {"#W1": order("cancelled", json!(-16.63), json!(["a", "b"])), "#W2": {}}}),
                "orders #W2 has changed",
            ),
            (
                json!({"orders": {"#W1": order("cancelled", json!(-16.63), json!(["a", "b"]))}, "users": {"u": {}}}),
                "users u has changed",
            ),
        ];
        for (books, difference) in table {
            let grade = grade(&case, &customer, &ended("1497.65"), &books);
            assert!(grade.differences.iter().any(|text| text.contains(difference)), "{difference}: {grade:?}");
        }
    }

    #[test]
    fn what_was_not_told_and_a_second_wrong_proposal_fail() {
        let case = changed_order();
        let right = json!({"orders": {"#W1": order("cancelled", json!(-16.63), json!(["a", "b"]))}});
        let mut customer = Customer::new(&case.script);
        assert_eq!(grade(&case, &customer, &ended("1496"), &right).differences, ["was not told `1,497.65`"]);
        let mut wrong = heard(ombud_domain::AwaitingKind::Confirm, None, "?");
        let arguments = json!({"order_id": "#W9"}).as_object().unwrap().clone();
        wrong.awaiting.proposal =
            Some(ombud_domain::AwaitingProposal { action: "cancel".to_owned(), arguments, summary: String::new() });
        customer.hear(&wrong);
        assert!(grade(&case, &customer, &ended("1497.65"), &right).is_passed());
        customer.hear(&wrong);
        let failed = grade(&case, &customer, &ended("1497.65"), &right);
        assert_eq!(failed.differences, ["2 wrong proposals for goal 0"]);
        let nothing = grade(&case, &customer, &ended("1497.65"), &json!({}));
        assert!(nothing.classes.contains("wrong order_id"), "{nothing:?}");
    }

    #[tokio::test]
    async fn an_assistant_that_does_nothing_passes_only_where_nothing_may_change_and_nothing_was_asked() {
        let unchanged = Case { gold: gold(json!([])), ..changed_order() };
        let unasked =
            Case { script: crate::Script { questions: Vec::new(), ..unchanged.script.clone() }, ..unchanged.clone() };
        for (case, passes) in [(changed_order(), false), (unchanged, false), (unasked, true)] {
            let mut customer = Customer::new(&case.script);
            let dialogue = hold(&mut customer, &mut Manner::plain(), &Scripted::new(Vec::new())).await;
            assert_eq!(grade(&case, &customer, &dialogue, &json!({"orders": {}})).is_passed(), passes);
            assert_eq!(passes_idle(&case), passes);
        }
    }
}
