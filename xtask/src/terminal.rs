//! How does xtask speak? Words for people go to standard output, complaints to standard error.

use std::fmt::Display;
use std::io::Write as _;

/// Prints one line. A closed pipe is no reason to stop half way through a build.
pub(crate) fn say(line: impl Display) {
    let mut stdout = std::io::stdout().lock();
    let _closed_pipe = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Prints one line to standard error.
pub(crate) fn warn(line: impl Display) {
    let mut stderr = std::io::stderr().lock();
    let _closed_pipe = writeln!(stderr, "{line}").and_then(|()| stderr.flush());
}
