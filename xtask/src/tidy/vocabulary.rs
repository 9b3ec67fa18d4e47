//! Does a vendor's name stand outside of the crate that connects?

use super::{Breach, Repository};
use crate::source::{Place, RustSource};

const VENDORS: &[&str] = &[
    "openai",
    "anthropic",
    "claude",
    "gemini",
    "mistral",
    "ollama",
    "vllm",
    "bedrock",
    "zendesk",
    "salesforce",
    "intercom",
    "freshdesk",
    "twilio",
    "stripe",
    "klarna",
    "shopify",
];
/// The crates that connect, and the one file that puts their adapters together.
const MAY_NAME_VENDORS: &[&str] =
    &["crates/ombud-connect/", "crates/ombud-inference/", "crates/ombud/src/wiring.rs", "xtask/"];

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let is_bound = |source: &&RustSource| !MAY_NAME_VENDORS.iter().any(|place| source.path.starts_with(place));
    Ok(repository.sources.iter().filter(is_bound).flat_map(breaches_of).collect())
}

fn breaches_of(source: &RustSource) -> Vec<Breach> {
    let product = source.words.iter().filter(|word| word.place == Place::Product);
    let named = product.filter_map(|word| {
        let lower = word.text.to_lowercase();
        let vendor = VENDORS.iter().find(|vendor| lower.contains(**vendor))?;
        let message = format!("`{vendor}` is a vendor: its name belongs in ombud-connect");
        Some(Breach::new(&source.path, word.line, message))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_in_code_is_found_and_in_a_comment_is_not() {
        let breaches = |text| breaches_of(&RustSource::parse("crates/ombud-turn/src/answer.rs", text).unwrap()).len();
        assert_eq!(breaches("struct OpenAiClient;"), 1);
        assert_eq!(breaches("const URL: &str = \"http://localhost/ollama\";"), 1);
        assert_eq!(breaches("/// As Stripe defines idempotency.\nstruct Key;"), 0);
    }
}
