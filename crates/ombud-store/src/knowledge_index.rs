//! How is knowledge searched? An index proposes articles among those that may be shown, then the ranker says which of them answers.

mod documents;

use std::collections::HashMap;

use ombud_domain::Passage;
use ombud_ports::{KnowledgeIndex, KnowledgeQuery, StoreError, Words};
use ombud_retrieval::query::language_of;
use ombud_retrieval::{Analyzer, Article, Audience, Chunk, Corpus, Day, Knowledge, Outside, Ranked, Ranker, chunks};
use sha2::{Digest, Sha256};
use tantivy::TantivyError;

use crate::knowledge_index::documents::{Allowed, Documents, OfLanguage};

/// Passages of one search at most.
const PASSAGES_MAX: usize = 50;
/// Passages kept free for articles other than the first.
const PASSAGES_OF_OTHERS: usize = 3;

/// Why an index cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The search library failed: memory is short, or it is our bug.
    #[error("the knowledge index cannot be built, see the cause")]
    Index(#[from] TantivyError),
}

/// An immutable knowledge index in memory.
#[derive(Debug)]
pub struct ArticleIndex {
    documents: Documents,
    languages: HashMap<String, Language>,
    version: String,
}

/// The articles of one language; hits name them by their place here.
#[derive(Debug)]
struct Language {
    ranker: Ranker,
    articles: Vec<(Article, Vec<Chunk>)>,
}

impl ArticleIndex {
    /// Builds the index of all articles.
    ///
    /// # Errors
    /// [`IndexError`] when memory is short; the operator can fix it.
    pub fn build(knowledge: Knowledge) -> Result<Self, IndexError> {
        let Knowledge { articles, synonyms, outside } = knowledge;
        let version = version_of(&articles, &format!("{synonyms:?} {outside:?}"));
        let mut by_language: HashMap<String, Vec<(Article, Vec<Chunk>)>> = HashMap::new();
        for article in articles {
            let cut = chunks(&article);
            by_language.entry(language_of(&article.locale)).or_default().push((article, cut));
        }
        let mut languages = HashMap::new();
        for (language, mut articles) in by_language {
            articles.sort_by(|one, other| one.0.id.cmp(&other.0.id));
            let views: Vec<(&Article, &[Chunk])> = articles.iter().map(|(article, cut)| (article, &**cut)).collect();
            let outside: Vec<&Outside> = outside.iter().filter(|topic| topic.language == language).collect();
            let ranker = Ranker::new(Corpus::new(Analyzer::new(&language, &synonyms), &views, &outside));
            languages.insert(language, Language { ranker, articles });
        }
        let mut all: Vec<OfLanguage<'_>> = languages
            .iter()
            .map(|(name, language)| (name.as_str(), language.ranker.corpus().analyzer(), &*language.articles))
            .collect();
        all.sort_by_key(|(name, ..)| *name);
        let documents = Documents::build(&all)?;
        Ok(Self { documents, languages, version })
    }

    /// The ranker of a locale and the articles it ranks, for measuring.
    #[must_use]
    pub fn ranker(&self, locale: &str) -> Option<(&Ranker, Vec<&Article>)> {
        let language = self.languages.get(&language_of(locale))?;
        Some((&language.ranker, language.articles.iter().map(|(article, _)| article).collect()))
    }

    /// The languages in the order of their names.
    fn by_name(&self) -> Vec<&Language> {
        let mut named: Vec<_> = self.languages.iter().collect();
        named.sort_by_key(|(name, _)| *name);
        named.into_iter().map(|(_, language)| language).collect()
    }

    /// Articles that may be shown and have words of the question, by their place among those of the language, the
    /// best by their words first, at most 60. What may not be shown is never ranked (R30).
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read; it is our bug.
    pub fn candidates(&self, query: &KnowledgeQuery) -> Result<Vec<usize>, StoreError> {
        let name = language_of(&query.locale);
        let Some(language) = self.languages.get(&name) else { return Ok(Vec::new()) };
        let Some(today) = Day::parse(&query.today) else { return Ok(Vec::new()) };
        let audience = if query.audience == Audience::Agent.as_str() { Audience::Agent } else { Audience::Customer };
        let allowed = Allowed { language: &name, market: &query.market, audience, today };
        let found = match query.words {
            Words::Compared => self.documents.search(&allowed, &language.ranker.corpus().question_terms(&query.text)),
            Words::Foreign => self.documents.all(&allowed),
        };
        found
            .map_err(|source| StoreError::Database { doing: "searching the knowledge index", source: Box::new(source) })
    }
}

impl KnowledgeIndex for ArticleIndex {
    fn search(&self, query: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError> {
        let Some(language) = self.languages.get(&language_of(&query.locale)) else { return Ok(Vec::new()) };
        let candidates = self.candidates(query)?;
        let ranked = match (query.words, query.vector.as_deref()) {
            (Words::Compared, vector) => {
                language.ranker.rank_weighed(&query.text, vector, (&candidates, query.balance))
            }
            (Words::Foreign, Some(vector)) => language.ranker.rank_meant(vector, &candidates),
            (Words::Foreign, None) => Vec::new(),
        };
        Ok(language.passages(query, &ranked))
    }

    fn speaks(&self, locale: &str) -> bool {
        self.languages.contains_key(&language_of(locale))
    }

    fn lessons(&self) -> Vec<String> {
        self.by_name().into_iter().flat_map(|language| language.ranker.lessons()).cloned().collect()
    }

    fn deepen(&self, vectors: &[&[f32]]) {
        let mut rest = vectors;
        for language in self.by_name() {
            let (own, others) = rest.split_at(language.ranker.lessons().len().min(rest.len()));
            language.ranker.deepen(own);
            rest = others;
        }
    }

    fn version(&self) -> &str {
        &self.version
    }
}

impl Language {
    /// All passages of the first article that fit, then the best one of each other article.
    fn passages(&self, query: &KnowledgeQuery, ranked: &[Ranked]) -> Vec<Passage> {
        let passages_max = query.passages_max.clamp(1, PASSAGES_MAX);
        let of_first_max = passages_max.saturating_sub(PASSAGES_OF_OTHERS).max(1);
        let mut found = Vec::new();
        for (place, one) in ranked.iter().enumerate() {
            let wanted = if place == 0 { of_first_max } else { 1 };
            let wanted = wanted.min(passages_max.saturating_sub(found.len()));
            found.extend(self.passages_of(query, one, wanted));
        }
        found
    }

    /// The best passages of an article that hold in the market, best first, the opening always among them: it is what answers directly.
    fn passages_of(&self, query: &KnowledgeQuery, ranked: &Ranked, wanted: usize) -> Vec<Passage> {
        let Some((article, cut)) = self.articles.get(ranked.article) else { return Vec::new() };
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
