//! Where does an article send its readers, and is that a place of today?

use std::collections::HashSet;

use ombud_language::{PiiReader, claims::claims};
use ombud_retrieval::Article;
use pulldown_cmark::{Event, Parser, Tag};

use super::{Code, Finding};
use crate::sitemap::host_of;

/// Personal data that is an address of the company as often as one of a person: what is new of it is told as such.
const ADDRESSES: [&str; 6] = ["email", "phone", "iban", "bank_account", "crypto_address", "postal_address"];
/// What has the shape of personal data in articles that tell of it, or is known by records alone.
const VAGUE: [&str; 9] =
    ["postal_code", "vat_number", "bic", "amount", "literal", "number", "reference", "value", "person_name"];

/// Addresses of every kind that articles name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contacts {
    hosts: HashSet<String>,
    others: HashSet<String>,
}

impl Contacts {
    pub(super) fn of(articles: &[Article], pii: &PiiReader) -> Self {
        let mut known = Self::default();
        for article in articles {
            for contact in contacts(article, pii) {
                match contact {
                    Contact::Host(host) => known.hosts.insert(host),
                    Contact::Other(other) => known.others.insert(other),
                };
            }
        }
        known
    }

    /// What a draft names that no article names today. A place below a known one is known.
    pub(super) fn new_in(&self, draft: &Article, pii: &PiiReader) -> Vec<Finding> {
        let is_new = |contact: &Contact| match contact {
            Contact::Host(host) => {
                !self.hosts.iter().any(|known| host == known || host.ends_with(&format!(".{known}")))
            }
            Contact::Other(other) => !self.others.contains(other),
        };
        let new = contacts(draft, pii).into_iter().filter(is_new);
        new.map(|contact| match contact {
            Contact::Host(text) | Contact::Other(text) => Finding::new(Code::ContactNew, &text),
        })
        .collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Contact {
    Host(String),
    /// Compared by its letters and digits alone.
    Other(String),
}

fn contacts(article: &Article, pii: &PiiReader) -> HashSet<Contact> {
    let mut text = article.title.clone();
    let mut found = HashSet::new();
    found.extend(article.source.as_deref().and_then(host_of).map(Contact::Host));
    for event in Parser::new(&article.body) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                text.push_str(&format!(" {dest_url} "));
            }
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::End(_) | Event::SoftBreak | Event::HardBreak => text.push('\n'),
            _ => {}
        }
    }
    let said = claims(&text);
    for url in said.urls {
        let whole = if url.contains("://") { url } else { format!("https://{url}") };
        let host = host_of(&whole).map(|host| host.trim_start_matches("www.").trim_end_matches('.').to_owned());
        found.extend(host.map(Contact::Host));
    }
    found.extend(said.emails.iter().map(|email| Contact::Other(email.to_lowercase())));
    for span in pii.find(&text).into_iter().filter(|span| ADDRESSES.contains(&span.kind.as_str())) {
        let written = text.get(span.start..span.end).unwrap_or_default();
        let plain: String = if span.kind.as_str() == "email" {
            written.to_lowercase()
        } else {
            written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        found.insert(Contact::Other(plain));
    }
    found
}

/// The kind of personal data in a text that no article has a reason to hold.
pub(super) fn personal(text: &str, pii: &PiiReader) -> Option<&'static str> {
    let found = pii.find(text).into_iter().map(|span| span.kind.as_str());
    found.into_iter().find(|kind| !ADDRESSES.contains(kind) && !VAGUE.contains(kind))
}
