//! What is an action of a pack? A typed connector, written as data in `actions/<name>.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::action::{ApiCall, Method};
use crate::expr::{Expr, Scope, plain};
use crate::graph::{RawWalk, Walk};
use crate::labels::MemberPath;
use crate::out::{Out, RawOut};
use crate::postings::{PostingSpec, RawPosting};
use crate::problem::PackProblem;
use crate::recovery::{LookUp, RawLookUp};

/// What an action can do, from harmless to grave; also the Cedar action groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Changes a record.
    Write,
    /// Moves money.
    Money,
    /// Changes how the customer is reached or pays.
    Credential,
    /// Sends a one-time code to the customer; needs no confirmation.
    Challenge,
}

impl Risk {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Money => "money",
            Self::Credential => "credential",
            Self::Challenge => "challenge",
        }
    }
}

/// How far the assistant goes by itself, from least to most; policies read it as `context.autonomy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// It is put before the desk, where a person may have it carried out.
    Suggest,
    /// It is done once the customer says yes.
    #[default]
    Confirm,
    /// It is done at once, and the customer is told.
    Auto,
}

impl Autonomy {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suggest => "suggest",
            Self::Confirm => "confirm",
            Self::Auto => "auto",
        }
    }
}

/// JSON type of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A list of texts.
    Array,
    /// A record.
    Object,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentSpec {
    /// Its JSON type.
    #[serde(rename = "type")]
    pub json_type: ArgumentType,
    /// The kind of record it names; it must then be one the customer owns.
    #[serde(default)]
    pub kind: Option<String>,
    /// Whether it may be absent or null.
    #[serde(default)]
    pub optional: bool,
    /// Whether policies mind who stands behind it; said of none, all arguments of a money or credential action count.
    #[serde(default)]
    pub critical: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction {
    action: String,
    risk: Risk,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    walk: Option<RawWalk>,
    method: Method,
    path: String,
    #[serde(default, rename = "in")]
    arguments: BTreeMap<String, ArgumentSpec>,
    #[serde(default)]
    out: Option<RawOut>,
    #[serde(default)]
    autonomy: Autonomy,
    #[serde(default)]
    reversible: bool,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    owns: BTreeMap<String, String>,
    #[serde(default)]
    third_party: Vec<String>,
    #[serde(default = "default_deadline_ms")]
    deadline_ms: u64,
    #[serde(default = "default_attempts")]
    attempts: u32,
    #[serde(default)]
    idempotency: Idempotency,
    #[serde(default)]
    ambiguity: Ambiguity,
    #[serde(default)]
    recover: Option<RawLookUp>,
    #[serde(default)]
    errors: BTreeMap<String, String>,
    #[serde(default = "default_receipt")]
    receipt: String,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    postings: Vec<RawPosting>,
}

/// Members of one answer that others wrote, at most.
const THIRD_PARTY_MAX: usize = 20;

/// Path of the actions that [`Source::Memory`] answers about earlier conversations.
const MEMORY_PATH: &str = "/memory";
/// And of those about facts that the customer told.
pub(crate) const FACTS_PATH: &str = "/memory/facts";
/// Path of the actions that [`Source::Graph`] answers.
const GRAPH_PATH: &str = "/graph";

const fn default_deadline_ms() -> u64 {
    3_000
}

const fn default_attempts() -> u32 {
    3
}

fn default_receipt() -> String {
    "receipt_id".to_owned()
}

/// Whether the company's system honours idempotency keys for this action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idempotency {
    /// It takes an `Idempotency-Key`.
    Key,
    /// It does not.
    #[default]
    None,
}

/// What is done when the answer to a write is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ambiguity {
    /// Asked for again with the same key.
    RetrySameKey,
    /// A person looks it up.
    #[default]
    Human,
}

/// Who answers a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The company's systems.
    #[default]
    Company,
    /// What the ledger holds of the customer's earlier conversations.
    Memory,
    /// What lies near to what among the customer's records.
    Graph,
}

/// Whose records a read gives.
#[derive(Debug)]
pub enum Ownership {
    /// The path is scoped by a customer argument, which is checked against the session.
    Session,
    /// Nobody's: catalogue data.
    Public,
    /// The body names the owner; others' records are treated as not found.
    Named(Expr),
}

/// An action of a pack, ready to be used.
#[derive(Debug)]
pub struct ActionSpec {
    /// Its name.
    pub name: String,
    /// What it can do.
    pub risk: Risk,
    /// Who answers it.
    pub source: Source,
    /// What it asks the graph, if that answers it.
    pub walk: Option<Walk>,
    /// HTTP method.
    pub method: Method,
    /// Path with `{argument}` places.
    pub path: String,
    /// Arguments by name.
    pub arguments: BTreeMap<String, ArgumentSpec>,
    /// What the company's system must answer; none where its answer is used as it comes.
    pub out: Option<Arc<Out>>,
    /// How far the assistant goes by itself.
    pub autonomy: Autonomy,
    /// Whether the company's systems can take it back as if it had not been.
    pub reversible: bool,
    /// Whose records a read gives.
    pub ownership: Ownership,
    /// Ids of the customer's own records that a read teaches, by kind.
    pub owns: Vec<(String, Expr)>,
    /// Members of the answer that others than the company and the customer wrote.
    pub third_party: Vec<MemberPath>,
    /// Time for one attempt, milliseconds.
    pub deadline_ms: u64,
    /// Attempts at most.
    pub attempts_max: u32,
    /// Whether idempotency keys are honoured.
    pub idempotency: Idempotency,
    /// What is done when the answer is lost.
    pub ambiguity: Ambiguity,
    /// The read that shows whether it was done, for systems without keys.
    pub recover: Option<LookUp>,
    /// Error code to reason code.
    pub errors: BTreeMap<String, String>,
    /// Member of the answer with the receipt's id.
    pub receipt: String,
    /// Amount in minor units, for policies and limits.
    pub amount: Option<Expr>,
    /// Its currency, for limits.
    pub currency: Option<Expr>,
    /// What it moves, from which account to which.
    pub postings: Vec<PostingSpec>,
}

/// Why arguments do not fit an action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// Not one of the action's arguments.
    #[error("action `{action}` has no argument `{argument}`")]
    Unknown {
        /// The action.
        action: String,
        /// The argument.
        argument: String,
    },
    /// Required and absent.
    #[error("action `{action}` needs argument `{argument}`")]
    Missing {
        /// The action.
        action: String,
        /// The argument.
        argument: String,
    },
    /// Of another type.
    #[error("argument `{argument}` of action `{action}` is not of type {expected:?}")]
    Type {
        /// The action.
        action: String,
        /// The argument.
        argument: String,
        /// The type it should be of.
        expected: ArgumentType,
    },
}

impl ActionSpec {
    /// Whether everything that a read gave is this customer's own.
    #[must_use]
    pub fn is_own(&self, body: &Value, customer_id: &str) -> bool {
        let Ownership::Named(expr) = &self.ownership else { return matches!(self.ownership, Ownership::Session) };
        let names = Map::from_iter([("result".to_owned(), body.clone())]);
        match expr.eval(Scope { layers: &[&names] }) {
            Ok(Value::Array(owners)) => owners.iter().all(|owner| plain(owner) == customer_id),
            Ok(Value::Null) | Err(_) => false,
            Ok(owner) => plain(&owner) == customer_id,
        }
    }

    /// Reads `actions/<name>.yaml`.
    ///
    /// # Errors
    /// All problems found, with file and line; the author of the pack can fix them.
    pub fn parse(file: &str, source: &str) -> Result<Self, Vec<PackProblem>> {
        let mut raw: RawAction =
            serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])?;
        let mut problems = Vec::new();
        raw.check(file, source, &mut problems);
        let walk = raw.walk.take().map(|walk| walk.compile(file, source)).transpose();
        let walk = walk.map_err(|problem| problems.push(problem)).ok().flatten();
        let out = raw.out.as_ref().map(|out| out.compile(file)).transpose();
        let out = out.map_err(|problem| problems.push(problem)).ok().flatten();
        let mut compile = |text: &str| {
            Expr::compile(text)
                .map_err(|error| problems.push(PackProblem::at(file, source, text, error.to_string())))
                .ok()
        };
        let ownership = match raw.owner.as_deref() {
            None | Some("session") => Some(Ownership::Session),
            Some("public") => Some(Ownership::Public),
            Some(text) => compile(text).map(Ownership::Named),
        };
        let owns: Vec<(String, Expr)> =
            raw.owns.iter().filter_map(|(kind, text)| Some((kind.clone(), compile(text)?))).collect();
        let amount = raw.amount.as_deref().map(&mut compile);
        let currency = raw.currency.as_deref().map(&mut compile);
        let third_party = third_party(&raw.third_party, file, source, &mut problems);
        let recover = raw.recover.as_ref().map(|recover| recover.compile(file, source)).transpose();
        let recover = recover.map_err(|problem| problems.push(problem)).ok().flatten();
        let postings: Result<Vec<PostingSpec>, PackProblem> =
            raw.postings.iter().map(|posting| posting.compile(file, source)).collect();
        let postings = postings.map_err(|problem| problems.push(problem)).unwrap_or_default();
        match ownership {
            Some(ownership) if problems.is_empty() => Ok(Self {
                name: raw.action,
                risk: raw.risk,
                source: raw.source,
                walk,
                method: raw.method,
                path: raw.path,
                arguments: raw.arguments,
                out: out.map(Arc::new),
                autonomy: raw.autonomy,
                reversible: raw.reversible,
                ownership,
                owns,
                third_party,
                deadline_ms: raw.deadline_ms,
                attempts_max: raw.attempts,
                idempotency: raw.idempotency,
                ambiguity: raw.ambiguity,
                recover,
                errors: raw.errors,
                receipt: raw.receipt.trim_start_matches("result.").to_owned(),
                amount: amount.flatten(),
                currency: currency.flatten(),
                postings,
            }),
            _ => Err(problems),
        }
    }

    /// Whether policies mind who stands behind an argument.
    #[must_use]
    pub fn is_critical(&self, argument: &str) -> bool {
        let marked = self.arguments.get(argument).and_then(|spec| spec.critical);
        marked.unwrap_or(matches!(self.risk, Risk::Money | Risk::Credential))
    }

    /// Whether policies mind who stands behind anything of it.
    pub(crate) fn has_critical(&self) -> bool {
        self.arguments.keys().any(|name| self.is_critical(name)) || self.amount.is_some() || !self.postings.is_empty()
    }

    /// Whether its file says so.
    pub(crate) fn marks_critical(&self, argument: &str) -> bool {
        self.arguments.get(argument).is_some_and(|spec| spec.critical == Some(true))
    }

    /// Checks names and types of arguments; null and absent are the same.
    ///
    /// # Errors
    /// The first [`ArgumentError`]; the author of the pack can fix it.
    pub fn check_arguments(&self, arguments: &Map<String, Value>) -> Result<(), ArgumentError> {
        for name in arguments.keys() {
            if !self.arguments.contains_key(name) {
                return Err(ArgumentError::Unknown { action: self.name.clone(), argument: name.clone() });
            }
        }
        for (name, spec) in &self.arguments {
            match arguments.get(name) {
                None | Some(Value::Null) if spec.optional => {}
                None | Some(Value::Null) => {
                    return Err(ArgumentError::Missing { action: self.name.clone(), argument: name.clone() });
                }
                Some(value) if spec.json_type.fits(value) => {}
                Some(_) => {
                    return Err(ArgumentError::Type {
                        action: self.name.clone(),
                        argument: name.clone(),
                        expected: spec.json_type,
                    });
                }
            }
        }
        Ok(())
    }

    /// The call with these checked arguments.
    #[must_use]
    pub fn call(&self, arguments: &Map<String, Value>) -> ApiCall {
        let mut path = self.path.clone();
        let mut query = Vec::new();
        let mut body = Map::new();
        for (name, value) in arguments.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{{{name}}}");
            if path.contains(&place) {
                path = path.replace(&place, &encode_segment(&plain(value)));
            } else if self.method == Method::Get {
                query.push((name.clone(), query_text(value)));
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
        let keyed = self.idempotency == Idempotency::Key;
        let retried = self.method == Method::Get || (keyed && self.ambiguity == Ambiguity::RetrySameKey);
        ApiCall {
            action: self.name.clone(),
            method: self.method,
            path,
            query,
            body: if self.method == Method::Get { Value::Null } else { Value::Object(body) },
            deadline_ms: self.deadline_ms,
            attempts_max: if retried { self.attempts_max } else { 1 },
            idempotency_key: keyed,
            reasons: self.errors.clone(),
            receipt_member: self.receipt.clone(),
            out: self.out.clone(),
        }
    }
}

impl RawAction {
    fn check(&self, file: &str, source: &str, problems: &mut Vec<PackProblem>) {
        let mut report = |needle: &str, message: String| problems.push(PackProblem::at(file, source, needle, message));
        if !file.ends_with(&format!("/{}.yaml", self.action)) {
            report("action:", format!("action `{}` must be in a file of its name", self.action));
        }
        if !self.path.starts_with('/') {
            report("path:", "the path must begin with `/`".to_owned());
        }
        for place in self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            if !self.arguments.contains_key(place) {
                report("path:", format!("the path names `{place}`, which is not an argument under `in:`"));
            }
        }
        if self.source == Source::Memory
            && let Some(problem) = self.memory_problem()
        {
            report("source:", problem);
        }
        if self.source != Source::Company && self.out.is_some() {
            report("out:", "`out` is for what the company's systems answer, take it away".to_owned());
        }
        if self.source == Source::Graph && (self.path != GRAPH_PATH || self.risk != Risk::Read) {
            report("source:", format!("the graph is at `{GRAPH_PATH}` and only read: a GET with a `walk`"));
        }
        if (self.source == Source::Graph) != self.walk.is_some() {
            report("source:", "a `walk` is for `source: graph`, which needs one".to_owned());
        }
        if (self.risk == Risk::Read) != (self.method == Method::Get) {
            report("method:", "a read is a GET, everything else is not".to_owned());
        }
        if self.autonomy == Autonomy::Auto && (self.risk != Risk::Write || !self.reversible) {
            report("autonomy:", "only a `write` that is `reversible` can be done without a yes".to_owned());
        }
        if self.risk != Risk::Read && self.ambiguity == Ambiguity::RetrySameKey && self.idempotency == Idempotency::None
        {
            report("ambiguity:", "`retry_same_key` needs `idempotency: key`".to_owned());
        }
        if self.recover.is_some() && (self.risk == Risk::Read || self.ambiguity == Ambiguity::RetrySameKey) {
            report("recover:", "`recover` is for writes that are not asked for again with the same key".to_owned());
        }
        if !(1..=10).contains(&self.attempts) || !(10..=60_000).contains(&self.deadline_ms) {
            report("attempts:", "attempts must be 1 to 10 and deadline_ms 10 to 60000".to_owned());
        }
    }
}

impl RawAction {
    /// What the memory cannot do.
    fn memory_problem(&self) -> Option<String> {
        let names: Vec<&str> = self.arguments.keys().map(String::as_str).collect();
        let does = match (self.path.as_str(), self.method, self.risk) {
            (MEMORY_PATH | FACTS_PATH, Method::Get, Risk::Read) => Some(vec!["customer_id"]),
            (MEMORY_PATH, Method::Delete, Risk::Write) => Some(vec!["customer_id"]),
            (FACTS_PATH, Method::Delete, Risk::Write) => Some(vec!["customer_id", "kind"]),
            (FACTS_PATH, Method::Put, Risk::Write) => Some(vec!["customer_id", "kind", "value"]),
            _ => None,
        };
        match does {
            Some(needed) if needed == names => None,
            Some(needed) => Some(format!("this action of the memory takes {}", needed.join(", "))),
            None => Some(format!(
                "the memory is at `{MEMORY_PATH}`: a GET tells it, a DELETE with risk `write` has it forgotten; at `{FACTS_PATH}` a PUT with risk `write` notes a fact, a DELETE forgets one"
            )),
        }
    }
}

impl ArgumentType {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

fn third_party(paths: &[String], file: &str, source: &str, problems: &mut Vec<PackProblem>) -> Vec<MemberPath> {
    if paths.len() > THIRD_PARTY_MAX {
        let message = format!("`third_party` names at most {THIRD_PARTY_MAX} members");
        problems.push(PackProblem::at(file, source, "third_party:", message));
    }
    let mut read = |path: &String| {
        MemberPath::parse(path).map_err(|message| problems.push(PackProblem::at(file, source, path, message))).ok()
    };
    paths.iter().filter_map(&mut read).collect()
}

fn query_text(value: &Value) -> String {
    match value {
        Value::Array(elements) => elements.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn encode_segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CANCEL: &str = "action: cancel\nrisk: write\nmethod: POST\npath: /orders/{order_id}/cancel\nin:\n  order_id: { type: string, kind: order }\n  reason: { type: string, optional: true }\nidempotency: key\nambiguity: retry_same_key\n";

    #[test]
    fn arguments_go_to_the_path_and_the_body() {
        let spec = ActionSpec::parse("p/actions/cancel.yaml", CANCEL).unwrap();
        let arguments = json!({"order_id": "#W1/2", "reason": "late"}).as_object().unwrap().clone();
        spec.check_arguments(&arguments).unwrap();
        let call = spec.call(&arguments);
        assert_eq!(
            (call.path.as_str(), call.body, call.attempts_max),
            ("/orders/%23W1%2F2/cancel", json!({"reason": "late"}), 3)
        );
    }

    #[test]
    fn unknown_missing_and_mistyped_arguments_are_refused() {
        let spec = ActionSpec::parse("p/actions/cancel.yaml", CANCEL).unwrap();
        for (arguments, expected) in [
            (json!({"order_id": "a", "x": 1}), "has no argument `x`"),
            (json!({}), "needs argument `order_id`"),
            (json!({"order_id": 7}), "is not of type String"),
        ] {
            let error = spec.check_arguments(arguments.as_object().unwrap()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_key_of_an_action_is_told_in_its_page() {
        const PAGE: &str = include_str!("../../../docs/ACTIONS.md");
        assert_eq!(ombud_testkit::unnamed_keys::<RawAction>(PAGE, "Keys of an action"), [""; 0]);
        assert_eq!(ombud_testkit::unnamed_keys::<ArgumentSpec>(PAGE, "Keys of an argument"), [""; 0]);
        assert_eq!(ombud_testkit::unnamed_keys::<RawOut>(PAGE, "Keys of out"), [""; 0]);
        assert_eq!(ombud_testkit::unnamed_keys::<RawLookUp>(PAGE, "Keys of recover"), [""; 0]);
        assert!(ombud_testkit::keys_of::<RawAction>().len() > 15);
    }

    /// R18: money and credentials never, and a write only where it can be taken back.
    #[test]
    fn only_what_can_be_taken_back_is_done_without_a_yes() {
        let auto = |source: &str| ActionSpec::parse("p/actions/cancel.yaml", &format!("{source}autonomy: auto\n"));
        assert_eq!(auto(CANCEL).unwrap_err().first().unwrap().line, 10);
        let reversible = format!("{CANCEL}reversible: true\n");
        assert_eq!(auto(&reversible).unwrap().autonomy, Autonomy::Auto);
        for risk in ["money", "credential", "challenge"] {
            assert!(auto(&reversible.replace("risk: write", &format!("risk: {risk}"))).is_err(), "{risk}");
        }
        let wrong = ActionSpec::parse("p/actions/cancel.yaml", &format!("{CANCEL}autonomy: always\n"));
        assert!(wrong.is_err());
    }

    #[test]
    fn what_must_be_answered_goes_with_the_call_and_mistakes_in_it_are_reported_with_their_line() {
        let out = "out:\n  type: object\n  of:\n    receipt_id: { type: string }\n";
        let parse = |source: &str| ActionSpec::parse("p/actions/cancel.yaml", source);
        let spec = parse(&format!("{CANCEL}{out}")).unwrap();
        let arguments = json!({"order_id": "W"}).as_object().unwrap().clone();
        let call = spec.call(&arguments);
        let checked = call.out.as_ref().unwrap();
        assert!(checked.check(&json!({"receipt_id": "R"})).is_ok() && checked.check(&json!({})).is_err());
        assert_eq!(parse(CANCEL).unwrap().call(&arguments).out, None);
        let wrong = |from: &str, to: &str| {
            let problems = parse(&format!("{CANCEL}{}", out.replace(from, to))).unwrap_err();
            problems.first().unwrap().line
        };
        assert_eq!(wrong("type: string", "type: text"), 13);
        assert_eq!(wrong("type: string", "type: string, each: string"), 13);
        assert_eq!(wrong("of:", "members:"), 12);
        let memory = "action: cancel\nsource: memory\nrisk: read\nmethod: GET\npath: /memory\nin:\n  customer_id: { type: string }\nout: { type: object }\n";
        let problems = parse(memory).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [8], "{problems:?}");
    }

    #[test]
    fn a_typo_is_reported_with_its_line() {
        let problems =
            ActionSpec::parse("p/actions/cancel.yaml", &CANCEL.replace("idempotency", "idempotencyy")).unwrap_err();
        assert_eq!(problems.first().unwrap().line, 8, "{problems:?}");
        let problems =
            ActionSpec::parse("p/actions/cancel.yaml", &CANCEL.replace("{order_id}", "{order}")).unwrap_err();
        assert_eq!(problems.first().unwrap().line, 4, "{problems:?}");
    }
}
