//! What does `pack.toml` say?

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer};

use super::{ContextWeights, PackFiles};
use crate::feed::FeedConfig;
use crate::problem::PackProblem;

/// The content of `pack.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The pack's folder.
    pub name: String,
    /// The company's name, as customers know it.
    pub title: String,
    /// The pack it extends; always `base`.
    #[serde(default = "base")]
    pub extends: String,
    /// Language tags with texts.
    pub locales: Vec<String>,
    /// The one used when the customer's is not among them.
    pub default_locale: String,
    /// Market codes, the default first.
    #[serde(default)]
    pub markets: Vec<String>,
    /// Names of places by market, for visitors who say where they live.
    #[serde(default)]
    pub places: Places,
    /// IANA time zone, for "today".
    #[serde(default = "utc")]
    pub timezone: String,
    /// Public holidays by market, such as `2026-12-25`: business days leave them out.
    #[serde(default)]
    pub holidays: BTreeMap<String, Vec<Date>>,
    /// The assistant.
    #[serde(default)]
    pub assistant: AssistantConfig,
    /// Regular expressions by kind of entity.
    #[serde(default)]
    pub patterns: BTreeMap<String, Vec<String>>,
    /// How customers are identified.
    #[serde(default)]
    pub identity: IdentityConfig,
    /// Flows offered when nothing was understood.
    #[serde(default)]
    pub menu: Menu,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
    /// What people at the desk see of the company's records.
    #[serde(default)]
    pub desk: DeskConfig,
    /// What a language model may see of customers.
    #[serde(default)]
    pub model: ModelConfig,
    /// How much each part of what is known counts.
    #[serde(default)]
    pub context: ContextWeights,
    /// The feed of what changed at the company, for flows that wait and for the customer graph.
    #[serde(default)]
    pub feed: Option<FeedConfig>,
    /// What happens when somebody is sad, ill, in debt or in danger: signal to flow.
    #[serde(default)]
    pub signals: BTreeMap<String, String>,
    /// Signals whose flows nothing but the sign itself starts: that somebody died or is ill must be said, a relative who gets letters does not say it.
    #[serde(default)]
    pub only_when_said: Vec<String>,
}

/// How visitors say where they live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Words before the name of a place, lower case: `in`.
    pub after: Vec<String>,
    /// Words said with it that ask for nothing, lower case: `live`.
    #[serde(default)]
    pub said_with: Vec<String>,
    /// Countries and towns by market, lower case.
    pub of: BTreeMap<String, Vec<String>>,
}

/// The assistant's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantConfig {
    /// As customers see it.
    pub name: String,
}

impl Default for AssistantConfig {
    fn default() -> Self {
        Self { name: "Assistant".to_owned() }
    }
}

/// How customers are identified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// The flow that identifies an anonymous customer.
    #[serde(default)]
    pub flow: Option<String>,
    /// The read that gives a signed-in customer's record; its argument is `customer_id`.
    #[serde(default)]
    pub customer: Option<String>,
    /// Member of that record with the customer's market, for conversations that are opened without one.
    #[serde(default)]
    pub market: Option<String>,
    /// The write that sends a one-time code; arguments `customer_id` and `purpose`; gives `challenge_id`.
    #[serde(default)]
    pub send_code: Option<String>,
    /// The write that checks it; arguments `challenge_id` and `code`; gives `verified` and `attempts_left`.
    #[serde(default)]
    pub check_code: Option<String>,
    /// How long a code counts, minutes (PSD2 RTS 2018/389 article 4: at most 5 minutes of inactivity).
    #[serde(default = "five")]
    pub verified_minutes: u32,
}

/// What people at the desk see of the company's records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskConfig {
    /// Reads by `customer_id` whose lists stand beside a conversation, in order, at most twelve. Texts: `desk_<action>`, and `desk_<action>_line` of an `item`.
    #[serde(default)]
    pub records: Vec<String>,
    /// The flow whose questions (`faq:`) customers may ask whenever a person is awaited, whatever led to him.
    #[serde(default)]
    pub questions: Option<String>,
    /// When people answer, by market: while they do, texts know until when (`session.desk_until`), else from when they do again (`session.desk_from`).
    #[serde(default)]
    pub hours: BTreeMap<String, Hours>,
}

/// When people answer customers of a market.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// IANA time zone that the times are in: `Europe/Stockholm`.
    #[serde(deserialize_with = "zone")]
    pub zone: TimeZone,
    /// From and until, Monday to Friday: `["08:00", "20:00"]`.
    pub weekdays: [Time; 2],
    /// The same on Saturday and Sunday.
    pub weekend: [Time; 2],
}

/// When people answer customers, seen from a moment; times are `HH:MM` in the market's zone, and empty where the pack names no hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskTimes {
    /// Until when they answer today; empty where they do not now.
    pub until: String,
    /// From when they answer again; empty where they do now.
    pub from: String,
    /// The day they do, `YYYY-MM-DD`.
    pub from_on: String,
    /// In how many days that is: 0 is today.
    pub from_in: u8,
}

impl Hours {
    /// When people answer, seen from this moment (microseconds since the epoch).
    #[must_use]
    pub fn at(&self, now_us: i64) -> DeskTimes {
        let Ok(now) = Timestamp::from_microsecond(now_us) else { return DeskTimes::default() };
        let now = now.to_zoned(self.zone.clone());
        let time = |time: Time| time.strftime("%H:%M").to_string();
        let [from, until] = self.on(now.weekday());
        if (from..until).contains(&now.time()) {
            return DeskTimes { until: time(until), ..DeskTimes::default() };
        }
        let from_in = u8::from(now.time() >= from);
        let Ok(day) = now.date().checked_add(i64::from(from_in).days()) else { return DeskTimes::default() };
        let [from, _] = self.on(day.weekday());
        DeskTimes { from: time(from), from_on: day.to_string(), from_in, ..DeskTimes::default() }
    }

    const fn on(&self, day: Weekday) -> [Time; 2] {
        if matches!(day, Weekday::Saturday | Weekday::Sunday) { self.weekend } else { self.weekdays }
    }
}

fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(from)?;
    TimeZone::get(&name).map_err(serde::de::Error::custom)
}

/// What a language model may see of customers as it stands; everything else that is personal data, or a value of their records, is shown as a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Kinds of personal data, by name: `postal_code`.
    pub shown_kinds: Vec<String>,
    /// Members of records whose values are the company's own words, beside those of the base: `status`.
    pub shown_members: Vec<String>,
}

/// Flows offered when nothing was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// Their names, in order.
    #[serde(default)]
    pub flows: Vec<String>,
}

/// Bounds of one turn and conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Rounds of deciding and acting in one turn, at most.
    pub rounds_max: usize,
    /// Misunderstandings in a row before a person is brought in.
    pub clarifications_max: u32,
    /// Options shown in one reply, at most.
    pub options_max: usize,
    /// How long after an action without an answer the company's system is asked what came of it, minutes; then a person looks it up. Must be
    /// shorter than the time for which the system remembers idempotency keys.
    pub recovery_minutes: u32,
    /// How long an open question waits for a silent customer, minutes: before each reminder, and after the last before the conversation is
    /// closed. 0 waits for ever.
    pub silence_minutes: u32,
    /// Reminders before the conversation is closed.
    pub silence_reminders: u32,
    /// How long people have for their approval (`context.approvals` of a policy), hours; then the request is over.
    pub approval_hours: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds_max: 16,
            clarifications_max: 3,
            options_max: 8,
            recovery_minutes: 60,
            silence_minutes: 15,
            silence_reminders: 1,
            approval_hours: 24,
        }
    }
}

fn base() -> String {
    "base".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn five() -> u32 {
    5
}

impl Manifest {
    pub(super) fn parse(file: &str, files: &PackFiles) -> Result<Self, Vec<PackProblem>> {
        let problem = |line, message| vec![PackProblem { file: file.to_owned(), line, message }];
        let source = files
            .get(file)
            .ok_or_else(|| problem(0, "this file is missing, create it with `ombud init`".to_owned()))?;
        let manifest: Self = toml::from_str(source).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| source.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
            problem(line, error.message().to_owned())
        })?;
        if !manifest.locales.contains(&manifest.default_locale) {
            return Err(vec![PackProblem::at(
                file,
                source,
                "default_locale",
                "`default_locale` is not among `locales`".to_owned(),
            )]);
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_answer_in_the_time_of_the_market() {
        let hours: Hours = serde_json::from_value(serde_json::json!({
            "zone": "America/New_York", "weekdays": ["09:00", "21:00"], "weekend": ["10:00", "18:00"]}))
        .unwrap();
        let at = |at: &str| hours.at(at.parse::<Timestamp>().unwrap().as_microsecond());
        let again = |from: &str, on: &str, from_in: u8| DeskTimes {
            until: String::new(),
            from: from.to_owned(),
            from_on: on.to_owned(),
            from_in,
        };
        assert_eq!(
            at("2026-11-30T17:00:00Z"),
            DeskTimes { until: "21:00".to_owned(), ..DeskTimes::default() },
            "a Monday, 12:00 there"
        );
        assert_eq!(at("2026-11-30T13:59:00Z"), again("09:00", "2026-11-30", 0), "08:59 there");
        assert_eq!(at("2026-12-01T02:00:00Z"), again("09:00", "2026-12-01", 1), "21:00 there, still Monday");
        assert_eq!(at("2026-11-29T15:00:00Z").until, "18:00", "a Sunday, 10:00 there");
        assert_eq!(at("2026-11-28T04:00:00Z"), again("10:00", "2026-11-28", 1), "Friday, 23:00 there");
        let wrong = serde_json::from_value::<Hours>(serde_json::json!({
            "zone": "Europe/Atlantis", "weekdays": ["09:00", "21:00"], "weekend": ["10:00", "18:00"]}));
        assert!(wrong.unwrap_err().to_string().contains("Europe/Atlantis"));
    }
}
