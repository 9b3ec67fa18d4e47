//! Was this told a moment ago? Who is told the same once more, word for word, was not understood.

use serde_json::{Map, json};

use super::inform::CANNOT_ANSWER;
use super::{Deliberation, Engine, vars};
use crate::dialogue::{Origin, Saying};

/// Characters that are told a second time in a row, and said to be so; longer ones stand above still.
const AGAIN_CHARS_MAX: usize = 300;

impl Engine<'_> {
    /// Leaves out what was told in the last reply that told something, and owns up where nothing else is left. Not where the customer asked to hear it again.
    pub(super) fn spare_repetition(&self, state: &mut Deliberation) {
        let sayings = std::mem::take(&mut state.ending.sayings);
        let done = sayings.iter().any(|saying| saying.origin == Origin::Receipt);
        if done {
            // What was so before may be otherwise now, and is told anew.
            state.dialogue.lately.clear();
        }
        let is_old =
            |saying: &Saying| !state.in_full && informs(saying) && state.dialogue.lately.contains(&saying.text);
        let place = sayings.iter().position(is_old);
        let (old, mut fresh): (Vec<Saying>, Vec<Saying>) = sayings.into_iter().partition(is_old);
        if let Some(place) =
            place.filter(|_| !fresh.iter().any(|saying| informs(saying) || saying.origin == Origin::Receipt))
        {
            state.ending.reasons.push("told a moment ago".to_owned());
            let behind = fresh.split_off(place.min(fresh.len()));
            state.ending.sayings = fresh;
            // The same article to another question is no answer to it.
            let records: Vec<&str> = old
                .iter()
                .filter(|saying| saying.origin == Origin::Record)
                .map(|saying| saying.text.as_str())
                .collect();
            let is_first = !std::mem::replace(&mut state.dialogue.told_again, true);
            let is_short = records.iter().map(|text| text.chars().count()).sum::<usize>() <= AGAIN_CHARS_MAX;
            if records.is_empty() {
                self.say(state, CANNOT_ANSWER, "no_answer", &vars(json!({"beside": false})), Origin::Template);
            } else if is_first && is_short {
                self.say(state, "", "as_it_stands", &vars(json!({"told": records})), Origin::Template);
            } else {
                self.say(state, "", "told_before", &Map::new(), Origin::Template);
            }
            state.ending.sayings.extend(behind);
        } else {
            state.ending.sayings = fresh;
        }
        let told = state.ending.sayings.iter().filter(|saying| informs(saying));
        let now: Vec<String> = old.iter().chain(told).map(|saying| saying.text.clone()).collect();
        if old.is_empty() && !now.is_empty() {
            state.dialogue.told_again = false;
        }
        if !now.is_empty() {
            state.dialogue.lately = now;
        }
    }
}

fn informs(saying: &Saying) -> bool {
    matches!(saying.origin, Origin::Record | Origin::Knowledge)
}
