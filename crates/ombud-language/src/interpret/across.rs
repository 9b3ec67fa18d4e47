//! What do messages mean in languages of which there are few examples? What the vectors of all languages together have taught.
//!
//! A multilingual model gives a sentence and its translation vectors that lie close, but for a part that is the language's own. That part is the
//! mean of comparable sentences, and is taken off: so what one language teaches holds for the others (see `docs/decisions/0017-languages.md`).

use std::collections::{BTreeMap, BTreeSet};

use ombud_kernel::{KernelRidge, RidgeSettings, Seen};
use serde::{Deserialize, Serialize};

use crate::classify::{Example, Vocabulary, cast, loss, softmax};
use crate::shelf::{Place, SomeShelf};
use crate::understand::{Act, Moment, ReplyExample};

/// Class of sentences that give no sign of distress, and of texts that mean none of a set.
pub const HARMLESS: &str = "none";

/// What is taught in one language.
#[derive(Debug, Clone, Default, Hash)]
pub struct Taught {
    /// Its tag.
    pub locale: String,
    /// Messages with their classes: `flow:<name>`, `ask`, `detail`, `repair:<kind>`.
    pub requests: Vec<Example>,
    /// Replies with what they do.
    pub replies: Vec<ReplyExample>,
    /// Sentences with the sign they give; [`HARMLESS`] where they give none.
    pub care: Vec<Example>,
    /// Classes of requests, and sets of choices, whose texts give no sign of distress.
    pub harmless: BTreeSet<String>,
    /// What means one of a few options, by the name of the set.
    pub choices: BTreeMap<String, Vec<Example>>,
}

impl Taught {
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let examples = self.requests.iter().chain(&self.care).chain(self.choices.values().flatten());
        examples.map(|example| example.text.as_str()).chain(self.replies.iter().map(|reply| reply.reply.as_str()))
    }
}

/// What was learnt from all languages together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Across {
    /// The language that teaches most.
    home: String,
    pub(super) requests: Reading,
    pub(super) replies: Reading,
    pub(super) care: Reading,
    choices: BTreeMap<String, Reading>,
}

/// The classes of one kind of text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reading {
    classes: Vec<String>,
    /// What is a language's own in its vectors.
    means: BTreeMap<String, Vec<f32>>,
    /// The words that count; none where meaning alone does.
    vocabulary: Option<Vocabulary>,
    ridge: KernelRidge,
    /// Divides the scores before they become probabilities.
    temperature: f32,
}

/// Of so many lessons, spread evenly over all ...
const TRIED_AMONG: usize = 6_000;
/// ... one in so many is kept back to find out how sure the reading may be.
const TRIED_ONE_IN: usize = 9;
/// Fewer that were kept back say nothing about it.
const TRIED_MIN: usize = 20;
/// Divides scores where that cannot be found out.
const TEMPERATURE: f32 = 0.15;
/// Chosen by how the halves of the lessons read each other, requests, replies and signs alike (`ombud eval messages`).
const GAMMA: f32 = 0.5;
const RIDGE: f32 = 0.1;
/// Words count so much beside meaning, where they tell requests apart in languages that the model knows little of (Icelandic).
const WORDS: f32 = 0.1;
/// A class with few lessons counts for more, and not for as much as one with many.
const BALANCE: f32 = 0.5;
/// A text of a language in which a set has no examples is like none of them the sooner, and so much of that counts. Chosen on German and Spanish questions
/// (`ombud eval choices --language`); the others were measured with it.
const NONE_ABROAD: f32 = 0.1;
/// The same of a language that has a few examples of its own for each choice, beside more that are none.
const NONE_WITH_FEW: f32 = 0.5;
/// One in so many requests about other things teaches what gives no sign of distress.
const HARMLESS_ONE_IN: usize = 2;

impl Across {
    /// The texts of which [`Across::learn`] wants the vectors, in its order.
    #[must_use]
    pub fn lessons(taught: &[Taught]) -> Vec<String> {
        taught.iter().flat_map(Taught::texts).map(cast).collect()
    }

    /// What was learnt from the same before by the vectors of a model, named by its SHA-256.
    #[must_use]
    pub fn found(taught: &[Taught], model: &str, shelf: &SomeShelf) -> Option<Self> {
        Self::place(taught, model, shelf).find()
    }

    /// Keeps what was learnt for whoever looks for it.
    pub fn keep(&self, taught: &[Taught], model: &str, shelf: &SomeShelf) {
        Self::place(taught, model, shelf).keep(self);
    }

    fn place(taught: &[Taught], model: &str, shelf: &SomeShelf) -> Place {
        Place::of(shelf, "languages", &(taught, model))
    }

    /// Learns from the vectors of the lessons; none where they do not fit, or where there is nothing to learn. A minute of CPU for thirty thousand requests.
    #[must_use]
    pub fn learn<'t, V: AsRef<[f32]>>(taught: &'t [Taught], vectors: &[V]) -> Option<Self> {
        let mut vectors = vectors.iter().map(AsRef::as_ref);
        let (mut requests, mut care, mut replies) = (Vec::new(), Vec::new(), Vec::new());
        let mut choices: BTreeMap<String, Vec<Told<'_>>> = BTreeMap::new();
        let of_example = |example: &'t Example| (example.class.as_str(), example.text.as_str());
        for of in taught {
            let mut told =
                |(class, text), beside| Some(Told { locale: &of.locale, class, text, vector: vectors.next()?, beside });
            for (place, example) in of.requests.iter().enumerate() {
                let request = told(of_example(example), 0)?;
                // What is asked for every day gives no sign, whatever its words.
                if of.harmless.contains(&example.class) && place.is_multiple_of(HARMLESS_ONE_IN) {
                    care.push(Told { class: HARMLESS, ..request });
                }
                requests.push(request);
            }
            // What is said in the middle of a request gives none either: "I don't want to open anything yet".
            let is_everyday = |place: usize| !of.harmless.is_empty() && place.is_multiple_of(HARMLESS_ONE_IN);
            for example in &of.care {
                care.push(told(of_example(example), 0)?);
            }
            for (set, examples) in &of.choices {
                for (place, example) in examples.iter().enumerate() {
                    let choice = told(of_example(example), 0)?;
                    if of.harmless.contains(set) && is_everyday(place) {
                        care.push(Told { class: HARMLESS, ..choice });
                    }
                    choices.entry(set.clone()).or_default().push(choice);
                }
            }
            for (place, reply) in of.replies.iter().enumerate() {
                let reply = told((reply.act.as_str(), reply.reply.as_str()), reply.moment as usize)?;
                if is_everyday(place) {
                    care.push(Told { class: HARMLESS, beside: 0, ..reply });
                }
                replies.push(reply);
            }
        }
        Some(Self {
            home: taught.first()?.locale.clone(),
            requests: Reading::learn(&requests, WORDS)?,
            replies: Reading::learn(&replies, 0.0)?,
            care: Reading::learn(&care, 0.0)?,
            choices: choices
                .into_iter()
                .filter_map(|(set, told)| Some((set, Reading::learn(&of_whole_sets(&told), 0.0)?)))
                .collect(),
        })
    }

    /// Which option of a set a text in a language means, with its probability.
    #[must_use]
    pub fn choice(&self, set: &str, locale: &str, (text, vector): (&str, &[f32])) -> Option<(&str, f32)> {
        let reading = self.choices.get(set)?;
        let (read, none) = if reading.means.contains_key(locale) {
            (reading.read(locale, (text, vector), 0), NONE_WITH_FEW)
        } else {
            // A language in which the set has no examples is read as if it were the one that has.
            let moved = self.requests.moved(vector, (locale, &self.home));
            (reading.read(&self.home, (text, &moved), 0), NONE_ABROAD)
        };
        let weigh = |(class, p): (&'_ str, f32)| if class == HARMLESS { p * none } else { p };
        let all: f32 = read.iter().copied().map(weigh).sum();
        let weighed = read.into_iter().map(|read| (read.0, weigh(read) / all.max(f32::EPSILON)));
        weighed.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// How alike two texts of a language are by what they mean, -1 to 1: what all its texts have in common is taken off.
    pub(super) fn likeness(&self, locale: &str, (one, other): (&[f32], &[f32])) -> f32 {
        let mean = self.requests.means.get(locale);
        let (mut product, mut squares) = (0.0_f32, (0.0_f32, 0.0_f32));
        for (a, b) in less(one, mean).zip(less(other, mean)) {
            product += a * b;
            squares = (squares.0 + a * a, squares.1 + b * b);
        }
        product / (squares.0 * squares.1).sqrt().max(f32::EPSILON)
    }

    /// What a reply does, best first.
    pub(super) fn acts(&self, locale: &str, moment: Moment, (text, vector): (&str, &[f32])) -> Vec<(Act, f32)> {
        let read = self.replies.read(locale, (text, vector), moment as usize);
        read.into_iter().filter_map(|(class, p)| Some((Act::named(class)?, p))).collect()
    }
}

/// Those of the lessons that are of languages with most of the choices: what a language has in common, told by one choice alone, would be the meaning of that.
fn of_whole_sets<'t>(told: &[Told<'t>]) -> Vec<Told<'t>> {
    let all: BTreeSet<&str> = told.iter().map(|told| told.class).collect();
    let mut of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for told in told {
        of.entry(told.locale).or_default().insert(told.class);
    }
    let is_whole = |locale: &str| of.get(locale).is_some_and(|choices| choices.len() * 2 > all.len());
    told.iter().copied().filter(|told| is_whole(told.locale)).collect()
}

#[derive(Clone, Copy)]
struct Told<'a> {
    locale: &'a str,
    class: &'a str,
    text: &'a str,
    vector: &'a [f32],
    beside: usize,
}

impl Reading {
    /// `words` is how much they count beside meaning.
    fn learn(told: &[Told<'_>], words: f32) -> Option<Self> {
        let mut classes: Vec<String> = told.iter().map(|told| told.class.to_owned()).collect();
        classes.sort();
        classes.dedup();
        if classes.len() < 2 {
            return None;
        }
        let means = means(told);
        let texts: Vec<&str> = told.iter().map(|told| told.text).collect();
        let vocabulary = (words > 0.0).then(|| Vocabulary::shared(&texts));
        let seen = told.iter().map(|told| Seen {
            vector: less(told.vector, means.get(told.locale)).collect(),
            words: vocabulary.as_ref().map_or_else(Vec::new, |vocabulary| vocabulary.vector(told.text)),
            beside: told.beside,
        });
        let class = |told: &Told<'_>| classes.binary_search_by(|known| known.as_str().cmp(told.class));
        let lessons: Vec<(Seen, usize)> = seen.zip(told.iter().map(|told| class(told).unwrap_or_default())).collect();
        let some: Vec<&(Seen, usize)> = lessons.iter().step_by(lessons.len().div_ceil(TRIED_AMONG).max(1)).collect();
        let (tried, fitting): (Vec<_>, Vec<_>) =
            some.iter().copied().enumerate().partition(|(place, _)| place.is_multiple_of(TRIED_ONE_IN));
        let trial = ridge(fitting.into_iter().map(|(_, lesson)| lesson), classes.len(), words)?;
        let texts: Vec<Seen> = tried.iter().map(|(_, (seen, _))| seen.clone()).collect();
        let scored: Vec<(Vec<f32>, usize)> =
            trial.scores(&texts).into_iter().zip(tried.iter().map(|(_, (_, class))| *class)).collect();
        let temperature = if scored.len() < TRIED_MIN { TEMPERATURE } else { temperature(&scored) };
        let ridge = ridge(lessons.iter(), classes.len(), words)?;
        Some(Self { classes, means, vocabulary, ridge, temperature })
    }

    /// A vector with what is one language's own changed for what is another's.
    pub(super) fn moved(&self, vector: &[f32], (from, to): (&str, &str)) -> Vec<f32> {
        let (Some(from), Some(to)) = (self.means.get(from), self.means.get(to)) else { return vector.to_vec() };
        let moved: Vec<f32> =
            vector.iter().zip(from.iter().zip(to)).map(|(value, (from, to))| value - from + to).collect();
        let length = moved.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::EPSILON);
        moved.into_iter().map(|value| value / length).collect()
    }

    /// The classes of a text with its vector in a language with their probabilities, best first.
    pub(super) fn read(&self, locale: &str, (text, vector): (&str, &[f32]), beside: usize) -> Vec<(&str, f32)> {
        let vector = less(vector, self.means.get(locale)).collect();
        let words = self.vocabulary.as_ref().map_or_else(Vec::new, |vocabulary| vocabulary.vector(text));
        let mut read = self.ridge.scores(&[Seen { vector, words, beside }]).pop().unwrap_or_default();
        softmax(&mut read, self.temperature);
        let mut read: Vec<(&str, f32)> = self.classes.iter().map(String::as_str).zip(read).collect();
        read.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        read
    }
}

/// Learns from texts with their classes.
fn ridge<'l>(
    lessons: impl Iterator<Item = &'l (Seen, usize)> + Clone,
    classes: usize,
    words: f32,
) -> Option<KernelRidge> {
    let (seen, class): (Vec<Seen>, Vec<usize>) = lessons.cloned().unzip();
    let columns = (0, seen.first()?.vector.len());
    let settings = RidgeSettings { gamma: GAMMA, words, columns, ridge: RIDGE, balance: BALANCE };
    let marks: Vec<&[usize]> = class.iter().map(std::slice::from_ref).collect();
    KernelRidge::learn(&seen, &marks, classes, settings).ok()
}

/// What divides scores so that they tell the classes with the least log loss.
fn temperature(scored: &[(Vec<f32>, usize)]) -> f32 {
    let tried =
        (0..24_i32).map(|step| 0.02 * 1.15_f32.powi(step)).map(|temperature| (temperature, loss(scored, temperature)));
    tried.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(TEMPERATURE, |(temperature, _)| temperature)
}

/// The mean of each language over its classes, each class counting alike: what languages have in common is then the same in all of them.
fn means(told: &[Told<'_>]) -> BTreeMap<String, Vec<f32>> {
    let mut sums: BTreeMap<(&str, &str), (Vec<f32>, f32)> = BTreeMap::new();
    for told in told {
        let (sum, count) = sums.entry((told.locale, told.class)).or_insert_with(|| (vec![0.0; told.vector.len()], 0.0));
        sum.iter_mut().zip(told.vector).for_each(|(sum, value)| *sum += value);
        *count += 1.0;
    }
    let mut means: BTreeMap<String, (Vec<f32>, f32)> = BTreeMap::new();
    for ((locale, _), (sum, count)) in sums {
        let (mean, classes) = means.entry(locale.to_owned()).or_insert_with(|| (vec![0.0; sum.len()], 0.0));
        mean.iter_mut().zip(&sum).for_each(|(mean, sum)| *mean += sum / count);
        *classes += 1.0;
    }
    let mean = |(locale, (sum, classes)): (String, (Vec<f32>, f32))| {
        (locale, sum.into_iter().map(|value| value / classes).collect())
    };
    means.into_iter().map(mean).collect()
}

/// A vector without what is a language's own.
fn less<'v>(vector: &'v [f32], mean: Option<&'v Vec<f32>>) -> impl Iterator<Item = f32> + 'v {
    let own = move |place: usize| mean.and_then(|mean| mean.get(place)).copied().unwrap_or_default();
    vector.iter().enumerate().map(move |(place, value)| value - own(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret::fixture::told;

    /// Two classes apart in the first number; each language adds its own to all of them.
    fn vector(class: usize, own: f32, i: usize) -> Vec<f32> {
        vec![if class == 0 { 0.3 } else { -0.3 } + own, own, (i % 7) as f32 / 50.0]
    }

    #[test]
    fn a_language_with_examples_of_one_choice_alone_teaches_nothing_of_the_set() {
        let told = |locale, class| Told { locale, class, text: "", vector: &[], beside: 0 };
        let lessons =
            [told("en", "a"), told("en", "b"), told("en", "none"), told("xx", "a"), told("yy", "a"), told("yy", "b")];
        let left: Vec<&str> = of_whole_sets(&lessons).iter().map(|told| told.locale).collect();
        assert_eq!(left, ["en", "en", "en", "yy", "yy"]);
    }

    #[test]
    fn what_one_language_teaches_holds_for_another_once_its_own_part_is_taken_off() {
        let taught = [told("en", 200), told("xx", 20)];
        assert_eq!(Across::lessons(&taught).len(), 660);
        let of = |own: f32, count: usize| (0..3 * count).map(move |i| vector(i % count % 2, own, i));
        let vectors: Vec<Vec<f32>> = of(0.0, 200).chain(of(0.9, 20)).collect();
        let across = Across::learn(&taught, &vectors).unwrap();
        assert_eq!(across.requests.read("xx", ("", &vector(0, 0.9, 3)), 0)[0].0, "ask");
        assert_eq!(across.requests.read("xx", ("", &vector(1, 0.9, 3)), 0)[0].0, "detail");
        assert_eq!(across.acts("en", Moment::Proposal, ("", &vector(1, 0.0, 2)))[0].0, Act::Decline);
        assert_eq!(across.care.read("xx", ("", &vector(1, 0.9, 2)), 0)[0].0, "illness");
        assert!(Across::learn(&taught, &vectors[..100]).is_none());
    }
}
