//! What tests of the interpreters are taught: two classes of everything, which lie apart in the first number of a vector.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Across, HARMLESS, Interpreters, PhraseFile, Says, Taught};
use crate::classify::{Example, Vectors};
use crate::understand::{Act, Moment, ReplyExample};

/// Every text has this vector, whatever its words.
pub(super) struct Meant(pub [f32; 2]);

/// Means a question, a yes and no distress ...
pub(super) const FIRST: [f32; 2] = [0.9, 0.1];
/// ... and a detail, a no and an illness.
pub(super) const SECOND: [f32; 2] = [0.1, 0.9];

impl Vectors for Meant {
    fn of(&self, _: &str) -> Option<Arc<[f32]>> {
        Some(self.0.into())
    }
}

/// So many lessons of each kind, of the two classes by turns.
pub(super) fn told(locale: &str, count: usize) -> Taught {
    let example = |class: &str, i: usize| Example { class: class.to_owned(), text: format!("brauchst du das {i}") };
    Taught {
        locale: locale.to_owned(),
        requests: (0..count).map(|i| example(["ask", "detail"][i % 2], i)).collect(),
        replies: (0..count)
            .map(|i| ReplyExample {
                moment: Moment::Proposal,
                shown: String::new(),
                reply: format!("ja {i}"),
                act: [Act::Accept, Act::Decline][i % 2],
            })
            .collect(),
        care: (0..count).map(|i| example([HARMLESS, "illness"][i % 2], i)).collect(),
        ..Taught::default()
    }
}

/// Readers of German, which is taught these lines (class and text) too.
pub(super) fn german(lines: &[(&str, &str)]) -> Interpreters {
    let line = |(class, text): &(&str, &str)| Example { class: (*class).to_owned(), text: (*text).to_owned() };
    let mut own = told("de", 60);
    own.requests.extend(lines.iter().map(line));
    let taught = [told("en", 60), own];
    let lessons = Across::lessons(&taught).len();
    let vectors: Vec<[f32; 2]> = (0..lessons).map(|i| if i % 2 == 0 { FIRST } else { SECOND }).collect();
    let list = |phrases: &[&str]| phrases.iter().map(|phrase| (*phrase).to_owned()).collect::<Vec<_>>();
    let phrases = [
        (Says::Yes, list(&["ja", "gerne", "ja mach das"])),
        (Says::No, list(&["nein"])),
        (Says::NoAhead, list(&["nein"])),
        (Says::Hold, list(&["aber"])),
        (Says::All, list(&["alle drei"])),
        (Says::Only, list(&["nur", "nichts außer"])),
        (Says::Without, list(&["nicht", "ohne", "außer"])),
        (Says::Keeps, list(&["behalte", "behalten"])),
        (Says::Cancel, list(&["vergiss es"])),
        (Says::InGeneral, list(&["ich frage nur allgemein"])),
    ];
    let file = PhraseFile { locale: "de".to_owned(), phrases: phrases.into(), signs: BTreeMap::new() };
    let across = Across::learn(&taught, &vectors).unwrap();
    Interpreters::new(across, &[file]).with_words(&taught).with_lines(&taught)
}
