//! How much does each part of what is known count? `[context]` of `pack.toml`.

use serde::{Deserialize, Serialize};

/// The weights of a pack, percent; 100 if left out, and 0 switches a part off: it is then not asked at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextWeights {
    /// Of words, where articles are compared with a question; with 0 they are compared by meaning alone.
    pub lexical: Weight,
    /// Of meaning, where articles are compared with a question; with 0 they are compared by words alone.
    pub vector: Weight,
    /// Of the customer graph: the share of the records that a walk may give, or that lie near.
    pub graph: Weight,
    /// Of earlier conversations: the share that is told of.
    pub memory: Weight,
    /// Of reading a question together with what was said before it: the share of such a question that a sentence must hold grows as it falls.
    pub rewriting: Weight,
}

/// A weight, 0 to 100 percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Weight(u8);

/// A weight above 100 percent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a weight is 0 to 100 percent, not {0}")]
pub struct WeightError(u8);

impl Weight {
    /// Not used at all.
    pub const OFF: Self = Self(0);
    /// Used in full.
    pub const FULL: Self = Self(100);

    /// Whether it switches its part off.
    #[must_use]
    pub const fn is_off(self) -> bool {
        self.0 == 0
    }

    /// As a factor, 0 to 1.
    #[must_use]
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 100.0
    }

    /// How many of so many count: none when it is off, else at least one.
    #[must_use]
    pub const fn share_of(self, all: usize) -> usize {
        all.saturating_mul(self.0 as usize).div_ceil(100)
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::FULL
    }
}

impl TryFrom<u8> for Weight {
    type Error = WeightError;

    fn try_from(percent: u8) -> Result<Self, WeightError> {
        if percent <= Self::FULL.0 { Ok(Self(percent)) } else { Err(WeightError(percent)) }
    }
}

impl From<Weight> for u8 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_counts_in_full_and_nothing_counts_more() {
        let read = |text: &str| toml::from_str::<ContextWeights>(text).map_err(|error| error.message().to_owned());
        assert_eq!(read(""), Ok(ContextWeights::default()));
        assert_eq!(read("graph = 0"), Ok(ContextWeights { graph: Weight::OFF, ..ContextWeights::default() }));
        assert_eq!(read("graph = 101"), Err("a weight is 0 to 100 percent, not 101".to_owned()));
        assert!(read("grahp = 1").is_err());
    }

    #[test]
    fn a_share_is_of_the_whole_and_at_least_one() {
        let share = |percent: u8| Weight::try_from(percent).unwrap().share_of(8);
        assert_eq!([0, 1, 50, 51, 100].map(share), [0, 1, 4, 5, 8]);
    }
}
