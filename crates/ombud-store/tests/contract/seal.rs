//! Does every event get one leaf, in order, and can what was shredded still be proved? On both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ombud_domain::TimestampUs;
use ombud_ports::{SealAlarm, SealWatch as _};
use ombud_proof::{LogKey, NoteError, Payload, RecordContent};
use ombud_store::seal::SealError;
use ombud_store::seal::checkpoints::Checkpoints;
use ombud_store::seal::sequencer::Step;
use ombud_store::seal::verify::{Fault, LogReader, Verification};
use ombud_store::seal::watch::{Seal, SealSettings, Signed};
use ombud_testkit::contract::{commit, event, stream, tenant};
use tokio::task::JoinSet;

use crate::home::{self, Home, on_both_databases};
use crate::sealed::{START, Sealed, key, level, verifier};

on_both_databases!(
    sequencers_at_once_give_every_event_one_leaf,
    a_shredded_message_still_verifies_and_its_salt_is_gone,
    a_payload_shredded_under_the_sequencers_hands_leaves_no_salt,
    a_conversation_is_proved_without_the_database,
    two_companies_have_logs_of_their_own,
    whoever_holds_the_lease_is_left_to_it_and_relieved_when_it_is_silent,
);

fn clean(found: &Verification) {
    assert_eq!(found.faults, Vec::new());
    assert_eq!((found.faults_count, found.events_without_leaf, found.leaves_unsigned), (0, 0, 0));
}

/// R58: four sequencers of two stores write while sixteen writers do; leases are over before they begin, so that all of them try.
async fn sequencers_at_once_give_every_event_one_leaf(home: Home) {
    let mut sealed = Sealed::new("at_once", home).await;
    let beside = home::open(&sealed.home).await;
    let now = Arc::new(AtomicI64::new(START.0));
    let mut writers = JoinSet::new();
    for number in 0..16 {
        let ledger = if number % 2 == 0 { sealed.store.ledger() } else { beside.ledger() };
        writers.spawn(async move {
            for round in 0..8 {
                let events = (0..5).map(event).collect();
                ledger.append(commit(&format!("c{number}"), round * 5, events)).await.unwrap();
            }
        });
    }
    let mut sequencers = JoinSet::new();
    for number in 0..4 {
        let store = if number % 2 == 0 { &sealed.store } else { &beside };
        let log = store.sequencer(&tenant(), &format!("sequencer {number}"));
        let now = Arc::clone(&now);
        sequencers.spawn(async move {
            let (mut added, mut beaten) = (0, 0);
            while log.lag().await.unwrap().leaves < 16 * 8 * 5 {
                let now = now.fetch_add(20_000_000, Ordering::Relaxed);
                match log.step(TimestampUs(now)).await.unwrap() {
                    Step::Added(leaves) => added += leaves,
                    Step::Beaten => beaten += 1,
                    Step::Level | Step::Standby => tokio::task::yield_now().await,
                }
            }
            (added, beaten)
        });
    }
    writers.join_all().await;
    let outcomes = sequencers.join_all().await;
    println!("leaves added and refusals of four sequencers: {outcomes:?}");
    assert_eq!(outcomes.iter().map(|(added, _)| added).sum::<u64>(), 16 * 8 * 5);
    assert!(sealed.checkpoints.sign(&sealed.log, START).await.unwrap());
    let found = sealed.verify().await;
    clean(&found);
    assert_eq!((found.leaves, found.events, found.checkpoints), (640, 640, 1));
    beside.shutdown().await;
    sealed.store.shutdown().await;
}

/// R58 with R43: before its leaf, after it, twice, and several at once; the whole log and the conversation verify at each step.
async fn a_shredded_message_still_verifies_and_its_salt_is_gone(home: Home) {
    let mut sealed = Sealed::new("shredded", home).await;
    sealed.say("c1", 0, 4).await;
    sealed.say("c2", 0, 250).await;
    sealed.say("c3", 0, 50).await;
    sealed.shred("c1", 4, &[1]).await;
    sealed.seal().await;
    clean(&sealed.verify().await);
    let head = sealed.shred("c1", 5, &[2, 3]).await;
    let found = sealed.verify().await;
    assert_eq!((found.faults, found.shreddings_without_leaf, found.events_without_leaf), (Vec::new(), 2, 1));
    sealed.seal().await;
    clean(&sealed.verify().await);
    let head = sealed.shred("c1", head, &[2]).await;
    sealed.say("c1", head, 1).await;
    sealed.seal().await;
    let found = sealed.verify().await;
    clean(&found);
    assert_eq!((found.events, found.shreddings), (308, 4));
    let reader = LogReader::open(&sealed.home.url, tenant()).await.unwrap();
    let drawn = reader.prove_stream(&stream("c1"), &sealed.folder, &verifier()).await.unwrap();
    reader.close().await;
    let bundle = drawn.bundle.unwrap();
    let shown = bundle.verify(&verifier()).unwrap();
    assert_eq!((shown.events, shown.shredded), (8, 2));
    let text = serde_json::to_string(&bundle).unwrap();
    assert!(!text.contains("c1 says 0 and 1") && !text.contains("c1 says 0 and 2") && text.contains("c1 says 0 and 3"));
    let hidden = bundle.records.iter().filter(|record| {
        let payload = match &record.content {
            RecordContent::Event(event) => &event.payload,
            RecordContent::Shredding(shredding) => &shredding.payload,
        };
        matches!(payload, Payload::Shredded { .. })
    });
    assert_eq!(hidden.count(), 3, "two events and the first shredding of the one that was shredded twice");
    sealed.store.shutdown().await;
}

/// While a sequencer reads and writes without pause, 60 messages are shredded right after they were written.
async fn a_payload_shredded_under_the_sequencers_hands_leaves_no_salt(home: Home) {
    let mut sealed = Sealed::new("race", home).await;
    let log = sealed.store.sequencer(&tenant(), "one");
    let done = Arc::new(AtomicI64::new(0));
    let mut task = JoinSet::new();
    let is_done = Arc::clone(&done);
    task.spawn(async move {
        while is_done.load(Ordering::Acquire) == 0 {
            log.step(START).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    for number in 0..60 {
        let stream_id = format!("c{number}");
        let head = sealed.say(&stream_id, 0, 2).await;
        sealed.shred(&stream_id, head, &[1]).await;
    }
    done.store(1, Ordering::Release);
    task.join_all().await;
    sealed.seal().await;
    let found = sealed.verify().await;
    clean(&found);
    assert_eq!((found.events, found.shreddings), (180, 60));
    sealed.store.shutdown().await;
}

/// R58: proofs grow with the logarithm of the log; what a checkpoint does not have yet is said.
async fn a_conversation_is_proved_without_the_database(home: Home) {
    let mut sealed = Sealed::new("proved", home).await;
    for number in 0..20 {
        sealed.say(&format!("c{number}"), 0, 37).await;
    }
    sealed.seal().await;
    sealed.say("c7", 37, 2).await;
    level(&sealed.log).await;
    let reader = LogReader::open(&sealed.home.url, tenant()).await.unwrap();
    let drawn = reader.prove_stream(&stream("c7"), &sealed.folder, &verifier()).await.unwrap();
    assert_eq!(drawn.events_unsigned, 2);
    let shown = drawn.bundle.unwrap().verify(&verifier()).unwrap();
    assert_eq!((shown.events, shown.checkpoint.size), (37, 740));
    assert!(shown.hashes_max <= 10, "{} hashes for 740 leaves", shown.hashes_max);
    for position in [1, 256, 257, 512, 740] {
        let drawn = reader.prove_event(position, &sealed.folder, &verifier()).await.unwrap();
        let shown = drawn.bundle.unwrap().verify(&verifier()).unwrap();
        assert!(shown.events == 1 && shown.hashes_max <= 10);
    }
    let unsigned = reader.prove_event(741, &sealed.folder, &verifier()).await.unwrap();
    assert_eq!((unsigned.bundle, unsigned.events_unsigned), (None, 1));
    let nothing = reader.prove_event(9999, &sealed.folder, &verifier()).await.unwrap();
    assert_eq!((nothing.bundle, nothing.events_unsigned), (None, 0));
    reader.close().await;
    sealed.store.shutdown().await;
}

async fn two_companies_have_logs_of_their_own(home: Home) {
    let mut sealed = Sealed::new("companies", home).await;
    let other = ombud_domain::TenantId("cirrus".to_owned());
    sealed.say("c1", 0, 3).await;
    let foreign = ombud_ports::Commit { tenant: other.clone(), ..commit("c1", 0, vec![event(1), event(2)]) };
    sealed.store.ledger().append(foreign).await.unwrap();
    sealed.seal().await;
    let found = sealed.verify().await;
    clean(&found);
    assert_eq!(found.events, 3);
    assert_eq!(sealed.store.sequencer(&other, "one").lag().await.unwrap().leaves, 0);
    sealed.store.shutdown().await;
}

/// The lease is ten seconds from the last write.
async fn whoever_holds_the_lease_is_left_to_it_and_relieved_when_it_is_silent(home: Home) {
    let sealed = Sealed::new("lease", home).await;
    let other = sealed.store.sequencer(&tenant(), "other");
    let at = |seconds: i64| TimestampUs(START.0 + seconds * 1_000_000);
    sealed.say("c1", 0, 1).await;
    assert_eq!(sealed.log.step(at(0)).await.unwrap(), Step::Added(1));
    sealed.say("c1", 1, 1).await;
    assert_eq!(other.step(at(9)).await.unwrap(), Step::Standby);
    assert_eq!(other.step(at(10)).await.unwrap(), Step::Added(1));
    assert_eq!(sealed.log.step(at(11)).await.unwrap(), Step::Standby);
    sealed.store.shutdown().await;
}

const SETTINGS: SealSettings =
    SealSettings { interval_us: 60_000_000, lag_us_max: 30_000_000, unsigned_us_max: 300_000_000 };

/// R60: an event that waits too long for its leaf alarms, and the alarm ends when it has one.
#[tokio::test]
async fn a_sequencer_that_lags_alarms() {
    let sealed = Sealed::sqlite("lag_alarm").await;
    let seal = Seal::new(sealed.store.sequencer(&tenant(), "other"), None, SETTINGS);
    let at = |seconds: i64| TimestampUs(START.0 + seconds * 1_000_000);
    sealed.say("c1", 0, 1).await;
    sealed.log.step(at(25)).await.unwrap();
    sealed.say("c1", 1, 1).await;
    seal.round(at(30), Signed::WhenDue).await;
    let state = seal.seal_state();
    assert_eq!((state.alarm, state.lag_ms, state.events_waiting, state.signs), (None, 30_000, 1, false));
    seal.round(at(31), Signed::WhenDue).await;
    assert_eq!(seal.seal_state().alarm, Some(SealAlarm::SequencerLag));
    seal.round(at(36), Signed::WhenDue).await;
    let state = seal.seal_state();
    assert_eq!((state.alarm, state.lag_ms, state.events_waiting, state.leaves), (None, 0, 0, 2));
    sealed.store.shutdown().await;
}

/// R60: leaves that no checkpoint covers alarm when the folder cannot be written, at once; nothing is written meanwhile, and all of it is caught up.
#[tokio::test]
async fn a_folder_that_cannot_be_written_alarms_until_it_can() {
    let sealed = Sealed::sqlite("folder_alarm").await;
    let folder = sealed.folder.join("elsewhere");
    let checkpoints = Checkpoints::open(&folder, key()).unwrap();
    let seal = Seal::new(sealed.store.sequencer(&tenant(), "one"), Some(checkpoints), SETTINGS);
    let at = |seconds: i64| TimestampUs(START.0 + seconds * 1_000_000);
    seal.round(at(0), Signed::WhenDue).await;
    assert_eq!(seal.seal_state().alarm, None, "an empty log waits for nothing");
    sealed.say("c1", 0, 3).await;
    seal.round(at(1), Signed::WhenDue).await;
    assert_eq!(seal.seal_state().checkpoint_leaves, 3, "the first leaves are signed at once");
    sealed.say("c1", 3, 2).await;
    seal.round(at(30), Signed::WhenDue).await;
    assert_eq!((seal.seal_state().checkpoint_leaves, seal.seal_state().alarm), (3, None), "it is not due");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    seal.round(at(61), Signed::WhenDue).await;
    assert_eq!(seal.seal_state().alarm, Some(SealAlarm::Failed));
    seal.round(at(62), Signed::WhenDue).await;
    assert_eq!((seal.seal_state().alarm, seal.seal_state().unsigned_ms), (Some(SealAlarm::Failed), 32_000));
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    seal.round(at(122), Signed::WhenDue).await;
    let state = seal.seal_state();
    assert_eq!((state.alarm, state.unsigned_ms, state.checkpoint_leaves), (None, 0, 5));
    assert_eq!(state.checkpoint_at, Some(at(122)));
    sealed.store.shutdown().await;
}

/// R60: when nobody has signed for too long, for whatever reason, the age of the checkpoint alarms.
#[tokio::test]
async fn leaves_that_wait_too_long_for_a_checkpoint_alarm() {
    let sealed = Sealed::sqlite("age_alarm").await;
    let settings = SealSettings { interval_us: 10_000_000_000, ..SETTINGS };
    let checkpoints = Checkpoints::open(&sealed.folder, key()).unwrap();
    let seal = Seal::new(sealed.store.sequencer(&tenant(), "one"), Some(checkpoints), settings);
    let at = |seconds: i64| TimestampUs(START.0 + seconds * 1_000_000);
    sealed.say("c1", 0, 1).await;
    seal.round(at(0), Signed::WhenDue).await;
    sealed.say("c1", 1, 1).await;
    for (seconds, alarm) in [(1, None), (301, None), (302, Some(SealAlarm::CheckpointAge))] {
        seal.round(at(seconds), Signed::WhenDue).await;
        assert_eq!(seal.seal_state().alarm, alarm, "{seconds} s");
    }
    seal.round(at(303), Signed::Now).await;
    assert_eq!((seal.seal_state().alarm, seal.seal_state().checkpoint_leaves), (None, 2));
    sealed.store.shutdown().await;
}

/// R58: a server whose database was put back signs nothing more, and says so; its old checkpoints stay.
#[tokio::test]
async fn a_database_that_was_put_back_is_never_signed_again() {
    let mut sealed = Sealed::sqlite("put_back").await;
    sealed.say("c1", 0, 3).await;
    sealed.seal().await;
    let file = sealed.home.url.trim_start_matches("sqlite://").to_owned();
    let copy = format!("{file}.old");
    sealed.store.shutdown().await;
    std::fs::copy(&file, &copy).unwrap();
    for (first, more) in [("c2", 2), ("c3", 9)] {
        sealed.store = home::open(&sealed.home).await;
        sealed.log = sealed.store.sequencer(&tenant(), "one");
        sealed.say(first, 0, more).await;
        level(&sealed.log).await;
        let mut checkpoints = Checkpoints::open(&sealed.folder, key()).unwrap();
        let signed = checkpoints.sign(&sealed.log, START).await;
        let seal = Seal::new(sealed.store.sequencer(&tenant(), "one"), Some(checkpoints), SETTINGS);
        seal.round(START, Signed::Now).await;
        sealed.store.shutdown().await;
        match first {
            "c2" => assert!(signed.unwrap() && seal.seal_state().alarm.is_none()),
            _ => {
                assert!(matches!(signed, Err(SealError::Forked { size: 5 })), "{signed:?}");
                assert_eq!(seal.seal_state().alarm, Some(SealAlarm::Forked));
                let found = sealed.verify().await;
                assert!(matches!(found.faults.as_slice(), [Fault::Root { size: 5, after: 3, .. }]), "{found:?}");
            }
        }
        std::fs::copy(&copy, &file).unwrap();
    }
    let found = sealed.verify().await;
    assert!(matches!(found.faults.as_slice(), [Fault::Truncated { size: 5, found: 3, .. }]), "{found:?}");
}

/// R58: a folder of another key is not gone on with.
#[tokio::test]
async fn another_key_does_not_go_on_in_the_same_folder() {
    let mut sealed = Sealed::sqlite("other_key").await;
    sealed.say("c1", 0, 3).await;
    sealed.seal().await;
    let other = LogKey::from_seed("nimbus.example/ledger", &[8; 32]).unwrap();
    let refused = Checkpoints::open(&sealed.folder, other).unwrap_err();
    assert!(matches!(refused, SealError::Checkpoint { source: NoteError::NotSigned, .. }), "{refused}");
    sealed.store.shutdown().await;
}
