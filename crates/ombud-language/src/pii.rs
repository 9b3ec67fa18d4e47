//! What in a text is personal data, and what stands for it where a language model reads?
//!
//! [`PiiReader`] finds it by shape, check digits and words; [`OwnValues`] are the values of the customer's own records; [`Pseudonyms`] gives each a token such as
//! `[EMAIL_1]`, the same one as long as a conversation lasts. Tokens are taken back only in the answer to the text that held them.

mod address;
mod check;
mod kind;
mod national;
mod number;
mod own;
mod pseudonyms;
mod shapes;
mod words;

use std::collections::BTreeSet;

use regex::Regex;

use address::Addresses;
pub use kind::PiiKind;
use national::{Counts, NATIONALS};
pub use own::OwnValues;
pub use pseudonyms::{Hidden, HideError, Part, Pseudonym, Pseudonyms, Purpose, RevealError};
pub use words::{PiiFile, Streets};

/// A place of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PiiSpan {
    /// What it is.
    pub kind: PiiKind,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset after its last one.
    pub end: usize,
}

impl PiiSpan {
    fn meets(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Why personal data cannot be looked for; the author of the pack can fix it.
#[derive(Debug, thiserror::Error)]
pub enum PiiError {
    /// A word makes no pattern.
    #[error("the words of `{list}` in `lexicon/pii.yaml` make no pattern")]
    Words {
        /// The list.
        list: &'static str,
        /// What is wrong.
        #[source]
        source: regex::Error,
    },
}

/// Finds personal data.
#[derive(Debug, Clone)]
pub struct PiiReader {
    file: PiiFile,
    shown: BTreeSet<PiiKind>,
    addresses: Addresses,
    named_people: Vec<Regex>,
}

impl PiiReader {
    /// From the words of a pack; kinds in `shown` are left as they are.
    ///
    /// # Errors
    /// [`PiiError`] when words make no pattern.
    pub fn new(file: PiiFile, shown: impl IntoIterator<Item = PiiKind>) -> Result<Self, PiiError> {
        let failed = |list| move |source| PiiError::Words { list, source };
        let addresses = Addresses::new(&file.streets).map_err(failed("streets"))?;
        let named_people = shapes::people(&file).map_err(failed("name_after"))?;
        Ok(Self { shown: shown.into_iter().collect(), addresses, named_people, file })
    }

    /// What members of records are.
    pub(crate) const fn file(&self) -> &PiiFile {
        &self.file
    }

    pub(crate) fn shows(&self, kind: PiiKind) -> bool {
        self.shown.contains(&kind)
    }

    /// The places of personal data, in the order of the text; of two that meet, the surer one.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<PiiSpan> {
        let mut found = Places::default();
        found.add_all("iban", crate::safety::iban::places(text));
        for (kind, places) in shapes::plain(text) {
            found.add_all(kind, places);
        }
        for (kind, places) in shapes::named(text) {
            let named = places.into_iter().filter(|place| self.names(text, *place, kind));
            found.add_all(kind, named.collect());
        }
        // What is named for what it is, is that and nothing of the same shape.
        for counts in [Naming::Named, Naming::Alone] {
            for national in NATIONALS.iter() {
                let mut places = national.find(text);
                places.retain(|place| self.counts(text, *place, (national.kind, national.counts), counts));
                found.add_all(national.kind, places);
            }
        }
        found.add_all("phone", shapes::phones(text, &|place| self.names(text, place, "phone")));
        found.add_all("postal_address", self.addresses.find(text));
        let codes = shapes::postal_codes(text, &|place| self.names(text, place, "postal_code"));
        found.add_all("postal_code", codes);
        found.add_all("person_name", shapes::people_in(text, &self.named_people));
        found.0.retain(|span| !self.shows(span.kind));
        found.0.sort_by_key(|span| span.start);
        found.0
    }

    /// Whether a word for this kind stands near a place.
    fn names(&self, text: &str, place: (usize, usize), kind: &str) -> bool {
        let words = PiiKind::named(kind).and_then(|kind| self.file.words.get(&kind));
        words::is_named(text, place, words.into_iter().flatten().map(String::as_str))
    }

    fn counts(&self, text: &str, place: (usize, usize), (kind, counts): (&str, Counts), naming: Naming) -> bool {
        let is_grouped = || {
            let written = text.get(place.0..place.1).unwrap_or_default();
            written.contains([' ', '-', '.', '/'])
        };
        match (naming, counts) {
            (Naming::Named, _) => self.names(text, place, kind),
            (Naming::Alone, Counts::Alone) => true,
            (Naming::Alone, Counts::Grouped) => is_grouped() || self.names_any(text, place),
            (Naming::Alone, Counts::Named) => self.names_any(text, place),
        }
    }

    fn names_any(&self, text: &str, place: (usize, usize)) -> bool {
        words::is_named(text, place, self.file.any_national.iter().map(String::as_str))
    }
}

/// How a number is told for what it is.
#[derive(Clone, Copy)]
enum Naming {
    /// By its own name beside it.
    Named,
    /// By its shape and what else stands beside it.
    Alone,
}

/// Places found so far; an earlier one keeps its place.
#[derive(Default)]
struct Places(Vec<PiiSpan>);

impl Places {
    fn add_all(&mut self, kind: &'static str, places: Vec<(usize, usize)>) {
        let Some(kind) = PiiKind::named(kind) else { return };
        for (start, end) in places {
            let span = PiiSpan { kind, start, end };
            if start < end && !self.0.iter().any(|other| other.meets(&span)) {
                self.0.push(span);
            }
        }
    }
}

#[cfg(test)]
mod tests;
