//! What does an action move, and what is a yes to it bound to?

use ombud_domain::books::Leg;
use serde_json::{Value, json};

use super::{Deliberation, Engine};
use crate::expr::Expr;
use crate::postings::{self, Wish};
use crate::spec::ActionSpec;

/// What an action moves.
pub(super) struct Moved {
    /// How much, minor units.
    pub(super) amount_minor: Option<i64>,
    /// In what.
    pub(super) currency: Option<String>,
    /// Between which accounts.
    pub(super) legs: Vec<Leg>,
}

/// What a yes is bound to beside the arguments: how much, in what, between which accounts.
pub(super) fn bound(amount: (Option<i64>, Option<&str>), legs: &[Leg]) -> Value {
    if amount.0.is_none() && legs.is_empty() {
        return Value::Null;
    }
    let legs: Vec<Value> = legs.iter().map(|leg| json!([leg.amount, leg.debit, leg.credit])).collect();
    json!({"amount": amount, "legs": legs})
}

/// How much an action is about, as far as it says so.
fn amount_of(spec: &ActionSpec, eval: &dyn Fn(&Expr) -> Result<Value, String>) -> (Option<i64>, Option<String>) {
    let told = |expr: &Option<Expr>| expr.as_ref().and_then(|expr| eval(expr).ok());
    let currency = told(&spec.currency).and_then(|value| value.as_str().map(ToOwned::to_owned));
    (told(&spec.amount).and_then(|value| value.as_i64()), currency)
}

impl Engine<'_> {
    /// What an action moves, as the records stand now.
    pub(super) fn moved(
        &self,
        state: &Deliberation,
        spec: &ActionSpec,
        eval: &dyn Fn(&Expr) -> Result<Value, String>,
    ) -> Result<Moved, String> {
        let (amount_minor, currency) = amount_of(spec, eval);
        let customer_id = state.dialogue.customer_id.as_deref();
        let wish = Wish { amount_minor, currency: currency.as_deref(), customer_id };
        let legs = postings::legs((spec, &self.pack.chart), wish, eval).map_err(|problem| problem.to_string())?;
        Ok(Moved { amount_minor, currency, legs })
    }
}
