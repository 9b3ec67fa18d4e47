//! What is said in a measured conversation? The pack says so, in `bench.toml`.

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::packs::PackSource;

/// The file in the pack's folder.
pub(super) const FILE: &str = "bench.toml";
/// Stands for the order's number in the file.
const ORDER: &str = "{order}";
/// Order numbers have six digits and begin here; eight in a row belong to one customer.
const NUMBERS_FROM: u64 = 100_000;
/// Customers with orders.
const CUSTOMERS: u64 = 100_000;
/// Orders of a customer.
const ORDERS_EACH: u64 = 8;

/// What `bench.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// What the customer says, in order.
    messages: Vec<String>,
    /// What every reply must hold.
    reply_holds: Vec<String>,
}

/// One turn of a plan.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) holds: Vec<String>,
}

impl Plan {
    pub(super) fn of(source: &PackSource) -> anyhow::Result<Self> {
        let file = format!("{}/{FILE}", source.name);
        let text = source.files.get(&file).with_context(|| format!("`{file}` is missing, take a pack that has one"))?;
        let plan: Self = toml::from_str(text).with_context(|| format!("`{file}` cannot be read"))?;
        let turns = u64::try_from(plan.messages.len()).unwrap_or(u64::MAX);
        ensure!((1..=ORDERS_EACH).contains(&turns), "`{file}`: write 1 to {ORDERS_EACH} messages");
        Ok(plan)
    }

    /// Turns of a conversation.
    pub(super) const fn turns(&self) -> usize {
        self.messages.len()
    }

    /// Turn `turn` of conversation `number`, if it has so many.
    pub(super) fn line(&self, number: u64, turn: usize) -> Option<Line> {
        let order = order(number, u64::try_from(turn).ok()?);
        let text = self.messages.get(turn)?.replace(ORDER, &order);
        Some(Line { text, holds: self.reply_holds.iter().map(|part| part.replace(ORDER, &order)).collect() })
    }
}

fn order(number: u64, turn: u64) -> String {
    format!("ORD-{}", NUMBERS_FROM + (number % CUSTOMERS) * ORDERS_EACH + turn % ORDERS_EACH)
}

/// The customer of conversation `number`.
pub(super) fn customer(number: u64) -> String {
    format!("C-{}", number % CUSTOMERS)
}

/// Whose order it is; none when the number is not one of ours.
pub(super) fn owner(order: &str) -> Option<String> {
    let number: u64 = order.strip_prefix("ORD-")?.parse().ok()?;
    let customer = number.checked_sub(NUMBERS_FROM)? / ORDERS_EACH;
    (customer < CUSTOMERS).then(|| self::customer(customer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_asks_about_orders_of_his_own() {
        for number in [0, 7, 99_999, 100_000, 123_456_789] {
            for turn in 0..ORDERS_EACH {
                let order = order(number, turn);
                assert_eq!((order.len(), owner(&order)), (10, Some(customer(number))), "{order}");
            }
        }
        assert_eq!((owner("ORD-99999"), owner("ORD-900000"), owner("x")), (None, None, None));
    }

    #[test]
    fn the_pack_that_is_carried_says_what_is_asked_and_what_a_reply_must_hold() {
        let plan = Plan::of(&PackSource::with_file(FILE).unwrap()).unwrap();
        assert_eq!(plan.turns(), 3);
        for turn in 0..plan.turns() {
            let line = plan.line(5, turn).unwrap();
            assert!(line.text.contains(&order(5, turn as u64)) && line.holds.contains(&order(5, turn as u64)));
        }
        assert!(plan.line(5, plan.turns()).is_none());
    }
}
