//! What does a program read that runs this one with `--json`, and it fails? One object on standard error; standard output
//! holds results alone.

use std::path::Path;

use ombud_policy::PackProblem;
use serde::Serialize;

use crate::config::ConfigError;
use crate::packs::PackError;
use crate::terminal::complain;

/// Why a subcommand failed.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    error: Fault,
}

#[derive(Debug, Default, Serialize)]
struct Fault {
    /// Stable: `arguments_wrong`, `config_unreadable`, `config_wrong`, `config_value_wrong`, `config_missing`, `pack_absent`, `pack_unreadable`,
    /// `pack_wrong` or `failed`.
    code: &'static str,
    /// For people; the same as without `--json`.
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// All of them, where a pack is wrong; the first one is that of `file` and `line`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<PackProblem>,
}

impl Failure {
    /// Prints it.
    pub(super) fn say(&self) {
        if let Ok(told) = serde_json::to_string(self) {
            complain(format_args!("{told}"));
        }
    }
}

/// Of arguments that are wrong.
pub(super) fn of_arguments(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default().trim();
    let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    Failure { error: Fault { code: "arguments_wrong", message, ..Fault::default() } }
}

/// Of whatever went wrong later.
pub(super) fn of(error: &anyhow::Error) -> Failure {
    let known = error.chain().find_map(|cause| {
        let of_config = cause.downcast_ref().map(of_config);
        of_config.or_else(|| cause.downcast_ref().map(of_pack))
    });
    let fault = known.unwrap_or(Fault { code: "failed", ..Fault::default() });
    Failure { error: Fault { message: format!("{error:#}"), ..fault } }
}

fn of_config(error: &ConfigError) -> Fault {
    match error {
        ConfigError::File { path, .. } => Fault { code: "config_unreadable", file: named(path), ..Fault::default() },
        ConfigError::Syntax { path, line, .. } => {
            Fault { code: "config_wrong", file: named(path), line: Some(*line), ..Fault::default() }
        }
        ConfigError::Value { .. } => Fault { code: "config_value_wrong", ..Fault::default() },
        ConfigError::Missing { .. } => Fault { code: "config_missing", ..Fault::default() },
    }
}

fn of_pack(error: &PackError) -> Fault {
    match error {
        PackError::Absent(path) => Fault { code: "pack_absent", file: Some(path.clone()), ..Fault::default() },
        PackError::File { path, .. } => Fault { code: "pack_unreadable", file: named(path), ..Fault::default() },
        PackError::TooManyFiles(path) => {
            Fault { code: "pack_unreadable", file: Some(path.clone()), ..Fault::default() }
        }
        PackError::Wrong(problems) => {
            let first = problems.first();
            Fault {
                code: "pack_wrong",
                file: first.map(|problem| problem.file.clone()),
                line: first.map(|problem| problem.line).filter(|line| *line > 0),
                problems: problems.clone(),
                ..Fault::default()
            }
        }
    }
}

fn named(path: &Path) -> Option<String> {
    Some(path.display().to_string())
}
