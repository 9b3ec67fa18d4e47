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
    /// What articles are asked for in languages they are not written in.
    pub abroad: Vec<Abroad>,
}

/// Questions as customers of a language ask them that articles in another language answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abroad {
    /// Language of the questions.
    pub language: String,
    /// Ids of the articles that answer them, such as those of several markets.
    pub articles: Vec<String>,
    /// In the customers' words.
    pub questions: Vec<String>,
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
    /// Reads files by their names: `*.md` are articles, `synonyms.yaml` is a list of groups, `outside.*.yaml` tells topics, `asked/<locale>.yaml` what articles are
    /// asked for in other languages, by their ids or by the names that `short.yaml` gives to several. Of two groups of synonyms that name the same phrase, that
    /// of the later file holds. Other files are left alone.
    ///
    /// # Errors
    /// All that is wrong, with file and line; the author can fix it.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<ArticleError>> {
        let mut knowledge = Self::default();
        let mut wrong = Vec::new();
        let (mut names, mut asked) = (BTreeMap::new(), Vec::new());
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
                lists(file, text).map(|named| names.extend(named))
            } else if let Some(locale) = file.rsplit_once("/asked/").and_then(|(_, name)| name.strip_suffix(".yaml")) {
                lists(file, text).map(|listed| asked.push((file, language_of(locale), listed)))
            } else {
                Ok(())
            };
            wrong.extend(read.err());
        }
        for (file, language, listed) in asked {
            for (name, questions) in listed {
                let articles = names.get(&name).cloned().unwrap_or_else(|| vec![name.clone()]);
                let is_there = |id: &String| knowledge.articles.iter().any(|article| article.id == *id);
                if let Some(unknown) = articles.iter().find(|id| !is_there(id)) {
                    let problem = format!("`{name}` is about `{unknown}`, which is no article");
                    wrong.push(ArticleError { file: file.to_owned(), line: 1, problem });
                }
                knowledge.abroad.push(Abroad { language: language.clone(), articles, questions });
            }
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

/// Lists by their names.
fn lists(file: &str, text: &str) -> Result<BTreeMap<String, Vec<String>>, ArticleError> {
    yaml(file, text)
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
