//! How far does the assistant go by itself? As far as the pack says, and less where people hold it back.

use ombud_policy::controls::{Flip, Position, Target};
use ombud_turn::{Answer, Vote};

use super::approvals::with_people;
use super::*;

/// A company whose cancellations can be taken back, and go so far.
fn company(autonomy: &str) -> Assistant {
    let mut files = files();
    let file = files.get_mut("retail/actions/cancel_pending_order.yaml").unwrap();
    *file = format!("{}autonomy: {autonomy}\nreversible: true\n", file.replace("risk: money", "risk: write"));
    train(&files)
}

/// What is done on the wish alone, after a yes, and after one person's word; and how many suggestions lay before the desk.
async fn goes(trained: &Assistant, to: Option<Position>) -> (usize, usize, usize, usize) {
    let world = World::of(trained, shop(cancelled()), None).await;
    let world = with_people(&world, trained, &["Maja"]);
    if let Some(to) = to {
        let target = Target::Action("cancel_pending_order".to_owned());
        let flip = Flip { target, reason: "drill".to_owned(), by: "Ada".to_owned() };
        world.assistant.switchboard().flip(&flip, to, TimestampUs(1)).await.unwrap();
    }
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let asked = world.say("ada@example.com").await;
    let at_once = world.performed();
    if asked.awaiting.kind == AwaitingKind::Confirm {
        world.say("yes").await;
    }
    let after_yes = world.performed();
    let open = world.assistant.approvals("Maja").await.unwrap();
    for approval in &open {
        assert_eq!((approval.approvers, approval.rules.as_slice()), (1, ["autonomy: suggest".to_owned()].as_slice()));
        let vote = Vote { by: "Maja".to_owned(), digest: approval.proposal.digest.clone(), answer: Answer::Approve };
        world.assistant.vote(world.conversation, approval.id, &vote).await.unwrap();
    }
    (at_once, after_yes, world.performed(), open.len())
}

/// R18: every mode of a pack under every switch; where it is only suggested, nothing is done but by a person's word.
#[tokio::test]
async fn every_mode_goes_as_far_as_it_may() {
    let (done, asked, suggested, refused) = ((1, 1, 1, 0), (0, 1, 1, 0), (0, 0, 1, 1), (0, 0, 0, 0));
    let (confirm, suggest, off) = (Some(Position::Confirm), Some(Position::Suggest), Some(Position::Off));
    let modes = [
        ("auto", [(None, done), (confirm, asked), (suggest, suggested), (off, refused)]),
        ("confirm", [(None, asked), (confirm, asked), (suggest, suggested), (off, refused)]),
        ("suggest", [(None, suggested), (confirm, suggested), (suggest, suggested), (off, refused)]),
    ];
    for (autonomy, rows) in modes {
        let trained = company(autonomy);
        for (to, expected) in rows {
            assert_eq!(goes(&trained, to).await, expected, "{autonomy} under {to:?}");
        }
    }
}

/// Who talks with the customer may carry a suggestion out: nobody is checked there, a person only does what the assistant does not.
#[tokio::test]
async fn a_suggestion_may_be_carried_out_by_whoever_has_the_conversation() {
    let trained = company("suggest");
    let world = World::of(&trained, shop(cancelled()), None).await;
    let world = with_people(&world, &trained, &["Maja"]);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    let reply = world.say("yes").await;
    assert!(text(&reply).contains("A colleague has to carry that out"), "{}", text(&reply));
    world.assistant.desk_act(world.conversation, "Maja", TAKE).await.unwrap();
    let open = world.assistant.approvals("Maja").await.unwrap();
    let vote = Vote { by: "Maja".to_owned(), digest: open[0].proposal.digest.clone(), answer: Answer::Approve };
    world.assistant.vote(world.conversation, open[0].id, &vote).await.unwrap();
    assert_eq!(world.performed(), 1);
}
