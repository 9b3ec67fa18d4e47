//! What becomes of several actions that are one to the customer, wherever it fails?

use ombud_policy::{SagaEnd, SagaEnded};
use serde::Deserialize as _;

use super::*;

/// The cancellation as four actions: two that can be taken back, the pivot, and one after it.
const SAGA: &str = "  - saga: cancel_all
    steps:
      - act: hold
        with: { order_id: order.order_id }
        save: held
        compensate: { act: release, with: { order_id: order_id, hold_id: receipt.hold_id } }
      - act: stop_parcel
        with: { order_id: order.order_id }
        compensate: { act: start_parcel, with: { order_id: order_id } }
      - act: cancel_pending_order
        with: { order_id: order.order_id, reason: reason }
        pivot: true
      - act: thank
        with: { order_id: order.order_id }
    confirm: confirm_cancel_pending_order
    done: done_cancel_pending_order
";
const STEPS: [&str; 4] = ["hold", "stop_parcel", "cancel_pending_order", "thank"];
const UNDOES: [&str; 2] = ["release", "start_parcel"];

fn saga_files() -> PackFiles {
    let mut files = files();
    let flow = files.get_mut("retail/flows/cancel_order/flow.yaml").unwrap();
    let act = flow.find("  - act: cancel_pending_order").unwrap();
    flow.truncate(act);
    flow.push_str(SAGA);
    for action in ["hold", "release", "stop_parcel", "start_parcel", "thank"] {
        let more = if action == "release" { "\n  hold_id: { type: string }" } else { "" };
        let source = format!(
            "action: {action}\nrisk: write\nmethod: POST\npath: /x/{{order_id}}/{action}\nin:\n  order_id: {{ type: string, kind: order }}{more}\nidempotency: key\nambiguity: retry_same_key\n"
        );
        files.insert(format!("retail/actions/{action}.yaml"), source);
    }
    files
}

fn with_saga() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| train(&saga_files()))
}

fn done(id: &str) -> ActionOutcome {
    let mut body = order("cancelled");
    body["receipt_id"] = json!(id);
    body["hold_id"] = json!("H-1");
    ActionOutcome::Done { receipt: Receipt { receipt_id: id.to_owned(), body } }
}

fn refused() -> ActionOutcome {
    ActionOutcome::Refused { reason_code: "not_pending".to_owned() }
}

fn failed() -> ActionOutcome {
    ActionOutcome::Failed { failure: CallFailure::Unreachable }
}

/// A company where some actions answer this first; the proposal of all stands.
async fn proposed(faults: &[(&str, Vec<ActionOutcome>)]) -> World {
    let found = |body: Value| [ActionOutcome::Found { body }];
    let mut office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", found(json!([order("pending")])));
    for action in STEPS.iter().chain(&UNDOES) {
        let of_it = faults.iter().filter(|(name, _)| name == action).flat_map(|(_, outcomes)| outcomes.clone());
        let forever = faults.iter().any(|(name, outcomes)| name == action && outcomes.len() == 1);
        office = office.on(action, of_it);
        if !forever {
            office = office.on(action, [done(&format!("R-{action}"))]);
        }
    }
    let world = World::of(with_saga(), office, None).await;
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let shown = world.say("ada@example.com").await;
    assert_eq!(shown.awaiting.kind, AwaitingKind::Confirm, "{}", text(&shown));
    world
}

impl World {
    /// What was called by name, each intent once, in order.
    fn effects(&self) -> Vec<String> {
        let mut seen = std::collections::BTreeSet::new();
        let calls = self.office.calls();
        let fresh = calls.iter().filter_map(|call| match call {
            RecordedCall::Perform(id, call) => seen.insert(id.to_string()).then(|| call.action.clone()),
            _ => None,
        });
        fresh.collect()
    }

    async fn ends(&self) -> Vec<(SagaEnd, Vec<&'static str>)> {
        let events = self.events().await;
        let ended = events.iter().filter(|event| event.kind == "saga.ended");
        let read = |event: &RecordedEvent| SagaEnded::deserialize(&event.payload).unwrap();
        ended.map(read).map(|ended| (ended.end, ended.steps.iter().map(|step| step.state.as_str()).collect())).collect()
    }

    /// Time goes by until nobody has to look at anything any more.
    async fn settles(&self) {
        for _ in 0..12 {
            self.clock.advance_s(300);
            self.assistant.recover().await.unwrap();
        }
    }
}

/// R8, R9, R73: the whole is shown and confirmed at once, and done as it was shown; "done" is told once, from the receipts.
#[tokio::test]
async fn a_saga_does_what_was_shown_or_nothing() {
    let world = proposed(&[]).await;
    let no = world.say("no").await;
    assert_eq!((world.performed(), no.done.len()), (0, 0));
    let world = proposed(&[]).await;
    let view = world.assistant.view(&world.principal, world.conversation).await.unwrap().unwrap();
    let proposal = view.awaiting.proposal.unwrap();
    assert_eq!(proposal.action, "cancel_all");
    let shown: Vec<&str> =
        proposal.arguments["steps"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert_eq!(shown, STEPS);
    let reply = world.say("yes").await;
    assert_eq!(reply.done.iter().map(|done| done.action.as_str()).collect::<Vec<_>>(), STEPS, "{}", text(&reply));
    assert!(text(&reply).contains("cancelled"), "{}", text(&reply));
    assert_eq!(world.effects(), STEPS);
    assert_eq!(world.ends().await, [(SagaEnd::Completed, vec!["done"; 4])]);
    for (call, shown) in world
        .office
        .calls()
        .iter()
        .filter_map(|call| match call {
            RecordedCall::Perform(_, call) => Some(call.clone()),
            _ => None,
        })
        .zip(proposal.arguments["steps"].as_array().unwrap())
    {
        assert!(call.path.contains("W0000001") && shown["arguments"]["order_id"] == json!("#W0000001"), "{call:?}");
    }
    world.say("yes").await;
    assert_eq!(world.effects().len(), 4, "a second yes has nothing to confirm");
}

/// R73: fail each step n = 1..k by refusal and by failure. What was done before is taken back in reverse; after the pivot a person puts it right.
#[tokio::test]
async fn whichever_step_is_refused_or_fails_what_was_done_is_taken_back() {
    for (place, action) in STEPS.iter().enumerate() {
        for outcome in [refused(), failed()] {
            let world = proposed(&[(action, vec![outcome.clone()])]).await;
            let reply = world.say("yes").await;
            let said = text(&reply);
            let mut expected: Vec<&str> = STEPS.iter().take(place + 1).copied().collect();
            if place < 3 {
                expected.extend(UNDOES.iter().take(place).rev());
                assert_eq!(world.ends().await[0].0, SagaEnd::Compensated, "{action}: {said}");
                assert_eq!(said.contains("has been undone"), place > 0, "{action}: {said}");
                assert!(reply.done.is_empty(), "nothing of it stands");
                assert_eq!(reply.status == ConversationStatus::WaitingForAgent, outcome == failed(), "{said}");
                assert_eq!(reply.refused.len(), usize::from(outcome == refused()), "{said}");
            } else {
                // What comes after the pivot is tried again where that can help.
                expected.extend(std::iter::repeat_n("thank", if outcome == failed() { 2 } else { 0 }));
                assert_eq!(world.ends().await, [(SagaEnd::NeedsPerson, vec!["done", "done", "done", "not_done"])]);
                assert!(said.contains("part of it may already be done"), "{said}");
                let handover = world.assistant.desk_view(world.conversation).await.unwrap().unwrap().handover.unwrap();
                let states: Vec<Value> = handover.actions.iter().map(|action| action["state"].clone()).collect();
                assert_eq!(
                    (handover.reason_code.as_str(), states),
                    ("saga_unfinished", vec![json!("done"), json!("done"), json!("done"), json!("not_done")])
                );
                assert!(handover.proposed_next_step.contains("thank (not done)"), "{handover:?}");
            }
            assert_eq!(world.effects(), expected, "{action} {outcome:?}: {said}");
        }
    }
}

/// R71, R73: an answer that is lost, once or for a while, is waited for before anything goes on or back: each is done once.
#[tokio::test]
async fn an_answer_that_is_lost_is_found_out_before_the_saga_goes_on() {
    for action in STEPS {
        for lost in 1..=3 {
            let mut outcomes = vec![ActionOutcome::Unknown; lost];
            outcomes.push(done(&format!("R-{action}")));
            let world = proposed(&[(action, outcomes)]).await;
            let reply = world.say("yes").await;
            assert!(
                text(&reply).contains("don't know whether it went through") && reply.done.is_empty(),
                "{}",
                text(&reply)
            );
            world.settles().await;
            assert_eq!(world.effects(), STEPS, "{action}");
            assert_eq!(world.ends().await, [(SagaEnd::Completed, vec!["done"; 4])], "{action}");
            assert!(world.last_message().await.text.contains("cancelled"), "{}", world.last_message().await.text);
        }
    }
}

/// What nobody can find out is neither repeated nor taken back: a person gets it, with what was and what was not done.
#[tokio::test]
async fn what_nobody_can_find_out_goes_to_a_person() {
    for (place, action) in STEPS.iter().enumerate() {
        let world = proposed(&[(action, vec![ActionOutcome::Unknown])]).await;
        world.say("yes").await;
        world.settles().await;
        assert_eq!(world.effects(), STEPS[..=place], "{action}");
        let mut states = vec!["done"; place];
        states.push("unknown");
        states.resize(4, "open");
        assert_eq!(world.ends().await, [(SagaEnd::NeedsPerson, states)], "{action}");
        assert_eq!(world.status().await, ConversationStatus::WaitingForAgent);
        world.settles().await;
        assert_eq!(world.effects().len(), place + 1, "and it stays so");
    }
}

/// The way back fails too.
#[tokio::test]
async fn a_compensation_that_fails_is_tried_again_found_out_or_left_to_a_person() {
    let cases = [
        (vec![ActionOutcome::Unknown, ActionOutcome::Unknown, done("R-U")], SagaEnd::Compensated),
        (vec![failed(), failed(), done("R-U")], SagaEnd::Compensated),
        (vec![failed()], SagaEnd::NeedsPerson),
        (vec![refused()], SagaEnd::NeedsPerson),
        (vec![ActionOutcome::Unknown], SagaEnd::NeedsPerson),
    ];
    for (place, undo) in UNDOES.iter().enumerate() {
        for (outcomes, expected) in &cases {
            let world = proposed(&[("cancel_pending_order", vec![refused()]), (undo, outcomes.clone())]).await;
            world.say("yes").await;
            world.settles().await;
            let ends = world.ends().await;
            assert_eq!((ends.len(), ends[0].0), (1, *expected), "{undo} {outcomes:?}: {ends:?}");
            let left = if place == 1 { ["done", "left"] } else { ["left", "undone"] };
            let of_both: &[&str] = if *expected == SagaEnd::Compensated { &["undone", "undone"] } else { &left };
            assert_eq!(ends[0].1[..2], *of_both, "{undo} {outcomes:?}");
        }
    }
}

/// R69, R73: the process dies before it writes the nth intent, receipt or reply, on the way forward and on the way back; the next one ends it.
#[tokio::test]
async fn a_process_that_dies_in_a_saga_leaves_it_to_the_next_one() {
    let mut kills = 0;
    for goes_back in [false, true] {
        let faults = if goes_back { vec![("cancel_pending_order", vec![refused()])] } else { Vec::new() };
        let all: Vec<&str> = if goes_back {
            vec!["hold", "stop_parcel", "cancel_pending_order", "start_parcel", "release"]
        } else {
            STEPS.to_vec()
        };
        for kind in ["action.intended", "action.settled", "turn.recorded"] {
            let most = if kind == "turn.recorded" { 1 } else { all.len() };
            for nth in 1..=most {
                for writes in [false, true] {
                    kills += 1;
                    let world = proposed(&faults).await.killed_at_nth(kind, nth).await;
                    if writes || (kind == "action.intended" && nth == 1) {
                        world.say("yes").await;
                    }
                    world.settles().await;
                    assert_eq!(world.effects(), all, "{kind} {nth}");
                    let end = if goes_back { SagaEnd::Compensated } else { SagaEnd::Completed };
                    let ends = world.ends().await;
                    assert_eq!((ends.len(), ends[0].0), (1, end), "{kind} {nth}");
                    assert!(
                        world.performed() <= all.len() + 1,
                        "{kind} {nth}: nothing but the open one is asked for again"
                    );
                }
            }
        }
    }
    assert_eq!(kills, 2 * (2 * 4 + 1) + 2 * (2 * 5 + 1));
}

/// A person takes over while an answer is awaited: the saga ends all the same, and the conversation stays with him.
#[tokio::test]
async fn a_saga_ends_while_a_person_has_the_conversation() {
    for goes_back in [false, true] {
        let mut faults = vec![("hold", vec![ActionOutcome::Unknown, ActionOutcome::Unknown, done("R-hold")])];
        if goes_back {
            faults.push(("cancel_pending_order", vec![refused()]));
        }
        let world = proposed(&faults).await;
        world.say("yes").await;
        world.say("I want to talk to a person").await;
        world.assistant.desk_act(world.conversation, "Maja", TAKE).await.unwrap();
        world.settles().await;
        let end = if goes_back { SagaEnd::Compensated } else { SagaEnd::Completed };
        assert_eq!(world.ends().await[0].0, end);
        assert_eq!(world.status().await, ConversationStatus::WithAgent);
        assert_eq!(world.last_message().await.author, Author::System);
    }
}

/// What is switched off between two steps is not begun, and what was done before is taken back.
#[tokio::test]
async fn a_switch_in_the_middle_stops_the_way_forward() {
    use ombud_policy::controls::{Flip, Position, Target};
    let world = proposed(&[("stop_parcel", vec![ActionOutcome::Unknown, done("R-stop_parcel")])]).await;
    world.say("yes").await;
    let flip = Flip {
        target: Target::Action("cancel_pending_order".to_owned()),
        reason: "drill".to_owned(),
        by: "Ada".to_owned(),
    };
    world.assistant.switchboard().flip(&flip, Position::Off, TimestampUs(1)).await.unwrap();
    world.settles().await;
    assert_eq!(world.effects(), ["hold", "stop_parcel", "start_parcel", "release"]);
    assert_eq!(world.ends().await[0].0, SagaEnd::Compensated);
}

/// R12: people approve the whole, once; what they approved is done.
#[tokio::test]
async fn people_approve_a_saga_as_a_whole() {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    let trained = TRAINED.get_or_init(|| {
        let mut files = saga_files();
        let rule = "@id(\"two\") @reason(\"approval_needed\")\nforbid (principal, action == Action::\"cancel_pending_order\", resource) unless { context.approvals >= 2 };\n";
        files.insert("retail/policies/two.cedar".to_owned(), rule.to_owned());
        train(&files)
    });
    let found = |body: Value| [ActionOutcome::Found { body }];
    let mut office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", found(json!([user()])))
        .on("get_user_details", found(user()))
        .on("list_orders", found(json!([order("pending")])));
    for action in STEPS {
        office = office.on(action, [done(&format!("R-{action}"))]);
    }
    let world = World::of(trained, office, None).await;
    let world = approvals::with_people(&world, trained, &["Maja", "Ivan"]);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    world.say("yes").await;
    let asked = world.assistant.approvals("Maja").await.unwrap().remove(0);
    assert_eq!((asked.proposal.action.as_str(), world.performed()), ("cancel_all", 0));
    for by in ["Maja", "Ivan"] {
        let vote = ombud_turn::Vote {
            by: by.to_owned(),
            digest: asked.proposal.digest.clone(),
            answer: ombud_turn::Answer::Approve,
        };
        world.assistant.vote(world.conversation, asked.id, &vote).await.unwrap();
    }
    assert_eq!(world.effects(), STEPS);
    assert_eq!(world.ends().await[0].0, SagaEnd::Completed);
}
