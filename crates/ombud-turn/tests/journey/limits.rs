//! What may be done so often, and what happens beyond it?

use ombud_policy::PackFiles;

use super::*;

const LIMITS: &str = "- id: cancellations_of_a_day\n  actions: [cancel_pending_order]\n  within: today\n  count: 1\n";
const RULE: &str = r#"
@id("twice") @reason("recent_change") forbid (principal, action == Action::"cancel_pending_order", resource)
when { context.hours_since has cancel_pending_order && context.hours_since.cancel_pending_order < 24 };
"#;

fn with(file: &str, source: &str) -> Assistant {
    let mut files: PackFiles = files();
    files.insert(format!("retail/policies/{file}"), source.to_owned());
    train(&files)
}

fn limited() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| with("limits.yaml", LIMITS))
}

fn ruled() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| with("recent.cedar", RULE))
}

/// Another conversation with the same assistant, up to its yes.
async fn cancels(world: &World) -> TurnReply {
    let conversation = world.assistant.open(&world.principal, None, None).await.unwrap().id;
    let say = async |text: &str| {
        let stimulus = Stimulus { conversation_id: conversation, ..world.stimulus(text) };
        world.assistant.handle(stimulus).await.unwrap()
    };
    say("please cancel order #W0000001, I ordered it by mistake").await;
    let reply = say("ada@example.com").await;
    if reply.awaiting.kind == AwaitingKind::Confirm { say("yes").await } else { reply }
}

async fn handed_over(world: &World, reply: &TurnReply, reason_code: &str) -> Value {
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(reply));
    assert_eq!(reply.refused[0].reason_code, reason_code);
    let tenant = TenantId("default".to_owned());
    let events = world.ledger.read_all(&tenant, 0, 10_000).await.unwrap();
    let asked = events.iter().rev().find(|event| event.kind == "handoff.requested").unwrap();
    assert_eq!(asked.payload["handover"]["reason_code"], json!(reason_code));
    asked.payload["handover"].clone()
}

/// R13: over conversations; beyond it a person gets what was to be done, and the day after it can be done again.
#[tokio::test]
async fn beyond_a_limit_a_person_decides() {
    let world = World::of(limited(), shop(cancelled()), None).await;
    assert_eq!(cancels(&world).await.done.len(), 1);
    let second = cancels(&world).await;
    assert_eq!(world.performed(), 1);
    assert!(text(&second).contains("more than I may do by myself"), "{}", text(&second));
    let handover = handed_over(&world, &second, "limit_reached").await;
    assert!(handover["proposed_next_step"].as_str().unwrap().contains("#W0000001"), "{handover}");
    // Noon, so eleven hours later it is still the same day in New York, and a day later it is not.
    world.clock.advance_s(11 * 3_600);
    cancels(&world).await;
    assert_eq!(world.performed(), 1, "the day is that of the pack's time zone");
    world.clock.advance_s(24 * 3_600);
    assert_eq!(cancels(&world).await.done.len(), 1);
    assert_eq!(world.performed(), 2);
}

/// What the company's system refused, or never got, was not done and does not count; what may have been done does.
#[tokio::test]
async fn only_what_may_have_been_done_counts() {
    let refused = ActionOutcome::Refused { reason_code: "not_found".to_owned() };
    let failed = ActionOutcome::Failed { failure: CallFailure::Unreachable };
    for (outcome, counts) in [(refused, false), (failed, false), (ActionOutcome::Unknown, true), (cancelled(), true)] {
        let office = shop(outcome.clone()).on("cancel_pending_order", [cancelled()]);
        let world = World::of(limited(), office, None).await;
        cancels(&world).await;
        let second = cancels(&world).await;
        let is_reached = second.refused.iter().any(|refused| refused.reason_code == "limit_reached");
        assert_eq!((is_reached, second.done.len()), (counts, usize::from(!counts)), "{outcome:?}: {}", text(&second));
    }
}

/// R17: a policy looks back over conversations, before anything is proposed, and a person makes sure.
#[tokio::test]
async fn what_was_done_before_is_known_to_policies() {
    let world = World::of(ruled(), shop(cancelled()), None).await;
    assert_eq!(cancels(&world).await.done.len(), 1);
    world.clock.advance_s(24 * 3_600 - 1);
    let again = cancels(&world).await;
    assert_eq!(world.performed(), 1);
    handed_over(&world, &again, "recent_change").await;
    world.clock.advance_s(1);
    assert_eq!(cancels(&world).await.done.len(), 1, "a day later");
}
