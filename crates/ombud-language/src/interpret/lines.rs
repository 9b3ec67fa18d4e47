//! Does a message stand among what is taught, word for word? Then whoever wrote the line has said how it is read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::phrases::words;
use super::{Interpreter, Interpreters, Taught};

/// So sure is a reading that a line says.
const SAID: f32 = 0.95;

/// Lines of a language by their words, each with its class; none where two lines of the same words differ.
pub(super) type Lines = BTreeMap<String, Option<String>>;

impl Interpreters {
    /// With what is taught read as the lines say.
    #[must_use]
    pub fn with_lines(mut self, taught: &[Taught]) -> Self {
        for of in taught.iter().filter(|of| self.phrases.contains_key(&of.locale)) {
            let mut lines = Lines::new();
            for example in &of.requests {
                match lines.entry(words(&example.text).join(" ")) {
                    Entry::Vacant(place) => _ = place.insert(Some(example.class.clone())),
                    Entry::Occupied(mut known) if known.get().as_deref() != Some(&example.class) => {
                        known.insert(None);
                    }
                    Entry::Occupied(_) => {}
                }
            }
            self.lines.insert(of.locale.clone(), lines);
        }
        self
    }
}

impl<'a> Interpreter<'a> {
    /// The classes of a text as its meaning tells them, or as a line of these words does.
    pub(super) fn as_taught(&self, text: &str, mut classes: Vec<(&'a str, f32)>) -> Vec<(&'a str, f32)> {
        let line = self.lines.and_then(|lines| lines.get(&words(text).join(" "))?.as_deref());
        let Some(place) = line.and_then(|class| classes.iter().position(|(known, _)| *known == class)) else {
            return classes;
        };
        let (class, p) = classes.remove(place);
        if p < SAID {
            let rest = (1.0 - SAID) / (1.0 - p);
            classes.iter_mut().for_each(|(_, other)| *other *= rest);
        }
        classes.insert(0, (class, p.max(SAID)));
        classes
    }
}

#[cfg(test)]
mod tests {
    use crate::classify::Example;
    use crate::interpret::{Across, HARMLESS, Interpreters, PhraseFile, Says, Taught};
    use crate::understand::{Act, Moment, ReplyExample};

    /// Lines in pairs: by their vectors the first of each is a question and the second a detail.
    fn taught(own: &[(&str, &str)]) -> Vec<Taught> {
        let example = |(class, text): (&str, &str)| Example { class: class.to_owned(), text: text.to_owned() };
        let pairs = (0..60).map(|i| Example { class: ["ask", "detail"][i % 2].to_owned(), text: format!("eins {i}") });
        let of = |locale: &str, own: &[(&str, &str)]| Taught {
            locale: locale.to_owned(),
            requests: pairs.clone().chain(own.iter().copied().map(example)).collect(),
            replies: (0..60)
                .map(|i| ReplyExample {
                    moment: Moment::Proposal,
                    shown: String::new(),
                    reply: format!("ja {i}"),
                    act: [Act::Accept, Act::Decline][i % 2],
                })
                .collect(),
            care: (0..60).map(|i| example(([HARMLESS, "illness"][i % 2], "krank"))).collect(),
            ..Taught::default()
        };
        vec![of("en", &[]), of("de", own)]
    }

    fn read(own: &[(&str, &str)], text: &str) -> (String, f32) {
        let taught = taught(own);
        let vectors: Vec<[f32; 2]> =
            (0..Across::lessons(&taught).len()).map(|i| if i % 2 == 0 { [0.9, 0.1] } else { [0.1, 0.9] }).collect();
        let file = PhraseFile {
            locale: "de".to_owned(),
            phrases: [(Says::Yes, vec!["ja".to_owned()])].into(),
            ..PhraseFile::default()
        };
        let readers = Interpreters::new(Across::learn(&taught, &vectors).unwrap(), &[file]).with_lines(&taught);
        let reader = readers.of("de").unwrap();
        let by_meaning = reader.across.requests.read("de", (text, &[0.9, 0.1]), 0);
        assert_eq!(by_meaning[0].0, "ask");
        let read = reader.as_taught(text, by_meaning);
        assert!((read.iter().map(|(_, p)| p).sum::<f32>() - 1.0).abs() < 1e-3);
        (read[0].0.to_owned(), read[0].1)
    }

    #[test]
    fn what_stands_among_the_lines_is_read_as_they_say_whatever_its_meaning() {
        let lines =
            [("detail", "Ich möchte verschieben."), ("ask", "nur so"), ("ask", "Beides?"), ("detail", "beides")];
        let (class, p) = read(&lines, "ich möchte verschieben");
        assert_eq!(class, "detail");
        assert!(p >= 0.95, "{p}");
        // Other words are read by what they mean, and so is what two lines read differently.
        for other in ["ich möchte morgen verschieben", "beides"] {
            assert_eq!(read(&lines, other).0, "ask", "{other}");
        }
    }
}
