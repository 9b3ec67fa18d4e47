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

fn difference(
    kind: Kind,
    here: Option<(&Movement, &Scope<'_>)>,
    there: Option<(&Line, &Scope<'_>)>,
) -> Discrepancy {
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
