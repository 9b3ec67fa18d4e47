//! What happened to the articles of a pack, who did it, and who may decide? A line for each act, appended and never changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::scan::{Code, Finding};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A document brought a draft.
    Proposed,
    /// A document says what the article says already.
    Unchanged,
    /// A document is no longer there.
    Missed,
    /// A draft became the article.
    Approved,
    /// The article was taken away.
    Withdrawn,
    /// A draft was turned down.
    Rejected,
    /// An earlier version is the article again.
    RolledBack,
    /// What people had written into the article by hand was kept as a version.
    Kept,
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What.
    pub act: Act,
    /// Which article: `id.locale`.
    pub article: String,
    /// Who.
    pub by: String,
    /// Whether a signed token has shown who it was.
    #[serde(default)]
    pub is_signed: bool,
    /// Where its document comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// SHA-256 of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// SHA-256 of the article's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The version that is the article from then on; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// What was found and accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Code>,
}

/// Why the history cannot be read; the operator can fix it.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the history cannot be read, take it back from version control")]
pub struct HistoryError {
    /// From 1.
    pub line: usize,
    #[source]
    source: serde_json::Error,
}

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256 of the document as it was last read.
    pub document: String,
    /// The article that it brings.
    pub article: String,
    /// What came of it last.
    pub act: Act,
}

/// What is known of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// The highest number given.
    pub highest: u32,
    /// Which version was the article, one after the other; 0 for none.
    pub published: Vec<u32>,
    /// SHA-256 of its file as it was last published.
    pub text: Option<String>,
    /// Who published it last, and when.
    pub by: Option<(String, String)>,
}

/// All that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    sources: BTreeMap<String, Seen>,
    articles: BTreeMap<String, Versions>,
}

impl History {
    /// Of the lines of a history.
    ///
    /// # Errors
    /// [`HistoryError`] with the line that cannot be read; the operator can fix it.
    pub fn read(lines: &str) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        for (at, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let entry = serde_json::from_str(line).map_err(|source| HistoryError { line: at + 1, source })?;
            history.add(entry);
        }
        Ok(history)
    }

    /// Goes on with one act.
    pub fn add(&mut self, entry: Entry) {
        if let (Some(source), Some(document)) = (entry.source, entry.document) {
            self.sources.insert(source, Seen { document, article: entry.article.clone(), act: entry.act });
        } else {
            let of_article = self.sources.values_mut().filter(|seen| seen.article == entry.article);
            of_article.for_each(|seen| seen.act = entry.act);
        }
        let versions = self.articles.entry(entry.article).or_default();
        if let Some(version) = entry.version {
            versions.highest = versions.highest.max(version);
            if entry.act != Act::Kept || versions.published.is_empty() {
                versions.published.push(version);
            } else if let Some(last) = versions.published.last_mut() {
                *last = version;
            }
            versions.text = entry.text;
            versions.by = Some((entry.by, entry.at));
        }
    }

    /// What is known of a source.
    #[must_use]
    pub fn source(&self, source: &str) -> Option<&Seen> {
        self.sources.get(source)
    }

    /// The sources of a collection whose articles are there today.
    pub fn of_collection<'a>(&'a self, collection: &'a str) -> impl Iterator<Item = (&'a str, &'a Seen)> {
        let inside = move |source: &str| source.strip_prefix(collection).is_some_and(|rest| rest.starts_with('/'));
        let is_live = |seen: &Seen| {
            self.articles
                .get(&seen.article)
                .and_then(|versions| versions.published.last())
                .is_some_and(|last| *last > 0)
                || seen.act == Act::Unchanged
        };
        self.sources
            .iter()
            .filter(move |(source, seen)| inside(source) && is_live(seen))
            .map(|(source, seen)| (source.as_str(), seen))
    }

    /// The source that brings an article.
    #[must_use]
    pub fn brings(&self, article: &str) -> Option<&str> {
        self.sources.iter().find(|(_, seen)| seen.article == article).map(|(source, _)| source.as_str())
    }

    /// What is known of an article.
    #[must_use]
    pub fn article(&self, article: &str) -> Option<&Versions> {
        self.articles.get(article)
    }

    /// All articles that something happened to.
    pub fn articles(&self) -> impl Iterator<Item = (&str, &Versions)> {
        self.articles.iter().map(|(article, versions)| (article.as_str(), versions))
    }
}

impl Versions {
    /// The version that a roll-back goes to when none is named: the one before; 0 for none.
    #[must_use]
    pub fn before(&self) -> Option<u32> {
        let (_, earlier) = self.published.split_last()?;
        Some(earlier.last().copied().unwrap_or(0))
    }
}

/// Why somebody may not let a draft in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is named.
    #[error("nobody is named, say who approves with `--by`")]
    Nobody,
    /// The findings are not accepted.
    #[error("it was found: {}; look at `ombud knowledge review`, then accept each with `--accept`", names(.0))]
    NotAccepted(BTreeSet<Code>),
    /// The author may not accept them.
    #[error("`{0}` has brought it, and something was found: another person has to approve it")]
    OwnDraft(String),
}

fn names(codes: &BTreeSet<Code>) -> String {
    codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether `by` may let a draft of `author` in, who accepts these findings.
///
/// # Errors
/// [`Refusal`]; somebody else, or a further look, can fix it.
pub fn may_approve(findings: &[Finding], accepted: &[Code], author: &str, by: &str) -> Result<(), Refusal> {
    if by.trim().is_empty() {
        return Err(Refusal::Nobody);
    }
    let found: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let open: BTreeSet<Code> = found.iter().copied().filter(|code| !accepted.contains(code)).collect();
    if !open.is_empty() {
        return Err(Refusal::NotAccepted(open));
    }
    let is_author = author.trim().to_lowercase() == by.trim().to_lowercase();
    if is_author && !found.is_empty() { Err(Refusal::OwnDraft(author.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(act: Act, version: Option<u32>, source: Option<&str>) -> Entry {
        Entry {
            at: "2026-11-28T09:00:00Z".to_owned(),
            act,
            article: "fees.en".to_owned(),
            by: "maja".to_owned(),
            is_signed: false,
            source: source.map(str::to_owned),
            document: source.map(|_| "d".to_owned()),
            text: version.map(|version| format!("t{version}")),
            version,
            accepted: Vec::new(),
        }
    }

    fn history(entries: &[Entry]) -> History {
        let lines: Vec<String> = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        History::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn the_version_before_is_found_also_after_a_roll_back_and_an_edit_by_hand() {
        let first = entry(Act::Approved, Some(1), None);
        let before = |entries: &[Entry]| history(entries).article("fees.en").and_then(Versions::before);
        assert_eq!(before(&[entry(Act::Proposed, None, Some("help/fees.md"))]), None);
        assert_eq!(before(std::slice::from_ref(&first)), Some(0));
        assert_eq!(before(&[first.clone(), entry(Act::Approved, Some(2), None)]), Some(1));
        let all = [first.clone(), entry(Act::Approved, Some(2), None), entry(Act::RolledBack, Some(1), None)];
        assert_eq!(before(&all), Some(2));
        assert_eq!(
            before(&[first.clone(), entry(Act::Kept, Some(2), None), entry(Act::Approved, Some(3), None)]),
            Some(2)
        );
        assert_eq!(before(&[first, entry(Act::Withdrawn, Some(0), None)]), Some(1));
    }

    #[test]
    fn a_source_is_known_with_what_came_of_it() {
        let proposed = entry(Act::Proposed, None, Some("help/fees.md"));
        let waits = history(std::slice::from_ref(&proposed));
        assert_eq!(waits.source("help/fees.md").map(|seen| seen.act), Some(Act::Proposed));
        assert_eq!(waits.of_collection("help").count(), 0);
        let live = history(&[proposed, entry(Act::Approved, Some(1), None)]);
        assert_eq!(live.of_collection("help").map(|(source, _)| source).collect::<Vec<_>>(), ["help/fees.md"]);
        assert_eq!((live.of_collection("hel").count(), live.brings("fees.en")), (0, Some("help/fees.md")));
        assert_eq!(History::read("{}\n").unwrap_err().line, 1);
    }

    #[test]
    fn what_was_found_needs_another_person_who_accepts_it() {
        let findings = [Finding::new(Code::FigureChanged, "60"), Finding::new(Code::ContactNew, "x.example")];
        let (figure, both) = ([Code::FigureChanged], [Code::FigureChanged, Code::ContactNew]);
        assert_eq!(may_approve(&[], &[], "maja", "Maja"), Ok(()));
        assert_eq!(may_approve(&[], &[], "maja", " "), Err(Refusal::Nobody));
        let left = BTreeSet::from([Code::ContactNew]);
        assert_eq!(may_approve(&findings, &figure, "maja", "ivan"), Err(Refusal::NotAccepted(left)));
        assert_eq!(may_approve(&findings, &both, "maja", " Maja"), Err(Refusal::OwnDraft("maja".to_owned())));
        assert_eq!(may_approve(&findings, &both, "maja", "ivan"), Ok(()));
    }
}
