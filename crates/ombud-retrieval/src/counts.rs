//! What was counted of one article, so that it can be ranked among a few without reading it again? Bytes that lie in a file: its terms, and what its texts
//! add to the likelihood, with how rare each feature is among all texts of the language.

use serde::{Deserialize, Serialize};

use crate::article::Article;
use crate::chunk::Chunk;
use crate::corpus::{ArticleTerms, Text, Vocabulary, texts_of};
use crate::knowledge::Outside;
use crate::likelihood::{Features, READINGS, check, values};
use crate::query::words;
use crate::similarity::{Lexicon, Occurrences};

/// Counters at most; 4 bytes each.
const COUNTERS_MAX: usize = 1 << 27;
const COUNTERS_MIN: usize = 1 << 16;
/// Bytes of text that bring about one feature that no other text has; a word brings two pairs.
const BYTES_A_FEATURE: usize = 2;
/// Bytes of a feature of an article: hash, value and rarity.
const ROW_BYTES: usize = 6;
/// How values are rounded: the smallest one, and steps of its logarithm for each factor of e.
const VALUE_MIN: f32 = 1e-4;
const VALUE_STEPS: f32 = 20.0;
/// Steps of a rarity, which is 1 at least.
const RARITY_STEPS: f32 = 14.0;

/// What the bytes depend on beside the articles: their format, and a hash that another compiler may make otherwise.
#[must_use]
pub fn format() -> String {
    format!("counts-1-{:016x}", check())
}

/// Counts in how many texts each feature occurs. Features that fall on one counter are counted together, so that memory has a bound: a count is never too
/// low, and hardly ever by more than the few texts of a rare pair of words too high.
pub struct Counting<'v> {
    vocabulary: &'v Vocabulary,
    counters: Vec<u32>,
    texts: f64,
}

/// One article, or a topic outside without terms.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record<'b> {
    lessons: usize,
    title: Vec<u32>,
    /// Terms of each example question, and runs of letters.
    questions: Vec<(Vec<u32>, Vec<u32>)>,
    passages: Vec<Vec<u32>>,
    headings: Vec<Vec<u32>>,
    /// Terms of title and passages with how often they occur.
    frequencies: Vec<(u32, u16)>,
    #[serde(borrow)]
    readings: [Rows<'b>; READINGS],
}

/// The features of one reading.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Rows<'b> {
    /// Sum of all values.
    pub mass: f32,
    /// Of [`ROW_BYTES`] each, sorted by hash.
    rows: &'b [u8],
}

impl<'v> Counting<'v> {
    /// Of all articles, given with their passages, and topics of one language.
    pub fn of<'a>(
        vocabulary: &'v Vocabulary,
        articles: &'a [Article],
        outside: &[Outside],
        cut: impl Fn(&Article) -> Vec<Chunk>,
    ) -> Self {
        let bytes: usize = articles.iter().map(|article| article.body.len()).sum();
        let counters = (bytes / BYTES_A_FEATURE).next_power_of_two().clamp(COUNTERS_MIN, COUNTERS_MAX);
        let mut counting = Self { vocabulary, counters: vec![0; counters], texts: 0.0 };
        for article in articles {
            texts_of(vocabulary.analyzer(), article, &cut(article)).for_each(|(features, _)| counting.add(&features));
        }
        for question in outside.iter().flat_map(|topic| &topic.questions) {
            counting.add(&counting.features(question));
        }
        counting
    }

    fn features(&self, text: &str) -> Features {
        Features::of(&words(text), &self.vocabulary.analyzer().terms(text))
    }

    fn add(&mut self, features: &Features) {
        self.texts += 1.0;
        for (reading, hashes) in features.0.iter().enumerate() {
            let mut hashes = hashes.clone();
            hashes.sort_unstable();
            hashes.dedup();
            for hash in hashes {
                let counter = self.counter(reading, hash);
                if let Some(count) = self.counters.get_mut(counter) {
                    *count += 1;
                }
            }
        }
    }

    /// The readings share the counters.
    fn counter(&self, reading: usize, hash: u64) -> usize {
        let mixed = hash.rotate_left(21 * u32::try_from(reading).unwrap_or(0));
        usize::try_from(mixed % self.counters.len() as u64).unwrap_or(0)
    }

    /// As the likelihood counts it where it counts all.
    fn rarity(&self, reading: usize, hash: u64) -> f32 {
        let with = self.counters.get(self.counter(reading, hash)).copied().unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
        let logarithm = ((1.0 + self.texts) / (1.0 + f64::from(with))).ln() as f32;
        logarithm + 1.0
    }

    /// An article's bytes.
    #[must_use]
    pub fn article(&self, article: &Article, passages: &[Chunk]) -> Vec<u8> {
        let texts: Vec<(Features, f32)> = texts_of(self.vocabulary.analyzer(), article, passages).collect();
        let terms = self.vocabulary.terms_of(article, passages);
        let ids = |text: &Text| (text.terms.ids().collect(), text.grams.ids().collect());
        let record = Record {
            lessons: article.questions.len() + 1,
            title: terms.title.terms.ids().collect(),
            questions: terms.questions.iter().map(ids).collect(),
            passages: terms.passages.iter().map(|bag| bag.ids().collect()).collect(),
            headings: terms.headings.iter().map(|bag| bag.ids().collect()).collect(),
            frequencies: terms.frequencies.counts().collect(),
            readings: Default::default(),
        };
        self.bytes(record, &texts)
    }

    /// A topic's bytes.
    #[must_use]
    pub fn topic(&self, topic: &Outside) -> Vec<u8> {
        let texts: Vec<(Features, f32)> =
            topic.questions.iter().map(|question| (self.features(question), 1.0)).collect();
        self.bytes(Record { lessons: topic.questions.len(), ..Record::default() }, &texts)
    }

    fn bytes(&self, record: Record<'_>, texts: &[(Features, f32)]) -> Vec<u8> {
        let rows: [(f32, Vec<u8>); READINGS] = std::array::from_fn(|reading| self.rows(reading, texts));
        let readings = std::array::from_fn(|reading| {
            rows.get(reading).map_or(Rows::default(), |(mass, rows)| Rows { mass: *mass, rows })
        });
        // What is in memory is always written.
        postcard::to_allocvec(&Record { readings, ..record }).unwrap_or_default()
    }

    fn rows(&self, reading: usize, texts: &[(Features, f32)]) -> (f32, Vec<u8>) {
        let mut all: Vec<(u64, f32)> = Vec::new();
        for (features, weight) in texts {
            let hashes = features.0.get(reading).map_or(&[][..], Vec::as_slice);
            let of_text = values(hashes, |hash| Some(self.rarity(reading, hash)));
            all.extend(of_text.into_iter().map(|(hash, value)| (hash, value * weight)));
        }
        let mass = all.iter().map(|(_, value)| value).sum();
        // Stable, so that sums are always the same.
        all.sort_by_key(|(hash, _)| *hash);
        let merged = all.chunk_by(|one, other| short(one.0) == short(other.0)).filter_map(|same| {
            let (hash, _) = *same.first()?;
            let value: f32 = same.iter().map(|(_, value)| value).sum();
            let rarity = self.rarity(reading, hash);
            let [a, b, c, d] = short(hash).to_be_bytes();
            Some([a, b, c, d, step((value / VALUE_MIN).ln() * VALUE_STEPS), step((rarity - 1.0) * RARITY_STEPS)])
        });
        (mass, merged.flatten().collect())
    }
}

/// Of a hash what tells the features of one article apart.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a byte holds")]
fn step(of: f32) -> u8 {
    of.round().clamp(0.0, 255.0) as u8
}

impl Rows<'_> {
    fn rows(&self) -> &[[u8; ROW_BYTES]] {
        self.rows.as_chunks().0
    }

    /// What a feature adds to the article, and how rare it is.
    pub(crate) fn find(&self, hash: u64) -> Option<(f32, f32)> {
        let (wanted, rows) = (short(hash), self.rows());
        let place = rows.binary_search_by_key(&wanted, |[a, b, c, d, ..]| u32::from_be_bytes([*a, *b, *c, *d])).ok()?;
        let [.., value, rarity] = rows.get(place)?;
        let value = VALUE_MIN * (f32::from(*value) / VALUE_STEPS).exp();
        Some((value, f32::from(*rarity) / RARITY_STEPS + 1.0))
    }

    /// The hashes that begin with four bits of zero: one in sixteen.
    pub(crate) fn sample(&self) -> impl Iterator<Item = u32> {
        let hashes = self.rows().iter().map(|[a, b, c, d, ..]| u32::from_be_bytes([*a, *b, *c, *d]));
        hashes.take_while(|hash| hash >> 28 == 0)
    }
}

impl<'b> Record<'b> {
    /// Nothing for bytes that are none.
    pub(crate) fn read(bytes: &'b [u8]) -> Self {
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    pub(crate) const fn lessons(&self) -> usize {
        self.lessons
    }

    pub(crate) fn reading(&self, place: usize) -> Rows<'b> {
        self.readings.get(place).copied().unwrap_or_default()
    }

    /// The terms of the article as they were when it was counted.
    pub(crate) fn terms(&self, lexicon: &Lexicon, grams: &Lexicon) -> ArticleTerms {
        let bag = |ids: &Vec<u32>| lexicon.bag_of(ids.iter().copied());
        let text = |(terms, letters): &(Vec<u32>, Vec<u32>)| Text {
            terms: bag(terms),
            grams: grams.bag_of(letters.iter().copied()),
        };
        let asked = self.questions.iter().flat_map(|(terms, _)| terms).copied();
        ArticleTerms {
            title: Text { terms: bag(&self.title), grams: grams.bag_of(std::iter::empty()) },
            questions: self.questions.iter().map(text).collect(),
            passages: self.passages.iter().map(bag).collect(),
            headings: self.headings.iter().map(bag).collect(),
            frequencies: Occurrences::counted(&self.frequencies),
            asked_with: Occurrences::of(asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::parse;
    use crate::chunk::chunks;
    use crate::query::Analyzer;
    use crate::synonyms::Synonyms;
    use crate::{Corpus, Ranker};

    fn articles() -> Vec<Article> {
        let article = |id: &str, question: &str, body: &str| {
            let front =
                format!("---\nid: {id}\ntitle: {id}\nlocale: en\nquestions: [{question}, what about {id}]\n---\n");
            parse("a.md", &(front + body)).unwrap()
        };
        vec![
            article(
                "late fee",
                "what if i pay late",
                "A fee is due. The fee is small.\n\n## Reminders\n\nThey are free.",
            ),
            article("refund", "when is my money back", "The shop pays back. It takes five days."),
            article("card", "replace my stolen card", "Block the card at once.\n\n## New card\n\nIt comes by post."),
        ]
    }

    fn vocabulary(articles: &[Article]) -> Vocabulary {
        let all: Vec<&Article> = articles.iter().collect();
        Vocabulary::of(Analyzer::new("en", &Synonyms::default()), &all, chunks)
    }

    #[test]
    fn what_was_counted_ranks_as_counting_does() {
        let articles = articles();
        let outside = [Outside { language: "en".to_owned(), questions: vec!["will it rain tomorrow".to_owned()] }];
        let vocabulary = vocabulary(&articles);
        let counting = Counting::of(&vocabulary, &articles, &outside, chunks);
        let records: Vec<Vec<u8>> =
            articles.iter().map(|article| counting.article(article, &chunks(article))).collect();
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let topic = counting.topic(&outside[0]);
        let cut: Vec<Vec<Chunk>> = articles.iter().map(chunks).collect();
        let views: Vec<(&Article, &[Chunk])> =
            articles.iter().zip(&cut).map(|(article, cut)| (article, &**cut)).collect();
        let analyzer = Analyzer::new("en", &Synonyms::default());
        let counted = Ranker::new(Corpus::new(analyzer, &views, &[&outside[0]]));
        for question in ["what is the late fee", "my card was stolen", "money back from the shop"] {
            let read = Ranker::new(Corpus::among(&vocabulary, (&records, &[&topic]), question));
            let (one, other) = (read.rank(question, None, &[0, 1, 2]), counted.rank(question, None, &[0, 1, 2]));
            assert_eq!(
                one.iter().map(|ranked| ranked.article).collect::<Vec<_>>(),
                other.iter().map(|ranked| ranked.article).collect::<Vec<_>>(),
                "{question}"
            );
            for (one, other) in one.iter().zip(&other) {
                assert_eq!(one.coverage, other.coverage, "{question}");
                let same = |place: usize| one.features[place] == other.features[place];
                // All but the likelihood, which is rounded, are the same.
                assert!((0..7).all(same), "{question}: {one:?} {other:?}");
                assert!((one.features[7] - other.features[7]).abs() < 0.1, "{question}: {one:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_article_alone_among_those_counted_is_told_by_its_bytes_and_no_bytes_are_no_article() {
        let articles = articles();
        let vocabulary = vocabulary(&articles);
        let counting = Counting::of(&vocabulary, &articles, &[], chunks);
        let bytes = counting.article(&articles[2], &chunks(&articles[2]));
        assert_eq!(bytes, counting.article(&articles[2], &chunks(&articles[2])));
        let record = Record::read(&bytes);
        assert_eq!((record.lessons(), record.passages.len()), (3, 2));
        let [stolen, absent] = ["stolen", "zebra"].map(|word| counting.features(word).0[1][0]);
        let (value, rarity) = record.reading(1).find(stolen).unwrap();
        assert!(value > 0.0 && (rarity - counting.rarity(1, stolen)).abs() <= 0.5 / RARITY_STEPS, "{value} {rarity}");
        assert_eq!(record.reading(1).find(absent), None);
        assert_eq!(Record::read(&[]).lessons(), 0);
    }

    #[test]
    fn values_are_rounded_by_a_fortieth_at_most() {
        for value in [0.001_f32, 0.03, 0.7, 5.0, 20.0] {
            let [a, b, c, d] = 7_u32.to_be_bytes();
            let row = [a, b, c, d, step((value / VALUE_MIN).ln() * VALUE_STEPS), step(0.0)];
            let (read, rarity) = Rows { mass: 0.0, rows: &row }.find(7 << 32).unwrap();
            assert!((read / value - 1.0).abs() < 0.0256 && rarity == 1.0, "{value} {read}");
        }
    }
}
