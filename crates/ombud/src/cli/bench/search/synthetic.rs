//! What is searched? Articles of made-up words and vectors of random directions around topics: nothing of it was written by anybody or embedded by a model.
//!
//! Words are as frequent as in a language (Zipf); an article takes half of its words from a topic. Vectors have 32 independent directions, as the
//! vectors of an embedding model have few beside how many numbers they hold, and a little noise in all of them.

use ombud_retrieval::{Article, Audience, Day, Knowledge};

/// Passages of an article.
pub(super) const PASSAGES: usize = 4;
/// Example questions of an article; with its title there are as many lessons as passages.
const QUESTIONS: usize = PASSAGES - 1;
/// Words of a passage.
const PASSAGE_WORDS: usize = 45;
/// Different words.
const WORDS: usize = 40_000;
/// Words of a topic.
const TOPIC_WORDS: usize = 60;
/// Articles that share a topic.
const TOPIC_ARTICLES: usize = 40;
/// Numbers of a vector, as many as the packaged model gives.
pub(super) const DIMENSION: usize = 384;
/// Independent directions.
const LATENT: usize = 32;
/// How far the lessons of a topic lie apart, and how much of a vector is noise.
const SPREAD: f32 = 0.6;
const NOISE: f32 = 0.3;
const MARKETS: [&str; 4] = ["SE", "NO", "DE", "GB"];

/// Numbers that are the same in every run (SplitMix64, Steele, Lea, Flood 2014).
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    /// 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, by the sum of four.
    fn normal(&mut self) -> f32 {
        let sum = (0..4).map(|_| (self.next() >> 40) as f32 / 16_777_216.0).sum::<f32>();
        (sum - 2.0) * 3.0_f32.sqrt()
    }

    /// A word that is the rarer the higher its number.
    fn word(&mut self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the number of words")]
        let word = (WORDS as f64).powf(self.share()) as usize;
        word.min(WORDS) - 1
    }
}

/// A world of one seed.
pub(super) struct Synthetic {
    seed: u64,
    articles: usize,
    /// How the independent directions lie in a vector.
    directions: Vec<f32>,
}

impl Synthetic {
    pub(super) fn new(seed: u64, passages: usize) -> Self {
        let mut dice = Dice(seed);
        let directions = (0..LATENT * DIMENSION).map(|_| dice.normal()).collect();
        Self { seed, articles: passages.div_ceil(PASSAGES), directions }
    }

    /// Dice of a thing of its own.
    fn dice(&self, kind: u64, number: usize) -> Dice {
        Dice(self.seed ^ kind.wrapping_mul(0xA076_1D64_78BD_642F) ^ (number as u64).wrapping_mul(0xE703_7ED1_A0B4_28DB))
    }

    fn topic(article: usize) -> usize {
        article / TOPIC_ARTICLES
    }

    fn words(&self, dice: &mut Dice, article: usize, count: usize) -> String {
        let words = (0..count).map(|_| {
            let word = if dice.below(2) == 0 {
                let place = dice.below(TOPIC_WORDS);
                self.dice(1, Self::topic(article) * TOPIC_WORDS + place).word()
            } else {
                dice.word()
            };
            written(word)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn knowledge(&self, progress: impl Fn(usize)) -> Knowledge {
        let article = |number: usize| {
            progress(number);
            self.article(number)
        };
        Knowledge { articles: (0..self.articles).map(article).collect(), ..Knowledge::default() }
    }

    fn article(&self, number: usize) -> Article {
        let mut dice = self.dice(2, number);
        let section = |dice: &mut Dice, place: usize| {
            let text = self.words(dice, number, PASSAGE_WORDS);
            if place == 0 { text } else { format!("\n\n## {}\n\n{text}", self.words(dice, number, 3)) }
        };
        let body = (0..PASSAGES).map(|place| section(&mut dice, place) + ".").collect();
        let markets = match dice.below(3) {
            0 => MARKETS.get(number % MARKETS.len()).map(|market| (*market).to_owned()).into_iter().collect(),
            _ => Vec::new(),
        };
        Article {
            // Ids sort as numbers do, so that an article stands at its number.
            id: format!("{number:08}"),
            title: self.words(&mut dice, number, 5),
            locale: "en".to_owned(),
            markets,
            audience: if dice.below(10) == 0 { Audience::Agent } else { Audience::Customer },
            valid_from: Day::FIRST,
            valid_to: Day::LAST,
            source: None,
            questions: (0..QUESTIONS).map(|_| self.words(&mut dice, number, 7)).collect(),
            body,
        }
    }

    /// The vector of a lesson: those of an article lie together, among those of its topic.
    pub(super) fn lesson(&self, article: usize, lesson: usize) -> Vec<f32> {
        self.around(article, &mut self.dice(3, article * PASSAGES + lesson))
    }

    /// The article that a question is made of.
    pub(super) fn asked(&self, number: usize) -> usize {
        self.dice(4, number).below(self.articles)
    }

    /// What a customer asks: some words of an article, and a vector near its own.
    pub(super) fn question(&self, number: usize) -> (String, Vec<f32>) {
        let mut dice = self.dice(4, number);
        let article = dice.below(self.articles);
        (self.words(&mut dice, article, 6), self.around(article, &mut dice))
    }

    fn around(&self, article: usize, dice: &mut Dice) -> Vec<f32> {
        let (mut of_topic, mut of_article) = (self.dice(5, Self::topic(article)), self.dice(6, article));
        let latent: Vec<f32> = (0..LATENT)
            .map(|_| of_topic.normal() + SPREAD * of_article.normal() + SPREAD / 2.0 * dice.normal())
            .collect();
        let mut vector = vec![0.0; DIMENSION];
        for (value, direction) in latent.iter().zip(self.directions.chunks_exact(DIMENSION)) {
            vector.iter_mut().zip(direction).for_each(|(sum, part)| *sum += value * part);
        }
        vector.iter_mut().for_each(|number| *number += NOISE * dice.normal());
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|number| *number /= length);
        vector
    }
}

/// A word of two to five syllables.
fn written(word: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "du", "fa", "ge", "hi", "jo", "pu", "wa", "xe", "zi",
        "cro", "stu",
    ];
    let (mut rest, mut text) = (word + SYLLABLES.len(), String::new());
    while rest > 0 {
        text.push_str(SYLLABLES.get(rest % SYLLABLES.len()).copied().unwrap_or_default());
        rest /= SYLLABLES.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    }

    #[test]
    fn a_seed_gives_one_world_whose_articles_have_as_many_lessons_as_passages() {
        let world = Synthetic::new(7, 399);
        let knowledge = world.knowledge(|_| {});
        assert_eq!(knowledge.articles.len(), 100);
        assert_eq!(knowledge, Synthetic::new(7, 399).knowledge(|_| {}));
        assert_ne!(knowledge, Synthetic::new(8, 399).knowledge(|_| {}));
        for article in &knowledge.articles {
            assert_eq!(ombud_retrieval::chunks(article).len(), PASSAGES, "{article:?}");
            assert_eq!(ombud_retrieval::lessons_of(article).count(), PASSAGES);
        }
    }

    #[test]
    fn lessons_of_one_article_lie_nearer_than_those_of_others() {
        let world = Synthetic::new(7, 8_000);
        let (one, same, topic, other) =
            (world.lesson(0, 0), world.lesson(0, 1), world.lesson(1, 0), world.lesson(1_999, 0));
        assert!((cosine(&one, &one) - 1.0).abs() < 1e-5);
        assert!(cosine(&one, &same) > cosine(&one, &topic) && cosine(&one, &topic) > cosine(&one, &other));
        assert_eq!(world.question(3), world.question(3));
    }
}
