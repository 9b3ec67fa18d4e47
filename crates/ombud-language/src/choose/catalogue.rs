//! What do the candidates consist of, and which of their words stand in the text?

use std::collections::HashMap;

use ombud_domain::choice::Candidate;

use super::lexicon::Lexicon;
use super::likeness::{is_part, is_slip};
use super::text::{Token, read};

/// The key of an attribute of which a candidate may have several: what it contains.
pub(super) const CONTENT_KEY: &str = "item";

/// Index of a word in the vocabulary.
pub(super) type TermId = usize;

/// An option with its value.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) key: Vec<TermId>,
    pub(super) value: Vec<TermId>,
    /// Words of the value that tell it from the other values of its key.
    pub(super) core: Vec<TermId>,
    pub(super) key_name: String,
    pub(super) written: String,
    pub(super) polarity: Polarity,
}

/// Whether a value says yes or no to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polarity {
    Yes,
    No,
    Plain,
}

/// A thing that can be named: a candidate, or an item inside one.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Which candidate it is, or belongs to.
    pub(super) owner: usize,
    pub(super) name: Vec<TermId>,
    pub(super) fields: Vec<Field>,
    pub(super) words: Vec<Vec<TermId>>,
    pub(super) id: String,
    /// Whether the name itself is a plural, as of boots.
    pub(super) plural: bool,
}

/// A word of the candidates.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) raw: String,
    pub(super) stem: String,
    pub(super) number: Option<f64>,
    pub(super) dimension: Option<usize>,
    pub(super) function: bool,
    pub(super) common: bool,
}

/// All the words of the candidates.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    pub(super) terms: Vec<Term>,
    index: HashMap<String, TermId>,
    /// Two words that follow each other, written as one.
    joined: HashMap<String, (TermId, TermId)>,
}

impl Vocabulary {
    pub(super) fn add(&mut self, lexicon: &Lexicon, text: &str) -> Vec<TermId> {
        let tokens = read(lexicon, text);
        let ids: Vec<TermId> = tokens.into_iter().map(|token| self.intern(lexicon, token)).collect();
        for pair in ids.windows(2) {
            let [first, second] = pair else { continue };
            let raw = |id: &TermId| self.terms.get(*id).map_or("", |term| term.raw.as_str());
            let joined = format!("{}{}", raw(first), raw(second));
            self.joined.entry(joined).or_insert((*first, *second));
        }
        ids
    }

    fn intern(&mut self, lexicon: &Lexicon, token: Token) -> TermId {
        let digits = token.digits || token.dimension.is_some();
        let key = match token.number.filter(|_| digits) {
            Some(number) => format!("{number} {:?}", token.dimension),
            None => token.stem.clone(),
        };
        if let Some(id) = self.index.get(&key) {
            return *id;
        }
        let id = self.terms.len();
        self.index.insert(key, id);
        self.terms.push(Term {
            function: lexicon.function.contains(&token.raw),
            common: token.common,
            raw: token.raw,
            stem: token.stem,
            number: token.number.filter(|_| digits),
            dimension: token.dimension,
        });
        id
    }

    pub(super) fn get(&self, id: TermId) -> Option<&Term> {
        self.terms.get(id)
    }
}

/// How well words of the vocabulary are met by each token of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Hits {
    by_token: Vec<Vec<(TermId, f64)>>,
}

impl Hits {
    pub(super) fn at(&self, token: usize) -> &[(TermId, f64)] {
        self.by_token.get(token).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of(&self, token: usize, term: TermId) -> f64 {
        self.at(token).iter().find(|(id, _)| *id == term).map_or(0.0, |(_, quality)| *quality)
    }
}

/// Finds the words of the vocabulary in the text.
pub(super) fn find_hits(lexicon: &Lexicon, vocabulary: &Vocabulary, tokens: &[Token]) -> Hits {
    let mut by_token: Vec<Vec<(TermId, f64)>> =
        tokens.iter().map(|token| token_hits(lexicon, vocabulary, token)).collect();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let joined = format!("{}{}", first.raw, second.raw);
        let stem = lexicon.canonical(&joined);
        let found = vocabulary.index.get(&stem).filter(|_| second.before <= super::text::Break::None);
        for token in [at, at.saturating_add(1)] {
            if let (Some(id), Some(hits)) = (found, by_token.get_mut(token)) {
                hits.push((*id, 1.0));
            }
        }
    }
    Hits { by_token }
}

fn token_hits(lexicon: &Lexicon, vocabulary: &Vocabulary, token: &Token) -> Vec<(TermId, f64)> {
    if token.digits || token.dimension.is_some() {
        return number_hits(vocabulary, token);
    }
    if let Some(id) = vocabulary.index.get(&token.stem) {
        return vec![(*id, 1.0)];
    }
    if let Some((first, second)) =
        vocabulary.joined.get(&token.raw).or_else(|| vocabulary.joined.get(&lexicon.stem(&token.raw)))
    {
        return vec![(*first, 1.0), (*second, 1.0)];
    }
    if token.common || !token.marks.is_empty() || token.inside {
        return Vec::new();
    }
    let plain = |term: &&(usize, &Term)| term.1.number.is_none() && !term.1.function;
    let terms: Vec<(usize, &Term)> = vocabulary.terms.iter().enumerate().filter(|term| plain(&term)).collect();
    let parts: Vec<(TermId, f64)> =
        terms.iter().filter(|(_, term)| is_part(&token.stem, &term.stem)).map(|(id, _)| (*id, 0.8)).collect();
    if !parts.is_empty() {
        return parts;
    }
    terms.iter().filter(|(_, term)| is_slip(&token.stem, &term.stem)).map(|(id, _)| (*id, 0.7)).collect()
}

fn number_hits(vocabulary: &Vocabulary, token: &Token) -> Vec<(TermId, f64)> {
    let Some(number) = token.number else { return Vec::new() };
    let quality = |term: &Term| {
        let same = term.number.is_some_and(|other| (other - number).abs() <= 1e-6 * number.abs().max(1.0));
        match (same, term.dimension, token.dimension) {
            (true, one, other) if one == other => 1.0,
            (true, None, Some(_)) => 0.8,
            (_, Some(_), None) if written_number(term) == Some(number) => 0.6,
            _ if token.dimension.is_none() && is_rounded(term, number) => 0.8,
            _ => 0.0,
        }
    };
    let terms = vocabulary.terms.iter().enumerate().map(|(id, term)| (id, quality(term)));
    terms.filter(|(_, quality)| *quality > 0.0).collect()
}

/// "The 429 one" means 428.99, and "the 76 one" 76.99. Only amounts are written with two decimals; what has one may be a size.
fn is_rounded(term: &Term, number: f64) -> bool {
    let decimals = term.raw.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let is_amount = decimals == 2 || decimals == 1 && number >= SIZE_MAX;
    let amount = term.number.filter(|_| is_amount && number >= ROUNDED_MIN && number.fract() == 0.0);
    amount.is_some_and(|amount| amount.floor() == number || amount.round() == number)
}

/// Rounded amounts below this may as well be counts.
const ROUNDED_MIN: f64 = 10.0;
/// No size is larger.
const SIZE_MAX: f64 = 100.0;

/// The number as it is written, before its unit was reckoned in.
pub(super) fn written_number(term: &Term) -> Option<f64> {
    term.raw.split_whitespace().next().and_then(|written| written.parse().ok())
}

/// The candidates, taken apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    pub(super) vocabulary: Vocabulary,
    pub(super) entries: Vec<Entry>,
    /// What the candidates contain, each with its owner; empty when none contains anything.
    pub(super) contents: Vec<Entry>,
}

/// Takes the candidates apart.
pub(super) fn catalogue(lexicon: &Lexicon, candidates: &[Candidate]) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (owner, candidate) in candidates.iter().enumerate() {
        let entry = entry(lexicon, &mut catalogue.vocabulary, (owner, candidate));
        catalogue.entries.push(entry);
        let contents = candidate.attributes.iter().filter(|(key, _)| key == CONTENT_KEY);
        for (_, text) in contents {
            let content = content(lexicon, &mut catalogue.vocabulary, (owner, text));
            catalogue.contents.push(content);
        }
    }
    find_cores(&catalogue.vocabulary, &mut catalogue.entries);
    catalogue
}

fn entry(lexicon: &Lexicon, vocabulary: &mut Vocabulary, (owner, candidate): (usize, &Candidate)) -> Entry {
    let options = candidate.attributes.iter().filter(|(key, _)| key != CONTENT_KEY);
    Entry {
        owner,
        name: name_terms(lexicon, vocabulary, &candidate.name),
        fields: options.map(|(key, value)| field(lexicon, vocabulary, (key, value))).collect(),
        words: candidate.words.iter().map(|words| vocabulary.add(lexicon, words)).collect(),
        id: plain_id(&candidate.id),
        plural: is_plural(lexicon, &candidate.name),
    }
}

/// An item inside a candidate: its name up to the first comma, bracket or colon, then its option values.
fn content(lexicon: &Lexicon, vocabulary: &mut Vocabulary, (owner, text): (usize, &str)) -> Entry {
    let (name, rest) = text.split_once([',', '(', ':']).unwrap_or((text, ""));
    let values = rest.split([',', '(', ')', ';']).map(str::trim).filter(|value| !value.is_empty());
    let split = |value: &str| {
        value
            .split_once(':')
            .map_or((String::new(), value.to_owned()), |(key, value)| (key.to_owned(), value.to_owned()))
    };
    let mut fields: Vec<Field> = values
        .map(|value| {
            let (key, value) = split(value);
            field(lexicon, vocabulary, (&key, value.trim()))
        })
        .collect();
    for field in &mut fields {
        field.core.clone_from(&field.value);
    }
    Entry {
        owner,
        name: name_terms(lexicon, vocabulary, name),
        fields,
        words: Vec::new(),
        id: String::new(),
        plural: is_plural(lexicon, name),
    }
}

fn name_terms(lexicon: &Lexicon, vocabulary: &mut Vocabulary, name: &str) -> Vec<TermId> {
    let terms = vocabulary.add(lexicon, name);
    terms.into_iter().filter(|id| vocabulary.get(*id).is_some_and(|term| !term.function)).collect()
}

fn field(lexicon: &Lexicon, vocabulary: &mut Vocabulary, (key, value): (&str, &str)) -> Field {
    let first = value.split_whitespace().next().unwrap_or_default().to_lowercase();
    let head = first.split('-').next().unwrap_or_default().to_owned();
    let says = |words: &std::collections::HashSet<String>| words.contains(&first) || words.contains(&head);
    let polarity = if says(&lexicon.negative_values) || head == "non" {
        Polarity::No
    } else if lexicon.positive_values.contains(&value.to_lowercase()) {
        Polarity::Yes
    } else {
        Polarity::Plain
    };
    let value_terms = vocabulary.add(lexicon, value);
    Field {
        key: vocabulary.add(lexicon, key),
        core: Vec::new(),
        value: value_terms,
        key_name: key.to_owned(),
        written: value.to_owned(),
        polarity,
    }
}

/// The words of a value that are not in every value of its key.
fn find_cores(vocabulary: &Vocabulary, entries: &mut [Entry]) {
    let mut values: HashMap<String, Vec<Vec<TermId>>> = HashMap::new();
    for field in entries.iter().flat_map(|entry| &entry.fields) {
        let known = values.entry(field.key_name.clone()).or_default();
        if !known.contains(&field.value) {
            known.push(field.value.clone());
        }
    }
    for field in entries.iter_mut().flat_map(|entry| &mut entry.fields) {
        let known = values.get(&field.key_name).map_or(&[] as &[_], Vec::as_slice);
        let shared = |term: &TermId| known.len() > 1 && known.iter().all(|value| value.contains(term));
        let negation = |term: &TermId| {
            field.polarity == Polarity::No
                && field.value.len() > 1
                && vocabulary.get(*term).is_some_and(|term| term.common)
        };
        let core: Vec<TermId> = field.value.iter().copied().filter(|term| !shared(term) && !negation(term)).collect();
        field.core = if core.is_empty() { field.value.clone() } else { core };
    }
}

/// Letters and digits of an id only, lower case.
pub(super) fn plain_id(id: &str) -> String {
    id.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_plural(lexicon: &Lexicon, name: &str) -> bool {
    let last = name.split_whitespace().last().unwrap_or_default().to_lowercase();
    last.ends_with('s') && lexicon.stem(&last) != last
}
