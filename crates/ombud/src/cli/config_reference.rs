//! The configuration reference.

use super::Outcome;
use crate::config::reference;
use crate::terminal::say;

pub(super) fn run() -> Outcome {
    say(format_args!("{}", reference().trim_end()));
    Outcome::Done
}
