//! What does a text consist of, once spelling, units and set phrases are out of the way?

use super::lexicon::{Lexicon, Mark, Marks, Phrases, Role, Roles};

/// Longest text that is read, in tokens; a customer who writes more is asked again rather than read slowly.
const TOKENS_MAX: usize = 600;

/// What stands between a token and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// Nothing but a space or a hyphen.
    None,
    /// A comma, a slash, a bracket.
    Comma,
    /// The end of a sentence.
    Sentence,
    /// The end of what was said at once.
    Utterance,
}

/// A word, or a number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// As written, lower case, without apostrophes.
    pub(super) raw: String,
    /// What it stands for: without ending, the first of its synonyms.
    pub(super) stem: String,
    pub(super) number: Option<f64>,
    /// What the number measures, an index into the lexicon's dimensions.
    pub(super) dimension: Option<usize>,
    /// How many base units one of its units is.
    pub(super) times: f64,
    /// Whether the number was written in digits.
    pub(super) digits: bool,
    pub(super) before: Break,
    /// Whether a colon follows.
    pub(super) heads: bool,
    /// Whether it was written as one word with the token before it.
    pub(super) glued: bool,
    /// The marks that begin here, and over how many tokens.
    pub(super) marks: Marks,
    pub(super) mark_len: usize,
    /// Whether it lies inside a phrase of marks that began before it.
    pub(super) inside: bool,
    /// Whether it is known to name no thing.
    pub(super) common: bool,
    roles: Roles,
}

impl Token {
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks.has(mark)
    }

    pub(super) fn is(&self, role: Role) -> bool {
        self.roles.has(role)
    }
}

/// Reads a text into tokens.
pub(super) fn read(lexicon: &Lexicon, text: &str) -> Vec<Token> {
    let joined = join_letters(split(text));
    let contracted = merge_phrases(&lexicon.contractions, joined, |token, canonical| token.raw.clone_from(canonical));
    let merged = merge_phrases(&lexicon.synonyms, contracted, |token, canonical| token.stem.clone_from(canonical));
    let merged = name_words(lexicon, merged);
    let mut tokens = merge_units(lexicon, merged);
    find_marks(lexicon, &mut tokens);
    tokens
}

/// Reads several utterances into one row of tokens; each begins with [`Break::Utterance`].
pub(super) fn read_all(lexicon: &Lexicon, utterances: &[String]) -> Vec<Token> {
    let mut all = Vec::new();
    for utterance in utterances {
        let mut tokens = read(lexicon, utterance);
        if let Some(first) = tokens.first_mut() {
            first.before = Break::Utterance;
        }
        all.append(&mut tokens);
    }
    all
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Other,
}

fn class_of(character: char) -> Class {
    if character.is_ascii_digit() {
        Class::Digit
    } else if character.is_alphabetic() {
        Class::Letter
    } else {
        Class::Other
    }
}

struct Splitter {
    tokens: Vec<Token>,
    word: String,
    before: Break,
    glued: bool,
}

impl Splitter {
    fn push_word(&mut self) {
        if self.word.is_empty() || self.tokens.len() >= TOKENS_MAX {
            self.word.clear();
            return;
        }
        let raw = std::mem::take(&mut self.word);
        let number = raw
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && raw.starts_with(|c: char| c.is_ascii_digit()));
        self.tokens.push(Token {
            stem: String::new(),
            digits: number.is_some(),
            number,
            dimension: None,
            times: 1.0,
            before: self.before,
            heads: false,
            glued: self.glued,
            marks: Marks::default(),
            mark_len: 0,
            inside: false,
            common: false,
            roles: Roles::default(),
            raw,
        });
        self.before = Break::None;
        self.glued = false;
    }

    fn cut(&mut self, mark: Break) {
        self.push_word();
        self.before = self.before.max(mark);
        self.glued = false;
    }

    fn push_symbol(&mut self, symbol: char) {
        self.push_word();
        self.word.push(symbol);
        self.push_word();
    }
}

/// Splits at spaces and signs, and between digits and the letters that follow them.
fn split(text: &str) -> Vec<Token> {
    let mut splitter = Splitter { tokens: Vec::new(), word: String::new(), before: Break::None, glued: false };
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    for (at, character) in characters.iter().copied().enumerate() {
        let previous = at.checked_sub(1).and_then(|at| characters.get(at)).copied().unwrap_or(' ');
        let next = characters.get(at.saturating_add(1)).copied().unwrap_or(' ');
        step(&mut splitter, previous, character, next);
    }
    splitter.push_word();
    splitter.tokens
}

fn step(splitter: &mut Splitter, previous: char, character: char, next: char) {
    match character {
        '\'' | '\u{2019}' | '\u{2018}' | '#' => {}
        _ if class_of(character) == Class::Letter => {
            let after_number =
                splitter.word.parse::<f64>().is_ok() && splitter.word.starts_with(|c: char| c.is_ascii_digit());
            if after_number {
                splitter.push_word();
                splitter.glued = true;
            }
            splitter.word.push(character);
        }
        _ if class_of(character) == Class::Digit => splitter.word.push(character),
        '.' if class_of(previous) == Class::Digit && class_of(next) == Class::Digit => splitter.word.push('.'),
        ',' if class_of(previous) == Class::Digit && class_of(next) == Class::Digit => {}
        '"' if class_of(previous) == Class::Digit => {
            splitter.push_word();
            splitter.glued = true;
            splitter.push_symbol('"');
        }
        '-' | '\u{2010}' | '\u{2011}' | '_' if class_of(previous) != Class::Other && class_of(next) != Class::Other => {
            splitter.push_word();
            splitter.glued = true;
        }
        '-' if next == '>' => splitter.cut(Break::Comma),
        '%' | '+' | '&' | '$' | '\u{20ac}' | '\u{a3}' => splitter.push_symbol(character),
        ':' => {
            splitter.cut(Break::Comma);
            if let Some(last) = splitter.tokens.last_mut() {
                last.heads = true;
            }
        }
        ',' | '(' | ')' | '/' | '\u{2013}' | '\u{2014}' | '[' | ']' | '>' => splitter.cut(Break::Comma),
        '-' if previous == ' ' && next == ' ' => splitter.cut(Break::Comma),
        '.' | ';' | '!' | '?' | '\n' => splitter.cut(Break::Sentence),
        _ => splitter.push_word(),
    }
}

/// Joins a single letter with the word it is hyphened to: `t-shirt`.
fn join_letters(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let hyphened = token.glued && token.number.is_none() && token.before == Break::None;
        match joined.last_mut() {
            Some(last) if hyphened && last.raw.chars().count() == 1 && last.raw.starts_with(char::is_alphabetic) => {
                last.raw.push_str(&token.raw);
                last.heads = token.heads;
            }
            _ => joined.push(token),
        }
    }
    joined
}

/// Turns phrases of several words into one token; `rename` gives it what it stands for.
fn merge_phrases(phrases: &Phrases<String>, tokens: Vec<Token>, rename: fn(&mut Token, &String)) -> Vec<Token> {
    let mut merged: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut skip = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if skip > 0 {
            skip = skip.saturating_sub(1);
            continue;
        }
        let mut token = token.clone();
        if phrases.contains_key(&token.raw) {
            let reach = run_length(&tokens, at);
            let ahead: Vec<&str> = tokens.iter().skip(at).take(reach).map(|token| token.raw.as_str()).collect();
            if let Some((length, canonical)) = Lexicon::longest(phrases, &ahead).filter(|(length, _)| *length > 1) {
                token.raw = ahead.get(..length).unwrap_or_default().join(" ");
                token.heads = tokens.get(at.saturating_add(length).saturating_sub(1)).is_some_and(|last| last.heads);
                rename(&mut token, canonical);
                skip = length.saturating_sub(1);
            }
        }
        merged.push(token);
    }
    merged
}

fn name_words(lexicon: &Lexicon, mut tokens: Vec<Token>) -> Vec<Token> {
    for token in &mut tokens {
        token.roles = lexicon.roles(&token.raw);
        if token.stem.is_empty() {
            token.stem = lexicon.canonical(&token.raw);
            token.common = lexicon.is_common(&token.raw);
        }
    }
    tokens
}

/// How many tokens from `at` on follow each other without a break, at most six.
fn run_length(tokens: &[Token], at: usize) -> usize {
    let rest = tokens.iter().skip(at.saturating_add(1)).take(5);
    rest.take_while(|token| token.before == Break::None).count().saturating_add(1)
}

/// Joins a number with the unit after it; number words count when a unit follows or a hyphen joins.
fn merge_units(lexicon: &Lexicon, tokens: Vec<Token>) -> Vec<Token> {
    let mut merged: Vec<Token> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        if token.number.is_none() {
            token.number = lexicon.number_words.get(&token.raw).copied();
        }
        let unit = lexicon.units.get(&token.raw).copied();
        let narrow = lexicon.tight_units.contains(&token.raw)
            || (token.raw.chars().count() == 1 && merged.last().is_some_and(|last| !last.digits));
        let article = lexicon.determiners.contains(&token.raw)
            && merged.last().is_some_and(|last| last.number.is_some_and(|number| number < 1.0));
        if article {
            continue;
        }
        let previous = merged
            .last_mut()
            .filter(|last| last.number.is_some() && last.dimension.is_none() && token.before == Break::None);
        match (unit, previous) {
            (Some((dimension, times)), Some(last)) if !narrow || (token.glued && last.digits) => {
                last.number = last.number.map(|number| number * times);
                last.dimension = Some(dimension);
                last.times = times;
                last.raw = format!("{} {}", last.raw, token.raw);
                last.heads = token.heads;
                last.common = false;
            }
            _ => merged.push(token),
        }
    }
    share_units(&mut merged);
    merged
}

/// In `5-25 lbs` the first number has the unit of the second.
fn share_units(tokens: &mut [Token]) {
    for at in (1..tokens.len()).rev() {
        let Some((dimension, times, true)) = tokens.get(at).map(|token| (token.dimension, token.times, token.glued))
        else {
            continue;
        };
        if let Some(first) =
            tokens.get_mut(at.saturating_sub(1)).filter(|first| first.number.is_some() && first.dimension.is_none())
        {
            first.dimension = dimension;
            first.number = first.number.map(|number| number * times);
        }
    }
}

/// "If there is no red one" states a condition, no preference.
fn prefer_is_condition(tokens: &mut [Token], at: usize, length: usize) {
    let denied =
        tokens.get(at.saturating_add(length)).is_some_and(|next| next.is(Role::Not) && next.before == Break::None);
    if let Some(token) = tokens.get_mut(at).filter(|token| denied && token.has(Mark::Prefer)) {
        token.marks = Marks::default();
        token.marks.insert(Mark::Unless);
    }
}

fn find_marks(lexicon: &Lexicon, tokens: &mut [Token]) {
    let words: Vec<String> = tokens.iter().map(|token| token.raw.clone()).collect();
    let mut at = 0_usize;
    while at < tokens.len() {
        let reach = run_length(tokens, at);
        let ahead: Vec<&str> = words.iter().skip(at).take(reach).map(String::as_str).collect();
        let length = match Lexicon::longest(&lexicon.marks, &ahead) {
            Some((length, marks)) => {
                if let Some(token) = tokens.get_mut(at) {
                    token.marks = *marks;
                    token.mark_len = length;
                }
                length
            }
            None => 1,
        };
        prefer_is_condition(tokens, at, length);
        for inside in tokens.iter_mut().skip(at.saturating_add(1)).take(length.saturating_sub(1)) {
            inside.inside = true;
        }
        at = at.saturating_add(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let source = serde_json::json!({
            "units": [{"words": ["ml"], "of": "volume", "times": 0.001}, {"words": ["l", "liter"], "of": "volume", "times": 1.0}, {"words": ["x"], "of": "times", "times": 1.0}],
            "tight_units": ["x"],
            "number_words": {"two": 2.0, "half": 0.5},
            "determiners": ["a"],
            "synonyms": [["tshirt", "t shirt"]],
        });
        serde_json::from_value(source).unwrap()
    }

    fn quantities(text: &str) -> Vec<(Option<f64>, bool)> {
        read(&lexicon(), text).iter().map(|token| (token.number, token.dimension.is_some())).collect()
    }

    #[test]
    fn a_number_takes_the_unit_after_it() {
        assert_eq!(quantities("1000ml"), [(Some(1.0), true)]);
        assert_eq!(quantities("2 liter"), [(Some(2.0), true)]);
        assert_eq!(quantities("two-liter"), [(Some(2.0), true)]);
        assert_eq!(quantities("half a liter"), [(Some(0.5), true)]);
        assert_eq!(quantities("3x"), [(Some(3.0), true)]);
        assert_eq!(quantities("3 x"), [(Some(3.0), false), (None, false)]);
        assert_eq!(quantities("1,000 ml"), [(Some(1.0), true)]);
        assert_eq!(quantities("500-750 ml"), [(Some(0.5), true), (Some(0.75), true)]);
    }

    #[test]
    fn spellings_of_one_word_are_one_token() {
        for written in ["T-Shirt", "t shirt", "tshirt"] {
            let tokens = read(&lexicon(), written);
            assert_eq!(tokens.iter().map(|token| token.stem.as_str()).collect::<Vec<_>>(), ["tshirt"], "{written}");
        }
    }

    #[test]
    fn sentences_and_commas_are_told_apart() {
        let tokens = read(&lexicon(), "red, blue. green (tall) 1.5 liter");
        let breaks: Vec<Break> = tokens.iter().map(|token| token.before).collect();
        assert_eq!(breaks, [Break::None, Break::Comma, Break::Sentence, Break::Comma, Break::Comma]);
    }

    #[test]
    fn a_long_text_is_cut_at_the_bound() {
        assert_eq!(read(&lexicon(), &"word ".repeat(TOKENS_MAX + 1)).len(), TOKENS_MAX);
    }
}
