//! What must every ledger and inbox do? One function a fact; [`contract_tests!`](crate::contract_tests) makes a test of each.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken contract is a failed test, and a failed test is a panic"
)]

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use ombud_domain::{
    Author, ConversationStatus, Handover, IdentityLevel, Message, MessageId, NewEvent, Priority, RecordedEvent,
    StreamId, StreamKind, TenantId, TimestampUs,
};
use ombud_ports::ledger::EVENTS_MAX;
use ombud_ports::{
    AppendError, Attempts, Commit, Committed, Inbox, InboxFilter, InboxRow, Ledger, MoneyBooks, Shredding, StoreError,
    StoredReply,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

mod attempts;
mod due;
mod effects;
mod kept;
mod money;
mod told;
pub mod vectors;

pub use attempts::{
    of_many_tries_at_once_only_the_allowed_pass, tries_are_counted_for_each_subject_and_company,
    used_up_tries_block_for_the_whole_time_from_the_last_one,
};

pub use due::{
    a_customers_waiting_requests_are_found_by_his_id, a_silent_customer_is_due_until_he_or_a_person_speaks,
    an_action_is_due_until_its_outcome_is_told, what_people_must_approve_is_due_when_it_is_decided_or_too_old,
};

pub use effects::{
    a_cap_counts_what_it_names_and_nothing_else, of_effects_at_once_only_those_below_the_cap_begin, refund,
    what_was_not_done_no_longer_counts, who_decided_on_an_older_past_is_refused,
};

pub use kept::{a_cursor_stays_where_it_was_moved, old_replies_are_forgotten_in_small_batches_and_new_ones_kept};

pub use money::{
    a_movement_is_held_and_settled_with_its_commits, of_refunds_at_once_only_what_was_taken_goes_back, operations_max,
    postings_are_found_by_customer_and_account, random_operations, random_operations_come_out_as_in_the_reference,
};

pub use told::{of_much_that_was_told_the_newest_is_given, what_a_customer_told_is_found_by_his_id};

/// What the contract is held against; empty at the start of each function.
#[derive(Clone)]
pub struct Subject {
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// The inbox of the same store.
    pub inbox: Arc<dyn Inbox>,
    /// The counts of the same store.
    pub attempts: Arc<dyn Attempts>,
    /// The books of the same store.
    pub books: Arc<dyn MoneyBooks>,
    /// What has to live as long: the store, its folder.
    pub keep: Option<Arc<dyn Any + Send + Sync>>,
}

/// Makes a test of every function of the contract. The argument is an async function that gets the name of the test and gives a fresh
/// [`Subject`], or none to leave the test out after saying why.
#[macro_export]
macro_rules! contract_tests {
    ($subject:path) => {
        $crate::contract_tests!(@each $subject;
            an_event_is_read_back_as_it_was_written,
            reading_is_bounded_and_continues_where_it_stopped,
            a_version_that_is_not_the_head_conflicts,
            a_commit_without_events_or_with_too_many_is_refused,
            appenders_on_one_stream_lose_and_double_nothing,
            appenders_on_many_streams_get_growing_positions,
            a_taken_key_is_refused_and_nothing_of_its_commit_is_written,
            what_is_shredded_is_overwritten_in_the_transaction_of_its_commit,
            of_two_requests_with_one_key_one_is_written,
            outbox_messages_live_and_die_with_their_commit,
            a_foreign_tenant_sees_nothing,
            the_inbox_follows_the_ledger,
            the_inbox_lists_who_waits_first_and_continues_by_cursor,
            a_rebuilt_inbox_equals_the_live_one,
            an_action_is_due_until_its_outcome_is_told,
            a_silent_customer_is_due_until_he_or_a_person_speaks,
            a_customers_waiting_requests_are_found_by_his_id,
            what_people_must_approve_is_due_when_it_is_decided_or_too_old,
            old_replies_are_forgotten_in_small_batches_and_new_ones_kept,
            a_cursor_stays_where_it_was_moved,
            tries_are_counted_for_each_subject_and_company,
            used_up_tries_block_for_the_whole_time_from_the_last_one,
            of_many_tries_at_once_only_the_allowed_pass,
            of_effects_at_once_only_those_below_the_cap_begin,
            a_cap_counts_what_it_names_and_nothing_else,
            what_was_not_done_no_longer_counts,
            who_decided_on_an_older_past_is_refused,
            a_movement_is_held_and_settled_with_its_commits,
            of_refunds_at_once_only_what_was_taken_goes_back,
            postings_are_found_by_customer_and_account,
            random_operations_come_out_as_in_the_reference,
            what_a_customer_told_is_found_by_his_id,
            of_much_that_was_told_the_newest_is_given,
        );
    };
    (@each $subject:path; $($name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            if let Some(subject) = $subject(stringify!($name)).await {
                $crate::contract::$name(&subject).await;
            }
        }
    )+};
}

/// The company of the contract.
#[must_use]
pub fn tenant() -> TenantId {
    TenantId("nimbus".to_owned())
}

/// A stream of a conversation.
#[must_use]
pub fn stream(id: &str) -> StreamId {
    StreamId { kind: StreamKind::Conversation, id: id.to_owned() }
}

/// An event with a number in it.
#[must_use]
pub fn event(number: i64) -> NewEvent {
    NewEvent { kind: "turn.intake".to_owned(), payload: json!({"number": number}).into() }
}

/// A commit of some events and nothing else.
#[must_use]
pub fn commit(stream_id: &str, expected_version: i64, events: Vec<NewEvent>) -> Commit {
    Commit {
        tenant: tenant(),
        stream: stream(stream_id),
        expected_version,
        events,
        outbox: Vec::new(),
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: TimestampUs(1_781_524_800_000_000),
    }
}

fn reply(scope: &str, key: &str) -> StoredReply {
    StoredReply {
        scope: scope.to_owned(),
        key: key.to_owned(),
        body_hash: "ab".repeat(32),
        response: json!({"text": "done"}).into(),
    }
}

async fn read_stream(subject: &Subject, stream_id: &str) -> Vec<RecordedEvent> {
    subject.ledger.read(&tenant(), &stream(stream_id), 0, 10_000).await.unwrap()
}

/// Text of any script, quotes, line ends, NUL and large numbers survive; position, version, kind and time are as committed.
pub async fn an_event_is_read_back_as_it_was_written(subject: &Subject) {
    let payload = json!({
        "text": "Räksmörgås 寿司 🦊 'quoted' \"double\" \\ $1 ?\n\u{0}end", "minor": i64::MAX, "rate": 0.1, "none": null, "list": [1, {"a": []}]
    });
    let kind = "message.created".to_owned();
    let written = commit("c1", 0, vec![NewEvent { kind: kind.clone(), payload: payload.clone().into() }, event(2)]);
    let at = written.at;
    let committed = subject.ledger.append(written).await.unwrap();
    let events = read_stream(subject, "c1").await;
    assert_eq!(committed, Committed { version: 2, position: events[1].position });
    assert!(events[0].position >= 1 && events[0].position < events[1].position);
    let expected = RecordedEvent { position: events[0].position, stream: stream("c1"), version: 1, kind, at, payload };
    assert_eq!(events[0], expected);
    let other_kind = StreamId { kind: StreamKind::Customer, id: "c1".to_owned() };
    assert_eq!(subject.ledger.read(&tenant(), &other_kind, 0, 10).await.unwrap(), Vec::new());
}

/// Pages of a stream and of the whole ledger join without gap or overlap.
pub async fn reading_is_bounded_and_continues_where_it_stopped(subject: &Subject) {
    for round in 0..3 {
        for stream_id in ["c1", "c2"] {
            let events = (0..5).map(|number| event(round * 5 + number)).collect();
            subject.ledger.append(commit(stream_id, round * 5, events)).await.unwrap();
        }
    }
    let mut versions = Vec::new();
    loop {
        let after = versions.last().copied().unwrap_or(0);
        let page = subject.ledger.read(&tenant(), &stream("c2"), after, 4).await.unwrap();
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        versions.extend(page.iter().map(|event| event.version));
    }
    assert_eq!(versions, (1..=15).collect::<Vec<_>>());
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |event: &RecordedEvent| event.position);
        let page = subject.ledger.read_all(&tenant(), after, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    assert_eq!(all.len(), 30);
    assert!(all.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert_eq!(subject.ledger.read(&tenant(), &stream("c2"), 0, 0).await.unwrap(), Vec::new());
}

/// Too low, too high, and too high on a new stream; nothing of the refused commit stays.
pub async fn a_version_that_is_not_the_head_conflicts(subject: &Subject) {
    subject.ledger.append(commit("c1", 0, vec![event(1), event(2)])).await.unwrap();
    for (stream_id, expected_version) in [("c1", 0), ("c1", 1), ("c1", 3), ("c2", 1), ("c2", -1)] {
        let refused = subject.ledger.append(commit(stream_id, expected_version, vec![event(9)])).await;
        assert!(matches!(refused, Err(AppendError::Conflict)), "{stream_id} at {expected_version}: {refused:?}");
    }
    assert_eq!(read_stream(subject, "c1").await.len(), 2);
    assert_eq!(read_stream(subject, "c2").await, Vec::new());
    assert_eq!(subject.ledger.append(commit("c1", 2, vec![event(3)])).await.unwrap().version, 3);
}

/// The bounds of a commit: none and one too many are refused, as many as allowed are written.
pub async fn a_commit_without_events_or_with_too_many_is_refused(subject: &Subject) {
    let many = |count: usize| (0..count).map(|number| event(i64::try_from(number).unwrap())).collect::<Vec<_>>();
    for count in [0, EVENTS_MAX + 1] {
        let refused = subject.ledger.append(commit("c1", 0, many(count))).await;
        assert!(matches!(refused, Err(AppendError::Store(StoreError::Database { .. }))), "{count}: {refused:?}");
    }
    let written = subject.ledger.append(commit("c1", 0, many(EVENTS_MAX))).await.unwrap();
    assert_eq!(written.version, i64::try_from(EVENTS_MAX).unwrap());
}

async fn append_until_written(ledger: Arc<dyn Ledger>, stream_id: &str, number: i64) -> u64 {
    let mut conflicts = 0;
    loop {
        let mut head = 0;
        loop {
            let page = ledger.read(&tenant(), &stream(stream_id), head, 100).await.unwrap();
            let Some(last) = page.last() else { break };
            head = last.version;
        }
        match ledger.append(commit(stream_id, head, vec![event(number)])).await {
            Ok(_) => return conflicts,
            Err(AppendError::Conflict) => conflicts += 1,
            Err(error) => assert!(matches!(error, AppendError::Conflict), "{error:?}"),
        }
    }
}

/// 64 writers at once on one stream, each retrying until it is in: every number once, versions without gap.
pub async fn appenders_on_one_stream_lose_and_double_nothing(subject: &Subject) {
    let mut writers = JoinSet::new();
    for number in 0..64 {
        let ledger = Arc::clone(&subject.ledger);
        writers.spawn(async move { append_until_written(ledger, "c1", number).await });
    }
    writers.join_all().await;
    let events = read_stream(subject, "c1").await;
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), (1..=64).collect::<Vec<_>>());
    let numbers: BTreeSet<i64> = events.iter().map(|event| event.payload["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..64).collect());
}

/// 64 writers on 64 streams, four commits each: all written, positions unique, each stream in order.
pub async fn appenders_on_many_streams_get_growing_positions(subject: &Subject) {
    let mut writers = JoinSet::new();
    for number in 0..64 {
        let ledger = Arc::clone(&subject.ledger);
        writers.spawn(async move {
            let stream_id = format!("c{number}");
            let mut last_position = 0;
            for round in 0..4 {
                let events = vec![event(2 * round), event(2 * round + 1)];
                let written = ledger.append(commit(&stream_id, 2 * round, events)).await.unwrap();
                assert_eq!(written.version, 2 * round + 2);
                assert!(written.position > last_position);
                last_position = written.position;
            }
        });
    }
    writers.join_all().await;
    let all = subject.ledger.read_all(&tenant(), 0, 10_000).await.unwrap();
    let positions: BTreeSet<i64> = all.iter().map(|event| event.position).collect();
    assert_eq!((all.len(), positions.len()), (512, 512));
    for number in 0..64 {
        let events = read_stream(subject, &format!("c{number}")).await;
        let numbers: Vec<i64> = events.iter().map(|event| event.payload["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
    }
}

/// A taken key beats a stale version, so that a repeated request finds its answer instead of deciding again.
pub async fn a_taken_key_is_refused_and_nothing_of_its_commit_is_written(subject: &Subject) {
    let with_key = |stream_id: &str, expected_version: i64, scope: &str| Commit {
        reply: Some(reply(scope, "k1")),
        outbox: vec![("topic".to_owned(), json!(1))],
        ..commit(stream_id, expected_version, vec![event(1)])
    };
    subject.ledger.append(with_key("c1", 0, "c1")).await.unwrap();
    for expected_version in [0, 1] {
        let refused = subject.ledger.append(with_key("c1", expected_version, "c1")).await;
        assert!(matches!(refused, Err(AppendError::KeyTaken)), "{refused:?}");
    }
    assert_eq!(read_stream(subject, "c1").await.len(), 1);
    assert_eq!(subject.ledger.undelivered(&tenant(), 10).await.unwrap().len(), 1);
    subject.ledger.append(with_key("c1", 1, "other scope")).await.unwrap();
    let stored = subject.ledger.stored_reply(&tenant(), "c1", "k1").await.unwrap();
    assert_eq!(stored, Some(reply("c1", "k1")));
    assert_eq!(subject.ledger.stored_reply(&tenant(), "c1", "k2").await.unwrap(), None);
}

/// What was written of a card number that a later message completes goes, and with it the stored answers that may quote it; all else stays.
pub async fn what_is_shredded_is_overwritten_in_the_transaction_of_its_commit(subject: &Subject) {
    let said = Commit { reply: Some(reply("c1", "k1")), ..commit("c1", 0, vec![event(1), event(2)]) };
    subject.ledger.append(said).await.unwrap();
    subject.ledger.append(Commit { reply: Some(reply("c2", "k1")), ..commit("c2", 0, vec![event(1)]) }).await.unwrap();
    let shredding =
        |scope: &str| Some(Shredding { events: vec![(1, json!({"gone": true}).into())], scope: scope.to_owned() });
    let stale = Commit { shredding: shredding("c1"), ..commit("c1", 1, vec![event(3)]) };
    assert!(subject.ledger.append(stale).await.is_err());
    assert_eq!(read_stream(subject, "c1").await[0].payload, json!({"number": 1}), "a refused commit shreds nothing");
    let before = read_stream(subject, "c1").await;
    subject.ledger.append(Commit { shredding: shredding("c1"), ..commit("c1", 2, vec![event(3)]) }).await.unwrap();
    let after = read_stream(subject, "c1").await;
    assert_eq!(after[0], RecordedEvent { payload: json!({"gone": true}), ..before[0].clone() });
    assert_eq!((after.len(), &after[1]), (3, &before[1]));
    assert_eq!(read_stream(subject, "c2").await[0].payload, json!({"number": 1}));
    let stored = subject.ledger.stored_reply(&tenant(), "c1", "k1").await.unwrap().unwrap();
    assert_eq!(stored.response.as_str(), "null");
    assert_eq!(subject.ledger.stored_reply(&tenant(), "c2", "k1").await.unwrap(), Some(reply("c2", "k1")));
}

/// 32 pairs of requests race, each pair with one key on two streams: one of each is written, the other learns why not.
pub async fn of_two_requests_with_one_key_one_is_written(subject: &Subject) {
    let mut writers = JoinSet::new();
    for number in 0..64 {
        let ledger = Arc::clone(&subject.ledger);
        let key = format!("k{}", number / 2);
        let commit =
            Commit { reply: Some(reply("scope", &key)), ..commit(&format!("c{number}"), 0, vec![event(number)]) };
        writers.spawn(async move { ledger.append(commit).await });
    }
    let outcomes = writers.join_all().await;
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let taken = outcomes.iter().filter(|outcome| matches!(outcome, Err(AppendError::KeyTaken))).count();
    assert_eq!((written, taken), (32, 32));
    assert_eq!(subject.ledger.read_all(&tenant(), 0, 1000).await.unwrap().len(), 32);
}

/// Messages come oldest first, are bounded, go when delivered, and are not there when their commit is not.
pub async fn outbox_messages_live_and_die_with_their_commit(subject: &Subject) {
    let messages = |from: i64| (from..from + 3).map(|n| ("bus.topic".to_owned(), json!({"n": n}))).collect::<Vec<_>>();
    let with_outbox = |expected_version: i64, from: i64| Commit {
        outbox: messages(from),
        ..commit("c1", expected_version, vec![event(1)])
    };
    subject.ledger.append(with_outbox(0, 0)).await.unwrap();
    assert!(subject.ledger.append(with_outbox(0, 100)).await.is_err());
    subject.ledger.append(with_outbox(1, 3)).await.unwrap();
    let waiting = subject.ledger.undelivered(&tenant(), 4).await.unwrap();
    let contents: Vec<Value> = waiting.iter().map(|(_, _, content)| content["n"].clone()).collect();
    assert_eq!(contents, [json!(0), json!(1), json!(2), json!(3)]);
    assert!(waiting.iter().all(|(_, topic, _)| topic == "bus.topic"));
    let delivered: Vec<i64> = waiting.iter().map(|(id, _, _)| *id).collect();
    subject.ledger.mark_delivered(&TenantId("other".to_owned()), &delivered).await.unwrap();
    subject.ledger.mark_delivered(&tenant(), &delivered).await.unwrap();
    subject.ledger.mark_delivered(&tenant(), &[]).await.unwrap();
    let left = subject.ledger.undelivered(&tenant(), 10).await.unwrap();
    assert_eq!(left.iter().map(|(_, _, content)| content["n"].clone()).collect::<Vec<_>>(), [json!(4), json!(5)]);
}

/// Same stream id, key and positions in two companies: neither reads, blocks or delivers for the other.
pub async fn a_foreign_tenant_sees_nothing(subject: &Subject) {
    let foreign = TenantId("other".to_owned());
    let full = Commit {
        outbox: vec![("topic".to_owned(), json!(1))],
        reply: Some(reply("c1", "k1")),
        ..commit("c1", 0, vec![opened(), event(2)])
    };
    subject.ledger.append(full.clone()).await.unwrap();
    assert_eq!(subject.ledger.read(&foreign, &stream("c1"), 0, 10).await.unwrap(), Vec::new());
    assert_eq!(subject.ledger.read_all(&foreign, 0, 10).await.unwrap(), Vec::new());
    assert_eq!(subject.ledger.stored_reply(&foreign, "c1", "k1").await.unwrap(), None);
    assert_eq!(subject.ledger.undelivered(&foreign, 10).await.unwrap(), Vec::new());
    assert_eq!(list(subject, &foreign, &InboxFilter { rows_max: 10, ..Default::default() }).await.0, Vec::new());
    let written = subject.ledger.append(Commit { tenant: foreign.clone(), ..full }).await.unwrap();
    assert_eq!(written, Committed { version: 2, position: 2 });
    assert_eq!(subject.ledger.read_all(&foreign, 0, 10).await.unwrap().len(), 2);
    assert_eq!(subject.ledger.read_all(&tenant(), 0, 10).await.unwrap().len(), 2);
}

fn opened() -> NewEvent {
    let payload = json!({"session_id": "s", "locale": "en", "market": "SE"});
    NewEvent { kind: "conversation.opened".to_owned(), payload: payload.into() }
}

fn said(text: &str) -> NewEvent {
    let message = Message {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse::<MessageId>().unwrap(),
        seq: 1,
        author: Author::Customer,
        author_name: None,
        text: text.to_owned(),
        at: TimestampUs(1),
        citations: Vec::new(),
        turn_id: None,
        withheld: false,
    };
    NewEvent { kind: "message.created".to_owned(), payload: json!({"message": message}).into() }
}

/// A customer who complains is handed over.
#[must_use]
pub fn handover(priority: Priority, summary: &str) -> Handover {
    Handover {
        reason_code: "complaint".to_owned(),
        priority,
        summary: summary.to_owned(),
        identity_level: IdentityLevel::Identified,
        customer: Value::Null,
        slots: json!({}),
        actions: Vec::new(),
        sources: Vec::new(),
        near: Vec::new(),
        language: "en".to_owned(),
        sentiment: "angry".to_owned(),
        proposed_next_step: "Call back.".to_owned(),
        proposal: None,
        last_words: String::new(),
    }
}

fn requested(priority: Priority) -> NewEvent {
    let handover = handover(priority, "The customer complains.");
    NewEvent { kind: "handoff.requested".to_owned(), payload: json!({"handover": handover}).into() }
}

fn happened(kind: &str, payload: Value) -> NewEvent {
    NewEvent { kind: kind.to_owned(), payload: payload.into() }
}

async fn list(subject: &Subject, tenant: &TenantId, filter: &InboxFilter) -> (Vec<InboxRow>, Option<String>) {
    subject.inbox.list(tenant, filter).await.unwrap()
}

async fn list_all(subject: &Subject) -> Vec<InboxRow> {
    list(subject, &tenant(), &InboxFilter { rows_max: 200, ..Default::default() }).await.0
}

/// A conversation goes through every state, and the list shows each at once.
pub async fn the_inbox_follows_the_ledger(subject: &Subject) {
    let steps: [(Vec<NewEvent>, ConversationStatus); 6] = [
        (vec![opened(), said(&"ö".repeat(500)), event(1)], ConversationStatus::Open),
        (
            vec![happened("conversation.identified", json!({"customer_id": "CU-1", "name": "Anna"}))],
            ConversationStatus::Open,
        ),
        (vec![requested(Priority::High)], ConversationStatus::WaitingForAgent),
        (vec![happened("handoff.accepted", json!({"agent": "kim"}))], ConversationStatus::WithAgent),
        (vec![happened("handoff.returned", json!({"note": "back"})), said("thanks")], ConversationStatus::Open),
        (vec![happened("conversation.resolved", json!({}))], ConversationStatus::Resolved),
    ];
    let mut version = 0;
    for (step, (events, status)) in steps.into_iter().enumerate() {
        let at = TimestampUs(1_000_000 * (i64::try_from(step).unwrap() + 1));
        version = subject.ledger.append(Commit { at, ..commit("c1", version, events) }).await.unwrap().version;
        let rows = list_all(subject).await;
        assert_eq!((rows.len(), rows[0].status, rows[0].updated_at), (1, status, at), "step {step}");
        let waits = status == ConversationStatus::WaitingForAgent;
        assert_eq!(rows[0].waiting_since, waits.then_some(at), "step {step}");
        let assignee = (status == ConversationStatus::WithAgent).then(|| "kim".to_owned());
        assert_eq!(rows[0].assignee, assignee, "step {step}");
    }
    let expected = InboxRow {
        conversation_id: "c1".to_owned(),
        status: ConversationStatus::Resolved,
        customer_id: Some("CU-1".to_owned()),
        customer_name: Some("Anna".to_owned()),
        reason_code: Some("complaint".to_owned()),
        summary: Some("The customer complains.".to_owned()),
        priority: Priority::High,
        waiting_since: None,
        assignee: None,
        locale: "en".to_owned(),
        last_message: "thanks".to_owned(),
        position: list_all(subject).await[0].position,
        updated_at: TimestampUs(6_000_000),
        recover_at: None,
        silent_since: None,
        parked: 0,
        approval_due: None,
    };
    assert_eq!(list_all(subject).await, [expected]);
}

async fn fill_inbox(subject: &Subject) {
    for (number, priority) in (0..12).zip([None, Some(Priority::Normal), Some(Priority::High)].into_iter().cycle()) {
        let mut events = vec![opened(), said(&format!("message {number}"))];
        events.extend(priority.map(requested));
        let at = TimestampUs(1_000_000 * (number + 1));
        subject.ledger.append(Commit { at, ..commit(&format!("c{number:02}"), 0, events) }).await.unwrap();
    }
    let unreadable = happened("handoff.requested", json!({"handover": "not one"}));
    subject.ledger.append(commit("c00", 2, vec![unreadable])).await.unwrap();
}

/// High priority before normal before those who do not wait; the longest waiting first, else the newest first; pages join.
pub async fn the_inbox_lists_who_waits_first_and_continues_by_cursor(subject: &Subject) {
    fill_inbox(subject).await;
    let expected = ["c02", "c05", "c08", "c11", "c01", "c04", "c07", "c10", "c09", "c06", "c03", "c00"];
    let mut listed = Vec::new();
    let mut filter = InboxFilter { rows_max: 5, ..Default::default() };
    let mut pages = 0;
    loop {
        let (rows, cursor) = list(subject, &tenant(), &filter).await;
        listed.extend(rows.into_iter().map(|row| row.conversation_id));
        pages += 1;
        filter.cursor = cursor;
        if filter.cursor.is_none() {
            break;
        }
    }
    assert_eq!((listed, pages), (expected.map(str::to_owned).to_vec(), 3));
    let waiting = InboxFilter { status: Some(ConversationStatus::WaitingForAgent), rows_max: 8, ..Default::default() };
    let (rows, cursor) = list(subject, &tenant(), &waiting).await;
    assert_eq!((rows.len(), cursor), (8, None));
    let strange = InboxFilter { cursor: Some("not ours".to_owned()), rows_max: 0, ..Default::default() };
    assert_eq!(list(subject, &tenant(), &strange).await.0.len(), 1);
}

/// Dropped and read again, the rows are the same; what is not about the inbox is not read.
pub async fn a_rebuilt_inbox_equals_the_live_one(subject: &Subject) {
    fill_inbox(subject).await;
    subject
        .ledger
        .append(commit("c00", 3, vec![event(1), happened("conversation.resolved", json!({}))]))
        .await
        .unwrap();
    let live = list_all(subject).await;
    assert_eq!(live.len(), 12);
    assert_eq!(subject.inbox.rebuild(&tenant()).await.unwrap(), 12 * 2 + 8 + 1 + 1);
    assert_eq!(list_all(subject).await, live);
    assert_eq!(subject.inbox.rebuild(&TenantId("other".to_owned())).await.unwrap(), 0);
    assert_eq!(list_all(subject).await, live);
}
