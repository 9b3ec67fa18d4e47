//! Are the books as the events of the ledger have made them? Events are proved by their leaves, postings are not; so what differs is a changed posting.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Account, Books, Leg, Moving, Phase, Posting};
use crate::{Money, TimestampUs};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Postings that the events tell of in the same way.
    pub fit: usize,
    /// Postings of which no event tells: their conversations were erased, or somebody has added them.
    pub untold: usize,
    /// Intents whose postings are not what the events tell, and how.
    pub faults: Vec<(String, &'static str)>,
}

type Key<'a> = (&'a str, u32, Phase);

/// Compares postings with what events tell of money, in the order of the ledger. What was observed is left out: how much of it is new depends on what was
/// observed before, which may be erased.
#[must_use]
pub fn audit<'a>(postings: &[Posting], told: impl Iterator<Item = &'a Moving>) -> Audit {
    let (mut books, mut expected) = (Books::default(), Vec::new());
    for moving in told {
        expected.extend(books.apply(&uncapped(moving), TimestampUs(0)).unwrap_or_default());
    }
    fn key(posting: &Posting) -> Key<'_> {
        (&posting.intent_id, posting.line, posting.phase)
    }
    let stored: BTreeMap<Key<'_>, &Posting> = postings
        .iter()
        .filter(|posting| posting.phase != Phase::Observed)
        .map(|posting| (key(posting), posting))
        .collect();
    let (mut audit, mut tags, mut known) = (Audit::default(), BTreeMap::new(), BTreeSet::new());
    for wanted in &expected {
        known.insert(key(wanted));
        match stored.get(&key(wanted)) {
            None => audit.faults.push((wanted.intent_id.clone(), "a posting is missing")),
            Some(found) if fits(wanted, found, &mut tags) => audit.fit += 1,
            Some(_) => audit.faults.push((wanted.intent_id.clone(), "a posting is another one")),
        }
    }
    let intents: BTreeSet<&str> = expected.iter().map(|posting| posting.intent_id.as_str()).collect();
    for (key, posting) in stored.iter().filter(|(key, _)| !known.contains(*key)) {
        if intents.contains(key.0) {
            audit.faults.push((posting.intent_id.clone(), "a posting is too much"));
        } else {
            audit.untold += 1;
        }
    }
    audit
}

fn uncapped(moving: &Moving) -> Moving {
    let mut moving = moving.clone();
    if let Moving::Begun { legs, .. } = &mut moving {
        for Leg { within, .. } in legs {
            *within = None;
        }
    }
    moving
}

/// Records may stand under tags in the books; then each has one and the same everywhere.
fn fits<'a>(wanted: &'a Posting, found: &'a Posting, tags: &mut BTreeMap<&'a str, &'a str>) -> bool {
    let same = |posting: &Posting| -> (Money, String) { (posting.amount, posting.action.clone()) };
    let accounts: [(&'a Account, &'a Account); 2] = [(&wanted.debit, &found.debit), (&wanted.credit, &found.credit)];
    same(wanted) == same(found)
        && accounts.into_iter().all(|(wanted, found)| {
            let tag = *tags.entry(wanted.of.as_str()).or_insert(found.of.as_str());
            wanted.name == found.name && tag == found.of && wanted.of.is_empty() == found.of.is_empty()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn movings() -> Vec<Moving> {
        let money = |minor| Money { minor, currency: Currency::parse("EUR").unwrap() };
        let account = |name: &str, of: &str| Account { name: name.to_owned(), of: of.to_owned() };
        let begun = |intent_id: &str, of: &str| Moving::Begun {
            intent_id: intent_id.to_owned(),
            customer_id: "C-1".to_owned(),
            action: "refund".to_owned(),
            legs: vec![Leg {
                line: 0,
                debit: account("captured", of),
                credit: account("provider", ""),
                amount: money(100),
                within: Some(500),
            }],
        };
        let done = |id: &str| Moving::Done { intent_id: id.to_owned(), reference: String::new(), moved: vec![(0, 90)] };
        vec![begun("a", "O-1"), done("a"), begun("b", "O-1"), begun("c", "O-2"), done("c")]
    }

    fn stored() -> Vec<Posting> {
        let mut books = Books::default();
        movings().iter().flat_map(|moving| books.apply(moving, TimestampUs(1)).unwrap()).collect()
    }

    #[test]
    fn a_changed_posting_is_found() {
        let movings = movings();
        let audited = |postings: &[Posting]| audit(postings, movings.iter());
        let stored = stored();
        assert_eq!(audited(&stored), Audit { fit: 7, untold: 0, faults: Vec::new() });
        let place = stored.iter().position(|posting| posting.phase == Phase::Moved).unwrap();
        for change in [
            |posting: &mut Posting| posting.amount.minor += 1,
            |posting: &mut Posting| posting.amount.currency = Currency::parse("SEK").unwrap(),
            |posting: &mut Posting| posting.credit.name = "mine".to_owned(),
            |posting: &mut Posting| posting.debit.of = "O-9".to_owned(),
            |posting: &mut Posting| posting.intent_id = "b".to_owned(),
        ] {
            let mut changed = stored.clone();
            change(&mut changed[place]);
            assert!(!audited(&changed).faults.is_empty(), "{:?}", changed[place]);
        }
        let mut cut = stored.clone();
        cut.remove(place);
        assert_eq!(audited(&cut).faults, [("a".to_owned(), "a posting is missing")]);
        // The conversation of `c` was erased: its postings stay, and nobody can tell any more.
        let erased = audit(&stored, movings.iter().take(3));
        assert_eq!((erased.untold, erased.faults.len()), (3, 0));
    }

    #[test]
    fn records_may_stand_under_tags() {
        let movings = movings();
        let mut stored = stored();
        for posting in &mut stored {
            posting.debit.of = posting.debit.of.replace("O-", "tag");
        }
        assert!(audit(&stored, movings.iter()).faults.is_empty());
        stored.last_mut().unwrap().debit.of = "tag1".to_owned();
        assert!(!audit(&stored, movings.iter()).faults.is_empty());
    }
}
