//! Does a document name something that does not exist? Docs age silently; dead names are the first sign.

use std::collections::BTreeSet;

use clap::CommandFactory as _;

use super::{Breach, Repository};

/// Documents whose every name must exist.
const CHECKED: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "docs/ARCHITECTURE.md",
    "docs/EVALUATION.md",
    "docs/GLOSSARY.md",
    "docs/TRUST.md",
];
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
/// First parts of a path in this repository, whether or not the folder exists today.
const ROOT_FOLDERS: &[&str] =
    &["crates", "docs", "packs", "web", "xtask", "schemas", "tests", "benches", ".ci", ".cargo"];
const FILE_ENDINGS: &[&str] = &["rs", "md", "toml", "yaml", "json", "sql", "cedar", "ts", "tsx", "css", "html"];
/// What is planned may be named where the heading says so.
const PLANNED: &str = "Not yet";

/// What exists, to compare names with.
#[derive(Default)]
struct Known {
    files: BTreeSet<String>,
    base_names: BTreeSet<String>,
    crates: BTreeSet<String>,
    /// Identifiers of the Rust sources.
    identifiers: BTreeSet<String>,
    /// Commands of xtask.
    commands: BTreeSet<String>,
    /// All texts that are not documents, for names of settings, columns and keys.
    texts: String,
}

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let known = Known::read(repository)?;
    let mut breaches = Vec::new();
    for path in CHECKED {
        if !repository.workspace.has(path) {
            breaches.push(Breach::new(path, 0, "is missing"));
            continue;
        }
        let text = repository.workspace.read(path)?;
        breaches.extend(dead_names(path, &text, &known));
        if *path == ARCHITECTURE {
            let unnamed = known.crates.iter().filter(|name| !text.contains(&format!("`{name}`")));
            breaches.extend(unnamed.map(|name| Breach::new(path, 0, format!("does not name the crate `{name}`"))));
        }
    }
    for path in repository.files.iter().filter(|path| path.ends_with(".md") && !path.contains("/knowledge/")) {
        breaches.extend(dead_links(path, &repository.workspace.read(path)?, &known));
    }
    Ok(breaches)
}

impl Known {
    fn read(repository: &Repository<'_>) -> anyhow::Result<Self> {
        let mut known = Self::default();
        for path in &repository.files {
            known.base_names.extend(path.rsplit('/').next().map(str::to_owned));
            known.files.insert(path.clone());
            let is_document = path.ends_with(".md") || path.ends_with(".lock") || path.ends_with("-lock.json");
            let is_small_text = FILE_ENDINGS.iter().any(|ending| path.ends_with(&format!(".{ending}")));
            if is_small_text && !is_document || path == ".ci/run" {
                known.texts.push_str(&repository.workspace.read(path)?);
            }
        }
        known.crates.extend(repository.workspace.crates()?.into_keys());
        let words = repository.sources.iter().flat_map(|source| &source.words);
        known.identifiers.extend(words.map(|word| word.text.clone()));
        let arguments = crate::Arguments::command();
        known.commands.extend(arguments.get_subcommands().map(|command| command.get_name().to_owned()));
        Ok(known)
    }

    /// Whether a path, which may hold `*` and `<name>` for one part, leads to a file or folder.
    fn has_path(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        self.files.iter().any(|file| {
            let mut parts = file.split('/');
            wanted.iter().all(|part| parts.next().is_some_and(|found| part_matches(part, found)))
        })
    }
}

fn part_matches(wanted: &str, found: &str) -> bool {
    let (Some(start), Some(end)) = (wanted.find(['*', '<']), wanted.rfind(['*', '>'])) else {
        return wanted == found;
    };
    let (before, after) = (wanted.get(..start).unwrap_or_default(), wanted.get(end + 1..).unwrap_or_default());
    found.len() >= before.len() + after.len() && found.starts_with(before) && found.ends_with(after)
}

fn dead_names(path: &str, text: &str, known: &Known) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let (mut fenced, mut planned_at) = (false, None);
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let depth = line.chars().take_while(|letter| *letter == '#').count();
        if depth > 0 && !fenced && planned_at.is_none_or(|at| depth <= at) {
            planned_at = line.contains(PLANNED).then_some(depth);
        }
        if planned_at.is_some() {
            continue;
        }
        let names: Vec<&str> = if fenced { vec![line.trim()] } else { line.split('`').skip(1).step_by(2).collect() };
        for name in names {
            if let Some(why) = why_dead(name, known) {
                breaches.push(Breach::new(path, index + 1, why));
            }
        }
    }
    breaches
}

/// Why this name is dead, or nothing when it lives or is not a name of ours.
fn why_dead(name: &str, known: &Known) -> Option<String> {
    if let Some(rest) = name.strip_prefix("cargo xtask ") {
        let command = rest.split_whitespace().next().unwrap_or_default();
        return (!known.commands.contains(command)).then(|| format!("`cargo xtask {command}` is no command"));
    }
    if let Some(rest) = name.strip_prefix("ombud ") {
        let command = rest.split_whitespace().next().unwrap_or_default();
        let is_known = known.identifiers.contains(&camel_case(command)) || command.starts_with('-');
        return (!is_known).then(|| format!("`ombud {command}` is no command"));
    }
    if name.contains([' ', '(', '=', '"', ':']) {
        return None;
    }
    if let Some((first, _)) = name.split_once('/') {
        let is_ours = ROOT_FOLDERS.contains(&first);
        let dead = alternatives(name).into_iter().find(|path| is_ours && !known.has_path(path));
        return dead.map(|path| format!("`{path}` does not exist"));
    }
    let dead = match name.rsplit_once('.') {
        Some((_, ending)) if FILE_ENDINGS.contains(&ending) => {
            !known.base_names.iter().any(|base| part_matches(name, base))
        }
        Some(_) => false,
        None if name.starts_with("ombud-") => !known.crates.contains(name) && !known.texts.contains(name),
        None if is_type_name(name) => !known.identifiers.contains(name),
        None if is_long_name(name) => !known.identifiers.contains(name) && !known.texts.contains(name),
        None => false,
    };
    dead.then(|| format!("`{name}` does not exist"))
}

/// `a/{b,c}.rs` means `a/b.rs` and `a/c.rs`.
fn alternatives(path: &str) -> Vec<String> {
    let parts =
        path.split_once('{').and_then(|(before, rest)| rest.split_once('}').map(|(list, after)| (before, list, after)));
    match parts {
        Some((before, list, after)) => list.split(',').map(|one| format!("{before}{}{after}", one.trim())).collect(),
        None => vec![path.to_owned()],
    }
}

fn is_type_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.next().is_some_and(|second| second.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric())
}

/// A name of two words or more, such as a function, a test, a setting or a column.
fn is_long_name(name: &str) -> bool {
    name.contains('_') && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn camel_case(command: &str) -> String {
    let words = command.split('-').filter_map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    });
    words.collect()
}

/// Links `[words](target)` to files that do not exist.
fn dead_links(path: &str, text: &str, known: &Known) -> Vec<Breach> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut breaches = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") || target.starts_with('/') {
                continue;
            }
            if !known.has_path(&joined(folder, file)) {
                breaches.push(Breach::new(path, index + 1, format!("links to `{file}`, which does not exist")));
            }
        }
    }
    breaches
}

fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Known {
            files: set(&["crates/ombud-turn/src/turn.rs", "crates/ombud-turn/src/intake.rs", "docs/GLOSSARY.md"]),
            base_names: set(&["turn.rs", "intake.rs", "GLOSSARY.md"]),
            crates: set(&["ombud-turn"]),
            identifiers: set(&["Money", "Demo", "refund_over_limit_goes_to_a_person"]),
            commands: set(&["demo", "test"]),
            texts: "OMBUD_DATA".to_owned(),
        }
    }

    fn dead(text: &str) -> usize {
        dead_names("README.md", text, &known()).len()
    }

    #[test]
    fn names_that_exist_are_fine() {
        assert_eq!(dead("`crates/ombud-turn/src/turn.rs` `crates/*/src/{turn,intake}.rs` `crates/<crate>/src/`"), 0);
        assert_eq!(dead("`turn.rs` `ombud-turn` `Money` `OMBUD_DATA` `refund_over_limit_goes_to_a_person`"), 0);
        assert_eq!(dead("`cargo xtask demo` `ombud demo --listen` `/api/v1` `GET`"), 0);
    }

    #[test]
    fn dead_paths_and_files_are_found() {
        assert_eq!(dead("`crates/ombud-turn/src/safety.rs`"), 1);
        assert_eq!(dead("`crates/ombud-turn/src/{turn,safety}.rs`"), 1);
        assert_eq!(dead("`tests/`"), 1);
        assert_eq!(dead("`safety.rs`"), 1);
    }

    #[test]
    fn dead_crates_types_tests_and_settings_are_found() {
        assert_eq!(dead("`ombud-magic`"), 1);
        assert_eq!(dead("`Refund`"), 1);
        assert_eq!(dead("`refund_twice_is_refused` and `OMBUD_MAGIC`"), 2);
    }

    #[test]
    fn dead_commands_are_found_in_fences_too() {
        assert_eq!(dead("```sh\ncargo xtask fly\n```"), 1);
        assert_eq!(dead("`ombud fly`"), 1);
    }

    #[test]
    fn what_is_planned_may_be_named_under_its_heading_only() {
        assert_eq!(dead("## Not yet\n`ombud-magic`\n### Later still\n`Magic`\n"), 0);
        assert_eq!(dead("## Not yet\n`ombud-magic`\n## Now\n`ombud-magic`\n"), 1);
    }

    #[test]
    fn dead_links_are_found() {
        let found = |text| dead_links("docs/ARCHITECTURE.md", text, &known()).len();
        assert_eq!(found("see [glossary](GLOSSARY.md#turn) and [turn](../crates/ombud-turn/src/turn.rs)"), 0);
        assert_eq!(found("see [nothing](NOTHING.md) and [web](https://example.com/x)"), 1);
    }
}
