//! What does a message ask of us in a language that has no rule layer of its own?
//!
//! Its meaning is read, by what all languages together have taught, and short lists of phrases hold what must not depend on that: a plain yes or
//! no, and the wish for a person. Where [`crate::understand`] reads one language word by word, this reads the others as a whole; what is not
//! read surely is asked for again, so a wrong reading costs a sentence and never money.

mod across;
mod care;
mod confirm;
#[cfg(test)]
mod fixture;
mod glossary;
mod left_out;
mod lines;
mod names;
mod phrases;
mod pick;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use ombud_domain::{COMMANDS_MAX, Command, Expectation, Kind, Understanding};

use crate::classify::{Vectors, cast};
use crate::person::{Person, PersonWish};
use crate::understand::{Act, IDENTITY_SLOT, Moment, UnderstandContext, WORDING_SLOT};
pub use across::{Across, HARMLESS, Taught};
pub use glossary::GlossFile;
use glossary::Glossary;
use lines::Lines;
pub use phrases::{PhraseFile, Says};
use phrases::{Phrases, words};

/// A request is begun that is read this surely ...
const BEGUN: f32 = 0.5;
/// A message is read as a whole this surely; a few words of it that begin something else by themselves begin nothing.
const WHOLE_SURE: f32 = 0.95;
const SCRAP_WORDS_MAX: usize = 4;
/// ... each of several in one message this surely ...
const ONE_OF_SEVERAL: f32 = 0.7;
/// ... and another one, while a question is open or something is proposed, this surely.
const BESIDE: f32 = 0.75;
/// Requests that are each this likely, and together as likely as one that is begun, are offered to choose from.
const RIVAL: f32 = 0.15;
/// The only one that is so likely must be this likely.
const ALONE: f32 = 0.3;
/// Small talk must be this sure.
const TALK: f32 = 0.5;
/// What a reply does must be this sure.
const DONE: f32 = 0.7;
/// A reply of nothing but questions asks where that is this sure.
const ASKED: f32 = 0.4;
/// What ends something must be this sure ...
const ENDED: f32 = 0.8;
/// ... and a goodbye of many words this sure.
const CLOSED_AT_LENGTH: f32 = 0.9;
/// A phrase for a person in a longer message must be meant at least this much.
const PERSON: f32 = 0.2;
/// The wish for a person that only its meaning tells must be this sure.
const PERSON_MEANT: f32 = 0.8;
/// Where something else is asked or surely requested, the message as a whole must be meant so at least this much.
const PERSON_BESIDE: f32 = 0.05;
/// ... and none where thanks or an end are meant this likely.
const TAKES_LEAVE: f32 = 0.5;
/// A request this sure is no wish for a person, whatever its words.
const REQUESTED: f32 = 0.85;
/// Fewer words tell the wish only as a phrase.
const PERSON_WORDS_MIN: usize = 3;
/// In so few words a phrase is all that is said.
const SHORT_WORDS_MAX: usize = 5;
/// A longer message tells more than that what was done is to be undone.
const UNDO_WORDS_MAX: usize = 8;
/// Sentences of a message that are read one by one.
const SENTENCES_MAX: usize = 5;

/// A number that names something: five digits or more, with the letters before them.
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?:\b\p{L}{1,4}[-‑–]?|#)?\d{5,}(?:-\d+)?\b").ok());

/// Reads the messages of one language.
#[derive(Debug, Clone, Copy)]
pub struct Interpreter<'a> {
    locale: &'a str,
    phrases: &'a Phrases,
    glossary: Option<&'a Glossary>,
    person: Option<&'a Person>,
    everyday: Option<&'a BTreeSet<String>>,
    lines: Option<&'a Lines>,
    across: &'a Across,
}

/// What reads the languages that have no rules of their own: what was learnt, and the phrases of each.
#[derive(Debug, Clone)]
pub struct Interpreters {
    across: Across,
    phrases: BTreeMap<String, Phrases>,
    glossaries: BTreeMap<String, Glossary>,
    person: Option<Person>,
    /// Words that customers of a language write about other things than themselves.
    everyday: BTreeMap<String, BTreeSet<String>>,
    lines: BTreeMap<String, Lines>,
}

impl Interpreters {
    /// Those of the languages that have phrases.
    #[must_use]
    pub fn new(across: Across, files: &[PhraseFile]) -> Self {
        let phrases = files.iter().map(|file| (file.locale.clone(), Phrases::new(file))).collect();
        let (glossaries, everyday, lines) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { across, phrases, glossaries, person: None, everyday, lines }
    }

    /// With what tells the wish for a person in all languages.
    #[must_use]
    pub fn with_person(self, person: Person) -> Self {
        Self { person: Some(person), ..self }
    }

    /// With what customers of a language call the things in the records.
    #[must_use]
    pub fn with_glossary(mut self, locale: &str, file: &GlossFile) -> Self {
        self.glossaries.insert(locale.to_owned(), Glossary::new(file));
        self
    }

    /// The interpreter of a language; none where it is not read.
    #[must_use]
    pub fn of(&self, locale: &str) -> Option<Interpreter<'_>> {
        let (locale, phrases) = self.phrases.get_key_value(locale)?;
        let (glossary, person) = (self.glossaries.get(locale), self.person.as_ref());
        let (everyday, lines) = (self.everyday.get(locale), self.lines.get(locale));
        Some(Interpreter { locale, phrases, glossary, person, everyday, lines, across: &self.across })
    }
}

/// A message with what was read of it.
struct Said<'a> {
    text: &'a str,
    words: Vec<String>,
    asks: bool,
    /// Classes of the message as a whole, best first.
    classes: Vec<(&'a str, f32)>,
}

impl Said<'_> {
    fn flows(&self) -> impl Iterator<Item = (&str, f32)> {
        flows(&self.classes)
    }

    fn best(&self) -> (&str, f32) {
        self.classes.first().copied().unwrap_or_default()
    }

    fn probability(&self, class: &str) -> f32 {
        self.classes.iter().find(|(known, _)| *known == class).map_or(0.0, |(_, p)| *p)
    }

    fn ask(&self) -> Command {
        Command::Ask { query: self.text.to_owned(), confidence: self.probability("ask").max(0.5) }
    }
}

fn flows<'c>(classes: &'c [(&'c str, f32)]) -> impl Iterator<Item = (&'c str, f32)> {
    classes.iter().filter_map(|(class, p)| Some((class.strip_prefix("flow:")?, *p)))
}

impl<'a> Interpreter<'a> {
    /// Reads one screened message. Embeds it, and each of several sentences; nothing can be read without a model.
    #[must_use]
    pub fn understand(&self, text: &str, context: &UnderstandContext<'_>) -> Understanding {
        let said = self.said(text, context);
        let mut commands = if text.chars().any(|c| c.is_alphanumeric() || "👍👎✅❌".contains(c)) {
            self.commands(&said, context)
        } else {
            vec![if said.asks { Command::Repeat } else { Command::CannotRead }]
        };
        // R47: an explicit wish for a person comes first and nothing can veto it.
        if self.wants_person(&said, context) {
            commands.retain(|command| matches!(command, Command::StartFlow { .. }));
            commands.insert(0, Command::Handoff);
        }
        commands.truncate(COMMANDS_MAX);
        let scores = said.classes.iter().take(5).map(|(class, p)| ((*class).to_owned(), *p)).collect();
        Understanding { locale: self.locale.to_owned(), commands, scores, ..Understanding::default() }
    }

    /// Whether a message is made of phrases of this language alone: "ja tack" is Swedish here, whatever else it may be elsewhere.
    #[must_use]
    pub fn is_made_of_phrases(&self, text: &str) -> bool {
        let words = words(text);
        Says::ALL.iter().any(|says| self.phrases.says_only(*says, &Says::ALL, &words))
    }

    /// A text with what its things are called in the company's language behind it, for picking among records; but for things that it leaves out.
    #[must_use]
    pub fn glossed(&self, text: &str) -> String {
        self.glossary.map_or_else(|| text.to_owned(), |glossary| glossary.gloss(text, &self.left_out(text)))
    }

    /// Where the vector of a text in this language would lie if it were written in another; of length one.
    #[must_use]
    pub fn moved(&self, vector: &[f32], to: &str) -> std::sync::Arc<[f32]> {
        self.across.requests.moved(vector, (self.locale, to)).into()
    }

    /// Which option of a set is meant, with its probability.
    #[must_use]
    pub fn choice(&self, set: &str, text: &str, vectors: &dyn Vectors) -> Option<(String, f32)> {
        let (choice, p) = self.across.choice(set, self.locale, (text, &vectors.of(&cast(text))?))?;
        Some((choice.to_owned(), p))
    }

    /// Whether the customer goes on without the person he waits for, and what else he says with it: nothing that is read here.
    #[must_use]
    pub fn withdrawal(&self, text: &str) -> Option<String> {
        let words = words(text);
        let goes_on = self.phrases.says(Says::NoPerson, &words) || self.is_cancel(&words);
        goes_on.then(String::new)
    }

    /// Whether a message asks for something.
    #[must_use]
    pub fn asks(&self, text: &str) -> bool {
        // Greek asks with what others part sentences with.
        text.contains(['?', '？', '؟'])
            || self.locale == "el" && text.contains([';', '\u{37e}'])
            || self.phrases.begins(Says::Question, &words(text))
    }

    /// Whether the customer says that he wants no person.
    #[must_use]
    pub fn refuses_person(&self, text: &str) -> bool {
        let words = words(text);
        self.phrases.says(Says::NoPerson, &words) || self.is_no(&words)
    }

    fn said<'s>(&self, text: &'s str, context: &UnderstandContext<'_>) -> Said<'s>
    where
        'a: 's,
    {
        Said { text, words: words(text), asks: self.asks(text), classes: self.classes(text, context) }
    }

    /// The classes of a text without those of barred flows; none without a model.
    fn classes(&self, text: &str, context: &UnderstandContext<'_>) -> Vec<(&'a str, f32)> {
        let plain = self.without_numbers(text);
        let Some(vector) = context.vectors.and_then(|vectors| vectors.of(&cast(&plain))) else { return Vec::new() };
        let mut classes = self.as_taught(text, self.across.requests.read(self.locale, (&plain, &vector), 0));
        let is_barred = |class: &str| class.strip_prefix("flow:").is_some_and(|flow| context.barred.contains(&flow));
        classes.retain(|(class, _)| !is_barred(class));
        classes
    }

    /// Numbers of orders and the like say little of what is wanted, and weigh much in a short message.
    fn without_numbers<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (Some(number), Some(order)) = (NUMBER.as_ref(), self.phrases.order()) else { return text.into() };
        // "Order 100801" is named already.
        let is_named = text.to_lowercase().contains(&order.to_lowercase());
        number.replace_all(text, if is_named { "" } else { order })
    }

    fn acts(&self, moment: Moment, text: &str, context: &UnderstandContext<'_>) -> Vec<(Act, f32)> {
        let vector = context.vectors.and_then(|vectors| vectors.of(&cast(text)));
        vector.map(|vector| self.across.acts(self.locale, moment, (text, &vector))).unwrap_or_default()
    }

    fn wants_person(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> bool {
        let meant = said.probability("repair:handoff");
        let named = self.phrases.says_unmarked(Says::Person, &said.words)
            && (said.words.len() <= SHORT_WORDS_MAX
                || meant >= PERSON
                || self.phrases.says_apart(Says::Person, &[Says::YesWith, Says::NoWith], said.text));
        // Where something is asked, most messages answer it; and "I want to complain" is a request of its own.
        let may_be_free = match context.expectation {
            Expectation::Open | Expectation::AnythingElse => true,
            // "No thanks. Then take me to a colleague": neither a yes nor words to be written down.
            Expectation::Confirm | Expectation::Choice { .. } => !self.phrases.says(Says::Yes, &said.words),
            Expectation::Slot { .. } | Expectation::Identify => false,
        };
        let is_free = may_be_free && said.flows().all(|(_, p)| p < REQUESTED);
        // "I'm happy then, thanks for the help" wishes for nobody.
        let takes_leave =
            ["repair:thanks", "repair:anything_else_no"].map(|class| said.probability(class)).iter().sum::<f32>();
        let may_wish = (is_free || meant >= PERSON_BESIDE) && takes_leave < TAKES_LEAVE;
        (named || meant >= PERSON_MEANT || may_wish && self.wishes_person(said.text, context))
            && !self.phrases.says(Says::NoPerson, &said.words)
    }

    /// Whether a message as a whole, or a sentence of it, surely wishes for a person: "no!! That is no complaint, I want to talk to a human".
    fn wishes_person(&self, text: &str, context: &UnderstandContext<'_>) -> bool {
        let Some(person) = self.person else { return false };
        let vector = |text: &str| context.vectors.and_then(|vectors| vectors.of(&Person::cast(text)));
        // A bare "yes please" is like nothing that the reading has learnt.
        let says_enough = |text: &str| words(text).len() >= PERSON_WORDS_MIN && !self.is_made_of_phrases(text);
        let wished = |text: &str| {
            says_enough(text) && person.read(self.locale, text, vector(text).as_deref()) == PersonWish::Wished
        };
        wished(text) || sentences(text).into_iter().filter(|sentence| *sentence != text).any(wished)
    }

    fn is_yes(&self, words: &[String]) -> bool {
        self.phrases.says_only(Says::Yes, &[Says::YesWith], words)
    }

    fn is_no(&self, words: &[String]) -> bool {
        self.phrases.says_only(Says::No, &[Says::NoWith], words)
    }

    fn is_cancel(&self, words: &[String]) -> bool {
        self.phrases.says_only(Says::Cancel, &[Says::NoWith, Says::No], words)
    }

    fn commands(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Vec<Command> {
        if said.text.trim().chars().all(|c| "👍✅".contains(c)) {
            return vec![Command::Affirm];
        }
        if self.phrases.says_only(Says::Repeat, &[Says::YesWith, Says::NoWith], &said.words) {
            return vec![Command::Repeat];
        }
        if context.acted
            && !said.asks
            && said.words.len() <= UNDO_WORDS_MAX
            && self.phrases.says(Says::Undo, &said.words)
        {
            return vec![Command::Undo];
        }
        match context.expectation {
            Expectation::Slot { slot }
                if slot == WORDING_SLOT
                    && self.phrases.says_only(Says::AsItIs, &[Says::YesWith, Says::NoWith], &said.words) =>
            {
                vec![Command::Repeat]
            }
            Expectation::Confirm => self.confirm(said, context),
            Expectation::Choice { slot, options } => self.choose(said, (slot, options), context),
            Expectation::Slot { slot } => self.answer(said, slot, context),
            Expectation::Identify => self.identify(said, context),
            Expectation::AnythingElse => self.anything_else(said, context),
            Expectation::Open => self.open(said, context),
        }
    }

    /// Another request than the open one, if one is read surely.
    fn begins(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Option<Command> {
        let (flow, p) = said.flows().next()?;
        let surely = p >= BESIDE && said.best().1 <= p && Some(flow) != context.active_flow;
        surely.then(|| start(flow, p, said.text))
    }

    /// An answer in free words.
    fn answer(&self, said: &Said<'_>, slot: &str, context: &UnderstandContext<'_>) -> Vec<Command> {
        let given = || vec![Command::SetSlot { slot: slot.to_owned(), text: said.text.to_owned() }];
        if self.is_cancel(&said.words) && !self.is_no(&said.words) {
            return vec![Command::Cancel];
        }
        // "No!! That is no complaint. Stop": nothing of it is to be written down.
        let ends = |sentence: &str| self.is_cancel(&words(sentence));
        let ends_at_once = self.phrases.says_first(Says::Cancel, &[Says::NoWith, Says::No], said.text);
        if slot == WORDING_SLOT && (ends_at_once || sentences(said.text).into_iter().any(ends)) {
            return vec![Command::Cancel];
        }
        let moment =
            if matches!(context.expectation, Expectation::Choice { .. }) { Moment::Choice } else { Moment::Question };
        let acts = self.acts(moment, said.text, context);
        let (act, p) = acts.first().copied().unwrap_or((Act::Answer, 0.0));
        let only_asks = sentences(said.text).into_iter().all(|sentence| self.asks(sentence));
        // What follows the request for a whole text is that text, whatever it sounds like.
        let is_wording = slot == WORDING_SLOT;
        let instead = if is_wording { &[] } else { context.gives_way_to };
        if let Some((flow, p)) =
            said.flows().next().filter(|(flow, p)| *p >= BEGUN && instead.iter().any(|other| other == flow))
        {
            return vec![start(flow, p, said.text)];
        }
        // "Vale pues abre el caso, y me devolvéis el dinero" leaves nothing, whatever it resembles.
        let agrees = self.phrases.begins(Says::Yes, &said.words)
            && ![Says::No, Says::Cancel].iter().any(|says| self.phrases.says(*says, &said.words));
        match act {
            Act::Leave if p >= ENDED && !agrees => vec![Command::Cancel],
            Act::Close if p >= ENDED && !agrees => vec![Command::Cancel, Command::Chitchat { kind: Kind::Goodbye }],
            Act::New if p >= DONE && !is_wording => self.begins(said, context).map_or_else(given, |start| vec![start]),
            Act::Ask if p >= if only_asks { ASKED } else { DONE } && said.asks => {
                vec![self.begins(said, context).unwrap_or_else(|| said.ask())]
            }
            _ => given(),
        }
    }

    /// Details that identify the customer, or something else.
    fn identify(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Vec<Command> {
        if said.text.contains(|c: char| c == '@' || c.is_ascii_digit()) {
            return vec![Command::SetSlot { slot: IDENTITY_SLOT.to_owned(), text: said.text.to_owned() }];
        }
        if self.is_no(&said.words) {
            return vec![Command::Cancel];
        }
        if self.phrases.says(Says::InGeneral, &said.words) {
            let asked = context.request.unwrap_or(said.text).to_owned();
            return vec![Command::Cancel, Command::Ask { query: asked, confidence: 1.0 }];
        }
        self.answer(said, IDENTITY_SLOT, context)
    }

    /// Whether anything else is wanted.
    fn anything_else(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Vec<Command> {
        let goodbye = || vec![Command::Chitchat { kind: Kind::Goodbye }];
        let beside = [Says::NoWith, Says::YesWith, Says::No];
        if context.about_facts && self.is_cancel(&said.words) {
            return vec![Command::Cancel];
        }
        if self.phrases.says_only(Says::NothingMore, &beside, &said.words)
            || self.is_no(&said.words)
            || self.is_cancel(&said.words)
        {
            return goodbye();
        }
        if self.is_yes(&said.words) {
            return vec![Command::Affirm];
        }
        let acts = self.acts(Moment::Done, said.text, context);
        let begins = said.asks || said.flows().next().is_some_and(|(_, p)| p >= BESIDE);
        // "It doesn't fit, as I said" is told in more words than a goodbye.
        let closed = if said.words.len() > SHORT_WORDS_MAX { CLOSED_AT_LENGTH } else { DONE };
        if !begins && matches!(acts.first(), Some((Act::Close, p)) if *p >= closed) {
            return goodbye();
        }
        self.open(said, context)
    }

    /// A fresh message.
    fn open(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Vec<Command> {
        if let Some(several) = self.several(said, context) {
            return several;
        }
        let (class, p) = said.best();
        if let Some(flow) = class.strip_prefix("flow:").filter(|_| p >= BEGUN) {
            return vec![start(flow, p, said.text)];
        }
        if let Some(talk) = self.talk(said) {
            return talk;
        }
        if class == "ask" && p >= BEGUN {
            return vec![said.ask()];
        }
        let likely: Vec<(&str, f32)> = said.flows().take_while(|(_, p)| *p >= RIVAL).collect();
        let sum: f32 = said.flows().map(|(_, p)| p).sum();
        match likely.as_slice() {
            _ if said.asks && class == "ask" => vec![said.ask()],
            [(flow, p)] if sum >= BEGUN && *p >= ALONE => vec![start(flow, *p, said.text)],
            [_, _, ..] if sum >= BEGUN => {
                vec![Command::Clarify { flows: likely.iter().take(3).map(|(flow, _)| (*flow).to_owned()).collect() }]
            }
            _ if said.asks => vec![said.ask()],
            _ => vec![Command::CannotRead],
        }
    }

    /// Several requests, where the sentences ask for different ones.
    fn several(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Option<Vec<Command>> {
        let parts = sentences(said.text);
        if parts.len() < 2 {
            return None;
        }
        let mut found: Vec<Command> = Vec::new();
        let (whole, sure) = said.best();
        for part in parts {
            let classes = self.classes(part, context);
            let Some((class, p)) = classes.first().filter(|(_, p)| *p >= ONE_OF_SEVERAL) else { continue };
            // "Das verstehe ich nicht. Wann wird mein Limit höher?" says only one thing.
            if sure >= WHOLE_SURE && *class != whole && words(part).len() <= SCRAP_WORDS_MAX && !self.asks(part) {
                continue;
            }
            let command = match class.strip_prefix("flow:") {
                Some(flow) => start(flow, *p, part),
                None if *class == "ask" && self.asks(part) => Command::Ask { query: part.to_owned(), confidence: *p },
                None => continue,
            };
            let same = |known: &Command| match (known, &command) {
                (Command::StartFlow { flow: one, .. }, Command::StartFlow { flow: other, .. }) => one == other,
                _ => false,
            };
            if !found.iter().any(same) {
                found.push(command);
            }
        }
        let begun = found.iter().filter(|command| matches!(command, Command::StartFlow { .. })).count();
        (found.len() >= 2 && begun >= 1).then_some(found)
    }

    /// Small talk and repair, where that is what is surely meant.
    fn talk(&self, said: &Said<'_>) -> Option<Vec<Command>> {
        let (class, p) = said.best();
        let name = class.strip_prefix("repair:").filter(|_| p >= TALK)?;
        let chitchat = |kind| Some(vec![Command::Chitchat { kind }]);
        match name {
            "greeting" => chitchat(Kind::Greeting),
            "thanks" => chitchat(Kind::Thanks),
            "goodbye" | "anything_else_no" => chitchat(Kind::Goodbye),
            "are_you_human" => chitchat(Kind::AreYouHuman),
            "abilities" => chitchat(Kind::Abilities),
            "pleasantry" => chitchat(Kind::Pleasantry),
            "abuse" => chitchat(Kind::Abuse),
            "repeat" => Some(vec![Command::Repeat]),
            "cancel" => Some(vec![Command::Cancel]),
            _ => None,
        }
    }
}

fn start(flow: &str, confidence: f32, text: &str) -> Command {
    Command::StartFlow { flow: flow.to_owned(), confidence, text: text.to_owned() }
}

/// Sentences of more than a word, the first few.
fn sentences(text: &str) -> Vec<&str> {
    let ends = ['.', '!', '?', '。', '！', '？', '؟', '।', '\n'];
    let parts = text.split_inclusive(|c: char| ends.contains(&c)).map(str::trim);
    let mut parts: Vec<&str> = parts.filter(|part| words(part).len() > 1).take(SENTENCES_MAX).collect();
    if parts.is_empty() {
        parts.push(text);
    }
    parts
}

#[cfg(test)]
mod tests {
    use ombud_domain::{Command, Expectation};
    use serde::de::DeserializeOwned;

    use super::fixture::{FIRST, Meant, german};
    use crate::understand::{UnderstandContext, WORDING_SLOT};
    use crate::{Person, PersonExample};

    fn read(reader: &super::Interpreters, text: &str, expectation: &Expectation) -> Vec<Command> {
        let context = UnderstandContext {
            vectors: Some(&Meant(FIRST)),
            ..UnderstandContext::alone(expectation, jiff::civil::Date::constant(2026, 11, 29))
        };
        reader.of("de").unwrap().understand(text, &context).commands
    }

    #[test]
    fn a_text_that_is_to_be_written_down_ends_with_a_sentence_that_ends_it() {
        let reader = german(&[]);
        let wording = Expectation::Slot { slot: WORDING_SLOT.to_owned() };
        for text in ["nein!! das ist keine Beschwerde. vergiss es", "Vergiss es. Ich will nur mein Geld"] {
            assert_eq!(read(&reader, text, &wording), [Command::Cancel], "{text}");
        }
        let told = "Der Bote kam nicht. Ich will mein Geld";
        let kept = Command::SetSlot { slot: WORDING_SLOT.to_owned(), text: told.to_owned() };
        assert_eq!(read(&reader, told, &wording), [kept]);
    }

    fn lines<T: DeserializeOwned>(file: &str) -> Vec<T> {
        file.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn the_wish_for_a_person_is_heard_in_one_sentence_of_several() {
        let words = serde_saphyr::from_str(include_str!("../../../packs/base/lexicon/person.yaml")).unwrap();
        let lessons: Vec<PersonExample> = lines(include_str!("../../../packs/base/nlu/person.jsonl"));
        let reader = german(&[]).with_person(Person::new(words, lessons));
        for expectation in [Expectation::Open, Expectation::AnythingElse] {
            let wishes = |text: &str| read(&reader, text, &expectation).contains(&Command::Handoff);
            assert!(wishes("kann ich bitte einfach mit einem echten Menschen sprechen"), "{expectation:?}");
            assert!(
                wishes("Nein, das ist keine Beschwerde! Ich will mit einem Mitarbeiter sprechen"),
                "{expectation:?}"
            );
            assert!(!wishes("Wann kommt mein Paket?"), "{expectation:?}");
            assert!(!wishes("ja") && !wishes("ja gerne"), "{expectation:?}");
        }
    }
}
