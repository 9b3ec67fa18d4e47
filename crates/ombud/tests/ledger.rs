//! Does `ombud ledger rebuild` make the desk's inbox again from the events, whatever stood in it?

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use ombud_domain::{NewEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::{Commit, InboxFilter};
use ombud_store::Store;
use serde_json::{Value, json};

const NAME: &[u8] = b"Ada Byron";

async fn open(folder: &Path) -> anyhow::Result<Store> {
    Ok(ombud_store::open(&format!("sqlite://{}", folder.join("ledger.db").display())).await?)
}

/// The names of the customers in the inbox.
async fn listed(folder: &Path) -> anyhow::Result<Vec<String>> {
    let store = open(folder).await?;
    let filter = InboxFilter { rows_max: 10, ..InboxFilter::default() };
    let (rows, _) = store.inbox().list(&TenantId("default".to_owned()), &filter).await?;
    store.shutdown().await;
    Ok(rows.into_iter().filter_map(|row| row.customer_name).collect())
}

/// Another name in the row of the inbox, and in no event: there it stands in quotation marks.
fn edit_row(file: &Path) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(file)?;
    let places: Vec<usize> = (1..bytes.len())
        .filter(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(NAME)) && bytes.get(at - 1) != Some(&b'"'))
        .collect();
    ensure!(!places.is_empty(), "the inbox has the name");
    for at in places {
        bytes.splice(at..at + NAME.len(), *b"Eve Byron");
    }
    Ok(std::fs::write(file, bytes)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_made_again_from_the_events() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("ombud-ledger-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    let store = open(&folder).await?;
    let opened = json!({"session_id": "00000000-0000-0000-0000-000000000007", "customer_id": "C-1", "customer_name": "Ada Byron",
        "locale": "en", "market": "GB", "pack": "paylater", "pack_hash": ""});
    let commit = Commit {
        tenant: TenantId("default".to_owned()),
        stream: StreamId { kind: StreamKind::Conversation, id: "one".to_owned() },
        expected_version: 0,
        events: vec![NewEvent { kind: "conversation.opened".to_owned(), payload: opened.into() }],
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: TimestampUs(1_781_524_800_000_000),
    };
    store.ledger().append(commit).await?;
    store.shutdown().await;
    assert_eq!(listed(&folder).await?, ["Ada Byron"]);
    edit_row(&folder.join("ledger.db"))?;
    assert_eq!(listed(&folder).await?, ["Eve Byron"], "what stands in the inbox is believed");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ombud"));
    let output = command.args(["ledger", "rebuild", "--data", ".", "--json"]).current_dir(&folder).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).context("a report")?;
    assert_eq!(report, json!({"events": 1}));
    assert_eq!(listed(&folder).await?, ["Ada Byron"]);
    Ok(std::fs::remove_dir_all(folder)?)
}
