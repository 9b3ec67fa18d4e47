//! What is a linear layer of the model? A weight matrix of whole numbers with its bias, and the product of rows with it.

use ombud_kernel::product::{Factor, PANEL, PackedRows, PanelRow, Start, Target, widen};

use crate::bytes::Malformed;
use crate::weights::{BLOCK, BLOCK_BYTES, unpack};

/// Rows of a weight panel that are made f32 at once: 16 kB, which stay in the nearest cache.
const DEPTH_AT_ONCE: usize = 128;

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
                widen(whole, scales, panel);
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
