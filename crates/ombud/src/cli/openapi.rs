//! The OpenAPI document.

use anyhow::Context as _;

use super::Outcome;
use crate::terminal::say;

pub(super) fn run() -> anyhow::Result<Outcome> {
    let document = ombud_http::openapi::document().to_pretty_json().context("the document cannot be written")?;
    say(format_args!("{document}"));
    Ok(Outcome::Done)
}
