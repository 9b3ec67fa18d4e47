//! What differs between two sentences that say nearly the same?

use std::collections::HashMap;

use ombud_language::claims::{figures, figures_beyond};

use super::{Code, Lists};

/// What differs, the gravest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// A figure is another one, or stands for another thing.
    figure: Difference,
    /// It says the opposite.
    is_turned: bool,
    /// A name was exchanged.
    is_renamed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Difference {
    #[default]
    None,
    /// One has figures that the other lacks.
    OneSided,
    /// Each has figures that the other lacks, or the same ones in other places.
    Exchanged,
}

impl Compared {
    /// Of a sentence and the one it is near to.
    pub(super) fn of(said: &str, today: &str, lists: Lists<'_>) -> Self {
        let is_turned = lists.is_some_and(|lists| lists.turned(said, today));
        let has_names = lists.is_none_or(|lists| !lists.nouns_are_capital);
        Self { figure: figure(said, today), is_turned, is_renamed: has_names && is_renamed(said, today) }
    }

    /// The reason code against the article of today.
    pub(super) fn code(self) -> Option<Code> {
        match self {
            Self { figure: Difference::Exchanged | Difference::OneSided, .. } => Some(Code::FigureChanged),
            Self { is_turned: true, .. } => Some(Code::MeaningTurned),
            Self { is_renamed: true, .. } => Some(Code::NameChanged),
            _ => None,
        }
    }

    /// Whether both cannot be true. A sentence that only says less contradicts nothing.
    pub(super) fn contradicts(self) -> bool {
        self.figure == Difference::Exchanged && !self.is_renamed || self.is_turned
    }
}

fn figure(said: &str, today: &str) -> Difference {
    match (figures_beyond(said, today).is_empty(), figures_beyond(today, said).is_empty()) {
        (false, false) => Difference::Exchanged,
        (true, true) if is_moved(said, today) || units(said) != units(today) => Difference::Exchanged,
        (true, true) => Difference::None,
        _ => Difference::OneSided,
    }
}

/// Whether the same figures stand in another order.
fn is_moved(said: &str, today: &str) -> bool {
    let (mut one, mut other) = (figures(said), figures(today));
    if one == other {
        return false;
    }
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// Numbers with the word behind each, which is what they count: "14 Tage" is not "14 Wochen".
fn units(text: &str) -> HashMap<(String, String), usize> {
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let words: Vec<String> = text.split_whitespace().map(plain).filter(|word| !word.is_empty()).collect();
    let mut found = HashMap::new();
    for pair in words.windows(2) {
        if let [number, unit] = pair
            && number.chars().all(|c| c.is_numeric() || matches!(c, '.' | ','))
            && unit.chars().all(char::is_alphabetic)
        {
            *found.entry((number.clone(), unit.clone())).or_default() += 1;
        }
    }
    found
}

/// Whether names inside of the sentences are others, as many as before.
fn is_renamed(said: &str, today: &str) -> bool {
    let (one, other) = (names(said), names(today));
    let lacks = |from: &[String], to: &[String]| from.iter().filter(|name| !to.contains(name)).count();
    let (new, gone) = (lacks(&one, &other), lacks(&other, &one));
    new > 0 && new == gone
}

/// Words with a capital that do not begin the sentence.
fn names(text: &str) -> Vec<String> {
    let words = text.split_whitespace().skip(1);
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).trim_end_matches("'s").to_owned();
    words
        .map(plain)
        .filter(|word| word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(said: &str, today: &str) -> Option<Code> {
        Compared::of(said, today, None).code()
    }

    #[test]
    fn another_figure_unit_place_and_name_are_told() {
        let today = "In Sweden the fee is 60 SEK after 14 days.";
        for said in [
            "In Sweden the fee is 600 SEK after 14 days.",
            "In Sweden the fee is 60 SEK after 14 weeks.",
            "In Sweden the fee is 14 SEK after 60 days.",
            "In Sweden the fee is 60 EUR after 14 days.",
            "In Sweden the fee is charged after 14 days.",
        ] {
            assert_eq!(code(said, today), Some(Code::FigureChanged), "{said}");
        }
        assert_eq!(code("In Norway the fee is 60 SEK after 14 days.", today), Some(Code::NameChanged));
        assert_eq!(code("Die Frist ist 14 Wochen.", "Die Frist ist 14 Tage."), Some(Code::FigureChanged));
    }

    #[test]
    fn other_words_for_the_same_are_no_difference() {
        let today = "In Sweden the fee is 60 SEK after 14 days.";
        for said in
            ["In Sweden the charge is 60 SEK after 14 days.", "After 14 days there is a fee of 60 SEK in Sweden."]
        {
            let compared = Compared::of(said, today, None);
            assert!(compared.code() != Some(Code::NameChanged) && !compared.is_turned, "{said}: {compared:?}");
        }
        assert_eq!(code("In Sweden the charge is 60 SEK after 14 days.", today), None);
    }

    #[test]
    fn who_says_less_contradicts_nothing() {
        let contradicts = |said, today| Compared::of(said, today, None).contradicts();
        assert!(contradicts("A reminder is sent after 40 days.", "A reminder is sent after 14 days."));
        assert!(!contradicts("A reminder is sent.", "A reminder is sent after 14 days."));
        assert!(!contradicts("In Norway the fee is 70 NOK.", "In Sweden the fee is 60 SEK."));
    }
}
