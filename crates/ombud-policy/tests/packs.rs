//! Do the packs of this repository fit together, and do their policies decide as their tables say?

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::{IdentityLevel, Proposal};
use ombud_policy::Pack;
use ombud_policy::authorize::{Asked, OwnedRecords, Policies, Proof, ReadVerdict, Verdict};
use ombud_policy::controls::Standing;
use ombud_policy::pack::PackFiles;
use ombud_policy::spec::{ActionSpec, Risk};
use serde::Deserialize;
use serde_json::{Map, Value};

fn all_files() -> PackFiles {
    ombud_testkit::pack_files().unwrap()
}

fn packs_of(files: &PackFiles) -> BTreeSet<String> {
    files.keys().filter_map(|path| path.strip_suffix("/pack.toml")).map(ToOwned::to_owned).collect()
}

#[test]
fn every_pack_fits_together() {
    let files = all_files();
    let mut problems = Vec::new();
    for name in packs_of(&files) {
        match Pack::parse(&name, &files) {
            Ok(pack) => {
                assert!(!pack.texts.has("en", "", "no such text"), "a text that nobody wrote is missing");
                let of_locales = pack.manifest.locales.iter().flat_map(|locale| pack.problems_of_locale(locale));
                problems.extend(of_locales.map(|problem| problem.to_string()));
            }
            Err(found) => problems.extend(found.iter().map(ToString::to_string)),
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// A message that is the example of two requests teaches the classifier nothing.
#[test]
fn no_example_stands_for_two_requests() {
    let files = all_files();
    for name in packs_of(&files) {
        let Ok(pack) = Pack::parse(&name, &files) else { continue };
        let mut classes: BTreeMap<String, String> = BTreeMap::new();
        for (class, text) in pack.examples(&pack.manifest.default_locale) {
            if let Some(other) = classes.insert(text.trim().to_lowercase(), class.clone()) {
                panic!("`{text}` is an example of {class} and of {other} in pack {name}");
            }
        }
    }
}

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
    #[serde(default)]
    hours_since: BTreeMap<String, i64>,
    #[serde(default)]
    arguments: Map<String, Value>,
    expect: String,
}

fn signed_in() -> Proof {
    Proof::Session
}

#[test]
fn policies_decide_as_their_tables_say() {
    let files = all_files();
    let mut wrong = Vec::new();
    let mut cases_seen = 0;
    for (file, source) in files.iter().filter(|(file, _)| file.contains("/policies/") && file.ends_with("_test.yaml")) {
        let pack = file.split('/').next().unwrap();
        let sources: Vec<(String, String)> = files
            .iter()
            .filter(|(file, _)| {
                file.ends_with(".cedar") && (file.starts_with("base/") || file.starts_with(&format!("{pack}/")))
            })
            .map(|(file, source)| (file.clone(), source.clone()))
            .collect();
        let policies = Policies::parse(&sources).unwrap();
        for case in serde_saphyr::from_str::<Vec<Case>>(source).unwrap() {
            cases_seen += 1;
            let got = verdict(&policies, &case);
            if got != case.expect {
                wrong.push(format!("{file}: {}: expected {}, got {got}", case.name, case.expect));
            }
        }
    }
    assert!(cases_seen >= 16, "the base alone has sixteen cases, {cases_seen} were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verdict(policies: &Policies, case: &Case) -> String {
    let method = if case.risk == Risk::Read { "GET" } else { "POST" };
    let source = format!(
        "action: {}\nrisk: {}\nmethod: {method}\npath: /things/{{thing_id}}\nin:\n  thing_id: {{ type: string, kind: thing }}\n",
        case.action,
        case.risk.as_str()
    );
    let spec = ActionSpec::parse(&format!("p/actions/{}.yaml", case.action), &source).unwrap();
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
        standing: Some(&standing),
    };
    if case.risk == Risk::Read {
        return match policies.authorize_read(&asked) {
            ReadVerdict::Allowed(_) => "authorized".to_owned(),
            ReadVerdict::Denied { reason_code } => reason_code,
        };
    }
    let proposal = Proposal {
        action: case.action.clone(),
        arguments: arguments.clone(),
        summary: String::new(),
        digest: String::new(),
    };
    match policies.authorize(&asked, proposal) {
        Verdict::Authorized(_) => "authorized".to_owned(),
        Verdict::NeedConfirm => "confirm".to_owned(),
        Verdict::NeedStepUp => "step_up".to_owned(),
        Verdict::NeedApproval { approvers, .. } => format!("approvals {approvers}"),
        Verdict::Denied { reason_code } => reason_code,
    }
}
