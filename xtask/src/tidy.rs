//! Which rules of the house does no compiler know? One file per rule, each with an example that breaks it.

mod changelog;
mod core;
mod dependencies;
mod documents;
mod errors;
mod exports;
mod invariants;
mod locales;
mod migrations;
mod neutrality;
mod sizes;
mod texts;
mod vocabulary;

use std::fmt;

use anyhow::bail;
use clap::Args;

use crate::source::RustSource;
use crate::terminal::say;
use crate::workspace::Workspace;

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Check one rule only, by its name
    #[arg(long, value_name = "RULE")]
    only: Option<String>,
}

/// What a rule looks at.
pub(crate) struct Repository<'a> {
    pub(crate) workspace: &'a Workspace,
    /// All files, relative to the root.
    pub(crate) files: Vec<String>,
    /// All Rust files, lexed.
    pub(crate) sources: Vec<RustSource>,
}

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) path: String,
    /// Counted from one; zero when the whole file is meant.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Breach {
    pub(crate) fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.message),
            line => write!(formatter, "{}:{line}: {}", self.path, self.message),
        }
    }
}

struct Rule {
    name: &'static str,
    check: fn(&Repository<'_>) -> anyhow::Result<Vec<Breach>>,
}

const RULES: &[Rule] = &[
    Rule { name: "dependencies", check: dependencies::check },
    Rule { name: "core", check: core::check },
    Rule { name: "sizes", check: sizes::check },
    Rule { name: "exports", check: exports::check },
    Rule { name: "documents", check: documents::check },
    Rule { name: "errors", check: errors::check },
    Rule { name: "invariants", check: invariants::check },
    Rule { name: "migrations", check: migrations::check },
    Rule { name: "locales", check: locales::check },
    Rule { name: "neutrality", check: neutrality::check },
    Rule { name: "vocabulary", check: vocabulary::check },
    Rule { name: "texts", check: texts::check },
    Rule { name: "changelog", check: changelog::check },
];

/// Checks every rule and lists every breach, not only the first.
///
/// # Errors
/// When a rule is broken, or a file cannot be read: whoever made the change can fix both.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let (repository, mut breaches) = read(workspace)?;
    let chosen: Vec<&Rule> =
        RULES.iter().filter(|rule| options.only.as_deref().is_none_or(|only| only == rule.name)).collect();
    if chosen.is_empty() {
        let names = RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ");
        bail!("no such rule; choose one of: {names}");
    }
    for rule in &chosen {
        breaches.extend((rule.check)(&repository)?);
    }
    for breach in &breaches {
        say(breach);
    }
    if !breaches.is_empty() {
        bail!("tidy found {} place(s) to mend", breaches.len());
    }
    let (files, rust) = (repository.files.len(), repository.sources.len());
    say(format_args!("tidy: {} rules hold in {files} files, {rust} of them Rust", chosen.len()));
    Ok(())
}

fn read(workspace: &Workspace) -> anyhow::Result<(Repository<'_>, Vec<Breach>)> {
    let files = workspace.files()?;
    let mut sources = Vec::new();
    let mut breaches = Vec::new();
    for path in files.iter().filter(|path| path.ends_with(".rs")) {
        match RustSource::parse(path, &workspace.read(path)?) {
            Ok(source) => sources.push(source),
            // Compile-fail fixtures may be broken on purpose; everything else must lex.
            Err(_) if path.contains("/tests/") => {}
            Err(error) => breaches.push(Breach::new(path, 0, error.to_string())),
        }
    }
    Ok((Repository { workspace, files, sources }, breaches))
}
