//! How does a document become an article that waits? It gets an id that stays the same, and keeps of the article of today what its document does not tell.

use ombud_language::RedactionKind;
use ombud_language::safety::redact::redact_only;
use ombud_retrieval::{Article, Audience, Day};
use sha2::{Digest, Sha256};

use crate::document::Document;

/// Letters of an id made from a name.
const ID_CHARS_MAX: usize = 80;
/// Hexadecimal digits that tell two sources apart whose names make the same id.
const TAIL: usize = 6;

/// What is told of a document by whoever brings it, or by the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where it comes from: `collection/path`, or an address.
    pub source: String,
    /// Where the public can read it.
    pub public: Option<String>,
    /// Language tag.
    pub locale: String,
    /// Market codes; empty for all.
    pub markets: Vec<String>,
    /// Who may read it.
    pub audience: Audience,
    /// First day on which it holds, for an article that is new.
    pub valid_from: Day,
}

/// The article that a document proposes. `today` is the article that it would replace.
#[must_use]
pub fn article(document: &Document, told: &Told, id: &str, today: Option<&Article>) -> Article {
    let title = without_cards(&document.title.clone().unwrap_or_else(|| titled(&told.source)));
    let body = without_cards(&document.body);
    if let Some(front) = &document.front {
        return Article { title, body, ..front.clone() };
    }
    match today {
        Some(today) => Article { title, body, ..today.clone() },
        None => Article {
            id: id.to_owned(),
            title,
            locale: told.locale.clone(),
            markets: told.markets.clone(),
            audience: told.audience,
            valid_from: told.valid_from,
            valid_to: Day::LAST,
            source: told.public.clone(),
            questions: Vec::new(),
            body,
        },
    }
}

/// No draft keeps the number of a card (R33); what stands in its place is found, so that a person looks at it.
fn without_cards(text: &str) -> String {
    redact_only(text, &[RedactionKind::CardNumber, RedactionKind::TrackData]).text
}

/// An id from where a document comes from: the same document always gets the same one. `is_taken` says whether another source has it.
#[must_use]
pub fn id_of(source: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let path = source.split_once("://").map_or(source, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let inside = path.trim_matches('/').split_once('/').map_or(path, |(_, inside)| inside);
    let stem = match inside.rsplit_once('.') {
        Some((stem, ending)) if (1..=8).contains(&ending.len()) && !ending.contains('/') => stem,
        _ => inside,
    };
    let id = slug(stem);
    let id = if id.is_empty() || source.contains('?') {
        format!("{}{}", if id.is_empty() { "page-" } else { "" }, with_tail(&id, source))
    } else {
        id
    };
    if is_taken(&id) { with_tail(&id, source) } else { id }
}

fn with_tail(id: &str, source: &str) -> String {
    let tail: String = sha256(source.as_bytes()).chars().take(TAIL).collect();
    if id.is_empty() { tail } else { format!("{id}-{tail}") }
}

/// Lower-case letters and digits, all else as one `-`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.chars().count() >= ID_CHARS_MAX {
            break;
        }
    }
    slug.trim_matches('-').to_owned()
}

/// Whether an id may name files: none reaches out of its folder.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (1..=2 * ID_CHARS_MAX).contains(&id.chars().count()) && id.chars().all(is_letter)
}

/// A title for a document that says none.
fn titled(source: &str) -> String {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words =
        stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_the_same_and_names_no_other_folder() {
        let free = |_: &str| false;
        assert_eq!(id_of("help/returns/Late Fees.html", free), "returns-late-fees");
        assert_eq!(id_of("https://shop.example/help/late-fees/", free), "help-late-fees");
        assert_eq!(id_of("https://shop.example/", free), id_of("https://shop.example/", free));
        assert_ne!(id_of("https://shop.example/a?x=1", free), id_of("https://shop.example/a?x=2", free));
        assert_ne!(id_of("help/a.md", |id| id == "a"), "a");
        for source in ["help/../../etc/passwd", "help/..", "https://shop.example/%2e%2e/x", "help/返金.md"] {
            assert!(is_id(&id_of(source, free)), "{source}: {}", id_of(source, free));
        }
        for wrong in ["", "../a", "a/b", "a.b", "a b"] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_title_is_made_from_a_name() {
        assert_eq!(titled("help/late-fees_2026.pdf"), "Late fees 2026");
        assert_eq!(titled("https://shop.example/about/"), "About");
    }
}
