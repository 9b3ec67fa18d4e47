//! What may be remembered of what a customer says about himself? Kinds of facts, written as data in `memory.yaml` of a pack.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::action::Method;
use crate::flow::{Ask, AskSource, ValueKind};
use crate::pack::{Manifest, Pack};
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, Autonomy, Risk, Source};
use crate::text::Texts;

/// Reason code of a fact that is of no kind of the pack, or has no value of its kind.
pub const NO_FACT: &str = "no_fact";
/// Reason code of a sensitive fact that was to be noted without an explicit yes.
pub const NEEDS_YES: &str = "needs_yes";

/// Kinds of facts of a pack.
const KINDS_MAX: usize = 50;
/// The longest time that a fact may be kept, days.
const DAYS_MAX: u32 = 3_650;
/// The longest fact in free words, characters.
const CHARS_MAX: usize = 200;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// `memory.yaml`: what may be remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// Kinds of facts by name.
    pub facts: BTreeMap<String, FactKind>,
}

/// One kind of fact.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactKind {
    /// One of these.
    #[serde(default)]
    pub values: Option<Vec<String>>,
    /// Or free words, of so many characters at most.
    #[serde(default)]
    pub chars_max: Option<usize>,
    /// How long it is kept.
    pub expires: Expiry,
    /// What it is used for; people of the company read it (GDPR article 5(1)(b)).
    pub purpose: String,
    /// Whether it tells of health and the like: such a fact is noted only after an explicit yes (GDPR article 9(2)(a)).
    #[serde(default)]
    pub sensitive: bool,
}

/// A time in whole days, written as in ISO 8601: `P365D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Expiry {
    days: u32,
}

impl Expiry {
    /// Microseconds.
    #[must_use]
    pub fn us(self) -> i64 {
        i64::from(self.days).saturating_mul(DAY_US)
    }
}

impl TryFrom<String> for Expiry {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let days = text.strip_prefix('P').and_then(|rest| rest.strip_suffix('D')).and_then(|days| days.parse().ok());
        let days = days.filter(|days| (1..=DAYS_MAX).contains(days));
        days.map(|days| Self { days })
            .ok_or_else(|| format!("`expires` is a number of days such as `P365D`, at most {DAYS_MAX}; not `{text}`"))
    }
}

impl MemorySpec {
    /// Reads `memory.yaml`.
    ///
    /// # Errors
    /// All problems found, with file and line; the author of the pack can fix them.
    pub(crate) fn parse(file: &str, source: &str) -> Result<Self, Vec<PackProblem>> {
        serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])
    }

    /// The kind of a fact that may be noted by an action.
    ///
    /// INVARIANT: what is sensitive is noted by no action that is done without a yes (test: `what_is_sensitive_is_noted_only_after_a_yes`).
    ///
    /// # Errors
    /// The reason code: [`NO_FACT`] or [`NEEDS_YES`].
    pub fn admit(&self, (kind, value): (&str, &str), spec: &ActionSpec) -> Result<&FactKind, &'static str> {
        let known = self.facts.get(kind).filter(|known| known.holds(value)).ok_or(NO_FACT)?;
        if known.sensitive && spec.autonomy == Autonomy::Auto { Err(NEEDS_YES) } else { Ok(known) }
    }

    /// Keys of the texts that say a fact: each value in its own words, or all of a kind in one text over `value`.
    pub(crate) fn text_keys(&self) -> BTreeSet<String> {
        let of_kind = |(name, kind): (&String, &FactKind)| match &kind.values {
            Some(values) => values.iter().map(|value| format!("fact_{name}_{value}")).collect(),
            None => vec![format!("fact_{name}")],
        };
        self.facts.iter().flat_map(of_kind).collect()
    }
}

impl FactKind {
    /// Whether a value is one of this kind.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match (&self.values, self.chars_max) {
            (Some(values), _) => values.iter().any(|one| one == value),
            (None, max) => {
                let is_short = value.chars().count() <= max.unwrap_or(0);
                is_short && !value.trim().is_empty() && !value.chars().any(char::is_control)
            }
        }
    }
}

/// What the memory and the parts of a pack that go by it have to do with each other.
pub(crate) struct Fitting<'a> {
    pub actions: &'a BTreeMap<String, ActionSpec>,
    pub manifest: &'a Manifest,
    pub texts: &'a Texts,
}

/// What does not fit.
pub(crate) fn check(memory: &MemorySpec, fitting: &Fitting<'_>, mut report: impl FnMut(&str, String)) {
    let own = fitting.manifest.default_locale.as_str();
    if memory.facts.len() > KINDS_MAX {
        report("facts:", format!("at most {KINDS_MAX} kinds of facts can be remembered"));
    }
    for (name, kind) in &memory.facts {
        let at = format!("{name}:");
        match (&kind.values, kind.chars_max) {
            (Some(_), None) => {}
            (None, Some(1..=CHARS_MAX)) => {}
            _ => report(&at, format!("fact `{name}` needs either `values` or `chars_max`, 1 to {CHARS_MAX}")),
        }
        if kind.purpose.trim().is_empty() {
            report(&at, format!("fact `{name}` needs a `purpose`: nothing is kept for nothing"));
        }
    }
    for key in memory.text_keys().iter().filter(|key| !fitting.texts.has(own, "", key)) {
        report("facts:", format!("text `{key}` is missing in locales/{own}.yaml"));
    }
    let notes = |spec: &&ActionSpec| spec.tells_facts() && spec.method == Method::Put;
    if memory.facts.values().any(|kind| kind.sensitive)
        && !fitting.actions.values().filter(notes).any(|spec| spec.autonomy != Autonomy::Auto)
    {
        report("sensitive:", "no action notes a sensitive fact after a yes: give one `autonomy: confirm`".to_owned());
    }
}

/// Why an ask cannot take what is known of a kind; none when it can.
pub(crate) fn misfit(memory: Option<&MemorySpec>, ask: &Ask) -> Option<String> {
    let kind = ask.fact.as_ref().map(|fact| &fact.kind)?;
    let Some(known) = memory.and_then(|memory| memory.facts.get(kind)) else {
        return Some(format!("fact `{kind}` is not in memory.yaml"));
    };
    let fits = match (&ask.source, &known.values) {
        (AskSource::Options(options), Some(values)) => options.iter().any(|option| values.contains(&option.id)),
        (AskSource::Value(ValueKind::Text), None) => true,
        _ => false,
    };
    let is_asked = !ask.is_silent();
    (!fits || !is_asked)
        .then(|| format!("slot `{}` can never take a fact `{kind}`: none of its answers is one", ask.slot))
}

impl ActionSpec {
    /// Whether it is about facts that the customer told, and not about whole conversations.
    #[must_use]
    pub fn tells_facts(&self) -> bool {
        self.source == Source::Memory && self.path == crate::spec::FACTS_PATH
    }

    /// Whether it has everything that is remembered forgotten.
    #[must_use]
    pub fn forgets_all(&self) -> bool {
        self.source == Source::Memory && self.method == Method::Delete && !self.tells_facts()
    }
}

impl Pack {
    /// The read that tells what a customer told before.
    #[must_use]
    pub fn facts_read(&self) -> Option<&ActionSpec> {
        self.actions.values().find(|spec| spec.tells_facts() && spec.risk == Risk::Read)
    }

    /// A fact in words for people at the desk, in the company's language; its value where no text says it.
    #[must_use]
    pub fn fact_label(&self, (kind, value): (&str, &str)) -> String {
        let own = self.manifest.default_locale.as_str();
        let values = Map::from_iter([("value".to_owned(), Value::from(value))]);
        let keys = [format!("fact_{kind}_{value}"), format!("fact_{kind}")];
        let key = keys.iter().find(|key| self.texts.has(own, "", key));
        key.and_then(|key| self.texts.render(own, "", key, &[&values]).ok()).unwrap_or_else(|| value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = "facts:\n  time: { values: [morning, evening], expires: P365D, purpose: when to call }\n  name: { chars_max: 5, expires: P30D, purpose: how to speak to them }\n  hearing: { values: [hard], expires: P90D, purpose: how to reach them, sensitive: true }\n";

    fn note(autonomy: &str) -> ActionSpec {
        let source = format!(
            "action: note\nsource: memory\nrisk: write\nmethod: PUT\npath: /memory/facts\nreversible: true\nautonomy: {autonomy}\nin:\n  customer_id: {{ type: string, kind: customer }}\n  kind: {{ type: string }}\n  value: {{ type: string }}\n"
        );
        ActionSpec::parse("p/actions/note.yaml", &source).unwrap()
    }

    #[test]
    fn only_facts_of_the_pack_are_admitted() {
        let memory = MemorySpec::parse("p/memory.yaml", KINDS).unwrap();
        let table = [
            ("time", "evening", true),
            ("time", "night", false),
            ("name", "Kimmy", true),
            ("name", "Kimmie", false),
            ("name", " ", false),
            ("name", "K\nim", false),
            ("shoe_size", "42", false),
        ];
        for (kind, value, is_admitted) in table {
            let admitted = memory.admit((kind, value), &note("auto"));
            assert_eq!(admitted.is_ok(), is_admitted, "{kind} {value}");
            assert_eq!(admitted.err().unwrap_or(NO_FACT), NO_FACT);
        }
    }

    #[test]
    fn what_is_sensitive_is_noted_only_after_a_yes() {
        let memory = MemorySpec::parse("p/memory.yaml", KINDS).unwrap();
        assert_eq!(memory.admit(("hearing", "hard"), &note("auto")), Err(NEEDS_YES));
        assert!(memory.admit(("hearing", "hard"), &note("confirm")).is_ok());
    }

    #[test]
    fn a_time_that_is_none_is_named_with_its_line() {
        for wrong in ["P0D", "P3651D", "P1Y", "365", "forever"] {
            let source = format!("facts:\n  name:\n    chars_max: 5\n    purpose: x\n    expires: {wrong}\n");
            let problems = MemorySpec::parse("p/memory.yaml", &source).unwrap_err();
            assert!(problems.iter().any(|problem| problem.message.contains("P365D")), "{wrong}: {problems:?}");
        }
        assert_eq!(Expiry::try_from("P2D".to_owned()).unwrap().us(), 2 * DAY_US);
    }
}
