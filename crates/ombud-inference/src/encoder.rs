//! What does the network make of tokens? The BERT encoder (post-norm, exact GELU, absolute positions), one vector per token, and their mean.

use ombud_kernel::product::{Factor, PANEL, PackedRows, Start, Target};
use rten_simd::{SimdOp as _, SimdUnaryOp as _};
use rten_vecmath::{Gelu, Softmax, Sum, SumSquareSub};

use crate::bytes::Malformed;
use crate::linear::Linear;
use crate::weights::{BLOCK_BYTES, Shape, Table, Weights};

/// The network with its weights.
#[derive(Debug)]
pub(crate) struct Encoder {
    shape: Shape,
    words: Table,
    /// A row for each position, the row of the only token type already added.
    positions: Vec<f32>,
    first_norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    /// Queries, keys and values beside each other.
    attention: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    inner: Linear,
    outer: Linear,
    outer_norm: Norm,
}

#[derive(Debug)]
struct Norm {
    weights: Vec<f32>,
    biases: Vec<f32>,
    epsilon: f32,
}

impl Encoder {
    pub(crate) fn new(weights: Weights) -> Result<Self, Malformed> {
        let shape = weights.shape;
        let mut positions = weights.floats("emb.pos", shape.tokens_max * shape.width)?;
        let types = weights.floats("emb.type", 2 * shape.width)?;
        for row in positions.chunks_exact_mut(shape.width) {
            add(row, &types);
        }
        let first_norm = Norm::read(&weights, "emb.ln")?;
        let layers = (0..shape.layers).map(|layer| Layer::read(&weights, layer)).collect::<Result<_, _>>()?;
        let words = weights.into_table("emb.word", shape.words * shape.width)?;
        Ok(Self { shape, words, positions, first_norm, layers })
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// For each list of tokens the mean of its vectors. Lists are worked on together, so that every weight is read once for all of them.
    pub(crate) fn means(&self, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let mut means = Vec::new();
        self.run(texts, |layer, states| {
            if layer == self.layers.len() {
                means = means_of(texts, states, self.shape.width);
            }
        });
        means
    }

    /// Shows the vectors of all tokens, a row for each, after every layer; layers count from one.
    pub(crate) fn run(&self, texts: &[Vec<u32>], mut see: impl FnMut(usize, &[f32])) {
        let mut states = self.embedded(texts);
        for (layer, number) in self.layers.iter().zip(1..) {
            layer.apply(&mut states, texts.iter().map(Vec::len), self.shape);
            see(number, &states);
        }
    }

    fn embedded(&self, texts: &[Vec<u32>]) -> Vec<f32> {
        let width = self.shape.width;
        let count: usize = texts.iter().map(Vec::len).sum();
        let mut states = vec![0.0; count * width];
        let mut rows = states.chunks_exact_mut(width);
        for text in texts {
            for ((token, position), row) in text.iter().zip(self.positions.chunks_exact(width)).zip(&mut rows) {
                self.words.read_row(*token, row);
                add(row, position);
            }
        }
        self.first_norm.apply(&mut states);
        states
    }
}

impl Layer {
    fn read(weights: &Weights, layer: usize) -> Result<Self, Malformed> {
        let Shape { width, inner, .. } = weights.shape;
        let linear = |names: &[&str], depth: usize, width: usize| {
            let (mut blocks, mut bias) = (Vec::<[u8; BLOCK_BYTES]>::new(), Vec::new());
            for name in names {
                blocks.extend(weights.blocks(&format!("l{layer}.{name}.w"), depth * width)?);
                bias.extend(weights.floats(&format!("l{layer}.{name}.b"), width)?);
            }
            Linear::pack(depth, &blocks, &bias)
        };
        Ok(Self {
            attention: linear(&["q", "k", "v"], width, width)?,
            attention_out: linear(&["ao"], width, width)?,
            attention_norm: Norm::read(weights, &format!("l{layer}.aln"))?,
            inner: linear(&["fi"], width, inner)?,
            outer: linear(&["fo"], inner, width)?,
            outer_norm: Norm::read(weights, &format!("l{layer}.oln"))?,
        })
    }

    fn apply(&self, states: &mut [f32], lengths: impl Iterator<Item = usize>, shape: Shape) {
        let count = states.len() / shape.width;
        let mut projected = vec![0.0; count * 3 * shape.width];
        self.attention.apply(states, &mut projected);
        let mut attended = vec![0.0; states.len()];
        let (mut projections, mut outputs) = (projected.as_slice(), attended.as_mut_slice());
        for length in lengths {
            let Some((projected, later)) = projections.split_at_checked(length * 3 * shape.width) else { return };
            let Some((attended, later_outputs)) = outputs.split_at_mut_checked(length * shape.width) else { return };
            attend(projected, attended, shape);
            (projections, outputs) = (later, later_outputs);
        }
        let mut change = projected;
        change.truncate(states.len());
        self.attention_out.apply(&attended, &mut change);
        add(states, &change);
        self.attention_norm.apply(states);

        let mut inner = vec![0.0; count * shape.inner];
        self.inner.apply(states, &mut inner);
        Gelu {}.map_mut(&mut inner);
        self.outer.apply(&inner, &mut change);
        add(states, &change);
        self.outer_norm.apply(states);
    }
}

/// Scaled dot-product attention among the tokens of one text, head by head. A head is as wide as a panel, so its values are one panel, and its
/// keys, turned, are one for every 32 tokens.
fn attend(projected: &[f32], into: &mut [f32], shape: Shape) {
    let (width, stride) = (shape.width, 3 * shape.width);
    let count = into.len() / width;
    let padded = count.next_multiple_of(PANEL);
    #[expect(clippy::cast_precision_loss, reason = "a panel has 32 columns")]
    let scale = 1.0 / (PANEL as f32).sqrt();
    let from = Start::At(&[0.0; PANEL]);
    let mut scores = vec![0.0; count * padded];
    for head in 0..shape.heads {
        let column = head * PANEL;
        let queries = PackedRows::pack(projected, stride, PANEL, column);
        for (index, rows) in projected.chunks(stride * PANEL).enumerate() {
            let mut keys = [[0.0; PANEL]; PANEL];
            for (token, row) in rows.chunks_exact(stride).enumerate() {
                for (line, key) in keys.iter_mut().zip(row.iter().skip(width + column)) {
                    if let Some(place) = line.get_mut(token) {
                        *place = key * scale;
                    }
                }
            }
            let target = Target { width: padded, column: index * PANEL };
            queries.multiply(Factor { panel: &keys, depth: 0, from }, &mut scores, target);
        }
        for row in scores.chunks_exact_mut(padded) {
            if let Some(row) = row.get_mut(..count) {
                Softmax::new_mut(row).dispatch();
            }
        }
        let values: Vec<[f32; PANEL]> = projected
            .chunks_exact(stride)
            .filter_map(|row| row.get(2 * width + column..)?.first_chunk::<PANEL>().copied())
            .collect();
        let likelihoods = PackedRows::pack(&scores, padded, count, 0);
        likelihoods.multiply(Factor { panel: &values, depth: 0, from }, into, Target { width, column });
    }
}

impl Norm {
    fn read(weights: &Weights, name: &str) -> Result<Self, Malformed> {
        let Shape { width, epsilon, .. } = weights.shape;
        let weights_of = |part: &str| weights.floats(&format!("{name}.{part}"), width);
        Ok(Self { weights: weights_of("w")?, biases: weights_of("b")?, epsilon })
    }

    /// Brings each row to mean zero and variance one, then scales and shifts it.
    fn apply(&self, states: &mut [f32]) {
        #[expect(clippy::cast_precision_loss, reason = "a width is at most 4096")]
        let width = self.weights.len() as f32;
        for row in states.chunks_exact_mut(self.weights.len().max(1)) {
            let mean = Sum::new(row).dispatch() / width;
            let variance = SumSquareSub::new(row, mean).dispatch() / width;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for ((number, weight), bias) in row.iter_mut().zip(&self.weights).zip(&self.biases) {
                *number = (*number - mean) * scale * weight + bias;
            }
        }
    }
}

/// The mean of the rows of each text, but for its length: only directions count.
pub(crate) fn means_of(texts: &[Vec<u32>], states: &[f32], width: usize) -> Vec<Vec<f32>> {
    let mut rows = states.chunks_exact(width);
    let mean = |text: &Vec<u32>| {
        let mut mean = vec![0.0; width];
        rows.by_ref().take(text.len()).for_each(|row| add(&mut mean, row));
        mean
    };
    texts.iter().map(mean).collect()
}

fn add(to: &mut [f32], numbers: &[f32]) {
    for (sum, number) in to.iter_mut().zip(numbers) {
        *sum += number;
    }
}
