//! Which members of a value does neither the customer nor a record say? They are named by JSON pointers (RFC 6901); what is not named is not below
//! [`Label::UserTyped`].

use std::collections::BTreeMap;

use ombud_domain::Label;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Members that one value has labels for, at most: beyond that all of it counts as the least of them.
const MEMBERS_MAX: usize = 500;
/// Steps of a path, at most.
const STEPS_MAX: usize = 8;
/// Stands for any member, and any element of a list.
const ANY: &str = "*";

/// Labels below [`Label::UserTyped`], by JSON pointer; an empty pointer is the whole value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(BTreeMap<String, Label>);

impl Labels {
    /// Whether all of the value is said by the customer or a record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The whole value has this label; nothing to note from [`Label::UserTyped`] on.
    #[must_use]
    pub fn whole(label: Label) -> Self {
        Self::default().with(String::new(), label)
    }

    fn with(mut self, pointer: String, label: Label) -> Self {
        self.note(pointer, label);
        self
    }

    fn note(&mut self, pointer: String, label: Label) {
        if label < Label::UserTyped {
            let known = self.0.entry(pointer).or_insert(label);
            *known = known.join(label);
        }
    }

    /// The label of everything in the value together; none where nothing is noted.
    #[must_use]
    pub fn lowest(&self) -> Option<Label> {
        self.0.values().copied().reduce(Label::join)
    }

    /// The label of the value as a whole, if that has one.
    pub(crate) fn of_whole(&self) -> Option<Label> {
        self.0.get("").copied()
    }

    /// The labels of one member, as they are of it alone.
    #[must_use]
    pub fn of(&self, member: &str) -> Self {
        let step = step(member);
        let mut found = Self::default();
        for (pointer, label) in &self.0 {
            if pointer.is_empty() {
                found.note(String::new(), *label);
            } else if let Some(rest) =
                pointer.strip_prefix(&step).filter(|rest| rest.is_empty() || rest.starts_with('/'))
            {
                found.note(rest.to_owned(), *label);
            }
        }
        found
    }

    /// The member gets these labels in the place of those it had.
    pub fn put(&mut self, member: &str, labels: &Self) {
        self.put_at(&[member], labels);
    }

    /// The same of a member of a member.
    pub(crate) fn put_at(&mut self, path: &[&str], labels: &Self) {
        let at: String = path.iter().map(|member| step(member)).collect();
        let is_within =
            |pointer: &str| pointer.strip_prefix(&at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.0.retain(|pointer, _| !is_within(pointer));
        for (pointer, label) in &labels.0 {
            self.note(format!("{at}{pointer}"), *label);
        }
    }

    /// All that is noted in either.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        for (pointer, label) in &other.0 {
            self.note(pointer.clone(), *label);
        }
        self
    }

    /// The values without what is below `floor`: null stands there.
    pub(crate) fn hide(&self, values: &mut Map<String, Value>, floor: Label) {
        for pointer in self.0.iter().filter(|(_, label)| **label < floor).map(|(pointer, _)| pointer) {
            let (member, rest) = pointer.strip_prefix('/').unwrap_or_default().split_once('/').unzip();
            let name = unescaped(member.unwrap_or_else(|| pointer.strip_prefix('/').unwrap_or_default()));
            let Some(value) = values.get_mut(&name) else { continue };
            let rest = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
            if let Some(value) = value.pointer_mut(&rest) {
                *value = Value::Null;
            }
        }
    }

    /// Whether something is below `floor`.
    pub(crate) fn has_below(&self, floor: Label) -> bool {
        self.0.values().any(|label| *label < floor)
    }

    /// The members in which a value is not what it would be without those below a label: they are worth that label.
    pub(crate) fn differing(value: &Value, without: &Value, label: Label) -> Self {
        let mut found = Self::default();
        differ(&mut found, &mut String::new(), (value, without), label);
        if found.0.len() > MEMBERS_MAX { Self::whole(label) } else { found }
    }
}

fn differ(found: &mut Labels, at: &mut String, (value, without): (&Value, &Value), label: Label) {
    let mut below = |found: &mut Labels, member: &str, pair: (&Value, &Value)| {
        let length = at.len();
        at.push_str(&step(member));
        differ(found, at, pair, label);
        at.truncate(length);
    };
    match (value, without) {
        (value, without) if value == without => {}
        (Value::Object(members), Value::Object(others)) if members.keys().eq(others.keys()) => {
            for ((name, value), without) in members.iter().zip(others.values()) {
                below(found, name, (value, without));
            }
        }
        (Value::Array(elements), Value::Array(others)) if elements.len() == others.len() => {
            for (place, pair) in elements.iter().zip(others).enumerate() {
                below(found, &place.to_string(), pair);
            }
        }
        _ => found.note(at.clone(), label),
    }
}

fn step(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}

fn unescaped(member: &str) -> String {
    member.replace("~1", "/").replace("~0", "~")
}

/// A value with the labels of its members.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labelled {
    /// The value.
    pub value: Value,
    /// Whose it is.
    pub labels: Labels,
}

impl From<Value> for Labelled {
    fn from(value: Value) -> Self {
        Self { value, labels: Labels::default() }
    }
}

/// Where others' words stand in an answer: `note`, `events.*.note`, `*.description` of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPath(Vec<String>);

impl MemberPath {
    /// Reads a path: names and `*`, parted by dots.
    ///
    /// # Errors
    /// What is wrong with it; the author of the pack can put it right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let steps: Vec<String> = text.split('.').map(ToOwned::to_owned).collect();
        let is_name =
            |step: &String| !step.is_empty() && step.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if steps.iter().any(|step| step != ANY && !is_name(step)) {
            return Err(format!("`{text}` is no path: names and `*` are parted by dots, such as `events.*.note`"));
        }
        if steps.len() > STEPS_MAX {
            return Err(format!("`{text}` has more than {STEPS_MAX} steps"));
        }
        Ok(Self(steps))
    }

    /// Notes what stands at this path of an answer. What is not there, or null, is nobody's.
    fn find(&self, answer: &Value, label: Label) -> Labels {
        let mut places = vec![(String::new(), answer)];
        for name in &self.0 {
            places = places.into_iter().flat_map(|(at, value)| children(&at, value, name)).collect();
        }
        let told = places.into_iter().filter(|(_, value)| !value.is_null());
        told.fold(Labels::default(), |labels, (at, _)| labels.with(at, label))
    }
}

fn children<'v>(at: &str, value: &'v Value, name: &str) -> Vec<(String, &'v Value)> {
    let child = |name: &str, value| (format!("{at}{}", step(name)), value);
    match value {
        Value::Object(members) if name == ANY => members.iter().map(|(name, value)| child(name, value)).collect(),
        Value::Array(elements) if name == ANY => {
            elements.iter().enumerate().map(|(place, value)| child(&place.to_string(), value)).collect()
        }
        Value::Object(members) => members.get(name).map(|value| child(name, value)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The labels of an answer in which others than the company and the customer wrote what stands at these paths.
#[must_use]
pub fn of_answer(paths: &[MemberPath], answer: &Value) -> Labels {
    let found =
        paths.iter().fold(Labels::default(), |labels, path| labels.joined(&path.find(answer, Label::ThirdParty)));
    if found.0.len() > MEMBERS_MAX { Labels::whole(Label::ThirdParty) } else { found }
}

/// An answer without what others wrote in it.
#[must_use]
pub fn without_others(paths: &[MemberPath], answer: &Value) -> Value {
    let mut values = Map::from_iter([(String::new(), answer.clone())]);
    let mut labels = Labels::default();
    labels.put("", &of_answer(paths, answer));
    labels.hide(&mut values, Label::UserTyped);
    values.remove("").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(texts: &[&str]) -> Vec<MemberPath> {
        texts.iter().map(|text| MemberPath::parse(text).unwrap()).collect()
    }

    fn noted(labels: &Labels) -> Vec<(&str, Label)> {
        labels.0.iter().map(|(pointer, label)| (pointer.as_str(), *label)).collect()
    }

    #[test]
    fn what_others_wrote_in_an_answer_is_found_by_its_path() {
        let answer = json!([
            {"id": "A", "note": "hello", "events": [{"note": "one", "at": 1}, {"note": null}, {"at": 2}]},
            {"id": "B", "a/b~c": {"text": "x"}},
        ]);
        let others = paths(&["*.note", "*.events.*.note", "*.*.text", "*.id.deeper", "nothing"]);
        let labels = of_answer(&others, &answer);
        let expected = ["/0/events/0/note", "/0/note", "/1/a~1b~0c/text"];
        assert_eq!(noted(&labels), expected.map(|pointer| (pointer, Label::ThirdParty)));
        let bare = without_others(&others, &answer);
        assert_eq!(
            bare,
            json!([
                {"id": "A", "note": null, "events": [{"note": null, "at": 1}, {"note": null}, {"at": 2}]},
                {"id": "B", "a/b~c": {"text": null}},
            ])
        );
        assert_eq!(Labels::differing(&answer, &bare, Label::ThirdParty), labels);
    }

    #[test]
    fn a_path_is_names_and_stars() {
        for good in ["note", "events.*.note", "*", "*.a-b_c", "a.b.c.d.e.f.g.h"] {
            assert!(MemberPath::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "a.", "a..b", "a b", "result[0].note", "a.**", "$.note", "/note", "a.b.c.d.e.f.g.h.i"] {
            assert!(MemberPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_of_a_member_go_with_it_and_new_ones_take_their_place() {
        let mut labels = Labels::default();
        labels.put("order", &Labels::whole(Label::Model));
        labels.put("orders", &of_answer(&paths(&["*.note"]), &json!([{"note": "x"}])));
        assert_eq!(noted(&labels), [("/order", Label::Model), ("/orders/0/note", Label::ThirdParty)]);
        assert_eq!(noted(&labels.of("orders").of("0")), [("/note", Label::ThirdParty)]);
        assert_eq!(noted(&labels.of("order").of("id")), [("", Label::Model)], "a part of it is worth no more");
        assert!(labels.of("ord").is_empty());
        assert_eq!((labels.lowest(), labels.of("orders").lowest()), (Some(Label::Model), Some(Label::ThirdParty)));
        labels.put("order", &Labels::default());
        assert_eq!(noted(&labels), [("/orders/0/note", Label::ThirdParty)]);
        assert!(Labels::whole(Label::UserTyped).is_empty(), "only what is below it is noted");
    }

    #[test]
    fn what_is_below_the_floor_is_hidden_and_nothing_else() {
        let values = json!({"a": {"b": [1, 2]}, "c": "text", "": "nameless"});
        let mut labels = Labels::whole(Label::UserTyped);
        labels.put("a", &Labels::default().with("/b/1".to_owned(), Label::ThirdParty));
        labels.put("c", &Labels::whole(Label::Model));
        labels.put("gone", &Labels::whole(Label::Model));
        let hidden = |floor| {
            let mut values = values.as_object().unwrap().clone();
            labels.hide(&mut values, floor);
            Value::Object(values)
        };
        assert_eq!(hidden(Label::Model), values);
        assert_eq!(hidden(Label::ThirdParty), json!({"a": {"b": [1, 2]}, "c": null, "": "nameless"}));
        assert_eq!(hidden(Label::UserTyped), json!({"a": {"b": [1, null]}, "c": null, "": "nameless"}));
    }

    #[test]
    fn a_value_with_too_many_members_of_others_is_theirs_as_a_whole() {
        let answer: Value = (0..MEMBERS_MAX).map(|place| json!({"note": place})).collect();
        let labels = of_answer(&paths(&["*.note"]), &answer);
        assert_eq!(labels.0.len(), MEMBERS_MAX);
        let answer: Value = (0..=MEMBERS_MAX).map(|place| json!({"note": place})).collect();
        assert_eq!(of_answer(&paths(&["*.note"]), &answer), Labels::whole(Label::ThirdParty));
    }
}
