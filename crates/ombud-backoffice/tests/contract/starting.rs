//! Starting says what is wrong, and a file keeps its state.

use ombud_backoffice::{Bound, SeedSpec};
use serde_json::json;

use crate::support::{settings, start};

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let office = start(settings("stories")).await;
    let mut taken = settings("stories");
    taken.listen = office.base.trim_start_matches("http://").parse().unwrap();
    let error = Bound::bind(taken).await.err().unwrap().to_string();
    assert!(error.contains("in use") && error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_missing_or_of_another_seed_is_named() {
    let missing = settings("tau2:/nowhere/db.json");
    let error = Bound::bind(missing).await.err().unwrap().to_string();
    assert!(error.contains("/nowhere/db.json"), "{error}");
    let mut unwritable = settings("stories");
    unwritable.database = "/nowhere/company.db".to_owned();
    let error = Bound::bind(unwritable).await.err().unwrap().to_string();
    assert!(error.contains("--db"), "{error}");
}

#[tokio::test]
async fn a_database_file_keeps_what_happened() {
    let path = std::env::temp_dir().join(format!("ombud-backoffice-keeps-{}.db", std::process::id()));
    let mut kept = settings("stories");
    kept.database = path.display().to_string();
    let office = start(kept.clone()).await;
    office.post_with_key("/orders/ORD-101201/cancel", json!({"reason": ""}), "k").await.unwrap().ok();
    drop(office);
    let office = start(kept.clone()).await;
    assert_eq!(office.get("/orders/ORD-101201").await.ok()["status"], "cancelled");
    assert!(office.post_with_key("/orders/ORD-101201/cancel", json!({"reason": ""}), "k").await.unwrap().replayed);
    drop(office);
    let other = ombud_backoffice::Settings { seed: "bench".parse::<SeedSpec>().unwrap(), ..kept };
    let error = Bound::bind(other).await.err().unwrap().to_string();
    assert!(error.contains("stories") && error.contains("bench"), "{error}");
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{suffix}", path.display())).ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_of_one_file_are_counted_without_a_gap() {
    let path = std::env::temp_dir().join(format!("ombud-backoffice-writers-{}.db", std::process::id()));
    let mut kept = settings("stories");
    kept.database = path.display().to_string();
    let office = start(kept).await;
    let notes = (0..48).map(|number| {
        let office = &office;
        async move { office.post("/customers/C-100001/notes", json!({"text": format!("note {number}")})).await.ok() }
    });
    let added = crate::support::join_all(notes).await;
    let mut receipts: Vec<_> = added.iter().map(|note| note["receipt_id"].as_str().unwrap().to_owned()).collect();
    receipts.sort();
    assert_eq!(receipts, (1..=48).map(|number| format!("RCT-{number:06}")).collect::<Vec<_>>());
    let feed = office.get("/changes?after=40").await.ok();
    assert_eq!((feed["items"].as_array().unwrap().len(), &feed["next"]), (8, &json!(48)));
    drop(office);
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{suffix}", path.display())).ok();
    }
}
