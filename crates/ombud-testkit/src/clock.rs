//! What time is it in a test? The time the test has set.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ombud_domain::TimestampUs;
use ombud_ports::Clock;

/// A clock that moves only when told to, and whose ids repeat from run to run.
#[derive(Debug)]
pub struct FixedClock {
    now_us: AtomicI64,
    ids_given: AtomicU64,
}

impl FixedClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn at(now: TimestampUs) -> Self {
        Self { now_us: AtomicI64::new(now.0), ids_given: AtomicU64::new(0) }
    }

    /// Sets the time.
    pub fn set(&self, now: TimestampUs) {
        self.now_us.store(now.0, Ordering::SeqCst);
    }

    /// Moves on by `seconds`, which may be negative.
    pub fn advance_s(&self, seconds: i64) {
        self.now_us.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Default for FixedClock {
    /// 2026-06-15T12:00:00Z, a Monday.
    fn default() -> Self {
        Self::at(TimestampUs(1_781_524_800_000_000))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> TimestampUs {
        TimestampUs(self.now_us.load(Ordering::SeqCst))
    }

    fn fresh_id(&self) -> u128 {
        let count = self.ids_given.fetch_add(1, Ordering::SeqCst);
        let now_ms = u128::from(self.now().0.div_euclid(1000).unsigned_abs());
        // UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, version 7, variant 10; the random part is the count.
        ((now_ms & 0xffff_ffff_ffff) << 80) | (0x7 << 76) | (0b10 << 62) | u128::from(count)
    }

    fn monotonic_us(&self) -> u64 {
        self.now().0.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_monday_noon_in_june() {
        assert_eq!(FixedClock::default().now().to_rfc3339(), "2026-06-15T12:00:00.000Z");
    }

    #[test]
    fn two_clocks_give_the_same_ids_in_the_same_order_and_never_one_twice() {
        let (one, other) = (FixedClock::default(), FixedClock::default());
        let ids: Vec<u128> = (0..100).map(|_| one.fresh_id()).collect();
        assert_eq!(ids, (0..100).map(|_| other.fresh_id()).collect::<Vec<_>>());
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| (id >> 76) & 0xf == 7 && (id >> 62) & 0b11 == 0b10));
    }

    #[test]
    fn time_moves_only_when_told_to() {
        let clock = FixedClock::at(TimestampUs(5_000_000));
        clock.advance_s(-2);
        assert_eq!(clock.now(), TimestampUs(3_000_000));
    }
}
