//! What may a policy speak of? Cedar's own validator asks a schema made of the pack's actions, because a `forbid` whose action or condition is
//! misspelt is a good policy that forbids nothing.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use serde_json::{Map, Value, json};

use crate::spec::{ActionSpec, ArgumentType, Risk};

/// All kinds of actions.
const RISKS: [Risk; 5] = [Risk::Read, Risk::Write, Risk::Money, Risk::Credential, Risk::Challenge];

/// The names that policies of a pack may use.
pub(crate) struct Vocabulary {
    validator: Validator,
    context: BTreeSet<String>,
    arguments: BTreeSet<String>,
}

impl Vocabulary {
    /// Of these actions.
    ///
    /// # Errors
    /// What Cedar says of a schema that it cannot read.
    pub(crate) fn of(actions: &BTreeMap<String, ActionSpec>) -> Result<Self, String> {
        let known = actions.values().map(|spec| (spec.name.clone(), spec.risk, arguments_of(spec)));
        // A floor speaks of kinds of which a pack may have no action.
        let any_other = RISKS.into_iter().map(|risk| (format!("(any other {})", risk.as_str()), risk, Map::new()));
        let kinds = RISKS.into_iter().map(|risk| (risk.as_str().to_owned(), json!({})));
        let past = past_of(actions);
        let named = known.chain(any_other).map(|(name, risk, arguments)| {
            let context = record(context_of(&past, arguments));
            let applies = json!({ "principalTypes": ["Customer"], "resourceTypes": ["Record"], "context": context });
            (name, json!({ "memberOf": [{ "id": risk.as_str() }], "appliesTo": applies }))
        });
        let customer = record(fields([("level", always("Long"))]));
        let owner = json!({ "type": "Entity", "name": "Customer" });
        let owned = record(fields([("kind", always("String")), ("owner", owner)]));
        let entities = json!({ "Customer": { "shape": customer }, "Record": { "shape": owned } });
        let all: Map<String, Value> = kinds.chain(named).collect();
        let schema = Schema::from_json_value(json!({ "": { "entityTypes": entities, "actions": all } }));
        Ok(Self {
            validator: Validator::new(schema.map_err(|error| error.to_string())?),
            context: context_of(&Map::new(), Map::new()).into_iter().map(|(name, _)| name).collect(),
            arguments: actions.values().flat_map(|spec| spec.arguments.keys().cloned()).collect(),
        })
    }

    /// Ids of policies that speak of what there is not, or can never match, with what is wrong.
    pub(crate) fn problems(&self, set: &PolicySet) -> Vec<(String, String)> {
        let found = self.validator.validate(set, ValidationMode::default());
        let errors = found.validation_errors().map(|error| (error.policy_id().to_string(), error.to_string()));
        let warnings =
            found.validation_warnings().map(|warning| (warning.policy_id().to_string(), warning.to_string()));
        let mut problems: Vec<(String, String)> = errors.chain(warnings).collect();
        for policy in set.policies() {
            let mut names = BTreeSet::new();
            self.unknown(&policy.to_json().unwrap_or_default(), &mut names);
            let message =
                |name| format!("for policy `{}`, there is never a `{name}`, so `has` is always false", policy.id());
            problems.extend(names.into_iter().map(|name| (policy.id().to_string(), message(name))));
        }
        problems.sort_unstable();
        problems.dedup();
        problems
    }

    /// Names that a policy, in its JSON form, asks for with `has` and that are never there: Cedar's validator minds those only that it reads.
    fn unknown(&self, policy: &Value, names: &mut BTreeSet<String>) {
        match policy {
            Value::Object(members) => {
                if let Some((left, name)) =
                    members.get("has").and_then(|has| Some((has.get("left")?, has.get("attr")?.as_str()?)))
                {
                    let is_context = |value: &Value| value.pointer("/Var").and_then(Value::as_str) == Some("context");
                    let of_arguments = left.pointer("/./attr").and_then(Value::as_str) == Some("args");
                    if is_context(left) && !self.context.contains(name) {
                        names.insert(format!("context.{name}"));
                    } else if of_arguments && !self.arguments.contains(name) {
                        names.insert(format!("context.args.{name}"));
                    }
                }
                members.values().for_each(|value| self.unknown(value, names));
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.unknown(element, names)),
            _ => {}
        }
    }
}

/// The context of a request, as [`crate::question::Question`] writes it.
fn context_of(past: &Map<String, Value>, arguments: Map<String, Value>) -> Map<String, Value> {
    fields([
        ("confirmed", always("Boolean")),
        ("approvals", always("Long")),
        ("autonomy", always("String")),
        ("reversible", always("Boolean")),
        ("level", always("Long")),
        ("label", always("Long")),
        ("proof", always("String")),
        ("market", always("String")),
        ("amount_minor", at_times("Long")),
        ("currency", at_times("String")),
        ("hours_since", record(past.clone())),
        ("args", record(arguments)),
    ])
}

/// Hours since each action and kind: there where it was done.
fn past_of(actions: &BTreeMap<String, ActionSpec>) -> Map<String, Value> {
    let names = actions.keys().map(String::as_str).chain(RISKS.iter().map(|risk| risk.as_str()));
    names.map(|name| (name.to_owned(), at_times("Long"))).collect()
}

/// The arguments of an action that have a place in Cedar: there are no floats and no null.
fn arguments_of(spec: &ActionSpec) -> Map<String, Value> {
    let typed = spec.arguments.iter().filter_map(|(name, argument)| {
        let kind = match argument.json_type {
            ArgumentType::String => always("String"),
            ArgumentType::Integer | ArgumentType::Number => always("Long"),
            ArgumentType::Boolean => always("Boolean"),
            ArgumentType::Array => json!({ "type": "Set", "element": always("String") }),
            ArgumentType::Object => return None,
        };
        // A number may be none of Cedar's, which are whole.
        let is_sure = !argument.optional && argument.json_type != ArgumentType::Number;
        Some((name.clone(), if is_sure { kind } else { optional(kind) }))
    });
    typed.collect()
}

fn always(kind: &str) -> Value {
    json!({ "type": kind })
}

fn at_times(kind: &str) -> Value {
    optional(always(kind))
}

fn optional(mut kind: Value) -> Value {
    if let Value::Object(members) = &mut kind {
        members.insert("required".to_owned(), Value::Bool(false));
    }
    kind
}

fn fields<const N: usize>(named: [(&str, Value); N]) -> Map<String, Value> {
    named.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
}

fn record(attributes: Map<String, Value>) -> Value {
    json!({ "type": "Record", "attributes": attributes })
}
