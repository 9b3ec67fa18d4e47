//! Which of the words that were said bear on a slot, and what do they name?

use serde_json::{Map, Value};

use super::Heard;
use crate::dialogue::{EVERY_SLOT, Frame, Said};
use crate::flow::{Ask, OptionSpec};

/// The first option of which a word or phrase stands in the newest words that have one.
pub(super) fn spotted<'o>(utterances: &[String], options: &'o [OptionSpec]) -> Option<&'o str> {
    utterances.iter().rev().find_map(|text| {
        let text = spaced(text);
        let found = options.iter().find(|option| names_one(&text, &option.words));
        found.map(|option| option.id.as_str())
    })
}

/// Whether one of these words or phrases stands in a spaced text.
pub(super) fn names_one(text: &str, words: &[String]) -> bool {
    words.iter().any(|words| text.contains(&spaced(words)))
}

/// Lower case words with a blank around each.
pub(super) fn spaced(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '\'' { c } else { ' ' };
    let text: String = text.replace('’', "'").to_lowercase().chars().map(plain).collect();
    format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What was said later wins; of a record in pieces, each part that is said, so that the rest stays.
pub(super) fn joined(known: Value, later: Value) -> Value {
    match (known, later) {
        (Value::Object(mut known), Value::Object(later))
            if later.values().any(Value::is_null) && !is_other(&known, &later) =>
        {
            known.extend(later.into_iter().filter(|(_, value)| !value.is_null()));
            Value::Object(known)
        }
        (_, later) => later,
    }
}

/// Whether a whole address at another street, or number, takes the place of the one before.
fn is_other(known: &Map<String, Value>, later: &Map<String, Value>) -> bool {
    let says = |name: &str| later.get(name).is_some_and(|value| !value.is_null());
    says("address1") && says("zip") && says("city") && later.get("address1") != known.get("address1")
}

pub(super) fn is_own(said: &Said, ask: &Ask) -> bool {
    said.slot.as_deref().is_some_and(|slot| slot == ask.slot || slot == EVERY_SLOT)
}

pub(super) fn heard_as(said: &Said, ask: &Ask) -> Heard {
    if is_own(said, ask) { Heard::Answering } else { Heard::Aside }
}

pub(super) fn hears(said: &Said, ask: &Ask) -> bool {
    said.slot.as_ref().is_none_or(|slot| *slot == ask.slot || slot == EVERY_SLOT || ask.hears.contains(slot))
}

/// What was said that may bear on a slot, and how many of the last ones answer it directly.
pub(super) fn heard(frame: &Frame, ask: &Ask) -> (Vec<String>, usize) {
    let spent = frame.spent.get(&ask.slot).copied().unwrap_or_default();
    let relevant: Vec<&Said> = frame.said.iter().skip(spent).filter(|said| hears(said, ask)).collect();
    let direct = relevant.iter().position(|said| is_own(said, ask)).map_or(0, |first| relevant.len() - first);
    (relevant.into_iter().map(|said| said.text.clone()).collect(), direct)
}

/// The one sentence of several that asks.
pub(super) fn only_question(text: &str) -> Option<&str> {
    let mut sentences =
        text.split_inclusive(['.', '!', '?', '\n']).filter(|part| part.chars().any(char::is_alphanumeric));
    let mut asked = sentences.clone().filter(|sentence| sentence.ends_with('?'));
    let (question, more) = (asked.next()?, asked.next());
    (more.is_none() && sentences.nth(1).is_some()).then(|| question.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_is_never_asked_takes_the_newest_words_that_name_an_option() {
        let option = |id: &str, words: &[&str]| OptionSpec {
            id: id.to_owned(),
            label: None,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let options = [option("paid", &["paid so far", "have i paid"]), option("next", &["after the"])];
        let said = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(spotted(&said(&["What HAVE I paid?"]), &options), Some("paid"));
        assert_eq!(spotted(&said(&["have I paid", "and the one after the lamp"]), &options), Some("next"));
        assert_eq!(spotted(&said(&["have I paid", "thanks"]), &options), Some("paid"));
        assert_eq!(spotted(&said(&["thereafter theory"]), &options), None, "words count whole");
    }
}
