//! What is told of earlier conversations, to whom, and until when?

use super::*;

const FLOW: &str = "flow: recall\nidentity: identified\nsteps:\n  - lookup: earlier_conversations\n    with: { customer_id: session.customer_id }\n    save: earlier\n  - answer: told\n";
const TEXTS: &str = "title: earlier chats\nexamples: [what do you remember of me, do you remember our chat, what did we talk about last time]\ntold: \"{{ earlier | length }} earlier{% for c in earlier %}, {{ c.about | list_and }}{% for d in c.done %} {{ d.receipt_id }}{% endfor %}{% endfor %}.\"\n";
const FORGET: &str = "flow: forget\nidentity: identified\nsteps:\n  - act: forget_conversations\n    with: { customer_id: session.customer_id }\n    confirm: sure\n    done: forgotten\n";
const FORGET_TEXTS: &str = "title: forgetting\nexamples: [forget our earlier chats, wipe your memory of me, stop remembering me]\nsure: Shall I forget them?\nforgotten: Forgotten.\n";
const RECALL_ACTION: &str = "action: earlier_conversations\nsource: memory\nrisk: read\nmethod: GET\npath: /memory\nin:\n  customer_id: { type: string, kind: customer }\n";
const FORGET_ACTION: &str = "action: forget_conversations\nsource: memory\nrisk: write\nmethod: DELETE\npath: /memory\nin:\n  customer_id: { type: string, kind: customer }\nidempotency: key\nambiguity: retry_same_key\n";

/// The shop with a memory.
pub(super) fn pack() -> PackFiles {
    let mut files = files();
    for (path, source) in [
        ("flows/recall/flow.yaml", FLOW),
        ("flows/recall/texts/en.yaml", TEXTS),
        ("flows/forget/flow.yaml", FORGET),
        ("flows/forget/texts/en.yaml", FORGET_TEXTS),
        ("actions/earlier_conversations.yaml", RECALL_ACTION),
        ("actions/forget_conversations.yaml", FORGET_ACTION),
    ] {
        files.insert(format!("retail/{path}"), source.to_owned());
    }
    files
}

fn company() -> Assistant {
    train(&pack())
}

/// The next conversation with the same company.
pub(super) async fn again(world: &World, trained: &Assistant, office: ScriptedBackOffice) -> World {
    let office = Arc::new(office);
    let ports = Ports { back_office: office.clone(), ..world.ports(world.ledger.clone()) };
    let assistant = trained.beside(ports, Settings::default());
    let conversation = assistant.open(&world.principal, None, None).await.unwrap().id;
    let (ledger, clock) = (world.ledger.clone(), world.clock.clone());
    World { assistant, ledger, office, clock, principal: world.principal.clone(), conversation }
}

/// F026 and F027: what was done is known in the next conversation, is told to nobody else, and is not told any more once it is to be forgotten.
#[tokio::test]
async fn what_was_done_is_remembered_until_it_is_to_be_forgotten() {
    let trained = company();
    let first = World::of(&trained, shop(cancelled()), None).await;
    for words in ["please cancel order #W0000001, I ordered it by mistake", "ada@example.com", "yes"] {
        first.say(words).await;
    }
    let second = again(&first, &trained, shop(cancelled())).await;
    second.say("do you remember our chat?").await;
    let told = text(&second.say("ada@example.com").await);
    assert!(told.contains("1 earlier") && told.contains("RCT-1"), "{told}");
    assert!(
        !second.office.calls().iter().any(|call| format!("{call:?}").contains("/memory")),
        "the company is not asked"
    );
    let sure = second.say("wipe your memory of me").await;
    assert_eq!(sure.awaiting.kind, AwaitingKind::Confirm, "{}", text(&sure));
    let forgotten = text(&second.say("yes").await);
    assert!(forgotten.contains("Forgotten."), "{forgotten}");
    assert_eq!(second.performed(), 0);
    let told = text(&second.say("do you remember our chat?").await);
    assert!(told.contains("0 earlier"), "{told}");
    let third = again(&first, &trained, shop(cancelled())).await;
    third.say("do you remember our chat?").await;
    let told = text(&third.say("ada@example.com").await);
    assert!(!told.contains("RCT-1"), "{told}");
}

/// Another customer's conversations are no part of anybody's memory.
#[tokio::test]
async fn nobody_is_told_of_the_conversations_of_others() {
    let trained = company();
    let other = json!({"user_id": "bo_li_1", "name": {"first_name": "Bo", "last_name": "Li"}, "email": "bo@example.com",
        "address": user()["address"], "payment_methods": {}, "orders": []});
    let found = |body: Value| [ActionOutcome::Found { body }];
    let first = World::of(&trained, shop(cancelled()), None).await;
    for words in ["please cancel order #W0000001, I ordered it by mistake", "ada@example.com", "yes"] {
        first.say(words).await;
    }
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([other])))
        .on("get_user_details", found(other.clone()))
        .on("list_orders", found(json!([])));
    let second = again(&first, &trained, office).await;
    second.say("do you remember our chat?").await;
    let told = text(&second.say("bo@example.com").await);
    assert!(told.contains("0 earlier"), "{told}");
}
