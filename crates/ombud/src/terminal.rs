//! How does the program speak? Results on standard output, progress and complaints on standard error.

use std::fmt::{Arguments, Display};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// A line of the result. A reader that has gone away (`| head`) is no error of ours.
pub(crate) fn say(line: Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A part of a line, shown at once.
pub(crate) fn prompt(text: &str) {
    let mut stdout = std::io::stdout();
    let _ = write!(stdout, "{text}");
    let _ = stdout.flush();
}

/// One JSON value on a line of its own.
pub(crate) fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string(value)?);
    Ok(())
}

/// A line for whoever watches, not for whoever reads the result.
pub(crate) fn complain(line: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A spinner on standard error for something that may take seconds; nothing when nobody watches.
pub(crate) fn spinner(doing: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(doing.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar on standard error for so many things; nothing when nobody watches.
pub(crate) fn bar(all: usize, doing: &str) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(all).unwrap_or(u64::MAX)).with_message(doing.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed}, {eta} left)") {
        bar.set_style(style);
    }
    bar
}

/// Text that stands out where the output is a terminal.
pub(crate) fn bold(text: impl Display) -> String {
    if std::io::stdout().is_terminal() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() }
}

/// Text that stands back where the output is a terminal.
pub(crate) fn dim(text: impl Display) -> String {
    if std::io::stdout().is_terminal() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_string() }
}
