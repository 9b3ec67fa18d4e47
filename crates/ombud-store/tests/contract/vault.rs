//! Is personal text unreadable without the keys, and gone when they are? On both databases.

use std::path::Path;

use ombud_domain::{
    Account, Author, Currency, Leg, Money, Moving, NewEvent, Priority, StreamId, StreamKind, TimestampUs,
};
use ombud_ports::books::Wanted;
use ombud_ports::effects::{Counting, Effect};
use ombud_ports::{AppendError, Commit, FACT_NOTED, InboxFilter, StoreError, StoredReply};
use ombud_store::vault::erasure::{EraseError, Hold, Reason};
use ombud_store::{OpenError, Store, VaultError, VaultSettings};
use ombud_testkit::contract::{commit, handover, refund, stream, tenant};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tokio::task::JoinSet;

use crate::home::{self, Home, master, on_both_databases, open_sealed};
use crate::sealed::{START, level, verifier, verify};

on_both_databases!(
    no_planted_fact_stands_in_the_files_of_the_database,
    a_payload_that_was_moved_is_refused,
    a_wrong_master_key_or_other_keys_stop_the_start_and_lose_nothing,
    a_plain_ledger_is_read_on_and_sealed_from_now_on,
    the_master_is_changed_under_load,
    a_key_is_durable_before_what_it_seals,
    what_is_erased_is_gone_from_every_file_and_still_proved,
    plain_text_from_before_there_were_keys_is_erased_too,
    what_a_customer_told_goes_with_him,
    an_erasure_is_done_once_and_may_be_called_again,
    a_legal_hold_wins,
    an_export_holds_every_planted_fact_and_none_of_a_neighbour,
    keys_that_were_put_back_are_thrown_away_again,
    nobody_writes_on_in_what_was_erased,
    only_what_is_older_than_its_time_expires,
    effects_name_nobody_and_are_forgotten_with_their_customer,
    books_name_nobody_and_outlive_their_customer,
);

/// Facts of three kinds that customers tell: who they are, how they are reached, what they want.
fn facts(customer: &str) -> Vec<String> {
    (0..40)
        .map(|number| format!("fact-{customer}-{number:02}-{:08x}", 0x9e37_79b9_u32.wrapping_mul(number + 1)))
        .collect()
}

fn said(number: usize, author: Author, text: &str) -> NewEvent {
    let id = uuid_text(number);
    let message = json!({"id": id, "seq": number, "author": author, "text": text, "at": START, "citations": []});
    NewEvent { kind: "message.created".to_owned(), payload: json!({"message": message}).into() }
}

fn uuid_text(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A conversation of a customer with his forty facts over all that is stored of it: identity, messages, trail, state, hand-over, stored answers.
async fn plant(store: &Store, conversation: &str, customer: &str) {
    let facts = facts(customer);
    let opened = json!({"customer_id": customer, "customer_name": facts[0], "locale": "en"});
    let mut events = vec![NewEvent { kind: "conversation.opened".to_owned(), payload: opened.into() }];
    for (number, fact) in facts[1..30].iter().enumerate() {
        let (kind, payload) = match number % 3 {
            0 => ("turn.stages", json!({"records": [{"summary": fact}]})),
            1 => ("turn.recorded", json!({"dialogue": {"slots": {"name": fact}}})),
            _ => ("action.intended", json!({"proposal": {"text": fact}, "recover_at_us": 5})),
        };
        events.push(NewEvent { kind: kind.to_owned(), payload: payload.into() });
    }
    events.push(said(1, Author::Customer, &facts[30..36].join(" ")));
    let handover = handover(Priority::High, &facts[36..38].join(" "));
    let handover = json!({"handover": handover});
    events.push(NewEvent { kind: "handoff.requested".to_owned(), payload: handover.into() });
    let reply = StoredReply {
        scope: conversation.to_owned(),
        key: format!("key-of-{conversation}"),
        body_hash: facts[38].clone(),
        response: json!({"text": facts[39]}).into(),
    };
    let commit = Commit { reply: Some(reply), ..commit(conversation, 0, events) };
    store.ledger().append(commit).await.unwrap();
    let all = InboxFilter { rows_max: 200, ..InboxFilter::default() };
    let (rows, _) = store.inbox().list(&tenant(), &all).await.unwrap();
    let row = rows.iter().find(|row| row.conversation_id == conversation).unwrap();
    assert_eq!(row.customer_name.as_deref(), Some(facts[0].as_str()));
}

/// How many of the facts stand in the bytes of the database's files; on PostgreSQL, in every text and byte column of every table.
async fn found(home: &Home, facts: &[String]) -> Vec<String> {
    let mut bytes: Vec<u8> = Vec::new();
    if let Some(folder) = home.folder() {
        for file in std::fs::read_dir(folder).unwrap() {
            bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
    } else {
        let mut connection = home::connect(home).await;
        for table in tables(&mut connection).await {
            let sql = format!("SELECT CAST({table} AS TEXT) FROM {table}");
            for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap() {
                bytes.extend(row.get::<String, _>(0).into_bytes());
            }
        }
    }
    bytes.extend(std::fs::read(home.keys_file()).unwrap_or_default());
    assert!(bytes.len() > 1000, "nothing was read");
    let text = String::from_utf8_lossy(&bytes);
    facts.iter().filter(|fact| text.contains(fact.as_str())).cloned().collect()
}

async fn tables(connection: &mut AnyConnection) -> Vec<String> {
    let sql = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'";
    let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn payloads(store: &Store, conversation: &str) -> Vec<Value> {
    let events = store.ledger().read(&tenant(), &stream(conversation), 0, 1000).await.unwrap();
    events.into_iter().map(|event| event.payload).collect()
}

/// R42: the search finds all forty in a plain database, so it can find.
async fn no_planted_fact_stands_in_the_files_of_the_database(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    assert_eq!(found(&home, &facts("cust-1")).await, Vec::<String>::new());
    assert_eq!(found(&home, &["cust-1".to_owned()]).await, Vec::<String>::new());
    let kept = store.ledger().stored_reply(&tenant(), "c1", "key-of-c1").await.unwrap().unwrap();
    assert_eq!(
        (kept.body_hash, kept.response.read::<Value>().unwrap()),
        (facts("cust-1")[38].clone(), json!({"text": facts("cust-1")[39]}))
    );
    let mine = InboxFilter { customer_id: Some("cust-1".to_owned()), rows_max: 9, ..InboxFilter::default() };
    assert_eq!(store.inbox().list(&tenant(), &mine).await.unwrap().0.len(), 1);
    store.shutdown().await;
    let plain = home::sqlite("plain_facts_are_found");
    let store = home::open(&plain).await;
    plant(&store, "c1", "cust-1").await;
    assert_eq!(found(&plain, &facts("cust-1")).await.len(), 40);
}

async fn a_payload_that_was_moved_is_refused(home: Home) {
    let store = open_sealed(&home).await;
    for conversation in ["c1", "c2"] {
        store
            .ledger()
            .append(commit(conversation, 0, vec![said(1, Author::Customer, "one"), said(2, Author::Customer, "two")]))
            .await
            .unwrap();
    }
    let mut beside = home::connect(&home).await;
    let swap = "UPDATE events SET payload = (SELECT payload FROM events WHERE stream_id = 'c2' AND version = 1) WHERE stream_id = 'c1' AND version = 1";
    sqlx::query(swap).execute(&mut beside).await.unwrap();
    let refused = store.ledger().read(&tenant(), &stream("c1"), 0, 9).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
    let swap = "UPDATE events SET payload = (SELECT payload FROM events WHERE stream_id = 'c2' AND version = 1) WHERE stream_id = 'c2' AND version = 2";
    sqlx::query(swap).execute(&mut beside).await.unwrap();
    assert!(matches!(store.ledger().read(&tenant(), &stream("c2"), 0, 9).await, Err(StoreError::Corrupt { .. })));
    assert_eq!(store.ledger().read(&tenant(), &stream("c2"), 0, 1).await.unwrap().len(), 1);
}

async fn a_wrong_master_key_or_other_keys_stop_the_start_and_lose_nothing(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    let before = payloads(&store, "c1").await;
    store.shutdown().await;
    let wrong = ombud_store::open_with(&home.url, &home.sealed(master('b'))).await.map(drop).unwrap_err();
    assert!(matches!(wrong, OpenError::Vault(VaultError::WrongMaster)), "{wrong}");
    let none = ombud_store::open(&home.url).await.map(drop).unwrap_err();
    assert!(matches!(none, OpenError::Vault(VaultError::NoKeys)), "{none}");
    let elsewhere = home::sqlite("other_keys");
    let mut other = home.sealed(master('a'));
    other.vault = Some(VaultSettings { keys_url: elsewhere.url.clone(), master: master('a') });
    let other = ombud_store::open_with(&home.url, &other).await.map(drop).unwrap_err();
    assert!(matches!(other, OpenError::Vault(VaultError::OtherKeys)), "{other}");
    let store = open_sealed(&home).await;
    assert_eq!(payloads(&store, "c1").await, before);
}

async fn a_plain_ledger_is_read_on_and_sealed_from_now_on(home: Home) {
    let store = home::open(&home).await;
    plant(&store, "old", "cust-1").await;
    let before = payloads(&store, "old").await;
    store.shutdown().await;
    let store = open_sealed(&home).await;
    let head = i64::try_from(before.len()).unwrap();
    store.ledger().append(commit("old", head, vec![said(9, Author::Customer, "a new secret")])).await.unwrap();
    assert_eq!(payloads(&store, "old").await[..before.len()], before);
    assert_eq!(payloads(&store, "old").await.len(), before.len() + 1);
    assert_eq!(found(&home, &["a new secret".to_owned()]).await, Vec::<String>::new());
    let mine = InboxFilter { customer_id: Some("cust-1".to_owned()), rows_max: 9, ..InboxFilter::default() };
    let (rows, _) = store.inbox().list(&tenant(), &mine).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.last_message.as_str()).collect::<Vec<_>>(), ["a new secret"]);
}

async fn the_master_is_changed_under_load(home: Home) {
    let store = open_sealed(&home).await;
    let ledger = store.ledger();
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        for number in 0..300 {
            ledger.append(commit(&format!("c{number}"), 0, vec![said(1, Author::Customer, "x")])).await?;
        }
        Ok::<_, AppendError>(())
    });
    let now = VaultSettings { keys_url: home.keys_url(), master: master('a') };
    let next = VaultSettings { master: master('b'), ..now.clone() };
    ombud_store::vault::admit_master(&now, &next.master).await.unwrap();
    let beside = ombud_store::open_with(&home.url, &home.sealed(master('b'))).await.unwrap();
    assert_eq!(ombud_store::vault::retire_masters(&next).await.unwrap(), 1);
    writing.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(ombud_store::vault::retire_masters(&next).await.unwrap(), 0);
    for number in 0..300 {
        assert_eq!(payloads(&beside, &format!("c{number}")).await.len(), 1);
    }
    let old = ombud_store::open_with(&home.url, &home.sealed(master('a'))).await.map(drop).unwrap_err();
    assert!(matches!(old, OpenError::Vault(VaultError::WrongMaster)), "{old}");
}

/// The key of what was acknowledged is in the keys database's files at that moment, as they would be found after a crash.
async fn a_key_is_durable_before_what_it_seals(home: Home) {
    let store = open_sealed(&home).await;
    let copies = home::sqlite("copies_of_keys");
    for number in 0..70 {
        store.ledger().append(commit(&format!("c{number}"), 0, vec![said(1, Author::Customer, "x")])).await.unwrap();
        let copy = copies.folder().unwrap().join(format!("copy{number}.db"));
        for part in ["", "-wal"] {
            let from = format!("{}{part}", home.keys_file().display());
            drop(std::fs::copy(from, format!("{}{part}", copy.display())));
        }
        let mut connection = AnyConnection::connect(&format!("sqlite://{}", copy.display())).await.unwrap();
        let mut ledger = home::connect(&home).await;
        let sql = format!("SELECT SUBSTR(payload, 4, 22) FROM events WHERE stream_id = 'c{number}'");
        let id: String = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut ledger).await.unwrap().get(0);
        let row = sqlx::query("SELECT id FROM data_keys WHERE id = $1").bind(id).fetch_optional(&mut connection).await;
        assert!(row.unwrap().is_some(), "key of conversation {number}");
    }
}

async fn erase(store: &Store, customer: &str) -> ombud_store::vault::erasure::Receipt {
    store.erase_customer(&tenant(), customer, TimestampUs(START.0 + 1)).await.unwrap()
}

/// R39, R43: forty facts before the key goes, none after; the neighbour keeps his; the log verifies before and after.
async fn what_is_erased_is_gone_from_every_file_and_still_proved(home: Home) {
    let store = open_sealed(&home).await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "erased-{}-{}",
        std::process::id(),
        home.folder().is_some()
    ));
    plant(&store, "c1", "cust-1").await;
    plant(&store, "c2", "cust-2").await;
    let neighbour = payloads(&store, "c2").await;
    let log = store.sequencer(&tenant(), "one");
    level(&log).await;
    let mut checkpoints = ombud_store::seal::checkpoints::Checkpoints::open(&folder, crate::sealed::key()).unwrap();
    assert!(checkpoints.sign(&log, START).await.unwrap());
    let receipt = erase(&store, "cust-1").await;
    assert_eq!((receipt.reason, receipt.conversations, receipt.events), (Reason::Request, vec!["c1".to_owned()], 32));
    assert_eq!((receipt.keys.len(), receipt.overwritten, receipt.inbox_rows, receipt.replies), (1, 0, 1, 1));
    let left = found(&home, &facts("cust-1")).await;
    println!("{} facts planted, {} found in the files after the erasure", facts("cust-1").len(), left.len());
    assert_eq!(left, Vec::<String>::new());
    assert!(payloads(&store, "c1").await.iter().all(|payload| *payload == json!({"erased": true})));
    assert_eq!(store.ledger().stored_reply(&tenant(), "c1", "key-of-c1").await.unwrap(), None);
    assert_eq!(payloads(&store, "c2").await, neighbour);
    level(&log).await;
    assert!(checkpoints.sign(&log, START).await.unwrap());
    let verified = verify(&home.url, &folder, &verifier()).await;
    assert_eq!((verified.faults, verified.events_without_leaf), (Vec::new(), 0));
    store.shutdown().await;
    let store = open_sealed(&home).await;
    assert_eq!(payloads(&store, "c1").await[0], json!({"erased": true}));
    store.inbox().rebuild(&tenant()).await.unwrap();
    let all = InboxFilter { rows_max: 9, ..InboxFilter::default() };
    let (rows, _) = store.inbox().list(&tenant(), &all).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.conversation_id.as_str()).collect::<Vec<_>>(), ["c2"]);
    drop(std::fs::remove_dir_all(&folder));
}

/// Where there were never any keys, and where there were none at first.
async fn plain_text_from_before_there_were_keys_is_erased_too(home: Home) {
    let store = home::open(&home).await;
    for number in 1..=2 {
        plant(&store, &format!("c{number}"), &format!("cust-{number}")).await;
    }
    let receipt = erase(&store, "cust-1").await;
    assert_eq!((receipt.overwritten, receipt.keys.len()), (32, 0));
    assert_eq!(found(&home, &facts("cust-1")).await, Vec::<String>::new());
    assert_eq!(found(&home, &facts("cust-2")).await.len(), 40);
    store.shutdown().await;
    let store = open_sealed(&home).await;
    let receipt = erase(&store, "cust-2").await;
    assert_eq!((receipt.overwritten, receipt.keys.len()), (32, 1));
    assert_eq!(found(&home, &facts("cust-2")).await, Vec::<String>::new());
    assert_eq!(payloads(&store, "c2").await[0], json!({"erased": true}));
}

/// What he had kept across conversations stands in them, under their keys: nothing of it is left beside them.
async fn what_a_customer_told_goes_with_him(home: Home) {
    let store = open_sealed(&home).await;
    for (conversation, customer) in [("c1", "cust-1"), ("c2", "cust-1"), ("c3", "cust-2")] {
        let told = json!({"customer_id": customer, "kind": "need", "value": format!("told-by-{customer}")});
        let noted = NewEvent { kind: FACT_NOTED.to_owned(), payload: told.into() };
        store.ledger().append(commit(conversation, 0, vec![noted])).await.unwrap();
    }
    let told = async |customer: &str| store.inbox().of_customer(&tenant(), customer, &[FACT_NOTED]).await.unwrap();
    assert_eq!([told("cust-1").await.len(), told("cust-2").await.len()], [2, 1]);
    let planted = ["told-by-cust-1".to_owned()];
    assert_eq!(found(&home, &planted).await, Vec::<String>::new(), "sealed");
    let receipt = erase(&store, "cust-1").await;
    assert_eq!((receipt.conversations, receipt.events), (vec!["c1".to_owned(), "c2".to_owned()], 2));
    assert_eq!([told("cust-1").await.len(), told("cust-2").await.len()], [0, 1]);
}

async fn an_erasure_is_done_once_and_may_be_called_again(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    assert_eq!(erase(&store, "cust-1").await.conversations, ["c1"]);
    let again = erase(&store, "cust-1").await;
    assert_eq!((again.conversations.len(), again.events, again.keys.len()), (0, 0, 0));
    let nobody = erase(&store, "nobody").await;
    assert_eq!(nobody.conversations.len(), 0);
    let (last, gone) = store.erased_since(&tenant(), 0).await.unwrap();
    assert_eq!((last, gone), (3, vec!["c1".to_owned()]));
    assert_eq!(store.erased_since(&tenant(), last).await.unwrap(), (3, Vec::new()));
}

/// R38.
async fn an_export_holds_every_planted_fact_and_none_of_a_neighbour(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    plant(&store, "c2", "cust-2").await;
    let text = serde_json::to_string(&store.export_customer(&tenant(), "cust-1").await.unwrap()).unwrap();
    let contained = |customer: &str| facts(customer).iter().filter(|fact| text.contains(fact.as_str())).count();
    assert_eq!((contained("cust-1"), contained("cust-2")), (40, 0));
    assert_eq!(store.export_customer(&tenant(), "nobody").await.unwrap(), []);
}

async fn a_legal_hold_wins(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    let hold = Hold { customer_id: "cust-1".to_owned(), reason: "lawsuit 7".to_owned(), at_us: START.0 };
    store.hold(&tenant(), &hold).await.unwrap();
    assert_eq!(store.holds(&tenant()).await.unwrap(), [hold]);
    assert_eq!(found(&home, &["lawsuit 7".to_owned(), "cust-1".to_owned()]).await, Vec::<String>::new());
    let refused = store.erase_customer(&tenant(), "cust-1", START).await.unwrap_err();
    assert!(matches!(&refused, EraseError::Held { reason } if reason == "lawsuit 7"), "{refused}");
    let later = TimestampUs(START.0 + 10);
    assert_eq!(store.expire_conversations(&tenant(), later, later).await.unwrap(), None);
    assert_eq!(payloads(&store, "c1").await[0]["customer_id"], json!("cust-1"));
    assert!(store.lift(&tenant(), "cust-1", later).await.unwrap());
    assert!(!store.lift(&tenant(), "cust-1", later).await.unwrap());
    assert_eq!(erase(&store, "cust-1").await.conversations, ["c1"]);
}

/// R41: a backup of the keys from before the erasure does not bring the customer back.
async fn keys_that_were_put_back_are_thrown_away_again(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "c1", "cust-1").await;
    let backup = std::fs::read(home.keys_file()).unwrap();
    store.shutdown().await;
    let backup = if backup.len() > 4096 { backup } else { std::fs::read(home.keys_file()).unwrap() };
    let store = open_sealed(&home).await;
    erase(&store, "cust-1").await;
    store.shutdown().await;
    for part in ["-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{part}", home.keys_file().display())));
    }
    std::fs::write(home.keys_file(), backup).unwrap();
    let store = open_sealed(&home).await;
    assert_eq!(payloads(&store, "c1").await[0]["customer_id"], json!("cust-1"), "the backup is one from before");
    assert_eq!(store.erase_again(&tenant()).await.unwrap(), 1);
    assert_eq!(payloads(&store, "c1").await[0], json!({"erased": true}));
    assert_eq!(store.erase_again(&tenant()).await.unwrap(), 0);
}

/// A server that still has the conversation in memory does not write its words again, with whatever key.
async fn nobody_writes_on_in_what_was_erased(home: Home) {
    let server = open_sealed(&home).await;
    plant(&server, "c1", "cust-1").await;
    let head = i64::try_from(payloads(&server, "c1").await.len()).unwrap();
    let beside = open_sealed(&home).await;
    erase(&beside, "cust-1").await;
    // Before the server has heard of it, its words are sealed with the key that is gone.
    let late = |version, text: &str| commit("c1", version, vec![said(1, Author::Customer, text)]);
    server.ledger().append(late(head, "a late secret")).await.unwrap();
    assert_eq!(payloads(&beside, "c1").await.last(), Some(&json!({"erased": true})));
    // Afterwards it is refused.
    assert_eq!(server.erased_since(&tenant(), 0).await.unwrap().1, ["c1"]);
    let refused = server.ledger().append(late(head + 1, "a later secret")).await;
    assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
    let facts = [vec!["a late secret".to_owned(), "a later secret".to_owned()], facts("cust-1")].concat();
    assert_eq!(found(&home, &facts).await, Vec::<String>::new());
}

/// R41, R61: a day is over to the microsecond.
async fn only_what_is_older_than_its_time_expires(home: Home) {
    let store = open_sealed(&home).await;
    plant(&store, "old", "cust-1").await;
    let young = Commit { at: TimestampUs(START.0 + 1), ..commit("young", 0, vec![said(1, Author::Customer, "hello")]) };
    store.ledger().append(young).await.unwrap();
    assert_eq!(store.expire_conversations(&tenant(), START, START).await.unwrap(), None);
    let receipt = store.expire_conversations(&tenant(), TimestampUs(START.0 + 1), START).await.unwrap().unwrap();
    assert_eq!(
        (receipt.reason, receipt.subject, receipt.conversations),
        (Reason::Retention, None, vec!["old".to_owned()])
    );
    assert_eq!(found(&home, &facts("cust-1")).await, Vec::<String>::new());
    assert_eq!(payloads(&store, "young").await.len(), 1);
    let erasures = StreamId { kind: StreamKind::Privacy, id: "erasures".to_owned() };
    assert_eq!(store.ledger().read(&tenant(), &erasures, 0, 9).await.unwrap().len(), 1);
}

async fn begin(store: &Store, stream: &str, customer: &str) {
    let effect = Effect { customer_id: customer.to_owned(), ..refund(stream, 1) };
    let counting = Some(Counting::Begun { effect, caps: Vec::new(), known: None });
    let yes = vec![said(1, Author::Customer, "yes")];
    store.ledger().append(Commit { counting, ..commit(stream, 0, yes) }).await.unwrap();
}

/// R13, R39: nobody reads in the table whose effects they are, the ledger finds them by the customer, and his erasure forgets his name alone.
async fn effects_name_nobody_and_are_forgotten_with_their_customer(home: Home) {
    let counts = async |store: &Store| {
        let of =
            async |customer: &str| store.ledger().effects(&tenant(), customer, TimestampUs(0)).await.unwrap().len();
        [of("cust-1").await, of("cust-2").await]
    };
    let names = async || {
        let mut connection = home::connect(&home).await;
        let rows = sqlx::query("SELECT customer_id FROM effects ORDER BY intent_id");
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>()
    };
    let store = home::open(&home).await;
    begin(&store, "p1", "cust-1").await;
    begin(&store, "p2", "cust-2").await;
    assert_eq!((counts(&store).await, erase(&store, "cust-1").await.effects), ([1, 1], 1));
    assert_eq!((counts(&store).await, names().await), ([0, 1], vec![String::new(), "cust-2".to_owned()]));
    store.shutdown().await;
    let store = open_sealed(&home).await;
    assert_eq!(names().await, ["", ""], "plain names go when the ledger gets its keys, what was done stays");
    begin(&store, "s1", "cust-1").await;
    begin(&store, "s2", "cust-2").await;
    assert_eq!(counts(&store).await, [1, 1]);
    let tags = names().await.split_off(2);
    assert!(tags.iter().all(|tag| tag.len() > 8 && !tag.contains("cust")) && tags[0] != tags[1], "{tags:?}");
    assert_eq!(erase(&store, "cust-1").await.effects, 1);
    assert_eq!(
        (counts(&store).await, names().await),
        ([0, 1], vec![String::new(), String::new(), String::new(), tags[1].clone()])
    );
    store.shutdown().await;
}

/// A refund of an order, with a fee on the customer's own account; done when its reference is known.
async fn refunds(store: &Store, stream: &str, (customer, order): (&str, &str)) -> Result<(), AppendError> {
    let account = |name: &str, of: &str| Account { name: name.to_owned(), of: of.to_owned() };
    let amount = Money { minor: 60, currency: Currency::parse("SEK").unwrap() };
    let leg = |line, debit, credit, within| Leg { line, debit, credit, amount, within };
    let legs = vec![
        leg(0, account("captured", order), account("provider", ""), Some(100)),
        leg(1, account("owed", customer), account("fees", ""), None),
    ];
    let intent_id = stream.to_owned();
    let (customer_id, action) = (customer.to_owned(), "refund".to_owned());
    let begun = Moving::Begun { intent_id: intent_id.clone(), customer_id, action, legs };
    let reference = format!("REF-{stream}");
    let done = Moving::Done { intent_id, reference, moved: Vec::new() };
    for (version, moving) in [begun, done].into_iter().enumerate() {
        let said = vec![said(1, Author::Customer, "yes")];
        let version = i64::try_from(version).unwrap();
        store.ledger().append(Commit { moving: Some(moving), ..commit(stream, version, said) }).await?;
    }
    Ok(())
}

/// R39, R72: nobody reads in the table whose money it was and by what name the provider knows it; it is found by customer and order all the same, before and
/// after the ledger gets its keys. His erasure forgets whose it was, and no more goes back for the order than before.
async fn books_name_nobody_and_outlive_their_customer(home: Home) {
    let found = async |store: &Store, customer: Option<&str>, account: Option<(&str, &str)>| {
        let (account, of) = account.map(|(name, of)| (name.to_owned(), of.to_owned())).unzip();
        let wanted = Wanted { customer_id: customer.map(str::to_owned), account, of };
        store.books().postings(&tenant(), &wanted, 0).await.unwrap()
    };
    let texts = async || {
        let mut connection = home::connect(&home).await;
        let sql = "SELECT customer_id || ' ' || debit_of || ' ' || credit_of || ' ' || reference FROM postings";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
    };
    let store = home::open(&home).await;
    refunds(&store, "p1", ("cust-1", "ORD-1")).await.unwrap();
    assert!(texts().await.contains("cust-1 ORD-1"));
    store.shutdown().await;
    let store = open_sealed(&home).await;
    let plain = ["cust-1", "cust-2", "ORD-1", "ORD-2", "REF-"];
    let is_sealed = |texts: &str| plain.iter().all(|text| !texts.contains(text));
    assert!(is_sealed(&texts().await), "what was posted before is sealed with the first keys: {}", texts().await);
    let over = refunds(&store, "s1", ("cust-2", "ORD-1")).await;
    assert!(matches!(over, Err(AppendError::LimitReached { .. })), "the order is known by its tag: {over:?}");
    refunds(&store, "s2", ("cust-2", "ORD-2")).await.unwrap();
    assert!(is_sealed(&texts().await), "{}", texts().await);
    for (customer, order) in [("cust-1", "ORD-1"), ("cust-2", "ORD-2")] {
        assert_eq!(found(&store, Some(customer), None).await.len(), 7);
        assert_eq!(found(&store, None, Some(("owed", customer))).await.len(), 3);
        let moved = found(&store, None, Some(("captured", order))).await.pop().unwrap();
        assert!(moved.reference.starts_with("REF-"), "{moved:?}");
    }
    assert_eq!(erase(&store, "cust-1").await.postings, 7 + 3);
    assert_eq!(found(&store, Some("cust-1"), None).await.len(), 0);
    assert_eq!(found(&store, None, Some(("owed", "cust-1"))).await.len(), 0);
    assert_eq!(found(&store, None, None).await.len(), 14, "what was moved stays");
    assert!(refunds(&store, "s3", ("cust-3", "ORD-1")).await.is_err(), "and still counts");
    store.shutdown().await;
}
