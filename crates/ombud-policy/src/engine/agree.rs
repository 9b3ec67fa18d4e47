//! Does a yes agree to what is shown, or to what would take its place?

use super::hearing::{names_one, spaced};
use super::{Deliberation, Engine};
use crate::dialogue::Said;
use crate::flow::YieldsTo;

impl Engine<'_> {
    /// "Yes, go ahead with the exchange", where a return is shown, agrees to nothing: what it names takes the place of what is shown.
    pub(super) fn agrees_to_other(&self, state: &mut Deliberation) -> bool {
        // What is asked behind the yes names nothing: "yes please, when do I get the refund?"
        let clauses = self.moment.text.split_inclusive(['.', '!', '?', ',', ';']).enumerate();
        let told: Vec<String> =
            clauses.filter(|(at, it)| *at == 0 || !it.ends_with('?')).map(|it| spaced(it.1)).collect();
        let named = |other: &&YieldsTo| told.iter().any(|clause| names_one(clause, &other.yes_words));
        let Some(other) = self.yields_to(state).filter(named) else { return false };
        let said = state.dialogue.frames.last().map(|top| top.said.clone()).unwrap_or_default();
        self.give_way(state, other, said.into_iter().chain([Said::typed(None, &self.moment.text)]).collect());
        true
    }
}
