//! Do the policies decide as the tables beside them say? `policies/*_test.yaml` of a pack.

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::{IdentityLevel, Label, Proposal};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::authorize::{Asked, OwnedRecords, Policies, Proof, ReadVerdict, Verdict};
use crate::controls::Standing;
use crate::pack::{Pack, PackFiles};
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, Autonomy, Risk};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    action: String,
    risk: Risk,
    #[serde(default)]
    market: String,
    level: u8,
    #[serde(default = "signed_in")]
    proof: Proof,
    confirmed: bool,
    #[serde(default)]
    approvals: u8,
    owner: bool,
    #[serde(default)]
    amount_minor: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default = "of_session")]
    label: Label,
    #[serde(default)]
    autonomy: Autonomy,
    #[serde(default)]
    hours_since: BTreeMap<String, i64>,
    #[serde(default)]
    arguments: Map<String, Value>,
    expect: String,
}

fn signed_in() -> Proof {
    Proof::Session
}

const fn of_session() -> Label {
    Label::Session
}

/// Holds a pack's own tables against its policies: how many cases there are, and those that come out otherwise.
#[must_use]
pub fn check(pack: &Pack, files: &PackFiles) -> (usize, Vec<PackProblem>) {
    let (mut seen, mut problems) = (0, Vec::new());
    let own = format!("{}/policies/", pack.manifest.name);
    let tables = files.iter().filter(|(file, _)| file.starts_with(&own) && file.ends_with("_test.yaml"));
    for (file, source) in tables {
        let cases: Vec<Case> = match serde_saphyr::from_str(source) {
            Ok(cases) => cases,
            Err(error) => {
                problems.push(PackProblem::of_yaml(file, &error));
                continue;
            }
        };
        for case in &cases {
            seen += 1;
            let got = verdict(&pack.policies, case).unwrap_or_else(|problem| problem);
            if got != case.expect {
                let message = format!("`{}`: expected {}, got {got}", case.name, case.expect);
                problems.push(PackProblem::at(file, source, &case.name, message));
            }
        }
    }
    (seen, problems)
}

/// What the policies say of a case, in the words of the tables.
fn verdict(policies: &Policies, case: &Case) -> Result<String, String> {
    let method = if case.risk == Risk::Read { "GET" } else { "POST" };
    let source = format!(
        "action: {}\nrisk: {}\nmethod: {method}\npath: /things/{{thing_id}}\nin:\n  thing_id: {{ type: string, kind: thing }}\n",
        case.action,
        case.risk.as_str()
    );
    let source = match case.autonomy {
        Autonomy::Confirm => source,
        other => format!("{source}autonomy: {}\nreversible: true\n", other.as_str()),
    };
    let spec = ActionSpec::parse(&format!("p/actions/{}.yaml", case.action), &source)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let mut arguments = case.arguments.clone();
    arguments.insert("thing_id".to_owned(), Value::from("T-1"));
    let known = if case.owner { BTreeSet::from(["T-1".to_owned()]) } else { BTreeSet::new() };
    let owned = OwnedRecords::from([("thing".to_owned(), known)]);
    let level = match case.level {
        0 => IdentityLevel::Anonymous,
        1 => IdentityLevel::Identified,
        _ => IdentityLevel::Verified,
    };
    let customer = (case.level > 0 || case.proof == Proof::Claim).then_some("C-1");
    let standing = Standing { hours_since: case.hours_since.clone(), ..Standing::default() };
    let asked = Asked {
        spec: &spec,
        arguments: &arguments,
        customer_id: customer,
        level,
        proof: case.proof,
        market: &case.market,
        owned: &owned,
        confirmed: case.confirmed,
        approvals: case.approvals,
        amount_minor: case.amount_minor,
        currency: case.currency.as_deref(),
        label: case.label,
        standing: Some(&standing),
    };
    if case.risk == Risk::Read {
        return Ok(match policies.authorize_read(&asked) {
            ReadVerdict::Allowed(_) => "authorized".to_owned(),
            ReadVerdict::Denied { reason_code } => reason_code,
        });
    }
    let proposal = Proposal { action: case.action.clone(), arguments: arguments.clone(), ..Proposal::default() };
    Ok(match policies.authorize(&asked, proposal) {
        Verdict::Authorized(_) => "authorized".to_owned(),
        Verdict::NeedConfirm => "confirm".to_owned(),
        Verdict::NeedStepUp => "step_up".to_owned(),
        Verdict::NeedApproval { approvers, .. } => format!("approvals {approvers}"),
        Verdict::Denied { reason_code } => reason_code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_case_is_told_in_its_page() {
        let page = include_str!("../../../docs/ACTIONS.md");
        assert_eq!(ombud_testkit::unnamed_keys::<Case>(page, "Tables of cases for policies"), [""; 0]);
        assert!(ombud_testkit::keys_of::<Case>().len() > 10);
    }
}
