//! How much may be done for a customer within a time? `policies/limits.yaml` of a pack: counts and sums, and which actions they hold for.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::action::Stake;
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, Risk};

/// Reason code of what a limit holds back.
pub const LIMIT_REACHED: &str = "limit_reached";
/// The longest time a limit looks back, hours.
const HOURS_MAX: u32 = 31 * 24;
/// Limits of a pack.
const LIMITS_MAX: usize = 100;

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name, for the trail.
    pub id: String,
    /// Whose effects count together.
    #[serde(default)]
    pub per: Per,
    /// The actions it holds for; their effects count together.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Or all actions of a class.
    #[serde(default)]
    pub risk: Option<Risk>,
    /// The markets it holds for; all if left out.
    #[serde(default)]
    pub markets: Vec<String>,
    /// How far it looks back.
    pub within: Within,
    /// Effects at most.
    #[serde(default)]
    pub count: Option<u32>,
    /// Sum of the amounts at most, minor units by currency. What has another currency, or no amount, is a person's matter.
    #[serde(default)]
    pub sum: BTreeMap<String, i64>,
}

/// Whose effects count together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// One customer's.
    #[default]
    Customer,
    /// Everybody's.
    Company,
}

/// How far a limit looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Within {
    /// So many hours, counted back from now.
    Hours(u32),
    /// The calendar day in the pack's time zone.
    Today,
}

impl TryFrom<String> for Within {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hours = |number: &str, each: u32| number.parse::<u32>().ok()?.checked_mul(each);
        let parsed = match text.as_str() {
            "today" => return Ok(Self::Today),
            text => match (text.strip_suffix('h'), text.strip_suffix('d')) {
                (Some(number), _) => hours(number, 1),
                (_, Some(number)) => hours(number, 24),
                _ => None,
            },
        };
        let within = parsed.filter(|hours| (1..=HOURS_MAX).contains(hours)).map(Self::Hours);
        within.ok_or_else(|| {
            format!("`within` is `today`, hours such as `24h` or days such as `7d`, at most 31 days; not `{text}`")
        })
    }
}

/// What is left of a limit for an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Nothing, whatever was done before: its amount is unknown, or of a currency that the limit does not name.
    Nothing,
    /// Up to this sum in its currency, with what was done before; none when only the number counts.
    UpTo(Option<i64>),
}

impl Limit {
    /// Whether it holds for an action in a market.
    #[must_use]
    pub fn holds_for(&self, action: &str, stake: &Stake) -> bool {
        let named = self.actions.iter().any(|name| name == action) || self.risk == Some(stake.risk);
        named
            && (self.markets.is_empty() || self.markets.iter().any(|market| market.eq_ignore_ascii_case(&stake.market)))
    }

    /// What sums it leaves for an effect.
    #[must_use]
    pub fn room(&self, stake: &Stake) -> Room {
        if self.sum.is_empty() {
            return Room::UpTo(None);
        }
        let max = stake.amount.as_ref().and_then(|(_, currency)| self.sum.get(currency));
        max.map_or(Room::Nothing, |max| Room::UpTo(Some(*max)))
    }
}

/// Reads `policies/limits.yaml`.
///
/// # Errors
/// All problems found, with file and line; the author of the pack can fix them.
pub(crate) fn parse(file: &str, source: &str) -> Result<Vec<Limit>, Vec<PackProblem>> {
    serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])
}

/// What does not fit the pack's actions and markets.
pub(crate) fn check(
    limits: &[Limit],
    (actions, markets): (&BTreeMap<String, ActionSpec>, &[String]),
    mut report: impl FnMut(&str, String),
) {
    if limits.len() > LIMITS_MAX {
        report("", format!("at most {LIMITS_MAX} limits can hold"));
    }
    for (number, limit) in limits.iter().enumerate() {
        let id = format!("id: {}", limit.id);
        if limits.iter().take(number).any(|other| other.id == limit.id) {
            report(&id, format!("limit `{}` is there twice", limit.id));
        }
        if limit.actions.is_empty() == limit.risk.is_none() {
            report(&id, format!("limit `{}` needs either `actions` or `risk`", limit.id));
        }
        if matches!(limit.risk, Some(Risk::Read | Risk::Challenge)) {
            report(&id, format!("limit `{}` can hold for write, money or credential", limit.id));
        }
        if limit.count.is_none() && limit.sum.is_empty() {
            report(&id, format!("limit `{}` needs `count` or `sum`", limit.id));
        }
        if limit.count == Some(0) || limit.sum.values().any(|minor| *minor <= 0) {
            report(&id, format!("limit `{}` lets nothing through, say so in a policy", limit.id));
        }
        for action in &limit.actions {
            match actions.get(action) {
                Some(spec) if !matches!(spec.risk, Risk::Read | Risk::Challenge) => {}
                _ => report(action, format!("action `{action}` does not exist under actions/, or changes nothing")),
            }
        }
        for market in limit.markets.iter().filter(|market| !markets.contains(market)) {
            report(market, format!("market `{market}` is not among `markets` of pack.toml"));
        }
        let held = actions.values().filter(|spec| limit.actions.contains(&spec.name) || limit.risk == Some(spec.risk));
        for spec in held.filter(|spec| !limit.sum.is_empty() && (spec.amount.is_none() || spec.currency.is_none())) {
            report(
                &id,
                format!("`sum` of limit `{}` needs `amount` and `currency` in actions/{}.yaml", limit.id, spec.name),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAY: &str = "action: pay\nrisk: money\nmethod: POST\npath: /x\namount: '1'\ncurrency: \"'SEK'\"\n";

    fn problems(source: &str) -> Vec<(usize, String)> {
        let actions = [
            PAY.to_owned(),
            PAY.replace("pay", "gift").replace("amount: '1'\n", ""),
            "action: look\nrisk: read\nmethod: GET\npath: /x\n".to_owned(),
        ];
        let names = ["pay", "gift", "look"];
        let specs = actions.iter().zip(names).map(|(source, name)| {
            (name.to_owned(), ActionSpec::parse(&format!("p/actions/{name}.yaml"), source).unwrap())
        });
        let specs = specs.collect();
        let file = "p/policies/limits.yaml";
        let mut found = Vec::new();
        match parse(file, source) {
            Err(problems) => found.extend(problems.into_iter().map(|problem| (problem.line, problem.message))),
            Ok(limits) => check(&limits, (&specs, &["SE".to_owned()]), |needle, message| {
                let problem = PackProblem::at(file, source, needle, message);
                found.push((problem.line, problem.message));
            }),
        }
        found
    }

    #[test]
    fn mistakes_are_shown_with_their_line() {
        let good = "- id: a\n  actions: [pay]\n  within: 24h\n  count: 3\n  sum: { SEK: 100 }\n";
        assert_eq!(problems(good), []);
        let table = [
            (good.replace("24h", "32d"), 3, "at most 31 days"),
            (good.replace("24h", "yesterday"), 3, "`within` is `today`"),
            (good.replace("[pay]", "[play]"), 2, "action `play` does not exist"),
            (good.replace("[pay]", "[look]"), 2, "changes nothing"),
            (good.replace("[pay]", "[gift]"), 1, "needs `amount` and `currency` in actions/gift.yaml"),
            (good.replace("actions: [pay]", "risk: money"), 1, "actions/gift.yaml"),
            (good.replace("actions: [pay]", "risk: read"), 1, "write, money or credential"),
            (good.replace("  actions: [pay]\n", ""), 1, "either `actions` or `risk`"),
            (good.replace("  count: 3\n  sum: { SEK: 100 }\n", ""), 1, "needs `count` or `sum`"),
            (good.replace("100", "0"), 1, "lets nothing through"),
            (good.replace("count: 3", "markets: [XX]"), 4, "market `XX`"),
            (good.replace("count: 3", "counts: 3"), 4, "counts"),
            (format!("{good}{good}"), 1, "there twice"),
        ];
        for (source, line, message) in table {
            let found = problems(&source);
            let fits = found.iter().any(|(at, said)| *at == line && said.contains(message));
            assert!(fits, "{source}\n{found:?}");
        }
    }

    #[test]
    fn a_limit_holds_for_what_it_names_and_leaves_room_in_its_currencies_alone() {
        let source = "- id: a\n  actions: [pay]\n  markets: [SE]\n  within: today\n  sum: { SEK: 100 }\n- id: b\n  risk: money\n  within: 7d\n  count: 1\n";
        let limits = parse("p/policies/limits.yaml", source).unwrap();
        let [sum, count] = limits.as_slice() else { panic!("two limits") };
        assert_eq!((sum.within, count.within), (Within::Today, Within::Hours(168)));
        let stake = |risk, market: &str, amount: Option<(i64, &str)>| Stake {
            customer_id: Some("c".to_owned()),
            risk,
            market: market.to_owned(),
            amount: amount.map(|(minor, currency)| (minor, currency.to_owned())),
            known: 0,
        };
        let money = stake(Risk::Money, "SE", Some((5, "SEK")));
        assert_eq!((sum.holds_for("pay", &money), sum.holds_for("gift", &money)), (true, false));
        assert_eq!((count.holds_for("pay", &money), count.holds_for("gift", &money)), (true, true));
        let abroad = stake(Risk::Write, "DE", None);
        assert_eq!((sum.holds_for("pay", &abroad), count.holds_for("pay", &abroad)), (false, false));
        assert_eq!((sum.room(&money), count.room(&money)), (Room::UpTo(Some(100)), Room::UpTo(None)));
        assert_eq!(
            (sum.room(&stake(Risk::Money, "SE", Some((5, "EUR")))), sum.room(&abroad)),
            (Room::Nothing, Room::Nothing)
        );
    }
}
