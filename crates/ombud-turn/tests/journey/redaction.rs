//! What is left of a card number that was written in parts, and who is told of it?

use ombud_domain::Priority;
use ombud_testkit::ScriptedBackOffice;
use serde_json::json;

use super::{TAKE, World, text};

impl World {
    /// All that is stored of the conversation, and what its customer sees.
    async fn stored(&self) -> String {
        let view = self.assistant.view(&self.principal, self.conversation).await.unwrap().unwrap();
        format!("{:?} {}", self.events().await, json!(view))
    }
}

/// The first part goes when the last one makes the number whole: from the message, from what was understood of it and from what is in memory.
#[tokio::test]
async fn what_was_written_of_a_card_number_goes_when_it_is_whole() {
    for parts in [
        &["my card is 4111 1111 1111", "1111"][..],
        &["4111 1111", "1111", "hold on", "1111"],
        &["41111111", "11111111"],
    ] {
        let world = World::new(ScriptedBackOffice::new(), None).await;
        let (last, before) = parts.split_last().unwrap();
        for part in before {
            world.say(part).await;
        }
        assert!(world.stored().await.contains(before[0]), "{parts:?}");
        let reply = world.say(last).await;
        assert!(text(&reply).contains("I have hidden the card number"), "{}", text(&reply));
        let stored = world.stored().await;
        assert!(stored.contains("[card number removed]") && stored.contains("[card ending 1111]"), "{stored}");
        assert!(stored.contains("message.redacted"), "{stored}");
        for part in ["4111 1111", "41111111", "\"text\": String(\"1111\"), \"at\""] {
            assert!(!stored.contains(part), "{parts:?} leave {part}: {stored}");
        }
        world.say("what can you do for me?").await;
        assert!(!world.stored().await.contains("4111 1111"), "a later turn brings nothing back");
    }
}

/// Also while a person has the conversation, and what he was told of it.
#[tokio::test]
async fn secrets_written_to_a_person_are_hidden_and_the_customer_is_told() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    let first = world.say("my card is 4111 1111 1111").await;
    assert!(!text(&first).contains("hidden"), "{}", text(&first));
    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
    let told = world.say("1111, and my password is Hunter2!").await;
    assert!(text(&told).contains("I have hidden the card number and the password"), "{}", text(&told));
    let desk = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    let seen = format!("{} {}", json!(desk), world.stored().await);
    assert!(!seen.contains("4111 1111") && !seen.contains("Hunter2"), "{seen}");
}

/// The desk has the newest hand-over, without the digits of the one before.
#[tokio::test]
async fn what_is_new_of_a_hand_over_outlives_the_digits_in_it() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    world.say("take it from 4111 1111 1111").await;
    let handover = async || world.assistant.desk_view(world.conversation).await.unwrap().unwrap().handover.unwrap();
    assert_eq!(handover().await.last_words, "take it from 4111 1111 1111");
    world.say("1111, this is outrageous, I am so angry with you people").await;
    let newest = handover().await;
    assert_eq!(newest.priority, Priority::High);
    assert!(newest.last_words.starts_with("[card ending 1111], this is outrageous"), "{}", newest.last_words);
    let stored = world.stored().await;
    assert!(!stored.contains("4111 1111"), "{stored}");
}

/// Each part is too short to be told from a year or an amount; it goes wherever its message's words are repeated.
#[tokio::test]
async fn a_number_in_fours_goes_from_what_repeats_its_messages_too() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    for part in ["it starts with 4111", "1111", "1111"] {
        world.say(part).await;
    }
    assert!(world.stored().await.contains("it starts with 4111"));
    world.say("1111").await;
    let desk = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    let seen = format!("{} {}", json!(desk), world.stored().await);
    assert!(seen.contains("[card ending 1111]") && !seen.contains("starts with 4111"), "{seen}");
    assert!(!seen.contains("\"1111\""), "{seen}");
}
