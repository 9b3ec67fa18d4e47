//! Is a file or function too long to be read in one sitting?

use super::{Breach, Repository};
use crate::source::RustSource;

/// Lines of a Rust file without its inline tests.
const FILE_LINES_MAX: usize = 600;
/// Lines of a function's body that hold code; clippy.toml has the same bound.
const FUNCTION_LINES_MAX: usize = 70;
/// Folders below `src`.
const FOLDERS_MAX: usize = 4;

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    Ok(repository.sources.iter().flat_map(breaches_of).collect())
}

fn breaches_of(source: &RustSource) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let path = source.path.as_str();
    if source.lines > FILE_LINES_MAX && !path.contains("/tests/") {
        let message = format!("{} lines without tests, at most {FILE_LINES_MAX}: split it by question", source.lines);
        breaches.push(Breach::new(path, 0, message));
    }
    for function in source.functions.iter().filter(|function| function.code_lines > FUNCTION_LINES_MAX) {
        let message =
            format!("`{}` has {} lines of code, at most {FUNCTION_LINES_MAX}", function.name, function.code_lines);
        breaches.push(Breach::new(path, function.line, message));
    }
    let below = path.split_once("/src/").map_or(0, |(_, rest)| rest.matches('/').count());
    if below > FOLDERS_MAX {
        breaches.push(Breach::new(path, 0, format!("{below} folders below src, at most {FOLDERS_MAX}")));
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> Vec<Breach> {
        breaches_of(&RustSource::parse(path, text).unwrap())
    }

    fn file_of(lines: usize) -> String {
        "const A: u8 = 1;\n".repeat(lines)
    }

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    work();\n".repeat(lines))
    }

    #[test]
    fn a_file_may_have_six_hundred_lines_and_no_more() {
        assert!(breaches("crates/a/src/lib.rs", &file_of(600)).is_empty());
        assert_eq!(breaches("crates/a/src/lib.rs", &file_of(601)).len(), 1);
    }

    #[test]
    fn inline_tests_are_not_counted() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", file_of(300));
        assert!(breaches("crates/a/src/lib.rs", &(file_of(500) + &tests)).is_empty());
    }

    #[test]
    fn a_function_may_have_seventy_lines_and_no_more() {
        assert!(breaches("crates/a/src/lib.rs", &function_of(70)).is_empty());
        assert_eq!(breaches("crates/a/src/lib.rs", &function_of(71)).len(), 1);
    }

    #[test]
    fn a_fifth_folder_below_src_is_too_deep() {
        assert!(breaches("crates/a/src/1/2/3/4/a.rs", "").is_empty());
        assert_eq!(breaches("crates/a/src/1/2/3/4/5/a.rs", "").len(), 1);
    }
}
