//! How is a step written in YAML? One struct with every key; exactly one of them is the main one.

use std::collections::BTreeMap;

use ombud_domain::{Count, IdentityLevel, Priority};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{FlowKind, OptionSpec, Otherwise, ValueKind};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlow {
    pub flow: Spanned<String>,
    #[serde(default)]
    pub kind: FlowKind,
    #[serde(default)]
    pub identity: IdentityLevel,
    #[serde(default)]
    pub follow_up: Option<Spanned<String>>,
    #[serde(default)]
    pub articles: Vec<String>,
    #[serde(default)]
    pub yields_to: Option<RawYieldsTo>,
    #[serde(default)]
    pub faq: Option<RawFaq>,
    pub steps: Vec<RawStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawYieldsTo {
    pub wishes: Vec<String>,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub yes_words: Vec<String>,
    pub flow: String,
    #[serde(default, rename = "with")]
    pub arguments: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFaq {
    pub examples: String,
    pub answers: Vec<RawFaqAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFaqAnswer {
    pub id: String,
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    pub text: String,
    #[serde(default)]
    pub cite: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStep {
    pub id: Option<String>,
    pub when: Option<Spanned<String>>,
    // Main keys.
    pub ask: Option<Spanned<String>>,
    pub lookup: Option<Spanned<String>>,
    pub act: Option<Spanned<String>>,
    pub saga: Option<Spanned<String>>,
    pub branch: Option<Vec<RawBranch>>,
    pub confirm: Option<Spanned<String>>,
    pub verify: Option<Spanned<IdentityLevel>>,
    pub answer: Option<Spanned<String>>,
    pub refuse: Option<Spanned<String>>,
    pub set: Option<BTreeMap<String, Spanned<String>>>,
    pub call: Option<Spanned<String>>,
    pub again: Option<Spanned<String>>,
    pub handoff: Option<Spanned<String>>,
    pub identify: Option<Spanned<String>>,
    pub wait: Option<Spanned<String>>,
    pub end: Option<bool>,
    // Their companions.
    pub text: Option<String>,
    pub choose: Option<RawChoice>,
    pub options: Option<Vec<OptionSpec>>,
    pub value: Option<ValueKind>,
    pub fields: Option<BTreeMap<String, String>>,
    pub until: Option<Spanned<String>>,
    pub expects: Option<Expects>,
    pub default: Option<Spanned<String>>,
    pub fact: Option<String>,
    pub known: Option<String>,
    pub attempts: Option<u32>,
    pub otherwise: Option<Otherwise>,
    pub hears: Option<Vec<String>>,
    pub within: Option<String>,
    pub examples: Option<String>,
    pub told_words_min: Option<usize>,
    #[serde(rename = "with")]
    pub arguments: Option<BTreeMap<String, Spanned<String>>>,
    pub save: Option<RawSave>,
    pub missing: Option<String>,
    pub done: Option<String>,
    pub steps: Option<Vec<RawSagaStep>>,
    pub refused: Option<BTreeMap<String, String>>,
    pub cite: Option<Vec<String>>,
    pub reason: Option<String>,
    pub clear: Option<Vec<String>>,
    pub priority: Option<Priority>,
    pub next_step: Option<String>,
    pub record: Option<Spanned<String>>,
    pub claim: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSagaStep {
    pub act: Spanned<String>,
    #[serde(default, rename = "with")]
    pub arguments: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub save: Option<String>,
    #[serde(default)]
    pub pivot: bool,
    #[serde(default)]
    pub compensate: Option<RawCompensation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompensation {
    pub act: Spanned<String>,
    #[serde(default, rename = "with")]
    pub arguments: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBranch {
    #[serde(default)]
    pub when: Option<Spanned<String>>,
    pub then: Vec<RawStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expects {
    Identify,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawSave {
    Name(String),
    Many(BTreeMap<String, String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Several {
    Queue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Single {
    Pick,
    Ask,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Denied {
    Meant,
    Excluded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AfterRefusal {
    Ask,
    End,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChoice {
    pub from: Spanned<String>,
    pub id: Spanned<String>,
    pub name: Spanned<String>,
    pub label: String,
    #[serde(default)]
    pub attributes: Option<Spanned<String>>,
    #[serde(default)]
    pub words: Option<Spanned<String>>,
    #[serde(default)]
    pub price: Option<Spanned<String>>,
    #[serde(default)]
    pub at: Option<Spanned<String>>,
    #[serde(default)]
    pub eligible: Option<Spanned<String>>,
    #[serde(default)]
    pub refused: Option<String>,
    #[serde(default)]
    pub none: Option<String>,
    #[serde(default)]
    pub count: Option<Count>,
    #[serde(default)]
    pub several: Option<Several>,
    #[serde(default)]
    pub single: Option<Single>,
    #[serde(default)]
    pub denied: Option<Denied>,
    #[serde(default)]
    pub after_refusal: Option<AfterRefusal>,
    #[serde(default)]
    pub or_value: Option<ValueKind>,
    #[serde(default)]
    pub variant_of: Option<Spanned<String>>,
    #[serde(default)]
    pub current: Option<Spanned<String>>,
}
