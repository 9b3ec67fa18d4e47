//! What are the pack's other languages learnt from, and in which order?
//!
//! They teach one another, and are read best when all were learnt together. Until then each is read by what it, the company's own and those that were learnt
//! with it teach: the one that a customer waits for first, then in the order of the pack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use ombud_language::{
    Across, Example, GlossFile, Interpreters, NluFile, Person, PersonFile, PhraseFile, ReplyExample, SignalFile,
    Taught, sample,
};
use ombud_policy::Pack;
use ombud_ports::{Embedding, EmbeddingModel, LanguageIdentifier};

use crate::assistant::{Assistant, BuildError, json_lines, language_file, questions};
use crate::languages::{Languages, Readers};

/// One in so many messages of the company's own language teaches the others: more of them taught these nothing more (`ombud eval messages`, requests read
/// right with all, a third, an eighth: .710, .714, .706).
const OWN_ONE_IN: usize = 3;
/// Sentences that give no sign, of those of a language that teach it; more would only repeat one another.
const HARMLESS_MAX: usize = 2_000;

/// What a pack's other languages are learnt from.
pub struct Course {
    across: ToRead,
    /// What all languages teach, the company's own first.
    taught: Vec<Taught>,
    person: Person,
    /// What articles say in short in these languages.
    short: Vec<String>,
    model: &'static str,
    identifier: Option<Arc<dyn LanguageIdentifier>>,
}

/// The reading of messages, or that it is to be learnt.
enum ToRead {
    Learnt(Box<Across>),
    Open,
}

impl Course {
    /// The texts of which [`Assistant::learn_languages`] wants the embeddings, in its order: all but those that were learnt already.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        let mut lessons = self.lessons_together();
        lessons.extend(self.person.lessons());
        lessons.extend(self.short.iter().cloned());
        lessons
    }

    /// The texts of which [`Assistant::learn_together`] wants the embeddings, in its order; none where they were learnt already.
    #[must_use]
    pub fn lessons_together(&self) -> Vec<String> {
        match &self.across {
            ToRead::Learnt(_) => Vec::new(),
            ToRead::Open => Across::lessons(&self.taught),
        }
    }

    /// The texts of which [`Assistant::learn_some`] wants the embeddings, in its order.
    #[must_use]
    pub fn lessons_of(&self, locales: &[&str]) -> Vec<String> {
        Across::lessons(&self.some(locales))
    }

    /// The vectors of messages, of wishes for a person and of what articles say in short; none where they are not those of the lessons.
    fn parts<'s, 'v>(&self, vectors: &'s [&'v [f32]]) -> Option<[&'s [&'v [f32]]; 3]> {
        let (rest, of_short) = vectors.split_at_checked(vectors.len().checked_sub(self.short.len())?)?;
        let (of_messages, of_person) = rest.split_at_checked(rest.len().checked_sub(self.person.lessons().len())?)?;
        Some([of_messages, of_person, of_short])
    }

    /// What these languages and the company's own teach.
    fn some(&self, locales: &[&str]) -> Vec<Taught> {
        let own = self.taught.first().map(|own| own.locale.as_str());
        let teaches = |of: &&Taught| own == Some(of.locale.as_str()) || locales.contains(&of.locale.as_str());
        self.taught.iter().filter(teaches).cloned().collect()
    }
}

impl Assistant {
    /// What the pack's other languages are learnt from, with what the shelf has of it for this model; none where the pack has one language. Without
    /// an `identifier` a language is told by its script and its small words.
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read; the author of the pack can fix it.
    pub fn course(
        &self,
        model: &EmbeddingModel,
        identifier: Option<Arc<dyn LanguageIdentifier>>,
    ) -> Result<Option<Course>, BuildError> {
        let taught = taught(&self.pack)?;
        if taught.is_empty() {
            return Ok(None);
        }
        let shelf = &self.settings.shelf;
        let found = Across::found(&taught, model.sha256, shelf);
        let across = found.map_or(ToRead::Open, |across| ToRead::Learnt(Box::new(across)));
        let words = language_file::<PersonFile>(&self.pack, "lexicon/person.yaml")?;
        let person = Person::new_or_find(words, json_lines(&self.pack, "nlu/person.jsonl")?, shelf);
        person.recall(model.sha256);
        let short = self.ports.knowledge.lessons_abroad();
        Ok(Some(Course { across, taught, person, short, model: model.sha256, identifier }))
    }

    /// The language that is to be learnt next: the one that a customer has waited for longest, else the next of the pack; none when each was learnt.
    #[must_use]
    pub fn next_language(&self) -> Option<&str> {
        let known = self.known_languages();
        let is_open = |locale: &&str| known.as_ref().is_none_or(|known| known.of(locale).is_none());
        let open: Vec<&str> = other_languages(&self.pack).into_iter().filter(is_open).collect();
        let wished = self.learnt.wished.lock().unwrap_or_else(PoisonError::into_inner);
        let waited_for = wished.iter().find_map(|wished| open.iter().copied().find(|locale| locale == wished));
        waited_for.or_else(|| open.first().copied())
    }

    /// Notes that a customer waits for a language that is still to be learnt.
    pub(crate) fn wish_for(&self, locale: &str) {
        let mut wished = self.learnt.wished.lock().unwrap_or_else(PoisonError::into_inner);
        if other_languages(&self.pack).contains(&locale) && !wished.iter().any(|one| one == locale) {
            wished.push(locale.to_owned());
        }
    }

    /// Learns to read some of the pack's other languages, from the embeddings of the [`Course::lessons_of`] these: they are served from then on, and read by
    /// what they teach one another. Takes seconds of one core; turns go on meanwhile.
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read.
    pub fn learn_some(&self, course: &Course, locales: &[&str], embeddings: &[Embedding]) -> Result<(), BuildError> {
        let taught = course.some(locales);
        let vectors: Vec<&[f32]> = embeddings.iter().map(Embedding::values).collect();
        let Some(across) = Across::learn(&taught, &vectors) else { return Ok(()) };
        let mut readers = match self.known_languages().map(|known| known.readers.clone()) {
            Some(Readers::Each(readers)) => readers,
            Some(Readers::All(_)) => return Ok(()),
            None => BTreeMap::new(),
        };
        let interpreters = Arc::new(self.interpreters(across, &taught)?);
        readers.extend(locales.iter().map(|locale| ((*locale).to_owned(), Arc::clone(&interpreters))));
        self.serve_languages(Readers::Each(readers), course.identifier.clone())
    }

    /// Learns to read the messages of all other languages together, from the embeddings of the [`Course::lessons_together`]; wishes for a person and what
    /// articles say in short come with [`Self::learn_languages`].
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read.
    pub fn learn_together(&self, course: &mut Course, embeddings: &[Embedding]) -> Result<(), BuildError> {
        let vectors: Vec<&[f32]> = embeddings.iter().map(Embedding::values).collect();
        let Some(across) = Across::learn(&course.taught, &vectors) else { return Ok(()) };
        across.keep(&course.taught, course.model, &self.settings.shelf);
        course.across = ToRead::Learnt(Box::new(across.clone()));
        let interpreters = self.interpreters(across, &course.taught)?;
        self.serve_languages(Readers::All(Arc::new(interpreters)), course.identifier.clone())
    }

    /// Learns to read the pack's other languages all together, from the embeddings of the [`Course::lessons`]. Takes seconds of one core where the
    /// shelf had nothing of it; turns go on meanwhile.
    ///
    /// # Errors
    /// [`BuildError`] when a file of a language cannot be read.
    pub fn learn_languages(&self, course: Course, embeddings: &[Embedding]) -> Result<(), BuildError> {
        let vectors: Vec<&[f32]> = embeddings.iter().map(Embedding::values).collect();
        let Some([of_messages, of_person, of_short]) = course.parts(&vectors) else { return Ok(()) };
        let Course { across, taught, person, model, identifier, .. } = course;
        let across = match across {
            ToRead::Learnt(across) => *across,
            ToRead::Open => {
                let Some(across) = Across::learn(&taught, of_messages) else { return Ok(()) };
                across.keep(&taught, model, &self.settings.shelf);
                across
            }
        };
        person.learn(of_person);
        self.ports.knowledge.deepen_abroad(of_short);
        let interpreters = self.interpreters(across, &taught)?.with_person(person);
        self.serve_languages(Readers::All(Arc::new(interpreters)), identifier)
    }

    /// Readers of the languages that are taught, the company's own left out.
    fn interpreters(&self, across: Across, taught: &[Taught]) -> Result<Interpreters, BuildError> {
        let is_taught = |locale: &str| taught.iter().any(|of| of.locale == locale);
        let spoken = self.spoken()?;
        let phrases: Vec<PhraseFile> = spoken.phrases.iter().filter(|file| is_taught(&file.locale)).cloned().collect();
        let mut interpreters = Interpreters::new(across, &phrases).with_words(taught).with_lines(taught);
        for locale in other_languages(&self.pack).into_iter().filter(|locale| is_taught(locale)) {
            let file = format!("lexicon/gloss.{locale}.json");
            if self.pack.language_files.contains_key(&file) {
                interpreters = interpreters.with_glossary(locale, &language_file::<GlossFile>(&self.pack, &file)?);
            }
        }
        Ok(interpreters)
    }

    fn serve_languages(
        &self,
        readers: Readers,
        identifier: Option<Arc<dyn LanguageIdentifier>>,
    ) -> Result<(), BuildError> {
        let languages = Languages { readers, spoken: self.spoken()?, identifier };
        *self.learnt.languages.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(languages));
        Ok(())
    }
}

/// What a pack teaches in all its languages, its own first, and the phrases of the others; nothing where it has one.
///
/// # Errors
/// [`BuildError`] when a file cannot be read; the author of the pack can fix it.
pub fn languages_of(pack: &Pack) -> Result<(Vec<Taught>, Vec<PhraseFile>), BuildError> {
    Ok((taught(pack)?, phrases(pack)?))
}

pub(crate) fn phrases(pack: &Pack) -> Result<Vec<PhraseFile>, BuildError> {
    other_languages(pack).into_iter().map(|locale| language_file(pack, &phrases_of(locale))).collect()
}

fn phrases_of(locale: &str) -> String {
    format!("nlu/phrases.{locale}.yaml")
}

/// Languages of the pack that are read by meaning: those that have phrases.
pub(crate) fn other_languages(pack: &Pack) -> Vec<&str> {
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

/// Sets of the questions about requests that no sign of distress starts.
fn harmless_sets(pack: &Pack) -> impl Iterator<Item = String> {
    let is_care = |name: &String| pack.manifest.signals.values().any(|flow| flow == name);
    let flows = pack.flows.values().filter(move |flow| !is_care(&flow.name));
    flows.filter_map(|flow| Some(flow.faq.as_ref()?.examples.clone()))
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
    let of_others = || harmless(pack, &requests).into_iter().chain(harmless_sets(pack)).collect();
    let harmless = if is_own { BTreeSet::new() } else { of_others() };
    Ok(Taught { locale: locale.to_owned(), requests, replies, care, harmless, choices })
}
