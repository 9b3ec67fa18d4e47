//! How well choices are read from the public retail customers; floors below which a change is a step back.

mod choose_support;

use choose_support::{Report, data_dir, evaluate_customers, evaluate_synthetic};

#[expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "called from tests only")]
#[expect(clippy::disallowed_methods, reason = "the environment says whether the data may be missing")]
fn report(evaluate: impl Fn(&std::path::Path) -> anyhow::Result<Report>) -> Option<Report> {
    if let Some(data) = data_dir() {
        return Some(evaluate(&data).unwrap());
    }
    if std::env::vars().any(|(name, value)| name == "CI_DEMANDS_DATA" && value == "1") {
        panic!("the public data is demanded and not there; set OMBUD_DATA");
    }
    println!("skipped: the public data is not there");
    None
}

#[expect(clippy::indexing_slicing, reason = "called from tests only")]
fn assert_floor(report: &Report, floors: &[(&str, f64)]) {
    for (slot, floor) in floors {
        let tally = report.tallies[slot];
        assert!(tally.accuracy() >= *floor, "{slot} is below {floor}\n{}", report.summary());
    }
}

#[test]
fn answers_of_scripted_customers_are_read() {
    let Some(report) = report(|data| evaluate_customers(data, 1, 0)) else { return };
    assert_floor(
        &report,
        &[("order", 0.95), ("items", 0.93), ("new_items", 0.90), ("payment", 0.97), ("reason", 0.97)],
    );
}

#[test]
fn before_the_question_wrong_readings_are_rare() {
    let Some(report) = report(|data| evaluate_customers(data, 0, 0)) else { return };
    let (wrong, all) =
        report.tallies.values().fold((0, 0), |(wrong, all), tally| (wrong + tally.wrong, all + tally.total()));
    assert!(wrong * 100 < all * 3, "{wrong} of {all} are wrong\n{}", report.summary());
}

#[test]
fn plain_wordings_of_synthetic_tasks_are_read() {
    let Some(report) = report(|data| evaluate_synthetic(data, 0)) else { return };
    assert_floor(
        &report,
        &[("order", 0.98), ("items", 0.98), ("new_items", 0.97), ("payment", 0.99), ("reason", 0.97)],
    );
}
