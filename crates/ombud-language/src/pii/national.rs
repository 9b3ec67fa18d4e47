//! Which numbers has a state or its registers given to a person? By shape, date and check digit; the rules are those of the issuing offices, as python-stdnum
//! 2.2 collects them.

use std::sync::LazyLock;

use regex::Regex;

use super::check::{digits, is_day, luhn, mod_11, mod_11_10, number, pair, verhoeff, weighted};

/// Where a number counts for what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// Wherever it stands: a date, letters or several check digits tell it from others.
    Alone,
    /// Where it is written in its groups, or named.
    Grouped,
    /// Where it is named: too many other numbers pass its check.
    Named,
}

/// One kind of number.
pub(super) struct National {
    pub(super) kind: &'static str,
    pub(super) counts: Counts,
    regex: Regex,
    valid: Valid,
}

/// Told of the letters and digits, upper case.
type Valid = fn(&str) -> bool;

impl National {
    /// Places of valid numbers.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let found = self.regex.find_iter(text).filter(|found| is_apart(text, found.start(), found.end()));
        found.filter(|found| (self.valid)(&plain(found.as_str()))).map(|found| (found.start(), found.end())).collect()
    }
}

/// Letters and digits, upper case.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

/// Whether neither a letter nor a digit stands at its sides, nor behind a sign that joins them; of groups with blanks between, no further one.
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let before: Vec<char> = text.get(..start).unwrap_or_default().chars().rev().take(2).collect();
    let after: Vec<char> = text.get(end..).unwrap_or_default().chars().take(2).collect();
    let is_spaced = text.get(start..end).is_some_and(|written| written.contains(' '));
    let joins = |near: &[char]| match near {
        [one, ..] if one.is_ascii_alphanumeric() => true,
        ['-' | '/' | '.' | '_' | '#', two] => two.is_ascii_alphanumeric(),
        [' ', two] => is_spaced && two.is_ascii_digit(),
        _ => false,
    };
    !joins(&before) && !joins(&after) && !before.starts_with(&['#'])
}

/// In the order in which they are looked for.
pub(super) static NATIONALS: LazyLock<Vec<National>> = LazyLock::new(|| {
    let compiled = TABLE.iter().filter_map(|(kind, counts, pattern, valid)| {
        let regex = crate::lean::regex(pattern).ok()?;
        Some(National { kind, counts: *counts, regex, valid: *valid })
    });
    compiled.collect()
});

const TABLE: &[(&str, Counts, &str, Valid)] = &[
    (
        "it_codice_fiscale",
        Counts::Alone,
        r"(?i)[A-Z]{6}[ -]?[\dLMNP-V]{2}[A-EHLMPR-T][\dLMNP-V]{2}[ -]?[A-Z][\dLMNP-V]{3}[A-Z]",
        italian,
    ),
    ("mx_curp", Counts::Alone, r"(?i)[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", mexican),
    ("cn_ric", Counts::Alone, r"\d{17}[\dXx]", chinese),
    ("fr_nir", Counts::Alone, r"[12378] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}", french),
    ("ch_ahv", Counts::Alone, r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", |n| ean(&digits(n))),
    ("ro_cnp", Counts::Alone, r"[1-9]\d{12}", romanian),
    ("si_emso", Counts::Alone, r"\d{13}", yugoslavian),
    ("za_id", Counts::Alone, r"\d{6} ?\d{4} ?\d{3}", |n| birthday(n, 0) && luhn(&digits(n))),
    ("kr_rrn", Counts::Grouped, r"\d{6}-?[0-9]\d{6}", |n| birthday(n, 0)),
    ("th_pin", Counts::Grouped, r"\d[ -]?\d{4}[ -]?\d{5}[ -]?\d{2}[ -]?\d", thai),
    ("in_aadhaar", Counts::Grouped, r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", |n| verhoeff(&digits(n))),
    ("jp_my_number", Counts::Named, r"\d{4}[ -]?\d{4}[ -]?\d{4}", japanese),
    ("se_personnummer", Counts::Alone, r"(?:19|20)?\d{6}[-+ ]?\d{4}", swedish),
    ("fi_hetu", Counts::Alone, r"(?i)\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]", finnish),
    ("dk_cpr", Counts::Grouped, r"\d{6}[- ]?\d{4}", |n| birthday_first(n)),
    ("is_kennitala", Counts::Alone, r"\d{6}-?\d{4}", icelandic),
    ("no_fodselsnummer", Counts::Alone, r"\d{2}[-. ]?\d{2}[-. ]?\d{2}[- ]?\d{3}[- ]?\d{2}", norwegian),
    ("be_nrn", Counts::Alone, r"\d{2}[. ]?\d{2}[. ]?\d{2}[- ]?\d{3}[. ]?\d{2}", belgian),
    ("pl_pesel", Counts::Alone, r"\d{11}", polish),
    ("baltic_id", Counts::Alone, r"[1-6]\d{10}", baltic),
    ("gr_amka", Counts::Alone, r"\d{6} ?\d{5}", |n| birthday_first(n) && luhn(&digits(n))),
    ("bg_egn", Counts::Alone, r"\d{6} ?\d{3} ?\d", bulgarian),
    ("at_svnr", Counts::Alone, r"\d{4} ?\d{6}", austrian),
    ("cz_rodne_cislo", Counts::Grouped, r"\d{6}/?\d{3,4}", czech),
    ("de_steuer_id", Counts::Named, r"[1-9]\d[ ]?\d{3} ?\d{3} ?\d{3}", german),
    ("hr_oib", Counts::Named, r"\d{11}", |n| mod_11_10(&digits(n))),
    ("tr_kimlik", Counts::Named, r"[1-9]\d{10}", turkish),
    ("br_cpf", Counts::Grouped, r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", brazilian),
    ("gb_nino", Counts::Alone, r"(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", british),
    ("in_pan", Counts::Alone, r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", |n| !n.contains("0000")),
    ("es_nie", Counts::Alone, r"(?i)[XYZ][- ]?\d{7}[- ]?[A-Z]", spanish),
    ("es_dni", Counts::Alone, r"(?i)\d{8}[- ]?[A-Z]", spanish),
    ("ie_pps", Counts::Alone, r"(?i)\d{7}[A-W][A-IW]?", irish),
    ("us_ssn", Counts::Grouped, r"\d{3}[- ]?\d{2}[- ]?\d{4}", american),
    ("ca_sin", Counts::Grouped, r"[1-79]\d{2}[- ]?\d{3}[- ]?\d{3}", |n| luhn(&digits(n))),
    ("nl_bsn", Counts::Named, r"\d{4}[. ]?\d{2}[. ]?\d{3}", |n| mod_11(&digits(n), &[9, 8, 7, 6, 5, 4, 3, 2, 10])),
    ("pt_nif", Counts::Named, r"[1-9]\d{2} ?\d{3} ?\d{3}", |n| last_by_11(&digits(n), &[9, 8, 7, 6, 5, 4, 3, 2])),
    ("au_tfn", Counts::Named, r"\d{3} ?\d{3} ?\d{2,3}", |n| mod_11(&digits(n), &[1, 4, 3, 7, 5, 8, 6, 9, 10])),
    ("hu_taj", Counts::Named, r"\d{3}[- ]?\d{3}[- ]?\d{3}", hungarian),
    ("il_id", Counts::Named, r"\d{8}-?\d", |n| luhn(&digits(n))),
    ("gb_utr", Counts::Named, r"\d{5} ?\d{5}", utr),
];

/// Whether a birthday YYMMDD stands at a place; months of women and of later centuries are raised in some countries.
fn birthday(number: &str, at: usize) -> bool {
    let digits = digits(number);
    is_day(pair(&digits, at + 2), pair(&digits, at + 4))
}

/// The same as DDMMYY at the beginning.
fn birthday_first(number: &str) -> bool {
    let digits = digits(number);
    is_day(pair(&digits, 2), pair(&digits, 0))
}

/// Eleven less the weighted sum by eleven is the last digit, ten and more count as nought.
fn last_by_11(digits: &[u32], weights: &[u32]) -> bool {
    let rest = 11 - weighted(digits, weights) % 11;
    digits.len() == weights.len() + 1 && digits.last() == Some(&if rest > 9 { 0 } else { rest })
}

fn ean(digits: &[u32]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| digit * if at % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

fn swedish(number: &str) -> bool {
    let digits = digits(number);
    let short = digits.get(digits.len().saturating_sub(10)..).unwrap_or_default();
    let day = pair(short, 4);
    // Coordination numbers count the day from 61 on (Skatteverket, SKV 707).
    is_day(pair(short, 2), if day > 60 { day - 60 } else { day }) && luhn(short)
}

fn finnish(number: &str) -> bool {
    const SIGNS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let all = digits(number.get(..6).unwrap_or_default());
    // The sign between is a letter where somebody was born lately.
    let tail = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
    let (Some(serial), Some(check)) = (tail.get(..3), tail.bytes().next_back()) else { return false };
    let Some(value) = self::number(&[all.clone(), digits(serial)].concat()) else { return false };
    let sign = usize::try_from(value % 31).ok().and_then(|at| SIGNS.get(at));
    birthday_first(number) && all.len() == 6 && sign == Some(&check)
}

fn icelandic(number: &str) -> bool {
    let digits = digits(number);
    let day = pair(&digits, 0);
    // Companies count the day from 41 on.
    is_day(pair(&digits, 2), if day > 40 { day - 40 } else { day })
        && mod_11(digits.get(..9).unwrap_or_default(), &[3, 2, 7, 6, 5, 4, 3, 2, 1])
}

fn norwegian(number: &str) -> bool {
    let digits = digits(number);
    let (day, month) = (pair(&digits, 0), pair(&digits, 2));
    // D numbers count the day from 41 on, numbers of health registers the month.
    let day = if day > 40 { day - 40 } else { day };
    let month = if month > 40 { month - 40 } else { month };
    is_day(month, day)
        && mod_11(digits.get(..10).unwrap_or_default(), &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
        && mod_11(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
}

fn belgian(number: &str) -> bool {
    let digits = digits(number);
    let (Some(head), Some(tail)) = (digits.get(..9), digits.get(9..)) else { return false };
    let (Some(body), Some(check)) = (self::number(head), self::number(tail)) else { return false };
    let fits = |body: u64| 97 - body % 97 == check;
    let month = pair(&digits, 2);
    let month = if month > 20 { month % 20 } else { month };
    // The month may be unknown, and is raised in the register of others than residents.
    (pair(&digits, 2) == 0 || is_day(month, pair(&digits, 4)) || pair(&digits, 4) == 0)
        && (fits(body) || fits(2_000_000_000 + body))
}

fn polish(number: &str) -> bool {
    let digits = digits(number);
    // The century is added to the month.
    is_day(pair(&digits, 2) % 20, pair(&digits, 4))
        && weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

fn baltic(number: &str) -> bool {
    let digits = digits(number);
    let Some((last, body)) = digits.split_last() else { return false };
    let first = weighted(body, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(body, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first < 10 { first } else { second % 10 };
    birthday(number, 1) && check == *last
}

fn bulgarian(number: &str) -> bool {
    let digits = digits(number);
    let Some((last, body)) = digits.split_last() else { return false };
    let month = pair(&digits, 2) % 20;
    is_day(month, pair(&digits, 4)) && weighted(body, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == *last
}

fn austrian(number: &str) -> bool {
    let digits = digits(number);
    // Months from 13 on stand for days that were full.
    let sum = weighted(&digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    digits.first() != Some(&0) && digits.get(3) == Some(&sum) && is_day(pair(&digits, 6), pair(&digits, 4))
}

fn czech(number: &str) -> bool {
    let digits = digits(number);
    let month = pair(&digits, 2);
    let month = [70, 50, 20].into_iter().find(|more| month > *more).map_or(month, |more| month - more);
    let Some(value) = self::number(&digits) else { return false };
    // Before 1954 there was no check digit.
    is_day(month, pair(&digits, 4)) && (digits.len() == 9 && pair(&digits, 0) < 54 || value % 11 == 0)
}

fn german(number: &str) -> bool {
    let digits = digits(number);
    let body = digits.get(..10).unwrap_or_default();
    let often = (0..10).map(|digit| body.iter().filter(|one| **one == digit).count());
    let (twice, thrice, more) = often.fold((0, 0, 0), |(twice, thrice, more), count| match count {
        2 => (twice + 1, thrice, more),
        3 => (twice, thrice + 1, more),
        4.. => (twice, thrice, more + 1),
        _ => (twice, thrice, more),
    });
    more == 0 && twice + thrice == 1 && mod_11_10(&digits)
}

fn turkish(number: &str) -> bool {
    let digits = digits(number);
    let Some(body) = digits.get(..9) else { return false };
    // Ten nines more keep it above nought.
    let tenth =
        (weighted(body, &[7, 0, 7, 0, 7, 0, 7, 0, 7]) + 360 - weighted(body, &[0, 1, 0, 1, 0, 1, 0, 1, 0])) % 10;
    let eleventh = (body.iter().sum::<u32>() + tenth) % 10;
    digits.get(9..) == Some([tenth, eleventh].as_slice())
}

fn brazilian(number: &str) -> bool {
    let digits = digits(number);
    let is_one_digit = digits.windows(2).all(|pair| matches!(pair, [one, two] if one == two));
    let tenth = last_by_11(digits.get(..10).unwrap_or_default(), &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    !is_one_digit && tenth && last_by_11(&digits, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn british(number: &str) -> bool {
    !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].iter().any(|never| number.starts_with(never))
}

fn spanish(number: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let first = number.chars().next().and_then(|first| "XYZ".find(first));
    let head = first.and_then(|first| u32::try_from(first).ok());
    let digits: Vec<u32> = head.into_iter().chain(digits(number)).collect();
    let letter = self::number(&digits).and_then(|value| LETTERS.get(usize::try_from(value % 23).ok()?));
    digits.len() == 8 && letter == number.as_bytes().last()
}

fn irish(number: &str) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let (body, letters) = number.split_at(number.len().min(7));
    let more = letters.as_bytes().get(1).and_then(|letter| LETTERS.iter().position(|one| one == letter)).unwrap_or(0);
    let sum = weighted(&digits(body), &[8, 7, 6, 5, 4, 3, 2]) + 9 * u32::try_from(more).unwrap_or_default();
    let letter = usize::try_from(sum % 23).ok().and_then(|at| LETTERS.get(at));
    letter == letters.as_bytes().first()
}

/// Social Security Administration, randomization of June 2011: no group is all noughts, and areas 000, 666 and from 900 on are not given.
fn american(number: &str) -> bool {
    let digits = digits(number);
    let area = self::number(digits.get(..3).unwrap_or_default()).unwrap_or_default();
    area != 0 && area != 666 && area < 900 && pair(&digits, 3) != 0 && !number.ends_with("0000")
}

fn french(number: &str) -> bool {
    let upper = number.replacen("2A", "19", 1).replacen("2B", "18", 1);
    let digits = digits(&upper);
    let (Some(body), Some(key)) = (digits.get(..13).and_then(self::number), digits.get(13..).and_then(self::number))
    else {
        return false;
    };
    digits.len() == 15 && 97 - body % 97 == key
}

fn romanian(number: &str) -> bool {
    let digits = digits(number);
    let Some((last, body)) = digits.split_last() else { return false };
    let sum = weighted(body, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    birthday(number, 1) && *last == if sum == 10 { 1 } else { sum }
}

fn yugoslavian(number: &str) -> bool {
    let digits = digits(number);
    birthday_first(number) && last_by_11(&digits, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

fn chinese(number: &str) -> bool {
    const SIGNS: &[u8; 11] = b"10X98765432";
    let body = digits(number.get(..17).unwrap_or_default());
    let sum = weighted(&body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
    let sign = usize::try_from(sum).ok().and_then(|at| SIGNS.get(at));
    is_day(pair(&body, 10), pair(&body, 12)) && sign == number.as_bytes().last()
}

fn thai(number: &str) -> bool {
    let digits = digits(number);
    let Some((last, body)) = digits.split_last() else { return false };
    (11 - weighted(body, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == *last
}

fn japanese(number: &str) -> bool {
    last_by_11(&digits(number), &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

fn hungarian(number: &str) -> bool {
    let digits = digits(number);
    let Some((last, body)) = digits.split_last() else { return false };
    digits.len() == 9 && weighted(body, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == *last
}

fn utr(number: &str) -> bool {
    const CHECKS: [u32; 11] = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let digits = digits(number);
    let Some((first, body)) = digits.split_first() else { return false };
    let sum = weighted(body, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    usize::try_from(sum).ok().and_then(|at| CHECKS.get(at)) == Some(first)
}

fn mexican(number: &str) -> bool {
    const SIGNS: &str = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";
    let body = number.get(..17).unwrap_or_default();
    let values = body.chars().filter_map(|c| SIGNS.find(c)).filter_map(|at| u32::try_from(at).ok());
    let sum: u32 = values.zip((2..=18).rev()).map(|(value, weight)| value * weight).sum();
    let check = (10 - sum % 10) % 10;
    birthday(number.get(4..).unwrap_or_default(), 0)
        && number.chars().last().and_then(|c| c.to_digit(10)) == Some(check)
}

/// Decreto ministeriale of 23 December 1976: odd places count by a table, even ones by themselves.
fn italian(number: &str) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let Some((check, body)) = number.as_bytes().split_last() else { return false };
    let value = |sign: &u8| u32::from(if sign.is_ascii_digit() { sign - b'0' } else { sign.saturating_sub(b'A') });
    let odd = |sign: &u8| usize::try_from(value(sign)).ok().and_then(|at| ODD.get(at)).copied().unwrap_or_default();
    let sum: u32 = body.iter().enumerate().map(|(at, sign)| if at % 2 == 0 { odd(sign) } else { value(sign) }).sum();
    number.len() == 16 && value(check) == sum % 26
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of the issuing offices and of python-stdnum's documentation.
    const EXAMPLES: &[(&str, &[&str])] = &[
        ("at_svnr", &["1237 010180"]),
        ("au_tfn", &["123 456 782"]),
        ("baltic_id", &["36805280109", "33309240064"]),
        ("be_nrn", &["85.07.30 033 28", "17 07 30 033 84"]),
        ("bg_egn", &["752316 926 3", "8032056031"]),
        ("br_cpf", &["390.533.447-05"]),
        ("ca_sin", &["123-456-782"]),
        ("ch_ahv", &["756.9217.0769.85"]),
        ("cn_ric", &["360426199101010071"]),
        ("cz_rodne_cislo", &["710319/2745", "530101/123"]),
        ("de_steuer_id", &["36 574 261 809"]),
        ("dk_cpr", &["211062-5629"]),
        ("es_dni", &["54362315-K"]),
        ("es_nie", &["x-2482300w"]),
        ("fi_hetu", &["131052-308T", "131052A308T"]),
        ("fr_nir", &["2 95 10 99 126 111 93"]),
        ("gb_nino", &["AB 12 34 56 C"]),
        ("gb_utr", &["1955839661"]),
        ("gr_amka", &["01013099997"]),
        ("hr_oib", &["33392005961"]),
        ("hu_taj", &["111 111 110"]),
        ("ie_pps", &["6433435F", "6433435OA"]),
        ("il_id", &["039337423"]),
        ("in_aadhaar", &["2341 2341 2346"]),
        ("in_pan", &["ACUPA7085R"]),
        ("is_kennitala", &["450401-3150", "120174-3399"]),
        ("it_codice_fiscale", &["RCCMNL83S18D969H"]),
        ("jp_my_number", &["123456789018"]),
        ("kr_rrn", &["971013-9019902"]),
        ("mx_curp", &["BOXW310820HNERXN09"]),
        ("nl_bsn", &["1112.22.333"]),
        ("no_fodselsnummer", &["151086 95088"]),
        ("pl_pesel", &["44051401359"]),
        ("pt_nif", &["501 964 843"]),
        ("ro_cnp", &["1630615123457"]),
        ("se_personnummer", &["880320-0016", "198803200016"]),
        ("si_emso", &["0101006500006"]),
        ("th_pin", &["1-2345-45678-78-1"]),
        ("tr_kimlik", &["17291716060"]),
        ("us_ssn", &["536-90-4399"]),
        ("za_id", &["7503305044089"]),
    ];

    #[test]
    fn published_examples_are_found_and_every_kind_has_one() {
        let mut missed = Vec::new();
        for (kind, examples) in EXAMPLES {
            let national = NATIONALS.iter().find(|national| national.kind == *kind).unwrap();
            for example in *examples {
                let text = format!("it is {example}.");
                if national.find(&text) != [(6, 6 + example.len())] {
                    missed.push(format!("{kind} {example} {:?}", national.find(&text)));
                }
            }
        }
        assert_eq!(missed, Vec::<String>::new());
        for national in NATIONALS.iter() {
            assert!(EXAMPLES.iter().any(|(kind, _)| *kind == national.kind), "{}", national.kind);
        }
    }

    #[test]
    fn a_part_of_a_longer_number_is_none() {
        let swedish = NATIONALS.iter().find(|national| national.kind == "se_personnummer").unwrap();
        for text in ["order 1238803200016", "8803200016-7", "#8803200016", "INV-8803200016", "x8803200016"] {
            assert_eq!(swedish.find(text), [], "{text}");
        }
    }
}
