//! What is told of the customer graph, to whom, and how long is what was read used?

use ombud_policy::{ContextWeights, Weight};

use super::*;

/// What the feed reports.
const REPORTED: &str = r#"order_changed = "item.kind == 'order'""#;

const GRAPH: &str = "\
nodes:
  customer: { from: get_user_details, id: item.user_id, label: item.user_id, fields: { email: item.email } }
  order:
    from: list_orders
    id: item.order_id
    label: join(item.items.map(i, i.name))
    fields: { status: item.status }
    stale: [order_changed]
  city:
    from: list_orders
    each: \"unique(result.map(o, {'id': o.address.city}))\"
    label: item.id
    stale: [order_changed]
edges:
  ordered_by: { from: order, to: customer, by: item.user_id, inverse: orders }
  sent_to: { from: order, to: city, by: item.address.city, inverse: receives }
";

const ACTION: &str = "action: orders_beside\nsource: graph\nrisk: read\nmethod: GET\npath: /graph\nin:\n  customer_id: { type: string, kind: customer }\n  order_id: { type: string }\nwalk: { from: order, start: order_id, along: [sent_to, receives], where: \"status != 'cancelled'\" }\n";
const FLOW: &str = "flow: beside\nidentity: identified\nsteps:\n  - lookup: orders_beside\n    with: { customer_id: session.customer_id, order_id: \"'#W0000001'\" }\n    save: beside\n  - answer: told\n";
const TEXTS: &str = "title: what else goes there\nexamples: [what else goes to that town, which other parcels go to the same town, what else is sent to this town]\ntold: \"{{ beside | length }} beside{% for n in beside %}, {{ n.id }} {{ n.label }} {{ n.fields.status }} of {{ n.source }} {{ n.age_s }} s old{% endfor %}.\"\n";

fn company() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let mut files = files();
        files.get_mut("retail/pack.toml").unwrap().push_str(&feed(REPORTED));
        for (path, source) in [
            ("graph.yaml", GRAPH),
            ("actions/orders_beside.yaml", ACTION),
            ("flows/beside/flow.yaml", FLOW),
            ("flows/beside/texts/en.yaml", TEXTS),
        ] {
            files.insert(format!("retail/{path}"), source.to_owned());
        }
        train(&files)
    })
}

fn sent(id: &str, city: &str, status: &str) -> Value {
    let mut order = order(status);
    order["order_id"] = json!(id);
    order["address"]["city"] = json!(city);
    order
}

/// Three parcels go to Austin, one to Dallas.
fn parcels(status: &str) -> ActionOutcome {
    let orders = [
        sent("#W0000001", "Austin", "pending"),
        sent("#W0000002", "Austin", status),
        sent("#W0000003", "Dallas", "pending"),
        sent("#W0000004", "Austin", "cancelled"),
    ];
    ActionOutcome::Found { body: json!(orders) }
}

fn reported(seq: i64, customer: &str) -> ActionOutcome {
    let event = json!({"seq": seq, "customer_id": customer, "kind": "order", "id": "#W0000002"});
    ActionOutcome::Found { body: json!({"items": [event]}) }
}

async fn visitor(orders: impl IntoIterator<Item = ActionOutcome>, feed: Vec<ActionOutcome>) -> World {
    let found = |body: Value| [ActionOutcome::Found { body }];
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", orders)
        .on("cancel_pending_order", [cancelled()])
        .on("feed", feed);
    World::of(company(), office, None).await
}

const ASK: &str = "what else goes to that town?";

/// He asks, and says who he is.
async fn identified(world: &World) -> String {
    world.say(ASK).await;
    text(&world.say("ada@example.com").await)
}

impl World {
    fn readings(&self) -> usize {
        let of_orders = |call: &RecordedCall| matches!(call, RecordedCall::Read(call) if call.action == "list_orders");
        self.office.calls().iter().filter(|call| of_orders(call)).count()
    }
}

#[tokio::test]
async fn what_lies_beside_a_record_is_told_with_its_source_and_age() {
    let world = visitor([parcels("processed")], Vec::new()).await;
    let told = identified(&world).await;
    assert!(told.contains("1 beside, #W0000002 Desk Lamp processed of list_orders 0 s old."), "{told}");
    let calls = format!("{:?}", world.office.calls());
    assert!(!calls.contains("/graph"), "the company is asked for records alone: {calls}");
}

/// R7, R30: the company's answer holds a record of somebody else, so none of it is used.
#[tokio::test]
async fn nobody_is_told_of_the_records_of_others() {
    let mut foreign = sent("#W0000002", "Austin", "pending");
    foreign["user_id"] = json!("somebody_else_1");
    let orders = ActionOutcome::Found { body: json!([sent("#W0000001", "Austin", "pending"), foreign]) };
    let world = visitor([orders], Vec::new()).await;
    let told = identified(&world).await;
    assert!(told.contains("0 beside."), "{told}");
}

/// What was read is used until the feed reports a change of this customer's; what is reported of others changes nothing.
#[tokio::test]
async fn a_reported_change_is_seen_with_the_next_question() {
    let nothing = || ActionOutcome::Found { body: json!({"items": []}) };
    let feed = vec![nothing(), reported(1, "somebody_else_1"), reported(2, "ada_byron_1815"), nothing()];
    let world = visitor([parcels("pending"), parcels("delivered")], feed).await;
    assert!(identified(&world).await.contains("#W0000002 Desk Lamp pending"));
    let ask = async || text(&world.say(ASK).await);
    for _ in 0..2 {
        // What is told a second time in a row is told otherwise.
        world.clock.advance_s(1);
        world.assistant.follow_feed().await.unwrap();
        assert!(ask().await.contains("pending"));
    }
    assert_eq!(world.readings(), 1, "it is held as long as nothing is reported");
    world.assistant.follow_feed().await.unwrap();
    assert!(ask().await.contains("delivered"));
    assert_eq!(world.readings(), 2);
    world.clock.advance_s(1);
    world.assistant.follow_feed().await.unwrap();
    world.clock.advance_s(1);
    assert!(ask().await.contains("2 s old"));
    assert_eq!(world.readings(), 2, "the feed vouches for it");
    world.clock.advance_s(1);
    ask().await;
    assert_eq!(world.readings(), 3, "nobody looks into the feed any more");
}

/// The assistant's own deed is seen at once, and an erasure leaves nothing held.
#[tokio::test]
async fn what_was_done_or_erased_is_read_again() {
    let world = visitor([parcels("pending")], Vec::new()).await;
    identified(&world).await;
    let mut before = world.readings();
    world.say(ASK).await;
    assert_eq!(world.readings(), before);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(world.say("yes").await.done.len(), 1);
    before = world.readings();
    world.say(ASK).await;
    assert_eq!(world.readings(), before + 1);
    world.assistant.forget_records();
    world.say(ASK).await;
    assert_eq!(world.readings(), before + 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_no_empty_graph() {
    let world = visitor([ActionOutcome::Failed { failure: CallFailure::Timeout }], Vec::new()).await;
    let told = identified(&world).await;
    assert!(!told.contains("beside"), "{told}");
}

/// A part that is switched off is not asked for.
#[tokio::test]
async fn a_graph_that_counts_nothing_is_not_read() {
    let mut world = visitor([parcels("pending")], Vec::new()).await;
    let weights = ContextWeights { graph: Weight::OFF, ..ContextWeights::default() };
    world.assistant = company().beside(world.ports(world.ledger.clone()), Settings::default()).weighing(weights);
    assert!(identified(&world).await.contains("0 beside."));
    assert_eq!(world.readings(), 0);
}

/// Who takes over sees what lies near the order that was spoken of.
#[tokio::test]
async fn a_person_sees_what_lies_near_the_record_in_question() {
    let world = visitor([parcels("processed")], Vec::new()).await;
    world.say("what is in my order #W0000002?").await;
    world.say("ada@example.com").await;
    world.say("let me talk to a human being").await;
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    let near = view.handover.unwrap().near;
    let ids: Vec<&str> = near.iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(ids[..2], ["Austin", "ada_byron_1815"], "{near:?}");
    assert!(ids.contains(&"#W0000001") && !ids.contains(&"#W0000002"), "{near:?}");
    assert!(near.iter().all(|node| node.get("source").is_some() && node.get("age_s").is_some()));
    assert!(!serde_json::to_string(&near).unwrap().contains("ada@example.com"), "what is kept of records is not told");
}

/// What is wrong with a graph or a walk is told with its file and line before anything starts.
#[test]
fn a_walk_needs_its_graph_and_the_graph_its_reads() {
    let wrong = |change: &dyn Fn(&mut PackFiles)| {
        let mut files = files();
        files.get_mut("retail/pack.toml").unwrap().push_str(&feed(REPORTED));
        files.insert("retail/graph.yaml".to_owned(), GRAPH.to_owned());
        files.insert("retail/actions/orders_beside.yaml".to_owned(), ACTION.to_owned());
        change(&mut files);
        let problems = Pack::parse("retail", &files).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(wrong(&|_| {}), "");
    let without = wrong(&|files| drop(files.remove("retail/graph.yaml")));
    assert_eq!(without, "retail/actions/orders_beside.yaml:2: there is no graph.yaml to walk on");
    let replaced = |file: &'static str, right: &'static str, other: &'static str| {
        wrong(&|files| {
            let source = files.get_mut(file).unwrap();
            assert!(source.contains(right), "{right}");
            *source = source.replacen(right, other, 1);
        })
    };
    let unread = replaced("retail/graph.yaml", "from: list_orders", "from: list_order");
    assert_eq!(unread, "retail/graph.yaml:4: action `list_order` does not exist under actions/");
    let unkept = replaced("retail/actions/orders_beside.yaml", "status !=", "state !=");
    assert!(unkept.starts_with("retail/actions/orders_beside.yaml:9: `where` names `state`"), "{unkept}");
    let weight = replaced("retail/pack.toml", "[feed]\n", "[context]\ngraph = 101\n\n[feed]\n");
    assert!(weight.contains("a weight is 0 to 100 percent, not 101") && !weight.contains(".toml:0:"), "{weight}");
}
