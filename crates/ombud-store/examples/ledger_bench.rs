//! What does a durable commit cost? Commits of a dozen events on streams of their own, by 1, 32 and 1,000 writers at once.
//!
//! Each row is measured without and with the Merkle log, twice in turn: its sequencer runs once a second beside the writers, as in the server, and the
//! row ends when every event has its leaf.
//!
//! `cargo run --release -p ombud-store --example ledger_bench -- [address]`, default a SQLite file in the folder for temporary files. Prints
//! commits per second, latency and the CPU time of this process per commit (all threads, user and system).

mod process;

use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ombud_domain::{NewEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::Commit;
use ombud_store::Store;
use ombud_store::seal::sequencer::{Sequencer, Step};
use serde_json::json;
use tokio::task::JoinSet;

const EVENTS: usize = 12;
const COMMITS: usize = 4000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| {
        let file = std::env::temp_dir().join(format!("ombud-ledger-bench-{}.db", std::process::id()));
        format!("sqlite://{}", file.display())
    });
    let store = ombud_store::open(&address).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{EVENTS} events a commit, {COMMITS} commits a row, {address}")?;
    let sealings = [Sealing::Off, Sealing::On, Sealing::Off, Sealing::On];
    let rows = [1, 32, 1000].into_iter().flat_map(|writers| sealings.map(|sealing| (writers, sealing)));
    for (run, (writers, sealing)) in rows.enumerate() {
        let cpu_before = process::cpu_ticks()?;
        let begun = Instant::now();
        let log = store.sequencer(&tenant(run), "bench");
        let stop = AtomicBool::new(false);
        let (latencies, sealed) = tokio::join!(
            async {
                let latencies = load(&store, run, writers).await;
                stop.store(true, Ordering::Release);
                latencies.map(|latencies| (latencies, begun.elapsed().as_secs_f64()))
            },
            seal(&log, sealing, &stop)
        );
        let ((mut latencies, seconds), leaves) = (latencies?, sealed?);
        // Linux counts CPU time in hundredths of a second (USER_HZ, man 5 proc).
        let cpu_ms = f64::from(u32::try_from(process::cpu_ticks()?.saturating_sub(cpu_before))?) * 10.0;
        latencies.sort_unstable();
        let commits = f64::from(u32::try_from(latencies.len())?);
        let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
        writeln!(
            out,
            "{writers:>5} writers, {leaves:>6} leaves: {:>8.0} commits/s, p50 {:>6} us, p99 {:>7} us, CPU {:.3} ms a commit",
            commits / seconds,
            at(50),
            at(99),
            cpu_ms / commits
        )?;
    }
    store.shutdown().await;
    Ok(())
}

/// Whether events get leaves of the Merkle log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sealing {
    Off,
    On,
}

/// Gives leaves once a second until the writers have stopped and every event has one.
async fn seal(log: &Sequencer, sealing: Sealing, stop: &AtomicBool) -> Result<u64, Box<dyn Error>> {
    if sealing == Sealing::Off {
        return Ok(0);
    }
    loop {
        let was_over = stop.load(Ordering::Acquire);
        while log.step(TimestampUs(1_781_524_800_000_000)).await? != Step::Level {}
        if was_over {
            return Ok(log.lag().await?.leaves);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn tenant(run: usize) -> TenantId {
    TenantId(format!("bench{run}"))
}

/// Latencies in microseconds.
async fn load(store: &Store, run: usize, writers: usize) -> Result<Vec<u128>, Box<dyn Error>> {
    let mut tasks: JoinSet<Result<Vec<u128>, String>> = JoinSet::new();
    for writer in 0..writers {
        let ledger = store.ledger();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let mut version = 0;
            for _ in 0..COMMITS.div_ceil(writers) {
                let begun = Instant::now();
                let written = ledger.append(commit(run, writer, version)).await.map_err(|error| error.to_string())?;
                version = written.version;
                latencies.push(begun.elapsed().as_micros());
            }
            Ok(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = tasks.join_next().await {
        all.extend(latencies??);
    }
    Ok(all)
}

fn commit(run: usize, writer: usize, expected_version: i64) -> Commit {
    let event = |number: usize| NewEvent {
        kind: "turn.decision".to_owned(),
        payload: json!({"stage": number, "reasons": ["order.owned", "order.open"], "text": "x".repeat(200)}).into(),
    };
    Commit {
        tenant: tenant(run),
        stream: StreamId { kind: StreamKind::Conversation, id: format!("run{run}-{writer}") },
        expected_version,
        events: (0..EVENTS).map(event).collect(),
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: TimestampUs(1_781_524_800_000_000),
    }
}
