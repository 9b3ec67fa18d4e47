//! How are the results of a simulation shown? Figures first, then what failed, then on request what was said.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use ombud_learning::{Ending, Report, RunResult, TaskReport};

use super::show;
use crate::terminal::{bold, dim, say};

/// Failed customers listed on the terminal; the report has all of them.
const LISTED_MAX: usize = 200;
/// Letters of a difference in the list.
const DIFFERENCE_CHARS_MAX: usize = 160;

/// Prints the results, and the conversations of one customer.
pub(super) fn print(report: &Report, shown: Option<&str>) {
    if let Some(task) = shown.and_then(|id| report.results.iter().find(|task| task.id == id)) {
        for run in &task.runs {
            show(&transcript(task, run));
        }
    }
    let failed: Vec<&TaskReport> = report.results.iter().filter(|task| task.passed < task.runs.len()).collect();
    if !failed.is_empty() {
        let mut table = table(&["failed", "passed", "what differed first"]);
        for task in failed.iter().take(LISTED_MAX) {
            let first = task.runs.iter().find(|run| !run.passed).map(difference).unwrap_or_default();
            table.add_row([task.id.clone(), format!("{} of {}", task.passed, task.runs.len()), first]);
        }
        say(format_args!("{table}"));
    }
    if !report.failures.is_empty() {
        let mut classes: Vec<(&String, &usize)> = report.failures.iter().collect();
        classes.sort_by(|one, two| two.1.cmp(one.1));
        let mut table = table(&["kind of failure", "conversations"]);
        for (class, count) in classes {
            table.add_row([class.clone(), count.to_string()]);
        }
        say(format_args!("{table}"));
    }
    say(format_args!("{}", figures(report)));
    say(format_args!("{}", bold(format_args!("pass^1 {:.3}   pass^{} {:.3}", report.pass_1, report.k, report.pass_k))));
    if shown.is_none() && !failed.is_empty() {
        say(format_args!("{}", dim("--show ID prints a customer's conversations, --report FILE writes all of them")));
    }
}

/// How many dialogues pass in each language, and the share of those that pass in the company's own (`own/...`).
pub(super) fn languages(report: &Report) {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for task in &report.results {
        let (passed, all) = counts.entry(task.id.split('/').next().unwrap_or_default()).or_default();
        *passed += usize::from(task.passed == task.runs.len());
        *all += 1;
    }
    let (own, of) = counts.remove("own").unwrap_or_default();
    let mut table = table(&["language", "passed", "of those of the own language"]);
    for (tag, (passed, all)) in counts {
        let share = passed as f64 / all.max(1) as f64 / (own as f64 / of.max(1) as f64).max(f64::EPSILON);
        table.add_row([tag.to_owned(), format!("{passed} of {all}"), format!("{:.0} %", 100.0 * share)]);
    }
    say(format_args!("in the company's own language {own} of {of}\n{table}"));
}

fn figures(report: &Report) -> Table {
    let mut table = table(&["figure", "value"]);
    let idle = &report.without_idle;
    let rows = [
        ("customers, conversations of each", format!("{}, {}", report.tasks, report.k)),
        ("pass^1, pass^k", format!("{:.3}, {:.3}", report.pass_1, report.pass_k)),
        (
            "without those passed by doing nothing",
            format!("{:.3}, {:.3} ({} customers)", idle.pass_1, idle.pass_k, idle.tasks),
        ),
        (
            "passed in each run",
            report.pass_by_run.iter().map(|share| format!("{share:.3}")).collect::<Vec<_>>().join(", "),
        ),
        ("messages of a customer, mean", format!("{:.1}", report.turns_mean)),
        ("corrections, wrong proposals", format!("{}, {}", report.corrections, report.wrong_proposals)),
        ("handed over, not finished", format!("{}, {}", report.handovers, report.unfinished)),
        ("questions asked again", report.repeated_questions.to_string()),
        (
            "questions for what the customer told before",
            format!("{} of {}", report.known_asked, report.known_asked + report.known_spared),
        ),
        (
            "turns that embed, texts embedded in a turn",
            format!("{:.3}, {:.2}", report.turns_embedding, report.embedded_mean),
        ),
        ("time of a turn, p50, p95", format!("{:.1} ms, {:.1} ms", report.turn_ms_p50, report.turn_ms_p95)),
    ];
    for (name, value) in rows {
        table.add_row([name.to_owned(), value]);
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.to_vec());
    table
}

fn difference(run: &RunResult) -> String {
    let classes = run.classes.join(", ");
    let first = run.differences.first().map(String::as_str).unwrap_or_default();
    format!("{classes}: {first}").chars().take(DIFFERENCE_CHARS_MAX).collect()
}

/// Writes `<id>-<run>.txt` for every conversation.
pub(super) fn write_transcripts(folder: &Path, report: &Report) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    for (task, run) in report.results.iter().flat_map(|task| task.runs.iter().map(move |run| (task, run))) {
        let name: String = task
            .id
            .chars()
            .map(|letter| if letter.is_alphanumeric() || letter == '-' { letter } else { '_' })
            .collect();
        let file = folder.join(format!("{name}-{}.txt", run.run));
        std::fs::write(&file, transcript(task, run)).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

fn transcript(task: &TaskReport, run: &RunResult) -> String {
    let mut text = String::new();
    let ending = match &run.ending {
        Ending::Closed => "closed".to_owned(),
        Ending::HandedOver => "handed over".to_owned(),
        Ending::TooLong => "too long".to_owned(),
        Ending::Broken(reason) => format!("broken: {reason}"),
    };
    let verdict = if run.passed { "passed" } else { "FAILED" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "== {} run {}: {verdict}, {ending}", task.id, run.run);
    for difference in &run.differences {
        let _ = writeln!(text, "   differs: {difference}");
    }
    if !run.classes.is_empty() {
        let _ = writeln!(text, "   classes: {}", run.classes.join(", "));
    }
    let mut reasons = run.reasons.iter();
    for line in &run.transcript {
        let is_customer = line.who == "customer";
        let _ = writeln!(text, "{} {}", if is_customer { ">" } else { "<" }, line.text.replace('\n', "\n  "));
        let because = if is_customer { reasons.next() } else { None };
        for reason in because.into_iter().flatten() {
            let _ = writeln!(text, "      . {reason}");
        }
        if let Some(awaits) = &line.awaits {
            let _ = writeln!(text, "      [{awaits}]");
        }
        if let Some(proposal) = &line.proposal {
            let _ = writeln!(text, "      {proposal}");
        }
        for outcome in &line.outcomes {
            let _ = writeln!(text, "      ({outcome})");
        }
    }
    text
}
