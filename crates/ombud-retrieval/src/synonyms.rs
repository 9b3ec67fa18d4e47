//! Which words mean the same? Groups as data; the first of a group stands for all of them.

use std::collections::HashMap;

use crate::article::{ArticleError, said_by};
use crate::query::Analyzer;

/// Groups of words and phrases with one meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synonyms {
    groups: Vec<Vec<String>>,
}

/// Words of the general language, of any company.
const ENGLISH: &str = include_str!("../data/synonyms.en.yaml");
/// Broader words of the general language.
const BROADER_ENGLISH: &str = include_str!("../data/broader.en.yaml");

impl Synonyms {
    /// Reads a YAML list of lists of words or phrases.
    ///
    /// # Errors
    /// [`ArticleError`] with file and line when it is not such a list or a group has fewer than two members; the author can fix it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ArticleError> {
        let error = |line: usize, problem: String| ArticleError { file: file.to_owned(), line, problem };
        let groups: Vec<Vec<String>> = serde_saphyr::from_str(text).map_err(|cause| {
            let line = cause.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1));
            error(line, said_by(&cause))
        })?;
        if let Some(short) = groups.iter().find(|group| group.len() < 2) {
            let word = short.first().map_or("", String::as_str);
            let line = text.lines().position(|line| line.contains(word)).map_or(1, |index| index + 1);
            return Err(error(line, format!("the group of `{word}` has fewer than two members, add one or remove it")));
        }
        Ok(Self { groups })
    }

    /// The groups of the general language; none for languages that have no list yet.
    #[must_use]
    pub fn general(language: &str) -> Self {
        match language {
            "en" => Self::parse("synonyms.en.yaml", ENGLISH).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// Groups of which the first word is broader than the others.
    #[must_use]
    pub fn broader(language: &str) -> Self {
        match language {
            "en" => Self::parse("broader.en.yaml", BROADER_ENGLISH).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// These groups, then those of `other`.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.groups.extend(other.groups.iter().cloned());
        self
    }

    /// Phrase (as stems) to what stands for it (as stems). Of two groups that name the same phrase the later one holds.
    pub(crate) fn table(&self, analyzer: &Analyzer) -> HashMap<Vec<String>, Vec<String>> {
        let mut table = HashMap::new();
        for group in &self.groups {
            let Some((first, others)) = group.split_first() else { continue };
            let first = analyzer.stems(first);
            for other in others {
                let other = analyzer.stems(other);
                if !other.is_empty() && other != first {
                    table.insert(other, first.clone());
                }
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_list_can_be_read() {
        assert!(Synonyms::parse("synonyms.en.yaml", ENGLISH).unwrap().groups.len() > 10);
        assert_eq!(Synonyms::general("xx"), Synonyms::default());
    }

    #[test]
    fn an_error_names_file_and_line() {
        let error = Synonyms::parse("s.yaml", "- [shop, store]\n- [alone]\n").unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("s.yaml", 2));
        assert_eq!(Synonyms::parse("s.yaml", "- [shop, store]\n- word\n").unwrap_err().line, 2);
    }
}
