//! Does a message end what is under way by naming it, and what else does it say?
//!
//! "Stop the exchange. Just tell me where my order is" gives the exchange up and asks for the order; nothing of it says what should be
//! different about the exchange.

use ombud_domain::{Command, Expectation};

use super::UnderstandContext;
use super::answer::lead_off;
use super::pieces::sentences;
use super::reading::{REFUSED, Readings};
use super::requests::{open, told};
use super::rules::{Rules, words};

/// The end of what is under way, and what is asked for instead; none if no sentence ends it.
pub(super) fn leaving(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let rules = readings.rules();
    let mut named = false;
    let mut left = false;
    let mut others: Vec<&str> = Vec::new();
    for sentence in sentences(readings.text, rules) {
        // "Nah, leave it then" leaves it.
        let bare = lead_off(rules, sentence);
        let ends = after_end(rules, bare).is_some() || rules.leaves(bare);
        let sentence = if ends { bare } else { sentence };
        let after = after_end(rules, sentence).or_else(|| after_refusal(readings, sentence));
        named |= after.is_some();
        left |= after.is_none() && rules.leaves(sentence);
        // "Stop the exchange, I keep them" ends it twice.
        let after = after.map(|rest| after_end(rules, rest).unwrap_or(rest));
        let rest = after.unwrap_or(if rules.leaves(sentence) { "" } else { sentence });
        others.extend(says_more(rules, rest).then_some(rest));
    }
    if !named && !left {
        return None;
    }
    let rest = others.join(" ");
    let begun = begun(readings, &rest);
    let same = |command: &Command| matches!(command, Command::StartFlow { flow, .. } if Some(flow.as_str()) == readings.context.active_flow);
    // "Stop. I want the blue one" and "I don't want a return of it all, only of the lamp" say what should be different.
    let asked = rules.without_lead(&rest);
    let asks = rest.ends_with('?') || rules.question.is_match(asked) || rules.asking.is_match(asked);
    let corrects = !rest.is_empty() && !asks && (!named || rules.restrict.is_match(&rest) && is_short(rules, &rest));
    if begun.iter().any(same) || begun.is_empty() && corrects {
        return None;
    }
    // "Forget it. Just, when does the time for returns end?" gives up one thing and asks another.
    let asked = (begun.is_empty() && asks).then(|| Command::Ask { query: rest.clone(), confidence: ASKED_INSTEAD });
    Some(std::iter::once(Command::Cancel).chain(begun).chain(asked).collect())
}

fn is_short(rules: &Rules, rest: &str) -> bool {
    rules.content_words(rest).len() <= RESTRICTION_WORDS_MAX
}

/// What is to stay must be what is under way this surely: its name alone is little to go by.
const STAYS: f32 = 0.25;
/// What is asked where something else is given up is a question this surely.
const ASKED_INSTEAD: f32 = 0.5;
/// "Only the lamp": a short rest that restricts and asks for nothing.
const RESTRICTION_WORDS_MAX: usize = 3;

/// What a sentence says behind the words that end what is under way; none if it does not end it.
fn after_end<'t>(rules: &Rules, sentence: &'t str) -> Option<&'t str> {
    let mut body = rules.without_lead(sentence);
    for _ in 0..4 {
        if let Some(found) = rules.consent.ends.find(body) {
            let rest = body.get(found.end()..).unwrap_or_default();
            return rules
                .consent
                .ends_then
                .is_match(rest)
                .then(|| rest.trim_start_matches([' ', ',', '.', '!', ';', ':', '-']));
        }
        // "No, wait, ..." goes before.
        let shorter = rules.without_lead(rules.without_hold(without_no(rules, body)));
        if shorter.len() == body.len() {
            return None;
        }
        body = shorter;
    }
    None
}

/// What a sentence says behind the words that do not want what is under way: "I don't want to close my account, leave it open", "my address stays".
fn after_refusal<'t>(readings: &Readings<'_>, sentence: &'t str) -> Option<&'t str> {
    let rules = readings.rules();
    let (part, after, least) = match (rules.refusals.staying(sentence), rules.refusals.not_wanted(sentence)) {
        (Some(thing), _) => (thing, "", STAYS),
        (None, refused) => refused.map(|(part, after)| (part, after, REFUSED))?,
    };
    let context = at_beginning(readings);
    let read = Readings::new(readings.understander, part, &context).whole();
    let is_active = read.best_flow().is_some_and(|(flow, p)| Some(flow) == readings.context.active_flow && p >= least);
    let verbs = readings.context.proposal.map(|proposal| rules.proposed_verbs(proposal)).unwrap_or_default();
    let is_proposed = words(part).next().is_some_and(|word| verbs.contains(&word));
    (is_active || is_proposed).then(|| after.trim_start_matches([' ', ',', '.', '!', ';', ':', '-']))
}

/// The text without a bare no in front.
fn without_no<'t>(rules: &Rules, text: &'t str) -> &'t str {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = (text.get(..end).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let is_no = rules.deny.is_match(word) && rest.chars().any(char::is_alphanumeric);
    if is_no { rest.trim_start_matches([' ', ',', '.', '!', '…', '-']) } else { text }
}

/// Whether a sentence says more than no, or that somebody keeps what he has.
fn says_more(rules: &Rules, sentence: &str) -> bool {
    let body = rules.without_lead(sentence);
    let left = rules.deny_tail.replace_all(body, " ");
    left.chars().any(char::is_alphanumeric)
        && !rules.withdraws(sentence)
        && !rules.consent.unchanged.is_match(body)
        && !rules.nothing_more.is_match(body)
}

/// The end of what is under way, in words that no rule knows, and what the message asks for instead.
pub(super) fn left(readings: &Readings<'_>) -> Vec<Command> {
    std::iter::once(Command::Cancel).chain(begun(readings, readings.text)).collect()
}

/// The same, if the message begins another request.
pub(super) fn left_for_another(readings: &Readings<'_>) -> Option<Vec<Command>> {
    let active = readings.context.active_flow;
    let begins =
        |command: &Command| matches!(command, Command::StartFlow { flow, .. } if Some(flow.as_str()) != active);
    Some(left(readings)).filter(|commands| commands.iter().any(begins))
}

/// The context as if nothing were under way.
fn at_beginning<'r>(readings: &Readings<'r>) -> UnderstandContext<'r> {
    UnderstandContext {
        expectation: &Expectation::Open,
        active_flow: None,
        last_flow: None,
        follow_up: None,
        proposal: None,
        ..*readings.context
    }
}

/// What the other sentences ask for, read as at the beginning of a conversation.
fn begun(readings: &Readings<'_>, rest: &str) -> Vec<Command> {
    if rest.is_empty() {
        return Vec::new();
    }
    let context = at_beginning(readings);
    let rules = readings.rules();
    let readings = Readings::new(readings.understander, rest, &context);
    let mut commands = told(&readings, &readings.pieces);
    if commands.is_empty() && rules.asking.is_match(rest) {
        commands = open(&readings);
    }
    commands
        .retain(|command| matches!(command, Command::StartFlow { .. } | Command::Ask { .. } | Command::Clarify { .. }));
    commands
}
