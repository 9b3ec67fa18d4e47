//! What can be found out about an action whose answer was lost? As much as its system allows, and never by doing it a second time.

use std::collections::BTreeMap;

use ombud_domain::{ActionOutcome, CallFailure, Proposal, Receipt};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::action::Method;
use crate::expr::{Expr, ExprError, Scope, plain};
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, Ambiguity, Idempotency, Risk};

/// How the outcome of an action is found out.
#[derive(Debug, Clone, Copy)]
pub enum Recovery<'a> {
    /// The same call with the same key gives the first one's answer.
    SameKey,
    /// A read shows whether it was done.
    LookUp(&'a LookUp),
    /// Only a person can.
    Human,
    /// It need not be: a one-time code is asked for again.
    NotNeeded,
}

/// `recover:` of an action: the read that shows whether it was done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLookUp {
    lookup: String,
    #[serde(default)]
    with: BTreeMap<String, String>,
    done: String,
    receipt: String,
}

/// A read that shows whether an action was done.
#[derive(Debug)]
pub struct LookUp {
    /// The read.
    pub action: String,
    with: Vec<(String, Expr)>,
    done: Expr,
    receipt: Expr,
}

impl RawLookUp {
    pub(crate) fn compile(&self, file: &str, source: &str) -> Result<LookUp, PackProblem> {
        let compile =
            |text: &String| Expr::compile(text).map_err(|error| PackProblem::at(file, source, text, error.to_string()));
        let with = self.with.iter().map(|(name, text)| Ok((name.clone(), compile(text)?))).collect::<Result<_, _>>()?;
        let (done, receipt) = (compile(&self.done)?, compile(&self.receipt)?);
        Ok(LookUp { action: self.lookup.clone(), with, done, receipt })
    }
}

impl LookUp {
    /// Arguments of the read, from those of the action.
    ///
    /// # Errors
    /// [`ExprError`]; the author of the pack can fix it.
    pub fn arguments(&self, proposal: &Proposal) -> Result<Map<String, Value>, ExprError> {
        let scope = Scope { layers: &[&proposal.arguments] };
        self.with.iter().map(|(name, expr)| Ok((name.clone(), expr.eval(scope)?))).collect()
    }

    /// What the record says of the action: `Done` with a receipt, `Failed` when it was not done, `Unknown` when the record does not tell.
    #[must_use]
    pub fn outcome(&self, proposal: &Proposal, record: &Value) -> ActionOutcome {
        let names = Map::from_iter([("result".to_owned(), record.clone())]);
        let scope = Scope { layers: &[&names, &proposal.arguments] };
        match (self.done.holds(scope), self.receipt.eval(scope)) {
            (Ok(true), Ok(id)) if !id.is_null() => {
                ActionOutcome::Done { receipt: Receipt { receipt_id: plain(&id), body: record.clone() } }
            }
            (Ok(false), _) => ActionOutcome::Failed { failure: CallFailure::Timeout },
            _ => ActionOutcome::Unknown,
        }
    }
}

impl ActionSpec {
    /// How the outcome of this action is found out when its answer was lost.
    #[must_use]
    pub fn recovery(&self) -> Recovery<'_> {
        let keyed = self.idempotency == Idempotency::Key && self.ambiguity == Ambiguity::RetrySameKey;
        match &self.recover {
            _ if self.risk == Risk::Challenge => Recovery::NotNeeded,
            _ if keyed => Recovery::SameKey,
            Some(look_up) => Recovery::LookUp(look_up),
            None => Recovery::Human,
        }
    }

    /// Whether somebody but a person can find out.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        matches!(self.recovery(), Recovery::SameKey | Recovery::LookUp(_))
    }

    /// Why `recover:` cannot be used, if it cannot.
    pub(crate) fn look_up_problem(&self, actions: &BTreeMap<String, Self>) -> Option<String> {
        let look_up = self.recover.as_ref()?;
        let Some(read) = actions.get(&look_up.action) else {
            return Some(format!("action `{}` does not exist, add actions/{}.yaml", look_up.action, look_up.action));
        };
        let unknown = look_up.with.iter().find(|(name, _)| !read.arguments.contains_key(name));
        match unknown {
            _ if read.method != Method::Get => Some(format!("`{}` is not a read", look_up.action)),
            Some((name, _)) => Some(format!("action `{}` has no argument `{name}`", look_up.action)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const REMOVE: &str = "action: remove_card\nrisk: write\nmethod: DELETE\npath: /cards/{card_id}\nin:\n  card_id: { type: string, kind: card }\n";
    const LOOK_UP: &str = "recover:\n  lookup: get_card\n  with: { id: card_id }\n  done: result.state == 'removed'\n  receipt: result.removal\n";

    fn spec(source: &str) -> ActionSpec {
        ActionSpec::parse("p/actions/remove_card.yaml", source).unwrap()
    }

    fn proposal() -> Proposal {
        let arguments = json!({"card_id": "K-1"}).as_object().unwrap().clone();
        Proposal { action: "remove_card".to_owned(), arguments, ..Proposal::default() }
    }

    #[test]
    fn what_can_be_found_out_is_what_the_system_allows() {
        assert!(matches!(spec(REMOVE).recovery(), Recovery::Human));
        let keyed = format!("{REMOVE}idempotency: key\n");
        assert!(matches!(spec(&keyed).recovery(), Recovery::Human), "its pack wants a person to look");
        assert!(matches!(spec(&format!("{keyed}ambiguity: retry_same_key\n")).recovery(), Recovery::SameKey));
        assert!(matches!(spec(&format!("{REMOVE}{LOOK_UP}")).recovery(), Recovery::LookUp(_)));
        let code = keyed.replace("risk: write", "risk: challenge");
        assert!(matches!(spec(&code).recovery(), Recovery::NotNeeded));
    }

    #[test]
    fn a_record_shows_whether_it_was_done() {
        let spec = spec(&format!("{REMOVE}{LOOK_UP}"));
        let Recovery::LookUp(look_up) = spec.recovery() else { panic!("it has a look-up") };
        assert_eq!(look_up.arguments(&proposal()).unwrap(), *json!({"id": "K-1"}).as_object().unwrap());
        let outcome = |record: Value| look_up.outcome(&proposal(), &record);
        let removed = json!({"state": "removed", "removal": "R-9"});
        let receipt = Receipt { receipt_id: "R-9".to_owned(), body: removed.clone() };
        assert_eq!(outcome(removed), ActionOutcome::Done { receipt });
        assert_eq!(outcome(json!({"state": "active"})), ActionOutcome::Failed { failure: CallFailure::Timeout });
        assert_eq!(outcome(json!({"state": "removed"})), ActionOutcome::Unknown, "without a receipt nobody may say so");
        assert_eq!(outcome(json!({"state": 7})), ActionOutcome::Failed { failure: CallFailure::Timeout });
    }

    #[test]
    fn a_look_up_that_does_not_fit_is_reported() {
        let spec = spec(&format!("{REMOVE}{LOOK_UP}"));
        let problem = |actions: &[&str]| {
            let read = |source: &&str| ActionSpec::parse("p/actions/get_card.yaml", source).unwrap();
            let actions = actions.iter().map(|source| ("get_card".to_owned(), read(source))).collect();
            spec.look_up_problem(&actions).unwrap_or_default()
        };
        let read = "action: get_card\nrisk: read\nmethod: GET\npath: /cards/{id}\nin:\n  id: { type: string }\n";
        assert_eq!(problem(&[read]), "");
        assert!(problem(&[]).contains("does not exist"));
        assert!(problem(&[&read.replace("id:", "card:").replace("{id}", "{card}")]).contains("no argument `id`"));
        assert!(problem(&[&read.replace("read", "write").replace("GET", "POST")]).contains("not a read"));
    }
}
