//! What do the words of a message do, when a person may be wished? The same few signs in every language.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use crate::tongue::is_unspaced;

/// The file `lexicon/person.yaml`: words by language.
#[derive(Debug, Clone, Default, Hash, Deserialize)]
#[serde(transparent)]
pub struct PersonFile(BTreeMap<String, PersonWords>);

/// Words of one language, separated by spaces: `_` stands for a space within one, `*` for any ending.
#[derive(Debug, Clone, Default, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonWords {
    /// Whom a company puts on the line.
    staff: String,
    /// People of any kind.
    human: String,
    /// Reaching them.
    talk: String,
    /// What they would do.
    help: String,
    /// Wanting and asking.
    wish: String,
    /// Denial.
    not: String,
    /// What somebody said or did.
    told: String,
    /// That it is settled.
    done: String,
    /// That something else is all that is wanted.
    only: String,
    /// Doing something in another's place, having room for people.
    fetch: String,
    /// Machines.
    bot: String,
    /// What a machine is not.
    real: String,
    /// People who are not of the company's service.
    other: String,
    /// Words of questions.
    ask: String,
    /// What business is about.
    goods: String,
}

/// What a word does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Staff,
    Human,
    Talk,
    Help,
    Wish,
    Not,
    Told,
    Done,
    Only,
    Fetch,
    Bot,
    Real,
    Other,
    Ask,
    Goods,
}

/// Kinds whose absence is a sign too.
const MISSED: [Kind; 12] = [
    Kind::Staff,
    Kind::Human,
    Kind::Talk,
    Kind::Wish,
    Kind::Not,
    Kind::Told,
    Kind::Other,
    Kind::Bot,
    Kind::Done,
    Kind::Only,
    Kind::Fetch,
    Kind::Ask,
];
/// Kinds that tell of something else than a wish, beside a person.
const ELSEWHERE: [Kind; 5] = [Kind::Told, Kind::Other, Kind::Fetch, Kind::Ask, Kind::Done];
/// Words of messages up to which they are short to the same degree.
const LENGTHS: [usize; 4] = [1, 3, 6, 10];
/// Letters that make up a word where no space parts words.
const LETTERS_IN_WORD: usize = 2;
/// What parts one statement from the next.
const BREAKS: &[char] = &[',', '.', '!', '?', ';', ':', '،', '؛', '؟', '。', '！', '？', '、', '，', '—', '–', '\n'];

/// A sign that a message may show; numbered for learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sign {
    Has(Kind),
    Lacks(Kind),
    /// In one statement.
    Both(Kind, Kind),
    /// One behind the other in one statement, words of no kind left out.
    Then(Kind, Kind),
    Thrice(Kind, Kind, Kind),
    /// A statement that names a person and nothing else.
    Pure,
    /// A statement about a person, or about reaching one, that nothing speaks against.
    PersonNotDenied,
    PersonClear,
    TalkClear,
    TalkToPersonClear,
    Denied,
    Question,
    Questioned(Kind),
    Exclaimed,
    Length(usize),
    LengthWith(usize, Kind),
}

/// Numbers of the signs that a message shows.
pub(super) type Signs = Vec<usize>;

/// Finds the signs of messages.
#[derive(Debug, Clone, Default)]
pub(super) struct SignsOfLanguages {
    words: HashMap<String, Words>,
    numbers: HashMap<Sign, usize>,
}

/// The words of one language.
#[derive(Debug, Clone, Default)]
struct Words {
    whole: HashMap<String, BTreeSet<Kind>>,
    /// Beginnings of words, and words written without spaces, which are searched for.
    beginnings: Vec<(String, Kind)>,
    phrases: Vec<(Vec<String>, Kind)>,
    within: Vec<(String, Kind)>,
}

impl SignsOfLanguages {
    /// Numbers the signs that these messages show; others have no number.
    pub(super) fn new<'t>(file: PersonFile, texts: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let words = file.0.into_iter().map(|(language, words)| (language, Words::new(&words))).collect();
        let mut signs = Self { words, numbers: HashMap::new() };
        for (language, text) in texts {
            for sign in signs.shown(language, text) {
                let next = signs.numbers.len();
                signs.numbers.entry(sign).or_insert(next);
            }
        }
        signs
    }

    /// How many signs are numbered.
    pub(super) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The signs of a message; of a language without data, those of no word.
    pub(super) fn of(&self, language: &str, text: &str) -> Signs {
        self.shown(language, text).iter().filter_map(|sign| self.numbers.get(sign)).copied().collect()
    }

    fn shown(&self, language: &str, text: &str) -> BTreeSet<Sign> {
        let text = text.to_lowercase();
        let none = Words::default();
        let words = self.words.get(language).unwrap_or(&none);
        let (mut signs, mut all, mut length) = (BTreeSet::new(), BTreeSet::new(), 0);
        for statement in text.split(BREAKS).filter(|statement| !statement.trim().is_empty()) {
            let (kinds, words) = words.kinds(statement);
            length += words;
            add_statement(&kinds, &mut signs);
            all.extend(kinds.into_iter().flatten());
        }
        signs.extend(MISSED.into_iter().filter(|kind| !all.contains(kind)).map(Sign::Lacks));
        let mark = if language == "el" { ';' } else { '?' };
        if text.contains([mark, '？', '؟']) {
            signs.insert(Sign::Question);
            signs.extend(all.iter().copied().map(Sign::Questioned));
        }
        if text.contains(['!', '！']) {
            signs.insert(Sign::Exclaimed);
        }
        let length = LENGTHS.iter().position(|most| length <= *most).unwrap_or(LENGTHS.len());
        signs.insert(Sign::Length(length));
        signs.extend(all.into_iter().map(|kind| Sign::LengthWith(length, kind)));
        signs
    }
}

/// The signs of one statement.
fn add_statement(kinds: &[BTreeSet<Kind>], signs: &mut BTreeSet<Sign>) {
    let all: BTreeSet<Kind> = kinds.iter().flatten().copied().collect();
    for (at, kind) in all.iter().enumerate() {
        signs.insert(Sign::Has(*kind));
        signs.extend(all.iter().skip(at + 1).map(|other| Sign::Both(*kind, *other)));
    }
    let has = |kind: Kind| all.contains(&kind);
    let is_about_person = has(Kind::Staff) || has(Kind::Human) || has(Kind::Real);
    let is_elsewhere = ELSEWHERE.into_iter().any(has);
    let said = [
        (
            is_about_person && all.iter().filter(|kind| !matches!(kind, Kind::Wish | Kind::Real)).count() == 1,
            Sign::Pure,
        ),
        (is_about_person && !has(Kind::Not), Sign::PersonNotDenied),
        (is_about_person && !has(Kind::Not) && !is_elsewhere, Sign::PersonClear),
        (has(Kind::Talk) && !has(Kind::Not) && !is_elsewhere, Sign::TalkClear),
        (is_about_person && has(Kind::Talk) && !has(Kind::Not) && !is_elsewhere, Sign::TalkToPersonClear),
        (has(Kind::Not) && (is_about_person || has(Kind::Talk)), Sign::Denied),
    ];
    signs.extend(said.into_iter().filter(|(holds, _)| *holds).map(|(_, sign)| sign));
    for pair in kinds.windows(2) {
        let [first, second] = pair else { continue };
        signs.extend(first.iter().flat_map(|one| second.iter().map(|other| Sign::Then(*one, *other))));
    }
    for three in kinds.windows(3) {
        let [first, second, third] = three else { continue };
        let pairs = first.iter().flat_map(|one| second.iter().map(move |other| (*one, *other)));
        signs.extend(pairs.flat_map(|(one, other)| third.iter().map(move |last| Sign::Thrice(one, other, *last))));
    }
}

impl Words {
    fn new(words: &PersonWords) -> Self {
        let lists = [
            (&words.staff, Kind::Staff),
            (&words.human, Kind::Human),
            (&words.talk, Kind::Talk),
            (&words.help, Kind::Help),
            (&words.wish, Kind::Wish),
            (&words.not, Kind::Not),
            (&words.told, Kind::Told),
            (&words.done, Kind::Done),
            (&words.only, Kind::Only),
            (&words.fetch, Kind::Fetch),
            (&words.bot, Kind::Bot),
            (&words.real, Kind::Real),
            (&words.other, Kind::Other),
            (&words.ask, Kind::Ask),
            (&words.goods, Kind::Goods),
        ];
        let mut made = Self::default();
        for (list, kind) in lists {
            for word in list.split_whitespace() {
                made.add(&word.to_lowercase(), kind);
            }
        }
        made
    }

    fn add(&mut self, word: &str, kind: Kind) {
        let word = word.replace('_', " ");
        if word.chars().any(is_unspaced) {
            self.within.push((word, kind));
        } else if word.contains(' ') {
            self.phrases.push((word.split(' ').map(ToOwned::to_owned).collect(), kind));
        } else if let Some(beginning) = word.strip_suffix('*') {
            self.beginnings.push((beginning.to_owned(), kind));
        } else {
            self.whole.entry(word).or_default().insert(kind);
        }
    }

    /// What the words of a statement do, in order, without those that do nothing; and how many words it has.
    fn kinds(&self, statement: &str) -> (Vec<BTreeSet<Kind>>, usize) {
        if statement.chars().any(is_unspaced) {
            let mut found: Vec<(usize, usize, Kind)> = Vec::new();
            for (word, kind) in &self.within {
                found
                    .extend(statement.match_indices(word.as_str()).map(|(at, _)| (at, usize::MAX - word.len(), *kind)));
            }
            found.sort_unstable();
            let letters = statement.chars().filter(|c| c.is_alphanumeric()).count();
            let kinds = found.into_iter().map(|(_, _, kind)| BTreeSet::from([kind])).collect();
            return (kinds, letters.div_ceil(LETTERS_IN_WORD));
        }
        let is_edge = |c: char| matches!(c, '"' | '(' | ')' | '“' | '”' | '«' | '»' | '¿' | '¡');
        let words: Vec<&str> =
            statement.split(|c: char| c.is_whitespace() || is_edge(c)).filter(|word| !word.is_empty()).collect();
        let kinds = (0..words.len()).map(|at| self.kinds_at(words.get(at..).unwrap_or_default()));
        (kinds.filter(|kinds| !kinds.is_empty()).collect(), words.len())
    }

    /// What the first of these words does, with those behind it.
    fn kinds_at(&self, words: &[&str]) -> BTreeSet<Kind> {
        let Some(word) = words.first() else { return BTreeSet::new() };
        let mut kinds = self.whole.get(*word).cloned().unwrap_or_default();
        kinds.extend(
            self.beginnings.iter().filter(|(start, _)| word.starts_with(start.as_str())).map(|(_, kind)| *kind),
        );
        let follows =
            |phrase: &[String]| phrase.iter().zip(words).filter(|(one, other)| one == *other).count() == phrase.len();
        kinds.extend(self.phrases.iter().filter(|(phrase, _)| follows(phrase)).map(|(_, kind)| *kind));
        kinds
    }
}
