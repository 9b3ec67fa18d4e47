//! What time is it, and how are times and days written?
//!
//! A world's clock runs with the machine or stands where a test has put it. Times are RFC 3339 UTC to the microsecond,
//! days are UTC calendar days.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Where the examples and the fixed clock stand: 2026-11-21T12:00:00Z.
pub const STORY_NOW: Moment = Moment { micros: 1_795_262_400_000_000 };

/// A point in time, UTC, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    micros: i64,
}

impl Moment {
    /// The machine's time.
    #[expect(clippy::disallowed_methods, reason = "the one place of the back office that reads the machine's clock")]
    pub fn machine() -> Self {
        Self { micros: Timestamp::now().as_microsecond() }
    }

    /// Microseconds since 1970 as a time; what the database holds.
    pub const fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// This time moved by whole seconds, backwards when negative.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self { micros: self.micros.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)) }
    }

    /// This time moved by days of 24 hours.
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(SECONDS_PER_DAY))
    }

    /// The start of this hour; seeds begin there, so that two starts within an hour give the same dates.
    pub const fn start_of_hour(self) -> Self {
        let hour = 3_600 * MICROS_PER_SECOND;
        Self { micros: self.micros.saturating_sub(self.micros.rem_euclid(hour)) }
    }

    /// The UTC day of this time.
    pub fn day(self) -> Day {
        Day(self.timestamp().to_zoned(TimeZone::UTC).date())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Timestamp>().map(|timestamp| Self { micros: timestamp.as_microsecond() })
    }
}

/// A calendar day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(civil::Date);

impl Day {
    /// This day moved by whole days, backwards when negative.
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(SignedDuration::from_secs(days.saturating_mul(SECONDS_PER_DAY))))
    }

    /// The working day (Monday to Friday, no holidays) that lies `days` working days after this one.
    pub fn plus_working_days(self, days: u32) -> Self {
        let mut day = self;
        let mut left = days;
        while left > 0 {
            day = day.plus_days(1);
            if !matches!(day.0.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday) {
                left = left.saturating_sub(1);
            }
        }
        day
    }

    /// How many days this day lies after `earlier`; negative when before.
    pub fn days_since(self, earlier: Self) -> i64 {
        let span = self.0.duration_since(earlier.0);
        span.as_secs() / SECONDS_PER_DAY
    }

    /// `YYYY-MM` of this day, as printed on cards.
    pub fn year_month(self) -> String {
        format!("{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

macro_rules! written_as_text {
    ($type:ty, $format:expr, $name:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::KnownFormat($format)))
                    .into()
            }
        }
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($name)
            }
        }
    };
}
written_as_text!(Moment, utoipa::openapi::KnownFormat::DateTime, "Moment");
written_as_text!(Day, utoipa::openapi::KnownFormat::Date, "Day");

/// The clock of one world.
#[derive(Debug, Default)]
pub struct Clock {
    stands_at: Mutex<Option<Moment>>,
}

impl Clock {
    /// A clock that runs (`None`) or stands.
    pub fn new(stands_at: Option<Moment>) -> Self {
        Self { stands_at: Mutex::new(stands_at) }
    }

    /// The time in this world.
    pub fn now(&self) -> Moment {
        self.fixed().unwrap_or_else(Moment::machine)
    }

    /// Where the clock stands; `None` when it runs.
    pub fn fixed(&self) -> Option<Moment> {
        *self.stands_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fixes the clock, or lets it run again.
    pub fn set(&self, stands_at: Option<Moment>) {
        *self.stands_at.lock().unwrap_or_else(PoisonError::into_inner) = stands_at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_clock_is_what_the_examples_say() {
        assert_eq!(STORY_NOW.to_string(), "2026-11-21T12:00:00Z");
        assert_eq!(STORY_NOW.day().to_string(), "2026-11-21");
    }

    #[test]
    fn working_days_skip_the_weekend() {
        let friday: Day = "2026-11-20".parse().unwrap();
        assert_eq!(friday.plus_working_days(1).to_string(), "2026-11-23");
        assert_eq!(friday.plus_working_days(5).to_string(), "2026-11-27");
        assert_eq!(friday.plus_days(30).days_since(friday), 30);
    }
}
