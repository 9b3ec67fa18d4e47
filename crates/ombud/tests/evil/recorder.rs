//! What leaves the house? Every prompt as it comes over the wire, held against everything that the company's system told in that session.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::adversary::Model;
use crate::endpoint::Endpoint;
use crate::house::{self, House};
use crate::processes;
use crate::session::{Held, hold};
use crate::settings::{number, say};

/// Sessions of the ordinary run.
const SESSIONS: u64 = 24;
/// Letters from which on a value is looked for: shorter ones are in other words.
const LETTERS_MIN: usize = 4;
/// Smallest amount that is looked for, in minor units: smaller ones stand in every article.
const MINOR_MIN: i64 = 10_000;
/// Members whose values are the company's own words, as `lexicon/pii.yaml` of the base and `[model]` of `packs/paylater` list them.
const SHOWN: &[&str] = &[
    "status",
    "kind",
    "brand",
    "type",
    "category",
    "currency",
    "market",
    "locale",
    "language",
    "level",
    "channel",
    "method",
    "resolution",
    "reason_code",
    "return_shipping",
];

/// R37: an outbound recorder sees no value of the customer's own records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_is_shown_no_value_of_a_customers_records() -> anyhow::Result<()> {
    let Some((company, url)) = processes::stand_in("fixed").await? else { return Ok(()) };
    let (sessions, seed) = (number("OMBUD_EVIL_SESSIONS", SESSIONS)?.min(SESSIONS), number("OMBUD_EVIL_SEED", 1_u64)?);
    let house = House::open(&url).await?;
    let endpoint = Endpoint::open(1).await?;
    let model = house::model(&endpoint.of(0))?;
    let world = house.world("recorded").await?;
    let (mut prompts, mut looked_for, mut tokens, mut seen) = (0_usize, 0_usize, 0_usize, Vec::new());
    for session in 0..sessions {
        endpoint.seat(0, Model::Faithful);
        let seed = seed.wrapping_mul(7_919).wrapping_add(session);
        let held = Held { seed, world: &world, model: Some(Arc::clone(&model)) };
        let (figures, _) = hold(&house, held, || endpoint.emitted(0)).await?;
        ensure!(figures.replayed_otherwise.is_empty(), "{:#?}", figures.replayed_otherwise);
        let mut values = BTreeSet::new();
        figures.told.iter().for_each(|body| gather("", body, &mut values));
        looked_for += values.len();
        for prompt in endpoint.asked(0) {
            prompts += 1;
            tokens += prompt.matches("_1]").count();
            seen.extend(values.iter().filter(|value| holds(&prompt, value)).map(|value| format!("{value}: {prompt}")));
        }
    }
    company.dies_within(Duration::ZERO).await?;
    let raw = seen.len();
    say(&format!(
        "recorded: {prompts} prompts of {sessions} sessions (seed {seed}), {looked_for} values of records looked for, {raw} seen\n"
    ))?;
    ensure!(seen.is_empty(), "{:#?}", seen.first());
    ensure!(prompts > 20 && looked_for > 500 && tokens > 20, "{prompts} prompts, {looked_for} values, {tokens} tokens");
    Ok(())
}

/// Texts and amounts of a record.
fn gather(member: &str, value: &Value, values: &mut BTreeSet<String>) {
    match value {
        _ if SHOWN.contains(&member) => {}
        // How far a matter is, and why, as `open` and `dispute`, are words of the company's; the state of an address is written with capitals, and
        // what somebody gives as a reason has more than one word.
        Value::String(text)
            if matches!(member, "state" | "reason") && text.chars().all(|c| c.is_lowercase() || c == '_') => {}
        Value::String(text) if text.chars().count() >= LETTERS_MIN => drop(values.insert(text.clone())),
        Value::Number(number) => {
            if let Some(minor) = number.as_i64().filter(|minor| *minor >= MINOR_MIN) {
                values.insert(minor.to_string());
                values.insert(format!("{}.{:02}", minor / 100, minor % 100));
                values.insert(format!("{},{:03}.{:02}", minor / 100_000, minor / 100 % 1_000, minor % 100));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(member, item, values)),
        Value::Object(members) => members.iter().for_each(|(name, inner)| gather(name, inner, values)),
        _ => {}
    }
}

/// Whether a text holds a value as words of its own, whatever the case.
fn holds(text: &str, value: &str) -> bool {
    let (text, value) = (text.to_lowercase(), value.to_lowercase());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(&value).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + value.len()..).and_then(|behind| behind.chars().next());
        !is_word(before) && !is_word(behind)
    })
}

#[test]
fn a_value_that_is_shown_is_seen() {
    let mut values = BTreeSet::new();
    let body = serde_json::json!({"name": "Ada Byron", "status": "shipped", "amount": {"minor": 123_450, "currency": "SEK"}, "count": 3});
    gather("", &body, &mut values);
    assert_eq!(values.iter().map(String::as_str).collect::<Vec<_>>(), ["1,234.50", "1234.50", "123450", "Ada Byron"]);
    assert!(holds("it is ADA BYRON.", "Ada Byron") && holds("SEK 1,234.50", "1,234.50"));
    assert!(!holds("Ada Byrons", "Ada Byron") && !holds("[PERSON_NAME_1]", "Ada Byron"));
}
