//! What does a pack know? Its articles, which words mean the same in them, and what they are not about.

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
    topics: std::collections::BTreeMap<String, Vec<String>>,
}

impl Knowledge {
    /// Reads files by their names: `*.md` are articles, `synonyms.yaml` is a list of groups, `outside.*.yaml` tells topics. Of two groups of
    /// synonyms that name the same phrase, that of the later file holds. Other files are left alone.
    ///
    /// # Errors
    /// All that is wrong, with file and line; the author can fix it.
    pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<ArticleError>> {
        let mut knowledge = Self::default();
        let mut wrong = Vec::new();
        for (file, text) in files {
            let name = file.rsplit('/').next().unwrap_or(file);
            let read = if name.ends_with(".md") {
                article::parse(file, text).map(|article| knowledge.articles.push(article))
            } else if name == "synonyms.yaml" {
                Synonyms::parse(file, text)
                    .map(|own| knowledge.synonyms = std::mem::take(&mut knowledge.synonyms).with(&own))
            } else if name.starts_with("outside.") {
                outside(file, text).map(|topics| knowledge.outside.extend(topics))
            } else {
                Ok(())
            };
            wrong.extend(read.err());
        }
        if wrong.is_empty() { Ok(knowledge) } else { Err(wrong) }
    }
}

fn outside(file: &str, text: &str) -> Result<Vec<Outside>, ArticleError> {
    let OutsideFile { locale, topics } = serde_saphyr::from_str(text).map_err(|cause| ArticleError {
        file: file.to_owned(),
        line: cause.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1)),
        problem: said_by(&cause),
    })?;
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
