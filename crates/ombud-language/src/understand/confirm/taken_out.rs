//! Is one of several things that are proposed to be left out? "Leave the shirts out", "I'll keep the lamp".

use super::super::reading::Readings;

/// Words that no rule of choosing takes for a wish for the thing they name.
const WITHOUT: &str = "without";

/// How the proposal should be changed where a message takes one of the things it lists out of it, and leaves another.
pub(super) fn without(readings: &Readings<'_>) -> Option<String> {
    let rules = readings.rules();
    let thing = rules.consent.takes_out.captures(readings.text)?.iter().skip(1).flatten().next()?;
    let named = rules.content_words(thing.as_str());
    let lines = readings.context.proposal?.lines().filter(|line| line.trim_start().starts_with(['-', '*', '•']));
    let listed: Vec<Vec<String>> = lines.map(|line| rules.content_words(line)).collect();
    let is_known = |word: &String| listed.iter().any(|line| line.contains(word));
    let (taken, left): (Vec<_>, Vec<_>) = listed.iter().partition(|line| line.iter().any(|word| named.contains(word)));
    let takes_some = !taken.is_empty() && !left.is_empty() && named.iter().all(is_known);
    takes_some.then(|| format!("{WITHOUT} {}", thing.as_str()))
}
