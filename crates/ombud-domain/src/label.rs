//! Who stands behind a value? A label for each, and one rule: what is made of several values is worth what the least of them is worth.
//!
//! The labels are a chain of integrity levels, and joining them is the "low-water mark" of K. J. Biba, "Integrity considerations for secure
//! computer systems" (MITRE MTR-3153, 1977), in the lattice form of D. E. Denning, "A lattice model of secure information flow"
//! (Communications of the ACM 19(5), 1976). Nothing raises a label but the customer's own words.

use serde::{Deserialize, Serialize};

/// Who stands behind a value, from whom nothing may be believed to whom all is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// A language model made it.
    Model,
    /// Others than the company and the customer wrote it, or nobody knows who did: a merchant's note, a carrier's report, what a colleague typed into a ticket.
    ThirdParty,
    /// The customer said it.
    #[default]
    UserTyped,
    /// The company's systems hold it.
    Record,
    /// The session, or the pack itself, says it.
    Session,
}

impl Label {
    /// All of them, the least trusted first.
    pub const ALL: [Self; 5] = [Self::Model, Self::ThirdParty, Self::UserTyped, Self::Record, Self::Session];

    /// The label of what is made of a value with this one and a value with the other: the lower of the two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.min(other)
    }

    /// The label of what is made of all of these; [`Label::Session`] of what is made of nothing.
    pub fn of_all(labels: impl IntoIterator<Item = Self>) -> Self {
        labels.into_iter().fold(Self::Session, Self::join)
    }

    /// Whether it is what is taken where nothing is noted.
    #[must_use]
    pub fn is_of_customer(&self) -> bool {
        *self == Self::UserTyped
    }

    /// As policies read it: 0 for [`Label::Model`] to 4 for [`Label::Session`].
    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Model => 0,
            Self::ThirdParty => 1,
            Self::UserTyped => 2,
            Self::Record => 3,
            Self::Session => 4,
        }
    }

    /// The one of this rank.
    #[must_use]
    pub fn ranked(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.rank() == rank)
    }

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::ThirdParty => "third_party",
            Self::UserTyped => "user_typed",
            Self::Record => "record",
            Self::Session => "session",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triples() -> impl Iterator<Item = (Label, Label, Label)> {
        Label::ALL
            .into_iter()
            .flat_map(|a| Label::ALL.into_iter().flat_map(move |b| Label::ALL.into_iter().map(move |c| (a, b, c))))
    }

    /// R5: the laws by which labels of computed values do not hang on the order in which they were computed, over all that there are.
    #[test]
    fn joining_labels_is_associative_commutative_idempotent_and_monotone() {
        assert_eq!(triples().count(), 125);
        for (a, b, c) in triples() {
            assert_eq!(a.join(b).join(c), a.join(b.join(c)), "associative: {a:?} {b:?} {c:?}");
            assert_eq!(a.join(b), b.join(a), "commutative: {a:?} {b:?}");
            assert_eq!(a.join(a), a, "idempotent: {a:?}");
            assert!(a > b || a.join(c) <= b.join(c), "monotone: {a:?} {b:?} {c:?}");
            assert!(a.join(b) <= a && a.join(b) <= b, "never above either: {a:?} {b:?}");
            assert!(c > a || c > b || c <= a.join(b), "the greatest that is below both: {a:?} {b:?} {c:?}");
            assert_eq!(Label::of_all([a, b, c]), a.join(b).join(c));
        }
    }

    /// The whole table of two, so that a change of the order shows.
    #[test]
    fn what_is_made_of_two_values_is_worth_the_lesser_one() {
        use Label::{Model, Record, Session, ThirdParty, UserTyped};
        let table = [
            [Model, Model, Model, Model, Model],
            [Model, ThirdParty, ThirdParty, ThirdParty, ThirdParty],
            [Model, ThirdParty, UserTyped, UserTyped, UserTyped],
            [Model, ThirdParty, UserTyped, Record, Record],
            [Model, ThirdParty, UserTyped, Record, Session],
        ];
        for (a, row) in Label::ALL.into_iter().zip(table) {
            for (b, expected) in Label::ALL.into_iter().zip(row) {
                assert_eq!(a.join(b), expected, "{a:?} {b:?}");
            }
        }
        assert_eq!(Label::of_all([]), Session);
    }

    #[test]
    fn ranks_and_names_are_those_of_the_order() {
        for pair in Label::ALL.windows(2) {
            assert!(pair.is_sorted() && pair.iter().map(|label| label.rank()).is_sorted());
        }
        for label in Label::ALL {
            assert_eq!(Label::ranked(label.rank()), Some(label));
            assert_eq!(serde_json::to_value(label).unwrap(), label.as_str());
        }
        assert_eq!((Label::ranked(-1), Label::ranked(5)), (None, None));
    }
}
