//! What does a pack know? Its articles, which words mean the same in them, and what they are not about.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::article::{self, Article, ArticleError, said_by};
use crate::query::language_of;
use crate::synonyms::Synonyms;

/// Everything in the folder `knowledge` of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// The articles.
    pub articles: Vec<Article>,
    /// The pack's own groups, beside those of the general language.
    pub synonyms: Synonyms,
    /// Topics that no article is about.
    pub outside: Vec<Outside>,
    /// What articles say in short in languages they are not written in.
    pub abroad: Vec<Abroad>,
}

/// What articles in another language say, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abroad {
    /// Language of the text.
    pub language: String,
    /// Ids of the articles, such as those of several markets.
    pub articles: Vec<String>,
    /// The text without the figures that are put into it.
    pub text: String,
}

/// A topic that no article is about, with questions as customers ask them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// Language of the questions.
    pub language: String,
    /// In the customers' words.
    pub questions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutsideFile {
    locale: String,
    topics: BTreeMap<String, Vec<String>>,
}

impl Knowledge {
    /// Reads files by their names: `*.md` are articles, `synonyms.yaml` is a list of groups, `outside.*.yaml` tells topics, `short/<locale>.yaml` what articles say
    /// in short in a language, by the names that `short.yaml` gives to one or several. Of two groups of synonyms that name the same phrase, that of the later
    /// file holds. Other files are left alone.
    ///
    /// # Errors
    /// All that is wrong, with file and line; the author can fix it.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<ArticleError>> {
        let mut knowledge = Self::default();
        let mut wrong = Vec::new();
        let (mut names, mut short) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
        for (file, text) in files {
            let name = file.rsplit('/').next().unwrap_or(file);
            let read = if name.ends_with(".md") {
                article::parse(file, text).map(|article| knowledge.articles.push(article))
            } else if name == "synonyms.yaml" {
                Synonyms::parse(file, text)
                    .map(|own| knowledge.synonyms = std::mem::take(&mut knowledge.synonyms).with(&own))
            } else if name.starts_with("outside.") {
                outside(file, text).map(|topics| knowledge.outside.extend(topics))
            } else if name == "short.yaml" {
                yaml(file, text).map(|named: BTreeMap<String, Vec<String>>| names.extend(named))
            } else if let Some(locale) = file.rsplit_once("/short/").and_then(|(_, name)| name.strip_suffix(".yaml")) {
                yaml(file, text).map(|told: BTreeMap<String, String>| short.push((language_of(locale), told)))
            } else {
                Ok(())
            };
            wrong.extend(read.err());
        }
        for (language, told) in short {
            let named = told.into_iter().filter_map(|(name, text)| Some((names.get(&name)?.clone(), text)));
            knowledge.abroad.extend(named.map(|(articles, text)| Abroad {
                language: language.clone(),
                articles,
                text: without_figures(&text),
            }));
        }
        if wrong.is_empty() { Ok(knowledge) } else { Err(wrong) }
    }
}

fn yaml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, ArticleError> {
    serde_saphyr::from_str(text).map_err(|cause| ArticleError {
        file: file.to_owned(),
        line: cause.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1)),
        problem: said_by(&cause),
    })
}

/// A template without what is put into it.
fn without_figures(template: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(template.len());
    for c in template.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

fn outside(file: &str, text: &str) -> Result<Vec<Outside>, ArticleError> {
    let OutsideFile { locale, topics } = yaml(file, text)?;
    let language = language_of(&locale);
    Ok(topics.into_values().map(|questions| Outside { language: language.clone(), questions }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_by_their_names_and_all_that_is_wrong_is_told() {
        let files = [
            ("base/knowledge/outside.en.yaml", "locale: en\ntopics:\n  weather: [will it rain]\n"),
            ("p/knowledge/a.md", "---\nid: a\ntitle: A\nlocale: en\n---\nText.\n"),
            ("p/knowledge/synonyms.yaml", "- [shop, store]\n"),
            ("p/knowledge/picture.json", "{}"),
        ];
        let knowledge = Knowledge::read(files).unwrap();
        assert_eq!((knowledge.articles.len(), knowledge.outside.len()), (1, 1));
        assert_ne!(knowledge.synonyms, Synonyms::default());
        let wrong = Knowledge::read([("p/a.md", "no front matter"), ("p/outside.en.yaml", "locale: en\ntopic: {}\n")]);
        let wrong: Vec<String> =
            wrong.unwrap_err().iter().map(|error| format!("{}:{}", error.file, error.line)).collect();
        assert_eq!(wrong, ["p/a.md:1", "p/outside.en.yaml:2"]);
    }
}
