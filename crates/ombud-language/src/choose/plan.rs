//! What would the customer be served with?

use super::lexicon::Direction;

/// A wish for one option: values in order of preference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    pub(super) key: usize,
    /// Values of one rank are as welcome as each other.
    pub(super) ranks: Vec<Vec<usize>>,
    /// Whether any other value is accepted when none of these can be had.
    pub(super) soft: bool,
    /// What was asked for and does not exist at all.
    pub(super) unknown: Vec<String>,
    /// The sentence and utterance it stands in.
    pub(super) sentence: usize,
    pub(super) utterance: usize,
}

/// How far from what there is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    Any,
    Nearest,
    By(f64),
}

/// "Bigger", "one size smaller", "the cheapest".
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    /// The option; none is the price.
    pub(super) key: Option<usize>,
    pub(super) direction: Direction,
    pub(super) step: Step,
    /// "A higher one is fine": counts only where the present value cannot stay.
    pub(super) soft: bool,
    pub(super) utterance: usize,
}

impl Comparison {
    pub(super) fn cheapest() -> Self {
        Self { key: None, direction: Direction::Least, step: Step::Any, soft: false, utterance: 0 }
    }
}

/// One way in which the customer would be served; a later plan counts only when the one before it cannot be had.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) wishes: Vec<Wish>,
    pub(super) excluded: Vec<(usize, usize)>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) price_max: Option<f64>,
    pub(super) free: Vec<usize>,
    pub(super) free_rest: bool,
    /// Options that must stay.
    pub(super) kept: Vec<usize>,
    /// "The very same".
    pub(super) same: bool,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.wishes.is_empty()
            && self.excluded.is_empty()
            && self.comparisons.is_empty()
            && self.price_max.is_none()
            && self.free.is_empty()
            && self.kept.is_empty()
            && !self.free_rest
            && !self.same
    }

    /// Options that stay as they are: "the same, one size bigger" keeps all but the size.
    pub(super) fn keeps(&self) -> impl Iterator<Item = usize> {
        let is_compared = |key: usize| self.comparisons.iter().any(|comparison| comparison.key == Some(key));
        self.kept.iter().copied().filter(move |key| !is_compared(*key))
    }

    /// Whether something is asked for that is not just as it is now.
    pub(super) fn changes(&self) -> bool {
        !self.wishes.is_empty() || !self.comparisons.is_empty() || !self.excluded.is_empty() || self.price_max.is_some()
    }
}

/// Adds values to a wish of the same sentence: as the next choice where the sentence ranks, else as one of several; what there is now gives way.
pub(super) fn join_wish(
    wish: &mut Wish,
    ranks: &[Vec<usize>],
    (chain, gives_way): (bool, bool),
    current: Option<usize>,
) {
    let now: Vec<usize> = wish.ranks.iter().flatten().copied().collect();
    let new: Vec<usize> = ranks.iter().flatten().copied().filter(|value| !now.contains(value)).collect();
    if new.is_empty() {
        return;
    }
    if chain {
        wish.ranks.push(new);
    } else if now.iter().all(|value| Some(*value) == current) {
        wish.ranks = vec![new];
    } else if !gives_way {
        match wish.ranks.last_mut() {
            Some(last) => last.extend(new),
            None => wish.ranks.push(new),
        }
    }
}
