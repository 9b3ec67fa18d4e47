//! Which figures come out of a measurement, and how do two servers compare?

use serde::Serialize;

use super::load::{Seen, Shape};

/// One server at one number of conversations in one round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    /// `ombud` or `peer`.
    pub(super) server: &'static str,
    /// Conversations in the ledger when the server was started.
    pub(super) stored: u64,
    /// The round, from 1.
    pub(super) round: usize,
    /// Conversations open at once.
    pub(super) conversations: usize,
    /// Turns measured: n.
    pub(super) turns: usize,
    /// Turns and openings that failed.
    pub(super) failed: u64,
    /// Turns with a right reply a second.
    pub(super) turns_per_s: f64,
    /// Processor time of the server for a turn, milliseconds.
    pub(super) cpu_ms_per_turn: f64,
    /// Turns for a second of the server's processor time.
    pub(super) turns_per_cpu_s: f64,
    /// Median time of a turn, milliseconds.
    pub(super) p50_ms: f64,
    /// 99th percentile.
    pub(super) p99_ms: f64,
    /// Slowest turn.
    pub(super) max_ms: f64,
    /// Peak resident memory of the server in the window, MiB.
    pub(super) rss_mib: f64,
    /// Calls of the model for a turn.
    pub(super) completions_per_turn: f64,
    /// Reads of the order API for a turn.
    pub(super) reads_per_turn: f64,
    /// How busy the whole machine was, of one.
    pub(super) machine_busy: f64,
}

/// One start of a server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Start {
    /// `ombud` or `peer`.
    pub(super) server: &'static str,
    /// Conversations in the ledger.
    pub(super) stored: u64,
    /// From the start of the process to the first right reply, milliseconds.
    pub(super) cold_start_ms: f64,
    /// Resident memory after it, MiB.
    pub(super) rss_mib: f64,
    /// Acknowledged turns that were looked up in the ledger after the server was killed; all were there.
    pub(super) turns_found_after_kill: Option<usize>,
}

/// Our server against a peer over the rounds of one number of conversations; each round gives one quotient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ratio {
    /// Conversations open at once.
    pub(super) conversations: usize,
    /// What is compared.
    pub(super) measure: &'static str,
    /// Quotients of the rounds, ours by the peer's.
    pub(super) rounds: usize,
    /// Their median.
    pub(super) median: f64,
    /// The lowest.
    pub(super) min: f64,
    /// The highest.
    pub(super) max: f64,
}

/// What the stand-in company was asked between two looks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub(super) orders: u64,
    pub(super) completions: u64,
}

/// Where a point belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) server: &'static str,
    pub(super) stored: u64,
    pub(super) round: usize,
}

impl Point {
    pub(super) fn of(place: Place, shape: Shape, seen: &Seen, asked: Asked) -> Self {
        let turns = seen.turns_us.len();
        let n = turns.max(1) as f64;
        let cpu_ms = seen.used.cpu_ms as f64;
        // Reads are counted from before the warm-up to after the last turn, so the turns they belong to are, too.
        let all = asked.orders.max(1) as f64;
        Self {
            server: place.server,
            stored: place.stored,
            round: place.round,
            conversations: shape.conversations,
            turns,
            failed: seen.failed,
            turns_per_s: turns as f64 / shape.window.as_secs_f64(),
            cpu_ms_per_turn: cpu_ms / n,
            turns_per_cpu_s: turns as f64 * 1_000.0 / cpu_ms.max(1.0),
            p50_ms: quantile_ms(&seen.turns_us, 50),
            p99_ms: quantile_ms(&seen.turns_us, 99),
            max_ms: quantile_ms(&seen.turns_us, 100),
            rss_mib: seen.used.rss_kib as f64 / 1_024.0,
            completions_per_turn: asked.completions as f64 / all,
            reads_per_turn: asked.orders as f64 / seen.answered.max(1) as f64,
            machine_busy: seen.machine_busy,
        }
    }
}

/// The value below which `percent` of the ascending values lie (nearest rank), in milliseconds.
pub(super) fn quantile_ms(ascending_us: &[u64], percent: usize) -> f64 {
    let rank = (ascending_us.len() * percent).div_ceil(100).saturating_sub(1);
    ascending_us.get(rank).map_or(0.0, |micros| *micros as f64 / 1_000.0)
}

/// What is compared, in the order of the report.
type Measure = (&'static str, fn(&Point) -> f64);
const MEASURES: [Measure; 4] = [
    ("turns_per_s", |point| point.turns_per_s),
    ("turns_per_cpu_s", |point| point.turns_per_cpu_s),
    ("p50_ms", |point| point.p50_ms),
    ("p99_ms", |point| point.p99_ms),
];

/// Quotients of our points by the peer's of the same round and number of conversations.
pub(super) fn ratios(points: &[Point], (ours, peers): (&str, &str)) -> Vec<Ratio> {
    let mut sizes: Vec<usize> = points.iter().map(|point| point.conversations).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut ratios = Vec::new();
    for conversations in sizes {
        for (measure, value) in MEASURES {
            let of = |server: &str, round: usize| {
                let mut found = points
                    .iter()
                    .filter(|point| (point.server, point.round, point.conversations) == (server, round, conversations));
                found.next().map(value)
            };
            let rounds = points.iter().map(|point| point.round).max().unwrap_or(0);
            let mut quotients: Vec<f64> = (1..=rounds)
                .filter_map(|round| Some(of(ours, round)? / of(peers, round).filter(|value| *value > 0.0)?))
                .collect();
            quotients.sort_by(f64::total_cmp);
            let (Some(min), Some(max)) = (quotients.first(), quotients.last()) else { continue };
            let (min, max) = (*min, *max);
            ratios.push(Ratio {
                conversations,
                measure,
                rounds: quotients.len(),
                median: median(&quotients),
                min,
                max,
            });
        }
    }
    ratios
}

/// The median of ascending values.
pub(super) fn median(ascending: &[f64]) -> f64 {
    let upper = ascending.len() / 2;
    let lower = if ascending.len().is_multiple_of(2) { upper.saturating_sub(1) } else { upper };
    match (ascending.get(lower), ascending.get(upper)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::bench::process::Usage;

    fn point(server: &'static str, round: usize, turns: u64, cpu_ms: u64) -> Point {
        let shape = Shape { conversations: 32, warmup: Duration::ZERO, window: Duration::from_secs(2), first: 0 };
        let seen = Seen {
            turns_us: (1..=turns).map(|number| number * 1_000).collect(),
            used: Usage { cpu_ms, rss_kib: 2_048 },
            answered: turns,
            ..Seen::default()
        };
        Point::of(Place { server, stored: 0, round }, shape, &seen, Asked { orders: turns, completions: 2 * turns })
    }

    #[test]
    fn figures_are_taken_over_the_window() {
        let point = point("a", 1, 200, 50);
        assert_eq!(
            (point.turns, point.turns_per_s, point.cpu_ms_per_turn, point.turns_per_cpu_s),
            (200, 100.0, 0.25, 4_000.0)
        );
        assert_eq!((point.p50_ms, point.p99_ms, point.max_ms, point.rss_mib), (100.0, 198.0, 200.0, 2.0));
        assert_eq!((point.completions_per_turn, point.reads_per_turn), (2.0, 1.0));
        assert_eq!(quantile_ms(&[], 50), 0.0);
    }

    #[test]
    fn servers_are_compared_round_by_round() {
        let points =
            [point("a", 1, 400, 100), point("b", 1, 100, 100), point("a", 2, 300, 100), point("b", 2, 50, 100)];
        let ratios = ratios(&points, ("a", "b"));
        let cpu = ratios.iter().find(|ratio| ratio.measure == "turns_per_cpu_s").unwrap();
        assert_eq!((cpu.rounds, cpu.median, cpu.min, cpu.max), (2, 5.0, 4.0, 6.0));
        assert!(super::ratios(&points[..1], ("a", "b")).is_empty());
        assert_eq!((median(&[]), median(&[1.0, 3.0]), median(&[1.0, 3.0, 9.0])), (0.0, 2.0, 3.0));
    }
}
