//! Which words of the rule layer tell a yes from what only sounds like one?

use std::collections::BTreeMap;

use regex::Regex;

use super::model::NluError;
use super::rules::{compile, compile_if_there};

/// Rules for what a proposal is answered with beside yes and no: an order, half a yes, an end by name, nothing different.
#[derive(Debug, Clone)]
pub(super) struct ConsentRules {
    /// Half a yes.
    pub hedge: Regex,
    /// A sound of thinking, and nothing else.
    pub thinking: Regex,
    /// A no anywhere in the message ...
    pub refuses: Regex,
    /// ... but in these.
    pub refuses_unless: Regex,
    /// Gladness, thanks and greetings: no yes where something is asked beside them.
    pub glad: Regex,
    /// What was answered last was not what was meant, and nothing else is said.
    pub misheard: Regex,
    /// The question was another, and it follows.
    pub asked_else: Regex,
    /// A complaint about our last answer, in front of what was asked.
    pub misanswered: Regex,
    /// A word that joins what follows to what was said before it.
    pub joint: Regex,
    /// A condition: no yes yet.
    pub condition: Regex,
    /// Which thing is meant, captured: said behind a yes.
    pub names: Regex,
    /// A yes that mocks.
    pub retort: Regex,
    /// A yes that is still to come: "before I say yes".
    pub not_yet: Regex,
    /// Asks beside a yes for something to be said as well, or sets a condition ...
    pub amends: Regex,
    /// ... behind the yes itself ...
    pub amends_if: Regex,
    /// ... or names how it is to be, captured ...
    pub amends_with: Regex,
    /// ... but in these words.
    pub amends_unless: Regex,
    /// Opens what holds a yes back, if it asks.
    pub but: Regex,
    /// Says outright to do it.
    pub order: Regex,
    /// The verb of a proposal of ours, captured.
    pub proposes: Regex,
    /// Takes one of the things that are proposed out; the first group names it, in one of its alternatives.
    pub takes_out: Regex,
    /// A further thing of the same kind, without a verb.
    pub further: Regex,
    /// Nothing should be different.
    pub unchanged: Regex,
    /// A question was all that was meant.
    pub only_asked: Regex,
    /// A sentence that ends what is under way by naming it.
    pub ends: Regex,
    /// What may follow such a sentence.
    pub ends_then: Regex,
}

impl ConsentRules {
    pub(super) fn new(patterns: &BTreeMap<String, Vec<String>>) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        Ok(Self {
            hedge: rule("hedge")?,
            thinking: rule("thinking")?,
            refuses: rule("refuses")?,
            refuses_unless: rule("refuses_unless")?,
            glad: rule("glad")?,
            misheard: rule("misheard")?,
            asked_else: rule("asked_else")?,
            misanswered: compile_if_there(patterns, "misanswered")?,
            joint: rule("joint")?,
            condition: rule("condition")?,
            names: rule("names")?,
            retort: rule("retort")?,
            not_yet: rule("not_yet")?,
            amends: compile_if_there(patterns, "amends")?,
            amends_if: compile_if_there(patterns, "amends_if")?,
            amends_with: compile_if_there(patterns, "amends_with")?,
            amends_unless: compile_if_there(patterns, "amends_unless")?,
            but: rule("but")?,
            order: rule("order")?,
            proposes: rule("proposes")?,
            takes_out: compile_if_there(patterns, "takes_out")?,
            further: rule("further")?,
            unchanged: rule("unchanged")?,
            only_asked: rule("only_asked")?,
            ends: rule("ends")?,
            ends_then: rule("ends_then")?,
        })
    }
}
