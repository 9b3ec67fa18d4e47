//! What of a message is language?

use super::words::{is_unspaced, plain_word};

/// Capitalised words beside a number that make an address.
const ADDRESS_NAMES_MIN: usize = 2;
/// Words in small letters that an address may have: `rue de la`.
const ADDRESS_SMALL_MAX: usize = 3;

/// A message without what is not language.
#[derive(Debug)]
pub(super) struct Cleaned<'a> {
    /// Words that may tell a language, in order.
    words: Vec<&'a str>,
    /// How many of them are more than names.
    counting: usize,
}

impl<'a> Cleaned<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let words: Vec<&str> = tokens.iter().filter_map(|token| word_of(token)).collect();
        let is_shouted = words.len() >= 2 && words.iter().all(|word| is_upper(word));
        if is_shouted || !words.iter().any(|word| is_name(word)) {
            return Self { counting: words.len(), words };
        }
        let small = words.iter().filter(|word| !is_name(word)).count();
        let names = words.len() - small;
        let is_listed = text.contains(',') || text.trim().contains('\n');
        let has_number = tokens.iter().any(|token| token.chars().any(|c| c.is_ascii_digit()));
        let is_address =
            is_listed && has_number && names >= ADDRESS_NAMES_MIN && small <= ADDRESS_SMALL_MAX && !text.contains('?');
        if is_address {
            return Self { words, counting: 0 };
        }
        let begins_large = words.first().is_some_and(|word| is_name(word));
        let counting = if small == 0 { 0 } else { small + usize::from(begins_large) };
        Self { words: without_runs_of_names(&words), counting }
    }

    /// A text of which every word counts.
    pub(super) fn whole(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().filter_map(word_of).collect();
        Self { counting: words.len(), words }
    }

    pub(super) fn words_that_count(&self) -> usize {
        self.counting
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.words.iter().copied()
    }

    pub(super) fn spoken(&self) -> String {
        self.words.join(" ").to_lowercase()
    }
}

/// A word with its punctuation off; none for what is no word of a language: numbers, codes, amounts, addresses of mail and of the web.
fn word_of(token: &str) -> Option<&str> {
    let word = plain_word(token);
    // Scripts without spaces write numbers into their sentences.
    if word.chars().any(is_unspaced) {
        return Some(word);
    }
    let is_code = token.contains('@')
        || token.contains("://")
        || token.starts_with("www.")
        || token.starts_with('#')
        || word.chars().any(|c| c.is_numeric() || c == '_' || c == '/' && word.len() > 12);
    (!is_code && word.chars().any(char::is_alphabetic)).then_some(word)
}

fn is_upper(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// Without two or more capitalised words in a row, which are a name or a product; the word that begins the message is not one of them.
fn without_runs_of_names<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::new();
    let mut run = Vec::new();
    let end_run = |run: &mut Vec<&'a str>, kept: &mut Vec<&'a str>| {
        if run.len() < 2 {
            kept.append(run);
        }
        run.clear();
    };
    for (at, word) in words.iter().enumerate() {
        if at > 0 && is_name(word) {
            run.push(*word);
        } else {
            end_run(&mut run, &mut kept);
            kept.push(*word);
        }
    }
    end_run(&mut run, &mut kept);
    kept
}
