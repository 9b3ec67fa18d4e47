//! Does `ombud prove` say in words and by its exit code what was changed, and does a bundle need nothing but the key?

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use ombud_domain::{NewEvent, StreamId, StreamKind, TenantId, TimestampUs};
use ombud_ports::Commit;
use ombud_proof::LogKey;
use ombud_store::seal::checkpoints::Checkpoints;
use ombud_store::seal::sequencer::Step;
use serde_json::{Value, json};

fn ombud(folder: &Path, arguments: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_ombud")).args(arguments).current_dir(folder).output()?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code(), text))
}

/// A folder as a demo keeps it, with a ledger of two conversations, sealed.
async fn demo_folder(name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("ombud-prove-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    let (code, text) = ombud(&folder, &["keys", "--new", "ledger.key", "--name", "shop.example/ledger"])?;
    ensure!(code == Some(0) && text.starts_with("shop.example/ledger+"), "{text}");
    let store = ombud_store::open(&format!("sqlite://{}", folder.join("ledger.db").display())).await?;
    let tenant = TenantId("default".to_owned());
    for id in ["one", "two"] {
        let said = |number: i64| NewEvent { kind: "message.created".to_owned(), payload: json!({"n": number}).into() };
        let commit = Commit {
            tenant: tenant.clone(),
            stream: StreamId { kind: StreamKind::Conversation, id: id.to_owned() },
            expected_version: 0,
            events: (0..5).map(said).collect(),
            outbox: Vec::new(),
            reply: None,
            shredding: None,
            counting: None,
            moving: None,
            at: TimestampUs(1_781_524_800_000_000),
        };
        store.ledger().append(commit).await?;
    }
    let log = store.sequencer(&tenant, "test");
    while log.step(TimestampUs(1_781_524_800_000_000)).await? != Step::Level {}
    let key = LogKey::parse(&std::fs::read_to_string(folder.join("ledger.key"))?)?;
    Checkpoints::open(&folder.join("checkpoints"), key)?.sign(&log, TimestampUs(1_781_524_801_000_000)).await?;
    store.shutdown().await;
    Ok(folder)
}

/// Another character in the database file itself, as somebody with an editor would do it; both are equally long.
fn edit(file: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(file)?;
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).context("it is there")?;
    bytes.splice(at..at + from.len(), to.bytes());
    std::fs::write(file, bytes)?;
    Ok(())
}

/// R58.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_event_is_named_and_the_exit_code_is_one() -> anyhow::Result<()> {
    let folder = demo_folder("edited").await?;
    let (code, text) = ombud(&folder, &["prove", "--data", "."])?;
    ensure!(code == Some(0) && text.contains("the ledger is as it was signed"), "{text}");
    edit(&folder.join("ledger.db"), "{\"n\":3}", "{\"n\":9}")?;
    let (code, text) = ombud(&folder, &["prove", "--data", "."])?;
    ensure!(code == Some(1) && text.contains("CHANGED") && text.contains("its payload was changed"), "{text}");
    let (code, text) = ombud(&folder, &["prove", "--data", ".", "--json"])?;
    let report: Value = serde_json::from_str(&text)?;
    assert_eq!((code, report.get("fits"), report.get("faults_count")), (Some(1), Some(&json!(false)), Some(&json!(1))));
    std::fs::remove_dir_all(folder.join("checkpoints"))?;
    std::fs::create_dir_all(folder.join("checkpoints"))?;
    edit(&folder.join("ledger.db"), "{\"n\":9}", "{\"n\":3}")?;
    let (code, text) = ombud(&folder, &["prove", "--data", "."])?;
    ensure!(code == Some(1) && text.contains("NOT SIGNED"), "who takes all checkpoints away proves nothing: {text}");
    Ok(std::fs::remove_dir_all(folder)?)
}

/// R58.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_verified_by_somebody_with_the_key_and_no_database() -> anyhow::Result<()> {
    let folder = demo_folder("bundle").await?;
    let (code, text) = ombud(&folder, &["prove", "--data", ".", "--conversation", "two", "--out", "case.json"])?;
    ensure!(code == Some(0) && text.contains("wrote 5 records"), "{text}");
    let (code, text) = ombud(&folder, &["prove", "--data", ".", "--conversation", "nobody", "--out", "none.json"])?;
    ensure!(code == Some(1) && text.contains("no such conversation"), "{text}");
    let elsewhere = folder.join("elsewhere");
    std::fs::create_dir_all(&elsewhere)?;
    for file in ["case.json", "ledger.key.pub"] {
        std::fs::rename(folder.join(file), elsewhere.join(file))?;
    }
    let verify = ["prove", "--bundle", "case.json", "--key", "ledger.key.pub"];
    let (code, text) = ombud(&elsewhere, &verify)?;
    ensure!(
        code == Some(0) && text.contains("every record is as it was signed") && text.contains("5 events"),
        "{text}"
    );
    edit(&elsewhere.join("case.json"), "{\\\"n\\\":3}", "{\\\"n\\\":4}")?;
    let (code, text) = ombud(&elsewhere, &verify)?;
    ensure!(code == Some(1) && text.contains("record 9: not in the log"), "{text}");
    let (code, text) = ombud(&elsewhere, &["prove", "--bundle", "case.json"])?;
    ensure!(code == Some(2), "the key must be given: {text}");
    Ok(std::fs::remove_dir_all(folder)?)
}

#[test]
fn a_key_is_never_written_over() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("ombud-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let new = ["keys", "--new", "a.key", "--name", "a.example"];
    let (code, public) = ombud(&folder, &new)?;
    ensure!(code == Some(0), "{public}");
    let (code, text) = ombud(&folder, &new)?;
    ensure!(code == Some(1) && text.contains("never written over"), "{text}");
    assert_eq!(ombud(&folder, &["keys", "a.key"])?, (Some(0), public));
    let (code, text) = ombud(&folder, &["keys", "--new", "b.key", "--name", "two words"])?;
    ensure!(code == Some(1) && text.contains("one word"), "{text}");
    Ok(std::fs::remove_dir_all(folder)?)
}
