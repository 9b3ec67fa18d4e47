//! What does the money come to that actions have moved? Double entry: each posting takes from one account what it gives to another.
//!
//! An intent holds the amount, its outcome releases what was held and posts what was moved. Nothing is ever changed: what is taken back is posted again, the
//! other way round. [`audit`] compares them with the events, [`statement`] the books with those of a payment provider.

pub mod audit;
pub mod statement;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Currency, Money, TimestampUs};

/// Where money comes from that a company's system reported and no action moved.
pub const BEFORE: &str = "before";
/// The largest amount of one posting, minor units: sums of tens of thousands of them stay within 64 bits.
pub const MINOR_MAX: i64 = 100_000_000_000_000;
/// Legs of one action at most.
pub const LEGS_MAX: usize = 8;

/// An account of the pack's chart, of one record where the chart says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Its name in the chart, or [`BEFORE`].
    pub name: String,
    /// Id of the record it is kept for; empty for one of the whole company.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.of.is_empty() { Ok(()) } else { write!(f, "/{}", self.of) }
    }
}

/// One movement that an action is about to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its place among the postings of the action, from 0.
    pub line: u32,
    /// What the amount is taken from.
    pub debit: Account,
    /// What it is given to.
    pub credit: Account,
    /// How much, 1 to [`MINOR_MAX`].
    pub amount: Money,
    /// What was ever put into the debited account, as the company's system says, minor units: more never leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<i64>,
}

/// How the books change with a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Moving {
    /// An action begins: its amounts are held, or it is refused.
    Begun {
        /// Id of the intent.
        intent_id: String,
        /// For whom; empty when nobody is identified.
        customer_id: String,
        /// The action.
        action: String,
        /// What it moves, 1 to [`LEGS_MAX`].
        legs: Vec<Leg>,
    },
    /// It was done. What was not held, or is settled already, is left as it is.
    Done {
        /// Id of the intent.
        intent_id: String,
        /// By what name the payment provider knows it.
        reference: String,
        /// What the receipt says was moved, line and minor units; where it says nothing, what was held.
        moved: Vec<(u32, i64)>,
    },
    /// It was not done.
    NotDone {
        /// Id of the intent.
        intent_id: String,
    },
}

/// Which of its steps a posting belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A company's system said that so much was put in before.
    Observed,
    /// It is about to be moved.
    Held,
    /// It is no longer held, because it was moved or was not.
    Released,
    /// It was moved.
    Moved,
}

impl Phase {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Held => "held",
            Self::Released => "released",
            Self::Moved => "moved",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Observed, Self::Held, Self::Released, Self::Moved].into_iter().find(|phase| phase.as_str() == name)
    }
}

/// One double entry. It is written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Its number in the books of the company, growing, with gaps.
    pub number: i64,
    /// The intent it belongs to.
    pub intent_id: String,
    /// Place among the postings of the action.
    pub line: u32,
    /// Its step.
    pub phase: Phase,
    /// For whom; empty when nobody was identified, or he was erased.
    pub customer_id: String,
    /// The action.
    pub action: String,
    /// What the amount is taken from.
    pub debit: Account,
    /// What it is given to.
    pub credit: Account,
    /// How much, more than 0.
    pub amount: Money,
    /// By what name the payment provider knows it; empty before it was moved.
    pub reference: String,
    /// When.
    pub at: TimestampUs,
}

/// Why the books do not take what they are given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BooksError {
    /// More would leave an account than was ever put into it.
    #[error("account `{0}` does not hold as much")]
    Overdrawn(Account),
    /// Not an amount that is moved.
    #[error("a posting moves 1 to {MINOR_MAX} minor units from one account to another, not `{0}`")]
    Amount(i64),
    /// Too many, or none.
    #[error("an action moves money in 1 to {LEGS_MAX} postings, not in `{0}`")]
    Legs(usize),
}

impl BooksError {
    /// By what name it is told why an action is not done, without the record.
    #[must_use]
    pub fn rule(&self) -> String {
        match self {
            Self::Overdrawn(account) => format!("account {}", account.name),
            Self::Amount(_) | Self::Legs(_) => self.to_string(),
        }
    }
}

impl Moving {
    /// The intent.
    #[must_use]
    pub fn intent_id(&self) -> &str {
        match self {
            Self::Begun { intent_id, .. } | Self::Done { intent_id, .. } | Self::NotDone { intent_id } => intent_id,
        }
    }

    /// Whether every amount is one that can be moved; what is not is never written.
    ///
    /// # Errors
    /// [`BooksError`]; the author of the pack can fix it.
    pub fn check(&self) -> Result<(), BooksError> {
        match self {
            Self::Begun { legs, .. } => {
                if !(1..=LEGS_MAX).contains(&legs.len()) {
                    return Err(BooksError::Legs(legs.len()));
                }
                let is_wrong = |leg: &&Leg| !(1..=MINOR_MAX).contains(&leg.amount.minor) || leg.debit == leg.credit;
                legs.iter().find(is_wrong).map_or(Ok(()), |leg| Err(BooksError::Amount(leg.amount.minor)))
            }
            Self::Done { moved, .. } => {
                let wrong = moved.iter().find(|(_, minor)| !(0..=MINOR_MAX).contains(minor));
                wrong.map_or(Ok(()), |(_, minor)| Err(BooksError::Amount(*minor)))
            }
            Self::NotDone { .. } => Ok(()),
        }
    }
}

/// What an account holds in a currency, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// What was taken from it.
    pub debits: i64,
    /// What was given to it.
    pub credits: i64,
    /// What is about to be taken.
    pub debits_held: i64,
    /// What is about to be given.
    pub credits_held: i64,
}

impl Balance {
    /// What is left for an action that begins now.
    #[must_use]
    pub const fn left(&self) -> i64 {
        self.credits.saturating_sub(self.debits).saturating_sub(self.debits_held)
    }
}

/// An entry that is not numbered yet: step, debit, credit, minor units.
pub type Entry = (Phase, Account, Account, i64);

impl Leg {
    /// What is written when it begins, from the balance of the debited account; the balance counts only where `within` is given.
    ///
    /// # Errors
    /// [`BooksError::Overdrawn`].
    pub fn begins(&self, debited: &Balance) -> Result<Vec<Entry>, BooksError> {
        let mut entries = Vec::with_capacity(2);
        if let Some(within) = self.within {
            let unknown = within.min(MINOR_MAX).saturating_sub(debited.credits).max(0);
            // INVARIANT: what is given back never exceeds what was taken (test: `random_operations_come_out_as_in_the_reference`).
            if self.amount.minor > debited.left().saturating_add(unknown) {
                return Err(BooksError::Overdrawn(self.debit.clone()));
            }
            if unknown > 0 {
                let before = Account { name: BEFORE.to_owned(), of: String::new() };
                entries.push((Phase::Observed, before, self.debit.clone(), unknown));
            }
        }
        entries.push((Phase::Held, self.debit.clone(), self.credit.clone(), self.amount.minor));
        Ok(entries)
    }
}

impl Posting {
    /// What is written when what is held here was done, and the receipt says so much of its lines.
    #[must_use]
    pub fn settles_as(&self, moved: &[(u32, i64)]) -> Vec<Entry> {
        let told = moved.iter().find(|(line, _)| *line == self.line);
        self.settles(told.map_or(self.amount.minor, |(_, minor)| *minor))
    }

    /// What is written when the outcome of what is held here is known: so much was moved, or nothing. A company's system may have moved another amount; it is
    /// posted as it was.
    #[must_use]
    pub fn settles(&self, moved: i64) -> Vec<Entry> {
        let entry = |phase, minor| (phase, self.debit.clone(), self.credit.clone(), minor);
        let mut entries = vec![entry(Phase::Released, self.amount.minor)];
        if moved > 0 {
            entries.push(entry(Phase::Moved, moved));
        }
        entries
    }
}

/// All accounts, from the postings in their order.
#[derive(Debug, Clone, Default)]
pub struct Books {
    balances: BTreeMap<(Account, Currency), Balance>,
    held: BTreeMap<String, Vec<Posting>>,
    number: i64,
}

impl Books {
    /// As much of the books as a change looks at, where they are kept elsewhere: what the debited accounts hold, what is held for the intent, and the number
    /// after which postings are numbered.
    #[must_use]
    pub fn part(
        balances: impl IntoIterator<Item = (Account, Currency, Balance)>,
        held: Vec<Posting>,
        number: i64,
    ) -> Self {
        let mut part = Self { number, ..Self::default() };
        for (account, currency, balance) in balances {
            part.balances.insert((account, currency), balance);
        }
        for posting in held {
            part.held.entry(posting.intent_id.clone()).or_default().push(posting);
        }
        part
    }

    /// The accounts with what they hold.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, Currency, &Balance)> {
        self.balances.iter().map(|((account, currency), balance)| (account, *currency, balance))
    }

    /// What an account holds.
    #[must_use]
    pub fn balance(&self, account: &Account, currency: Currency) -> Balance {
        self.balances.get(&(account.clone(), currency)).copied().unwrap_or_default()
    }

    /// What is held and has no outcome yet.
    pub fn held(&self) -> impl Iterator<Item = &Posting> {
        self.held.values().flatten()
    }

    /// Adds a posting.
    pub fn post(&mut self, posting: &Posting) {
        let minor = posting.amount.minor;
        for (account, is_debit) in [(&posting.debit, true), (&posting.credit, false)] {
            let balance = self.balances.entry((account.clone(), posting.amount.currency)).or_default();
            let (done, held) = if is_debit {
                (&mut balance.debits, &mut balance.debits_held)
            } else {
                (&mut balance.credits, &mut balance.credits_held)
            };
            match posting.phase {
                Phase::Observed | Phase::Moved => *done = done.saturating_add(minor),
                Phase::Held => *held = held.saturating_add(minor),
                Phase::Released => *held = held.saturating_sub(minor),
            }
        }
        let of_intent = self.held.entry(posting.intent_id.clone()).or_default();
        match posting.phase {
            Phase::Held => of_intent.push(posting.clone()),
            Phase::Released => of_intent.retain(|held| held.line != posting.line),
            Phase::Observed | Phase::Moved => {}
        }
        if of_intent.is_empty() {
            self.held.remove(&posting.intent_id);
        }
        self.number = self.number.max(posting.number);
    }

    /// Posts what a commit changes, all of it or nothing; gives what was posted.
    ///
    /// # Errors
    /// [`BooksError`]; nothing was posted.
    pub fn apply(&mut self, moving: &Moving, at: TimestampUs) -> Result<Vec<Posting>, BooksError> {
        let posted = self.plan(moving, at)?;
        for posting in &posted {
            self.post(posting);
        }
        Ok(posted)
    }

    /// What a commit would post.
    ///
    /// # Errors
    /// [`BooksError`].
    pub fn plan(&self, moving: &Moving, at: TimestampUs) -> Result<Vec<Posting>, BooksError> {
        moving.check()?;
        let mut part = self.part_for(moving);
        let held = part.held.get(moving.intent_id()).cloned().unwrap_or_default();
        let mut planned = Vec::new();
        match moving {
            Moving::Begun { intent_id, customer_id, action, legs } => {
                for leg in legs {
                    let entries = leg.begins(&part.balance(&leg.debit, leg.amount.currency))?;
                    let like = Posting {
                        number: 0,
                        intent_id: intent_id.clone(),
                        line: leg.line,
                        phase: Phase::Held,
                        customer_id: customer_id.clone(),
                        action: action.clone(),
                        debit: leg.debit.clone(),
                        credit: leg.credit.clone(),
                        amount: leg.amount,
                        reference: String::new(),
                        at,
                    };
                    planned.extend(part.enter(&like, entries, at));
                }
            }
            Moving::Done { reference, moved, .. } => {
                for held in held {
                    let entries = held.settles_as(moved);
                    planned.extend(part.enter(&Posting { reference: reference.clone(), ..held }, entries, at));
                }
            }
            Moving::NotDone { .. } => {
                for held in held {
                    planned.extend(part.enter(&held, held.settles(0), at));
                }
            }
        }
        Ok(planned)
    }

    /// Numbers entries and adds them.
    fn enter(&mut self, like: &Posting, entries: Vec<Entry>, at: TimestampUs) -> Vec<Posting> {
        let mut entered = Vec::with_capacity(entries.len());
        for (phase, debit, credit, minor) in entries {
            let amount = Money { minor, ..like.amount };
            let reference = if phase == Phase::Moved { like.reference.clone() } else { String::new() };
            let number = self.number.saturating_add(1);
            let posting = Posting { number, phase, debit, credit, amount, reference, at, ..like.clone() };
            self.post(&posting);
            entered.push(posting);
        }
        entered
    }

    /// As much of these books as a change looks at.
    fn part_for(&self, moving: &Moving) -> Self {
        let legs = if let Moving::Begun { legs, .. } = moving { legs.as_slice() } else { &[] };
        let debited = legs.iter().filter_map(|leg| {
            let key = (leg.debit.clone(), leg.amount.currency);
            let balance = *self.balances.get(&key)?;
            Some((key.0, key.1, balance))
        });
        Self::part(debited, self.held.get(moving.intent_id()).cloned().unwrap_or_default(), self.number)
    }

    /// Currencies in which what was given is not what was taken. There are none, unless somebody has changed the books.
    #[must_use]
    pub fn imbalances(&self) -> Vec<(Currency, i128)> {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for ((_, currency), balance) in &self.balances {
            let sum = sums.entry(*currency).or_default();
            *sum += i128::from(balance.credits) - i128::from(balance.debits);
            *sum += i128::from(balance.credits_held) - i128::from(balance.debits_held);
        }
        sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
    }

    /// Accounts with what was observed put into them from which more has left, or is about to.
    #[must_use]
    pub fn overdrawn<'b>(&'b self, capped: &'b dyn Fn(&Account) -> bool) -> Vec<(&'b Account, Currency, Balance)> {
        let all = self.balances().filter(|(account, _, balance)| capped(account) && balance.left() < 0);
        all.map(|(account, currency, balance)| (account, currency, *balance)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, of: &str) -> Account {
        Account { name: name.to_owned(), of: of.to_owned() }
    }

    fn euro(minor: i64) -> Money {
        Money { minor, currency: Currency::parse("EUR").unwrap() }
    }

    fn refund(intent: &str, minor: i64, within: i64) -> Moving {
        let (debit, credit) = (account("captured", "O-1"), account("psp", ""));
        let leg = Leg { line: 0, debit, credit, amount: euro(minor), within: Some(within) };
        Moving::Begun {
            intent_id: intent.to_owned(),
            customer_id: "C-1".to_owned(),
            action: "refund".to_owned(),
            legs: vec![leg],
        }
    }

    fn done(intent: &str, moved: &[(u32, i64)]) -> Moving {
        Moving::Done { intent_id: intent.to_owned(), reference: format!("REF-{intent}"), moved: moved.to_vec() }
    }

    fn left(books: &Books) -> i64 {
        books.balance(&account("captured", "O-1"), euro(0).currency).left()
    }

    const AT: TimestampUs = TimestampUs(1);

    #[test]
    fn what_is_held_is_released_when_its_outcome_is_known() {
        let mut books = Books::default();
        let posted = books.apply(&refund("a", 400, 1_000), AT).unwrap();
        let phases: Vec<(Phase, i64)> = posted.iter().map(|posting| (posting.phase, posting.amount.minor)).collect();
        assert_eq!(phases, [(Phase::Observed, 1_000), (Phase::Held, 400)]);
        assert_eq!((left(&books), books.held().count()), (600, 1));
        assert_eq!(books.apply(&done("a", &[(0, 350)]), AT).unwrap().len(), 2);
        assert_eq!((left(&books), books.held().count()), (650, 0), "what was moved is what the receipt says");
        assert!(books.apply(&done("a", &[]), AT).unwrap().is_empty(), "it is settled once");
        assert!(books.apply(&Moving::NotDone { intent_id: "a".to_owned() }, AT).unwrap().is_empty());
        books.apply(&refund("b", 650, 1_000), AT).unwrap();
        books.apply(&Moving::NotDone { intent_id: "b".to_owned() }, AT).unwrap();
        assert_eq!((left(&books), books.imbalances()), (650, Vec::new()));
    }

    #[test]
    fn more_than_was_put_in_never_leaves() {
        let mut books = Books::default();
        let captured = account("captured", "O-1");
        assert_eq!(books.apply(&refund("a", 1_001, 1_000), AT), Err(BooksError::Overdrawn(captured.clone())));
        assert_eq!(books.balances().count(), 0, "what is refused leaves nothing behind");
        books.apply(&refund("b", 700, 1_000), AT).unwrap();
        assert!(books.apply(&refund("c", 301, 1_000), AT).is_err(), "what may be under way counts");
        books.apply(&refund("d", 301, 1_001), AT).unwrap();
        // The company's system moved more than it was asked to: that is told, not hidden.
        books.apply(&done("b", &[(0, 900)]), AT).unwrap();
        let overdrawn = books.overdrawn(&|account| account.name == "captured");
        assert_eq!(overdrawn.first().map(|(account, _, balance)| (*account, balance.left())), Some((&captured, -200)));
    }

    #[test]
    fn amounts_that_cannot_be_moved_are_refused() {
        for minor in [0, -5, MINOR_MAX + 1] {
            assert_eq!(refund("a", minor, 10).check(), Err(BooksError::Amount(minor)));
        }
        assert_eq!(done("a", &[(0, -1)]).check(), Err(BooksError::Amount(-1)));
        let nothing = Moving::Begun {
            intent_id: String::new(),
            customer_id: String::new(),
            action: String::new(),
            legs: Vec::new(),
        };
        assert_eq!(nothing.check(), Err(BooksError::Legs(0)));
    }
}
