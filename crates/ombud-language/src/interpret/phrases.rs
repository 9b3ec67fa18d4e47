//! Which words of a language must not depend on what was learnt? Its yes and no, and the wish for a person.

use std::collections::BTreeMap;

use serde::Deserialize;
use unicode_script::{Script, UnicodeScript as _};

use super::SHORT_WORDS_MAX;
use super::names::unmarked;

/// The short lists of one language: `packs/base/nlu/phrases.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhraseFile {
    /// Language tag of the phrases.
    pub locale: String,
    /// Phrases by what they say.
    pub phrases: BTreeMap<Says, Vec<String>>,
    /// Phrases of which each alone gives a sign of somebody who needs care, by the name of the sign.
    #[serde(default)]
    pub signs: BTreeMap<String, Vec<String>>,
}

impl PhraseFile {
    /// Whether a message asks for a person in few words of this language; for whoever cannot read more of it yet (R47).
    #[must_use]
    pub fn asks_for_person(&self, text: &str) -> bool {
        let (phrases, words) = (Phrases::new(self), words(text));
        let is_short = words.len() <= SHORT_WORDS_MAX || phrases.says_only(Says::Person, &[Says::YesWith], &words);
        is_short && phrases.says(Says::Person, &words) && !phrases.says(Says::NoPerson, &words)
    }
}

/// What parts a text.
pub(super) const PART_MARKS: [char; 17] =
    ['.', '!', '?', '。', '！', '？', '؟', '।', '\n', ',', ';', ':', '،', '؛', '、', '，', '–'];
/// Parts of a text that are looked at.
const PARTS_MAX: usize = 40;

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Do it.
    Yes,
    /// Nothing beside a yes.
    YesWith,
    /// Do not.
    No,
    /// Nothing beside a no.
    NoWith,
    /// Ahead of other words, also without a mark behind it, a no; not what means "not" too.
    NoAhead,
    /// As a whole message: what is under way ends.
    Cancel,
    /// Keeps a reply from being a plain yes: but, first, instead, perhaps.
    Hold,
    /// As a whole message: that was all.
    NothingMore,
    /// A person, please.
    Person,
    /// No person, please.
    NoPerson,
    /// Whoever is asked who he is asks in general, has no account, or does not want to say.
    InGeneral,
    /// What an order is called, read in the place of its number.
    Order,
    /// Say it again.
    Repeat,
    /// Begins a question.
    Question,
    /// The first of what is offered.
    First,
    /// The second.
    Second,
    /// The third.
    Third,
    /// The last.
    Last,
    /// All of them.
    All,
    /// Ahead of a thing or right behind it: nothing but that.
    Only,
    /// Beside a thing: not that.
    Without,
    /// In a clause with a thing: the customer keeps it.
    Keeps,
    /// What was done was not wanted; what the texts tell to write for it.
    Undo,
    /// The text that is shown may stay; what the texts tell to write for it.
    AsItIs,
    /// Said after care began by mistake: nobody died, is ill, in danger or unable to pay.
    NotSo,
}

impl Says {
    pub(super) const ALL: [Self; 19] = [
        Self::Yes,
        Self::YesWith,
        Self::No,
        Self::NoWith,
        Self::Cancel,
        Self::Hold,
        Self::NothingMore,
        Self::Person,
        Self::NoPerson,
        Self::InGeneral,
        Self::Repeat,
        Self::Question,
        Self::First,
        Self::Second,
        Self::Third,
        Self::Last,
        Self::All,
        Self::Undo,
        Self::AsItIs,
    ];
}

/// The phrases of a language as words.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases {
    /// Longest first.
    lists: BTreeMap<Says, Vec<Vec<String>>>,
    signs: BTreeMap<String, Vec<Vec<String>>>,
    /// What an order is called, as it is written.
    order: Option<String>,
}

impl Phrases {
    pub(super) fn new(file: &PhraseFile) -> Self {
        let cut = |phrases: &Vec<String>| {
            let mut cut: Vec<Vec<String>> = phrases.iter().map(|phrase| words(phrase)).collect();
            cut.retain(|phrase| !phrase.is_empty());
            cut.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
            cut
        };
        let order = file.phrases.get(&Says::Order).and_then(|words| words.first()).cloned();
        let said = file.phrases.iter().filter(|(says, _)| **says != Says::Order);
        Self {
            lists: said.map(|(says, phrases)| (*says, cut(phrases))).collect(),
            signs: file.signs.iter().map(|(sign, phrases)| (sign.clone(), cut(phrases))).collect(),
            order,
        }
    }

    /// The sign that a phrase in the words gives, where no "not" stands before it.
    pub(super) fn sign(&self, words: &[String]) -> Option<&str> {
        let denied = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| words.get(at..=at)).unwrap_or_default();
            self.of(Says::No).iter().any(|no| no == before)
        };
        let gives = |phrase: &Vec<String>| {
            words.windows(phrase.len()).enumerate().any(|(at, window)| is_said(phrase, window) && !denied(at))
        };
        self.signs.iter().find(|(_, phrases)| phrases.iter().any(gives)).map(|(sign, _)| sign.as_str())
    }

    /// All words of the phrases.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.lists.values().flatten().flatten().map(String::as_str)
    }

    /// What an order is called.
    pub(super) fn order(&self) -> Option<&str> {
        self.order.as_deref()
    }

    fn of(&self, says: Says) -> &[Vec<String>] {
        self.lists.get(&says).map_or(&[], Vec::as_slice)
    }

    /// Whether a phrase stands anywhere in the words.
    pub(super) fn says(&self, says: Says, words: &[String]) -> bool {
        stands(self.of(says), words)
    }

    /// The same, whether or not the letters carry their marks: "daj mi czlowieka".
    pub(super) fn says_unmarked(&self, says: Says, words: &[String]) -> bool {
        let unmarked = |words: &[String]| words.iter().map(|word| unmarked(word)).collect::<Vec<_>>();
        let phrases: Vec<Vec<String>> = self.of(says).iter().map(|phrase| unmarked(phrase)).collect();
        stands(&phrases, &unmarked(words))
    }

    /// Whether a part of a text, between marks, is phrases of the first kind and of the others and nothing else: "where is my parcel? A colleague,
    /// please". One word by itself may be an exclamation: "Mensch, wo ist es?"
    pub(super) fn says_apart(&self, says: Says, beside: &[Says], text: &str) -> bool {
        let parts = text.split(PART_MARKS).map(words).filter(|words| words.len() > 1);
        parts.take(PARTS_MAX).any(|words| self.says_only(says, beside, &words))
    }

    /// Whether the text up to its first mark is phrases of the first kind and of the others and nothing else: "Ja gerne, das Paket kam nie an".
    pub(super) fn says_first(&self, says: Says, beside: &[Says], text: &str) -> bool {
        let mut parts = text.split(PART_MARKS).map(words).filter(|words| !words.is_empty());
        parts.next().is_some_and(|words| self.says_only(says, beside, &words))
    }

    /// What follows the first mark of a text, if up to there it is phrases of the first kind and of the others and nothing else; none where nothing follows.
    pub(super) fn behind_first<'t>(&self, says: Says, beside: &[Says], text: &'t str) -> Option<&'t str> {
        let (first, behind) = text.trim_start().split_once(PART_MARKS)?;
        let behind = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        (!behind.is_empty() && self.says_only(says, beside, &words(first))).then_some(behind)
    }

    /// What follows a phrase that a text begins with, as it is written; none where nothing follows.
    pub(super) fn behind_ahead<'t>(&self, says: Says, text: &'t str) -> Option<&'t str> {
        let (first, behind) = text.trim_start().split_once(char::is_whitespace)?;
        let said = words(first);
        let is_ahead = self.of(says).contains(&said);
        (is_ahead && !behind.trim().is_empty()).then_some(behind.trim())
    }

    /// What follows a word that is a phrase and is said twice or more ahead, with nothing between: "no no que sí llegó".
    pub(super) fn behind_twice<'t>(&self, says: Says, text: &'t str) -> Option<&'t str> {
        let (first, mut behind) = text.trim_start().split_once(char::is_whitespace)?;
        let said = words(first);
        let mut times = 1;
        while let Some((next, rest)) = behind.trim_start().split_once(char::is_whitespace)
            && words(next) == said
        {
            (times, behind) = (times + 1, rest);
        }
        let behind = behind.trim();
        (times > 1 && self.of(says).contains(&said) && !behind.is_empty()).then_some(behind)
    }

    /// What is left of the words behind all phrases of these kinds that they begin with.
    pub(super) fn behind_all<'w>(&self, beside: &[Says], words: &'w [String]) -> &'w [String] {
        let mut left = words;
        loop {
            let starts =
                |says: &Says| self.of(*says).iter().filter(|phrase| left.starts_with(phrase)).map(Vec::len).max();
            let Some(taken) = beside.iter().filter_map(starts).max() else { return left };
            left = left.get(taken..).unwrap_or_default();
        }
    }

    /// Whether the words hold a phrase of several words that is made of more than single words of these kinds: "ja gör det" and not "ja tack".
    pub(super) fn says_more_than(&self, says: Says, singles: &[Says], words: &[String]) -> bool {
        let is_single = |word: &String| {
            singles.iter().any(|says| self.of(*says).iter().any(|one| one.as_slice() == [word.clone()]))
        };
        let more = |phrase: &&Vec<String>| phrase.len() > 1 && !phrase.iter().all(is_single);
        self.of(says)
            .iter()
            .filter(more)
            .any(|phrase| words.windows(phrase.len()).any(|window| window == phrase.as_slice()))
    }

    /// Where phrases stand in the words, the longest at each place: the first word of each and the one behind it.
    pub(super) fn places(&self, says: Says, words: &[String]) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        let mut at = 0;
        while let Some(left) = words.get(at..).filter(|left| !left.is_empty()) {
            let longest = self.of(says).iter().find(|phrase| left.starts_with(phrase)).map(Vec::len);
            places.extend(longest.map(|length| (at, at + length)));
            at += longest.unwrap_or(1);
        }
        places
    }

    /// Whether the words begin with a phrase.
    pub(super) fn begins(&self, says: Says, words: &[String]) -> bool {
        self.of(says).iter().any(|phrase| words.starts_with(phrase))
    }

    /// Whether the words are phrases of the first kind and of the others, and at least one of the first.
    pub(super) fn says_only(&self, says: Says, beside: &[Says], words: &[String]) -> bool {
        let mut left = words;
        let mut said = false;
        while !left.is_empty() {
            let longest =
                |says: Says| self.of(says).iter().filter(|phrase| left.starts_with(phrase)).map(Vec::len).max();
            let (own, other) = (longest(says), beside.iter().filter_map(|says| longest(*says)).max());
            let Some(taken) = own.max(other) else { return false };
            said |= own == Some(taken);
            left = left.get(taken..).unwrap_or_default();
        }
        said
    }
}

/// Whether words are a phrase; in Korean, whose endings are part of the word, the last one may go on.
fn is_said(phrase: &[String], words: &[String]) -> bool {
    let Some(((last, first), (end, start))) = phrase.split_last().zip(words.split_last()) else { return false };
    let goes_on = last.chars().all(|c| c.script() == Script::Hangul) && end.starts_with(last.as_str());
    first == start && (last == end || goes_on)
}

/// Whether one of these phrases stands anywhere in the words.
fn stands(phrases: &[Vec<String>], words: &[String]) -> bool {
    phrases.iter().any(|phrase| words.windows(phrase.len()).any(|window| window == phrase.as_slice()))
}

/// The words of a text, lower case. Scripts that are written without blanks are taken sign by sign.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        let joins = c == '\'' || c == '’' || c.script() == Script::Inherited;
        if is_unspaced(c) {
            words.push(c.to_string());
            open = false;
        } else if c.is_alphanumeric() || joins && open || is_mark(c) {
            match words.last_mut().filter(|_| open || is_mark(c)) {
                Some(word) => word.push(if c == '’' { '\'' } else { c }),
                None => words.push(c.to_string()),
            }
            open = !words.last().is_some_and(|word| word.chars().next().is_some_and(is_unspaced));
        } else {
            open = false;
        }
    }
    words
}

/// Vowel signs and tones belong to the letter before them.
fn is_mark(c: char) -> bool {
    !c.is_alphanumeric()
        && matches!(c.script(), Script::Thai | Script::Devanagari | Script::Hebrew | Script::Arabic)
        && !c.is_ascii()
        && !is_stop(c)
}

const fn is_stop(c: char) -> bool {
    matches!(c, '؟' | '،' | '؛' | '।' | '॥' | '״' | '׳')
}

fn is_unspaced(c: char) -> bool {
    c.is_alphanumeric() && matches!(c.script(), Script::Han | Script::Hiragana | Script::Katakana | Script::Thai)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(lists: &[(Says, &[&str])]) -> Phrases {
        let phrases = lists.iter().map(|(says, list)| (*says, list.iter().map(|one| (*one).to_owned()).collect()));
        Phrases::new(&PhraseFile { locale: "de".to_owned(), phrases: phrases.collect(), signs: BTreeMap::new() })
    }

    #[test]
    fn a_reply_is_a_yes_if_nothing_else_is_in_it() {
        let german =
            phrases(&[(Says::Yes, &["ja", "mach das", "ja bitte"]), (Says::YesWith, &["bitte", "danke", "super"])]);
        for text in ["Ja!", "ja, bitte", "Super, mach das bitte.", "JA BITTE danke"] {
            assert!(german.says_only(Says::Yes, &[Says::YesWith], &words(text)), "{text}");
        }
        for text in ["danke", "ja aber", "ja, das blaue", "", "jaja"] {
            assert!(!german.says_only(Says::Yes, &[Says::YesWith], &words(text)), "{text}");
        }
    }

    #[test]
    fn a_wish_beside_another_stands_between_marks_and_alone() {
        let german = phrases(&[
            (Says::Person, &["einen mitarbeiter", "mensch", "eine mitarbeiterin"]),
            (Says::YesWith, &["bitte", "sofort"]),
        ]);
        let is_wish = |text: &str| german.says_apart(Says::Person, &[Says::YesWith], text);
        for text in ["Wo ist mein Paket? Bitte einen Mitarbeiter", "ich zahle später, bitte sofort einen Mitarbeiter!"]
        {
            assert!(is_wish(text), "{text}");
        }
        for text in [
            "Mensch, wo ist mein Paket?",
            "Eine Mitarbeiterin sagte, es kommt heute",
            "einen Mitarbeiter habe ich gefragt, umsonst",
        ] {
            assert!(!is_wish(text), "{text}");
        }
    }

    #[test]
    fn scripts_without_blanks_are_matched_sign_by_sign() {
        let many = phrases(&[
            (Says::Yes, &["はい", "お願いします", "好的", "ได้", "ตกลง"]),
            (Says::YesWith, &["ครับ", "ค่ะ", "谢谢"]),
        ]);
        for text in ["はい、お願いします。", "好的，谢谢", "ได้ครับ", "ตกลงค่ะ"]
        {
            assert!(many.says_only(Says::Yes, &[Says::YesWith], &words(text)), "{text} {:?}", words(text));
        }
        assert!(!many.says_only(Says::Yes, &[Says::YesWith], &words("はい、でも青いの")));
        assert_eq!(words("L'ordre d’hier"), ["l'ordre", "d'hier"]);
        assert_eq!(words("हाँ, कर दो।"), ["हाँ", "कर", "दो"]);
    }

    #[test]
    fn a_phrase_is_heard_without_the_marks_on_its_letters() {
        let phrases = [(Says::Person, vec!["daj mi człowieka".to_owned(), "आदमी".to_owned()])];
        let file = PhraseFile { locale: "pl".to_owned(), phrases: phrases.into(), signs: BTreeMap::new() };
        let polish = Phrases::new(&file);
        assert!(polish.says_unmarked(Says::Person, &words("daj mi czlowieka")));
        assert!(!polish.says(Says::Person, &words("daj mi czlowieka")));
        assert!(!polish.says_unmarked(Says::Person, &words("अदम")), "signs of other scripts are letters");
    }

    #[test]
    fn a_phrase_of_somebody_in_danger_gives_its_sign_unless_it_is_denied() {
        let polish = Phrases::new(&PhraseFile {
            locale: "pl".to_owned(),
            phrases: [(Says::No, vec!["nie".to_owned()])].into(),
            signs: [("self_harm".to_owned(), vec!["chce sie zabic".to_owned(), "죽고 싶어".to_owned()])].into(),
        });
        for text in ["Mam dość, chce sie zabic!", "정말 죽고 싶어요"] {
            assert_eq!(polish.sign(&words(text)), Some("self_harm"), "{text}");
        }
        for text in ["nie chce sie zabic", "nic nie zglaszalem", "chce sie zabicie", ""] {
            assert_eq!(polish.sign(&words(text)), None, "{text}");
        }
    }
}
