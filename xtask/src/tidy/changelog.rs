//! Does the next release have a place for its notes?

use super::{Breach, Repository};

const PATH: &str = "CHANGELOG.md";

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let text = if repository.workspace.has(PATH) { repository.workspace.read(PATH)? } else { String::new() };
    Ok(breaches_of(&text))
}

fn breaches_of(text: &str) -> Vec<Breach> {
    let section = text.lines().skip_while(|line| line.trim() != "## Unreleased").skip(1);
    let mut entries = section.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("- "));
    match entries.next() {
        Some(_) => Vec::new(),
        None => vec![Breach::new(PATH, 0, "needs a section `## Unreleased` with at least one entry (`- ...`)")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_needs_an_unreleased_section_with_an_entry() {
        assert!(breaches_of("# Changelog\n\n## Unreleased\n\n- Something.\n").is_empty());
        assert_eq!(breaches_of("# Changelog\n\n## Unreleased\n\n## 0.1.0\n- Old.\n").len(), 1);
        assert_eq!(breaches_of("").len(), 1);
    }
}
