//! Is what must hold guarded? Each comment that says so names a test that exists.

use std::collections::BTreeSet;

use super::{Breach, Repository};

/// Marks what must hold; taken apart so that this file does not mark itself.
const MARK: &str = concat!("INVARIANT", ":");

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let functions = repository.sources.iter().flat_map(|source| &source.functions);
    let functions: BTreeSet<&str> = functions.map(|function| function.name.as_str()).collect();
    let mut breaches = Vec::new();
    for path in repository.files.iter().filter(|path| path.ends_with(".rs") && !path.starts_with("xtask/")) {
        breaches.extend(breaches_of(path, &repository.workspace.read(path)?, &functions));
    }
    Ok(breaches)
}

fn breaches_of(path: &str, text: &str, functions: &BTreeSet<&str>) -> Vec<Breach> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut breaches = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(MARK)) {
        let rest = lines.get(index + 1..).unwrap_or_default();
        let more = rest.iter().take_while(|next| next.starts_with("//") && !next.contains(MARK));
        let comment: Vec<&str> = std::iter::once(line).chain(more).copied().collect();
        let comment = comment.join(" ");
        let mut names = comment.split('`').skip(1).step_by(2);
        if !names.any(|name| functions.contains(name)) {
            let message = format!("`{MARK}` names no test that exists: end with (test: `its_name`)");
            breaches.push(Breach::new(path, index + 1, message));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(comment: &str) -> usize {
        let functions = BTreeSet::from(["money_is_never_lost"]);
        breaches_of("crates/ombud-domain/src/money.rs", comment, &functions).len()
    }

    #[test]
    fn an_invariant_names_a_test_that_exists() {
        assert_eq!(breaches("/// INVARIANT: nothing is lost (test: `money_is_never_lost`)."), 0);
        assert_eq!(breaches("//! INVARIANT: nothing is lost\n//! (test: `money_is_never_lost`)."), 0);
    }

    #[test]
    fn an_invariant_without_a_living_test_is_found() {
        assert_eq!(breaches("/// INVARIANT: nothing is lost."), 1);
        assert_eq!(breaches("/// INVARIANT: nothing is lost (test: `money_is_sometimes_lost`)."), 1);
        assert_eq!(breaches("/// INVARIANT: a.\n/// INVARIANT: b (test: `money_is_never_lost`)."), 1);
    }
}
