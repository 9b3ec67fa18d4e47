//! Which sentences answer the question?

use ombud_domain::{Citation, Passage};

use crate::query::{Analyzer, language_of};
use crate::sentence::{sentences, word_count};
use crate::similarity::{Bag, Lexicon, share};

/// Support from which on an answer is given; below it the assistant says that it does not know. Chosen on the first halves of the
/// questions of `knowledge_eval` and reported on the second.
pub const SUPPORT_MIN: f32 = 0.1;

/// Support from which on articles are offered, if not quoted.
pub const SUGGEST_MIN: f32 = 0.03;

/// Sentences of an answer at most.
pub const SENTENCES_MAX: usize = 4;
/// Words of an answer at most, unless its first sentence is longer.
pub const WORDS_MAX: usize = 90;
/// Other articles named at most.
const ALTERNATIVES_MAX: usize = 3;
/// Share of the question's weight that a sentence beyond the first has to add.
const GAIN_MIN: f32 = 0.12;
/// What a cosine above the mean of the sentences weighs beside the share of the question's words. Chosen on the first half of the asides of the
/// `paylater` pack, as [`LEAD_MIN`].
const NEARNESS: f32 = 15.0;
/// What words and meaning together have to give for a sentence to answer a question in passing.
const LEAD_MIN: f32 = 0.4;

/// An answer in the articles' own words.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// Sentences, in the order of the article.
    pub sentences: Vec<String>,
    /// What is quoted.
    pub citation: Citation,
    /// How likely it is that the article answers the question, 0 to 1.
    pub support: f32,
    /// Which share of the question's weight stands in these sentences or their headings, 0 to 1; of a question of hardly a word of its own, whether they
    /// are of the kind it asks for.
    pub covers: f32,
    /// Other articles that may be meant: id and title.
    pub alternatives: Vec<(String, String)>,
}

/// The answer to a question from the passages of one search; none when none of them supports one ([`SUPPORT_MIN`]).
#[must_use]
pub fn extract(question: &str, passages: &[Passage]) -> Option<Extract> {
    extract_beyond(&[], question, passages)
}

/// As [`extract`], for a question that goes on from an answer whose sentences were `told`: the article is not opened again, and what was told is
/// not told twice. None when the article says nothing more to it.
#[must_use]
pub fn extract_beyond(told: &[String], question: &str, passages: &[Passage]) -> Option<Extract> {
    let opens = told.is_empty();
    extracted(question, passages, Manner { told, opens, near: &[] }).map(|(extract, _)| extract)
}

/// As [`extract`], for a question in passing while something the article is about is under way: it is not opened, only what is asked is told.
#[must_use]
pub fn extract_in_passing(question: &str, passages: &[Passage]) -> Option<Extract> {
    extracted(question, passages, Manner::IN_PASSING).map(|(extract, _)| extract)
}

/// As [`extract_in_passing`], from the passages of each article about what is under way. By words, the article that holds most of the question
/// answers, the first of several. Where `cosines` gives how near each of some texts is to the question by what it means, article and sentence are
/// chosen by both; where none is near enough, by words.
pub fn extract_of_request(
    question: &str,
    about: &[Vec<Passage>],
    cosines: impl FnOnce(&[String]) -> Option<Vec<f32>>,
) -> Option<Extract> {
    let texts: Vec<Vec<String>> = about.iter().map(|passages| with_headings(passages)).collect();
    let cosines = cosines(&texts.concat()).filter(|cosines| !cosines.is_empty());
    let all: f32 = cosines.iter().flatten().map(|_| 1.0).sum();
    let mean = share(cosines.iter().flatten().sum(), all);
    let nearness: Vec<f32> = cosines.iter().flatten().map(|cosine| NEARNESS * (cosine - mean)).collect();
    let mut rest = nearness.as_slice();
    let mut best: Option<(Extract, f32)> = None;
    for (passages, texts) in about.iter().zip(&texts) {
        let (near, others) = rest.split_at(texts.len().min(rest.len()));
        rest = others;
        let Some((extract, lead)) = extracted(question, passages, Manner { near, ..Manner::IN_PASSING }) else {
            continue;
        };
        let score = if near.is_empty() { extract.covers } else { lead };
        if best.as_ref().is_none_or(|(_, known)| score > *known) {
            best = Some((extract, score));
        }
    }
    let best = best.map(|(extract, _)| extract);
    if nearness.is_empty() {
        return best;
    }
    // What is chosen by meaning too is worth no less than what these articles say by words.
    match (best, extract_of_request(question, about, no_cosines)) {
        (Some(best), Some(by_words)) => Some(Extract { covers: best.covers.max(by_words.covers), ..best }),
        (best, by_words) => best.or(by_words),
    }
}

fn no_cosines(_: &[String]) -> Option<Vec<f32>> {
    None
}

/// The sentences of passages in the order of the article, each behind what it stands under.
fn with_headings(passages: &[Passage]) -> Vec<String> {
    let mut passages: Vec<&Passage> = passages.iter().collect();
    passages.sort_by_key(|passage| passage.ordinal);
    let told = |passage: &Passage| {
        let Passage { title, heading, .. } = passage;
        let above = if heading.is_empty() { title.clone() } else { format!("{title}: {heading}") };
        passage.text.lines().flat_map(sentences).map(move |text| format!("{above}: {text}")).collect::<Vec<_>>()
    };
    passages.into_iter().flat_map(told).collect()
}

/// How an article is told.
#[derive(Clone, Copy)]
struct Manner<'a> {
    /// Sentences that were told before.
    told: &'a [String],
    /// Whether its opening comes first.
    opens: bool,
    /// What each sentence, in the order of the article, has more than others by what it means; empty when that is not known.
    near: &'a [f32],
}

impl Manner<'_> {
    const IN_PASSING: Self = Self { told: &[], opens: false, near: &[] };

    /// What the first sentence has to give, if none opens the answer.
    const fn lead_min(&self) -> f32 {
        match (self.opens, self.near) {
            (true, _) => 0.0,
            (false, []) => GAIN_MIN,
            (false, _) => LEAD_MIN,
        }
    }
}

/// The extract, and what its first choice gave.
fn extracted(question: &str, passages: &[Passage], manner: Manner<'_>) -> Option<(Extract, f32)> {
    let best = passages.iter().reduce(|best, next| if next.support > best.support { next } else { best })?;
    if best.support < SUPPORT_MIN {
        return None;
    }
    let mut of_article: Vec<&Passage> =
        passages.iter().filter(|passage| passage.article_id == best.article_id).collect();
    of_article.sort_by_key(|passage| passage.ordinal);
    let (sentences, covers, lead) = select(question, &best.locale, (&of_article, manner));
    if sentences.is_empty() {
        return None;
    }
    let citation = Citation {
        article_id: best.article_id.clone(),
        title: best.title.clone(),
        quote: sentences.join(" "),
        url: best.source.clone(),
    };
    let others = passages.iter().filter(|passage| passage.article_id != best.article_id);
    let alternatives = articles(others);
    Some((Extract { sentences, citation, support: best.support, covers, alternatives }, lead))
}

/// Articles to offer when [`extract`] gives nothing, best first: id and title. Empty when not even that is worth a customer's time
/// ([`SUGGEST_MIN`]).
#[must_use]
pub fn suggestions(passages: &[Passage]) -> Vec<(String, String)> {
    let worth = passages.iter().any(|passage| passage.support >= SUGGEST_MIN);
    if worth { articles(passages.iter()) } else { Vec::new() }
}

/// The first articles of these passages, each once.
fn articles<'a>(passages: impl Iterator<Item = &'a Passage>) -> Vec<(String, String)> {
    let mut articles: Vec<(String, String)> = Vec::new();
    for passage in passages {
        let article = (passage.article_id.clone(), passage.title.clone());
        if articles.len() < ALTERNATIVES_MAX && !articles.contains(&article) {
            articles.push(article);
        }
    }
    articles
}

struct Sentence {
    text: String,
    /// The terms that count: its own and, but for a question in passing, those of the heading above it.
    bag: Bag,
    /// Its own terms: one that shares none with the question answers it by its heading only, and dangles.
    own: Bag,
    /// What it gives by what it means.
    near: f32,
    opening: bool,
}

/// The opening sentence, then one after the other those that add most of what is asked; how much of that they hold, and what the first gave.
fn select(question: &str, locale: &str, (passages, manner): (&[&Passage], Manner<'_>)) -> (Vec<String>, f32, f32) {
    let analyzer = Analyzer::general(locale);
    let mut read: Vec<(String, Vec<String>, Vec<String>, bool)> = Vec::new();
    for passage in passages {
        let heading = analyzer.terms(&passage.heading);
        for text in passage.text.lines().flat_map(sentences) {
            if manner.told.contains(&text) {
                continue;
            }
            let own = analyzer.terms(&text);
            let terms = own.iter().chain(&heading).cloned().collect();
            read.push((text, terms, own, passage.ordinal == 0 && manner.opens));
        }
    }
    let lexicon = Lexicon::of(read.iter().map(|(_, terms, ..)| (terms.iter().map(String::as_str).collect(), 1.0)));
    let asked = analyzer.terms(question);
    let asked = lexicon.bag(asked.iter().map(String::as_str));
    let all: Vec<Sentence> = read
        .into_iter()
        .enumerate()
        .map(|(place, (text, terms, own, opening))| {
            let bag = |terms: &[String]| lexicon.bag(terms.iter().map(String::as_str));
            // In passing, what only a heading says is no answer.
            let counts = if manner.opens || !manner.told.is_empty() { &terms } else { &own };
            Sentence {
                bag: bag(counts),
                own: bag(&own),
                near: manner.near.get(place).copied().unwrap_or(0.0),
                text,
                opening,
            }
        })
        .collect();
    let kind = if manner.opens { None } else { Kind::asked(locale, question) };
    let (mut chosen, lead) = greedy((&asked, kind), &all, manner.lead_min());
    chosen.sort_unstable();
    let chosen: Vec<&Sentence> = chosen.into_iter().filter_map(|index| all.get(index)).collect();
    let held = |id: u32| chosen.iter().any(|sentence| sentence.bag.holds(id));
    let covered: f32 = asked.weighted().filter(|(id, _)| held(*id)).map(|(_, weight)| weight).sum();
    let of_kind =
        Kind::asked(locale, question).is_some_and(|kind| chosen.iter().any(|sentence| kind.fits(&sentence.text)));
    let by_meaning = !manner.near.is_empty() && !chosen.is_empty();
    let covers = share(covered, asked.mass).max(if of_kind || by_meaning { KIND_GAIN } else { 0.0 });
    (chosen.into_iter().map(|sentence| sentence.text.clone()).collect(), covers, lead)
}

/// What a question with few words of its own asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// "How long does that take?"
    Time,
    /// "And how much is it?"
    Amount,
    /// "And if I don't?"
    Otherwise,
}

/// What a sentence of the asked kind has more than others.
const KIND_GAIN: f32 = 0.5;

impl Kind {
    fn asked(locale: &str, question: &str) -> Option<Self> {
        if language_of(locale) != "en" {
            return None;
        }
        let question = format!(" {} ", question.to_lowercase().replace('’', "'"));
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| question.contains(phrase));
        if has(&["how long", "how soon", " when ", "how many days", "how fast", "how quick"]) {
            Some(Self::Time)
        } else if has(&["how much", "how high", "how big", " cost", "how expensive", "what's the price", " for free"]) {
            Some(Self::Amount)
        } else if has(&[
            "if i don't",
            "if i dont",
            "if i do not",
            "if not",
            "what if",
            "otherwise",
            "if they don't",
            "if i can't",
        ]) {
            Some(Self::Otherwise)
        } else {
            None
        }
    }

    fn fits(self, written: &str) -> bool {
        let sentence = written.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        match self {
            Self::Time => has(&[" day", " week", " month", " hour", " minute", "at once", "immediately"]),
            Self::Amount => has(&["free", "costs nothing", "no fee", "%", "percent"]) || names_sum(written),
            Self::Otherwise => has(&["if you do not", "otherwise", "if not", " without ", "if the", "if you"]),
        }
    }
}

/// Whether an amount with the code of its currency stands in a sentence: "5 EUR".
fn names_sum(sentence: &str) -> bool {
    let words: Vec<&str> =
        sentence.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())).collect();
    let is_code = |word: &str| word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase());
    words
        .windows(2)
        .any(|pair| matches!(pair, [amount, code] if is_code(code) && amount.starts_with(|c: char| c.is_ascii_digit())))
}

/// The places of the chosen, and what the first choice gave. `first_min` is what it has to give, if none opens the answer.
fn greedy((asked, kind): (&Bag, Option<Kind>), all: &[Sentence], first_min: f32) -> (Vec<usize>, f32) {
    let mut lead = 0.0;
    let mut chosen: Vec<usize> = all.iter().position(|sentence| sentence.opening).into_iter().collect();
    let mut words: usize = chosen.iter().filter_map(|index| all.get(*index)).map(|one| word_count(&one.text)).sum();
    while chosen.len() < SENTENCES_MAX {
        let told: Vec<u32> =
            chosen.iter().filter_map(|index| all.get(*index)).flat_map(|sentence| sentence.bag.ids()).collect();
        let gain = |sentence: &Sentence| {
            let covers = |id: u32| sentence.bag.holds(id);
            let new = asked.weighted().filter(|(id, _)| covers(*id) && !told.contains(id)).map(|(_, weight)| weight);
            let again = asked.weighted().filter(|(id, _)| covers(*id) && told.contains(id)).map(|(_, weight)| weight);
            let of_kind = kind.is_some_and(|kind| chosen.is_empty() && kind.fits(&sentence.text));
            let near = if chosen.is_empty() { sentence.near } else { 0.0 };
            share(new.sum::<f32>() + 0.25 * again.sum::<f32>(), asked.mass)
                + near
                + if of_kind { KIND_GAIN } else { 0.0 }
        };
        let next = all
            .iter()
            .enumerate()
            .filter(|(index, sentence)| !chosen.contains(index) && words + word_count(&sentence.text) <= WORDS_MAX)
            .filter(|(_, sentence)| chosen.is_empty() || sentence.own.common(asked) > 0.0)
            .map(|(index, sentence)| (index, gain(sentence)))
            .filter(|(_, gain)| *gain >= if chosen.is_empty() { first_min } else { GAIN_MIN })
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((index, gain)) = next else { break };
        if chosen.is_empty() {
            lead = gain;
        }
        words += all.get(index).map_or(0, |sentence| word_count(&sentence.text));
        chosen.push(index);
    }
    (chosen, lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(article: &str, ordinal: u32, support: f32, text: &str) -> Passage {
        Passage {
            article_id: article.to_owned(),
            title: format!("About {article}"),
            heading: if ordinal == 0 { String::new() } else { "How to avoid a late fee".to_owned() },
            text: text.to_owned(),
            source: Some(format!("https://help.example/{article}")),
            locale: "en".to_owned(),
            ordinal,
            support,
            score: 1.0,
        }
    }

    fn late() -> Vec<Passage> {
        vec![
            passage("late", 1, 0.8, "Extend the due date in the app.\nA person can remove one late fee a year."),
            passage("late", 0, 0.8, "A late fee of 2.50 EUR is added on day 14. Reminders are free."),
            passage("refund", 0, 0.2, "A refund takes 5 days."),
            passage("card", 0, 0.1, "Add a card in the app."),
        ]
    }

    #[test]
    fn the_opening_comes_first_and_then_what_is_asked_for() {
        let found = extract("can a person remove the late fee?", &late()).unwrap();
        let sentences = ["A late fee of 2.50 EUR is added on day 14.", "A person can remove one late fee a year."];
        assert_eq!(found.sentences, sentences);
        assert_eq!(found.citation.quote, sentences.join(" "));
        assert_eq!(found.citation.url.as_deref(), Some("https://help.example/late"));
        let alternatives = ["refund", "card"].map(|id| (id.to_owned(), format!("About {id}")));
        assert_eq!(found.alternatives, alternatives);
    }

    #[test]
    fn a_sentence_that_only_its_heading_joins_to_the_question_is_not_quoted() {
        let passages = [
            passage("late", 0, 0.9, "A late fee is 2.50 EUR."),
            passage("late", 1, 0.9, "The mandate was cancelled.\nYou avoid it in the app."),
        ];
        let found = extract("how do i avoid a late fee", &passages).unwrap();
        assert_eq!(found.sentences, ["A late fee is 2.50 EUR.", "You avoid it in the app."]);
    }

    #[test]
    fn a_question_that_goes_on_is_answered_with_what_was_not_told_yet() {
        let told = extract("what is the late fee?", &late()).unwrap().sentences;
        assert_eq!(told.first().map(String::as_str), Some("A late fee of 2.50 EUR is added on day 14."));
        let removed = extract_beyond(&told, "and can a person remove it?", &late()).unwrap();
        assert_eq!(removed.sentences, ["A person can remove one late fee a year."]);
        assert_eq!(extract_beyond(&told, "and for gift cards?", &late()), None, "the article says nothing about it");
        let times = [
            passage("late", 0, 0.8, "A late fee is 2.50 EUR."),
            passage("late", 1, 0.8, "Tell us in the app.\nAn answer comes within 5 days."),
        ];
        let told = ["A late fee is 2.50 EUR.".to_owned()];
        let found = extract_beyond(&told, "how long does that take?", &times).unwrap();
        assert_eq!(found.sentences, ["An answer comes within 5 days."]);
        let costs = [
            passage("late", 0, 0.8, "An answer comes within 5 days."),
            passage("late", 1, 0.8, "Tell us in the app on day 3.\nThe copy by post is 4 EUR."),
        ];
        let found =
            extract_beyond(&["An answer comes within 5 days.".to_owned()], "and how much is it?", &costs).unwrap();
        assert_eq!(found.sentences, ["The copy by post is 4 EUR."]);
    }

    #[test]
    fn a_question_in_passing_is_answered_by_meaning_where_its_words_stand_nowhere() {
        let about = [
            late()[..2].to_vec(),
            vec![passage("refund", 0, 0.8, "A refund takes 5 days. The shop approves it first.")],
        ];
        let asked = "must someone agree beforehand";
        assert_eq!(extract_of_request(asked, &about, |_| None), None, "by words alone");
        let near = |cosine: f32| {
            move |told: &[String]| {
                let of = |text: &String| if text.ends_with("The shop approves it first.") { cosine } else { 0.8 };
                Some(told.iter().map(of).collect())
            }
        };
        let found = extract_of_request(asked, &about, near(0.9)).unwrap();
        assert_eq!(
            (found.sentences, found.citation.article_id.as_str()),
            (vec!["The shop approves it first.".to_owned()], "refund")
        );
        assert_eq!(extract_of_request(asked, &about, near(0.81)), None, "hardly nearer than all others");
    }

    #[test]
    fn sentences_are_compared_with_what_they_stand_under() {
        let mut seen = Vec::new();
        extract_of_request("when", &[late()[..2].to_vec()], |told| {
            seen = told.to_vec();
            None
        });
        assert_eq!(seen.first().map(String::as_str), Some("About late: A late fee of 2.50 EUR is added on day 14."));
        assert_eq!(
            seen.get(2).map(String::as_str),
            Some("About late: How to avoid a late fee: Extend the due date in the app.")
        );
    }

    #[test]
    fn nothing_is_said_below_the_threshold_but_articles_may_be_offered() {
        let at = |support: f32| late().into_iter().map(|passage| Passage { support, ..passage }).collect::<Vec<_>>();
        assert!(extract("late fee", &at(SUPPORT_MIN)).is_some());
        let below = at(SUPPORT_MIN - 0.01);
        assert_eq!(extract("late fee", &below), None);
        assert_eq!(
            suggestions(&below).iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            ["late", "refund", "card"]
        );
        assert_eq!(suggestions(&at(SUGGEST_MIN / 2.0)), Vec::new());
        assert_eq!((extract("late fee", &[]), suggestions(&[])), (None, Vec::new()));
    }

    #[test]
    fn an_answer_keeps_to_its_bounds() {
        let long =
            (0..20).map(|n| format!("The late fee number {n} is {} here.", "very ".repeat(12))).collect::<Vec<_>>();
        let found = extract("late fee number here", &[passage("late", 0, 0.9, &long.join("\n"))]).unwrap();
        assert!(found.sentences.len() <= SENTENCES_MAX);
        assert!(word_count(&found.citation.quote) <= WORDS_MAX, "{}", word_count(&found.citation.quote));
        let one = "Word ".repeat(200) + "end.";
        let found = extract("word", &[passage("late", 0, 0.9, &one)]).unwrap();
        assert_eq!(found.sentences.len(), 1);
    }
}
