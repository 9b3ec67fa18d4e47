//! What is held of customers' records, and until when may it be used?
//!
//! In the memory of this process alone: nothing is written anywhere, so that nothing has to be sealed, and what is erased is gone with the entry. What was read
//! counts as it was read until the company reports a change, and only as long as somebody has looked for changes just now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ombud_domain::{Link, Node};

/// Customers of whom something is held.
const CUSTOMERS_MAX: u64 = 1_000;
/// How long nobody may ask for it.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long it is held at most.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// How long ago a record was read, or the company's feed read to its end, for the record to be used as it is, microseconds. With this bound alone a change is
/// seen after a second, whatever becomes of the feed.
pub(super) const FRESH_US: u64 = 1_000_000;

/// What one action has read of a customer.
#[derive(Debug)]
pub(super) struct Part {
    pub nodes: Vec<Node>,
    pub links: Vec<Link>,
    pub since: Since,
}

/// When a reading began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    /// Changes that were reported before it.
    version: u64,
    /// On the monotonic clock, microseconds.
    us: u64,
}

/// By whom and as what it was read: a verified customer sees what others do not.
pub(super) type View = (String, String);

/// What is held of all customers.
#[derive(Debug)]
pub(super) struct Held {
    customers: moka::sync::Cache<String, Arc<OfCustomer>>,
    /// How many changes were reported.
    version: AtomicU64,
    /// When the feed was read that was read to its end, microseconds; 0 for never.
    followed_us: AtomicU64,
}

/// What is held of one.
#[derive(Debug, Default)]
pub(super) struct OfCustomer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By the view and the action.
    parts: BTreeMap<(View, String), Arc<Part>>,
    /// The version with which the answers of an action became old.
    changed: BTreeMap<String, u64>,
}

impl Default for Held {
    fn default() -> Self {
        let policy = moka::policy::EvictionPolicy::lru();
        let customers = moka::sync::Cache::builder().max_capacity(CUSTOMERS_MAX).eviction_policy(policy);
        let customers = customers.time_to_idle(IDLE).time_to_live(LIFE).build();
        Self { customers, version: AtomicU64::new(0), followed_us: AtomicU64::new(0) }
    }
}

impl Held {
    /// What is held of a customer. Whoever reads takes it first: a change that is reported meanwhile is noted in it.
    pub(super) fn of(&self, customer_id: &str) -> Arc<OfCustomer> {
        self.customers.get_with_by_ref(customer_id, Arc::default)
    }

    /// A reading that begins now.
    pub(super) fn begin(&self, now_us: u64) -> Since {
        Since { version: self.version.load(Ordering::SeqCst), us: now_us }
    }

    /// Answers of these actions are old: something of the customer has changed.
    pub(super) fn changed<'a>(&self, customer_id: &str, actions: impl IntoIterator<Item = &'a str>) {
        // INVARIANT: a reading that began before the change has a lower version than its note, one that begins afterwards has not (test:
        // `a_change_during_a_reading_makes_it_old`).
        let version = self.version.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if let Some(known) = self.customers.get(customer_id) {
            let mut state = known.state();
            state.changed.extend(actions.into_iter().map(|action| (action.to_owned(), version)));
        }
    }

    /// The feed was read to its end: whatever changed before `began_us` is noted.
    pub(super) fn followed(&self, began_us: u64) {
        self.followed_us.fetch_max(began_us, Ordering::SeqCst);
    }

    /// Forgets everything; it is read again when it is asked for.
    pub(super) fn clear(&self) {
        self.customers.invalidate_all();
    }
}

impl OfCustomer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an action has read, if it may be used now. `reported` are the actions of whose records the feed tells when they change.
    pub(super) fn part(
        &self,
        (view, action): (&View, &str),
        (held, reported): (&Held, &BTreeSet<&str>),
        now_us: u64,
    ) -> Option<Arc<Part>> {
        let state = self.state();
        let part = state.parts.get(&(view.clone(), action.to_owned()))?;
        let followed = if reported.contains(action) { held.followed_us.load(Ordering::SeqCst) } else { 0 };
        let is_old = state.changed.get(action).is_some_and(|changed| *changed > part.since.version);
        let vouched_us = part.since.us.max(followed);
        (!is_old && vouched_us.saturating_add(FRESH_US) >= now_us).then(|| Arc::clone(part))
    }

    pub(super) fn keep(&self, (view, action): (&View, &str), part: &Arc<Part>) {
        self.state().parts.insert((view.clone(), action.to_owned()), Arc::clone(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = "orders";

    fn view(level: &str) -> View {
        (level.to_owned(), "SE".to_owned())
    }

    fn read(held: &Held, level: &str, since: Since) {
        let part = Arc::new(Part { nodes: Vec::new(), links: Vec::new(), since });
        held.of("ada").keep((&view(level), ORDERS), &part);
    }

    fn is_used(held: &Held, level: &str, reported: &[&'static str], now_us: u64) -> bool {
        let reported: BTreeSet<&str> = reported.iter().copied().collect();
        held.of("ada").part((&view(level), ORDERS), (held, &reported), now_us).is_some()
    }

    #[test]
    fn what_was_read_is_used_until_a_change_is_reported() {
        let held = Held::default();
        read(&held, "identified", held.begin(1_000));
        held.followed(5_000_000);
        assert!(is_used(&held, "identified", &[ORDERS], 5_500_000));
        assert!(!is_used(&held, "verified", &[ORDERS], 5_500_000), "what one may see is not shown as what another may");
        held.changed("bo", [ORDERS]);
        held.changed("ada", ["tickets"]);
        assert!(is_used(&held, "identified", &[ORDERS], 5_500_000));
        held.changed("ada", [ORDERS]);
        assert!(!is_used(&held, "identified", &[ORDERS], 5_500_000));
        read(&held, "identified", held.begin(5_600_000));
        assert!(is_used(&held, "identified", &[ORDERS], 5_700_000));
        held.clear();
        assert!(!is_used(&held, "identified", &[ORDERS], 5_700_000), "what is erased is not held");
    }

    #[test]
    fn a_change_during_a_reading_makes_it_old() {
        let held = Held::default();
        let (of_ada, since) = (held.of("ada"), held.begin(1_000));
        held.changed("ada", [ORDERS]);
        of_ada.keep((&view("identified"), ORDERS), &Arc::new(Part { nodes: Vec::new(), links: Vec::new(), since }));
        assert!(!is_used(&held, "identified", &[ORDERS], 2_000));
    }

    #[test]
    fn nothing_is_used_longer_than_somebody_looks_for_changes() {
        let held = Held::default();
        read(&held, "identified", held.begin(1_000));
        let last = 1_000 + FRESH_US;
        assert!(is_used(&held, "identified", &[ORDERS], last) && !is_used(&held, "identified", &[ORDERS], last + 1));
        held.followed(last);
        assert!(is_used(&held, "identified", &[ORDERS], last + FRESH_US));
        assert!(!is_used(&held, "identified", &[ORDERS], last + FRESH_US + 1), "the feed is not read any more");
        assert!(!is_used(&held, "identified", &[], last + 1), "no event tells when these change");
    }
}
