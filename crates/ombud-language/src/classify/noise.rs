//! How do people write the same sentence carelessly?
//!
//! Copies of the examples with typos, lost punctuation and casing and added filler, so that none of these decides a class.

/// A small seeded generator (splitmix64, Steele et al. 2014): noise and shuffling must repeat bit for bit.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, 0 if that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A careless copy of a text.
pub(super) fn careless(text: &str, fillers: &[String], random: &mut Random) -> String {
    let mut words: Vec<String> = text.split_whitespace().map(|word| careless_word(word, random)).collect();
    if !fillers.is_empty() && random.chance(35) {
        let filler = fillers.get(random.below(fillers.len())).cloned().unwrap_or_default();
        let at = if random.chance(75) { 0 } else { words.len() };
        words.insert(at, filler);
    }
    words.join(" ")
}

fn careless_word(word: &str, random: &mut Random) -> String {
    let plain: String =
        word.chars().filter(|c| c.is_alphanumeric() || *c == '#' || *c == '@').collect::<String>().to_lowercase();
    if plain.chars().count() < 4 || plain.chars().any(char::is_numeric) || !random.chance(12) {
        return plain;
    }
    misspell(&plain, random)
}

/// One slip of the fingers, never on the first letter.
fn misspell(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = 1 + random.below(letters.len().saturating_sub(2));
    match random.below(3) {
        0 if at + 1 < letters.len() => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        _ => {
            let doubled = letters.get(at).copied().unwrap_or('e');
            letters.insert(at, doubled);
        }
    }
    letters.into_iter().collect()
}
