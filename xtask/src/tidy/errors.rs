//! Can whoever meets an error code look it up? Each `OM-0000` in the product has a page in `docs/errors`, and each page a code.

use std::collections::BTreeMap;

use super::{Breach, Repository};
use crate::source::{Place, RustSource};

const FOLDER: &str = "docs/errors/";
const PREFIX: &str = "OM-";
const DIGITS: usize = 4;

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let pages = repository.files.iter().filter_map(|path| path.strip_prefix(FOLDER)?.strip_suffix(".md"));
    let product = repository.sources.iter().filter(|source| source.path.starts_with("crates/"));
    let mut codes = BTreeMap::new();
    for source in product {
        for (code, line) in codes_of(source) {
            codes.entry(code).or_insert_with(|| (source.path.clone(), line));
        }
    }
    Ok(breaches_of(&codes, &pages.filter(|page| page.starts_with(PREFIX)).collect::<Vec<_>>()))
}

fn breaches_of(codes: &BTreeMap<String, (String, usize)>, pages: &[&str]) -> Vec<Breach> {
    let undocumented = codes.iter().filter(|(code, _)| !pages.contains(&code.as_str())).map(|(code, (path, line))| {
        Breach::new(
            path,
            *line,
            format!("`{code}` has no page `{FOLDER}{code}.md`: what happened, who can fix it, how"),
        )
    });
    let unused = pages
        .iter()
        .filter(|page| !codes.contains_key(**page))
        .map(|page| Breach::new(&format!("{FOLDER}{page}.md"), 0, "no code of the product has this number any more"));
    undocumented.chain(unused).collect()
}

/// Codes in product code; `OM-0000` itself stands for any code.
fn codes_of(source: &RustSource) -> Vec<(String, usize)> {
    let mut codes = Vec::new();
    for word in source.words.iter().filter(|word| word.place == Place::Product) {
        for (at, _) in word.text.match_indices(PREFIX) {
            let digits = word.text.get(at + PREFIX.len()..at + PREFIX.len() + DIGITS).unwrap_or_default();
            if digits.len() == DIGITS && digits.chars().all(|digit| digit.is_ascii_digit()) && digits != "0000" {
                codes.push((format!("{PREFIX}{digits}"), word.line));
            }
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(text: &str, pages: &[&str]) -> usize {
        let source = RustSource::parse("crates/ombud-http/src/problem.rs", text).unwrap();
        let codes = codes_of(&source).into_iter().map(|(code, line)| (code, (source.path.clone(), line))).collect();
        breaches_of(&codes, pages).len()
    }

    #[test]
    fn a_code_needs_a_page_and_a_page_a_code() {
        let text = "const NOT_FOUND: &str = \"OM-0404\";";
        assert_eq!(breaches(text, &["OM-0404"]), 0);
        assert_eq!(breaches(text, &[]), 1);
        assert_eq!(breaches("", &["OM-0404"]), 1);
    }

    #[test]
    fn the_pattern_and_tests_need_no_page() {
        assert_eq!(breaches("const PATTERN: &str = \"OM-0000\";", &[]), 0);
        assert_eq!(breaches("#[cfg(test)] mod tests { const A: &str = \"OM-9999\"; }", &[]), 0);
    }
}
