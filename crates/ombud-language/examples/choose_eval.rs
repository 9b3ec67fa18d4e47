//! Prints how well choices are read from the public retail data: `cargo run -p ombud-language --example choose_eval [direct|before|synthetic]`.

use std::io::Write;

use anyhow::{Context, Result};

#[path = "../tests/choose_support/mod.rs"]
mod choose_support;

use choose_support::{Report, data_dir, evaluate_customers, evaluate_synthetic};

/// How often each reading is repeated; the fastest is its time.
const REPEATS: usize = 5;

fn main() -> Result<()> {
    let data = data_dir().context("the public data is not there; set OMBUD_DATA")?;
    let mut out = std::io::stdout().lock();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    for (name, direct) in [("direct", 1), ("before", 0)] {
        if wants(name) {
            print_report(&mut out, name, &evaluate_customers(&data, direct, REPEATS)?)?;
        }
    }
    if wants("synthetic") {
        print_report(&mut out, "synthetic", &evaluate_synthetic(&data, REPEATS)?)?;
    }
    Ok(())
}

fn print_report(out: &mut impl Write, name: &str, report: &Report) -> Result<()> {
    write!(out, "== {name}\n{}", report.summary())?;
    Ok(())
}
