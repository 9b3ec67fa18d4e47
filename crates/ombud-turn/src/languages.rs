//! Who reads a message in the language it is written in? The company's own is read word by word, the others by their meaning.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use ombud_domain::{AwaitingKind, Rewording, Stage, Understanding};
use ombud_language::{
    Heard, Interpreter, Interpreters, Letters, LettersError, Newest, OfColleague, PhraseFile, ToldBy, Tongue,
    TongueFile, Tongues, UnderstandContext, Understander, Vectors, spoken,
};
use ombud_policy::Pack;
use ombud_ports::LanguageIdentifier;
use serde_json::{Value, json};

use crate::assistant::{Assistant, BuildError, language_file};
use crate::conversation::Conversation;
use crate::course::{other_languages, phrases};
use crate::intake::Arrival;
use crate::safety::Screened;
use crate::trail::Trail;

/// Signs of the text itself, whatever its language.
const OF_ANY_LANGUAGE: [&str; 4] = ["hidden_text", "mixed_script", "anger", "injection"];
/// So few words turn no conversation that has begun to another language ...
const FEW_WORDS: usize = 2;
/// ... and so few of an answer to what was asked.
const FEW_WORDS_OF_AN_ANSWER: usize = 3;
/// What the letters of languages are told from.
const LETTERS: &str = "lexicon/letters.txt";

/// What reads the languages beside the company's own.
pub(crate) struct Languages {
    pub readers: Readers,
    pub spoken: Arc<Spoken>,
    pub identifier: Option<Arc<dyn LanguageIdentifier>>,
}

/// What was learnt.
#[derive(Clone)]
pub(crate) enum Readers {
    /// All languages together.
    All(Arc<Interpreters>),
    /// Each by itself, and some of them are still to come.
    Each(BTreeMap<String, Arc<Interpreters>>),
}

impl Languages {
    /// The reader of a language; none where that is not read.
    pub(crate) fn of(&self, locale: &str) -> Option<Interpreter<'_>> {
        match &self.readers {
            Readers::All(readers) => readers.of(locale),
            Readers::Each(readers) => readers.get(locale)?.of(locale),
        }
    }

    /// The languages that are read, where each was learnt by itself.
    pub(crate) fn by_themselves(&self) -> Vec<String> {
        match &self.readers {
            Readers::All(_) => Vec::new(),
            Readers::Each(readers) => readers.keys().cloned().collect(),
        }
    }

    /// As if no others than these were read; all of them where none is named.
    pub(crate) fn only(self: &Arc<Self>, locales: &[String]) -> Arc<Self> {
        let readers = match &self.readers {
            _ if locales.is_empty() => return Arc::clone(self),
            Readers::All(all) => locales.iter().map(|locale| (locale.clone(), Arc::clone(all))).collect(),
            Readers::Each(each) => each
                .iter()
                .filter(|(locale, _)| locales.contains(locale))
                .map(|(k, v)| (k.clone(), Arc::clone(v)))
                .collect(),
        };
        let (spoken, identifier) = (Arc::clone(&self.spoken), self.identifier.clone());
        Arc::new(Self { readers: Readers::Each(readers), spoken, identifier })
    }
}

/// What tells the languages of a pack; nothing of it is learnt.
pub(crate) struct Spoken {
    tongues: Tongues,
    pub phrases: Vec<PhraseFile>,
    /// The company's own first.
    languages: Vec<String>,
}

impl Spoken {
    fn of(pack: &Pack) -> Result<Self, BuildError> {
        let letters = pack.language_files.get(LETTERS).map(String::as_str).unwrap_or_default();
        let wrong = |error: LettersError| BuildError::File { file: LETTERS.to_owned(), reason: error.to_string() };
        let letters = Letters::parse(letters).map_err(wrong)?;
        let tongues = Tongues::new(language_file::<TongueFile>(pack, "lexicon/tongues.yaml")?, letters);
        let own = std::iter::once(pack.manifest.default_locale.as_str());
        let languages = own.chain(other_languages(pack)).map(ToOwned::to_owned).collect();
        Ok(Self { tongues, phrases: phrases(pack)?, languages })
    }
}

/// The language that a message turned the conversation to.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    pub locale: String,
    /// Whether it asked for it, and for nothing else.
    pub asked: bool,
}

/// A message in a language that is still being learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coming {
    /// It asks for a person, in a phrase.
    Person,
    /// What it says is not known.
    Unread,
}

/// The reader of one language.
#[derive(Clone, Copy)]
pub(crate) enum LanguageReader<'a> {
    Own(&'a Understander),
    Other(Interpreter<'a>),
}

impl Assistant {
    /// What reads the other languages, as far as they were learnt.
    pub(crate) fn known_languages(&self) -> Option<Arc<Languages>> {
        self.learnt.languages.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What tells the languages of the pack, read once.
    pub(crate) fn spoken(&self) -> Result<Arc<Spoken>, BuildError> {
        match self.learnt.spoken.get() {
            Some(spoken) => Ok(Arc::clone(spoken)),
            None => {
                Spoken::of(&self.pack).map(|spoken| Arc::clone(self.learnt.spoken.get_or_init(|| Arc::new(spoken))))
            }
        }
    }

    /// What tells the languages that are still to be learnt; none where there are none, or the pack's author is told of their files when they are learnt.
    pub(crate) fn coming(&self) -> Option<Arc<Spoken>> {
        (!other_languages(&self.pack).is_empty()).then(|| self.spoken().ok()).flatten()
    }

    /// How many languages customers of the pack are served in, once all of them are learnt.
    #[must_use]
    pub fn languages_of_pack(&self) -> usize {
        other_languages(&self.pack).len() + 1
    }

    /// Languages in which customers are served now, the company's own first.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        let known = self.known_languages();
        let is_served = |locale: &&str| known.as_ref().is_some_and(|known| known.of(locale).is_some());
        let own = std::iter::once(self.pack.manifest.default_locale.as_str());
        own.chain(other_languages(&self.pack).into_iter().filter(is_served)).collect()
    }

    /// The language that is used for a wished one. One that is still to be learnt comes the sooner for it.
    #[must_use]
    pub fn locale_for(&self, wished: Option<&str>) -> &str {
        let locale = self.pack.locale_for(wished);
        if let Some(served) = self.languages().into_iter().find(|served| *served == locale) {
            return served;
        }
        self.wish_for(locale);
        &self.pack.manifest.default_locale
    }

    /// The reader of a language; of the company's own where that is not read.
    pub(crate) fn reader(&self, locale: &str) -> LanguageReader<'_> {
        let languages = self.tape().and_then(|tape| tape.read_with.languages.as_deref());
        let other = languages.filter(|_| locale != self.pack.manifest.default_locale);
        other
            .and_then(|languages| languages.of(locale))
            .map_or(LanguageReader::Own(&self.learnt.understander), LanguageReader::Other)
    }
}

/// Decides in which language the customer is answered, and hears the signs that its words give.
pub(crate) fn settle(assistant: &Assistant, received: &mut Arrival, screened: &mut Screened, trail: &mut Trail<'_>) {
    if !screened.is_message() || screened.words().trim().is_empty() {
        return;
    }
    let Some(tape) = assistant.tape() else { return };
    let (spoken_here, identifier) = match (&tape.read_with.languages, &tape.read_with.coming) {
        (Some(languages), _) => (&languages.spoken, languages.identifier.as_ref()),
        (None, Some(coming)) => (coming, None),
        (None, None) => return,
    };
    let told = turn(assistant, received, screened.words(), (spoken_here, identifier), trail);
    let locale = received.conversation.locale.clone();
    let LanguageReader::Other(reader) = assistant.reader(&locale) else {
        if tape.read_with.coming.is_some() {
            received.coming = coming(assistant, &locale, screened.words(), (spoken_here, told));
            assistant.wish_for(&locale);
        }
        return;
    };
    screened.leave(|signal| !OF_ANY_LANGUAGE.contains(&signal));
    let Some(vectors) = assistant.vectors() else { return };
    let flow_of = |sign: &str| assistant.pack.manifest.signals.get(sign).cloned();
    let must_be_said = |sign: &str| assistant.pack.manifest.only_when_said.iter().any(|known| known == sign);
    if let Some(sign) = reader.sign(screened.words(), (flow_of, must_be_said), &vectors) {
        screened.hear(sign);
    }
}

/// Turns the conversation to the language of a message, if that speaks clearly enough for another; gives what told it.
fn turn(
    assistant: &Assistant,
    received: &mut Arrival,
    text: &str,
    (spoken_here, identifier): (&Spoken, Option<&Arc<dyn LanguageIdentifier>>),
    trail: &mut Trail<'_>,
) -> ToldBy {
    let served: Vec<&str> = spoken_here.languages.iter().map(String::as_str).collect();
    let scores = identifier.map(|identifier| identifier.identify(&spoken(text))).unwrap_or_default();
    let begun = received.conversation.messages > 1;
    let heard = Heard { text, scores: &scores, present: &received.conversation.locale, begun, served: &served };
    let told = spoken_here.tongues.decide(&heard);
    let is_phrase = match assistant.reader(&received.conversation.locale) {
        LanguageReader::Other(reader) => reader.is_made_of_phrases(text),
        LanguageReader::Own(_) => false,
    };
    let is_held = is_held(&told, (text, is_phrase), &received.conversation);
    if !is_held && told.is_served && told.language != received.conversation.locale {
        let detail =
            json!({"locale": told.language, "certainty": told.certainty, "told_by": format!("{:?}", told.told_by)});
        trail.note(Stage::Understanding, format!("the customer writes in `{}`", told.language), detail);
        received.conversation.locale.clone_from(&told.language);
        let asked = told.told_by == ToldBy::Wish;
        received.turned = Some(Turned { locale: told.language, asked });
    }
    if told.is_served { told.told_by } else { ToldBy::Conversation }
}

/// What is known of a message in a language that is still being learnt; none where it is in the company's own, or nothing tells its language.
fn coming(
    assistant: &Assistant,
    locale: &str,
    text: &str,
    (spoken_here, told_by): (&Spoken, ToldBy),
) -> Option<Coming> {
    if locale == assistant.pack.manifest.default_locale {
        return None;
    }
    let phrases = spoken_here.phrases.iter().find(|file| file.locale == locale)?;
    if phrases.asks_for_person(text) {
        return Some(Coming::Person);
    }
    (told_by != ToldBy::Conversation).then_some(Coming::Unread)
}

/// Whether a message leaves the language as it is, though it reads like another: an option that we have offered ourselves, whose label names goods
/// in the shop's language, and a short reply or a phrase of the language that is spoken.
fn is_held(told: &Tongue, (text, is_phrase): (&str, bool), conversation: &Conversation) -> bool {
    let dialogue = &conversation.dialogue;
    let few = match dialogue.awaiting.kind {
        AwaitingKind::None | AwaitingKind::AnythingElse => FEW_WORDS,
        _ => FEW_WORDS_OF_AN_ANSWER,
    };
    let is_short = conversation.messages > 1 && text.split_whitespace().count() <= few;
    match told.told_by {
        ToldBy::Wish => false,
        ToldBy::Words if is_short || is_phrase => true,
        ToldBy::Words | ToldBy::Script | ToldBy::Conversation => dialogue.picked(text).is_some(),
    }
}

impl LanguageReader<'_> {
    pub(crate) fn understand(&self, text: &str, context: &UnderstandContext<'_>) -> Understanding {
        match self {
            Self::Own(own) => own.understand(text, context),
            Self::Other(other) => other.understand(text, context),
        }
    }

    /// What else is said by a customer who goes on without the person he waits for; none when he waits on.
    pub(crate) fn withdrawal(&self, text: &str) -> Option<String> {
        match self {
            Self::Own(own) => own.withdrawal(text),
            Self::Other(other) => other.withdrawal(text),
        }
    }

    /// What else is asked by a customer who wants to stay what a person was asked to take back; none where he does not, and in a language without such rules.
    pub(crate) fn keeps_deed(&self, text: &str) -> Option<String> {
        self.own().and_then(|own| own.keeps_deed(text))
    }

    pub(crate) fn asks(&self, text: &str) -> bool {
        match self {
            Self::Own(own) => own.asks(text),
            Self::Other(other) => other.asks(text),
        }
    }

    pub(crate) fn refuses_person(&self, text: &str) -> bool {
        match self {
            Self::Own(own) => own.refuses_person(text),
            Self::Other(other) => other.refuses_person(text),
        }
    }

    pub(crate) fn misunderstanding(&self, text: &str) -> Option<String> {
        match self {
            Self::Own(own) => own.misunderstanding(text),
            Self::Other(other) => other.misunderstanding(text),
        }
    }

    pub(crate) fn tells_own_case(&self, text: &str) -> bool {
        self.own().is_none_or(|own| own.tells_own_case(text))
    }

    pub(crate) fn says_no_account(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.says_no_account(text))
    }

    /// A text as a choice among records is read from it: in another language with the names of things in the company's own.
    pub(crate) fn glossed(&self, text: &str) -> String {
        match self {
            Self::Own(_) => text.to_owned(),
            Self::Other(other) => other.glossed(text),
        }
    }

    /// Which option of a set is meant by meaning alone; none in the company's own language, which has a reader for it.
    pub(crate) fn choice(&self, set: &str, text: &str, vectors: Option<&dyn Vectors>) -> Option<(String, f32)> {
        match self {
            Self::Own(_) => None,
            Self::Other(other) => other.choice(set, text, vectors?),
        }
    }

    /// Whether these are words of the language, and no names; the company's own language has its reader for names.
    pub(crate) fn are_no_names(&self, text: &str, names: &[&str]) -> bool {
        match self {
            Self::Own(_) => false,
            Self::Other(other) => other.are_no_names(text, names),
        }
    }

    pub(crate) const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    // What follows is read in the company's own language alone.

    pub(crate) fn points_back(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.points_back(text))
    }

    pub(crate) fn points(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.points(text))
    }

    pub(crate) fn goes_on(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.goes_on(text))
    }

    pub(crate) fn asks_how_it_stands(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.asks_how_it_stands(text))
    }

    pub(crate) fn lacks(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.lacks(text))
    }

    pub(crate) fn asks_if_done(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.asks_if_done(text))
    }

    /// An answer in free words as it may be written down; in other languages as it was given.
    pub(crate) fn account(&self, text: &str) -> Option<String> {
        match self.own() {
            Some(own) => own.account(text),
            None => Some(text.trim().to_owned()).filter(|text| text.chars().any(char::is_alphanumeric)),
        }
    }

    pub(crate) fn rewording(&self, shown: &str, text: &str) -> Option<Rewording> {
        self.own()?.rewording(shown, text)
    }

    pub(crate) fn amended(&self, kind: &str, known: &Value, text: &str) -> Option<Value> {
        self.own()?.amended(kind, known, text)
    }

    pub(crate) fn of_colleague(&self, text: &str, name: &str, newest: Newest) -> Option<OfColleague> {
        self.own()?.of_colleague(text, name, newest)
    }

    const fn own(&self) -> Option<&Understander> {
        match self {
            Self::Own(own) => Some(own),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ombud_domain::{ConversationId, TimestampUs};

    use super::*;

    /// A German conversation that offers two things to send back.
    fn at_the_choice() -> Conversation {
        let opened = json!({"session_id": ConversationId(uuid::Uuid::from_u128(1)), "customer_id": null, "locale": "de", "market": "GB",
            "pack": "paylater", "pack_hash": ""});
        let opened = serde_json::from_value(opened).unwrap();
        let mut conversation = Conversation::opened(ConversationId(uuid::Uuid::from_u128(2)), opened, TimestampUs(0));
        conversation.messages = 3;
        conversation.dialogue.awaiting = serde_json::from_value(json!({"kind": "slot", "slot": "items", "options": [
            {"id": "ITM-1", "label": "Wool coat (black, M)"}, {"id": "ITM-2", "label": "Cotton T-shirt (black, S), 2 Stück"}]}))
        .unwrap();
        conversation
    }

    fn told(told_by: ToldBy) -> Tongue {
        Tongue { language: "en".to_owned(), certainty: 0.99, told_by, is_served: true }
    }

    /// "Wool coat (black, M)" on our own button reads like English and turns nothing; written in another way it is the customer's own word.
    #[test]
    fn an_option_of_ours_that_is_picked_leaves_the_language() {
        let conversation = at_the_choice();
        let is_held = |text: &str, told_by: ToldBy| is_held(&told(told_by), (text, false), &conversation);
        assert!(is_held("Wool coat (black, M)", ToldBy::Words));
        assert!(is_held(" wool coat (BLACK, M) ", ToldBy::Words));
        assert!(is_held("Wool coat (black, M)", ToldBy::Script));
        assert!(!is_held("I want to return the wool coat", ToldBy::Words));
        assert!(!is_held("Wool coat (black, M)", ToldBy::Wish), "who asks for another language has it");
    }
}
