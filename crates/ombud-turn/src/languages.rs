//! Who reads a message in the language it is written in? The company's own is read word by word, the others by their meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ombud_domain::{AwaitingKind, Rewording, Stage, Understanding};
use ombud_language::{
    Across, Example, GlossFile, Heard, Interpreter, Interpreters, Letters, LettersError, Newest, NluFile, OfColleague,
    Person, PersonFile, PhraseFile, ReplyExample, SignalFile, SomeShelf, Taught, ToldBy, Tongue, TongueFile, Tongues,
    UnderstandContext, Understander, Vectors, sample, spoken,
};
use ombud_policy::Pack;
use ombud_ports::{Embedding, EmbeddingModel, LanguageIdentifier};
use serde_json::{Value, json};

use crate::assistant::{Assistant, BuildError, json_lines, language_file, questions};
use crate::conversation::Conversation;
use crate::intake::Arrival;
use crate::safety::Screened;
use crate::trail::Trail;

/// Signs of the text itself, whatever its language.
const OF_ANY_LANGUAGE: [&str; 4] = ["hidden_text", "mixed_script", "anger", "injection"];
/// One in so many messages of the company's own language teaches the others: more of them taught these nothing more (`ombud eval messages`, requests read
/// right with all, a third, an eighth: .710, .714, .706).
const OWN_ONE_IN: usize = 3;
/// Sentences that give no sign, of those of a language that teach it; more would only repeat one another.
const HARMLESS_MAX: usize = 2_000;

/// So few words turn no conversation that has begun to another language ...
const FEW_WORDS: usize = 2;
/// ... and so few of an answer to what was asked.
const FEW_WORDS_OF_AN_ANSWER: usize = 3;
/// What the letters of languages are told from.
const LETTERS: &str = "lexicon/letters.txt";

/// What reads the languages beside the company's own.
pub(crate) struct Languages {
    interpreters: Interpreters,
    spoken: Arc<Spoken>,
    identifier: Option<Arc<dyn LanguageIdentifier>>,
}

/// What tells the languages of a pack; nothing of it is learnt.
pub(crate) struct Spoken {
    tongues: Tongues,
    phrases: Vec<PhraseFile>,
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

/// What a pack's other languages are learnt from.
pub struct Course {
    across: ToRead,
    person: Person,
    /// What articles say in short in these languages.
    short: Vec<String>,
    model: &'static str,
}

/// What a course taught, and the vectors of what articles say in short.
type Learnt<'e> = (Across, Person, Vec<&'e [f32]>);

/// The reading of messages, or what it is learnt from.
enum ToRead {
    Learnt(Box<Across>),
    Open(Vec<Taught>),
}

impl Course {
    /// The texts of which [`Assistant::learn_languages`] wants the embeddings, in its order: all but those that were learnt already.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        let mut lessons = match &self.across {
            ToRead::Learnt(_) => Vec::new(),
            ToRead::Open(taught) => Across::lessons(taught),
        };
        lessons.extend(self.person.lessons());
        lessons.extend(self.short.iter().cloned());
        lessons
    }

    /// None where the embeddings are not those of the lessons.
    fn learn<'e>(self, embeddings: &'e [Embedding], shelf: &SomeShelf) -> Option<Learnt<'e>> {
        let vectors: Vec<&[f32]> = embeddings.iter().map(Embedding::values).collect();
        let (vectors, of_short) = vectors.split_at_checked(vectors.len().checked_sub(self.short.len())?)?;
        let (of_messages, of_person) =
            vectors.split_at_checked(vectors.len().checked_sub(self.person.lessons().len())?)?;
        let across = match self.across {
            ToRead::Learnt(across) => *across,
            ToRead::Open(taught) => {
                let across = Across::learn(&taught, of_messages)?;
                across.keep(&taught, self.model, shelf);
                across
            }
        };
        self.person.learn(of_person);
        Some((across, self.person, of_short.to_vec()))
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
    /// What the pack's other languages are learnt from, with what the shelf has of it for this model; none where the pack has one language.
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read; the author of the pack can fix it.
    pub fn course(&self, model: &EmbeddingModel) -> Result<Option<Course>, BuildError> {
        let taught = taught(&self.pack)?;
        if taught.is_empty() {
            return Ok(None);
        }
        let shelf = &self.settings.shelf;
        let across = match Across::found(&taught, model.sha256, shelf) {
            Some(across) => ToRead::Learnt(Box::new(across)),
            None => ToRead::Open(taught),
        };
        let words = language_file::<PersonFile>(&self.pack, "lexicon/person.yaml")?;
        let person = Person::new_or_find(words, json_lines(&self.pack, "nlu/person.jsonl")?, shelf);
        person.recall(model.sha256);
        let short = self.ports.knowledge.lessons_abroad();
        Ok(Some(Course { across, person, short, model: model.sha256 }))
    }

    /// Learns to read the pack's other languages, from the embeddings of the [`Course::lessons`]. Until then they are not served. Without
    /// an `identifier` a language is told by its script and its small words. Takes seconds of one core where the shelf had nothing of it; turns go on meanwhile.
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read.
    pub fn learn_languages(
        &self,
        course: Course,
        embeddings: &[Embedding],
        identifier: Option<Arc<dyn LanguageIdentifier>>,
    ) -> Result<(), BuildError> {
        let Some((across, person, of_short)) = course.learn(embeddings, &self.settings.shelf) else {
            return Ok(());
        };
        self.ports.knowledge.deepen_abroad(&of_short);
        let spoken = self.spoken()?;
        let taught = taught(&self.pack)?;
        let interpreters = Interpreters::new(across, &spoken.phrases).with_person(person);
        let mut interpreters = interpreters.with_words(&taught).with_lines(&taught);
        for locale in other_languages(&self.pack) {
            let file = format!("lexicon/gloss.{locale}.json");
            if self.pack.language_files.contains_key(&file) {
                interpreters = interpreters.with_glossary(locale, &language_file::<GlossFile>(&self.pack, &file)?);
            }
        }
        self.learnt.languages.get_or_init(|| Arc::new(Languages { interpreters, spoken, identifier }));
        Ok(())
    }

    /// What tells the languages of the pack, read once.
    fn spoken(&self) -> Result<Arc<Spoken>, BuildError> {
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
        match self.learnt.languages.get() {
            Some(languages) => languages.spoken.languages.iter().map(String::as_str).collect(),
            None => vec![&self.pack.manifest.default_locale],
        }
    }

    /// The language that is used for a wished one.
    #[must_use]
    pub fn locale_for(&self, wished: Option<&str>) -> &str {
        let locale = self.pack.locale_for(wished);
        self.languages().into_iter().find(|served| *served == locale).unwrap_or(&self.pack.manifest.default_locale)
    }

    /// The reader of a language; of the company's own where that is not read.
    pub(crate) fn reader(&self, locale: &str) -> LanguageReader<'_> {
        let languages = self.tape().and_then(|tape| tape.read_with.languages.as_deref());
        let other = languages.filter(|_| locale != self.pack.manifest.default_locale);
        other
            .and_then(|languages| languages.interpreters.of(locale))
            .map_or(LanguageReader::Own(&self.learnt.understander), LanguageReader::Other)
    }
}

/// Decides in which language the customer is answered, and hears the signs that its words give.
pub(crate) fn settle(
    assistant: &Assistant,
    received: &mut Arrival<'_>,
    screened: &mut Screened,
    trail: &mut Trail<'_>,
) {
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
    if tape.read_with.languages.is_none() {
        received.coming = coming(assistant, &received.conversation.locale, screened.words(), (spoken_here, told));
        return;
    }
    let LanguageReader::Other(reader) = assistant.reader(&received.conversation.locale) else { return };
    screened.leave(|signal| !OF_ANY_LANGUAGE.contains(&signal));
    let Some(vectors) = assistant.vectors() else { return };
    let flow_of = |sign: &str| assistant.pack.manifest.signals.get(sign).cloned();
    if let Some(sign) = reader.sign(screened.words(), flow_of, &vectors) {
        screened.hear(sign);
    }
}

/// Turns the conversation to the language of a message, if that speaks clearly enough for another; gives what told it.
fn turn(
    assistant: &Assistant,
    received: &mut Arrival<'_>,
    text: &str,
    (spoken_here, identifier): (&Spoken, Option<&Arc<dyn LanguageIdentifier>>),
    trail: &mut Trail<'_>,
) -> ToldBy {
    let served: Vec<&str> = spoken_here.languages.iter().map(String::as_str).collect();
    let scores = identifier.map(|identifier| identifier.identify(&spoken(text))).unwrap_or_default();
    let heard = Heard { text, scores: &scores, present: &received.conversation.locale, served: &served };
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

    pub(crate) fn misunderstanding(&self, text: &str) -> Option<String> {
        self.own()?.misunderstanding(text)
    }

    pub(crate) fn asks_how_it_stands(&self, text: &str) -> bool {
        self.own().is_some_and(|own| own.asks_how_it_stands(text))
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

/// What a pack teaches in all its languages, its own first, and the phrases of the others; nothing where it has one.
///
/// # Errors
/// [`BuildError`] when a file cannot be read; the author of the pack can fix it.
pub fn languages_of(pack: &Pack) -> Result<(Vec<Taught>, Vec<PhraseFile>), BuildError> {
    Ok((taught(pack)?, phrases(pack)?))
}

fn phrases(pack: &Pack) -> Result<Vec<PhraseFile>, BuildError> {
    other_languages(pack).into_iter().map(|locale| language_file(pack, &phrases_of(locale))).collect()
}

fn phrases_of(locale: &str) -> String {
    format!("nlu/phrases.{locale}.yaml")
}

/// Languages of the pack that are read by meaning: those that have phrases.
fn other_languages(pack: &Pack) -> Vec<&str> {
    let own = pack.manifest.default_locale.as_str();
    let locales = pack.manifest.locales.iter().map(String::as_str);
    locales.filter(|locale| *locale != own && pack.language_files.contains_key(&phrases_of(locale))).collect()
}

/// What the pack teaches in all its languages, its own first; nothing where it has one.
fn taught(pack: &Pack) -> Result<Vec<Taught>, BuildError> {
    let others = other_languages(pack);
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let own = pack.manifest.default_locale.as_str();
    std::iter::once(own).chain(others).map(|locale| taught_in(pack, locale)).collect()
}

/// One in [`OWN_ONE_IN`] of the examples.
fn one_in(examples: Vec<Example>) -> Vec<Example> {
    let kept = sample(examples.iter().map(|example| example.text.as_str()), examples.len().div_ceil(OWN_ONE_IN));
    kept.into_iter().filter_map(|place| examples.get(place)).cloned().collect()
}

/// Classes of these requests that no sign of distress starts.
fn harmless(pack: &Pack, requests: &[Example]) -> BTreeSet<String> {
    let of_care: BTreeSet<String> = pack.manifest.signals.values().map(|flow| format!("flow:{flow}")).collect();
    requests.iter().map(|request| &request.class).filter(|class| !of_care.contains(*class)).cloned().collect()
}

fn taught_in(pack: &Pack, locale: &str) -> Result<Taught, BuildError> {
    let example = |class: &str, text: &str| Example { class: class.to_owned(), text: text.to_owned() };
    let mut requests: Vec<Example> =
        pack.examples(locale).into_iter().map(|(class, text)| Example { class, text }).collect();
    let lines = pack.requests.iter().filter(|(tag, ..)| tag == locale);
    requests.extend(lines.map(|(_, class, text)| example(class, text)));
    let mut care: Vec<Example> = json_lines(pack, &format!("nlu/signals.{locale}.jsonl"))?;
    let is_own = locale == pack.manifest.default_locale;
    if is_own {
        // Those of articles in other languages would outweigh what is taught of requests there, where no rules tell a question from a wish.
        requests.extend(questions(pack, locale).iter().map(|text| example("ask", text)));
        let file: NluFile = language_file(pack, &format!("nlu/{locale}.yaml"))?;
        let classes =
            file.classes.iter().filter(|(class, _)| !["repair:affirm", "repair:deny"].contains(&class.as_str()));
        requests.extend(classes.flat_map(|(class, texts)| texts.iter().map(|text| example(class, text))));
        let signals: SignalFile = language_file(pack, &format!("nlu/signals.{locale}.yaml"))?;
        let starts = |class: &String| pack.manifest.signals.contains_key(class) || class == "none";
        let told = signals.signals.iter().filter(|(class, _)| starts(class));
        care.extend(told.flat_map(|(class, rule)| rule.examples.iter().map(|text| example(class, text))));
        // What is asked for every day gives no sign, whatever its words.
        let harmless = harmless(pack, &requests);
        let everyday: Vec<&str> = requests
            .iter()
            .filter(|request| harmless.contains(&request.class))
            .map(|request| request.text.as_str())
            .collect();
        let kept = sample(everyday.iter().copied(), HARMLESS_MAX);
        care.extend(kept.into_iter().filter_map(|place| everyday.get(place)).map(|text| example("none", text)));
        requests = one_in(requests);
        care = one_in(care);
    }
    let replies: Vec<ReplyExample> = json_lines(pack, &format!("nlu/replies.{locale}.jsonl"))?;
    let mut choices: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for choice in pack.choices.iter().filter(|choice| choice.locale == locale) {
        choices.entry(choice.set.clone()).or_default().push(example(&choice.choice, &choice.text));
    }
    // Of the company's own requests a sample stands in `care` already.
    let harmless = if is_own { BTreeSet::new() } else { harmless(pack, &requests) };
    Ok(Taught { locale: locale.to_owned(), requests, replies, care, harmless, choices })
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
