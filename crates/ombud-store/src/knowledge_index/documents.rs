//! Which articles are worth ranking? Those of the best passages by BM25, among what may be shown.
//!
//! A document is a passage, once for each market in which it reads differently. Which of them may be shown is asked once for each audience, market and
//! day; what may not be shown is never taken into view (R30). BM25 after Robertson and Zaragoza 2009, with the constants of the library; blocks of
//! documents that cannot come among the best are skipped (Ding and Suel 2011).

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use moka::sync::Cache;
use ombud_retrieval::{Analyzer, Article, Audience, Chunk, Day, chunks};
use tantivy::columnar::Column;
use tantivy::directory::{Directory, MmapDirectory, RamDirectory};
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, Occur, Query, RangeQuery, TermQuery, Weight,
};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::{
    DocId, Index, IndexBuilder, IndexReader, IndexSettings, ReloadPolicy, Score, Searcher, SegmentReader,
    TantivyDocument, TantivyError, Term,
};

use super::best::Best;

/// Changes with what is written: an index of another format is built anew.
pub(super) const FORMAT: &str = "words-1";
/// A passage that holds in all markets, or in all that its siblings do not name.
const ANY_MARKET: &str = "*";
/// Name of the field with the place of a passage's article.
const ARTICLE: &str = "article";
/// Sizes the table of terms that building begins with, bytes; it grows as needed, and a larger one would stay with the process.
const BUILD_BYTES: usize = 1_000_000;
/// The same where a folder is written, for a great many passages.
const BUILD_BYTES_IN_FOLDER: usize = 50_000_000;
/// Articles that are worth ranking at most.
pub(super) const CANDIDATES_MAX: usize = 60;
/// Places of terms in documents that a question looks through at most, where articles are ranked among candidates. Where it has more, its most frequent
/// terms are left out; the ranking still weighs them. `ombud bench search` tells what that loses.
const POSTINGS_MAX: u64 = 300_000;
/// Askers whose documents are remembered: a bit for each document, so 125 kB where there are a million.
const ASKERS_MAX: u64 = 64;

/// Who asks, where and when.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub language: &'a str,
    pub market: &'a str,
    pub audience: Audience,
    pub today: Day,
}

/// Name, analyzer and articles.
pub(super) type OfLanguage<'a> = (&'a str, &'a Analyzer, &'a [Article]);

/// The documents of all languages.
pub(super) struct Documents {
    reader: IndexReader,
    fields: Fields,
    /// The place of each document's article, for each segment. Opening a column costs more than scoring.
    articles: Vec<Column<u64>>,
    shown: Cache<Asker, Arc<Shown>>,
    /// Places of terms that a question looks through at most.
    postings_max: u64,
}

/// An [`Allowed`] to be remembered.
#[derive(PartialEq, Eq, Hash)]
struct Asker {
    language: String,
    market: String,
    audience: Audience,
    today: Day,
}

/// A bit for each document that may be shown, for each segment.
struct Shown(Vec<Vec<u64>>);

impl Shown {
    fn holds(&self, segment: usize, document: u32) -> bool {
        let word = self.0.get(segment).and_then(|words| words.get(document as usize / 64));
        word.is_some_and(|word| word >> (document % 64) & 1 == 1)
    }
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents").field("count", &self.reader.searcher().num_docs()).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Fields {
    title: Field,
    questions: Field,
    heading: Field,
    body: Field,
    language: Field,
    market: Field,
    /// Markets for which a sibling document holds instead.
    except: Field,
    audience: Field,
    valid_from: Field,
    valid_to: Field,
    article: Field,
}

impl Fields {
    fn add_to(schema: &mut SchemaBuilder) -> Self {
        // The text is terms already, made by the same analyzer as the question's.
        let indexing =
            TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
        let terms = TextOptions::default().set_indexing_options(indexing);
        Self {
            title: schema.add_text_field("title", terms.clone()),
            questions: schema.add_text_field("questions", terms.clone()),
            heading: schema.add_text_field("heading", terms.clone()),
            body: schema.add_text_field("body", terms),
            language: schema.add_text_field("language", STRING),
            market: schema.add_text_field("market", STRING),
            except: schema.add_text_field("except", STRING),
            audience: schema.add_text_field("audience", STRING),
            valid_from: schema.add_u64_field("valid_from", INDEXED | FAST),
            valid_to: schema.add_u64_field("valid_to", INDEXED | FAST),
            article: schema.add_u64_field(ARTICLE, FAST),
        }
    }
}

impl Documents {
    /// Built in memory by the calling thread alone; a single segment that never changes.
    pub(super) fn build(languages: &[OfLanguage<'_>]) -> Result<Self, TantivyError> {
        Self::of(&write(RamDirectory::create(), BUILD_BYTES, languages)?)
    }

    /// Written into a folder.
    pub(super) fn build_in(folder: &Path, languages: &[OfLanguage<'_>]) -> Result<(), TantivyError> {
        let directory = MmapDirectory::open(folder)?;
        write(directory, BUILD_BYTES_IN_FOLDER, languages).map(drop)
    }

    /// Maps what was written into a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, TantivyError> {
        Self::of(&Index::open_in_dir(folder)?)
    }

    fn of(index: &Index) -> Result<Self, TantivyError> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let searcher: Searcher = reader.searcher();
        let articles = searcher.segment_readers().iter().map(|segment| segment.fast_fields().u64(ARTICLE));
        let articles = articles.collect::<Result<_, _>>()?;
        let shown = Cache::builder().max_capacity(ASKERS_MAX).build();
        Ok(Self { reader, fields: Fields::add_to(&mut Schema::builder()), articles, shown, postings_max: u64::MAX })
    }

    /// The same, where a question looks through a bounded number of places.
    pub(super) fn bounded(self) -> Self {
        Self { postings_max: POSTINGS_MAX, ..self }
    }

    /// The documents that may be shown. The index never changes, so they are looked for once.
    fn shown(&self, allowed: &Allowed<'_>) -> Result<Arc<Shown>, TantivyError> {
        let asker = Asker {
            language: allowed.language.to_owned(),
            market: allowed.market.to_uppercase(),
            audience: allowed.audience,
            today: allowed.today,
        };
        if let Some(shown) = self.shown.get(&asker) {
            return Ok(shown);
        }
        let searcher = self.reader.searcher();
        let query = BooleanQuery::new(self.fields.filters(allowed));
        let weight = query.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        let mut bits: Vec<Vec<u64>> = Vec::new();
        for reader in searcher.segment_readers() {
            let mut words = vec![0_u64; reader.max_doc().div_ceil(64) as usize];
            weight.for_each_no_score(reader, &mut |documents| {
                for document in documents {
                    if let Some(word) = words.get_mut(*document as usize / 64) {
                        *word |= 1 << (document % 64);
                    }
                }
            })?;
            bits.push(words);
        }
        let shown = Arc::new(Shown(bits));
        self.shown.insert(asker, Arc::clone(&shown));
        Ok(shown)
    }

    /// The terms that are worth looking through.
    fn rarest<'t>(&self, searcher: &Searcher, terms: &'t [String]) -> Result<Vec<&'t String>, TantivyError> {
        let postings = |term: &String| -> Result<u64, TantivyError> {
            let of_field = |(field, _)| searcher.doc_freq(&Term::from_field_text(field, term));
            self.fields.weighed().into_iter().map(of_field).sum()
        };
        let counted = terms.iter().map(|term| Ok((postings(term)?, term)));
        Ok(rarest(&counted.collect::<Result<Vec<_>, TantivyError>>()?, self.postings_max))
    }

    /// The place of a document's article.
    fn article(&self, segment: usize, document: u32) -> Option<usize> {
        usize::try_from(self.articles.get(segment)?.first(document)?).ok()
    }

    /// Places of all articles among those of the language that may be shown, in their order.
    pub(super) fn all(&self, allowed: &Allowed<'_>) -> Result<Vec<usize>, TantivyError> {
        let shown = self.shown(allowed)?;
        let mut articles: BTreeSet<usize> = BTreeSet::new();
        for (segment, reader) in self.reader.searcher().segment_readers().iter().enumerate() {
            let documents = (0..reader.max_doc()).filter(|document| shown.holds(segment, *document));
            articles.extend(documents.filter_map(|document| self.article(segment, document)));
        }
        Ok(articles.into_iter().collect())
    }

    /// Places of articles among those of the language, by their best passage with any of the terms, best first, at most [`CANDIDATES_MAX`]. Of terms with
    /// too many places together, the most frequent ones are left out.
    pub(super) fn search(&self, allowed: &Allowed<'_>, terms: &[String]) -> Result<Vec<usize>, TantivyError> {
        let terms = self.rarest(&self.reader.searcher(), terms)?;
        self.best(allowed, &terms, &|weight, (reader, worth), take| weight.for_each_pruning(worth, reader, take))
    }

    /// The same by all terms, and by a look at every document with any of them: what [`Documents::search`] is measured by.
    pub(super) fn search_exhaustively(
        &self,
        allowed: &Allowed<'_>,
        terms: &[String],
    ) -> Result<Vec<usize>, TantivyError> {
        let look: &Look<'_> = &|weight, (reader, mut worth), take| {
            weight.for_each(reader, &mut |document, score| {
                if score > worth {
                    worth = take(document, score);
                }
            })
        };
        self.best(allowed, &terms.iter().collect::<Vec<_>>(), look)
    }

    fn best(&self, allowed: &Allowed<'_>, terms: &[&String], look: &Look<'_>) -> Result<Vec<usize>, TantivyError> {
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let (shown, searcher) = (self.shown(allowed)?, self.reader.searcher());
        // Nothing but terms that add up: only so are blocks skipped.
        let weight = self.fields.text_query(terms).weight(EnableScoring::enabled_from_searcher(&searcher))?;
        let mut best = Best::new(CANDIDATES_MAX);
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let worth = best.worth();
            look(&*weight, (reader, worth), &mut |document, score| {
                if shown.holds(segment, document)
                    && let Some(article) = self.article(segment, document)
                {
                    best.take(article, score);
                }
                best.worth()
            })?;
            best.close();
        }
        Ok(best.into_articles())
    }
}

/// Shows documents of a segment with their scores, where these are above what is given and then above what the last one shown gave.
type Look<'a> = dyn Fn(&dyn Weight, (&SegmentReader, Score), &mut dyn FnMut(DocId, Score) -> Score) -> Result<(), TantivyError>
    + 'a;

/// The terms with the fewest postings, as many as have `most` together, in their order; one at least. Terms that no document has are left out.
fn rarest<'t>(counted: &[(u64, &'t String)], most: u64) -> Vec<&'t String> {
    let postings = |place: &usize| counted.get(*place).map_or(0, |(postings, _)| *postings);
    let mut order: Vec<usize> = (0..counted.len()).filter(|place| postings(place) > 0).collect();
    order.sort_by_key(postings);
    let sums = order.iter().scan(0, |all, place| {
        *all += postings(place);
        Some(*all)
    });
    let fitting = sums.take_while(|all| *all <= most).count().max(1);
    order.truncate(fitting);
    order.sort_unstable();
    order.iter().filter_map(|place| counted.get(*place)).map(|(_, term)| *term).collect()
}

fn write(
    directory: impl Into<Box<dyn Directory>>,
    bytes: usize,
    languages: &[OfLanguage<'_>],
) -> Result<Index, TantivyError> {
    let mut schema = Schema::builder();
    let fields = Fields::add_to(&mut schema);
    let builder = IndexBuilder::new().schema(schema.build()).settings(IndexSettings::default());
    let mut writer = builder.single_segment_index_writer(directory, bytes)?;
    for (language, analyzer, articles) in languages {
        for (place, article) in (0..).zip(*articles) {
            let common = fields.of_article((language, analyzer), (place, article));
            for chunk in chunks(article) {
                for variant in fields.variants(analyzer, (article, &chunk), &common) {
                    writer.add_document(variant)?;
                }
            }
        }
    }
    writer.finalize()
}

impl Fields {
    fn of_article(self, (language, analyzer): (&str, &Analyzer), (place, article): (u64, &Article)) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.title, analyzer.terms(&article.title).join(" "));
        let questions: Vec<String> = article.questions.iter().flat_map(|question| analyzer.terms(question)).collect();
        document.add_text(self.questions, questions.join(" "));
        document.add_text(self.language, language);
        document.add_text(self.audience, article.audience.as_str());
        document.add_u64(self.valid_from, u64::from(article.valid_from.number()));
        document.add_u64(self.valid_to, u64::from(article.valid_to.number()));
        document.add_u64(self.article, place);
        document
    }

    /// A passage with lines for single markets is a document for each of them, and one for the rest.
    fn variants(
        self,
        analyzer: &Analyzer,
        (article, chunk): (&Article, &Chunk),
        common: &TantivyDocument,
    ) -> Vec<TantivyDocument> {
        let named = chunk.named_markets();
        let heading = analyzer.terms(&chunk.heading).join(" ");
        let document = |market: Option<&str>| {
            let text = chunk.text_for(market);
            let mut document = common.clone();
            document.add_text(self.heading, &heading);
            document.add_text(self.body, analyzer.terms(&text).join(" "));
            (!text.is_empty()).then_some(document)
        };
        let holds_in = |market: &String| {
            article.markets.is_empty() || article.markets.iter().any(|one| one.eq_ignore_ascii_case(market))
        };
        let mut variants = Vec::new();
        for market in named.iter().filter(|market| holds_in(market)) {
            variants.extend(document(Some(market)).map(|mut document| {
                document.add_text(self.market, market.to_uppercase());
                document
            }));
        }
        variants.extend(document(None).map(|mut document| {
            for market in &article.markets {
                document.add_text(self.market, market.to_uppercase());
            }
            if article.markets.is_empty() {
                document.add_text(self.market, ANY_MARKET);
            }
            for market in &named {
                document.add_text(self.except, market.to_uppercase());
            }
            document
        }));
        variants
    }

    /// What a document must be before it is ranked.
    fn filters(self, allowed: &Allowed<'_>) -> Vec<(Occur, Box<dyn Query>)> {
        let market = allowed.market.to_uppercase();
        let today = u64::from(allowed.today.number());
        let is = |field: Field, value: &str| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic))
        };
        let any = |field: Field, values: &[&str]| -> Box<dyn Query> {
            Box::new(BooleanQuery::union(values.iter().map(|value| is(field, value)).collect()))
        };
        let day = |field: Field, day: u64| Term::from_field_u64(field, day);
        let begun = Bound::Included(day(self.valid_from, today));
        let begun = RangeQuery::new(Bound::Included(day(self.valid_from, 0)), begun);
        let not_ended = Bound::Included(day(self.valid_to, today));
        let not_ended = RangeQuery::new(not_ended, Bound::Included(day(self.valid_to, u64::MAX)));
        let audiences: &[&str] = match allowed.audience {
            Audience::Customer => &[Audience::Customer.as_str()],
            Audience::Agent => &[Audience::Customer.as_str(), Audience::Agent.as_str()],
        };
        let musts: [Box<dyn Query>; 5] = [
            is(self.language, allowed.language),
            any(self.market, &[&market, ANY_MARKET]),
            any(self.audience, audiences),
            Box::new(begun),
            Box::new(not_ended),
        ];
        // A filter says yes or no; it adds nothing to the score.
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = musts
            .into_iter()
            .map(|query| (Occur::Must, Box::new(ConstScoreQuery::new(query, 0.0)) as Box<dyn Query>))
            .collect();
        clauses.push((Occur::MustNot, is(self.except, &market)));
        clauses
    }

    /// The fields of text with how much they count.
    const fn weighed(self) -> [(Field, Score); 4] {
        [(self.title, 1.5), (self.questions, 1.5), (self.heading, 1.2), (self.body, 1.0)]
    }

    fn text_query(self, terms: &[&String]) -> BooleanQuery {
        let mut clauses: Vec<Box<dyn Query>> = Vec::with_capacity(terms.len() * self.weighed().len());
        for term in terms {
            for (field, boost) in self.weighed() {
                let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
                clauses.push(Box::new(BoostQuery::new(Box::new(query), boost)));
            }
        }
        BooleanQuery::union(clauses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_terms_are_left_out_where_there_is_too_much_to_look_through() {
        let [pay, late, fee, absent] = ["pay", "late", "fee", "zebra"].map(str::to_owned);
        let counted = [(0, &absent), (70, &pay), (5, &late), (30, &fee)];
        let cases: [(u64, &[&String]); 5] =
            [(105, &[&pay, &late, &fee]), (104, &[&late, &fee]), (35, &[&late, &fee]), (34, &[&late]), (0, &[&late])];
        for (most, expected) in cases {
            assert_eq!(rarest(&counted, most), expected, "{most}");
        }
        assert_eq!(rarest(&[(0, &absent), (70, &pay)], 5), [&pay], "the only one that is in a document");
        assert!(rarest(&[(0, &absent)], 5).is_empty() && rarest(&[], 5).is_empty());
    }
}
