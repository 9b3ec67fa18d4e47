//! What becomes of an action whose answer was lost, or whose process died?

use std::sync::Mutex;

use ombud_domain::Message;
use serde::Deserialize as _;

use super::*;

/// A ledger whose process dies when it is told to append a certain kind of event so many times: nothing is written from then on.
struct DiesAt(Arc<MemoryLedger>, &'static str, Mutex<usize>);

#[async_trait::async_trait]
impl Ledger for DiesAt {
    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        let left = {
            let mut left = self.2.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *left -= usize::from(*left > 0 && commit.events.iter().any(|event| event.kind == self.1));
            *left
        };
        if left == 0 { Err(AppendError::Store(StoreError::Stopped)) } else { self.0.append(commit).await }
    }

    async fn read(
        &self,
        tenant: &TenantId,
        stream: &StreamId,
        after: i64,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.0.read(tenant, stream, after, max).await
    }

    async fn read_all(&self, tenant: &TenantId, after: i64, max: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.0.read_all(tenant, after, max).await
    }

    async fn effects(&self, tenant: &TenantId, id: &str, since: TimestampUs) -> Result<Vec<PastEffect>, StoreError> {
        self.0.effects(tenant, id, since).await
    }

    async fn stored_reply(&self, tenant: &TenantId, scope: &str, key: &str) -> Result<Option<StoredReply>, StoreError> {
        self.0.stored_reply(tenant, scope, key).await
    }

    async fn forget_replies(&self, tenant: &TenantId, before: TimestampUs, max: usize) -> Result<usize, StoreError> {
        self.0.forget_replies(tenant, before, max).await
    }

    async fn cursor(&self, tenant: &TenantId, feed: &str) -> Result<Option<String>, StoreError> {
        self.0.cursor(tenant, feed).await
    }

    async fn move_cursor(&self, tenant: &TenantId, feed: &str, cursor: &str) -> Result<(), StoreError> {
        self.0.move_cursor(tenant, feed, cursor).await
    }

    async fn undelivered(&self, tenant: &TenantId, max: usize) -> Result<Vec<(i64, String, Value)>, StoreError> {
        self.0.undelivered(tenant, max).await
    }

    async fn mark_delivered(&self, tenant: &TenantId, ids: &[i64]) -> Result<(), StoreError> {
        self.0.mark_delivered(tenant, ids).await
    }
}

impl World {
    pub(super) fn ports(&self, ledger: Arc<dyn Ledger>) -> Ports {
        Ports {
            ledger,
            inbox: self.ledger.clone(),
            attempts: self.ledger.clone(),
            back_office: self.office.clone(),
            knowledge: Arc::new(NoKnowledge),
            model: None,
            clock: self.clock.clone(),
            live: Arc::new(NoPages),
        }
    }

    /// The customer says yes, and the process dies when it comes to write this; then another one starts.
    pub(super) async fn killed_at(self, kind: &'static str) -> Self {
        self.killed_at_nth(kind, 1).await
    }

    /// The same when it comes to write the nth of this kind.
    pub(super) async fn killed_at_nth(mut self, kind: &'static str, nth: usize) -> Self {
        let dying = Arc::new(DiesAt(self.ledger.clone(), kind, Mutex::new(nth)));
        let dead = self.assistant.beside(self.ports(dying), Settings::default());
        assert!(dead.handle(self.stimulus("yes")).await.is_err(), "nobody was answered");
        self.assistant = self.assistant.beside(self.ports(self.ledger.clone()), Settings::default());
        self
    }

    pub(super) async fn last_message(&self) -> Message {
        let events = self.events().await;
        let message = events.iter().rev().find_map(|event| event.payload.get("message")).unwrap();
        Message::deserialize(message).unwrap()
    }

    pub(super) async fn kinds(&self, kind: &str) -> usize {
        self.events().await.iter().filter(|event| event.kind == kind).count()
    }

    pub(super) async fn status(&self) -> ConversationStatus {
        self.assistant.view(&self.principal, self.conversation).await.unwrap().unwrap().status
    }

    /// Keys and paths of all writes.
    fn writes(&self) -> Vec<(String, String)> {
        let calls = self.office.calls();
        let writes = calls.iter().filter_map(|call| match call {
            RecordedCall::Perform(id, call) => Some((id.to_string(), format!("{} {}", call.path, call.body))),
            _ => None,
        });
        writes.collect()
    }
}

async fn proposed_with(assistant: &Assistant, outcomes: Vec<ActionOutcome>) -> World {
    let found = |body: Value| [ActionOutcome::Found { body }];
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", found(json!([order("pending")])))
        .on("get_order_details", found(order("cancelled")))
        .on("cancel_pending_order", outcomes);
    let world = World::of(assistant, office, None).await;
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(world.say("ada@example.com").await.awaiting.kind, AwaitingKind::Confirm);
    world
}

async fn proposed(outcomes: Vec<ActionOutcome>) -> World {
    proposed_with(trained(), outcomes).await
}

fn failed() -> ActionOutcome {
    ActionOutcome::Failed { failure: CallFailure::Unreachable }
}

/// R71: not "done", not "failed", and no second wish: the same key and body, until there is an answer, which the customer is told.
#[tokio::test]
async fn an_action_whose_answer_was_lost_is_asked_for_with_its_own_key() {
    let world = proposed(vec![ActionOutcome::Unknown, failed(), cancelled()]).await;
    let reply = world.say("yes").await;
    assert_eq!(
        (reply.status, reply.done.len(), reply.awaiting.kind),
        (ConversationStatus::Open, 0, AwaitingKind::None)
    );
    assert!(text(&reply).contains("don't know whether it went through"), "{}", text(&reply));
    assert_eq!(world.assistant.recover().await.unwrap(), 0, "not before its time");
    world.clock.advance_s(5);
    assert_eq!(world.assistant.recover().await.unwrap(), 1);
    assert_eq!(
        (world.performed(), world.last_message().await.text),
        (2, text(&reply)),
        "a failed question is no answer"
    );
    world.clock.advance_s(10);
    world.assistant.recover().await.unwrap();
    let told = world.last_message().await;
    assert!(told.author == Author::Assistant && told.text.contains("cancelled"), "{}", told.text);
    let writes = world.writes();
    assert!(writes.len() == 3 && writes.iter().all(|write| *write == writes[0]), "{writes:?}");
    world.clock.advance_s(3_600);
    assert_eq!(world.assistant.recover().await.unwrap(), 0);
    assert_eq!((world.kinds("action.intended").await, world.kinds("action.told").await), (1, 1));
    let next = world.say("yes").await;
    assert_eq!((next.done.len(), world.performed()), (0, 3), "a later yes has nothing to confirm");
}

#[tokio::test]
async fn after_eight_questions_without_an_answer_a_person_looks_it_up() {
    let world = proposed(vec![ActionOutcome::Unknown]).await;
    world.say("yes").await;
    let mut asked = 0;
    for _ in 0..20 {
        world.clock.advance_s(300);
        asked += world.assistant.recover().await.unwrap();
    }
    assert_eq!((asked, world.performed(), world.status().await), (8, 9, ConversationStatus::WaitingForAgent));
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    assert_eq!(view.handover.unwrap().reason_code, "outcome_unknown");
    assert!(world.last_message().await.text.contains("a colleague will check"));
}

/// Systems forget keys: after its time the same key could be a second wish.
#[tokio::test]
async fn an_old_intent_is_not_asked_for_again_and_goes_to_a_person() {
    for (seconds, asked_again) in [(3_600, 1), (3_601, 0)] {
        let world = proposed(vec![cancelled()]).await.killed_at("action.settled").await;
        world.clock.advance_s(seconds);
        world.assistant.recover().await.unwrap();
        assert_eq!(world.performed(), 1 + asked_again, "after {seconds} s");
        assert_eq!(world.status().await == ConversationStatus::WaitingForAgent, asked_again == 0, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_process_that_dies_before_the_receipt_leaves_nothing_undone_and_nothing_done_twice() {
    let world = proposed(vec![cancelled()]).await.killed_at("action.settled").await;
    assert_eq!(world.assistant.recover().await.unwrap(), 0, "the turn might still be under way elsewhere");
    world.clock.advance_s(17);
    assert_eq!(world.assistant.recover().await.unwrap(), 1);
    assert!(world.last_message().await.text.contains("cancelled"));
    let writes = world.writes();
    assert!(writes.len() == 2 && writes[0] == writes[1], "{writes:?}");
}

#[tokio::test]
async fn a_customer_who_repeats_his_yes_after_a_crash_is_told_what_came_of_the_first() {
    let world = proposed(vec![cancelled()]).await.killed_at("action.settled").await;
    let reply = world.say("yes").await;
    assert_eq!(reply.done[0].receipt_id, "RCT-1", "{}", text(&reply));
    let writes = world.writes();
    assert!(writes.len() == 2 && writes[0] == writes[1], "{writes:?}");
    world.clock.advance_s(3_600);
    assert_eq!(world.assistant.recover().await.unwrap(), 0);
}

/// The receipt is in the ledger, the reply is not: a second yes must not be a second deed.
#[tokio::test]
async fn a_process_that_dies_between_receipt_and_reply_does_nothing_twice() {
    for repeats_himself in [true, false] {
        let world = proposed(vec![cancelled()]).await.killed_at("turn.recorded").await;
        if repeats_himself {
            assert_eq!(world.say("yes").await.done.len(), 1);
        } else {
            world.clock.advance_s(13);
            assert_eq!(world.assistant.recover().await.unwrap(), 1);
        }
        assert!(world.last_message().await.text.contains("cancelled"));
        assert_eq!((world.performed(), world.kinds("action.told").await), (1, 1));
    }
}

#[tokio::test]
async fn while_an_outcome_is_unknown_a_message_asks_for_it_and_a_wish_for_a_person_is_honoured() {
    let world = proposed(vec![ActionOutcome::Unknown, ActionOutcome::Unknown, cancelled()]).await;
    world.say("yes").await;
    let waiting = world.say("and, is it done?").await;
    assert!(text(&waiting).contains("don't know whether it went through"), "{}", text(&waiting));
    let handed = world.say("I want to talk to a person").await;
    assert_eq!(handed.done.len(), 1, "it was known by then: {}", text(&handed));
    assert_eq!(handed.status, ConversationStatus::WaitingForAgent, "{}", text(&handed));
}

/// What came of it is a fact of the company; who has the conversation sees it, and keeps it.
#[tokio::test]
async fn an_outcome_that_comes_while_a_person_has_the_conversation_is_told_and_leaves_it_there() {
    let world = proposed(vec![ActionOutcome::Unknown, ActionOutcome::Unknown, cancelled()]).await;
    world.say("yes").await;
    world.say("I want to talk to a person").await;
    world.assistant.desk_act(world.conversation, "Maja", TAKE).await.unwrap();
    world.clock.advance_s(60);
    assert_eq!(world.assistant.recover().await.unwrap(), 1);
    let told = world.last_message().await;
    assert_eq!((told.author, world.status().await), (Author::System, ConversationStatus::WithAgent));
    assert!(told.text.contains("cancelled"), "{}", told.text);
}

fn cancel_without_a_key(more: &str) -> Assistant {
    let mut files = files();
    let source = files.get_mut("retail/actions/cancel_pending_order.yaml").unwrap();
    *source = source.replace("idempotency: key", "idempotency: none").replace("ambiguity: retry_same_key\n", more);
    assert!(!source.contains("retry_same_key"), "{source}");
    let read = "action: get_order_details\nrisk: read\nmethod: GET\npath: /retail/orders/{order_id}\nin:\n  order_id: { type: string, kind: order }\n";
    files.insert("retail/actions/get_order_details.yaml".to_owned(), read.to_owned());
    train(&files)
}

#[tokio::test]
async fn a_write_without_a_key_is_never_repeated() {
    let assistant = cancel_without_a_key("");
    let lost = proposed_with(&assistant, vec![ActionOutcome::Unknown]).await;
    assert_eq!(lost.say("yes").await.status, ConversationStatus::WaitingForAgent);
    let killed = proposed_with(&assistant, vec![cancelled()]).await.killed_at("action.settled").await;
    for world in [lost, killed] {
        world.clock.advance_s(60);
        world.assistant.recover().await.unwrap();
        assert_eq!((world.performed(), world.status().await), (1, ConversationStatus::WaitingForAgent));
        assert!(world.last_message().await.text.contains("a colleague will check"));
    }
}

#[tokio::test]
async fn a_write_without_a_key_is_looked_up_where_a_record_shows_it() {
    let look_up = "recover: { lookup: get_order_details, with: { order_id: order_id }, done: \"result.status == 'cancelled'\", receipt: result.order_id }\n";
    let assistant = cancel_without_a_key(look_up);
    let world = proposed_with(&assistant, vec![ActionOutcome::Unknown]).await;
    assert_eq!(world.say("yes").await.status, ConversationStatus::Open);
    world.clock.advance_s(5);
    world.assistant.recover().await.unwrap();
    assert!(world.last_message().await.text.contains("cancelled"), "{}", world.last_message().await.text);
    assert_eq!(world.performed(), 1);
}

/// The record shows that it was not done: the customer is told, asked again, and only a new yes does it.
#[tokio::test]
async fn what_a_record_shows_not_to_be_done_is_proposed_again() {
    let look_up = "recover: { lookup: get_order_details, with: { order_id: order_id }, done: \"result.status == 'cancelled'\", receipt: result.order_id }\n";
    let assistant = cancel_without_a_key(look_up);
    let found = |body: Value| [ActionOutcome::Found { body }];
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", found(json!([order("pending")])))
        .on("get_order_details", found(order("pending")))
        .on("cancel_pending_order", vec![ActionOutcome::Unknown, cancelled()]);
    let world = World::of(&assistant, office, None).await;
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    world.say("yes").await;
    for _ in 0..3 {
        world.clock.advance_s(60);
        world.assistant.recover().await.unwrap();
    }
    let told = world.last_message().await.text;
    assert!(told.contains("it didn't go through, and nothing has been changed"), "{told}");
    assert_eq!((world.performed(), world.status().await), (1, ConversationStatus::Open), "nobody has said yes again");
    let reply = world.say("yes").await;
    assert_eq!((reply.done.len(), world.performed()), (1, 2), "{}", text(&reply));
}
