//! What becomes of a request that waits for the company, when the company's systems report something?

use super::*;

/// What the feed reports.
const REPORTED: &str = r#"return_received = "item.kind == 'return' && item.change == 'received'""#;

const FLOW: &str = r#"
flow: watch_return
identity: identified
steps:
  - wait: return_received
    record: "'RET-1'"
    text: watching
  - lookup: list_orders
    with: { customer_id: session.customer_id }
    save: orders
  - answer: arrived
"#;

const TEXTS: &str = "title: watching a return\nexamples: [please watch my return parcel for me, watch the return for me, keep watching my return parcel]\nwatching: I keep watching your return.\narrived: \"Your return {{ event.record }} has arrived, your order is {{ orders[0].status }}.\"\n";

fn watching() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let mut files = files();
        files.get_mut("retail/pack.toml").unwrap().push_str(&feed(REPORTED));
        files.insert("retail/flows/watch_return/flow.yaml".to_owned(), FLOW.to_owned());
        files.insert("retail/flows/watch_return/texts/en.yaml".to_owned(), TEXTS.to_owned());
        train(&files)
    })
}

fn event(seq: i64, customer: &str, record: &str, change: &str) -> Value {
    json!({"seq": seq, "customer_id": customer, "kind": "return", "id": record, "change": change})
}

fn page(items: Vec<Value>) -> ActionOutcome {
    ActionOutcome::Found { body: json!({"items": items}) }
}

/// A customer whose request waits, and what the feed gives page by page.
async fn parked(pages: Vec<ActionOutcome>) -> World {
    let office = shop(cancelled()).on("feed", pages);
    let world = World::of(watching(), office, None).await;
    world.say("please watch my return parcel for me").await;
    let reply = world.say("ada@example.com").await;
    assert!(text(&reply).contains("I keep watching"), "{}", text(&reply));
    world
}

impl World {
    async fn news(&self) -> Vec<String> {
        let view = self.assistant.view(&self.principal, self.conversation).await.unwrap().unwrap();
        view.messages.into_iter().map(|message| message.text).filter(|text| text.contains("has arrived")).collect()
    }
}

fn arrived(seq: i64) -> Value {
    event(seq, "ada_byron_1815", "RET-1", "received")
}

#[tokio::test]
async fn a_request_goes_on_when_the_company_reports_what_it_waits_for() {
    let others = vec![
        event(1, "ada_byron_1815", "RET-1", "reported"),
        event(2, "ada_byron_1815", "RET-2", "received"),
        event(3, "somebody_else_1", "RET-1", "received"),
    ];
    let world = parked(vec![page(others), page(vec![arrived(4)]), page(Vec::new())]).await;
    assert_eq!((world.assistant.follow_feed().await.unwrap(), world.news().await.len()), (3, 0));
    assert_eq!(world.assistant.follow_feed().await.unwrap(), 1);
    assert_eq!(world.news().await.len(), 1);
    assert!(world.news().await[0].contains("Your return RET-1 has arrived, your order is pending."));
    assert_eq!(world.assistant.follow_feed().await.unwrap(), 0);
    let asked: Vec<_> = world
        .office
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            RecordedCall::Read(call) if call.action == "feed" => Some(call.query),
            _ => None,
        })
        .collect();
    let query = |after: &str| vec![("after".to_owned(), after.to_owned()), ("limit".to_owned(), "3".to_owned())];
    assert_eq!(asked[1..], [query("3"), query("4")], "it is read on from where it was");
}

/// The same page, after a crash before the cursor was moved or by another replica, and the event once more under another number.
#[tokio::test]
async fn an_event_wakes_a_request_once() {
    let world = parked(vec![page(vec![arrived(4)]), page(vec![arrived(4)]), page(vec![arrived(5)])]).await;
    for _ in 0..3 {
        world.assistant.follow_feed().await.unwrap();
    }
    assert_eq!(world.news().await.len(), 1);
}

#[tokio::test]
async fn news_in_the_middle_of_another_request_leaves_its_proposal_standing() {
    let world = parked(vec![page(vec![arrived(4)])]).await;
    let proposed = world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm, "{}", text(&proposed));
    world.assistant.follow_feed().await.unwrap();
    assert_eq!(world.news().await.len(), 1);
    let view = world.assistant.view(&world.principal, world.conversation).await.unwrap().unwrap();
    assert_eq!(view.awaiting, proposed.awaiting);
    assert_eq!((world.say("yes").await.done.len(), world.performed()), (1, 1));
}

/// Who has the conversation sees the report in its timeline; the assistant is silent, and the request waits on.
#[tokio::test]
async fn news_while_a_person_has_the_conversation_is_for_the_person() {
    let world = parked(vec![page(vec![arrived(4)]), page(vec![arrived(5)])]).await;
    world.say("I want to talk to a person").await;
    world.assistant.follow_feed().await.unwrap();
    assert_eq!(world.news().await.len(), 0);
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    let trail = serde_json::to_string(&view.turns.last()).unwrap();
    assert!(trail.contains("the company reports return_received of RET-1"), "{trail}");
    world.assistant.desk_act(world.conversation, "Maja", TAKE).await.unwrap();
    world.assistant.desk_act(world.conversation, "Maja", give_back(None, OpenRequest::Closed)).await.unwrap();
    world.assistant.follow_feed().await.unwrap();
    assert_eq!(world.news().await.len(), 1);
}

#[tokio::test]
async fn a_feed_that_cannot_be_read_is_read_again_from_the_same_place() {
    let failed = ActionOutcome::Failed { failure: CallFailure::Timeout };
    let strange = ActionOutcome::Found { body: json!({"items": [{"what": "is this"}, {"seq": {}}]}) };
    let world = parked(vec![failed, strange, page(vec![arrived(4)])]).await;
    assert!(world.assistant.follow_feed().await.is_err());
    drop(world.assistant.follow_feed().await);
    assert_eq!(world.assistant.follow_feed().await.unwrap(), 1);
    assert_eq!(world.news().await.len(), 1);
}

#[tokio::test]
async fn a_pack_without_a_feed_reads_none() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    assert_eq!(world.assistant.follow_feed().await.unwrap(), 0);
    assert_eq!(world.office.calls(), Vec::new());
}
