//! Which articles tell, in short and in another language, what is asked in it? By the meaning of the short answers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use ombud_ports::AskedAbroad;
use ombud_retrieval::knowledge::Abroad as Listed;
use ombud_retrieval::meaning::told_nearness;
use ombud_retrieval::sentence::sentences;

/// The short answers of all languages.
#[derive(Debug, Default)]
pub(super) struct Abroad {
    languages: BTreeMap<String, OfLanguage>,
    /// The vectors of the lessons, once they are there.
    vectors: OnceLock<Vec<Box<[f32]>>>,
}

#[derive(Debug, Default)]
struct OfLanguage {
    /// Each text, then its sentences.
    lessons: Vec<String>,
    /// The lessons of each text, by their places among those of all languages.
    places: Vec<Range<usize>>,
    /// The text of each article.
    texts: BTreeMap<String, usize>,
}

/// How near each short answer of a language is to a question.
pub(super) struct Told<'a> {
    of: &'a OfLanguage,
    near: Vec<f32>,
}

impl Told<'_> {
    /// Of an article; as near as the mean where it has no short answer.
    pub(super) fn of(&self, article: &str) -> f32 {
        self.of.texts.get(article).and_then(|text| self.near.get(*text)).copied().unwrap_or_default()
    }
}

impl Abroad {
    pub(super) fn new(listed: &[Listed]) -> Self {
        let mut languages: BTreeMap<String, OfLanguage> = BTreeMap::new();
        for Listed { language, articles, text } in listed {
            let of = languages.entry(language.clone()).or_default();
            let from = of.lessons.len();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let parts: Vec<String> = sentences(&text).into_iter().map(|part| part.to_owned()).collect();
            of.lessons.push(text);
            of.lessons.extend(parts);
            of.texts.extend(articles.iter().map(|article| (article.clone(), of.places.len())));
            of.places.push(from..of.lessons.len());
        }
        let mut before = 0;
        for of in languages.values_mut() {
            of.places.iter_mut().for_each(|place| *place = place.start + before..place.end + before);
            before += of.lessons.len();
        }
        Self { languages, vectors: OnceLock::new() }
    }

    pub(super) fn lessons(&self) -> Vec<String> {
        self.languages.values().flat_map(|of| of.lessons.iter().cloned()).collect()
    }

    pub(super) fn deepen(&self, vectors: &[&[f32]]) {
        self.vectors.get_or_init(|| vectors.iter().map(|vector| Box::from(*vector)).collect());
    }

    /// How near a question lies to what is told in its language; none where that has no short answers.
    pub(super) fn told(&self, asked: &AskedAbroad) -> Option<Told<'_>> {
        let (vectors, of) = (self.vectors.get()?, self.languages.get(&asked.language)?);
        let texts: Vec<&[Box<[f32]>]> =
            of.places.iter().map(|place| vectors.get(place.clone()).unwrap_or_default()).collect();
        Some(Told { of, near: told_nearness(&asked.vector, &texts) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_of_several_markets_share_what_is_told() {
        let listed = |language: &str, articles: &[&str], text: &str| Listed {
            language: language.to_owned(),
            articles: articles.iter().map(|id| (*id).to_owned()).collect(),
            text: text.to_owned(),
        };
        let abroad = Abroad::new(&[
            listed("fi", &["fee-se", "fee-de"], "Yksi asia tässä.  Toinen asia tässä."),
            listed("da", &["fee-se"], "Noget andet her."),
            listed("fi", &["safe"], "Kolmas asia tässä."),
        ]);
        let lessons = abroad.lessons();
        assert_eq!(
            lessons.first().map(String::as_str),
            Some("Noget andet her."),
            "languages in the order of their names"
        );
        assert!(lessons.contains(&"Yksi asia tässä. Toinen asia tässä.".to_owned()));
        let asked = |language: &str| AskedAbroad { language: language.to_owned(), vector: [0.0, 1.0].into() };
        assert!(abroad.told(&asked("fi")).is_none(), "not learnt yet");
        let vectors: Vec<[f32; 2]> =
            lessons.iter().map(|text| if text.starts_with("Kolmas") { [0.0, 1.0] } else { [1.0, 0.0] }).collect();
        abroad.deepen(&vectors.iter().map(<[f32; 2]>::as_slice).collect::<Vec<_>>());
        let told = abroad.told(&asked("fi")).unwrap();
        assert!(told.of("safe") > 1.0 && told.of("fee-de") < -1.0, "{} {}", told.of("safe"), told.of("fee-de"));
        assert_eq!((told.of("fee-se"), told.of("other")), (told.of("fee-de"), 0.0));
        assert!(abroad.told(&asked("sv")).is_none());
    }
}
