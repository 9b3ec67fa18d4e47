//! What does a line of a file of labelled texts say? One JSON object a line; which fields it has tells what it is.

use serde_json::Value;

/// Names of the fields that tell the intent.
const INTENT: [&str; 3] = ["category", "label", "intent"];

/// What is wrong with a file; whoever names it can put it right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// A line is no JSON object.
    #[error("line {line} is no JSON object: {cause}")]
    Malformed {
        /// Counted from one.
        line: usize,
        /// What the reader says.
        cause: String,
    },
    /// A field is missing or of another kind.
    #[error("line {line} needs {wanted}")]
    Missing {
        /// Counted from one.
        line: usize,
        /// Which fields would do.
        wanted: &'static str,
    },
    /// Nothing to read.
    #[error("the file is empty, one JSON object a line is wanted")]
    Empty,
}

/// A JSON object with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Counted from one.
    pub number: usize,
    value: Value,
}

/// A text with its intents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// What was written.
    pub text: String,
    /// What it asks for; usually one.
    pub intents: Vec<String>,
    /// Its language, if the file says so.
    pub language: Option<String>,
}

/// The objects of a file; empty lines are skipped.
///
/// # Errors
/// [`FileFault`], for whoever names the file.
pub fn lines(text: &str) -> Result<Vec<Line>, FileFault> {
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let malformed = |cause: String| FileFault::Malformed { line, cause };
        let value: Value = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if !value.is_object() {
            return Err(malformed("it is another value".to_owned()));
        }
        found.push(Line { number: line, value });
    }
    if found.is_empty() { Err(FileFault::Empty) } else { Ok(found) }
}

impl Line {
    /// A text field, if there is one of this name.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value.get(field)?.as_str()
    }

    /// The texts of a field that is a list of texts, if there is one of this name.
    #[must_use]
    pub fn texts(&self, field: &str) -> Option<Vec<String>> {
        self.value.get(field)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// Any value, by the names of the fields on the way to it.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.value, |value, field| value.get(field))
    }

    /// The error for a line without what is wanted.
    #[must_use]
    pub const fn missing(&self, wanted: &'static str) -> FileFault {
        FileFault::Missing { line: self.number, wanted }
    }

    fn intents(&self) -> Option<Vec<String>> {
        let one = INTENT.iter().find_map(|field| self.text(field)).map(|intent| vec![intent.to_owned()]);
        one.or_else(|| self.texts("intents"))
    }
}

/// The lines of a file as texts with intents. In a file of lists of intents a text without a list has none.
///
/// # Errors
/// [`FileFault::Missing`], for whoever names the file.
pub fn labelled(lines: &[Line]) -> Result<Vec<Labelled>, FileFault> {
    let has_lists = lines.iter().any(|line| line.texts("intents").is_some());
    let one = |line: &Line| {
        let intents = line.intents().or_else(|| has_lists.then(Vec::new));
        let wanted =
            "the fields `text` and one of `category`, `label`, `intent` (a text) or `intents` (a list of texts)";
        let (text, intents) = line.text("text").zip(intents).ok_or(line.missing(wanted))?;
        Ok(Labelled { text: text.to_owned(), intents, language: line.text("lang").map(str::to_owned) })
    };
    lines.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Labelled>, FileFault> {
        labelled(&lines(text)?)
    }

    #[test]
    fn every_name_of_an_intent_is_read_and_a_list_of_them() {
        let text = "{\"text\":\"a\",\"category\":\"x\"}\n\n{\"text\":\"b\",\"label\":\"y\",\"lang\":\"de\"}\n{\"text\":\"c\",\"intents\":[\"x\",\"y\"]}\n";
        let read = read(text).unwrap();
        assert_eq!(read.iter().map(|one| one.intents.join("+")).collect::<Vec<_>>(), ["x", "y", "x+y"]);
        assert_eq!(read[1].language.as_deref(), Some("de"));
        let lists = self::read("{\"text\":\"at 9\"}\n{\"text\":\"c\",\"intents\":[\"x\"]}").unwrap();
        assert!(lists[0].intents.is_empty(), "among lists a line without one has no intent");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert!(told("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":").starts_with("line 2 is no JSON object"));
        assert!(told("[1]").starts_with("line 1 is no JSON object"));
        assert!(told("{\"text\":\"a\"}").starts_with("line 1 needs the fields `text`"));
        assert_eq!(read(" \n"), Err(FileFault::Empty));
    }
}
