//! Which of the options that were shown does a message mean?

use ombud_domain::{Command, OfferedOption};

use super::phrases::{Says, words};
use super::{Interpreter, Said, sentences};
use crate::classify::cast;
use crate::understand::UnderstandContext;

/// An option is picked by its meaning if it is this near (cosine, what a language's texts have in common taken off) ...
const NEAR: f32 = 0.3;
/// ... and nearer than the next by this much.
const NEARER: f32 = 0.1;
/// What is asked beside a choice is a question this surely.
const ASKED_BESIDE: f32 = 0.5;
/// Letters of a word that may name an option.
const NAMING_MIN: usize = 3;

impl Interpreter<'_> {
    /// One of the offered options: by its own words, its place, or what is meant.
    pub(super) fn choose(
        &self,
        said: &Said<'_>,
        (slot, options): (&str, &[OfferedOption]),
        context: &UnderstandContext<'_>,
    ) -> Vec<Command> {
        let picked = self.picked(said, options).or_else(|| match options {
            [only] if self.is_yes(&said.words) => Some(only),
            _ => None,
        });
        if let Some(option) = picked {
            let choose = Command::Choose { id: option.id.clone() };
            return std::iter::once(choose).chain(self.asked_beside(said, options)).collect();
        }
        if context.active_flow.is_none() {
            return self.offered(said, (slot, options), context);
        }
        let answered = self.answer(said, slot, context);
        if !matches!(answered.as_slice(), [Command::SetSlot { .. }]) {
            return answered;
        }
        match self.nearest(said, options, context) {
            Some(option) => vec![Command::Choose { id: option.id.clone() }],
            None => answered,
        }
    }

    /// "The Mastercard. But is there a fee?": what is asked beside a choice, in a sentence that names none of the options.
    fn asked_beside(&self, said: &Said<'_>, options: &[OfferedOption]) -> Option<Command> {
        let parts = sentences(said.text);
        let asked = parts.iter().find(|part| self.asks(part) && self.picked_words(part, options).is_none())?;
        (parts.len() > 1).then(|| Command::Ask { query: (*asked).to_owned(), confidence: ASKED_BESIDE })
    }

    /// An answer to an offer of ours while no request runs.
    fn offered(
        &self,
        said: &Said<'_>,
        (slot, options): (&str, &[OfferedOption]),
        context: &UnderstandContext<'_>,
    ) -> Vec<Command> {
        // "Yes please, but today if you can" to the offer of a person: what is offered moves nothing.
        let agrees = self.phrases.begins(Says::Yes, &said.words) && !self.phrases.says(Says::No, &said.words);
        if self.is_yes(&said.words) || agrees && !said.asks && options.len() == 1 {
            return vec![Command::Affirm];
        }
        if self.is_no(&said.words) || self.is_cancel(&said.words) {
            return vec![Command::Deny { text: String::new() }];
        }
        let told = self.open(said, context);
        if !told.iter().all(|command| matches!(command, Command::CannotRead | Command::Clarify { .. })) {
            return told;
        }
        match self.nearest(said, options, context) {
            Some(option) => vec![Command::Choose { id: option.id.clone() }],
            None => vec![Command::SetSlot { slot: slot.to_owned(), text: said.text.to_owned() }],
        }
    }

    /// The option that the words are, count out, or share with no other.
    fn picked<'o>(&self, said: &Said<'_>, options: &'o [OfferedOption]) -> Option<&'o OfferedOption> {
        let whole = said.text.trim().trim_matches(['.', '!', '"', '\'', '。']).to_lowercase();
        if let Some(exact) =
            options.iter().find(|one| one.id.to_lowercase() == whole || one.label.to_lowercase() == whole)
        {
            return Some(exact);
        }
        let beside = [Says::YesWith, Says::Yes];
        let place = [Says::First, Says::Second, Says::Third];
        if let Some(place) = place.iter().position(|says| self.phrases.says_only(*says, &beside, &said.words)) {
            return options.get(place);
        }
        if self.phrases.says_only(Says::Last, &beside, &said.words) {
            return options.last();
        }
        if let [number] = said.words.as_slice()
            && let Ok(place @ 1..=9) = number.parse::<usize>()
        {
            return options.get(place - 1);
        }
        self.picked_words(said.text, options)
    }

    /// The option that shares most words with a text, and with no other as many.
    fn picked_words<'o>(&self, text: &str, options: &'o [OfferedOption]) -> Option<&'o OfferedOption> {
        let glossed = words(&self.glossed(text));
        let shares = |option: &&OfferedOption| {
            let label = words(&option.label);
            let named = |word: &&String| word.chars().count() >= NAMING_MIN && label.contains(word);
            glossed.iter().filter(named).count()
        };
        let most = options.iter().map(|option| shares(&option)).max().filter(|most| *most > 0)?;
        let mut best = options.iter().filter(|option| shares(option) == most);
        best.next().filter(|_| best.next().is_none())
    }

    /// The option whose words are nearest in meaning, if it is nearer than the others.
    fn nearest<'o>(
        &self,
        said: &Said<'_>,
        options: &'o [OfferedOption],
        context: &UnderstandContext<'_>,
    ) -> Option<&'o OfferedOption> {
        let vectors = context.vectors?;
        let own = vectors.of(&cast(said.text))?;
        let likeness = |option: &'o OfferedOption| {
            let other = vectors.of(&cast(&option.label))?;
            Some((self.across.likeness(self.locale, (&own, &other)), option))
        };
        let mut near: Vec<(f32, &OfferedOption)> = options.iter().filter_map(likeness).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        match near.as_slice() {
            [(best, option), (second, _), ..] if *best >= NEAR && best - second >= NEARER => Some(option),
            _ => None,
        }
    }
}
