//! Does every turn come out as it is recorded when it is run again from what is stored?

use ombud_turn::{Replayed, Verdict, Why};

use super::*;

impl World {
    pub(super) async fn replayed(&self) -> Vec<Replayed> {
        self.assistant.replay(self.conversation, None).await.unwrap()
    }
}

/// R57: whatever a test of this journey did, each of its turns comes out the same, calls nobody and writes nothing.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let replay = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let before = (self.office.calls().len(), self.events().await.len());
                for turn in self.replayed().await {
                    let is_same = match &turn.verdict {
                        Verdict::Same | Verdict::SameSoFar => true,
                        Verdict::NotReplayable { why } => matches!(why, Why::Shredded | Why::NoInputs),
                        Verdict::Differs { .. } => false,
                    };
                    assert!(is_same, "{turn:#?}");
                }
                assert_eq!((self.office.calls().len(), self.events().await.len()), before);
            });
        };
        std::thread::scope(|beside| beside.spawn(replay).join()).unwrap();
    }
}
