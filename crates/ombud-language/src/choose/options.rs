//! Which options do the variants have, with which values, and in what order do the values stand?

use super::catalogue::{Catalogue, Field, Polarity, TermId};
use super::lexicon::Lexicon;

/// A value of an option.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) written: String,
    /// All its words, and those that tell it from the others.
    pub(super) terms: Vec<TermId>,
    pub(super) core: Vec<TermId>,
    pub(super) polarity: Polarity,
    pub(super) number: Option<f64>,
    pub(super) dimension: Option<usize>,
}

/// An option of the variants.
#[derive(Debug, Clone)]
pub(super) struct OptionKey {
    pub(super) name: String,
    pub(super) terms: Vec<TermId>,
    /// The words of its name, for matching what a comparative measures.
    pub(super) stems: Vec<String>,
    pub(super) values: Vec<Value>,
    /// The value the customer has now.
    pub(super) current: Option<usize>,
}

/// Options by variants; the last row is what the customer has now.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) keys: Vec<OptionKey>,
    rows: Vec<Vec<Option<usize>>>,
}

impl Options {
    /// The last entry of the catalogue is what the customer has now.
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        let mut keys: Vec<OptionKey> = Vec::new();
        for field in catalogue.entries.iter().flat_map(|entry| &entry.fields) {
            add_field(catalogue, &mut keys, field);
        }
        let cell = |fields: &[Field], key: &OptionKey| {
            let field = fields.iter().find(|field| field.key_name == key.name)?;
            key.values.iter().position(|value| value.written == field.written)
        };
        let rows: Vec<Vec<Option<usize>>> =
            catalogue.entries.iter().map(|entry| keys.iter().map(|key| cell(&entry.fields, key)).collect()).collect();
        for (at, key) in keys.iter_mut().enumerate() {
            key.current = rows.last().and_then(|row| row.get(at)).copied().flatten();
        }
        Self { keys, rows }
    }

    pub(super) fn value_of(&self, variant: usize, key: usize) -> Option<usize> {
        self.rows.get(variant).and_then(|row| row.get(key)).copied().flatten()
    }

    pub(super) fn value(&self, key: usize, value: usize) -> Option<&Value> {
        self.keys.get(key).and_then(|key| key.values.get(value))
    }

    pub(super) fn current(&self, key: usize) -> Option<usize> {
        self.keys.get(key).and_then(|key| key.current)
    }

    /// Where a value stands among the values of its option, when they have an order: by number, or on one of the lexicon's scales.
    pub(super) fn order(&self, lexicon: &Lexicon, catalogue: &Catalogue, key: usize) -> Option<Vec<f64>> {
        let values = &self.keys.get(key)?.values;
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.number).collect();
        if let Some(numbers) = numbers.filter(|numbers| numbers.len() > 1) {
            return Some(numbers);
        }
        let stem = |value: &Value| {
            let last = value.core.last().and_then(|term| catalogue.vocabulary.get(*term));
            last.map(|term| term.stem.clone()).unwrap_or_default()
        };
        let stems: Vec<String> = values.iter().map(stem).collect();
        let on = |scale: &std::collections::HashMap<String, usize>| -> Option<Vec<f64>> {
            stems.iter().map(|stem| scale.get(stem).and_then(|rank| u32::try_from(*rank).ok()).map(f64::from)).collect()
        };
        lexicon.scales.iter().find_map(on)
    }
}

fn add_field(catalogue: &Catalogue, keys: &mut Vec<OptionKey>, field: &Field) {
    let at = keys.iter().position(|key| key.name == field.key_name).unwrap_or_else(|| {
        let stem =
            |term: &TermId| catalogue.vocabulary.get(*term).filter(|term| !term.function).map(|term| term.stem.clone());
        let stems = field.key.iter().filter_map(stem).collect();
        keys.push(OptionKey {
            name: field.key_name.clone(),
            terms: field.key.clone(),
            stems,
            values: Vec::new(),
            current: None,
        });
        keys.len().saturating_sub(1)
    });
    let Some(key) = keys.get_mut(at) else { return };
    if key.values.iter().any(|value| value.written == field.written) {
        return;
    }
    let numbered =
        field.value.iter().filter_map(|term| catalogue.vocabulary.get(*term)).find(|term| term.number.is_some());
    key.values.push(Value {
        written: field.written.clone(),
        terms: field.value.clone(),
        core: field.core.clone(),
        polarity: field.polarity,
        number: numbered.and_then(|term| term.number).or_else(|| number_inside(&field.written)),
        dimension: numbered.and_then(|term| term.dimension),
    });
}

/// The number at the end of `i7` or `IPX4`; what stands before it is taken to be the same for all values.
fn number_inside(written: &str) -> Option<f64> {
    let digits: String =
        written.chars().skip_while(|character| !character.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
