//! Which words decide without training?

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexBuilder};

use super::model::{NluError, RuleFile};
use crate::classify::Example;
use crate::safety::signals::ascii_boundaries;

/// The compiled rule layer of one language.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub lead_filler: Regex,
    pub affirm: Regex,
    pub affirm_weak: Regex,
    pub affirm_tail: Regex,
    pub hedge: Regex,
    pub retort: Regex,
    pub order: Regex,
    pub deny: Regex,
    pub hold: Regex,
    pub deny_tail: Regex,
    pub contrast: Regex,
    pub restrict: Regex,
    pub additive: Regex,
    pub cancel_whole: Regex,
    pub repeat: Regex,
    pub handoff: Regex,
    pub handoff_unless: Regex,
    pub machine_refused: Regex,
    pub are_you_human: Regex,
    pub request: Regex,
    pub question: Regex,
    pub polite_request: Regex,
    pub telling: Regex,
    pub general: Regex,
    pub own_case: Regex,
    pub conditional: Regex,
    pub cut: Regex,
    pub opener: Regex,
    pub enumerator: Regex,
    pub polite_lead: Regex,
    pub ellipsis: Regex,
    /// Verbs with which requests of this pack begin, learnt from its examples.
    pub verbs: BTreeSet<String>,
    /// Words that recur in the examples of each flow: saying them with a yes adds nothing.
    pub flow_words: BTreeMap<String, BTreeSet<String>>,
    pub abbreviations: BTreeSet<String>,
    /// Words without content of their own.
    pub stop: BTreeSet<String>,
    /// Words for a person one can talk to.
    people: BTreeSet<String>,
}

/// Verbs seen this often at the beginning of examples count.
const VERB_SEEN_MIN: usize = 2;
/// Words in this many examples of a flow belong to it.
const FLOW_WORD_SEEN_MIN: usize = 3;

impl Rules {
    pub(super) fn new(file: RuleFile, examples: &[Example]) -> Result<Self, NluError> {
        let RuleFile { patterns, words, .. } = file;
        let rule = |name: &str| compile(&patterns, name);
        let set =
            |name: &str| words.get(name).into_iter().flatten().map(|word| word.to_lowercase()).collect::<BTreeSet<_>>();
        let polite = rule("polite")?;
        let stop = set("stop");
        Ok(Self {
            lead_filler: rule("lead_filler")?,
            affirm: rule("affirm")?,
            affirm_weak: rule("affirm_weak")?,
            affirm_tail: rule("affirm_tail")?,
            hedge: rule("hedge")?,
            retort: rule("retort")?,
            order: rule("order")?,
            deny: rule("deny")?,
            hold: rule("hold")?,
            deny_tail: rule("deny_tail")?,
            contrast: rule("contrast")?,
            restrict: rule("restrict")?,
            additive: rule("additive")?,
            cancel_whole: rule("cancel_whole")?,
            repeat: rule("repeat")?,
            handoff: rule("handoff")?,
            handoff_unless: rule("handoff_unless")?,
            machine_refused: rule("machine_refused")?,
            are_you_human: rule("are_you_human")?,
            request: rule("request")?,
            question: rule("question")?,
            polite_request: rule("polite_request")?,
            telling: rule("telling")?,
            general: rule("general")?,
            own_case: rule("own_case")?,
            conditional: rule("conditional")?,
            cut: rule("break")?,
            opener: rule("opener")?,
            enumerator: rule("enumerator")?,
            polite_lead: rule("polite_lead")?,
            ellipsis: rule("ellipsis")?,
            flow_words: flow_words(examples),
            verbs: verbs(examples, &polite),
            abbreviations: set("abbreviations"),
            people: set("people"),
            stop,
        })
    }

    /// The text without the words people say before the point.
    pub(super) fn without_lead<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text.trim_start();
        for _ in 0..6 {
            let Some(found) = self.lead_filler.find(rest).filter(|found| found.end() > 0) else { break };
            let Some(after) = rest.get(found.end()..).filter(|after| after.chars().any(char::is_alphanumeric)) else {
                break;
            };
            rest = after;
        }
        rest
    }

    /// Whether a piece begins as requests do.
    pub(super) fn opens_request(&self, text: &str) -> bool {
        let rest = self.polite_lead.find(text).and_then(|found| text.get(found.end()..)).unwrap_or(text);
        let first = rest
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
            .find(|word| !word.is_empty());
        self.opener.is_match(text) || first.is_some_and(|word| self.verbs.contains(&word))
    }

    /// Whether a word for a person stands in the text, spelled well or badly.
    pub(super) fn names_person(&self, text: &str) -> bool {
        self.people.is_empty()
            || words(text)
                .any(|word| self.people.contains(&word) || self.people.iter().any(|known| misspelt(&word, known)))
    }

    /// Words of a text that mean something, lower case, without a plural s.
    pub(super) fn content_words(&self, text: &str) -> Vec<String> {
        words(text)
            .filter(|word| word.chars().count() > 1 && !self.stop.contains(word))
            .map(|word| singular(&word))
            .collect()
    }
}

fn compile(patterns: &BTreeMap<String, Vec<String>>, name: &str) -> Result<Regex, NluError> {
    let broken = || NluError::Rule { name: name.to_owned() };
    let source = match patterns.get(name) {
        Some(list) if !list.is_empty() => {
            list.iter().map(|pattern| format!("(?:{})", ascii_boundaries(pattern))).collect::<Vec<_>>().join("|")
        }
        // A language without a rule file has the classifier alone.
        _ if patterns.is_empty() => "[^\\s\\S]".to_owned(),
        _ => return Err(broken()),
    };
    // The lazily built automata of long lists outgrow the default cache of 2 MB, give up, and leave the search to a method ten times slower.
    RegexBuilder::new(&format!("(?i){source}")).dfa_size_limit(16 << 20).build().map_err(|_| broken())
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn singular(word: &str) -> String {
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// Words that stand in several examples of a flow.
fn flow_words(examples: &[Example]) -> BTreeMap<String, BTreeSet<String>> {
    let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for example in examples {
        if let Some(flow) = example.class.strip_prefix("flow:") {
            let distinct: BTreeSet<String> = words(&example.text).map(|word| singular(&word)).collect();
            for word in distinct {
                *counts.entry(flow).or_default().entry(word).or_default() += 1;
            }
        }
    }
    let often = |counts: BTreeMap<String, usize>| {
        counts.into_iter().filter(|(_, count)| *count >= FLOW_WORD_SEEN_MIN).map(|(word, _)| word).collect()
    };
    counts.into_iter().map(|(flow, counts)| (flow.to_owned(), often(counts))).collect()
}

/// One slip in a word of five letters, two in one of eight; the first letter is right.
fn misspelt(word: &str, known: &str) -> bool {
    let allowed = match known.chars().count() {
        0..=4 => return false,
        5..=7 => 1,
        _ => 2,
    };
    word.chars().next() == known.chars().next()
        && word.chars().count().abs_diff(known.chars().count()) <= allowed
        && slips(word, known) <= allowed
}

/// Edits between two words, a swap of neighbours counted as one (optimal string alignment).
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (i, a) in one.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j + 1) + 1).min(at(&row, j) + 1).min(at(&last, j) + usize::from(a != *b));
            let swapped = j > 0 && previous == Some(*b) && other.get(j - 1) == Some(&a);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
        previous = Some(a);
    }
    last.last().copied().unwrap_or_default()
}

/// First words of the requests in the examples, politeness aside.
fn verbs(examples: &[Example], polite: &Regex) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for example in examples.iter().filter(|example| example.class.starts_with("flow:")) {
        let lower = example.text.to_lowercase();
        let rest = polite.find(&lower).and_then(|found| lower.get(found.end()..)).unwrap_or(&lower);
        let first = rest.split(|c: char| !c.is_alphanumeric()).find(|word| word.chars().count() > 2);
        *seen.entry(first.unwrap_or_default().to_owned()).or_default() += 1;
    }
    seen.into_iter().filter(|(word, count)| *count >= VERB_SEEN_MIN && !word.is_empty()).map(|(word, _)| word).collect()
}
