//! What does a shadow do? Everything but the last step.

use std::sync::Mutex;

use ombud_ports::{LiveBus, LiveEvent};
use ombud_turn::{Mode, SHADOWED};

use super::*;

/// Pages that are always open, and what they hear.
#[derive(Default)]
struct OpenPages(Mutex<Vec<LiveEvent>>);

impl LiveBus for OpenPages {
    fn publish(&self, _: &TenantId, _: ConversationId, event: LiveEvent) {
        self.0.lock().unwrap().push(event);
    }
}

async fn shadow_of(world: &World, pages: &Arc<OpenPages>) -> World {
    let ports = Ports { live: pages.clone(), ..world.ports(world.ledger.clone()) };
    let assistant = world.assistant.beside(ports, Settings { mode: Mode::Shadow, ..Settings::default() });
    let (ledger, office, clock) = (world.ledger.clone(), world.office.clone(), world.clock.clone());
    let principal = world.principal.clone();
    let opened = assistant.open(&principal, None, None).await.unwrap();
    assert!(opened.messages.is_empty(), "not even a greeting");
    World { assistant, ledger, office, clock, principal, conversation: opened.id }
}

/// R18: the whole journey is there, with what would have been said and done; the customer got nothing, and the company's systems were only read.
#[tokio::test]
async fn a_shadow_does_nothing_and_says_nothing() {
    let (world, pages) = (World::new(shop(cancelled()), None).await, Arc::new(OpenPages::default()));
    let shadow = shadow_of(&world, &pages).await;
    let mut replies = Vec::new();
    for words in [
        "please cancel order #W0000001, I ordered it by mistake",
        "ada@example.com",
        "yes",
        "and let me talk to a human",
    ] {
        replies.push(shadow.say(words).await);
    }
    let silent = |reply: &TurnReply| {
        reply.messages.is_empty()
            && reply.awaiting.kind == AwaitingKind::None
            && reply.awaiting.proposal.is_none()
            && reply.done.is_empty()
            && reply.refused.is_empty()
    };
    assert!(replies.iter().all(silent), "{replies:?}");
    assert_eq!(shadow.performed(), 0, "0 effects");
    let view = shadow.assistant.view(&shadow.principal, shadow.conversation).await.unwrap().unwrap();
    assert!(view.messages.iter().all(|message| message.author == Author::Customer), "{view:?}");
    let heard = pages.0.lock().unwrap().clone();
    assert!(heard.iter().any(|event| event.kind == "message.created"), "his own words come back to his page");
    let of_others = |event: &&LiveEvent| event.kind == "message.created" && event.data["author"] != json!("customer");
    assert_eq!(heard.iter().filter(of_others).count(), 0, "0 replies");
    assert!(
        heard.iter().all(|event| event.data.get("awaiting").is_none_or(|awaiting| awaiting["kind"] == json!("none")))
    );
    // The desk sees what would have been.
    let desk = shadow.assistant.desk_view(shadow.conversation).await.unwrap().unwrap();
    let withheld: Vec<&str> = desk
        .conversation
        .messages
        .iter()
        .filter(|message| message.withheld)
        .map(|message| message.text.as_str())
        .collect();
    assert!(withheld.iter().any(|text| text.contains("Shall I cancel") || text.contains("#W0000001")), "{withheld:?}");
    let events = shadow.events().await;
    let would: Vec<&RecordedEvent> = events.iter().filter(|event| event.kind == "action.shadowed").collect();
    assert_eq!((would.len(), &would[0].payload["proposal"]["arguments"]["order_id"]), (1, &json!("#W0000001")));
    assert!(events.iter().all(|event| event.kind != "action.intended"));
    let recorded = serde_json::to_string(&events.iter().map(|event| &event.payload).collect::<Vec<_>>()).unwrap();
    assert!(recorded.contains(SHADOWED));
    // What was withheld stays so when the service goes live on the same ledger.
    let ports = shadow.ports(shadow.ledger.clone());
    let live = shadow.assistant.beside(ports, Settings::default());
    let seen = live.view(&shadow.principal, shadow.conversation).await.unwrap().unwrap();
    assert!(seen.messages.iter().all(|message| message.author == Author::Customer), "{seen:?}");
}

/// An action that was begun live is not sent once more by a shadow.
#[tokio::test]
async fn a_shadow_asks_for_nothing_once_more() {
    let (world, _) = at_the_proposal(ActionOutcome::Unknown, None).await;
    world.say("yes").await;
    assert_eq!(world.performed(), 1);
    let ports = world.ports(world.ledger.clone());
    let shadow = world.assistant.beside(ports, Settings { mode: Mode::Shadow, ..Settings::default() });
    world.clock.advance_s(60);
    assert_eq!(shadow.recover().await.unwrap(), 0);
    shadow.handle(world.stimulus("is it done?")).await.unwrap();
    assert_eq!(world.performed(), 1);
}
