//! Does a policy decide what it says, and nothing more?

use super::*;

const FLOOR: &str = r#"
    @id("own-read") permit(principal, action in Action::"read", resource) when { context.level >= 0 };
    @id("own-write") permit(principal, action in Action::"write", resource) when { context.level >= 1 && context.confirmed && resource.owner == principal };
    @id("own-credential") permit(principal, action in Action::"credential", resource) when { context.level >= 2 && context.confirmed && resource.owner == principal };
    @id("too-much") @reason("limit") forbid(principal, action == Action::"cancel", resource) when { context.args has reason && context.args.reason == "huge" };
"#;

fn spec(risk: &str) -> ActionSpec {
    let method = if risk == "read" { "GET" } else { "POST" };
    let source = format!(
        "action: cancel\nrisk: {risk}\nmethod: {method}\npath: /o/{{order_id}}\nin:\n  order_id: {{ type: string, kind: order }}\n  reason: {{ type: string, optional: true }}\n"
    );
    ActionSpec::parse("p/actions/cancel.yaml", &source).unwrap()
}

/// What the policies say of cancelling an order for a reason, at a level, with or without a yes.
fn verdict(risk: &str, record: (&str, &str), level: IdentityLevel, said: Yes) -> String {
    verdict_of(risk, record, (level, said), Some(&Standing::default()))
}

fn verdict_of(
    risk: &str,
    (order, reason): (&str, &str),
    (level, said): (IdentityLevel, Yes),
    standing: Option<&Standing>,
) -> String {
    let spec = spec(risk);
    let arguments = json!({"order_id": order, "reason": reason}).as_object().unwrap().clone();
    let owned = OwnedRecords::from([("order".to_owned(), BTreeSet::from(["mine".to_owned()]))]);
    let asked = Asked {
        spec: &spec,
        arguments: &arguments,
        customer_id: Some("c1"),
        level,
        proof: Proof::Session,
        market: "SE",
        owned: &owned,
        confirmed: said == Yes::Said,
        approvals: 0,
        amount_minor: None,
        currency: None,
        label: Label::Session,
        standing,
    };
    let policies = Policies::parse(&[("p.cedar".to_owned(), FLOOR.to_owned())]).unwrap();
    word(policies.authorize(&asked, proposal(&arguments)))
}

fn proposal(arguments: &Map<String, Value>) -> Proposal {
    let (summary, digest) = (String::new(), String::new());
    Proposal { action: "cancel".to_owned(), arguments: arguments.clone(), summary, digest, ..Proposal::default() }
}

fn word(verdict: Verdict) -> String {
    match verdict {
        Verdict::Authorized(_) => "authorized".to_owned(),
        Verdict::NeedConfirm => "confirm".to_owned(),
        Verdict::NeedStepUp => "step_up".to_owned(),
        Verdict::NeedApproval { approvers, .. } => format!("approvals {approvers}"),
        Verdict::Denied { reason_code } => reason_code,
    }
}

#[derive(PartialEq)]
enum Yes {
    Said,
    Missing,
}

/// R15: a switch holds whatever the policies say, before and after a yes; and nothing is authorized by somebody who has not looked.
#[test]
fn what_is_switched_off_is_never_authorized() {
    let off = json!({"switches": {"off": [{"target": {"kind": "action", "name": "cancel"}, "reason": "r", "by": "b", "since": 1}]}});
    let off: Standing = serde_json::from_value(off).unwrap();
    let free = Standing::default();
    let table = [
        ("write", Some(&free), Yes::Said, "authorized"),
        ("write", Some(&off), Yes::Said, SWITCHED_OFF),
        ("write", Some(&off), Yes::Missing, SWITCHED_OFF),
        ("credential", Some(&off), Yes::Missing, SWITCHED_OFF),
        ("write", None, Yes::Said, NOT_PERMITTED),
        ("write", None, Yes::Missing, NOT_PERMITTED),
    ];
    for (risk, standing, said, expected) in table {
        let got = verdict_of(risk, ("mine", "x"), (IdentityLevel::Identified, said), standing);
        assert_eq!(got, expected, "{risk} {standing:?}");
    }
}

/// R18: how far the pack lets the action go and where people hold it back; what its owner said; how many people approved it.
#[test]
fn what_is_only_suggested_needs_a_person() {
    use Autonomy::{Auto, Confirm, Suggest};
    let floor = r#"
        @id("auto") permit(principal, action in Action::"write", resource) when { context.autonomy == "auto" && context.reversible };
        @id("write") permit(principal, action in Action::"write", resource) when { context.confirmed };
    "#;
    let policies = Policies::parse(&[("p.cedar".to_owned(), floor.to_owned())]).unwrap();
    let held = |to: &str| -> Standing {
        let held = json!({"switches": {"off": [], "held": [{"target": {"kind": "all"}, "reason": "r", "by": "b", "since": 1, "to": to}]}});
        serde_json::from_value(held).unwrap()
    };
    let (free, to_confirm, to_suggest) = (Standing::default(), held("confirm"), held("suggest"));
    let table = [
        (Confirm, &free, ["confirm", "authorized", "authorized"]),
        (Confirm, &to_confirm, ["confirm", "authorized", "authorized"]),
        (Confirm, &to_suggest, ["confirm", "approvals 1", "authorized"]),
        (Suggest, &free, ["confirm", "approvals 1", "authorized"]),
        (Suggest, &to_confirm, ["confirm", "approvals 1", "authorized"]),
        (Auto, &free, ["authorized", "authorized", "authorized"]),
        (Auto, &to_confirm, ["confirm", "authorized", "authorized"]),
        (Auto, &to_suggest, ["confirm", "approvals 1", "authorized"]),
    ];
    for (autonomy, standing, expected) in table {
        let spec = ActionSpec { autonomy, reversible: true, ..spec("write") };
        let arguments = json!({"order_id": "mine"}).as_object().unwrap().clone();
        let owned = OwnedRecords::from([("order".to_owned(), BTreeSet::from(["mine".to_owned()]))]);
        let got = [(false, 0), (true, 0), (true, 1)].map(|(confirmed, approvals)| {
            let asked = Asked {
                spec: &spec,
                arguments: &arguments,
                customer_id: Some("c1"),
                level: IdentityLevel::Identified,
                proof: Proof::Session,
                market: "SE",
                owned: &owned,
                confirmed,
                approvals,
                amount_minor: None,
                currency: None,
                label: Label::Session,
                standing: Some(standing),
            };
            word(policies.authorize(&asked, proposal(&arguments)))
        });
        assert_eq!(got, expected, "{autonomy:?} {standing:?}");
    }
}

/// R3, R7, R8, R10: one case that allows, and each single thing missing.
#[test]
fn a_write_needs_ownership_confirmation_and_level() {
    use IdentityLevel::{Anonymous, Identified, Verified};
    let mine = ("mine", "x");
    assert_eq!(verdict("write", mine, Identified, Yes::Said), "authorized");
    assert_eq!(verdict("write", mine, Identified, Yes::Missing), "confirm");
    assert_eq!(verdict("write", ("yours", "x"), Identified, Yes::Said), "not_found");
    assert_eq!(verdict("write", mine, Anonymous, Yes::Said), "not_permitted");
    assert_eq!(verdict("write", ("mine", "huge"), Identified, Yes::Said), "limit");
    assert_eq!(verdict("credential", mine, Identified, Yes::Missing), "step_up");
    assert_eq!(verdict("credential", mine, Verified, Yes::Missing), "confirm");
    assert_eq!(verdict("credential", mine, Verified, Yes::Said), "authorized");
    assert_eq!(verdict("money", mine, Verified, Yes::Said), "not_permitted", "no permit names money here");
}

/// Every read of orders that are one's own, shut or somebody else's: how many are allowed, each as all policies decide it.
fn reads_allowed(own: &str, action: &str) -> usize {
    let floor = r#"@id("floor") permit(principal, action in Action::"read", resource);"#;
    let floor = if own.contains("level >= 0") { "" } else { floor };
    let files = [("floor.cedar".to_owned(), floor.to_owned()), ("own.cedar".to_owned(), own.to_owned())];
    let policies = Policies::parse(&files).unwrap();
    let set = policies.set.clone();
    let all =
        Policies { reads: Reads { named: BTreeSet::new(), set, granted: None }, ..Policies::parse(&files).unwrap() };
    let spec = ActionSpec { name: action.to_owned(), ..spec("read") };
    let owned = OwnedRecords::from([("order".to_owned(), ["mine", "shut"].map(str::to_owned).into())]);
    let mut allowed = 0;
    for order in ["mine", "shut", "yours"] {
        for level in [IdentityLevel::Anonymous, IdentityLevel::Identified, IdentityLevel::Verified] {
            for market in ["SE", "XX"] {
                let arguments = json!({"order_id": order}).as_object().unwrap().clone();
                let asked = Asked {
                    spec: &spec,
                    arguments: &arguments,
                    customer_id: Some("c1"),
                    level,
                    proof: Proof::Session,
                    market,
                    owned: &owned,
                    confirmed: false,
                    approvals: 0,
                    amount_minor: None,
                    currency: None,
                    label: Label::Session,
                    standing: None,
                };
                let (decided, expected) = (policies.authorize_read(&asked), all.authorize_read(&asked));
                assert_eq!(format!("{decided:?}"), format!("{expected:?}"), "{action} {order} {level:?} {market}");
                allowed += usize::from(matches!(decided, ReadVerdict::Allowed(_)));
            }
        }
    }
    allowed
}

#[test]
fn reads_are_decided_as_by_all_policies() {
    let writes = r#"@id("broken") forbid(principal, action == Action::"pay", resource) when { context.nothing == 1 };"#;
    assert_eq!(reads_allowed("", "look"), 12, "one's own orders, whoever asks");
    assert_eq!(reads_allowed(writes, "look"), 12, "a policy of another action says nothing");
    assert_eq!(reads_allowed(writes, "pay"), 0, "one that names the read and cannot be evaluated denies");
    let shut = r#"@id("shut") @reason("closed") forbid(principal, action == Action::"look", resource) when { context.args.order_id == "shut" };"#;
    assert_eq!(reads_allowed(shut, "look"), 6, "an order that is shut is not read");
    assert_eq!(reads_allowed(shut, "other"), 12);
    let abroad = r#"@id("abroad") forbid(principal, action, resource) when { context.market == "XX" };"#;
    assert_eq!(reads_allowed(abroad, "look"), 6, "a policy of every action holds for reads");
    let mixed = r#"@id("m") forbid(principal, action in [Action::"read", Action::"money"], resource) when { context.level == 2 };"#;
    assert_eq!(reads_allowed(mixed, "look"), 8, "one that names reads among others holds for reads");
    let conditional = r#"@id("own-read") permit(principal, action in Action::"read", resource) when { context.level >= 0 && context.market == "SE" };"#;
    assert_eq!(reads_allowed(conditional, "look"), 6, "a permit with a condition permits no more than it says");
    assert_eq!(
        reads_allowed(
            r#"@id("w") permit(principal, action in Action::"write", resource) when { context.level >= 0 };"#,
            "look"
        ),
        0
    );
}

#[test]
fn one_changed_byte_changes_the_digest() {
    let arguments = json!({"order_id": "a", "amount": 1}).as_object().unwrap().clone();
    let other = json!({"order_id": "a", "amount": 2}).as_object().unwrap().clone();
    let moves =
        |minor: i64, currency: &str, to: &str| json!({"amount": [minor, currency], "legs": [[minor, "captured", to]]});
    let money = moves(100, "EUR", "provider");
    let base = digest(("cancel", &arguments), &money, ("c1", "v1"));
    for changed in [
        digest(("cancel", &other), &money, ("c1", "v1")),
        digest(("cancel", &arguments), &money, ("c2", "v1")),
        digest(("cancel", &arguments), &money, ("c1", "v2")),
        digest(("return", &arguments), &money, ("c1", "v1")),
        digest(("cancel", &arguments), &moves(101, "EUR", "provider"), ("c1", "v1")),
        digest(("cancel", &arguments), &moves(100, "USD", "provider"), ("c1", "v1")),
        digest(("cancel", &arguments), &moves(100, "EUR", "somebody"), ("c1", "v1")),
        digest(("cancel", &arguments), &Value::Null, ("c1", "v1")),
    ] {
        assert_ne!(base, changed);
    }
    assert_eq!(base, digest(("cancel", &arguments), &money, ("c1", "v1")));
}
