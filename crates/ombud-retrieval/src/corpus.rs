//! What is known of all articles of one language? Their terms, and how rare each is.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::article::Article;
use crate::chunk::Chunk;
use crate::counts::Record;
use crate::knowledge::Outside;
use crate::likelihood::{Counted, Features, Likelihood, SENTENCE_WEIGHT};
use crate::meaning::Meaning;
use crate::query::{Analyzer, words};
use crate::similarity::{Bag, Frequencies, Lexicon, Occurrences, count, grams, hash};
use crate::slips::Slips;

/// The articles of one language as terms.
#[derive(Debug, Clone)]
pub struct Corpus {
    vocabulary: Vocabulary,
    pub(crate) likelihood: Likelihood,
    pub(crate) articles: Vec<ArticleTerms>,
    /// Example questions and title of each article, then the questions of each topic outside.
    lessons: Vec<String>,
    /// How many of them belong to each article, and to each topic outside.
    lesson_counts: (Vec<usize>, Vec<usize>),
}

/// One article.
#[derive(Debug, Clone)]
pub(crate) struct ArticleTerms {
    pub title: Text,
    pub questions: Vec<Text>,
    /// In order, each with its heading; the first is the opening.
    pub passages: Vec<Bag>,
    pub headings: Vec<Bag>,
    /// How often each term occurs in title, headings and body.
    pub frequencies: Occurrences,
    /// How many of the questions hold each term.
    pub asked_with: Occurrences,
}

/// A short text to be compared with a question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub terms: Bag,
    pub grams: Bag,
}

struct Analyzed {
    title: Vec<String>,
    questions: Vec<Vec<String>>,
    passages: Vec<Vec<String>>,
    headings: Vec<Vec<String>>,
}

/// How rare each term is among all articles of one language.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    analyzer: Analyzer,
    lexicon: Arc<Lexicon>,
    grams: Arc<Lexicon>,
    slips: Arc<Slips>,
}

impl Vocabulary {
    /// Of the terms of all articles; `cut` gives the passages of each, which are not kept.
    #[must_use]
    pub fn of(analyzer: Analyzer, articles: &[&Article], cut: impl Fn(&Article) -> Vec<Chunk>) -> Self {
        let seen = visibility(articles);
        let analyzed = articles.iter().map(|article| Analyzed::of(&analyzer, article, &cut(article)));
        let counted = weighed(analyzed.zip(seen));
        Self::with(analyzer, counted)
    }

    fn with(analyzer: Analyzer, (lexicon, grams): (Lexicon, Lexicon)) -> Self {
        let slips = Slips::of(lexicon.terms());
        Self { analyzer, lexicon: Arc::new(lexicon), grams: Arc::new(grams), slips: Arc::new(slips) }
    }

    /// How text of this language becomes terms.
    #[must_use]
    pub const fn analyzer(&self) -> &Analyzer {
        &self.analyzer
    }

    /// Changes with the terms that the articles have: what is kept of them elsewhere names terms by their numbers.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        hash((self.lexicon.fingerprint, self.grams.fingerprint))
    }

    /// Terms of a question and what they are also about, once each, with slips of the pen put right where exactly one word of the articles is meant.
    #[must_use]
    pub fn question_terms(&self, question: &str) -> Vec<String> {
        let mut seen = HashSet::new();
        let terms: Vec<String> =
            self.analyzer.terms(question).into_iter().map(|term| self.without_slip(term)).collect();
        let names = |term: &String| self.lexicon.id(term).is_some() || !self.analyzer.asks(term);
        let broader = terms.iter().flat_map(|term| self.analyzer.broader(term)).cloned();
        terms.iter().cloned().chain(broader).filter(names).filter(|term| seen.insert(term.clone())).collect()
    }

    fn features(&self, question: &str) -> Features {
        let terms = self.analyzer.terms(question);
        let terms = terms.into_iter().map(|term| self.without_slip(term)).collect::<Vec<_>>();
        Features::of(&words(question), &terms)
    }

    /// The terms of one of the articles.
    pub(crate) fn terms_of(&self, article: &Article, passages: &[Chunk]) -> ArticleTerms {
        Analyzed::of(&self.analyzer, article, passages).weigh(&self.lexicon, &self.grams)
    }

    fn without_slip(&self, term: String) -> String {
        match self.slips.meant(&term).filter(|_| self.lexicon.id(&term).is_none()) {
            Some(meant) => meant.to_owned(),
            None => term,
        }
    }
}

/// How rare the terms of these articles are, and their runs of letters; each article with the share of the markets that it is shown in.
fn weighed(analyzed: impl Iterator<Item = (impl Borrow<Analyzed>, f32)>) -> (Lexicon, Lexicon) {
    let (mut terms, mut runs) = (Frequencies::default(), Frequencies::default());
    for (article, seen) in analyzed {
        let article = article.borrow();
        terms.add(&article.all().map(String::as_str).collect(), seen);
        let of_letters = grams(&article.questions.iter().flatten().chain(&article.title).cloned().collect::<Vec<_>>());
        runs.add(&of_letters.iter().map(String::as_str).collect(), seen);
    }
    (terms.weigh(), runs.weigh())
}

impl Corpus {
    /// Of articles with their passages, and topics that none of them is about.
    #[must_use]
    pub fn new(analyzer: Analyzer, views: &[(&Article, &[Chunk])], outside: &[&Outside]) -> Self {
        let analyzed: Vec<Analyzed> =
            views.iter().map(|(article, chunks)| Analyzed::of(&analyzer, article, chunks)).collect();
        let articles: Vec<&Article> = views.iter().map(|(article, _)| *article).collect();
        let vocabulary = Vocabulary::with(analyzer, weighed(analyzed.iter().zip(visibility(&articles))));
        Self::with(vocabulary, &analyzed, views, outside)
    }

    /// Of a few of the articles that `vocabulary` was counted on, and topics outside, by what was counted of each ([`crate::Counting`]), where this
    /// question is asked, and no other. How rare a term is among all of them decides.
    #[must_use]
    pub fn among(vocabulary: &Vocabulary, (articles, outside): (&[&[u8]], &[&[u8]]), question: &str) -> Self {
        let records: Vec<Record<'_>> = articles.iter().chain(outside).map(|bytes| Record::read(bytes)).collect();
        let (of_articles, of_outside) = records.split_at(articles.len());
        let lessons = |records: &[Record<'_>]| records.iter().map(Record::lessons).collect();
        Self {
            likelihood: Likelihood::among(articles.len(), &records, &vocabulary.features(question)),
            articles: of_articles.iter().map(|record| record.terms(&vocabulary.lexicon, &vocabulary.grams)).collect(),
            lessons: Vec::new(),
            lesson_counts: (lessons(of_articles), lessons(of_outside)),
            vocabulary: vocabulary.clone(),
        }
    }

    fn with(
        vocabulary: Vocabulary,
        analyzed: &[Analyzed],
        views: &[(&Article, &[Chunk])],
        outside: &[&Outside],
    ) -> Self {
        let articles = analyzed.iter().map(|article| article.weigh(&vocabulary.lexicon, &vocabulary.grams)).collect();
        let counted = counted(&vocabulary.analyzer, views, outside);
        let likelihood = Likelihood::of((views.len(), outside.len()), &counted);
        let asked = views.iter().flat_map(|(article, _)| lessons_of(article));
        let lessons = asked.chain(outside.iter().flat_map(|topic| &topic.questions)).cloned().collect();
        let of_articles = views.iter().map(|(article, _)| lessons_of(article).count()).collect();
        let lesson_counts = (of_articles, outside.iter().map(|topic| topic.questions.len()).collect());
        Self { vocabulary, likelihood, articles, lessons, lesson_counts }
    }

    /// The texts whose meaning is compared with that of a question.
    pub(crate) fn lessons(&self) -> &[String] {
        &self.lessons
    }

    /// Their meaning, by their vectors.
    pub(crate) fn meaning(&self, vectors: &[&[f32]]) -> Meaning {
        Meaning::new((&self.lesson_counts.0, &self.lesson_counts.1), vectors)
    }

    /// How rare each term is, and how text becomes terms.
    #[must_use]
    pub const fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// A question as the likelihood reads it.
    pub(crate) fn features(&self, question: &str) -> Features {
        self.vocabulary.features(question)
    }

    pub(crate) fn text(&self, terms: &[String]) -> Text {
        text(&self.vocabulary.lexicon, &self.vocabulary.grams, terms)
    }
}

/// The texts of an article whose meaning is compared with that of a question: its example questions, then its title.
pub fn lessons_of(article: &Article) -> impl Iterator<Item = &String> {
    article.questions.iter().chain([&article.title])
}

/// In which share of the markets each article is shown. Seven articles on fees, one a market, count as one: else what every market has an
/// article about would look common.
fn visibility(articles: &[&Article]) -> Vec<f32> {
    let markets: HashSet<&String> = articles.iter().flat_map(|article| &article.markets).collect();
    let shown_in = |article: &Article| if article.markets.is_empty() { markets.len() } else { article.markets.len() };
    articles.iter().map(|article| count(shown_in(article).max(1)) / count(markets.len().max(1))).collect()
}

/// Example questions, title, headings and sentences of an article, as the likelihood reads them, with their weights.
pub(crate) fn texts_of<'a>(
    analyzer: &'a Analyzer,
    article: &'a Article,
    chunks: &'a [Chunk],
) -> impl Iterator<Item = (Features, f32)> {
    let told =
        chunks.iter().flat_map(|chunk| [&chunk.heading].into_iter().chain(chunk.lines.iter().map(|line| &line.text)));
    let texts = lessons_of(article).map(|text| (text, 1.0)).chain(told.map(|text| (text, SENTENCE_WEIGHT)));
    texts.map(|(text, weight)| (Features::of(&words(text), &analyzer.terms(text)), weight))
}

/// Of the articles; then the questions outside, each topic in a place of its own behind the articles.
fn counted(analyzer: &Analyzer, views: &[(&Article, &[Chunk])], outside: &[&Outside]) -> Vec<Counted> {
    let mut counted = Vec::new();
    for (place, (article, chunks)) in views.iter().enumerate() {
        counted.extend(texts_of(analyzer, article, chunks).map(|(features, weight)| Counted {
            place,
            features,
            weight,
        }));
    }
    for (place, topic) in (views.len()..).zip(outside) {
        for text in &topic.questions {
            let features = Features::of(&words(text), &analyzer.terms(text));
            counted.push(Counted { place, features, weight: 1.0 });
        }
    }
    counted
}

fn text_of(chunk: &Chunk) -> String {
    let lines: Vec<&str> = chunk.lines.iter().map(|line| line.text.as_str()).collect();
    format!("{}\n{}", chunk.heading, lines.join("\n"))
}

fn text(lexicon: &Lexicon, gram_lexicon: &Lexicon, terms: &[String]) -> Text {
    let runs = grams(terms);
    Text {
        terms: lexicon.bag(terms.iter().map(String::as_str)),
        grams: gram_lexicon.bag(runs.iter().map(String::as_str)),
    }
}

impl Analyzed {
    fn of(analyzer: &Analyzer, article: &Article, chunks: &[Chunk]) -> Self {
        Self {
            title: analyzer.terms(&article.title),
            questions: article.questions.iter().map(|question| analyzer.terms(question)).collect(),
            passages: chunks.iter().map(|chunk| analyzer.terms(&text_of(chunk))).collect(),
            headings: chunks.iter().map(|chunk| analyzer.terms(&chunk.heading)).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.title.iter().chain(self.questions.iter().flatten()).chain(self.passages.iter().flatten())
    }

    fn weigh(&self, lexicon: &Lexicon, grams: &Lexicon) -> ArticleTerms {
        let whole = self.title.iter().chain(self.passages.iter().flatten());
        let bag = |terms: &Vec<String>| lexicon.bag(terms.iter().map(String::as_str));
        let asked_with =
            Occurrences::of(self.questions.iter().flat_map(|question| bag(question).ids().collect::<Vec<_>>()));
        let frequencies = Occurrences::of(whole.filter_map(|term| lexicon.id(term)));
        ArticleTerms {
            asked_with,
            title: text(lexicon, grams, &self.title),
            questions: self.questions.iter().map(|question| text(lexicon, grams, question)).collect(),
            passages: self.passages.iter().map(bag).collect(),
            headings: self.headings.iter().map(bag).collect(),
            frequencies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::parse;
    use crate::chunk::chunks;
    use crate::synonyms::Synonyms;

    #[test]
    fn a_slip_of_the_pen_is_put_right_only_where_one_word_is_meant() {
        let article =
            parse("a.md", "---\nid: a\ntitle: Refunds and rents\nlocale: en\n---\nThe tents are rented.\n").unwrap();
        let cut = chunks(&article);
        let corpus = Corpus::new(Analyzer::new("en", &Synonyms::default()), &[(&article, &cut)], &[]);
        assert_eq!(corpus.vocabulary().question_terms("refnud refund bitcoin"), ["refund", "bitcoin"]);
        assert_eq!(corpus.vocabulary().question_terms("rentx"), ["rent"]);
        assert_eq!(corpus.vocabulary().question_terms("sents"), ["sent"]);
    }

    #[test]
    fn the_fingerprint_tells_vocabularies_of_other_terms_apart() {
        let fingerprint = |body: &str| {
            let article = parse("a.md", &format!("---\nid: a\ntitle: A\nlocale: en\n---\n{body}\n")).unwrap();
            Vocabulary::of(Analyzer::new("en", &Synonyms::default()), &[&article], chunks).fingerprint()
        };
        assert_eq!(fingerprint("Late fees."), fingerprint("Fees, late fees."));
        assert_ne!(fingerprint("Late fees."), fingerprint("Late refunds."));
    }
}
