//! For which market is a visitor answered? For the one he says he lives in; a customer for his own.

use ombud_policy::Places;

use crate::assistant::Assistant;
use crate::intake::Arrival;

/// Words of a message that are looked at for a place.
const WORDS_MAX: usize = 200;

/// The market of this turn, and whether this message named it.
pub(crate) fn of(assistant: &Assistant, received: &Arrival<'_>, words: &str) -> (String, Named) {
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

/// The market of a place that stands after one of the pack's words for being there: "in Manchester".
fn named<'p>(places: &'p Places, words: &str) -> Option<&'p str> {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let text: String = words.to_lowercase().chars().map(plain).collect();
    let text = text.split_whitespace().take(WORDS_MAX).collect::<Vec<_>>().join(" ");
    let text = format!(" {text} ");
    let stands = |place: &String| places.after.iter().any(|before| text.contains(&format!(" {before} {place} ")));
    places.of.iter().find(|(_, names)| names.iter().any(stands)).map(|(market, _)| market.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_says_where_he_lives_with_a_word_before_the_place() {
        let places = Places {
            after: vec!["in".to_owned(), "from".to_owned()],
            of: [
                ("GB".to_owned(), vec!["leeds".to_owned(), "the uk".to_owned()]),
                ("US".to_owned(), vec!["the us".to_owned()]),
            ]
            .into(),
        };
        for text in ["I live in Leeds, by the way", "is it the same in Leeds?", "I'm from the UK"] {
            assert_eq!(named(&places, text), Some("GB"), "{text}");
        }
        for text in ["Leeds shop closed", "I bought it inleeds", "what do you want from us?", ""] {
            assert_eq!(named(&places, text), None, "{text}");
        }
    }
}
