//! What becomes of a turn that breaks off by a fault of the program?

use super::*;

/// The customer is told, a person takes over, and what was said is kept; the next conversation is served as if nothing had been.
#[tokio::test]
async fn a_turn_that_breaks_off_is_handed_over_and_claims_nothing() {
    let world = World::new(shop(cancelled()), None).await;
    world.office.break_off("find_user_id_by_email", 1);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let reply = world.say("ada@example.com").await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
    assert_eq!(reply.awaiting.kind, AwaitingKind::Handoff);
    assert!(reply.done.is_empty() && text(&reply).contains("colleague"), "{}", text(&reply));
    let events = world.events().await;
    let handover = events.iter().rev().find(|event| event.kind == "handoff.requested").unwrap();
    assert_eq!(handover.payload["handover"]["reason_code"], json!("internal_error"));
    let wish = "please cancel order #W0000001, I ordered it by mistake";
    assert_eq!(handover.payload["handover"]["last_words"], json!(wish), "an address says nothing of what is wanted");
    let said: Vec<_> = events.iter().filter_map(|event| event.payload["message"]["text"].as_str()).collect();
    assert_eq!(said.iter().filter(|text| **text == "ada@example.com").count(), 1, "{said:?}");
    let again = world.say("hello?").await;
    assert_eq!(again.status, ConversationStatus::WaitingForAgent, "the desk has it: {}", text(&again));
    let principal = &world.principal;
    let other = world.assistant.open(principal, None, None).await.unwrap().id;
    let stimulus = Stimulus { conversation_id: other, ..world.stimulus("please cancel order #W0000001") };
    let served = world.assistant.handle(stimulus).await.unwrap();
    assert_eq!(served.awaiting.kind, AwaitingKind::Identify, "{}", text(&served));
}

/// The deed may have been done: it is said that nobody knows, and what came of it is found out with its own key and told.
#[tokio::test]
async fn a_turn_that_breaks_off_at_the_deed_says_that_it_is_not_known_and_tells_it_later() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.office.break_off("cancel_pending_order", 1);
    let reply = world.say("yes, please").await;
    assert_eq!((reply.status, reply.done.len()), (ConversationStatus::WaitingForAgent, 0), "{}", text(&reply));
    assert!(text(&reply).contains("don't know whether it went through"), "{}", text(&reply));
    assert_eq!(world.kinds("action.intended").await, 1, "what was committed stays");
    world.clock.advance_s(60);
    assert_eq!(world.assistant.recover().await.unwrap(), 1);
    let told = world.last_message().await;
    assert!(told.text.contains("cancelled"), "{}", told.text);
    let keys: Vec<_> = world
        .office
        .calls()
        .into_iter()
        .filter_map(|call| match call {
            RecordedCall::Perform(id, _) => Some(id),
            _ => None,
        })
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1], "asked for with its own key");
}

/// What nobody waits for is tried again later and later, and not for ever.
#[tokio::test]
async fn a_recovery_that_breaks_off_comes_again_with_growing_pauses() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.office.break_off("cancel_pending_order", 1_000);
    world.say("yes, please").await;
    let mut looked = 0;
    for _ in 0..200 {
        world.clock.advance_s(60);
        looked += world.assistant.recover().await.unwrap();
    }
    assert!((2..30).contains(&looked), "{looked}");
    assert_eq!(world.status().await, ConversationStatus::WaitingForAgent);
    assert_eq!(world.kinds("action.settled").await, 1, "given up, for a person");
}

/// A repeated delivery is answered with the hand-over, and runs nothing again.
#[tokio::test]
async fn a_repeat_of_what_broke_off_is_answered_with_the_hand_over() {
    let world = World::new(shop(cancelled()), None).await;
    world.office.break_off("find_user_id_by_email", 1);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let key = IdempotencyKey { key: "k-1".to_owned(), body_hash: "h".to_owned() };
    let stimulus = Stimulus { idempotency: Some(key), ..world.stimulus("ada@example.com") };
    let first = world.assistant.handle(stimulus.clone()).await.unwrap();
    let calls = world.office.calls().len();
    let second = world.assistant.handle(stimulus).await.unwrap();
    assert_eq!((second.turn_id, second.replayed), (first.turn_id, true));
    assert_eq!(world.office.calls().len(), calls);
}

/// The turn that took the place of the broken one is replayed as it was.
#[tokio::test]
async fn a_hand_over_after_a_fault_is_replayed_byte_for_byte() {
    let world = World::new(shop(cancelled()), None).await;
    world.office.break_off("find_user_id_by_email", 1);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    let replayed = world.assistant.replay(world.conversation, None).await.unwrap();
    assert_eq!(replayed.len(), 2);
    assert!(replayed.iter().all(|turn| turn.verdict == ombud_turn::Verdict::Same), "{replayed:?}");
}
