//! Which of the offered labels do a customer's words mean? Counted by the words they share, without the assistant's own reader, so
//! that customer and assistant cannot agree on the same mistake.

use std::collections::BTreeSet;

/// Words that say nothing about which thing is meant.
const EMPTY: &[&str] = &[
    "a", "all", "am", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can", "color", "could", "did", "do",
    "don", "for", "from", "get", "got", "had", "has", "have", "i", "if", "in", "is", "it", "its", "just", "like",
    "lol", "me", "mine", "my", "number", "of", "ok", "on", "one", "ones", "only", "or", "order", "please", "pls", "so",
    "sorry", "thank", "thanks", "that", "the", "them", "then", "there", "they", "this", "to", "too", "want", "was",
    "were", "with", "would", "yes", "you", "your",
];
/// Words after which, up to the end of the clause, the customer names what he does not want.
const AGAINST: &[&str] = &["not", "except", "without", "than", "instead", "no", "never", "isn", "don", "nothing"];
/// Spellings that mean the same.
const SAME: &[(&str, &str)] = &[
    ("grey", "gray"),
    ("colour", "color"),
    ("small", "s"),
    ("medium", "m"),
    ("large", "l"),
    ("tee", "tshirt"),
    ("pricier", "priciest"),
    ("costliest", "priciest"),
];

/// Which label was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// This one.
    One(usize),
    /// Several fit alike; this is the first of them.
    Unclear(usize),
    /// None has anything to do with it.
    None,
}

/// The words of a text: lower case, endings taken off, spellings made the same.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    // "that's", "I'm", "don't": the end says nothing, and an `s` or `m` left over would be a size.
    let whole = |word: &str| word.split_once('\'').map_or(word, |(stem, _)| stem).to_owned();
    let lower = lower.split(' ').map(whole).collect::<Vec<_>>().join(" ");
    let raw = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    raw.map(plain).collect()
}

fn plain(word: &str) -> String {
    let known = SAME.iter().find(|(spelling, _)| *spelling == word).map_or(word, |(_, same)| same);
    let singular = known.strip_suffix('s').filter(|stem| stem.len() >= 3 && !stem.ends_with('s')).unwrap_or(known);
    let stem = ["ing", "ed"].iter().find_map(|ending| singular.strip_suffix(ending).filter(|stem| stem.len() >= 4));
    let stem = stem.unwrap_or(singular);
    let letters: Vec<char> = stem.chars().rev().take(2).collect();
    // cancelling, cancelled, cancel; exchanging, exchange.
    match letters.as_slice() {
        [last, before] if last == before && stem.len() > 4 && stem.len() < singular.len() => {
            stem.strip_suffix(*last).unwrap_or(stem).to_owned()
        }
        ['e', _] if stem.len() >= 5 => stem.trim_end_matches('e').to_owned(),
        _ => stem.to_owned(),
    }
}

/// The words that tell things apart; all words where none does.
#[must_use]
pub fn telling(text: &str) -> BTreeSet<String> {
    let all: BTreeSet<String> = words(text).into_iter().collect();
    let telling: BTreeSet<String> = all.iter().filter(|word| !is_empty(word)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

fn is_empty(word: &str) -> bool {
    EMPTY.iter().any(|empty| plain(empty) == word)
}

/// The label that `said` means.
#[must_use]
pub fn pick(said: &str, labels: &[String]) -> Pick {
    if let Some(position) = by_price(said, labels) {
        return Pick::One(position);
    }
    let sets: Vec<BTreeSet<String>> = labels.iter().map(|label| telling(label)).collect();
    let scores: Vec<f64> = sets.iter().map(|set| score(said, set, &sets)).collect();
    let Some((best, top)) =
        scores.iter().copied().enumerate().max_by(|one, two| one.1.total_cmp(&two.1).then(two.0.cmp(&one.0)))
    else {
        return Pick::None;
    };
    if top <= 0.0 {
        return Pick::None;
    }
    let rivals = scores.iter().enumerate().filter(|(position, score)| *position != best && **score > top * 0.9).count();
    if rivals == 0 { Pick::One(best) } else { Pick::Unclear(best) }
}

/// How much of `label` was said: rare words count more, words said first count a little more, refused ones count against it.
fn score(said: &str, label: &BTreeSet<String>, all: &[BTreeSet<String>]) -> f64 {
    let clauses: Vec<&str> = said
        .split([',', '.', ';', '!', '?', '\n'])
        .flat_map(|clause| clause.split(" but "))
        .filter(|clause| !clause.trim().is_empty())
        .collect();
    let count = f64::from(u32::try_from(clauses.len().max(1)).unwrap_or(u32::MAX));
    let mut seen = BTreeSet::new();
    let mut sum = 0.0;
    for (position, clause) in clauses.iter().enumerate() {
        let lateness = f64::from(u32::try_from(position).unwrap_or(u32::MAX)) / count;
        let mut sign = 1.0;
        for word in words(clause) {
            if AGAINST.iter().any(|against| plain(against) == word) {
                sign = -1.0;
            }
            if label.contains(&word) && seen.insert(word.clone()) {
                sum += sign * rarity(&word, all) * (1.0 + 0.6 * (1.0 - lateness));
            }
        }
    }
    sum
}

/// A word that every label holds tells little, but it shows that the labels are about the same thing.
fn rarity(word: &str, all: &[BTreeSet<String>]) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let holding = all.iter().filter(|set| set.contains(word)).count().max(1);
    (number(all.len()) / number(holding)).ln().max(0.05)
}

/// The cheapest or dearest label, when that is what was said and all labels carry a price.
fn by_price(said: &str, labels: &[String]) -> Option<usize> {
    let lower = said.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let cheapest = says(&["cheapest", "least expensive", "lowest price"]);
    let dearest = says(&["most expensive", "priciest", "pricier", "dearest"]);
    if cheapest == dearest {
        return None;
    }
    let prices: Option<Vec<f64>> = labels.iter().map(|label| price(label)).collect();
    let prices = prices?.into_iter().enumerate();
    let found = if cheapest {
        prices.min_by(|one, two| one.1.total_cmp(&two.1))
    } else {
        prices.max_by(|one, two| one.1.total_cmp(&two.1))
    };
    found.map(|(position, _)| position)
}

/// The last figure with two decimals.
fn price(label: &str) -> Option<f64> {
    let figures = label.split(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == ','));
    let mut amounts = figures
        .filter(|text| text.trim_end_matches(['.', ',']).rsplit_once('.').is_some_and(|(_, cents)| cents.len() == 2));
    amounts.next_back()?.trim_end_matches(['.', ',']).replace(',', "").parse().ok()
}

/// Text as the graders compare it: lower case, commas removed, white space made one blank.
#[must_use]
pub fn folded(text: &str) -> String {
    let bare = text.to_lowercase().replace(',', "");
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_label_that_shares_the_telling_words_is_meant() {
        let orders = [
            "#W1, delivered: Headphones, Vacuum Cleaner, Keyboard",
            "#W2, pending: Espresso Machine, T-Shirt",
            "#W3, pending: Water Bottle",
        ];
        let lamps = ["Desk Lamp, silver, battery", "Desk Lamp, black, USB", "Desk Lamp, white, AC adapter"];
        let table: &[(&str, &[&str], Pick)] = &[
            (
                "I don't have the number. It's the one with the small v-neck, an espresso machine is in there too.",
                &orders,
                Pick::One(1),
            ),
            ("a pending one", &orders, Pick::Unclear(1)),
            ("the boots", &orders, Pick::None),
            ("Battery best, otherwise USB, otherwise AC.", &lamps, Pick::One(0)),
            ("AC adapter before anything else", &lamps, Pick::One(2)),
            ("the silver one, not the black one", &lamps, Pick::One(0)),
            ("Not the silver one.", &lamps, Pick::None),
            ("The Mastercard I paid with, ending in 2478.", &["Mastercard ending in 2478", "PayPal"], Pick::One(0)),
            ("No thank you", &["Yes, a person please", "No, thanks"], Pick::None),
            ("size small please", &["T-Shirt, size L", "T-Shirt, size S"], Pick::One(1)),
            ("I don't know, it's mine", &["T-Shirt, size S", "T-Shirt, size M"], Pick::None),
            ("anything", &[], Pick::None),
        ];
        for (said, offered, meant) in table {
            assert_eq!(pick(said, &labels(offered)), *meant, "{said}");
        }
    }

    #[test]
    fn a_price_decides_when_price_is_what_was_asked_for() {
        let lamps = labels(&["Lamp A ($137.20)", "Lamp B ($1,122.84)", "Lamp C ($158.00)."]);
        assert_eq!(pick("The cheapest one, I don't care which", &lamps), Pick::One(0));
        assert_eq!(pick("the most expensive", &lamps), Pick::One(1));
        assert_eq!(pick("the cheapest", &labels(&["Lamp A", "Lamp B ($1.00)"])), Pick::None);
    }

    #[test]
    fn endings_make_no_difference() {
        for (one, other) in [
            ("cancelling", "cancel"),
            ("cancelled", "cancel"),
            ("exchanging", "exchange"),
            ("returned items", "return item"),
            ("addresses", "addresse"),
            ("the same", "the same"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
        }
        let flows = labels(&["cancelling an order", "exchanging items"]);
        assert_eq!(
            pick("cancel pending order. If it can't be returned, would it be possible to cancel it instead?", &flows),
            Pick::One(0)
        );
    }

    #[test]
    fn texts_are_folded_as_graders_do() {
        assert_eq!(folded("Total:  $1,497.65\nThanks"), "total: $1497.65 thanks");
    }
}
