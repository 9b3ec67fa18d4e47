//! Does a message hold one of the words that a text lists?

use super::Texts;

/// Text that lists the words of thanks in a language, with commas between them.
pub const THANKS_WORDS: &str = "chitchat_thanks_words";
/// From here on, scripts are written without blanks or with words in one (Thai, Chinese, Japanese, Korean).
const UNSPACED: char = '\u{e00}';

impl Texts {
    /// Whether a word of the list that a text is begins a word of the message; in scripts without blanks, stands anywhere in it.
    #[must_use]
    pub fn lists(&self, locale: &str, key: &str, message: &str) -> bool {
        let words = self.render(locale, "", key, &[]).unwrap_or_default();
        let message = message.to_lowercase();
        let begins = |at: usize| {
            let before = message.get(..at).and_then(|before| before.chars().next_back());
            before.is_none_or(|c| !c.is_alphabetic())
        };
        let says = |word: &str| {
            let unspaced = word.chars().all(|c| c >= UNSPACED);
            message.match_indices(word).any(|(at, _)| unspaced || begins(at))
        };
        words.split(',').map(str::trim).any(|word| !word.is_empty() && says(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thanks_are_found_where_a_word_begins() {
        let mut texts = Texts::default();
        texts.add_file("de", "", ("de.yaml", "chitchat_thanks_words: \"danke, merci\"\n"));
        texts.add_file("ja", "", ("ja.yaml", "chitchat_thanks_words: \"ありがとう\"\n"));
        let thanks = |locale: &str, message: &str| texts.lists(locale, THANKS_WORDS, message);
        assert!(thanks("de", "Ok, dann warte ich. Danke!") && thanks("ja", "はい、ありがとうございます"));
        assert!(!thanks("de", "der Gedanke gefällt mir") && !thanks("de", "") && !thanks("fr", "merci"));
    }
}
