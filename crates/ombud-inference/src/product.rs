//! How are rows of numbers multiplied by a matrix, on whatever vector instructions this processor has?
//!
//! A matrix lies in panels of 32 columns, a row of the panel after the other, so that one row of it fills whole vector registers and nothing is added up across
//! their lanes. Six rows of the other factor at a time keep twelve sums in registers, which is what AVX2 and AVX-512 both have room for. Weights stay whole
//! numbers of 8 bits with a scale for 32 of a column; a panel is made f32 once for all rows of a batch.

use rten_simd::ops::{BitOps as _, NumOps as _};
use rten_simd::{Isa, SimdOp};

use crate::weights::{BLOCK, BLOCK_BYTES, Malformed, unpack};

/// Columns in a panel.
pub(crate) const PANEL: usize = 32;
/// Rows that are multiplied at once.
const ROWS: usize = 6;

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
        let mut panel = vec![[0.0; PANEL]; self.depth];
        let width = self.width();
        for (index, weights) in self.panels.iter().enumerate() {
            Widen { weights, into: &mut panel }.dispatch();
            let target = Target { width, column: index * PANEL };
            packed.multiply(&panel, &weights.bias, into, target);
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

/// Makes a panel of weights f32.
struct Widen<'a> {
    weights: &'a WeightPanel,
    into: &'a mut [PanelRow],
}

impl SimdOp for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _isa: I) {
        let blocks = self.weights.whole.as_chunks::<BLOCK>().0.iter().zip(&self.weights.scales);
        for ((whole, scales), into) in blocks.zip(self.into.as_chunks_mut::<BLOCK>().0) {
            for (whole, into) in whole.iter().zip(into) {
                for ((number, whole), scale) in into.iter_mut().zip(whole).zip(scales) {
                    *number = f32::from(*whole) * scale;
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

/// Rows laid out for multiplying: of six rows all first numbers, then all second ones, and so on.
#[derive(Debug)]
pub(crate) struct PackedRows {
    depth: usize,
    rows: usize,
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
        Self { depth, rows, numbers }
    }

    /// The product with a panel of as many rows as these are deep, plus a bias.
    pub(crate) fn multiply(&self, panel: &[PanelRow], bias: &PanelRow, into: &mut [f32], target: Target) {
        debug_assert_eq!((panel.len(), into.len()), (self.depth, self.rows * target.width));
        Multiply { rows: self, panel, bias, into, target }.dispatch();
    }
}

struct Multiply<'a> {
    rows: &'a PackedRows,
    panel: &'a [PanelRow],
    bias: &'a PanelRow,
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
            let tile = Tile { numbers, panel: self.panel, bias: self.bias, into, target: self.target };
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
    panel: &'a [PanelRow],
    bias: &'a PanelRow,
    into: &'a mut [f32],
    target: Target,
}

impl Tile<'_> {
    #[inline(always)]
    fn eval<I: Isa, const HEIGHT: usize>(self, isa: I) {
        let ops = isa.f32();
        let lanes = ops.len();
        let numbers = self.numbers.as_chunks::<HEIGHT>().0;
        let mut column = 0;
        // Two registers of columns at a time; every width of register divides the panel.
        while let Some(bias) = self.bias.get(column..column + 2 * lanes) {
            let mut sums = [ops.load_many::<2>(bias); HEIGHT];
            for (numbers, weights) in numbers.iter().zip(self.panel) {
                let Some(weights) = weights.get(column..column + 2 * lanes) else { return };
                let [left, right] = ops.load_many::<2>(weights);
                for (number, [left_sum, right_sum]) in numbers.iter().zip(&mut sums) {
                    let number = ops.splat(*number);
                    *left_sum = ops.mul_add(number, left, *left_sum);
                    *right_sum = ops.mul_add(number, right, *right_sum);
                }
            }
            let start = self.target.column + column;
            for (row, [left, right]) in self.into.chunks_exact_mut(self.target.width).zip(sums) {
                let Some((first, second)) =
                    row.get_mut(start..start + 2 * lanes).and_then(|place| place.split_at_mut_checked(lanes))
                else {
                    return;
                };
                ops.store(left, first);
                ops.store(right, second);
            }
            column += 2 * lanes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small seeded generator (an LCG), numbers between -1 and 1.
    fn numbers(count: usize, mut seed: u32) -> Vec<f32> {
        (0..count)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn a_linear_layer_is_the_product_of_its_weights_and_its_bias() {
        let (depth, width) = (64, 96);
        let bytes = numbers(width * depth / BLOCK * BLOCK_BYTES, 1);
        let mut blocks: Vec<[u8; BLOCK_BYTES]> =
            bytes.chunks_exact(BLOCK_BYTES).map(|chunk| std::array::from_fn(|at| (chunk[at].abs() * 255.0) as u8)).collect();
        for block in &mut blocks {
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
                    let weights = blocks[column * 2..column * 2 + 2].iter().flat_map(|block| {
                        let (scale, whole) = unpack(block);
                        whole.map(|whole| f32::from(whole) * scale)
                    });
                    let expected = bias[column] + row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>();
                    assert!((value - expected).abs() < 1e-3, "{rows} rows, column {column}: {value} {expected}");
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
