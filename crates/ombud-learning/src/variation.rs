//! How do two runs of one customer differ? By typing, casing, filler words, the order of facts, other words for yes and no, and a
//! question in between; the same seed always gives the same manner.

use ombud_domain::AwaitingKind;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::dialogue::{Utterance, UtteranceKind};

const YES: &[&str] = &[
    "Yes, please.",
    "Yep, go ahead.",
    "That's right, please do it.",
    "Sure, do that.",
    "Correct.",
    "ok, go ahead",
    "yes that works",
    "Yes.",
];
const NO: &[&str] = &["Nope", "Nah", "No no", "Sorry, no", "No, wait"];
const FILLERS_BEFORE: &[&str] = &["Hi, ", "So, ", "Well, ", "Okay, ", "Um, ", "Hey, "];
const FILLERS_AFTER: &[&str] = &[" Thanks!", " Thank you.", " please", " :)", " if that's ok", " thx"];
const ASIDES: &[&str] = &[
    "Wait, am I talking to a real person?",
    "Before that, how long does a refund usually take?",
    "Quick question in between, what else can you help me with?",
    "Oh, and are you an AI?",
];

/// How a customer writes in one run.
#[derive(Debug, Clone)]
pub struct Manner {
    dice: ChaCha8Rng,
    typos_max: usize,
    casing: Casing,
    fillers: bool,
    shuffles_facts: bool,
    other_yes_and_no: bool,
    aside_due: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Casing {
    AsWritten,
    Lower,
    NoFinalMark,
}

impl Manner {
    /// Word for word as scripted.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            dice: ChaCha8Rng::seed_from_u64(0),
            typos_max: 0,
            casing: Casing::AsWritten,
            fillers: false,
            shuffles_facts: false,
            other_yes_and_no: false,
            aside_due: false,
        }
    }

    /// The manner of customer `who` in run `run`; run 0 is word for word.
    #[must_use]
    pub fn of(seed: u64, who: &str, run: u32) -> Self {
        if run == 0 {
            return Self::plain();
        }
        let mut dice = ChaCha8Rng::seed_from_u64(seed ^ fnv(who));
        dice.set_stream(u64::from(run));
        let casing =
            *[Casing::AsWritten, Casing::Lower, Casing::NoFinalMark].choose(&mut dice).unwrap_or(&Casing::AsWritten);
        let typos_max = dice.random_range(0..=2);
        // At least one of them, so that no later run repeats the first by chance.
        let sure = dice.random_range(0..4_u32);
        let mut either = |position: u32| dice.random_bool(0.5) || sure == position;
        let (fillers, shuffles_facts, other_yes_and_no, aside_due) = (either(0), either(1), either(2), either(3));
        Self { typos_max, casing, fillers, shuffles_facts, other_yes_and_no, aside_due, dice }
    }

    /// The words as this customer writes them.
    pub fn vary(&mut self, utterance: &Utterance) -> String {
        let text = &utterance.text;
        let said = match utterance.kind {
            // A label is clicked, not typed.
            UtteranceKind::Label => return text.clone(),
            UtteranceKind::Yes if self.other_yes_and_no => pick(&mut self.dice, YES).to_owned(),
            UtteranceKind::No if self.other_yes_and_no => self.other_no(text),
            UtteranceKind::Identify if self.shuffles_facts => self.shuffled(text),
            UtteranceKind::Opening | UtteranceKind::Answer | UtteranceKind::Request if self.fillers => {
                self.filled(text)
            }
            _ => text.clone(),
        };
        let said = match utterance.kind {
            UtteranceKind::Identify | UtteranceKind::Yes | UtteranceKind::No => said,
            _ => self.mistyped(&said),
        };
        match self.casing {
            Casing::AsWritten => said,
            Casing::Lower => lowered(&said),
            Casing::NoFinalMark => said.trim_end_matches(['.', '!']).to_owned(),
        }
    }

    /// A question to put in between when the assistant waits for this; once in a run.
    pub fn aside(&mut self, awaited: AwaitingKind) -> Option<String> {
        let waits = matches!(awaited, AwaitingKind::Slot | AwaitingKind::Choice | AwaitingKind::Confirm);
        if !self.aside_due || !waits || self.dice.random_bool(0.5) {
            return None;
        }
        self.aside_due = false;
        Some(pick(&mut self.dice, ASIDES).to_owned())
    }

    fn other_no(&mut self, text: &str) -> String {
        let rest = text.strip_prefix("No,").or_else(|| text.strip_prefix("No.")).or_else(|| text.strip_prefix("no,"));
        match rest {
            Some(rest) if rest.trim().is_empty() => format!("{}.", pick(&mut self.dice, NO)),
            Some(rest) => format!("{},{rest}", pick(&mut self.dice, NO)),
            None => text.to_owned(),
        }
    }

    fn filled(&mut self, text: &str) -> String {
        let greets = ["hi", "hello", "hey", "good"].iter().any(|word| text.to_lowercase().starts_with(word));
        let mut said = text.to_owned();
        if !greets && self.dice.random_bool(0.6) {
            said = format!("{}{said}", pick(&mut self.dice, FILLERS_BEFORE));
        }
        if self.dice.random_bool(0.6) {
            said.push_str(pick(&mut self.dice, FILLERS_AFTER));
        }
        said
    }

    /// The sentences in another order; of a single sentence, the parts between commas.
    fn shuffled(&mut self, text: &str) -> String {
        let sentences: Vec<&str> = text.split_inclusive(". ").collect();
        let (mut parts, joint): (Vec<String>, &str) = if sentences.len() > 1 {
            (sentences.iter().map(|part| ended(part.trim())).collect(), " ")
        } else {
            (text.trim_end_matches('.').split(", ").map(str::to_owned).collect(), ", ")
        };
        parts.shuffle(&mut self.dice);
        parts.join(joint)
    }

    /// A few slips in long lower-case words; never in names, numbers or addresses, which a careful customer checks.
    fn mistyped(&mut self, text: &str) -> String {
        let words: Vec<&str> = text.split(' ').collect();
        let fragile = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase()) && word.len() >= 6;
        let mut places: Vec<usize> = (0..words.len()).filter(|place| words.get(*place).is_some_and(fragile)).collect();
        places.shuffle(&mut self.dice);
        places.truncate(self.typos_max.min(words.len() / 8));
        let typed: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(place, word)| if places.contains(&place) { self.slip(word) } else { (*word).to_owned() })
            .collect();
        typed.join(" ")
    }

    fn slip(&mut self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let place = self.dice.random_range(1..letters.len().saturating_sub(1).max(2));
        match self.dice.random_range(0..3_u32) {
            0 if place + 1 < letters.len() => letters.swap(place, place + 1),
            1 if place < letters.len() => {
                letters.remove(place);
            }
            _ => {
                let twice = letters.get(place).copied().unwrap_or('e');
                letters.insert(place.min(letters.len()), twice);
            }
        }
        letters.into_iter().collect()
    }
}

fn pick<'a>(dice: &mut ChaCha8Rng, from: &[&'a str]) -> &'a str {
    from.choose(dice).copied().unwrap_or_default()
}

fn ended(sentence: &str) -> String {
    if sentence.ends_with(['.', '!', '?']) { sentence.to_owned() } else { format!("{sentence}.") }
}

/// Lower case but for words with digits, which may be ids.
fn lowered(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.chars().any(|letter| letter.is_ascii_digit()) { word.to_owned() } else { word.to_lowercase() }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo): the same on every machine and with every compiler.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const LONG: &str = "Hello, I would like to exchange the mechanical keyboard of order #W2378156 for one with clicky switches, please do that for ada.l@example.com.";

    fn say(manner: &mut Manner, kind: UtteranceKind, text: &str) -> String {
        manner.vary(&Utterance::new(kind, text))
    }

    #[test]
    fn the_first_run_is_word_for_word_and_the_others_differ() {
        assert_eq!(say(&mut Manner::of(1, "7", 0), UtteranceKind::Opening, LONG), LONG);
        let said: BTreeSet<String> =
            (1..40).map(|run| say(&mut Manner::of(1, "7", run), UtteranceKind::Opening, LONG)).collect();
        assert!(said.len() > 15, "{said:#?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_words() {
        for run in 0..20 {
            let (mut one, mut two) = (Manner::of(7, "a", run), Manner::of(7, "a", run));
            for kind in [
                UtteranceKind::Opening,
                UtteranceKind::Identify,
                UtteranceKind::Yes,
                UtteranceKind::No,
                UtteranceKind::Answer,
            ] {
                assert_eq!(say(&mut one, kind, LONG), say(&mut two, kind, LONG));
                assert_eq!(one.aside(AwaitingKind::Slot), two.aside(AwaitingKind::Slot));
            }
        }
    }

    #[test]
    fn ids_and_addresses_survive_and_labels_are_clicked() {
        for run in 0..60 {
            let mut manner = Manner::of(3, "x", run);
            let said = say(&mut manner, UtteranceKind::Answer, LONG);
            assert!(said.contains("#W2378156") && said.contains("ada.l@example.com"), "{said}");
            assert_eq!(say(&mut manner, UtteranceKind::Label, "Desk Lamp, USB"), "Desk Lamp, USB");
        }
    }

    #[test]
    fn facts_change_places_and_none_is_lost() {
        let mut orders = BTreeSet::new();
        for run in 1..60 {
            let said = say(
                &mut Manner::of(3, "x", run),
                UtteranceKind::Identify,
                "Yusuf Rossi, zip code 19122. I don't remember the e-mail.",
            )
            .to_lowercase();
            assert!(said.contains("yusuf rossi") && said.contains("19122") && said.contains("remember"), "{said}");
            orders.insert(said.starts_with('i'));
        }
        assert_eq!(orders.len(), 2);
    }

    #[test]
    fn a_question_comes_in_between_at_most_once_and_only_when_something_is_awaited() {
        let mut asked = 0;
        for run in 1..60 {
            let mut manner = Manner::of(5, "y", run);
            assert_eq!(manner.aside(AwaitingKind::AnythingElse), None);
            let asides = (0..40).filter(|_| manner.aside(AwaitingKind::Confirm).is_some()).count();
            assert!(asides <= 1);
            asked += asides;
        }
        assert!((15..55).contains(&asked), "{asked}");
    }

    #[test]
    fn other_words_for_no_keep_the_correction() {
        let said: BTreeSet<String> =
            (1..60).map(|run| say(&mut Manner::of(5, "y", run), UtteranceKind::No, "No, only the lamp.")).collect();
        assert!(said.len() > 3 && said.iter().all(|text| text.to_lowercase().contains("only the lamp")), "{said:#?}");
    }
}
