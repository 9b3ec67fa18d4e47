//! How does an expression stay small? Classes that hold whole scripts become automata of thousands of states; shorter ones mean the same here.

use regex::{Error, Regex};

/// Letters, digits and `_`: all that `\w` matches in the scripts in use, as a few ranges. Between them lie punctuation, symbols and emoji.
const WORD: &str = r"0-9A-Z_a-z\x{AA}\x{B5}\x{BA}\x{C0}-\x{1FFF}\x{2C00}-\x{2DFF}\x{3040}-\x{D7FF}\x{F900}-\x{FAFF}\x{FF10}-\x{FFDC}\x{10000}-\x{1EFFF}\x{20000}-\x{3FFFF}";
const DIGIT: &str = "0-9";

/// The expression with `\w`, `\W`, `\d` and `\D` in their short forms, and, if it names no letters beyond ASCII, with ASCII's `\b`: Unicode's
/// would rule out the fast automata on texts with other letters.
///
/// A rule file has hundreds of them, and memory and time to compile go with the states: Unicode's `\w` alone has over 700 ranges.
pub(crate) fn lean(pattern: &str) -> String {
    let is_ascii = !pattern.chars().any(|c| !c.is_ascii() && c.is_alphanumeric())
        && !pattern.contains(r"\p")
        && !pattern.contains(r"\P");
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut depth = 0_usize;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '\\' => {
                let Some(escaped) = chars.next() else {
                    out.push(c);
                    break;
                };
                match (escaped, depth) {
                    // Cases are all there: to look for those of so many letters would take longer than all the rest.
                    ('w', 0) => out.extend(["(?-i:[", WORD, "])"]),
                    ('W', 0) => out.extend(["(?-i:[^", WORD, "])"]),
                    ('w', _) => out.push_str(WORD),
                    ('W', _) => out.extend(["[^", WORD, "]"]),
                    ('d', 0) => out.extend(["[", DIGIT, "]"]),
                    ('d', _) => out.push_str(DIGIT),
                    ('D', _) => out.extend(["[^", DIGIT, "]"]),
                    ('b', 0) if is_ascii => out.push_str(r"(?-u:\b)"),
                    _ => out.extend([c, escaped]),
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Compiles the lean form of an expression.
pub(crate) fn regex(pattern: &str) -> Result<Regex, Error> {
    Regex::new(&lean(pattern))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::lean;

    #[test]
    fn short_classes_find_what_long_ones_find() {
        let text =
            "Zoë's “café” – naïve, Ωmega/кошка, 你好 ひらがな 한국어 عربي 42 kr… €7,50 (ok_1) 👍 x² — \u{a0}end\\w";
        for pattern in [r"\w+", r"\W+", r"\d+", r"\D+", r"[\w']+", r"[^\w']+", r"[^\d]+", r"\w+\\\w", r"o\[k|\w{2}"] {
            let found = |source: &str| {
                Regex::new(source).unwrap().find_iter(text).map(|found| found.range()).collect::<Vec<_>>()
            };
            assert_eq!(found(&lean(pattern)), found(pattern), "{pattern}");
        }
    }

    #[test]
    fn boundaries_are_those_of_ascii_unless_other_letters_are_named() {
        assert_eq!(lean(r"\bno\b"), r"(?-u:\b)no(?-u:\b)");
        assert_eq!(lean(r"\bför\b"), r"\bför\b");
        assert_eq!(lean(r"[“”]no\b"), r"[“”]no(?-u:\b)");
        assert_eq!(lean(r"\b\p{Lu}"), r"\b\p{Lu}");
        assert_eq!(lean(r"[\b\d]"), r"[\b0-9]");
    }
}
