//! Where do time and fresh ids come from?

use ombud_domain::TimestampUs;

/// Time and randomness, so that tests can fix both.
pub trait Clock: Send + Sync + 'static {
    /// Now, UTC.
    fn now(&self) -> TimestampUs;

    /// A fresh UUIDv7 as its 128 bits.
    fn fresh_id(&self) -> u128;

    /// Microseconds of a monotonic clock, for durations only.
    fn monotonic_us(&self) -> u64;
}
