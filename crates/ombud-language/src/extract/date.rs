//! Which days does a text name, seen from the customer's day?

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use regex::{Captures, Regex};

use super::number::word_value;
use super::{Entity, entity};

const MONTH: &str = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
const COUNT: &str = r"(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|thirty|a couple(?: of)?|a few)";
const UNIT: &str = r"(?P<unit>day|week|fortnight|month|year)s?(?:'|’)?(?: time)?";
const WEEKDAY: &str = r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";

/// The readings, the more exact first; a place is read once.
static READINGS: LazyLock<Vec<(Regex, Reading)>> = LazyLock::new(|| {
    let list: [(String, Reading); 11] = [
        (r"\b(?P<y>20\d{2})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b".to_owned(), numeric),
        (r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>(?:20)?\d{2})\b".to_owned(), numeric),
        (r"\b(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>(?:20)?\d{2})\b".to_owned(), numeric),
        (format!(r"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {MONTH}(?:,? (?P<y>20\d{{2}}))?\b"), named),
        (format!(r"\b{MONTH} (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>20\d{{2}}))?\b"), named),
        (format!(r"\b(?:in|within|for another|after) {COUNT} {UNIT}\b"), ahead),
        (format!(r"\b{COUNT} {UNIT} (?P<ago>ago|earlier)\b"), ahead),
        (r"\b(?P<word>the day after tomorrow|day before yesterday|today|tonight|tomorrow|tmrw|tmr|yesterday)\b".to_owned(), spoken),
        (format!(r"\b(?:(?P<which>next|this|last|coming|past|on)\s+)(?:the )?{WEEKDAY}\b|\b(?P<full>(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"), weekday),
        (r"\b(?P<which>next|last) (?P<unit>week|month|year)\b|\b(?P<end>(?:the )?end of (?:the|this|next) month|month[- ]end)\b".to_owned(), period),
        (r"\b(?:on |by |until |till |to )?the (?P<d>\d{1,2})(?:st|nd|rd|th)\b".to_owned(), day_of_month),
    ];
    list.into_iter()
        .filter_map(|(source, reading)| Some((crate::lean::regex(&format!("(?i){source}")).ok()?, reading)))
        .collect()
});

type Reading = fn(&Captures<'_>, Date) -> Option<Date>;

/// Days named in a text. A day without a year is the nearest such day; "next Friday" is the first Friday after this week's.
pub(super) fn read(text: &str, today: Date) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    for (regex, reading) in READINGS.iter() {
        for captures in regex.captures_iter(text) {
            let (Some(whole), Some(date)) = (captures.get(0), reading(&captures, today)) else { continue };
            if found.iter().all(|other| whole.end() <= other.start || whole.start() >= other.end) {
                found.push(entity("date", text, (whole.start(), whole.end()), date.to_string()));
            }
        }
    }
    found
}

fn part(captures: &Captures<'_>, name: &str) -> Option<i16> {
    captures.name(name)?.as_str().parse().ok()
}

fn numeric(captures: &Captures<'_>, _: Date) -> Option<Date> {
    let (y, m, d) = (part(captures, "y")?, part(captures, "m")?, part(captures, "d")?);
    let year = if y < 100 { 2000 + y } else { y };
    let (m, d) = (i8::try_from(m).ok()?, i8::try_from(d).ok()?);
    // Month first where both fit, as in the United States; day first where only that fits.
    Date::new(year, m, d).or_else(|_| Date::new(year, d, m)).ok()
}

fn named(captures: &Captures<'_>, today: Date) -> Option<Date> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let written = captures.name("month")?.as_str().to_lowercase();
    let month = i8::try_from(MONTHS.iter().position(|known| written.starts_with(known))? + 1).ok()?;
    let day = i8::try_from(part(captures, "d")?).ok()?;
    if let Some(year) = part(captures, "y") {
        return Date::new(year, month, day).ok();
    }
    let years = [today.year() - 1, today.year(), today.year() + 1];
    let near = years.iter().filter_map(|year| Date::new(*year, month, day).ok());
    near.min_by_key(|date| days_between(today, *date).abs())
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

fn ahead(captures: &Captures<'_>, today: Date) -> Option<Date> {
    let count = captures.name("count")?.as_str();
    let count: i64 = count.parse().ok().or_else(|| word_value(count))?;
    let count = if captures.name("ago").is_some() { -count } else { count };
    move_by(today, count, captures.name("unit")?.as_str())
}

fn move_by(today: Date, count: i64, unit: &str) -> Option<Date> {
    let span = match unit.to_lowercase().as_str() {
        "day" => count.days(),
        "week" => count.weeks(),
        "fortnight" => count.saturating_mul(2).weeks(),
        "month" => count.months(),
        _ => count.years(),
    };
    today.checked_add(span).ok()
}

fn spoken(captures: &Captures<'_>, today: Date) -> Option<Date> {
    let days = match captures.name("word")?.as_str().to_lowercase().as_str() {
        "the day after tomorrow" => 2,
        "tomorrow" | "tmrw" | "tmr" => 1,
        "yesterday" => -1,
        "day before yesterday" => -2,
        _ => 0,
    };
    today.checked_add(i64::from(days).days()).ok()
}

fn weekday(captures: &Captures<'_>, today: Date) -> Option<Date> {
    const DAYS: [(&str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let written = captures.name("weekday").or_else(|| captures.name("full"))?.as_str().to_lowercase();
    let (_, target) = DAYS.iter().find(|(prefix, _)| written.starts_with(prefix))?;
    let which = captures.name("which").map(|which| which.as_str().to_lowercase()).unwrap_or_default();
    if matches!(which.as_str(), "last" | "past") {
        return today.nth_weekday(-1, *target).ok();
    }
    let coming = today.nth_weekday(1, *target).ok()?;
    let this_week = target.to_monday_one_offset() > today.weekday().to_monday_one_offset();
    if which == "next" && this_week { coming.checked_add(1.week()).ok() } else { Some(coming) }
}

fn period(captures: &Captures<'_>, today: Date) -> Option<Date> {
    if let Some(end) = captures.name("end") {
        let next = end.as_str().to_lowercase().contains("next");
        let month = if next { today.first_of_month().checked_add(1.month()).ok()? } else { today };
        return Some(month.last_of_month());
    }
    let count = if captures.name("which")?.as_str().eq_ignore_ascii_case("last") { -1 } else { 1 };
    move_by(today, count, captures.name("unit")?.as_str())
}

/// "The 25th" is the next one.
fn day_of_month(captures: &Captures<'_>, today: Date) -> Option<Date> {
    let day = i8::try_from(part(captures, "d")?).ok()?;
    let here = Date::new(today.year(), today.month(), day).ok().filter(|date| *date >= today);
    here.or_else(|| {
        let next = today.first_of_month().checked_add(1.month()).ok()?;
        Date::new(next.year(), next.month(), day).ok()
    })
}
