//! What becomes of refunds when the disk fails? The n-th write or flush of the database, in real processes, with the company's records as the judge.

use std::path::{Path, PathBuf};
use std::process::Command as Blocking;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ombud_domain::TenantId;
use ombud_store::seal::verify::LogReader;

use crate::claim::Claim;
use crate::lane::{Database, Ground, Lane, Offers, Tally, api_of};

/// How disks fail. The first two go on, the others happen once.
const KINDS: [&str; 5] = ["full", "read-only", "eio", "fsync", "torn"];
/// How long a process is watched after a fault.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long a process may take to end that a fault has ended.
const ENDING: Duration = Duration::from_secs(5);

/// What came of the faults.
#[derive(Debug, Default)]
pub struct Faults {
    pub tally: Tally,
    /// By kind: how many happened.
    pub injected: Vec<(&'static str, u32)>,
    /// The process ended, at its start or later.
    pub ended: u32,
    /// The ledger stopped writing and said so, and what had been written was read.
    pub stopped: u32,
    /// It went on: what failed could be made again, or was told as not done.
    pub went_on: u32,
    /// Answers that were given and stood nowhere after the next start.
    pub forgotten: u32,
}

/// The library that lets writes fail; none, with a word, without a C compiler.
fn compiled(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/faults.c");
    let library = folder.join("faults.so");
    let made =
        Blocking::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).args(["-ldl"]).output();
    let Ok(made) = made else {
        crate::say("storage faults were left out: there is no `cc`\n")?;
        return Ok(None);
    };
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(Some(library))
}

/// So many faults of all kinds, spread over what one refund writes.
pub async fn run(faults: u32) -> anyhow::Result<Option<Faults>> {
    let lane = Lane { database: Database::Sqlite, offers: Offers::Keys, kills: 0, first: 0 };
    let ground = lane.prepare_as("faults").await?;
    let Some(library) = compiled(&ground.folder)? else { return Ok(None) };
    let mut found = Faults::default();
    found.tally.lane = "storage faults".to_owned();
    let mut claims = Vec::new();
    let (writes, flushes) = count(&ground, &library, (&mut claims, &mut found)).await?;
    ensure!(
        writes > 20 && flushes >= 3,
        "a refund writes {writes} times and flushes {flushes} times, so the shim is not there"
    );
    let each = faults.div_ceil(u32::try_from(KINDS.len())?);
    for kind in KINDS {
        let all = if kind == "fsync" { flushes } else { writes };
        let mut happened = 0;
        for number in 0..each {
            let at = 1 + u64::from(number) * all / u64::from(each);
            happened += u32::from(one(&ground, &library, (kind, at), (&mut claims, &mut found)).await?);
        }
        found.injected.push((kind, happened));
    }
    let acknowledged: Vec<(String, usize)> = claims.iter().map(Claim::acknowledged).collect();
    lane.judge(&ground, claims, &mut found.tally).await?;
    found.forgotten = ground.forgotten(&acknowledged).await?;
    ground.replay(&mut found.tally).await?;
    lane.keep_books(&ground, &mut found.tally).await?;
    verify(&ground, &mut found.tally).await?;
    drop(std::fs::remove_dir_all(&ground.folder));
    Ok(Some(found))
}

/// One refund without a fault: how often it writes and flushes.
async fn count(
    ground: &Ground,
    library: &Path,
    (claims, found): (&mut Vec<Claim>, &mut Faults),
) -> anyhow::Result<(u64, u64)> {
    // The database is made before.
    ground.serve(&[]).await?.dies_within(Duration::ZERO).await?;
    let process = ground.serve(&settings(library, ("count", 0), ground)).await?;
    let api = api_of(&process)?.context("it opens when nothing fails")?;
    claims.push(Claim::new(1, ground.session.clone()));
    found.tally.refunds += 1;
    for claim in claims {
        claim.go_on(&api).await?;
    }
    tokio::time::sleep(PATIENCE).await;
    process.dies_within(Duration::ZERO).await?;
    let log = std::fs::read_to_string(ground.folder.join("faults.log"))?;
    let numbers: Vec<u64> = log.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    Ok((numbers.first().copied().unwrap_or_default(), numbers.get(1).copied().unwrap_or_default()))
}

fn settings(library: &Path, (kind, at): (&str, u64), ground: &Ground) -> Vec<(&'static str, String)> {
    vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAULT_FILE", "ledger.db".to_owned()),
        ("FAULT_KIND", kind.to_owned()),
        ("FAULT_AT", at.to_string()),
        ("FAULT_LOG", ground.folder.join("faults.log").display().to_string()),
    ]
}

/// One process with one fault, and one refund more; whether the fault happened.
async fn one(
    ground: &Ground,
    library: &Path,
    fault: (&str, u64),
    (claims, found): (&mut Vec<Claim>, &mut Faults),
) -> anyhow::Result<bool> {
    drop(std::fs::remove_file(ground.folder.join("faults.log")));
    let process = ground.serve(&settings(library, fault, ground)).await?;
    let mut answers = false;
    if let Some(api) = api_of(&process)? {
        claims.push(Claim::new(found.tally.refunds + 1, ground.session.clone()));
        found.tally.refunds += 1;
        let mut all = true;
        for claim in claims.iter_mut() {
            if claim.go_on(&api).await.is_err() {
                all = false;
                break;
            }
        }
        tokio::time::sleep(PATIENCE).await;
        let happened = ground.folder.join("faults.log").is_file();
        // What was acknowledged before can be read, whatever the disk does.
        let read = match claims.first() {
            Some(first) => first.told(&api).await.is_ok(),
            None => false,
        };
        answers = read;
        if happened && read {
            let writes = api.open_conversation(&ground.session, None, None).await.is_ok();
            if all && writes { found.went_on += 1 } else { found.stopped += 1 }
        }
    }
    let died = process.dies_within(if answers { Duration::ZERO } else { ENDING }).await?;
    let happened = ground.folder.join("faults.log").is_file();
    if happened && !answers {
        // It ended by itself; a process that neither ends nor answers would be stuck.
        found.ended += 1;
        if !died && fault.0 == "torn" {
            found.tally.wrong.push(format!("{} at {}: the process is there and does not answer", fault.0, fault.1));
        }
    }
    Ok(happened)
}

/// Every event is what its leaf says.
async fn verify(ground: &Ground, tally: &mut Tally) -> anyhow::Result<()> {
    let key = ombud_proof::LogKey::from_seed("test.example", &[7; 32])?;
    let no_checkpoints = ground.folder.join("no-checkpoints");
    std::fs::create_dir_all(&no_checkpoints)?;
    let reader = LogReader::open(&ground.database_url, TenantId("default".to_owned())).await?;
    let found = reader.verify(&no_checkpoints, key.verifier()).await?;
    reader.close().await;
    if found.faults_count > 0 || found.events == 0 {
        tally.wrong.push(format!("the log: {found:?}"));
    }
    Ok(())
}
