//! Are the check digits of a number right? The published rules, each named at its function.

/// Digits of a text, anything else left out.
pub(super) fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// Sum of the products of digits and weights.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Digits as a number; none where there are too many.
pub(super) fn number(digits: &[u32]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(*digit)))
}

/// ISO/IEC 7812-1: every second digit doubled from the right, the sum divisible by ten.
pub(super) fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// ISO/IEC 7064, MOD 11,10.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((last, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == *last
}

/// The products of all digits with their weights, the check digit's included, are divisible by eleven.
pub(super) fn mod_11(digits: &[u32], weights: &[u32]) -> bool {
    digits.len() == weights.len() && weighted(digits, weights).is_multiple_of(11)
}

const DIHEDRAL: [[usize; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const PERMUTED: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Verhoeff, "Error Detecting Decimal Codes" (1969).
pub(super) fn verhoeff(digits: &[u32]) -> bool {
    let mut sum = 0;
    for (at, digit) in digits.iter().rev().enumerate() {
        let mut place = usize::try_from(*digit).unwrap_or_default();
        for _ in 0..at % 8 {
            place = PERMUTED.get(place).copied().unwrap_or_default();
        }
        sum = DIHEDRAL.get(sum).and_then(|row| row.get(place)).copied().unwrap_or_default();
    }
    !digits.is_empty() && sum == 0
}

/// Whether two digits each are a month and a day that there are, in some year.
pub(super) fn is_day(month: u32, day: u32) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The number that two digits from `at` on make.
pub(super) fn pair(digits: &[u32], at: usize) -> u32 {
    let one = |at: usize| digits.get(at).copied().unwrap_or_default();
    one(at) * 10 + one(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_holds_for_a_published_number_and_not_for_one_with_another_digit() {
        type Rule = fn(&[u32]) -> bool;
        let rules: [(Rule, &str); 3] = [(luhn, "79927398713"), (mod_11_10, "36574261809"), (verhoeff, "234123412346")];
        for (rule, number) in rules {
            let mut right = digits(number);
            assert!(rule(&right), "{number}");
            for at in 0..right.len() {
                right[at] = (right[at] + 1) % 10;
                assert!(!rule(&right), "{number} changed at {at}");
                right[at] = (right[at] + 9) % 10;
            }
        }
        assert!(!luhn(&[]) && !verhoeff(&[]) && !mod_11_10(&[]));
    }
}
