//! Do two stores on one database keep each other's commits? Heads remembered by one are passed by the other.

use std::sync::Arc;

use ombud_ports::{AppendError, InboxFilter, Ledger};
use ombud_testkit::contract::{commit, event, stream, tenant};
use tokio::task::JoinSet;

use crate::home::{self, Home};

async fn only_the_overtaken_commit_is_refused(home: Home) {
    let (one, other) = (home::open(&home).await, home::open(&home).await);
    for number in 0..32 {
        one.ledger().append(commit(&format!("c{number}"), 0, vec![event(1)])).await.unwrap();
    }
    other.ledger().append(commit("c7", 1, vec![event(2)])).await.unwrap();
    let mut writers = JoinSet::new();
    for number in 0..32 {
        let ledger = one.ledger();
        writers.spawn(async move { (number, ledger.append(commit(&format!("c{number}"), 1, vec![event(3)])).await) });
    }
    for (number, outcome) in writers.join_all().await {
        match outcome {
            Ok(written) => assert!(number != 7 && written.version == 2),
            Err(error) => assert!(number == 7 && matches!(error, AppendError::Conflict), "{number}: {error}"),
        }
    }
    assert_eq!(one.ledger().append(commit("c7", 2, vec![event(4)])).await.unwrap().version, 3);
    let ahead = one.ledger().append(commit("c7", 9, vec![event(4)])).await;
    assert!(matches!(ahead, Err(AppendError::Conflict)));
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_refuses_only_the_overtaken_commit() {
    only_the_overtaken_commit_is_refused(home::sqlite("overtaken")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_refuses_only_the_overtaken_commit() {
    if let Some(home) = home::postgres("overtaken").await {
        only_the_overtaken_commit_is_refused(home).await;
    }
}

/// While two replicas write, a reader that follows by position misses nothing: what it has read is always the beginning of what there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_become_visible_in_order() {
    let Some(home) = home::postgres("visible_in_order").await else { return };
    let stores = [home::open(&home).await, home::open(&home).await];
    let mut writers = JoinSet::new();
    for (number, store) in stores.iter().cycle().take(16).enumerate() {
        let ledger = store.ledger();
        writers.spawn(async move {
            for round in 0..20 {
                ledger.append(commit(&format!("c{number}"), round, vec![event(round)])).await.unwrap();
            }
        });
    }
    let reader: Arc<dyn Ledger> = stores[0].ledger();
    let mut followed: Vec<i64> = Vec::new();
    while followed.len() < 16 * 20 {
        let after = followed.last().copied().unwrap_or(0);
        let page = reader.read_all(&tenant(), after, 1000).await.unwrap();
        followed.extend(page.iter().map(|event| event.position));
        tokio::task::yield_now().await;
    }
    writers.join_all().await;
    assert_eq!(followed, (1..=16 * 20).collect::<Vec<_>>());
    for store in stores {
        store.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_replicas_show_the_same_inbox() {
    let Some(home) = home::postgres("same_inbox").await else { return };
    let stores = [home::open(&home).await, home::open(&home).await];
    let opened = || ombud_domain::NewEvent {
        kind: "conversation.opened".to_owned(),
        payload: serde_json::json!({"session_id": "s", "locale": "en", "market": "SE"}).into(),
    };
    let mut writers = JoinSet::new();
    for number in 0..200 {
        let ledger = stores[number % 2].ledger();
        let inbox = stores[(number + 1) % 2].inbox();
        writers.spawn(async move {
            ledger.append(commit(&format!("c{number}"), 0, vec![opened()])).await.unwrap();
            inbox.list(&tenant(), &InboxFilter { rows_max: 1, ..Default::default() }).await.unwrap();
        });
    }
    writers.join_all().await;
    let all = InboxFilter { rows_max: 200, ..Default::default() };
    let shown = stores[0].inbox().list(&tenant(), &all).await.unwrap();
    assert_eq!(shown.0.len(), 200);
    assert_eq!(stores[1].inbox().list(&tenant(), &all).await.unwrap(), shown);
    assert_eq!(stores[0].ledger().read(&tenant(), &stream("c5"), 0, 10).await.unwrap().len(), 1);
}
