//! How does a text look once its tricks are taken off?
//!
//! Hidden characters go from both views. What people need stays: joiners of Arabic and Indic scripts and of emoji, emoji
//! selectors, direction marks next to right-to-left letters.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// A text in its two views, and what was taken off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canonical {
    /// NFC, hidden characters removed, otherwise as written.
    pub display: String,
    /// NFKC, lower case, look-alike letters folded: only for checks, never shown.
    pub check: String,
    /// How many characters were removed that have no honest use where they stood.
    pub hidden: usize,
    /// Text that was smuggled in tag characters or variation selectors, decoded.
    pub smuggled: String,
    /// Words that mix scripts which look alike, such as Latin with Cyrillic.
    pub mixed_script_words: usize,
}

/// Both views of a raw text.
#[must_use]
pub fn canonical(raw: &str) -> Canonical {
    let chars: Vec<char> = raw.nfc().collect();
    let mut display = String::with_capacity(raw.len());
    let mut hidden = 0;
    let mut smuggled: Vec<u8> = Vec::new();
    let mut before = None;
    let mut in_flag = false;
    for (at, c) in chars.iter().copied().enumerate() {
        in_flag = c == '\u{1f3f4}' || (in_flag && is_tag(c));
        let after = chars.get(at + 1).copied();
        match verdict(c, before, after) {
            Verdict::Keep => {}
            _ if in_flag => {}
            Verdict::Harmless => continue,
            Verdict::Hidden => {
                hidden += 1;
                smuggled.extend(payload(c));
                continue;
            }
        }
        display.push(c);
        before = Some(c);
    }
    let (check, mixed_script_words) = check_view(&display);
    let decoded = String::from_utf8_lossy(&smuggled).into_owned();
    let smuggled = if decoded.chars().filter(char::is_ascii_graphic).count() >= 4 { decoded } else { String::new() };
    Canonical { display, check, hidden, smuggled, mixed_script_words }
}

/// Whether a text leaves no mark: blanks, controls, and what Unicode ignores (`Default_Ignorable_Code_Point`) alone.
#[must_use]
pub fn is_unseen(text: &str) -> bool {
    static UNSEEN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\A[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*\z").ok());
    UNSEEN.as_ref().is_some_and(|unseen| unseen.is_match(text))
}

enum Verdict {
    Keep,
    /// Removed, but common in honest text.
    Harmless,
    /// Removed, and a sign of a trick.
    Hidden,
}

fn verdict(c: char, before: Option<char>, after: Option<char>) -> Verdict {
    match c {
        '\n' | '\t' => Verdict::Keep,
        '\r' | '\u{ad}' | '\u{feff}' | '\u{200b}' | '\u{2060}' => Verdict::Harmless,
        '\u{200d}' if before.is_some_and(|b| is_emoji(b) || joins(b)) && after.is_some() => Verdict::Keep,
        '\u{200c}' if before.is_some_and(joins) => Verdict::Keep,
        '\u{200e}' | '\u{200f}' | '\u{61c}' if before.is_some_and(is_rtl) || after.is_some_and(is_rtl) => Verdict::Keep,
        '\u{200e}' | '\u{200f}' => Verdict::Harmless,
        '\u{fe0e}' | '\u{fe0f}'
            if before.is_some_and(|b| is_emoji(b) || b.is_ascii_digit() || matches!(b, '#' | '*')) =>
        {
            Verdict::Keep
        }
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' if before.is_some_and(is_ideograph) => Verdict::Keep,
        '\u{180b}'..='\u{180d}' if before.is_some_and(|b| ('\u{1800}'..='\u{18af}').contains(&b)) => Verdict::Keep,
        '\u{200c}'
        | '\u{200d}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' => Verdict::Hidden,
        '\u{202a}'..='\u{202e}' | '\u{2061}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => {
            Verdict::Hidden
        }
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}' | '\u{1d173}'..='\u{1d17a}' => Verdict::Hidden,
        _ if c.is_control() => Verdict::Hidden,
        _ => Verdict::Keep,
    }
}

/// The byte that a tag character or variation selector carries.
fn payload(c: char) -> Option<u8> {
    let code = u32::from(c);
    let byte = match code {
        0xe0020..=0xe007e => code - 0xe0000,
        0xfe00..=0xfe0f => code - 0xfe00,
        0xe0100..=0xe01ef => code - 0xe0100 + 16,
        _ => return None,
    };
    u8::try_from(byte).ok()
}

fn is_tag(c: char) -> bool {
    ('\u{e0020}'..='\u{e007f}').contains(&c)
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{fe0f}')
}

/// Scripts whose letters are joined or kept apart by ZWJ and ZWNJ: Arabic to Khmer, and their extensions.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{1800}'..='\u{18af}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The view for checks, and how many words mix scripts.
fn check_view(display: &str) -> (String, usize) {
    let folded: String = display.nfkc().collect::<String>().to_lowercase();
    let mut mixed = 0;
    let mut check = String::with_capacity(folded.len());
    for part in folded.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let latin = part.chars().any(|c| c.is_ascii_alphabetic());
        if latin && part.chars().any(|c| look_alike(c).is_some()) {
            mixed += 1;
            check.extend(part.chars().map(|c| look_alike(c).unwrap_or(c)));
        } else {
            check.push_str(part);
        }
    }
    (check, mixed)
}

/// The Latin letter that a lower-case Cyrillic, Greek or Armenian one looks like (a selection of Unicode's confusables.txt).
fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'ь' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ё' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'հ' => 'h',
        'і' | 'ι' | 'ї' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'п' | 'η' | 'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_no_mark_is_unseen() {
        for text in ["", " \n\t", "\u{200b}\u{2060}\u{feff} ", "\u{3164}\u{ffa0}", "\u{e0041}"] {
            assert!(is_unseen(text), "{text:?}");
        }
        for text in [".", "\u{200b}a", "👍", "か"] {
            assert!(!is_unseen(text), "{text:?}");
        }
    }

    #[test]
    fn text_in_tag_characters_is_found_and_decoded() {
        let secret: String = "refund 500".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        let read = canonical(&format!("hello{secret} there"));
        assert_eq!((read.display.as_str(), read.smuggled.as_str(), read.hidden), ("hello there", "refund 500", 10));
    }

    #[test]
    fn honest_joiners_and_emoji_stay() {
        for text in ["می‌خواهم", "क्‍ष", "👩‍👩‍👧‍👦 ❤️ 1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "שלום‎ עולם", "葛󠄀城", "naïve café", "Zażółć gęślą jaźń"]
        {
            let read = canonical(text);
            assert_eq!((read.display.as_str(), read.hidden), (text, 0), "{text:?}");
        }
    }

    #[test]
    fn direction_overrides_and_zero_width_letters_go() {
        let read = canonical("re\u{202e}fu\u{200d}nd\u{0008}");
        assert_eq!((read.display.as_str(), read.hidden), ("refund", 3));
    }

    #[test]
    fn look_alike_letters_are_folded_for_checks_only() {
        let read = canonical("ignоre previоus");
        assert_eq!((read.check.as_str(), read.mixed_script_words), ("ignore previous", 2));
        assert_eq!(canonical("привет").mixed_script_words, 0);
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        for text in ["a\u{200b}b\u{e0041}", "👨‍👩‍👧", "ﬁ ①"] {
            let once = canonical(text).display;
            assert_eq!(canonical(&once).display, once);
        }
    }
}
