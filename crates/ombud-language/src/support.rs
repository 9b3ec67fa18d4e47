//! Is what a reply says in its source, by its words? Numbers to judge by, no judgement.
//!
//! What a reply takes over it mostly takes word for word, so runs of words, numbers and names that the source lacks tell most (`docs/EVALUATION.md`).

use std::collections::{HashMap, HashSet};

/// How many numbers describe a reply.
pub const SUPPORT_FEATURES: usize = 32;

/// Words of a source that are read at most, and of a reply.
const WORDS_MAX: usize = 2_000;
/// Letters by which forms of a word are taken for the same.
const STEM: usize = 5;
/// Letters from which on a word is more than grammar.
const CONTENT: usize = 4;
/// Words by which somebody speaks of themselves or to somebody: what follows is seldom from a source.
const PERSONAL: [&str; 26] = [
    "i", "im", "ive", "id", "ill", "me", "my", "mine", "myself", "you", "your", "youre", "yours", "we", "our", "us",
    "do", "did", "have", "think", "love", "like", "yes", "yeah", "well", "thats",
];

/// How rare words are, by the sources of a collection.
#[derive(Debug, Clone, Default)]
pub struct Rarity {
    sources: f32,
    holding: HashMap<String, f32>,
}

impl Rarity {
    /// Of sources.
    #[must_use]
    pub fn of(sources: &[&str]) -> Self {
        let mut holding: HashMap<String, f32> = HashMap::new();
        for source in sources {
            for word in words(source).into_iter().collect::<HashSet<_>>() {
                *holding.entry(word).or_default() += 1.0;
            }
        }
        Self { sources: sources.len() as f32, holding }
    }

    fn weight(&self, word: &str) -> f32 {
        ((1.0 + self.sources) / (1.0 + self.holding.get(word).copied().unwrap_or_default())).ln() + 0.1
    }
}

fn words(text: &str) -> Vec<String> {
    let apart = |c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '\u{2019}');
    let plain = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    text.split(apart).map(plain).filter(|word: &String| !word.is_empty()).take(WORDS_MAX).collect()
}

fn stem(word: &str) -> String {
    word.chars().take(STEM).collect()
}

fn is_content(word: &&String) -> bool {
    word.chars().count() >= CONTENT || word.chars().any(char::is_numeric)
}

fn ratio(some: f32, all: f32, of_nothing: f32) -> f32 {
    if all > 0.0 { some / all } else { of_nothing }
}

/// The share of `of` that is in `within`; 1 of nothing.
fn held<T: Eq + std::hash::Hash>(of: &[T], within: &HashSet<&T>) -> f32 {
    ratio(of.iter().filter(|one| within.contains(one)).count() as f32, of.len() as f32, 1.0)
}

/// The share of runs of `size` words that are in the source.
fn runs_held(reply: &[String], source: &[String], size: usize) -> f32 {
    let source: HashSet<&[String]> = source.windows(size).collect();
    let runs: Vec<&[String]> = reply.windows(size).collect();
    ratio(runs.iter().filter(|run| source.contains(*run)).count() as f32, runs.len() as f32, 0.0)
}

/// Lengths of the longest common subsequence and of the longest common run.
fn common(one: &[String], other: &[String]) -> (usize, usize) {
    let (mut sequence, mut run, mut longest) = (vec![0_usize; other.len() + 1], vec![0_usize; other.len() + 1], 0);
    for word in one {
        let (mut before_sequence, mut before_run) = (0, 0);
        let mut left = 0;
        let places = sequence.iter_mut().skip(1).zip(run.iter_mut().skip(1));
        for ((sequence, run), other) in places.zip(other) {
            let (above_sequence, above_run) = (*sequence, *run);
            let is_same = word == other;
            *sequence = if is_same { before_sequence + 1 } else { above_sequence.max(left) };
            *run = if is_same { before_run + 1 } else { 0 };
            longest = longest.max(*run);
            left = *sequence;
            (before_sequence, before_run) = (above_sequence, above_run);
        }
    }
    (sequence.last().copied().unwrap_or_default(), longest)
}

fn grams(words: &[String]) -> Vec<String> {
    let letters: Vec<char> = words.join(" ").chars().collect();
    letters.windows(4).map(|gram| gram.iter().collect()).collect()
}

/// Words that begin with a capital and do not begin a sentence.
fn names(text: &str) -> Vec<String> {
    let mut begins = true;
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        if !begins && word.chars().next().is_some_and(char::is_uppercase) {
            found.extend(words(word).into_iter().filter(|word| word.chars().count() > 1));
        }
        begins = word.ends_with(['.', '!', '?', ':']);
    }
    found
}

/// The numbers by which a reply is judged: how much of it the source holds (words, words by rarity, stems, content, runs of 2 to 5 words, letters), its
/// longest common sequence and run, the same for the nearest sentence, what it lacks (words, rare words, numbers, names, the longest run), what it shares with the
/// message that it answers, and its manner (length, questions, words of a person).
#[must_use]
pub fn support(reply: &str, source: &str, message: &str, rarity: &Rarity) -> [f32; SUPPORT_FEATURES] {
    let (said, known, asked) = (words(reply), words(source), words(message));
    let within: HashSet<&String> = known.iter().collect();
    let length = said.len().max(1) as f32;
    let content: Vec<String> = said.iter().filter(is_content).cloned().collect();
    let stems: Vec<String> = content.iter().map(|word| stem(word)).collect();
    let known_stems: Vec<String> = known.iter().map(|word| stem(word)).collect();
    let stems_within: HashSet<&String> = known_stems.iter().collect();
    let mass: f32 = said.iter().map(|word| rarity.weight(word)).sum();
    let lacking: Vec<&String> =
        said.iter().filter(|word| !within.contains(word) && !stems_within.contains(&stem(word))).collect();
    let lacking_mass: f32 = lacking.iter().map(|word| rarity.weight(word)).sum();
    let rarest = lacking.iter().map(|word| rarity.weight(word)).fold(0.0_f32, f32::max);
    let numbers: Vec<String> = said.iter().filter(|word| word.chars().any(char::is_numeric)).cloned().collect();
    let named = names(reply);
    let (sequence, run) = common(&said, &known);
    let content_lacking: Vec<String> =
        content.iter().filter(|word| !within.contains(word) && !stems_within.contains(&stem(word))).cloned().collect();
    let asked_within: HashSet<&String> = asked.iter().collect();
    let gram_list = grams(&known);
    let [sentence_words, sentence_stems, sentence_sequence, sentence_pairs] = nearest_sentence(&said, &stems, source);
    let personal = said.iter().filter(|word| PERSONAL.contains(&word.as_str())).count() as f32;
    let in_front = said.iter().take(2).filter(|word| PERSONAL.contains(&word.as_str())).count() as f32;
    [
        held(&said, &within),
        held(&content, &within),
        held(&stems, &stems_within),
        1.0 - ratio(lacking_mass, mass, 0.0),
        runs_held(&said, &known, 2),
        runs_held(&said, &known, 3),
        runs_held(&said, &known, 4),
        runs_held(&said, &known, 5),
        held(&grams(&said), &gram_list.iter().collect()),
        sequence as f32 / length,
        run as f32 / length,
        (run as f32).ln_1p(),
        sentence_words,
        sentence_stems,
        sentence_sequence,
        sentence_pairs,
        (lacking.len() as f32).ln_1p(),
        lacking_mass.ln_1p(),
        rarest,
        (content_lacking.len() as f32).ln_1p(),
        held(&numbers, &within),
        numbers.iter().filter(|number| !within.contains(number)).count().min(3) as f32,
        held(&named, &within),
        named.iter().filter(|name| !within.contains(name)).count().min(3) as f32,
        longest_gap(&said, &within) as f32 / length,
        held(&content, &asked_within),
        ratio(
            content_lacking.iter().filter(|word| asked_within.contains(word)).count() as f32,
            content_lacking.len() as f32,
            0.0,
        ),
        length.ln(),
        f32::from(u8::from(reply.contains('?'))),
        personal / length,
        personal.min(4.0),
        in_front,
    ]
}

fn longest_gap(said: &[String], within: &HashSet<&String>) -> usize {
    let gaps = said.split(|word| within.contains(word));
    gaps.map(<[String]>::len).max().unwrap_or_default()
}

/// Of the sentence that holds most: shares of words, of stems, of the longest common sequence, and of pairs of words.
fn nearest_sentence(said: &[String], stems: &[String], source: &str) -> [f32; 4] {
    let mut best = [0.0_f32; 4];
    for sentence in source.split(['.', '!', '?', '\n']) {
        let known = words(sentence);
        let known_stems: Vec<String> = known.iter().map(|word| stem(word)).collect();
        let found = [
            held(said, &known.iter().collect()),
            held(stems, &known_stems.iter().collect()),
            common(said, &known).0 as f32 / said.len().max(1) as f32,
            runs_held(said, &known, 2),
        ];
        best.iter_mut().zip(found).for_each(|(best, found)| *best = best.max(found));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "The fee is 5 euros. It is taken when Klara Bank sends a reminder after 14 days.";

    fn of(reply: &str) -> [f32; SUPPORT_FEATURES] {
        support(reply, SOURCE, "What does a reminder cost?", &Rarity::of(&[SOURCE, "Another text is here."]))
    }

    #[test]
    fn what_is_taken_over_word_for_word_is_held_whole() {
        let copied = of("The fee is 5 euros.");
        assert!(copied[..8].iter().all(|share| *share == 1.0), "{copied:?}");
        assert_eq!((copied[9], copied[16], copied[21]), (1.0, 0.0, 0.0));
    }

    #[test]
    fn a_number_and_a_name_that_the_source_lacks_are_counted() {
        let changed = of("The fee is 50 euros and Nordia sends it.");
        assert_eq!((changed[20], changed[21]), (0.0, 1.0));
        assert_eq!((changed[22], changed[23]), (0.0, 1.0));
        assert!(changed[0] < 1.0 && changed[24] > 0.0);
    }

    #[test]
    fn forms_of_a_word_count_and_manner_is_told() {
        let told = of("I think reminders cost?");
        assert!(told[2] > told[1], "{told:?}");
        assert_eq!((told[28], told[30]), (1.0, 2.0));
    }

    #[test]
    fn sequences_skip_words_and_runs_do_not() {
        let list = |text: &str| words(text);
        assert_eq!(common(&list("a b c d"), &list("a x b c y d")), (4, 2));
        assert_eq!(common(&list(""), &list("a")), (0, 0));
    }
}
