//! What does sealing cost a commit? Plain and sealed ledgers in turn, on new conversations, each of a few turns.
//!
//! `cargo run --release -p ombud-store --example vault_cost`. Prints CPU time of this process per commit (all threads, user and system), the
//! time a writer waits, and the size of the database, for each run and as ratios. Rows of one run compare; rows of two machines do not.

mod process;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ombud_domain::{NewEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::Commit;
use ombud_store::{MasterKey, Settings, VaultSettings};
use serde_json::json;

const CONVERSATIONS: usize = 200;
const TURNS: i64 = 5;
const RUNS: usize = 8;

struct Figures {
    cpu_ms: f64,
    wait_us: f64,
    bytes: f64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let folder = std::env::temp_dir().join(format!("ombud-vault-cost-{}", std::process::id()));
    // The first one warms up the machine and is not printed.
    measure(&folder.join("warm"), None).await?;
    for run in 0..RUNS {
        let plain = measure(&folder.join(format!("plain{run}")), None).await?;
        let sealed = measure(&folder.join(format!("sealed{run}")), Some(MasterKey::fresh()?)).await?;
        for (name, figures) in [("plain ", &plain), ("sealed", &sealed)] {
            let Figures { cpu_ms, wait_us, bytes } = figures;
            writeln!(out, "{name} CPU {cpu_ms:.3} ms a commit, wait {wait_us:.0} us, {:.1} MB", bytes / 1e6)?;
        }
        let ratio = |of: fn(&Figures) -> f64| of(&sealed) / of(&plain);
        let (cpu, wait, bytes) = (ratio(|f| f.cpu_ms), ratio(|f| f.wait_us), ratio(|f| f.bytes));
        writeln!(out, "ratio  CPU {cpu:.2}, wait {wait:.2}, size {bytes:.2}")?;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

async fn measure(folder: &Path, master: Option<MasterKey>) -> Result<Figures, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let address = |name: &str| format!("sqlite://{}", folder.join(name).display());
    let vault = master.map(|master| VaultSettings { keys_url: address("keys.db"), master });
    let store = ombud_store::open_with(&address("ledger.db"), &Settings { vault, ..Settings::default() }).await?;
    let ledger = store.ledger();
    let (cpu, begun) = (process::cpu_ticks()?, Instant::now());
    for conversation in 0..CONVERSATIONS {
        for turn in 0..TURNS {
            ledger.append(commit(conversation, turn)).await?;
        }
    }
    let commits = f64::from(u32::try_from(CONVERSATIONS)?) * f64::from(u32::try_from(TURNS)?);
    let wait_us = begun.elapsed().as_secs_f64() * 1e6 / commits;
    // Linux counts CPU time in hundredths of a second (USER_HZ, man 5 proc).
    let cpu_ms = f64::from(u32::try_from(process::cpu_ticks()?.saturating_sub(cpu))?) * 10.0 / commits;
    store.shutdown().await;
    let file: PathBuf = folder.join("ledger.db");
    let bytes = f64::from(u32::try_from(std::fs::metadata(file)?.len())?);
    Ok(Figures { cpu_ms, wait_us, bytes })
}

/// Sizes as a turn has them: two messages, the trail of nine stages, the state.
fn commit(conversation: usize, turn: i64) -> Commit {
    let event = |kind: &str, bytes: usize| NewEvent {
        kind: kind.to_owned(),
        payload: json!({"turn": turn, "text": "where is my parcel ".repeat(bytes / 19)}).into(),
    };
    let (said, stages) = ("message.created", "turn.stages");
    Commit {
        tenant: TenantId("cost".to_owned()),
        stream: StreamId { kind: StreamKind::Conversation, id: format!("conversation-{conversation}") },
        expected_version: turn * 4,
        events: vec![event(said, 300), event(said, 400), event(stages, 3_000), event("turn.recorded", 2_000)],
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: TimestampUs(1_781_524_800_000_000),
    }
}
