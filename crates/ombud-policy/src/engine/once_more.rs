//! Was this told a moment ago? Who is told the same once more, word for word, was not understood.

use serde_json::{Map, json};

use super::inform::CANNOT_ANSWER;
use super::{Deliberation, Engine, vars};
use crate::dialogue::{Origin, Saying};

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
            // The same words to another question are no answer to it; who surely asks the same again hears it again, once.
            let is_record = old.iter().any(|saying| saying.origin == Origin::Record);
            let said_so = self.render(state, "", "told_before", &[]).unwrap_or_default();
            if !state.dialogue.last_said.contains(&said_so) {
                let again = old.iter().filter(|saying| state.asked_surely.contains(&saying.text)).cloned();
                state.ending.sayings.extend(again.collect::<Vec<_>>());
            }
            if is_record {
                self.say(state, "", "told_before", &Map::new(), Origin::Template);
            } else {
                self.say(state, CANNOT_ANSWER, "no_answer", &vars(json!({"beside": false})), Origin::Template);
            }
            state.ending.sayings.extend(behind);
        } else {
            state.ending.sayings = fresh;
        }
        let told = state.ending.sayings.iter().filter(|saying| informs(saying));
        let now: Vec<String> = old.iter().chain(told).map(|saying| saying.text.clone()).collect();
        if !now.is_empty() {
            state.dialogue.lately = now;
        }
    }
}

fn informs(saying: &Saying) -> bool {
    matches!(saying.origin, Origin::Record | Origin::Knowledge)
}
