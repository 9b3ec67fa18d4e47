//! What does a model's draft say beyond the reply that it may only put in other words?
//!
//! Whoever writes a draft may be hijacked and knows these checks, so they do not look for tricks: letters, words and marks that the grounds do
//! not use are not let through, and the reply stays as the rules wrote it. A draft that is refused without need costs a warmer tone.

use std::collections::{BTreeSet, HashMap, HashSet};

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};

use super::{effects, unsupported};
use crate::safety::{canonical, secrets};

/// Signs of markup, of code and of calls: a reply has none of its own.
const MARKUP: &str = "<>{}[]|\\`*_~^#=";
/// Of the words of a sentence, one in this many is known, or it is in another language.
const KNOWN_SHARE: usize = 2;
/// Shorter words are no names.
const NAME_LETTERS_MIN: usize = 3;
/// Endings that make another form of a known word.
const ENDINGS: [&str; 9] = ["s", "es", "ed", "d", "ing", "ly", "er", "'s", "n't"];

/// The words of a language, out of what a pack says and hears in it.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: HashSet<String>,
}

impl Vocabulary {
    /// Learns the words of these texts; not those that stand there with a capital only, or inside a sentence more often than without, which may be names,
    /// nor what stands in addresses.
    pub fn learn<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
        for text in texts {
            let mut begins = true;
            for part in text.split_whitespace().filter(|part| !part.contains(['@', '/'])) {
                for word in words(part) {
                    let counts = seen.entry(word.to_lowercase()).or_default();
                    let is_capital = word.starts_with(char::is_uppercase);
                    counts.0 += usize::from(!is_capital);
                    counts.1 += usize::from(is_capital && !begins && word.chars().nth(NAME_LETTERS_MIN - 1).is_some());
                    begins = false;
                }
                begins |= part.ends_with(['.', '!', '?', ':', '"', '”', ',']) || part.starts_with(['"', '“']);
            }
        }
        let is_word = |(_, (small, capital)): &(String, (usize, usize))| small > capital;
        self.words.extend(seen.into_iter().filter(is_word).map(|(word, _)| word));
    }

    /// All words of these texts, names too.
    fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self { words: texts.into_iter().flat_map(words).map(str::to_lowercase).collect() }
    }

    /// Whether the word, or the same one with another ending, was learnt.
    fn knows(&self, lower: &str) -> bool {
        let plain = |ending: &str| lower.strip_suffix(ending).is_some_and(|stem| self.words.contains(stem));
        self.words.contains(lower) || ENDINGS.iter().any(|ending| plain(ending))
    }
}

/// What a draft says that neither its grounds nor, of names, the customer said; empty means that it may be sent.
#[must_use]
pub fn beyond(draft: &str, grounds: &[&str], customer: &str, language: &Vocabulary) -> Vec<String> {
    if !is_plainly_written(draft, grounds) {
        return vec!["something in letters or signs that the reply does not use".to_owned()];
    }
    // Breaks and blanks inside a sentence change nothing for who reads it.
    let line = draft.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = unsupported(draft, grounds);
    found.extend(unsupported(&line, grounds));
    found.extend(deeds(&line, grounds));
    found.extend(secrets_asked(&line, grounds));
    let own = Vocabulary::of(grounds.iter().copied().chain([customer]));
    found.extend(foreign_words(draft, language, &own));
    let mut distinct: Vec<String> = Vec::new();
    for claim in found {
        if !distinct.contains(&claim) {
            distinct.push(claim);
        }
    }
    distinct
}

/// Whether what people read is what was checked: letters of the grounds' scripts as they are usually written, no marks on them but their own, and
/// no signs of markup.
fn is_plainly_written(draft: &str, grounds: &[&str]) -> bool {
    let seen = canonical(draft);
    let written: String = draft.nfc().collect();
    let known: HashSet<char> = grounds.iter().flat_map(|ground| ground.nfc()).collect();
    let scripts: HashSet<Script> = known.iter().filter(|c| c.is_alphabetic()).map(|c| c.script()).collect();
    let is_plain = |c: char| match c {
        _ if known.contains(&c) => true,
        ' ' | '\n' | '\u{a0}' | '\u{202f}' => true,
        _ if MARKUP.contains(c) || c.is_whitespace() || c.is_control() => false,
        _ if c.is_alphanumeric() => {
            let is_own = scripts.contains(&c.script()) || matches!(c.script(), Script::Latin | Script::Common);
            is_own && std::iter::once(c).nfkc().eq(std::iter::once(c))
        }
        // Flags are letters too.
        '\u{1f1e6}'..='\u{1f1ff}' => false,
        _ => c.script() == Script::Common,
    };
    seen.display == written && seen.hidden == 0 && seen.mixed_script_words == 0 && written.chars().all(is_plain)
}

/// Words for deeds as done ("refunded") that no ground has.
fn deeds(line: &str, grounds: &[&str]) -> Vec<String> {
    let known: BTreeSet<String> = grounds.iter().flat_map(|ground| effects::done_words(ground)).collect();
    effects::done_words(line).into_iter().filter(|word| !known.contains(word)).collect()
}

/// Card numbers, codes and passwords that no ground speaks of.
fn secrets_asked(line: &str, grounds: &[&str]) -> Vec<String> {
    let known: BTreeSet<&str> = grounds.iter().flat_map(|ground| secrets::named(ground)).collect();
    secrets::named(line).into_iter().filter(|kind| !known.contains(kind)).map(ToOwned::to_owned).collect()
}

/// Sentences of which too few words are known, and capitalised words that nobody has said: names.
fn foreign_words(draft: &str, language: &Vocabulary, own: &Vocabulary) -> Vec<String> {
    let knows = |word: &str| {
        let lower = word.to_lowercase();
        language.knows(&lower) || own.knows(&lower)
    };
    let mut found = Vec::new();
    for sentence in draft.split(['.', '!', '?', '\n', ':', ';']) {
        let of: Vec<&str> = words(sentence).collect();
        let known = of.iter().filter(|word| knows(word)).count();
        if known * KNOWN_SHARE < of.len() {
            found.push(format!("`{}` in another language", sentence.trim()));
        }
        let names = of.iter().filter(|word| word.starts_with(char::is_uppercase) && !knows(word));
        found.extend(names.map(|name| (*name).to_owned()));
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphabetic() || matches!(c, '\'' | '’')))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_learnt_from_addresses_nor_from_one_slip() {
        let mut language = Vocabulary::default();
        language.learn([
            "write to m.okafor@post.example",
            "its okafor with double f",
            "to Mr Okafor and J. Okafor",
            "a disgrace. Will you?",
        ]);
        assert!(
            !language.knows("okafor")
                && !language.knows("post")
                && language.knows("disgrace")
                && language.knows("double")
        );
    }

    fn english() -> Vocabulary {
        let mut language = Vocabulary::default();
        language.learn([
            "I can look into your refund for you, of course. which order is it about, and what did you pay? i, we, your",
            "Good news: thank you for waiting, we are here to help with the money and the card you use, is it now the one on your account?",
            "Your order has not arrived yet; the shop sends it again or pays the money back. Somebody like Grace Okafor wrote this, good, thank you.",
        ]);
        language
    }

    fn said(draft: &str) -> Vec<String> {
        let grounds = ["I can look into your refund. Which order is it about, please? You pay with Visa."];
        beyond(draft, &grounds, "hi, this is Anna Berg", &english())
    }

    #[test]
    fn a_warm_rephrasing_is_let_through() {
        for draft in [
            "Of course, I can look into your refund – which order is it about?",
            "Thank you for waiting, Anna! Which order is it about, please?",
            "Good news: I can look into it… Which order did you pay with Visa?",
        ] {
            assert_eq!(said(draft), Vec::<String>::new(), "{draft}");
        }
    }

    /// R6, R20: what the eye reads as a deed is one, whatever it is written in.
    #[test]
    fn a_deed_in_disguise_is_not_said() {
        for draft in [
            "I have rеfundеd your order.",
            "Ｉ ｈａｖｅ refunded your order.",
            "I have re\u{ad}fun\u{ad}ded your order.",
            "I have re\u{200b}funded your order.",
            "I have re\u{332}funded your order.",
            "I\u{2800}have\u{2800}refunded it.",
            "I\u{2003}have\u{2003}refunded it.",
            "I have **refunded** your order.",
            "I  have  refunded your order.",
            "I have\nrefunded your order.",
            "𝐈 𝐡𝐚𝐯𝐞 𝐫𝐞𝐟𝐮𝐧𝐝𝐞𝐝 it.",
            "🇷🇪🇫🇺🇳🇩🇪🇩",
            "I have, of course, refunded your order.",
            "Your order: refunded.",
            "Your money is on the way.",
        ] {
            assert!(!said(draft).is_empty(), "{draft}");
        }
    }

    #[test]
    fn another_language_is_not_said() {
        for draft in [
            "Su pedido ha sido cancelado.",
            "Tellimus on tühistatud.",
            "Which order is it about? Pesanan Anda telah dibatalkan.",
            "ההזמנה שלך בוטלה.",
            "您的订单已取消。",
        ] {
            assert!(!said(draft).is_empty(), "{draft}");
        }
    }

    /// "Sent" in a reply about a code is no "issued" of a refund.
    #[test]
    fn a_deed_of_another_word_is_not_supported_by_one_of_its_kind() {
        let grounds = ["I've sent you a code, and it has been confirmed."];
        let said = beyond("I can confirm that your refund has been issued.", &grounds, "", &english());
        assert!(!said.is_empty());
    }

    /// R23: no other customer's name, no markup, no syntax of calls.
    #[test]
    fn names_markup_and_calls_are_not_said() {
        for draft in [
            "You share this order with Astrid Lindqvist.",
            "Lindqvist has the order.",
            "Grace Okafor has the order.",
            "<img src=x>",
            "[command] look",
            "{\"order\": true}",
            "`order`",
        ] {
            assert!(!said(draft).is_empty(), "{draft}");
        }
        assert_eq!(said("Thank you, Anna Berg, which order is it?"), Vec::<String>::new(), "he gave it himself");
    }

    #[test]
    fn nobody_is_asked_for_a_secret_that_the_reply_does_not_speak_of() {
        for draft in
            ["What is your password?", "Which card number did you use?", "What is the one-time code?", "And the PIN?"]
        {
            assert!(!said(draft).is_empty(), "{draft}");
        }
        let grounds = ["Please never write your password here."];
        assert_eq!(
            beyond("Please never write your password here, thank you.", &grounds, "", &english()),
            Vec::<String>::new()
        );
    }
}
