//! Which articles are asked for in these words, in a language they are not written in? By examples of what customers of that language ask.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ombud_ports::AskedAbroad;
use ombud_retrieval::knowledge::Abroad as Listed;
use ombud_retrieval::meaning::Near;

/// The examples of all languages.
#[derive(Debug, Default)]
pub(super) struct Abroad {
    languages: BTreeMap<String, OfLanguage>,
    /// Their vectors, one after the other, once they are there.
    vectors: OnceLock<Vec<Box<[f32]>>>,
}

#[derive(Debug, Default)]
struct OfLanguage {
    questions: Vec<String>,
    /// For each article its questions, by their places among all of all languages.
    places: BTreeMap<String, Vec<usize>>,
}

impl Abroad {
    pub(super) fn new(listed: &[Listed]) -> Self {
        let mut languages: BTreeMap<String, OfLanguage> = BTreeMap::new();
        for Listed { language, articles, questions } in listed {
            let of = languages.entry(language.clone()).or_default();
            let places = of.questions.len()..of.questions.len() + questions.len();
            of.questions.extend(questions.iter().cloned());
            for article in articles {
                of.places.entry(article.clone()).or_default().extend(places.clone());
            }
        }
        let mut before = 0;
        for of in languages.values_mut() {
            of.places.values_mut().flatten().for_each(|place| *place += before);
            before += of.questions.len();
        }
        Self { languages, vectors: OnceLock::new() }
    }

    pub(super) fn lessons(&self) -> Vec<String> {
        self.languages.values().flat_map(|of| of.questions.iter().cloned()).collect()
    }

    pub(super) fn deepen(&self, vectors: &[&[f32]]) {
        self.vectors.get_or_init(|| vectors.iter().map(|vector| Box::from(*vector)).collect());
    }

    /// How near a question lies to what an article is asked for; none where its language has no example of it.
    pub(super) fn near(&self, asked: &AskedAbroad, article: &str) -> Option<Near> {
        let vectors = self.vectors.get()?;
        let places = self.languages.get(&asked.language)?.places.get(article)?;
        Near::of(&asked.vector, places.iter().filter_map(|place| vectors.get(*place)).map(|vector| &**vector))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_several_articles_are_examples_of_each() {
        let listed = |language: &str, articles: &[&str], questions: &[&str]| Listed {
            language: language.to_owned(),
            articles: articles.iter().map(|id| (*id).to_owned()).collect(),
            questions: questions.iter().map(|text| (*text).to_owned()).collect(),
        };
        let abroad = Abroad::new(&[
            listed("fi", &["fee-se", "fee-de"], &["a", "b"]),
            listed("da", &["fee-se"], &["c"]),
            listed("fi", &["safe"], &["d"]),
        ]);
        assert_eq!(abroad.lessons(), ["c", "a", "b", "d"]);
        let asked = |language: &str| AskedAbroad { language: language.to_owned(), vector: [0.0, 1.0].into() };
        assert_eq!(abroad.near(&asked("fi"), "fee-de"), None, "not learnt yet");
        let (far, near) = ([1.0, 0.0], [0.0, 1.0]);
        abroad.deepen(&[&far, &far, &near, &far]);
        let one = |language: &str, article: &str| abroad.near(&asked(language), article).map(|near| near.one > 0.0);
        assert_eq!(one("fi", "fee-de"), Some(true));
        assert_eq!(one("fi", "fee-se"), Some(true));
        assert_eq!(one("fi", "safe"), Some(false));
        assert_eq!(one("da", "fee-se"), Some(false));
        assert_eq!((one("da", "safe"), one("sv", "safe")), (None, None));
    }
}
