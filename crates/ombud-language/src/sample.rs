//! Which of many examples are learnt from? Chosen by what they say and not by where they stand, so that one more never changes which of the others are.

use sha2::{Digest as _, Sha256};

/// The places of at most `kept` texts, in their order.
#[must_use]
pub fn sample<'t>(texts: impl IntoIterator<Item = &'t str>, kept: usize) -> Vec<usize> {
    let mut places: Vec<(u64, usize)> =
        texts.into_iter().enumerate().map(|(place, text)| (number_of(text), place)).collect();
    if places.len() > kept {
        places.sort_unstable();
        places.truncate(kept);
    }
    let mut places: Vec<usize> = places.into_iter().map(|(_, place)| place).collect();
    places.sort_unstable();
    places
}

/// The first bytes of the text's SHA-256: the same on every machine and in every release.
fn number_of(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_text_changes_one_place_at_most() {
        let texts: Vec<String> = (0..200).map(|number| format!("text {number}")).collect();
        let of = |texts: &[String]| -> Vec<String> {
            sample(texts.iter().map(String::as_str), 60).into_iter().map(|place| texts[place].clone()).collect()
        };
        let (before, mut more) = (of(&texts), texts.clone());
        more.insert(17, "one more".to_owned());
        let after = of(&more);
        let gone = before.iter().filter(|text| !after.contains(text)).count();
        assert!(before.len() == 60 && after.len() == 60 && gone <= 1, "{gone}");
        assert_eq!(sample(["a", "b"], 3), [0, 1]);
        assert!(sample([], 3).is_empty());
    }
}
