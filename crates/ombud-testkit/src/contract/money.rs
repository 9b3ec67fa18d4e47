//! What must hold of the books of money, on every database?

use std::collections::BTreeMap;
use std::sync::Arc;

use ombud_domain::books::statement::{State, movements};
use ombud_domain::{Account, Books, Currency, Leg, Money, Moving, NewEvent, Phase, Posting, TimestampUs};
use ombud_ports::books::{POSTINGS_MAX, Wanted};
use ombud_ports::{AppendError, Commit};
use serde_json::json;
use tokio::task::JoinSet;

use super::{Subject, commit, tenant};

/// Operations of the random run in memory, unless `OMBUD_MONEY_OPERATIONS` says otherwise.
const OPERATIONS: u64 = 20_000;
/// A database, which writes each to the disk, gets one of so many.
const DATABASE_SHARE: u64 = 20;
/// Who write at the same time, each about orders of his own.
const WRITERS: u64 = 32;
/// Orders of a writer.
const ORDERS: u64 = 4;
const SEED: u64 = 20_261_128;

fn account(name: &str, of: &str) -> Account {
    Account { name: name.to_owned(), of: of.to_owned() }
}

fn money(minor: i64, code: &str) -> Money {
    Money { minor, currency: Currency::parse(code).unwrap() }
}

fn leg(line: u32, (debit, credit): (Account, Account), amount: Money, within: Option<i64>) -> Leg {
    Leg { line, debit, credit, amount, within }
}

fn begun(intent_id: &str, customer_id: &str, legs: Vec<Leg>) -> Moving {
    let (intent_id, customer_id) = (intent_id.to_owned(), customer_id.to_owned());
    Moving::Begun { intent_id, customer_id, action: "refund".to_owned(), legs }
}

/// A refund of an order of which so much was taken.
fn refund(intent_id: &str, order: &str, minor: i64, within: i64) -> Moving {
    let between = (account("captured", order), account("psp", ""));
    begun(intent_id, "C-1", vec![leg(0, between, money(minor, "SEK"), Some(within))])
}

fn done(intent_id: &str, moved: &[(u32, i64)]) -> Moving {
    let (intent_id, reference) = (intent_id.to_owned(), format!("REF-{intent_id}"));
    Moving::Done { intent_id, reference, moved: moved.to_vec() }
}

fn not_done(intent_id: &str) -> Moving {
    Moving::NotDone { intent_id: intent_id.to_owned() }
}

/// An event that says what is posted, as actions write it.
fn told(moving: &Moving) -> NewEvent {
    NewEvent { kind: "action.settled".to_owned(), payload: json!({"money": moving}).into() }
}

async fn append(subject: &Subject, stream: &str, version: i64, moving: Moving) -> Result<i64, AppendError> {
    let events = vec![told(&moving)];
    let written = Commit { moving: Some(moving), ..commit(stream, version, events) };
    subject.ledger.append(written).await.map(|committed| committed.version)
}

/// All postings that are wanted, page by page.
async fn postings(subject: &Subject, wanted: &Wanted) -> Vec<Posting> {
    let mut all: Vec<Posting> = Vec::new();
    loop {
        let after = all.last().map_or(0, |posting| posting.number);
        let page = subject.books.postings(&tenant(), wanted, after).await.unwrap();
        let is_last = page.len() < POSTINGS_MAX;
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

fn books(postings: &[Posting]) -> Books {
    let mut books = Books::default();
    for posting in postings {
        books.post(posting);
    }
    books
}

/// R72: held with the intent, settled with the outcome and once; what was not begun settles nothing, and what is refused is written nowhere.
pub async fn a_movement_is_held_and_settled_with_its_commits(subject: &Subject) {
    let version = append(subject, "c1", 0, refund("i1", "O-1", 400, 1_000)).await.unwrap();
    let (all, everything) = (postings(subject, &Wanted::default()).await, Wanted::default());
    let phases: Vec<(Phase, i64)> = all.iter().map(|posting| (posting.phase, posting.amount.minor)).collect();
    assert_eq!(phases, [(Phase::Observed, 1_000), (Phase::Held, 400)]);
    let refused = append(subject, "c1", version, refund("i2", "O-1", 601, 1_000)).await;
    assert!(matches!(&refused, Err(AppendError::LimitReached { rule }) if rule.contains("captured")), "{refused:?}");
    assert_eq!(subject.ledger.read_all(&tenant(), 0, 10).await.unwrap().len(), 1, "what is refused is not written");
    let version = append(subject, "c1", version, done("i1", &[(0, 390)])).await.unwrap();
    let version = append(subject, "c1", version, done("i1", &[])).await.unwrap();
    let version = append(subject, "c1", version, not_done("i1")).await.unwrap();
    append(subject, "c1", version, done("i9", &[])).await.unwrap();
    let all = postings(subject, &everything).await;
    assert!(all.windows(2).all(|pair| pair[0].number < pair[1].number));
    let moved = movements(&all);
    assert_eq!(moved.len(), 1);
    assert_eq!((moved[0].state, moved[0].amount.minor, moved[0].reference.as_str()), (State::Moved, 390, "REF-i1"));
    let stale = append(subject, "c1", 0, refund("i3", "O-1", 1, 1_000)).await;
    assert!(matches!(stale, Err(AppendError::Conflict)), "{stale:?}");
    let wrong = append(subject, "c2", 0, refund("i4", "O-1", -1, 1_000)).await;
    assert!(matches!(wrong, Err(AppendError::Store(_))), "{wrong:?}");
    assert_eq!(postings(subject, &everything).await.len(), 4, "observed, held, released, moved");
}

/// R72: 64 refunds of one order at once, in as many conversations: no more is begun than was taken, and what was not done can be done again.
pub async fn of_refunds_at_once_only_what_was_taken_goes_back(subject: &Subject) {
    let subject = Arc::new(subject.clone());
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let subject = Arc::clone(&subject);
        let refund = refund(&format!("r{number}"), "O-1", 90, 1_000);
        tasks.spawn(async move { append(&subject, &format!("c{number}"), 0, refund).await.is_ok().then_some(number) });
    }
    let begun: Vec<i32> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(begun.len(), 11, "11 x 90 is 990, 12 x 90 would be 1,080");
    let first = begun.first().unwrap();
    append(&subject, &format!("c{first}"), 1, not_done(&format!("r{first}"))).await.unwrap();
    append(&subject, "again", 0, refund("again", "O-1", 100, 1_000)).await.unwrap();
    assert!(append(&subject, "more", 0, refund("more", "O-1", 1, 1_000)).await.is_err());
    append(&subject, "other", 0, refund("other", "O-2", 1_000, 1_000)).await.unwrap();
    let books = books(&postings(&subject, &Wanted::default()).await);
    assert_eq!((books.held().count(), books.imbalances()), (12, Vec::new()));
    assert!(books.overdrawn(&|account| account.name == "captured").is_empty());
}

/// By customer, by account, by the record it is kept for; another company sees nothing.
pub async fn postings_are_found_by_customer_and_account(subject: &Subject) {
    append(subject, "c1", 0, refund("i1", "O-1", 10, 100)).await.unwrap();
    append(subject, "c2", 0, refund("i2", "O-2", 20, 100)).await.unwrap();
    let fee = leg(0, (account("receivable", "C-2"), account("fees", "")), money(30, "EUR"), None);
    append(subject, "c3", 0, begun("i3", "C-2", vec![fee])).await.unwrap();
    let wanted = |customer: Option<&str>, account: Option<&str>, of: Option<&str>| Wanted {
        customer_id: customer.map(str::to_owned),
        account: account.map(str::to_owned),
        of: of.map(str::to_owned),
    };
    let table = [
        (wanted(None, None, None), 5),
        (wanted(Some("C-1"), None, None), 4),
        (wanted(Some("C-2"), None, None), 1),
        (wanted(Some("C-3"), None, None), 0),
        (wanted(None, Some("captured"), None), 4),
        (wanted(None, Some("captured"), Some("O-2")), 2),
        (wanted(None, Some("receivable"), Some("C-2")), 1),
        (wanted(Some("C-1"), Some("psp"), None), 2),
        (wanted(Some("C-2"), Some("psp"), None), 0),
    ];
    for (wanted, expected) in table {
        assert_eq!(postings(subject, &wanted).await.len(), expected, "{wanted:?}");
    }
    let foreign = ombud_domain::TenantId("other".to_owned());
    assert!(subject.books.postings(&foreign, &Wanted::default(), 0).await.unwrap().is_empty());
}

/// Splitmix64: the same operations for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn minor(&mut self, max: i64) -> i64 {
        1 + i64::try_from(self.below(u64::try_from(max).unwrap())).unwrap()
    }
}

/// What is known of an order in a currency, told in the simplest way: sums, no entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OrderSums {
    put_in: i64,
    left_it: i64,
    leaving: i64,
}

/// What one writer has done, by the reference.
#[derive(Default)]
struct Reference {
    orders: BTreeMap<(String, &'static str), OrderSums>,
    /// Begun and not settled: order, currency, amount; negative for what comes in.
    open: Vec<(String, String, &'static str, i64)>,
    settled: Vec<String>,
    /// Net of the payment provider's account, by currency.
    psp: BTreeMap<&'static str, i64>,
    counts: BTreeMap<&'static str, u64>,
}

/// One operation: what is committed, and what the reference expects. None when the dice name nothing that is there.
struct Operation {
    name: &'static str,
    moving: Moving,
    accepted: bool,
}

impl Reference {
    fn operation(&mut self, dice: &mut Dice, (writer, number): (u64, u64)) -> Option<Operation> {
        let order = format!("O-{writer}-{}", dice.below(ORDERS));
        let currency = ["SEK", "EUR", "JPY"][usize::try_from(dice.below(3)).unwrap()];
        let intent_id = format!("i-{writer}-{number}");
        let (captured, psp) = (account("captured", &order), account("psp", ""));
        match dice.below(10) {
            0..=3 => {
                let sums = self.orders.entry((order.clone(), currency)).or_default();
                let within = sums.put_in.max(0) + if dice.below(4) == 0 { dice.minor(50_000) } else { 0 };
                let minor = dice.minor(30_000);
                let accepted = minor <= sums.put_in.max(within) - sums.left_it - sums.leaving;
                if accepted {
                    sums.put_in = sums.put_in.max(within);
                    sums.leaving += minor;
                    self.open.push((intent_id.clone(), order, currency, minor));
                }
                let legs = vec![leg(0, (captured, psp), money(minor, currency), Some(within))];
                Some(Operation { name: "refund", moving: begun(&intent_id, "C-1", legs), accepted })
            }
            // A payment, or a refund that came back: a new entry, the other way round. A fee goes with it.
            4..=5 => {
                let minor = dice.minor(20_000);
                self.orders.entry((order.clone(), currency)).or_default();
                self.open.push((intent_id.clone(), order, currency, -minor));
                let fee = (account("receivable", "C-1"), account("fees", ""));
                let legs =
                    vec![leg(0, (psp, captured), money(minor, currency), None), leg(1, fee, money(25, currency), None)];
                Some(Operation { name: "payment", moving: begun(&intent_id, "C-1", legs), accepted: true })
            }
            6 => {
                let again = self.settled.get(usize::try_from(dice.below(1 + self.settled.len() as u64)).unwrap())?;
                let moving = if dice.below(2) == 0 { done(again, &[]) } else { not_done(again) };
                Some(Operation { name: "settled again", moving, accepted: true })
            }
            7 => {
                let (intent_id, order, currency, minor) = self.take(dice)?;
                if minor > 0 {
                    self.orders.get_mut(&(order, currency)).unwrap().leaving -= minor;
                }
                Some(Operation { name: "not done", moving: not_done(&intent_id), accepted: true })
            }
            _ => {
                let (intent_id, order, currency, minor) = self.take(dice)?;
                let told = match dice.below(6) {
                    0 => Some(0),
                    1 => Some(dice.minor(minor.abs())),
                    2 => Some(minor.abs() + dice.minor(100)),
                    _ => None,
                };
                let moved = told.unwrap_or(minor.abs());
                let sums = self.orders.get_mut(&(order, currency)).unwrap();
                if minor > 0 {
                    sums.leaving -= minor;
                    sums.left_it += moved;
                } else {
                    sums.put_in += moved;
                }
                *self.psp.entry(currency).or_default() += if minor > 0 { moved } else { -moved };
                let moved: Vec<(u32, i64)> = told.into_iter().map(|told| (0, told)).collect();
                Some(Operation { name: "done", moving: done(&intent_id, &moved), accepted: true })
            }
        }
    }

    fn take(&mut self, dice: &mut Dice) -> Option<(String, String, &'static str, i64)> {
        let place = usize::try_from(dice.below(1 + self.open.len() as u64)).unwrap();
        let open = (place < self.open.len()).then(|| self.open.swap_remove(place))?;
        self.settled.push(open.0.clone());
        Some(open)
    }
}

async fn write(subject: Arc<Subject>, writer: u64, operations: u64) -> Reference {
    let (mut dice, mut reference, mut version) = (Dice(SEED ^ (writer << 32)), Reference::default(), 0);
    let mut number = 0;
    while number < operations {
        let Some(operation) = reference.operation(&mut dice, (writer, number)) else { continue };
        number += 1;
        match append(&subject, &format!("w{writer}"), version, operation.moving.clone()).await {
            Ok(written) => {
                assert!(operation.accepted, "taken, though the reference refuses it: {:?}", operation.moving);
                version = written;
                *reference.counts.entry(operation.name).or_default() += 1;
            }
            Err(AppendError::LimitReached { rule }) => {
                assert!(
                    !operation.accepted,
                    "refused by {rule}, though the reference takes it: {:?}",
                    operation.moving
                );
                *reference.counts.entry("refused").or_default() += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    reference
}

/// How many operations a random run has.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub fn operations_max() -> u64 {
    let wanted = std::env::var("OMBUD_MONEY_OPERATIONS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(OPERATIONS)
}

/// R72, see [`random_operations`].
pub async fn random_operations_come_out_as_in_the_reference(subject: &Subject) {
    random_operations(subject, ("by the contract", operations_max() / DATABASE_SHARE)).await;
}

/// R72: whatever is done in whatever order by many at once, the books say what a reference of plain sums says; what is taken out of all accounts is what is put into
/// all of them, and no posting is changed afterwards.
pub async fn random_operations(subject: &Subject, (place, operations): (&str, u64)) {
    let each = operations.div_ceil(WRITERS);
    let subject = Arc::new(subject.clone());
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(write(Arc::clone(&subject), writer, each));
    }
    let references = tasks.join_all().await;
    let all = postings(&subject, &Wanted::default()).await;
    let books = books(&all);
    assert_eq!(books.imbalances(), Vec::new());
    let (mut open, mut psp) = (0, BTreeMap::<&str, i64>::new());
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut left: BTreeMap<(String, &str), OrderSums> = BTreeMap::new();
    for reference in &references {
        open += reference.open.iter().map(|(.., minor)| if *minor > 0 { 1 } else { 2 }).sum::<usize>();
        reference.psp.iter().for_each(|(currency, net)| *psp.entry(*currency).or_default() += net);
        reference.counts.iter().for_each(|(name, count)| *counts.entry(*name).or_default() += count);
        left.extend(reference.orders.iter().map(|(order, sums)| (order.clone(), *sums)));
    }
    assert_eq!(books.held().count(), open, "what has no outcome is held");
    for (currency, net) in psp {
        let balance = books.balance(&account("psp", ""), money(0, currency).currency);
        assert_eq!(balance.credits - balance.debits, net, "{currency}");
    }
    // Each order is asked for by its own id, which stands in a sealed ledger as a tag.
    for ((order, currency), sums) in left.into_iter().take(200) {
        let wanted = Wanted { account: Some("captured".to_owned()), of: Some(order.clone()), customer_id: None };
        let of_order = self::books(&postings(&subject, &wanted).await);
        let of_currency = money(0, currency).currency;
        let found = of_order.balances().find(|(account, of, _)| account.name == "captured" && *of == of_currency);
        let found = found.map(|(.., balance)| *balance).unwrap_or_default();
        let expected = (sums.put_in, sums.left_it, sums.leaving);
        assert_eq!((found.credits, found.debits, found.debits_held), expected, "{order} {currency}");
    }
    let from_events = refolded(&subject).await;
    let plain = |posting: &Posting| (posting.intent_id.clone(), posting.line, posting.phase, posting.amount.minor);
    let mut stored: Vec<_> = all.iter().map(plain).collect();
    let mut folded: Vec<_> = from_events.iter().map(plain).collect();
    stored.sort();
    folded.sort();
    assert!(stored == folded, "the events of the ledger give other books: {} and {}", stored.len(), folded.len());
    let done = each * WRITERS;
    println!("{place}, random operations: {done} (seed {SEED}), {} postings, 0 otherwise: {counts:?}", all.len());
}

/// The books as the events of the ledger give them.
async fn refolded(subject: &Subject) -> Vec<Posting> {
    let (mut books, mut posted, mut after) = (Books::default(), Vec::new(), 0);
    loop {
        let page = subject.ledger.read_all(&tenant(), after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return posted };
        after = last.position;
        for event in &page {
            let moving: Moving = serde_json::from_value(event.payload["money"].clone()).unwrap();
            posted.extend(books.apply(&moving, TimestampUs(0)).unwrap());
        }
    }
}
