//! What is kept of what a customer tells, who knows it, and until when?

use ombud_policy::engine::KNOWN;
use ombud_policy::memory::NEEDS_YES;
use ombud_turn::Verdict;

use super::memory::again;
use super::*;

const MEMORY: &str = "facts:\n  call_time: { values: [morning, evening], expires: P30D, purpose: when to call }\n  need: { values: [large_print], expires: P30D, purpose: how to write, sensitive: true }\n";
const NOTE: &str = "flow: note\nidentity: identified\nsteps:\n  - ask: time\n    text: ask_note\n    options: [ { id: morning, label: morning, words: [mornings] }, { id: evening, label: evening, words: [evenings] } ]\n  - act: note_fact\n    with: { customer_id: session.customer_id, kind: \"'call_time'\", value: time }\n    confirm: sure\n    done: noted\n";
const NOTE_TEXTS: &str = "title: keeping in mind\nexamples: [\"remember that mornings are best for calls\", \"keep in mind that I like evenings\", \"please note which time is best for calls\"]\nask_note: When?\nsure: \"Shall I keep {{ fact('call_time', time) }}?\"\nnoted: \"Noted: {{ fact('call_time', time) }}.\"\n";
const NEED: &str = "flow: need\nidentity: identified\nsteps:\n  - act: ACTION\n    with: { customer_id: session.customer_id, kind: \"'need'\", value: \"'large_print'\" }\n    confirm: sure\n    done: noted\n";
const NEED_TEXTS: &str = "title: a need\nexamples: [I need large print, I see badly and need big letters, write in large print]\nsure: \"Shall I keep {{ fact('need', 'large_print') }}?\"\nnoted: Noted.\n";
const CALL: &str = "flow: call\nidentity: identified\nsteps:\n  - ask: time\n    fact: call_time\n    options: [ { id: morning, label: morning, words: [mornings] }, { id: evening, label: evening, words: [evenings] } ]\n  - answer: booked\n";
const CALL_TEXTS: &str = "title: a call\nexamples: [make a phone appointment, I would like a phone appointment, book an appointment for a call]\nask_time: When shall we ring?\nknown_time: \"You told me on {{ known.at | date }}.\"\nbooked: \"We ring in the {{ time }}.\"\n";
const MINE: &str = "flow: mine\nidentity: identified\nsteps:\n  - lookup: known_facts\n    with: { customer_id: session.customer_id }\n    save: facts\n  - answer: told\n";
const MINE_TEXTS: &str = "title: what is known\nexamples: [what did I tell you about myself, list what you keep of me, what do you keep in mind of me]\ntold: \"{{ facts | length }} kept{% for f in facts %}, {{ fact(f.kind, f.value) }} {{ f.at | date }} to {{ f.until | date }}{% endfor %}.\"\n";
const FORGET_ONE: &str = "flow: forget_one\nidentity: identified\nsteps:\n  - act: forget_fact\n    with: { customer_id: session.customer_id, kind: \"'call_time'\" }\n    confirm: sure\n    done: forgotten\n";
const FORGET_ONE_TEXTS: &str = "title: forgetting when to call\nexamples: [forget which time is best for calls, forget my call time, drop my call time]\nsure: Shall I forget it?\nforgotten: Forgotten.\n";

fn action(name: &str, method: &str, risk: &str, arguments: &[&str], rest: &str) -> (String, String) {
    let of_arguments: String = arguments.iter().map(|name| format!("  {name}: {{ type: string }}\n")).collect();
    let source = format!(
        "action: {name}\nsource: memory\nrisk: {risk}\nmethod: {method}\npath: /memory/facts\n{rest}in:\n  customer_id: {{ type: string, kind: customer }}\n{of_arguments}idempotency: key\nambiguity: retry_same_key\n"
    );
    (format!("actions/{name}.yaml"), source)
}

fn pack(need_by: &str) -> PackFiles {
    let mut files = memory::pack();
    let own = |(file, source): (&str, &str)| (file.to_owned(), source.to_owned());
    let parts = [
        ("memory.yaml", MEMORY),
        ("flows/note/flow.yaml", NOTE),
        ("flows/note/texts/en.yaml", NOTE_TEXTS),
        ("flows/need/flow.yaml", &NEED.replace("ACTION", need_by)),
        ("flows/need/texts/en.yaml", NEED_TEXTS),
        ("flows/call/flow.yaml", CALL),
        ("flows/call/texts/en.yaml", CALL_TEXTS),
        ("flows/mine/flow.yaml", MINE),
        ("flows/mine/texts/en.yaml", MINE_TEXTS),
        ("flows/forget_one/flow.yaml", FORGET_ONE),
        ("flows/forget_one/texts/en.yaml", FORGET_ONE_TEXTS),
    ];
    let at_once = "reversible: true\nautonomy: auto\n";
    let actions = [
        action("known_facts", "GET", "read", &[], ""),
        action("note_fact", "PUT", "write", &["kind", "value"], at_once),
        action("note_sensitive_fact", "PUT", "write", &["kind", "value"], ""),
        action("forget_fact", "DELETE", "write", &["kind"], ""),
    ];
    for (file, source) in parts.map(own).into_iter().chain(actions) {
        files.insert(format!("retail/{file}"), source);
    }
    let words = "\nfact_call_time_morning: calls in the morning\nfact_call_time_evening: calls in the evening\nfact_need_large_print: large print\nmorning: mornings\nevening: evenings\n";
    files.get_mut("retail/locales/en.yaml").unwrap().push_str(words);
    files
}

/// The shop that keeps when to call.
fn company() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| train(&pack("note_sensitive_fact")))
}

/// A conversation of Ada's, from its first words to what is said once she is known.
async fn ada(world: &World, words: &str) -> (World, TurnReply) {
    let next = again(world, company(), shop(cancelled())).await;
    next.say(words).await;
    let reply = next.say("ada@example.com").await;
    (next, reply)
}

async fn first(words: &str) -> (World, TurnReply) {
    let world = World::of(company(), shop(cancelled()), None).await;
    ada(&world, words).await
}

async fn reasons(world: &World) -> String {
    serde_json::to_string(&world.assistant.turns(world.conversation).await.unwrap()).unwrap()
}

/// A customer is never asked for what he told, in whatever conversation, until its time is over.
#[tokio::test]
async fn what_was_told_is_not_asked_for_again() {
    let (before, asked) = first("I would like a phone appointment").await;
    assert_eq!(asked.awaiting.slot.as_deref(), Some("time"), "{}", text(&asked));
    let (noting, noted) = ada(&before, "remember that mornings are best for calls").await;
    assert!(text(&noted).contains("Noted: calls in the morning."), "{}", text(&noted));
    assert_eq!((noting.performed(), noted.done[0].action.as_str()), (0, "note_fact"), "the company is not asked");
    let kinds: Vec<String> = noting.events().await.into_iter().map(|event| event.kind).collect();
    let settled = kinds.iter().position(|kind| kind == "action.settled").unwrap();
    assert_eq!(kinds[settled + 1], "fact.noted", "in one commit with its outcome");
    let (calling, booked) = ada(&before, "I would like a phone appointment").await;
    let said = text(&booked);
    assert!(said.contains("You told me on") && said.contains("We ring in the morning."), "{said}");
    assert!(!said.contains("When shall we ring?") && reasons(&calling).await.contains(KNOWN), "{said}");
    let (_, told) = ada(&before, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("1 kept, calls in the morning"), "{}", text(&told));
    before.clock.advance_s(30 * 86_400);
    let (_, asked) = ada(&before, "I would like a phone appointment").await;
    assert_eq!(asked.awaiting.slot.as_deref(), Some("time"), "its time is over: {}", text(&asked));
}

/// The same conversation, told anew, is told differently; what is forgotten is asked for again and in no answer.
#[tokio::test]
async fn the_newest_counts_and_what_is_forgotten_is_gone() {
    let (world, _) = first("remember that mornings are best for calls").await;
    let noted = text(&world.say("remember that evenings are best for calls").await);
    assert!(noted.contains("Noted: calls in the evening."), "{noted}");
    let (_, told) = ada(&world, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("1 kept, calls in the evening"), "{}", text(&told));
    let sure = world.say("forget that").await;
    assert_eq!(sure.awaiting.kind, AwaitingKind::Confirm, "{}", text(&sure));
    assert!(text(&world.say("yes").await).contains("Forgotten."));
    let (_, told) = ada(&world, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("0 kept"), "{}", text(&told));
    let (_, asked) = ada(&world, "I would like a phone appointment").await;
    assert_eq!(asked.awaiting.slot.as_deref(), Some("time"), "{}", text(&asked));
}

/// Who has his conversations forgotten has everything forgotten; and noting something is no forgetting.
#[tokio::test]
async fn forgetting_everything_forgets_facts_too() {
    let world = World::of(company(), shop(cancelled()), None).await;
    for words in ["please cancel order #W0000001, I ordered it by mistake", "ada@example.com", "yes"] {
        world.say(words).await;
    }
    let (world, _) = ada(&world, "remember that mornings are best for calls").await;
    let (_, told) = ada(&world, "do you remember our chat?").await;
    assert!(text(&told).contains("RCT-1"), "{}", text(&told));
    let (last, sure) = ada(&world, "wipe your memory of me").await;
    assert_eq!(sure.awaiting.kind, AwaitingKind::Confirm, "{}", text(&sure));
    last.say("yes").await;
    let (_, told) = ada(&world, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("0 kept"), "{}", text(&told));
}

/// What tells of health is kept only after a yes to exactly this, whatever a flow would do.
#[tokio::test]
async fn what_is_sensitive_is_kept_only_after_a_yes() {
    let (world, sure) = first("I need large print").await;
    assert_eq!(sure.awaiting.kind, AwaitingKind::Confirm, "{}", text(&sure));
    let (_, told) = ada(&world, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("0 kept"), "{}", text(&told));
    assert!(text(&world.say("yes").await).contains("Noted."));
    let (_, told) = ada(&world, "what do you keep in mind of me?").await;
    assert!(text(&told).contains("1 kept, large print"), "{}", text(&told));

    let hasty = train(&pack("note_fact"));
    let world = World::of(&hasty, shop(cancelled()), None).await;
    world.say("I need large print").await;
    let refused = world.say("ada@example.com").await;
    assert_eq!((refused.done.len(), refused.refused[0].reason_code.as_str()), (0, NEEDS_YES), "{}", text(&refused));
    assert!(!world.events().await.iter().any(|event| event.kind == "fact.noted"));
}

/// Nothing is known of others, and nothing is told before it is known who asks.
#[tokio::test]
async fn facts_are_the_customers_own() {
    let (world, _) = first("remember that mornings are best for calls").await;
    let other = json!({"user_id": "bo_li_1", "name": {"first_name": "Bo", "last_name": "Li"}, "email": "bo@example.com",
        "address": user()["address"], "payment_methods": {}, "orders": []});
    let found = |body: Value| [ActionOutcome::Found { body }];
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([other])))
        .on("get_user_details", found(other.clone()))
        .on("list_orders", found(json!([])));
    let next = again(&world, company(), office).await;
    let unknown = next.say("what do you keep in mind of me?").await;
    assert_eq!(unknown.awaiting.kind, AwaitingKind::Identify, "{}", text(&unknown));
    let told = text(&next.say("bo@example.com").await);
    assert!(told.contains("0 kept"), "{told}");
}

/// People see it with the hand-over, with its origin and until when; and no more once it is forgotten.
#[tokio::test]
async fn the_desk_sees_what_is_kept_as_it_is_now() {
    let (world, _) = first("remember that mornings are best for calls").await;
    let (waiting, _) = ada(&world, "what do you keep in mind of me?").await;
    waiting.say("let me talk to a human being").await;
    let view = waiting.assistant.desk_view(waiting.conversation).await.unwrap().unwrap();
    assert!(view.handover.is_some());
    let told: Vec<(&str, &str, &str)> =
        view.told.iter().map(|fact| (fact.kind.as_str(), fact.label.as_str(), fact.purpose.as_str())).collect();
    assert_eq!(told, [("call_time", "calls in the morning", "when to call")]);
    assert_eq!(view.told[0].until.0 - view.told[0].at.0, 30 * 86_400 * 1_000_000);
    world.say("forget my call time").await;
    world.say("yes").await;
    let view = waiting.assistant.desk_view(waiting.conversation).await.unwrap().unwrap();
    assert_eq!(view.told, []);
}

/// What a turn knew is one of its inputs: it goes the same way though all was forgotten since.
#[tokio::test]
async fn a_turn_that_knew_a_fact_is_replayed_after_it_was_forgotten() {
    let (world, _) = first("remember that mornings are best for calls").await;
    let (calling, _) = ada(&world, "I would like a phone appointment").await;
    world.say("forget my call time").await;
    world.say("yes").await;
    for conversation in [world.conversation, calling.conversation] {
        let turns = calling.assistant.replay(conversation, None).await.unwrap();
        assert!(turns.len() >= 2 && turns.iter().all(|turn| turn.verdict == Verdict::Same), "{turns:#?}");
    }
}
