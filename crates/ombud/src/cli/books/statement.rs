//! How is a payment provider's statement read? A CSV file, by the headings that the pack names.

use std::path::Path;

use anyhow::{Context as _, bail};
use comfy_table::{Table, presets};
use ombud_domain::books::statement::{Discrepancy, Line};
use ombud_domain::{Currency, TimestampUs};
use ombud_policy::Pack;
use ombud_policy::postings::{StatementForm, Unit};
use serde_json::json;

use super::{Context, Outcome, Output};
use crate::terminal::{say, say_json};

/// Lines of a statement at most.
const LINES_MAX: usize = 5_000_000;

/// How the pack's statements are written.
pub(super) fn form(pack: &Pack) -> anyhow::Result<&StatementForm> {
    pack.chart
        .statement
        .as_ref()
        .context("the pack does not say how statements are written: add `statement:` to policies/accounts.yaml")
}

/// The first moment of a day, UTC.
pub(super) fn day(text: &str) -> anyhow::Result<TimestampUs> {
    let date: jiff::civil::Date =
        text.parse().with_context(|| format!("`{text}` is no date, write it as 2026-11-30"))?;
    Ok(TimestampUs(date.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_microsecond()))
}

/// Reads a statement; a line that cannot be read is an error, since what it says would be missed.
pub(super) fn read(file: &Path, form: &StatementForm) -> anyhow::Result<Vec<Line>> {
    let reader = std::fs::File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    lines(reader, form).with_context(|| format!("`{}`", file.display()))
}

fn lines(reader: impl std::io::Read, form: &StatementForm) -> anyhow::Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let headings = reader.headers()?.clone();
    let place = |heading: &str| {
        let is_it = |found: &str| found.trim_start_matches('\u{feff}') == heading;
        headings.iter().position(is_it).with_context(|| format!("the heading `{heading}` is missing"))
    };
    let key = form.key.as_deref().map(place).transpose()?;
    let (reference, amount) = (place(&form.reference)?, place(&form.amount)?);
    let (currency, status) = (place(&form.currency)?, place(&form.status)?);
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record?;
        let number = record.position().map_or(0, csv::Position::line);
        let field = |place: usize| record.get(place).unwrap_or_default();
        let currency = Currency::parse(field(currency)).with_context(|| format!("line {number}"))?;
        let word = field(status);
        let told = form.states.get(word);
        lines.push(Line {
            number,
            reference: field(reference).to_owned(),
            key: key.map(|key| field(key).to_owned()).filter(|key| !key.is_empty()),
            minor: minor(field(amount), (form.unit, currency)).with_context(|| format!("line {number}"))?,
            currency,
            told: *told.with_context(|| {
                format!(
                    "line {number}: it is not known what `{word}` means, add it to `states:` of policies/accounts.yaml"
                )
            })?,
        });
        if lines.len() > LINES_MAX {
            bail!("a statement has at most {LINES_MAX} lines");
        }
    }
    Ok(lines)
}

/// An amount in minor units. Digits are counted, not rounded: `19.9` is 1990, `19.999` is none.
fn minor(text: &str, (unit, currency): (Unit, Currency)) -> anyhow::Result<i64> {
    let wrong = || format!("`{text}` is no amount in {currency}");
    if unit == Unit::Minor {
        return text.parse().with_context(wrong);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent = usize::try_from(currency.exponent())?;
    let is_number = !whole.is_empty() && [whole, part].concat().bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || part.len() > exponent {
        bail!(wrong());
    }
    format!("{sign}{whole}{part:0<exponent$}").parse().with_context(wrong)
}

pub(super) fn report(
    context: &Context,
    found: &[Discrepancy],
    (movements, lines): (usize, usize),
) -> anyhow::Result<Outcome> {
    match context.output {
        Output::Json => {
            say_json(
                &json!({"fits": found.is_empty(), "movements": movements, "lines": lines, "discrepancies": found}),
            )?;
        }
        Output::Text => {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            table.set_header(["differs in", "reference", "line", "here", "there", "intent"]);
            for one in found {
                table.add_row([
                    one.kind.as_str().to_owned(),
                    one.reference.clone(),
                    one.line.map(|line| line.to_string()).unwrap_or_default(),
                    one.here.clone().unwrap_or_default(),
                    one.there.clone().unwrap_or_default(),
                    one.intent_id.clone().unwrap_or_default(),
                ]);
            }
            if !found.is_empty() {
                say(format_args!("{table}"));
            }
            say(format_args!("{movements} movements, {lines} lines, {} discrepancies", found.len()));
        }
    }
    Ok(if found.is_empty() { Outcome::Done } else { Outcome::Failed })
}

#[cfg(test)]
mod tests {
    use ombud_domain::books::statement::{Signs, Told};

    use super::*;

    fn form(unit: Unit) -> StatementForm {
        StatementForm {
            account: "provider".to_owned(),
            reference: "Reference".to_owned(),
            key: Some("Key".to_owned()),
            amount: "Gross".to_owned(),
            unit,
            signs: Signs::InIsPositive,
            currency: "Currency".to_owned(),
            status: "Status".to_owned(),
            states: [("settled".to_owned(), Told::Done)].into(),
        }
    }

    #[test]
    fn amounts_are_read_digit_by_digit() {
        let read = |text: &str, code: &str| minor(text, (Unit::Major, Currency::parse(code).unwrap())).ok();
        let table = [
            ("19.99", "EUR", Some(1_999)),
            ("-19.9", "EUR", Some(-1_990)),
            ("-0.05", "EUR", Some(-5)),
            ("+7", "EUR", Some(700)),
            ("7", "JPY", Some(7)),
            ("7.5", "JPY", None),
            ("1.234", "KWD", Some(1_234)),
            ("19.999", "EUR", None),
            ("1,5", "EUR", None),
            ("", "EUR", None),
            ("--1", "EUR", None),
        ];
        for (text, code, expected) in table {
            assert_eq!(read(text, code), expected, "{text} {code}");
        }
    }

    #[test]
    fn a_statement_is_read_by_its_headings_and_nothing_in_it_is_passed_over() {
        let text =
            "\u{feff}Status,Gross,Currency,Reference,Key\nsettled,-1999,eur,\"RF,1\",k1\nsettled, 5 ,SEK,RF-2,\n";
        let read = lines(text.as_bytes(), &form(Unit::Minor)).unwrap();
        assert_eq!((read[0].reference.as_str(), read[0].minor, read[0].key.as_deref()), ("RF,1", -1_999, Some("k1")));
        assert_eq!((read[1].number, read[1].currency.code(), read[1].key.as_deref()), (3, "SEK", None));
        for (from, to, expected) in [
            ("-1999", "19.99", "no amount"),
            ("eur", "euro", "currency"),
            ("settled,-", "lost,-", "what `lost` means"),
            ("Gross", "Net", "heading `Gross`"),
        ] {
            let error = lines(text.replace(from, to).as_bytes(), &form(Unit::Minor)).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(day("1970-01-02").unwrap(), TimestampUs(86_400_000_000));
        assert!(day("yesterday").is_err());
    }
}
