//! Where are the digits of a text, however they are written?
//!
//! ASCII, other scripts, circled, spelled out in 34 languages, or letters in their place ("l" for 1); with the gaps between them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a digit was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As a digit of some script.
    Digit,
    /// As a word.
    Word,
    /// As a letter that looks like one.
    LookAlike,
}

/// One digit with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub value: u8,
    pub start: usize,
    pub end: usize,
    pub written: Written,
    /// A separator, or nothing, stands before it: the first of a group.
    pub first: bool,
}

/// Digits that belong together: only separators between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub units: Vec<Unit>,
    /// A plus sign stands before: a phone number.
    pub plus: bool,
}

/// Separators between two digits of one run.
const GAP_MAX: usize = 4;
/// Characters of a tag or an entity that is taken for one separator.
const MARKUP_CHARS_MAX: usize = 40;

/// All runs of a text, in order.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut scan = Scan { text, chars: &chars, ..Scan::default() };
    while scan.at < scan.chars.len() {
        scan.step();
    }
    scan.close();
    scan.runs
}

#[derive(Default)]
struct Scan<'a> {
    text: &'a str,
    chars: &'a [(usize, char)],
    at: usize,
    run: Run,
    runs: Vec<Run>,
    gap: usize,
    plus: bool,
    /// "double", "triple": how often the next digit counts.
    times: usize,
    /// Where the last "forty" ends, in bytes: a digit word right behind belongs to it.
    tens_end: usize,
}

impl Scan<'_> {
    fn step(&mut self) {
        let Some((_, c)) = self.chars.get(self.at).copied() else { return };
        if is_ignorable(c) {
            self.at += 1;
        } else if let Some(length) = markup(self.chars.get(self.at..).unwrap_or_default()) {
            self.at += length;
            self.gap += 1;
        } else if symbol_digit(c).is_some() || c.is_alphanumeric() {
            self.token();
        } else {
            self.separator(c);
        }
    }

    fn separator(&mut self, c: char) {
        self.at += 1;
        self.gap += 1;
        self.plus = c == '+';
        if self.gap > GAP_MAX || self.plus || matches!(c, '?' | '!' | '@' | '€' | '$' | '£' | '%' | '=' | '^') {
            self.close();
        }
    }

    /// Reads the letters and digits that stand together.
    fn token(&mut self) {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let token: Vec<(usize, char)> = rest
            .iter()
            .copied()
            .take_while(|(_, c)| c.is_alphanumeric() || symbol_digit(*c).is_some() || is_ignorable(*c))
            .collect();
        self.at += token.len();
        let visible: Vec<(usize, char)> = token.into_iter().filter(|(_, c)| !is_ignorable(*c)).collect();
        let letters = visible.iter().filter(|(_, c)| symbol_digit(*c).is_none()).count();
        if letters == 0 || (visible.len() > 1 && letters < visible.len() && all_look_alike(&visible)) {
            self.push_all(&visible);
        } else if letters == visible.len() {
            self.word(&visible);
        } else {
            self.mixed(&visible);
        }
        self.gap = 0;
        self.plus = false;
    }

    fn push_all(&mut self, visible: &[(usize, char)]) {
        if self.run.units.is_empty() {
            self.run.plus = self.plus;
        }
        for (i, (start, c)) in visible.iter().enumerate() {
            let written = if symbol_digit(*c).is_some() { Written::Digit } else { Written::LookAlike };
            let value = symbol_digit(*c).or_else(|| look_alike(*c)).unwrap_or_default();
            for turn in 0..std::mem::take(&mut self.times).max(1) {
                self.run.units.push(Unit {
                    value,
                    start: *start,
                    end: start + c.len_utf8(),
                    written,
                    first: i == 0 && turn == 0,
                });
            }
        }
    }

    fn word(&mut self, visible: &[(usize, char)]) {
        let (Some((start, _)), Some((last, c))) = (visible.first(), visible.last()) else { return };
        let (start, end) = (*start, last + c.len_utf8());
        let word = self.text.get(start..end).unwrap_or_default().to_lowercase();
        if let Some(times) = multiplier(&word) {
            self.times = times;
        } else if let Some(values) = tens(&word) {
            self.push_word(&values, (start, end));
            self.tens_end = end;
        } else if let Some(value) = self.units_of_tens(&word, start) {
            if let Some(last) = self.run.units.last_mut() {
                (last.value, last.end) = (value, end);
            }
        } else if let Some(values) = word_digits(&word) {
            let times = std::mem::take(&mut self.times).max(1);
            self.push_word(&values.repeat(times), (start, end));
        } else if all_look_alike(visible) && visible.len() <= 4 && !self.run.units.is_empty() {
            self.push_all(visible);
        } else if !is_filler(&word) {
            self.close();
        }
    }

    fn push_word(&mut self, values: &[u8], (start, end): (usize, usize)) {
        for (i, value) in values.iter().enumerate() {
            self.run.units.push(Unit { value: *value, start, end, written: Written::Word, first: i == 0 });
        }
    }

    /// The "two" of "forty-two".
    fn units_of_tens(&self, word: &str, start: usize) -> Option<u8> {
        let follows = self.tens_end > 0 && start == self.tens_end + 1;
        match word_digits(word) {
            Some([value]) if follows && *value > 0 => Some(*value),
            _ => None,
        }
    }

    /// Letters and digits glued together: digits of three and more stand alone (`cvv123`), shorter ones belong to an id.
    fn mixed(&mut self, visible: &[(usize, char)]) {
        self.close();
        for part in visible.chunk_by(|a, b| symbol_digit(a.1).is_some() == symbol_digit(b.1).is_some()) {
            let digits = part.first().is_some_and(|(_, c)| symbol_digit(*c).is_some());
            if digits && part.len() >= 3 {
                self.push_all(part);
            }
            let ends_token = part.last() == visible.last();
            if !(digits && ends_token && part.len() >= 3) {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.times = 0;
        if !self.run.units.is_empty() {
            self.runs.push(std::mem::take(&mut self.run));
        }
    }
}

/// How many characters of markup begin here: a tag, a character entity, or an escaped blank or sign of a URL. Each separates digits as a blank does.
fn markup(rest: &[(usize, char)]) -> Option<usize> {
    let char_at = |place: usize| rest.get(place).map(|(_, c)| *c);
    let until = |closing: char| rest.iter().take(MARKUP_CHARS_MAX).position(|(_, c)| *c == closing);
    match char_at(0)? {
        '<' if char_at(1).is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '!') => {
            until('>').map(|last| last + 1)
        }
        '&' => {
            let last = until(';')?;
            let inner = rest.get(1..last)?;
            let is_entity = !inner.is_empty() && inner.iter().all(|(_, c)| c.is_ascii_alphanumeric() || *c == '#');
            is_entity.then_some(last + 1)
        }
        '%' => {
            let high = char_at(1)?.to_digit(16)?;
            let low = char_at(2)?.to_digit(16)?;
            let code = char::from_u32(high * 16 + low)?;
            (!code.is_alphanumeric()).then_some(3)
        }
        _ => None,
    }
}

/// Joiners and selectors that may stand inside of a digit (keycap emoji) or between two without being seen.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' | '\u{feff}' | '\u{ad}')
}

/// First code points of the decimal digits of Unicode 16 (general category Nd), and of circled, super- and subscript ones.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1fbf0,
];
/// Code points of the digit one where zero stands elsewhere.
const ONES: &[u32] = &[0x2460, 0x2776, 0x2780, 0x278a, 0x2474, 0x2488];

/// The value of a character that is a digit in any script.
pub(super) fn symbol_digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|value| u8::try_from(value).ok());
    }
    let code = u32::from(c);
    let special = match c {
        '⁰' | '⓪' | '⓿' | '〇' | '零' => Some(0),
        '¹' | '一' => Some(1),
        '²' | '二' => Some(2),
        '³' | '三' => Some(3),
        '⁴' | '四' => Some(4),
        '⁵' | '五' => Some(5),
        '⁶' | '六' => Some(6),
        '⁷' | '七' => Some(7),
        '⁸' | '八' => Some(8),
        '⁹' | '九' => Some(9),
        _ => None,
    };
    let from_zero = ZEROS.iter().find(|zero| code >= **zero && code < **zero + 10).map(|zero| code - zero);
    let from_one = ONES.iter().find(|one| code >= **one && code < **one + 9).map(|one| code - one + 1);
    special.or_else(|| from_zero.or(from_one).and_then(|value| u8::try_from(value).ok()))
}

/// The digit that a letter is taken for.
fn look_alike(c: char) -> Option<u8> {
    match c {
        'O' | 'o' | 'Q' | 'D' | 'О' | 'о' | 'Ο' | 'ο' => Some(0),
        'I' | 'l' | 'i' | 'L' | 'І' | 'Ӏ' => Some(1),
        'Z' | 'z' => Some(2),
        'E' | 'e' | 'З' | 'з' => Some(3),
        'A' | 'a' => Some(4),
        'S' | 's' => Some(5),
        'G' | 'b' | 'б' => Some(6),
        'T' | 't' => Some(7),
        'B' | 'В' => Some(8),
        'g' | 'q' => Some(9),
        _ => None,
    }
}

/// Only digits and letters in their place; letters other than O, I and l may not outnumber the digits, nor stand in front as a pair (`DE89`).
fn all_look_alike(visible: &[(usize, char)]) -> bool {
    let odd = |c: char| symbol_digit(c).is_none() && !matches!(c, 'O' | 'o' | 'I' | 'l' | 'i');
    let digits = visible.iter().filter(|(_, c)| symbol_digit(*c).is_some()).count();
    let pair = visible.iter().take(2).filter(|(_, c)| odd(*c)).count() == 2;
    visible.iter().filter(|(_, c)| odd(*c)).count() <= digits
        && !pair
        && visible.iter().all(|(_, c)| symbol_digit(*c).is_some() || look_alike(*c).is_some())
}

fn multiplier(word: &str) -> Option<usize> {
    match word {
        "double" | "dubbel" | "doppel" | "doble" | "doppio" => Some(2),
        "triple" | "treble" | "trippel" | "dreifach" | "triplo" => Some(3),
        "quadruple" => Some(4),
        _ => None,
    }
}

/// Words said between digits.
fn is_filler(word: &str) -> bool {
    const FILLERS: &[&str] = &[
        "dash",
        "space",
        "hyphen",
        "minus",
        "dot",
        "point",
        "slash",
        "then",
        "and",
        "um",
        "uh",
        "er",
        "comma",
        "strich",
        "bindestrich",
        "leerzeichen",
        "streck",
        "mellanslag",
        "sedan",
        "dann",
        "tiret",
        "espace",
        "puis",
        "guion",
        "espacio",
        "luego",
        "och",
        "und",
        "et",
        "y",
    ];
    FILLERS.contains(&word)
}

/// The digits a number word stands for: one, or two for teens and English tens.
fn word_digits(word: &str) -> Option<&'static [u8]> {
    const DIGITS: [&[u8]; 10] = [&[0], &[1], &[2], &[3], &[4], &[5], &[6], &[7], &[8], &[9]];
    /// By word: every word of every message is looked up.
    static BY_WORD: LazyLock<HashMap<&str, &[u8]>> = LazyLock::new(|| {
        let listed = WORDS.iter().zip(DIGITS).rev();
        listed.flat_map(|(words, values)| words.split(' ').map(move |word| (word, values))).collect()
    });
    english_pair(word).or_else(|| BY_WORD.get(word).copied())
}

fn tens(word: &str) -> Option<[u8; 2]> {
    let words = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = words.iter().position(|tens| *tens == word)?;
    u8::try_from(place + 2).ok().map(|value| [value, 0])
}

fn english_pair(word: &str) -> Option<&'static [u8]> {
    Some(match word {
        "ten" => &[1, 0],
        "eleven" => &[1, 1],
        "twelve" => &[1, 2],
        "thirteen" => &[1, 3],
        "fourteen" => &[1, 4],
        "fifteen" => &[1, 5],
        "sixteen" => &[1, 6],
        "seventeen" => &[1, 7],
        "eighteen" => &[1, 8],
        "nineteen" => &[1, 9],
        "hundred" => &[0, 0],
        "thousand" => &[0, 0, 0],
        _ => return None,
    })
}

/// Number words by value: English, Swedish, Danish, Norwegian, Finnish, German, Dutch, French, Spanish, Portuguese, Italian, Romanian, Polish, Czech,
/// Slovak, Slovene, Croatian, Bulgarian, Russian, Ukrainian, Greek, Hungarian, Estonian, Latvian, Lithuanian, Turkish, Arabic, Hebrew, Hindi,
/// Vietnamese, Thai, Indonesian, Korean, Japanese (also kana).
const WORDS: [&str; 10] = [
    "zero oh nought noll nul null nolla nul zéro cero zero nula nič ноль нуль нула μηδέν nulla null nulle nulis sıfır صفر אפס शून्य không ศูนย์ nol kosong 영 공 ゼロ れい",
    "one ett en én yksi yks eins ein een één un une uno um unu jeden jedna ena jedan едно один одна ένα egy üks viens vienas bir واحد אחת אחד एक một หนึ่ง satu 일 いち",
    "two två to kaksi zwei zwo twee deux dos dois due doi dwa dva две два дві δύο kettő két kaks divi du iki اثنان اثنين שתיים שניים दो hai สอง dua 이 に",
    "three tre kolme drei drie trois tres três trei trzy tři tri три τρία három kolm trīs trys üç ثلاثة שלוש तीन ba สาม tiga 삼 さん",
    "four fyra fire neljä vier quatre cuatro quatro quattro patru cztery čtyři štyri štiri četiri четири четыре чотири τέσσερα négy neli četri keturi dört أربعة اربعة ארבע चार bốn สี่ empat 사 よん し",
    "five fem viisi fünf vijf cinq cinco cinque cinci pięć pět päť pet пет пять п'ять пʼять πέντε öt viis pieci penki beş خمسة חמש पांच पाँच năm ห้า lima 오 ご",
    "six sex seks kuusi sechs zes seis sei șase sześć šest šesť шест шесть шість έξι hat kuus seši šeši altı ستة שש छह sáu หก enam 육 ろく",
    "seven sju syv seitsemän sieben zeven sept siete sete sette șapte siedem sedm sedem седем семь сім επτά εφτά hét seitse septiņi septyni yedi سبعة שבע सात bảy เจ็ด tujuh 칠 なな しち",
    "eight åtta otte åtte kahdeksan acht huit ocho oito otto opt osiem osm osem осем восемь вісім οκτώ οχτώ nyolc kaheksa astoņi aštuoni sekiz ثمانية שמונה आठ tám แปด delapan 팔 はち",
    "nine nio ni yhdeksän neun negen neuf nueve nove nouă dziewięć devět deväť devet девет девять дев'ять devätʼ εννέα εννιά kilenc üheksa deviņi devyni dokuz تسعة תשע नौ chín เก้า sembilan 구 きゅう く",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<String> {
        runs(text).iter().map(|run| run.units.iter().map(|unit| char::from(b'0' + unit.value)).collect()).collect()
    }

    #[test]
    fn digits_are_read_however_they_are_written() {
        assert_eq!(digits("٤١١١ and ४१११"), ["41114111"]);
        assert_eq!(digits("four one double one, fem noll"), ["411150"]);
        assert_eq!(digits("4️⃣1️⃣ ①"), ["411"]);
        assert_eq!(digits("4l1I OO5S"), ["41110055"]);
        assert_eq!(digits("fyra sex åtta"), ["468"]);
        assert_eq!(digits("forty-two forty two twenty nineteen"), ["42422019"]);
        assert_eq!(digits("twenty one-time offers, 2 of them"), ["21", "2"]);
    }

    #[test]
    fn ids_with_letters_and_sentences_break_runs() {
        assert_eq!(digits("order W2378156 came on 12 May 2026"), ["2378156", "12", "2026"]);
        assert_eq!(digits("DE89 3704 0044"), ["37040044"]);
        assert_eq!(digits("cvv123"), ["123"]);
    }
}
