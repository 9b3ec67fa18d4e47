//! What does a ledger hold before and after a measurement? Copies of one real conversation before, every acknowledged turn after.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use ombud_domain::{ConversationId, JsonText, NewEvent, StreamId, TenantId};
use ombud_ports::{Clock as _, Commit, Ledger};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::contestant::database_url;
use super::plan::customer;
use crate::clock::SystemClock;
use crate::config::Config;

/// Commits on their way to the ledger at once; it takes 64 into a transaction.
const UNDER_WAY_MAX: usize = 256;
/// Events of one conversation that are looked at.
const EVENTS_MAX: usize = 1_000;

fn tenant() -> TenantId {
    TenantId(Config::default().pack.tenant)
}

/// Opens the ledger of a folder, while no server has it.
async fn open(data: &Path) -> anyhow::Result<ombud_store::Store> {
    ombud_store::open(&database_url(data)).await.context("the ledger of the measurement cannot be opened")
}

/// The events of a conversation, as they were recorded.
pub(super) async fn events_of(data: &Path, conversation: &str) -> anyhow::Result<Vec<NewEvent>> {
    let store = open(data).await?;
    let stream = StreamId::from(id(conversation)?);
    let events = store.ledger().read(&tenant(), &stream, 0, EVENTS_MAX).await?;
    store.shutdown().await;
    ensure!(!events.is_empty(), "the conversation to copy is not in the ledger");
    Ok(events.into_iter().map(|event| NewEvent { kind: event.kind, payload: event.payload.into() }).collect())
}

/// Stores copies of a conversation, each with its own ids, and lets the desk's list catch up.
pub(super) async fn store_copies(
    data: &Path,
    events: &Arc<Vec<NewEvent>>,
    numbers: std::ops::Range<u64>,
) -> anyhow::Result<()> {
    let store = open(data).await?;
    let clock = Arc::new(SystemClock::new());
    let mut under_way = JoinSet::new();
    for number in numbers {
        if under_way.len() >= UNDER_WAY_MAX
            && let Some(one) = under_way.join_next().await
        {
            one??;
        }
        under_way.spawn(copy(store.ledger(), Arc::clone(&clock), Arc::clone(events), number));
    }
    while let Some(one) = under_way.join_next().await {
        one??;
    }
    store.inbox().rebuild(&tenant()).await?;
    store.shutdown().await;
    Ok(())
}

async fn copy(
    ledger: Arc<dyn Ledger>,
    clock: Arc<SystemClock>,
    events: Arc<Vec<NewEvent>>,
    number: u64,
) -> anyhow::Result<()> {
    let fresh = || uuid::Uuid::from_u128(clock.fresh_id());
    let mut events = events.as_ref().clone();
    if let Some(opened) = events.first_mut() {
        let mut payload: Map<String, Value> = opened.payload.read()?;
        payload.insert("session_id".to_owned(), json!(fresh()));
        payload.insert("customer_id".to_owned(), json!(customer(number)));
        opened.payload = JsonText::of(&payload)?;
    }
    let id = ConversationId(fresh());
    let outbox = vec![("conversation.changed".to_owned(), json!({"conversation_id": id}))];
    let commit = Commit {
        tenant: tenant(),
        stream: StreamId::from(id),
        expected_version: 0,
        events,
        outbox,
        reply: None,
        shredding: None,
        counting: None,
        moving: None,
        at: clock.now(),
    };
    ledger.append(commit).await?;
    Ok(())
}

/// Looks up acknowledged turns in the ledger that a killed server left; gives how many turns were looked up.
pub(super) async fn check(data: &Path, acknowledged: &[(String, usize)]) -> anyhow::Result<usize> {
    let store = open(data).await?;
    let mut found = 0;
    for (conversation, turns) in acknowledged {
        let stream = StreamId::from(id(conversation)?);
        let events = store.ledger().read(&tenant(), &stream, 0, EVENTS_MAX).await?;
        let recorded = events.iter().filter(|event| event.kind == "turn.recorded").count();
        ensure!(
            recorded >= *turns,
            "conversation {conversation}: {turns} turns acknowledged, {recorded} in the ledger"
        );
        found += turns;
    }
    store.shutdown().await;
    Ok(found)
}

fn id(conversation: &str) -> anyhow::Result<ConversationId> {
    conversation.parse().ok().with_context(|| format!("`{conversation}` is no conversation id"))
}
