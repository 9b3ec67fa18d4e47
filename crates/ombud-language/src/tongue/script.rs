//! What does the script of a text say of its language?

use unicode_script::{Script, UnicodeScript as _};

/// What a script tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// There is no letter.
    Nothing,
    /// One language.
    One(&'static str),
    /// One of these.
    Among(&'static [&'static str]),
    /// Latin letters, which most languages use.
    Latin,
}

/// Letters that only some languages of a script have: those of the first that occurs most.
type Marks = &'static [(&'static str, &'static [&'static str])];

const CYRILLIC: Marks =
    &[("іїєґ", &["uk"]), ("ў", &["be"]), ("ђћљњџј", &["sr", "mk"]), ("ѓќѕ", &["mk"]), ("ыэё", &["ru", "be"])];
const ARABIC: Marks = &[("پچژگک", &["fa", "ur"]), ("ٹڈڑںےہ", &["ur"])];

/// Reads the letters; a text counts as Latin only where no other script has more than a third of the letters.
pub(super) fn of(text: &str, present: &str) -> Told {
    let mut counts: Vec<(Script, usize)> = Vec::new();
    let mut letters = 0;
    for script in text.chars().filter(|c| c.is_alphabetic()).map(|c| c.script()) {
        if matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            continue;
        }
        letters += 1;
        match counts.iter_mut().find(|(known, _)| *known == script) {
            Some((_, count)) => *count += 1,
            None => counts.push((script, 1)),
        }
    }
    let count = |script: Script| counts.iter().find(|(known, _)| *known == script).map_or(0, |(_, count)| *count);
    if letters == 0 {
        return Told::Nothing;
    }
    let kana = count(Script::Hiragana) + count(Script::Katakana);
    let eastern = kana + count(Script::Han);
    // A word of these stands for many letters of Latin ones.
    if eastern * 6 >= letters && eastern > 0 && count(Script::Hangul) < eastern {
        return match kana > 0 || present == "ja" && eastern < 6 {
            true => Told::One("ja"),
            false => Told::One("zh"),
        };
    }
    let foreign = counts.iter().filter(|(script, _)| *script != Script::Latin).max_by_key(|(_, count)| *count);
    match foreign {
        Some((script, count)) if count * 3 > letters => of_script(*script, text),
        _ => Told::Latin,
    }
}

fn of_script(script: Script, text: &str) -> Told {
    Told::One(match script {
        Script::Cyrillic => {
            return marked(text, CYRILLIC, &["ru", "bg", "uk", "mk", "sr", "be", "kk", "mn", "ky", "tg"]);
        }
        Script::Arabic => return marked(text, ARABIC, &["ar", "fa", "ur", "ps", "ckb"]),
        Script::Devanagari => return Told::Among(&["hi", "mr", "ne", "sa"]),
        Script::Hebrew => "he",
        Script::Greek => "el",
        Script::Thai => "th",
        Script::Hangul => "ko",
        Script::Armenian => "hy",
        Script::Georgian => "ka",
        Script::Bengali => "bn",
        Script::Gujarati => "gu",
        Script::Gurmukhi => "pa",
        Script::Tamil => "ta",
        Script::Telugu => "te",
        Script::Kannada => "kn",
        Script::Malayalam => "ml",
        Script::Sinhala => "si",
        Script::Khmer => "km",
        Script::Lao => "lo",
        Script::Myanmar => "my",
        Script::Ethiopic => "am",
        _ => "und",
    })
}

fn marked(text: &str, marks: Marks, all: &'static [&'static str]) -> Told {
    let count = |letters: &str| text.chars().filter(|c| letters.contains(*c)).count();
    let best =
        marks.iter().map(|(letters, languages)| (count(letters), *languages)).rev().max_by_key(|(count, _)| *count);
    match best {
        Some((1.., languages)) => match languages {
            [one] => Told::One(one),
            several => Told::Among(several),
        },
        _ => Told::Among(all),
    }
}
