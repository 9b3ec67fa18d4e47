//! Do the books agree with those of a payment provider? Each movement is compared with the line that names it, and what has no other side is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Account, Phase, Posting};
use crate::{Currency, Money, TimestampUs};

/// How far a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It may have been made, or may not.
    Held,
    /// It was made.
    Moved,
    /// It was not made.
    Released,
}

/// All postings of one leg of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The intent; also its idempotency key at the company's system.
    pub intent_id: String,
    /// Place among the postings of the action.
    pub line: u32,
    /// The action.
    pub action: String,
    /// For whom.
    pub customer_id: String,
    /// What the amount was taken from.
    pub debit: Account,
    /// What it was given to.
    pub credit: Account,
    /// What was moved; before that is known, what is held.
    pub amount: Money,
    /// How far it is.
    pub state: State,
    /// By what name the payment provider knows it.
    pub reference: String,
    /// When it was last written about.
    pub at: TimestampUs,
}

/// The movements that postings tell of, in the order in which they began.
#[must_use]
pub fn movements(postings: &[Posting]) -> Vec<Movement> {
    let mut places: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    let mut movements: Vec<Movement> = Vec::new();
    for posting in postings.iter().filter(|posting| posting.phase != Phase::Observed) {
        let place = *places.entry((&posting.intent_id, posting.line)).or_insert(movements.len());
        if place == movements.len() {
            movements.push(Movement {
                intent_id: posting.intent_id.clone(),
                line: posting.line,
                action: posting.action.clone(),
                customer_id: posting.customer_id.clone(),
                debit: posting.debit.clone(),
                credit: posting.credit.clone(),
                amount: posting.amount,
                state: State::Held,
                reference: String::new(),
                at: posting.at,
            });
        }
        let Some(movement) = movements.get_mut(place) else { continue };
        movement.at = posting.at;
        match posting.phase {
            Phase::Moved => {
                movement.state = State::Moved;
                movement.amount = posting.amount;
                movement.reference.clone_from(&posting.reference);
            }
            Phase::Released if movement.state == State::Held => movement.state = State::Released,
            Phase::Released | Phase::Held | Phase::Observed => {}
        }
    }
    movements
}

/// What a line of a statement says of its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It was made.
    Done,
    /// It is under way.
    Open,
    /// It was not made.
    Failed,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// The provider's name for the payment.
    pub reference: String,
    /// The idempotency key it was made with, if the statement tells.
    pub key: Option<String>,
    /// Minor units; what came in is positive, what went out negative, where the statement has signs.
    pub minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// What became of it.
    pub told: Told,
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The account that the statement is about.
    pub account: &'a Account,
    /// Whether amounts of the statement have signs.
    pub signs: Signs,
    /// The statement tells of everything from this moment on.
    pub from: TimestampUs,
    /// And before this one.
    pub until: TimestampUs,
}

/// Whether a statement's amounts say in which direction they went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signs {
    /// What came in is positive, what went out negative.
    InIsPositive,
    /// All are positive.
    None,
}

/// In what a statement and the books differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A payment of the statement that the books do not know.
    MissingHere,
    /// A movement of the books that the statement does not tell of.
    MissingThere,
    /// Another amount.
    Amount,
    /// Another currency.
    Currency,
    /// Made by one and not by the other.
    Status,
    /// The same payment a second time.
    Duplicate,
}

impl Kind {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Duplicate => "duplicate",
        }
    }
}

/// One thing in which they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// In what.
    pub kind: Kind,
    /// The provider's name for the payment; empty when neither side has one.
    pub reference: String,
    /// The movement of the books.
    pub intent_id: Option<String>,
    /// Number of the statement's line.
    pub line: Option<u64>,
    /// What the books say.
    pub here: Option<String>,
    /// What the statement says.
    pub there: Option<String>,
}

/// Compares the books with a statement; gives every difference, those of the statement's lines first, in their order.
#[must_use]
pub fn reconcile(movements: &[Movement], lines: &[Line], scope: &Scope<'_>) -> Vec<Discrepancy> {
    let of_account = |movement: &&Movement| movement.debit == *scope.account || movement.credit == *scope.account;
    let ours: Vec<&Movement> = movements.iter().filter(of_account).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, movement) in ours.iter().enumerate() {
        for name in [movement.reference.as_str(), movement.intent_id.as_str()] {
            if !name.is_empty() {
                by_name.entry(name).or_default().push(place);
            }
        }
    }
    let (mut found, mut seen, mut told) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for line in lines {
        let is_again = !line.reference.is_empty() && !seen.insert(line.reference.as_str());
        if is_again && line.told != Told::Failed {
            found.push(difference(Kind::Duplicate, None, Some((line, scope))));
            continue;
        }
        let names = [Some(line.reference.as_str()), line.key.as_deref()].into_iter().flatten();
        let mut places = names.filter_map(|name| by_name.get(name)).flatten();
        let place = places.find(|place| !told.contains(*place)).copied();
        match place.and_then(|place| Some((place, ours.get(place)?))) {
            Some((place, movement)) => {
                told.insert(place);
                found.extend(compare(movement, line, scope));
            }
            // Nothing was moved, and nobody here says so.
            None if line.told == Told::Failed => {}
            None => found.push(difference(Kind::MissingHere, None, Some((line, scope)))),
        }
    }
    let is_in_time = |movement: &Movement| movement.at >= scope.from && movement.at < scope.until;
    for (place, movement) in ours.iter().enumerate() {
        if movement.state == State::Moved && !told.contains(&place) && is_in_time(movement) {
            found.push(difference(Kind::MissingThere, Some((movement, scope)), None));
        }
    }
    found
}

fn compare(movement: &Movement, line: &Line, scope: &Scope<'_>) -> Vec<Discrepancy> {
    let differs = |kind| difference(kind, Some((movement, scope)), Some((line, scope)));
    let mut found = Vec::new();
    let fits = match line.told {
        Told::Done => movement.state == State::Moved,
        Told::Open => movement.state != State::Released,
        Told::Failed => movement.state != State::Moved,
    };
    if !fits {
        found.push(differs(Kind::Status));
    }
    if line.told == Told::Failed {
        return found;
    }
    if movement.amount.currency != line.currency {
        found.push(differs(Kind::Currency));
    } else if signed(movement, scope) != line.minor {
        found.push(differs(Kind::Amount));
    }
    found
}

/// The movement's amount as the statement would have it.
fn signed(movement: &Movement, scope: &Scope<'_>) -> i64 {
    match scope.signs {
        Signs::InIsPositive if movement.credit == *scope.account => -movement.amount.minor,
        Signs::InIsPositive | Signs::None => movement.amount.minor,
    }
}

fn difference(kind: Kind, here: Option<(&Movement, &Scope<'_>)>, there: Option<(&Line, &Scope<'_>)>) -> Discrepancy {
    let reference = there.map(|(line, _)| line.reference.clone()).filter(|reference| !reference.is_empty());
    let reference = reference.or_else(|| here.map(|(movement, _)| movement.reference.clone()));
    Discrepancy {
        kind,
        reference: reference.unwrap_or_default(),
        intent_id: here.map(|(movement, _)| movement.intent_id.clone()),
        line: there.map(|(line, _)| line.number),
        here: here.map(|(movement, scope)| {
            let amount = Money { minor: signed(movement, scope), currency: movement.amount.currency };
            format!("{amount}, {}", word(movement.state))
        }),
        there: there.map(|(line, _)| {
            let amount = Money { minor: line.minor, currency: line.currency };
            let word = match line.told {
                Told::Done => "done",
                Told::Open => "open",
                Told::Failed => "failed",
            };
            format!("{amount}, {word}")
        }),
    }
}

/// A state in words.
#[must_use]
pub const fn word(state: State) -> &'static str {
    match state {
        State::Held => "held",
        State::Moved => "moved",
        State::Released => "released",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 400;

    fn account(name: &str, of: &str) -> Account {
        Account { name: name.to_owned(), of: of.to_owned() }
    }

    fn movement(number: usize) -> Movement {
        let (order, provider) = (account("captured", &format!("O-{number}")), account("provider", ""));
        let is_payment = number.is_multiple_of(3);
        let (debit, credit) = if is_payment { (provider, order) } else { (order, provider) };
        let currency = Currency::parse(if number.is_multiple_of(7) { "JPY" } else { "SEK" }).unwrap();
        let state = match number % 10 {
            8 => State::Released,
            9 => State::Held,
            _ => State::Moved,
        };
        let minor = i64::try_from(number).unwrap() * 37 % 5_000 + 100;
        Movement {
            intent_id: format!("intent-{number}"),
            line: 0,
            action: "refund".to_owned(),
            customer_id: "C-1".to_owned(),
            debit,
            credit,
            amount: Money { minor, currency },
            state,
            reference: if state == State::Moved { format!("REF-{number}") } else { String::new() },
            at: TimestampUs(1_000),
        }
    }

    /// What an honest provider writes: what was made, some of it still on its way; of what is unknown here it knows that it failed, and names it by its key.
    fn line(movement: &Movement, number: usize) -> Option<Line> {
        let told = match movement.state {
            State::Moved if number.is_multiple_of(4) => Told::Open,
            State::Moved => Told::Done,
            State::Held if number.is_multiple_of(4) => return None,
            State::Held | State::Released => Told::Failed,
        };
        let name = if movement.reference.is_empty() { format!("FAILED-{number}") } else { movement.reference.clone() };
        let sign = if movement.debit.name == "provider" { 1 } else { -1 };
        Some(Line {
            number: u64::try_from(number).unwrap(),
            reference: name,
            key: Some(movement.intent_id.clone()),
            minor: sign * movement.amount.minor,
            currency: movement.amount.currency,
            told,
        })
    }

    fn scope(account: &Account) -> Scope<'_> {
        Scope { account, signs: Signs::InIsPositive, from: TimestampUs(0), until: TimestampUs(i64::MAX) }
    }

    /// R72: 20 differences are put into a statement of 400 payments: each is found and named, and nothing else is.
    #[test]
    fn twenty_seeded_discrepancies_are_found_and_no_false_one() {
        let mut movements: Vec<Movement> = (0..COUNT).map(movement).collect();
        // A movement of other accounts is none of the provider's business.
        movements.push(Movement { debit: account("owed", "C-1"), credit: account("fees", ""), ..movement(1) });
        let mut lines: Vec<Line> = (0..COUNT).filter_map(|number| line(&movements[number], number)).collect();
        let provider = account("provider", "");
        assert_eq!(reconcile(&movements, &lines, &scope(&provider)), [], "an honest statement fits");
        let at = |lines: &[Line], number: u64| lines.iter().position(|line| line.number == number).unwrap();
        let mut expected: Vec<(Kind, String)> = Vec::new();
        let expect =
            |expected: &mut Vec<(Kind, String)>, kind, number: u64| expected.push((kind, format!("REF-{number}")));
        for number in [11, 52, 93] {
            let place = at(&lines, number);
            lines[place].minor += if number == 52 { 1 } else { -100 };
            expect(&mut expected, Kind::Amount, number);
        }
        // The right sum in the wrong direction.
        let place = at(&lines, 61);
        lines[place].minor = -lines[place].minor;
        expect(&mut expected, Kind::Amount, 61);
        for number in [21, 121, 201] {
            let place = at(&lines, number);
            lines[place].currency = Currency::parse("EUR").unwrap();
            expect(&mut expected, Kind::Currency, number);
        }
        for number in [31, 131, 231, 331] {
            lines.remove(at(&lines, number));
            expect(&mut expected, Kind::MissingThere, number);
        }
        for number in [41, 141] {
            let place = at(&lines, number);
            lines[place].told = Told::Failed;
            expect(&mut expected, Kind::Status, number);
        }
        // Called not done, or unknown, here; made there: found by the key.
        for number in [38, 89] {
            let place = at(&lines, number);
            lines[place].told = Told::Done;
            expected.push((Kind::Status, format!("FAILED-{number}")));
        }
        for number in [51, 151] {
            let again = lines[at(&lines, number)].clone();
            lines.push(Line { number: 1_000 + number, ..again });
            expect(&mut expected, Kind::Duplicate, number);
        }
        for number in [9_001_u64, 9_002, 9_003] {
            let stranger = Line { number, reference: format!("REF-{number}"), key: None, ..lines[0].clone() };
            lines.push(Line { told: if number == 9_003 { Told::Open } else { Told::Done }, ..stranger });
            expect(&mut expected, Kind::MissingHere, number);
        }
        let found = reconcile(&movements, &lines, &scope(&provider));
        let mut named: Vec<(Kind, String)> = found.iter().map(|one| (one.kind, one.reference.clone())).collect();
        named.sort();
        expected.sort();
        assert_eq!(expected.len(), 20);
        assert_eq!(named, expected, "{found:#?}");
        println!(
            "reconciliation: {} of {} seeded discrepancies found, 0 false ones in {COUNT} payments",
            named.len(),
            expected.len()
        );
    }

    #[test]
    fn what_a_statement_cannot_know_yet_is_not_missed() {
        let movements: Vec<Movement> = (0..30).map(movement).collect();
        let provider = account("provider", "");
        let of_later = Scope { from: TimestampUs(1_001), ..scope(&provider) };
        assert_eq!(reconcile(&movements, &[], &of_later), []);
        assert_eq!(reconcile(&movements, &[], &scope(&provider)).len(), 24);
        let unsigned = Scope { signs: Signs::None, ..scope(&provider) };
        let lines: Vec<Line> = (0..30).filter_map(|number| line(&movements[number], number)).collect();
        let lines: Vec<Line> = lines.into_iter().map(|line| Line { minor: line.minor.abs(), ..line }).collect();
        assert_eq!(reconcile(&movements, &lines, &unsigned), []);
        assert!(!reconcile(&movements, &lines, &scope(&provider)).is_empty());
    }

    #[test]
    fn postings_become_movements() {
        let posting = |phase, minor, reference: &str| Posting {
            number: 1,
            intent_id: "a".to_owned(),
            line: 0,
            phase,
            customer_id: String::new(),
            action: "refund".to_owned(),
            debit: account("captured", "O-1"),
            credit: account("provider", ""),
            amount: Money { minor, currency: Currency::parse("EUR").unwrap() },
            reference: reference.to_owned(),
            at: TimestampUs(minor),
        };
        let all = [
            posting(Phase::Observed, 900, ""),
            posting(Phase::Held, 500, ""),
            posting(Phase::Released, 500, ""),
            posting(Phase::Moved, 450, "REF"),
        ];
        let state = |count: usize| {
            let told = movements(&all[..count]);
            told.first().map(|movement| (movement.state, movement.amount.minor, movement.reference.clone()))
        };
        assert_eq!((state(1), state(2)), (None, Some((State::Held, 500, String::new()))));
        assert_eq!(state(3), Some((State::Released, 500, String::new())));
        assert_eq!(state(4), Some((State::Moved, 450, "REF".to_owned())));
    }
}
