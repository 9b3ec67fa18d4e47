//! What is each part of the context worth? The pack's scenarios and dialogues, with one part after the other switched off.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use ombud_learning::TaskReport;
use ombud_policy::{ContextWeights, Weight};
use serde::Serialize;

use crate::cli::simulate::stage::{Scene, Stage};
use crate::cli::simulate::suite::{Played, Suite};
use crate::cli::simulate::{Course, play_all, seed_of};
use crate::cli::{Context, Outcome, Output, start_log};
use crate::meaning::Learns;
use crate::packs::PackSource;
use crate::terminal::{complain, say, say_json};

/// Conversations named for each part in the table; the JSON names all of them.
const NAMED_MAX: usize = 6;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the pack, or the name of one that the program carries.
    #[arg(long, value_name = "PACK")]
    pack: String,
    /// Only these parts: lexical, vector, graph, memory, rewriting.
    #[arg(long, value_delimiter = ',', value_name = "PART,PART")]
    parts: Vec<Part>,
    /// Only these scenarios and dialogues, by id; a dialogue is also found by its flow.
    #[arg(long, value_delimiter = ',', value_name = "ID,ID")]
    only: Vec<String>,
    /// Conversations of each customer.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    k: u32,
    /// Seed of the differences between the runs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Conversations at once; twice the processors if left out.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

/// A part of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// Words of articles.
    Lexical,
    /// Meaning of articles.
    Vector,
    /// The customer graph.
    Graph,
    /// Earlier conversations.
    Memory,
    /// Reading a question together with what was said before it.
    Rewriting,
}

impl Part {
    const ALL: [Self; 5] = [Self::Lexical, Self::Vector, Self::Graph, Self::Memory, Self::Rewriting];

    fn without(self, mut weights: ContextWeights) -> ContextWeights {
        *match self {
            Self::Lexical => &mut weights.lexical,
            Self::Vector => &mut weights.vector,
            Self::Graph => &mut weights.graph,
            Self::Memory => &mut weights.memory,
            Self::Rewriting => &mut weights.rewriting,
        } = Weight::OFF;
        weights
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lexical => "lexical",
            Self::Vector => "vector",
            Self::Graph => "graph",
            Self::Memory => "memory",
            Self::Rewriting => "rewriting",
        }
    }
}

/// How many conversations passed, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Passed {
    passed: usize,
    n: usize,
    /// Share, 0 to 1.
    rate: f64,
}

impl Passed {
    fn of<'a>(reports: impl Iterator<Item = &'a TaskReport>) -> Self {
        let (passed, n) = reports.fold((0, 0), |(passed, n), task| (passed + task.passed, n + task.runs.len()));
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self { passed, n, rate: if n == 0 { 0.0 } else { count(passed) / count(n) } }
    }
}

/// What came out with one part switched off.
#[derive(Debug, PartialEq, Serialize)]
struct Without {
    /// The part.
    part: &'static str,
    /// False where the part was not there to be switched off: no embedding model was fetched, or its weight is 0.
    measured: bool,
    #[serde(flatten)]
    all: Passed,
    scenarios: Passed,
    dialogues: Passed,
    /// Rate without the part, less the rate with everything.
    difference: f64,
    /// What passes only with the part.
    lost: Vec<String>,
    /// What passes only without it.
    gained: Vec<String>,
}

/// The whole measurement.
#[derive(Debug, Serialize)]
struct Ablation {
    pack: String,
    seed: u64,
    k: u32,
    weights: ContextWeights,
    #[serde(flatten)]
    all: Passed,
    scenarios: Passed,
    dialogues: Passed,
    without: Vec<Without>,
}

/// What was played: how each conversation came out, the scenarios first.
struct Outcomes {
    reports: Vec<TaskReport>,
    scenarios: usize,
}

impl Outcomes {
    fn all(&self) -> Passed {
        Passed::of(self.reports.iter())
    }

    fn scenarios(&self) -> Passed {
        Passed::of(self.reports.iter().take(self.scenarios))
    }

    fn dialogues(&self) -> Passed {
        Passed::of(self.reports.iter().skip(self.scenarios))
    }

    /// Ids that passed more often here than there.
    fn beyond(&self, other: &Self) -> Vec<String> {
        let more = self.reports.iter().zip(&other.reports).filter(|(one, other)| one.passed > other.passed);
        more.map(|(one, _)| one.id.clone()).collect()
    }
}

pub(super) async fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let config = context.config()?;
    start_log(&config)?;
    let source = PackSource::find(&options.pack)?;
    let (scenarios, dialogues) = Suite::of_pack(&source)?;
    let export = scenarios.export();
    let (cases, scenarios) = chosen((scenarios, dialogues), &options.only)?;
    let stage = Arc::new(
        Stage::open(&config, source.parse()?, (&Scene::StandIn(seed_of(&source)?), export), (Learns::Own, None))
            .await?,
    );
    let measured = measure(&stage, (Arc::new(cases), scenarios), options).await;
    let weights = stage.weights();
    stage.close().await;
    let (with, without) = measured?;
    let ablation = Ablation {
        pack: source.name,
        seed: options.seed,
        k: options.k,
        weights,
        all: with.all(),
        scenarios: with.scenarios(),
        dialogues: with.dialogues(),
        without,
    };
    match context.output {
        Output::Json => say_json(&ablation)?,
        Output::Text => print(&ablation),
    }
    Ok(Outcome::Done)
}

/// The scenarios, then the dialogues, and how many of them are scenarios.
fn chosen((scenarios, dialogues): (Suite, Suite), only: &[String]) -> anyhow::Result<(Vec<Played>, usize)> {
    let is_scenario: BTreeSet<String> = match &scenarios {
        Suite::Scenarios(scenarios) => scenarios.iter().map(|scenario| scenario.id.clone()).collect(),
        _ => BTreeSet::new(),
    };
    let (of_scenarios, of_dialogues): (Vec<String>, Vec<String>) =
        only.iter().cloned().partition(|id| is_scenario.contains(id));
    let wanted = |suite: Suite, own: &[String]| {
        if own.is_empty() && !only.is_empty() { Ok(Vec::new()) } else { suite.cases(own) }
    };
    let mut cases = wanted(scenarios, &of_scenarios)?;
    let count = cases.len();
    cases.extend(wanted(dialogues, &of_dialogues)?);
    Ok((cases, count))
}

async fn measure(
    stage: &Arc<Stage>,
    (cases, scenarios): (Arc<Vec<Played>>, usize),
    options: &Options,
) -> anyhow::Result<(Outcomes, Vec<Without>)> {
    let full = stage.weights();
    let play = async |weights: ContextWeights, name: &str| {
        let (k, seed, jobs) = (options.k, options.seed, options.jobs.map(usize::from));
        let course = Course { k, seed, jobs, weights: Some(weights), worlds: format!("{name}-") };
        let reports = play_all(stage, Arc::clone(&cases), &course).await?;
        anyhow::Ok(Outcomes { reports, scenarios })
    };
    let with = play(full, "all").await?;
    let mut without = Vec::new();
    for part in Part::ALL.into_iter().filter(|part| options.parts.is_empty() || options.parts.contains(part)) {
        let weights = part.without(full);
        let measured = weights != full && (part != Part::Vector || stage.reads_by_meaning());
        if !measured {
            complain(format_args!("ombud: `{}` is not there to be switched off, so nothing is measured", part.name()));
        }
        let off = if measured { Some(play(weights, part.name()).await?) } else { None };
        let off = off.as_ref().unwrap_or(&with);
        without.push(Without {
            part: part.name(),
            measured,
            all: off.all(),
            scenarios: off.scenarios(),
            dialogues: off.dialogues(),
            difference: off.all().rate - with.all().rate,
            lost: with.beyond(off),
            gained: off.beyond(&with),
        });
    }
    Ok((with, without))
}

fn print(ablation: &Ablation) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["without", "scenarios", "dialogues", "all", "rate", "difference", "what passes only with it"]);
    for column in table.column_iter_mut().skip(1).take(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let counts = |passed: &Passed| format!("{} of {}", passed.passed, passed.n);
    let row = |name: &str, (scenarios, dialogues, all): (&Passed, &Passed, &Passed)| {
        vec![name.to_owned(), counts(scenarios), counts(dialogues), counts(all), format!("{:.4}", all.rate)]
    };
    let mut first = row("nothing", (&ablation.scenarios, &ablation.dialogues, &ablation.all));
    first.extend([String::new(), String::new()]);
    table.add_row(first);
    for one in &ablation.without {
        let mut cells = row(one.part, (&one.scenarios, &one.dialogues, &one.all));
        cells.push(if one.measured { format!("{:+.4}", one.difference) } else { "not measured".to_owned() });
        let more = one.lost.len().saturating_sub(NAMED_MAX);
        let mut named: Vec<String> = one.lost.iter().take(NAMED_MAX).cloned().collect();
        named.extend((more > 0).then(|| format!("and {more} more")));
        cells.push(named.join(", "));
        table.add_row(cells);
    }
    say(format_args!("{table}"));
    say(format_args!("n = {} conversations each, k {}, seed {}", ablation.all.n, ablation.k, ablation.seed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_switched_off_and_no_other() {
        let full = ContextWeights::default();
        for part in Part::ALL {
            let off = serde_json::to_value(part.without(full)).unwrap();
            let zero: Vec<&String> =
                off.as_object().unwrap().iter().filter(|(_, weight)| **weight == 0).map(|(name, _)| name).collect();
            assert_eq!(zero, [part.name()]);
        }
    }
}
