//! For which market is a visitor answered? For the one he says he lives in; a customer for his own.

use ombud_policy::Places;

use crate::assistant::Assistant;
use crate::intake::Arrival;

/// Words of a message that are looked at for a place.
const WORDS_MAX: usize = 200;

/// The market of this turn, and whether this message named it.
pub(crate) fn of(assistant: &Assistant, received: &Arrival, words: &str) -> (String, Named) {
    let conversation = &received.conversation;
    let known = received.principal.customer_id.is_some() || conversation.dialogue.customer_id.is_some();
    if known {
        return (conversation.market.clone(), Named::Not);
    }
    match named(&assistant.pack.manifest.places, words) {
        Some(market) => (market.to_owned(), Named::Here),
        None => (conversation.dialogue.named_market.clone().unwrap_or_else(|| conversation.market.clone()), Named::Not),
    }
}

/// Whether a message says where its sender lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// This one does.
    Here,
    /// This one does not.
    Not,
}

/// What a message says besides where its sender lives, as words; none where it does not say that.
pub(crate) fn beside(places: &Places, words: &str) -> Option<String> {
    named(places, words)?;
    let text = plain(words);
    let place = places
        .of
        .values()
        .flatten()
        .filter(|place| text.contains(&format!(" {place} ")))
        .max_by_key(|place| place.len());
    let rest = place.map_or_else(|| text.clone(), |place| text.replace(&format!(" {place} "), " "));
    let is_said_with = |word: &&str| places.after.iter().chain(&places.said_with).any(|known| known == word);
    Some(rest.split_whitespace().filter(|word| !is_said_with(word)).collect::<Vec<_>>().join(" "))
}

/// The market of a place that stands after one of the pack's words for being there, "in Manchester", or by itself: "UK, by the way".
fn named<'p>(places: &'p Places, words: &str) -> Option<&'p str> {
    let text = plain(words);
    let parts: Vec<String> = words.split(['.', ',', '!', '?', ';', ':', '\n']).map(plain).collect();
    let after = |place: &String| places.after.iter().any(|before| text.contains(&format!(" {before} {place} ")));
    let alone = |place: &String| {
        let is_alone = |part: &String| {
            part.split_whitespace().count() <= place.split_whitespace().count() + 1
                && part.starts_with(&format!(" {place} "))
        };
        parts.iter().any(is_alone)
    };
    let find = |stands: &dyn Fn(&String) -> bool| {
        places.of.iter().find(|(_, names)| names.iter().any(stands)).map(|(market, _)| market.as_str())
    };
    find(&after).or_else(|| find(&alone))
}

/// Lower-case words between single spaces.
fn plain(words: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let text: String = words.to_lowercase().chars().map(letter).collect();
    let text = text.split_whitespace().take(WORDS_MAX).collect::<Vec<_>>().join(" ");
    format!(" {text} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_says_where_he_lives_with_a_word_before_the_place() {
        let places = Places {
            after: vec!["in".to_owned(), "from".to_owned()],
            said_with: vec!["live".to_owned()],
            of: [
                ("GB".to_owned(), vec!["leeds".to_owned(), "the uk".to_owned()]),
                ("US".to_owned(), vec!["the us".to_owned()]),
            ]
            .into(),
        };
        for text in [
            "I live in Leeds, by the way",
            "is it the same in Leeds?",
            "I'm from the UK",
            "leeds. late fee?",
            "Leeds mate",
        ] {
            assert_eq!(named(&places, text), Some("GB"), "{text}");
        }
        for text in ["Leeds shop closed", "I bought it inleeds", "what do you want from us?", ""] {
            assert_eq!(named(&places, text), None, "{text}");
        }
        assert_eq!(beside(&places, "leeds. what's the late fee?").as_deref(), Some("what s the late fee"));
        assert_eq!(beside(&places, "what's the late fee?"), None);
    }
}
