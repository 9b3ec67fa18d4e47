//! The system's clock and randomness; the one place that reads them.

use std::time::Instant;

use ombud_domain::TimestampUs;
use ombud_ports::Clock;

/// The clock of the machine.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock port")]
    fn now(&self) -> TimestampUs {
        TimestampUs(jiff::Timestamp::now().as_microsecond())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock port, where ids are made")]
    fn fresh_id(&self) -> u128 {
        uuid::Uuid::now_v7().as_u128()
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A secret that nobody can guess: 244 random bits of the operating system, hexadecimal.
#[expect(clippy::disallowed_methods, reason = "a secret must not come from a seeded generator")]
pub(crate) fn fresh_secret() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_with_time_and_secrets_differ() {
        let clock = SystemClock::new();
        let ids: Vec<u128> = (0..1_000).map(|_| clock.fresh_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(fresh_secret().len() >= 64 && fresh_secret() != fresh_secret());
    }
}
