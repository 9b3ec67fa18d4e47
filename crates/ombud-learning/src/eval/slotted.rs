//! Which words of a line fill which slot? Marked token by token, or by places in the text.

use super::labelled::{FileFault, Line};

/// A text as words, with its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slotted {
    /// The words in their order.
    pub words: Vec<String>,
    /// First word, the one behind the last, and the slot's name.
    pub spans: Vec<(usize, usize, String)>,
    /// The language, if the file says so.
    pub language: Option<String>,
}

/// A line with `tokens` and `bio`, or with `text` and perhaps `slots`. Names of slots are in small letters.
///
/// # Errors
/// [`FileFault::Missing`], for whoever names the file.
pub fn slotted(line: &Line) -> Result<Slotted, FileFault> {
    let language = line.text("lang").map(str::to_owned);
    if let Some((words, tags)) = line.texts("tokens").zip(line.texts("bio")) {
        if words.len() != tags.len() {
            return Err(line.missing("as many tags in `bio` as there are `tokens`"));
        }
        return Ok(Slotted { words, spans: of_tags(&tags), language });
    }
    let text = line.text("text").ok_or(line.missing("`tokens` and `bio`, or `text` and `slots`"))?;
    let words = words(text);
    let mut spans = Vec::new();
    let slots = line.value(&["slots"]).and_then(|slots| slots.as_object());
    for (name, slot) in slots.into_iter().flatten() {
        let place = |index: usize| Some(usize::try_from(slot.get("span")?.get(index)?.as_u64()?).unwrap_or(usize::MAX));
        let (from, to) = place(0).zip(place(1)).ok_or(line.missing("a `span` of two numbers in each of `slots`"))?;
        let inside = |word: &(usize, usize, String)| word.0 < to && word.1 > from;
        let first = words.iter().position(inside);
        let last = words.iter().rposition(inside);
        spans.extend(first.zip(last).map(|(first, last)| (first, last + 1, name.to_lowercase())));
    }
    spans.sort();
    Ok(Slotted { words: words.into_iter().map(|(.., word)| word).collect(), spans, language })
}

fn of_tags(tags: &[String]) -> Vec<(usize, usize, String)> {
    let mut spans: Vec<(usize, usize, String)> = Vec::new();
    for (place, tag) in tags.iter().enumerate() {
        let Some((mark, name)) = tag.split_once('-') else { continue };
        let name = name.to_lowercase();
        match spans.last_mut().filter(|last| mark == "I" && last.1 == place && last.2 == name) {
            Some(last) => last.1 = place + 1,
            None => spans.push((place, place + 1, name)),
        }
    }
    spans
}

/// Runs of letters and digits, and every other sign by itself: with the places of their first character and of the one behind.
fn words(text: &str) -> Vec<(usize, usize, String)> {
    let mut words: Vec<(usize, usize, String)> = Vec::new();
    let mut goes_on = false;
    for (place, character) in text.chars().enumerate() {
        let is_letter = character.is_alphanumeric();
        match words.last_mut().filter(|_| is_letter && goes_on) {
            Some(last) => {
                last.1 = place + 1;
                last.2.push(character);
            }
            None if character.is_whitespace() => {}
            None => words.push((place, place + 1, character.to_string())),
        }
        goes_on = is_letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::lines;

    fn read(text: &str) -> Result<Slotted, String> {
        slotted(&lines(text).unwrap()[0]).map_err(|fault| fault.to_string())
    }

    #[test]
    fn spans_of_characters_become_spans_of_words() {
        let found = read(
            "{\"text\":\"Zahl é 20 € an Bob.\",\"slots\":{\"Amount\":{\"span\":[7,11]},\"payee\":{\"span\":[15,18]}}}",
        )
        .unwrap();
        assert_eq!(found.words, ["Zahl", "é", "20", "€", "an", "Bob", "."]);
        assert_eq!(found.spans, [(2, 4, "amount".to_owned()), (5, 6, "payee".to_owned())]);
        assert_eq!(read("{\"text\":\"no slot\"}").unwrap().spans, []);
    }

    #[test]
    fn tags_become_spans() {
        let found =
            read("{\"tokens\":[\"a\",\"b\",\"c\",\"d\"],\"bio\":[\"B-x\",\"I-x\",\"B-x\",\"O\"],\"lang\":\"en\"}")
                .unwrap();
        assert_eq!(found.spans, [(0, 2, "x".to_owned()), (2, 3, "x".to_owned())]);
        assert_eq!(found.language.as_deref(), Some("en"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(read("{\"tokens\":[\"a\"],\"bio\":[]}").unwrap_err().contains("as many tags"));
        assert!(read("{\"tokens\":[\"a\"]}").unwrap_err().contains("`text` and `slots`"));
        assert!(read("{\"text\":\"a\",\"slots\":{\"x\":{\"span\":[1]}}}").unwrap_err().contains("two numbers"));
    }
}
