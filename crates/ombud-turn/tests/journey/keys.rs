//! How long does a key stand for one wish?

use super::*;

fn key(key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey { key: key.to_owned(), body_hash: body.to_owned() }
}

#[tokio::test]
async fn the_answer_to_a_key_is_kept_for_seven_days() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let said = || Stimulus { idempotency: Some(key("k1", "b1")), ..world.stimulus("hello") };
    let first = world.assistant.handle(said()).await.unwrap();
    world.clock.advance_s(7 * 86_400);
    assert_eq!(world.assistant.forget_replies().await.unwrap(), 0);
    assert_eq!(world.assistant.handle(said()).await.unwrap().turn_id, first.turn_id);
    world.clock.advance_s(1);
    assert_eq!(world.assistant.forget_replies().await.unwrap(), 1);
    assert_ne!(world.assistant.handle(said()).await.unwrap().turn_id, first.turn_id);
}

/// The key is in the ledger with the act: another process knows it too.
#[tokio::test]
async fn an_act_of_the_desk_is_done_once_for_a_key_also_after_a_restart() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want to talk to a person").await;
    world.assistant.desk_act(world.conversation, "Maja", TAKE).await.unwrap();
    let other = world.assistant.beside(world.ports(world.ledger.clone()), Settings::default());
    let session = SessionId(uuid::Uuid::from_u128(8));
    let written = async |assistant: &Assistant, session: SessionId, text: &str| {
        let act = DeskAct::Reply { text: text.to_owned() };
        let done = assistant.desk_act_once((world.conversation, "Maja"), act, session, key("k1", text)).await;
        done.map(|view| view.conversation.messages.len())
    };
    let after = written(&world.assistant, session, "Hello!").await.unwrap();
    assert_eq!(written(&world.assistant, session, "Hello!").await.unwrap(), after);
    assert_eq!(written(&other, session, "Hello!").await.unwrap(), after);
    assert!(matches!(written(&other, session, "Something else").await, Err(TurnError::KeyReused)));
    let another = SessionId(uuid::Uuid::from_u128(9));
    assert_eq!(written(&other, another, "Hello!").await.unwrap(), after + 1, "a key is its session's own");
}
