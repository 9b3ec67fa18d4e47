//! What is wrong with a pack, and where?

use serde::Serialize;

/// One problem of a pack, at a file and line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackProblem {
    /// Path inside the packs folder, with `/`.
    pub file: String,
    /// Line from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for PackProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl PackProblem {
    /// A problem at the first line of `source` that holds `needle`.
    #[must_use]
    pub fn at(file: &str, source: &str, needle: &str, message: String) -> Self {
        let line = source.lines().position(|line| line.contains(needle)).map_or(0, |index| index + 1);
        Self { file: file.to_owned(), line, message }
    }

    /// A problem reported by the YAML reader.
    #[must_use]
    pub fn of_yaml(file: &str, error: &serde_saphyr::Error) -> Self {
        let line = error.location().map_or(0, |location| usize::try_from(location.line()).unwrap_or(0));
        let full = error.to_string();
        let message = full.lines().next().unwrap_or("cannot be read as YAML").trim().to_owned();
        Self { file: file.to_owned(), line, message }
    }
}
