//! Prints how well choices are read from the public retail data: `cargo run -p ombud-language --example choose_eval [direct|before|synthetic]`.

use std::io::Write;

use anyhow::{Context, Result};

#[path = "../tests/choose_support/mod.rs"]
mod choose_support;

use choose_support::{Report, data_dir, evaluate_customers, evaluate_synthetic};

fn main() -> Result<()> {
    let data = data_dir().context("the public data is not there; set OMBUD_DATA")?;
    let mut out = std::io::stdout().lock();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    for (name, direct) in [("direct", 1), ("before", 0)] {
        if wants(name) {
            print_report(&mut out, name, &evaluate_customers(&data, direct)?)?;
        }
    }
    if wants("synthetic") {
        print_report(&mut out, "synthetic", &evaluate_synthetic(&data)?)?;
    }
    Ok(())
}

fn print_report(out: &mut impl Write, name: &str, report: &Report) -> Result<()> {
    writeln!(out, "== {name}: {:.1} us each", report.seconds / report.readings.max(1) as f64 * 1e6)?;
    for miss in &report.misses {
        let kind = if miss.wrong { "WRONG" } else { "open" };
        writeln!(out, "[{}] {} task {}: {}\n    gold {} found {}", miss.slot, kind, miss.task, miss.text, miss.gold, miss.found)?;
    }
    for (slot, tally) in &report.tallies {
        writeln!(
            out,
            "{slot:10} n={:3} right={} ({:.1}%) wrong={} ({:.1}%) open={}",
            tally.total(),
            tally.right,
            tally.accuracy() * 100.0,
            tally.wrong,
            tally.wrong_share() * 100.0,
            tally.open
        )?;
    }
    Ok(())
}
