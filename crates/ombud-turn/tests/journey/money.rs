//! What do the books of money say of an action, whatever becomes of it?

use ombud_domain::books::statement::{Movement, State, movements};
use ombud_domain::{Books, Moving, Posting};
use ombud_ports::{MoneyBooks as _, Wanted};
use serde::Deserialize as _;

use super::*;

const ACCOUNTS: &str = "accounts: { captured: order, provider: company }\n";
/// 30.00 were taken for each order, and a cancellation gives back 20.50 of it.
const POSTINGS: &str = "postings:\n  - debit: { account: captured, of: order_id }\n    credit: { account: provider }\n    amount: \"2050\"\n    \
     currency: \"'USD'\"\n    within: \"3000\"\n    moved: result.refunded\n    reference: result.refund_id\n";

fn keeps_books() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let mut files = files();
        files.insert("retail/policies/accounts.yaml".to_owned(), ACCOUNTS.to_owned());
        for (_, source) in files
            .iter_mut()
            .filter(|(file, source)| file.starts_with("retail/actions/") && source.contains("risk: money"))
        {
            source.push_str(POSTINGS);
        }
        train(&files)
    })
}

fn refunded(minor: i64) -> ActionOutcome {
    let ActionOutcome::Done { receipt: Receipt { receipt_id, mut body } } = cancelled() else { panic!("it is done") };
    body["refunded"] = json!(minor);
    body["refund_id"] = json!("RF-1");
    ActionOutcome::Done { receipt: Receipt { receipt_id, body } }
}

impl World {
    async fn postings(&self) -> Vec<Posting> {
        let tenant = TenantId("default".to_owned());
        self.ledger.postings(&tenant, &Wanted::default(), 0).await.unwrap()
    }

    async fn movements(&self) -> Vec<Movement> {
        movements(&self.postings().await)
    }

    /// The books as the events of the ledger alone give them.
    async fn refolded(&self) -> Vec<Posting> {
        let (mut books, mut posted) = (Books::default(), Vec::new());
        for event in self.ledger.read_all(&TenantId("default".to_owned()), 0, 10_000).await.unwrap() {
            if let Ok(moving) = Moving::deserialize(&event.payload["money"]) {
                posted.extend(books.apply(&moving, event.at).unwrap());
            }
        }
        posted
    }

    /// One conversation up to the proposal of a cancellation.
    async fn proposes(&self) -> (ConversationId, TurnReply) {
        let conversation_id = self.assistant.open(&self.principal, None, None).await.unwrap().id;
        let say = async |text: &str| {
            let stimulus = Stimulus { conversation_id, ..self.stimulus(text) };
            self.assistant.handle(stimulus).await.unwrap()
        };
        say("please cancel order #W0000001, I ordered it by mistake").await;
        (conversation_id, say("ada@example.com").await)
    }

    async fn agrees(&self, (conversation_id, proposed): (ConversationId, TurnReply)) -> TurnReply {
        assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm, "{}", text(&proposed));
        let stimulus = Stimulus { conversation_id, ..self.stimulus("yes") };
        self.assistant.handle(stimulus).await.unwrap()
    }
}

/// R72: what was moved is what the receipt says; what was not done moved nothing; what nobody knows is held. The events give the same books.
#[tokio::test]
async fn the_books_say_what_came_of_an_action() {
    let refused = ActionOutcome::Refused { reason_code: "not_pending".to_owned() };
    let failed = ActionOutcome::Failed { failure: CallFailure::Unreachable };
    let table = [
        (refunded(2_050), State::Moved, 2_050, "RF-1"),
        (refunded(1_999), State::Moved, 1_999, "RF-1"),
        (cancelled(), State::Moved, 2_050, "RCT-1"),
        (refunded(0), State::Released, 2_050, ""),
        (refused, State::Released, 2_050, ""),
        (failed, State::Released, 2_050, ""),
        (ActionOutcome::Unknown, State::Held, 2_050, ""),
    ];
    for (outcome, state, minor, reference) in table {
        let world = World::of(keeps_books(), shop(outcome.clone()), None).await;
        let proposed = world.proposes().await;
        assert!(world.postings().await.is_empty(), "nothing is posted before the yes");
        world.agrees(proposed).await;
        let found = world.movements().await;
        assert_eq!(found.len(), 1, "{outcome:?}");
        let movement = &found[0];
        let (debit, customer) = (movement.debit.to_string(), movement.customer_id.as_str());
        assert_eq!((movement.state, movement.amount.minor), (state, minor), "{outcome:?}");
        assert_eq!((movement.reference.as_str(), debit.as_str()), (reference, "captured/#W0000001"), "{outcome:?}");
        assert_eq!(customer, "ada_byron_1815");
        assert_eq!(world.refolded().await, world.postings().await, "{outcome:?}");
    }
}

/// R72: more than was taken for an order never goes back, over conversations, also while the first answer is unknown; a person decides. Where the first was not
/// done, the second is.
#[tokio::test]
async fn more_than_was_taken_for_an_order_does_not_go_back() {
    let failed = ActionOutcome::Failed { failure: CallFailure::Unreachable };
    for (first, goes_back) in [(refunded(2_050), false), (ActionOutcome::Unknown, false), (failed, true)] {
        let office = shop(first.clone()).on("cancel_pending_order", [refunded(2_050)]);
        let world = World::of(keeps_books(), office, None).await;
        world.agrees(world.proposes().await).await;
        let second = world.agrees(world.proposes().await).await;
        assert_eq!(
            (second.done.len(), world.performed()),
            (usize::from(goes_back), 1 + usize::from(goes_back)),
            "{first:?}"
        );
        if !goes_back {
            assert_eq!(second.refused[0].reason_code, "limit_reached");
            assert_eq!(second.status, ConversationStatus::WaitingForAgent, "{}", text(&second));
        }
        assert_eq!(world.refolded().await, world.postings().await);
    }
}

/// R72: an answer that was lost, or a process that died, is posted once when it is found out.
#[tokio::test]
async fn what_is_found_out_later_is_posted_once() {
    for kind in ["action.settled", "action.told"] {
        let mut world = World::of(keeps_books(), shop(refunded(2_050)), None).await;
        let (conversation, proposed) = world.proposes().await;
        assert_eq!(proposed.awaiting.kind, AwaitingKind::Confirm);
        world.conversation = conversation;
        let world = world.killed_at(kind).await;
        let before = if kind == "action.settled" { State::Held } else { State::Moved };
        assert_eq!(world.movements().await[0].state, before, "{kind}");
        world.clock.advance_s(3_600);
        world.assistant.recover().await.unwrap();
        let found = world.movements().await;
        assert_eq!((found.len(), found[0].state, found[0].amount.minor), (1, State::Moved, 2_050), "{kind}");
        assert_eq!(world.refolded().await, world.postings().await, "{kind}");
    }
}

/// What was done meanwhile in another conversation is told from new records, and nobody has to see to it.
#[tokio::test]
async fn what_was_cancelled_in_another_chat_is_told_from_new_records() {
    let records = ["pending", "cancelled"].map(|status| ActionOutcome::Found { body: json!([order(status)]) });
    let world = World::of(keeps_books(), shop(refunded(2_050)).on("list_orders", records), None).await;
    let (first, second) = (world.proposes().await, world.proposes().await);
    assert_eq!(world.agrees(first).await.done.len(), 1);
    let told = world.agrees(second).await;
    assert_eq!((told.done.len(), world.performed()), (0, 1));
    assert_eq!(told.refused[0].reason_code, "none_pending", "{}", text(&told));
    assert_ne!(told.status, ConversationStatus::WaitingForAgent, "{}", text(&told));
}
