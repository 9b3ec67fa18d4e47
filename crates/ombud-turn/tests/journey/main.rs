//! Does a message take the journey it should? Whole turns over the retail pack, with a scripted company and a ledger in memory.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may panic")]

mod approvals;
mod autonomy;
mod bounded;
mod broken;
mod events;
mod facts;
mod graph;
mod hiding;
mod keys;
mod labels;
mod language;
mod limits;
mod memory;
mod money;
mod recovery;
mod redaction;
mod replay;
mod saga;
mod shadow;
mod silence;
mod switches;
mod waiting;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use ombud_domain::{
    ActionOutcome, Author, AwaitingKind, CallFailure, ConversationId, ConversationStatus, IdentityLevel, Principal,
    Receipt, RecordedEvent, Sensitive, SessionId, StreamId, TenantId, TimestampUs,
};
use ombud_policy::{Pack, PackFiles};
use ombud_ports::effects::PastEffect;
use ombud_ports::{AppendError, Commit, Committed, LanguageModel, Ledger, ModelError, StoreError, StoredReply};
use ombud_testkit::{FixedClock, MemoryLedger, NoKnowledge, NoPages, RecordedCall, ScriptedBackOffice, ScriptedModel};
use ombud_turn::{
    Assistant, DeskAct, Holder, IdempotencyKey, Input, OpenRequest, Ports, Settings, Stimulus, TurnError, TurnReply,
};
use serde_json::{Value, json};

fn files() -> PackFiles {
    ombud_testkit::pack_files().unwrap()
}

fn train(files: &PackFiles) -> Assistant {
    let pack = Pack::parse("retail", files).unwrap_or_else(|problems| panic!("{problems:?}"));
    let world = World::parts(ScriptedBackOffice::new(), None);
    let settings = Settings { shelf: ombud_testkit::shelf(), ..Settings::default() };
    Assistant::new(world.1, Arc::new(pack), settings).unwrap()
}

/// One trained assistant for all tests; each test has its own ports beside it.
fn trained() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| train(&files()))
}

type StandIns = (Arc<MemoryLedger>, Arc<ScriptedBackOffice>, Arc<FixedClock>);

struct World {
    assistant: Assistant,
    ledger: Arc<MemoryLedger>,
    office: Arc<ScriptedBackOffice>,
    clock: Arc<FixedClock>,
    principal: Principal,
    conversation: ConversationId,
}

impl World {
    fn parts(office: ScriptedBackOffice, model: Option<ScriptedModel>) -> (StandIns, Ports) {
        let (ledger, office) = (Arc::new(MemoryLedger::new()), Arc::new(office));
        let clock = Arc::new(FixedClock::default());
        let ports = Ports {
            ledger: ledger.clone(),
            inbox: ledger.clone(),
            attempts: ledger.clone(),
            back_office: office.clone(),
            knowledge: Arc::new(NoKnowledge),
            model: model.map(|model| Arc::new(model) as Arc<dyn LanguageModel>),
            clock: clock.clone(),
            live: Arc::new(NoPages),
        };
        ((ledger, office, clock), ports)
    }

    async fn new(office: ScriptedBackOffice, model: Option<ScriptedModel>) -> Self {
        Self::of(trained(), office, model).await
    }

    async fn of(trained: &Assistant, office: ScriptedBackOffice, model: Option<ScriptedModel>) -> Self {
        let ((ledger, office, clock), ports) = Self::parts(office, model);
        let assistant = trained.beside(ports, Settings::default());
        let principal = Principal {
            session_id: SessionId(ConversationId(uuid::Uuid::from_u128(7)).0),
            customer_id: None,
            level: IdentityLevel::Anonymous,
        };
        let conversation = assistant.open(&principal, None, None).await.unwrap().id;
        Self { assistant, ledger, office, clock, principal, conversation }
    }

    /// The same ledger and company, with nothing in memory.
    fn restarted(&self) -> Self {
        let assistant = trained().beside(self.ports(self.ledger.clone()), Settings::default());
        let (ledger, office, clock) = (self.ledger.clone(), self.office.clone(), self.clock.clone());
        Self { assistant, ledger, office, clock, principal: self.principal.clone(), conversation: self.conversation }
    }

    fn stimulus(&self, text: &str) -> Stimulus {
        Stimulus {
            conversation_id: self.conversation,
            principal: self.principal.clone(),
            address: Some("203.0.113.7".to_owned()),
            input: Input::Message { text: Sensitive::new(text.to_owned()), seen_seq: None },
            idempotency: None,
        }
    }

    async fn say(&self, text: &str) -> TurnReply {
        self.assistant.handle(self.stimulus(text)).await.unwrap()
    }

    async fn events(&self) -> Vec<RecordedEvent> {
        self.ledger.read(&TenantId("default".to_owned()), &StreamId::from(self.conversation), 0, 10_000).await.unwrap()
    }

    fn performed(&self) -> usize {
        self.office.calls().iter().filter(|call| matches!(call, RecordedCall::Perform(..))).count()
    }
}

const TAKE: DeskAct = DeskAct::Take { from: Holder::Nobody };

fn give_back(message: Option<&str>, open_request: OpenRequest) -> DeskAct {
    DeskAct::Return { message: message.map(ToOwned::to_owned), note: Some("for colleagues".to_owned()), open_request }
}

fn option_ids(reply: &TurnReply) -> Vec<&str> {
    reply.awaiting.options.iter().map(|option| option.id.as_str()).collect()
}

fn text(reply: &TurnReply) -> String {
    reply.messages.iter().map(|message| message.text.clone()).collect()
}

fn user() -> Value {
    json!({"user_id": "ada_byron_1815", "name": {"first_name": "Ada", "last_name": "Byron"}, "email": "ada@example.com",
        "address": {"address1": "1 Engine Road", "address2": "", "city": "Austin", "state": "TX", "country": "USA", "zip": "73301"},
        "payment_methods": {"paypal_1": {"source": "paypal", "id": "paypal_1"}}, "orders": ["#W0000001"]})
}

fn order(status: &str) -> Value {
    json!({"order_id": "#W0000001", "user_id": "ada_byron_1815", "status": status, "address": user()["address"],
        "items": [{"name": "Desk Lamp", "product_id": "1", "item_id": "11", "price": 20.5, "options": {"color": "white"}}],
        "fulfillments": [], "payment_history": [{"transaction_type": "payment", "amount": 20.5, "payment_method_id": "paypal_1"}]})
}

fn shop(cancel: ActionOutcome) -> ScriptedBackOffice {
    let found = |body: Value| [ActionOutcome::Found { body }];
    ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", found(json!([order("pending")])))
        .on("cancel_pending_order", [cancel])
}

fn cancelled() -> ActionOutcome {
    let mut body = order("cancelled");
    body["receipt_id"] = json!("RCT-1");
    ActionOutcome::Done { receipt: Receipt { receipt_id: "RCT-1".to_owned(), body } }
}

async fn at_the_proposal(cancel: ActionOutcome, model: Option<ScriptedModel>) -> (World, TurnReply) {
    let world = World::new(shop(cancel), model).await;
    let asked = world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(asked.awaiting.kind, AwaitingKind::Identify, "{}", text(&asked));
    let proposed = world.say("ada@example.com").await;
    assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm, "{}", text(&proposed));
    (world, proposed)
}

/// R46: the first message says that an AI answers.
#[tokio::test]
async fn the_greeting_discloses_the_ai() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let view = world.assistant.view(&world.principal, world.conversation).await.unwrap().unwrap();
    assert_eq!(view.messages[0].author, Author::Assistant);
    assert!(view.messages[0].text.contains("AI"), "{}", view.messages[0].text);
}

/// R8, R9: the proposal names the exact arguments, and a yes performs it once.
#[tokio::test]
async fn a_confirmed_proposal_is_performed_once() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    let proposal = proposed.awaiting.proposal.clone().unwrap();
    assert_eq!(
        (proposal.action.as_str(), proposal.arguments["order_id"].as_str()),
        ("cancel_pending_order", Some("#W0000001"))
    );
    assert_eq!(proposal.arguments["reason"], json!("ordered by mistake"));
    assert_eq!(world.performed(), 0, "nothing happens before the yes");
    let done = world.say("yes, please").await;
    assert_eq!(done.done[0].receipt_id, "RCT-1", "{}", text(&done));
    world.say("yes").await;
    assert_eq!(world.performed(), 1, "a second yes has nothing to confirm");
}

/// What was shown long ago may be otherwise now: a late yes confirms nothing, and the proposal is shown again.
#[tokio::test]
async fn a_yes_counts_for_an_hour() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    world.clock.advance_s(3_601);
    let late = world.say("yes, please").await;
    assert_eq!((world.performed(), late.awaiting.kind), (0, AwaitingKind::Confirm), "{}", text(&late));
    assert_eq!(late.awaiting.proposal, proposed.awaiting.proposal);
    world.clock.advance_s(3_599);
    world.say("yes, please").await;
    assert_eq!(world.performed(), 1);
}

#[tokio::test]
async fn a_no_performs_nothing() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    let reply = world.say("no").await;
    assert_ne!(reply.awaiting.kind, AwaitingKind::Confirm, "{}", text(&reply));
    assert_eq!(world.performed(), 0);
}

#[tokio::test]
async fn corrections_that_change_nothing_bring_in_a_person() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    let correction = "No, that is not what I asked for, order #W0000001 by mistake";
    assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm);
    for _ in 0..2 {
        let asked = world.say(correction).await;
        assert_eq!(asked.awaiting.slot.as_deref(), Some("correction"), "{}", text(&asked));
        assert!(text(&asked).contains("haven't changed anything"), "{}", text(&asked));
    }
    let thrice = world.say(correction).await;
    assert_eq!(thrice.status, ConversationStatus::WaitingForAgent, "{}", text(&thrice));
    assert_eq!(world.performed(), 0);
}

#[tokio::test]
async fn a_refusal_of_the_shop_is_told_with_its_reason() {
    let (world, _) = at_the_proposal(ActionOutcome::Refused { reason_code: "not_pending".to_owned() }, None).await;
    let reply = world.say("yes").await;
    assert_eq!(reply.refused[0].reason_code, "not_pending");
    assert!(reply.done.is_empty());
}

#[tokio::test]
async fn a_shop_that_is_down_brings_in_a_person() {
    let world = World::new(
        ScriptedBackOffice::new()
            .on("find_user_id_by_email", [ActionOutcome::Failed { failure: CallFailure::Timeout }]),
        None,
    )
    .await;
    world.say("cancel my order please").await;
    let reply = world.say("ada@example.com").await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
}

/// R7: an order of somebody else is not found, by read or by write.
#[tokio::test]
async fn records_of_others_stay_out_of_reach() {
    let mut foreign = order("pending");
    foreign["user_id"] = json!("somebody_else_1");
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", [ActionOutcome::Found { body: json!([user()]) }])
        .on("get_user_details", [ActionOutcome::Found { body: user() }])
        .on("list_orders", [ActionOutcome::Found { body: json!([foreign]) }]);
    let world = World::new(office, None).await;
    world.say("cancel order #W0000001, ordered by mistake").await;
    let reply = world.say("ada@example.com").await;
    assert!(!text(&reply).contains("Desk Lamp"), "{}", text(&reply));
    assert_eq!(world.performed(), 0);
}

/// R47: the first explicit wish for a person is honoured at once.
#[tokio::test]
async fn a_wish_for_a_person_is_honoured_at_once() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let reply = world.say("let me talk to a human being").await;
    assert_eq!((reply.status, reply.awaiting.kind), (ConversationStatus::WaitingForAgent, AwaitingKind::Handoff));
    assert!(!text(&reply).is_empty(), "a hand-over is never silent");
}

/// R33, R34: card data is in no event.
#[tokio::test]
async fn card_data_is_in_no_event() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("my card is 4111 1111 1111 1111, cvv 737, refund it there").await;
    let stored =
        serde_json::to_string(&world.events().await.iter().map(|event| &event.payload).collect::<Vec<_>>()).unwrap();
    for secret in ["4111 1111", "4111111111111111"] {
        assert!(!stored.contains(secret), "{secret} was stored");
    }
    // By itself: the digits may stand within those of a probability.
    assert!(stored.split(|c: char| !c.is_ascii_alphanumeric()).all(|word| word != "737"), "737 was stored");
}

/// What was hidden is said once and first, whatever else the message asks.
#[tokio::test]
async fn hidden_secrets_are_named_before_anything_else() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let reply = world.say("my card is 4111 1111 1111 1111, cvv 737. Hello, what can you do?").await;
    let said = text(&reply);
    assert!(
        said.starts_with(
            "For your safety I have hidden the card number and the security code; please never write them here."
        ),
        "{said}"
    );
    assert_eq!(said.matches("For your safety").count(), 1);
    let reply = world.say("let me talk to a human being, my password is Hunter2!").await;
    assert!(text(&reply).starts_with("For your safety I have hidden the password; please never write it here."));
    assert_eq!(reply.awaiting.kind, AwaitingKind::Handoff, "the request is served all the same");
}

/// Every stage of the turn is in the ledger, in order.
#[tokio::test]
async fn all_nine_stages_are_in_the_ledger() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("yes").await;
    let turns = world.assistant.turns(world.conversation).await.unwrap();
    let names: Vec<&str> = turns.last().unwrap().stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(
        names,
        ["intake", "safety", "understanding", "context", "decision", "action", "decision", "answer", "record", "reply"]
    );
    let kinds: Vec<String> = world.events().await.into_iter().map(|event| event.kind).collect();
    let intended = kinds.iter().position(|kind| kind == "action.intended").unwrap();
    let settled = kinds.iter().position(|kind| kind == "action.settled").unwrap();
    assert!(intended < settled, "the intent is durable before the call");
}

#[tokio::test]
async fn a_repeated_key_gets_the_same_answer_and_another_body_is_refused() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let keyed = |text: &str, hash: &str| Stimulus {
        idempotency: Some(IdempotencyKey { key: "k".to_owned(), body_hash: hash.to_owned() }),
        ..world.stimulus(text)
    };
    let first = world.assistant.handle(keyed("hello", "a")).await.unwrap();
    let events = world.events().await.len();
    let second = world.assistant.handle(keyed("hello", "a")).await.unwrap();
    assert_eq!((first.turn_id, &first.messages), (second.turn_id, &second.messages));
    assert!(second.replayed && world.events().await.len() == events);
    assert!(matches!(world.assistant.handle(keyed("other", "b")).await, Err(TurnError::KeyReused)));
}

#[tokio::test]
async fn input_is_checked_at_the_door() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    assert!(matches!(world.assistant.handle(world.stimulus("  \n")).await, Err(TurnError::Empty)));
    assert!(matches!(world.assistant.handle(world.stimulus(&"a".repeat(8_001))).await, Err(TurnError::TooLong { .. })));
    assert!(world.assistant.handle(world.stimulus(&"a ".repeat(4_000))).await.is_ok(), "the limit itself is allowed");
    let stranger = Principal { session_id: SessionId(uuid::Uuid::from_u128(9)), ..world.principal.clone() };
    let foreign = Stimulus { principal: stranger.clone(), ..world.stimulus("hello") };
    assert!(matches!(world.assistant.handle(foreign).await, Err(TurnError::NotFound)));
    assert!(world.assistant.view(&stranger, world.conversation).await.unwrap().is_none());
}

/// R50: exactly one party answers.
#[tokio::test]
async fn the_assistant_is_silent_while_a_person_has_the_conversation() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    let id = world.conversation;
    assert!(matches!(
        world.assistant.desk_act(id, "Kim", DeskAct::Reply { text: "hi".to_owned() }).await,
        Err(TurnError::NotYours)
    ));
    world.assistant.desk_act(id, "Kim", TAKE).await.unwrap();
    assert!(world.say("are you there? cancel my order").await.messages.is_empty());
    assert!(matches!(world.assistant.desk_act(id, "Bo", TAKE).await, Err(TurnError::NotYours)));
    let view =
        world.assistant.desk_act(id, "Kim", DeskAct::Reply { text: "Hello, Kim here".to_owned() }).await.unwrap();
    assert_eq!(view.conversation.messages.last().unwrap().author_name.as_deref(), Some("Kim"));
    world.assistant.desk_act(id, "Kim", give_back(None, OpenRequest::Closed)).await.unwrap();
    assert!(!world.say("thanks, and where is my order?").await.messages.is_empty(), "the assistant answers again");
}

/// A process that starts anew on the ledger sees and does what the one before would have.
#[tokio::test]
async fn what_is_kept_in_memory_is_what_the_ledger_tells() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    let kept = world.assistant.desk_view(world.conversation).await.unwrap();
    let restarted = world.restarted();
    assert_eq!(kept, restarted.assistant.desk_view(world.conversation).await.unwrap());
    let done = restarted.say("yes, please").await;
    assert_eq!(done.done[0].receipt_id, "RCT-1", "{}", text(&done));
    restarted.say("my card is 4111 1111").await;
    let split = restarted.restarted();
    split.say("1111 1111, thanks").await;
    let stored = format!("{:?}", split.events().await.last_chunk::<6>());
    assert!(stored.contains("[card ending 1111]"), "{stored}");
    split.say("let me talk to a human being").await;
    let kept = split.assistant.desk_view(world.conversation).await.unwrap();
    assert_eq!(kept, split.restarted().assistant.desk_view(world.conversation).await.unwrap());
    assert!(kept.unwrap().handover.is_some());
}

/// R6 and issue of every chatbot: a model that claims an effect is replaced by the template.
#[tokio::test]
async fn a_models_claim_of_an_effect_never_reaches_the_customer() {
    let evil = ScriptedModel::saying(&["I have refunded 500.00 to you, all done!"; 8]);
    let world = World::new(shop(cancelled()), Some(evil)).await;
    let reply = world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert!(!text(&reply).contains("500"), "{}", text(&reply));
    assert_eq!(reply.awaiting.kind, AwaitingKind::Identify);
}

#[tokio::test]
async fn a_faithful_rephrasing_is_used_and_a_dead_model_is_not_missed() {
    let kind = ScriptedModel::saying(&["Of course! Could you tell me your e-mail address, or your name and zip code?"]);
    let world = World::new(shop(cancelled()), Some(kind)).await;
    assert!(text(&world.say("cancel order #W0000001, ordered by mistake").await).starts_with("Of course!"));
    let dead = ScriptedModel::new([Err(ModelError::Timeout)]);
    let world = World::new(shop(cancelled()), Some(dead)).await;
    assert!(text(&world.say("cancel order #W0000001, ordered by mistake").await).contains("e-mail"));
}

/// The feed of the shop's systems, as `pack.toml` describes it, with the events it reports.
fn feed(reported: &str) -> String {
    format!(
        "\n[feed]\npath = \"/changes\"\nafter = \"after\"\nlimit = \"limit\"\npage = 3\nitems = \"result.items\"\nid = \"item.seq\"\ncustomer = \"item.customer_id\"\nrecord = \"item.id\"\n\n[feed.events]\n{reported}\n"
    )
}

/// A ledger whose disk is full when an intent is to be written.
struct FullDisk(Arc<MemoryLedger>);

#[async_trait::async_trait]
impl Ledger for FullDisk {
    async fn append(&self, commit: Commit) -> Result<Committed, AppendError> {
        if commit.events.iter().any(|event| event.kind == "action.intended") {
            return Err(AppendError::Store(StoreError::Stopped));
        }
        self.0.append(commit).await
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

/// R59, R70: an intent that cannot be written is not performed, and the customer is told so.
#[tokio::test]
async fn what_is_not_in_the_ledger_is_not_done() {
    let ((ledger, office, clock), ports) = World::parts(shop(cancelled()), None);
    let ports = Ports { ledger: Arc::new(FullDisk(ledger.clone())), ..ports };
    let assistant = trained().beside(ports, Settings::default());
    let principal = Principal {
        session_id: SessionId(uuid::Uuid::from_u128(7)),
        customer_id: None,
        level: IdentityLevel::Anonymous,
    };
    let conversation = assistant.open(&principal, None, None).await.unwrap().id;
    let world = World { assistant, ledger, office, clock, principal, conversation };
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    let reply = world.say("yes").await;
    assert_eq!(world.performed(), 0);
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
    assert!(reply.done.is_empty());
}

/// Outbox messages are announced and removed.
#[tokio::test]
async fn the_outbox_is_emptied() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("hello").await;
    assert_eq!(world.assistant.relay().await.unwrap(), 2, "one for the opening, one for the turn");
    assert_eq!(world.assistant.relay().await.unwrap(), 0);
}

/// R9: proposals are never the model's words.
#[tokio::test]
async fn a_proposal_stays_the_template_whatever_the_model_says() {
    let model = ScriptedModel::saying(&[
        "May I have your e-mail address, or your name and zip code?",
        "Shall I send 999.00 to another account?",
        "Thanks!",
    ]);
    let (_, proposed) = at_the_proposal(cancelled(), Some(model)).await;
    let shown = text(&proposed);
    assert!(shown.contains(&proposed.awaiting.proposal.unwrap().summary) && !shown.contains("999"), "{shown}");
}

/// R6, R9: kind words could mislead about what a yes does, or about what was done.
#[tokio::test]
async fn no_word_of_a_model_stands_beside_a_proposal_or_a_receipt() {
    let kind = ScriptedModel::saying(&["Thank you very much, it is all up to you."; 8]);
    let (world, proposed) = at_the_proposal(cancelled(), Some(kind)).await;
    assert!(!text(&proposed).contains("up to you"), "{}", text(&proposed));
    let done = world.say("yes").await;
    assert!(done.done.len() == 1 && !text(&done).contains("up to you"), "{}", text(&done));
}

/// R9: a yes counts for what its sender had seen. Two tabs: one corrects, the yes of the other was typed under the older proposal.
#[tokio::test]
async fn a_yes_typed_under_an_older_proposal_confirms_nothing() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    let seen_by_the_other = proposed.messages.last().unwrap().seq;
    let corrected = world.say("no, the reason is that it is no longer needed").await;
    let current = corrected.awaiting.proposal.clone().unwrap();
    assert_ne!(proposed.awaiting.proposal, corrected.awaiting.proposal, "{}", text(&corrected));
    let yes = |seen_seq: Option<i64>| Stimulus {
        input: Input::Message { text: Sensitive::new("yes".to_owned()), seen_seq },
        ..world.stimulus("yes")
    };
    let shown_again = world.assistant.handle(yes(Some(seen_by_the_other))).await.unwrap();
    assert_eq!(world.performed(), 0);
    assert_eq!(shown_again.awaiting.proposal, Some(current.clone()));
    assert!(text(&shown_again).contains("changed meanwhile") && text(&shown_again).contains(&current.summary));
    let seen_now = shown_again.messages.last().unwrap().seq;
    let done = world.assistant.handle(yes(Some(seen_now))).await.unwrap();
    assert_eq!((world.performed(), done.done[0].arguments["reason"].clone()), (1, json!("no longer needed")));
}

/// Callers that do not say what they had seen are answered as before.
#[tokio::test]
async fn a_yes_without_a_word_on_what_was_seen_confirms_the_last_proposal() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("no, the reason is that it is no longer needed").await;
    world.say("yes").await;
    assert_eq!(world.performed(), 1);
}

/// What is no plain yes is asked again, with the proposal, and in the end brings in a person.
#[tokio::test]
async fn a_doubtful_yes_is_asked_again_plainly() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    for doubt in ["yes?", "maybe yes"] {
        let reply = world.say(doubt).await;
        assert!(text(&reply).contains("yes or no"), "{doubt}: {}", text(&reply));
        assert_eq!(reply.awaiting.proposal, proposed.awaiting.proposal, "{doubt}");
    }
    assert_eq!(world.performed(), 0);
    world.say("yes please dear").await;
    assert_eq!(world.performed(), 1);
}
