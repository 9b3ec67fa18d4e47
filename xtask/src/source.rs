//! What stands in a Rust file: its words, functions and tests, by line, without comments.
//!
//! Lexed by the compiler's own rules (proc-macro2), so that strings, raw strings and comments are told apart.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use anyhow::anyhow;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One Rust file, read for the rules of tidy.
#[derive(Default)]
pub(crate) struct RustSource {
    /// Path relative to the root.
    pub(crate) path: String,
    /// Lines outside of inline tests.
    pub(crate) lines: usize,
    /// Every function with a body, in reading order.
    pub(crate) functions: Vec<Function>,
    /// Every identifier and literal outside of attributes that document.
    pub(crate) words: Vec<Word>,
    /// Lines on which an attribute switches a test off.
    pub(crate) switched_off: Vec<usize>,
}

/// A function's name, place and length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Lines of the body that hold code.
    pub(crate) code_lines: usize,
}

/// An identifier or literal as written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) line: usize,
    pub(crate) kind: WordKind,
    pub(crate) text: String,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordKind {
    Identifier,
    Literal,
}

/// Whether a word ships or only tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Product,
    Test,
}

impl RustSource {
    /// Lexes a file.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("`{path}` does not lex: {error}"))?;
        let place = if is_test_file(path) { Place::Test } else { Place::Product };
        let mut reader =
            Reader { source: Self { path: path.to_owned(), ..Self::default() }, test_lines: BTreeSet::new() };
        reader.read_items(tokens, place);
        let mut source = reader.source;
        source.lines = text.lines().count().saturating_sub(reader.test_lines.len());
        Ok(source)
    }
}

/// Whether everything in this file is test code.
fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/") || path.contains("/examples/")
}

struct Reader {
    source: RustSource,
    test_lines: BTreeSet<usize>,
}

/// What the tokens read so far say about the item that is being read.
struct Item {
    place: Place,
    first_line: usize,
    function: Option<(String, usize)>,
}

impl Reader {
    fn read_items(&mut self, tokens: TokenStream, place: Place) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.iter().peekable();
        let mut item: Option<Item> = None;
        while let Some(token) = rest.next() {
            let line = token.span().start().line;
            let current = item.get_or_insert(Item { place, first_line: line, function: None });
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    rest.next_if(|next| matches!(next, TokenTree::Punct(bang) if bang.as_char() == '!'));
                    if let Some(TokenTree::Group(attribute)) = rest.next() {
                        self.read_attribute(attribute, current);
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => item = self.end_item(item.take(), line, place),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(name) => {
                    if let (true, Some(TokenTree::Ident(next))) = (*name == "fn", rest.peek()) {
                        current.function = Some((next.to_string(), line));
                    }
                    let place = current.place;
                    self.push_word(line, WordKind::Identifier, name.to_string(), place);
                }
                TokenTree::Literal(literal) => {
                    let place = current.place;
                    self.push_word(line, WordKind::Literal, literal.to_string(), place);
                }
                TokenTree::Group(group) => {
                    let inner = current.place;
                    if group.delimiter() == Delimiter::Brace {
                        if let Some((name, line)) = current.function.take() {
                            self.source.functions.push(Function { name, line, code_lines: code_lines_of(group) });
                        }
                        self.read_items(group.stream(), inner);
                        item = self.end_item(item.take(), group.span_close().end().line, place);
                    } else {
                        self.read_items(group.stream(), inner);
                    }
                }
            }
        }
    }

    fn read_attribute(&mut self, attribute: &Group, item: &mut Item) {
        let text = attribute.stream().to_string().replace(' ', "");
        if text == "ignore" || text.starts_with("ignore=") {
            self.source.switched_off.push(attribute.span_open().start().line);
        }
        let tests = text == "test" || text.ends_with("::test") || text.starts_with("tokio::test(");
        if tests || text == "cfg(test)" || text.starts_with("cfg(all(test,") {
            item.place = Place::Test;
        }
    }

    fn push_word(&mut self, line: usize, kind: WordKind, text: String, place: Place) {
        self.source.words.push(Word { line, kind, text, place });
    }

    /// Takes note of a test's lines when it is a test inside product code.
    fn end_item(&mut self, item: Option<Item>, last_line: usize, around: Place) -> Option<Item> {
        if let Some(item) = item
            && item.place == Place::Test
            && around == Place::Product
        {
            self.test_lines.extend(item.first_line..=last_line);
        }
        None
    }
}

fn code_lines_of(body: &Group) -> usize {
    let mut lines = BTreeSet::new();
    collect_lines(body.stream(), &mut lines);
    lines.len()
}

fn collect_lines(tokens: TokenStream, lines: &mut BTreeSet<usize>) {
    for token in tokens {
        if let TokenTree::Group(group) = token {
            lines.insert(group.span_open().start().line);
            lines.insert(group.span_close().end().line);
            collect_lines(group.stream(), lines);
        } else {
            lines.extend(lines_of(&token));
        }
    }
}

fn lines_of(token: &TokenTree) -> RangeInclusive<usize> {
    token.span().start().line..=token.span().end().line
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
//! A comment that says retail.
/// Documentation that says retail.
fn settle(a: u8) -> u8 {
    // a comment line does not count

    let text = \"paylater
two lines\";
    a
}

#[cfg(test)]
mod tests {
    #[test]
    #[ignore]
    fn refund() {
        assert_eq!(1, 1);
    }
}
";

    #[test]
    fn words_come_without_comments_and_know_whether_they_test() {
        let source = RustSource::parse("crates/a/src/lib.rs", SAMPLE).unwrap();
        let of = |text: &str| source.words.iter().filter(|word| word.text.contains(text)).collect::<Vec<_>>();
        assert!(of("retail").is_empty());
        assert_eq!(of("paylater").len(), 1);
        assert_eq!(of("paylater")[0].place, Place::Product);
        assert_eq!(of("assert_eq")[0].place, Place::Test);
    }

    #[test]
    fn functions_count_lines_that_hold_code() {
        let source = RustSource::parse("crates/a/src/lib.rs", SAMPLE).unwrap();
        let settle = Function { name: "settle".to_owned(), line: 3, code_lines: 3 };
        assert_eq!(source.functions[0], settle);
        assert_eq!(source.functions[1].name, "refund");
    }

    #[test]
    fn inline_tests_do_not_count_as_lines_of_the_file() {
        let source = RustSource::parse("crates/a/src/lib.rs", SAMPLE).unwrap();
        assert_eq!(source.lines, 10);
    }

    #[test]
    fn a_switched_off_test_is_found() {
        let source = RustSource::parse("crates/a/src/lib.rs", SAMPLE).unwrap();
        assert_eq!(source.switched_off, vec![14]);
    }

    #[test]
    fn a_file_that_does_not_lex_is_an_error() {
        assert!(RustSource::parse("crates/a/src/lib.rs", "fn a( {").is_err());
    }
}
