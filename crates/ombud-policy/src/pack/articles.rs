//! What do the articles of a pack say of themselves?

use std::collections::BTreeMap;

use super::Pack;

impl Pack {
    /// A member of an article's front matter, as its `title`, in a language or else in the company's own.
    #[must_use]
    pub fn article_member(&self, locale: &str, id: &str, name: &str) -> Option<String> {
        let start = format!("{name}:");
        let source = [format!("/{locale}/{id}.md"), format!("/knowledge/{id}.md")]
            .iter()
            .find_map(|ending| self.articles.iter().find(|(file, _)| file.ends_with(ending)))
            .map(|(_, source)| source)?;
        let value = source.lines().find_map(|line| line.strip_prefix(start.as_str()))?;
        Some(value.trim().trim_matches('"').to_owned())
    }

    /// The articles in the company's own language, by id.
    #[must_use]
    pub fn own_articles(&self) -> BTreeMap<&str, &str> {
        let own = self.articles.iter().filter_map(|(file, source)| {
            let (_, path) = file.split_once("/knowledge/")?;
            Some((path.strip_suffix(".md").filter(|id| !id.contains('/'))?, source.as_str()))
        });
        own.collect()
    }

    /// What an article says in short to customers of a market, in a language it is not written in; none where that language has no text for it.
    pub(crate) fn short_answer(&self, (locale, market): (&str, &str), article: &str) -> Option<String> {
        self.short.tell(&self.texts, (locale, market), article)
    }

    /// The title of an article for customers of a language, if the article is not written in it and has one there.
    pub(crate) fn article_title(&self, locale: &str, article: &str) -> Option<String> {
        let own = format!("/{locale}/{article}.md");
        let is_written = self.articles.iter().any(|(file, _)| file.ends_with(&own));
        self.short.title(&self.texts, locale, article).filter(|_| !is_written)
    }

    /// Whether a sentence stands before the first heading of an article, among what it says first of all.
    pub(crate) fn leads(&self, article: &str, sentence: &str) -> bool {
        let own = self.own_articles();
        own.get(article).is_some_and(|source| {
            let body = source.splitn(3, "---").nth(2).unwrap_or_default();
            body.split("\n## ").next().unwrap_or_default().contains(sentence.trim())
        })
    }
}
