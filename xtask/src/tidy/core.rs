//! Does a pure crate reach for the outside? Same input, same output, always.

use super::dependencies::PURE;
use super::{Breach, Repository};
use crate::source::{Place, RustSource, Word, WordKind};

/// Modules of the standard library that touch the outside.
const OUTSIDE: &[&str] = &["fs", "net", "env", "process", "thread"];
/// Types that read a clock.
const CLOCKS: &[&str] = &["SystemTime", "Instant"];

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let is_pure =
        |source: &&RustSource| PURE.iter().any(|name| source.path.starts_with(&format!("crates/{name}/src/")));
    Ok(repository.sources.iter().filter(is_pure).flat_map(breaches_of).collect())
}

fn breaches_of(source: &RustSource) -> Vec<Breach> {
    let product: Vec<&Word> = source.words.iter().filter(|word| word.place == Place::Product).collect();
    let mut breaches = Vec::new();
    for (index, word) in product.iter().enumerate() {
        let next = product.get(index + 1);
        if word.kind != WordKind::Identifier {
            continue;
        }
        let message = match next {
            Some(next) if word.text == "std" && OUTSIDE.contains(&next.text.as_str()) => {
                format!("`std::{}` in a pure crate: let an edge do it and hand in the result", next.text)
            }
            _ if CLOCKS.contains(&word.text.as_str()) => {
                format!("`{}` in a pure crate: time arrives as an argument", word.text)
            }
            _ if word.text == "async" => "`async` in a pure crate: nothing waits here".to_owned(),
            _ => continue,
        };
        breaches.push(Breach::new(&source.path, word.line, message));
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(text: &str) -> usize {
        breaches_of(&RustSource::parse("crates/ombud-domain/src/money.rs", text).unwrap()).len()
    }

    #[test]
    fn files_clocks_and_waiting_are_found() {
        assert_eq!(breaches("use std::fs::read;"), 1);
        assert_eq!(breaches("fn now() { let t = std::time::Instant::now(); }"), 1);
        assert_eq!(breaches("async fn wait() {}"), 1);
    }

    #[test]
    fn collections_and_tests_are_fine() {
        assert_eq!(breaches("use std::collections::BTreeMap;"), 0);
        assert_eq!(breaches("#[cfg(test)] mod tests { use std::fs::read; }"), 0);
    }
}
