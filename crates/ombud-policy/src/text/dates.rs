//! Which day is so many days later? What texts reckon with dates.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use minijinja::ErrorKind;

/// Public holidays by market.
pub(crate) type Holidays = BTreeMap<String, Vec<Date>>;

/// Business days that texts count, at most.
const BUSINESS_DAYS_MAX: u32 = 366;

/// The date of a text that begins with `YYYY-MM-DD`.
fn date_of(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// A date so many days from Monday to Friday later that are no holidays, `YYYY-MM-DD`: `dispute.respond_by | business_days_later(10, session.market) | date`.
pub(super) fn business_days_later(text: &str, days: u32, holidays: &[Date]) -> Result<String, minijinja::Error> {
    let wrong = || {
        let reason = "`business_days_later` takes a date and a number of days, 366 at most";
        minijinja::Error::new(ErrorKind::InvalidOperation, reason)
    };
    let mut date = date_of(text).filter(|_| days <= BUSINESS_DAYS_MAX).ok_or_else(wrong)?;
    let mut left = days;
    while left > 0 {
        date = date.tomorrow().map_err(|_| wrong())?;
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        left -= u32::from(!is_weekend && !holidays.contains(&date));
    }
    Ok(date.to_string())
}

/// A date so many days later, `YYYY-MM-DD`: `receipt.plan.due_on | days_later(14) | date`.
pub(super) fn days_later(text: &str, days: i64) -> Result<String, minijinja::Error> {
    let wrong = || minijinja::Error::new(ErrorKind::InvalidOperation, "`days_later` takes a date and a number of days");
    let date = date_of(text).ok_or_else(wrong)?;
    let span = jiff::Span::new().try_days(days).map_err(|_| wrong())?;
    date.checked_add(span).map(|date| date.to_string()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_days_leave_out_the_weekend_and_holidays() {
        let holidays = [Date::constant(2026, 12, 25), Date::constant(2026, 12, 26)];
        // 2026-12-05 is a Saturday.
        for (day, days, later) in [
            ("2026-12-05", 10, "2026-12-18"),
            ("2026-12-04T09:00:00Z", 1, "2026-12-07"),
            ("2026-12-08", 0, "2026-12-08"),
            ("2026-12-14", 10, "2026-12-29"),
        ] {
            assert_eq!(business_days_later(day, days, &holidays).ok().as_deref(), Some(later));
        }
        for (day, days) in [("soon", 1), ("2026-12-05", 367)] {
            assert!(business_days_later(day, days, &holidays).is_err());
        }
    }
}
