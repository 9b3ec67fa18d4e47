//! Which words of a language bear on choosing?

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

/// How the words around it are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    Negate,
    Except,
    Hold,
    Stays,
    Only,
    All,
    Both,
    Rest,
    Other,
    Same,
    Fallback,
    Unless,
    Prefer,
    Last,
    Over,
    Free,
    Allow,
    Correct,
    Retract,
    Add,
    With,
    Becomes,
    Alone,
    Slight,
    Excess,
    AtLeast,
    AtMost,
    Below,
    Above,
    Original,
    Newest,
    Oldest,
    Order,
    More,
    Fewer,
    Most,
    Least,
    StepUp,
    StepDown,
    Relative,
    Rather,
    EndsIn,
    ActReturn,
    ActExchange,
    ActCancel,
    Elsewhere,
    Settled,
    OneOf,
}

/// Several marks at once; one word can have more than one use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks(u64);

impl Marks {
    pub(super) fn has(self, mark: Mark) -> bool {
        self.0 & (1_u64 << (mark as u64)) != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn insert(&mut self, mark: Mark) {
        self.0 |= 1_u64 << (mark as u64);
    }

    pub(super) fn remove(&mut self, mark: Mark) {
        self.0 &= !(1_u64 << (mark as u64));
    }

    pub(super) fn any(self, marks: &[Mark]) -> bool {
        marks.iter().any(|mark| self.has(*mark))
    }
}

/// A little word that is looked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    One,
    Of,
    Or,
    But,
    Without,
    Not,
    Having,
    Belongs,
    Any,
    That,
    Definite,
    Number,
    Kind,
    As,
    Polite,
}

/// The roles a word has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roles(u32);

impl Roles {
    pub(super) fn has(self, role: Role) -> bool {
        self.0 & (1_u32 << (role as u32)) != 0
    }

    fn insert(&mut self, role: Role) {
        self.0 |= 1_u32 << (role as u32);
    }
}

/// Where a comparative points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
    Most,
    Least,
}

impl Direction {
    /// The direction of the word's own scale, turned round for words such as "cheap".
    pub(super) fn of(self, degree: &DegreeUse) -> Self {
        match (degree.inverted, self) {
            (false, direction) => direction,
            (true, Self::Up) => Self::Down,
            (true, Self::Down) => Self::Up,
            (true, Self::Most) => Self::Least,
            (true, Self::Least) => Self::Most,
        }
    }
}

/// What a word such as "bigger" measures; `direction` is none for the plain "big", which takes it from "more" or "less" before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DegreeUse {
    pub(super) direction: Option<Direction>,
    /// Whether "more" of the word is less of what it measures, as of "cheap".
    pub(super) inverted: bool,
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct DegreeSource {
    #[serde(default)]
    up: Vec<String>,
    #[serde(default)]
    down: Vec<String>,
    #[serde(default)]
    most: Vec<String>,
    #[serde(default)]
    least: Vec<String>,
    #[serde(default)]
    base: Vec<String>,
    #[serde(default)]
    low_base: Vec<String>,
    keys: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct UnitSource {
    words: Vec<String>,
    of: String,
    times: f64,
}

/// The file as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LexiconSource {
    common: String,
    function: String,
    roles: HashMap<Role, Vec<String>>,
    contractions: Vec<Vec<String>>,
    tight_units: Vec<String>,
    connectors: Vec<String>,
    determiners: Vec<String>,
    apart: Vec<String>,
    marks: HashMap<Mark, Vec<String>>,
    degrees: Vec<DegreeSource>,
    scales: Vec<Vec<String>>,
    synonyms: Vec<Vec<String>>,
    negative_values: Vec<String>,
    positive_values: Vec<String>,
    number_words: HashMap<String, f64>,
    ordinals: HashMap<String, usize>,
    currency: Vec<String>,
    kinds: BTreeMap<String, Vec<String>>,
    units: Vec<UnitSource>,
    endings: Vec<(String, String, usize)>,
}

/// A phrase of one or more words and what it stands for, longest first under its first word.
pub(super) type Phrases<T> = HashMap<String, Vec<(Vec<String>, T)>>;

/// The words of one language that bear on choosing; read from a pack's `lexicon/<language>.yaml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "LexiconSource")]
pub struct Lexicon {
    pub(super) common: HashSet<String>,
    pub(super) function: HashSet<String>,
    pub(super) connectors: HashSet<String>,
    pub(super) determiners: HashSet<String>,
    /// Before "orders": it is not one record of which is spoken.
    pub(super) apart: HashSet<String>,
    roles: HashMap<String, Roles>,
    pub(super) contractions: Phrases<String>,
    pub(super) tight_units: HashSet<String>,
    pub(super) marks: Phrases<Marks>,
    pub(super) synonyms: Phrases<String>,
    pub(super) degrees: HashMap<String, Vec<DegreeUse>>,
    pub(super) scales: Vec<HashMap<String, usize>>,
    pub(super) negative_values: HashSet<String>,
    pub(super) positive_values: HashSet<String>,
    pub(super) number_words: HashMap<String, f64>,
    pub(super) ordinals: HashMap<String, usize>,
    pub(super) currency: HashSet<String>,
    /// Words that are a value of some kind of option wherever they stand, such as colours.
    pub(super) kinds: HashMap<String, String>,
    pub(super) units: HashMap<String, (usize, f64)>,
    endings: Vec<(String, String, usize)>,
}

impl Lexicon {
    /// The word without its ending; a word that no rule fits stays as it is.
    pub(super) fn stem(&self, word: &str) -> String {
        let bare = self.endings.iter().find_map(|(ending, replacement, left_min)| {
            let rest = word.strip_suffix(ending.as_str())?;
            (rest.chars().count() >= *left_min).then(|| format!("{rest}{replacement}"))
        });
        bare.unwrap_or_else(|| word.to_owned())
    }

    /// What a single word stands for: its first synonym, else itself, without its ending.
    pub(super) fn canonical(&self, word: &str) -> String {
        let single = |word: &str| {
            let entries = self.synonyms.get(word)?;
            entries.iter().find(|(rest, _)| rest.len() == 1).map(|(_, canonical)| canonical.clone())
        };
        single(word).unwrap_or_else(|| {
            let stem = self.stem(word);
            single(&stem).unwrap_or(stem)
        })
    }

    /// The longest entry of `phrases` that begins at the head of `words`, and how many words it has.
    pub(super) fn longest<'p, T>(phrases: &'p Phrases<T>, words: &[&str]) -> Option<(usize, &'p T)> {
        let entries = phrases.get(*words.first()?)?;
        let fits = |entry: &Vec<String>| entry.len() <= words.len() && entry.iter().zip(words).all(|(a, b)| a == b);
        entries.iter().find(|(entry, _)| fits(entry)).map(|(entry, meaning)| (entry.len(), meaning))
    }

    pub(super) fn roles(&self, word: &str) -> Roles {
        self.roles.get(word).copied().unwrap_or_default()
    }

    /// Whether the word is known to name no thing.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.contains(word)
            || self.degrees.contains_key(word)
            || self.number_words.contains_key(word)
            || self.ordinals.contains_key(word)
    }
}

impl From<LexiconSource> for Lexicon {
    fn from(source: LexiconSource) -> Self {
        let mut lexicon = Self {
            common: word_set(&source.common),
            function: word_set(&source.function),
            connectors: source.connectors.into_iter().collect(),
            determiners: source.determiners.into_iter().collect(),
            apart: source.apart.into_iter().collect(),
            negative_values: source.negative_values.into_iter().collect(),
            positive_values: source.positive_values.into_iter().collect(),
            number_words: source.number_words,
            ordinals: source.ordinals,
            currency: source.currency.into_iter().collect(),
            endings: source.endings,
            tight_units: source.tight_units.into_iter().collect(),
            ..Self::default()
        };
        lexicon.synonyms = synonym_phrases(&source.synonyms);
        lexicon.contractions = synonym_phrases(&source.contractions);
        for (role, words) in &source.roles {
            for word in words {
                lexicon.roles.entry(word.clone()).or_default().insert(*role);
            }
        }
        lexicon.marks = mark_phrases(&source.marks);
        lexicon.degrees = degree_words(&lexicon, &source.degrees);
        for (kind, words) in &source.kinds {
            let kind = lexicon.canonical(kind);
            let words: Vec<String> = words.iter().map(|word| lexicon.canonical(word)).collect();
            lexicon.kinds.extend(words.into_iter().map(|word| (word, kind.clone())));
        }
        lexicon.scales = source.scales.iter().map(|scale| scale_ranks(&lexicon, scale)).collect();
        lexicon.units = unit_words(&source.units);
        lexicon
    }
}

fn word_set(text: &str) -> HashSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn split_words(phrase: &str) -> Vec<String> {
    phrase.split_whitespace().map(str::to_owned).collect()
}

fn insert_phrase<T>(phrases: &mut Phrases<T>, words: Vec<String>, meaning: T) {
    let Some(first) = words.first().cloned() else { return };
    let entries = phrases.entry(first).or_default();
    entries.push((words, meaning));
    entries.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.len()));
}

fn synonym_phrases(groups: &[Vec<String>]) -> Phrases<String> {
    let mut phrases = Phrases::new();
    for group in groups {
        let Some(canonical) = group.first() else { continue };
        for phrase in group {
            insert_phrase(&mut phrases, split_words(phrase), canonical.clone());
        }
    }
    phrases
}

fn mark_phrases(source: &HashMap<Mark, Vec<String>>) -> Phrases<Marks> {
    let mut merged: HashMap<&str, Marks> = HashMap::new();
    for (mark, phrases) in source {
        for phrase in phrases {
            merged.entry(phrase).or_default().insert(*mark);
        }
    }
    let mut phrases = Phrases::new();
    for (phrase, marks) in merged {
        insert_phrase(&mut phrases, split_words(phrase), marks);
    }
    phrases
}

fn degree_words(lexicon: &Lexicon, sources: &[DegreeSource]) -> HashMap<String, Vec<DegreeUse>> {
    let mut words: HashMap<String, Vec<DegreeUse>> = HashMap::new();
    for source in sources {
        let keys: Vec<String> = source.keys.iter().map(|key| lexicon.canonical(key)).collect();
        let groups = [
            (&source.up, Some(Direction::Up), false),
            (&source.down, Some(Direction::Down), false),
            (&source.most, Some(Direction::Most), false),
            (&source.least, Some(Direction::Least), false),
            (&source.base, None, false),
            (&source.low_base, None, true),
        ];
        for (group, direction, inverted) in groups {
            for word in group {
                words.entry(word.clone()).or_default().push(DegreeUse { direction, inverted, keys: keys.clone() });
            }
        }
    }
    words
}

fn scale_ranks(lexicon: &Lexicon, scale: &[String]) -> HashMap<String, usize> {
    scale.iter().enumerate().map(|(rank, word)| (lexicon.canonical(word), rank)).collect()
}

fn unit_words(sources: &[UnitSource]) -> HashMap<String, (usize, f64)> {
    let mut dimensions: Vec<&str> = Vec::new();
    let mut units = HashMap::new();
    for source in sources {
        let of = dimensions.iter().position(|dimension| *dimension == source.of).unwrap_or_else(|| {
            dimensions.push(&source.of);
            dimensions.len().saturating_sub(1)
        });
        for word in &source.words {
            units.insert(word.clone(), (of, source.times));
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_file_that_means_nothing_here_is_refused() {
        let unknown_mark = serde_json::json!({"marks": {"negatee": ["not"]}});
        let unknown_part = serde_json::json!({"synonym": []});
        assert!(serde_json::from_value::<Lexicon>(unknown_mark).is_err());
        assert!(serde_json::from_value::<Lexicon>(unknown_part).is_err());
    }

    #[test]
    fn the_longest_phrase_wins() {
        let lexicon: Lexicon =
            serde_json::from_value(serde_json::json!({"marks": {"negate": ["not"], "only": ["not just"]}})).unwrap();
        let (length, marks) = Lexicon::longest(&lexicon.marks, &["not", "just", "red"]).unwrap();
        assert_eq!((length, marks.has(Mark::Only), marks.has(Mark::Negate)), (2, true, false));
    }

    #[test]
    fn endings_come_off_in_the_order_of_the_file() {
        let endings = serde_json::json!({"endings": [["ies", "y", 3], ["ss", "ss", 1], ["s", "", 3]], "synonyms": [["bicycle", "bike"]]});
        let lexicon: Lexicon = serde_json::from_value(endings).unwrap();
        let words = ["berries", "glass", "lamps", "gas", "bikes"].map(|word| lexicon.canonical(word));
        assert_eq!(words, ["berry", "glass", "lamp", "gas", "bicycle"].map(str::to_owned));
    }
}
