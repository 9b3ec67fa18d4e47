//! What happens when the disk is full, and when the store is shut down under load?

use ombud_domain::TimestampUs;
use ombud_ports::{AppendError, InboxFilter, StoreError};
use ombud_store::seal::sequencer::Step;
use ombud_store::seal::verify::LogReader;
use ombud_store::{OpenError, Settings};
use ombud_testkit::contract::{commit, event, stream, tenant};
use serde_json::json;
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::home;

/// What stands in the files of the database, but for the index of its log, which readers write as well.
fn bytes_of(home: &home::Home) -> Vec<Vec<u8>> {
    let folder = home.folder().unwrap();
    ["ledger.db", "ledger.db-wal"].map(|file| std::fs::read(folder.join(file)).unwrap()).to_vec()
}

fn large() -> Vec<ombud_domain::NewEvent> {
    vec![ombud_domain::NewEvent {
        kind: "message.created".to_owned(),
        payload: json!({"text": "x".repeat(20_000)}).into(),
    }]
}

/// Nothing of the commit that did not fit is there, nothing is written after it, and what was acknowledged stays readable.
#[tokio::test]
async fn a_full_disk_stops_the_ledger_and_reads_go_on() {
    let home = home::sqlite("full_disk");
    let settings = Settings { sqlite_pages_max: Some(78), ..Settings::default() };
    let store = ombud_store::open_with(&home.url, &settings).await.unwrap();
    let mut written = 0;
    let refused = loop {
        match store.ledger().append(commit("c1", written, large())).await {
            Ok(_) => written += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, AppendError::Store(StoreError::Stopped)), "{refused}");
    assert!(written > 1 && !store.accepts_writes() && !store.ledger().accepts_writes());
    let small = store.ledger().append(commit("c2", 0, vec![event(1)])).await;
    assert!(matches!(small, Err(AppendError::Store(StoreError::Stopped))), "{small:?}");
    let events = store.ledger().read(&tenant(), &stream("c1"), 0, 1000).await.unwrap();
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), (1..=written).collect::<Vec<_>>());
    store.inbox().list(&tenant(), &InboxFilter { rows_max: 10, ..Default::default() }).await.unwrap();
    // Nor is anything else: no count, no leaf, no projection.
    let before = bytes_of(&home);
    assert!(store.sequencer(&tenant(), "a").step(TimestampUs(1)).await.is_err());
    assert!(store.attempts().forget(&tenant(), "somebody").await.is_err());
    assert!(store.ledger().move_cursor(&tenant(), "feed", "1").await.is_err());
    assert_eq!(bytes_of(&home), before);
    store.shutdown().await;

    let store = home::open(&home).await;
    assert_eq!(store.ledger().append(commit("c1", written, large())).await.unwrap().version, written + 1);
    store.shutdown().await;
}

/// Of 300 commits that race with the shutdown, the acknowledged ones are there afterwards, and the refused ones are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_writes_what_it_has_accepted() {
    let home = home::sqlite("shutdown");
    let store = home::open(&home).await;
    let mut writers = JoinSet::new();
    for number in 0..300 {
        let ledger = store.ledger();
        writers
            .spawn(async move { ledger.append(commit(&format!("c{number}"), 0, vec![event(number)])).await.is_ok() });
    }
    let first = writers.join_next().await.unwrap().unwrap();
    store.shutdown().await;
    let mut acknowledged = usize::from(first);
    while let Some(outcome) = writers.join_next().await {
        acknowledged += usize::from(outcome.unwrap());
    }
    let late = store.ledger().append(commit("late", 0, vec![event(1)])).await;
    assert!(matches!(late, Err(AppendError::Store(StoreError::Stopped))));
    let store = home::open(&home).await;
    let all = store.ledger().read_all(&tenant(), 0, 1000).await.unwrap();
    assert!(acknowledged >= 1);
    assert_eq!(all.len(), acknowledged);
    store.shutdown().await;
}

/// A store that is dropped without a shutdown leaves no task behind that holds its file.
#[tokio::test]
async fn a_dropped_store_ends_its_tasks() {
    let home = home::sqlite("dropped");
    let store = home::open(&home).await;
    let ledger = store.ledger();
    drop(store);
    ledger.append(commit("c1", 0, vec![event(1)])).await.unwrap();
    drop(ledger);
    let store = home::open(&home).await;
    assert_eq!(store.ledger().append(commit("c1", 1, vec![event(2)])).await.unwrap().version, 2);
    store.shutdown().await;
}

/// R81: a damaged page, and a damaged row that is a whole page all the same, are found when the ledger is opened, and the error says what to do.
#[tokio::test]
async fn a_damaged_page_or_row_is_found_at_the_start() {
    let home = home::sqlite("damaged");
    let store = home::open(&home).await;
    for version in 0..40 {
        store.ledger().append(commit("c1", version, large())).await.unwrap();
    }
    while let Step::Added(_) = store.sequencer(&tenant(), "a").step(TimestampUs(1)).await.unwrap() {}
    store.shutdown().await;
    let reader = LogReader::open(&home.url, tenant()).await.unwrap();
    assert_eq!(reader.check_newest().await.unwrap(), None);
    reader.close().await;
    // One letter of one row: the page is whole, and the leaf tells.
    let mut beside = home::connect(&home).await;
    let change = "UPDATE events SET payload = REPLACE(payload, 'xxxxxxxxxx', 'xxxxxxxxxy') WHERE position = 17";
    sqlx::raw_sql(change).execute(&mut beside).await.unwrap();
    let root: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'events'")
        .fetch_one(&mut beside)
        .await
        .unwrap();
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut beside).await.unwrap();
    beside.close().await.unwrap();
    let reader = LogReader::open(&home.url, tenant()).await.unwrap();
    let fault = reader.check_newest().await.unwrap().map(|fault| fault.to_string());
    assert!(fault.as_deref().is_some_and(|fault| fault.contains("event 17: its payload was changed")), "{fault:?}");
    reader.close().await;
    // A page: the counts at its head are wrong.
    let file = home.folder().unwrap().join("ledger.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let page = usize::try_from(root - 1).unwrap() * 4096;
    for byte in &mut bytes[page..page + 12] {
        *byte ^= 0x55;
    }
    std::fs::write(&file, &bytes).unwrap();
    let refused = ombud_store::open(&home.url).await.unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("put back the newest backup"), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing was changed in it");
}
