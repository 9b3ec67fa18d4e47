//! What becomes of a message that is not read, or searched for, in time?

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use ombud_domain::{Passage, Stage};
use ombud_ports::{KnowledgeIndex, KnowledgeQuery};

use super::*;

/// An index that answers nobody until it is let go.
struct Stuck(Mutex<Receiver<()>>);

impl KnowledgeIndex for Stuck {
    fn search(&self, _: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError> {
        let _gone = self.0.lock().unwrap().recv();
        Ok(Vec::new())
    }

    fn speaks(&self, locale: &str) -> bool {
        NoKnowledge.speaks(locale)
    }

    fn lessons(&self) -> Vec<String> {
        NoKnowledge.lessons()
    }

    fn deepen(&self, vectors: &[&[f32]]) {
        NoKnowledge.deepen(vectors);
    }

    fn lessons_abroad(&self) -> Vec<String> {
        NoKnowledge.lessons_abroad()
    }

    fn deepen_abroad(&self, vectors: &[&[f32]]) {
        NoKnowledge.deepen_abroad(vectors);
    }

    fn version(&self) -> &str {
        NoKnowledge.version()
    }
}

async fn with(settings: Settings, knowledge: Arc<dyn KnowledgeIndex>) -> World {
    let ((ledger, office, clock), ports) = World::parts(shop(cancelled()), None);
    let assistant = trained().beside(Ports { knowledge, ..ports }, settings);
    let principal = Principal {
        session_id: SessionId(uuid::Uuid::from_u128(7)),
        customer_id: None,
        level: IdentityLevel::Anonymous,
    };
    let conversation = assistant.open(&principal, None, None).await.unwrap().id;
    World { assistant, ledger, office, clock, principal, conversation }
}

fn noted(reply: &TurnReply, stage: Stage) -> String {
    reply.stages.iter().filter(|record| record.stage == stage).map(|record| record.summary.clone()).collect()
}

async fn is_replayed(world: &World) -> bool {
    let replayed = world.assistant.replay(world.conversation, None).await.unwrap();
    replayed.iter().all(|turn| turn.verdict == ombud_turn::Verdict::Same)
}

#[tokio::test]
async fn a_message_that_is_not_read_in_time_is_handed_over() {
    let settings = Settings { understanding_deadline_ms: 0, ..Settings::default() };
    let world = with(settings, Arc::new(NoKnowledge)).await;
    let reply = world.say("please cancel order #W0000001, I ordered it by mistake").await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
    assert_eq!(noted(&reply, Stage::Understanding), "not read in time");
    assert!(text(&reply).contains("colleague"), "{}", text(&reply));
    assert!(is_replayed(&world).await, "also by somebody with more time");
}

#[tokio::test]
async fn what_is_not_searched_in_time_is_answered_as_if_nothing_had_been_found() {
    let ask = "How long do refunds usually take in general?";
    let unsupported = World::new(shop(cancelled()), None).await.say(ask).await;
    assert_eq!(
        noted(&unsupported, Stage::Context),
        "0 of 1 question supported by an article",
        "{}",
        text(&unsupported)
    );
    let (let_go, stuck): (Sender<()>, _) = channel();
    let settings = Settings { search_deadline_ms: 20, ..Settings::default() };
    let world = with(settings, Arc::new(Stuck(Mutex::new(stuck)))).await;
    let reply = world.say(ask).await;
    assert_eq!(noted(&reply, Stage::Context), "not searched in time, answered as if nothing had been found");
    assert_eq!((reply.status, text(&reply)), (unsupported.status, text(&unsupported)));
    assert!(is_replayed(&world).await, "and nobody is searched for it");
    drop(let_go);
}
