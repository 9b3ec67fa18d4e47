//! A ledger with a Merkle log and a folder of checkpoints, for tests.

use std::path::PathBuf;

use ombud_domain::{NewEvent, TimestampUs};
use ombud_ports::{Commit, Shredding};
use ombud_proof::{LogKey, LogVerifier};
use ombud_store::Store;
use ombud_store::seal::checkpoints::Checkpoints;
use ombud_store::seal::sequencer::{Sequencer, Step};
use ombud_store::seal::verify::{LogReader, Verification};
use ombud_testkit::contract::{commit, tenant};
use serde_json::json;

use crate::home::{self, Home};

/// A beginning of time, in the tests' years.
pub const START: TimestampUs = TimestampUs(1_781_524_800_000_000);

/// What a test seals.
pub struct Sealed {
    pub home: Home,
    pub store: Store,
    pub folder: PathBuf,
    pub log: Sequencer,
    pub checkpoints: Checkpoints,
}

pub fn key() -> LogKey {
    LogKey::from_seed("nimbus.example/ledger", &[7; 32]).unwrap()
}

pub fn verifier() -> LogVerifier {
    key().verifier().clone()
}

impl Sealed {
    pub async fn new(test: &str, home: Home) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("seals-{test}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        let store = home::open(&home).await;
        let log = store.sequencer(&tenant(), "one");
        let checkpoints = Checkpoints::open(&folder, key()).unwrap();
        Self { home, store, folder, log, checkpoints }
    }

    pub async fn sqlite(test: &str) -> Self {
        Self::new(test, home::sqlite(test)).await
    }

    /// Appends events to a stream; the version counts on from what the caller says.
    pub async fn say(&self, stream: &str, version: i64, events: usize) -> i64 {
        let events = (0..events).map(|number| said(&format!("{stream} says {version} and {number}"))).collect();
        self.store.ledger().append(commit(stream, version, events)).await.unwrap().version
    }

    /// Overwrites events of a stream by a commit of one event.
    pub async fn shred(&self, stream: &str, head: i64, versions: &[i64]) -> i64 {
        let gone = |version: &i64| (*version, json!({"text": "[removed]", "version": version}).into());
        let shredding = Shredding { events: versions.iter().map(gone).collect(), scope: stream.to_owned() };
        let by = Commit { shredding: Some(shredding), ..commit(stream, head, vec![said("redacted")]) };
        self.store.ledger().append(by).await.unwrap().version
    }

    /// Gives leaves to all that is committed, and signs.
    pub async fn seal(&mut self) -> bool {
        level(&self.log).await;
        self.checkpoints.sign(&self.log, START).await.unwrap()
    }

    pub async fn verify(&self) -> Verification {
        verify(&self.home.url, &self.folder, &verifier()).await
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

pub fn said(text: &str) -> NewEvent {
    NewEvent { kind: "message.created".to_owned(), payload: json!({"text": text}).into() }
}

pub async fn level(log: &Sequencer) {
    while log.step(START).await.unwrap() != Step::Level {}
}

pub async fn verify(url: &str, folder: &std::path::Path, verifier: &LogVerifier) -> Verification {
    let reader = LogReader::open(url, tenant()).await.unwrap();
    let found = reader.verify(folder, verifier).await.unwrap();
    reader.close().await;
    found
}
