//! What does an action move, from which account to which? `policies/accounts.yaml` of a pack is its chart, `postings:` of an action its entries.

use std::collections::BTreeMap;

use ombud_domain::books::statement::{Signs, Told};
use ombud_domain::books::{BEFORE, LEGS_MAX, MINOR_MAX};
use ombud_domain::{Account, Currency, Leg, Money, Receipt};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::expr::{Expr, Scope, plain};
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, Risk};

/// Accounts of a pack at most.
const ACCOUNTS_MAX: usize = 100;

/// `policies/accounts.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// Accounts by name, and whose each is.
    #[serde(default)]
    pub accounts: BTreeMap<String, Per>,
    /// How statements of the payment provider are written.
    #[serde(default)]
    pub statement: Option<StatementForm>,
}

/// Whose an account is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Per {
    /// One for the company.
    Company,
    /// One for each customer.
    Customer,
    /// One for each record of a kind, such as `order`.
    Record(String),
}

impl From<String> for Per {
    fn from(text: String) -> Self {
        match text.as_str() {
            "company" => Self::Company,
            "customer" => Self::Customer,
            _ => Self::Record(text),
        }
    }
}

/// How statements are written: a CSV file with a line of headings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementForm {
    /// The account that they are about; one of the company.
    pub account: String,
    /// Heading of the provider's name for the payment.
    pub reference: String,
    /// Heading of the idempotency key, if they tell it.
    #[serde(default)]
    pub key: Option<String>,
    /// Heading of the amount.
    pub amount: String,
    /// Whether amounts are minor units.
    #[serde(default)]
    pub unit: Unit,
    /// Whether amounts have signs.
    pub signs: Signs,
    /// Heading of the currency.
    pub currency: String,
    /// Heading of what became of it.
    pub status: String,
    /// What their words for that mean.
    pub states: BTreeMap<String, Told>,
}

/// How an amount is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// `1999`.
    #[default]
    Minor,
    /// `19.99`.
    Major,
}

/// `postings:` of an action.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPosting {
    debit: RawAccount,
    credit: RawAccount,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    within: Option<String>,
    #[serde(default)]
    moved: Option<String>,
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccount {
    account: String,
    #[serde(default)]
    of: Option<String>,
}

/// An entry of an action.
#[derive(Debug)]
pub struct PostingSpec {
    debit: AccountSpec,
    credit: AccountSpec,
    amount: Option<Expr>,
    currency: Option<Expr>,
    within: Option<Expr>,
    moved: Option<Expr>,
    reference: Option<Expr>,
}

#[derive(Debug)]
struct AccountSpec {
    name: String,
    of: Option<Expr>,
}

/// What an action is about to be asked for: its own amount and currency, and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub amount_minor: Option<i64>,
    pub currency: Option<&'a str>,
    pub customer_id: Option<&'a str>,
}

impl RawPosting {
    pub(crate) fn compile(&self, file: &str, source: &str) -> Result<PostingSpec, PackProblem> {
        let compile = |text: &Option<String>| {
            let compiled = text.as_ref().map(|text| {
                Expr::compile(text).map_err(|error| PackProblem::at(file, source, text, error.to_string()))
            });
            compiled.transpose()
        };
        let account = |raw: &RawAccount| Ok(AccountSpec { name: raw.account.clone(), of: compile(&raw.of)? });
        Ok(PostingSpec {
            debit: account(&self.debit)?,
            credit: account(&self.credit)?,
            amount: compile(&self.amount)?,
            currency: compile(&self.currency)?,
            within: compile(&self.within)?,
            moved: compile(&self.moved)?,
            reference: compile(&self.reference)?,
        })
    }
}

impl PostingSpec {
    /// The movement of one proposal; none when nothing is moved.
    fn leg(
        &self,
        line: usize,
        (chart, wish): (&Chart, Wish<'_>),
        eval: &dyn Fn(&Expr) -> Result<Value, String>,
    ) -> Result<Option<Leg>, String> {
        let number = |expr: &Option<Expr>, or: Option<i64>, what: &str| match expr {
            None => Ok(or),
            Some(expr) => {
                eval(expr)?.as_i64().map(Some).ok_or_else(|| format!("{what} of a posting is no whole number"))
            }
        };
        let minor = number(&self.amount, wish.amount_minor, "the amount")?.ok_or("a posting has no amount")?;
        if minor == 0 {
            return Ok(None);
        }
        if !(1..=MINOR_MAX).contains(&minor) {
            return Err(format!("a posting cannot move `{minor}` minor units"));
        }
        let currency = match &self.currency {
            Some(expr) => Some(plain(&eval(expr)?)),
            None => wish.currency.map(ToOwned::to_owned),
        };
        let currency = Currency::parse(&currency.unwrap_or_default()).map_err(|error| error.to_string())?;
        let account = |spec: &AccountSpec| {
            let of = match (chart.accounts.get(&spec.name), &spec.of) {
                (Some(Per::Company), _) => String::new(),
                (Some(Per::Customer), _) => wish.customer_id.unwrap_or_default().to_owned(),
                (Some(Per::Record(_)), Some(of)) => match eval(of)? {
                    Value::Null => String::new(),
                    of => plain(&of),
                },
                _ => return Err(format!("account `{}` is not in the chart", spec.name)),
            };
            let is_known = !of.is_empty() || chart.accounts.get(&spec.name) == Some(&Per::Company);
            let account = Account { name: spec.name.clone(), of };
            if is_known { Ok(account) } else { Err(format!("it is not known whose account `{}` is", spec.name)) }
        };
        Ok(Some(Leg {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            debit: account(&self.debit)?,
            credit: account(&self.credit)?,
            amount: Money { minor, currency },
            within: number(&self.within, None, "`within`")?,
        }))
    }
}

/// What an action moves: the legs of a proposal. What cannot be told is not done.
///
/// # Errors
/// What does not come out; the author of the pack can fix it.
pub(crate) fn legs(
    (spec, chart): (&ActionSpec, &Chart),
    wish: Wish<'_>,
    eval: &dyn Fn(&Expr) -> Result<Value, String>,
) -> Result<Vec<Leg>, String> {
    let mut legs = Vec::new();
    for (line, posting) in spec.postings.iter().enumerate() {
        legs.extend(posting.leg(line, (chart, wish), eval)?);
    }
    Ok(legs)
}

/// What a receipt says of the money it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// By what name the payment provider knows it.
    pub reference: String,
    /// Lines with the minor units that were moved; nothing where it does not say.
    pub moved: Vec<(u32, i64)>,
}

impl ActionSpec {
    /// What a receipt of this action says of the money that was held for it.
    #[must_use]
    pub fn settled(&self, arguments: &Map<String, Value>, receipt: &Receipt) -> Settled {
        let names = Map::from_iter([
            ("result".to_owned(), receipt.body.clone()),
            ("receipt".to_owned(), Value::from(receipt.receipt_id.as_str())),
        ]);
        let scope = Scope { layers: &[&names, arguments] };
        let mut settled = Settled { reference: receipt.receipt_id.clone(), moved: Vec::new() };
        for (line, posting) in (0..).zip(&self.postings) {
            let moved = posting.moved.as_ref().and_then(|expr| expr.eval(scope).ok()?.as_i64());
            settled.moved.extend(moved.filter(|minor| (0..=MINOR_MAX).contains(minor)).map(|minor| (line, minor)));
            let reference = posting.reference.as_ref().and_then(|expr| expr.eval(scope).ok());
            if let Some(reference) = reference.filter(|reference| !reference.is_null()) {
                settled.reference = plain(&reference);
            }
        }
        settled
    }
}

/// Reads `policies/accounts.yaml`.
///
/// # Errors
/// All problems found, with file and line; the author of the pack can fix them.
pub(crate) fn parse(file: &str, source: &str) -> Result<Chart, Vec<PackProblem>> {
    serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])
}

impl Chart {
    /// What is wrong with the chart itself.
    pub(crate) fn check(&self, mut report: impl FnMut(&str, String)) {
        if self.accounts.len() > ACCOUNTS_MAX {
            report("accounts:", format!("at most {ACCOUNTS_MAX} accounts can be kept"));
        }
        if self.accounts.contains_key(BEFORE) {
            report(BEFORE, format!("`{BEFORE}` is the account of what came before; give this one another name"));
        }
        if let Some(form) = &self.statement {
            if self.accounts.get(&form.account) != Some(&Per::Company) {
                report("account:", format!("`{}` is no account of the company", form.account));
            }
            if !form.states.values().any(|told| *told == Told::Done) {
                report("states:", "no word of the statement means `done`".to_owned());
            }
        }
    }

    /// What is wrong with the postings of an action.
    pub(crate) fn check_action(&self, spec: &ActionSpec, mut report: impl FnMut(&str, String)) {
        const AT: &str = "postings:";
        if spec.postings.is_empty() {
            // A movement that stands in no book would be missed by nobody.
            if !self.accounts.is_empty() && spec.risk == Risk::Money {
                report(
                    "risk:",
                    "an action of risk `money` needs `postings:`, since the pack keeps accounts".to_owned(),
                );
            }
            return;
        }
        if matches!(spec.risk, Risk::Read | Risk::Challenge | Risk::Write) {
            report(AT, "what moves money is of risk `money` or `credential`".to_owned());
        }
        if spec.postings.len() > LEGS_MAX {
            report(AT, format!("an action has at most {LEGS_MAX} postings"));
        }
        let told = self.statement.as_ref().map(|form| form.account.as_str());
        let touching =
            |posting: &&PostingSpec| [&posting.debit, &posting.credit].iter().any(|of| Some(of.name.as_str()) == told);
        if spec.postings.iter().filter(touching).count() > 1 {
            report(AT, "one payment of an action can be told of by a statement, not more".to_owned());
        }
        for posting in &spec.postings {
            if posting.debit.name == posting.credit.name {
                report(AT, format!("account `{}` gives to itself", posting.debit.name));
            }
            if posting.amount.is_none() && spec.amount.is_none() {
                report(AT, "a posting needs `amount`, its own or the action's".to_owned());
            }
            if posting.currency.is_none() && spec.currency.is_none() {
                report(AT, "a posting needs `currency`, its own or the action's".to_owned());
            }
            for account in [&posting.debit, &posting.credit] {
                let problem = match (self.accounts.get(&account.name), account.of.is_some()) {
                    (None, _) => "is not in policies/accounts.yaml",
                    (Some(Per::Record(_)), false) => "is kept for a record: say of which with `of:`",
                    (Some(Per::Company | Per::Customer), true) => "is not kept for a record: leave `of:` out",
                    _ => continue,
                };
                report(&format!("account: {}", account.name), format!("account `{}` {problem}", account.name));
            }
        }
    }

    /// Names of accounts that actions take from only what was put in.
    #[must_use]
    pub fn capped<'a>(&self, actions: impl Iterator<Item = &'a ActionSpec>) -> Vec<String> {
        let postings = actions.flat_map(|spec| &spec.postings).filter(|posting| posting.within.is_some());
        postings.map(|posting| posting.debit.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CHART: &str = "accounts: { captured: order, provider: company, owed: customer, fees: company }\n\
        statement: { account: provider, reference: id, amount: minor, signs: none, currency: currency, status: state, states: { ok: done } }\n";
    const ACTION: &str = "action: refund\nrisk: money\nmethod: POST\npath: /o/{order_id}\nin:\n  order_id: { type: string, kind: order }\n\
        amount: order.paid\ncurrency: order.currency\n";
    const POSTINGS: &str = "postings:\n  - debit: { account: captured, of: order_id }\n    credit: { account: provider }\n    within: order.paid\n    \
        moved: result.moved\n    reference: result.id\n  - debit: { account: owed }\n    credit: { account: fees }\n    amount: order.fee\n";

    fn chart(source: &str) -> Chart {
        parse("p/policies/accounts.yaml", source).unwrap()
    }

    fn spec(source: &str) -> ActionSpec {
        ActionSpec::parse("p/actions/refund.yaml", source).unwrap()
    }

    fn refund() -> ActionSpec {
        spec(&format!("{ACTION}{POSTINGS}"))
    }

    /// The legs of a refund of an order like this.
    fn told(order: Value, customer_id: Option<&str>) -> Result<Vec<Leg>, String> {
        let names = json!({"order": order, "order_id": "O-1"}).as_object().unwrap().clone();
        let eval = |expr: &Expr| expr.eval(Scope { layers: &[&names] }).map_err(|error| error.to_string());
        let spec = refund();
        let value = |expr: &Option<Expr>| eval(expr.as_ref().unwrap()).ok();
        let currency = value(&spec.currency).map(|currency| plain(&currency));
        let amount_minor = value(&spec.amount).and_then(|minor| minor.as_i64());
        legs((&spec, &chart(CHART)), Wish { amount_minor, currency: currency.as_deref(), customer_id }, &eval)
    }

    #[test]
    fn a_proposal_says_what_it_moves() {
        let legs = told(json!({"paid": 900, "fee": 30, "currency": "SEK"}), Some("C-1")).unwrap();
        let shown = |leg: &Leg| (leg.debit.to_string(), leg.credit.to_string(), leg.amount.to_string(), leg.within);
        let [refund, fee] = [&legs[0], &legs[1]].map(shown);
        assert_eq!(refund, ("captured/O-1".to_owned(), "provider".to_owned(), "9.00 SEK".to_owned(), Some(900)));
        assert_eq!(fee, ("owed/C-1".to_owned(), "fees".to_owned(), "0.30 SEK".to_owned(), None));
        let nothing_paid = told(json!({"paid": 0, "fee": 30, "currency": "SEK"}), Some("C-1")).unwrap();
        assert_eq!(
            nothing_paid.iter().map(|leg| leg.line).collect::<Vec<_>>(),
            [1],
            "nothing is moved where nothing is"
        );
    }

    #[test]
    fn what_cannot_be_told_is_not_moved() {
        for (order, customer_id, expected) in [
            (json!({"paid": -1, "fee": 0, "currency": "SEK"}), Some("C-1"), "cannot move `-1`"),
            (json!({"paid": 1, "fee": 0, "currency": "kronor"}), Some("C-1"), "ISO 4217"),
            (json!({"paid": 1, "fee": 1, "currency": "SEK"}), None, "whose account `owed`"),
            (json!({"paid": 1, "fee": "much", "currency": "SEK"}), Some("C-1"), "no whole number"),
            (json!({"paid": 1, "currency": "SEK"}), Some("C-1"), "fee"),
        ] {
            let problem = told(order, customer_id).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn a_receipt_says_what_was_moved() {
        let settled = |body: Value| refund().settled(&Map::new(), &Receipt { receipt_id: "RCT-1".to_owned(), body });
        let told = Settled { reference: "REF-1".to_owned(), moved: vec![(0, 850)] };
        assert_eq!(settled(json!({"id": "REF-1", "moved": 850})), told);
        let silent = Settled { reference: "RCT-1".to_owned(), moved: Vec::new() };
        assert_eq!(settled(json!({"moved": -5})), silent, "what cannot be an amount says nothing");
        assert_eq!(settled(json!(["a look-up"])), silent);
    }

    #[test]
    fn postings_that_do_not_fit_the_chart_are_reported() {
        let problems = |chart: &Chart, spec: &ActionSpec| {
            let mut found = Vec::new();
            chart.check_action(spec, |_, message| found.push(message));
            found.join("; ")
        };
        let kept = chart(CHART);
        assert_eq!(problems(&kept, &refund()), "");
        assert_eq!(problems(&Chart::default(), &spec(ACTION)), "", "a pack need not keep accounts");
        for (from, to, expected) in [
            (POSTINGS, "", "needs `postings:`"),
            ("account: fees", "account: fee", "`fee` is not in policies/accounts.yaml"),
            (", of: order_id", "", "is kept for a record"),
            ("account: fees }", "account: fees, of: order_id }", "leave `of:` out"),
            ("account: fees", "account: owed", "gives to itself"),
            ("account: fees", "account: provider", "one payment of an action"),
            ("amount: order.paid\n", "", "needs `amount`"),
            ("currency: order.currency\n", "", "needs `currency`"),
            ("risk: money", "risk: challenge", "what moves money"),
        ] {
            let found = problems(&kept, &spec(&format!("{ACTION}{POSTINGS}").replacen(from, to, 1)));
            assert!(found.contains(expected), "{expected}: {found}");
        }
        let wrong = |source: &str| {
            let mut found = Vec::new();
            chart(source).check(|_, message| found.push(message));
            found.join("; ")
        };
        assert_eq!(wrong(CHART), "");
        assert!(wrong(&CHART.replace("fees: company", "before: company")).contains("what came before"));
        assert!(wrong(&CHART.replace("account: provider", "account: captured")).contains("no account of the company"));
        assert!(wrong(&CHART.replace("ok: done", "ok: open")).contains("means `done`"));
    }
}
