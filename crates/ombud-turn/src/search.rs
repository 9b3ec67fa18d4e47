//! What do the articles say to a question? By itself, or read together with the answer before it.

use ombud_domain::Passage;
use ombud_domain::knowledge::Finding;
use ombud_language::{Interpreter, Vectors as _};
use ombud_policy::LastAnswer;
use ombud_ports::{AskedAbroad, KnowledgeQuery, StoreError, Words};
use ombud_retrieval::answer::{Extract, extract, extract_beyond, extract_in_passing, extract_of_request};
use ombud_retrieval::query::language_of;
use ombud_retrieval::{Analyzer, Balance};

use crate::assistant::Assistant;
use crate::languages::LanguageReader;
use crate::meaning::TurnVectors;
use crate::reader::today;

/// Passages looked at for one question.
const PASSAGES_MAX: usize = 12;
/// A question that an article supports this well needs no answer before it to be understood ...
const CLEAR_ALONE: f32 = 0.6;
/// ... unless it has hardly a word of its own: "and how long does that take?"
const OWN_TERMS_MIN: usize = 3;
/// Share of a question that has to stand in the only articles it may be answered from.
const COVERED_MIN: f32 = 0.4;
/// One term alone names nothing.
const NAMING_TERMS_MIN: usize = 2;

/// What sentences about a request are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Where the answer decides what a message is: nearness alone makes no question of it.
    Words,
    WordsAndMeaning,
}

/// A search for customers of one market.
pub(crate) struct Search<'a> {
    assistant: &'a Assistant,
    locale: &'a str,
    market: &'a str,
    vectors: Option<TurnVectors<'a>>,
    /// The reader of the language that is spoken, where there are articles in the company's own alone.
    foreign: Option<Interpreter<'a>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(assistant: &'a Assistant, (locale, market): (&'a str, &'a str)) -> Self {
        let foreign = Self::foreign(assistant, locale).filter(|_| !assistant.ports.knowledge.speaks(locale));
        Self { assistant, locale, market, vectors: assistant.vectors(), foreign }
    }

    fn foreign(assistant: &'a Assistant, locale: &str) -> Option<Interpreter<'a>> {
        match assistant.reader(locale) {
            LanguageReader::Other(reader) => Some(reader),
            _ => None,
        }
    }

    /// The same search among the articles in the company's own language, where this one is among those of the language that is spoken.
    fn elsewhere(&self) -> Option<Self> {
        let foreign = Self::foreign(self.assistant, self.locale).filter(|_| self.foreign.is_none())?;
        Some(Self {
            assistant: self.assistant,
            locale: self.locale,
            market: self.market,
            vectors: self.assistant.vectors(),
            foreign: Some(foreign),
        })
    }

    /// How many questions were embedded.
    pub(crate) fn embedded(&self) -> usize {
        self.vectors.as_ref().map_or(0, TurnVectors::count)
    }

    /// What the articles say to a question asked while a request is open: "what if it turns up?" is read together with the title of each article about
    /// that request (`about`), and answered from it if as much of the question stands there as in what it finds by itself. A question that is
    /// clear by itself is not about the request.
    pub(crate) fn look_up_within(&self, query: &str, about: &[String]) -> Result<(Finding, Vec<Passage>), StoreError> {
        let mut passages = self.passages(query.to_owned())?;
        // "How is that possible?" means the request, and nothing that sounds like it.
        let mut best = extract(query, &passages).filter(|_| !self.names_nothing(query));
        if best.as_ref().is_some_and(|best| best.support >= CLEAR_ALONE) {
            return Ok((self.finding(query, best), passages));
        }
        // What another article hardly says answers another question.
        if best.as_ref().is_some_and(|best| !about.contains(&best.citation.article_id)) {
            best = None;
        }
        if !self.assistant.weights.rewriting.is_off() {
            self.within(query, (about, By::WordsAndMeaning), (&mut best, &mut passages))?;
        }
        Ok((self.finding(query, best), passages))
    }

    /// What these articles say to a question, and no other: nothing if less than a good part of it stands there.
    pub(crate) fn look_up_only(&self, query: &str, about: &[String]) -> Result<(Finding, Vec<Passage>), StoreError> {
        let (mut best, mut passages) = (None, Vec::new());
        self.within(query, (about, By::Words), (&mut best, &mut passages))?;
        Ok((self.finding(query, best.filter(|best: &Extract| best.covers >= COVERED_MIN)), passages))
    }

    /// Takes what one of these articles says, chosen `by` words or by meaning too, where at least as much of the question stands there as in the best so far.
    fn within(
        &self,
        query: &str,
        (about, by): (&[String], By),
        (best, passages): (&mut Option<Extract>, &mut Vec<Passage>),
    ) -> Result<(), StoreError> {
        let mut articles = Vec::new();
        for id in about {
            let title = self.assistant.pack.article_member(self.locale, id, "title").unwrap_or_default();
            let mut of_article = self.passages(format!("{title} {query}"))?;
            of_article.retain(|passage| passage.article_id == *id);
            articles.push(of_article);
        }
        let vectors = self.vectors.as_ref().filter(|_| by == By::WordsAndMeaning && self.foreign.is_none());
        let vectors = vectors.filter(|_| !self.assistant.weights.vector.is_off());
        let within = extract_of_request(query, &articles, |told| vectors?.cosines(query, told));
        let Some(within) = within else { return Ok(()) };
        let covered = best.as_ref().map_or(0.0, |best| best.covers);
        let is_of_request = best.as_ref().is_some_and(|best| about.contains(&best.citation.article_id));
        // Of two articles about the request that say as much, the first one named is the nearer.
        if within.covers > covered || within.covers >= covered && !is_of_request {
            let article = &within.citation.article_id;
            passages.extend(articles.into_iter().flatten().filter(|passage| passage.article_id == *article));
            *best = Some(within);
        }
        Ok(())
    }

    /// What the articles say to a question. One that goes on from the answer `before` and is not clear by itself ("and if I don't?") is read
    /// together with the question before, and answered from the same article if that says more to it. What only the company's own language tells is
    /// found there.
    pub(crate) fn look_up(
        &self,
        query: &str,
        before: Option<&LastAnswer>,
    ) -> Result<(Finding, Vec<Passage>), StoreError> {
        let found = self.look_up_here(query, before)?;
        match self.elsewhere().filter(|_| found.0.sentences.is_empty()) {
            Some(elsewhere) => elsewhere.look_up_here(query, before),
            None => Ok(found),
        }
    }

    fn look_up_here(&self, query: &str, before: Option<&LastAnswer>) -> Result<(Finding, Vec<Passage>), StoreError> {
        let passages = self.passages(query.to_owned())?;
        let mut alone = self.finding(query, extract(query, &passages));
        let goes_on = self.goes_on(query, &alone);
        // "Can I keep using them?" is about something that the articles do not know; what merely resembles it answers another question.
        if alone.support < CLEAR_ALONE && self.is_bare(query) {
            alone = self.finding(query, None);
        }
        // What no article answers by itself may ask for what the one before says: "how high is the fee?"
        let may_go_on = goes_on || alone.sentences.is_empty();
        let rewriting = self.assistant.weights.rewriting;
        let Some(before) = before.filter(|_| may_go_on && !rewriting.is_off()) else { return Ok((alone, passages)) };
        let further = self.passages(format!("{} {query}", before.query))?;
        let of_before: Vec<Passage> =
            further.iter().filter(|passage| passage.article_id == before.article_id).cloned().collect();
        let covered = |extract: &Extract| extract.covers * rewriting.factor() >= COVERED_MIN;
        let told_before = || extract_in_passing(query, &of_before).filter(covered);
        let extract = match of_before.as_slice() {
            // The article before is not for this market: "is it the same in Germany?" asks for the one that is.
            [] if goes_on => {
                extract(&before.query, &self.passages(before.query.clone())?).filter(|_| alone.sentences.is_empty())
            }
            of_before if goes_on => extract_beyond(&before.sentences, query, of_before).or_else(told_before),
            of_before => told_before().or_else(|| extract_beyond(&before.sentences, query, of_before).filter(covered)),
        };
        Ok(match extract {
            Some(extract) => (self.finding(query, Some(extract)), further),
            None => (alone, passages),
        })
    }

    fn goes_on(&self, query: &str, alone: &Finding) -> bool {
        (self.is_bare(query) || alone.support < CLEAR_ALONE) && self.assistant.reader(self.locale).goes_on(query)
    }

    /// Whether a question says by hardly a word what it is about: "how is that possible", "and when?"
    pub(crate) fn names_nothing(&self, query: &str) -> bool {
        let terms = Analyzer::general(self.locale).terms(query).len();
        terms < NAMING_TERMS_MIN || terms <= OWN_TERMS_MIN && self.assistant.reader(self.locale).points(query)
    }

    /// Whether a question has hardly a word of its own: "and how long does that take?"
    fn is_bare(&self, query: &str) -> bool {
        let terms = Analyzer::general(self.locale).terms(query).len();
        terms < OWN_TERMS_MIN && self.assistant.reader(self.locale).points_back(query)
    }

    fn passages(&self, text: String) -> Result<Vec<Passage>, StoreError> {
        let weights = self.assistant.weights;
        let vectors = self.vectors.as_ref().filter(|_| !weights.vector.is_off());
        let vector = vectors.and_then(|vectors| vectors.of(&text));
        let own = self.assistant.pack.manifest.default_locale.as_str();
        let asked = self.foreign.and(vector.clone());
        let asked = asked.map(|vector| AskedAbroad { language: language_of(self.locale), vector });
        let (words, locale, vector) = match &self.foreign {
            // Read by its meaning alone, as a question in a language without articles.
            None if weights.lexical.is_off() => (Words::Foreign, self.locale, vector),
            None => (Words::Compared, self.locale, vector),
            Some(reader) => (Words::Foreign, own, vector.map(|vector| reader.moved(&vector, own))),
        };
        self.assistant.ports.knowledge.search(&KnowledgeQuery {
            text,
            words,
            balance: Balance { words: weights.lexical.factor(), meaning: weights.vector.factor() },
            vector,
            asked,
            locale: locale.to_owned(),
            market: self.market.to_owned(),
            audience: "customer".to_owned(),
            today: today(self.assistant).to_string(),
            passages_max: PASSAGES_MAX,
        })
    }

    fn finding(&self, query: &str, extract: Option<Extract>) -> Finding {
        let language = self.foreign.map(|_| self.assistant.pack.manifest.default_locale.clone());
        match extract {
            Some(extract) => Finding {
                query: query.to_owned(),
                sentences: extract.sentences,
                citation: Some(extract.citation),
                support: extract.support,
                language,
            },
            None => Finding { query: query.to_owned(), ..Finding::default() },
        }
    }
}
