//! Where does a sentence end?

/// Words that end with a full stop inside a sentence, in lower case and without it.
const ABBREVIATIONS: [&str; 22] = [
    "e.g", "i.e", "etc", "vs", "approx", "no", "nr", "mr", "mrs", "ms", "dr", "prof", "st", "inc", "ltd", "co", "fig",
    "art", "bzw", "ca", "z.b", "d.h",
];

/// Characters that may close a sentence after its full stop.
const CLOSERS: [char; 7] = ['"', '\'', ')', ']', '”', '’', '»'];

/// Splits running text into sentences; each is trimmed and holds at least one letter or digit.
#[must_use]
pub fn sentences(text: &str) -> Vec<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut current = String::new();
    let mut index = 0;
    while let Some(character) = characters.get(index) {
        current.push(*character);
        index += 1;
        let wide = matches!(character, '。' | '！' | '？');
        if !wide && !matches!(character, '.' | '!' | '?' | '…') {
            continue;
        }
        while let Some(closer) = characters.get(index).filter(|next| CLOSERS.contains(next)) {
            current.push(*closer);
            index += 1;
        }
        if wide || ends_here(&current, characters.get(index..).unwrap_or_default()) {
            keep(&mut found, &mut current);
        }
    }
    keep(&mut found, &mut current);
    found
}

fn keep(found: &mut Vec<String>, current: &mut String) {
    let sentence = std::mem::take(current);
    if sentence.chars().any(char::is_alphanumeric) {
        found.push(sentence.trim().to_owned());
    }
}

/// Whether the sentence so far, which ends with a mark, ends there.
fn ends_here(so_far: &str, rest: &[char]) -> bool {
    let Some(next) = rest.iter().find(|character| !character.is_whitespace()) else { return true };
    if rest.first().is_some_and(|character| !character.is_whitespace()) {
        return false;
    }
    let begins = next.is_uppercase() || next.is_numeric() || !next.is_alphabetic() || !next.is_lowercase();
    if !begins {
        return false;
    }
    let marked = so_far.trim_end_matches(CLOSERS);
    let Some(stopped) = marked.strip_suffix('.') else { return true };
    let word = stopped.rsplit(char::is_whitespace).next().unwrap_or(stopped);
    let word = word.trim_start_matches(|character: char| !character.is_alphanumeric()).to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    // "1. Januar", "No. 5": a short number before the stop is an ordinal only where the sentence has just begun.
    let numbering = word.chars().all(|character| character.is_ascii_digit()) && stopped.chars().count() <= 3;
    !initial && !numbering && !ABBREVIATIONS.contains(&word.as_str())
}

/// Number of words, as a reader counts them.
#[must_use]
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let cases: [(&str, &[&str]); 10] = [
            ("The fee is 2.50 EUR. It is added on day 14.", &["The fee is 2.50 EUR.", "It is added on day 14."]),
            ("Use a card, e.g. Visa, or no. 5. Then pay.", &["Use a card, e.g. Visa, or no. 5.", "Then pay."]),
            ("Ask J. Smith. He knows.", &["Ask J. Smith.", "He knows."]),
            ("Really?! Yes! \"Good.\" Done", &["Really?!", "Yes!", "\"Good.\"", "Done"]),
            ("See help.example.com now. 14 days follow.", &["See help.example.com now.", "14 days follow."]),
            ("1. Open the app.", &["1. Open the app."]),
            ("It ended in 2026. The next began.", &["It ended in 2026.", "The next began."]),
            ("返金は5日です。次に進む。", &["返金は5日です。", "次に進む。"]),
            ("  one\n two  ", &["one two"]),
            (" ... ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_counted_without_marks() {
        assert_eq!(word_count("Pay in 3 - now, 2.50 EUR"), 6);
    }
}
