//! How are rows of numbers multiplied by a matrix, on whatever vector instructions this processor has?
//!
//! A matrix lies in panels of 32 columns, a row of the panel after the other, so that one row of it fills whole vector registers and nothing is added up across
//! their lanes. Six rows of the other factor at a time keep twelve sums in registers, which is what AVX2 and AVX-512 both have room for. Weights stay whole
//! numbers of 8 bits with a scale for 32 of a column; a panel is made f32 once for all rows of a batch.

use rten_simd::ops::{BitOps as _, Extend as _, NumOps as _, ToFloat as _};
use rten_simd::{Isa, SimdOp};

use crate::bytes::Malformed;
use crate::weights::{BLOCK, BLOCK_BYTES, unpack};

/// Columns in a panel.
pub(crate) const PANEL: usize = 32;
/// Rows that are multiplied at once.
const ROWS: usize = 6;
/// Rows of a weight panel that are made f32 at once: 16 kB, which stay in the nearest cache.
const DEPTH_AT_ONCE: usize = 128;

type PanelRow = [f32; PANEL];

/// A weight matrix with its bias: what a linear layer is.
#[derive(Debug)]
pub(crate) struct Linear {
    depth: usize,
    panels: Vec<WeightPanel>,
}

#[derive(Debug)]
struct WeightPanel {
    bias: PanelRow,
    /// A row for each input.
    whole: Vec<[i8; PANEL]>,
    /// A row for each block of inputs.
    scales: Vec<PanelRow>,
}

impl Linear {
    /// From the rows of a 4-bit tensor, one for each output.
    pub(crate) fn pack(depth: usize, blocks: &[[u8; BLOCK_BYTES]], bias: &[f32]) -> Result<Self, Malformed> {
        let blocks_per_row = depth / BLOCK;
        if !bias.len().is_multiple_of(PANEL) || blocks.len() != bias.len() * blocks_per_row || blocks_per_row == 0 {
            return Err(Malformed("a matrix that does not lie in whole panels".to_owned()));
        }
        let rows = blocks.chunks_exact(blocks_per_row * PANEL);
        let panels = rows.zip(bias.as_chunks::<PANEL>().0).map(|(rows, bias)| WeightPanel::pack(depth, rows, *bias));
        Ok(Self { depth, panels: panels.collect() })
    }

    /// Numbers that come out for each row.
    pub(crate) fn width(&self) -> usize {
        self.panels.len() * PANEL
    }

    /// The product of all rows, each `depth` long, into rows of its width.
    pub(crate) fn apply(&self, rows: &[f32], into: &mut [f32]) {
        let packed = PackedRows::pack(rows, self.depth, self.depth, 0);
        let mut panel = [[0.0; PANEL]; DEPTH_AT_ONCE];
        let width = self.width();
        for (index, weights) in self.panels.iter().enumerate() {
            let target = Target { width, column: index * PANEL };
            let mut from = Start::At(&weights.bias);
            let blocks = weights.whole.chunks(DEPTH_AT_ONCE).zip(weights.scales.chunks(DEPTH_AT_ONCE / BLOCK));
            for (index, (whole, scales)) in blocks.enumerate() {
                let Some(panel) = panel.get_mut(..whole.len()) else { return };
                Widen { whole, scales, into: panel }.dispatch();
                packed.multiply(Factor { panel, depth: index * DEPTH_AT_ONCE, from }, into, target);
                from = Start::Sum;
            }
        }
    }
}

impl WeightPanel {
    fn pack(depth: usize, blocks: &[[u8; BLOCK_BYTES]], bias: PanelRow) -> Self {
        let mut whole = vec![[0; PANEL]; depth];
        let mut scales = vec![[0.0; PANEL]; depth / BLOCK];
        for (column, row) in blocks.chunks_exact(depth / BLOCK).enumerate() {
            for ((block, scales), lines) in row.iter().zip(&mut scales).zip(whole.as_chunks_mut::<BLOCK>().0) {
                let (scale, numbers) = unpack(block);
                if let Some(place) = scales.get_mut(column) {
                    *place = scale;
                }
                for (line, number) in lines.iter_mut().zip(numbers) {
                    if let Some(place) = line.get_mut(column) {
                        *place = number;
                    }
                }
            }
        }
        Self { bias, whole, scales }
    }
}

/// Makes rows of a weight panel f32.
struct Widen<'a> {
    whole: &'a [[i8; PANEL]],
    scales: &'a [PanelRow],
    into: &'a mut [PanelRow],
}

impl SimdOp for Widen<'_> {
    type Output = ();

    // Written out, because the compiler turns the plain loop over a block by ninety degrees and gathers single bytes, ten times slower.
    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let (floats, words, halves, bytes) = (isa.f32(), isa.i32(), isa.i16(), isa.i8());
        let lanes = floats.len();
        let blocks = self.whole.as_chunks::<BLOCK>().0.iter().zip(self.scales);
        for ((whole, scales), into) in blocks.zip(self.into.as_chunks_mut::<BLOCK>().0) {
            let quarters = into.as_flattened_mut().chunks_exact_mut(4 * lanes);
            for (index, (whole, into)) in whole.as_flattened().chunks_exact(4 * lanes).zip(quarters).enumerate() {
                let whole = bytes.load(whole);
                let (low, high) = (bytes.extend_low(whole), bytes.extend_high(whole));
                let wide = [
                    halves.extend_low(low),
                    halves.extend_high(low),
                    halves.extend_low(high),
                    halves.extend_high(high),
                ];
                for (quarter, (wide, into)) in wide.into_iter().zip(into.chunks_exact_mut(lanes)).enumerate() {
                    let column = (4 * index + quarter) * lanes % PANEL;
                    let Some(scales) = scales.get(column..column + lanes) else { return };
                    floats.store(floats.mul(words.to_float(wide), floats.load(scales)), into);
                }
            }
        }
    }
}

/// Where a panel's product goes: rows of this width, from this column on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) width: usize,
    pub(crate) column: usize,
}

/// A panel, or some rows of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factor<'a> {
    pub(crate) panel: &'a [PanelRow],
    /// The row of the whole panel that is its first.
    pub(crate) depth: usize,
    pub(crate) from: Start<'a>,
}

/// What the products are added to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// The same for every row.
    At(&'a PanelRow),
    /// What stands there from the rows before.
    Sum,
}

/// Rows laid out for multiplying: of six rows all first numbers, then all second ones, and so on.
#[derive(Debug)]
pub(crate) struct PackedRows {
    depth: usize,
    numbers: Vec<f32>,
}

impl PackedRows {
    /// From rows that lie `stride` apart, `depth` numbers of each from a column on.
    pub(crate) fn pack(from: &[f32], stride: usize, depth: usize, column: usize) -> Self {
        let rows = from.len() / stride.max(1);
        let mut numbers = vec![0.0; rows * depth];
        for (rows, packed) in from.chunks(stride * ROWS).zip(numbers.chunks_mut(depth * ROWS)) {
            let height = rows.len() / stride;
            for (index, row) in rows.chunks_exact(stride).enumerate() {
                let places = packed.iter_mut().skip(index).step_by(height);
                for (place, number) in places.zip(row.iter().skip(column)) {
                    *place = *number;
                }
            }
        }
        Self { depth, numbers }
    }

    /// The product with a panel, or a part of the product with some of its rows.
    pub(crate) fn multiply(&self, factor: Factor<'_>, into: &mut [f32], target: Target) {
        Multiply { rows: self, factor, into, target }.dispatch();
    }
}

struct Multiply<'a> {
    rows: &'a PackedRows,
    factor: Factor<'a>,
    into: &'a mut [f32],
    target: Target,
}

impl SimdOp for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let depth = self.rows.depth;
        let rows = self.rows.numbers.chunks(depth * ROWS).zip(self.into.chunks_mut(self.target.width * ROWS));
        for (numbers, into) in rows {
            let tile = Tile { numbers, factor: self.factor, into, target: self.target };
            match numbers.len() / depth {
                6 => tile.eval::<I, 6>(isa),
                5 => tile.eval::<I, 5>(isa),
                4 => tile.eval::<I, 4>(isa),
                3 => tile.eval::<I, 3>(isa),
                2 => tile.eval::<I, 2>(isa),
                _ => tile.eval::<I, 1>(isa),
            }
        }
    }
}

/// A few rows against one panel.
struct Tile<'a> {
    numbers: &'a [f32],
    factor: Factor<'a>,
    into: &'a mut [f32],
    target: Target,
}

impl Tile<'_> {
    #[inline(always)]
    fn eval<I: Isa, const HEIGHT: usize>(self, isa: I) {
        let ops = isa.f32();
        let lanes = ops.len();
        let Some(numbers) = self.numbers.as_chunks::<HEIGHT>().0.get(self.factor.depth..) else { return };
        // Two registers of columns at a time; every width of register divides the panel.
        for column in (0..PANEL).step_by(2 * lanes) {
            let mut sums = [[ops.zero(); 2]; HEIGHT];
            let start = self.target.column + column;
            match self.factor.from {
                Start::At(row) => {
                    let Some(row) = row.get(column..column + 2 * lanes) else { return };
                    sums = [ops.load_many::<2>(row); HEIGHT];
                }
                Start::Sum => {
                    for (row, sum) in self.into.chunks_exact(self.target.width).zip(&mut sums) {
                        let Some(row) = row.get(start..start + 2 * lanes) else { return };
                        *sum = ops.load_many::<2>(row);
                    }
                }
            }
            for (numbers, weights) in numbers.iter().zip(self.factor.panel) {
                let Some(weights) = weights.get(column..column + 2 * lanes) else { return };
                let [left, right] = ops.load_many::<2>(weights);
                for (number, [left_sum, right_sum]) in numbers.iter().zip(&mut sums) {
                    let number = ops.splat(*number);
                    *left_sum = ops.mul_add(number, left, *left_sum);
                    *right_sum = ops.mul_add(number, right, *right_sum);
                }
            }
            for (row, [left, right]) in self.into.chunks_exact_mut(self.target.width).zip(sums) {
                let Some((first, second)) =
                    row.get_mut(start..start + 2 * lanes).and_then(|place| place.split_at_mut_checked(lanes))
                else {
                    return;
                };
                ops.store(left, first);
                ops.store(right, second);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small seeded generator (an LCG).
    fn bytes(count: usize, mut seed: u32) -> Vec<u8> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        (0..count).map(|_| next()).collect()
    }

    /// Numbers between -1 and 1.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        bytes(count, seed).into_iter().map(|byte| f32::from(byte) / 127.5 - 1.0).collect()
    }

    #[test]
    fn a_linear_layer_is_the_product_of_its_weights_and_its_bias() {
        // Deeper than what is made f32 at once, and no multiple of it.
        let (depth, width) = (160, 96);
        let mut blocks = bytes(width * depth / BLOCK * BLOCK_BYTES, 1).as_chunks::<BLOCK_BYTES>().0.to_vec();
        for block in &mut blocks {
            // Scales between a half and one.
            block[1] = 0x38 + block[1] % 4;
        }
        let bias = numbers(width, 2);
        let linear = Linear::pack(depth, &blocks, &bias).unwrap();
        for rows in 1..=13 {
            let input = numbers(rows * depth, 3);
            let mut output = vec![0.0; rows * width];
            linear.apply(&input, &mut output);
            for (row, out) in input.chunks(depth).zip(output.chunks(width)) {
                for (column, value) in out.iter().enumerate() {
                    let weights = blocks[column * 5..column * 5 + 5].iter().flat_map(|block| {
                        let (scale, whole) = unpack(block);
                        whole.map(|whole| f32::from(whole) * scale)
                    });
                    let expected = bias[column] + row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>();
                    assert!((value - expected).abs() < 5e-3, "{rows} rows, column {column}: {value} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_does_not_fill_its_panels_is_refused() {
        assert!(Linear::pack(64, &[[0; BLOCK_BYTES]; 2], &[0.0; 32]).is_err());
        assert!(Linear::pack(64, &[[0; BLOCK_BYTES]; 66], &[0.0; 33]).is_err());
    }
}
