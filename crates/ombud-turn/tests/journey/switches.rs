//! What is not done any more, from when on, and what does the customer hear?

use std::sync::atomic::{AtomicUsize, Ordering};

use ombud_policy::controls::{Flip, Position, Target, switches_stream};
use ombud_policy::spec::Risk;
use ombud_turn::Switchboard;

use super::*;

fn flip(target: Target) -> Flip {
    Flip { target, reason: "charged twice".to_owned(), by: "Maja".to_owned() }
}

/// Another process on the same ledger.
fn elsewhere(world: &World) -> Switchboard {
    Switchboard::new(world.ledger.clone(), TenantId("default".to_owned()))
}

async fn set(world: &World, target: Target, to: Position) {
    elsewhere(world).flip(&flip(target), to, TimestampUs(1)).await.unwrap();
}

/// R15: between the customer's yes and the call, for every kind of switch that stops the action; what names something else stops nothing.
#[tokio::test]
async fn what_is_switched_off_after_the_proposal_is_not_done_at_the_yes() {
    let targets = [
        (Target::All, 0),
        (Target::Action("cancel_pending_order".to_owned()), 0),
        (Target::Risk(Risk::Money), 0),
        (Target::Market("US".to_owned()), 0),
        (Target::Action("return_delivered_order_items".to_owned()), 1),
        (Target::Risk(Risk::Credential), 1),
        (Target::Market("XX".to_owned()), 1),
    ];
    for (target, performed) in targets {
        let (world, _) = at_the_proposal(cancelled(), None).await;
        set(&world, target.clone(), Position::Off).await;
        let reply = world.say("yes").await;
        assert_eq!(world.performed(), performed, "{target}: {}", text(&reply));
        if performed == 0 {
            assert!(text(&reply).contains("can't be done in the chat right now"), "{target}: {}", text(&reply));
            assert_eq!(reply.refused[0].reason_code, "switched_off", "{target}");
            assert_eq!(option_ids(&reply), ["handoff", "no"], "{target}: a person is offered");
            assert!(!world.events().await.iter().any(|event| event.kind == "action.intended"), "{target}");
            let person = world.say("yes, a person please").await;
            assert_eq!(person.status, ConversationStatus::WaitingForAgent, "{target}: {}", text(&person));
        }
    }
}

/// Nobody is asked for a yes in vain; reads go on; and it can be done again once it is switched on, after a restart too.
#[tokio::test]
async fn what_is_switched_off_is_not_proposed_and_comes_back() {
    let world = World::new(shop(cancelled()), None).await;
    set(&world, Target::All, Position::Off).await;
    let world = world.restarted();
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let refused = world.say("ada@example.com").await;
    assert!(
        refused.awaiting.proposal.is_none() && refused.refused[0].reason_code == "switched_off",
        "{}",
        text(&refused)
    );
    let reads = world.office.calls().len();
    assert!(reads > 0, "the order was looked up all the same");
    set(&world, Target::All, Position::On).await;
    world.say("no thanks").await;
    let proposed = world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm, "{}", text(&proposed));
    world.say("yes").await;
    assert_eq!(world.performed(), 1);
}

/// Who, when and why stand in the ledger, once; what stands so already is left as it is.
#[tokio::test]
async fn switches_are_events_with_who_and_why() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let board = world.assistant.switchboard();
    for (to, off) in [(Position::On, 0), (Position::Off, 1), (Position::Off, 1), (Position::On, 0)] {
        let switches = board.flip(&flip(Target::All), to, TimestampUs(7)).await.unwrap();
        assert_eq!(switches.off().len(), off, "{to:?}");
        assert_eq!(elsewhere(&world).read().await.unwrap(), switches);
    }
    let tenant = TenantId("default".to_owned());
    let events = world.ledger.read(&tenant, &switches_stream(), 0, 100).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["switch.off", "switch.on"]);
    assert_eq!(events[0].payload, json!({"target": {"kind": "all"}, "reason": "charged twice", "by": "Maja"}));
}

/// A ledger that counts how often its switches are read, or cannot read them.
struct Watched {
    ledger: Arc<MemoryLedger>,
    reads: AtomicUsize,
    /// After how many reads they cannot be read any more.
    readable: usize,
}

#[async_trait::async_trait]
impl Ledger for Watched {
    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        self.ledger.append(commit).await
    }

    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after: i64,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        if *stream == switches_stream() && self.reads.fetch_add(1, Ordering::SeqCst) >= self.readable {
            return Err(StoreError::Stopped);
        }
        self.ledger.read(tenant, stream, after, max).await
    }

    async fn read_all(&self, tenant: &TenantId, after: i64, max: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.ledger.read_all(tenant, after, max).await
    }

    async fn effects(&self, tenant: &TenantId, id: &str, since: TimestampUs) -> Result<Vec<PastEffect>, StoreError> {
        self.ledger.effects(tenant, id, since).await
    }

    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError> {
        self.ledger.stored_reply(tenant, scope, key).await
    }

    async fn forget_replies(&self, tenant: &TenantId, before: TimestampUs, max: usize) -> Result<usize, StoreError> {
        self.ledger.forget_replies(tenant, before, max).await
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError> {
        self.ledger.cursor(tenant, feed).await
    }

    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError> {
        self.ledger.move_cursor(tenant, feed, cursor).await
    }

    async fn undelivered(&self, tenant: &TenantId, max: usize) -> Result<Vec<(i64, String, Value)>, StoreError> {
        self.ledger.undelivered(tenant, max).await
    }

    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError> {
        self.ledger.mark_delivered(tenant, ids).await
    }
}

async fn watched(readable: usize) -> (World, Arc<Watched>) {
    let ((ledger, office, clock), ports) = World::parts(shop(cancelled()), None);
    let watched = Arc::new(Watched { ledger: ledger.clone(), reads: AtomicUsize::new(0), readable });
    let ports = Ports { ledger: watched.clone(), ..ports };
    let assistant = trained().beside(ports, Settings::default());
    let session_id = SessionId(uuid::Uuid::from_u128(7));
    let principal = Principal { session_id, customer_id: None, level: IdentityLevel::Anonymous };
    let conversation = assistant.open(&principal, None, None).await.unwrap().id;
    (World { assistant, ledger, office, clock, principal, conversation }, watched)
}

/// A turn that only reads asks nothing of the ledger for this; a proposal asks once, a yes twice.
#[tokio::test]
async fn only_turns_that_come_to_an_action_look_at_the_switches() {
    let (world, watched) = watched(usize::MAX).await;
    let turns = [
        ("hello", 0),
        ("please cancel order #W0000001, I ordered it by mistake", 0),
        ("ada@example.com", 1),
        ("yes", 2),
        ("what is the status of order #W0000001?", 0),
        ("thanks", 0),
    ];
    for (words, reads) in turns {
        let before = watched.reads.load(Ordering::SeqCst);
        let reply = world.say(words).await;
        assert_eq!(watched.reads.load(Ordering::SeqCst) - before, reads, "{words}: {}", text(&reply));
    }
    assert_eq!(world.performed(), 1);
}

/// Fail closed: neither proposed nor done, and a person is there.
#[tokio::test]
async fn what_cannot_be_looked_up_is_not_done() {
    for readable in 0..3 {
        let (world, _) = watched(readable).await;
        world.say("please cancel order #W0000001, I ordered it by mistake").await;
        let mut reply = world.say("ada@example.com").await;
        assert_eq!(reply.awaiting.proposal.is_some(), readable > 0, "{readable}: {}", text(&reply));
        if readable > 0 {
            reply = world.say("yes").await;
        }
        assert_eq!((world.performed(), reply.status), (0, ConversationStatus::WaitingForAgent), "{}", text(&reply));
    }
}
