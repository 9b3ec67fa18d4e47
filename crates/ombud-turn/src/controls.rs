//! What holds an action back? Switches, a stream of the ledger that is read again before every change, so that every process obeys at once; and
//! what was done for the customer before.

use std::collections::BTreeMap;
use std::sync::Arc;

use ombud_domain::{ActionOutcome, CallFailure, IntentId, RecordedEvent, StreamId, TenantId, TimestampUs};
use ombud_policy::Authorized;
use ombud_policy::controls::{Flip, Position, SWITCHED_OFF, Standing, Switches, switches_stream};
use ombud_policy::limits::{Per, Room, Within};
use ombud_policy::spec::Risk;
use ombud_ports::effects::{Cap, CapPer, Counting, Effect, KEPT_US, Known, PastEffect};
use ombud_ports::{Ledger, StoreError};
use serde_json::json;

use crate::assistant::Assistant;
use crate::followed::{Fold, Followed};
use crate::reader::midnight;
use crate::turn::TurnError;

/// An hour, microseconds.
const HOUR_US: i64 = 3_600_000_000;

impl Fold for Switches {
    const WHAT: &'static str = "switch";

    fn stream() -> StreamId {
        switches_stream()
    }

    fn fold(&mut self, event: &RecordedEvent) -> Result<(), serde_json::Error> {
        Self::fold(self, event)
    }
}

/// The switches of a company. Every process has its own, on the one ledger.
pub struct Switchboard(Followed<Switches>);

impl Switchboard {
    /// The switches in a ledger.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, tenant: TenantId) -> Self {
        Self(Followed::new(ledger, tenant))
    }

    /// All that is switched off now: one query, which gives only what is new.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may be changed then.
    pub async fn read(&self) -> Result<Switches, StoreError> {
        self.0.read().await
    }

    /// Switches something, durably and for every process on this ledger; gives all that is off then. What stands so already is left as it is.
    ///
    /// # Errors
    /// [`TurnError::Store`] when the ledger cannot be used, [`TurnError::Conflict`] when others switch again and again.
    pub async fn flip(&self, flip: &Flip, to: Position, at: TimestampUs) -> Result<Switches, TurnError> {
        self.0.write((to.event(), flip), |switches| switches.stands(&flip.target) == to, at).await
    }
}

/// All that is switched off now, as a turn takes it in.
async fn switches(assistant: &Assistant) -> Result<Switches, StoreError> {
    let read = assistant.switchboard.read();
    match assistant.tape() {
        Some(tape) => tape.ask_store("switches", read).await,
        None => read.await,
    }
}

/// What holds the customer's actions back now. His past is read only where the policies ask for it.
pub(crate) async fn recall(assistant: &Assistant, customer_id: Option<&str>) -> ActionOutcome {
    let names = recalled(assistant);
    let looked_up = async {
        let switches = switches(assistant).await?;
        let (ledger, now) = (&assistant.ports.ledger, assistant.ports.clock.now());
        let past = match customer_id.filter(|_| !names.is_empty()) {
            Some(customer_id) => ledger.effects(&assistant.settings.tenant, customer_id, lately(now)).await?,
            None => Vec::new(),
        };
        Ok::<Standing, StoreError>(standing(switches, past, (&names, now)))
    };
    match looked_up.await {
        Ok(standing) => ActionOutcome::Found { body: json!(standing) },
        Err(error) => unreadable(&error),
    }
}

/// What is known of the past, the newest effect first.
fn standing(switches: Switches, past: Vec<PastEffect>, (names, now): (&[String], TimestampUs)) -> Standing {
    let known = i64::try_from(past.iter().filter(|past| past.is_of(names)).count()).unwrap_or(i64::MAX);
    let mut hours_since = BTreeMap::new();
    for effect in past {
        let hours = now.0.saturating_sub(effect.at.0).max(0) / HOUR_US;
        for name in [effect.action, effect.risk] {
            hours_since.entry(name).or_insert(hours);
        }
    }
    Standing { switches, hours_since, known }
}

/// Names that the policies ask for.
fn recalled(assistant: &Assistant) -> Vec<String> {
    assistant.pack.policies.recalled().iter().cloned().collect()
}

/// From when on what was done can matter.
fn lately(now: TimestampUs) -> TimestampUs {
    TimestampUs(now.0.saturating_sub(KEPT_US))
}

/// How an action counts, with the limits that hold for it. One-time codes have limits of their own.
///
/// # Errors
/// The limit that leaves no room for it, whatever was done before.
pub(crate) fn counting(
    assistant: &Assistant,
    authorized: &Authorized,
    id: IntentId,
) -> Result<Option<Counting>, String> {
    let (stake, action) = (authorized.stake(), &authorized.proposal().action);
    let Some(customer_id) = stake.customer_id.clone().filter(|_| stake.risk != Risk::Challenge) else {
        return Ok(None);
    };
    let now = assistant.ports.clock.now();
    let mut caps = Vec::new();
    for limit in assistant.pack.limits.iter().filter(|limit| limit.holds_for(action, stake)) {
        let Room::UpTo(minor_max) = limit.room(stake) else { return Err(limit.id.clone()) };
        let since = match limit.within {
            Within::Hours(hours) => TimestampUs(now.0.saturating_sub(i64::from(hours).saturating_mul(HOUR_US))),
            // Effects after a moment count: midnight itself is of the day.
            Within::Today => TimestampUs(midnight(assistant).0.saturating_sub(1)),
        };
        caps.push(Cap {
            rule: limit.id.clone(),
            per: if limit.per == Per::Customer { CapPer::Customer } else { CapPer::Company },
            actions: limit.actions.clone(),
            risk: limit.risk,
            markets: limit.markets.clone(),
            since,
            count_max: limit.count.map(i64::from),
            minor_max,
        });
    }
    let names = recalled(assistant);
    let known = (!names.is_empty()).then(|| Known { names, since: lately(now), count: stake.known });
    let effect = Effect {
        intent_id: id.to_string(),
        customer_id,
        action: action.clone(),
        risk: stake.risk,
        market: stake.market.clone(),
        amount: stake.amount.clone(),
    };
    Ok(Some(Counting::Begun { effect, caps, known }))
}

/// What no longer counts. What may have been done counts on.
pub(crate) fn not_done(id: IntentId, outcome: &ActionOutcome) -> Option<Counting> {
    let is_not_done = matches!(outcome, ActionOutcome::Refused { .. } | ActionOutcome::Failed { .. });
    is_not_done.then(|| Counting::NotDone(id.to_string()))
}

/// The refusal of an action that was switched off after its authorization, which may be a moment old by now.
///
/// INVARIANT: once a switch is in the ledger no effect begins that it stops, in whatever process
/// (test: `no_effect_begins_after_a_switch_is_in_the_ledger`).
pub(crate) async fn held(assistant: &Assistant, authorized: &Authorized) -> Option<ActionOutcome> {
    let spec = assistant.pack.actions.get(&authorized.proposal().action)?;
    match switches(assistant).await {
        Ok(switches) => switches
            .stops(spec, &authorized.stake().market)
            .map(|_| ActionOutcome::Refused { reason_code: SWITCHED_OFF.to_owned() }),
        Err(error) => Some(unreadable(&error)),
    }
}

/// What cannot be read holds everything back.
fn unreadable(error: &StoreError) -> ActionOutcome {
    tracing::error!(error = error as &dyn std::error::Error, "what is switched off cannot be read, nothing was done");
    ActionOutcome::Failed { failure: CallFailure::Unreachable }
}

#[cfg(test)]
mod tests {
    use ombud_domain::{IdentityLevel, Label, Proposal};
    use ombud_policy::Proof;
    use ombud_policy::authorize::{Asked, OwnedRecords, Policies, Verdict};
    use ombud_policy::spec::ActionSpec;
    use ombud_ports::Commit;
    use ombud_testkit::MemoryLedger;
    use ombud_testkit::contract::{commit, event, tenant};
    use serde_json::Map;

    use super::*;

    const RULES: &str = r#"
        @id("all") permit (principal, action, resource);
        @id("money-after-credential") @reason("recent_change") forbid (principal, action in Action::"money", resource)
        when { context.hours_since has credential && context.hours_since.credential < 24 };
        @id("ship-after-move") @reason("recent_change") forbid (principal, action == Action::"ship", resource)
        when { context.hours_since has "move" && context.hours_since["move"] < 48 };
    "#;

    const ACTIONS: [(&str, Risk); 5] = [
        ("pay", Risk::Money),
        ("rename", Risk::Credential),
        ("move", Risk::Credential),
        ("ship", Risk::Write),
        ("note", Risk::Write),
    ];

    /// What the rules say, told once more by hand.
    fn is_forbidden(past: &[(&str, Risk, i64)], action: &str, now_h: i64) -> bool {
        let within = |hours: i64, fits: &dyn Fn(&str, Risk) -> bool| {
            past.iter().any(|(name, risk, at)| fits(name, *risk) && now_h - at < hours)
        };
        match action {
            "pay" => within(24, &|_, risk| risk == Risk::Credential),
            "ship" => within(48, &|name, _| name == "move"),
            _ => false,
        }
    }

    /// R17: 1,000 customers, each with 24 wishes at random times up to a day and a half apart.
    #[tokio::test]
    async fn no_forbidden_sequence_is_authorized() {
        let policies = Policies::parse(&[("p.cedar".to_owned(), RULES.to_owned())]).unwrap();
        let names: Vec<String> = policies.recalled().iter().cloned().collect();
        assert_eq!(names, ["credential", "move"]);
        let mut seed = 20_261_128_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let (mut done, mut refused) = (0, 0);
        for customer in 0..1_000 {
            let (ledger, customer_id) = (MemoryLedger::new(), format!("C-{customer}"));
            let mut past: Vec<(&str, Risk, i64)> = Vec::new();
            let mut now_h = 1_000;
            for wish in 0..24 {
                now_h += i64::try_from(random(37)).unwrap();
                let now = TimestampUs(now_h * HOUR_US);
                let (action, risk) = ACTIONS[usize::try_from(random(5)).unwrap()];
                let effects = ledger.effects(&tenant(), &customer_id, lately(now)).await.unwrap();
                let standing = standing(Switches::default(), effects, (&names, now));
                let source = format!("action: {action}\nrisk: {}\nmethod: POST\npath: /x\n", risk.as_str());
                let spec = ActionSpec::parse(&format!("p/actions/{action}.yaml"), &source).unwrap();
                let asked = Asked {
                    spec: &spec,
                    arguments: &Map::new(),
                    customer_id: Some(&customer_id),
                    level: IdentityLevel::Verified,
                    proof: Proof::Code,
                    market: "SE",
                    owned: &OwnedRecords::new(),
                    confirmed: true,
                    approvals: 0,
                    amount_minor: None,
                    currency: None,
                    label: Label::Session,
                    standing: Some(&standing),
                };
                let proposal = Proposal { action: action.to_owned(), ..Proposal::default() };
                let is_authorized = match policies.authorize(&asked, proposal) {
                    Verdict::Authorized(_) => true,
                    Verdict::Denied { reason_code } if reason_code == "recent_change" => false,
                    other => panic!("{other:?}"),
                };
                assert_eq!(is_authorized, !is_forbidden(&past, action, now_h), "{action} at {now_h} h after {past:?}");
                if !is_authorized {
                    refused += 1;
                    continue;
                }
                done += 1;
                past.push((action, risk, now_h));
                let intent_id = format!("{customer}-{wish}");
                let market = "SE".to_owned();
                let effect = Effect {
                    intent_id: intent_id.clone(),
                    customer_id: customer_id.clone(),
                    action: action.to_owned(),
                    risk,
                    market,
                    amount: None,
                };
                let known = Some(Known { names: names.clone(), since: lately(now), count: standing.known });
                let counting = Some(Counting::Begun { effect, caps: Vec::new(), known });
                ledger.append(Commit { counting, at: now, ..commit(&intent_id, 0, vec![event(1)]) }).await.unwrap();
            }
        }
        assert!(refused > 2_000 && done > 10_000, "{refused} refused, {done} done");
    }
}
