//! How often may one address, one session and one customer ask? Token buckets with bounded tables of keys.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use crate::auth::{Customer, Party};
use crate::problem::ApiError;

/// How often something may be done: so many a minute, so many at once. Zero a minute switches the limit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// A minute, on average.
    pub per_minute: u32,
    /// At once.
    pub burst: u32,
}

/// The limits of the public side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Pages and their parts fetched by one address.
    pub address_pages: Rate,
    /// Requests of one address.
    pub address_requests: Rate,
    /// Sessions opened by one address.
    pub address_sessions: Rate,
    /// Requests of one session, or of one customer over all sessions.
    pub session_requests: Rate,
    /// Messages of one session, or of one customer over all sessions.
    pub session_messages: Rate,
    /// One-time codes entered by one session, or by one customer over all sessions.
    pub session_codes: Rate,
    /// Keys remembered for each limit; beyond it, new ones share one bucket.
    pub keys_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            address_pages: Rate { per_minute: 3_000, burst: 1_000 },
            address_requests: Rate { per_minute: 1_200, burst: 300 },
            address_sessions: Rate { per_minute: 60, burst: 30 },
            session_requests: Rate { per_minute: 600, burst: 120 },
            session_messages: Rate { per_minute: 30, burst: 15 },
            session_codes: Rate { per_minute: 6, burst: 6 },
            keys_max: 100_000,
        }
    }
}

/// Whose bucket it is: a known customer's over all his sessions, else the session's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SessionKey {
    /// A customer.
    Customer(String),
    /// A session.
    Session(uuid::Uuid),
}

impl SessionKey {
    /// The key of a party.
    #[must_use]
    pub fn of(party: &Party) -> Self {
        match party {
            Party::Staff(staff) => Self::Session(staff.session_id.0),
            Party::Customer(customer) => Self::of_customer(customer),
        }
    }

    /// The key of a customer.
    #[must_use]
    pub fn of_customer(customer: &Customer) -> Self {
        match &customer.principal.customer_id {
            Some(id) => Self::Customer(id.as_str().to_owned()),
            None => Self::Session(customer.principal.session_id.0),
        }
    }
}

/// All limits.
#[derive(Debug)]
pub struct Limits {
    address_pages: Keyed<IpAddr>,
    address_requests: Keyed<IpAddr>,
    address_sessions: Keyed<IpAddr>,
    session_requests: Keyed<SessionKey>,
    session_messages: Keyed<SessionKey>,
    session_codes: Keyed<SessionKey>,
}

impl Limits {
    /// Full buckets.
    #[must_use]
    pub fn new(settings: &LimitSettings) -> Self {
        Self {
            address_pages: Keyed::new(settings.address_pages, settings.keys_max),
            address_requests: Keyed::new(settings.address_requests, settings.keys_max),
            address_sessions: Keyed::new(settings.address_sessions, settings.keys_max),
            session_requests: Keyed::new(settings.session_requests, settings.keys_max),
            session_messages: Keyed::new(settings.session_messages, settings.keys_max),
            session_codes: Keyed::new(settings.session_codes, settings.keys_max),
        }
    }

    /// One page or part of it for an address.
    ///
    /// # Errors
    /// [`ApiError::TooMany`].
    pub fn page(&self, address: IpAddr) -> Result<(), ApiError> {
        self.address_pages.check(&address)
    }

    /// One request of an address.
    ///
    /// # Errors
    /// [`ApiError::TooMany`], as for all of these; the caller waits.
    pub fn address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.address_requests.check(&address)
    }

    /// One session opened by an address.
    ///
    /// # Errors
    /// [`ApiError::TooMany`].
    pub fn session(&self, address: IpAddr) -> Result<(), ApiError> {
        self.address_sessions.check(&address)
    }

    /// One request of a session.
    ///
    /// # Errors
    /// [`ApiError::TooMany`].
    pub fn request(&self, key: &SessionKey) -> Result<(), ApiError> {
        self.session_requests.check(key)
    }

    /// One message of a session.
    ///
    /// # Errors
    /// [`ApiError::TooMany`].
    pub fn message(&self, key: &SessionKey) -> Result<(), ApiError> {
        self.session_messages.check(key)
    }

    /// One code entered in a session.
    ///
    /// # Errors
    /// [`ApiError::TooMany`].
    pub fn code(&self, key: &SessionKey) -> Result<(), ApiError> {
        self.session_codes.check(key)
    }
}

/// Checks between two looks at a full table.
const CHECKS_BETWEEN_SWEEPS: u32 = 1_024;

/// One limit for many keys. Keys whose bucket is full again are forgotten; when too many are left, new ones share one bucket.
#[derive(Debug)]
struct Keyed<K: Hash + Eq + Clone> {
    buckets: Option<Buckets<K>>,
    keys_max: usize,
    checks: AtomicU32,
}

#[derive(Debug)]
struct Buckets<K: Hash + Eq + Clone> {
    each: DefaultKeyedRateLimiter<K>,
    shared: DefaultDirectRateLimiter,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(rate: Rate, keys_max: usize) -> Self {
        let buckets = NonZeroU32::new(rate.per_minute).map(|per_minute| {
            let quota =
                Quota::per_minute(per_minute).allow_burst(NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN));
            Buckets { each: RateLimiter::keyed(quota), shared: RateLimiter::direct(quota) }
        });
        Self { buckets, keys_max, checks: AtomicU32::new(0) }
    }

    fn check(&self, key: &K) -> Result<(), ApiError> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        let sweeps = self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(CHECKS_BETWEEN_SWEEPS);
        if buckets.each.len() >= self.keys_max && sweeps {
            buckets.each.retain_recent();
            buckets.each.shrink_to_fit();
        }
        let is_full = buckets.each.len() >= self.keys_max;
        let checked = if is_full { buckets.shared.check() } else { buckets.each.check_key(key) };
        checked.map_err(|until| too_many(&until))
    }
}

fn too_many(until: &NotUntil<<DefaultClock as governor::clock::Clock>::Instant>) -> ApiError {
    let wait = until.wait_time_from(DefaultClock::default().now());
    ApiError::TooMany { retry_after_s: wait.as_secs().saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_one_is_told_when_to_come_back() {
        let limit = Keyed::new(Rate { per_minute: 6, burst: 3 }, 100);
        for _ in 0..3 {
            limit.check(&"a").unwrap();
        }
        let error = limit.check(&"a").unwrap_err();
        assert!(matches!(error, ApiError::TooMany { retry_after_s: 9..=11 }), "{error}");
        limit.check(&"b").unwrap();
    }

    #[test]
    fn keys_beyond_the_bound_share_one_bucket() {
        let limit = Keyed::new(Rate { per_minute: 6, burst: 3 }, 10);
        let passed = (0..1_000).filter(|key| limit.check(key).is_ok()).count();
        assert_eq!(passed, 10 + 3);
        assert!(limit.buckets.unwrap().each.len() <= 10);
    }

    #[test]
    fn zero_a_minute_switches_a_limit_off() {
        let limit = Keyed::new(Rate { per_minute: 0, burst: 0 }, 10);
        assert!((0..1_000).all(|_| limit.check(&1).is_ok()));
    }
}
