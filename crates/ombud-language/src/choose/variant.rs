//! Which variant fits the wishes best?

use ombud_domain::choice::{Candidate, Choice};

use super::catalogue::Catalogue;
use super::lexicon::{Direction, Lexicon};
use super::options::Options;
use super::plan::{Comparison, Plan, Step};

/// The variants and what the customer has now.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) catalogue: &'a Catalogue,
    pub(super) options: &'a Options,
    pub(super) candidates: &'a [Candidate],
    pub(super) current: &'a Candidate,
}

/// Which variants are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    Eligible,
    All,
}

/// The variant that the first plan which can be met asks for.
pub(super) fn choose_variant(shelf: Shelf<'_>, plans: &[Plan]) -> Choice {
    if plans.is_empty() {
        return Choice::Unread;
    }
    for plan in plans {
        let fitting = shelf.fitting(plan, Among::Eligible);
        match fitting.as_slice() {
            [] => {}
            [one] if shelf.is_least_already(plan, *one) => {
                return Choice::Picked {
                    ids: vec![shelf.current.id.clone()],
                    because: "the cheapest already".to_owned(),
                };
            }
            [one] => {
                return Choice::Picked {
                    ids: vec![shelf.id(*one)],
                    because: shelf
                        .wanted(plan)
                        .into_iter()
                        .map(|(key, value)| format!("{key}: {value}"))
                        .collect::<Vec<_>>()
                        .join("; "),
                };
            }
            several => return Choice::Several { ids: several.iter().map(|at| shelf.id(*at)).collect() },
        }
    }
    let Some(first) = plans.first() else { return Choice::Unread };
    let ineligible = shelf.fitting(first, Among::All).into_iter().map(|at| shelf.id(at)).collect();
    Choice::Unavailable { wanted: shelf.wanted(first), ineligible }
}

impl Shelf<'_> {
    fn id(&self, at: usize) -> String {
        self.candidates.get(at).map(|candidate| candidate.id.clone()).unwrap_or_default()
    }

    /// The best of the variants that meet all that is not a mere preference.
    fn fitting(&self, plan: &Plan, among: Among) -> Vec<usize> {
        let open =
            |at: &usize| among == Among::All || self.candidates.get(*at).is_some_and(|candidate| candidate.eligible);
        let mut left: Vec<usize> = (0..self.candidates.len()).filter(open).filter(|at| self.meets(plan, *at)).collect();
        if !plan.changes() && !plan.free_rest && plan.free.is_empty() {
            return left.into_iter().filter(|at| self.is_current(*at)).collect();
        }
        if among == Among::Eligible {
            left.retain(|at| !self.is_current(*at));
        }
        for wish in &plan.wishes {
            let rank = |at: usize| {
                let value = self.options.value_of(at, wish.key);
                wish.ranks
                    .iter()
                    .position(|rank| value.is_some_and(|value| rank.contains(&value)))
                    .unwrap_or(wish.ranks.len())
            };
            let best = left.iter().map(|at| rank(*at)).min().unwrap_or(0);
            left.retain(|at| rank(*at) == best);
        }
        for comparison in plan
            .comparisons
            .iter()
            .filter(|comparison| matches!(comparison.direction, Direction::Most | Direction::Least))
        {
            self.keep_extreme(comparison, &mut left);
        }
        self.keep_nearest(plan, &mut left);
        left
    }

    /// Whether nothing is asked for but the lowest price, and what the customer has costs less than this one.
    fn is_least_already(&self, plan: &Plan, at: usize) -> bool {
        let only_price = plan.wishes.is_empty()
            && plan.comparisons.iter().all(|asked| asked.key.is_none() && asked.direction == Direction::Least)
            && !plan.comparisons.is_empty();
        let price = self.candidates.get(at).and_then(|candidate| candidate.price);
        only_price && self.current.price.zip(price).is_some_and(|(now, then)| now < then)
    }

    fn is_current(&self, at: usize) -> bool {
        self.candidates.get(at).is_some_and(|candidate| candidate.id == self.current.id)
    }

    fn meets(&self, plan: &Plan, at: usize) -> bool {
        let value = |key: usize| self.options.value_of(at, key);
        let wishes = plan.wishes.iter().all(|wish| {
            wish.soft || value(wish.key).is_some_and(|value| wish.ranks.iter().any(|rank| rank.contains(&value)))
        });
        let kept =
            plan.keeps().all(|key| self.options.current(key).is_none() || value(key) == self.options.current(key));
        let allowed = plan.excluded.iter().all(|(key, excluded)| value(*key) != Some(*excluded));
        let price = self.candidates.get(at).and_then(|candidate| candidate.price);
        let affordable = plan.price_max.is_none_or(|limit| price.is_some_and(|price| price < limit));
        wishes
            && kept
            && allowed
            && affordable
            && plan.comparisons.iter().all(|comparison| comparison.soft || self.compares(comparison, at))
    }

    fn compares(&self, comparison: &Comparison, at: usize) -> bool {
        let up = match comparison.direction {
            Direction::Up => true,
            Direction::Down => false,
            Direction::Most | Direction::Least => return true,
        };
        let Some(key) = comparison.key else {
            let price = self.candidates.get(at).and_then(|candidate| candidate.price);
            return price
                .zip(self.current.price)
                .is_some_and(|(price, now)| if up { price > now } else { price < now });
        };
        let Some(order) = self.options.order(self.lexicon, self.catalogue, key) else { return false };
        let rank = |value: Option<usize>| value.and_then(|value| order.get(value)).copied();
        let (Some(rank), Some(now)) = (rank(self.options.value_of(at, key)), rank(self.options.current(key))) else {
            return false;
        };
        let beyond = |rank: f64| if up { rank > now } else { rank < now };
        match comparison.step {
            Step::Any => beyond(rank),
            Step::By(delta) => ((rank - now).abs() - delta).abs() < 1e-6 && beyond(rank),
            Step::Nearest => {
                let distance = |rank: &f64| (rank - now).abs();
                let nearest = order
                    .iter()
                    .copied()
                    .filter(|rank| beyond(*rank))
                    .map(|rank| distance(&rank))
                    .fold(f64::MAX, f64::min);
                beyond(rank) && distance(&rank) <= nearest + 1e-9
            }
        }
    }

    fn keep_extreme(&self, comparison: &Comparison, left: &mut Vec<usize>) {
        let order = comparison.key.and_then(|key| self.options.order(self.lexicon, self.catalogue, key));
        let value = |at: usize| match comparison.key {
            None => self.candidates.get(at).and_then(|candidate| candidate.price),
            Some(key) => self.options.value_of(at, key).and_then(|value| order.as_ref()?.get(value).copied()),
        };
        let sign = if comparison.direction == Direction::Most { 1.0 } else { -1.0 };
        let top = left.iter().filter_map(|at| value(*at)).map(|value| sign * value).fold(f64::MIN, f64::max);
        left.retain(|at| value(*at).is_some_and(|value| sign * value >= top - 1e-9));
    }

    /// Keeps as much as possible of what the customer has; of what he does not care for, the cheapest.
    fn keep_nearest(&self, plan: &Plan, left: &mut Vec<usize>) {
        let cared = |key: &usize| !plan.free.contains(key);
        let same = |at: usize, key: usize| {
            self.options.current(key).is_some() && self.options.value_of(at, key) == self.options.current(key)
        };
        let keys = 0..self.options.keys.len();
        let kept = |at: usize| keys.clone().filter(cared).filter(|key| same(at, *key)).count();
        let all = |at: usize| keys.clone().filter(|key| same(at, *key)).count();
        if !plan.free_rest {
            keep_most(left, kept);
        }
        for comparison in plan.comparisons.iter().filter(|comparison| comparison.soft) {
            if left.iter().any(|at| self.compares(comparison, *at)) {
                left.retain(|at| self.compares(comparison, *at));
            }
        }
        let differing: Vec<usize> = keys.clone().filter(|key| left.windows(2).any(|pair| matches!(pair, [one, other] if self.options.value_of(*one, *key) != self.options.value_of(*other, *key)))).collect();
        let indifferent = plan.free_rest || differing.iter().all(|key| plan.free.contains(key));
        if left.len() > 1 && indifferent {
            keep_most(left, all);
            self.keep_extreme(&Comparison::cheapest(), left);
            left.truncate(1);
        }
    }

    /// What was asked for, as option and value.
    fn wanted(&self, plan: &Plan) -> Vec<(String, String)> {
        let key = |key: usize| self.options.keys.get(key).map(|key| key.name.clone()).unwrap_or_default();
        let values = |wish: &super::plan::Wish| {
            let known = wish
                .ranks
                .iter()
                .flatten()
                .filter_map(|value| self.options.value(wish.key, *value))
                .map(|value| value.written.clone());
            known.chain(wish.unknown.iter().cloned()).collect::<Vec<_>>().join(" / ")
        };
        let wishes = plan.wishes.iter().map(|wish| (key(wish.key), values(wish)));
        let compared = plan.comparisons.iter().map(|comparison| {
            let word = match comparison.direction {
                Direction::Up => "more",
                Direction::Down => "less",
                Direction::Most => "most",
                Direction::Least => "least",
            };
            (comparison.key.map_or_else(|| "price".to_owned(), key), word.to_owned())
        });
        let kept = plan.keeps().map(|at| {
            let value = self.options.current(at).and_then(|value| self.options.value(at, value));
            (key(at), value.map(|value| value.written.clone()).unwrap_or_default())
        });
        let excluded = plan.excluded.iter().map(|(at, value)| {
            (
                key(*at),
                self.options.value(*at, *value).map(|value| format!("not {}", value.written)).unwrap_or_default(),
            )
        });
        wishes.chain(compared).chain(kept).chain(excluded).collect()
    }
}

fn keep_most(left: &mut Vec<usize>, count: impl Fn(usize) -> usize) {
    let most = left.iter().map(|at| count(*at)).max().unwrap_or(0);
    left.retain(|at| count(*at) == most);
}
