//! How are articles ranked where there are too many to hold what was counted of all of them in memory? A few candidates, by words and by meaning, are ranked
//! by what was counted of each when the index was built, with how rare each term is among all articles.

use std::sync::Arc;

use ombud_domain::TenantId;
use ombud_ports::{VectorAttributes, VectorError, VectorFilter, VectorSearch as _};
use ombud_retrieval::{Analyzer, Article, Corpus, Outside, Ranker, Vocabulary, chunks, lessons_of};
use sha2::{Digest as _, Sha256};

use super::counts::{Counts, OfLanguage};
use super::documents::{Allowed, CANDIDATES_MAX};
use super::{IndexError, found};
use crate::artefact::Artefacts;
use crate::vectors::{GraphSettings, Method, Vectors, VectorsBuilder};

/// Changes with what is written: vectors of another format are built anew.
const FORMAT: &str = "vectors-1";
/// Lessons that are looked at to find the nearest articles: an article's lessons lie near each other.
const LESSONS_NEAR: usize = 96;
/// Candidates that are ranked for a question.
const RANKED_MAX: usize = 48;
/// Lessons from which on the graph is quicker than comparing all.
const GRAPH_FROM: usize = 50_000;

/// The articles of one language, of which candidates are ranked.
#[derive(Debug)]
pub(super) struct Narrow {
    pub vocabulary: Vocabulary,
    outside: Vec<Outside>,
    /// For each article the number behind its last lesson, among those of the language.
    ends: Vec<usize>,
    /// What was counted of all languages, and the number of this one's first record.
    counts: (Arc<Counts>, usize),
}

/// The vectors of all lessons.
#[derive(Debug)]
pub(super) struct Near {
    /// Of the articles' lessons, named by their numbers: those of the languages one behind the other.
    pub vectors: Arc<Vectors>,
    languages: Vec<NearOfLanguage>,
}

#[derive(Debug)]
struct NearOfLanguage {
    name: String,
    /// The number of its first lesson.
    first: usize,
    /// Of the topics outside.
    outside: Vec<Box<[f32]>>,
}

/// Name, articles and the vectors of their lessons and of the topics outside.
pub(super) type Taught<'a> = (&'a str, &'a [Article], &'a Narrow, &'a [&'a [f32]]);

/// As many candidates as are ranked.
pub(super) fn some(mut candidates: Vec<usize>) -> Vec<usize> {
    candidates.truncate(RANKED_MAX);
    candidates
}

impl Narrow {
    pub(super) fn new(analyzer: Analyzer, articles: &[Article], outside: Vec<Outside>) -> Self {
        let all: Vec<&Article> = articles.iter().collect();
        let vocabulary = Vocabulary::of(analyzer, &all, chunks);
        let mut lessons = 0;
        let end = |article: &Article| {
            lessons += lessons_of(article).count();
            lessons
        };
        let ends = articles.iter().map(end).collect();
        Self { vocabulary, outside, ends, counts: Default::default() }
    }

    /// What is to be counted of it.
    pub(super) fn to_count<'a>(&'a self, articles: &'a [Article]) -> OfLanguage<'a> {
        (&self.vocabulary, articles, &self.outside)
    }

    /// Takes what was counted; gives the number of the record behind its own.
    pub(super) fn take(&mut self, counts: &Arc<Counts>, first: usize) -> usize {
        self.counts = (Arc::clone(counts), first);
        first + self.ends.len() + self.outside.len()
    }

    /// Of the articles, then of the topics outside.
    pub(super) fn lessons<'a>(&'a self, articles: &'a [Article]) -> impl Iterator<Item = &'a String> {
        articles.iter().flat_map(lessons_of).chain(self.outside.iter().flat_map(|topic| &topic.questions))
    }

    fn lessons_of_articles(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The numbers of an article's lessons, among those of the language.
    fn lessons_at(&self, article: usize) -> std::ops::Range<usize> {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or(0);
        article.checked_sub(1).map_or(0, end)..end(article)
    }

    /// A ranker of the candidates at `places` for one question.
    pub(super) fn ranker(&self, question: &str, places: &[usize], near: Option<&Near>) -> Ranker {
        let (counts, first) = &self.counts;
        let candidates: Vec<&[u8]> = places.iter().map(|place| counts.record(first + place)).collect();
        let behind = first + self.ends.len();
        let outside: Vec<&[u8]> = (behind..).take(self.outside.len()).map(|number| counts.record(number)).collect();
        let ranker = Ranker::new(Corpus::among(&self.vocabulary, (&candidates, &outside), question));
        let of_language = near.and_then(|near| Some((near, near.language(self.vocabulary.analyzer().language())?)));
        if let Some((near, language)) = of_language {
            let numbers = places.iter().flat_map(|place| self.lessons_at(*place)).map(|lesson| language.first + lesson);
            let of_articles: Vec<Vec<f32>> = numbers.map(|number| near.vectors.vector(number)).collect();
            let outside = language.outside.iter().map(|vector| &**vector);
            ranker.deepen(&of_articles.iter().map(Vec::as_slice).chain(outside).collect::<Vec<_>>());
        }
        ranker
    }
}

impl Near {
    /// Of the vectors of all lessons; none when there are not as many vectors as lessons, because none were made.
    pub(super) fn build(
        (taught, version): (&[Taught<'_>], &str),
        artefacts: Option<&Artefacts>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Option<Self>, IndexError> {
        let is_whole = |(_, articles, narrow, vectors): &Taught<'_>| narrow.lessons(articles).count() == vectors.len();
        let dimension = taught.iter().find_map(|(.., vectors)| vectors.first()).map_or(0, |vector| vector.len());
        if !taught.iter().all(is_whole) || dimension == 0 {
            return Ok(None);
        }
        let (mut languages, mut first) = (Vec::new(), 0);
        for (name, _, narrow, vectors) in taught {
            let outside = vectors.iter().skip(narrow.lessons_of_articles()).map(|vector| Box::from(*vector)).collect();
            languages.push(NearOfLanguage { name: (*name).to_owned(), first, outside });
            first += narrow.lessons_of_articles();
        }
        let vectors = match artefacts {
            None => built(taught, dimension, progress)?,
            Some(artefacts) => {
                let source = source_of(taught, version);
                let artefact = match found(artefacts, &source) {
                    Some(artefact) => artefact,
                    None => artefacts
                        .make::<IndexError>(&source, |folder| Ok(built(taught, dimension, progress)?.write(folder)?))?,
                };
                Vectors::open(&artefact.folder)?
            }
        };
        Ok(Some(Self { vectors: Arc::new(vectors), languages }))
    }

    fn language(&self, name: &str) -> Option<&NearOfLanguage> {
        self.languages.iter().find(|language| language.name == name)
    }

    /// Places of the articles with the nearest lessons among those of a language that may be shown, nearest first.
    pub(super) fn articles(
        &self,
        narrow: &Narrow,
        vector: &[f32],
        allowed: &Allowed<'_>,
    ) -> Result<Vec<usize>, VectorError> {
        let Some(language) = self.language(allowed.language) else { return Ok(Vec::new()) };
        let filter = VectorFilter {
            tenant: TenantId(String::new()),
            market: allowed.market.to_owned(),
            language: allowed.language.to_owned(),
            audience: allowed.audience,
            today: allowed.today,
        };
        let mut articles: Vec<usize> = Vec::new();
        for neighbour in self.vectors.search(vector, &filter, LESSONS_NEAR)? {
            let number = usize::try_from(neighbour.id).ok().and_then(|number| number.checked_sub(language.first));
            let Some(number) = number else { continue };
            let article = narrow.ends.partition_point(|end| *end <= number);
            if !articles.contains(&article) && articles.len() < CANDIDATES_MAX {
                articles.push(article);
            }
        }
        Ok(articles)
    }
}

/// The vectors of the articles' lessons, searchable.
fn built(taught: &[Taught<'_>], dimension: usize, progress: &(dyn Fn(usize) + Sync)) -> Result<Vectors, VectorError> {
    let mut builder = VectorsBuilder::new(dimension);
    let mut number = 0;
    for (name, articles, _, vectors) in taught {
        let mut vectors = vectors.iter();
        for article in *articles {
            let attributes = attributes_of(name, article);
            for (_, vector) in lessons_of(article).zip(vectors.by_ref()) {
                builder.add(number, vector, &attributes)?;
                number += 1;
            }
        }
    }
    let method = if number < GRAPH_FROM as u64 { Method::Exact } else { Method::Graph(GraphSettings::default()) };
    Ok(builder.finish(method, progress))
}

/// An index holds the articles of one company, so that all of them have the same tenant.
fn attributes_of(language: &str, article: &Article) -> VectorAttributes {
    VectorAttributes {
        tenant: TenantId(String::new()),
        markets: article.markets.clone(),
        except: Vec::new(),
        language: language.to_owned(),
        audience: article.audience,
        valid_from: article.valid_from,
        valid_to: article.valid_to,
    }
}

/// The articles and their vectors: those of another model are others.
fn source_of(taught: &[Taught<'_>], version: &str) -> String {
    let mut hash = Sha256::new().chain_update(version);
    for vector in taught.iter().flat_map(|(.., vectors)| *vectors) {
        for number in *vector {
            hash.update(number.to_le_bytes());
        }
    }
    format!("{} {FORMAT}", hex::encode(hash.finalize()))
}
