//! What is said about a simulation? How many ended well, in how many runs each, and what went wrong with the others.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dialogue::{Dialogue, Ending, Line};
use crate::grade::Grade;

/// One conversation, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunResult {
    /// Which run of its task, from 0.
    pub run: u32,
    /// Whether it ended as it should.
    pub passed: bool,
    /// What differed.
    pub differences: Vec<String>,
    /// Kinds of failure.
    pub classes: Vec<String>,
    /// How the conversation ended.
    pub ending: Ending,
    /// Messages of the customer.
    pub turns: usize,
    /// How often the customer said no.
    pub corrections: usize,
    /// Wrong proposals, changes of mind aside.
    pub wrong_proposals: usize,
    /// Questions asked again although they had been answered.
    pub repeated_questions: usize,
    /// Questions for what the customer had told before, in whatever conversation.
    pub known_asked: usize,
    /// Questions that were not asked since the assistant remembered the answer.
    pub known_spared: usize,
    /// What was said.
    pub transcript: Vec<Line>,
    /// What the assistant gave as its reasons, for each message of the customer; ids of the run may stand in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Vec<String>>,
    /// Texts that the assistant embedded, for each message of the customer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embedded: Vec<u64>,
    #[serde(skip)]
    turns_us: Vec<u64>,
}

/// What the customer saw of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patience {
    /// How often he said no.
    pub corrections: usize,
    /// Wrong proposals, changes of mind aside.
    pub wrong_proposals: usize,
}

/// What came of what the customer had told before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Questions for it.
    pub asked: usize,
    /// Questions that were not asked since it was remembered.
    pub spared: usize,
}

impl RunResult {
    /// A run with its grade.
    #[must_use]
    pub fn new(run: u32, dialogue: Dialogue, patience: Patience, grade: Grade) -> Self {
        Self {
            run,
            passed: grade.is_passed(),
            differences: grade.differences,
            classes: grade.classes.into_iter().collect(),
            ending: dialogue.ending,
            turns: dialogue.turns,
            corrections: patience.corrections,
            wrong_proposals: patience.wrong_proposals,
            repeated_questions: dialogue.repeated,
            known_asked: 0,
            known_spared: 0,
            transcript: dialogue.lines,
            reasons: Vec::new(),
            embedded: Vec::new(),
            turns_us: dialogue.turns_us,
        }
    }

    /// The same with what came of what the customer had told before.
    #[must_use]
    pub fn remembering(self, Known { asked, spared }: Known) -> Self {
        Self { known_asked: asked, known_spared: spared, ..self }
    }

    /// The same with the assistant's reasons, and how many texts it embedded, for each message of the customer.
    #[must_use]
    pub fn because(self, (reasons, embedded): (Vec<Vec<String>>, Vec<u64>)) -> Self {
        Self { reasons, embedded, ..self }
    }
}

/// All runs of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskReport {
    /// The task's id.
    pub id: String,
    /// Runs that ended as they should.
    pub passed: usize,
    /// Whether an assistant that does and says nothing passes.
    pub passes_idle: bool,
    /// The runs.
    pub runs: Vec<RunResult>,
}

/// Share of tasks passed in one run, and in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Tasks.
    pub tasks: usize,
    /// Mean share of passed runs, 0 to 1.
    pub pass_1: f64,
    /// Share of tasks that passed in every run, 0 to 1.
    pub pass_k: f64,
}

/// A whole simulation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Mean share of passed runs, 0 to 1.
    pub pass_1: f64,
    /// Share of tasks that passed in every run, 0 to 1.
    pub pass_k: f64,
    /// Runs of each task.
    pub k: u32,
    /// Tasks.
    pub tasks: usize,
    /// Seed of the runs after the first.
    pub seed: u64,
    /// pass^j for each j from 1 to k: the chance that j runs drawn from a task's k all pass (Yao et al., tau-bench, 2024).
    pub pass_by_runs: Vec<f64>,
    /// The tasks that an assistant which does nothing fails.
    pub without_idle: Rates,
    /// Pass rate of each run.
    pub pass_by_run: Vec<f64>,
    /// Customer messages in a conversation, mean.
    pub turns_mean: f64,
    /// How often customers said no, in all.
    pub corrections: usize,
    /// Wrong proposals in all, changes of mind aside.
    pub wrong_proposals: usize,
    /// Conversations that a person got.
    pub handovers: usize,
    /// Conversations that did not end by themselves.
    pub unfinished: usize,
    /// Questions asked again although they had been answered, in all.
    pub repeated_questions: usize,
    /// Questions for what customers had told before, in all.
    pub known_asked: usize,
    /// Questions that were not asked since the assistant remembered the answer, in all.
    pub known_spared: usize,
    /// Share of the turns in which at least one text was embedded, 0 to 1.
    pub turns_embedding: f64,
    /// Texts embedded in a turn, mean over all turns.
    pub embedded_mean: f64,
    /// Time of a turn, half of them are faster, milliseconds.
    pub turn_ms_p50: f64,
    /// Time of a turn, 95 of 100 are faster, milliseconds.
    pub turn_ms_p95: f64,
    /// Failed runs by kind of failure; a run may have several.
    pub failures: BTreeMap<String, usize>,
    /// Every task.
    pub results: Vec<TaskReport>,
}

impl Report {
    /// Sums up.
    #[must_use]
    pub fn new(k: u32, seed: u64, results: Vec<TaskReport>) -> Self {
        let all = rates(results.iter());
        let runs: Vec<&RunResult> = results.iter().flat_map(|task| &task.runs).collect();
        let sum = |of: fn(&RunResult) -> usize| runs.iter().map(|run| of(run)).sum::<usize>();
        let mut turns_us: Vec<u64> = runs.iter().flat_map(|run| run.turns_us.iter().copied()).collect();
        turns_us.sort_unstable();
        let embedded: Vec<usize> =
            runs.iter().flat_map(|run| &run.embedded).map(|count| usize::try_from(*count).unwrap_or(0)).collect();
        let mut failures = BTreeMap::new();
        for class in runs.iter().filter(|run| !run.passed).flat_map(|run| &run.classes) {
            *failures.entry(class.clone()).or_default() += 1;
        }
        Self {
            pass_1: all.pass_1,
            pass_k: all.pass_k,
            k,
            tasks: results.len(),
            seed,
            pass_by_runs: (1..=k).map(|drawn| pass_all_of(&results, drawn)).collect(),
            without_idle: rates(results.iter().filter(|task| !task.passes_idle)),
            pass_by_run: (0..k).map(|run| pass_of_run(&results, run)).collect(),
            turns_mean: share(sum(|run| run.turns), runs.len()),
            corrections: sum(|run| run.corrections),
            wrong_proposals: sum(|run| run.wrong_proposals),
            handovers: sum(|run| usize::from(run.ending == Ending::HandedOver)),
            unfinished: sum(|run| usize::from(matches!(run.ending, Ending::TooLong | Ending::Broken(_)))),
            repeated_questions: sum(|run| run.repeated_questions),
            known_asked: sum(|run| run.known_asked),
            known_spared: sum(|run| run.known_spared),
            turns_embedding: share(embedded.iter().filter(|count| **count > 0).count(), embedded.len()),
            embedded_mean: share(embedded.iter().sum(), embedded.len()),
            turn_ms_p50: percentile_ms(&turns_us, 50),
            turn_ms_p95: percentile_ms(&turns_us, 95),
            failures,
            results,
        }
    }
}

fn rates<'a>(tasks: impl Iterator<Item = &'a TaskReport>) -> Rates {
    let (mut count, mut passed, mut always) = (0, 0.0, 0);
    for task in tasks {
        count += 1;
        passed += share(task.passed, task.runs.len());
        always += usize::from(task.passed == task.runs.len() && !task.runs.is_empty());
    }
    Rates {
        tasks: count,
        pass_1: if count == 0 { 0.0 } else { rounded(passed / float(count)) },
        pass_k: share(always, count),
    }
}

/// The mean over tasks of C(passed, drawn) / C(runs, drawn).
fn pass_all_of(results: &[TaskReport], drawn: u32) -> f64 {
    let chance = |task: &TaskReport| {
        (0..drawn)
            .map(|taken| usize::try_from(taken).unwrap_or(usize::MAX))
            .map(|taken| share(task.passed.saturating_sub(taken), task.runs.len().saturating_sub(taken)))
            .product::<f64>()
    };
    if results.is_empty() { 0.0 } else { rounded(results.iter().map(chance).sum::<f64>() / float(results.len())) }
}

fn pass_of_run(results: &[TaskReport], run: u32) -> f64 {
    let runs: Vec<&RunResult> = results.iter().flat_map(|task| &task.runs).filter(|result| result.run == run).collect();
    share(runs.iter().filter(|run| run.passed).count(), runs.len())
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { rounded(float(part) / float(whole)) }
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// The value that `percent` of 100 do not exceed (nearest rank).
fn percentile_ms(sorted_us: &[u64], percent: usize) -> f64 {
    let rank = (sorted_us.len() * percent).div_ceil(100).saturating_sub(1);
    let value = sorted_us.get(rank).copied().unwrap_or_default();
    f64::from(u32::try_from(value).unwrap_or(u32::MAX)) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task((id, passes_idle): (&str, bool), passed: &[bool]) -> TaskReport {
        let run = |(run, passed): (usize, &bool)| {
            let mut grade = Grade::default();
            if !passed {
                grade.fail("not_told", "was not told".to_owned());
            }
            let dialogue = Dialogue {
                lines: Vec::new(),
                said: String::new(),
                ending: if *passed { Ending::Closed } else { Ending::HandedOver },
                turns: 4,
                turns_us: vec![1_000, 2_000, 3_000, 40_000],
                repeated: 1,
            };
            RunResult::new(
                u32::try_from(run).unwrap(),
                dialogue,
                Patience { corrections: 2, wrong_proposals: 1 },
                grade,
            )
            .remembering(Known { asked: 1, spared: 2 })
        };
        let runs: Vec<RunResult> = passed.iter().enumerate().map(run).collect();
        TaskReport { id: id.to_owned(), passed: passed.iter().filter(|passed| **passed).count(), passes_idle, runs }
    }

    #[test]
    fn one_run_counts_by_share_and_all_runs_only_together() {
        let report = Report::new(
            2,
            1,
            vec![
                task(("a", false), &[true, true]),
                task(("b", false), &[true, false]),
                task(("c", true), &[true, true]),
                task(("d", false), &[false, false]),
            ],
        );
        assert_eq!((report.pass_1, report.pass_k, report.k, report.tasks), (0.625, 0.5, 2, 4));
        assert_eq!(report.pass_by_runs, [0.625, 0.5]);
        assert_eq!(report.pass_by_run, [0.75, 0.5]);
        assert_eq!(report.without_idle, Rates { tasks: 3, pass_1: 0.5, pass_k: 0.3333 });
        assert_eq!(
            (report.handovers, report.corrections, report.wrong_proposals, report.repeated_questions),
            (3, 16, 8, 8)
        );
        assert_eq!((report.known_asked, report.known_spared), (8, 16));
        assert_eq!((report.turns_mean, report.turn_ms_p50, report.turn_ms_p95), (4.0, 2.0, 40.0));
        assert_eq!(report.failures, BTreeMap::from([("not_told".to_owned(), 3)]));
    }

    #[test]
    fn no_task_is_no_success() {
        let report = Report::new(4, 1, Vec::new());
        assert_eq!((report.pass_1, report.pass_k, report.turn_ms_p95), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_figures_stand_at_the_top_of_the_file() {
        let written = serde_json::to_value(Report::new(1, 9, vec![task(("a", false), &[true])])).unwrap();
        for (name, value) in [("pass_1", 1.0), ("pass_k", 1.0), ("k", 1.0), ("tasks", 1.0), ("seed", 9.0)] {
            assert_eq!(written[name].as_f64(), Some(value), "{name}");
        }
    }
}
