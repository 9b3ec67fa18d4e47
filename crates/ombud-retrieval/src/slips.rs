//! Which known word was meant, where one is written with a slip of the pen? Found among a great many words without looking at all of them: a slip leaves
//! the first half of a word as it is, or what stands behind that.

use std::iter::once;

use crate::similarity::one_slip_apart;

/// Letters from which on a word may be taken for a slip of another.
const LETTERS_MIN: usize = 5;

/// Known words, by how they begin and by how they end.
#[derive(Debug, Default)]
pub(crate) struct Slips {
    /// Sorted.
    words: Vec<Box<str>>,
    /// Places of them, sorted by their first letters and then by their ends.
    by_end: Vec<u32>,
}

impl Slips {
    /// Of different words.
    pub(crate) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut words: Vec<Box<str>> = words.map(Box::from).collect();
        words.sort_unstable();
        let mut by_end: Vec<u32> = (0..).zip(&words).map(|(place, _)| place).collect();
        let word = |place: &u32| words.get(*place as usize).map_or("", |word| &**word);
        by_end.sort_by(|one, other| from_end(word(one)).cmp(from_end(word(other))));
        Self { words, by_end }
    }

    /// The one word that begins with the same letter and differs by one slip; none where there are several, or the word is too short or no word.
    pub(crate) fn meant(&self, written: &str) -> Option<&str> {
        let letters: Vec<char> = written.chars().collect();
        if letters.len() < LETTERS_MIN || !letters.iter().all(|letter| letter.is_alphabetic()) {
            return None;
        }
        let is_near = |known: &&str| known.chars().next() == letters.first().copied() && one_slip_apart(known, written);
        let mut near = self.beginning(&letters).chain(self.ending(&letters)).filter(is_near);
        let meant = near.next()?;
        near.all(|other| other == meant).then_some(meant)
    }

    /// Words with the same first half.
    fn beginning(&self, letters: &[char]) -> impl Iterator<Item = &str> + use<'_> {
        let half: String = letters.iter().take(letters.len() / 2).collect();
        let from = self.words.partition_point(|word| **word < *half);
        let words = self.words.get(from..).unwrap_or_default().iter().map(|word| &**word);
        words.take_while(move |word| word.starts_with(half.as_str()))
    }

    /// Words with the same first letter and the same end, from one letter behind the first half on.
    fn ending(&self, letters: &[char]) -> impl Iterator<Item = &str> + use<'_> {
        let behind = letters.len() - letters.len() / 2 - 1;
        let key: Vec<char> = letters.iter().take(1).chain(letters.iter().rev().take(behind)).copied().collect();
        let word = |place: &u32| self.words.get(*place as usize).map_or("", |word| &**word);
        let from = self.by_end.partition_point(|place| from_end(word(place)).lt(key.iter().copied()));
        let words = self.by_end.get(from..).unwrap_or_default().iter().map(word);
        words.take_while(move |word| from_end(word).take(key.len()).eq(key.iter().copied()))
    }
}

/// The first letter, then all from the last on.
fn from_end(word: &str) -> impl Iterator<Item = char> + '_ {
    word.chars().next().into_iter().flat_map(move |first| once(first).chain(word.chars().rev()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside a look at all words.
        #[test]
        fn what_is_found_is_what_a_look_at_all_would_find(
            known in proptest::collection::hash_set("[aåb]{3,8}", 0..120),
            written in "[aåb]{4,8}",
        ) {
            let first = written.chars().next();
            let near: Vec<&str> = known
                .iter()
                .map(String::as_str)
                .filter(|known| known.chars().next() == first && one_slip_apart(known, &written))
                .collect();
            let expected = if written.chars().count() >= LETTERS_MIN && near.len() == 1 { Some(near[0]) } else { None };
            let slips = Slips::of(known.iter().map(String::as_str));
            prop_assert_eq!(slips.meant(&written), expected);
        }
    }

    #[test]
    fn numbers_and_short_words_are_no_slips() {
        let slips = Slips::of(["12345", "card", "refund"].into_iter());
        assert_eq!((slips.meant("12346"), slips.meant("crad"), slips.meant("refnud")), (None, None, Some("refund")));
    }
}
