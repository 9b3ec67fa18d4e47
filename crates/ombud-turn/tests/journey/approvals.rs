//! What needs two people is done by two people, and by nobody else.

use ombud_domain::{ApprovalId, NewEvent};
use ombud_policy::controls::{Flip, Position, Target};
use ombud_turn::{Access, AccessChange, Answer, ApprovalView, Approvers, Vote};

use super::*;

const RULE: &str = r#"
@id("cancellations-by-two") @reason("approval_needed")
forbid (principal, action == Action::"cancel_pending_order", resource) unless { context.approvals >= 2 };
"#;

fn ruled() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let mut files = files();
        files.insert("retail/policies/two.cedar".to_owned(), RULE.to_owned());
        train(&files)
    })
}

/// The world of a trained company with these people, on a ledger that may be used already.
pub(super) fn with_people(world: &World, trained: &Assistant, people: &[&str]) -> World {
    over(world, world.ledger.clone(), (trained, people))
}

/// The same over another ledger.
fn over(world: &World, ledger: Arc<MemoryLedger>, (trained, people): (&Assistant, &[&str])) -> World {
    let settings = Settings { approvers: people.iter().collect::<Approvers>(), ..Settings::default() };
    let assistant = trained.beside(world.ports(ledger.clone()), settings);
    let (office, clock) = (world.office.clone(), world.clock.clone());
    World { assistant, ledger, office, clock, principal: world.principal.clone(), conversation: world.conversation }
}

const PEOPLE: [&str; 3] = ["Maja", "Ivan", "Nils"];

/// A customer has agreed, and what he agreed to lies before the desk.
async fn asked_for_approval(office: ScriptedBackOffice) -> (World, ApprovalView) {
    let world = World::of(ruled(), office, None).await;
    let world = with_people(&world, ruled(), &PEOPLE);
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let proposed = world.say("ada@example.com").await;
    assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm, "{}", text(&proposed));
    let reply = world.say("yes").await;
    assert!(text(&reply).contains("approval of two of my colleagues"), "{}", text(&reply));
    assert_eq!((world.performed(), reply.status, reply.done.len()), (0, ConversationStatus::Open, 0));
    let open = world.assistant.approvals("Maja").await.unwrap();
    assert_eq!(open.len(), 1);
    (world, open.into_iter().next().unwrap())
}

fn yes(by: &str, approval: &ApprovalView) -> Vote {
    Vote { by: by.to_owned(), digest: approval.proposal.digest.clone(), answer: Answer::Approve }
}

async fn approve(world: &World, by: &str, approval: &ApprovalView) -> Result<Vec<String>, TurnError> {
    let after = world.assistant.vote(world.conversation, approval.id, &yes(by, approval)).await?;
    Ok(after.given.into_iter().map(|given| given.name).collect())
}

async fn said_last(world: &World) -> String {
    let view = world.assistant.view(&world.principal, world.conversation).await.unwrap().unwrap();
    view.messages.last().unwrap().text.clone()
}

async fn kinds(world: &World, prefix: &str) -> Vec<String> {
    world.events().await.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with(prefix)).collect()
}

/// R12: two different people; the customer hears of it in the conversation, and what people saw is what is done.
#[tokio::test]
async fn two_people_have_it_done_and_the_customer_hears_of_it() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    assert_eq!((approval.approvers, approval.rules.as_slice()), (2, ["cancellations-by-two".to_owned()].as_slice()));
    assert_eq!(approval.proposal.arguments["order_id"], json!("#W0000001"));
    assert!(approval.proposal.summary.contains("#W0000001") && approval.said.contains("by mistake"), "{approval:?}");
    assert_eq!(approval.expires_at.0 - approval.requested_at.0, 24 * 3_600 * 1_000_000);
    assert_eq!(approve(&world, "Maja", &approval).await.unwrap(), ["Maja"]);
    assert_eq!(world.performed(), 0, "one is not enough");
    assert_eq!(approve(&world, "Ivan", &approval).await.unwrap(), ["Maja", "Ivan"]);
    assert_eq!(world.performed(), 1);
    assert!(said_last(&world).await.contains("cancelled"), "{}", said_last(&world).await);
    assert!(world.assistant.approvals("Maja").await.unwrap().is_empty());
    let expected = ["action.intended", "action.settled", "action.told"];
    assert_eq!(kinds(&world, "action.").await, expected, "as every effect");
    assert_eq!(kinds(&world, "approval.").await, ["approval.requested", "approval.given", "approval.given"]);
    let late = approve(&world, "Nils", &approval).await;
    assert!(matches!(late, Err(TurnError::ApprovalOver)), "{late:?}");
}

/// Who asked for what, who said yes, who said no and why stands in the conversation afterwards, for everybody at the desk.
#[tokio::test]
async fn who_approved_and_who_refused_stays_in_the_conversation() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    assert_eq!(approval.customer_name.as_deref(), Some("Ada Byron"));
    let told = async || {
        let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
        let notes = view.notes.into_iter().map(|note| (note.act, note.agent, note.note));
        notes.collect::<Vec<_>>()
    };
    let by = |name: &str| Some(name.to_owned());
    let asked = ("approval_requested", None, Some(approval.proposal.summary.clone()));
    assert_eq!(told().await, std::slice::from_ref(&asked));
    approve(&world, "Maja", &approval).await.unwrap();
    approve(&world, "Ivan", &approval).await.unwrap();
    let given =
        [("approval_given", by("Maja"), None), ("approval_given", by("Ivan"), None), ("approval_used", None, None)];
    assert_eq!(told().await, [&[asked], given.as_slice()].concat());

    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    let reason = "this account was taken over".to_owned();
    let vote = Vote { answer: Answer::Refuse { reason: reason.clone() }, ..yes("Ivan", &approval) };
    world.assistant.vote(world.conversation, approval.id, &vote).await.unwrap();
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    let last = view.notes.last().unwrap();
    assert_eq!((last.act, last.agent.clone(), last.note.clone()), ("approval_refused", by("Ivan"), Some(reason)));
}

/// R12: whoever it is, however he writes his name, counts once; who is not on the list, or speaks for the customer, not at all.
#[tokio::test]
async fn nobody_approves_twice_for_himself_or_for_another() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    for name in ["Maja", "Maja", " maja ", "MAJA"] {
        assert_eq!(approve(&world, name, &approval).await.unwrap(), ["Maja"], "{name}");
    }
    for name in ["assistant", "gpt", "Agent", "", "Maja for Ivan", "ada_byron_1815"] {
        let refused = approve(&world, name, &approval).await;
        assert!(matches!(refused, Err(TurnError::MayNotApprove { .. })), "{name}: {refused:?}");
    }
    assert_eq!(world.performed(), 0);
}

/// R12: who has the conversation is the customer's voice, before he takes it and after.
#[tokio::test]
async fn who_speaks_with_the_customer_does_not_approve() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    assert_eq!(approve(&world, "Ivan", &approval).await.unwrap(), ["Ivan"]);
    world.assistant.desk_act(world.conversation, "Ivan", TAKE).await.unwrap();
    let own = approve(&world, "Ivan", &approval).await;
    assert!(matches!(own, Err(TurnError::MayNotApprove { .. })), "{own:?}");
    assert_eq!(approve(&world, "Maja", &approval).await.unwrap(), ["Maja"], "Ivan's no longer counts");
    assert_eq!(world.performed(), 0);
    assert_eq!(approve(&world, "Nils", &approval).await.unwrap(), ["Maja", "Nils"]);
    assert_eq!(world.performed(), 1);
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    assert_eq!(view.assignee.as_deref(), Some("Ivan"), "the conversation stays with whoever has it");
    let last = view.conversation.messages.last().unwrap();
    assert!(last.author == Author::System && last.text.contains("cancelled"), "{last:?}");
}

/// R12: at the moment it is done, not at the moment he approved.
#[tokio::test]
async fn who_may_no_longer_approve_when_it_is_done_does_not_count() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    approve(&world, "Maja", &approval).await.unwrap();
    let later = with_people(&world, ruled(), &["Ivan", "Nils"]);
    assert_eq!(approve(&later, "Ivan", &approval).await.unwrap(), ["Ivan"]);
    assert_eq!(later.performed(), 0, "Maja was taken off the list");
    assert_eq!(later.assistant.settle_approvals().await.unwrap(), 1);
    assert_eq!(kinds(&later, "approval.").await.last().map(String::as_str), Some("approval.lapsed"));
    assert_eq!(later.assistant.settle_approvals().await.unwrap(), 0, "looked at once");
    // On the list again, she has to approve again.
    let again = with_people(&world, ruled(), &PEOPLE);
    assert_eq!(again.assistant.settle_approvals().await.unwrap(), 0);
    assert_eq!(again.performed(), 0);
    assert_eq!(approve(&again, "Maja", &approval).await.unwrap(), ["Ivan", "Maja"]);
    assert_eq!(again.performed(), 1);
}

/// One refusal ends it, whoever has approved before; the customer is told, and nothing is done.
#[tokio::test]
async fn one_refusal_ends_it() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    approve(&world, "Maja", &approval).await.unwrap();
    let answer = Answer::Refuse { reason: "looks like a stolen account".to_owned() };
    world.assistant.vote(world.conversation, approval.id, &Vote { answer, ..yes("Ivan", &approval) }).await.unwrap();
    let said = said_last(&world).await;
    assert!(said.contains("decided against it") && !said.contains("stolen"), "{said}");
    let late = approve(&world, "Nils", &approval).await;
    assert!(matches!(late, Err(TurnError::ApprovalOver)), "{late:?}");
    assert!(world.performed() == 0 && world.assistant.approvals("Maja").await.unwrap().is_empty());
    // It can be asked for again, and then both must look at it again.
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("yes").await;
    let anew = world.assistant.approvals("Maja").await.unwrap();
    assert_eq!((anew[0].proposal.digest == approval.proposal.digest, anew[0].given.len()), (true, 0));
}

/// What is asked for twice is put before people once.
#[tokio::test]
async fn what_waits_already_is_not_asked_for_again() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    let again = world.say("yes").await;
    assert!(text(&again).contains("with my colleagues already"), "{}", text(&again));
    let open = world.assistant.approvals("Maja").await.unwrap();
    assert_eq!(open.iter().map(|open| open.id).collect::<Vec<ApprovalId>>(), [approval.id]);
}

/// To the second: the last moment counts, and the first one after it is too late, with an error that says so.
#[tokio::test]
async fn after_its_time_nobody_approves_and_the_customer_is_told() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    approve(&world, "Maja", &approval).await.unwrap();
    world.clock.advance_s(24 * 3_600 - 1);
    assert_eq!(world.assistant.settle_approvals().await.unwrap(), 0);
    world.clock.advance_s(1);
    let late = approve(&world, "Ivan", &approval).await;
    assert!(matches!(late, Err(TurnError::ApprovalExpired)), "{late:?}");
    assert_eq!(world.assistant.settle_approvals().await.unwrap(), 1);
    assert!(said_last(&world).await.contains("haven't decided in time"), "{}", said_last(&world).await);
    let later = approve(&world, "Ivan", &approval).await;
    assert!(matches!(later, Err(TurnError::ApprovalExpired)), "{later:?}");
    assert!(world.performed() == 0 && world.assistant.approvals("Maja").await.unwrap().is_empty());
}

/// People approve a digest. Another one is refused, and a ledger whose proposal was changed afterwards has nothing done.
#[tokio::test]
async fn what_was_changed_after_the_approval_is_not_done() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    let mut vote = yes("Maja", &approval);
    vote.digest.replace_range(0..1, if vote.digest.starts_with('0') { "1" } else { "0" });
    let other = world.assistant.vote(world.conversation, approval.id, &vote).await;
    assert!(matches!(other, Err(TurnError::OtherProposal)), "{other:?}");
    // The same conversation in a ledger where somebody has written another order into the proposal.
    let forged = Arc::new(MemoryLedger::new());
    for event in world.events().await {
        let mut payload = event.payload.clone();
        if event.kind == "approval.requested" {
            payload["approval"]["proposal"]["arguments"]["order_id"] = json!("#W6666666");
        }
        let events = vec![NewEvent { kind: event.kind.clone(), payload: payload.into() }];
        let (tenant, stream) = (TenantId("default".to_owned()), StreamId::from(world.conversation));
        let commit = Commit { tenant, stream, ..ombud_testkit::contract::commit("", event.version - 1, events) };
        forged.append(Commit { at: event.at, ..commit }).await.unwrap();
    }
    // What was forged does not come out the same when it is replayed, as it would have to at the end.
    let world = std::mem::ManuallyDrop::new(over(&world, forged, (ruled(), &PEOPLE)));
    approve(&world, "Maja", &approval).await.ok();
    approve(&world, "Ivan", &approval).await.ok();
    assert_eq!(world.performed(), 0);
    world.assistant.settle_approvals().await.unwrap();
    assert_eq!(world.performed(), 0);
    assert!(said_last(&world).await.contains("nothing has been changed"), "{}", said_last(&world).await);
    assert!(world.assistant.approvals("Maja").await.unwrap().is_empty());
}

/// Switches and limits hold at the moment it is done.
#[tokio::test]
async fn what_was_switched_off_meanwhile_is_not_done() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    approve(&world, "Maja", &approval).await.unwrap();
    let flip = Flip { target: Target::All, reason: "drill".to_owned(), by: "Ada".to_owned() };
    world.assistant.switchboard().flip(&flip, Position::Off, TimestampUs(1)).await.unwrap();
    approve(&world, "Ivan", &approval).await.unwrap();
    assert_eq!(world.performed(), 0);
    assert!(said_last(&world).await.contains("can't be done in the chat right now"), "{}", said_last(&world).await);
    assert_eq!(kinds(&world, "approval.").await.last().map(String::as_str), Some("approval.closed"));
}

/// A process that dies between the second approval and the deed leaves it to the next one.
#[tokio::test]
async fn what_was_decided_is_done_by_the_next_process() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    approve(&world, "Maja", &approval).await.unwrap();
    // The second answer as it is committed before anything is done.
    let head = world.events().await.last().unwrap().clone();
    let payload = json!({"approval_id": approval.id, "digest": approval.proposal.digest, "by": "Ivan", "approvals_due_us": head.at.0});
    let events = vec![NewEvent { kind: "approval.given".to_owned(), payload: payload.into() }];
    let (tenant, stream) = (TenantId("default".to_owned()), StreamId::from(world.conversation));
    let commit = Commit { tenant, stream, ..ombud_testkit::contract::commit("", head.version, events) };
    world.ledger.append(commit).await.unwrap();
    let next = with_people(&world, ruled(), &PEOPLE);
    assert_eq!(next.assistant.settle_approvals().await.unwrap(), 1);
    assert_eq!(next.performed(), 1);
    assert_eq!(next.assistant.settle_approvals().await.unwrap(), 0);
    assert_eq!(next.performed(), 1);
}

/// An answer that was lost is looked after as every other: the approval is used up by the intent, and no second one is made.
#[tokio::test]
async fn an_approved_action_without_an_answer_is_not_approved_again() {
    let (world, approval) = asked_for_approval(shop(ActionOutcome::Unknown)).await;
    approve(&world, "Maja", &approval).await.unwrap();
    approve(&world, "Ivan", &approval).await.unwrap();
    assert_eq!(world.performed(), 1);
    assert_eq!(world.assistant.settle_approvals().await.unwrap(), 0);
    assert_eq!(kinds(&world, "action.intended").await.len(), 1);
}

/// R12: revoked while the others think, without a restart: what she gave counts no more, and she can give nothing. In every process on the ledger.
#[tokio::test]
async fn who_is_revoked_counts_no_more_without_a_restart() {
    let (world, approval) = asked_for_approval(shop(cancelled())).await;
    let other_process = with_people(&world, ruled(), &PEOPLE);
    assert_eq!(approve(&world, "Maja", &approval).await.unwrap(), ["Maja"]);
    let change = AccessChange { name: "MAJA ".to_owned(), reason: "laptop stolen".to_owned(), by: "ivan".to_owned() };
    world.assistant.people().change(&change, Access::Revoked, TimestampUs(1)).await.unwrap();
    assert_eq!(approve(&other_process, "Ivan", &approval).await.unwrap(), ["Ivan"], "hers does not count");
    assert_eq!(world.performed(), 0);
    let refused = approve(&other_process, "Maja", &approval).await;
    assert!(matches!(refused, Err(TurnError::MayNotApprove { .. })), "{refused:?}");
    assert_eq!(other_process.assistant.settle_approvals().await.unwrap(), 1);
    assert_eq!(kinds(&world, "approval.").await.last().map(String::as_str), Some("approval.lapsed"));
    // Her access is given back: she has to look at it anew.
    world.assistant.people().change(&change, Access::Restored, TimestampUs(2)).await.unwrap();
    assert_eq!(other_process.assistant.settle_approvals().await.unwrap(), 0);
    assert_eq!(world.performed(), 0);
    assert_eq!(approve(&other_process, "Maja", &approval).await.unwrap(), ["Ivan", "Maja"]);
    assert_eq!(world.performed(), 1);
}

/// The customer takes it back while it lies before people: whoever approves it then is told so, and nothing is done.
#[tokio::test]
async fn what_the_customer_withdraws_is_not_done_whoever_approves_it_then() {
    for words in ["never mind, forget it", "forget the cancellation then", "I changed my mind, leave it"] {
        let (world, approval) = asked_for_approval(shop(cancelled())).await;
        approve(&world, "Maja", &approval).await.unwrap();
        let reply = world.say(words).await;
        assert!(text(&reply).contains("withdrawn"), "{words}: {}", text(&reply));
        assert_eq!(kinds(&world, "approval.").await.last().map(String::as_str), Some("approval.closed"));
        assert!(world.assistant.approvals("Ivan").await.unwrap().is_empty());
        let late = approve(&world, "Ivan", &approval).await;
        assert!(matches!(late, Err(TurnError::ApprovalWithdrawn)), "{late:?}");
        world.clock.advance_s(25 * 3_600);
        assert_eq!(world.assistant.settle_approvals().await.unwrap(), 0);
        assert_eq!(world.performed(), 0);
        // It can be asked for again, and both look at it again.
        world.say("please cancel order #W0000001, I ordered it by mistake").await;
        world.say("yes").await;
        let anew = world.assistant.approvals("Maja").await.unwrap();
        assert_eq!((anew.len(), anew[0].given.len()), (1, 0));
    }
}
