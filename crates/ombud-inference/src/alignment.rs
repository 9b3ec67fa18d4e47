//! Has each word of a reply one in its source that means the same there? Tokens are compared by their vectors in the middle of the network, where they still
//! are words and already know their neighbours.

use ombud_ports::TextKind;

use crate::e5::E5;

/// Layers whose tokens are compared; counted from one.
const LAYERS: [usize; 3] = [4, 6, 8];
/// Tokens at either end of a text that are marks: the start and `passage: `, and the end.
const MARKS: (usize, usize) = (3, 1);
/// Numbers for each layer.
const PER_LAYER: usize = 5;
/// How many numbers [`E5::alignment`] gives.
pub const ALIGNMENT_FEATURES: usize = LAYERS.len() * PER_LAYER;
/// Likeness from which on a token is taken for found.
const FOUND: f32 = 0.9;

impl E5 {
    /// How well the tokens of a reply are found in its source: for each layer the mean likeness to the nearest token, that of the worst, of the worst tenth,
    /// of the worst third, and the share that is found.
    #[must_use]
    pub fn alignment(&self, reply: &str, source: &str) -> [f32; ALIGNMENT_FEATURES] {
        let texts = [self.tokens_of(TextKind::Passage, reply), self.tokens_of(TextKind::Passage, source)];
        let (encoder, mut features) = (self.encoder(), [0.0; ALIGNMENT_FEATURES]);
        let width = encoder.shape().width;
        encoder.run(&texts, |layer, states| {
            let Some(index) = LAYERS.iter().position(|wanted| *wanted == layer) else { return };
            let mut rows = states.chunks_exact(width).map(direction);
            let [said, known] = texts.each_ref().map(|text| inner(rows.by_ref().take(text.len()).collect()));
            let found = described(said.iter().map(|one| nearest(one, &known)).collect());
            features.iter_mut().skip(index * PER_LAYER).zip(found).for_each(|(place, number)| *place = number);
        });
        features
    }
}

/// The vectors of what was written, without those of the marks.
fn inner(mut rows: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    rows.truncate(rows.len().saturating_sub(MARKS.1));
    if rows.len() > MARKS.0 { rows.split_off(MARKS.0) } else { rows }
}

fn direction(row: &[f32]) -> Vec<f32> {
    let length = row.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    row.iter().map(|number| number / length).collect()
}

fn nearest(one: &[f32], others: &[Vec<f32>]) -> f32 {
    let cosine = |other: &Vec<f32>| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
    others.iter().map(cosine).fold(-1.0, f32::max)
}

#[expect(clippy::cast_precision_loss, reason = "a text has at most 512 tokens")]
fn described(mut likenesses: Vec<f32>) -> [f32; PER_LAYER] {
    likenesses.sort_by(f32::total_cmp);
    let mean = |count: usize| likenesses.iter().take(count).sum::<f32>() / count.max(1) as f32;
    let all = likenesses.len();
    let found = likenesses.iter().filter(|likeness| **likeness >= FOUND).count();
    [mean(all), mean(1), mean(all.div_ceil(10)), mean(all.div_ceil(3)), found as f32 / all.max(1) as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_tokens_are_told_beside_the_mean() {
        let described = described(vec![1.0, 0.5, 0.95, 0.95]);
        let expected = [0.85, 0.5, 0.5, 0.725, 0.75];
        assert!(
            described.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6),
            "{described:?}"
        );
    }

    #[test]
    fn a_token_is_as_near_as_its_nearest() {
        let others = [vec![1.0, 0.0], vec![0.6, 0.8]];
        assert!((nearest(&[0.0, 1.0], &others) - 0.8).abs() < 1e-6);
        assert_eq!(inner(vec![vec![0.0], vec![1.0], vec![2.0], vec![3.0], vec![4.0]]), [vec![3.0]]);
    }
}
