//! What does a sentence say is not wanted?

use std::collections::BTreeMap;

use regex::Regex;

use super::model::NluError;
use super::rules::{compile, compile_if_there};

/// Rules for what is not wanted, whatever it is.
#[derive(Debug, Clone)]
pub(super) struct Refusals {
    /// Says that something in particular is not wanted: "no need to cancel it".
    negated: Regex,
    /// What follows it is not wanted.
    refused: Regex,
    /// Something is to stay as it is; the first group names it.
    stays: Regex,
    /// What was asked for is not there yet.
    lacks: Regex,
}

impl Refusals {
    pub(super) fn new(patterns: &BTreeMap<String, Vec<String>>) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        let lacks = compile_if_there(patterns, "lacks")?;
        Ok(Self { negated: rule("negated")?, refused: rule("refused")?, stays: rule("stays")?, lacks })
    }

    /// Whether a sentence says in known words that something is not wanted, or stays as it is.
    pub(super) fn negates(&self, sentence: &str) -> bool {
        self.negated.is_match(sentence) || self.stays.is_match(sentence)
    }

    /// What a sentence says is not wanted, and what it says after that: "close my account" and "leave it open" of "I don't want to
    /// close my account, leave it open".
    pub(super) fn not_wanted<'t>(&self, sentence: &'t str) -> Option<(&'t str, &'t str)> {
        let found = self.refused.find(sentence)?;
        let rest = sentence.get(found.end()..)?.trim_start();
        let end = rest.find(['.', '!', '?', ';', ',', '…']).unwrap_or(rest.len());
        let (part, after) = rest.split_at_checked(end)?;
        part.chars().any(char::is_alphanumeric).then_some((part, after))
    }

    /// Whether a reply says that what was asked for is not there yet: "I haven't got the new address yet".
    pub(super) fn lacks(&self, text: &str) -> bool {
        self.lacks.is_match(text)
    }

    /// What a sentence says is to stay as it is: "my address".
    pub(super) fn staying<'t>(&self, sentence: &'t str) -> Option<&'t str> {
        self.stays.captures(sentence)?.iter().skip(1).flatten().next().map(|thing| thing.as_str())
    }
}
