//! May this action be performed, now, for this customer? Cedar decides, deny by default; this is the only maker of [`Authorized`].

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Effect, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint,
};
use ombud_domain::{IdentityLevel, Label, Proposal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::action::{ApiCall, Authorized, Stake};
use crate::controls::{SWITCHED_OFF, Standing};
use crate::problem::PackProblem;
use crate::question::Question;
use crate::spec::{ActionSpec, Autonomy, Risk};

/// Reason code when no policy permits the action, or evaluation failed.
pub const NOT_PERMITTED: &str = "not_permitted";
/// Reason code when a record is not known to be the customer's own.
pub const NOT_FOUND: &str = "not_found";
/// People who can be asked to approve one action, at most: policies ask for one or two (`context.approvals`).
pub const APPROVERS_MAX: u8 = 2;
/// What stands among the rules of an approval that no policy but the action's autonomy asks for.
const SUGGESTED: &str = "autonomy: suggest";

/// Ids of records that owner-checked reads of this conversation returned, by kind.
pub type OwnedRecords = BTreeMap<String, BTreeSet<String>>;

/// The policies of a pack, the base's floor included.
#[derive(Debug)]
pub struct Policies {
    set: PolicySet,
    reads: Reads,
    authorizer: Authorizer,
    recalled: BTreeSet<String>,
    /// Where each policy stands: file and line.
    places: BTreeMap<String, (String, usize)>,
}

/// What the policies say of reads. Most speak of writes, and a turn reads far more often.
///
/// INVARIANT: reads are decided as all policies together decide them (test: `reads_are_decided_as_by_all_policies`).
#[derive(Debug)]
struct Reads {
    /// Actions that a policy names one by one; reads among them are decided by all policies.
    named: BTreeSet<String>,
    /// The policies that can match any other read.
    set: PolicySet,
    /// The reasons, when these permit every read whatever is asked.
    granted: Option<Vec<String>>,
}

/// What shows that the customer is who he is taken for. Policies read it as `context.proof`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// What others may know too: an e-mail address, a postal code.
    #[default]
    Knowledge,
    /// Nothing yet: somebody says that he is this customer.
    Claim,
    /// The company's own site has signed him in.
    Session,
    /// A one-time code that went to the phone on file was entered in this conversation.
    Code,
}

impl Proof {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Knowledge, Self::Claim, Self::Session, Self::Code].into_iter().find(|proof| proof.as_str() == name)
    }

    /// As policies read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Knowledge => "knowledge",
            Self::Claim => "claim",
            Self::Session => "session",
            Self::Code => "code",
        }
    }
}

/// Who asks for what, with which proof.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The action.
    pub spec: &'a ActionSpec,
    /// Its checked arguments.
    pub arguments: &'a Map<String, Value>,
    /// The identified customer.
    pub customer_id: Option<&'a str>,
    /// How sure we are.
    pub level: IdentityLevel,
    /// By what.
    pub proof: Proof,
    /// Market code.
    pub market: &'a str,
    /// Ids known to be the customer's own.
    pub owned: &'a OwnedRecords,
    /// Whether the customer said yes to exactly this.
    pub confirmed: bool,
    /// How many people of the company have approved exactly this.
    pub approvals: u8,
    /// Amount in minor units, if the action names one.
    pub amount_minor: Option<i64>,
    /// Its currency, if the action names one.
    pub currency: Option<&'a str>,
    /// The lowest label of what is critical of it; [`Label::Session`] where nothing is.
    pub label: Label,
    /// What holds actions back now; none where it was not looked up, and then nothing is changed.
    pub standing: Option<&'a Standing>,
}

/// What the policies say.
#[derive(Debug)]
pub enum Verdict {
    /// It may be performed.
    Authorized(Box<Authorized>),
    /// Ask the customer for a yes to exactly this.
    NeedConfirm,
    /// Ask for a one-time code first.
    NeedStepUp,
    /// Ask people of the company to approve exactly this.
    NeedApproval {
        /// How many, the customer and whoever speaks for him not among them.
        approvers: u8,
        /// Ids of the rules that ask for it.
        rules: Vec<String>,
    },
    /// No.
    Denied {
        /// Stable code.
        reason_code: String,
    },
}

/// Why policies deny.
struct Denial {
    reason_code: String,
    /// Ids of the policies that forbid it; none when nothing permits it.
    rules: Vec<String>,
}

/// What the policies say of a read.
#[derive(Debug)]
pub enum ReadVerdict {
    /// It may be made.
    Allowed(Box<ApiCall>),
    /// No.
    Denied {
        /// Stable code.
        reason_code: String,
    },
}

impl Policies {
    /// Reads Cedar files, given as (file, source). Policy ids come from `@id` or from file and number.
    ///
    /// # Errors
    /// All problems found; the author of the pack can fix them.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<PackProblem>> {
        let (mut set, mut places) = (PolicySet::new(), BTreeMap::new());
        let mut problems = Vec::new();
        for (file, source) in files {
            match PolicySet::from_str(source) {
                Ok(parsed) => {
                    for (index, policy) in parsed.policies().enumerate() {
                        let name = policy.annotation("id").map_or_else(|| format!("{file}#{index}"), ToOwned::to_owned);
                        let line = PackProblem::at(file, source, &format!("@id(\"{name}\")"), String::new()).line;
                        places.insert(name.clone(), (file.clone(), line));
                        let policy = policy.new_id(PolicyId::new(&name));
                        if let Err(error) = set.add(policy) {
                            problems.push(PackProblem::at(file, source, &name, format!("policy `{name}`: {error}")));
                        }
                    }
                }
                Err(error) => problems.push(PackProblem {
                    file: file.clone(),
                    line: line_of_parse_error(source, &error),
                    message: error.to_string(),
                }),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let reads = Reads::of(&set);
        let mut names = BTreeSet::new();
        for policy in set.policies() {
            recalled(&policy.to_json().unwrap_or_default(), &mut names);
        }
        Ok(Self { set, reads, authorizer: Authorizer::new(), recalled: names, places })
    }

    /// All policies.
    pub(crate) const fn all(&self) -> &PolicySet {
        &self.set
    }

    /// File and line of a policy.
    pub(crate) fn place(&self, id: &str) -> (String, usize) {
        self.places.get(id).cloned().unwrap_or_default()
    }

    /// Policies with their places, for people.
    pub(crate) fn told(&self, ids: &[String]) -> String {
        let place = |id: &String| {
            let (file, line) = self.place(id);
            format!("`{id}` ({file}:{line})")
        };
        ids.iter().map(place).collect::<Vec<_>>().join(" and ")
    }

    /// Actions and classes of which the policies ask how long ago they were done for the customer.
    #[must_use]
    pub const fn recalled(&self) -> &BTreeSet<String> {
        &self.recalled
    }

    /// Decides a write. The proposal is what the customer was, or is to be, shown.
    #[must_use]
    pub fn authorize(&self, asked: &Asked<'_>, proposal: Proposal) -> Verdict {
        if !records_are_known(asked) {
            return Verdict::Denied { reason_code: NOT_FOUND.to_owned() };
        }
        // INVARIANT: what is switched off, or was not looked up, is never authorized (test: `what_is_switched_off_is_never_authorized`).
        match asked.standing {
            Some(standing) if standing.switches.stops(asked.spec, asked.market).is_some() => {
                return Verdict::Denied { reason_code: SWITCHED_OFF.to_owned() };
            }
            None if asked.spec.risk != Risk::Challenge => {
                return Verdict::Denied { reason_code: NOT_PERMITTED.to_owned() };
            }
            _ => {}
        }
        match self.decide(asked) {
            // INVARIANT: what is only suggested is never done without a person (test: `what_is_only_suggested_needs_a_person`).
            Ok(_) if autonomy(asked) == Autonomy::Suggest && asked.approvals == 0 => {
                Verdict::NeedApproval { approvers: 1, rules: vec![SUGGESTED.to_owned()] }
            }
            Ok(reasons) => {
                let call = asked.spec.call(asked.arguments);
                Verdict::Authorized(Box::new(Authorized::new(proposal, call, reasons, stake(asked))))
            }
            Err(denial) => self.what_is_missing(asked, denial),
        }
    }

    /// Decides a read.
    #[must_use]
    pub fn authorize_read(&self, asked: &Asked<'_>) -> ReadVerdict {
        if asked.spec.risk != Risk::Read {
            return ReadVerdict::Denied { reason_code: NOT_PERMITTED.to_owned() };
        }
        if !records_are_known(asked) {
            return ReadVerdict::Denied { reason_code: NOT_FOUND.to_owned() };
        }
        match self.decide(asked) {
            Ok(_) => ReadVerdict::Allowed(Box::new(asked.spec.call(asked.arguments))),
            Err(Denial { reason_code, .. }) => ReadVerdict::Denied { reason_code },
        }
    }

    /// Whether a yes, a one-time code or people's approval would change the answer, asked for in this order: code, yes, approval.
    fn what_is_missing(&self, asked: &Asked<'_>, denial: Denial) -> Verdict {
        let with = |confirmed, level, approvals| self.decide(&Asked { confirmed, level, approvals, ..asked.clone() });
        let holds = |confirmed, level| with(confirmed, level, asked.approvals.max(APPROVERS_MAX)).is_ok();
        if asked.level >= IdentityLevel::Identified
            && asked.level < IdentityLevel::Verified
            && !holds(true, asked.level)
            && holds(true, IdentityLevel::Verified)
        {
            return Verdict::NeedStepUp;
        }
        if !asked.confirmed && holds(true, asked.level) {
            return Verdict::NeedConfirm;
        }
        let more = asked.approvals.saturating_add(1)..=APPROVERS_MAX;
        if let Some(approvers) = more.into_iter().find(|all| with(asked.confirmed, asked.level, *all).is_ok()) {
            return Verdict::NeedApproval { approvers, rules: denial.rules };
        }
        // What a yes would not change is the reason, not that it is missing.
        let after_a_yes = with(true, asked.level, asked.approvals.max(APPROVERS_MAX)).err();
        Verdict::Denied { reason_code: after_a_yes.unwrap_or(denial).reason_code }
    }

    fn decide(&self, asked: &Asked<'_>) -> Result<Vec<String>, Denial> {
        let not_permitted = || Denial { reason_code: NOT_PERMITTED.to_owned(), rules: Vec::new() };
        let name = &asked.spec.name;
        let is_plain_read = asked.spec.risk == Risk::Read && !is_risk(name) && !self.reads.named.contains(name);
        if let Some(reasons) = self.reads.granted.as_ref().filter(|_| is_plain_read) {
            return Ok(reasons.clone());
        }
        let (request, entities) = Question::of(asked).to_cedar().ok_or_else(not_permitted)?;
        let set = if is_plain_read { &self.reads.set } else { &self.set };
        let answer = self.authorizer.is_authorized(&request, set, &entities);
        // Sorted, because Cedar names them in no order: the same question must get the same reason.
        let mut ids: Vec<&PolicyId> = answer.diagnostics().reason().collect();
        ids.sort_unstable();
        let reasons: Vec<String> = ids.iter().map(ToString::to_string).collect();
        // An evaluation error in any policy denies (R3): a forbid that cannot be evaluated must not be skipped.
        let sound = answer.diagnostics().errors().next().is_none();
        if answer.decision() == Decision::Allow && sound {
            return Ok(reasons);
        }
        let forbids: Vec<&Policy> = ids
            .into_iter()
            .filter_map(|id| self.set.policy(id))
            .filter(|policy| policy.effect() == Effect::Forbid)
            .collect();
        let code = forbids.iter().find_map(|policy| policy.annotation("reason"));
        Err(Denial {
            reason_code: code.unwrap_or(NOT_PERMITTED).to_owned(),
            rules: forbids.iter().map(|policy| policy.id().to_string()).collect(),
        })
    }
}

/// How far an action goes by itself now: as the pack says, or less where people hold it back.
pub(crate) fn autonomy(asked: &Asked<'_>) -> Autonomy {
    let held = asked.standing.map(|standing| standing.switches.autonomy(asked.spec, asked.market));
    held.unwrap_or(Autonomy::Auto).min(asked.spec.autonomy)
}

/// What is at stake with an action.
fn stake(asked: &Asked<'_>) -> Stake {
    let amount = asked.amount_minor.zip(asked.currency).map(|(minor, currency)| (minor, currency.to_owned()));
    Stake {
        customer_id: asked.customer_id.map(ToOwned::to_owned),
        risk: asked.spec.risk,
        market: asked.market.to_owned(),
        amount,
        known: asked.standing.map_or(0, |standing| standing.known),
    }
}

/// Names that a policy asks for as `context.hours_since.NAME`, out of its JSON form.
fn recalled(policy: &Value, names: &mut BTreeSet<String>) {
    let is_hours = |left: &Value| {
        left.pointer("/./attr").and_then(Value::as_str) == Some("hours_since")
            && left.pointer("/./left/Var").and_then(Value::as_str) == Some("context")
    };
    match policy {
        Value::Object(members) => {
            for (operator, value) in members {
                let asks = matches!(operator.as_str(), "." | "has") && value.get("left").is_some_and(is_hours);
                if let Some(name) = value.get("attr").and_then(Value::as_str).filter(|_| asks) {
                    names.insert(name.to_owned());
                }
                recalled(value, names);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| recalled(element, names)),
        _ => {}
    }
}

/// Whether this is the name of a kind of actions.
fn is_risk(name: &str) -> bool {
    [Risk::Read, Risk::Write, Risk::Money, Risk::Credential, Risk::Challenge].iter().any(|risk| risk.as_str() == name)
}

impl Reads {
    fn of(set: &PolicySet) -> Self {
        let mut named = BTreeSet::new();
        let mut kept: Vec<Policy> = Vec::new();
        for policy in set.policies() {
            let actions = match policy.action_constraint() {
                ActionConstraint::Any => None,
                ActionConstraint::In(actions) => Some(actions),
                ActionConstraint::Eq(action) => Some(vec![action]),
            };
            let names: Option<Vec<&str>> =
                actions.as_ref().map(|actions| actions.iter().map(|action| action.id().unescaped()).collect());
            if names.as_ref().is_none_or(|names| names.contains(&Risk::Read.as_str())) {
                kept.push(policy.clone());
            }
            named.extend(names.into_iter().flatten().filter(|name| !is_risk(name)).map(ToOwned::to_owned));
        }
        let mut reasons: Vec<&PolicyId> = kept.iter().map(Policy::id).collect();
        reasons.sort_unstable();
        let is_granted = !kept.is_empty() && kept.iter().all(permits_all);
        let granted = is_granted.then(|| reasons.iter().map(ToString::to_string).collect());
        // Policies of one set have ids that differ, so they make a set again; if not, nothing is left out.
        match PolicySet::from_policies(kept) {
            Ok(kept) => Self { named, set: kept, granted },
            Err(_) => Self { named, set: set.clone(), granted: None },
        }
    }
}

/// Whether a policy permits whatever its action allows: no principal, no resource, no condition.
fn permits_all(policy: &Policy) -> bool {
    let conditions = policy.to_json().ok();
    let conditions = conditions.as_ref().and_then(|policy| policy.get("conditions")?.as_array());
    policy.effect() == Effect::Permit
        && policy.principal_constraint() == PrincipalConstraint::Any
        && policy.resource_constraint() == ResourceConstraint::Any
        && conditions.is_some_and(Vec::is_empty)
}

fn line_of_parse_error(source: &str, error: &cedar_policy::ParseErrors) -> usize {
    let offset = error.iter().find_map(miette_offset);
    offset.map_or(0, |offset| source.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1)
}

fn miette_offset(error: &cedar_policy::ParseError) -> Option<usize> {
    use miette::Diagnostic as _;
    error.labels()?.next().map(|label| label.offset())
}

/// Every argument that names a record must name one the customer owns (R7); a customer argument must be the session's customer.
fn records_are_known(asked: &Asked<'_>) -> bool {
    asked.spec.arguments.iter().all(|(name, spec)| {
        let (Some(kind), Some(value)) = (&spec.kind, asked.arguments.get(name)) else { return true };
        let known = |id: &str| match kind.as_str() {
            "customer" => asked.customer_id == Some(id),
            kind => asked.owned.get(kind).is_some_and(|ids| ids.contains(id)),
        };
        match value {
            Value::Null => true,
            Value::String(id) => known(id),
            Value::Array(ids) => ids.iter().all(|id| id.as_str().is_some_and(known)),
            _ => false,
        }
    })
}

/// What "yes" is bound to (R8): the action, its exact arguments, how much it moves between which accounts, the customer and the conversation.
#[must_use]
pub fn digest(
    (action, arguments): (&str, &Map<String, Value>),
    money: &Value,
    (customer_id, conversation): (&str, &str),
) -> String {
    let sorted: BTreeMap<&String, &Value> = arguments.iter().collect();
    let bound = match money.is_null() {
        true => json!([action, sorted, customer_id, conversation]),
        false => json!([action, sorted, money, customer_id, conversation]),
    };
    hex(&Sha256::digest(bound.to_string().as_bytes()))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
