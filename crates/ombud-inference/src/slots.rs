//! Which words of a text fill which slot? A linear-chain conditional random field over the vectors of the words and over the words themselves.
//!
//! Lafferty, McCallum and Pereira (2001); learnt by AdaGrad (Duchi, Hazan and Singer 2011) on the log likelihood of the tags, one text after the other. Tags are
//! `O`, `B-slot` and `I-slot`; an `I` stands only behind a `B` or an `I` of the same slot.

use std::collections::{BTreeMap, BTreeSet};

use ombud_ports::TextKind;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::e5::E5;

/// Layers of the model whose vectors of words stand beside each other: the words in their surroundings, and what the text is about.
const LAYERS: [usize; 2] = [8, 12];
/// Rounds over the lessons.
const ROUNDS: usize = 30;
/// Step of AdaGrad.
const STEP: f32 = 0.1;
/// Weight of the squared length of the weights.
const DECAY: f32 = 1e-4;
/// What AdaGrad's sums begin with.
const SUM_MIN: f32 = 1e-6;
/// Of the features of words one in so many is left out of each lesson in its turn, so that the vectors learn to do without them.
const LEFT_OUT: usize = 2;
/// Tag of a word in no slot.
const OUTSIDE: &str = "O";

/// A text as words.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotText {
    words: Vec<String>,
    vectors: Vec<Vec<f32>>,
}

/// A slot with the words that fill it: the first one, and the one behind the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First word.
    pub from: usize,
    /// Behind the last word.
    pub to: usize,
    /// The slot.
    pub slot: String,
}

/// Whether the words themselves are read, or only what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lexical {
    /// Lessons and texts are in one language.
    Words,
    /// They are in different languages: only vectors are compared.
    MeaningOnly,
}

/// Tags words with slots.
#[derive(Debug, Clone)]
pub struct SlotTagger {
    tags: Vec<String>,
    features: BTreeMap<String, usize>,
    lexical: Lexical,
    width: usize,
    /// A row of tags for each number of a vector, then for each feature.
    weights: Vec<f32>,
    /// From a tag (the row; the last one is the start) to a tag.
    moves: Vec<f32>,
    /// Whether a move is one that tags can make.
    allowed: Vec<bool>,
}

impl SlotText {
    /// Reads the words with the model: one pass for the text.
    #[must_use]
    pub fn of(model: &E5, words: &[String]) -> Self {
        Self { words: words.to_vec(), vectors: model.words(words) }
    }

    /// Takes away what all texts of its language have in common.
    pub fn centre(&mut self, mean: &[f32]) {
        for vector in &mut self.vectors {
            vector.iter_mut().zip(mean).for_each(|(number, mean)| *number -= mean);
        }
    }

    /// The mean of the vectors of all words of these texts; nothing of no words.
    #[must_use]
    pub fn mean<'a>(texts: impl IntoIterator<Item = &'a Self>) -> Vec<f32> {
        let (mut sum, mut count) = (Vec::new(), 0.0_f32);
        for vector in texts.into_iter().flat_map(|text| &text.vectors) {
            sum.resize(vector.len(), 0.0);
            sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
            count += 1.0;
        }
        sum.iter_mut().for_each(|sum| *sum /= count.max(1.0));
        sum
    }
}

impl E5 {
    /// A vector for each word: the means of its pieces in two layers beside each other, each of length one. Words behind the 512th piece have none but noughts.
    fn words(&self, words: &[String]) -> Vec<Vec<f32>> {
        let width = self.encoder().shape().width;
        let begin = self.tokens_of(TextKind::Query, "");
        let (head, end) = begin.split_at(begin.len().saturating_sub(1));
        let (mut tokens, mut places) = (head.to_vec(), Vec::with_capacity(words.len()));
        let room = self.encoder().shape().tokens_max.saturating_sub(end.len());
        for word in words {
            let of_word = self.pieces_of(word);
            let from = tokens.len();
            tokens.extend(of_word);
            tokens.truncate(room);
            places.push(from.min(room)..tokens.len());
        }
        tokens.extend(end);
        let mut vectors = vec![Vec::with_capacity(width * LAYERS.len()); words.len()];
        self.encoder().run(&[tokens], |layer, states| {
            if !LAYERS.contains(&layer) {
                return;
            }
            let rows: Vec<&[f32]> = states.chunks_exact(width).collect();
            for (vector, place) in vectors.iter_mut().zip(&places) {
                let mut mean = vec![0.0; width];
                for row in rows.get(place.clone()).unwrap_or_default() {
                    mean.iter_mut().zip(*row).for_each(|(sum, number)| *sum += number);
                }
                let length = mean.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                vector.extend(mean.iter().map(|number| number / length));
            }
        });
        vectors
    }
}

impl SlotTagger {
    /// Learns from texts with their slots; `seed` decides the order of the lessons.
    #[must_use]
    pub fn learn(lessons: &[(&SlotText, &[Span])], lexical: Lexical, seed: u64) -> Self {
        let slots: BTreeSet<&str> =
            lessons.iter().flat_map(|(_, spans)| spans.iter().map(|span| span.slot.as_str())).collect();
        let mut tags = vec![OUTSIDE.to_owned()];
        tags.extend(slots.iter().flat_map(|slot| [format!("B-{slot}"), format!("I-{slot}")]));
        let mut features = BTreeMap::new();
        if lexical == Lexical::Words {
            for (text, _) in lessons {
                for feature in (0..text.words.len()).flat_map(|place| named(&text.words, place)) {
                    let next = features.len();
                    features.entry(feature).or_insert(next);
                }
            }
        }
        let width = lessons.iter().flat_map(|(text, _)| text.vectors.first()).map(Vec::len).next().unwrap_or_default();
        let count = tags.len();
        let allowed = (0..=count)
            .flat_map(|from| (0..count).map(move |to| (from, to)))
            .map(|(from, to)| {
                may_follow(tags.get(from).map_or(OUTSIDE, String::as_str), tags.get(to).map_or("", String::as_str))
            })
            .collect();
        let rows = width + features.len() + 1;
        let mut tagger = Self {
            weights: vec![0.0; rows * count],
            moves: vec![0.0; (count + 1) * count],
            tags,
            features,
            lexical,
            width,
            allowed,
        };
        tagger.fit(lessons, seed);
        tagger
    }

    /// The slots of a text.
    #[must_use]
    pub fn spans(&self, text: &SlotText) -> Vec<Span> {
        let scores = self.scores(&self.rows(text, |_| true), text);
        spans_of(self.best(&scores).into_iter().map(|tag| self.tags.get(tag).map_or(OUTSIDE, String::as_str)))
    }

    fn fit(&mut self, lessons: &[(&SlotText, &[Span])], seed: u64) {
        let mut sums = (vec![SUM_MIN; self.weights.len()], vec![SUM_MIN; self.moves.len()]);
        let right: Vec<Vec<usize>> = lessons.iter().map(|(text, spans)| self.right(text, spans)).collect();
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..ROUNDS {
            order.shuffle(&mut random);
            for lesson in &order {
                let Some(((text, _), right)) = lessons.get(*lesson).zip(right.get(*lesson)) else { continue };
                let turn = random.random_range(0..LEFT_OUT);
                let rows = self.rows(text, |feature| (feature + turn) % LEFT_OUT != 0);
                self.step(&rows, (text, right), &mut sums);
            }
        }
    }

    /// One lesson: the tags that were right become likelier, the others less likely.
    fn step(&mut self, rows: &[Vec<usize>], (text, right): (&SlotText, &[usize]), sums: &mut (Vec<f32>, Vec<f32>)) {
        let count = self.tags.len();
        let scores = self.scores(rows, text);
        let (marginals, pairs) = self.marginals(&scores);
        for (place, ((marginal, right), row)) in marginals.iter().zip(right).zip(rows).enumerate() {
            let wanted = |tag: usize| f32::from(u8::from(tag == *right));
            let slopes: Vec<f32> = marginal.iter().enumerate().map(|(tag, likely)| likely - wanted(tag)).collect();
            let vector = text.vectors.get(place).map_or(&[][..], Vec::as_slice);
            let features = row.iter().map(|feature| (*feature, 1.0));
            for (row, value) in vector.iter().copied().enumerate().chain(features) {
                let at = row * count;
                let weights = self.weights.iter_mut().skip(at).zip(sums.0.iter_mut().skip(at));
                for ((weight, sum), slope) in weights.zip(&slopes) {
                    climb(weight, sum, slope * value);
                }
            }
        }
        let mut before = count;
        for (pair, right) in pairs.iter().zip(right) {
            for (at, likely) in pair {
                let wanted = f32::from(u8::from(*at == before * count + right));
                if let (Some(weight), Some(sum)) = (self.moves.get_mut(*at), sums.1.get_mut(*at)) {
                    climb(weight, sum, likely - wanted);
                }
            }
            before = *right;
        }
    }

    fn right(&self, text: &SlotText, spans: &[Span]) -> Vec<usize> {
        let place_of = |tag: String| self.tags.iter().position(|known| *known == tag).unwrap_or_default();
        let mut right = vec![0; text.words.len()];
        for span in spans {
            for (place, tag) in right.iter_mut().enumerate().take(span.to).skip(span.from) {
                let mark = if place == span.from { "B" } else { "I" };
                *tag = place_of(format!("{mark}-{}", span.slot));
            }
        }
        right
    }

    /// For each word the rows of the weights beside those of its vector.
    fn rows(&self, text: &SlotText, keeps: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
        let bias = self.width + self.features.len();
        let of = |place: usize| {
            let known =
                named(&text.words, place).into_iter().filter_map(|feature| self.features.get(&feature).copied());
            let known = known.filter(|feature| self.lexical == Lexical::Words && keeps(*feature));
            known.map(|feature| self.width + feature).chain([bias]).collect()
        };
        (0..text.words.len()).map(of).collect()
    }

    /// For each word how well each tag fits it.
    fn scores(&self, rows: &[Vec<usize>], text: &SlotText) -> Vec<Vec<f32>> {
        let count = self.tags.len();
        let of = |(rows, vector): (&Vec<usize>, &Vec<f32>)| {
            let mut scores = vec![0.0; count];
            let features = rows.iter().map(|feature| (*feature, 1.0));
            for (row, value) in vector.iter().copied().enumerate().chain(features) {
                let weights = self.weights.get(row * count..(row + 1) * count).unwrap_or_default();
                scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += weight * value);
            }
            scores
        };
        rows.iter().zip(&text.vectors).map(of).collect()
    }

    /// The score of a move, none where tags cannot make it.
    fn step_score(&self, from: usize, to: usize) -> Option<f32> {
        let at = from * self.tags.len() + to;
        self.allowed.get(at).filter(|allowed| **allowed).and_then(|_| self.moves.get(at)).copied()
    }

    /// Moves into each word from the one before; into the first from the start.
    fn moves_into(&self, is_first: impl Fn() -> bool) -> impl Iterator<Item = (usize, usize, f32)> {
        let count = self.tags.len();
        let from = if is_first() { count..count + 1 } else { 0..count };
        from.flat_map(move |from| (0..count).filter_map(move |to| Some((from, to, self.step_score(from, to)?))))
    }

    /// How likely each tag of each word is, and each move into it (place among the moves, likelihood).
    #[expect(clippy::type_complexity, reason = "two tables of one pass")]
    fn marginals(&self, scores: &[Vec<f32>]) -> (Vec<Vec<f32>>, Vec<Vec<(usize, f32)>>) {
        let count = self.tags.len();
        let mut forward: Vec<Vec<f32>> = Vec::with_capacity(scores.len());
        for (place, of_word) in scores.iter().enumerate() {
            let mut into = vec![Vec::new(); count];
            for (from, to, step) in self.moves_into(|| place == 0) {
                let before = place.checked_sub(1).map_or(0.0, |before| at(&forward, before, from));
                if let Some(paths) = into.get_mut(to) {
                    paths.push(before + step);
                }
            }
            forward.push(into.iter().zip(of_word).map(|(paths, score)| log_sum(paths) + score).collect());
        }
        let mut backward = vec![vec![0.0; count]; scores.len()];
        for place in (1..scores.len()).rev() {
            let mut out = vec![Vec::new(); count];
            for (from, to, step) in self.moves_into(|| false) {
                if let Some(paths) = out.get_mut(from) {
                    paths.push(step + at(scores, place, to) + at(&backward, place, to));
                }
            }
            if let Some(row) = backward.get_mut(place - 1) {
                *row = out.iter().map(|paths| log_sum(paths)).collect();
            }
        }
        let all = forward.last().map_or(0.0, |last| log_sum(last));
        let likely = |place: usize| {
            let both = (0..count).map(move |tag| (place, tag));
            both.map(|(place, tag)| (at(&forward, place, tag) + at(&backward, place, tag) - all).exp()).collect()
        };
        let pairs = |place: usize| {
            let into = self.moves_into(|| place == 0).map(|(from, to, step)| {
                let before = place.checked_sub(1).map_or(0.0, |before| at(&forward, before, from));
                let path = before + step + at(scores, place, to) + at(&backward, place, to);
                (from * count + to, (path - all).exp())
            });
            into.collect()
        };
        ((0..scores.len()).map(likely).collect(), (0..scores.len()).map(pairs).collect())
    }

    /// The likeliest tags (Viterbi).
    fn best(&self, scores: &[Vec<f32>]) -> Vec<usize> {
        let count = self.tags.len();
        let (mut reached, mut ways): (Vec<f32>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (place, of_word) in scores.iter().enumerate() {
            let mut best = vec![(f32::NEG_INFINITY, 0); count];
            for (from, to, step) in self.moves_into(|| place == 0) {
                let score = step + reached.get(from).copied().unwrap_or_default();
                if let Some(known) = best.get_mut(to).filter(|known| score > known.0) {
                    *known = (score, from);
                }
            }
            reached = best.iter().zip(of_word).map(|((score, _), own)| score + own).collect();
            ways.push(best.into_iter().map(|(_, from)| from).collect());
        }
        let last = reached.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1)).map(|(tag, _)| tag);
        let mut tags: Vec<usize> = last.into_iter().collect();
        for way in ways.iter().skip(1).rev() {
            let before = tags.last().and_then(|tag| way.get(*tag)).copied().unwrap_or_default();
            tags.push(before);
        }
        tags.reverse();
        tags
    }
}

/// What is known of a word by itself and its neighbours.
fn named(words: &[String], place: usize) -> Vec<String> {
    let word = |place: Option<usize>| {
        place.and_then(|place| words.get(place)).map_or_else(String::new, |word| word.to_lowercase())
    };
    let own = word(Some(place));
    let characters: Vec<char> = own.chars().collect();
    let tail: String = characters.iter().skip(characters.len().saturating_sub(3)).collect();
    let head: String = characters.iter().take(3).collect();
    let shape: String = words.get(place).map_or("", String::as_str).chars().map(shape).collect();
    vec![
        format!("w={own}"),
        format!("<={}", word(place.checked_sub(1))),
        format!("<<={}", word(place.checked_sub(2))),
        format!(">={}", word(Some(place + 1))),
        format!("h={head}"),
        format!("t={tail}"),
        format!("s={shape}"),
    ]
}

fn shape(character: char) -> char {
    match character {
        _ if character.is_numeric() => '0',
        _ if character.is_uppercase() => 'A',
        _ if character.is_alphabetic() => 'a',
        _ => character,
    }
}

fn may_follow(before: &str, tag: &str) -> bool {
    tag.strip_prefix("I-").is_none_or(|slot| before.get(1..).and_then(|rest| rest.strip_prefix('-')) == Some(slot))
}

/// The spans that tags name.
fn spans_of<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (place, tag) in tags.enumerate() {
        match tag.split_once('-') {
            Some(("I", slot)) if spans.last().is_some_and(|last| last.to == place && last.slot == slot) => {
                if let Some(last) = spans.last_mut() {
                    last.to = place + 1;
                }
            }
            Some((_, slot)) => spans.push(Span { from: place, to: place + 1, slot: slot.to_owned() }),
            None => {}
        }
    }
    spans
}

fn climb(weight: &mut f32, sum: &mut f32, slope: f32) {
    let slope = slope + DECAY * *weight;
    *sum += slope * slope;
    *weight -= STEP * slope / sum.sqrt();
}

fn at(table: &[Vec<f32>], row: usize, column: usize) -> f32 {
    table.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
}

fn log_sum(values: &[f32]) -> f32 {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if largest.is_finite() {
        largest + values.iter().map(|value| (value - largest).exp()).sum::<f32>().ln()
    } else {
        largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> SlotText {
        let words: Vec<String> = words.split(' ').map(ToOwned::to_owned).collect();
        let vectors = words.iter().map(|word| vec![f32::from(u8::from(word.parse::<u32>().is_ok())), 1.0]).collect();
        SlotText { words, vectors }
    }

    fn span(from: usize, to: usize, slot: &str) -> Span {
        Span { from, to, slot: slot.to_owned() }
    }

    fn lessons() -> Vec<(SlotText, Vec<Span>)> {
        vec![
            (text("send 20 euros to Ann Lee"), vec![span(1, 3, "amount"), span(4, 6, "payee")]),
            (text("pay 7 euros to Bob"), vec![span(1, 3, "amount"), span(4, 5, "payee")]),
            (text("when is it due"), vec![]),
            (text("give 99 euros to Joe Fox please"), vec![span(1, 3, "amount"), span(4, 6, "payee")]),
            (text("is it on time"), vec![]),
        ]
    }

    #[test]
    fn slots_of_a_text_like_the_lessons_are_found() {
        let lessons = lessons();
        let views: Vec<(&SlotText, &[Span])> = lessons.iter().map(|(text, spans)| (text, spans.as_slice())).collect();
        let tagger = SlotTagger::learn(&views, Lexical::Words, 1);
        let found = tagger.spans(&text("send 55 euros to Eve please"));
        assert_eq!(found, [span(1, 3, "amount"), span(4, 5, "payee")]);
        assert_eq!(tagger.spans(&text("is it due")), []);
        assert_eq!(tagger.spans(&SlotText { words: vec![], vectors: vec![] }), []);
    }

    #[test]
    fn an_inside_follows_its_own_begin_only() {
        assert!(
            may_follow("B-a", "I-a") && may_follow("I-a", "I-a") && may_follow("I-b", "B-a") && may_follow("O", "O")
        );
        assert!(!may_follow("O", "I-a") && !may_follow("B-b", "I-a"));
    }

    #[test]
    fn likelihoods_of_a_words_tags_add_up_to_one() {
        let lessons = lessons();
        let views: Vec<(&SlotText, &[Span])> = lessons.iter().map(|(text, spans)| (text, spans.as_slice())).collect();
        let tagger = SlotTagger::learn(&views, Lexical::MeaningOnly, 1);
        let one = text("pay 20 euros");
        let (marginals, pairs) = tagger.marginals(&tagger.scores(&tagger.rows(&one, |_| true), &one));
        for (marginal, pair) in marginals.iter().zip(&pairs) {
            assert!((marginal.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{marginal:?}");
            assert!((pair.iter().map(|(_, likely)| likely).sum::<f32>() - 1.0).abs() < 1e-4, "{pair:?}");
        }
    }
}
