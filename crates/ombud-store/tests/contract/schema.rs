//! Does the schema go up, down and up again, and is a changed script noticed?

use ombud_store::{MigrationError, OpenError, migration};
use ombud_testkit::contract::{commit, event, stream, tenant};

use tokio::task::JoinSet;

use crate::home::{self, Home};

async fn goes_up_down_and_up(home: Home) {
    let store = home::open(&home).await;
    store.ledger().append(commit("c1", 0, vec![event(1)])).await.unwrap();
    store.shutdown().await;
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0009_money"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0008_approvals"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0007_effects"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0006_vault"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0005_merkle_log"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0004_inbox_of_customer"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0003_attempts"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0002_due"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), Some("0001_ledger"));
    assert_eq!(migration::revert_last(&home.url).await.unwrap(), None);
    let store = home::open(&home).await;
    assert_eq!(store.ledger().read(&tenant(), &stream("c1"), 0, 10).await.unwrap(), Vec::new());
    assert_eq!(store.ledger().append(commit("c1", 0, vec![event(1)])).await.unwrap().position, 1);
    store.shutdown().await;
    let store = home::open(&home).await;
    assert_eq!(store.ledger().read(&tenant(), &stream("c1"), 0, 10).await.unwrap().len(), 1);
    store.shutdown().await;
}

#[tokio::test]
async fn sqlite_goes_up_down_and_up() {
    goes_up_down_and_up(home::sqlite("up_down_up")).await;
}

#[tokio::test]
async fn postgres_goes_up_down_and_up() {
    if let Some(home) = home::postgres("up_down_up").await {
        goes_up_down_and_up(home).await;
    }
}

#[tokio::test]
async fn a_database_made_by_another_script_is_refused() {
    let home = home::sqlite("changed_script");
    home::open(&home).await.shutdown().await;
    let mut connection = home::connect(&home).await;
    sqlx::raw_sql("UPDATE meta SET value = 'other'").execute(&mut connection).await.unwrap();
    let refused = ombud_store::open(&home.url).await.unwrap_err();
    assert!(matches!(refused, OpenError::Migration(MigrationError::Changed { name: "0001_ledger" })), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_together_make_the_schema_once() {
    let Some(home) = home::postgres("start_together").await else { return };
    let mut starting = JoinSet::new();
    for _ in 0..4 {
        let url = home.url.clone();
        starting.spawn(async move { ombud_store::open(&url).await.unwrap() });
    }
    for (version, store) in (0..).zip(starting.join_all().await) {
        store.ledger().append(commit("c1", version, vec![event(1)])).await.unwrap();
        store.shutdown().await;
    }
}

#[tokio::test]
async fn an_address_that_cannot_work_is_refused_with_a_word() {
    let message = |error: OpenError| error.to_string();
    let absent = ombud_store::open("sqlite:///nonexistent/folder/ledger.db").await.map(drop).unwrap_err();
    assert!(message(absent).contains("cannot be opened"));
    let memory = ombud_store::open("sqlite::memory:").await.map(drop).unwrap_err();
    assert!(message(memory).contains("name a file"));
    let unknown = ombud_store::open("ledger.db").await.map(drop).unwrap_err();
    assert!(message(unknown).contains("begins with"));
}
