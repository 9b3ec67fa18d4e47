//! Can a reader see what a crate offers? Every re-export is named.

use super::{Breach, Repository};

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for path in repository.files.iter().filter(|path| path.ends_with(".rs") && path.contains("/src/")) {
        breaches.extend(breaches_of(path, &repository.workspace.read(path)?));
    }
    Ok(breaches)
}

fn breaches_of(path: &str, text: &str) -> Vec<Breach> {
    let globs = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        line.starts_with("pub use ") && line.ends_with("::*;")
    });
    globs
        .map(|(index, _)| Breach::new(path, index + 1, "a glob re-export hides what is offered: name each item"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_re_exports_are_found() {
        assert_eq!(breaches_of("crates/a/src/lib.rs", "mod a;\npub use a::*;\n").len(), 1);
        assert!(breaches_of("crates/a/src/lib.rs", "pub use a::{B, C};\nuse a::*;\n").is_empty());
    }
}
