//! What a long test is told, and how it tells what it found: whatever the runner captures, its figures are read.

use std::str::FromStr;

use anyhow::bail;

/// A number above zero from the environment.
pub fn number<N: FromStr + PartialOrd + From<u8>>(name: &str, default: N) -> anyhow::Result<N> {
    match setting(name).map(|text| text.parse()) {
        None => Ok(default),
        Some(Ok(number)) if number > N::from(0) => Ok(number),
        Some(_) => bail!("{name} is a whole number above 0"),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Prints.
pub fn say(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
