//! On which line of a file does something stand?

/// The first line that holds a text, from 1; 0 where none does.
pub(crate) fn line_of(source: &str, text: &str) -> usize {
    source.lines().position(|line| line.contains(text)).map_or(0, |index| index + 1)
}

/// The line that the YAML reader names, and the first line of what it says.
pub(crate) fn of_yaml(error: &serde_saphyr::Error) -> (usize, String) {
    let line = error.location().map_or(0, |location| usize::try_from(location.line()).unwrap_or(0));
    let full = error.to_string();
    (line, full.lines().next().unwrap_or("cannot be read as YAML").trim().to_owned())
}
