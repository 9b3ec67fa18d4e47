//! How are the figures shown? With what was measured, how often and with which seed.

use comfy_table::{Table, presets};
use serde::Serialize;

use super::contestant::Model;
use super::figures::{Point, Ratio, Start, median, ratios};
use super::turns::Options;
use crate::cli::Output;
use crate::terminal::{bold, complain, dim, say, say_json};

/// What was measured.
const WHAT: &str = "a signed-in customer asks where an order is: one owner-checked read of the order API, a reply that is checked for the order and \
its state, every stage in an SQLite ledger flushed to disk before the reply; the processor time of opening conversations is included";

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    what: &'static str,
    version: &'static str,
    pack: String,
    model: String,
    peer: Option<String>,
    seed: u64,
    /// From the start of our process to the first right reply where nothing was learnt before, milliseconds: the start after an installation.
    pub(super) learning_start_ms: Option<f64>,
    /// One for each start of a server; ours finds what an earlier one has learnt.
    pub(super) starts: Vec<Start>,
    /// One for each measurement.
    pub(super) points: Vec<Point>,
    /// Ours by the peer's.
    ratios: Vec<Ratio>,
    /// What went wrong, one for each measurement at most.
    pub(super) failures: Vec<String>,
}

impl Report {
    pub(super) fn new(options: &Options, pack: &str) -> Self {
        let model = match options.model {
            Model::None => "none".to_owned(),
            Model::Mock => format!("scripted, {} ms", options.model_ms),
        };
        Self {
            what: WHAT,
            version: env!("CARGO_PKG_VERSION"),
            pack: pack.to_owned(),
            model,
            peer: options.peer.clone(),
            seed: options.seed,
            learning_start_ms: None,
            starts: Vec::new(),
            points: Vec::new(),
            ratios: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Whether every turn got a right reply.
    pub(super) fn is_sound(&self) -> bool {
        self.points.iter().all(|point| point.failed == 0 && point.turns > 0)
    }
}

pub(super) fn print(report: &mut Report, output: Output) -> anyhow::Result<()> {
    report.ratios = ratios(&report.points, ("ombud", "peer"));
    for failure in &report.failures {
        complain(format_args!("ombud: {failure}"));
    }
    if output == Output::Json {
        return say_json(report);
    }
    say(format_args!(
        "{}",
        bold(format_args!("turns, pack {}, model {}, seed {}", report.pack, report.model, report.seed))
    ));
    say(format_args!("{}", dim(report.what)));
    say(format_args!("{}", points(&report.points)));
    if let Some(first) = report.learning_start_ms {
        say(format_args!("ombud: start to first reply {first:.0} ms where nothing was learnt before (n = 1)"));
    }
    starts(&report.starts);
    for ratio in &report.ratios {
        say(format_args!(
            "ours by the peer's at {:>5} at once, {:<16} median {:.4} [{:.4}-{:.4}], n = {} rounds",
            ratio.conversations, ratio.measure, ratio.median, ratio.min, ratio.max, ratio.rounds
        ));
    }
    Ok(())
}

fn points(points: &[Point]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "server",
        "round",
        "stored",
        "at once",
        "n",
        "failed",
        "turns/s",
        "CPU ms/turn",
        "turns/CPU s",
        "p50 ms",
        "p99 ms",
        "RSS MiB",
        "model calls",
        "machine busy",
    ]);
    for point in points {
        table.add_row([
            point.server.to_owned(),
            point.round.to_string(),
            point.stored.to_string(),
            point.conversations.to_string(),
            point.turns.to_string(),
            point.failed.to_string(),
            format!("{:.0}", point.turns_per_s),
            format!("{:.3}", point.cpu_ms_per_turn),
            format!("{:.0}", point.turns_per_cpu_s),
            format!("{:.2}", point.p50_ms),
            format!("{:.2}", point.p99_ms),
            format!("{:.0}", point.rss_mib),
            format!("{:.1}", point.completions_per_turn),
            format!("{:.0} %", point.machine_busy * 100.0),
        ]);
    }
    table
}

fn starts(starts: &[Start]) {
    let mut servers: Vec<&str> = starts.iter().map(|start| start.server).collect();
    servers.dedup();
    servers.sort_unstable();
    servers.dedup();
    for server in servers {
        let of: Vec<&Start> = starts.iter().filter(|start| start.server == server).collect();
        let mut times: Vec<f64> = of.iter().map(|start| start.cold_start_ms).collect();
        times.sort_by(f64::total_cmp);
        let memory = of.iter().map(|start| start.rss_mib).fold(0.0, f64::max);
        say(format_args!(
            "{server}: start to first reply {:.0} ms (median of n = {}, slowest {:.0}), {memory:.0} MiB after it",
            median(&times),
            times.len(),
            times.last().copied().unwrap_or(0.0)
        ));
        let found: Option<usize> = of.iter().map(|start| start.turns_found_after_kill).sum();
        if let Some(found) = found {
            say(format_args!(
                "{server}: killed at the end of each round; {found} acknowledged turns looked up in its ledger, all there"
            ));
        }
    }
}
