//! Is what was acknowledged still there after `kill -9`?

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ombud_ports::{Commit, StoredReply};
use ombud_testkit::contract::{commit, event, stream, tenant};
use serde_json::json;
use tokio::task::JoinSet;

use crate::home;

const CHILD: &str = "OMBUD_TEST_APPEND_UNTIL_KILLED";
const THIS: &str = "kill::acknowledged_commits_survive_kill_9";
const WRITERS: i64 = 16;
const LINES_BEFORE_KILL: usize = 400;

/// One commit of the load: two events, a message and a reply, all of them or none.
fn load(stream_id: &str, round: i64) -> Commit {
    Commit {
        outbox: vec![("topic".to_owned(), json!({"stream": stream_id, "round": round}))],
        reply: Some(StoredReply {
            scope: stream_id.to_owned(),
            key: round.to_string(),
            body_hash: String::new(),
            response: json!(round).into(),
        }),
        ..commit(stream_id, round * 2, vec![event(round), event(round)])
    }
}

/// The child: appends on many streams without end, and says what was acknowledged.
async fn append_until_killed(url: &str) {
    let store = ombud_store::open(url).await.unwrap();
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let ledger = store.ledger();
        writers.spawn(async move {
            for round in 0.. {
                let written = ledger.append(load(&format!("c{number}"), round)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged c{number} {}", written.version).unwrap();
                out.flush().unwrap();
            }
        });
    }
    writers.join_all().await;
}

/// The test plays both roles: it starts itself as the child, reads what the child was promised, and kills it in the middle of the load.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child by a variable which role it has")]
async fn acknowledged_commits_survive_kill_9() {
    if let Ok(url) = std::env::var(CHILD) {
        return append_until_killed(&url).await;
    }
    let home = home::sqlite("kill_9");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", THIS, "--nocapture"])
        .env(CHILD, &home.url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged: BTreeMap<String, i64> = BTreeMap::new();
    let mut lines = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        if let (Some("acknowledged"), Some(id), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
            && let Ok(version) = version.parse()
        {
            acknowledged.insert(id.to_owned(), version);
            lines += 1;
        }
        if lines == LINES_BEFORE_KILL {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(lines >= LINES_BEFORE_KILL, "the child wrote {lines} commits only");

    let store = home::open(&home).await;
    let ledger = store.ledger();
    let mut commits = 0;
    for number in 0..WRITERS {
        let id = format!("c{number}");
        let events = ledger.read(&tenant(), &stream(&id), 0, 10_000).await.unwrap();
        let versions: Vec<i64> = events.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>(), "{id} has a gap");
        assert!(versions.len().is_multiple_of(2), "{id} holds half a commit");
        let promised = acknowledged.get(&id).copied().unwrap_or(0);
        assert!(versions.last().copied().unwrap_or(0) >= promised, "{id} lost an acknowledged commit");
        for round in 0..i64::try_from(versions.len()).unwrap() / 2 {
            assert!(ledger.stored_reply(&tenant(), &id, &round.to_string()).await.unwrap().is_some());
            commits += 1;
        }
    }
    let mut messages = 0;
    loop {
        let ids: Vec<i64> =
            ledger.undelivered(&tenant(), 1000).await.unwrap().into_iter().map(|(id, _, _)| id).collect();
        if ids.is_empty() {
            break;
        }
        messages += ids.len();
        ledger.mark_delivered(&tenant(), &ids).await.unwrap();
    }
    assert_eq!(messages, commits, "messages and commits differ");
    store.shutdown().await;
}
