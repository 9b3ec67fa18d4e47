//! Where does one thing said end and the next begin?

use super::rules::Rules;

/// How a piece is joined to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// A sentence of its own.
    Sentence,
    /// Cut out of a sentence, tentatively.
    Clause,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// As written.
    pub text: &'t str,
    pub join: Join,
    /// Where it begins and ends in the message, in bytes.
    pub start: usize,
    pub end: usize,
}

/// Pieces read out of one message; the last takes the rest.
const PIECES_MAX: usize = 24;
/// A shorter part is no request.
const CLAUSE_WORDS_MIN: usize = 2;

/// Cuts a message into sentences, and sentences before words that open a request.
pub(super) fn cut<'t>(text: &'t str, rules: &Rules) -> Vec<Piece<'t>> {
    let mut pieces: Vec<Piece<'t>> = Vec::new();
    let mut from = 0;
    for sentence in sentences(text, rules) {
        for (i, clause) in clauses(sentence, rules).into_iter().enumerate() {
            let join = if i == 0 { Join::Sentence } else { Join::Clause };
            // Pieces come in the order of the text, so that each is found behind the one before.
            let start = text.get(from..).and_then(|rest| rest.find(clause)).map_or(from, |at| from + at);
            from = start + clause.len();
            pieces.push(Piece { text: clause, join, start, end: from });
        }
    }
    if let Some(last) = pieces.get(PIECES_MAX).map(|piece| piece.start) {
        pieces.truncate(PIECES_MAX);
        pieces.push(Piece {
            text: text.get(last..).unwrap_or_default(),
            join: Join::Sentence,
            start: last,
            end: text.len(),
        });
    }
    pieces
}

/// Sentences, with their punctuation.
pub(super) fn sentences<'t>(text: &'t str, rules: &Rules) -> Vec<&'t str> {
    let mut list: Vec<&str> = Vec::new();
    let mut from = 0;
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (i, (at, c)) in chars.iter().copied().enumerate() {
        let next = chars.get(i + 1).map(|(_, c)| *c);
        let after = chars.iter().skip(i + 1).map(|(_, c)| *c).find(|c| !c.is_whitespace());
        let ends = match c {
            '\n' => true,
            '!' | '?' | '…' => next.is_none_or(char::is_whitespace),
            '.' => {
                next.is_none_or(char::is_whitespace) && !abbreviated(text, from, at, rules) && !trails(text, at, after)
            }
            _ => false,
        };
        if ends {
            list.extend(text.get(from..at + c.len_utf8()).map(str::trim));
            from = at + c.len_utf8();
        }
    }
    list.extend(text.get(from..).map(str::trim));
    list.retain(|part| part.chars().any(char::is_alphanumeric) || part.contains(['👍', '👎', '✅', '❌']));
    list
}

/// "Dr." and "no." end no sentence; nor does "1." of a list.
fn abbreviated(text: &str, from: usize, at: usize, rules: &Rules) -> bool {
    let word = text.get(from..at).unwrap_or_default().rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_list = word.len() <= 2
        && !word.is_empty()
        && word.chars().all(|c| c.is_ascii_digit())
        && word.len() == text.get(from..at).unwrap_or_default().trim().len();
    let single = word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && word != "I";
    // "No." alone is an answer, "order no. 5" is not.
    let lower = word.to_lowercase();
    let alone = text.get(from..at).unwrap_or_default().trim() == word;
    is_list
        || single
        || (rules.abbreviations.contains(&lower) && !alone && lower != "no")
        || (lower == "no"
            && !alone
            && text
                .get(at..)
                .is_some_and(|rest| rest.trim_start_matches(['.', ' ', '#']).starts_with(|c: char| c.is_ascii_digit())))
}

/// "Yes... please go ahead": three dots before a small letter go on.
fn trails(text: &str, at: usize, after: Option<char>) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with("..")) && after.is_some_and(char::is_lowercase)
}

/// Parts of a sentence that begin as requests do.
fn clauses<'t>(sentence: &'t str, rules: &Rules) -> Vec<&'t str> {
    let mut list: Vec<&str> = Vec::new();
    let mut from = 0;
    let several = rules.announces.is_match(sentence);
    for found in rules.cut.find_iter(sentence) {
        let (Some(left), Some(right)) = (sentence.get(from..found.start()), sentence.get(found.end()..)) else {
            continue;
        };
        let long =
            left.split_whitespace().count() >= CLAUSE_WORDS_MIN && right.split_whitespace().count() >= CLAUSE_WORDS_MIN;
        if long && (several || rules.opens_request(right) || rules.ellipsis.is_match(right)) {
            list.push(left.trim());
            from = found.end();
        }
    }
    list.extend(sentence.get(from..).map(str::trim));
    list.retain(|part| !part.is_empty());
    list
}
