//! Which words follow from what was done or said before them?

use std::collections::BTreeMap;

use regex::Regex;

use super::model::NluError;
use super::rules::compile;

/// Questions that follow from what was done or said before them.
#[derive(Debug, Clone)]
pub(super) struct FollowRules {
    /// It means what was just done or said: "is it really stopped?"
    pub points_back: Regex,
    /// It is the thing alone, and asks of it what was asked before.
    pub continues: Regex,
    /// It may go on from the answer before it.
    pub goes_on: Regex,
    /// The whole message names a place in what was told, or a time, and nothing to do: "and the other one?", "and next month?"
    pub elliptical: Regex,
    /// The whole message asks only how it goes on: "and now?"
    pub whats_next: Regex,
    /// The whole message doubts what was told.
    pub doubts: Regex,
    /// Asks whether something has to be done.
    pub obliged: Regex,
    /// A second thing of the same kind is told.
    pub numbering: Regex,
    /// It asks for the reason.
    pub asks_reason: Regex,
    /// The whole message asks for the time, the amount or the place of what was told, and names nothing: "which day will I have it?"
    pub asks_detail: Regex,
    /// It asks what would be if something were done.
    pub hypothetical: Regex,
}

impl FollowRules {
    pub(super) fn new(patterns: &BTreeMap<String, Vec<String>>) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        Ok(Self {
            points_back: rule("points_back")?,
            continues: rule("continues")?,
            goes_on: rule("goes_on")?,
            elliptical: rule("elliptical")?,
            whats_next: rule("whats_next")?,
            doubts: rule("doubts")?,
            obliged: rule("obliged")?,
            numbering: rule("numbering")?,
            asks_reason: rule("asks_reason")?,
            asks_detail: rule("asks_detail")?,
            hypothetical: rule("hypothetical")?,
        })
    }
}
