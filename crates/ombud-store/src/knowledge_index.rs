//! How is knowledge searched? An index proposes articles among those that may be shown, then the ranker says which of them answers.

mod abroad;
mod best;
mod counts;
mod documents;
mod narrow;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ombud_domain::Passage;
use ombud_ports::{KnowledgeIndex, KnowledgeQuery, StoreError, VectorError, Words};
use ombud_retrieval::fuse::reciprocal;
use ombud_retrieval::query::language_of;
use ombud_retrieval::{
    Analyzer, Article, Audience, Chunk, Corpus, Day, Knowledge, Outside, Ranked, Ranker, Vocabulary, chunks,
};
use sha2::{Digest, Sha256};
use tantivy::TantivyError;

use crate::artefact::{Artefact, ArtefactError, Artefacts};
use crate::knowledge_index::abroad::Abroad;
use crate::knowledge_index::counts::Counts;
use crate::knowledge_index::documents::{Allowed, Documents, OfLanguage};
use crate::knowledge_index::narrow::{Narrow, Near};
use crate::vectors::{IndexFileError, Vectors};

/// Passages of one search at most.
const PASSAGES_MAX: usize = 50;
/// Passages kept free for articles other than the first.
const PASSAGES_OF_OTHERS: usize = 3;
/// Passages of all articles up to which the ranker counts all of them.
const WHOLE_PASSAGES_MAX: usize = 5_000;

/// Why an index cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The search library failed: memory or disk is short, or it is our bug.
    #[error("the knowledge index cannot be built, see the cause")]
    Index(#[from] TantivyError),
    /// The folder for indexes cannot be used; the operator looks after its disk and rights.
    #[error("the knowledge index cannot be kept, see the cause")]
    Artefact(#[from] ArtefactError),
    /// The same, for vectors and for what is counted.
    #[error("the vectors or counts of the knowledge index cannot be kept, see the cause")]
    File(#[from] IndexFileError),
    /// A vector of the embedding model cannot be used; the operator verifies its file.
    #[error("the embedding model gave a vector that cannot be used, verify its file with `ombud models verify`")]
    Lesson(#[from] VectorError),
}

/// Where an index lies, and from which size on.
#[derive(Debug, Clone)]
pub struct IndexSettings {
    /// Passages of all articles up to which everything is counted in memory; what is larger is kept in a folder and ranked among candidates alone.
    pub whole_passages_max: usize,
    /// Folder for what is larger; without one it is built in memory at every start.
    pub folder: Option<PathBuf>,
}

impl Default for IndexSettings {
    fn default() -> Self {
        Self { whole_passages_max: WHOLE_PASSAGES_MAX, folder: None }
    }
}

/// An immutable knowledge index.
#[derive(Debug)]
pub struct ArticleIndex {
    documents: Documents,
    languages: HashMap<String, Language>,
    version: String,
    /// Where articles are ranked among candidates: their vectors, once they are there, and the folder for them.
    near: ArcSwapOption<Near>,
    folder: Option<Artefacts>,
    abroad: Abroad,
}

/// The articles of one language; hits name them by their place here.
#[derive(Debug)]
struct Language {
    articles: Vec<Article>,
    ranking: Ranking,
}

/// How articles are ranked.
#[derive(Debug)]
enum Ranking {
    /// Everything is counted: all articles can be compared.
    Whole { ranker: Box<Ranker>, passages: Vec<Vec<Chunk>> },
    /// Candidates are ranked by what was counted of each.
    Narrow(Narrow),
}

impl Language {
    fn vocabulary(&self) -> &Vocabulary {
        match &self.ranking {
            Ranking::Whole { ranker, .. } => ranker.corpus().vocabulary(),
            Ranking::Narrow(narrow) => &narrow.vocabulary,
        }
    }

    fn lessons(&self) -> Vec<String> {
        match &self.ranking {
            Ranking::Whole { ranker, .. } => ranker.lessons().to_vec(),
            Ranking::Narrow(narrow) => narrow.lessons(&self.articles).cloned().collect(),
        }
    }

    fn lessons_count(&self) -> usize {
        match &self.ranking {
            Ranking::Whole { ranker, .. } => ranker.lessons().len(),
            Ranking::Narrow(narrow) => narrow.lessons(&self.articles).count(),
        }
    }
}

impl ArticleIndex {
    /// Builds the index of all articles, in memory.
    ///
    /// # Errors
    /// [`IndexError`] when memory is short; the operator can fix it.
    pub fn build(knowledge: Knowledge) -> Result<Self, IndexError> {
        Self::build_with(knowledge, &IndexSettings::default())
    }

    /// Builds the index of all articles, or opens the one that was built of the same ones.
    ///
    /// # Errors
    /// [`IndexError`] when memory or disk is short; the operator can fix it. A folder whose files are not what was written is built anew.
    pub fn build_with(knowledge: Knowledge, settings: &IndexSettings) -> Result<Self, IndexError> {
        let Knowledge { articles, synonyms, outside, abroad } = knowledge;
        let version = version_of(&articles, &format!("{synonyms:?} {outside:?} {abroad:?}"));
        let abroad = Abroad::new(&abroad);
        let passages = articles.iter().scan(0, |all, article| {
            *all += chunks(article).len();
            Some(*all)
        });
        let is_whole = passages.take_while(|all| *all <= settings.whole_passages_max).count() == articles.len();
        let mut by_language: HashMap<String, Vec<Article>> = HashMap::new();
        for article in articles {
            by_language.entry(language_of(&article.locale)).or_default().push(article);
        }
        let mut languages = HashMap::new();
        for (language, mut articles) in by_language {
            articles.sort_by(|one, other| one.id.cmp(&other.id));
            let outside = outside.iter().filter(|topic| topic.language == language);
            let analyzer = Analyzer::new(&language, &synonyms);
            let ranking = if is_whole {
                Ranking::whole(analyzer, &articles, &outside.collect::<Vec<_>>())
            } else {
                Ranking::Narrow(Narrow::new(analyzer, &articles, outside.cloned().collect()))
            };
            languages.insert(language, Language { articles, ranking });
        }
        let folder = settings.folder.as_ref().filter(|_| !is_whole);
        let read = version_as_read(&version, &languages);
        let documents = documents(&languages, folder.map(|folder| Artefacts::new(&folder.join("words"))), &read)?;
        let documents = if is_whole { documents } else { documents.bounded() };
        count(&mut languages, folder.map(|folder| Artefacts::new(&folder.join("counts"))), &read)?;
        let folder = folder.map(|folder| Artefacts::new(&folder.join("vectors")));
        Ok(Self { documents, languages, version, near: ArcSwapOption::empty(), folder, abroad })
    }

    /// The ranker of a locale and the articles it ranks, for measuring; none where articles are ranked among candidates.
    #[must_use]
    pub fn ranker(&self, locale: &str) -> Option<(&Ranker, Vec<&Article>)> {
        let language = self.languages.get(&language_of(locale))?;
        match &language.ranking {
            Ranking::Whole { ranker, .. } => Some((ranker, language.articles.iter().collect())),
            Ranking::Narrow(_) => None,
        }
    }

    /// The articles of a locale, by their places.
    #[must_use]
    pub fn articles(&self, locale: &str) -> &[Article] {
        self.languages.get(&language_of(locale)).map_or(&[], |language| &language.articles)
    }

    /// The vectors that candidates are found by, where articles are ranked among candidates and vectors are there.
    #[must_use]
    pub fn vectors(&self) -> Option<Arc<Vectors>> {
        self.near.load().as_ref().map(|near| Arc::clone(&near.vectors))
    }

    /// Ranks `candidates`; `id` names the article at a place.
    fn rank<'n>(
        &self,
        ranker: &Ranker,
        query: &KnowledgeQuery,
        (candidates, id): (&[usize], impl Fn(usize) -> &'n str),
    ) -> Vec<Ranked> {
        match (query.words, query.vector.as_deref()) {
            (Words::Compared, vector) => ranker.rank_weighed(&query.text, vector, (candidates, query.balance)),
            (Words::Foreign, Some(vector)) => {
                let told = query.asked.as_ref().and_then(|asked| self.abroad.told(asked));
                ranker.rank_meant(vector, candidates, told.map(|told| move |place: usize| told.of(id(place))))
            }
            (Words::Foreign, None) => Vec::new(),
        }
    }

    /// The languages in the order of their names.
    fn by_name(&self) -> Vec<(&String, &Language)> {
        let mut named: Vec<_> = self.languages.iter().collect();
        named.sort_by_key(|(name, _)| *name);
        named
    }

    /// Articles that may be shown and have words of the question, or lie near to it where all of them cannot be compared, by their place among those of the
    /// language, the best first, at most 60. What may not be shown is never ranked (R30).
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read; it is our bug.
    pub fn candidates(&self, query: &KnowledgeQuery) -> Result<Vec<usize>, StoreError> {
        self.where_allowed(query, |language, allowed| {
            let by_words = || {
                let terms = language.vocabulary().question_terms(&query.text);
                self.documents.search(allowed, &terms).map_err(failed)
            };
            let Ranking::Narrow(narrow) = &language.ranking else {
                return match query.words {
                    Words::Compared => by_words(),
                    Words::Foreign => self.documents.all(allowed).map_err(failed),
                };
            };
            let near = match (self.near.load().as_deref(), query.vector.as_deref()) {
                (Some(near), Some(vector)) => near.articles(narrow, vector, allowed).map_err(failed)?,
                _ => Vec::new(),
            };
            Ok(match query.words {
                Words::Compared => narrow::some(reciprocal(&[&by_words()?, &near])),
                Words::Foreign => narrow::some(near),
            })
        })
    }

    /// The candidates by words that a look at every passage with any word of the question finds, best first, at most 60: what
    /// [`ArticleIndex::candidates`] without a vector is measured by.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read; it is our bug.
    pub fn candidates_exhaustively(&self, query: &KnowledgeQuery) -> Result<Vec<usize>, StoreError> {
        self.where_allowed(query, |language, allowed| {
            let terms = language.vocabulary().question_terms(&query.text);
            self.documents.search_exhaustively(allowed, &terms).map_err(failed)
        })
    }

    /// What is found among what the asker may be shown; nothing where his language has no articles.
    fn where_allowed(
        &self,
        query: &KnowledgeQuery,
        find: impl FnOnce(&Language, &Allowed<'_>) -> Result<Vec<usize>, StoreError>,
    ) -> Result<Vec<usize>, StoreError> {
        let name = language_of(&query.locale);
        let Some(language) = self.languages.get(&name) else { return Ok(Vec::new()) };
        let Some(today) = Day::parse(&query.today) else { return Ok(Vec::new()) };
        let audience = if query.audience == Audience::Agent.as_str() { Audience::Agent } else { Audience::Customer };
        find(language, &Allowed { language: &name, market: &query.market, audience, today })
    }

    /// As [`KnowledgeIndex::deepen`]; `progress` hears how many vectors are linked, where that takes long. Where articles are ranked among candidates, what is
    /// given later takes the place of what was given before, while searches go on.
    pub fn deepen_with(&self, vectors: &[&[f32]], progress: &(dyn Fn(usize) + Sync)) {
        let (mut rest, mut narrow) = (vectors, Vec::new());
        for (name, language) in self.by_name() {
            let (own, others) = rest.split_at(language.lessons_count().min(rest.len()));
            match &language.ranking {
                Ranking::Whole { ranker, .. } => ranker.deepen(own),
                Ranking::Narrow(of_language) => narrow.push((name.as_str(), &*language.articles, of_language, own)),
            }
            rest = others;
        }
        if narrow.is_empty() {
            return;
        }
        match Near::build((&narrow, &self.version), self.folder.as_ref(), progress) {
            // Searches that have begun end on what they began with.
            Ok(near) => self.near.store(near.map(Arc::new)),
            Err(error) => tracing::warn!(%error, "articles are found by their words alone"),
        }
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Database { doing: "searching the knowledge index", source: source.into() }
}

/// The version with how its texts are read: another analyzer makes other terms of them, and gives them other numbers.
fn version_as_read(version: &str, languages: &HashMap<String, Language>) -> String {
    let mut named: Vec<_> = languages.iter().collect();
    named.sort_by_key(|(name, _)| *name);
    let read = named.iter().map(|(name, language)| format!(" {name}-{:016x}", language.vocabulary().fingerprint()));
    std::iter::once(version.to_owned()).chain(read).collect()
}

/// The documents of all languages: in memory, or mapped from the artefact of this version.
fn documents(
    languages: &HashMap<String, Language>,
    artefacts: Option<Artefacts>,
    version: &str,
) -> Result<Documents, IndexError> {
    let mut all: Vec<OfLanguage<'_>> = languages
        .iter()
        .map(|(name, language)| (name.as_str(), language.vocabulary().analyzer(), &*language.articles))
        .collect();
    all.sort_by_key(|(name, ..)| *name);
    let Some(artefacts) = artefacts else { return Ok(Documents::build(&all)?) };
    let source = format!("{version} {}", documents::FORMAT);
    let artefact = match found(&artefacts, &source) {
        Some(artefact) => artefact,
        None => artefacts.make::<IndexError>(&source, |folder| Ok(Documents::build_in(folder, &all)?))?,
    };
    Ok(Documents::open(&artefact.folder)?)
}

/// Gives each language what is counted of its articles: in memory, or mapped from the artefact of this version.
fn count(
    languages: &mut HashMap<String, Language>,
    artefacts: Option<Artefacts>,
    version: &str,
) -> Result<(), IndexError> {
    let mut named: Vec<_> = languages.iter_mut().collect();
    named.sort_by_key(|(name, _)| *name);
    let all: Vec<counts::OfLanguage<'_>> = named
        .iter()
        .filter_map(|(_, language)| match &language.ranking {
            Ranking::Narrow(narrow) => Some(narrow.to_count(&language.articles)),
            Ranking::Whole { .. } => None,
        })
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let counts = match artefacts {
        None => Counts::build(&all),
        Some(artefacts) => {
            let source = format!("{version} {}", counts::format());
            let artefact = match found(&artefacts, &source) {
                Some(artefact) => artefact,
                None => artefacts.make::<IndexError>(&source, |folder| Ok(Counts::build_in(folder, &all)?))?,
            };
            Counts::open(&artefact.folder)?
        }
    };
    let (counts, mut first) = (Arc::new(counts), 0);
    for (_, language) in named {
        if let Ranking::Narrow(narrow) = &mut language.ranking {
            first = narrow.take(&counts, first);
        }
    }
    Ok(())
}

/// An artefact that was made before and is what was written.
fn found(artefacts: &Artefacts, source: &str) -> Option<Artefact> {
    artefacts.find(source).unwrap_or_else(|error| {
        tracing::warn!(%error, "a knowledge index is built anew");
        None
    })
}

impl Ranking {
    fn whole(analyzer: Analyzer, articles: &[Article], outside: &[&Outside]) -> Self {
        let passages: Vec<Vec<Chunk>> = articles.iter().map(chunks).collect();
        let views: Vec<(&Article, &[Chunk])> =
            articles.iter().zip(&passages).map(|(article, cut)| (article, &**cut)).collect();
        let ranker = Box::new(Ranker::new(Corpus::new(analyzer, &views, outside)));
        Self::Whole { ranker, passages }
    }
}

impl KnowledgeIndex for ArticleIndex {
    fn search(&self, query: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError> {
        let Some(language) = self.languages.get(&language_of(&query.locale)) else { return Ok(Vec::new()) };
        let candidates = self.candidates(query)?;
        Ok(match &language.ranking {
            Ranking::Whole { ranker, passages } => {
                let view = |place: usize| {
                    Some((language.articles.get(place)?, Cow::Borrowed(passages.get(place)?.as_slice())))
                };
                let told = |place: usize| language.articles.get(place).map_or("", |article| article.id.as_str());
                passages_of_all(query, &self.rank(ranker, query, (&candidates, told)), view)
            }
            Ranking::Narrow(narrow) => {
                let ranker = narrow.ranker(&query.text, &candidates, self.near.load().as_deref());
                let all: Vec<usize> = (0..candidates.len()).collect();
                let article = |place: usize| candidates.get(place).and_then(|place| language.articles.get(*place));
                let view = |place: usize| article(place).map(|article| (article, Cow::Owned(chunks(article))));
                let told = |place: usize| article(place).map_or("", |article| article.id.as_str());
                passages_of_all(query, &self.rank(&ranker, query, (&all, told)), view)
            }
        })
    }

    fn speaks(&self, locale: &str) -> bool {
        self.languages.contains_key(&language_of(locale))
    }

    fn lessons(&self) -> Vec<String> {
        self.by_name().into_iter().flat_map(|(_, language)| language.lessons()).collect()
    }

    fn deepen(&self, vectors: &[&[f32]]) {
        self.deepen_with(vectors, &|_| {});
    }

    fn lessons_abroad(&self) -> Vec<String> {
        self.abroad.lessons()
    }

    fn deepen_abroad(&self, vectors: &[&[f32]]) {
        self.abroad.deepen(vectors);
    }

    fn version(&self) -> &str {
        &self.version
    }
}

/// All passages of the first article that fit, then the best one of each other article; `view` gives an article with its passages.
fn passages_of_all<'a>(
    query: &KnowledgeQuery,
    ranked: &[Ranked],
    view: impl Fn(usize) -> Option<(&'a Article, Cow<'a, [Chunk]>)>,
) -> Vec<Passage> {
    let passages_max = query.passages_max.clamp(1, PASSAGES_MAX);
    let of_first_max = passages_max.saturating_sub(PASSAGES_OF_OTHERS).max(1);
    let mut found = Vec::new();
    for (place, one) in ranked.iter().enumerate() {
        let wanted = if place == 0 { of_first_max } else { 1 };
        let wanted = wanted.min(passages_max.saturating_sub(found.len()));
        if wanted == 0 {
            break;
        }
        if let Some((article, cut)) = view(one.article) {
            found.extend(passages_of(query, (article, &cut), one, wanted));
        }
    }
    found
}

/// The best passages of an article that hold in the market, best first, the opening always among them: it is what answers directly.
fn passages_of(
    query: &KnowledgeQuery,
    (article, cut): (&Article, &[Chunk]),
    ranked: &Ranked,
    wanted: usize,
) -> Vec<Passage> {
    let mut order: Vec<(&Chunk, f32)> = cut.iter().zip(ranked.coverage.iter().copied()).collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.ordinal.cmp(&other.0.ordinal)));
    let mut found: Vec<Passage> =
        order.iter().filter_map(|(chunk, coverage)| passage(query, (article, ranked), chunk, *coverage)).collect();
    let late_opening = found.iter().position(|passage| passage.ordinal == 0).filter(|place| *place >= wanted);
    if let (Some(place), Some(last)) = (late_opening, wanted.checked_sub(1)) {
        found.swap(last, place);
    }
    found.truncate(wanted);
    found
}

/// None when nothing of the passage holds in the market.
fn passage(
    query: &KnowledgeQuery,
    (article, ranked): (&Article, &Ranked),
    chunk: &Chunk,
    coverage: f32,
) -> Option<Passage> {
    let named = chunk.named_markets().iter().any(|market| market.eq_ignore_ascii_case(&query.market));
    let text = chunk.text_for(named.then_some(query.market.as_str()));
    (!text.is_empty()).then(|| Passage {
        article_id: article.id.clone(),
        title: article.title.clone(),
        heading: chunk.heading.clone(),
        text,
        source: article.source.clone(),
        locale: article.locale.clone(),
        ordinal: chunk.ordinal,
        support: ranked.support,
        score: ranked.score + coverage,
    })
}

/// SHA-256 over the articles in the order of their hashes, so that the order in which files are read does not matter.
fn version_of(articles: &[Article], beside: &str) -> String {
    let mut hashes: Vec<_> = articles.iter().map(|article| Sha256::digest(format!("{article:?}").as_bytes())).collect();
    hashes.push(Sha256::digest(beside.as_bytes()));
    hashes.sort_unstable();
    let all = hashes.iter().fold(Sha256::new(), |all, hash| all.chain_update(hash));
    hex::encode(all.finalize())
}

#[cfg(test)]
mod tests;
