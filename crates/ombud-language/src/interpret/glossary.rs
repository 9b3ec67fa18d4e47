//! What do customers call the things that the company's records name in its own language?
//!
//! Only names of things, their kinds and degrees: what picks one of a few records. A gloss is put beside the customer's words and never in their place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::phrases::words;

/// The names of one language: `packs/base/lexicon/gloss.<locale>.json`, a name in the company's language to what customers write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct GlossFile(BTreeMap<String, Vec<String>>);

/// A word of so many letters also stands for those that begin with it ...
const STEM_MIN: usize = 4;
/// ... and are no more than this longer: endings.
const ENDING_MAX: usize = 5;

/// Names by their words, longest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Glossary {
    entries: Vec<(Vec<String>, String)>,
}

impl Glossary {
    pub(super) fn new(file: &GlossFile) -> Self {
        let of = |(own, names): (&String, &Vec<String>)| -> Vec<(Vec<String>, String)> {
            names.iter().map(|name| (words(name), own.clone())).collect()
        };
        let mut entries: Vec<(Vec<String>, String)> = file.0.iter().flat_map(of).collect();
        entries.retain(|(words, _)| !words.is_empty());
        let letters = |words: &[String]| words.iter().map(|word| word.chars().count()).sum::<usize>();
        entries.sort_by_key(|(words, _)| std::cmp::Reverse((words.len(), letters(words))));
        Self { entries }
    }

    /// Where names stand in the words, the first word of each and the one behind it, with all that they are called in the company's language.
    pub(super) fn named(&self, said: &[String]) -> Vec<((usize, usize), Vec<&str>)> {
        let mut named = Vec::new();
        let mut at = 0;
        while let Some(left) = said.get(at..).filter(|left| !left.is_empty()) {
            let Some((name, own)) = self.entries.iter().find(|(name, _)| begins(left, name)) else {
                at += 1;
                continue;
            };
            let same = self.entries.iter().filter(|(other, _)| other == name);
            let others = same.map(|(_, own)| own.as_str()).filter(|known| known != own);
            named.push(((at, at + name.len()), others.chain([own.as_str()]).collect()));
            at += name.len();
        }
        named
    }

    /// The text with what its names are called in the company's language behind it; without the words at these places.
    pub(super) fn gloss(&self, text: &str, without: &[(usize, usize)]) -> String {
        let said = words(text);
        let named = self.named(&said).into_iter().filter(|(at, _)| !without.contains(at));
        let found: Vec<&str> = named.flat_map(|(_, names)| names).collect();
        let stays = |(place, word): (usize, String)| {
            let is_out = without.iter().any(|(start, end)| (*start..*end).contains(&place));
            (!is_out).then_some(word)
        };
        let left: Cow<'_, str> = if without.is_empty() {
            text.into()
        } else {
            said.into_iter().enumerate().filter_map(stays).collect::<Vec<_>>().join(" ").into()
        };
        if found.is_empty() { left.into_owned() } else { format!("{left} ({})", found.join(", ")) }
    }
}

/// Whether the words begin with a name, the last word of it with an ending or without.
fn begins(said: &[String], name: &[String]) -> bool {
    let Some((last, before)) = name.split_last() else { return false };
    let Some(said) = said.get(..name.len()) else { return false };
    let (letters, is_stem) = (last.chars().count(), last.chars().count() >= STEM_MIN);
    let ends = |word: &String| {
        word == last || is_stem && word.starts_with(last.as_str()) && word.chars().count() <= letters + ENDING_MAX
    };
    said.starts_with(before) && said.last().is_some_and(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_named_in_the_companys_language_beside_the_customers_words() {
        let file = serde_json::json!({
            "coat": ["mantel", "rock"], "wool coat": ["wollmantel"], "headphones": ["kopfhörer"], "one size bigger": ["eine nummer größer"],
            "bigger": ["größer"], "phone": ["handy"], "smartphone": ["handy"]
        });
        let glossary = Glossary::new(&serde_json::from_value(file).unwrap());
        for (text, glossed) in [
            ("den Wollmantel zurück", "den Wollmantel zurück (wool coat)"),
            (
                "meine Kopfhörern eine Nummer größer",
                "meine Kopfhörern eine Nummer größer (headphones, one size bigger)",
            ),
            ("mein Handy", "mein Handy (smartphone, phone)"),
            ("nichts davon", "nichts davon"),
        ] {
            assert_eq!(glossary.gloss(text, &[]), glossed);
        }
        let chinese = Glossary::new(&serde_json::from_value(serde_json::json!({"wool coat": ["羊毛大衣"]})).unwrap());
        assert_eq!(chinese.gloss("我想退这件羊毛大衣", &[]), "我想退这件羊毛大衣 (wool coat)");
    }
}
