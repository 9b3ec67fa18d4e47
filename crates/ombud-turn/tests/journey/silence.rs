//! What happens when a question stands open and the customer says nothing?

use super::*;

const MINUTES: i64 = 60;

impl World {
    async fn messages(&self) -> Vec<String> {
        let view = self.assistant.view(&self.principal, self.conversation).await.unwrap().unwrap();
        view.messages.into_iter().map(|message| message.text).collect()
    }

    async fn awaiting(&self) -> ombud_domain::Awaiting {
        self.assistant.view(&self.principal, self.conversation).await.unwrap().unwrap().awaiting
    }

    /// Time passes, and what is due is done; gives the messages that came of it.
    async fn wait(&self, seconds: i64) -> Vec<String> {
        let before = self.messages().await.len();
        self.clock.advance_s(seconds);
        self.assistant.break_silence().await.unwrap();
        self.messages().await.split_off(before)
    }
}

#[tokio::test]
async fn a_silent_customer_is_reminded_once_and_his_yes_still_counts() {
    let (world, proposed) = at_the_proposal(cancelled(), None).await;
    assert_eq!(world.wait(15 * MINUTES - 1).await, [""; 0]);
    let reminder = world.wait(1).await;
    assert_eq!(reminder.len(), 1);
    let summary = &proposed.awaiting.proposal.as_ref().unwrap().summary;
    assert!(reminder[0].contains("still there") && reminder[0].contains(summary.as_str()), "{}", reminder[0]);
    assert_eq!(world.awaiting().await, proposed.awaiting, "the question stands as it stood");
    assert_eq!(world.wait(0).await, [""; 0]);
    assert_eq!(world.say("yes").await.done.len(), 1);
    assert_eq!(world.wait(60 * MINUTES).await, [""; 0], "nothing is open any more");
}

/// R9: what nobody answered is over; a later yes confirms nothing.
#[tokio::test]
async fn an_unanswered_conversation_is_closed_and_its_proposal_expires() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.wait(15 * MINUTES).await;
    assert_eq!(world.wait(15 * MINUTES - 1).await, [""; 0]);
    let closing = world.wait(1).await;
    assert!(closing.len() == 1 && closing[0].contains("write again"), "{closing:?}");
    let view = world.assistant.view(&world.principal, world.conversation).await.unwrap().unwrap();
    assert_eq!((view.status, view.awaiting.kind), (ConversationStatus::Resolved, AwaitingKind::None));
    assert_eq!(world.wait(24 * 60 * MINUTES).await, [""; 0]);
    let late = world.say("yes").await;
    assert_eq!((late.done.len(), world.performed(), late.status), (0, 0, ConversationStatus::Open));
}

/// The clock of silence is in the ledger: a restart neither forgets a reminder nor sends it twice.
#[tokio::test]
async fn a_reminder_survives_a_restart_and_comes_once() {
    let (mut world, _) = at_the_proposal(cancelled(), None).await;
    for reminders in [1, 0] {
        world.assistant = world.assistant.beside(world.ports(world.ledger.clone()), Settings::default());
        assert_eq!(world.wait(15 * MINUTES * reminders).await.len(), usize::try_from(reminders).unwrap());
    }
}

#[tokio::test]
async fn who_answers_starts_the_clock_anew_and_gets_a_reminder_again() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    assert_eq!(world.wait(15 * MINUTES).await.len(), 1);
    let corrected = world.say("no, it is no longer needed").await;
    assert_eq!(corrected.awaiting.kind, AwaitingKind::Confirm, "{}", text(&corrected));
    assert_eq!(world.wait(15 * MINUTES - 1).await, [""; 0]);
    assert!(world.wait(1).await[0].contains("still there"));
}

/// Neither a conversation with people nor one in which nothing was asked.
#[tokio::test]
async fn nobody_is_reminded_of_what_was_not_asked() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("I want to talk to a person").await;
    assert_eq!(world.wait(60 * MINUTES).await, [""; 0]);
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("yes").await;
    assert_eq!(world.wait(60 * MINUTES).await, [""; 0]);
    let world = World::new(ScriptedBackOffice::new(), None).await;
    assert_eq!(world.wait(60 * MINUTES).await, [""; 0], "the greeting is no question of ours");
}

#[tokio::test]
async fn a_pack_says_how_often_and_may_wait_for_ever() {
    let limits = |minutes: u32, reminders: u32| {
        let mut files = files();
        let manifest = files.get_mut("retail/pack.toml").unwrap();
        let given = format!("[limits]\nsilence_minutes = {minutes}\nsilence_reminders = {reminders}\n");
        *manifest = manifest.replace("[limits]\n", &given);
        train(&files)
    };
    for (assistant, after_an_hour) in [(limits(0, 1), 0), (limits(60, 0), 1)] {
        let world = World::of(&assistant, shop(cancelled()), None).await;
        world.say("please cancel order #W0000001, I ordered it by mistake").await;
        let said = world.wait(60 * MINUTES).await;
        assert_eq!(said.len(), after_an_hour);
        assert!(said.iter().all(|text| text.contains("write again")), "{said:?}");
    }
}
