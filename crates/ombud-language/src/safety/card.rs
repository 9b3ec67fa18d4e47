//! Which digits of a run are a card number?

use super::digits::{Run, Unit, Written};

/// A card number found in a run: places of its first and last unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub first: usize,
    pub last: usize,
    pub brand: Brand,
}

/// Card schemes as far as they differ in prefix and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brand {
    Amex,
    Diners,
    Visa,
    Mastercard,
    Other,
    /// Prefixes so wide that a number needs more signs to be taken for a card.
    Maestro,
}

/// Lengths in the order in which they are tried: 16 is nearly all of them.
const LENGTHS: [usize; 8] = [16, 15, 14, 19, 18, 17, 13, 12];

/// What the words around say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// The message speaks of a card.
    CardWord,
    /// It does not.
    Silent,
}

/// All card numbers of a run, left to right, without overlap.
pub(super) fn find(run: &Run, surroundings: Surroundings) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at + 12 <= run.units.len() {
        let fresh = at == 0 || found.last().is_some_and(|card| card.last + 1 == at);
        match starting_at(run, at, surroundings)
            .filter(|_| fresh || surroundings == Surroundings::CardWord || !continues(&run.units, at))
        {
            Some(card) => {
                at = card.last + 1;
                found.push(card);
            }
            None => at += 1,
        }
    }
    found
}

/// The groups before and at `at` are alike: the middle of a longer number, such as a parcel's.
fn continues(units: &[Unit], at: usize) -> bool {
    let size = |from: usize| 1 + units.iter().skip(from + 1).take_while(|unit| !unit.first).count();
    let Some(before) = units.iter().take(at).rposition(|unit| unit.first) else { return false };
    size(at) > 1 && size(before) == size(at)
}

fn starting_at(run: &Run, at: usize, surroundings: Surroundings) -> Option<Found> {
    if !run.units.get(at)?.first || (run.plus && run.units.len() <= 15) {
        return None;
    }
    LENGTHS.iter().find_map(|length| {
        let window = run.units.get(at..at + length)?;
        // A digit glued to the end means that the number goes on.
        if run.units.get(at + length).is_some_and(|next| !next.first) {
            return None;
        }
        let digits: Vec<u8> = window.iter().map(|unit| unit.value).collect();
        let outside = run.units.len() - window.len();
        if !luhn(&digits) || !typed(window) {
            return None;
        }
        let brand = match brand(&digits) {
            Some(brand) if shaped(window, outside, surroundings) && lengthy(window, &digits, (brand, surroundings)) => {
                brand
            }
            // Where a card is spoken of, a number that stands alone and passes the check is taken for one, whatever its issuer.
            _ if surroundings == Surroundings::CardWord && outside <= 1 && digits.first() != Some(&0) => Brand::Other,
            _ => return None,
        };
        Some(Found { first: at, last: at + length - 1, brand })
    })
}

/// Whether digits alone are a card number of one of the large schemes.
pub(super) fn is_card(digits: &[u8]) -> bool {
    luhn(digits) && brand(digits).is_some_and(|brand| brand != Brand::Maestro)
}

/// The Luhn check (ISO/IEC 7812-1, annex B); all zeros do not count.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let digit = u32::from(*digit);
            let doubled = digit * 2;
            if i % 2 == 0 {
                digit
            } else if doubled > 9 {
                doubled - 9
            } else {
                doubled
            }
        })
        .sum();
    sum.is_multiple_of(10) && sum > 0
}

/// The scheme whose issuer ranges and lengths fit (public IIN ranges of the schemes, 2026).
pub(super) fn brand(digits: &[u8]) -> Option<Brand> {
    let prefix = digits.iter().take(6).fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    let (six, four, three, two) = (prefix, prefix / 100, prefix / 1_000, prefix / 10_000);
    let length = digits.len();
    let long = (16..=19).contains(&length);
    match two {
        18 if four == 1800 => (length == 15).then_some(Brand::Other),
        21 if four == 2131 => (length == 15).then_some(Brand::Other),
        34 | 37 => (length == 15).then_some(Brand::Amex),
        40..=49 => matches!(length, 13 | 16 | 19).then_some(Brand::Visa),
        51..=55 => (length == 16).then_some(Brand::Mastercard),
        22..=27 if (222_100..=272_099).contains(&six) => (length == 16).then_some(Brand::Mastercard),
        22 if (2200..=2204).contains(&four) => long.then_some(Brand::Other),
        30 if (300..=305).contains(&three) || three == 309 => (length == 14 || length == 16).then_some(Brand::Diners),
        36 | 38 | 39 => (length == 14 || length == 16).then_some(Brand::Diners),
        35 if (3528..=3589).contains(&four) => long.then_some(Brand::Other),
        60 if four == 6011 || three == 608 || four == 6069 => long.then_some(Brand::Other),
        62 | 65 | 81 | 82 => long.then_some(Brand::Other),
        64 if three >= 644 => long.then_some(Brand::Other),
        97 if four == 9792 => (length == 16).then_some(Brand::Other),
        50 | 56..=69 => (12..=19).contains(&length).then_some(Brand::Maestro),
        _ => None,
    }
}

/// Not all letters.
fn typed(window: &[Unit]) -> bool {
    window.iter().filter(|unit| unit.written != Written::LookAlike).count() >= 3
}

/// Grouped as people group card numbers, or (almost) nothing else in the run, or a card is spoken of.
fn shaped(window: &[Unit], outside: usize, surroundings: Surroundings) -> bool {
    let sizes = sizes(window);
    let first = sizes.first().copied().unwrap_or_default();
    let last = sizes.last().copied().unwrap_or_default();
    let even = sizes.iter().rev().skip(1).all(|size| *size == first) && last <= first;
    // A number word before may be another word: "to" is two in Danish. An expiry date and code may follow single digits.
    let alone = outside <= if first == 1 { 8 } else { 1 };
    (even && (first != 1 || alone))
        || matches!(sizes.as_slice(), [4, 6, 4 | 5])
        || outside <= 1
        || surroundings == Surroundings::CardWord
}

fn sizes(window: &[Unit]) -> Vec<usize> {
    let mut sizes: Vec<usize> = Vec::new();
    for unit in window {
        match sizes.last_mut() {
            Some(size) if !unit.first => *size += 1,
            _ => sizes.push(1),
        }
    }
    sizes
}

/// Rare lengths need more signs: 13 digits in one piece are usually a barcode, and Maestro's prefixes are every fifth number.
fn lengthy(window: &[Unit], digits: &[u8], (brand, surroundings): (Brand, Surroundings)) -> bool {
    let card_word = surroundings == Surroundings::CardWord;
    match (brand, digits.len()) {
        (Brand::Visa, 13) => card_word || sizes(window).len() > 1 || !ean13(digits),
        (Brand::Maestro, length) => card_word || matches!(length, 16 | 18 | 19),
        _ => true,
    }
}

/// The check digit of a 13-digit barcode (GS1 General Specifications, 7.9).
fn ean13(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().enumerate().map(|(i, digit)| u32::from(*digit) * if i % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|b| b - b'0').collect()
    }

    #[test]
    fn one_wrong_digit_is_no_card() {
        assert!(luhn(&digits("4111111111111111")));
        assert!(!luhn(&digits("4111111111111112")));
        assert!(!luhn(&digits("0000000000000000")));
    }

    #[test]
    fn length_must_fit_the_scheme() {
        assert_eq!(brand(&digits("378282246310005")), Some(Brand::Amex));
        assert_eq!(brand(&digits("37828224631000512")), None);
        assert_eq!(brand(&digits("2223003122003222")), Some(Brand::Mastercard));
        assert_eq!(brand(&digits("2230000000000000")), Some(Brand::Mastercard));
        assert_eq!(brand(&digits("2730000000000000")), None);
        assert_eq!(brand(&digits("1234567812345670")), None);
    }
}
