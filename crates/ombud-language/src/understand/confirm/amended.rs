//! Does a yes set a condition, or say what should be different about what is shown? "Yes, with my number added" agrees to nothing yet.

use ombud_domain::Command;

use super::super::pieces::sentences;
use super::super::reading::Readings;
use super::{Lead, lead, order};

/// A sentence behind the first of more words tells a story rather than how it is to be.
const SHORT_WORDS_MAX: usize = 8;

/// The commands without a yes that is one only to something else than what is shown: what was said is a correction, and is shown or asked again.
pub(super) fn without_conditional_yes(readings: &Readings<'_>, commands: Vec<Command>) -> Vec<Command> {
    if !commands.contains(&Command::Affirm) || !amends(readings) {
        return commands;
    }
    let is_kept = |command: &Command| !matches!(command, Command::Affirm | Command::Correct { .. });
    let correct = Command::Correct { text: readings.text.to_owned() };
    std::iter::once(correct).chain(commands.into_iter().filter(is_kept)).collect()
}

/// Whether a message begins with a yes and goes on to say what should be different.
pub(in super::super) fn amends_behind_yes(readings: &Readings<'_>) -> bool {
    let (begins, _) = lead(readings, readings.rules().without_lead(readings.text));
    matches!(begins, Lead::Yes | Lead::WeakYes) && amends(readings)
}

/// Whether a message asks for something to be said as well, sets a condition, or names what was not shown.
fn amends(readings: &Readings<'_>) -> bool {
    let rules = readings.rules();
    if rules.asks_for_more(readings.text) {
        return true;
    }
    let bounded = rules.consent.amends_unless.replace_all(readings.text, " ");
    sentences(&bounded, rules).into_iter().enumerate().any(|(place, sentence)| {
        // "Did you add it?" asks, and "add it" may be what is proposed.
        let asks = sentence.contains('?') && !rules.wish_question.is_match(rules.without_lead(sentence));
        if asks || order::is_verb_of_proposal(readings, order::bare(readings, sentence)) {
            return false;
        }
        let (_, behind) = lead(readings, rules.without_lead(sentence));
        let is_near = place == 0 || sentence.split_whitespace().count() <= SHORT_WORDS_MAX;
        rules.consent.amends.is_match(sentence)
            || rules.consent.amends_if.is_match(&behind)
            || is_near && names_unshown(readings, &behind)
    })
}

/// "To the new address" where no new address was shown.
fn names_unshown(readings: &Readings<'_>, behind: &str) -> bool {
    let rules = readings.rules();
    let Some(named) = rules.consent.amends_with.captures(behind).and_then(|found| found.get(1)) else { return false };
    let shown = rules.content_words(readings.context.proposal.unwrap_or_default());
    let is_shown = |word: &String| shown.iter().any(|known| known == word || known.starts_with(word.as_str()));
    let named = rules.content_words(&rules.affirm_tail.replace_all(named.as_str(), " "));
    !shown.is_empty() && !named.iter().all(is_shown)
}
