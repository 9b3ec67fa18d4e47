//! What must hold of counted effects, on every database?

use std::sync::Arc;

use ombud_domain::{TenantId, TimestampUs};
use ombud_policy::spec::Risk;
use ombud_ports::effects::{Cap, CapPer, Counting, Effect, KEPT_US, Known, PastEffect};
use ombud_ports::{AppendError, Commit};
use tokio::task::JoinSet;

use super::{Subject, commit, event, tenant};

/// A refund of so much for a customer of the contract.
#[must_use]
pub fn refund(intent_id: &str, minor: i64) -> Effect {
    Effect {
        intent_id: intent_id.to_owned(),
        customer_id: "C-1".to_owned(),
        action: "refund".to_owned(),
        risk: Risk::Money,
        market: "SE".to_owned(),
        amount: Some((minor, "SEK".to_owned())),
    }
}

/// At most 1,000 minor units of refunds of a customer since a moment.
fn cap(since_s: i64) -> Cap {
    Cap {
        rule: "refunds".to_owned(),
        per: CapPer::Customer,
        actions: vec!["refund".to_owned()],
        risk: None,
        markets: Vec::new(),
        since: TimestampUs(since_s * 1_000_000),
        count_max: None,
        minor_max: Some(1_000),
    }
}

async fn try_at(subject: &Subject, at_s: i64, effect: Effect, caps: Vec<Cap>) -> Result<(), AppendError> {
    let stream = format!("stream-{}", effect.intent_id);
    let counting = Some(Counting::Begun { effect, caps, known: None });
    let at = TimestampUs(at_s * 1_000_000);
    subject.ledger.append(Commit { counting, at, ..commit(&stream, 0, vec![event(1)]) }).await.map(drop)
}

fn is_reached(tried: &Result<(), AppendError>) -> bool {
    matches!(tried, Err(AppendError::LimitReached { rule }) if rule == "refunds")
}

/// R13: 64 at the edge, in as many conversations: exactly those below the cap begin, the others leave nothing behind.
pub async fn of_effects_at_once_only_those_below_the_cap_begin(subject: &Subject) {
    let subject = Arc::new(subject.clone());
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move { try_at(&subject, 10, refund(&format!("r{number}"), 90), vec![cap(0)]).await });
    }
    let mut begun = 0;
    for tried in tasks.join_all().await {
        assert!(tried.is_ok() || is_reached(&tried), "{tried:?}");
        begun += usize::from(tried.is_ok());
    }
    assert_eq!(begun, 11, "11 x 90 is 990, 12 x 90 would be 1,080");
    assert_eq!(subject.ledger.effects(&tenant(), "C-1", TimestampUs(0)).await.unwrap().len(), begun);
    assert_eq!(
        subject.ledger.read_all(&tenant(), 0, 1_000).await.unwrap().len(),
        begun,
        "what was refused is not written"
    );
}

/// Sum and number, up to the bound and one beyond; by customer, action, class, market, currency and time.
pub async fn a_cap_counts_what_it_names_and_nothing_else(subject: &Subject) {
    let first = try_at(subject, 100, refund("first", 900), vec![cap(0)]).await;
    assert!(first.is_ok(), "{first:?}");
    let sek = |minor: i64| Some((minor, "SEK".to_owned()));
    let by_class = Cap { actions: Vec::new(), risk: Some(Risk::Money), ..cap(0) };
    let two = Cap { count_max: Some(2), minor_max: None, ..cap(0) };
    let in_market = |market: &str| Cap { markets: vec![market.to_owned()], ..cap(0) };
    let other = |customer: &str| Effect { customer_id: customer.to_owned(), ..refund("", 101) };
    // Each would begin beside the first; what begins is taken back again.
    let table = [
        ("up to the bound", refund("", 100), cap(0), true),
        ("one beyond", refund("", 101), cap(0), false),
        ("what is too old no longer counts", refund("", 101), cap(100), true),
        ("what is just young enough counts", refund("", 101), cap(99), false),
        ("another customer", other("C-2"), cap(0), true),
        ("another customer, of a cap for all", other("C-2"), Cap { per: CapPer::Company, ..cap(0) }, false),
        (
            "another action of the class",
            Effect { action: "credit".to_owned(), ..refund("", 101) },
            by_class.clone(),
            false,
        ),
        ("a class counts no other", refund("", 1_000), Cap { risk: Some(Risk::Write), ..by_class }, true),
        ("the market", refund("", 101), in_market("SE"), false),
        ("another market", refund("", 101), in_market("DE"), true),
        ("another currency", Effect { amount: Some((101, "EUR".to_owned())), ..refund("", 0) }, cap(0), true),
        ("the second of two", Effect { amount: None, ..refund("", 0) }, two.clone(), true),
        ("the second of one", Effect { amount: None, ..refund("", 0) }, Cap { count_max: Some(1), ..two }, false),
        ("no overflow", Effect { amount: sek(i64::MAX), ..refund("", 0) }, cap(0), false),
    ];
    for (number, (name, effect, cap, begins)) in table.into_iter().enumerate() {
        let intent_id = format!("i{number}");
        let tried = try_at(subject, 100, Effect { intent_id: intent_id.clone(), ..effect }, vec![cap]).await;
        assert_eq!(tried.is_ok(), begins, "{name}: {tried:?}");
        assert!(begins || is_reached(&tried), "{name}: {tried:?}");
        let counting = Some(Counting::NotDone(intent_id));
        let stream = format!("back-{number}");
        subject.ledger.append(Commit { counting, ..commit(&stream, 0, vec![event(1)]) }).await.unwrap();
    }
}

/// What was not done after all no longer counts; what is unknown does. Nobody sees another company's effects, and old ones go.
pub async fn what_was_not_done_no_longer_counts(subject: &Subject) {
    try_at(subject, 10, refund("a", 900), vec![cap(0)]).await.unwrap();
    assert!(is_reached(&try_at(subject, 20, refund("b", 200), vec![cap(0)]).await));
    let not_done = Some(Counting::NotDone("a".to_owned()));
    let foreign = TenantId("other".to_owned());
    let elsewhere = Commit { tenant: foreign.clone(), counting: not_done.clone(), ..commit("x", 0, vec![event(1)]) };
    subject.ledger.append(elsewhere).await.unwrap();
    assert!(
        is_reached(&try_at(subject, 20, refund("b", 200), vec![cap(0)]).await),
        "another company's is not this one's"
    );
    subject.ledger.append(Commit { counting: not_done, ..commit("x", 0, vec![event(1)]) }).await.unwrap();
    try_at(subject, 20, refund("b", 200), vec![cap(0)]).await.unwrap();
    try_at(subject, 30, refund("c", 300), vec![cap(0)]).await.unwrap();
    let past = |at_s: i64| PastEffect {
        action: "refund".to_owned(),
        risk: "money".to_owned(),
        at: TimestampUs(at_s * 1_000_000),
    };
    let since = |at_s: i64| TimestampUs(at_s * 1_000_000);
    assert_eq!(subject.ledger.effects(&tenant(), "C-1", since(0)).await.unwrap(), [past(30), past(20)]);
    assert_eq!(subject.ledger.effects(&tenant(), "C-1", since(20)).await.unwrap(), [past(30)]);
    assert_eq!(subject.ledger.effects(&foreign, "C-1", since(0)).await.unwrap(), []);
    assert_eq!(subject.ledger.effects(&tenant(), "C-2", since(0)).await.unwrap(), []);
    let later_s = 25 + KEPT_US / 1_000_000;
    try_at(subject, later_s, refund("d", 900), Vec::new()).await.unwrap();
    assert_eq!(subject.ledger.effects(&tenant(), "C-1", since(0)).await.unwrap(), [past(later_s), past(30)]);
}

/// R17: who decided without knowing what was begun meanwhile has to decide again.
pub async fn who_decided_on_an_older_past_is_refused(subject: &Subject) {
    let begun = |intent_id: &str, action: &str, count: i64| {
        let (since, names) = (TimestampUs(0), vec!["credential".to_owned(), "refund".to_owned()]);
        let known = Some(Known { names, since, count });
        let risk = if action == "rename" { Risk::Credential } else { Risk::Write };
        let effect = Effect { action: action.to_owned(), risk, ..refund(intent_id, 1) };
        let counting = Some(Counting::Begun { effect, caps: Vec::new(), known });
        Commit { counting, ..commit(&format!("s-{intent_id}-{count}"), 0, vec![event(1)]) }
    };
    subject.ledger.append(begun("a", "note", 0)).await.unwrap();
    subject.ledger.append(begun("b", "rename", 0)).await.unwrap();
    let overtaken = subject.ledger.append(begun("c", "refund", 0)).await;
    assert!(matches!(overtaken, Err(AppendError::Conflict)), "{overtaken:?}");
    subject.ledger.append(begun("c", "refund", 1)).await.unwrap();
    subject.ledger.append(begun("d", "note", 5)).await.unwrap();
}
