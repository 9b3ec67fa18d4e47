//! Which of 176 languages is a text written in? The engine from a file to tags.

use std::path::Path;

use ombud_ports::LanguageIdentifier;

use crate::bytes::Malformed;
use crate::fasttext::FastText;
use crate::models::{LID_176, ModelFault, read_verified};

/// Letters of Cyrillic, which Serbian is written in too.
const CYRILLIC: std::ops::RangeInclusive<char> = '\u{400}'..='\u{52f}';

/// fastText lid.176: probabilities of 176 languages. A million bytes in memory; several threads may call at once.
#[derive(Debug)]
pub struct Lid176(FastText);

impl Lid176 {
    /// Reads the model and checks that it is the pinned one.
    ///
    /// # Errors
    /// [`ModelFault`] when the file is missing or not the pinned one; the operator can fetch it.
    pub fn open(path: &Path) -> Result<Self, ModelFault> {
        let bytes = read_verified(path, &LID_176)?;
        FastText::parse(&bytes).map(Self).map_err(|Malformed(what)| ModelFault::Unfit { what })
    }
}

impl LanguageIdentifier for Lid176 {
    fn identify(&self, text: &str) -> Vec<(String, f32)> {
        if !text.chars().any(char::is_alphabetic) {
            return Vec::new();
        }
        // What Serbian and its sisters count as.
        let southern = if text.chars().any(|c| CYRILLIC.contains(&c)) { "sr" } else { "hr" };
        let mut folded: Vec<(String, f32)> = Vec::new();
        for (label, probability) in self.0.predict(&text.to_lowercase()) {
            let tag = tag(label, southern);
            match folded.iter_mut().find(|(known, _)| known == tag) {
                Some((_, sum)) => *sum += probability,
                None => folded.push((tag.to_owned(), probability)),
            }
        }
        folded.sort_by(|one, other| other.1.total_cmp(&one.1));
        folded
    }
}

/// The tag of a label of the model: `no` is Norwegian of no kind, `sh` Serbo-Croatian.
fn tag<'a>(label: &'a str, southern: &'a str) -> &'a str {
    match label {
        "no" | "nn" => "nb",
        "sr" | "bs" | "sh" => southern,
        other => other,
    }
}
