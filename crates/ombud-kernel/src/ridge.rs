//! To which classes does a text belong, by how near it lies to the examples in meaning and in words?
//!
//! Kernel ridge regression (Saunders, Gammerman, Vovk 1998) of class marks, 1 and 0. The kernel is a Gaussian of the vectors, each number of them brought to
//! mean 0 and variance 1, and beside it the likeness of words. The best score is near 0 where no example is near, so that it also tells what belongs to no class.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};

use crate::matrix::{Panel, Triangle, on_every_core};
use crate::product::{Factor, PANEL, PackedRows, Start, Target};
use crate::support::Support;

/// Texts that are scored at once.
const BATCH: usize = 96;
/// Rows of a panel that are multiplied at once.
const DEPTH_AT_ONCE: usize = 256;
/// Examples of which the equations are solved at once: their triangle takes 290 MB. Of more, parts are solved one after the other, each for what the parts before
/// leave to explain: one sweep of block Gauss-Seidel over the equations of all (Tu, Roelofs, Venkataraman, Recht 2016, Large Scale Kernel Learning using Block
/// Coordinate Descent). The mean of parts that know nothing of each other (Zhang, Duchi, Wainwright 2015) read 2 points fewer requests right.
const PART_MAX: usize = 12_000;
/// Texts that have different things known beside them lie farther apart by this square.
const APART: f32 = 0.98;

/// What is known of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Its vector.
    pub vector: Vec<f32>,
    /// Rows and values of its words, with squares that add up to one at most.
    pub words: Vec<(usize, f32)>,
    /// Which of a few things is known beside it, such as what it answers.
    pub beside: usize,
}

/// How a head learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RidgeSettings {
    /// Of the Gaussian: how fast likeness falls with the squared distance, which is about 2 between unrelated texts.
    pub gamma: f32,
    /// How much the likeness of words counts beside that of meaning, which counts one; 0 leaves it out.
    pub words: f32,
    /// First of the numbers of the vector that count, and the one behind the last; the others are as if they were not there.
    pub columns: (usize, usize),
    /// Strength of the penalty, as a share of the likeness of a text with itself.
    pub ridge: f32,
    /// How much more an example counts the fewer its class has: 0 for all alike, 1 for all classes alike.
    pub balance: f32,
}

/// The trained head: the examples, and what each of them says of each class.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KernelRidge {
    settings: RidgeSettings,
    classes: usize,
    mean: Vec<f32>,
    /// One over the standard deviation, and over the length of such a vector.
    scale: Vec<f32>,
    support: Support,
    /// The squares of the examples' lengths.
    squares: Vec<f32>,
    postings: Postings,
    /// What is known beside the examples.
    besides: Vec<usize>,
    /// A panel for 32 classes, a row for each example.
    weights: Vec<Panel>,
}

/// Why a head could not be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RidgeError {
    /// No examples, or not as many marks as examples.
    #[error("{examples} examples with {marks} marks teach nothing")]
    Uneven {
        /// How many examples there are.
        examples: usize,
        /// How many marks there are.
        marks: usize,
    },
    /// The equations have no solution that can be told from rounding: the penalty is too small, or a vector is no number.
    #[error("the examples contradict each other beyond what numbers of 32 bits tell apart, use a larger ridge")]
    Singular,
}

/// Which examples hold each word: the entries of all words one behind the other, and where those of each begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Postings {
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl Postings {
    fn of<'s>(texts: impl Iterator<Item = &'s Seen> + Clone) -> Self {
        let mut words: Vec<(usize, u32, f32)> = (0_u32..)
            .zip(texts)
            .flat_map(|(place, text)| text.words.iter().map(move |(row, value)| (*row, place, *value)))
            .collect();
        words.sort_unstable_by_key(|(row, place, _)| (*row, *place));
        let rows = words.last().map_or(0, |(row, ..)| row + 1);
        let mut starts = vec![0; rows + 1];
        for (row, ..) in &words {
            if let Some(count) = starts.get_mut(row + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, entries: words.into_iter().map(|(_, place, value)| (place, value)).collect() }
    }

    fn of_word(&self, row: usize) -> &[(u32, f32)] {
        let range = self.starts.get(row).zip(self.starts.get(row + 1));
        range.and_then(|(start, end)| self.entries.get(*start..*end)).unwrap_or_default()
    }

    /// Adds the likeness with each example, `into.len()` of them, times a share.
    fn add(&self, text: &Seen, share: f32, into: &mut [f32]) {
        for (row, value) in &text.words {
            for (place, other) in self.of_word(*row) {
                // Places ascend, so what is beyond the row ends it.
                let Some(sum) = usize::try_from(*place).ok().and_then(|place| into.get_mut(place)) else { break };
                *sum += share * value * other;
            }
        }
    }
}

impl KernelRidge {
    /// Learns from examples with the classes of each, below `classes`; one without any belongs to none of them.
    ///
    /// # Errors
    /// [`RidgeError`], for whoever brings the examples.
    pub fn learn(
        examples: &[Seen],
        marks: &[&[usize]],
        classes: usize,
        settings: RidgeSettings,
    ) -> Result<Self, RidgeError> {
        Self::learn_in_parts(examples, marks, (classes, PART_MAX), settings)
    }

    fn learn_in_parts(
        examples: &[Seen],
        marks: &[&[usize]],
        (classes, part_max): (usize, usize),
        settings: RidgeSettings,
    ) -> Result<Self, RidgeError> {
        if examples.is_empty() || examples.len() != marks.len() {
            return Err(RidgeError::Uneven { examples: examples.len(), marks: marks.len() });
        }
        let (mean, scale) = spread(examples, settings.columns);
        if mean.iter().any(|number| !number.is_finite()) {
            return Err(RidgeError::Singular);
        }
        // Every n-th example is in a part, and the examples of a part stand together.
        let parts = examples.len().div_ceil(part_max);
        let order: Vec<usize> = (0..parts).flat_map(|part| (part..examples.len()).step_by(parts)).collect();
        let examples: Vec<&Seen> = order.iter().filter_map(|place| examples.get(*place)).collect();
        let marks: Vec<&[usize]> = order.iter().filter_map(|place| marks.get(*place)).copied().collect();
        let counts = counts(&marks, classes, settings.balance);
        let rows: Vec<f32> = examples.iter().flat_map(|example| standing(example, settings, (&mean, &scale))).collect();
        let width = mean.len();
        let mut head = Self {
            settings,
            classes,
            mean,
            scale,
            support: Support::pack(&[], width),
            squares: Vec::new(),
            postings: Postings::default(),
            besides: Vec::new(),
            weights: vec![Vec::new(); classes.div_ceil(PANEL)],
        };
        let mut start = 0;
        for part in 0..parts {
            let end = start + (examples.len() - part).div_ceil(parts);
            let own = examples.get(start..end).unwrap_or_default();
            let mut wanted = sides(marks.get(start..end).unwrap_or_default(), classes);
            if start > 0 {
                take_off(&mut wanted, &head.scores(own));
            }
            let of = Part {
                examples: own,
                rows: rows.get(start * width..end * width).unwrap_or_default(),
                counts: counts.get(start..end).unwrap_or_default(),
            };
            of.solve(&mut wanted, settings).ok_or(RidgeError::Singular)?;
            let known = (examples.get(..end).unwrap_or_default(), rows.get(..end * width).unwrap_or_default());
            head.grow(known, wanted);
            start = end;
        }
        if head.weights.iter().flatten().flatten().any(|weight| !weight.is_finite()) {
            return Err(RidgeError::Singular);
        }
        Ok(head)
    }

    /// Takes up the examples of a further part, which end those that are known now, with their weights.
    fn grow(&mut self, (known, rows): (&[&Seen], &[f32]), weights: Vec<Panel>) {
        let width = self.mean.len();
        let of_words = if self.settings.words > 0.0 { known } else { &[] };
        self.support = Support::pack(rows, width);
        self.squares = rows.chunks_exact(width.max(1)).map(square).collect();
        self.postings = Postings::of(of_words.iter().copied());
        self.besides = known.iter().map(|example| example.beside).collect();
        for (panel, more) in self.weights.iter_mut().zip(weights) {
            panel.extend(more);
        }
    }

    /// The scores of the classes for each text: near 1 for the class of examples that are like it, near 0 for others.
    #[must_use]
    pub fn scores<S: Borrow<Seen> + Sync>(&self, texts: &[S]) -> Vec<Vec<f32>> {
        let mut scores = vec![Vec::new(); texts.len()];
        if texts.len() <= BATCH {
            self.score(texts, &mut scores);
            return scores;
        }
        on_every_core(texts.chunks(BATCH).zip(scores.chunks_mut(BATCH)), |(texts, scores)| {
            self.score(texts, scores);
        });
        scores
    }

    fn score<S: Borrow<Seen>>(&self, texts: &[S], scores: &mut [Vec<f32>]) {
        let width = self.mean.len();
        let spread = (self.mean.as_slice(), self.scale.as_slice());
        let rows: Vec<f32> = texts.iter().flat_map(|text| standing(text.borrow(), self.settings, spread)).collect();
        let mut likeness = self.support.products(&rows, width);
        let across = self.support.room();
        let kin = Kin { squares: &self.squares, besides: &self.besides, postings: &self.postings };
        for ((text, row), likeness) in texts.iter().zip(rows.chunks_exact(width)).zip(likeness.chunks_exact_mut(across))
        {
            let (known, padding) = likeness.split_at_mut(self.squares.len());
            kin.liken(text.borrow(), square(row), known, self.settings);
            padding.fill(0.0);
        }
        let across_classes = self.weights.len() * PANEL;
        let mut sums = vec![0.0; texts.len() * across_classes];
        let packed = PackedRows::pack(&likeness, across, self.squares.len(), 0);
        for (index, panel) in self.weights.iter().enumerate() {
            multiply(&packed, panel, &mut sums, Target { width: across_classes, column: index * PANEL });
        }
        for (row, scores) in sums.chunks_exact(across_classes).zip(scores) {
            *scores = row.iter().take(self.classes).copied().collect();
        }
    }
}

/// Some of the examples, whose equations are solved at once.
struct Part<'a> {
    examples: &'a [&'a Seen],
    rows: &'a [f32],
    counts: &'a [f32],
}

impl Part<'_> {
    /// Turns what is wanted of each class at its examples, a panel for 32 classes, into the weights that give it; none where the equations have no solution.
    fn solve(&self, wanted: &mut [Panel], settings: RidgeSettings) -> Option<()> {
        let width = self.rows.len() / self.examples.len().max(1);
        let squares: Vec<f32> = self.rows.chunks_exact(width.max(1)).map(square).collect();
        let besides: Vec<usize> = self.examples.iter().map(|example| example.beside).collect();
        let of_words = if settings.words > 0.0 { self.examples } else { &[] };
        let postings = Postings::of(of_words.iter().copied());
        let kin = Kin { squares: &squares, besides: &besides, postings: &postings };
        let mut matrix = Triangle::products(self.rows, width);
        matrix.each_row(self.examples.len(), |place, row| {
            if let Some((example, square)) = self.examples.get(place).zip(squares.get(place)) {
                kin.liken(example, *square, row, settings);
            }
        });
        let penalty = |count: &f32| settings.ridge * (1.0 + settings.words) / count;
        let ridge: Vec<f32> = self.counts.iter().map(penalty).collect();
        matrix.factored(&ridge)?.solve(wanted);
        wanted.iter_mut().for_each(|panel| panel.truncate(self.examples.len()));
        Some(())
    }
}

/// What likeness to examples is made of, beside the product of the vectors.
#[derive(Clone, Copy)]
struct Kin<'a> {
    squares: &'a [f32],
    besides: &'a [usize],
    postings: &'a Postings,
}

impl Kin<'_> {
    /// Turns products of a text with the first examples into its likeness to them.
    fn liken(&self, text: &Seen, square: f32, row: &mut [f32], settings: RidgeSettings) {
        for ((number, other), beside) in row.iter_mut().zip(self.squares).zip(self.besides) {
            let apart = if *beside == text.beside { 0.0 } else { APART };
            *number = (-settings.gamma * ((square + other - 2.0 * *number).max(0.0) + apart)).exp();
        }
        if settings.words > 0.0 {
            self.postings.add(text, settings.words, row);
        }
    }
}

/// How much each example counts, 1 in the mean.
fn counts(marks: &[&[usize]], classes: usize, balance: f32) -> Vec<f32> {
    let mut sizes = vec![0.0_f32; classes];
    for class in marks.iter().filter_map(|marks| marks.first()) {
        if let Some(size) = sizes.get_mut(*class) {
            *size += 1.0;
        }
    }
    let size = |marks: &&[usize]| marks.first().and_then(|class| sizes.get(*class)).copied();
    let rarity = |marks: &&[usize]| size(marks).map_or(1.0, |size| size.max(1.0).recip());
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^24 examples fit into memory")]
    let mean = marks.iter().map(rarity).sum::<f32>() / marks.len().max(1) as f32;
    marks.iter().map(|marks| (rarity(marks) / mean.max(f32::MIN_POSITIVE)).powf(balance)).collect()
}

/// The numbers of a text that count, each brought to mean 0 and variance 1.
fn standing<'s>(
    text: &'s Seen,
    settings: RidgeSettings,
    (mean, scale): (&'s [f32], &'s [f32]),
) -> impl Iterator<Item = f32> + 's {
    let numbers = text.vector.iter().skip(settings.columns.0).zip(mean.iter().zip(scale));
    numbers.map(|(value, (mean, scale))| (value - mean) * scale)
}

fn multiply(rows: &PackedRows, panel: &[[f32; PANEL]], into: &mut [f32], target: Target) {
    for (part, panel) in panel.chunks(DEPTH_AT_ONCE).enumerate() {
        rows.multiply(Factor { panel, depth: part * DEPTH_AT_ONCE, from: Start::Sum }, into, target);
    }
}

fn square(row: &[f32]) -> f32 {
    row.iter().map(|number| number * number).sum()
}

/// One where an example belongs to a class.
fn sides(marks: &[&[usize]], classes: usize) -> Vec<Panel> {
    let mut sides = vec![vec![[0.0; PANEL]; marks.len()]; classes.div_ceil(PANEL)];
    for (place, marks) in marks.iter().enumerate() {
        for class in marks.iter().filter(|class| **class < classes) {
            let row = sides.get_mut(class / PANEL).and_then(|panel| panel.get_mut(place));
            if let Some(mark) = row.and_then(|row| row.get_mut(class % PANEL)) {
                *mark = 1.0;
            }
        }
    }
    sides
}

/// Takes what is known already off what is wanted.
fn take_off(wanted: &mut [Panel], known: &[Vec<f32>]) {
    for (place, scores) in known.iter().enumerate() {
        for (panel, scores) in wanted.iter_mut().zip(scores.chunks(PANEL)) {
            if let Some(row) = panel.get_mut(place) {
                row.iter_mut().zip(scores).for_each(|(wanted, known)| *wanted -= known);
            }
        }
    }
}

/// Mean of each number of the vectors, and what brings it to variance one and all of them to length one.
fn spread(examples: &[Seen], (first, end): (usize, usize)) -> (Vec<f32>, Vec<f32>) {
    let width = examples.first().map_or(0, |example| example.vector.len()).min(end).saturating_sub(first);
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^24 examples fit into memory")]
    let (count, length) = (examples.len() as f32, (width as f32).sqrt());
    let (mut mean, mut variance) = (vec![0.0_f32; width], vec![0.0_f32; width]);
    for example in examples {
        for (mean, value) in mean.iter_mut().zip(example.vector.iter().skip(first)) {
            *mean += value / count;
        }
    }
    for example in examples {
        for ((variance, mean), value) in variance.iter_mut().zip(&mean).zip(example.vector.iter().skip(first)) {
            *variance += (value - mean) * (value - mean) / count;
        }
    }
    let scale = variance.into_iter().map(|variance| 1.0 / (variance.max(1e-12).sqrt() * length)).collect();
    (mean, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: RidgeSettings =
        RidgeSettings { gamma: 0.5, words: 0.0, columns: (0, 2), ridge: 0.25, balance: 0.0 };

    fn seen(vector: [f32; 2], words: &[(usize, f32)]) -> Seen {
        Seen { vector: vector.to_vec(), words: words.to_vec(), beside: 0 }
    }

    #[test]
    fn two_examples_give_the_solution_that_can_be_written_down() {
        // Each number has mean 0 and variance 1 after standing, and the length of a vector is 1: the examples are (-1, -1) and (1, 1) over the root of 2.
        let examples = [seen([1.0, 3.0], &[]), seen([5.0, 7.0], &[])];
        let head = KernelRidge::learn(&examples, &[&[0], &[1]], 2, SETTINGS).unwrap();
        // Squared distance 4, so the kernel is [[1.25, b], [b, 1.25]] with b = exp(-2), and its inverse is known.
        let b = (-2.0_f32).exp();
        let determinant = 1.25 * 1.25 - b * b;
        let (own, other) = (1.25 / determinant, -b / determinant);
        let scores = head.scores(&examples);
        for (row, expected) in [(0, [own + b * other, other + b * own]), (1, [other + b * own, own + b * other])] {
            for (found, expected) in scores[row].iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{scores:?} {expected}");
            }
        }
    }

    #[test]
    fn words_decide_where_vectors_are_the_same() {
        let vector = [1.0, 0.0];
        let examples = [
            seen(vector, &[(0, 1.0)]),
            seen(vector, &[(1, 1.0)]),
            seen([0.0, 1.0], &[(2, 1.0)]),
            seen([0.0, 1.0], &[(3, 1.0)]),
        ];
        let settings = RidgeSettings { words: 0.5, ..SETTINGS };
        let head = KernelRidge::learn(&examples, &[&[0], &[1], &[], &[]], 2, settings).unwrap();
        let scores = head.scores(&[seen(vector, &[(1, 0.9)]), seen([0.0, 1.0], &[(2, 1.0)])]);
        assert!(scores[0][1] > scores[0][0] + 0.2, "{scores:?}");
        assert!(scores[1].iter().all(|score| score.abs() < 0.1), "what belongs to no class scores near 0: {scores:?}");
    }

    #[test]
    fn examples_without_marks_and_vectors_that_are_no_numbers_are_refused() {
        let uneven = KernelRidge::learn(&[seen([0.0, 1.0], &[])], &[], 2, SETTINGS).unwrap_err();
        assert_eq!(uneven, RidgeError::Uneven { examples: 1, marks: 0 });
        let examples = [seen([f32::NAN, 1.0], &[]), seen([1.0, 0.0], &[])];
        assert_eq!(KernelRidge::learn(&examples, &[&[0], &[1]], 2, SETTINGS).unwrap_err(), RidgeError::Singular);
    }

    #[test]
    fn numbers_beside_the_columns_do_not_count() {
        let examples = [seen([0.0, 1.0], &[]), seen([1.0, 5.0], &[]), seen([0.0, 9.0], &[])];
        let settings = RidgeSettings { columns: (0, 1), ..SETTINGS };
        let head = KernelRidge::learn(&examples, &[&[0], &[1], &[0]], 2, settings).unwrap();
        let scores = head.scores(&[seen([0.0, -70.0], &[]), seen([0.0, 70.0], &[])]);
        assert_eq!(scores[0], scores[1]);
    }

    /// Two classes that lie apart in the first number.
    fn two_classes(count: usize) -> (Vec<Seen>, Vec<[usize; 1]>) {
        let example =
            |i: usize| seen([if i.is_multiple_of(2) { 1.0 } else { -1.0 } + (i % 7) as f32 / 9.0, (i % 5) as f32], &[]);
        ((0..count).map(example).collect(), (0..count).map(|i| [i % 2]).collect())
    }

    #[test]
    fn parts_read_what_all_examples_together_read() {
        let (examples, marks) = two_classes(90);
        let marks: Vec<&[usize]> = marks.iter().map(<[usize; 1]>::as_slice).collect();
        let learn = |part_max| KernelRidge::learn_in_parts(&examples, &marks, (2, part_max), SETTINGS).unwrap();
        let (whole, parts) = (learn(90).scores(&examples), learn(31).scores(&examples));
        for ((whole, parts), marks) in whole.iter().zip(&parts).zip(&marks) {
            assert!(parts[marks[0]] > parts[1 - marks[0]], "{parts:?} {marks:?}");
            assert!((whole[0] - parts[0]).abs() < 0.2, "{whole:?} {parts:?}");
        }
    }

    #[test]
    fn a_class_of_few_examples_counts_for_more_where_classes_are_balanced() {
        let (examples, marks) = two_classes(40);
        // Of the second class, only one in ten stays.
        let kept: Vec<usize> = (0..40).filter(|i| i % 2 == 0 || i % 20 == 1).collect();
        let examples: Vec<Seen> = kept.iter().map(|i| examples[*i].clone()).collect();
        let marks: Vec<&[usize]> = kept.iter().map(|i| marks[*i].as_slice()).collect();
        let of_rare = |balance| {
            let settings = RidgeSettings { ridge: 3.0, balance, ..SETTINGS };
            KernelRidge::learn(&examples, &marks, 2, settings).unwrap().scores(&[seen([-1.0, 1.0], &[])])[0][1]
        };
        assert!(of_rare(0.5) > of_rare(0.0) + 0.02, "{} {}", of_rare(0.5), of_rare(0.0));
    }

    #[test]
    fn the_same_text_is_read_differently_beside_other_things() {
        let beside = |class: usize| Seen { beside: class, ..seen([0.5, 0.5], &[]) };
        let examples = [beside(0), beside(1), seen([-1.0, 0.0], &[])];
        let head = KernelRidge::learn(&examples, &[&[0], &[1], &[]], 2, SETTINGS).unwrap();
        for (class, scores) in head.scores(&[beside(0), beside(1)]).iter().enumerate() {
            assert!(scores[class] > scores[1 - class] + 0.1, "{scores:?}");
        }
    }
}
