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
    use crate::interpret::fixture::{FIRST, german};

    fn read(lines: &[(&str, &str)], text: &str) -> (String, f32) {
        let readers = german(lines);
        let reader = readers.of("de").unwrap();
        let by_meaning = reader.across.requests.read("de", (text, &FIRST), 0);
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
