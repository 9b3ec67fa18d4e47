//! What is asked again after a question in between, in the place of the whole proposal?

use serde_json::json;

use super::run::top_flow;
use super::{Deliberation, Engine, vars};
use crate::dialogue::{Origin, Saying};

/// Reminders of a proposal in a row before it is shown in full again.
const REMINDERS_MAX: u32 = 3;
/// A proposal of one line that is no longer needs no reminder, characters.
const SUMMARY_SHORT: usize = 100;
/// Characters of a proposal's question that is asked again as it stands.
const QUESTION_MAX: usize = 220;
/// What ends a question, the Greek sign among them.
const QUESTION_MARKS: [char; 4] = ['?', '？', '؟', '\u{37e}'];
/// What opens somebody's own words.
const QUOTES: [char; 9] = ['"', '“', '„', '«', '»', '”', '「', '『', '‟'];

impl Engine<'_> {
    /// A few questions beside a long proposal are followed by a reminder of it, then it is shown in full again; whether it was a reminder. One of a
    /// single line is told as it is.
    pub(super) fn remind(&self, state: &mut Deliberation, summary: &str) -> bool {
        let Some(top) = state.dialogue.frames.last_mut() else { return false };
        if !state.digressed || state.in_full {
            return false;
        }
        if !summary.contains('\n') && summary.chars().count() <= SUMMARY_SHORT {
            state.digressed = false;
            return false;
        }
        let short = top.reminded < REMINDERS_MAX;
        top.reminded = if short { top.reminded + 1 } else { 0 };
        if short {
            state.digressed = false;
            if let Some(question) = leading_question(summary, &self.moment.locale) {
                let text = question.to_owned();
                state.ending.sayings.push(Saying { text, origin: Origin::Question, citations: Vec::new() });
            } else {
                let title = self.pack.title(&self.moment.locale, &top_flow(state)).to_owned();
                self.say(state, "", "resume_proposal", &vars(json!({"title": title})), Origin::Question);
            }
        }
        short
    }
}

/// The question that a proposal begins with, without what it says behind it; none where somebody's words are quoted before its end.
fn leading_question<'s>(summary: &'s str, locale: &str) -> Option<&'s str> {
    // Greek asks with a semicolon.
    let asks = |c: char| QUESTION_MARKS.contains(&c) || c == ';' && locale.starts_with("el");
    let end = summary.find(asks)?;
    let question = summary.get(..end)?;
    let mark = summary.get(end..)?.chars().next()?;
    let is_own = !question.contains(QUOTES) && !question.contains('\n') && question.chars().count() <= QUESTION_MAX;
    is_own.then(|| summary.get(..end + mark.len_utf8())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_of_a_proposal_is_asked_again_without_what_follows() {
        for (summary, locale, question) in [
            ("Shall I cancel it (the lamp)? Nothing will be due.", "en", Some("Shall I cancel it (the lamp)?")),
            (
                "Soll ich die Rate auf den 16. Dezember verschieben? Das ist gratis.",
                "de",
                Some("Soll ich die Rate auf den 16. Dezember verschieben?"),
            ),
            ("Να το ακυρώσω; Δεν θα χρωστάτε τίποτα.", "el", Some("Να το ακυρώσω;")),
            ("Skal jeg gøre det; ja?", "da", Some("Skal jeg gøre det; ja?")),
            ("I'll write: \"why?\" Shall I?", "en", None),
            ("Here it is:\nthe lamp. Shall I?", "en", None),
            ("I report it.", "en", None),
        ] {
            assert_eq!(leading_question(summary, locale), question, "{summary}");
        }
    }
}
