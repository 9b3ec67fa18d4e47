//! What hears somebody who writes in a language that is not read?

use ombud_domain::ConversationStatus;
use ombud_testkit::ScriptedBackOffice;

use super::{World, text};

/// Which languages are read is told once; whoever goes on comes to a person, and whoever changes over is served.
#[tokio::test]
async fn which_languages_are_read_is_told_once() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let told = text(&world.say("Где мой заказ?").await);
    assert!(told.contains("only read English"), "{told}");
    let again = world.say("Я не понимаю").await;
    assert!(!text(&again).contains("only read English"), "{}", text(&again));
    assert_eq!(again.status, ConversationStatus::Open);
    let served = text(&world.say("what can you do for me?").await);
    assert!(served.contains("I can help you with"), "{served}");
}

/// A language that is not read keeps nobody from a person (R47), and a restart forgets nothing of it.
#[tokio::test]
async fn whoever_goes_on_in_another_language_comes_to_a_person() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("¿Dónde está mi pedido?").await;
    let world = world.restarted();
    for _ in 0..5 {
        if world.say("quiero una respuesta, no entiendo nada de esto").await.status
            == ConversationStatus::WaitingForAgent
        {
            return;
        }
    }
    panic!("nobody came");
}
